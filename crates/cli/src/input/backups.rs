//! The backups in a directory: which files belong to one, by content and by name.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use artifact::{HEAD, InputError, Listing, Looks, look, open_regular};
use backup_facts::layout::{DirectoryName, Layout};
use backup_facts::picks::Picks;
use static_resources::{BackupFile, BackupName};
use zeroize::Zeroizing;

/// No directory of backups has more; more than that is refused rather than looked at in part.
const ENTRIES: usize = 100_000;
/// Directories of backups in one directory.
const DIRECTORIES: usize = 10_000;

/// What the name of a backup's file says, compressed or with its keys split off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileName {
    /// Which file.
    pub file: BackupFile,
    /// `YYYY-MM-DD_HHMMSS` as written: the node's local time.
    pub timestamp: String,
    /// Taken with `--force`.
    pub dirty: bool,
    /// `.keyless`: written by a split.
    pub keyless: bool,
}

impl FileName {
    /// Reads a file name; `None` for any other.
    pub fn parse(name: &str) -> Option<Self> {
        let stem = [".gz", ".zst"].iter().find_map(|end| name.strip_suffix(end)?.strip_suffix(".db"));
        if let Some(stem) = stem {
            return Self::plain(&format!("{stem}.db"), false);
        }
        let stem = [".tar.gz", ".tar", ".tgz"].iter().find_map(|end| name.strip_suffix(end));
        let Some(stem) = stem else { return Self::plain(name, false) };
        let keyless = stem.strip_suffix(".keyless");
        Self::plain(&format!("{}.tar.gz", keyless.unwrap_or(stem)), keyless.is_some())
    }

    fn plain(name: &str, keyless: bool) -> Option<Self> {
        let BackupName { file, timestamp, dirty } = BackupName::parse(name)?;
        Some(Self { file, timestamp, dirty, keyless })
    }
}

/// Files that belong together by the timestamp in their names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Backup {
    /// `None` for a file whose name tells none, which then stands alone.
    pub timestamp: Option<String>,
    /// Taken with `--force`.
    pub dirty: bool,
    /// The snapshot.
    pub snapshot: Option<PathBuf>,
    /// The tarball; if there is no other, the one without keys.
    pub tarball: Option<PathBuf>,
    /// Further files of that timestamp: a tarball without keys beside the whole one, a second copy.
    pub others: Vec<PathBuf>,
}

impl Backup {
    /// The backups that files named one by one make up, as they would in a directory; none where all are of one kind, by
    /// their content, so that each is meant by itself.
    pub fn of_files(paths: &BTreeSet<&Path>) -> Vec<Self> {
        let of_kind = |wanted: BackupFile| paths.iter().any(|path| kind_of(path, &name_of(path)) == Some(wanted));
        if !of_kind(BackupFile::Snapshot) || !of_kind(BackupFile::StaticKubeResources) {
            return Vec::new();
        }
        grouped(paths.iter().map(|path| path.to_path_buf()).collect()).0
    }

    /// All its files, the snapshot first.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.snapshot.iter().chain(&self.tarball).chain(&self.others).map(PathBuf::as_path)
    }

    fn take(&mut self, kind: BackupFile, path: PathBuf) {
        let slot = match kind {
            BackupFile::Snapshot => &mut self.snapshot,
            BackupFile::StaticKubeResources => &mut self.tarball,
        };
        if slot.is_none() { *slot = Some(path) } else { self.others.push(path) }
    }
}

/// What a directory holds of backups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backups {
    /// The directory.
    pub path: PathBuf,
    /// The backups, oldest first; files without a timestamp last.
    pub backups: Vec<Backup>,
    /// Names of saves that were never finished.
    pub unfinished: Vec<String>,
    /// What `cluster-restore.sh` would take.
    pub picks: Picks,
    /// What its own name says.
    pub named: Option<DirectoryName>,
    /// How it is laid out.
    pub layout: Layout,
    /// The release that MicroShift's file `version` tells.
    pub version_file: Option<String>,
}

impl Backups {
    /// The release that the name of the directory speaks of.
    pub fn release(&self) -> Option<&str> {
        self.named.as_ref()?.version()
    }

    /// A name for one of its backups: the directory and the timestamp, or the one file.
    pub fn name_of(&self, backup: &Backup) -> String {
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

    /// The directories in `path` that hold a backup each: those of updates and schedules, by their names or by what is
    /// in them. None where `path` itself holds backups.
    ///
    /// # Errors
    /// A directory that cannot be read.
    pub fn nested(path: &Path) -> Result<Vec<PathBuf>, InputError> {
        let paths = entries(path)?;
        let holds = |path: &PathBuf| Layout::of(|inner| path.join(inner).exists()) != Layout::Files;
        let is_backup = |path: &PathBuf| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let files = || entries(path).unwrap_or_default();
            let named = |file: &PathBuf| {
                let name = file.file_name().unwrap_or_default().to_string_lossy();
                FileName::parse(&name).is_some() || backup_facts::picks::matches(&name).is_some()
            };
            DirectoryName::parse(&name).is_some() || holds(path) || files().iter().any(named)
        };
        Ok(paths.into_iter().filter(|path| path.is_dir()).take(DIRECTORIES).filter(is_backup).collect())
    }

    /// Looks into a directory: at the names, and at the first bytes of every file.
    ///
    /// # Errors
    /// A directory that cannot be read, has no backup in it, or has too many files to be one of backups.
    pub fn of(path: &Path) -> Result<Self, InputError> {
        let paths = entries(path)?;
        let layout = Layout::of(|inner| path.join(inner).exists());
        let names: Vec<String> = paths.iter().map(|path| name_of(path)).collect();
        let picks = Picks::of(names.iter().map(String::as_str));
        let named = fs::canonicalize(path).ok().and_then(|whole| DirectoryName::parse(&name_of(&whole)));
        if let Some(database) = layout.database() {
            let backup = Backup { snapshot: Some(path.join(database)), ..Backup::default() };
            let version_file = (layout == Layout::MicroShift).then(|| version_of(&path.join("version"))).flatten();
            let (path, backups) = (path.to_path_buf(), vec![backup]);
            return Ok(Self { path, backups, unfinished: Vec::new(), picks, named, layout, version_file });
        }
        let (backups, unfinished) = grouped(paths);
        if backups.is_empty() {
            return Err(InputError::Directory { path: path.to_path_buf(), listing: Listing::of(path) });
        }
        Ok(Self { path: path.to_path_buf(), backups, unfinished, picks, named, layout, version_file: None })
    }

    /// Where keys lie beside the snapshot: in `secrets/`, or where a snapshot has no other place for them.
    pub fn key_folder(&self) -> PathBuf {
        if self.layout == Layout::HostedControlPlane { self.path.join("secrets") } else { self.path.clone() }
    }

    /// What the files say that may hold a key of a hosted control plane: those of `secrets/`, or those beside a snapshot
    /// that has no other place for them. Wiped when they are dropped.
    pub fn key_files(&self) -> Vec<Zeroizing<Vec<u8>>> {
        let is_document = |path: &PathBuf| {
            let end = path.extension().and_then(std::ffi::OsStr::to_str).unwrap_or_default();
            matches!(end, "json" | "yaml" | "yml" | "key") && path.is_file()
        };
        let files = entries(&self.key_folder()).unwrap_or_default().into_iter().filter(is_document).take(KEY_FILES);
        files.filter_map(|path| small(&path)).collect()
    }
}

/// Files that are looked at for keys.
const KEY_FILES: usize = 100;
/// The largest of them: a Secret ends at 1 MiB, base64 adds a third.
const SMALL: u64 = 2 << 20;

/// A small file, whole; `None` for any other.
fn small(path: &Path) -> Option<Zeroizing<Vec<u8>>> {
    let file = open_regular(path).ok()?;
    let length = file.metadata().ok().map(|metadata| metadata.len()).filter(|length| *length <= SMALL)?;
    // one allocation: growing would leave a copy behind
    let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(length).ok()? + 1));
    file.take(length + 1).read_to_end(&mut bytes).ok()?;
    (bytes.len() as u64 == length).then_some(bytes)
}

/// The release in a file `{"version":"4.18.3","deployment_id":"..","boot_id":".."}`; nothing that is no version.
fn version_of(path: &Path) -> Option<String> {
    let said: serde_json::Value = serde_json::from_slice(&small(path)?).ok()?;
    let version = said.get("version")?.as_str()?;
    version.parse::<version_compat::Version>().is_ok().then(|| version.to_owned())
}

/// Files by the timestamps in their names, oldest first, those without one last; and names of saves never finished.
fn grouped(paths: Vec<PathBuf>) -> (Vec<Backup>, Vec<String>) {
    let mut timed: BTreeMap<(String, bool), Vec<Named>> = BTreeMap::new();
    let (mut untimed, mut unfinished) = (Vec::new(), Vec::new());
    for path in paths {
        let name = name_of(&path);
        if name.starts_with("snapshot") && name.ends_with(".part") {
            unfinished.push(name);
        } else if let Some(kind) = kind_of(&path, &name) {
            match FileName::parse(&name) {
                Some(said) => {
                    let key = (said.timestamp, said.dirty);
                    timed.entry(key).or_default().push(Named { keyless: said.keyless, kind, path });
                }
                None => untimed.push((kind, path)),
            }
        }
    }
    let timed = timed.into_iter().map(|((timestamp, dirty), mut files)| {
        files.sort_by_key(|named| named.keyless);
        let mut backup = Backup { timestamp: Some(timestamp), dirty, ..Backup::default() };
        files.into_iter().for_each(|named| backup.take(named.kind, named.path));
        backup
    });
    let mut backups: Vec<Backup> = timed.collect();
    backups.extend(untimed.into_iter().map(|(kind, path)| {
        let mut backup = Backup::default();
        backup.take(kind, path);
        backup
    }));
    join_halves(&mut backups);
    (backups, unfinished)
}

/// A lone snapshot and a lone tarball can only be meant to belong together, whatever their names say.
fn join_halves(backups: &mut Vec<Backup>) {
    let [first, second] = backups.as_slice() else { return };
    let alone = |backup: &Backup| backup.files().count() == 1;
    let (with_snapshot, with_tarball) = if first.snapshot.is_some() { (first, second) } else { (second, first) };
    if !alone(first) || !alone(second) || with_snapshot.snapshot.is_none() || with_tarball.tarball.is_none() {
        return;
    }
    let joined = Backup {
        timestamp: with_snapshot.timestamp.clone().or_else(|| with_tarball.timestamp.clone()),
        dirty: first.dirty || second.dirty,
        snapshot: with_snapshot.snapshot.clone(),
        tarball: with_tarball.tarball.clone(),
        others: Vec::new(),
    };
    *backups = vec![joined];
}

/// The last part of a path, for comparing.
fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// What is in a directory, in the order of the bytes.
fn entries(path: &Path) -> Result<Vec<PathBuf>, InputError> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(path).map_err(|error| InputError::opening(path, error))? {
        paths.push(entry.map_err(|error| InputError::opening(path, error))?.path());
        if paths.len() > ENTRIES {
            return Err(InputError::Crowded { path: path.to_path_buf(), limit: ENTRIES });
        }
    }
    paths.sort_unstable();
    Ok(paths)
}

/// A file whose name tells its time.
struct Named {
    keyless: bool,
    kind: BackupFile,
    path: PathBuf,
}

/// What a file is to a backup. The bytes decide; where they tell nothing, because they are damaged or none, the name.
fn kind_of(path: &Path, name: &str) -> Option<BackupFile> {
    if !fs::metadata(path).is_ok_and(|metadata| metadata.is_file()) {
        return None;
    }
    let mut head = Vec::new();
    let read = open_regular(path).and_then(|file| file.take(HEAD).read_to_end(&mut head));
    let by_content = read.ok().and_then(|_| match look(&head).0 {
        looks if looks.is_bbolt() => Some(BackupFile::Snapshot),
        Looks::Tar { static_resources: true, .. } => Some(BackupFile::StaticKubeResources),
        _ => None,
    });
    by_content.or_else(|| FileName::parse(name).map(|said| said.file))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_time_and_state() {
        use BackupFile::{Snapshot, StaticKubeResources};
        let ts = "2026-11-23_090915";
        for (name, expected) in [
            (format!("snapshot_{ts}.db"), Some((Snapshot, false, false))),
            (format!("snapshot_{ts}.db.gz"), Some((Snapshot, false, false))),
            (format!("snapshot_{ts}__POSSIBLY_DIRTY__.db.zst"), Some((Snapshot, true, false))),
            (format!("static_kuberesources_{ts}.tar.gz"), Some((StaticKubeResources, false, false))),
            (format!("static_kuberesources_{ts}.tar"), Some((StaticKubeResources, false, false))),
            (
                format!("static_kuberesources_{ts}__POSSIBLY_DIRTY__.keyless.tar.gz"),
                Some((StaticKubeResources, true, true)),
            ),
            (format!("static_kuberesources_{ts}.keyless.tar"), Some((StaticKubeResources, false, true))),
            (format!("static_kuberesources_{ts}.escrow.age"), None),
            (format!("snapshot_{ts}.gz"), None),
            (format!("snapshot_{ts}.db.part"), None),
            ("snapshot_yesterday.db".to_owned(), None),
            (".tar.gz".to_owned(), None),
            (".db.gz".to_owned(), None),
        ] {
            let parsed = FileName::parse(&name);
            assert!(parsed.as_ref().is_none_or(|parsed| parsed.timestamp == ts), "{name}");
            assert_eq!(parsed.map(|parsed| (parsed.file, parsed.dirty, parsed.keyless)), expected, "{name}");
        }
    }

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
        let found = Backups::of(folder.path()).unwrap();
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
        let error = Backups::of(folder.path()).unwrap_err();
        assert!(error.to_string().ends_with("is a directory without a snapshot in it"), "{error}");
        assert!(matches!(Backups::of(Path::new("/nonexistent")), Err(InputError::Missing { .. })));
    }
}
