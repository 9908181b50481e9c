//! Objects and histories as lines that may be shown.

use std::collections::VecDeque;

use browse::{History, Look, Page, Revision};
use etcd_snapshot::KeyValue;
use kube_objects::{Envelope, to_exact_yaml};
use lens::{Change, Object, Opener, Step, Unseen, View, raw, release_matters};
use serde_json::Value;
use unicode_width::UnicodeWidthChar;

use wording::{Size, count, hex_dump, is_plain};

/// Characters of one line; a screen shows the rest to nobody.
const LONGEST_LINE: usize = 8192;
/// Bytes of a value that is no object.
const MOST_BYTES: usize = 64 << 10;
/// Revisions of one key that are kept, the newest.
const MOST_REVISIONS: usize = 2000;
/// Changed fields of one revision.
const MOST_CHANGES: usize = 500;
/// Characters of a changed value.
const LONGEST_VALUE: usize = 400;
/// Columns from one tab stop to the next.
const TAB: usize = 8;

/// One version of an object.
pub(super) fn object(
    key: &[u8],
    stored: &[u8],
    opener: &impl Opener,
    view: View,
    server_minor: impl FnOnce() -> Option<u32>,
    look: Look,
) -> Page {
    if stored.is_empty() {
        let note = "only its deletion is retained; what it was is compacted away".to_owned();
        return Page { note: Some(note), ..Page::default() };
    }
    let Ok(kv) = KeyValue::decode(stored) else {
        return Page { note: Some("this record is damaged".to_owned()), ..Page::default() };
    };
    let mut page = Page { facts: facts(&kv), ..Page::default() };
    match decode(key, &kv, opener, view, server_minor) {
        Ok(object) => {
            page.note = note(&object);
            page.lines = to_exact_yaml(object.shown()).lines().map(|line| plain(line, look)).collect();
        }
        Err(Unseen::NotAnObject(_)) => match raw(opener, key, kv.value, view.reveal) {
            Ok(bytes) => {
                page.note = Some("not an object: its bytes".to_owned());
                page.lines = bytes_as_lines(&bytes, look);
            }
            Err(Unseen::Secret) => page.note = Some("not an object, and masked: its bytes may be secret".to_owned()),
            Err(why) => page.note = Some(plain(&why.to_string(), look)),
        },
        Err(why) => page.note = Some(plain(&why.to_string(), look)),
    }
    page
}

fn decode(
    key: &[u8],
    kv: &KeyValue<'_>,
    opener: &impl Opener,
    mut view: View,
    server_minor: impl FnOnce() -> Option<u32>,
) -> Result<Object, Unseen> {
    let plain = opener.open(key, kv.value)?;
    if release_matters(&plain) {
        view.server_minor = server_minor();
    }
    Object::of_plain(key, &plain, kv.mod_revision, view)
}

fn facts(kv: &KeyValue<'_>) -> Vec<String> {
    let mut facts = vec![
        format!("rev {}", kv.mod_revision),
        format!("version {}", kv.version),
        Size(kv.value.len() as u64).to_string(),
        match Envelope::of(kv.value) {
            Envelope::Encrypted(encrypted) => {
                let name = String::from_utf8_lossy(encrypted.key_name);
                let name: String = name.chars().filter(|c| c.is_ascii_graphic()).take(32).collect();
                format!("{}, key {name}", String::from_utf8_lossy(encrypted.provider.as_bytes()).escape_debug())
            }
            other => other.word().to_owned(),
        },
        format!("created at {}", kv.create_revision),
    ];
    if kv.lease != 0 {
        facts.push(format!("lease {:x}", kv.lease));
    }
    facts
}

fn note(object: &Object) -> Option<String> {
    let mut notes = Vec::new();
    if object.is_masked() {
        notes.push("secrets are masked".to_owned());
    }
    if !object.known_kind() {
        notes.push("unknown kind: fields by number".to_owned());
    } else if object.unknown_fields() > 0 {
        notes.push(format!("{} by number", count(object.unknown_fields() as u64, "unknown field")));
    }
    (!notes.is_empty()).then(|| notes.join("; "))
}

fn bytes_as_lines(bytes: &[u8], look: Look) -> Vec<String> {
    let some = bytes.get(..bytes.len().min(MOST_BYTES)).unwrap_or_default();
    let mut lines: Vec<String> = match std::str::from_utf8(some) {
        Ok(text) if text.chars().all(|c| is_plain(c) || matches!(c, '\n' | '\t' | '\\')) => {
            text.lines().map(|line| plain(line, look)).collect()
        }
        _ => hex_dump(some).collect(),
    };
    if some.len() < bytes.len() {
        lines.push(format!("({} in all; `assay get -o raw` gives them)", Size(bytes.len() as u64)));
    }
    lines
}

/// A line without any power over the terminal, its tabs as blanks.
fn plain(line: &str, look: Look) -> String {
    let mut shown = String::with_capacity(line.len().min(LONGEST_LINE));
    let mut column = 0;
    for (at, char) in line.chars().enumerate() {
        if at == LONGEST_LINE {
            shown.push_str(&format!(" ... ({} in all)", Size(line.len() as u64)));
            break;
        }
        match char {
            '\t' => {
                let blanks = TAB - column % TAB;
                shown.extend(std::iter::repeat_n(' ', blanks));
                column += blanks;
                continue;
            }
            char if (is_plain(char) || char == '\\') && (look.unicode || char.is_ascii()) => shown.push(char),
            char => shown.extend(char.escape_unicode()),
        }
        column += char.width().unwrap_or(1);
    }
    shown
}

/// A history, revision by revision.
pub(super) struct HistoryText<'a> {
    look: Look,
    compacted: Option<i64>,
    revisions: VecDeque<Revision<'a>>,
    left_out: u64,
}

impl<'a> HistoryText<'a> {
    pub(super) fn new(look: Look, compacted: Option<i64>) -> Self {
        Self { look, compacted, revisions: VecDeque::new(), left_out: 0 }
    }

    pub(super) fn add(&mut self, step: &Step<'a>) {
        if self.revisions.len() == MOST_REVISIONS {
            self.revisions.pop_front();
            self.left_out += 1;
        }
        self.revisions.push_back(self.revision(step));
    }

    pub(super) fn finish(self, damaged: u64) -> History<'a> {
        let mut notes = Vec::new();
        if self.left_out > 0 {
            notes.push(format!("{} left out", count(self.left_out, "older revision")));
        }
        if let Some(compacted) = self.compacted {
            notes.push(format!("compacted up to {compacted}"));
        }
        if damaged > 0 {
            notes.push(format!("{} in the file", count(damaged, "unreadable record")));
        }
        let note = (!notes.is_empty()).then(|| notes.join("; "));
        History { revisions: self.revisions.into(), note }
    }

    fn revision(&self, step: &Step<'a>) -> Revision<'a> {
        let (record, kv) = (&step.record, &step.record.kv);
        let mut when: Vec<String> = step.time().into_iter().map(|time| plain(time, self.look)).collect();
        for author in &step.authors {
            let part = if author.subresource.is_empty() { String::new() } else { format!(" ({})", author.subresource) };
            let name = plain(&format!("{}{part}", author.manager), self.look);
            if !when.contains(&name) {
                when.push(name);
            }
        }
        let facts = match record.tombstone {
            true => Vec::new(),
            false => {
                vec![format!("v{}", kv.version), Size(kv.value.len() as u64).to_string(), step.stored_as.to_owned()]
            }
        };
        Revision {
            number: record.revision.to_string(),
            event: step.event.word(),
            when: when.join(" "),
            facts,
            changes: self.changes(step),
            stored: if record.tombstone { &[] } else { record.raw },
        }
    }

    fn changes(&self, step: &Step<'_>) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some(asked) = step.deletion_asked() {
            lines.push(format!("its deletion was asked for at {}", plain(asked, self.look)));
        }
        if step.missing > 0 {
            let why = if step.has_earlier { "are not in the file" } else { "before it were removed by compaction" };
            lines.push(format!("{} {why}", count(step.missing.unsigned_abs(), "version")));
        }
        match &step.object {
            Some(Err(Unseen::NotAnObject(_))) => lines.push("not an object: it has no fields to compare".to_owned()),
            Some(Err(why)) => lines.push(plain(&why.to_string(), self.look)),
            _ => {}
        }
        if step.same_value {
            lines.push("the same bytes as before".to_owned());
        }
        let fields = step.changes.as_deref().unwrap_or_default();
        lines.extend(fields.iter().take(MOST_CHANGES).map(|change| self.change(change)));
        if let Some(more) = fields.len().checked_sub(MOST_CHANGES).filter(|more| *more > 0) {
            lines.push(format!("and {} more", count(more as u64, "field")));
        }
        lines
    }

    fn change(&self, change: &Change) -> String {
        let brief = |value: &Value| {
            let text = value.to_string();
            let cut: String = text.chars().take(LONGEST_VALUE).collect();
            if cut.len() < text.len() { format!("{cut}... ({})", Size(text.len() as u64)) } else { text }
        };
        let line = match (&change.before, &change.after) {
            (Some(before), Some(after)) => format!("{}: {} -> {}", change.path, brief(before), brief(after)),
            (None, Some(after)) => format!("{}: + {}", change.path, brief(after)),
            (Some(before), None) => format!("{}: - {}", change.path, brief(before)),
            (None, None) => change.path.clone(),
        };
        plain(&line, self.look)
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use lens::NoKeys;

    use super::*;

    fn look(unicode: bool) -> Look {
        fn as_is(bytes: &[u8]) -> Cow<'_, str> {
            String::from_utf8_lossy(bytes)
        }
        Look { color: false, unicode, escape: as_is }
    }

    #[test]
    fn no_line_has_power_over_the_terminal() {
        for (line, unicode, shown) in [
            ("a: b", true, "a: b"),
            ("\ta\tb", true, "        a       b"),
            ("日\tb", true, "日      b"),
            ("back\\slash", true, "back\\slash"),
            ("\u{1b}[2J\u{9b}\u{202e}", true, "\\u{1b}[2J\\u{9b}\\u{202e}"),
            ("ключ", true, "ключ"),
            ("ключ", false, "\\u{43a}\\u{43b}\\u{44e}\\u{447}"),
        ] {
            assert_eq!(plain(line, look(unicode)), shown);
        }
        let long = plain(&"x".repeat(LONGEST_LINE + 1), look(true));
        assert!(long.ends_with("x ... (8.0 KiB in all)") && long.len() < LONGEST_LINE + 40, "{}", long.len());
    }

    /// KeyValue as etcd stores it.
    fn stored(key: &[u8], value: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0x0a, u8::try_from(key.len()).unwrap()];
        bytes.extend_from_slice(key);
        bytes.extend_from_slice(&[0x10, 2, 0x18, 7, 0x20, 3, 0x2a]);
        let (low, high) = (value.len() & 0x7f, value.len() >> 7);
        bytes.extend_from_slice(&[u8::try_from(low).unwrap() | 0x80, u8::try_from(high).unwrap()]);
        bytes.extend_from_slice(value);
        bytes
    }

    fn page(key: &[u8], value: &[u8], reveal: bool) -> Page {
        let view = View { reveal, ..View::default() };
        object(key, &stored(key, value), &NoKeys, view, || None, look(true))
    }

    #[test]
    fn whatever_a_value_is_something_is_shown() {
        let json = br#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"n"},"data":{"a":"b"}}"#;
        let shown = page(b"/r/configmaps/a/n", json, false);
        assert_eq!(shown.facts, ["rev 7", "version 3", "79 B", "json", "created at 2"]);
        assert!(shown.lines.contains(&"  a: b".to_owned()) && shown.note.is_none());
        assert_eq!(page(b"compact_rev_key", b"1289", false).lines, ["1289"]);
        assert!(page(b"x", b"\xff\x1b", false).lines[0].ends_with("|..|"));
        let sealed = page(b"/r/secrets/a/b", b"k8s:enc:aescbc:v1:7:body", false);
        assert!(sealed.lines.is_empty());
        assert_eq!(sealed.note.as_deref(), Some("encrypted by aescbc:v1 under key `7`, and no keys were given"));
        assert_eq!(sealed.facts[3], "aescbc, key 7");
        let gone = object(b"x", b"", &NoKeys, View::default(), || None, look(true));
        assert!(gone.note.is_some_and(|note| note.contains("compacted")));
    }

    #[test]
    fn secrets_are_masked_in_any_form() {
        let json = br#"{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s"},"data":{"p":"Q0FOQVJZ"}}"#;
        let masked = page(b"/r/secrets/a/s", json, false);
        assert!(!masked.lines.concat().contains("Q0FOQVJZ") && masked.note.as_deref() == Some("secrets are masked"));
        assert!(page(b"/r/secrets/a/s", json, true).lines.concat().contains("Q0FOQVJZ"));
        let broken = page(b"/kubernetes.io/secrets/a/s", b"CANARY not an object", false);
        assert!(broken.lines.is_empty(), "{:?}", broken.lines);
        assert_eq!(broken.note.as_deref(), Some("not an object, and masked: its bytes may be secret"));
    }
}
