//! Revisions of keys, one after the other, in every form, written as they come.

use kube_objects::{ShownKey, to_yaml};
use lens::{Change, Object, Step, Unseen};
use serde::Serialize;
use serde_json::{Map, Value};

use super::json::{Hex64, Key, Verdict};
use super::rows::{Fields, Head, Stream, cell};
use crate::args::StepFormat;
use crate::exit::{Error, Outcome};
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

/// Where a revision that the snapshot does not hold was carved from.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct CarvedFrom {
    /// How it stands to the snapshot: `older`, `deleted`, `compacted`, ...
    pub label: &'static str,
    /// How sure that is.
    pub confidence: &'static str,
    /// The page on which its stored key begins.
    pub page: u64,
    /// File offset of its stored key, in bytes.
    pub offset: u64,
}

/// Revisions as a stream.
pub struct Steps {
    look: StepLook,
    stream: Stream,
}

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
        let head = Head { command, list: "revisions", artifact, titles: &TITLES, ..Head::default() };
        Ok(Self { look, stream: Stream::begin(ui.out(), look.format.into(), &head)? })
    }

    /// How many were written.
    pub fn written(&self) -> u64 {
        self.stream.written()
    }

    /// Takes a revision.
    ///
    /// # Errors
    /// Whatever keeps it from being written.
    pub fn step(&mut self, step: &Step<'_>, carved: Option<&CarvedFrom>, ui: &mut Ui) -> Result<(), Error> {
        if self.look.format == StepFormat::Human {
            human(step, carved, self.look, ui)?;
        }
        let row = || StepJson::of(step, carved, self.look.values);
        self.stream.row(ui.out(), row, || cells(step, carved))
    }

    /// Ends, with the verdict that the command has settled for by now: records that cannot be read are met on the way.
    ///
    /// # Errors
    /// Whatever keeps the end from being written.
    pub fn finish(self, ui: &mut Ui) -> Result<(), Error> {
        let verdict = if ui.outcome() == Outcome::Clean { Verdict::Pass } else { Verdict::Fail };
        self.stream.finish(ui.out(), &Fields::default(), &[], verdict)
    }
}

/// A revision as scripts read it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StepJson<'a> {
    key: Value,
    revision: i64,
    sub: i64,
    event: &'static str,
    create_revision: i64,
    version: i64,
    missing_versions: i64,
    lease: Option<Hex64>,
    size: u64,
    stored_as: &'static str,
    same_value: bool,
    time: Option<&'a str>,
    deletion_asked: Option<&'a str>,
    authors: Vec<AuthorJson<'a>>,
    changes: Option<Vec<ChangeJson<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    object: Option<Value>,
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    carved: Option<CarvedFrom>,
}

#[derive(Serialize)]
struct AuthorJson<'a> {
    manager: &'a str,
    operation: &'a str,
    subresource: &'a str,
    time: &'a str,
}

/// A changed field as scripts read it; `before` and `after` are left out where the field was not there.
#[derive(Serialize)]
pub struct ChangeJson<'a> {
    path: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<&'a Value>,
}

impl<'a> From<&'a Change> for ChangeJson<'a> {
    fn from(change: &'a Change) -> Self {
        Self { path: &change.path, before: change.before.as_ref(), after: change.after.as_ref() }
    }
}

impl<'a> StepJson<'a> {
    fn of(step: &'a Step<'_>, carved: Option<&CarvedFrom>, values: bool) -> Self {
        let kv = &step.record.kv;
        let author = |author: &'a lens::Author| AuthorJson {
            manager: &author.manager,
            operation: &author.operation,
            subresource: &author.subresource,
            time: &author.time,
        };
        let key = ShownKey::of(kv.key);
        Self {
            key: serde_json::to_value(Key(key.key())).unwrap_or_default(),
            revision: step.record.revision.main,
            sub: step.record.revision.sub,
            event: step.event.word(),
            create_revision: kv.create_revision,
            version: kv.version,
            missing_versions: step.missing,
            lease: (kv.lease != 0).then(|| Hex64(kv.lease.cast_unsigned())),
            size: kv.value.len() as u64,
            stored_as: step.stored_as,
            same_value: step.same_value,
            time: step.time(),
            deletion_asked: step.deletion_asked(),
            authors: step.authors.iter().map(author).collect(),
            changes: step.changes.as_ref().map(|changes| changes.iter().map(ChangeJson::from).collect()),
            object: values.then(|| shown(step)).flatten(),
            error: unseen(step).map(ToString::to_string),
            carved: carved.copied(),
        }
    }
}

/// The object without what only tells who wrote it, which is said elsewhere.
fn shown(step: &Step<'_>) -> Option<Value> {
    let mut object = step.object.as_ref()?.as_ref().ok().map(Object::shown)?.clone();
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("managedFields");
    }
    Some(object)
}

fn unseen<'s>(step: &'s Step<'_>) -> Option<&'s Unseen> {
    step.object.as_ref()?.as_ref().err()
}

fn human(step: &Step<'_>, carved: Option<&CarvedFrom>, look: StepLook, ui: &mut Ui) -> Result<(), Error> {
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
    if let Some(CarvedFrom { label, confidence, page, offset }) = carved {
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
            if let Some(why) = unseen(step).filter(|_| is_object) {
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
    let Some(object) = shown(step) else { return Ok(()) };
    for line in to_yaml(&object).lines() {
        writeln!(ui.out(), "    | {line}")?;
    }
    Ok(())
}

fn cells(step: &Step<'_>, carved: Option<&CarvedFrom>) -> Vec<String> {
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
        carved.map_or("", |carved| carved.label).to_owned(),
    ]
}
