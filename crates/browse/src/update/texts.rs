//! What keys do in an object and in a history.

use crate::bindings::Action;
use crate::cursor::Scroll;
use crate::focus::Focus;
use crate::model::Model;

/// Columns that a text moves by.
const SIDEWAYS: isize = 8;

impl Model<'_> {
    pub(super) fn act_in_object(&mut self, action: Action) {
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

    pub(super) fn scroll(&mut self, lines: isize) {
        let height = self.layout().page_lines();
        if let Some(shown) = &mut self.shown {
            let len = shown.page.as_ref().map_or(0, |page| page.lines.len());
            shown.scroll.down(lines, len, height);
        }
    }

    pub(super) fn act_in_history(&mut self, action: Action) {
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
            followed.scroll = Scroll::default();
        }
    }
}
