//! What a snapshot says by itself, and what holds it whole.

use bbolt_page::{Db, Pgid};
use etcd_snapshot::Scan;
use etcd_snapshot::trailer::{self, TRAILER_LEN, Trailer};
use kube_objects::{DecodeOptions, StorageKey, StoredObject};

use crate::hazards::ControlPlane;

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

/// The space that etcd may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// In bytes.
    pub bytes: u64,
    /// What says that it is this.
    pub source: QuotaSource,
    /// What the release sets where nothing was asked for, in bytes.
    pub default: u64,
}

/// Where a quota is from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum QuotaSource {
    /// What the release sets where nothing else is known.
    #[default]
    Default,
    /// `spec.backendQuotaGiB` of `etcds/cluster`.
    Operator,
    /// `ETCD_QUOTA_BACKEND_BYTES` in the tarball's `etcd-pod.yaml`.
    Tarball,
    /// The caller.
    Asked,
}

impl Default for Quota {
    fn default() -> Self {
        Self::of(None, None, &ControlPlane::default())
    }
}

impl Quota {
    /// Decides: what was asked for; the tarball's, which is what etcd was started with; what the operator was told; what
    /// the release sets, 7 GiB up to 4.8 and 8 GiB since.
    #[must_use]
    pub fn of(asked: Option<u64>, tarball: Option<u64>, control_plane: &ControlPlane) -> Self {
        let minor = control_plane.version.as_deref().and_then(minor);
        let default = if minor.is_some_and(|minor| minor < (4, 9)) { 7 << 30 } else { 8 << 30 };
        let operator = control_plane.quota_gib.and_then(|gib| gib.checked_mul(1 << 30));
        let claims = [(asked, QuotaSource::Asked), (tarball, QuotaSource::Tarball), (operator, QuotaSource::Operator)];
        let claim = claims.into_iter().find_map(|(bytes, source)| Some((bytes.filter(|bytes| *bytes > 0)?, source)));
        let (bytes, source) = claim.unwrap_or((default, QuotaSource::Default));
        Self { bytes, source, default }
    }
}

/// The quota of a backup: see [`Quota::of`]. The objects of the snapshot tell the release and what the operator was told.
#[must_use]
pub fn quota(scan: &Scan<'_>, asked: Option<u64>, tarball: Option<u64>) -> Quota {
    let mut control_plane = ControlPlane::default();
    for live in scan.store.live() {
        let key = StorageKey::parse(live.kv.key);
        match (key.group, key.resource, key.name) {
            (b"config.openshift.io", b"clusterversions", _) => control_plane.add_cluster_version(live.kv.value),
            (b"operator.openshift.io", b"etcds", b"cluster") => {
                let object = StoredObject::decode(live.kv.value, &DecodeOptions::default());
                object.iter().for_each(|object| control_plane.add_etcd(object.json()));
            }
            _ => {}
        }
    }
    Quota::of(asked, tarball, &control_plane)
}

/// Major and minor of a release.
pub(crate) fn minor(version: &str) -> Option<(u64, u64)> {
    let mut parts = version.split('.').map(str::parse);
    Some((parts.next()?.ok()?, parts.next()?.ok()?))
}
