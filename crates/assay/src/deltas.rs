//! A full snapshot and the deltas beside it, found by their names in a folder and followed.

use std::path::Path;

use artifact::{Contents, Directory, EntryKind, InputError, Reading, Walk};
use backup_facts::delta::{Applied, Delta, DeltaFault, Deltas, Held, StoredName};
use etcd_snapshot::Scan;

/// A folder of full snapshots with deltas beside them.
pub struct Chains {
    walk: Walk,
    named: Vec<(String, StoredName)>,
}

impl Chains {
    /// Looks into a folder; `None` where no delta lies beside a full snapshot in it.
    ///
    /// # Errors
    /// A folder that cannot be read.
    pub fn at(path: &Path) -> Result<Option<Self>, InputError> {
        let walk = Walk::of(Box::new(Directory::new(path)))?;
        let named = named(&walk);
        let is_one = [true, false].into_iter().all(|delta| named.iter().any(|(_, named)| named.delta == delta));
        Ok(is_one.then_some(Self { walk, named }))
    }

    /// The name of the full snapshot to begin from: the last one that ends by a revision, by its name, or the last.
    #[must_use]
    pub fn full(&self, at: Option<u64>) -> Option<&str> {
        let fulls = || self.named.iter().filter(|(_, named)| !named.delta);
        let by_then = fulls().filter(|(_, named)| at.is_none_or(|at| named.to <= at)).max_by_key(|(_, named)| *named);
        by_then.or_else(|| fulls().min_by_key(|(_, named)| *named)).map(|(name, _)| name.as_str())
    }

    /// A full snapshot, open.
    ///
    /// # Errors
    /// Whatever keeps it from being opened.
    pub fn open(&self, full: &str, reading: &Reading) -> Result<Contents, InputError> {
        self.walk.open(full.as_ref(), reading)
    }

    /// Follows the deltas of a full snapshot: see [`follow`].
    pub fn follow(&self, full: &str, scan: &Scan<'_>, reading: &Reading, applied: &mut Applied<'_>) -> Option<Deltas> {
        follow(&self.walk, full, scan, reading, applied)
    }
}

/// Follows the deltas that go on from a full snapshot, up to where the next full one stands, and gives each change that a
/// restore makes; `None` where there are none, or the file is no full snapshot by its name. One delta at a time is in memory.
pub(crate) fn follow(
    walk: &Walk,
    full: &str,
    scan: &Scan<'_>,
    reading: &Reading,
    applied: &mut Applied<'_>,
) -> Option<Deltas> {
    let own = StoredName::parse(full).filter(|named| !named.delta)?;
    let newest = u64::try_from(scan.current()).ok()?;
    let named = named(walk);
    let fulls = named.iter().filter(|(_, other)| !other.delta && other.to > own.to);
    let until = fulls.map(|(_, other)| other.to).min().unwrap_or(u64::MAX);
    let of_it = |(_, delta): &(String, StoredName)| delta.delta && delta.to > own.to && delta.to <= until;
    let stored: Vec<(String, StoredName)> = named.iter().filter(|one| of_it(one)).cloned().collect();
    if stored.is_empty() {
        return None;
    }
    let keys = |key: &[u8]| {
        let live = scan.live(key)?;
        let number = |number: i64| u64::try_from(number).unwrap_or(0);
        let (created, version) = (number(live.kv.create_revision), number(live.kv.version));
        Some(Held { created, modified: number(live.revision.main), version })
    };
    let mut read = |name: &str| read(walk, name, reading);
    // of a damaged one not every key is known
    let whole = crate::database::lost(scan) == (0, 0);
    Some(Deltas::follow(newest, whole.then_some(&keys), stored, &mut read, applied))
}

/// The files of a folder that are stored snapshots by their names.
fn named(walk: &Walk) -> Vec<(String, StoredName)> {
    let files = walk.entries().iter().filter(|entry| entry.kind == EntryKind::File);
    let names = files.map(|entry| entry.name.to_string_lossy().into_owned());
    names.filter_map(|name| Some((name.clone(), StoredName::parse(&name)?))).collect()
}

fn read(walk: &Walk, name: &str, reading: &Reading) -> Result<Delta, DeltaFault> {
    let contents = walk.open(name.as_ref(), reading).and_then(|contents| contents.whole(reading, &|_| {}));
    Delta::read(contents.map_err(fault)?.bytes())
}

/// Whether it is the delta's fault that it is not read.
fn fault(error: InputError) -> DeltaFault {
    match error {
        InputError::Empty { .. } => DeltaFault::Short(0),
        InputError::CutOff { .. } | InputError::Damaged { .. } | InputError::NotASnapshot { .. } => {
            DeltaFault::Unreadable(error.to_string())
        }
        error => DeltaFault::Unread(error.to_string()),
    }
}
