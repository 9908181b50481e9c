//! The static pod resources tarball: members, classes of key material, version claims.
//!
//! [`read`] takes `static_kuberesources_<timestamp>.tar.gz` from any [`std::io::Read`] and
//! returns plain data: every member with its offsets and digest, what is secret in it (by path
//! and by content), certificates, the pods and their revisions, the node, etcd and API server
//! settings, version claims, and every fault of the archive with its place.
//!
//! # Invariants
//! - Nothing is extracted, no link is followed, no path is opened: bytes come in, facts go out.
//! - No input makes it panic, run on, or grow past [`Limits`]. Reaching a cap is a fault.
//! - No result type holds a secret. Members are examined in buffers that are wiped; only
//!   [`read_each`] shows their bytes, one member at a time.
//! - Two producers are known: `cluster-backup.sh` (GNU tar, with directories) and the operator's
//!   Go command (regular files only). [`Producer`] says which.
//!
//! # Layers
//! `gzip` (members, trailing bytes, digests) → `walk` (headers, extension headers, offsets) →
//! `read` (paths, duplicates, budget) → `content` and `class` (what it holds) and `static_pods`.
#![forbid(unsafe_code)]
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod certificate;
mod class;
mod content;
mod fault;
mod gzip;
mod header;
mod limits;
mod member;
mod path;
mod pem;
mod private_key;
mod read;
mod report;
mod static_pods;
mod stop;
mod token;
mod version;
mod walk;

pub use backup_name::{BackupFile, BackupName};
pub use certificate::Certificate;
pub use class::Class;
pub use content::Fingerprint;
pub use fault::{Fault, FaultKind, Sparse};
pub use gzip::GzipHeader;
pub use limits::{Limit, Limits};
pub use member::{Dialect, Digest, Member, MemberKind};
pub use path::MemberPath;
pub use read::{ReadError, read, read_each};
pub use report::{Archive, KnownBy, Material, Producer, StaticResources};
pub use static_pods::{ApiServer, Etcd, Manifest, Pod, Stated, StaticPods};
pub use version::{VersionClaim, VersionClaims};
