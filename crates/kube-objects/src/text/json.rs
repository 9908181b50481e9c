//! The text of `kubectl get -o json`: four spaces, sorted names, and Go's escapes for HTML's characters.

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
    node(&mut out, value, 0);
    out.push('\n');
    out
}

fn node(out: &mut String, value: &Value, level: usize) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
        Value::Number(number) => out.push_str(&go_number(number)),
        Value::String(text) => string(out, text),
        Value::Array(items) if items.is_empty() => out.push_str("[]"),
        Value::Object(map) if map.is_empty() => out.push_str("{}"),
        Value::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                start(out, at, level + 1);
                node(out, item, level + 1);
            }
            end(out, ']', level);
        }
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by_key(|entry| entry.0); // serde_json keeps another order if any crate asks it to
            out.push('{');
            for (at, (name, value)) in entries.into_iter().enumerate() {
                start(out, at, level + 1);
                string(out, name);
                out.push_str(": ");
                node(out, value, level + 1);
            }
            end(out, '}', level);
        }
    }
}

fn start(out: &mut String, at: usize, level: usize) {
    if at > 0 {
        out.push(',');
    }
    out.push('\n');
    out.extend(std::iter::repeat_n("    ", level));
}

fn end(out: &mut String, bracket: char, level: usize) {
    out.push('\n');
    out.extend(std::iter::repeat_n("    ", level));
    out.push(bracket);
}

/// A number as Go's `encoding/json` writes it; beyond 64 signed bits it is a float there.
fn go_number(number: &Number) -> String {
    match (number.as_i64(), number.as_f64()) {
        (None, Some(value)) => float(value, -6..21, 1),
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
