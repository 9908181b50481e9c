//! A restore that was made to see whether it can be: `rehearse`.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::{Check, WrittenFile};
use crate::any::{Any, Fields};
use crate::values::Word;

/// The data directory of a restored member, and what was proven of it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Rehearsal {
    /// The snapshot.
    pub path: String,
    /// [`Rehearsal::KIND`].
    pub kind: Word,
    /// The data directory, as given.
    pub out: String,
    /// Whose script's options these are; `None` where the command line said all of them.
    #[serde(rename = "as")]
    pub of: Option<RestoredAs>,
    /// Whose files these are: `3.4`, `3.5`, `3.6`.
    pub etcd_release: Word,
    /// SHA-256 of the snapshot, its integrity hash included, hex.
    pub source_sha256: String,
    /// Whether the snapshot's integrity hash was right; `None` where it has none.
    pub source_trailer: Option<bool>,
    /// Id of the member that the directory is of, hex.
    pub member: String,
    /// Id of its cluster, hex.
    pub cluster: String,
    /// The members of the cluster.
    pub members: Vec<PlannedMember>,
    /// By how much the revision was raised; `None` where it was not.
    pub bump: Option<u64>,
    /// The revision that a server will be at.
    pub revision: i64,
    /// Live keys.
    pub live_keys: u64,
    /// Digest of the live keys and values, hex: the snapshot's.
    pub content: String,
    /// What was written; paths below `out`.
    pub files: Vec<WrittenFile>,
    /// What was proven of it.
    pub checks: Vec<Check>,
    /// What a server did with it; `None` where none was started.
    pub boot: Option<Any>,
    /// What a later assay says besides.
    #[serde(flatten)]
    pub more: Fields,
}

/// The script that restores so, and what it goes by.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RestoredAs {
    /// `openshift`.
    pub platform: Word,
    /// Major and minor of the release whose script it is.
    pub release: String,
    /// The node that is restored on.
    pub node: String,
    /// The cluster's token; the script makes a new one each time.
    pub token: String,
}

/// A member of a cluster to be.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PlannedMember {
    /// Its id, hex.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its URLs for its peers.
    #[serde(rename = "peerURLs")]
    pub peer_urls: Vec<String>,
}

impl Rehearsal {
    /// What `kind` says of it.
    pub const KIND: Word = Cow::Borrowed("rehearsal");
}
