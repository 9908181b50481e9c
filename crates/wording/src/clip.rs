//! Names in messages: short, and plain.

use crate::is_plain;

/// The first `longest` characters of a text, and an ellipsis if there are more; a blank for each that is not plain.
///
/// Names in a hostile file may be megabytes long, and a message must name something and stay a line. What is short and
/// plain comes back as it is.
#[must_use]
pub fn clip(text: &str, longest: usize) -> String {
    let mut short = cut(text, longest);
    if !short.chars().all(is_plain) {
        short = short.chars().map(|c| if is_plain(c) { c } else { ' ' }).collect();
    }
    short
}

/// [`clip`] for a name that is data, compared before it is shown: its characters stay as they are, and whoever shows it
/// makes it plain.
#[must_use]
pub fn cut(text: &str, longest: usize) -> String {
    match text.char_indices().nth(longest) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_cut_and_cleaned() {
        for (text, longest, clipped) in [
            ("", 0, ""),
            ("abc", 3, "abc"),
            ("abcd", 3, "abc…"),
            ("abcd", 0, "…"),
            ("日本語日本", 3, "日本語…"),
            ("a\nb\u{202e}c\u{1b}", 9, "a b c "),
            ("a\nbc", 2, "a …"),
            (r"a\b", 9, r"a\b"),
        ] {
            assert_eq!(clip(text, longest), clipped);
        }
        assert_eq!(cut("a\u{202e}bc", 3), "a\u{202e}b…");
    }
}
