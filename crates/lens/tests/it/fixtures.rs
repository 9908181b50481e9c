//! The backups in the project's `fixtures/`, and the keys that open them.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use encryption_config::{EncryptionConfig, Keyring, Plaintext};
use flate2::read::GzDecoder;
use kube_objects::StorageKey;
use lens::{NotOpened, Opener};
use serde_json::Value;

/// One backup.
pub(crate) struct Fixture {
    pub(crate) name: String,
    folder: PathBuf,
}

/// Every backup with ground truth.
pub(crate) fn all() -> Vec<Fixture> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures");
    let folders = fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path());
    let name = |folder: &Path| folder.file_name().unwrap().to_string_lossy().into_owned();
    let mut found: Vec<Fixture> = folders
        .filter(|folder| folder.join("facts.json").is_file())
        .map(|folder| Fixture { name: name(&folder), folder })
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
    /// A file of the folder, unpacked where only `<name>.gz` is there; none where neither is.
    pub(crate) fn read(&self, name: &str) -> Option<Vec<u8>> {
        let plain = self.folder.join(name);
        if plain.is_file() {
            return Some(fs::read(plain).unwrap());
        }
        let mut bytes = Vec::new();
        GzDecoder::new(File::open(self.folder.join(format!("{name}.gz"))).ok()?).read_to_end(&mut bytes).unwrap();
        Some(bytes)
    }

    /// The snapshot, unpacked.
    pub(crate) fn snapshot(&self) -> Vec<u8> {
        let names = fs::read_dir(&self.folder).unwrap().map(|entry| entry.unwrap().file_name());
        let name = names.filter_map(|name| name.into_string().ok()).find(|name| name.ends_with(".db.gz")).unwrap();
        self.read(name.strip_suffix(".gz").unwrap()).unwrap()
    }

    /// The lines of `decrypted-truth.jsonl.gz`.
    pub(crate) fn truth(&self) -> Vec<Value> {
        let Some(lines) = self.read("decrypted-truth.jsonl") else { return Vec::new() };
        let lines = lines.split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
        lines.map(|line| serde_json::from_slice(line).unwrap()).collect()
    }

    /// The keys that the API servers of this backup ran with.
    pub(crate) fn keys(&self) -> Keys {
        let mut keyring = Keyring::default();
        for server in ["", "-openshift-apiserver", "-openshift-oauth-apiserver"] {
            if let Some(config) = self.read(&format!("encryption-config{server}.json")) {
                keyring.add(EncryptionConfig::parse(&config).unwrap());
            }
        }
        Keys(keyring)
    }
}

/// Opens with the keys of a backup.
pub(crate) struct Keys(Keyring);

impl Opener for Keys {
    fn open<'v>(&self, key: &[u8], stored: &'v [u8]) -> Result<Plaintext<'v>, NotOpened> {
        let parsed = StorageKey::parse(key);
        let (resource, group) = (String::from_utf8_lossy(parsed.resource), String::from_utf8_lossy(parsed.group));
        let resource = if group.is_empty() { resource.into_owned() } else { format!("{resource}.{group}") };
        let opened = self.0.open(&resource, key, stored);
        opened.map(|opened| opened.plaintext).map_err(|error| NotOpened::Refused(error.to_string()))
    }
}
