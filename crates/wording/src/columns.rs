//! Text in the columns of a terminal.

use std::borrow::Cow;

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// How many columns a text takes.
#[must_use]
pub fn width(text: &str) -> usize {
    text.width()
}

/// Shortens text to `width` columns by an ellipsis in its middle, where names differ least.
#[must_use]
pub fn shorten(text: &str, width: usize) -> Cow<'_, str> {
    shorten_with(text, width, "…")
}

/// [`shorten`], by another sign: where a terminal shows ASCII alone.
#[must_use]
pub fn shorten_with<'t>(text: &'t str, width: usize, cut: &str) -> Cow<'t, str> {
    if text.width() <= width {
        return Cow::Borrowed(text);
    }
    let room = width.saturating_sub(cut.width());
    let tail = room / 2;
    let head: String = first_columns(text.chars(), room - tail).collect();
    let mut end: Vec<char> = first_columns(text.chars().rev(), tail).collect();
    end.reverse();
    let cut = if width == 0 { "" } else { cut };
    Cow::Owned(head.chars().chain(cut.chars()).chain(end).collect())
}

/// Shortens text to `width` columns by a sign at its end: a resource is known by its first letters.
#[must_use]
pub fn shorten_end<'t>(text: &'t str, width: usize, cut: &str) -> Cow<'t, str> {
    if text.width() <= width || width == 0 {
        return shorten_with(text, width, cut);
    }
    let head = first_columns(text.chars(), width.saturating_sub(cut.width()));
    Cow::Owned(head.chain(cut.chars()).collect())
}

fn first_columns(chars: impl Iterator<Item = char>, width: usize) -> impl Iterator<Item = char> {
    let mut used = 0;
    chars.take_while(move |char| {
        used += char.width().unwrap_or(0);
        used <= width
    })
}

/// The text from a column on: what scrolling to the right leaves.
#[must_use]
pub fn from_column(text: &str, column: usize) -> &str {
    let mut passed = 0;
    let at = text.char_indices().find(|(_, char)| {
        let here = passed;
        passed += char.width().unwrap_or(0);
        here >= column
    });
    at.map_or("", |(at, _)| text.get(at..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_lose_their_middle() {
        for (text, width, shown) in [
            ("abcdef", 6, "abcdef"),
            ("abcdefgh", 5, "ab…gh"),
            ("abcdefgh", 1, "…"),
            ("abcdefgh", 0, ""),
            ("日本語日本語", 5, "日…語"),
        ] {
            assert_eq!(shorten(text, width), shown);
        }
        assert_eq!(shorten_with("abcdefgh", 5, "~"), "ab~gh");
    }

    #[test]
    fn text_is_cut_by_columns() {
        for (text, width, shown) in [("abcdef", 6, "abcdef"), ("abcdef", 4, "abc…"), ("abc", 1, "…"), ("abc", 0, "")]
        {
            assert_eq!(shorten_end(text, width, "…"), shown);
        }
        for (text, column, rest) in [("abc", 0, "abc"), ("abc", 2, "c"), ("abc", 9, ""), ("日本", 1, "本"), ("", 3, "")]
        {
            assert_eq!(from_column(text, column), rest);
        }
        assert_eq!((width("日本"), width("ab")), (4, 2));
    }
}
