//! Revisions of keys, one after the other, in every form, written as they come.

use assay::documents;
use document::Key;
use etcd_snapshot::carve::Carved;
use kube_objects::{ShownKey, to_exact_yaml};
use lens::{Change, Reader, Step};
use serde_json::{Map, Value, json};

use super::rows::{Fields, Head, Stream, cell};
use crate::args::StepFormat;
use crate::exit::Error;
use crate::ui::{Ui, style};
use wording::{Size, count, escape, inert, is_plain};

/// Characters of a value that a line for people has room for.
const VALUE_SHOWN: usize = 100;
/// Changed fields that are listed for people.
const CHANGES_SHOWN: usize = 40;

/// How revisions are shown.
#[derive(Debug, Clone, Copy)]
pub struct StepLook {
    /// The form.
    pub format: StepFormat,
    /// With the whole object.
    pub values: bool,
    /// Each with its key: for a list of several keys.
    pub with_key: bool,
}

/// Revisions as a stream.
pub struct Steps {
    look: StepLook,
    stream: Stream,
    /// Whether it was said who does not know who deletes.
    told_of_deletions: bool,
}

/// Said once, below the first deletion.
const WHO_DELETES: &str =
    "who deleted it is not in etcd: the audit log of the API server tells (verb delete, deletecollection)";

const TITLES: [&str; 13] = [
    "revision",
    "sub",
    "event",
    "key",
    "version",
    "createRevision",
    "lease",
    "size",
    "storedAs",
    "time",
    "manager",
    "changed",
    "carved",
];

impl Steps {
    /// Begins; `artifact` goes into the JSON document.
    ///
    /// # Errors
    /// Whatever keeps the beginning from being written.
    pub fn begin(look: StepLook, command: &str, artifact: Map<String, Value>, ui: &mut Ui) -> Result<Self, Error> {
        if look.format == StepFormat::Human {
            ui.fold();
        }
        let head = Head { command, list: "revisions", artifact, titles: &TITLES, ..Head::default() };
        let stream = Stream::begin(ui.out(), look.format.into(), &head)?;
        Ok(Self { look, stream, told_of_deletions: false })
    }

    /// How many were written.
    pub fn written(&self) -> u64 {
        self.stream.written()
    }

    /// Takes a revision.
    ///
    /// # Errors
    /// Whatever keeps it from being written.
    pub fn step(&mut self, step: &Step<'_>, carved: Option<&Carved<'_>>, ui: &mut Ui) -> Result<(), Error> {
        if self.look.format == StepFormat::Human {
            human(step, carved, self.look, ui)?;
            if step.record.tombstone && !std::mem::replace(&mut self.told_of_deletions, true) {
                writeln!(ui.out(), "    {WHO_DELETES}")?;
            }
        }
        let row = || documents::step_row(step, carved, self.look.values);
        self.stream.row(ui.out(), row, || cells(step, carved))
    }

    /// Ends, with the verdict that the command has settled for by now: records that cannot be read are met on the way.
    ///
    /// # Errors
    /// Whatever keeps the end from being written.
    pub fn finish(self, ui: &mut Ui) -> Result<(), Error> {
        let verdict = ui.ending().verdict();
        self.stream.finish(ui.out(), &Fields::default(), &[], verdict)
    }
}

/// All that a file holds of one key, retained or carved.
///
/// # Errors
/// Whatever keeps it from being written.
pub fn history(
    name: &str,
    reader: &Reader<'_>,
    key: &[u8],
    all: &[(Step<'_>, Option<Carved<'_>>)],
    look: StepLook,
    ui: &mut Ui,
) -> Result<(), Error> {
    let shown = ShownKey::of(key);
    let steps: Vec<&Step<'_>> = all.iter().filter(|(_, carved)| carved.is_none()).map(|(step, _)| step).collect();
    if look.format == StepFormat::Human {
        ui.fold();
        let title = ui.paint(style::HEAD, escape(shown.key())).to_string();
        let carved = all.len() - steps.len();
        writeln!(ui.out(), "{title}\n  {}\n", summary(reader, &steps, carved as u64))?;
    }
    let mut artifact = Map::new();
    artifact.insert("path".into(), name.into());
    artifact.insert("key".into(), json!(Key(shown.key())));
    artifact.insert("current".into(), reader.current().into());
    artifact.insert("compacted".into(), reader.compacted().into());
    artifact.insert("removedVersions".into(), removed(&steps).into());
    artifact.insert("live".into(), Value::Bool(steps.last().is_some_and(|step| !step.record.tombstone)));
    let mut list = Steps::begin(look, "history", artifact, ui)?;
    for (step, carved) in all {
        list.step(step, carved.as_ref(), ui)?;
    }
    list.finish(ui)
}

/// Versions of the first retained generation that compaction has removed.
fn removed(steps: &[&Step<'_>]) -> i64 {
    // not what is missing before it: what was carved may stand there, and was removed
    let first = steps.first().filter(|step| !step.record.tombstone);
    first.map_or(0, |step| step.record.kv.version.saturating_sub(1).max(0))
}

fn summary(reader: &Reader<'_>, steps: &[&Step<'_>], carved: u64) -> String {
    let (Some(first), Some(last)) = (steps.first(), steps.last()) else {
        let at = reader.compacted().map_or_else(String::new, |at| format!("; compacted at {at}"));
        return format!("no revision retained{at}; {} carved from free pages", count(carved, "revision"));
    };
    if reader.salvaged().is_some() {
        let revisions = count(steps.len() as u64, "revision");
        let (first, last) = (first.record.revision, last.record.revision);
        return format!(
            "{revisions} salvaged ({first} to {last}); what else there was, and whether it is live, is not known"
        );
    }
    let span = format!(" ({} to {})", first.record.revision, last.record.revision);
    let end = if last.record.tombstone {
        format!("deleted at {}", last.record.revision)
    } else {
        format!("live, created at {}, version {}", last.record.kv.create_revision, last.record.kv.version)
    };
    let compacted = match (reader.compacted(), removed(steps), first.record.tombstone) {
        (None, ..) => "never compacted".to_owned(),
        (Some(at), _, true) => format!("compacted at {at}: what was deleted first is gone"),
        (Some(at), 0, _) => format!("compacted at {at}: nothing of it was removed since its creation"),
        (Some(at), removed, _) => {
            format!("compacted at {at}: {} removed", count(removed.unsigned_abs(), "earlier version"))
        }
    };
    format!("{} retained{span}; {end}; {compacted}", count(steps.len() as u64, "revision"))
}

fn human(step: &Step<'_>, carved: Option<&Carved<'_>>, look: StepLook, ui: &mut Ui) -> Result<(), Error> {
    let kv = &step.record.kv;
    let revision = ui.paint(style::HEAD, step.record.revision.to_string()).to_string();
    let mut line = format!("{revision}  {}", step.event.word());
    if look.with_key {
        line.push_str(&format!("  {}", escape(ShownKey::of(kv.key).key())));
    }
    if !step.record.tombstone {
        line.push_str(&format!("  version {}, {}, {}", kv.version, Size(kv.value.len() as u64), step.stored_as));
    }
    if kv.lease != 0 {
        line.push_str(&format!(", lease {:x}", kv.lease));
    }
    if let Some(time) = step.time() {
        line.push_str(&format!("  {}", escape(time.as_bytes())));
    }
    let mut by: Vec<String> = step.authors.iter().map(author).collect();
    by.dedup();
    if !by.is_empty() {
        line.push_str(&format!("  by {}", by.join(", ")));
    }
    writeln!(ui.out(), "{line}")?;
    if let Some(Carved { label, confidence, page, offset, .. }) = carved {
        let (label, confidence) = (label.word(), confidence.word());
        writeln!(ui.out(), "    carved from page {page}, offset {offset}: {label}, confidence {confidence}")?;
    }
    if let Some(asked) = step.deletion_asked() {
        writeln!(ui.out(), "    its deletion was asked for at {}", escape(asked.as_bytes()))?;
    }
    if step.missing > 0 {
        let versions = count(step.missing.unsigned_abs(), "version");
        let why = if step.has_earlier { "are not in the file" } else { "before it were removed by compaction" };
        writeln!(ui.out(), "    {versions} {why}")?;
    }
    differences(step, ui)?;
    if look.values {
        values(step, ui)?;
    }
    Ok(())
}

fn author(author: &lens::Author) -> String {
    let part = if author.subresource.is_empty() { String::new() } else { format!(" ({})", author.subresource) };
    escape(format!("{}{part}", author.manager).as_bytes()).into_owned()
}

fn differences(step: &Step<'_>, ui: &mut Ui) -> Result<(), Error> {
    match &step.changes {
        Some(changes) => fields(changes, "    ", ui)?,
        None => {
            // What does not even begin like an object is a value of its own kind; `stored_as` has said so.
            let is_object = !matches!(step.stored_as, "other" | "empty");
            if let Some(why) = step.unseen().filter(|_| is_object) {
                writeln!(ui.out(), "    {}", inert(&why.to_string()))?;
            }
        }
    }
    if step.same_value {
        writeln!(ui.out(), "    the same bytes as before")?;
    }
    Ok(())
}

/// Changed fields, a line each.
///
/// # Errors
/// Whatever keeps the stream from taking them.
pub fn fields(changes: &[Change], indent: &str, ui: &mut Ui) -> Result<(), Error> {
    for change in changes.iter().take(CHANGES_SHOWN) {
        let path = path(change);
        let line = match (&change.before, &change.after) {
            (Some(before), Some(after)) => format!("{path}: {} -> {}", brief(before), brief(after)),
            (None, Some(after)) => format!("{path}: + {}", brief(after)),
            (Some(before), None) => format!("{path}: - {}", brief(before)),
            (None, None) => continue,
        };
        writeln!(ui.out(), "{indent}{line}")?;
    }
    if let Some(more) = changes.len().checked_sub(CHANGES_SHOWN).filter(|more| *more > 0) {
        writeln!(ui.out(), "{indent}and {} more", count(more as u64, "field"))?;
    }
    Ok(())
}

/// A path in which nothing obeys a terminal. Names that are no plain words stand in it as JSON has them: what is escaped
/// there already is not escaped again.
fn path(change: &Change) -> String {
    escape(change.path.as_bytes()).replace("\\\\", "\\")
}

/// A value on one line, cut to what a line has room for.
fn brief(value: &Value) -> String {
    let text = match value {
        Value::String(text) if !text.is_empty() && text.chars().all(|c| is_plain(c) && !matches!(c, '"' | '\\')) => {
            text.clone()
        }
        other => other.to_string(),
    };
    let text = inert(&text);
    match text.char_indices().nth(VALUE_SHOWN) {
        Some((end, _)) => format!("{}... ({})", text.get(..end).unwrap_or_default(), Size(text.len() as u64)),
        None => text.into_owned(),
    }
}

fn values(step: &Step<'_>, ui: &mut Ui) -> Result<(), Error> {
    let Some(object) = step.bare_object() else { return Ok(()) };
    for line in to_exact_yaml(&object).lines() {
        writeln!(ui.out(), "    | {line}")?;
    }
    Ok(())
}

fn cells(step: &Step<'_>, carved: Option<&Carved<'_>>) -> Vec<String> {
    let kv = &step.record.kv;
    let shown = ShownKey::of(kv.key);
    let managers: Vec<&str> = step.authors.iter().map(|author| author.manager.as_str()).collect();
    let changed: Vec<String> = step.changes.iter().flatten().map(path).collect();
    let lease = if kv.lease == 0 { String::new() } else { format!("{:x}", kv.lease) };
    vec![
        step.record.revision.main.to_string(),
        step.record.revision.sub.to_string(),
        step.event.word().to_owned(),
        cell(shown.key()),
        kv.version.to_string(),
        kv.create_revision.to_string(),
        lease,
        kv.value.len().to_string(),
        step.stored_as.to_owned(),
        cell(step.time().unwrap_or_default().as_bytes()),
        cell(managers.join(";").as_bytes()),
        changed.join(";"),
        carved.map_or("", |carved| carved.label.word()).to_owned(),
    ]
}
