//! How JSON goes out: inert, so that no string in it has power over a terminal.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter};
use wording::is_plain;

use crate::document::Document;

impl Document {
    /// Writes the document over several lines, indented, with a newline at its end. What a terminal obeys is escaped,
    /// and reads back as it was.
    ///
    /// # Errors
    /// Whatever keeps the stream from taking it.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        write_as(out, self, PrettyFormatter::new())?;
        out.write_all(b"\n")
    }
}

/// Writes a value on one line, without a newline; escaped as [`Document::write`] does.
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
    use checks::Verdict;

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
    fn a_document_is_written_over_several_lines() {
        let document = Document::new("verify", "0.1.0", Vec::new(), Vec::new(), Verdict::Warn);
        let mut out = Vec::new();
        document.write(&mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.starts_with("{\n  \"schema\": \"assay/1\",\n") && text.ends_with("}\n"), "{text}");
        let order = ["schema", "command", "assay", "artifacts", "findings", "verdict"];
        let found: Vec<_> = order.iter().map(|name| text.find(&format!("\n  \"{name}\":")).unwrap()).collect();
        assert!(found.is_sorted(), "{text}");
        assert_eq!(Document::read(text.as_bytes()).unwrap(), document);
    }
}
