//! What keys do in the tree.

use crate::bindings::Action;
use crate::focus::Focus;
use crate::model::Model;
use crate::tree::Node;

impl Model<'_> {
    /// The list may have become higher or lower.
    pub(super) fn keep_in_sight(&mut self) {
        let height = self.list_height();
        if height > 0 {
            self.cursor.go(self.cursor.at, self.rows.len(), height);
        }
    }

    pub(super) fn list_height(&self) -> usize {
        usize::from(self.layout().list.height)
    }

    pub(super) fn act_in_tree(&mut self, action: Action) {
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

    pub(super) fn move_cursor(&mut self, lines: isize) {
        self.moved |= lines != 0;
        let height = self.list_height();
        self.cursor.by(lines, self.rows.len(), height);
    }

    pub(super) fn open_or_close(&mut self, action: Action) {
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
}
