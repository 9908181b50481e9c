//! A tarball as the commands on keys look through it.

use encryption_config::{EncryptionConfig, ParseError};
use static_resources::{Class, Limits, MemberPath, StaticResources, read_each};

use super::failure;
use crate::exit::Error;
use crate::input::RawFile;
use crate::inventory::{self, ConfigFacts, KeyFact, Row};
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
        let mut rows = inventory::rows(&self.resources, |member| self.keys_in(member));
        rows.retain(|row| all || row.class.is_secret());
        if all {
            rows.extend(inventory::certificate_rows(&self.resources));
        }
        rows
    }

    /// The keys of the configuration at a path, placeholders left out.
    pub(crate) fn keys_in(&self, member: &MemberPath) -> Vec<&KeyFact> {
        let here = self.configs.iter().filter(|config| config.member == *member);
        here.filter_map(|config| config.facts.as_ref().ok()).flat_map(ConfigFacts::real_keys).collect()
    }
}

const NOT_A_TARBALL: &str = "give the `static_kuberesources_<timestamp>.tar.gz` of a backup";

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
