//! Keeping secrets out of a YAML parser's buffers.
//!
//! A YAML parser copies scalars into buffers of its own, which nobody wipes, and quotes them in
//! its errors. So every long run of base64 letters is replaced by a placeholder before parsing,
//! and put back into the finished tree. Equal runs get equal placeholders: anchors keep working.
use std::collections::HashMap;

use zeroize::Zeroizing;

use crate::node::{Node, Text};

const MARK: &str = "assaymask";
/// Shorter than the base64 of the shortest AES key (24 with padding, 22 letters without).
const SHORTEST: usize = 20;

/// The runs taken out of a text, borrowed from it.
pub(crate) struct Mask<'a> {
    runs: Vec<&'a str>,
}

fn is_base64_letter(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/'
}

impl<'a> Mask<'a> {
    /// Returns the masked text, or the text as it is where it already holds the mark.
    pub(crate) fn apply(text: &'a str) -> (Zeroizing<String>, Mask<'a>) {
        // The copy never grows past its first allocation: a placeholder is shorter than its run.
        let mut masked = Zeroizing::new(String::with_capacity(text.len()));
        let mut mask = Mask { runs: Vec::new() };
        if text.contains(MARK) {
            masked.push_str(text);
            return (masked, mask);
        }
        let mut known: HashMap<&str, usize> = HashMap::new();
        let mut rest = text;
        let mut before = '\n';
        while let Some(first) = rest.chars().next() {
            let run_length = rest.bytes().take_while(|byte| is_base64_letter(*byte)).count();
            let taken = run_length.max(first.len_utf8());
            let (head, tail) = rest.split_at_checked(taken).unwrap_or((rest, ""));
            // a run right after a backslash is part of an escape such as "\x41"
            if run_length >= SHORTEST && before != '\\' {
                let index = *known.entry(head).or_insert_with(|| {
                    mask.runs.push(head);
                    mask.runs.len().saturating_sub(1)
                });
                masked.push_str(&placeholder(index));
            } else {
                masked.push_str(head);
            }
            before = head.chars().next_back().unwrap_or(before);
            rest = tail;
        }
        (masked, mask)
    }

    /// Puts the runs back into a finished tree.
    pub(crate) fn restore<'t>(&self, node: Node<'t>) -> Node<'t> {
        match node {
            Node::Text(text) => Node::Text(self.restore_text(text)),
            Node::List(items) => Node::List(items.into_iter().map(|item| self.restore(item)).collect()),
            Node::Map(fields) => Node::Map(
                fields.into_iter().map(|(key, value)| (self.restore_text(key), self.restore(value))).collect(),
            ),
            other @ (Node::Null | Node::Bool | Node::Number(_)) => other,
        }
    }

    fn restore_text<'t>(&self, text: Text<'t>) -> Text<'t> {
        if self.runs.is_empty() || !text.as_str().contains(MARK) {
            return text;
        }
        // sized first, so that the wiped buffer is the only one
        let pieces = self.pieces(text.as_str());
        let mut restored = Zeroizing::new(String::with_capacity(pieces.iter().map(|piece| piece.len()).sum()));
        pieces.iter().for_each(|piece| restored.push_str(piece));
        Text::Owned(restored)
    }

    fn pieces<'p>(&'p self, text: &'p str) -> Vec<&'p str> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once(MARK) {
            pieces.push(before);
            let digits = after.get(..INDEX_DIGITS).unwrap_or_default();
            if let Some(run) = digits.parse::<usize>().ok().and_then(|index| self.runs.get(index)) {
                pieces.push(run);
            }
            rest = after.get(INDEX_DIGITS..).unwrap_or_default();
        }
        pieces.push(rest);
        pieces
    }
}

const INDEX_DIGITS: usize = 8;

fn placeholder(index: usize) -> String {
    format!("{MARK}{index:0INDEX_DIGITS$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_long_runs_out_and_puts_them_back() {
        let text = "a: QUJDREVGR0hJSktMTU5PUFFS=\nb: [short, \"QUJDREVGR0hJSktMTU5PUFFS\"]\nc: \"\\x41QUJDREVGR0hJSktMTU5PUFFS\"\n";
        let (masked, mask) = Mask::apply(text);
        assert_eq!(
            masked.as_str(),
            "a: assaymask00000000=\nb: [short, \"assaymask00000000\"]\nc: \"\\x41QUJDREVGR0hJSktMTU5PUFFS\"\n"
        );
        assert_eq!(mask.restore_text(Text::Owned(masked)).as_str(), text);
    }

    #[test]
    fn leaves_a_text_alone_that_holds_the_mark() {
        let text = "assaymask00000007: QUJDREVGR0hJSktMTU5PUFFS";
        let (masked, mask) = Mask::apply(text);
        assert_eq!(masked.as_str(), text);
        assert_eq!(mask.restore_text(Text::Owned(masked)).as_str(), text);
    }
}
