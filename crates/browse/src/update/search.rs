//! Searches: over all keys, and in the text of an object.

use crate::cursor::Cursor;
use crate::focus::{Focus, Mode};
use crate::model::Model;
use crate::news::Key;
use crate::search::{Search, find};
use crate::tree::Node;

/// Characters of a search.
const LONGEST_QUERY: usize = 200;

impl Model<'_> {
    pub(super) fn next_hit(&mut self, forward: bool) {
        if self.focus == Focus::Object {
            return self.find_next(forward, false);
        }
        let len = self.search.as_ref().map_or(0, |search| search.hits.len());
        if len == 0 {
            return self.say("no search: / begins one");
        }
        let step = if forward { 1 } else { len - 1 };
        let at = (self.hit.at + step) % len;
        self.hit.go(at, len, self.list_height());
        self.go_to_hit();
    }

    /// Chooses the hit in the tree.
    pub(super) fn go_to_hit(&mut self) {
        let Some(search) = &self.search else { return };
        let Some(hit) = search.hits.get(self.hit.at) else { return };
        let (node, total) = (Node::Object(hit.number), search.total);
        let place = format!("hit {} of {total}", self.hit.at + 1);
        self.tree.reveal(node);
        self.tree.rows(self.with_deleted, &mut self.rows);
        self.focus = Focus::Tree;
        self.moved = true;
        if let Some(at) = self.rows.iter().position(|row| *row == node) {
            let height = self.list_height();
            self.cursor.top = at.saturating_sub(height / 2);
            self.cursor.go(at, self.rows.len(), height);
        }
        self.say(&place);
    }

    pub(super) fn type_search(&mut self, key: Key) {
        let (len, height) = (self.search.as_ref().map_or(0, |search| search.hits.len()), self.list_height());
        let page = isize::try_from(height).unwrap_or(1).max(2) - 1;
        match key {
            Key::Up | Key::Ctrl('p') => self.hit.by(-1, len, height.saturating_sub(1)),
            Key::Down | Key::Ctrl('n') => self.hit.by(1, len, height.saturating_sub(1)),
            Key::PageUp => self.hit.by(-page, len, height.saturating_sub(1)),
            Key::PageDown => self.hit.by(page, len, height.saturating_sub(1)),
            Key::Home => self.hit.by(isize::MIN, len, height.saturating_sub(1)),
            Key::End => self.hit.by(isize::MAX, len, height.saturating_sub(1)),
            Key::Enter | Key::Tab => {
                self.mode = Mode::Browse;
                self.go_to_hit();
            }
            Key::Esc => {
                self.mode = Mode::Browse;
                self.search = None;
            }
            other => {
                if self.edit(other) {
                    self.look_again();
                }
            }
        }
    }

    /// Starts the search over with what is typed now.
    pub(super) fn look_again(&mut self) {
        let mut search = Search::new(&self.query);
        search.step(&self.tree, self.with_deleted);
        (self.search, self.hit) = (Some(search), Cursor::default());
    }

    /// Changes what is typed, and says whether it did.
    pub(super) fn edit(&mut self, key: Key) -> bool {
        match key {
            Key::Char(char) if self.query.len() < LONGEST_QUERY => self.query.push(char),
            Key::Backspace if self.query.pop().is_some() => {}
            Key::Backspace => {
                self.mode = Mode::Browse;
                self.search = None;
                return false;
            }
            Key::Ctrl('u') => self.query.clear(),
            Key::Ctrl('w') => {
                let kept = self.query.trim_end().rfind(' ').map_or(0, |at| at + 1);
                self.query.truncate(kept);
            }
            _ => return false,
        }
        true
    }

    pub(super) fn type_find(&mut self, key: Key) {
        match key {
            Key::Enter => {
                self.mode = Mode::Browse;
                self.find_next(true, true);
            }
            Key::Esc => {
                self.mode = Mode::Browse;
                self.wanted.clear();
            }
            other => {
                if self.edit(other) {
                    self.wanted.clone_from(&self.query);
                    self.find_next(true, true);
                }
            }
        }
    }

    /// Scrolls to the next line that holds what is looked for; with `here`, the first line in sight will do.
    pub(super) fn find_next(&mut self, forward: bool, here: bool) {
        let height = self.layout().page_lines();
        let any_case = !self.wanted.bytes().any(|byte| byte.is_ascii_uppercase());
        let Some(shown) = &mut self.shown else { return };
        let lines = shown.page.as_ref().map(|page| &page.lines[..]).unwrap_or_default();
        if self.wanted.is_empty() || lines.is_empty() {
            return;
        }
        let holds = |at: &usize| {
            lines.get(*at).is_some_and(|line| find(line.as_bytes(), self.wanted.as_bytes(), any_case).is_some())
        };
        let (len, top) = (lines.len(), shown.scroll.top);
        let start = if here {
            top
        } else if forward {
            top + 1
        } else {
            top + len - 1
        };
        let place = match forward {
            true => (0..len).map(|step| (start + step) % len).find(holds),
            false => (0..len).map(|step| (start + len - step) % len).find(holds),
        };
        match place {
            Some(at) => shown.scroll.top = at.min(len.saturating_sub(height)),
            None => self.say("not found in this object"),
        }
    }
}
