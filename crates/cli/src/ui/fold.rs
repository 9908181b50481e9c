//! Lines that are longer than the terminal, broken where words end and not where the terminal does.

use std::io::{self, Write};

use wording::width;

/// Columns that what follows of a line is set in, besides as far as the line itself is.
const HANGING: usize = 4;
/// A line is not broken before so many columns of what is behind its indentation.
const LEAST: usize = 24;
/// Lines that stand as they are, whatever their length: objects.
const AS_IT_IS: &str = "    | ";

/// A stream of text to a terminal of so many columns. Until it is told to, it breaks nothing.
pub(super) struct Folded<W> {
    out: W,
    columns: usize,
    /// What is not yet a whole line; none while nothing is broken.
    line: Option<Vec<u8>>,
}

impl<W: Write> Folded<W> {
    pub(super) fn new(out: W, columns: usize) -> Self {
        Self { out, columns, line: None }
    }

    /// Breaks lines from now on.
    pub(super) fn fold(&mut self) {
        self.line.get_or_insert_default();
    }
}

impl<W: Write> Write for Folded<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Some(line) = &mut self.line else { return self.out.write(bytes) };
        line.extend_from_slice(bytes);
        while let Some(end) = line.iter().position(|byte| *byte == b'\n') {
            let whole: Vec<u8> = line.drain(..=end).collect();
            let text = String::from_utf8_lossy(&whole);
            self.out.write_all(folded(text.trim_end_matches('\n'), self.columns).as_bytes())?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if let Some(rest) = self.line.as_mut().map(std::mem::take) {
            self.out.write_all(&rest)?;
        }
        self.out.flush()
    }
}

/// Columns of a text, in which colours take none.
fn columns_of(text: &str) -> usize {
    let mut columns = 0;
    for (at, part) in text.split('\u{1b}').enumerate() {
        let shown = if at == 0 { part } else { part.split_once('m').map_or("", |(_, shown)| shown) };
        columns += width(shown);
    }
    columns
}

/// A line as lines that have room, each ended. What has no blank in it is not broken.
fn folded(line: &str, columns: usize) -> String {
    if columns_of(line) <= columns || line.starts_with(AS_IT_IS) {
        return format!("{line}\n");
    }
    let indent = line.len() - line.trim_start_matches(' ').len();
    let hanging = (indent + HANGING).min(columns / 2);
    let mut out = String::new();
    let mut now = String::new();
    for piece in line.split_inclusive(' ') {
        let is_full = columns_of(&now) + columns_of(piece.trim_end()) > columns;
        if is_full && columns_of(now.trim()) >= LEAST {
            out.push_str(now.trim_end());
            out.push('\n');
            now = " ".repeat(hanging);
            now.push_str(piece.trim_start());
        } else {
            now.push_str(piece);
        }
    }
    out.push_str(now.trim_end());
    out.push('\n');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_broken_between_words_and_hang() {
        for (line, expected) in [
            ("short", "short\n"),
            (
                "  one two three four five six seven eight nine",
                "  one two three four five six\n      seven eight nine\n",
            ),
            ("    | one two three four five six seven eight", "    | one two three four five six seven eight\n"),
            ("/a/key/that/has/no/blank/in/it/at/all", "/a/key/that/has/no/blank/in/it/at/all\n"),
            ("\u{1b}[1mone two three four five\u{1b}[0m six", "\u{1b}[1mone two three four five\u{1b}[0m six\n"),
        ] {
            assert_eq!(folded(line, 30), expected);
        }
    }

    #[test]
    fn nothing_is_broken_until_it_is_told_and_nothing_is_lost() {
        let long = "one two three four five six seven eight nine ten\n";
        let mut stream = Folded::new(Vec::new(), 30);
        stream.write_all(long.as_bytes()).unwrap();
        stream.fold();
        for part in long.as_bytes().chunks(7) {
            stream.write_all(part).unwrap();
        }
        stream.write_all(b"no end").unwrap();
        stream.flush().unwrap();
        let expected = format!("{long}one two three four five six\n    seven eight nine ten\nno end");
        assert_eq!(String::from_utf8(stream.out).unwrap(), expected);
    }
}
