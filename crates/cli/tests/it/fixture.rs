//! The project's real backups, and what is known of each.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use serde_json::Value;

/// One backup.
pub(crate) struct Fixture {
    pub(crate) name: String,
    folder: PathBuf,
}

/// Every backup with ground truth.
pub(crate) fn all() -> Vec<Fixture> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures");
    let mut found: Vec<Fixture> = fs::read_dir(root)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|folder| folder.join("facts.json").is_file())
        .map(|folder| Fixture { name: folder.file_name().unwrap().to_string_lossy().into_owned(), folder })
        .collect();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    assert!(found.len() >= 14, "only {} backups", found.len());
    found
}

/// The backup of that name.
pub(crate) fn named(name: &str) -> Fixture {
    all().into_iter().find(|fixture| fixture.name == name).unwrap()
}

impl Fixture {
    /// The file whose name ends so.
    pub(crate) fn path(&self, end: &str) -> PathBuf {
        fs::read_dir(&self.folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .find(|path| path.to_string_lossy().ends_with(end))
            .unwrap()
    }

    /// Whether a file is there.
    pub(crate) fn has(&self, file: &str) -> bool {
        self.folder.join(file).is_file()
    }

    /// The snapshot as it is stored: compressed.
    pub(crate) fn snapshot(&self) -> PathBuf {
        self.path(".db.gz")
    }

    /// The tarball, byte for byte as the script wrote it.
    pub(crate) fn tarball(&self) -> PathBuf {
        self.path(".tar.gz")
    }

    /// The SHA-256 that the list beside the fixtures has for a file.
    pub(crate) fn digest(&self, file: &str) -> String {
        let list = fs::read_to_string(self.folder.join("../SHA256SUMS")).unwrap();
        let wanted = format!("  {}/{file}", self.name);
        list.lines().find_map(|line| line.strip_suffix(&wanted)).unwrap().to_owned()
    }

    /// What the kube-apiserver ran with; `None` where nothing is encrypted.
    pub(crate) fn encryption_config(&self) -> Option<Value> {
        let bytes = fs::read(self.folder.join("encryption-config.json")).ok()?;
        Some(serde_json::from_slice(&bytes).unwrap())
    }

    /// The snapshot's bytes.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        gunzip(&self.snapshot())
    }

    /// What is known of it.
    pub(crate) fn facts(&self) -> Value {
        let facts: Value = serde_json::from_slice(&fs::read(self.folder.join("facts.json")).unwrap()).unwrap();
        facts.get(0).unwrap().clone()
    }

    /// The keys that `etcdctl get --keys-only` listed, in order.
    pub(crate) fn live_keys(&self) -> Vec<String> {
        let packed = self.folder.join("live-keys.txt.gz");
        let bytes = if packed.is_file() { gunzip(&packed) } else { fs::read(self.path("live-keys.txt")).unwrap() };
        let text = String::from_utf8(bytes).unwrap();
        text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
    }
}

fn gunzip(path: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    GzDecoder::new(fs::File::open(path).unwrap()).read_to_end(&mut bytes).unwrap();
    bytes
}
