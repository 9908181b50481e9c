//! A tarball looked through for its key material. No key is kept.

use std::sync::Arc;

use artifact::{Contents, Reading};
use backup_facts::configuration::InForce;
use backup_facts::directory::FileName;
use backup_facts::material::{self, ConfigFacts, KeyFact, Row};
use backup_facts::tarball::TarballFacts;
use encryption_config::{EncryptionConfig, Finder, Fingerprints, ParseError};
use static_resources::{Limits, MemberPath, StaticResources};

use crate::error::Error;
use crate::watch::{Phase, Watch};

/// A tarball, looked through for its key material.
pub struct KeyMaterial {
    /// What the tarball holds.
    pub resources: StaticResources,
    /// Which encryption configuration kube-apiserver would use: its keys are not kept.
    pub in_force: InForce<()>,
    /// Its encryption configurations: one, unless something is odd.
    pub configs: Vec<Config>,
}

/// A member that is, or should be, an encryption configuration.
pub struct Config {
    /// Where.
    pub member: MemberPath,
    /// What it says, or why it cannot be read.
    pub facts: Result<ConfigFacts, ParseError>,
}

impl KeyMaterial {
    /// Reads a tarball from end to end.
    ///
    /// # Errors
    /// When it cannot be read, changed meanwhile, or is no tarball.
    pub fn read(raw: &mut Contents, reading: &Reading, watch: &dyn Watch) -> Result<Self, Error> {
        let facts = facts(raw, reading, watch)?;
        let marked = raw.file_name().and_then(FileName::parse).is_some_and(|named| named.keyless);
        let in_use = InForce::of_tarball(&facts, marked);
        let in_force = in_use.without_keys();
        let TarballFacts { resources, configurations } = facts;
        let prints = Fingerprints::default();
        // first come, first served: the keys that matter most come first
        if let Some(config) = in_use.configs().next() {
            ConfigFacts::of(config, &prints);
        }
        let told = |config: Arc<EncryptionConfig>| ConfigFacts::of(&config, &prints);
        let configs =
            configurations.into_iter().map(|found| Config { member: found.member, facts: found.parsed.map(told) });
        Ok(Self { resources, in_force, configs: configs.collect() })
    }

    /// The configuration that kube-apiserver would use, where it stands in the tarball.
    #[must_use]
    pub fn config_in_force(&self) -> Option<&Config> {
        let member = self.in_force.member()?;
        self.configs.iter().rev().find(|config| config.member == *member)
    }

    /// Whether there are configurations and none of them has a key.
    #[must_use]
    pub fn holds_no_key(&self) -> bool {
        let empty = |config: &Config| config.facts.as_ref().is_ok_and(|facts| !facts.has_material);
        !self.configs.is_empty() && self.configs.iter().all(empty)
    }

    /// Every piece of key material and, if wanted, public keys and certificates, in the archive's order.
    #[must_use]
    pub fn rows(&self, all: bool) -> Vec<Row> {
        let mut rows = material::rows(&self.resources, |member| self.keys_in(member));
        rows.retain(|row| all || row.class.is_secret());
        if all {
            rows.extend(material::certificate_rows(&self.resources));
        }
        rows
    }

    /// The keys of the configuration at a path, placeholders left out.
    #[must_use]
    pub fn keys_in(&self, member: &MemberPath) -> Vec<&KeyFact> {
        let here = self.configs.iter().filter(|config| config.member == *member);
        here.filter_map(|config| config.facts.as_ref().ok()).flat_map(ConfigFacts::real_keys).collect()
    }
}

/// What looks for the keys of a tarball's configurations in what must hold none. It holds them: it is made right before it
/// looks, of a tarball read once more, and dropped right after.
///
/// # Errors
/// As [`KeyMaterial::read`].
pub fn finder(raw: &mut Contents, reading: &Reading, watch: &dyn Watch) -> Result<Finder, Error> {
    let facts = facts(raw, reading, watch)?;
    Ok(Finder::of(facts.configurations.iter().filter_map(|found| found.parsed.as_deref().ok())))
}

/// Reads a tarball from end to end.
fn facts(raw: &mut Contents, reading: &Reading, watch: &dyn Watch) -> Result<TarballFacts, Error> {
    let limits = Limits { expansion: reading.max_expanded, ..Limits::default() };
    watch.before_keys();
    watch.phase(Phase::Reading, raw.size_on_disk());
    let mut failed = None;
    let advance = |bytes| watch.advance(bytes);
    let kept_apart = KeptApart { inner: raw.stored(&advance), failed: &mut failed };
    let read = TarballFacts::read(kept_apart, &limits);
    watch.done();
    if let Some(source) = failed {
        return Err(raw.failed(source).into());
    }
    let facts = read.map_err(|error| Error::NoArchive { reason: format!("{}: {error}", raw.display()) })?;
    raw.check_unchanged()?;
    let resources = &facts.resources;
    if resources.members.is_empty() && !resources.complete {
        let fault = resources.faults.last().map_or_else(String::new, |fault| format!(": {}", fault.kind));
        return Err(Error::NoArchive { reason: format!("{} is no tarball{fault}", raw.display()) });
    }
    Ok(facts)
}

/// Keeps an error of the disk apart from one of the content.
struct KeptApart<'a, R> {
    inner: R,
    failed: &'a mut Option<std::io::Error>,
}

impl<R: std::io::Read> std::io::Read for KeptApart<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        match self.inner.read(buffer) {
            Ok(read) => Ok(read),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => Err(error),
            Err(error) => {
                let kind = error.kind();
                *self.failed = Some(error);
                Err(kind.into())
            }
        }
    }
}
