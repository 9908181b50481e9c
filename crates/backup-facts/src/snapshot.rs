//! What a snapshot says by itself, and what holds it whole.

use bbolt_page::{Db, Faults, OpenError, Pgid, Spread, Walker};
use etcd_snapshot::salvage::{self, Pages};
use etcd_snapshot::trailer::{self, TRAILER_LEN, Trailer};
use etcd_snapshot::{HashKv, Options, Provenance, Scan, scan};
use kube_objects::Inventory;

use crate::bootstrap::Bootstrap;
pub use crate::endless::Endless;
use crate::hazards::ControlPlane;
use crate::leased::LeasedKeys;
use crate::objects::{self, Values};
use crate::pair::ClusterFacts;
use crate::platform::{Beside, Recognised};
pub use crate::quota::{Quota, QuotaSource};
use crate::told::Told;
pub use crate::transfer::Transfer;
use crate::version::{EtcdVersions, SnapshotVersions, Sources};

/// Everything that one snapshot says, gathered in one pass.
#[derive(Debug)]
pub struct SnapshotFacts<'a> {
    /// The walk, of the latest view.
    pub scan: Scan<'a>,
    /// By what the database was opened.
    pub opened: Opened,
    /// The integrity hash; `None` where the file was not hashed.
    pub trailer: Option<Trailer>,
    /// Bytes behind an integrity hash that is right: something was appended to a sound snapshot.
    pub appended: Option<u64>,
    /// How the file came to be.
    pub provenance: Provenance,
    /// Faults of the state that the losing meta leads to; `None` where it leads to no other.
    pub previous_root_faults: Option<usize>,
    /// HashKV at the newest revision; `None` where damage keeps it from being told.
    pub hash_kv: Option<HashKv>,
    /// Live values by resource, and what the cluster says of itself.
    pub inventory: Inventory,
    /// What objects say of their release.
    pub versions: SnapshotVersions,
    /// What objects say that a tarball can be held against.
    pub cluster: ClusterFacts<'a>,
    /// Live values that no API server can decode, or that are another object than their key says.
    pub values: Values,
    /// Live values that should end by themselves and will not, by resource.
    pub endless: Vec<Endless>,
    /// Live keys that are attached to leases.
    pub leased: LeasedKeys<'a>,
    /// The records in which k3s keeps keys, no token held against them.
    pub bootstrap: Vec<Bootstrap>,
    /// Which platform it is of.
    pub platform: Recognised,
    /// What etcd may use.
    pub quota: Quota,
    /// What pages hold, where the tree above them is lost.
    pub pages: Option<Pages>,
    /// What a copy or a transfer did to it; not looked for where the file was not hashed, or nothing is wrong with it.
    pub transfer: Transfer,
}

/// What is known from elsewhere than the snapshot.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Claims {
    /// The space that the caller says that etcd may use, in bytes.
    pub quota: Option<u64>,
    /// The same as the tarball of the backup says it.
    pub tarball_quota: Option<u64>,
    /// What tells its platform.
    pub beside: Beside,
}

/// The database in a file that should be a snapshot, metas or not.
///
/// # Errors
/// Where nothing in the file can be read: another byte order, another format, no pages at all.
pub fn database(file: &[u8]) -> Result<(Db<'_>, Opened), OpenError> {
    let error = match Db::open(file) {
        Ok(db) => return Ok((db, Opened::Meta)),
        Err(error) => error,
    };
    if matches!(error, OpenError::NoMeta { .. }) {
        if let Some(db) = salvage::find_root(file) {
            let root = db.meta().root;
            return Ok((db, Opened::FoundRoot(root)));
        }
        if let Some(db) = salvage::open_without_root(file) {
            return Ok((db, Opened::PagesAlone));
        }
    }
    Err(error)
}

impl<'a> SnapshotFacts<'a> {
    /// Looks at everything: the file is hashed from end to end, and walked, side by side where `spread` has threads.
    /// `progress` hears of bytes done, in all twice those of the file.
    ///
    /// # Errors
    /// As [`database`].
    pub fn read(
        file: &'a [u8],
        claims: &Claims,
        progress: &(dyn Fn(u64) + Sync),
        spread: &(impl Spread + Sync),
    ) -> Result<Self, OpenError> {
        let (db, opened) = database(file)?;
        let previous = db.through_loser();
        let hash = || trailer::read(file, progress);
        let walk = || {
            let options = Options { progress: Some(progress), sound: Some(&objects::is_sound), ..Options::default() };
            let walked = scan(db, options, spread);
            let facts = Self::of(walked, claims, spread);
            (facts, previous.map(|previous| count_faults(previous, spread)))
        };
        let (trailer, (facts, previous_root_faults)) = spread.join(hash, walk);
        let scan = facts.scan;
        let pages = scan.bucket(b"key").is_none().then(|| salvage::pages(&scan.walked.db));
        let transfer = transfer(&scan, &trailer, facts.appended);
        Ok(Self { scan, opened, trailer: Some(trailer), previous_root_faults, pages, transfer, ..facts })
    }

    /// What a walk of an intact tree shows, without the hash of the file and without the state before.
    pub fn of(scan: Scan<'a>, claims: &Claims, spread: &impl Spread) -> Self {
        let told = Told::of(&scan);
        let platform = Recognised::of(told.signs, &claims.beside);
        let ControlPlane { quota_gib, version, .. } = &told.control_plane;
        Self {
            opened: Opened::Meta,
            trailer: None,
            appended: appended(&scan.walked.db),
            provenance: Provenance::of_scan(&scan),
            previous_root_faults: None,
            hash_kv: scan.hash_kv(spread).ok(),
            inventory: told.inventory,
            versions: told.versions,
            cluster: told.cluster,
            values: objects::values(&scan, spread),
            endless: told.leaseless.into_endless(),
            leased: told.leased,
            bootstrap: told.bootstrap,
            quota: Quota::of(claims.quota, claims.tarball_quota, *quota_gib, version.as_deref(), platform.platform),
            platform,
            pages: None,
            transfer: Transfer::default(),
            scan,
        }
    }

    /// What it says of its release.
    #[must_use]
    pub fn sources(&self) -> Sources<'_> {
        let state = &self.scan.state;
        Sources {
            cluster_version: self.inventory.openshift().and_then(|openshift| openshift.version.as_ref()),
            snapshot: Some(&self.versions),
            etcd: EtcdVersions { cluster: state.cluster_version.as_deref(), storage: state.storage_version.as_deref() },
            platform: self.platform.platform,
            ..Sources::default()
        }
    }

    /// What the integrity hash tells.
    #[must_use]
    pub fn integrity(&self) -> Integrity {
        Integrity::of(self.trailer.as_ref(), self.appended)
    }
}

/// Faults of the state that the losing meta leads to.
fn count_faults(db: Db<'_>, spread: &impl Spread) -> usize {
    let mut walker = Walker::new(db);
    for bucket in walker.buckets(spread) {
        walker.visit(&bucket, spread, |chunk| chunk.for_each(drop), |()| {});
    }
    damage(&walker.finish(spread).faults)
}

/// What a copy or a transfer did, where the structure or the length of the file shows that something did.
fn transfer(scan: &Scan<'_>, trailer: &Trailer, appended: Option<u64>) -> Transfer {
    let (db, faults) = (&scan.walked.db, &scan.walked.faults);
    let odd = !matches!(db.tail().map_or(0, <[u8]>::len), 0 | TRAILER_LEN);
    if appended.is_some() || (damage(faults) == 0 && !odd) {
        return Transfer::default();
    }
    let damaged = faults.kept().iter().filter(|fault| !fault.kind.is_harmless());
    Transfer::of(db, trailer, damaged.filter_map(|fault| fault.page))
}

/// Faults that are damage, kept or not.
#[must_use]
pub fn damage(faults: &Faults) -> usize {
    let kept = faults.kept().iter().filter(|fault| !fault.kind.is_harmless()).count();
    kept.saturating_add(usize::try_from(faults.dropped()).unwrap_or(usize::MAX))
}

/// By what a database was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opened {
    /// By its meta, as etcd opens it.
    Meta,
    /// Both metas are gone; this page looked most like the root.
    FoundRoot(Pgid),
    /// Metas and root are gone; there are pages.
    PagesAlone,
}

/// What the integrity hash tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Integrity {
    /// Every byte is what etcd wrote.
    Right,
    /// The hash is right, and bytes follow it that etcd did not write: so many.
    RightBefore(u64),
    /// The bytes are not those that etcd wrote.
    Wrong,
    /// There is none.
    None,
}

impl Integrity {
    /// What both readings of a file's end come to: the hash by etcd's rule, and bytes behind one that is right.
    #[must_use]
    pub fn of(trailer: Option<&Trailer>, appended: Option<u64>) -> Self {
        match (appended, trailer.and_then(Trailer::valid)) {
            (Some(bytes), _) => Self::RightBefore(bytes),
            (None, Some(true)) => Self::Right,
            (None, Some(false)) => Self::Wrong,
            (None, None) => Self::None,
        }
    }
}

/// Bytes behind an integrity hash that is right, where the file goes on behind it.
#[must_use]
pub fn appended(db: &Db<'_>) -> Option<u64> {
    let tail = db.tail().filter(|tail| tail.len() > TRAILER_LEN)?;
    let behind = tail.len().checked_sub(TRAILER_LEN)?;
    let snapshot = db.bytes().get(..db.bytes().len().checked_sub(behind)?)?;
    let right = trailer::read(snapshot, |_| {}).valid() == Some(true);
    right.then(|| u64::try_from(behind).unwrap_or(u64::MAX))
}
