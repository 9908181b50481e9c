//! What is planned: the items of a run, and what is true of all of them.

use serde::{Deserialize, Serialize};

/// How much of a backup is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Depth {
    /// All of it, by `assay verify`.
    Full,
    /// A few pages, which never makes it good.
    Quick,
}

/// What says which cluster it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ClusterFrom {
    /// The list of clusters that was given.
    Inventory,
    /// The snapshot itself.
    Snapshot,
    /// Where it lies, for want of better.
    Path,
}

/// Which file of a backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Role {
    /// etcd's data.
    Snapshot,
    /// `static_kuberesources`.
    Tarball,
    /// What was written down when the keys were taken out of the tarball.
    Manifest,
}

/// How the manifest of a split is called, after what its tarball is called.
pub(crate) const MANIFEST: &str = ".manifest.json";

/// An object, as it was when it was listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct File {
    /// Which file of the backup.
    pub(crate) role: Role,
    /// Where it is.
    pub(crate) uri: String,
    /// What the store says changes with its bytes: it tells one object from another, and verifies nothing.
    pub(crate) etag: Option<String>,
    /// Its version, where the store has versions and tells.
    pub(crate) version: Option<String>,
    /// Bytes.
    pub(crate) size: u64,
    /// When it was stored, RFC 3339.
    pub(crate) modified: String,
}

/// What lies on top of a version that is not the newest of its object.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Over {
    /// What it is.
    pub(crate) kind: OverKind,
    /// Its own version.
    pub(crate) version: String,
    /// When it was put there, RFC 3339.
    pub(crate) modified: String,
}

/// What hides a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum OverKind {
    /// The object was written again.
    Version,
    /// The object was deleted.
    DeleteMarker,
}

impl OverKind {
    /// What became of the version beneath.
    pub(crate) fn told(self) -> &'static str {
        match self {
            Self::Version => "overwritten",
            Self::DeleteMarker => "deleted",
        }
    }
}

/// A backup to be judged: one file, or a pair.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Item {
    /// Its id: equal for equal objects, asked equally.
    pub(crate) item: String,
    /// The shard that it is judged in; `None` where an earlier run's rows are carried.
    pub(crate) shard: Option<u32>,
    /// The cluster.
    pub(crate) cluster: String,
    /// What says so.
    pub(crate) cluster_from: ClusterFrom,
    /// The address that it lies under.
    pub(crate) folder: String,
    /// How it is judged.
    pub(crate) depth: Depth,
    /// When it was taken, by its name, else when it was stored.
    pub(crate) taken: String,
    /// Whether it is the newest of its cluster.
    pub(crate) newest: bool,
    /// Its files, the snapshot first.
    pub(crate) files: Vec<File>,
    /// Whether its name says that there is another half, which is not there.
    pub(crate) half: bool,
    /// What lies on top of it; none where it is the newest of its object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) over: Option<Over>,
}

impl Item {
    /// The file that it is called by.
    pub(crate) fn main(&self) -> Option<&File> {
        self.files.first()
    }

    /// Its address; sorts items.
    pub(crate) fn uri(&self) -> &str {
        self.main().map_or("", |file| &file.uri)
    }

    /// Its address, and its version where there are others.
    pub(crate) fn shown(&self) -> String {
        match self.main().and_then(|file| file.version.as_deref()).filter(|_| self.over.is_some()) {
            Some(version) => format!("{} (version {version})", self.uri()),
            None => self.uri().to_owned(),
        }
    }

    /// Bytes of all its files.
    pub(crate) fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.size).fold(0, u64::saturating_add)
    }

    /// Whether it has etcd's data: without, it is no backup of a cluster.
    pub(crate) fn has_snapshot(&self) -> bool {
        self.has(Role::Snapshot)
    }

    /// Whether it has such a file.
    pub(crate) fn has(&self, role: Role) -> bool {
        self.files.iter().any(|file| file.role == role)
    }

    /// What is judged of it: a manifest vouches for a tarball, and without one for nothing.
    pub(crate) fn judged(&self) -> impl Iterator<Item = &File> {
        let has_tarball = self.has(Role::Tarball);
        self.files.iter().filter(move |file| file.role != Role::Manifest || has_tarball)
    }

    /// The first eight bytes of its id as a number: even, and the same in each run.
    pub(crate) fn lot(&self) -> u64 {
        u64::from_str_radix(self.item.get(..16).unwrap_or_default(), 16).unwrap_or(0)
    }
}

/// A cluster that is to have backups.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Expected {
    /// Its name.
    pub(crate) cluster: String,
    /// Where its backups are: an address, whose longest match counts.
    pub(crate) prefix: String,
    /// How old the newest good one may be: `26h`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) rpo: Option<String>,
    /// How many there may be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) keep: Option<u64>,
}

/// `plan.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Plan {
    /// `assay-fleet-plan/1`
    pub(crate) schema: String,
    /// Names the run: SHA-256 over all else here and the items.
    pub(crate) digest: String,
    /// The time as of which is judged, RFC 3339.
    pub(crate) now: String,
    /// What was listed.
    pub(crate) sources: Vec<String>,
    /// Items.
    pub(crate) items: u64,
    /// Of those: carried from an earlier run.
    pub(crate) carried: u64,
    /// Of those that are not: looked at quickly.
    pub(crate) quick: u64,
    /// Of all: versions that lie beneath the newest of their object.
    #[serde(default)]
    pub(crate) beneath: u64,
    /// Bytes that are to be read.
    pub(crate) bytes: u64,
    /// Shards: 0 to one less.
    pub(crate) shards: u32,
    /// The version of assay.
    pub(crate) assay: String,
    /// SHA-256 of `policy.toml` beside it.
    pub(crate) policy: Option<String>,
    /// Whether names of keys are left out of rows.
    pub(crate) no_keys: bool,
    /// Whether the store of the run takes "only if absent".
    pub(crate) create_only: bool,
    /// Objects that are no backup by their names.
    pub(crate) passed_over: u64,
    /// Some of them.
    pub(crate) passed_over_such_as: Vec<String>,
    /// Whether versions were listed.
    #[serde(default)]
    pub(crate) versions: bool,
    /// Objects that a delete marker hides.
    #[serde(default)]
    pub(crate) delete_markers: u64,
    /// Some of them.
    #[serde(default)]
    pub(crate) delete_markers_such_as: Vec<String>,
    /// What somebody should look at.
    pub(crate) warnings: Vec<String>,
    /// The list of clusters that was given.
    pub(crate) inventory: Vec<Expected>,
}
