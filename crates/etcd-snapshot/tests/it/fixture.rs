//! Reading the project's fixtures.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use serde_json::Value;

/// One fixture directory.
pub(crate) struct Fixture {
    pub(crate) name: String,
    dir: PathBuf,
}

/// All fixtures that hold a snapshot with `facts.json`.
pub(crate) fn all() -> Vec<Fixture> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures");
    let mut found: Vec<Fixture> = fs::read_dir(&root)
        .expect("fixtures")
        .map(|entry| entry.expect("entry").path())
        .filter(|dir| dir.join("facts.json").is_file())
        .map(|dir| Fixture { name: dir.file_name().expect("name").to_string_lossy().into_owned(), dir })
        .collect();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    assert!(found.len() >= 14, "only {} fixtures in {}", found.len(), root.display());
    found
}

impl Fixture {
    fn find(&self, suffix: &str) -> Option<PathBuf> {
        let entries = fs::read_dir(&self.dir).expect("fixture");
        entries.map(|entry| entry.expect("entry").path()).find(|path| path.to_string_lossy().ends_with(suffix))
    }

    /// The snapshot, uncompressed.
    pub(crate) fn snapshot(&self) -> Vec<u8> {
        gunzip(&self.find(".db.gz").expect("snapshot"))
    }

    /// The one object of `facts.json`.
    pub(crate) fn facts(&self) -> Value {
        let facts: Value =
            serde_json::from_slice(&fs::read(self.dir.join("facts.json")).expect("facts")).expect("JSON");
        facts[0].clone()
    }

    /// What `etcdctl get "" --from-key --keys-only` printed: keys, each followed by a newline (and one more).
    pub(crate) fn live_keys(&self) -> Vec<u8> {
        match self.find("live-keys.txt.gz") {
            Some(path) => gunzip(&path),
            None => fs::read(self.dir.join("live-keys.txt")).expect("live keys"),
        }
    }

    /// A file of the fixture, gunzipped where its name says so; `None` where the fixture has none.
    pub(crate) fn file(&self, name: &str) -> Option<Vec<u8>> {
        let path = self.dir.join(name);
        match (path.is_file(), name.ends_with(".gz")) {
            (false, _) => None,
            (true, true) => Some(gunzip(&path)),
            (true, false) => Some(fs::read(path).expect("file")),
        }
    }
}

fn gunzip(path: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    GzDecoder::new(fs::File::open(path).expect("open")).read_to_end(&mut bytes).expect("gunzip");
    bytes
}
