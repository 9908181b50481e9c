//! Everything that one snapshot shows: what `inspect` describes and `verify` judges.

use backup_facts::objects;
use backup_facts::pair::ClusterFacts;
pub use backup_facts::snapshot::Opened;
use backup_facts::snapshot::{self, Integrity, Quota};
use backup_facts::version::SnapshotVersions;
use bbolt_page::{Db, OpenError, Walker};
use checks::Finding;
use checks::snapshot::Facts;
use etcd_snapshot::salvage::{self, Pages};
use etcd_snapshot::trailer::{self, Trailer};
use etcd_snapshot::{HashKv, Options, Provenance, Scan};
use kube_objects::Inventory;

use crate::exit::Error;
use crate::input::Source;
use crate::spread::Pool;
use crate::tarball::Tarball;
use crate::ui::Ui;

/// What was found in one snapshot.
#[derive(Debug)]
pub struct Analysis<'a> {
    /// The walk.
    pub scan: Scan<'a>,
    /// The integrity hash; `None` where it was not asked for.
    pub trailer: Option<Trailer>,
    /// How the file came to be.
    pub provenance: Provenance,
    /// HashKV at the newest revision.
    pub hash_kv: Option<HashKv>,
    /// Live values by resource, and what the cluster says of itself.
    pub inventory: Inventory,
    /// What objects say of their release.
    pub versions: SnapshotVersions,
    /// What objects say that a tarball can be held against.
    pub cluster: ClusterFacts<'a>,
    /// Bytes behind an integrity hash that is right.
    pub appended: Option<u64>,
    /// What etcd may use.
    pub quota: Quota,
    /// By what the database was opened.
    pub opened: Opened,
    /// What pages hold, where the tree above them is lost.
    pub pages: Option<Pages>,
    /// What the checks say, worst first.
    pub findings: Vec<Finding>,
}

/// The database in a file that should be a snapshot, metas or not.
///
/// # Errors
/// Where nothing in the file can be read: another byte order, another format, no pages at all.
pub fn database(source: &Source) -> Result<(Db<'_>, Opened), Error> {
    let bytes = source.bytes();
    let error = match Db::open(bytes) {
        Ok(db) => return Ok((db, Opened::Meta)),
        Err(error) => error,
    };
    if matches!(error, OpenError::NoMeta { .. }) {
        if let Some(db) = salvage::find_root(bytes) {
            let root = db.meta().root;
            return Ok((db, Opened::FoundRoot(root)));
        }
        if let Some(db) = salvage::open_without_root(bytes) {
            return Ok((db, Opened::PagesAlone));
        }
    }
    Err(unreadable(source, &error, "no page in it says what it is: this is no etcd database any more"))
}

/// Why a database cannot be opened, and what to do; `without_meta` is the hint where both metas are gone.
pub(crate) fn unreadable(source: &Source, error: &OpenError, without_meta: &str) -> Error {
    let hint = match error {
        OpenError::NoMeta { .. } => without_meta,
        OpenError::TooShort { .. } => "the copy was interrupted; fetch the file again",
        OpenError::BigEndian => "read it with etcd's own tools on a host of that byte order",
        OpenError::Version { .. } => "a newer etcd wrote it, or no etcd at all; look for a newer assay",
    };
    Error::Unanswerable { display: source.display().to_owned(), reason: error.to_string(), hint: Some(hint.to_owned()) }
}

impl<'a> Analysis<'a> {
    /// Looks at everything, and holds its size against what the tarball of the same backup says: one core hashes the file, the others walk it.
    ///
    /// # Errors
    /// Where nothing can be read, or the file changed meanwhile.
    pub fn of(source: &'a Source, tarball: Option<&Tarball>, ui: &mut Ui) -> Result<Self, Error> {
        let (db, opened) = database(source)?;
        let provenance = Provenance::of(&db);
        let meter = ui.meter("checking", Some(source.bytes().len() as u64 * 2));
        let progress = |bytes| meter.add(bytes);
        let previous = db.through_loser();
        let walk = || {
            let scan = etcd_snapshot::scan(db, Options { progress: Some(&progress), ..Options::default() }, &Pool);
            let hash_kv = scan.hash_kv(&Pool).ok();
            let (mut inventory, mut versions) = (Inventory::default(), SnapshotVersions::default());
            let mut cluster = ClusterFacts::default();
            for live in scan.store.live() {
                inventory.add(live.kv.key, live.kv.value);
                versions.add(live.kv.key, live.kv.value);
                cluster.add(live.kv.key, live.kv.value, live.kv.create_revision);
            }
            let unreadable = objects::unreadable(&scan, &Pool);
            (scan, hash_kv, (inventory, versions, cluster), previous.map(count_faults), unreadable)
        };
        let (trailer, (scan, hash_kv, (inventory, versions, cluster), previous_root_faults, unreadable)) =
            rayon::join(|| trailer::read(source.bytes(), progress), walk);
        drop(meter);
        let of_tarball = tarball.and_then(|tarball| tarball.resources.facts.etcd.quota_bytes);
        let quota = snapshot::quota(&scan, None, of_tarball);
        let appended = snapshot::appended(&scan.report.db);
        let kubernetes_compaction = inventory.compaction();
        let facts = Facts {
            scan: &scan,
            opened,
            trailer: Some(&trailer),
            appended,
            provenance,
            previous_root_faults,
            kubernetes_compaction,
            unreadable: &unreadable,
            quota,
        };
        let findings = checks::snapshot::check(&facts);
        let lost = scan.bucket(b"key").is_none();
        let pages = lost.then(|| salvage::pages(&scan.report.db));
        let findings = findings.into_sorted();
        source.check_unchanged()?;
        Ok(Self {
            trailer: Some(trailer),
            provenance,
            hash_kv,
            inventory,
            versions,
            cluster,
            appended,
            quota,
            opened,
            pages,
            findings,
            scan,
        })
    }

    /// What the integrity hash tells.
    pub fn integrity(&self) -> Integrity {
        Integrity::of(self.trailer.as_ref(), self.appended)
    }
}

/// Faults of the state that the losing meta leads to.
fn count_faults(db: Db<'_>) -> usize {
    let mut walker = Walker::new(db);
    for bucket in walker.buckets(&Pool) {
        walker.visit(&bucket, &Pool, |chunk| chunk.for_each(drop), |()| {});
    }
    checks::snapshot::damage(&walker.finish(&Pool).faults)
}
