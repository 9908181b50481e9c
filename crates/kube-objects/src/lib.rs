//! What an etcd key and value mean to Kubernetes: resource, namespace, name, encoding.
//!
//! Two questions are answered from bytes alone, with no cluster and no I/O:
//!
//! * [`StorageKey::parse`]: which object an etcd key names, both as the API server stores it
//!   (`kubernetes.io/minions`) and as the API calls it (`nodes`).
//!   [`ShownKey::of`] is the form of it that may be shown.
//! * [`Envelope::of`]: how a value is wrapped: encrypted (by which provider, under which key
//!   name), protobuf, JSON, CBOR, or none of these.
//!
//! [`ObjectHead::read`] then reads apiVersion, kind and metadata of an unencrypted value without
//! decoding the rest, and [`ClusterVersion`] and [`Infrastructure`] are the two objects that say
//! which cluster a backup comes from. [`StoredObject::decode`] reads all of an object and shows it
//! as kubectl would; the tables it reads protobuf with are explained in `schema/README.md`. [`rewrite`] writes an object
//! again with some of its texts changed.
//!
//! Values come from files that may be damaged or hostile: every reader here is bounds-checked,
//! never recurses on input without a cap, and refuses what is longer or has more fields than any
//! object that etcd takes.
#![forbid(unsafe_code)]
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

pub mod protobuf;

mod cluster;
mod decode;
mod envelope;
mod fault;
mod head;
mod inventory;
mod key;
mod metadata;
mod plural;
mod secret;
mod shown;
mod structure;
mod text;
mod unknown;
mod wire;

pub use cluster::{
    ClusterVersion, ClusterVersionSpec, ClusterVersionStatus, Condition, Infrastructure, Release, UpdateHistory,
};
pub use decode::{Change, DecodeOptions, Edit, Leaf, Place, StoredObject, UNKNOWN_FIELDS, kind_of, rewrite};
pub use envelope::{Encrypted, Envelope, MalformedEncryption, Provider};
pub use fault::ObjectFault;
pub use head::{ObjectHead, ObjectMeta, OwnerReference, metadata_is_a_guess};
pub use inventory::{Inventory, KeyUse, OpenShift, ResourceCount};
pub use key::{Prefix, ResourceClass, Scope, StorageKey, built_in_resources, built_in_scope};
pub use secret::secret_data;
pub use shown::ShownKey;
pub use structure::{Identity, check_structure};
pub use text::{number_text, to_exact_yaml, to_json, to_json_line, to_yaml};
