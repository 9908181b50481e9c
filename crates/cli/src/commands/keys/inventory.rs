//! What keys a tarball holds: the facts of two libraries put side by side, without a secret.

use std::collections::BTreeMap;

use encryption_config::{EncryptionConfig, KeyUse, ParseError, Problem, ProviderKind, State};
use static_resources::{
    Class, Digest, Evidence, Fingerprint, Limits, Material, MemberPath, StaticResources, read_each,
};

use super::failure;
use crate::exit::Error;
use crate::input::RawFile;
use crate::ui::Ui;

/// A tarball, looked through.
pub(crate) struct Inventory {
    /// What the tarball holds.
    pub(crate) resources: StaticResources,
    /// Its encryption configurations: one, unless something is odd.
    pub(crate) configs: Vec<Config>,
}

/// A member that is, or should be, an encryption configuration.
pub(crate) struct Config {
    /// Where.
    pub(crate) member: MemberPath,
    /// What it says, or why it cannot be read.
    pub(crate) facts: Result<ConfigFacts, ParseError>,
}

/// What a configuration says, its key bytes left behind.
pub(crate) struct ConfigFacts {
    /// Its keys, each once.
    pub(crate) keys: Vec<KeyFact>,
    /// What it means for each resource.
    pub(crate) resources: Vec<ResourceFact>,
    /// What is wrong with it.
    pub(crate) problems: Vec<Problem>,
    /// Whether any of its keys could open a value.
    pub(crate) has_material: bool,
}

/// A key, by all that may be said of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeyFact {
    /// Which cipher.
    pub(crate) provider: ProviderKind,
    /// The name in the prefix of its values.
    pub(crate) name: String,
    /// Its length, if its bytes can be used at all.
    pub(crate) bits: Option<usize>,
    /// Its fingerprint; none for a placeholder or an unusable key.
    pub(crate) fingerprint: Option<String>,
    /// The placeholder by which OpenShift remembers a time of plaintext; no key at all.
    pub(crate) bookkeeping: bool,
}

/// What writes and reads one resource.
pub(crate) struct ResourceFact {
    /// The resource.
    pub(crate) resource: String,
    /// What writes new values.
    pub(crate) writer: Option<UseFact>,
    /// What else reads.
    pub(crate) readers: Vec<UseFact>,
    /// What the order means.
    pub(crate) state: State,
    /// Whether the cipher was changed.
    pub(crate) mode_change: bool,
}

/// A provider with its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UseFact {
    /// The provider's word.
    pub(crate) provider: String,
    /// The key's or plugin's name; empty for plaintext.
    pub(crate) name: String,
    /// The key's fingerprint.
    pub(crate) fingerprint: Option<String>,
}

/// Whether a tarball has the keys that its API server asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encryption {
    /// It has an encryption configuration with keys.
    Keys,
    /// It has one that holds no key, such as `identity` alone or KMS.
    NoKeyInConfig,
    /// The API server is told to use one and it is not there: this is a keyless tarball.
    Keyless,
    /// There is none and none is asked for.
    None,
    /// The archive could not be read to its end.
    Unknown,
}

impl Inventory {
    /// Reads a tarball from end to end.
    pub(crate) fn read(raw: &mut RawFile, ui: &mut Ui) -> Result<Self, Error> {
        let meter = ui.meter("reading", raw.size());
        let mut configs = Vec::new();
        let mut failed = None;
        let metered = Metered { inner: &mut *raw, meter: &meter, failed: &mut failed };
        let read = read_each(metered, &Limits::default(), |member, bytes| {
            let promised = Class::by_path(&member.path) == Class::EncryptionConfig;
            if let Some(bytes) = bytes.filter(|_| member.class == Class::EncryptionConfig || promised) {
                let facts = EncryptionConfig::parse(bytes).map(|config| ConfigFacts::of(&config));
                // Elsewhere than in its own place a text with keys in it need not be a configuration.
                if promised || facts.is_ok() {
                    configs.push(Config { member: member.path.clone(), facts });
                }
            }
        });
        drop(meter);
        if let Some(source) = failed {
            return Err(raw.failed(source).into());
        }
        let resources =
            read.map_err(|error| failure::told(format!("{}: {error}", raw.display()), Some(NOT_A_TARBALL)))?;
        raw.check_unchanged()?;
        if resources.members.is_empty() && !resources.complete {
            let fault = resources.faults.last().map_or_else(String::new, |fault| format!(": {}", fault.kind));
            return Err(failure::told(format!("{} is no tarball{fault}", raw.display()), Some(NOT_A_TARBALL)));
        }
        Ok(Self { resources, configs })
    }

    /// Whether the keys are there.
    pub(crate) fn encryption(&self) -> Encryption {
        let read = self.configs.iter().filter_map(|config| config.facts.as_ref().ok());
        let material = self.resources.material.iter().any(|material| material.class == Class::EncryptionConfig);
        if material || self.configs.iter().any(|config| config.facts.is_err()) {
            let unread = self.configs.iter().filter(|config| config.facts.is_ok()).count() == 0;
            let none = !unread && read.clone().all(|facts| !facts.has_material);
            return if none { Encryption::NoKeyInConfig } else { Encryption::Keys };
        }
        if read.count() > 0 {
            Encryption::NoKeyInConfig
        } else if !self.resources.complete {
            Encryption::Unknown
        } else if self.resources.facts.apiserver.encryption_provider_config.is_some() {
            Encryption::Keyless
        } else {
            Encryption::None
        }
    }

    /// Every piece of key material and, if wanted, public keys and certificates, in the archive's order.
    pub(crate) fn rows(&self, all: bool) -> Vec<Row> {
        let expiry = self.expiry_of_keys();
        let mut rows = Vec::new();
        for material in self.resources.material.iter().filter(|material| all || material.class.is_secret()) {
            let keys = self.keys_in(&material.member);
            if material.class != Class::EncryptionConfig || keys.is_empty() {
                rows.push(Row::of(material, &expiry));
            } else if !rows.iter().any(|row: &Row| row.class == Class::EncryptionConfig && row.path == material.member)
            {
                rows.extend(keys.into_iter().map(|key| Row::of_key(material, key)));
            }
        }
        if all {
            rows.extend(self.resources.certificates.iter().map(Row::of_certificate));
        }
        rows
    }

    /// The keys of the configuration at a path, placeholders left out.
    pub(crate) fn keys_in(&self, member: &MemberPath) -> Vec<&KeyFact> {
        let here = self.configs.iter().filter(|config| config.member == *member);
        let facts = here.filter_map(|config| config.facts.as_ref().ok());
        facts.flat_map(|facts| &facts.keys).filter(|key| !key.bookkeeping).collect()
    }

    /// The end of validity of the certificate that belongs to a private key; the last of several.
    fn expiry_of_keys(&self) -> BTreeMap<[u8; 32], String> {
        let mut ends: BTreeMap<[u8; 32], (i64, String)> = BTreeMap::new();
        for certificate in &self.resources.certificates {
            let Some(end) = certificate.not_after_rfc3339() else { continue };
            let entry = ends.entry(certificate.public_key.0).or_insert((i64::MIN, String::new()));
            if certificate.not_after > entry.0 {
                *entry = (certificate.not_after, end);
            }
        }
        ends.into_iter().map(|(key, (_, end))| (key, end)).collect()
    }
}

const NOT_A_TARBALL: &str = "give the `static_kuberesources_<timestamp>.tar.gz` of a backup";

/// One line of the inventory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) path: MemberPath,
    pub(crate) class: Class,
    pub(crate) algorithm: Option<String>,
    pub(crate) key_name: Option<String>,
    pub(crate) fingerprint: Option<String>,
    pub(crate) not_after: Option<String>,
    pub(crate) subject: Option<String>,
    pub(crate) evidence: Evidence,
}

impl Row {
    fn of(material: &Material, expiry: &BTreeMap<[u8; 32], String>) -> Self {
        let end = match material.fingerprint {
            Some(Fingerprint::PublicKey(Digest(key))) => expiry.get(&key).cloned(),
            _ => None,
        };
        Self {
            path: material.member.clone(),
            class: material.class,
            algorithm: material.algorithm.clone(),
            key_name: None,
            fingerprint: material.fingerprint.map(|fingerprint| fingerprint.to_string()),
            not_after: material.not_after.clone().or(end),
            subject: material.subject.clone(),
            evidence: material.evidence,
        }
    }

    fn of_key(material: &Material, key: &KeyFact) -> Self {
        Self {
            path: material.member.clone(),
            class: material.class,
            algorithm: Some(key.algorithm()),
            key_name: Some(key.name.clone()),
            fingerprint: key.fingerprint.clone(),
            not_after: None,
            subject: None,
            evidence: material.evidence,
        }
    }

    fn of_certificate(certificate: &static_resources::Certificate) -> Self {
        Self {
            path: certificate.member.clone(),
            class: Class::Certificate,
            algorithm: Some(certificate.key_algorithm.clone()),
            key_name: None,
            fingerprint: Some(format!("spki-sha256:{}", certificate.public_key)),
            not_after: certificate.not_after_rfc3339(),
            subject: Some(certificate.subject.clone()),
            evidence: Evidence::Content,
        }
    }
}

impl KeyFact {
    /// Such as `aescbc-256`.
    pub(crate) fn algorithm(&self) -> String {
        self.bits.map_or_else(|| self.provider.to_string(), |bits| format!("{}-{bits}", self.provider))
    }
}

impl ConfigFacts {
    fn of(config: &EncryptionConfig) -> Self {
        let mut keys: Vec<KeyFact> = Vec::new();
        for (provider, key) in config.keys() {
            let fact = KeyFact {
                provider,
                name: key.name().to_owned(),
                bits: key.bits(),
                fingerprint: fingerprint(key),
                bookkeeping: key.is_bookkeeping(),
            };
            if !keys.contains(&fact) {
                keys.push(fact);
            }
        }
        let resources = config.states().into_iter().map(|state| ResourceFact {
            resource: state.resource.to_string(),
            writer: state.writer.as_ref().map(UseFact::of),
            readers: state.readers.iter().map(UseFact::of).collect(),
            state: state.state,
            mode_change: state.mode_change,
        });
        let resources = resources.collect();
        Self { keys, resources, has_material: config.has_key_material(), problems: config.problems.clone() }
    }
}

fn fingerprint(key: &encryption_config::Key) -> Option<String> {
    key.fingerprint().map(|fingerprint| format!("scrypt:{fingerprint}"))
}

impl UseFact {
    fn of(used: &KeyUse<'_>) -> Self {
        let fingerprint = if let KeyUse::Key { key, .. } = used { fingerprint(key) } else { None };
        Self { provider: used.provider().to_string(), name: used.name().to_owned(), fingerprint }
    }
}

/// Counts what is read, and keeps an error of the disk apart from one of the content.
struct Metered<'a> {
    inner: &'a mut RawFile,
    meter: &'a crate::ui::Meter,
    failed: &'a mut Option<std::io::Error>,
}

impl std::io::Read for Metered<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        match self.inner.read(buffer) {
            Ok(read) => {
                self.meter.add(read as u64);
                Ok(read)
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => Err(error),
            Err(error) => {
                let kind = error.kind();
                *self.failed = Some(error);
                Err(kind.into())
            }
        }
    }
}
