//! The backups in the project's `fixtures/`, as these tests read them.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use encryption_config::{EncryptionConfig, Keyring};
use flate2::read::GzDecoder;

/// One fixture folder.
pub(crate) struct Fixture {
    /// Folder name, for messages.
    pub(crate) name: String,
    folder: PathBuf,
}

/// Every folder of `fixtures/` that holds ground truth.
pub(crate) fn all() -> Vec<Fixture> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures");
    let mut found: Vec<_> = std::fs::read_dir(&root)
        .expect("fixtures/")
        .map(|entry| entry.expect("entry").path())
        .filter(|folder| folder.join("facts.json").is_file())
        .map(|folder| Fixture { name: folder.file_name().expect("name").to_string_lossy().into_owned(), folder })
        .collect();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    assert!(found.len() >= 10, "only {} fixtures in {}", found.len(), root.display());
    found
}

impl Fixture {
    /// The file's bytes, unpacked when only `<name>.gz` is there; none when neither is.
    pub(crate) fn read(&self, name: &str) -> Option<Vec<u8>> {
        let plain = self.folder.join(name);
        if plain.is_file() {
            return Some(std::fs::read(&plain).expect("readable"));
        }
        let packed = File::open(self.folder.join(format!("{name}.gz"))).ok()?;
        let mut bytes = Vec::new();
        GzDecoder::new(packed).read_to_end(&mut bytes).expect("gzip");
        Some(bytes)
    }

    /// The snapshot, unpacked.
    pub(crate) fn snapshot(&self) -> Vec<u8> {
        let mut names = std::fs::read_dir(&self.folder).expect("folder").map(|entry| entry.expect("entry").file_name());
        let name = names
            .find_map(|name| Some(name.to_str()?.strip_suffix(".gz")?.to_owned()).filter(|name| name.ends_with(".db")));
        self.read(&name.expect("a snapshot")).expect("readable")
    }

    /// The keys that the API servers of this backup ran with.
    pub(crate) fn keyring(&self) -> Keyring {
        let mut keyring = Keyring::default();
        for server in ["", "-openshift-apiserver", "-openshift-oauth-apiserver"] {
            if let Some(config) = self.read(&format!("encryption-config{server}.json")) {
                keyring.add(EncryptionConfig::parse(&config).expect("configuration"));
            }
        }
        keyring
    }

    /// A JSON file of the folder.
    pub(crate) fn json(&self, name: &str) -> Option<serde_json::Value> {
        Some(serde_json::from_slice(&self.read(name)?).expect("JSON"))
    }
}
