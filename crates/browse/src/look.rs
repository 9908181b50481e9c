//! How things are to look: colours, glyphs, and what may reach the terminal.

use std::borrow::Cow;

use ratatui_core::style::{Color, Modifier, Style};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Shows bytes from a file on one line and without any power over the terminal.
pub type Escape = fn(&[u8]) -> Cow<'_, str>;

/// How things are to look.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    /// Whether there may be colours; without, bold, dim and reversed text do.
    pub color: bool,
    /// Whether the terminal shows more than ASCII.
    pub unicode: bool,
    /// Makes names fit for the terminal: in ASCII alone where `unicode` is false.
    pub escape: Escape,
}

/// Signs that lines are made of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Glyphs {
    pub(crate) open: &'static str,
    pub(crate) closed: &'static str,
    pub(crate) gone: &'static str,
    pub(crate) bar: &'static str,
    pub(crate) line: &'static str,
    pub(crate) cut: &'static str,
    pub(crate) dot: &'static str,
}

const UNICODE: Glyphs =
    Glyphs { open: "▾", closed: "▸", gone: "×", bar: "│", line: "─", cut: "…", dot: " · " };
const ASCII: Glyphs = Glyphs { open: "-", closed: "+", gone: "x", bar: "|", line: "-", cut: "~", dot: " | " };

impl Look {
    pub(crate) fn glyphs(&self) -> &'static Glyphs {
        if self.unicode { &UNICODE } else { &ASCII }
    }

    fn colored(&self, color: Color) -> Style {
        if self.color { Style::new().fg(color) } else { Style::new() }
    }

    pub(crate) fn head(&self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    pub(crate) fn dim(&self) -> Style {
        Style::new().add_modifier(Modifier::DIM)
    }

    pub(crate) fn name(&self) -> Style {
        self.colored(Color::Cyan)
    }

    pub(crate) fn good(&self) -> Style {
        self.colored(Color::Green)
    }

    pub(crate) fn warn(&self) -> Style {
        self.colored(Color::Yellow).add_modifier(Modifier::BOLD)
    }

    pub(crate) fn bad(&self) -> Style {
        self.colored(Color::Red).add_modifier(Modifier::BOLD)
    }

    /// The line under the cursor, in the pane that has the keyboard or in another.
    pub(crate) fn cursor(&self, focused: bool) -> Style {
        let mark = if focused { Modifier::REVERSED } else { Modifier::BOLD | Modifier::UNDERLINED };
        Style::new().add_modifier(mark)
    }
}

/// Shortens text to `width` columns by a sign in its middle, where names differ least.
pub(crate) fn shorten<'t>(text: &'t str, width: usize, cut: &str) -> Cow<'t, str> {
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
pub(crate) fn shorten_end<'t>(text: &'t str, width: usize, cut: &str) -> Cow<'t, str> {
    if text.width() <= width || width == 0 {
        return shorten(text, width, cut);
    }
    let head = first_columns(text.chars(), width - cut.width());
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
pub(crate) fn from_column(text: &str, column: usize) -> &str {
    let mut passed = 0;
    let at = text.char_indices().find(|(_, char)| {
        let here = passed;
        passed += char.width().unwrap_or(0);
        here >= column
    });
    at.map_or("", |(at, _)| text.get(at..).unwrap_or_default())
}

/// Thousands held apart by a blank: `1 077 239`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3 + 1);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

/// `1 key`, `2 keys`: a count with its noun.
pub(crate) fn count(number: u64, noun: &str) -> String {
    format!("{} {noun}{}", grouped(number), if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_by_columns() {
        for (text, width, shown) in [
            ("abcdef", 6, "abcdef"),
            ("abcdefgh", 5, "ab…gh"),
            ("abcdefgh", 1, "…"),
            ("abcdefgh", 0, ""),
            ("日本語日本語", 5, "日…語"),
        ] {
            assert_eq!(shorten(text, width, "…"), shown);
        }
        for (text, width, shown) in [("abcdef", 6, "abcdef"), ("abcdef", 4, "abc…"), ("abc", 1, "…"), ("abc", 0, "")]
        {
            assert_eq!(shorten_end(text, width, "…"), shown);
        }
        for (text, column, rest) in [("abc", 0, "abc"), ("abc", 2, "c"), ("abc", 9, ""), ("日本", 1, "本"), ("", 3, "")]
        {
            assert_eq!(from_column(text, column), rest);
        }
    }

    #[test]
    fn counts_are_read_at_a_glance() {
        assert_eq!((count(1, "key"), count(1_234_567, "key")), ("1 key".to_owned(), "1 234 567 keys".to_owned()));
    }
}
