//! The backups that a path leads to, and one of them, open.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use artifact::{Contents, InputError, Reading};
use backup_facts::configuration::{InForce, Why, in_force};
use backup_facts::directory::BackupFiles as Files;
use backup_facts::opening::{Encryption, Options, Unlocked, examine_with_keys, hypershift_config, read_keys};
use backup_facts::platform::Platform;
use backup_facts::snapshot::{QuotaClaims, SnapshotFacts};
use backup_facts::tarball::TarballFacts;
use backup_facts::version::Sources;
use encryption_config::EncryptionConfig;

use crate::directory::{self, Looked, nested, none_in};
use crate::error::Error;
use crate::pool::Pool;
use crate::question::{Keys, Question};
use crate::watch::{Phase, Watch};
use crate::{pair, tarball};

/// The backups that a path led to, oldest first. Files are read when their turn comes, so a thousand cost no more memory
/// than one.
#[derive(Debug)]
pub struct Backups {
    pub(crate) directories: Vec<Arc<directory::Backups>>,
    pub(crate) alone: Option<PathBuf>,
    reading: Reading,
}

/// One backup, open. No `Debug`: its tarball may hold keys.
pub struct Backup {
    pub(crate) name: String,
    pub(crate) directory: Option<Arc<directory::Backups>>,
    pub(crate) files: Files,
    pub(crate) snapshot: Option<Contents>,
    pub(crate) tarball: Option<Tarball>,
    pub(crate) unread: Vec<(PathBuf, String)>,
    reading: Reading,
}

/// The tarball of a backup, read.
pub(crate) struct Tarball {
    pub(crate) path: String,
    pub(crate) file_name: Option<String>,
    pub(crate) facts: TarballFacts,
}

/// Everything that a backup says, without judgement. No `Debug`: it holds keys.
#[non_exhaustive]
pub struct Facts<'b> {
    /// What the snapshot says.
    pub snapshot: Option<SnapshotFacts<'b>>,
    /// What the tarball says.
    pub tarball: Option<&'b TarballFacts>,
    /// How the backup was made.
    pub platform: Platform,
    /// The configuration that a restored cluster reads with.
    pub in_force: InForce,
    /// What opening every encrypted value came to.
    pub encryption: Option<Encryption>,
    /// The keys that were found, ready to open values.
    pub keys: Unlocked,
    directory: Option<&'b directory::Backups>,
}

impl Facts<'_> {
    /// What says which release the backup is of.
    #[must_use]
    pub fn sources(&self) -> Sources<'_> {
        pair::sources(self.snapshot.as_ref(), self.tarball.map(|tarball| &tarball.resources), self.directory)
    }
}

impl Backups {
    pub(crate) fn open(path: &Path, reading: Reading) -> Result<Self, Error> {
        if !path.is_dir() {
            return Ok(Self { directories: Vec::new(), alone: Some(path.to_path_buf()), reading });
        }
        let mut directories = Vec::new();
        collect(directory::Backups::at(path, &reading)?, &reading, &mut directories)?;
        Ok(Self { directories, alone: None, reading })
    }

    /// The directories that hold them; none where a file was named.
    pub fn directories(&self) -> impl Iterator<Item = &directory::Backups> {
        self.directories.iter().map(AsRef::as_ref)
    }

    /// The files of each backup.
    pub fn files(&self) -> impl Iterator<Item = &Files> {
        self.directories.iter().flat_map(|directory| &directory.backups)
    }

    /// Reads one of [`Self::files`]: each of its files once.
    ///
    /// # Errors
    /// Where none of its files can be read.
    pub fn read(&self, files: &Files, watch: &dyn Watch) -> Result<Backup, Error> {
        let mut directories = self.directories.iter();
        let directory = directories.find(|directory| directory.backups.contains(files)).map(Arc::clone);
        let name = match (&directory, files.files().next()) {
            (Some(directory), _) => directory.name_of(files),
            (None, first) => first.map(|path| path.to_string_lossy().into_owned()).unwrap_or_default(),
        };
        let mut backup = Backup {
            name,
            directory,
            files: files.clone(),
            snapshot: None,
            tarball: None,
            unread: Vec::new(),
            reading: self.reading,
        };
        watch.before_keys();
        let mut failed = None;
        for path in [&files.snapshot, &files.tarball].into_iter().flatten() {
            if let Err(error) = backup.read(path, &self.reading, watch) {
                backup.unread.push((path.clone(), error.to_string()));
                failed = Some(error);
            }
        }
        match failed {
            Some(error) if backup.snapshot.is_none() && backup.tarball.is_none() => Err(error.into()),
            _ => Ok(backup),
        }
    }

    /// Reads the one file that was named.
    pub(crate) fn read_alone(&self, path: &Path, watch: &dyn Watch) -> Result<Backup, Error> {
        let files = Files { snapshot: Some(path.to_path_buf()), ..Files::default() };
        self.read(&files, watch)
    }
}

/// The directory, where it holds backups, else those in it that do.
fn collect(looked: Looked, reading: &Reading, found: &mut Vec<Arc<directory::Backups>>) -> Result<(), InputError> {
    match looked {
        Looked::Backups(backups) => found.push(Arc::from(backups)),
        Looked::Other(walk) => {
            let inner = nested(&walk);
            if inner.is_empty() {
                return Err(none_in(&walk));
            }
            inner.into_iter().try_for_each(|inner| collect(inner.look(reading)?, reading, found))?;
        }
    }
    Ok(())
}

impl Backup {
    fn read(&mut self, path: &Path, reading: &Reading, watch: &dyn Watch) -> Result<(), InputError> {
        watch.phase(Phase::Reading, None);
        let advance = |bytes| watch.advance(bytes);
        let contents = match self.directory.as_deref() {
            Some(directory) => directory.open(path, reading)?,
            None => Contents::open(path)?,
        };
        let mut contents = contents.ready(reading, &advance)?;
        if contents.is_archive() {
            let facts = tarball::read(&mut contents, reading, &advance)?;
            let file_name = contents.file_name().map(str::to_owned);
            self.tarball = Some(Tarball { path: contents.name(), file_name, facts });
        } else {
            contents.expect_snapshot()?;
            self.snapshot = Some(contents);
        }
        Ok(())
    }

    /// Its name: the directory and the timestamp, or the file.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Everything it says, for those who judge by themselves.
    ///
    /// # Errors
    /// Where the snapshot holds no database, or a file changed meanwhile.
    pub fn facts(&self, question: &Question, watch: &dyn Watch) -> Result<Facts<'_>, Error> {
        let snapshot = self.snapshot.as_ref().map(|source| self.read_snapshot(source, question, watch)).transpose()?;
        let platform = pair::platform(self.directory.as_deref(), snapshot.as_ref());
        let in_force = self.in_force(question, platform);
        let (mut encryption, mut keys) = (None, Unlocked::default());
        if let Some(snapshot) = snapshot.as_ref().filter(|_| self.asks_for_keys(question)) {
            watch.phase(Phase::Opening, Some(snapshot.scan.report.db.size()));
            let progress = |bytes| watch.advance(bytes);
            let options = Options { sample: question.sample, progress: Some(&progress) };
            let (found, unlocked) = examine_with_keys(&snapshot.scan, &in_force, &options, &Pool);
            (encryption, keys) = (Some(found), unlocked);
        }
        let tarball = self.tarball.as_ref().map(|tarball| &tarball.facts);
        let directory = self.directory.as_deref();
        Ok(Facts { snapshot, tarball, platform, in_force, encryption, keys, directory })
    }

    fn read_snapshot<'s>(
        &self,
        source: &'s Contents,
        question: &Question,
        watch: &dyn Watch,
    ) -> Result<SnapshotFacts<'s>, Error> {
        watch.phase(Phase::Checking, Some(source.bytes().len() as u64 * 2));
        let tarball = self.tarball.as_ref().and_then(|tarball| tarball.facts.resources.facts.etcd.quota_bytes);
        let claims = QuotaClaims { asked: question.quota, tarball };
        let read = SnapshotFacts::read(source.bytes(), claims, &|bytes| watch.advance(bytes), &Pool);
        let facts = read
            .map_err(|error| Error::NoDatabase { display: source.display().to_owned(), reason: error.to_string() })?;
        source.check_unchanged()?;
        Ok(facts)
    }

    /// Of a file by itself, keys are tried where they were given.
    fn asks_for_keys(&self, question: &Question) -> bool {
        match question.keys {
            Keys::OfTheBackup => !self.is_alone(),
            Keys::Given(_) => true,
            Keys::None => false,
        }
    }

    /// Whether a file was named, and no directory.
    pub(crate) fn is_alone(&self) -> bool {
        self.directory.is_none()
    }

    fn in_force(&self, question: &Question, platform: Platform) -> InForce {
        let given = match &question.keys {
            Keys::OfTheBackup => None,
            Keys::Given(config) => Some(InForce::given(Arc::clone(config))),
            Keys::None => Some(InForce::Unknown { why: Why::Absent }),
        };
        let of_tarball = self.tarball.as_ref().map(|tarball| {
            let marked = tarball::name(tarball.file_name.as_deref()).keyless;
            InForce::of_tarball(&tarball.facts, marked)
        });
        let beside = || {
            let directory = self.directory.as_deref().filter(|directory| directory.backups.len() == 1);
            directory.map(|directory| keys_beside(directory, &self.reading)).unwrap_or_default()
        };
        let decided: Result<InForce, std::convert::Infallible> =
            in_force(given, of_tarball.as_ref(), || Ok(None), beside, platform);
        match decided {
            Ok(decided) => decided,
            Err(never) => match never {},
        }
    }
}

/// Keys that lie beside the snapshot of a hosted control plane.
fn keys_beside(directory: &directory::Backups, reading: &Reading) -> Vec<Arc<EncryptionConfig>> {
    // a HyperShift AES key as it is: 32 bytes and nothing else; no configuration is so short
    let read = |bytes: &[u8]| if bytes.len() == 32 { hypershift_config(bytes) } else { read_keys(bytes) };
    directory.key_files(reading).iter().filter_map(|file| read(file).ok()).map(Arc::new).collect()
}
