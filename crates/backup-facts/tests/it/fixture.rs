//! The project's real backups and what is known of each.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::PathBuf;

use flate2::read::GzDecoder;
use serde_json::Value;

fn folder(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "../../fixtures", name].iter().collect()
}

/// The names of all folders with ground truth.
pub(crate) fn all() -> Vec<String> {
    let folders = fs::read_dir(folder("")).unwrap().map(|entry| entry.unwrap().path());
    let mut names: Vec<String> = folders
        .filter(|folder| folder.join("facts.json").is_file())
        .map(|folder| folder.file_name().unwrap().to_str().unwrap().to_owned())
        .collect();
    names.sort();
    assert!(names.len() >= 14, "{names:?}");
    names
}

fn ending(name: &str, end: &str) -> Vec<u8> {
    let mut files = fs::read_dir(folder(name)).unwrap().map(|entry| entry.unwrap().path());
    let path = files.find(|path| path.to_str().unwrap().ends_with(end)).unwrap();
    fs::read(path).unwrap()
}

fn gunzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    GzDecoder::new(bytes).read_to_end(&mut out).unwrap();
    out
}

/// The snapshot's bytes.
pub(crate) fn snapshot(name: &str) -> Vec<u8> {
    gunzip(&ending(name, ".db.gz"))
}

/// The tarball, as it is.
pub(crate) fn tarball(name: &str) -> Vec<u8> {
    ending(name, ".tar.gz")
}

/// What kube-apiserver ran with, the same bytes as in the tarball; `None` where nothing is encrypted.
pub(crate) fn config(name: &str) -> Option<Vec<u8>> {
    fs::read(folder(name).join("encryption-config.json")).ok()
}

/// What real API servers read of each live key: SHA-256 of the stored and of the opened value. `None` where the values
/// are filler.
pub(crate) fn truth(name: &str) -> Option<BTreeMap<String, Truth>> {
    let packed = fs::read(folder(name).join("decrypted-truth.jsonl.gz")).ok()?;
    let text = String::from_utf8(gunzip(&packed)).unwrap();
    let line = |line: &str| {
        let line: Value = serde_json::from_str(line).unwrap();
        let field = |name: &str| line[name].as_str().unwrap().to_owned();
        (field("key"), Truth { stored: field("stored"), plain: field("plainSHA256") })
    };
    Some(text.lines().map(line).collect())
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
    let facts: Value = serde_json::from_slice(&fs::read(folder(name).join("facts.json")).unwrap()).unwrap();
    let table = facts[0]["encryption"].as_object().cloned().unwrap_or_default();
    table.into_iter().map(|(row, count)| (row, count.as_u64().unwrap())).collect()
}
