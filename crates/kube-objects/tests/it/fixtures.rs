//! The backups in the project's `fixtures/`, as these tests read them.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

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

    /// A JSON file of the folder.
    pub(crate) fn json(&self, name: &str) -> Option<serde_json::Value> {
        Some(serde_json::from_slice(&self.read(name)?).expect("JSON"))
    }
}
