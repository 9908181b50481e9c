//! Two snapshots side by side, in every form, written as differences are found.

use assay::documents;
use checks::pair::Members;
use document::Side;
use etcd_snapshot::Live;
use kube_objects::{ShownKey, StorageKey, to_exact_yaml};
use lens::{Agreement, Became, DiffCounts, Differing, Values};
use serde_json::json;

use super::rows::{Fields, Head, Stream};
use super::steps::fields;
use crate::args::DiffFormat;
use crate::exit::{Ending, Error};
use crate::ui::{Ui, style};
use wording::{Size, count, escape};

/// Why a comparison without a difference says little.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Open {
    /// Values differ that stay closed, so that it cannot be told whether they were asked for.
    Closed,
    /// Nothing that was asked for is in either snapshot.
    Nothing,
}

/// Differences on their way to standard output.
pub struct Differences {
    format: DiffFormat,
    sides: [Side; 2],
    values: bool,
    open: Option<Open>,
    stream: Stream,
    group: Option<(Vec<u8>, Option<Vec<u8>>)>,
    members: Option<Vec<Members>>,
}

impl Differences {
    /// Begins.
    ///
    /// # Errors
    /// Whatever keeps the beginning from being written.
    pub fn begin(format: DiffFormat, sides: &[Side; 2], values: bool, ui: &mut Ui) -> Result<Self, Error> {
        if format == DiffFormat::Human {
            ui.fold();
        }
        let artifacts = Some(json!(sides));
        let head = Head { command: "diff", list: "differences", artifacts, ..Head::default() };
        let stream = Stream::begin(ui.out(), format.into(), &head)?;
        Ok(Self { format, sides: sides.clone(), values, open: None, stream, group: None, members: None })
    }

    /// Takes why it is no whole answer.
    pub fn leave_open(&mut self, open: Open) {
        self.open = Some(open);
    }

    /// Takes what further members say.
    pub fn members(&mut self, told: Vec<Members>, ui: &mut Ui) {
        if told.is_empty() {
            ui.warn(
                "the members cannot be held against each other: they are not of one cluster, or no revision is retained in two",
            );
        }
        if told.is_empty() || told.iter().any(|members| !members.agree()) {
            ui.settle(Ending::Findings);
        }
        self.members = Some(told);
    }

    /// Takes a difference.
    ///
    /// # Errors
    /// Whatever keeps it from being written.
    pub fn found(&mut self, found: &Differing<'_>, ui: &mut Ui) -> Result<(), Error> {
        if self.format == DiffFormat::Human {
            self.human(found, ui)?;
        }
        self.stream.row(ui.out(), || documents::difference(found, self.values), Vec::new)
    }

    fn human(&mut self, found: &Differing<'_>, ui: &mut Ui) -> Result<(), Error> {
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
        let (sign, name) = (sign(found.became), escape(name));
        writeln!(ui.out(), "  {sign} {name}  ({what}, {revision})")?;
        if self.values {
            match &found.values {
                Values::Fields(changes) => fields(changes, "      ", ui)?,
                Values::Whole(object) => {
                    for line in to_exact_yaml(object).lines() {
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
    pub fn finish(self, summary: &DiffCounts, agreement: Option<&Agreement>, ui: &mut Ui) -> Result<(), Error> {
        if self.format == DiffFormat::Human {
            return self.sum_up(summary, agreement, ui);
        }
        let mut after = Fields::default();
        after.add("summary", &documents::difference_counts(summary))?;
        after.add("agreement", &agreement.map(documents::agreement))?;
        if let Some(members) = &self.members {
            let told: Vec<_> = members.iter().map(documents::members::members).collect();
            after.add("members", &told)?;
        }
        let verdict = ui.ending().verdict();
        self.stream.finish(ui.out(), &after, &[], verdict)
    }

    fn sum_up(&self, summary: &DiffCounts, agreement: Option<&Agreement>, ui: &mut Ui) -> Result<(), Error> {
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
        for members in self.members.iter().flatten() {
            let title = if members.agree() { "all members hold the same" } else { "members DISAGREE" };
            writeln!(ui.out(), "\n{title}")?;
            let look = ui.look();
            super::members::describe(members).write(ui.out(), look)?;
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

const fn sign(became: Became) -> char {
    match became {
        Became::Added => '+',
        Became::Removed => '-',
        Became::Changed => '~',
    }
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
