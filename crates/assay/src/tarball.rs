//! One tarball of static pod resources, read.

use std::sync::{Arc, OnceLock};

use artifact::{Contents, InputError, Reading};
use backup_facts::configuration::{InForce, named_member};
use backup_facts::directory::FileName;
use backup_facts::material::{self, ConfigFacts, Row};
use backup_facts::tarball::TarballFacts;
use checks::tarball::Name;
use encryption_config::Fingerprints;
use static_resources::{BackupFile, Limits, MemberPath, ReadError, StaticResources};

use crate::watch::{Note, Phase, Watch};

/// A tarball of static pod resources, read. No `Debug`: it may hold keys.
pub struct Tarball {
    /// Its path as given, or `-`.
    pub path: String,
    /// What its file name says, where it is one of a backup.
    pub named: Option<FileName>,
    /// Members, faults, facts, and configurations.
    pub facts: TarballFacts,
    /// The encryption configuration that kube-apiserver would use.
    pub in_force: InForce,
    name: Name,
    display: String,
    encryption: OnceLock<Vec<Encryption>>,
    prints: Arc<Fingerprints>,
}

/// An encryption configuration, its key bytes left behind.
#[derive(Debug)]
pub struct Encryption {
    /// The member it stands in.
    pub member: MemberPath,
    /// What it says.
    pub facts: ConfigFacts,
}

impl Tarball {
    /// Reads an archive from one end to the other; `prints` are the fingerprints of the run.
    ///
    /// # Errors
    /// When reading fails, the file changed meanwhile, or it holds no static pod resources.
    pub(crate) fn read(
        mut packed: Contents,
        reading: &Reading,
        prints: Arc<Fingerprints>,
        watch: &dyn Watch,
    ) -> Result<Self, InputError> {
        watch.phase(Phase::Reading, packed.size_on_disk());
        let facts = read(&mut packed, reading, &|bytes| watch.advance(bytes))?;
        let named = packed.file_name().and_then(FileName::parse);
        let named = named.filter(|named| named.file == BackupFile::StaticKubeResources);
        let name = name(packed.file_name(), named.as_ref());
        let in_force = InForce::of_tarball(&facts, name.keyless);
        let display = packed.display().to_owned();
        Ok(Self { path: packed.name(), named, facts, in_force, name, display, encryption: OnceLock::new(), prints })
    }

    /// Members, faults and facts.
    #[must_use]
    pub fn resources(&self) -> &StaticResources {
        &self.facts.resources
    }

    /// Its name for messages.
    pub(crate) fn display(&self) -> &str {
        &self.display
    }

    /// What its file name says to the checks.
    pub(crate) fn name(&self) -> Name {
        self.name
    }

    /// The configurations that stand where kube-apiserver looks for one, in use or not, in the order of the archive.
    #[must_use]
    pub fn configurations(&self) -> &[Encryption] {
        self.encryption.get_or_init(|| {
            // first come, first served: the keys that matter most come first
            if let Some(config) = self.in_force.configs().next() {
                ConfigFacts::of(config, &self.prints);
            }
            let in_place = self.facts.configurations.iter().filter(|found| found.in_place);
            let read = in_place.filter_map(|found| {
                let config = found.parsed.as_ref().ok()?;
                Some(Encryption { member: found.member.clone(), facts: ConfigFacts::of(config, &self.prints) })
            });
            read.collect()
        })
    }

    /// The encryption configuration that kube-apiserver would use.
    #[must_use]
    pub fn encryption(&self) -> Option<&Encryption> {
        let member = self.in_force.member()?;
        // a later member of the same path replaces an earlier one
        self.configurations().iter().rev().find(|encryption| encryption.member == *member)
    }

    /// Whether a configuration is asked for that is not there.
    #[must_use]
    pub fn is_keyless(&self) -> bool {
        matches!(self.in_force, InForce::HeldApart)
    }

    /// The member that kube-apiserver is told to read its encryption configuration from.
    #[must_use]
    pub fn named_member(&self) -> Option<&str> {
        named_member(&self.facts.resources)
    }

    /// Its key material and public keys, in the order of the archive.
    #[must_use]
    pub fn rows(&self) -> Vec<Row> {
        material::rows(&self.facts.resources, |member| {
            let here = self.configurations().iter().rev().find(|encryption| encryption.member == *member);
            here.into_iter().flat_map(|encryption| encryption.facts.real_keys()).collect()
        })
    }

    /// What to say where some keys were not given a fingerprint.
    pub(crate) fn few_fingerprints(&self) -> Option<Note> {
        let words = self.encryption()?.facts.limit_words()?;
        Some(Note::FewFingerprints { display: self.display.clone(), words })
    }
}

fn read(packed: &mut Contents, reading: &Reading, advance: artifact::Advance<'_>) -> Result<TarballFacts, InputError> {
    let limits = Limits { expansion: reading.max_expanded, ..Limits::default() };
    let outcome = TarballFacts::read(packed.stored(advance), &limits);
    let facts = match outcome {
        Ok(facts) => facts,
        Err(ReadError::Io(error)) => return Err(packed.failed(error)),
        Err(_) => return Err(packed.refused()),
    };
    packed.check_unchanged()?;
    // an archive that breaks off at once has no pod, and its first header says what it was
    if facts.resources.static_pods.pods.is_empty() && !packed.begins_as_expected() {
        return Err(packed.refused());
    }
    Ok(facts)
}

fn name(file_name: Option<&str>, named: Option<&FileName>) -> Name {
    Name {
        dirty: named.is_some_and(|named| named.dirty),
        keyless: named.is_some_and(|named| named.keyless),
        restorable: file_name.is_some_and(|name| name.starts_with("static_kuberesources") && name.ends_with(".tar.gz")),
    }
}
