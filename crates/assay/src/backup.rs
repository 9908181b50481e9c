//! One backup, open, and everything that it says.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use artifact::{Contents, Reading};
use backup_facts::configuration::{InForce, Why};
use backup_facts::delta::Deltas;
use backup_facts::directory::BackupFiles as Files;
use backup_facts::examine::{Encryption, Options, examine_with_keys};
use backup_facts::opening::Unlocked;
use backup_facts::platform::{Beside, Platform, Recognised};
use backup_facts::snapshot::{Claims, Opened, SnapshotFacts};
use backup_facts::version::{SnapshotRelease, Sources};
use encryption_config::Fingerprints;
use etcd_snapshot::Scan;
use etcd_snapshot::wal::Log;

use crate::database::{intact_database, lost, no_database};
use crate::directory;
use crate::error::Error;
use crate::keys::{self, Decided, Halves, Keys, KeysFrom};
use crate::pair;
use crate::pool::Pool;
use crate::question::{Asks, Question};
use crate::tarball::Tarball;
use crate::watch::{Note, Phase, Watch};

/// One backup, open: a snapshot and a tarball, what there is of them, or a file by itself. No `Debug`: its tarball may
/// hold keys.
pub struct Backup {
    pub(crate) name: String,
    pub(crate) alone: bool,
    pub(crate) directory: Option<Arc<directory::Backups>>,
    pub(crate) files: Files,
    pub(crate) snapshot: Option<Contents>,
    pub(crate) tarball: Option<Tarball>,
    pub(crate) unread: Vec<(PathBuf, Error)>,
    pub(crate) reading: Reading,
    /// Of the run, not of this backup.
    pub(crate) prints: Arc<Fingerprints>,
}

/// Everything that a backup says, without judgement. No `Debug`: it holds keys.
#[non_exhaustive]
pub struct Facts<'b> {
    /// What the snapshot says; `None` where only its keys or its release were asked for.
    pub snapshot: Option<SnapshotFacts<'b>>,
    /// What the tarball says.
    pub tarball: Option<&'b Tarball>,
    /// Which platform it is of, and what says so.
    pub recognised: Recognised,
    /// The configuration that a restored cluster reads with.
    pub in_force: InForce,
    /// What that came in.
    pub keys_from: Option<KeysFrom>,
    /// What opening every encrypted value came to; `None` where that was not asked for, and without a snapshot.
    pub encryption: Option<Encryption>,
    /// The keys that were found, ready to open values.
    pub keys: Unlocked,
    /// Whether the files were read to their ends, and nothing in them is out of reach.
    pub complete: bool,
    /// The walk of a snapshot of which only its keys or its release were asked for.
    pub(crate) walk: Option<Box<Scan<'b>>>,
    /// The deltas beside a full snapshot; `None` where there are none.
    pub deltas: Option<Deltas>,
    /// The write-ahead log beside the database of a data directory; `None` where there is none.
    pub log: Option<DataLog>,
    release: Option<SnapshotRelease>,
    directory: Option<&'b directory::Backups>,
}

impl Facts<'_> {
    /// What says which release the backup is of.
    #[must_use]
    pub fn sources(&self) -> Sources<'_> {
        let resources = self.tarball.map(Tarball::resources);
        let sources = match &self.release {
            Some(release) => {
                let tarball = resources.map(|resources| &resources.static_pods.version);
                pair::in_directory(self.directory, Sources { tarball, ..release.into() })
            }
            None => pair::sources(self.snapshot.as_ref(), resources, self.directory),
        };
        Sources { platform: self.platform(), ..sources }
    }

    /// Which platform it is of.
    #[must_use]
    pub fn platform(&self) -> Platform {
        self.recognised.platform
    }
}

impl Facts<'_> {
    /// What is encrypted in a snapshot of which no value was tried, and under which keys; `None` where values were tried,
    /// or nothing is encrypted.
    #[must_use]
    pub fn keys_not_tried(&self) -> Option<String> {
        let inventory = &self.snapshot.as_ref().filter(|_| self.encryption.is_none())?.inventory;
        let mut needed: Vec<String> = Vec::new();
        let mut values = 0_u64;
        for (_, count) in inventory.resources() {
            for (key, live) in count.encrypted.iter().filter(|(key, _)| !key.key_name.is_empty()) {
                values += *live;
                let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                let name = format!("{} {}", text(&key.provider), text(&key.key_name));
                if !needed.contains(&name) {
                    needed.push(name);
                }
            }
        }
        let (first, more) = (needed.first()?, needed.len() - 1);
        let more = if more == 0 { String::new() } else { format!(" and {more} more") };
        let first = wording::clip(first, LONGEST_KEY);
        Some(format!("{} under key {}{more}", wording::count(values, "encrypted value"), wording::inert(&first)))
    }
}

/// Letters of a key's name in a sentence.
const LONGEST_KEY: usize = 80;

/// What a snapshot was read for.
enum Read<'b> {
    Whole(Box<SnapshotFacts<'b>>),
    Walked(Box<Scan<'b>>),
}

/// The write-ahead log beside a database.
#[derive(Debug)]
pub struct DataLog {
    /// What it says.
    pub log: Log,
    /// The raft index of the database.
    pub index: u64,
}

impl Backup {
    /// Takes all of it out.
    pub(crate) fn taken(&mut self) -> Self {
        Self {
            name: std::mem::take(&mut self.name),
            alone: self.alone,
            directory: self.directory.take(),
            files: std::mem::take(&mut self.files),
            snapshot: self.snapshot.take(),
            tarball: self.tarball.take(),
            unread: std::mem::take(&mut self.unread),
            reading: self.reading,
            prints: Arc::clone(&self.prints),
        }
    }

    /// Takes the next of its files in.
    pub(crate) fn take(&mut self, contents: Contents, watch: &dyn Watch) -> Result<(), Error> {
        watch.phase(Phase::Reading, None);
        let contents = contents.ready(&self.reading, &|bytes| watch.advance(bytes))?;
        if contents.is_archive() {
            self.tarball = Some(Tarball::read(contents, &self.reading, Arc::clone(&self.prints), watch)?);
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

    /// Its snapshot's bytes.
    #[must_use]
    pub fn snapshot(&self) -> Option<&Contents> {
        self.snapshot.as_ref()
    }

    /// Its tarball.
    #[must_use]
    pub fn tarball(&self) -> Option<&Tarball> {
        self.tarball.as_ref()
    }

    /// Its files, by name.
    #[must_use]
    pub fn files(&self) -> &Files {
        &self.files
    }

    /// The directory that it lies in; `None` where its files were named one by one.
    #[must_use]
    pub fn directory(&self) -> Option<&directory::Backups> {
        self.directory.as_deref()
    }

    /// Whether it is a file by itself, of which no other half is missed.
    #[must_use]
    pub fn is_alone(&self) -> bool {
        self.alone
    }

    /// Everything it says, for those who judge by themselves.
    ///
    /// # Errors
    /// Where the snapshot holds no database, keys that are given cannot be had, or a file changed meanwhile.
    pub fn facts<'b>(&'b self, question: &Question, watch: &dyn Watch) -> Result<Facts<'b>, Error> {
        let read = self.snapshot.as_ref().map(|source| self.read_snapshot(source, question, watch)).transpose()?;
        let recognised = match &read {
            Some(Read::Walked(scan)) => Recognised::of_scan(Some(scan), &self.beside(question)),
            Some(Read::Whole(snapshot)) => snapshot.platform.clone(),
            None => Recognised::of_scan(None, &self.beside(question)),
        };
        let Decided { mut in_force, mut from } = self.decide(question, watch)?;
        let (mut encryption, mut keys) = (None, Unlocked::new(self.own_keys(question)));
        let scan = read.as_ref().map(|read| match read {
            Read::Whole(snapshot) => &snapshot.scan,
            Read::Walked(scan) => &**scan,
        });
        if let Some(scan) = scan.filter(|_| self.opens_values(question)) {
            watch.phase(Phase::Opening, Some(scan.walked.db.size()));
            let progress = |bytes| watch.advance(bytes);
            let options = Options { sample: question.sample, progress: Some(&progress) };
            let (found, unlocked) = examine_with_keys(scan, &in_force, &options, &Pool);
            if let ([one], Some(from)) = (&found.from[..], &mut from) {
                from.path.clone_from(one);
            }
            // files that were tried for keys and are none
            if matches!(in_force, InForce::Several(_)) && found.from.is_empty() {
                (in_force, from) = (InForce::Unknown { why: Why::Absent }, None);
            }
            (encryption, keys) = (Some(found), unlocked);
        }
        let complete = self.is_complete(read.as_ref());
        let (mut snapshot, mut walk, mut release) = (None, None, None);
        match read {
            Some(Read::Whole(facts)) => snapshot = Some(*facts),
            Some(Read::Walked(scan)) => {
                release = Some(SnapshotRelease::of(&scan));
                walk = Some(scan);
            }
            None => {}
        }
        if let Some(source) = &self.snapshot {
            source.check_unchanged()?;
        }
        let (tarball, directory) = (self.tarball.as_ref(), self.directory.as_deref());
        watch.done();
        let log = snapshot.as_ref().filter(|_| question.asks.reads_all());
        let log = log.and_then(|snapshot| self.log(snapshot.scan.state.consistent_index, watch));
        let deltas = snapshot.as_ref().and_then(|snapshot| self.deltas(&snapshot.scan));
        if let (Some(chain), Some(full)) = (deltas.as_ref().filter(|chain| chain.is_whole()), &self.files.snapshot) {
            watch.note(&Note::Chain { full: full.clone(), deltas: chain.deltas, newest: chain.newest });
        }
        Ok(Facts {
            snapshot,
            deltas,
            log,
            tarball,
            recognised,
            in_force,
            keys_from: from,
            encryption,
            keys,
            complete,
            walk,
            release,
            directory,
        })
    }

    /// The deltas beside its snapshot.
    fn deltas(&self, scan: &Scan<'_>) -> Option<Deltas> {
        let full = self.files.snapshot.as_deref().filter(|_| !self.alone)?;
        self.directory()?.deltas(full, scan, &self.reading)
    }

    /// The write-ahead log beside the database of a data directory, whose raft index is known.
    fn log(&self, index: Option<u64>, watch: &dyn Watch) -> Option<DataLog> {
        let index = index?;
        match self.directory()?.log(&self.reading)? {
            Ok(log) => Some(DataLog { log, index }),
            Err(error) => {
                watch.note(&Note::NoLog(error.to_string()));
                None
            }
        }
    }

    /// The keys that a question names, and the walk of the snapshot that they are for.
    pub(crate) fn keys_of(&self, question: &Question, watch: &dyn Watch) -> Result<(InForce, Option<Scan<'_>>), Error> {
        let read = self.snapshot.as_ref().map(|source| self.read_snapshot(source, question, watch)).transpose()?;
        let scan = match read {
            Some(Read::Walked(scan)) => Some(*scan),
            Some(Read::Whole(_)) | None => None,
        };
        Ok((self.decide(question, watch)?.in_force, scan))
    }

    /// What tells of its platform besides its snapshot.
    fn beside(&self, question: &Question) -> Beside {
        let directory = self.directory();
        Beside {
            asked: question.platform,
            layout: directory.map(|directory| directory.layout),
            version_file: directory.and_then(|directory| directory.version_file.clone()),
            tarball: self.tarball.is_some(),
        }
    }

    fn read_snapshot<'s>(
        &self,
        source: &'s Contents,
        question: &Question,
        watch: &dyn Watch,
    ) -> Result<Read<'s>, Error> {
        let no_database = |error| no_database(source, error, false);
        let (size, progress) = (source.bytes().len() as u64, |bytes| watch.advance(bytes));
        if question.asks.reads_all() {
            watch.phase(Phase::Checking, Some(size * 2));
            let of_tarball = self.tarball.as_ref().and_then(|tarball| tarball.resources().static_pods.etcd.quota_bytes);
            let claims = Claims { quota: question.quota, tarball_quota: of_tarball, beside: self.beside(question) };
            let facts = SnapshotFacts::read(source.bytes(), &claims, &progress, &Pool).map_err(no_database)?;
            source.check_unchanged()?;
            return Ok(Read::Whole(Box::new(facts)));
        }
        let db = intact_database(source)?;
        watch.phase(Phase::Reading, Some(size));
        let options = etcd_snapshot::Options {
            without_hashes: true,
            progress: Some(&progress),
            ..etcd_snapshot::Options::default()
        };
        let scan = etcd_snapshot::scan(db, options, &Pool);
        source.check_unchanged()?;
        let (faults, records) = lost(&scan);
        if faults > 0 || records > 0 {
            watch.note(&Note::Damaged { display: source.display().to_owned(), faults, records });
        }
        Ok(Read::Walked(Box::new(scan)))
    }

    fn is_complete(&self, read: Option<&Read<'_>>) -> bool {
        let snapshot = match read {
            Some(Read::Whole(facts)) => facts.opened == Opened::Meta && facts.pages.is_none(),
            Some(Read::Walked(scan)) => lost(scan) == (0, 0),
            None => true,
        };
        snapshot && self.tarball.as_ref().is_none_or(|tarball| tarball.resources().complete)
    }

    /// Whether values are opened: of a file by itself only where keys were given, or it is them that are asked about.
    fn opens_values(&self, question: &Question) -> bool {
        match (question.asks, &question.keys) {
            (Asks::Keys, _) => true,
            (Asks::Contents | Asks::Release, _) | (Asks::Restore, Keys::None) => false,
            (Asks::Restore, Keys::OfTheBackup) => !self.alone,
            (Asks::Restore, Keys::Given(_) | Keys::Escrow(_)) => true,
        }
    }

    /// Keys that the tarball holds, where no value is opened and its objects are compared all the same.
    fn own_keys(&self, question: &Question) -> Vec<Arc<encryption_config::EncryptionConfig>> {
        let tarball = self.tarball.as_ref().filter(|_| question.asks == Asks::Contents);
        tarball.iter().flat_map(|tarball| tarball.in_force.configs()).cloned().collect()
    }

    pub(crate) fn decide(&self, question: &Question, watch: &dyn Watch) -> Result<Decided, Error> {
        match question.asks {
            Asks::Restore if self.snapshot.is_some() && (!self.alone || self.opens_values(question)) => {}
            Asks::Keys => {}
            Asks::Restore | Asks::Contents | Asks::Release => {
                let of_tarball = self.tarball.as_ref().map(|tarball| tarball.in_force.clone());
                let absent = InForce::Unknown { why: Why::Absent };
                return Ok(Decided { in_force: of_tarball.unwrap_or(absent), from: None });
            }
        }
        let directory = self.directory().filter(|directory| directory.backups.len() == 1 && !self.alone);
        let (tarball, tarball_path) = (self.tarball.as_ref(), self.files.tarball.as_deref());
        let halves = Halves { tarball, tarball_path, directory, reading: &self.reading };
        let decided = keys::decide(&halves, &question.keys, question.unlock.as_deref(), watch)?;
        if let (Asks::Keys, Keys::OfTheBackup, Some(tarball)) = (question.asks, &question.keys, &self.tarball)
            && let Some(note) = keys::remark(tarball, &decided.in_force)
        {
            watch.note(&note);
        }
        Ok(decided)
    }
}

/// A path as text.
pub(crate) fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
