//! What is known of the project's real backups.

use std::collections::BTreeMap;

use fixtures::named;
use serde_json::Value;

/// The names of all with ground truth.
pub(crate) fn all() -> Vec<String> {
    fixtures::all().into_iter().map(|backup| backup.name).collect()
}

/// The snapshot's bytes.
pub(crate) fn snapshot(name: &str) -> Vec<u8> {
    named(name).bytes()
}

/// The tarball, as it is.
pub(crate) fn tarball(name: &str) -> Vec<u8> {
    named(name).tarball_bytes()
}

/// What kube-apiserver ran with, the same bytes as in the tarball; `None` where nothing is encrypted.
pub(crate) fn config(name: &str) -> Option<Vec<u8>> {
    named(name).encryption_config()
}

/// What real API servers read of each live key: SHA-256 of the stored and of the opened value. `None` where the values
/// are filler.
pub(crate) fn truth(name: &str) -> Option<BTreeMap<String, Truth>> {
    let line = |line: Value| {
        let field = |name: &str| line[name].as_str().unwrap().to_owned();
        (field("key"), Truth { stored: field("stored"), plain: field("plainSHA256") })
    };
    let lines = named(name).truth();
    (!lines.is_empty()).then(|| lines.into_iter().map(line).collect())
}

/// What is known of one live key.
pub(crate) struct Truth {
    /// Prefix of the stored value.
    pub(crate) stored: String,
    /// SHA-256 of the opened value.
    pub(crate) plain: String,
}

/// The table of live values by resource, stored prefix and standing that the recording tool counted.
pub(crate) fn encryption_table(name: &str) -> BTreeMap<String, u64> {
    let table = named(name).facts()["encryption"].as_object().cloned().unwrap_or_default();
    table.into_iter().map(|(row, count)| (row, count.as_u64().unwrap())).collect()
}
