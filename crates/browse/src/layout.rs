//! Where things stand on the screen; narrow and low ones show one thing at a time.

use ratatui_core::layout::Rect;

use crate::focus::{Focus, Mode};

/// With fewer columns, tree and object are shown in turn.
const BOTH: u16 = 60;
/// With fewer columns, an object that is read has the screen to itself.
const WIDE: u16 = 100;
/// Lines above the text of an object: its key, what is known of it, a note.
const PAGE_HEAD: u16 = 3;
/// With fewer lines for all of it, the key alone stands above the text.
const LOW: u16 = 8;

/// Parts of the screen; one that is not shown is empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) title: Rect,
    /// The tree, or hits of a search.
    pub(crate) list: Rect,
    /// Between list and side.
    pub(crate) bar: Rect,
    /// Object or history.
    pub(crate) side: Rect,
    pub(crate) status: Rect,
    pub(crate) hints: Rect,
}

impl Layout {
    /// The parts of a screen of `width` columns and `height` lines.
    pub(crate) fn of((width, height): (u16, u16), focus: Focus, mode: Mode) -> Self {
        let row = |y: u16, shown: bool| if shown { Rect::new(0, y, width, 1) } else { Rect::ZERO };
        let title = row(0, height >= 4);
        let hints = row(height.saturating_sub(1), height >= 10);
        let status = row(height.saturating_sub(1 + hints.height), height >= 2);
        let rows = height.saturating_sub(title.height + status.height + hints.height);
        let body = Rect::new(0, title.height, width, rows);
        let (list, bar, side) = split(body, focus, mode);
        Self { title, list, bar, side, status, hints }
    }

    /// Lines above the text of an object.
    pub(crate) fn page_head(&self) -> u16 {
        if self.side.height < LOW { 1 } else { PAGE_HEAD }
    }

    /// Lines of an object's text that are to be seen.
    pub(crate) fn page_lines(&self) -> usize {
        usize::from(self.side.height.saturating_sub(self.page_head()))
    }

    /// Lines of the list of revisions, and of the changes under it.
    pub(crate) fn history_lines(&self, revisions: usize) -> (usize, usize) {
        // the key above them and a line between
        let rows = usize::from(self.side.height.saturating_sub(2));
        let list = revisions.clamp(1, rows.div_ceil(2).max(1)).min(rows);
        (list, rows - list)
    }
}

fn split(body: Rect, focus: Focus, mode: Mode) -> (Rect, Rect, Rect) {
    let reading = focus != Focus::Tree && mode != Mode::Search;
    let alone = body.width < BOTH || (body.width < WIDE && (reading || mode == Mode::Search));
    match (alone, reading) {
        (true, true) => (Rect::ZERO, Rect::ZERO, body),
        (true, false) => (body, Rect::ZERO, Rect::ZERO),
        (false, _) => {
            let left = (body.width * 2 / 5).clamp(26, 60);
            let list = Rect { width: left, ..body };
            let bar = Rect { x: left, width: 1, ..body };
            let side = Rect { x: left + 1, width: body.width.saturating_sub(left + 1), ..body };
            (list, bar, side)
        }
    }
}
