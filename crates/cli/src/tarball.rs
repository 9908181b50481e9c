//! Everything that one tarball shows: what `inspect` describes and `verify` judges.

use checks::Finding;
use checks::tarball::{Configuration, Facts, Name};
use encryption_config::EncryptionConfig;
use static_resources::{BackupFile, Limits, MemberPath, ReadError, StaticResources};

use crate::exit::Error;
use crate::input::{FileName, PackedTar, Reading};
use crate::inventory::{self, ConfigFacts, Row};
use crate::ui::Ui;

/// What was found in one tarball. Holds no secret.
#[derive(Debug)]
pub struct Tarball {
    /// The path as given, or `-`.
    pub name: String,
    /// What the file name says, where it is one of a backup.
    pub named: Option<FileName>,
    /// Members, faults and facts.
    pub resources: StaticResources,
    /// The encryption configuration that kube-apiserver would use.
    pub encryption: Option<Encryption>,
    /// Whether a configuration is asked for that is not there.
    pub keyless: bool,
    /// What the checks say, worst first.
    pub findings: Vec<Finding>,
    /// Its keys, to be given away once: they are not cloned.
    pub keys: HeldKeys,
}

/// The encryption configuration that kube-apiserver would use, keys and all: wiped when it is dropped, and not shown.
#[derive(Default)]
pub struct HeldKeys(Option<EncryptionConfig>);

impl HeldKeys {
    /// Takes it.
    pub fn take(&mut self) -> Option<EncryptionConfig> {
        self.0.take()
    }
}

impl std::fmt::Debug for HeldKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0.is_some() { "keys" } else { "no keys" })
    }
}

/// The encryption configuration that counts.
#[derive(Debug)]
pub struct Encryption {
    /// The member it stands in.
    pub member: MemberPath,
    /// What it says.
    pub facts: ConfigFacts,
}

impl Tarball {
    /// Reads an archive from one end to the other.
    ///
    /// # Errors
    /// When reading fails, the file changed meanwhile, or it holds no static pod resources.
    pub fn read(mut packed: PackedTar, reading: &Reading, ui: &mut Ui) -> Result<Self, Error> {
        let limits = Limits { expansion: reading.max_expanded, ..Limits::default() };
        let meter = ui.meter("reading", packed.size());
        let advance = |bytes| meter.add(bytes);
        let (mut configurations, mut copies) = (Vec::new(), Vec::new());
        let outcome = static_resources::read_each(packed.bytes(&advance), &limits, |member, bytes| {
            configurations.extend(Configuration::of(member, bytes));
            // once more, to be given away: keys are not cloned
            copies.extend(Configuration::of(member, bytes));
        });
        drop(meter);
        let resources = match outcome {
            Ok(resources) => resources,
            Err(ReadError::Io(error)) => return Err(packed.failed(error).into()),
            Err(_) => return Err(packed.refused().into()),
        };
        packed.check_unchanged()?;
        // an archive that breaks off at once has no pod, and its first header says what it was
        if resources.facts.pods.is_empty() && !packed.begins_as_expected() {
            return Err(packed.refused().into());
        }
        let named = packed.file_name().and_then(FileName::parse);
        let named = named.filter(|named| named.file == BackupFile::StaticKubeResources);
        let name = Name {
            dirty: named.as_ref().is_some_and(|named| named.dirty),
            keyless: named.as_ref().is_some_and(|named| named.keyless),
            restorable: packed
                .file_name()
                .is_some_and(|name| name.starts_with("static_kuberesources") && name.ends_with(".tar.gz")),
        };
        let now = jiff::Timestamp::now().as_second();
        let facts = Facts { resources: &resources, configurations: &configurations, name, now };
        let findings = checks::tarball::check(&facts).into_sorted();
        let keyless = facts.is_keyless();
        let encryption = facts.configuration().and_then(|found| {
            let config = found.parsed.as_ref().ok()?;
            Some(Encryption { member: found.member.clone(), facts: ConfigFacts::of(config) })
        });
        if let Some(words) = encryption.as_ref().and_then(|encryption| encryption.facts.limit_words()) {
            ui.warn(&format!("{}: {words}", packed.display()));
        }
        let used = facts.configuration().map(|used| used.member.clone());
        let of_used = copies.into_iter().find(|copy| Some(&copy.member) == used.as_ref());
        let keys = HeldKeys(of_used.and_then(|copy| copy.parsed.ok()));
        Ok(Self { name: packed.name(), named, resources, encryption, keyless, findings, keys })
    }

    /// Its key material and public keys, in the order of the archive.
    pub fn rows(&self) -> Vec<Row> {
        let encryption = self.encryption.as_ref();
        inventory::rows(&self.resources, |member| {
            let here = encryption.filter(|encryption| encryption.member == *member);
            here.into_iter().flat_map(|encryption| encryption.facts.real_keys()).collect()
        })
    }
}
