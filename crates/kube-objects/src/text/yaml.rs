//! The text of `kubectl get -o yaml`.
//!
//! kubectl prints through a YAML 1.1 library with habits of its own, and people diff its output, so these are followed:
//! names in natural order, lists not indented below their name, text with a line feed as a literal block, quotes only
//! where a YAML 1.1 reader would otherwise see something else than that text, lines folded at the first space beyond
//! column 80. One thing it does is left out: what reorders or hides text on a terminal is escaped, in double quotes.
//!
//! Some of its habits cost the text, or trust that a reader takes other marks than a line feed for the end of a line:
//! only [`to_yaml`] follows those. What is to be read back, or shown line by line, is written by [`to_exact_yaml`].

mod plain;

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt::Write;

use serde_json::{Map, Number, Value};

use super::float;
use plain::Reading;

/// Folding starts at the first space beyond this column.
const WIDTH: usize = 80;
/// A name longer than this, in bytes, is written as a complex key (`? name`).
const LONGEST_KEY: usize = 128;

/// Writes `value` as `kubectl get -o yaml` does, byte for byte where that has something to print: U+2028 and U+2029 stand
/// as they are, and U+0085 is a space, since kubectl reads its own JSON as YAML on the way.
///
/// Recurses as deep as the value is; a stored object is at most some hundred levels deep.
#[must_use]
pub fn to_yaml(value: &Value) -> String {
    write(value, Habit::Kubectl)
}

/// Writes `value` as [`to_yaml`] does, but so that any reader of YAML gets the same text back, and that only a line feed
/// ends a line.
#[must_use]
pub fn to_exact_yaml(value: &Value) -> String {
    write(value, Habit::Exact)
}

/// What becomes of U+0085, U+2028 and U+2029.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Habit {
    Kubectl,
    Exact,
}

fn write(value: &Value, habit: Habit) -> String {
    let mut yaml = Yaml { out: String::new(), column: 0, habit };
    match value {
        Value::Object(map) if !map.is_empty() => yaml.map(map, 0, true),
        Value::Array(items) if !items.is_empty() => yaml.list(items, 0, true),
        scalar => yaml.scalar(scalar, 2),
    }
    yaml.out
}

struct Yaml {
    out: String,
    /// Characters since the last line feed.
    column: usize,
    habit: Habit,
}

/// What stands before a node on its line.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    /// `name:`
    Name,
    /// `-`, or the `:` of a complex key
    Mark,
}

impl Yaml {
    fn put(&mut self, char: char) {
        self.out.push(char);
        self.column += 1;
    }

    fn put_all(&mut self, text: &str) {
        text.chars().for_each(|char| self.put(char));
    }

    fn line(&mut self) {
        self.out.push('\n');
        self.column = 0;
    }

    fn indent(&mut self, indent: usize) {
        (0..indent).for_each(|_| self.put(' '));
    }

    /// A map whose names stand at column `indent`; the first one is there already if `started`.
    fn map(&mut self, map: &Map<String, Value>, indent: usize, started: bool) {
        let mut entries: Vec<_> = map.iter().collect();
        entries.sort_by(|a, b| natural(a.0, b.0));
        for (at, (name, value)) in entries.into_iter().enumerate() {
            if at > 0 || !started {
                self.indent(indent);
            }
            if name.len() > LONGEST_KEY || name.contains(plain::is_break) {
                self.put_all("? ");
                self.text(name, Some(indent + 2));
                self.indent(indent);
                self.put(':');
                self.node(value, indent, Before::Mark);
            } else {
                self.text(name, None);
                self.put(':');
                self.node(value, indent, Before::Name);
            }
        }
    }

    fn list(&mut self, items: &[Value], indent: usize, started: bool) {
        for (at, item) in items.iter().enumerate() {
            if at > 0 || !started {
                self.indent(indent);
            }
            self.put('-');
            self.node(item, indent, Before::Mark);
        }
    }

    fn node(&mut self, value: &Value, indent: usize, before: Before) {
        match (value, before) {
            (Value::Object(map), Before::Name) if !map.is_empty() => {
                self.line();
                self.map(map, indent + 2, false);
            }
            (Value::Array(items), Before::Name) if !items.is_empty() => {
                self.line();
                self.list(items, indent, false);
            }
            (Value::Object(map), Before::Mark) if !map.is_empty() => {
                self.put(' ');
                self.map(map, indent + 2, true);
            }
            (Value::Array(items), Before::Mark) if !items.is_empty() => {
                self.put(' ');
                self.list(items, indent + 2, true);
            }
            (scalar, _) => {
                self.put(' ');
                self.scalar(scalar, indent + 2);
            }
        }
    }

    /// A scalar and the end of its line; what is folded goes on at column `indent`.
    fn scalar(&mut self, value: &Value, indent: usize) {
        let word = match value {
            Value::Null => "null".to_owned(),
            Value::Bool(flag) => flag.to_string(),
            Value::Number(number) => go_number(number),
            Value::String(text) if self.habit == Habit::Kubectl => {
                return self.text(&through_json(text), Some(indent));
            }
            Value::String(text) => return self.text(text, Some(indent)),
            Value::Array(_) => "[]".to_owned(),
            Value::Object(_) => "{}".to_owned(),
        };
        self.put_all(&word);
        self.line();
    }

    /// Text and the end of its line, folded to column `fold`; without `fold` a name, which is never folded and whose
    /// line goes on.
    fn text(&mut self, text: &str, fold: Option<usize>) {
        let reading = Reading::of(text, self.habit == Habit::Kubectl);
        match fold {
            Some(indent) if reading.has_line_feed && reading.block_allowed => return self.literal(text, indent),
            _ if reading.plain() => self.folded(text, fold, false),
            _ if reading.single_quoted() => {
                self.put('\'');
                self.folded(text, fold, true);
                self.put('\'');
            }
            _ => self.double_quoted(text, fold),
        }
        if fold.is_some() {
            self.line();
        }
    }

    fn literal(&mut self, text: &str, indent: usize) {
        self.put('|');
        if text.starts_with(|first| first == ' ' || plain::is_break(first)) {
            self.put('2');
        }
        let mut from_end = text.chars().rev().map(plain::is_break);
        match (from_end.next(), from_end.next()) {
            (Some(true), None | Some(true)) => self.put('+'),
            (Some(true), Some(false)) => {}
            _ => self.put('-'),
        }
        self.line();
        let mut begins = true;
        for char in text.chars() {
            let ends = plain::is_break(char);
            if begins && !ends {
                self.indent(indent);
            }
            self.out.push(char);
            begins = ends;
        }
        if !begins {
            self.out.push('\n');
        }
        self.column = 0;
    }

    /// Plain or, with its quotes doubled, single-quoted text.
    fn folded(&mut self, text: &str, fold: Option<usize>, quoted: bool) {
        let (mut after_space, mut after_break) = (false, false);
        let mut chars = text.char_indices().peekable();
        while let Some((at, char)) = chars.next() {
            let next = chars.peek().map(|next| next.1);
            if plain::is_break(char) {
                self.out.push(char);
                (self.column, after_break) = (0, true);
                continue;
            }
            if char != ' ' {
                if let (true, Some(indent)) = (std::mem::take(&mut after_break), fold) {
                    self.indent(indent);
                }
                if quoted && char == '\'' {
                    self.put(char);
                }
                self.put(char);
                after_space = false;
                continue;
            }
            let inside = !quoted || at > 0 && next.is_some();
            match fold {
                Some(indent) if inside && !after_space && self.column > WIDTH && next != Some(' ') => {
                    self.line();
                    self.indent(indent);
                }
                _ => self.put(' '),
            }
            after_space = true;
        }
    }

    fn double_quoted(&mut self, text: &str, fold: Option<usize>) {
        self.put('"');
        // a text that begins with this mark is taken to be one all along
        let all = self.habit == Habit::Kubectl && text.starts_with('\u{feff}');
        let mut after_space = false;
        let mut chars = text.char_indices().peekable();
        while let Some((at, char)) = chars.next() {
            let next = chars.peek().map(|next| next.1);
            if all || char != ' ' {
                self.escaped(char, all);
                after_space = false;
                continue;
            }
            match fold {
                Some(indent) if at > 0 && next.is_some() && !after_space && self.column > WIDTH => {
                    self.line();
                    self.indent(indent);
                    if next == Some(' ') {
                        self.put('\\');
                    }
                }
                _ => self.put(' '),
            }
            after_space = true;
        }
        self.put('"');
    }

    fn escaped(&mut self, char: char, all: bool) {
        let short = match char {
            '\0' => '0',
            '\u{7}' => 'a',
            '\u{8}' => 'b',
            '\t' => 't',
            '\n' => 'n',
            '\u{b}' => 'v',
            '\u{c}' => 'f',
            '\r' => 'r',
            '\u{1b}' => 'e',
            '"' => '"',
            '\\' => '\\',
            '\u{85}' => 'N',
            '\u{a0}' if all => '_',
            '\u{2028}' => 'L',
            '\u{2029}' => 'P',
            printable if !all && plain::is_printable(printable) => return self.put(printable),
            other => {
                let mut escape = String::new();
                let _ = match u32::from(other) {
                    code @ ..=0xff => write!(escape, "\\x{code:02X}"),
                    code @ ..=0xffff => write!(escape, "\\u{code:04X}"),
                    code => write!(escape, "\\U{code:08X}"),
                }; // a String takes every write
                return self.put_all(&escape);
            }
        };
        self.put('\\');
        self.put(short);
    }
}

/// What is left of a text when kubectl has read its own JSON as YAML: each run of U+0085 is folded as line feeds are, with
/// the spaces around it. A text with other controls of that kind is none that it can print; those stay.
fn through_json(text: &str) -> Cow<'_, str> {
    const NEXT_LINE: char = '\u{85}';
    let refused = |char: char| char.is_control() && !char.is_ascii_control() && char != NEXT_LINE || char == '\u{7f}';
    if !text.contains(NEXT_LINE) || text.contains(refused) {
        return Cow::Borrowed(text);
    }
    let mut folded = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(NEXT_LINE) {
        let (before, from) = rest.split_at(at);
        folded.push_str(before.trim_end_matches(' '));
        rest = from.trim_start_matches([' ', NEXT_LINE]);
        let run = from.get(..from.len() - rest.len()).unwrap_or_default();
        match run.matches(NEXT_LINE).count() {
            0 | 1 => folded.push(' '),
            lines => folded.extend(std::iter::repeat_n('\n', lines - 1)),
        }
    }
    folded.push_str(rest);
    Cow::Owned(folded)
}

/// A float as Go's `strconv` writes it with `g`, which has no fixed-point form beyond a million.
fn go_number(number: &Number) -> String {
    match (number.as_i64(), number.as_u64(), number.as_f64()) {
        (None, None, Some(value)) if value.fract() == 0.0 && value.abs() < 1e21 => format!("{value}"),
        (None, None, Some(value)) => float(value, -4..6, 2),
        _ => number.to_string(),
    }
}

/// The order of names: runs of digits by their number, letters behind everything else, the rest by code point.
fn natural(a: &str, b: &str) -> Ordering {
    let mut same_tail = 0; // digits before the difference that are not all zero
    let (mut left, mut right) = (a.chars(), b.chars());
    loop {
        let (before_left, before_right) = (left.clone(), right.clone());
        let (x, y) = match (left.next(), right.next()) {
            (Some(x), Some(y)) => (x, y),
            (x, y) => return x.is_some().cmp(&y.is_some()),
        };
        if x == y {
            same_tail = match x {
                '0' => same_tail,
                '1'..='9' => 1,
                _ => 0,
            };
            continue;
        }
        return match (x.is_alphabetic(), y.is_alphabetic()) {
            (true, true) => x.cmp(&y),
            (true, false) => Ordering::Greater,
            (false, true) => Ordering::Less,
            (false, false) => {
                let lead = if x == '0' || y == '0' { same_tail } else { 0 };
                let (an, al) = leading_number(before_left, lead);
                let (bn, bl) = leading_number(before_right, lead);
                an.cmp(&bn).then(al.cmp(&bl)).then(x.cmp(&y))
            }
        };
    }
}

/// The number that `chars` begins with, behind a digit `lead`, and how many digits it has.
fn leading_number(chars: std::str::Chars<'_>, lead: i64) -> (i64, usize) {
    chars
        .map_while(|char| char.to_digit(10))
        .fold((lead, 0), |(number, digits), digit| (number.wrapping_mul(10).wrapping_add(i64::from(digit)), digits + 1))
}

#[cfg(test)]
mod tests;
