//! What keys and news do to the model. Nothing here waits, reads or writes.

use kube_objects::ShownKey;

use crate::bindings::{Action, BINDINGS};
use crate::cursor::Cursor;
use crate::model::{Focus, Mode, Model};
use crate::news::{Ending, Event, Found, Key};
use crate::search::{Search, find};
use crate::tree::Node;

/// Columns that a text moves by.
const SIDEWAYS: isize = 8;
/// Characters of a search.
const LONGEST_QUERY: usize = 200;

impl<'a> Model<'a> {
    /// Takes what has happened.
    pub fn update(&mut self, event: Event<'a>) {
        match event {
            Event::Key(key) => self.key(key),
            Event::Resize(columns, rows) => self.resize(columns, rows),
            Event::Found(found) => self.found(found),
            Event::Object { id, page } => {
                if let Some(shown) = self.shown.as_mut().filter(|shown| shown.id == id) {
                    shown.page = Some(page);
                }
            }
            Event::History { id, history } => {
                let layout = self.layout();
                if let Some(followed) = self.followed.as_mut().filter(|followed| followed.id == id) {
                    let (len, (height, _)) = (history.revisions.len(), layout.history_lines(history.revisions.len()));
                    followed.cursor.go(len.saturating_sub(1), len, height); // the newest is what one asks about
                    followed.history = Some(history);
                }
            }
            Event::Idle => self.go_on(),
            Event::Stop => self.ending = Some(Ending::Stopped),
        }
        self.refresh_rows();
        self.ask();
    }

    fn resize(&mut self, columns: u16, rows: u16) {
        self.size = (columns, rows);
        self.move_cursor(0);
        let (len, height) = (self.search.as_ref().map_or(0, |search| search.hits.len()), self.list_height());
        self.hit.go(self.hit.at, len, height);
        self.scroll(0);
        let layout = self.layout();
        if let Some(followed) = &mut self.followed {
            let len = followed.history.as_ref().map_or(0, |history| history.revisions.len());
            followed.cursor.go(followed.cursor.at, len, layout.history_lines(len).0);
        }
    }

    fn found(&mut self, found: Found<'a>) {
        match found {
            Found::Opened { revision, compacted, total } => {
                (self.walk.opened, self.walk.revision) = (true, revision);
                (self.walk.compacted, self.walk.total) = (compacted, total);
            }
            Found::Keys(items) => {
                items.iter().for_each(|item| self.tree.put(item));
                self.stale = true;
            }
            Found::Read(bytes) => self.walk.read = self.walk.read.saturating_add(bytes),
            Found::Done(summary) => {
                self.walk.done = Some(summary);
                if self.mode == Mode::Search {
                    self.look_again(); // some hits may have been deleted since
                }
            }
        }
    }

    fn go_on(&mut self) {
        if let Some(search) = &mut self.search {
            search.step(&self.tree, self.with_deleted);
        }
    }

    fn key(&mut self, key: Key) {
        self.notice = None;
        if key == Key::Ctrl('c') {
            self.ending = Some(Ending::Quit);
            return;
        }
        match self.mode {
            Mode::Browse => {
                if let Some(action) = Action::of(key) {
                    self.act(action);
                }
            }
            Mode::Search => self.type_search(key),
            Mode::Find => self.type_find(key),
            Mode::Help(top) => self.help(key, top),
        }
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::Quit => self.ending = Some(Ending::Quit),
            Action::Help => self.mode = Mode::Help(0),
            Action::Print => match self.target_entry() {
                Some(entry) => self.ending = Some(Ending::Print(ShownKey::of(entry.key).into_key().into_owned())),
                None => self.say("there is no key under the cursor: open a resource and choose an object"),
            },
            Action::Deleted => {
                self.with_deleted = !self.with_deleted;
                self.stale = true;
                self.say(if self.with_deleted { "deleted objects are shown" } else { "deleted objects are hidden" });
                if self.search.is_some() {
                    self.look_again();
                }
            }
            Action::Reveal if self.settings.may_reveal => {
                self.reveal = !self.reveal;
                (self.shown, self.followed) = (None, None);
                self.say(if self.reveal { "secrets are REVEALED" } else { "secrets are masked" });
            }
            Action::Reveal => self.say("secrets stay masked: start with --reveal to be allowed to show them"),
            Action::NextPane => self.next_pane(true),
            Action::PreviousPane => self.next_pane(false),
            Action::Search if self.focus == Focus::Object => {
                self.mode = Mode::Find;
                self.query.clear();
            }
            Action::Search => {
                self.mode = Mode::Search;
                self.query.clear();
                (self.search, self.hit) = (None, Cursor::default());
                self.focus = Focus::Tree;
            }
            Action::NextHit => self.next_hit(true),
            Action::PreviousHit => self.next_hit(false),
            other => match self.focus {
                Focus::Tree => self.act_in_tree(other),
                Focus::Object => self.act_in_object(other),
                Focus::History => self.act_in_history(other),
            },
        }
    }

    fn say(&mut self, notice: &str) {
        self.notice = Some(notice.to_owned());
    }

    fn next_pane(&mut self, forward: bool) {
        if self.target().is_none() {
            return self.say("there is no object under the cursor: open a resource and choose one");
        }
        self.focus = match (self.focus, forward) {
            (Focus::Tree, true) | (Focus::History, false) => Focus::Object,
            (Focus::Object, true) | (Focus::Tree, false) => Focus::History,
            (Focus::History, true) | (Focus::Object, false) => Focus::Tree,
        };
        if self.focus == Focus::Tree {
            self.shown = None; // a version chosen in the history has had its time
        }
        self.keep_in_sight();
    }

    /// The list may have become higher or lower.
    fn keep_in_sight(&mut self) {
        let height = self.list_height();
        if height > 0 {
            self.cursor.go(self.cursor.at, self.rows.len(), height);
        }
    }

    fn list_height(&self) -> usize {
        usize::from(self.layout().list.height)
    }

    fn act_in_tree(&mut self, action: Action) {
        let page = isize::try_from(self.list_height()).unwrap_or(1).max(2) - 1;
        match action {
            Action::Up => self.move_cursor(-1),
            Action::Down => self.move_cursor(1),
            Action::PageUp => self.move_cursor(-page),
            Action::PageDown => self.move_cursor(page),
            Action::Home => self.move_cursor(isize::MIN),
            Action::End => self.move_cursor(isize::MAX),
            Action::Enter | Action::Right | Action::Left => self.open_or_close(action),
            Action::Back => self.search = None,
            _ => {}
        }
    }

    fn move_cursor(&mut self, lines: isize) {
        self.moved |= lines != 0;
        let height = self.list_height();
        self.cursor.by(lines, self.rows.len(), height);
    }

    fn open_or_close(&mut self, action: Action) {
        let Some(node) = self.selected() else { return };
        self.moved = true;
        let open = self.tree.is_open(node);
        match (action, node) {
            (Action::Left, node) if !open => {
                let parent = self.tree.parent(node);
                if let Some(at) = self.rows.iter().position(|row| Some(*row) == parent) {
                    self.cursor.go(at, self.rows.len(), self.list_height());
                }
            }
            (Action::Enter | Action::Right, Node::Object(_)) => self.focus = Focus::Object,
            (Action::Right, _) if open => self.move_cursor(1),
            (_, node) => {
                self.tree.set_open(node, !open);
                self.stale = true;
            }
        }
    }

    fn act_in_object(&mut self, action: Action) {
        let page = isize::try_from(self.layout().page_lines()).unwrap_or(1).max(2) - 1;
        match action {
            Action::Up => self.scroll(-1),
            Action::Down => self.scroll(1),
            Action::PageUp => self.scroll(-page),
            Action::PageDown => self.scroll(page),
            Action::Home => self.scroll(isize::MIN),
            Action::End => self.scroll(isize::MAX),
            Action::Left | Action::Right => {
                let columns = if action == Action::Left { -SIDEWAYS } else { SIDEWAYS };
                if let Some(shown) = &mut self.shown {
                    shown.scroll.right(columns);
                }
            }
            Action::Back => {
                let old_version = self.shown.as_ref().is_some_and(|shown| shown.version.is_some());
                self.focus = if old_version { Focus::History } else { Focus::Tree };
                if old_version {
                    self.shown = None;
                }
                self.keep_in_sight();
            }
            _ => {}
        }
    }

    fn scroll(&mut self, lines: isize) {
        let height = self.layout().page_lines();
        if let Some(shown) = &mut self.shown {
            let len = shown.page.as_ref().map_or(0, |page| page.lines.len());
            shown.scroll.down(lines, len, height);
        }
    }

    fn act_in_history(&mut self, action: Action) {
        let layout = self.layout();
        let Some(followed) = &mut self.followed else { return };
        let revisions = followed.history.as_ref().map(|history| &history.revisions[..]).unwrap_or_default();
        let (len, chosen) = (revisions.len(), revisions.get(followed.cursor.at));
        let changes = chosen.map_or(0, |revision| revision.changes.len());
        let (height, below) = layout.history_lines(len);
        let page = isize::try_from(below).unwrap_or(1).max(2) - 1;
        let before = followed.cursor.at;
        match action {
            Action::Up => followed.cursor.by(-1, len, height),
            Action::Down => followed.cursor.by(1, len, height),
            Action::Home => followed.cursor.by(isize::MIN, len, height),
            Action::End => followed.cursor.by(isize::MAX, len, height),
            Action::PageUp => followed.scroll.down(-page, changes, below),
            Action::PageDown => followed.scroll.down(page, changes, below),
            Action::Left => followed.scroll.right(-SIDEWAYS),
            Action::Right => followed.scroll.right(SIDEWAYS),
            Action::Enter => {
                let version = chosen.map(|revision| (followed.number, revision.stored, revision.number.clone()));
                match version {
                    Some((_, [], _)) => self.say("a deletion has no value: choose the version before it"),
                    Some((number, stored, version)) => {
                        self.focus = Focus::Object;
                        self.show(number, stored, Some(version));
                    }
                    None => {}
                }
                return;
            }
            Action::Back => {
                self.focus = Focus::Tree;
                return self.keep_in_sight();
            }
            _ => {}
        }
        if followed.cursor.at != before {
            followed.scroll = crate::cursor::Scroll::default();
        }
    }

    fn next_hit(&mut self, forward: bool) {
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
    fn go_to_hit(&mut self) {
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

    fn type_search(&mut self, key: Key) {
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
    fn look_again(&mut self) {
        let mut search = Search::new(&self.query);
        search.step(&self.tree, self.with_deleted);
        (self.search, self.hit) = (Some(search), Cursor::default());
    }

    /// Changes what is typed, and says whether it did.
    fn edit(&mut self, key: Key) -> bool {
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

    fn type_find(&mut self, key: Key) {
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
    fn find_next(&mut self, forward: bool, here: bool) {
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

    fn help(&mut self, key: Key, top: usize) {
        let most = BINDINGS.len().saturating_sub(usize::from(self.size.1).saturating_sub(2));
        match Action::of(key) {
            Some(Action::Up) => self.mode = Mode::Help(top.saturating_sub(1)),
            Some(Action::Down) => self.mode = Mode::Help((top + 1).min(most)),
            Some(Action::PageDown | Action::End) => self.mode = Mode::Help(most),
            Some(Action::PageUp | Action::Home) => self.mode = Mode::Help(0),
            _ => self.mode = Mode::Browse,
        }
    }
}
