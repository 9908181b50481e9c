//! Sentences of a runbook: words, and what stands between backticks, which is to be read letter by letter.

use std::borrow::Cow;

use wording::{inert, width};

/// A piece of a sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece<'t> {
    /// Words.
    Words(&'t str),
    /// What stands between backticks.
    Code(&'t str),
}

/// The pieces of a sentence; a backtick without another is a letter.
pub(super) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('`') {
        let Some((code, after)) = behind.split_once('`') else { break };
        found.extend((!before.is_empty()).then_some(Piece::Words(before)));
        found.push(Piece::Code(code));
        rest = after;
    }
    found.extend((!rest.is_empty()).then_some(Piece::Words(rest)));
    found
}

/// Columns of a line.
const COLUMNS: usize = 80;

/// A sentence in Markdown, its lines no wider than a terminal where its words allow it: the first begins with `first`, the
/// others with as many blanks.
pub(super) fn wrapped(first: &str, text: &str) -> String {
    let indent = " ".repeat(width(first));
    let mut lines = String::from(first);
    let mut column = width(first);
    let mut begun = false;
    for atom in atoms(&inert(text)) {
        let wide = width(&atom);
        if !begun {
            lines.push_str(&at_start(&atom));
        } else if column + 1 + wide > COLUMNS && at_start(&atom) == atom {
            lines.push('\n');
            lines.push_str(&indent);
            lines.push_str(&atom);
            column = indent.len() + wide;
            continue;
        } else {
            lines.push(' ');
            lines.push_str(&atom);
            column += 1;
        }
        begun = true;
        column += wide;
    }
    lines.truncate(lines.trim_end().len());
    lines.push('\n');
    lines
}

/// What must not be parted, as Markdown has it: a word, or code with its blanks.
fn atoms(text: &str) -> Vec<String> {
    let mut atoms = Vec::new();
    let mut atom = String::new();
    for piece in pieces(text) {
        match piece {
            Piece::Code(code) => atom.push_str(&span(code)),
            Piece::Words(words) => {
                let mut parts = words.split(' ');
                atom.push_str(&escaped(parts.next().unwrap_or_default()));
                for part in parts {
                    atoms.push(std::mem::take(&mut atom));
                    atom.push_str(&escaped(part));
                }
            }
        }
    }
    atoms.push(atom);
    atoms.retain(|atom| !atom.is_empty());
    atoms
}

/// Code as Markdown has it, whatever is in it.
pub(super) fn span(code: &str) -> String {
    let ticks = "`".repeat(longest_run(code, '`') + 1);
    let pad = if code.starts_with('`') || code.ends_with('`') || code.is_empty() { " " } else { "" };
    format!("{ticks}{pad}{code}{pad}{ticks}")
}

/// The longest row of one character.
pub(super) fn longest_run(text: &str, of: char) -> usize {
    text.split(|c| c != of).map(str::len).max().unwrap_or(0)
}

/// A word without meaning to Markdown.
fn escaped(word: &str) -> Cow<'_, str> {
    if !word.contains(['\\', '*', '_', '<', '`', ']', '&', '~', '|']) {
        return Cow::Borrowed(word);
    }
    let mut out = String::with_capacity(word.len() + 4);
    let mut before: Option<char> = None;
    let mut chars = word.chars().peekable();
    while let Some(c) = chars.next() {
        let after = chars.peek().copied();
        let inside = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        let speaks = match c {
            '*' | '<' | '`' | '|' => true,
            '\\' => after.is_none_or(|c| c.is_ascii_punctuation()),
            '_' => !(inside(before) && inside(after)),
            ']' => after.is_some_and(|c| "([:".contains(c)),
            '&' => after.is_some_and(|c| c == '#' || c.is_alphanumeric()),
            '~' => after == Some('~') || before == Some('~'),
            _ => false,
        };
        if speaks {
            out.push('\\');
        }
        out.push(c);
        before = Some(c);
    }
    Cow::Owned(out)
}

/// A word at the beginning of a line, where it must not begin a list, a heading or a rule.
fn at_start(atom: &str) -> Cow<'_, str> {
    let digits = atom.trim_start_matches(|c: char| c.is_ascii_digit());
    let number = digits.len() < atom.len() && digits.starts_with(['.', ')']);
    if number {
        let (number, rest) = atom.split_at_checked(atom.len() - digits.len()).unwrap_or((atom, ""));
        return Cow::Owned(format!("{number}\\{rest}"));
    }
    let marks = atom.starts_with(['#', '>', '=']) || atom.chars().all(|c| c == '-') || atom == "+";
    if marks { Cow::Owned(format!("\\{atom}")) } else { Cow::Borrowed(atom) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_between_backticks_is_code() {
        use Piece::{Code, Words};
        assert_eq!(pieces("run `a b`, then `c`"), [Words("run "), Code("a b"), Words(", then "), Code("c")]);
        assert_eq!(pieces("a ` alone"), [Words("a ` alone")]);
        assert_eq!(pieces(""), []);
    }

    #[test]
    fn words_have_no_power_over_markdown() {
        for (text, shown) in [
            ("a <b> *c* _d_ e_f", r"a \<b> \*c\* \_d\_ e_f"),
            ("[x](http://y) [z]", r"[x\](http://y) [z]"),
            ("a ` alone &amp; 1 & 2", r"a \` alone \&amp; 1 & 2"),
            ("- no list", r"\- no list"),
            ("1. no list", r"1\. no list"),
            ("# none", r"\# none"),
            ("`<b> *x*` y", "`<b> *x*` y"),
            ("a\u{1b}[31mb\nc", "a\\u{1b}[31mb\\nc"),
        ] {
            assert_eq!(wrapped("", text), format!("{shown}\n"), "{text}");
        }
    }

    #[test]
    fn lines_break_between_words_and_never_in_code_or_before_a_mark() {
        let text = "word ".repeat(15) + "`some code of two words` end";
        let lines = wrapped("- ", &text);
        assert!(lines.lines().all(|line| line.len() <= COLUMNS), "{lines}");
        assert!(lines.contains("\n  `some code of two words` end\n"), "{lines}");
        let text = "x".repeat(79) + " - 2. #";
        assert_eq!(wrapped("", &format!("{text} y")), format!("{text}\ny\n"), "a mark stays where it is");
    }

    #[test]
    fn code_may_hold_backticks() {
        for (code, shown) in [("a", "`a`"), ("a`b", "``a`b``"), ("`a", "`` `a ``"), ("", "`  `")] {
            assert_eq!(span(code), shown);
        }
    }
}
