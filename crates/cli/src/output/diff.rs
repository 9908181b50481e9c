//! Two snapshots side by side, in every form, written as differences are found.

use etcd_snapshot::Live;
use kube_objects::{ShownKey, StorageKey, to_yaml};
use lens::Agreement;
use serde::Serialize;
use serde_json::{Value, json};

use super::json::{Hex64, Key, Verdict};
use super::rows::{Fields, Head, Stream};
use super::steps::{ChangeJson, fields};
use crate::args::DiffFormat;
use crate::exit::{Error, Outcome};
use crate::ui::{Ui, style};
use wording::{Size, count, escape};

/// One of the two snapshots.
#[derive(Debug, Clone)]
pub struct Side {
    /// Its path.
    pub path: String,
    /// Revision of the view.
    pub revision: i64,
    /// Its last compaction.
    pub compacted: Option<i64>,
    /// Raft index of its last change.
    pub consistent_index: Option<u64>,
    /// HashKV at the view's revision.
    pub hash_kv: Option<u32>,
}

/// What became of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Only in the new snapshot.
    Added,
    /// Only in the old one.
    Removed,
    /// In both, and not the same.
    Changed,
}

impl Change {
    const fn word(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Changed => "changed",
        }
    }

    const fn sign(self) -> char {
        match self {
            Self::Added => '+',
            Self::Removed => '-',
            Self::Changed => '~',
        }
    }
}

/// What is known of the values of a difference.
#[derive(Debug)]
pub enum Values {
    /// Nothing that was asked for.
    None,
    /// The one object there is.
    Whole(Value),
    /// Fields that differ.
    Fields(Vec<lens::Change>),
    /// They are no objects, or the same but for their encoding.
    Bytes,
    /// They are the same, under another lease.
    Lease,
    /// They are encrypted, and stay closed.
    Closed(String),
}

/// A difference.
#[derive(Debug)]
pub struct Found<'a> {
    /// What became of the key.
    pub change: Change,
    /// Its value in the old snapshot.
    pub old: Option<Live<'a>>,
    /// Its value in the new one.
    pub new: Option<Live<'a>>,
    /// What is in them.
    pub values: Values,
}

impl Found<'_> {
    fn key(&self) -> &[u8] {
        self.new.or(self.old).map_or(&[], |live| live.kv.key)
    }
}

/// How many of what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Keys only in the new snapshot.
    pub added: u64,
    /// Keys only in the old one.
    pub removed: u64,
    /// Keys with other values.
    pub changed: u64,
    /// Of those changed: encrypted values that stay closed, so that what is inside may be the same.
    pub closed: u64,
    /// Keys that differ only in what always moves.
    pub ignored: u64,
    /// Keys whose values were encrypted anew and hold the same.
    pub resealed: u64,
}

impl Summary {
    /// Counts a difference.
    pub fn count(&mut self, found: &Found<'_>) {
        match found.change {
            Change::Added => self.added += 1,
            Change::Removed => self.removed += 1,
            Change::Changed => self.changed += 1,
        }
        self.closed += u64::from(matches!(found.values, Values::Closed(_)));
    }

    /// Whether there is any difference.
    pub fn differs(&self) -> bool {
        self.added + self.removed + self.changed > 0
    }
}

/// Why a comparison without a difference says little.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Open {
    /// Values differ that stay closed, so that it cannot be told whether they were asked for.
    Closed,
    /// Nothing that was asked for is in either snapshot.
    Nothing,
}

/// A comparison on its way to standard output.
pub struct Report {
    format: DiffFormat,
    sides: [Side; 2],
    values: bool,
    open: Option<Open>,
    stream: Stream,
    group: Option<(Vec<u8>, Option<Vec<u8>>)>,
}

impl Report {
    /// Begins.
    ///
    /// # Errors
    /// Whatever keeps the beginning from being written.
    pub fn begin(format: DiffFormat, sides: &[Side; 2], values: bool, ui: &mut Ui) -> Result<Self, Error> {
        let artifacts = Some(sides.iter().map(side_json).collect());
        let head = Head { command: "diff", list: "differences", artifacts, ..Head::default() };
        let stream = Stream::begin(ui.out(), format.into(), &head)?;
        Ok(Self { format, sides: sides.clone(), values, open: None, stream, group: None })
    }

    /// Takes why it is no whole answer.
    pub fn leave_open(&mut self, open: Open) {
        self.open = Some(open);
    }

    /// Takes a difference.
    ///
    /// # Errors
    /// Whatever keeps it from being written.
    pub fn found(&mut self, found: &Found<'_>, ui: &mut Ui) -> Result<(), Error> {
        if self.format == DiffFormat::Human {
            self.human(found, ui)?;
        }
        self.stream.row(ui.out(), || FoundJson::of(found, self.values), Vec::new)
    }

    fn human(&mut self, found: &Found<'_>, ui: &mut Ui) -> Result<(), Error> {
        let shown = ShownKey::of(found.key());
        let parsed = shown.parsed();
        let group = (parsed.stored_resource.to_vec(), parsed.namespace.map(<[u8]>::to_vec));
        if self.group.as_ref() != Some(&group) {
            let title = ui.paint(style::HEAD, title(parsed)).to_string();
            writeln!(ui.out(), "{title}")?;
            self.group = Some(group);
        }
        let what = match (&found.values, found.old, found.new) {
            (Values::Fields(fields), ..) => count(fields.len() as u64, "field"),
            (Values::Closed(why), ..) => format!("encrypted, and not the same bytes: {}", escape(why.as_bytes())),
            (Values::Lease, Some(old), Some(new)) => format!("{} -> {}", lease(&old), lease(&new)),
            (Values::Bytes, Some(old), Some(new)) => format!("{} -> {}", size(&old), size(&new)),
            (_, Some(live), None) | (_, None, Some(live)) | (_, Some(_), Some(live)) => size(&live).to_string(),
            (_, None, None) => String::new(),
        };
        let revision = match (found.old, found.new) {
            (Some(old), Some(new)) if old.revision != new.revision => {
                format!("revision {} -> {}", old.revision.main, new.revision.main)
            }
            (Some(live), _) | (None, Some(live)) => format!("revision {}", live.revision.main),
            (None, None) => String::new(),
        };
        // A key of no resource that is known may have no name of its own.
        let name = if shown.name().is_empty() { shown.key() } else { shown.name() };
        let (sign, name) = (found.change.sign(), escape(name));
        writeln!(ui.out(), "  {sign} {name}  ({what}, {revision})")?;
        if self.values {
            match &found.values {
                Values::Fields(changes) => fields(changes, "      ", ui)?,
                Values::Whole(object) => {
                    for line in to_yaml(object).lines() {
                        writeln!(ui.out(), "    {sign} {line}")?;
                    }
                }
                Values::None | Values::Bytes | Values::Lease | Values::Closed(_) => {}
            }
        }
        Ok(())
    }

    /// Ends.
    ///
    /// # Errors
    /// Whatever keeps the end from being written.
    pub fn finish(self, summary: &Summary, agreement: Option<&Agreement>, ui: &mut Ui) -> Result<(), Error> {
        if self.format == DiffFormat::Human {
            return self.sum_up(summary, agreement, ui);
        }
        let mut after = Fields::default();
        after.add("summary", summary)?;
        after.add("agreement", &agreement.map(agreement_json))?;
        let verdict = if ui.outcome() == Outcome::Clean { Verdict::Pass } else { Verdict::Fail };
        self.stream.finish(ui.out(), &after, &[], verdict)
    }

    fn sum_up(&self, summary: &Summary, agreement: Option<&Agreement>, ui: &mut Ui) -> Result<(), Error> {
        if self.stream.written() > 0 {
            writeln!(ui.out())?;
        }
        let [old, new] = &self.sides;
        let mut lines = vec![if summary.differs() {
            format!("{} added, {} removed, {} changed", summary.added, summary.removed, summary.changed)
        } else {
            let none = match self.open {
                None => "no differences",
                Some(Open::Closed) => "no differences in what can be opened",
                Some(Open::Nothing) => "nothing to compare",
            };
            none.to_owned()
        }];
        if summary.closed > 0 {
            let closed = count(summary.closed, "encrypted value");
            lines.push(format!("{closed} not the same bytes: what is inside may be; `--keys` compares it"));
        }
        if summary.resealed > 0 {
            lines.push(format!("{} encrypted anew, with the same inside", count(summary.resealed, "value")));
        }
        if summary.ignored > 0 {
            let ignored = count(summary.ignored, "key");
            lines.push(format!("{ignored} left out that differ in what always moves; `--all` shows them"));
        }
        let hash = |side: &Side| side.hash_kv.map_or_else(String::new, |hash| format!(", HashKV {hash:08x}"));
        lines.push(format!("old is at revision {}{}; new at {}{}", old.revision, hash(old), new.revision, hash(new)));
        lines.extend(agreement.map(|agreement| words(agreement, old, new)));
        for line in lines {
            writeln!(ui.out(), "{line}")?;
        }
        Ok(())
    }
}

/// What the comparison of the histories comes to.
fn words(agreement: &Agreement, old: &Side, new: &Side) -> String {
    match agreement {
        Agreement::Same { first, last } if old.revision == new.revision && old.hash_kv == new.hash_kv => {
            format!("histories agree: the same records from revision {first} to {last}, and the same HashKV")
        }
        Agreement::Same { first, last } => format!("histories agree: the same records from revision {first} to {last}"),
        Agreement::NoOverlap => "histories cannot be compared: no revision is retained in both".to_owned(),
        Agreement::Diverged(divergence) => {
            let at = |key: &Option<Vec<u8>>| {
                key.as_deref().map_or_else(|| "nothing".to_owned(), |key| escape(ShownKey::of(key).key()).into_owned())
            };
            format!(
                "histories DIVERGE at revision {}: old has {}, new has {}\n  {}",
                divergence.revision,
                at(&divergence.old),
                at(&divergence.new),
                divergence.cause.words()
            )
        }
    }
}

fn agreement_json(agreement: &Agreement) -> Value {
    match agreement {
        Agreement::Same { first, last } => json!({"state": "same", "first": first, "last": last}),
        Agreement::NoOverlap => json!({"state": "no-overlap"}),
        Agreement::Diverged(divergence) => {
            let key = |key: &Option<Vec<u8>>| key.as_deref().map(|key| key_json(ShownKey::of(key).key()));
            json!({
                "state": "diverged",
                "revision": divergence.revision.main,
                "sub": divergence.revision.sub,
                "old": key(&divergence.old),
                "new": key(&divergence.new),
                "cause": divergence.cause.name(),
                "message": divergence.cause.words(),
            })
        }
    }
}

fn side_json(side: &Side) -> Value {
    json!({
        "path": side.path,
        "revision": side.revision,
        "compacted": side.compacted,
        "consistentIndex": side.consistent_index,
        "hashkv": side.hash_kv,
    })
}

fn key_json(key: &[u8]) -> Value {
    serde_json::to_value(Key(key)).unwrap_or_default()
}

fn size(live: &Live<'_>) -> Size {
    Size(live.kv.value.len() as u64)
}

fn lease(live: &Live<'_>) -> String {
    match live.kv.lease {
        0 => "no lease".to_owned(),
        id => format!("lease {:016x}", id.cast_unsigned()),
    }
}

fn title(key: &StorageKey<'_>) -> String {
    if key.stored_resource.is_empty() {
        return "keys of no resource".to_owned();
    }
    let resource = escape(key.stored_resource);
    key.namespace.map_or_else(|| resource.to_string(), |namespace| format!("{resource} in {}", escape(namespace)))
}

/// A difference as scripts read it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FoundJson<'a> {
    change: &'static str,
    key: Value,
    resource: Option<Value>,
    group: Option<Value>,
    namespace: Option<Value>,
    name: Option<Value>,
    old: Option<LiveJson>,
    new: Option<LiveJson>,
    fields: Option<Vec<ChangeJson<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    object: Option<&'a Value>,
    closed: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LiveJson {
    create_revision: i64,
    mod_revision: i64,
    version: i64,
    lease: Option<Hex64>,
    size: u64,
}

impl LiveJson {
    fn of(live: &Live<'_>) -> Self {
        Self {
            create_revision: live.kv.create_revision,
            mod_revision: live.revision.main,
            version: live.kv.version,
            lease: (live.kv.lease != 0).then(|| Hex64(live.kv.lease.cast_unsigned())),
            size: live.kv.value.len() as u64,
        }
    }
}

impl<'a> FoundJson<'a> {
    fn of(found: &'a Found<'_>, values: bool) -> Self {
        let shown = ShownKey::of(found.key());
        let parsed = shown.parsed();
        let has_resource = !parsed.resource.is_empty();
        let of_resource = |bytes: &[u8]| has_resource.then(|| key_json(bytes));
        Self {
            change: found.change.word(),
            key: key_json(shown.key()),
            resource: of_resource(parsed.resource),
            group: of_resource(parsed.group),
            namespace: parsed.namespace.map(key_json),
            name: of_resource(shown.name()),
            old: found.old.as_ref().map(LiveJson::of),
            new: found.new.as_ref().map(LiveJson::of),
            fields: match &found.values {
                Values::Fields(fields) if values => Some(fields.iter().map(ChangeJson::from).collect()),
                _ => None,
            },
            object: match &found.values {
                Values::Whole(object) => Some(object),
                _ => None,
            },
            closed: match &found.values {
                Values::Closed(why) => Some(why),
                _ => None,
            },
        }
    }
}
