//! `ls -o sqlite`: the same rows, and what else the snapshot says of its cluster, to be queried.

use std::collections::BTreeMap;
use std::path::Path;

use artifact::Contents;
use assay::Pool;
use assay::documents::{key_row, revision_row};
use backup_facts::snapshot::{Claims, SnapshotFacts};
use document::{Finding, HexBytes, Key, KeyRow};
use etcd_snapshot::trailer::{self, Trailer};
use etcd_snapshot::{EtcdState, Live, Record, Scan};
use jiff::Timestamp;
use kube_objects::{Inventory, ShownKey};
use lens::Selection;

use super::{Database, SCHEMA_VERSION, Stored};
use crate::exit::Error;
use crate::output::rows::keys::KeySink;

/// The database that is written.
pub struct File<'f> {
    /// Where it is to stand.
    pub out: &'f Path,
    /// Whether it may replace another.
    pub force: bool,
    /// The time that it bears.
    pub created: Timestamp,
}

/// Writes a view of an intact tree.
///
/// # Errors
/// A database that cannot be written, or a source that changed meanwhile.
pub fn write(selection: &Selection, source: &Contents, scan: Scan<'_>, file: &File<'_>) -> Result<(), Error> {
    let mut table = Table::create(source, file)?;
    table.database.meta("view", "live")?;
    table.database.meta("revision", &scan.view.to_string())?;
    let is_wanted = |key: &[u8]| selection.matches(key);
    for live in scan.store.live_sorted(is_wanted, &Pool) {
        table.live(&live)?;
    }
    for record in scan.records().filter(|record| !record.is_bump_marker() && is_wanted(record.kv.key)) {
        table.record(&record)?;
    }
    table.cluster(&scan.state)?;
    if scan.view == scan.current() {
        table.findings(scan)?;
    }
    table.commit(source)
}

/// Writes what was salvaged: all records, and the last of each key where that is no tombstone.
///
/// # Errors
/// As [`write()`].
pub fn write_salvaged<'r, 'a: 'r>(
    source: &Contents,
    records: impl Iterator<Item = &'r Record<'a>>,
    last: BTreeMap<&'a [u8], &'r Record<'a>>,
    file: &File<'_>,
) -> Result<(), Error> {
    let mut table = Table::create(source, file)?;
    table.database.meta("view", "salvaged")?;
    for record in last.into_values().filter(|record| !record.tombstone) {
        table.live(&live_of(record))?;
    }
    for record in records {
        table.record(record)?;
    }
    table.commit(source)
}

struct Table {
    database: Database,
    resources: BTreeMap<Stored, (u64, u64)>,
    leases: BTreeMap<u64, u64>,
    trailer: Trailer,
}

impl Table {
    fn create(source: &Contents, file: &File<'_>) -> Result<Self, Error> {
        let mut database = Database::create(file.out, file.force)?;
        let trailer = trailer::read(source.bytes(), |_| {});
        database.meta("schema_version", &SCHEMA_VERSION.to_string())?;
        database.meta("assay", env!("CARGO_PKG_VERSION"))?;
        database.meta("source", &source.name())?;
        database.meta("source_sha256", &HexBytes(&trailer.file).to_string())?;
        database.meta("created", &file.created.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())?;
        Ok(Self { database, resources: BTreeMap::new(), leases: BTreeMap::new(), trailer })
    }

    fn live(&mut self, live: &Live<'_>) -> Result<(), Error> {
        let shown = ShownKey::of(live.kv.key);
        let row = key_row(&live.kv, live.revision, &shown);
        self.database.key(&row)?;
        if let Some(lease) = row.lease {
            *self.leases.entry(lease.0).or_default() += 1;
        }
        let (count, bytes) = self.resources.entry(stored(&row)).or_default();
        *count += 1;
        *bytes += row.size + live.kv.key.len() as u64;
        Ok(())
    }

    fn record(&mut self, record: &Record<'_>) -> Result<(), Error> {
        self.database.revision(&revision_row(record, &ShownKey::of(record.kv.key)))
    }

    /// What `assay verify` finds, short of what only objects show.
    fn findings(&mut self, scan: Scan<'_>) -> Result<(), Error> {
        let facts = SnapshotFacts {
            trailer: Some(self.trailer),
            values: Default::default(),
            inventory: Inventory::default(),
            ..SnapshotFacts::of(scan, &Claims::default(), &Pool)
        };
        let findings = checks::snapshot::check(&facts).into_sorted();
        findings.iter().try_for_each(|finding| self.database.finding(&Finding::of(finding, "")))
    }

    fn cluster(&mut self, state: &EtcdState) -> Result<(), Error> {
        for lease in &state.leases {
            let keys = self.leases.get(&lease.id.cast_unsigned()).copied().unwrap_or_default();
            self.database.lease(lease, keys)?;
        }
        state.members.iter().try_for_each(|member| self.database.member(member))?;
        state.removed_members.iter().try_for_each(|id| self.database.removed_member(*id))
    }

    /// Ends it; a source that changed meanwhile leaves no database behind.
    fn commit(mut self, source: &Contents) -> Result<(), Error> {
        for (stored, (live, bytes)) in &self.resources {
            self.database.resource(stored, *live, *bytes)?;
        }
        self.database.finish()?;
        source.check_unchanged()?;
        self.database.commit()
    }
}

/// A record as the live one of its key.
#[must_use]
pub fn live_of<'a>(record: &Record<'a>) -> Live<'a> {
    Live { kv: record.kv, revision: record.revision }
}

fn stored(row: &KeyRow<'_>) -> Stored {
    let owned = |key: Option<Key<'_>>| key.map(|key| key.0.to_vec());
    (
        owned(row.identity.resource).unwrap_or_default(),
        owned(row.identity.group).unwrap_or_default(),
        row.encoding.unwrap_or_default().to_owned(),
        owned(row.provider),
        owned(row.key_name),
    )
}

#[cfg(test)]
mod tests {
    use std::fs;

    use artifact::Reading;

    use super::*;
    use crate::input::Input;

    #[test]
    fn a_source_that_changed_meanwhile_leaves_no_database_behind() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s.db");
        fs::write(&path, [1; 8192]).unwrap();
        let source =
            Input::Path(path.clone()).open(&Reading::default()).unwrap().whole(&Reading::default(), &|_| {}).unwrap();
        let write = |name| {
            let out = folder.path().join(name);
            let file = File { out: &out, force: false, created: Timestamp::UNIX_EPOCH };
            (write_salvaged(&source, [].into_iter(), BTreeMap::new(), &file), out.exists())
        };
        assert!(matches!(write("good.sqlite"), (Ok(()), true)));
        fs::write(&path, [2; 9000]).unwrap();
        assert!(matches!(write("bad.sqlite"), (Err(Error::Input(_)), false)));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "no temporary file is left");
    }
}
