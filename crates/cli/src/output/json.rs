//! The JSON that scripts read: the envelope, and values that JSON has no type for.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter};

use wording::is_plain;

pub use checks::Verdict;
pub use document::{Hex64, HexBytes, Key, KeyBuf, SCHEMA};

/// The document of a command whose artifacts the crate `document` has no types for.
#[derive(Debug, Serialize)]
pub struct Envelope<'a, A, F> {
    schema: &'static str,
    command: &'a str,
    assay: &'static str,
    artifacts: &'a [A],
    findings: &'a [F],
    verdict: Verdict,
}

impl<'a, A: Serialize, F: Serialize> Envelope<'a, A, F> {
    /// A document of `command` about `artifacts`.
    pub fn new(command: &'a str, artifacts: &'a [A], findings: &'a [F], verdict: Verdict) -> Self {
        Self { schema: SCHEMA, command, assay: env!("CARGO_PKG_VERSION"), artifacts, findings, verdict }
    }

    /// Writes the document, indented, with a newline at its end.
    ///
    /// # Errors
    /// Whatever keeps the stream from taking it.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        write_pretty(out, self)
    }
}

/// Writes a value over several lines, ended by a newline.
///
/// # Errors
/// Whatever keeps the stream from taking it.
pub fn write_pretty<T: Serialize + ?Sized>(out: &mut dyn Write, value: &T) -> io::Result<()> {
    write_as(out, value, PrettyFormatter::new())?;
    out.write_all(b"\n")
}

/// Writes a value on one line, without a newline.
///
/// # Errors
/// Whatever keeps the stream from taking it.
pub fn write_compact<T: Serialize + ?Sized>(out: &mut dyn Write, value: &T) -> io::Result<()> {
    write_as(out, value, CompactFormatter)
}

fn write_as<T: Serialize + ?Sized>(out: &mut dyn Write, value: &T, formatter: impl Formatter) -> io::Result<()> {
    let mut serializer = serde_json::Serializer::with_formatter(out, Inert(formatter));
    value.serialize(&mut serializer).map_err(io::Error::from)
}

/// Escapes what JSON does not ask for and terminals obey: C1 controls and marks of direction.
///
/// serde_json escapes below U+0020 only, and a key may hold U+009B, which some terminals take for
/// the beginning of a command.
struct Inert<F>(F);

impl<F: Formatter> Formatter for Inert<F> {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        if fragment.is_ascii() && !fragment.contains('\x7f') {
            return writer.write_all(fragment.as_bytes());
        }
        let mut buffer = [0; 4];
        let mut units = [0; 2];
        for c in fragment.chars() {
            if c == '\\' || is_plain(c) {
                writer.write_all(c.encode_utf8(&mut buffer).as_bytes())?;
            } else {
                for unit in c.encode_utf16(&mut units) {
                    write!(writer, "\\u{unit:04x}")?;
                }
            }
        }
        Ok(())
    }

    fn begin_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_array(writer)
    }

    fn end_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array(writer)
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_array_value(writer, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array_value(writer)
    }

    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object(writer)
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object(writer)
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_object_key(writer, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object_value(writer)
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object_value(writer)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn compact<T: Serialize>(value: T) -> String {
        let mut out = Vec::new();
        write_compact(&mut out, &value).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn strings_have_no_power_over_the_terminal_and_stay_the_same_strings() {
        let nasty = "a\u{1b}[2J\u{7f}\u{9b}x\u{202e}\u{e0001}\\\"日";
        let text = compact(nasty);
        assert_eq!(text, "\"a\\u001b[2J\\u007f\\u009bx\\u202e\\udb40\\udc01\\\\\\\"日\"");
        assert_eq!(serde_json::from_str::<String>(&text).unwrap(), nasty);
    }

    #[test]
    fn the_envelope_is_that_of_the_contract() {
        let artifacts = [json!({"kind": "snapshot"})];
        let findings: [Value; 0] = [];
        let mut out = Vec::new();
        Envelope::new("verify", &artifacts, &findings, Verdict::Warn).write(&mut out).unwrap();
        let document: Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(
            document,
            json!({
                "schema": "assay/1",
                "command": "verify",
                "assay": env!("CARGO_PKG_VERSION"),
                "artifacts": [{"kind": "snapshot"}],
                "findings": [],
                "verdict": "warn",
            })
        );
        assert!(out.starts_with(b"{\n  \"schema\": \"assay/1\",\n") && out.ends_with(b"}\n"));
    }
}
