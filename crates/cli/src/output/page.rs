//! One page for people, byte for byte: hex beside meaning.

use std::io::Write;

use bbolt_page::view::{ElementView, Field, Looked, PageRole, Part};
use document::HexBytes;
use lens::entry::{PageElement, inline};

use super::bytes::bucket_label;
use super::entry;
use crate::exit::Error;
use wording::{Size, escape};

/// Bytes of a key that people are shown in hex.
const KEY_SHOWN: usize = 32;
/// Ids of a freelist on one line.
const IDS_A_LINE: usize = 12;
/// Bytes on one line of a dump.
const DUMP_LINE: usize = 32;

/// Prints a page; with `reveal` with what may be secret.
///
/// # Errors
/// Whatever keeps the stream from taking it.
pub fn print(page: &Looked<'_>, name: &str, reveal: bool, out: &mut dyn Write) -> Result<(), Error> {
    let view = &page.view;
    writeln!(out, "page {} of {}: {}", view.page, escape(name.as_bytes()), state(page))?;
    let many = if page.pages > 1 {
        format!(" (pages {} to {})", page.first, page.first + page.pages - 1)
    } else {
        String::new()
    };
    writeln!(out, "  offset {:#x} ({}), {} bytes{many}", view.offset, view.offset, view.bytes.len())?;
    if page.first != view.page.0 {
        writeln!(out, "  a continuation page of page {}: it has no header of its own", page.first)?;
    }
    view_lines(page, "  ", reveal, out)
}

fn state(page: &Looked<'_>) -> String {
    let says = page.view.kind.map_or_else(String::new, |kind| format!("; its header says {kind}"));
    match (page.role, &page.path) {
        (Some(PageRole::Free(residue)), _) => format!("free, holds {}{says}", residue.word()),
        (None, _) => format!("beyond the high-water mark, never allocated{says}"),
        (Some(role), Some(path)) => format!("{} of bucket {}", role.word(), bucket_label(path)),
        (Some(role), None) => role.word().to_owned(),
    }
}

fn view_lines(page: &Looked<'_>, indent: &str, reveal: bool, out: &mut dyn Write) -> Result<(), Error> {
    let view = &page.view;
    for field in &view.fields {
        writeln!(out, "{indent}{}", field_line(field))?;
    }
    for (fault, element) in &view.faults {
        let element = element.map_or_else(String::new, |element| format!("element {element}: "));
        writeln!(out, "{indent}FAULT {element}{fault}")?;
    }
    for element in &view.elements {
        element_lines(page, element, indent, reveal, out)?;
    }
    for ids in view.ids.chunks(IDS_A_LINE) {
        let list: Vec<String> = ids.iter().map(|(_, id)| id.to_string()).collect();
        writeln!(out, "{indent}{:#010x}  free {}", ids.first().map_or(0, |(at, _)| *at), list.join(" "))?;
    }
    for part in &view.unknown {
        unknown_lines(part, indent, reveal, out)?;
    }
    Ok(())
}

fn field_line(field: &Field<'_>) -> String {
    let note = field.note.as_ref().map_or_else(String::new, |note| format!("  {note}"));
    let hex = HexBytes(field.bytes).to_string();
    format!("{:#010x}  {:<14} {hex:<16}  {}{note}", field.offset, field.name, field.value)
}

fn element_lines<'a>(
    page: &Looked<'a>,
    element: &ElementView<'a>,
    indent: &str,
    reveal: bool,
    out: &mut dyn Write,
) -> Result<(), Error> {
    let field = |field: &Field<'_>| format!("{} {} = {}", field.name, HexBytes(field.bytes), field.value);
    let fields: Vec<String> = element.fields.iter().map(field).collect();
    writeln!(out, "{indent}{:#010x}  element {}: {}", element.offset, element.index, fields.join(", "))?;
    let read = PageElement::read(page, element, reveal);
    writeln!(out, "{indent}{}", key_line(element, &read))?;
    if let Some(value) = element.value {
        let is_bucket = element.bucket.is_some();
        let meaning = if is_bucket { "a bucket".to_owned() } else { entry::text(&read.entry) };
        let size = Size(value.bytes.len() as u64);
        writeln!(out, "{indent}{:#010x}    value of {size}: {meaning}", value.offset)?;
        if let Some(problem) = &read.entry.problem {
            writeln!(out, "{indent}              PROBLEM {}", escape(problem.as_bytes()))?;
        }
        for field in element.bucket.iter().flat_map(|bucket| &bucket.fields) {
            writeln!(out, "{indent}    {}", field_line(field))?;
        }
        if reveal && !is_bucket {
            dump(&value, indent, out)?;
        }
    }
    if let Some(inline) = inline(page, element) {
        view_lines(&inline, &format!("{indent}    "), reveal, out)?;
    }
    Ok(())
}

fn key_line(element: &ElementView<'_>, read: &PageElement<'_>) -> String {
    match (element.key, read.key) {
        (Some(key), Some(bytes)) => {
            let text = match read.revision {
                Some((revision, tombstone)) => format!("{revision}{}", if tombstone { " tombstone" } else { "" }),
                None => std::str::from_utf8(bytes).map(|text| escape(text.as_bytes())).unwrap_or_default().into_owned(),
            };
            let text = if text.is_empty() { text } else { format!("  {text}") };
            format!("{:#010x}    key {}{text}", key.offset, hex_preview(bytes))
        }
        (Some(key), None) => {
            format!("{:#010x}    key of {} bytes, not shown without --reveal", key.offset, key.bytes.len())
        }
        (None, _) => "              its key and value leave the page".to_owned(),
    }
}

fn unknown_lines(part: &Part<'_>, indent: &str, reveal: bool, out: &mut dyn Write) -> Result<(), Error> {
    let (at, len) = (part.offset, part.bytes.len());
    if part.is_zero() {
        writeln!(out, "{indent}{at:#010x}  {len} bytes, all zero")?;
    } else if reveal {
        writeln!(out, "{indent}{at:#010x}  {len} bytes that nothing explains:")?;
        dump(part, indent, out)?;
    } else {
        writeln!(out, "{indent}{at:#010x}  {len} bytes that nothing explains, not zero; --reveal shows them")?;
    }
    Ok(())
}

fn dump(part: &Part<'_>, indent: &str, out: &mut dyn Write) -> Result<(), Error> {
    let mut at = part.offset;
    for line in part.bytes.chunks(DUMP_LINE) {
        let hex = HexBytes(line).to_string();
        writeln!(out, "{indent}{at:#010x}      {hex:<64}  {}", wording::dots(line))?;
        at += line.len() as u64;
    }
    Ok(())
}

/// Bytes in hex, two digits a byte, the rest of long ones counted.
fn hex_preview(bytes: &[u8]) -> String {
    let shown = HexBytes(bytes.get(..KEY_SHOWN).unwrap_or(bytes));
    if bytes.len() > KEY_SHOWN { format!("{shown}.. ({} bytes)", bytes.len()) } else { shown.to_string() }
}
