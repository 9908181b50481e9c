//! Values as Go prints them, which is what kubectl's output is made of.

use std::borrow::Cow;
use std::fmt::Write;

use serde_json::{Number, Value};

/// A value as a template prints it: texts as they are, maps and lists as JSON on one line.
#[must_use]
pub fn printed(value: &Value) -> Cow<'_, str> {
    match value {
        Value::String(text) => Cow::Borrowed(text),
        Value::Null => Cow::Borrowed("<nil>"),
        Value::Bool(flag) => Cow::Borrowed(if *flag { "true" } else { "false" }),
        Value::Number(number) => Cow::Owned(number_text(number)),
        Value::Array(_) | Value::Object(_) => Cow::Owned(to_go_json(value)),
    }
}

/// A value as a cell of a column prints it: maps and lists as `map[a:1 b:[x y]]`.
#[must_use]
pub(crate) fn in_a_cell(value: &Value) -> Cow<'_, str> {
    match value {
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(in_a_cell).collect();
            Cow::Owned(format!("[{}]", items.join(" ")))
        }
        Value::Object(map) => {
            let mut names: Vec<_> = map.iter().collect();
            names.sort_by_key(|(name, _)| *name);
            let members: Vec<_> =
                names.into_iter().map(|(name, value)| format!("{name}:{}", in_a_cell(value))).collect();
            Cow::Owned(format!("map[{}]", members.join(" ")))
        }
        other => printed(other),
    }
}

/// JSON on one line, as Go writes it: names sorted, and `<`, `>`, `&` escaped.
#[must_use]
pub fn to_go_json(value: &Value) -> String {
    let mut out = String::new();
    json(value, &mut out);
    out
}

fn json(value: &Value, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
        Value::Number(number) => out.push_str(&json_number(number)),
        Value::String(text) => quoted(text, out),
        Value::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                out.push_str(if at > 0 { "," } else { "" });
                json(item, out);
            }
            out.push(']');
        }
        Value::Object(map) => {
            let mut members: Vec<_> = map.iter().collect();
            members.sort_by_key(|(name, _)| *name);
            out.push('{');
            for (at, (name, value)) in members.into_iter().enumerate() {
                out.push_str(if at > 0 { "," } else { "" });
                quoted(name, out);
                out.push(':');
                json(value, out);
            }
            out.push('}');
        }
    }
}

fn quoted(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' => {
                // a string takes whatever is written to it
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            plain => out.push(plain),
        }
    }
    out.push('"');
}

/// A number that is not whole, in Go's shortest form with an exponent: `1.5e+21`.
fn scientific(number: f64, digits: usize) -> String {
    let text = format!("{number:e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |exponent| ('-', exponent));
    format!("{mantissa}e{sign}{exponent:0>digits$}")
}

fn number_text(number: &Number) -> String {
    match number.as_f64().filter(|_| number.is_f64()) {
        Some(it) if it != 0.0 && !(1e-4..1e21).contains(&it.abs()) => scientific(it, 2),
        Some(it) => it.to_string(),
        None => number.to_string(),
    }
}

fn json_number(number: &Number) -> String {
    match number.as_f64().filter(|_| number.is_f64()) {
        Some(it) if it != 0.0 && !(1e-6..1e21).contains(&it.abs()) => scientific(it, 1),
        Some(it) => it.to_string(),
        None => number.to_string(),
    }
}

/// What a value is, in a word.
pub(super) fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "truth value",
        Value::Number(number) if number.is_f64() => "fraction",
        Value::Number(_) => "number",
        Value::String(_) => "text",
        Value::Array(_) => "list",
        Value::Object(_) => "map",
    }
}
