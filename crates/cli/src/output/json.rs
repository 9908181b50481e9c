//! The JSON that scripts read: the envelope, and values that JSON has no type for.

use std::io::{self, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter};

use crate::text::is_plain;

/// Name of the shape of [`Envelope`]; it changes when a field changes its meaning.
pub const SCHEMA: &str = "assay/1";

/// A 64-bit ID: a string of lower-case hex digits, since JSON numbers lose bits above 2^53.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hex64(pub u64);

impl Serialize for Hex64 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:x}", self.0))
    }
}

/// Bytes of a digest: a string of lower-case hex digits, two a byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HexBytes<'a>(pub &'a [u8]);

impl std::fmt::Display for HexBytes<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl Serialize for HexBytes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A key: a string if it is UTF-8, else `{"base64": "..."}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key<'a>(pub &'a [u8]);

impl Serialize for Key<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match std::str::from_utf8(self.0) {
            Ok(text) => serializer.serialize_str(text),
            Err(_) => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry("base64", &STANDARD.encode(self.0))?;
                map.end()
            }
        }
    }
}

/// A [`Key`] that is a value of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyBuf(pub Vec<u8>);

impl Serialize for KeyBuf {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Key(&self.0).serialize(serializer)
    }
}

/// How a judgement turned out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// No finding above `info`.
    Pass,
    /// Findings below `--fail-on`.
    Warn,
    /// Findings at or above `--fail-on`.
    Fail,
}

/// The one document that a command gives out.
#[derive(Debug, Serialize)]
pub struct Envelope<'a, A, F> {
    schema: &'static str,
    command: &'a str,
    assay: &'static str,
    artifacts: &'a [A],
    findings: &'a [F],
    verdict: Verdict,
    #[serde(flatten)]
    judged: Option<JudgedBy<'a>>,
}

/// By what a verdict was reached.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct JudgedBy<'a> {
    /// The least severity that fails, or `never`.
    pub fail_on: &'a str,
    /// The policy, where there was one.
    pub policy: Option<PolicyName<'a>>,
}

/// A policy by its file.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct PolicyName<'a> {
    /// Its path, as given.
    pub path: &'a str,
}

impl<'a, A: Serialize, F: Serialize> Envelope<'a, A, F> {
    /// A document of `command` about `artifacts`.
    pub fn new(command: &'a str, artifacts: &'a [A], findings: &'a [F], verdict: Verdict) -> Self {
        Self { schema: SCHEMA, command, assay: env!("CARGO_PKG_VERSION"), artifacts, findings, verdict, judged: None }
    }

    /// The same document with what its verdict was reached by.
    #[must_use]
    pub fn judged_by(self, judged: JudgedBy<'a>) -> Self {
        Self { judged: Some(judged), ..self }
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
    fn ids_are_hex_and_keys_are_text_or_base64() {
        assert_eq!(compact(Hex64(0x8e9e_05c5_2164_694d)), r#""8e9e05c52164694d""#);
        assert_eq!(compact(Hex64(0)), r#""0""#);
        assert_eq!(compact(HexBytes(&[0, 0xab])), r#""00ab""#);
        assert_eq!(compact(Key("/ключ\n".as_bytes())), r#""/ключ\n""#);
        assert_eq!(compact(Key(b"\xff/")), r#"{"base64":"/y8="}"#);
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
