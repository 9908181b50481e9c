//! What commands on objects share: what their names mean in a snapshot, finding them, opening them, and what to say when they stay
//! closed.

use artifact::{Contents, Reading};
use assay::{Pool, SnapshotKeys};
use backup_facts::version::{is_cluster_version, minor_of_server};
use etcd_snapshot::Scan;
use etcd_snapshot::carve::{Content, carve};
use lens::{Found, Newest, NotOpened, Object, One, Reader, Resources, Selection, Target, Unseen};

pub(super) use super::advice::shown;
use super::nothing;
use crate::args::KeysInput;
use crate::exit::{Ending, Error};
pub(super) use crate::failure::unanswerable;
use crate::ui::Ui;
use wording::{count, escape, inert};

/// Objects that stay closed are named up to so many; the rest is counted.
const CLOSED_NAMED: usize = 5;

/// Takes the resources that are named for what the snapshots have, and refuses one that nothing has: a slip of the pen must
/// not look like an answer. Reads the snapshots once more only where a resource is named that is not built in.
pub(super) fn resolve(selection: &mut Selection, sources: &[&Contents]) -> Result<(), Error> {
    let Some(first) = sources.first() else { return Ok(()) };
    resolve_by(selection, first, |resources| {
        for source in sources {
            resources.look_through(&reader(source, None)?, &Pool, &|_| {});
        }
        Ok(())
    })
}

/// [`resolve`], in whatever way the snapshot's resources are found.
pub(super) fn resolve_by(
    selection: &mut Selection,
    source: &Contents,
    look: impl FnOnce(&mut Resources) -> Result<(), Error>,
) -> Result<(), Error> {
    if !selection.needs_resources() {
        return Ok(());
    }
    let mut resources = selection.resources_to_see();
    look(&mut resources)?;
    selection.resolve(&resources).map_err(|unknown| nothing::unknown_resource(source, &unknown))
}

/// Takes the keys that pages which nothing uses still hold.
pub(super) fn see_carved(resources: &mut Resources, scan: &Scan<'_>) {
    carve(scan, &Pool, &|_| {}, |carved| {
        if let Content::Record { tombstone, kv, .. } = carved.content {
            resources.see(kv.key, (!tombstone).then_some(kv.value));
        }
    });
}

/// Reads the keys that were given, if any.
pub(super) fn keys(args: &KeysInput, reading: &Reading, ui: &mut Ui) -> Result<SnapshotKeys, Error> {
    Ok(SnapshotKeys::of(super::question::given(args, reading, &ui.watcher())?.as_ref()))
}

/// Opens the chain of keys in a snapshot, where keys were given at all.
pub(super) fn follow(keys: &mut SnapshotKeys, source: &Contents, ui: &mut Ui) -> Result<(), Error> {
    if keys.are_given() {
        let meter = ui.meter("reading keys", Some(source.bytes().len() as u64));
        let db = super::snapshot::remains(source)?;
        let scan = super::snapshot::scan(source, db, None, true, &|bytes| meter.add(bytes))?;
        drop(meter);
        keys.follow(&scan);
    }
    Ok(())
}

/// Opens the records of a snapshot for searching, or what is left of them, and refuses a revision that it cannot answer
/// for. [`check_complete`] says what may be missing.
pub(super) fn reader<'a>(source: &'a Contents, at: Option<i64>) -> Result<Reader<'a>, Error> {
    let reader = Reader::open(super::snapshot::remains(source)?, &Pool);
    if let Some(asked) = at {
        reader.answerable(asked).map_err(|error| unanswerable(source, &error, None))?;
    }
    Ok(reader)
}

/// The newest record of each key that is meant.
pub(super) fn newest<'a>(
    source: &Contents,
    reader: &Reader<'a>,
    wanted: impl Fn(&[u8]) -> bool + Sync,
    at: Option<i64>,
    enough: usize,
    ui: &mut Ui,
) -> Result<Newest<'a>, Error> {
    let meter = ui.meter("reading", Some(source.bytes().len() as u64));
    let newest = reader.newest(wanted, at, enough, &Pool, &|bytes| meter.add(bytes));
    drop(meter);
    source.check_unchanged()?;
    check_complete(source, reader, newest.damaged, ui)?;
    Ok(newest)
}

/// Says so where damage may have cost some of what was asked for, and settles for findings.
pub(super) fn check_complete(source: &Contents, reader: &Reader<'_>, damaged: u64, ui: &mut Ui) -> Result<(), Error> {
    let found = super::snapshot::say_remains(source, reader.salvaged(), ui)?;
    let kept = reader.walked().faults.kept().iter().filter(|fault| !fault.kind.is_harmless());
    let faults = kept.count() as u64 + reader.walked().faults.dropped();
    if !found && (faults > 0 || damaged > 0) {
        super::snapshot::say_damaged(source, faults, damaged, ui);
    }
    Ok(())
}

/// The Kubernetes minor release of a cluster, as its ClusterVersion among these keys says.
pub(super) fn server_minor(newest: &Newest<'_>) -> Option<u32> {
    let version = newest.all().find(|found| is_cluster_version(found.record.kv.key))?;
    minor_of_server(version.record.kv.value)
}

/// The one object that a selection names, in the view of a revision.
pub(super) fn one<'a>(
    source: &Contents,
    reader: &Reader<'a>,
    selection: &Selection,
    at: Option<i64>,
    ui: &mut Ui,
) -> Result<Found<'a>, Error> {
    let target = selection.single();
    let enough = if matches!(target, Some(Target::Key(_))) { 1 } else { usize::MAX };
    let newest = newest(source, reader, |key| selection.matches(key), at, enough, ui)?;
    let typed = target.map(Target::typed).unwrap_or_default();
    match newest.one() {
        One::Live(found) => Ok(found),
        One::Deleted(gone) => Err(nothing::deleted(source, reader, selection, &gone)),
        One::None => Err(nothing::missing(source, selection, at, ui)),
        One::Several(live) => {
            let keys: Vec<&[u8]> = live.iter().map(|found| found.record.kv.key).collect();
            Err(several(source, typed, &keys))
        }
    }
}

/// Namesakes that an error lists.
const NAMESAKES: usize = 10;

/// The error of a name that several objects have, where one is asked for.
pub(super) fn several(source: &Contents, typed: &[u8], keys: &[&[u8]]) -> Error {
    let names: Vec<String> = keys.iter().take(NAMESAKES).map(|key| shown(key)).collect();
    let (objects, names) = (count(keys.len() as u64, "object"), names.join(", "));
    let more = if keys.len() > NAMESAKES { ", ..." } else { "" };
    let reason = format!("`{}` names {objects}: {names}{more}", escape(typed));
    unanswerable(source, &reason, Some("add `-n NAMESPACE`, or give the full key".to_owned()))
}

/// The error of one value that cannot be shown, with what to do.
pub(super) fn unseen(source: &Contents, key: &[u8], why: &Unseen) -> Error {
    let reason = format!("`{}`: {}", shown(key), inert(&why.to_string()));
    unanswerable(source, &reason, hint(why))
}

fn hint(why: &Unseen) -> Option<String> {
    Some(match why {
        Unseen::NotOpened(NotOpened::NoKeys { .. }) => KEYS_HINT.to_owned(),
        Unseen::NotOpened(_) => return None,
        Unseen::NotAnObject(_) => "`-o raw` and `-o hex` give its bytes as they are".to_owned(),
        Unseen::Secret => "add `--reveal` if they are to be printed".to_owned(),
    })
}

const KEYS_HINT: &str = "give the tarball that was saved with the snapshot: `--keys static_kuberesources_*.tar.gz`; or its escrow: `--escrow FILE -i IDENTITY`";

/// Whether a value stays closed for want of keys alone.
pub(super) fn wants_keys(object: Option<&Result<Object, Unseen>>) -> bool {
    matches!(object, Some(Err(Unseen::NotOpened(NotOpened::NoKeys { .. }))))
}

/// Says what would have opened so many revisions.
pub(super) fn hint_at_keys(closed: usize, ui: &mut Ui) {
    if closed > 0 {
        ui.warn(&format!("{} not opened; {KEYS_HINT}", count(closed as u64, "revision")));
    }
}

/// Says of which keys it cannot be told whether they were asked for, by commands that open nothing, and settles for findings.
pub(super) fn say_closed(closed: &[(&[u8], Unseen)], ui: &mut Ui) {
    let mut said = Closed::default();
    closed.iter().for_each(|(key, why)| said.add(key, why, ui));
    Closed { hint: None, ..said }.finish(ui);
}

/// Says how many deletions were left out because what was deleted is not there to be looked into, and settles for findings.
pub(super) fn say_bare(bare: u64, ui: &mut Ui) {
    if bare > 0 {
        let deletions = count(bare, "deletion");
        ui.warn(&format!(
            "{deletions} not shown: what was deleted is not retained, so nothing tells whether it was asked for; name the \
             resource or the key instead of labels and fields"
        ));
        ui.settle(Ending::Findings);
    }
}

/// Objects of a selection that could not be shown.
#[derive(Default)]
pub(super) struct Closed {
    objects: usize,
    hint: Option<String>,
}

impl Closed {
    /// Names one of them on standard error.
    pub(super) fn add(&mut self, key: &[u8], why: &Unseen, ui: &mut Ui) {
        self.objects += 1;
        if self.objects <= CLOSED_NAMED {
            ui.warn(&format!("`{}` is not shown: {}", shown(key), inert(&why.to_string())));
        }
        self.hint = self.hint.take().or_else(|| hint(why));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.objects == 0
    }

    /// Sums up; a selection of which something is missing ends with findings.
    pub(super) fn finish(self, ui: &mut Ui) {
        if self.objects == 0 {
            return;
        }
        let hint = self.hint.map_or_else(String::new, |hint| format!("; {hint}"));
        ui.warn(&format!("{} not shown{hint}", count(self.objects as u64, "object")));
        ui.settle(Ending::Findings);
    }
}
