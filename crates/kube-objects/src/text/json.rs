//! JSON as kubectl prints it: sorted names, and Go's escapes for HTML's characters; with four spaces, as `-o json` has it, or
//! on one line, as templates have it.

use std::fmt::Write;

use serde_json::{Number, Value};

use super::float;

/// Writes `value` as `kubectl get -o json` does, with a newline at the end. What a terminal obeys is escaped, also where
/// kubectl lets it stand.
///
/// Recurses as deep as the value is; a stored object is at most some hundred levels deep.
#[must_use]
pub fn to_json(value: &Value) -> String {
    let mut out = String::new();
    node(&mut out, value, Some(0));
    out.push('\n');
    out
}

/// The same on one line, without a newline: a map or a list as a template of kubectl's prints it.
#[must_use]
pub fn to_json_line(value: &Value) -> String {
    let mut out = String::new();
    node(&mut out, value, None);
    out
}

/// A number as Go prints one by itself (`%v`), as kubectl's templates do.
#[must_use]
pub fn number_text(number: &Number) -> String {
    go_number(number, -4..6, 2)
}

/// A value at a level of indent; `None`: on one line.
fn node(out: &mut String, value: &Value, level: Option<usize>) {
    let within = level.map(|level| level + 1);
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
        Value::Number(number) => out.push_str(&go_number(number, -6..21, 1)),
        Value::String(text) => string(out, text),
        Value::Array(items) if items.is_empty() => out.push_str("[]"),
        Value::Object(map) if map.is_empty() => out.push_str("{}"),
        Value::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                start(out, at, within);
                node(out, item, within);
            }
            end(out, ']', level);
        }
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by_key(|entry| entry.0); // serde_json keeps another order if any crate asks it to
            out.push('{');
            for (at, (name, value)) in entries.into_iter().enumerate() {
                start(out, at, within);
                string(out, name);
                out.push_str(if level.is_some() { ": " } else { ":" });
                node(out, value, within);
            }
            end(out, '}', level);
        }
    }
}

fn start(out: &mut String, at: usize, level: Option<usize>) {
    if at > 0 {
        out.push(',');
    }
    line(out, level);
}

fn end(out: &mut String, bracket: char, level: Option<usize>) {
    line(out, level);
    out.push(bracket);
}

fn line(out: &mut String, level: Option<usize>) {
    if let Some(level) = level {
        out.push('\n');
        out.extend(std::iter::repeat_n("    ", level));
    }
}

/// A number as Go has it; beyond 64 signed bits it is a float there.
fn go_number(number: &Number, range: std::ops::Range<i32>, least: usize) -> String {
    match (number.as_i64(), number.as_f64()) {
        (None, Some(value)) => float(value, range, least),
        _ => number.to_string(),
    }
}

fn string(out: &mut String, text: &str) {
    out.push('"');
    for char in text.chars() {
        match char {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            other if wording::is_plain(other) && !matches!(other, '<' | '>' | '&') => out.push(other),
            other => {
                for unit in other.encode_utf16(&mut [0; 2]) {
                    let _ = write!(out, "\\u{unit:04x}"); // a String takes every write
                }
            }
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// Recorded from kubectl 1.33: `kubectl label --local -f FILE a=b -o jsonpath=...` of such numbers.
    #[test]
    fn one_line_and_numbers_are_as_gos() {
        let value = json!({"b": [1, "<a>", {}], "a": {"n": 0.5, "m": null}});
        assert_eq!(to_json_line(&value), r#"{"a":{"m":null,"n":0.5},"b":[1,"\u003ca\u003e",{}]}"#);
        for (value, alone, in_json) in [
            (json!(1e-5), "1e-05", "0.00001"),
            (json!(1e-7), "1e-07", "1e-7"),
            (json!(1e-4), "0.0001", "0.0001"),
            (json!(123_456.5), "123456.5", "123456.5"),
            (json!(1_234_567.5), "1.2345675e+06", "1234567.5"),
            (json!(100_000_000.5), "1.000000005e+08", "100000000.5"),
            (json!(1e21), "1e+21", "1e+21"),
            (json!(u64::MAX), "1.8446744073709552e+19", "18446744073709552000"),
            (json!(-7), "-7", "-7"),
        ] {
            let Value::Number(number) = &value else { unreachable!() };
            assert_eq!((number_text(number).as_str(), to_json_line(&value).as_str()), (alone, in_json));
        }
    }

    #[test]
    fn prints_as_kubectl_does() {
        let value = json!({"b": [], "a": {}, "c": [1, {"x": null}], "d": "a<b>&\"\\\n\u{1}\u{2028}é", "e": true});
        let expected = r#"{
    "a": {},
    "b": [],
    "c": [
        1,
        {
            "x": null
        }
    ],
    "d": "a\u003cb\u003e\u0026\"\\\n\u0001\u2028é",
    "e": true
}
"#;
        assert_eq!(to_json(&value), expected);
    }

    #[test]
    fn nothing_in_it_obeys_a_terminal() {
        let value = json!({"a\u{9b}": "\u{1b}[m\u{7f}\u{202e}é\u{e0041}😀"});
        let text = to_json(&value);
        assert_eq!(text, "{\n    \"a\\u009b\": \"\\u001b[m\\u007f\\u202eé\\udb40\\udc41😀\"\n}\n");
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
    }

    #[test]
    fn numbers_are_written_as_go_writes_them() {
        for (number, text) in [
            (json!(-7), "-7"),
            (json!(1.0), "1"),
            (json!(0.5), "0.5"),
            (json!(1e21), "1e+21"),
            (json!(1e20), "100000000000000000000"),
            (json!(1.5e-7), "1.5e-7"),
            (json!(0.000_001), "0.000001"),
            (json!(i64::MIN), "-9223372036854775808"),
            (json!(u64::MAX), "18446744073709552000"),
        ] {
            assert_eq!(to_json(&number), format!("{text}\n"));
        }
    }
}
