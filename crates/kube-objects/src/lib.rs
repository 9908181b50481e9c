//! What an etcd key and value mean to Kubernetes: resource, namespace, name, encoding.
//!
//! [`StorageKey::parse`] says which object an etcd key names, both as the API server stores it
//! (`kubernetes.io/minions`) and as the API calls it (`nodes`).
//!
//! Values come from files that may be damaged or hostile: every reader here is bounds-checked,
//! never recurses on input without a cap, and allocates no more than a small multiple of what it
//! was given.
#![forbid(unsafe_code)]

mod key;

pub use key::{Prefix, ResourceClass, Scope, StorageKey};
