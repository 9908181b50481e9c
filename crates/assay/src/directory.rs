//! The backups in a directory: its files, looked at and open until their turn, in the groups that they make up.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use artifact::{Contents, Directory, Entry, EntryKind, Files, Ignored, InputError, Looks, Reading, Walk};
use backup_facts::delta::Deltas;
use backup_facts::directory::{self, BackupFiles, Listed, name_of};
use backup_facts::layout::{DATA, DirectoryName, Layout};
use backup_facts::picks::Picks;
use etcd_snapshot::Scan;
use etcd_snapshot::wal::Log;
use static_resources::BackupFile;
use zeroize::Zeroizing;

use crate::deltas;

/// Directories of backups in one directory.
const DIRECTORIES: usize = 10_000;

/// What a directory holds of backups.
pub struct Backups {
    /// The directory.
    pub path: PathBuf,
    /// The backups, oldest first; files without a timestamp last.
    pub backups: Vec<BackupFiles>,
    /// Names of saves that were never finished.
    pub unfinished: Vec<String>,
    /// Names of archives beside them.
    pub archives: Vec<OsString>,
    /// What `cluster-restore.sh` would take.
    pub picks: Picks,
    /// What its own name says.
    pub named: Option<DirectoryName>,
    /// How it is laid out.
    pub layout: Layout,
    /// The release that MicroShift's file `version` tells.
    pub version_file: Option<String>,
    beside: OnceLock<Beside>,
    walk: Walk,
}

impl std::fmt::Debug for Backups {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Backups").field("path", &self.path).field("backups", &self.backups).finish_non_exhaustive()
    }
}

/// What a directory turned out to be.
pub enum Looked {
    /// One with backups in it.
    Backups(Box<Backups>),
    /// One without; below it may be some, and in the archives in it, which are named.
    Other(Walk, Vec<OsString>),
}

/// A directory in another that holds a backup, listed if it had to be to know that.
pub struct Nested {
    /// Where it is.
    pub path: PathBuf,
    walk: Option<Walk>,
}

impl Nested {
    /// Looks into it.
    ///
    /// # Errors
    /// A directory that cannot be read.
    pub fn look(self, reading: &Reading) -> Result<Looked, InputError> {
        match self.walk {
            Some(walk) => Ok(Backups::look(walk, reading)),
            None => Ok(Backups::look(walk(&self.path)?, reading)),
        }
    }
}

/// A directory, listed.
pub(crate) fn walk(path: &Path) -> Result<Walk, InputError> {
    Walk::of(Box::new(Directory::new(path)))
}

impl Backups {
    /// The release that the name of the directory speaks of.
    pub fn release(&self) -> Option<&str> {
        self.named.as_ref()?.version()
    }

    /// The snapshot that a restore from it takes: what `cluster-restore.sh` would, or the only one. `None` where that is
    /// not certain.
    #[must_use]
    pub fn restorable(&self) -> Option<PathBuf> {
        if let Some(name) = self.picks.snapshot.as_ref().filter(|_| self.layout == Layout::Files) {
            return Some(self.path.join(name));
        }
        let mut snapshots = self.backups.iter().filter_map(|backup| backup.snapshot.clone());
        snapshots.next().filter(|_| snapshots.next().is_none())
    }

    /// A name for one of its backups: the directory and the timestamp, or the one file.
    pub fn name_of(&self, backup: &BackupFiles) -> String {
        let text = |path: &Path| path.to_string_lossy().into_owned();
        match (&backup.timestamp, backup.files().next()) {
            (Some(timestamp), _) => {
                let dirty = if backup.dirty { "__POSSIBLY_DIRTY__" } else { "" };
                text(&self.path.join(format!("{timestamp}{dirty}")))
            }
            (None, Some(file)) if backup.files().count() == 1 && self.layout == Layout::Files => text(file),
            (None, _) => text(&self.path),
        }
    }

    /// Looks into a directory: at the names, and at the first bytes of every file.
    ///
    /// # Errors
    /// A directory that cannot be read, has no backup in it, or has too many files to be one of backups.
    pub fn of(path: &Path, reading: &Reading) -> Result<Self, InputError> {
        match Self::look(walk(path)?, reading) {
            Looked::Backups(found) => Ok(*found),
            Looked::Other(walk, _) => Err(none_in(&walk)),
        }
    }

    /// Looks into a directory as [`Backups::of`] does; one without a backup is given back as it was listed.
    ///
    /// # Errors
    /// A directory that cannot be read, or has too many files to be one of backups.
    pub fn at(path: &Path, reading: &Reading) -> Result<Looked, InputError> {
        Ok(Self::look(walk(path)?, reading))
    }

    pub(crate) fn look(walk: Walk, reading: &Reading) -> Looked {
        let path = walk.path().to_path_buf();
        let layout = Layout::of(|inner| walk.has(inner));
        let names: Vec<String> = walk.entries().iter().map(name).collect();
        let picks = Picks::of(names.iter().map(String::as_str));
        let whole = fs::canonicalize(&path).unwrap_or_else(|_| path.clone());
        let named = DirectoryName::parse(&name_of(&whole));
        if let Some(database) = layout.database() {
            let backups = vec![BackupFiles { snapshot: Some(path.join(database)), ..BackupFiles::default() }];
            let version_file = (layout == Layout::MicroShift).then(|| version_of(&walk, reading)).flatten();
            let (unfinished, archives) = (Vec::new(), Vec::new());
            return Looked::Backups(Box::new(Self {
                archives,
                path,
                backups,
                unfinished,
                picks,
                named,
                layout,
                version_file,
                beside: OnceLock::new(),
                walk,
            }));
        }
        let directory::Grouped { backups, unfinished } = directory::grouped(&listed(&walk, &path, reading));
        let archives = archives(&walk, reading);
        if backups.is_empty() {
            walk.keep(|_| false);
            return Looked::Other(walk, archives);
        }
        let (version_file, beside) = (None, OnceLock::new());
        let found = Self { archives, path, backups, unfinished, picks, named, layout, version_file, beside, walk };
        found.walk.keep(|name| {
            let path = found.path.join(name);
            found.backups.iter().any(|backup| backup.files().any(|file| file == path))
        });
        Looked::Backups(Box::new(found))
    }

    /// One of its files, open since it was looked at.
    ///
    /// # Errors
    /// Whatever keeps it from being opened.
    pub fn open(&self, path: &Path, reading: &Reading) -> Result<Contents, InputError> {
        self.walk.open(path.strip_prefix(&self.path).unwrap_or(path).as_os_str(), reading)
    }

    /// The directories in it that hold a backup each: see [`nested`].
    pub fn nested(&self) -> Vec<Nested> {
        nested(&self.walk)
    }

    /// The write-ahead log beside the database of a data directory, MicroShift's copy of one included; `None` where there is
    /// none. A segment is in memory while it is read.
    ///
    /// # Errors
    /// Whatever keeps a segment from being read.
    pub fn log(&self, reading: &Reading) -> Option<Result<Log, InputError>> {
        let database = self.layout.database()?;
        let (_, place) = DATA.iter().find(|(place, _)| *place == database)?;
        let mut parts = place.split('/');
        let first = self.walk.inner(parts.next()?.as_ref())?;
        let folder = parts.try_fold(first, |walk, part| walk.ok()?.inner(part.as_ref()))?;
        Some(folder.and_then(|folder| read_log(&folder, reading)))
    }

    /// The deltas that go on from a full snapshot in it: see [`deltas::follow`].
    pub fn deltas(&self, full: &Path, scan: &Scan<'_>, reading: &Reading) -> Option<Deltas> {
        deltas::follow(&self.walk, &name_of(full), scan, reading, &mut |_, _| {})
    }

    /// What in it is passed over, as stored, and why.
    pub fn ignored(&self) -> &[(Vec<u8>, Ignored)] {
        self.walk.ignored()
    }

    /// The files beside the snapshot that may hold certificates, by their names in the directory: PEM, and texts. Of which of
    /// them a cluster takes its certificates, no name decides: `pki/`, `server/tls/`, `ssl/`, `certs/`, the secrets of a cluster.
    pub fn certificates(&self, reading: &Reading) -> Vec<(&str, &[u8])> {
        let beside = self.beside(reading);
        let files = beside.certificates.iter().chain(&beside.keys);
        let named =
            files.filter_map(|file| Some((file.path.strip_prefix(&self.path).ok()?.to_str()?, &file.bytes[..])));
        named.collect()
    }

    /// What the files beside the snapshot say that may hold keys, those of its folders included.
    pub fn key_files(&self, reading: &Reading) -> &[KeyFile] {
        &self.beside(reading).keys
    }

    /// The small files beside the snapshot, read once.
    fn beside(&self, reading: &Reading) -> &Beside {
        self.beside.get_or_init(|| {
            Beside::of(&self.walk, reading, &|path| {
                self.backups.iter().any(|backup| backup.files().any(|file| file == path))
            })
        })
    }
}

/// Reads the segments of a log, in the order of their names.
fn read_log(folder: &Walk, reading: &Reading) -> Result<Log, InputError> {
    let mut log = Log::default();
    let segments = folder.entries().iter().filter(|entry| name(entry).ends_with(".wal"));
    for entry in segments {
        let mut contents = folder.open(&entry.name, reading)?;
        let mut bytes = Vec::new();
        let read = contents.stored(&|_| {}).take(SEGMENT).read_to_end(&mut bytes);
        read.map_err(|error| contents.failed(error))?;
        log.take(&bytes);
    }
    Ok(log)
}

/// A file that may hold keys. It is wiped when it is dropped.
pub struct KeyFile {
    /// Where it is.
    pub path: PathBuf,
    /// What it says.
    pub bytes: Zeroizing<Vec<u8>>,
}

/// The small files of a directory and of its folders.
#[derive(Default)]
struct Beside {
    /// Those that may hold keys.
    keys: Vec<KeyFile>,
    /// Certificates in PEM.
    certificates: Vec<KeyFile>,
}

impl Beside {
    fn of(walk: &Walk, reading: &Reading, known: &dyn Fn(&Path) -> bool) -> Self {
        let mut search = KeySearch { reading, looked: 0, found: Self::default() };
        search.folder(walk, DEPTH, known);
        search.found
    }
}

/// The files of a directory and of its folders that may hold keys.
pub(crate) fn key_files_of(walk: &Walk, reading: &Reading) -> Vec<KeyFile> {
    Beside::of(walk, reading, &|_| false).keys
}

/// Looks for files that may hold keys or certificates: by their sizes, then by how they begin, and none is read of which that
/// says no.
struct KeySearch<'r> {
    reading: &'r Reading,
    looked: usize,
    found: Beside,
}

impl KeySearch<'_> {
    fn folder(&mut self, walk: &Walk, depth: usize, known: &dyn Fn(&Path) -> bool) {
        for entry in walk.entries() {
            let path = walk.path().join(&entry.name);
            if self.looked >= KEY_FILES || known(&path) {
                continue;
            }
            match entry.kind {
                EntryKind::File => self.file(walk, entry, path),
                EntryKind::Folder if depth > 0 => {
                    if let Some(Ok(inner)) = walk.inner(&entry.name) {
                        self.folder(&inner, depth - 1, known);
                        inner.keep(|_| false);
                    }
                }
                EntryKind::Folder | EntryKind::Other => {}
            }
        }
    }

    fn file(&mut self, walk: &Walk, entry: &Entry, path: PathBuf) {
        if !(1..=SMALL).contains(&entry.size) {
            return;
        }
        self.looked += 1;
        let alone = matches!(entry.size, 16 | 24 | 32);
        let list = match walk.look(entry, self.reading) {
            Some(Looks::Json | Looks::Yaml | Looks::Text) => &mut self.found.keys,
            Some(Looks::Random | Looks::Unknown) if alone => &mut self.found.keys,
            Some(Looks::Pem(label)) if label == "CERTIFICATE" => &mut self.found.certificates,
            _ => return,
        };
        if let Some(bytes) = walk.open(&entry.name, self.reading).ok().and_then(small) {
            list.push(KeyFile { path, bytes });
        }
    }
}

/// The error for a directory that holds no backup.
pub fn none_in(walk: &Walk) -> InputError {
    InputError::Directory { path: walk.path().to_path_buf(), listing: walk.listing() }
}

/// The directories in a directory that hold a backup each: those of updates and schedules, by their names or by what is
/// in them.
pub fn nested(walk: &Walk) -> Vec<Nested> {
    let folders = walk.entries().iter().filter(|entry| entry.kind == EntryKind::Folder).take(DIRECTORIES);
    // a folder of an archive is nowhere but in this walk
    let on_disk = walk.path().is_dir();
    let holding = folders.filter_map(|entry| {
        let path = walk.path().join(&entry.name);
        if on_disk && DirectoryName::parse(&name(entry)).is_some() {
            return Some(Nested { path, walk: None });
        }
        let inner = walk.inner(&entry.name)?.ok()?;
        let names = inner.entries().iter().map(name);
        let is_named = DirectoryName::parse(&name(entry)).is_some();
        let holds = is_named || directory::holds_backups(names, |name| inner.has(name));
        holds.then_some(Nested { path, walk: Some(inner) })
    });
    holding.collect()
}

/// The archives of other files in a directory, by name, whatever they hold.
fn archives(walk: &Walk, reading: &Reading) -> Vec<OsString> {
    let is_archive = |entry: &&Entry| {
        matches!(walk.look(entry, reading), Some(Looks::Zip | Looks::Tar { static_resources: false, .. }))
    };
    walk.entries().iter().filter(is_archive).map(|entry| entry.name.clone()).collect()
}

/// Files that were named one by one, looked at and open until their turn.
pub struct NamedFiles {
    walk: Walk,
    /// The backups that they make up; a file of none is meant by itself.
    pub backups: Vec<BackupFiles>,
}

impl NamedFiles {
    /// Looks at the first bytes of each.
    ///
    /// # Errors
    /// None: a file that cannot be opened is told of when its turn comes.
    pub fn of(paths: &BTreeSet<&Path>, reading: &Reading) -> Result<Self, InputError> {
        let walk = Walk::of(Box::new(Files::new(paths.iter().map(|path| path.to_path_buf()))))?;
        let backups = directory::of_named(&listed(&walk, Path::new(""), reading));
        Ok(Self { walk, backups })
    }

    /// One of them, open since it was looked at, or any other file.
    ///
    /// # Errors
    /// Whatever keeps it from being opened.
    pub fn open(&self, path: &Path, reading: &Reading) -> Result<Contents, InputError> {
        self.walk.open(path.as_os_str(), reading)
    }
}

/// What grouping must know of the files of a walk.
fn listed(walk: &Walk, path: &Path, reading: &Reading) -> Vec<Listed> {
    let by_content = |entry: &Entry| match walk.look(entry, reading)? {
        // one that a transfer changed is not read, and must not be passed over
        looks if looks.is_bbolt() || looks == Looks::Transferred => Some(BackupFile::Snapshot),
        Looks::Tar { static_resources: true, .. } => Some(BackupFile::StaticKubeResources),
        _ => None,
    };
    let listed = |entry: &Entry| Listed {
        path: path.join(&entry.name),
        regular: entry.kind == EntryKind::File,
        by_content: by_content(entry),
    };
    walk.entries().iter().map(listed).collect()
}

fn name(entry: &Entry) -> String {
    entry.name.to_string_lossy().into_owned()
}

/// The most that is read of a segment: etcd begins a new one at 64 MB, behind whatever is written then.
const SEGMENT: u64 = 256 << 20;
/// Files that are looked at for keys, and folders in folders: `etc/kubernetes/enc/`, `server/cred/`.
const KEY_FILES: usize = 2000;
const DEPTH: usize = 4;
/// The largest of them: the state of a cluster with all its certificates has a few MiB.
const SMALL: u64 = 8 << 20;

/// A small file, whole; `None` for any other.
pub(crate) fn small(mut contents: Contents) -> Option<Zeroizing<Vec<u8>>> {
    let length = contents.size_on_disk().filter(|length| *length <= SMALL)?;
    // one allocation: growing would leave a copy behind
    let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(length).ok()? + 1));
    contents.stored(&|_| {}).take(length + 1).read_to_end(&mut bytes).ok()?;
    (bytes.len() as u64 == length).then_some(bytes)
}

/// The release in a file `{"version":"4.18.3","deployment_id":"..","boot_id":".."}`; nothing that is no version.
fn version_of(walk: &Walk, reading: &Reading) -> Option<String> {
    let file = small(walk.open("version".as_ref(), reading).ok()?)?;
    let said: serde_json::Value = serde_json::from_slice(&file).ok()?;
    let version = said.get("version")?.as_str()?;
    version.parse::<version_compat::Version>().is_ok().then(|| version.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot() -> Vec<u8> {
        let mut bytes = vec![7; 4 * 4096];
        bytes[16..20].copy_from_slice(&0xED0C_DAEDu32.to_le_bytes());
        bytes
    }

    fn tar() -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_gnu();
        header.set_size(0);
        builder.append_data(&mut header, "static-pod-resources/a", std::io::empty()).unwrap();
        builder.into_inner().unwrap()
    }

    #[test]
    fn files_go_together_by_timestamp_oldest_first() {
        let folder = tempfile::tempdir().unwrap();
        let put = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
        let (old, new) = ("2026-11-22_010203", "2026-11-23_010203");
        put(&format!("snapshot_{new}.db"), &snapshot());
        put(&format!("static_kuberesources_{new}.tar.gz"), b"");
        put(&format!("static_kuberesources_{new}.keyless.tar.gz"), &tar());
        put(&format!("snapshot_{new}__POSSIBLY_DIRTY__.db"), &snapshot());
        put(&format!("static_kuberesources_{old}.keyless.tar.gz"), &tar());
        put("copied-by-hand", &snapshot());
        put("resources.bin", &tar());
        put("notes.txt", b"notes");
        put(&format!("snapshot_{new}.db.part"), b"half");
        fs::create_dir(folder.path().join("snapshot_2026-11-24_010203.db")).unwrap();
        let found = Backups::of(folder.path(), &Reading::default()).unwrap();
        let name = |path: &Option<PathBuf>| {
            path.as_ref().map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()).unwrap_or_default()
        };
        let rows: Vec<_> = found
            .backups
            .iter()
            .map(|it| (it.timestamp.as_deref(), it.dirty, name(&it.snapshot), name(&it.tarball), it.others.len()))
            .collect();
        assert_eq!(
            rows,
            [
                (Some(old), false, String::new(), format!("static_kuberesources_{old}.keyless.tar.gz"), 0),
                (Some(new), false, format!("snapshot_{new}.db"), format!("static_kuberesources_{new}.tar.gz"), 1),
                (Some(new), true, format!("snapshot_{new}__POSSIBLY_DIRTY__.db"), String::new(), 0),
                (None, false, "copied-by-hand".to_owned(), String::new(), 0),
                (None, false, String::new(), "resources.bin".to_owned(), 0),
            ]
        );
        assert_eq!(found.unfinished, [format!("snapshot_{new}.db.part")]);
    }

    #[test]
    fn a_directory_without_a_backup_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("notes.txt"), "notes").unwrap();
        let error = Backups::of(folder.path(), &Reading::default()).err().unwrap();
        assert!(error.to_string().ends_with("is a directory without a snapshot in it"), "{error}");
        assert!(matches!(Backups::of(Path::new("/nonexistent"), &Reading::default()), Err(InputError::Missing { .. })));
    }
}
