//! Everything that one tarball shows: what `inspect` describes and `verify` judges.

use std::collections::HashSet;

use checks::Finding;
use checks::tarball::{Configuration, Facts, Name};
use encryption_config::{EncryptionConfig, Key, KeyUse, ProviderKind, State};
use static_resources::{BackupFile, Limits, ReadError, StaticResources};

use crate::exit::Error;
use crate::input::{FileName, PackedTar, Reading};
use crate::ui::Ui;

/// A fingerprint costs a tenth of a second on purpose; no real configuration has so many keys.
const FINGERPRINTS: usize = 32;

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
    /// Its keys, twice: to open every value, and to compare what Secrets hold.
    pub keys: HeldKeys,
}

/// The encryption configuration that kube-apiserver would use, keys and all: wiped when it is dropped, and not shown.
#[derive(Default)]
pub struct HeldKeys(Vec<EncryptionConfig>);

impl HeldKeys {
    /// Takes it, as often as it was read: keys are not cloned.
    pub fn take(&mut self) -> Option<EncryptionConfig> {
        self.0.pop()
    }
}

impl std::fmt::Debug for HeldKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0.is_empty() { "no keys" } else { "keys" })
    }
}

/// An encryption configuration by names and fingerprints.
#[derive(Debug)]
pub struct Encryption {
    /// The member it stands in.
    pub member: String,
    /// The resources, in the order of the file.
    pub resources: Vec<EncryptedResource>,
    /// Every key that can open something, each once.
    pub keys: Vec<KeyName>,
}

/// What writes and reads one resource.
#[derive(Debug)]
pub struct EncryptedResource {
    /// The resource or wildcard.
    pub resource: String,
    /// What writes.
    pub writer: Option<KeyName>,
    /// What else reads.
    pub readers: Vec<KeyName>,
    /// What this order means.
    pub state: State,
    /// Whether the cipher was changed.
    pub mode_change: bool,
}

/// A key, plugin or plaintext by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyName {
    /// The kind of provider.
    pub provider: ProviderKind,
    /// The name of the key or plugin; `None` for plaintext.
    pub name: Option<String>,
    /// Size in bits; `None` where no usable bytes are there.
    pub bits: Option<usize>,
    /// A public name for the bytes.
    pub fingerprint: Option<String>,
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
            // twice more, to be given away: keys are not cloned
            copies.extend((0..2).filter_map(|_| Configuration::of(member, bytes)));
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
            Some(Encryption::of(found.member.to_string(), config))
        });
        if encryption.as_ref().is_some_and(Encryption::is_cut) {
            ui.warn(&format!("{}: only {FINGERPRINTS} keys were given a fingerprint", packed.display()));
        }
        let used = facts.configuration().map(|used| used.member.clone());
        let of_used = copies.into_iter().filter(|copy| Some(&copy.member) == used.as_ref());
        let keys = HeldKeys(of_used.filter_map(|copy| copy.parsed.ok()).collect());
        Ok(Self { name: packed.name(), named, resources, encryption, keyless, findings, keys })
    }
}

impl Encryption {
    fn of(member: String, config: &EncryptionConfig) -> Self {
        let mut known = Fingerprints::default();
        let mut keys: Vec<KeyName> = Vec::new();
        for (provider, key) in config.keys().filter(|(_, key)| !key.is_bookkeeping()) {
            let key = known.name(provider, key);
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        let states = config.states().into_iter().map(|state| EncryptedResource {
            resource: state.resource.to_string(),
            writer: state.writer.as_ref().map(|used| known.used(used)),
            readers: state.readers.iter().map(|used| known.used(used)).collect(),
            state: state.state,
            mode_change: state.mode_change,
        });
        let resources = states.collect();
        Self { member, resources, keys }
    }

    fn is_cut(&self) -> bool {
        self.keys.iter().any(|key| key.bits.is_some() && key.fingerprint.is_none())
    }
}

/// Fingerprints so far; the same bytes cost once.
#[derive(Default)]
struct Fingerprints(HashSet<String>);

impl Fingerprints {
    fn name(&mut self, provider: ProviderKind, key: &Key) -> KeyName {
        let fingerprint = (self.0.len() < FINGERPRINTS).then(|| key.fingerprint()).flatten();
        let fingerprint = fingerprint.map(|print| format!("scrypt:{print}"));
        self.0.extend(fingerprint.clone());
        KeyName { provider, name: Some(key.name().to_owned()), bits: key.bits(), fingerprint }
    }

    fn used(&mut self, used: &KeyUse<'_>) -> KeyName {
        match used {
            KeyUse::Key { provider, key } => self.name(*provider, key),
            other => {
                let name = Some(other.name().to_owned()).filter(|name| !name.is_empty());
                KeyName { provider: other.provider(), name, bits: None, fingerprint: None }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_keys_do_not_cost_many_fingerprints() {
        let keys: Vec<String> = (1..=u8::try_from(FINGERPRINTS + 3).unwrap())
            .map(|number| {
                let secret = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, [number; 16]);
                format!(r#"{{"name":"{number}","secret":"{secret}"}}"#)
            })
            .collect();
        let text = format!(
            r#"{{"kind":"EncryptionConfiguration","apiVersion":"apiserver.config.k8s.io/v1","resources":[{{"resources":["secrets"],"providers":[{{"aescbc":{{"keys":[{}]}}}},{{"identity":{{}}}}]}}]}}"#,
            keys.join(",")
        );
        let encryption = Encryption::of("m".to_owned(), &EncryptionConfig::parse(text.as_bytes()).unwrap());
        assert_eq!(encryption.keys.len(), FINGERPRINTS + 3);
        assert_eq!(encryption.keys.iter().filter(|key| key.fingerprint.is_some()).count(), FINGERPRINTS);
        assert!(encryption.is_cut());
    }
}
