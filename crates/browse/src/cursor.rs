//! A place in a list, and the part of the list that is to be seen.

/// The chosen line, and the first one shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cursor {
    pub(crate) at: usize,
    pub(crate) top: usize,
}

impl Cursor {
    /// Goes to a line, and keeps it in sight.
    pub(crate) fn go(&mut self, to: usize, len: usize, height: usize) {
        self.at = to.min(len.saturating_sub(1));
        let least = self.at.saturating_sub(height.saturating_sub(1));
        self.top = self.top.clamp(least, self.at).min(len.saturating_sub(height).max(least));
    }

    /// Goes so many lines down, or up.
    pub(crate) fn by(&mut self, lines: isize, len: usize, height: usize) {
        self.go(self.at.saturating_add_signed(lines), len, height);
    }
}

/// The part of a text that is to be seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Scroll {
    pub(crate) top: usize,
    pub(crate) left: usize,
}

impl Scroll {
    pub(crate) fn down(&mut self, lines: isize, len: usize, height: usize) {
        self.top = self.top.saturating_add_signed(lines).min(len.saturating_sub(height));
    }

    pub(crate) fn right(&mut self, columns: isize) {
        self.left = self.left.saturating_add_signed(columns).min(usize::from(u16::MAX));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chosen_line_is_always_in_sight() {
        let mut cursor = Cursor::default();
        for (to, len, height, at, top) in [
            (4, 10, 5, 4, 0),
            (5, 10, 5, 5, 1),
            (99, 10, 5, 9, 5),
            (6, 10, 5, 6, 5),
            (2, 10, 5, 2, 2),
            (9, 10, 0, 9, 9),
            (9, 10, 20, 9, 0),
            (3, 0, 5, 0, 0),
        ] {
            cursor.go(to, len, height);
            assert_eq!(cursor, Cursor { at, top }, "to {to} of {len} in {height}");
        }
        cursor.by(-5, 3, 2);
        assert_eq!(cursor.at, 0);
    }

    #[test]
    fn a_text_ends_at_the_bottom_of_the_screen() {
        let mut scroll = Scroll::default();
        scroll.down(100, 30, 10);
        assert_eq!(scroll.top, 20);
        scroll.down(-100, 30, 10);
        scroll.down(5, 3, 10);
        assert_eq!(scroll.top, 0);
        scroll.right(-1);
        assert_eq!(scroll.left, 0);
    }
}
