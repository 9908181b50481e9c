//! A catalog and the files that it speaks of, in a folder that goes away.

use std::collections::BTreeSet;
use std::fs::{self, File as Handle, FileTimes};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use catalog::{Access, Added, Author, Catalog, File, Host, Kind, Network, Record, Seen, Stat};
use checks::Verdict;
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use crate::made::{CLUSTER, hours, now};

pub(crate) struct World {
    pub(crate) folder: tempfile::TempDir,
}

pub(crate) fn host() -> Host {
    Host { id: "host-1".to_owned(), label: "bastion".to_owned() }
}

pub(crate) fn author(at: Timestamp) -> Author {
    Author { actor: "ada".to_owned(), host: "host-1".to_owned(), at }
}

/// What is judged of a sound backup that was taken so many hours ago.
pub(crate) fn record(hours_ago: i64) -> Record {
    Record {
        cluster: Some(CLUSTER.to_owned()),
        cluster_name: Some("prod".to_owned()),
        taken: Some(now() - hours(hours_ago)),
        taken_by: Some("data".to_owned()),
        revision: 100_000 - hours_ago,
        release: Some("4.18.30".to_owned()),
        platform: "openshift".to_owned(),
        topology: Some("HighlyAvailable".to_owned()),
        verdict: Verdict::Pass,
        keys: "not-needed",
        updating: false,
        migrating: false,
        missing: None,
        rehearsed: "never",
        findings: Vec::new(),
        has: BTreeSet::new(),
        needs: BTreeSet::new(),
        size: Some(1000),
        in_use: Some(750),
    }
}

pub(crate) fn keys(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

impl World {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn open(&self) -> Catalog {
        Catalog::open(&self.path("catalog.db"), Access::Write, Network::Refused).unwrap()
    }

    /// Writes a file, as of so many hours ago.
    pub(crate) fn write(&self, name: &str, bytes: &[u8], hours_ago: i64) {
        fs::write(self.path(name), bytes).unwrap();
        let seconds = u64::try_from((now() - hours(hours_ago)).as_second()).unwrap();
        let at = FileTimes::new().set_modified(UNIX_EPOCH + Duration::from_secs(seconds));
        Handle::options().write(true).open(self.path(name)).unwrap().set_times(at).unwrap();
    }

    /// A file of a backup, as it is on the disk.
    pub(crate) fn file(&self, name: &str, kind: Kind) -> File {
        let path = self.path(name);
        let bytes = fs::read(&path).unwrap();
        let digest: [u8; 32] = Sha256::digest(&bytes).into();
        let path = path.to_str().unwrap().to_owned();
        File { stat: stat(Path::new(&path)), path, kind, content: digest, unpacked: bytes.len() as u64, stored: digest }
    }

    /// Writes both halves of a backup and adds it, changed.
    pub(crate) fn add_with(&self, name: &str, hours_ago: i64, change: impl FnOnce(&mut Seen)) -> String {
        self.write(&format!("{name}.db"), format!("snapshot {name}").as_bytes(), hours_ago);
        self.write(&format!("{name}.tar.gz"), format!("tarball {name}").as_bytes(), hours_ago);
        let files = vec![
            self.file(&format!("{name}.db"), Kind::Snapshot),
            self.file(&format!("{name}.tar.gz"), Kind::Resources),
        ];
        let mut seen = Seen {
            files,
            resources: None,
            escrow: None,
            record: record(hours_ago),
            sealed: BTreeSet::new(),
            assay: "0.1.0".to_owned(),
            rules: 1,
        };
        change(&mut seen);
        self.put(&seen)
    }

    pub(crate) fn add(&self, name: &str, hours_ago: i64) -> String {
        self.add_with(name, hours_ago, |_| {})
    }

    pub(crate) fn put(&self, seen: &Seen) -> String {
        let (Added::New(id) | Added::Known(id)) = self
            .open()
            .write(&author(now() - hours(1)), |writing| writing.add(&host(), seen, &|path| Path::new(path).exists()))
            .unwrap()
            .0;
        id
    }

    /// What lies in the folder and below, but for the catalog.
    pub(crate) fn files(&self) -> Vec<String> {
        let mut found = Vec::new();
        list(self.folder.path(), self.folder.path(), &mut found);
        found.retain(|name| !name.starts_with("catalog.db"));
        found.sort();
        found
    }
}

fn list(root: &Path, folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            list(root, &path, found);
        } else {
            found.push(path.strip_prefix(root).unwrap().to_str().unwrap().to_owned());
        }
    }
}

pub(crate) fn stat(path: &Path) -> Stat {
    let of = fs::metadata(path).unwrap();
    Stat {
        size: of.size(),
        mtime: of.mtime() * 1_000_000_000 + of.mtime_nsec(),
        ctime: of.ctime() * 1_000_000_000 + of.ctime_nsec(),
        inode: of.ino(),
    }
}
