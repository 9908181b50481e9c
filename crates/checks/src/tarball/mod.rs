//! What a single tarball of static pod resources shows.

mod archive;
mod certificates;
mod keys;
mod members;
mod pods;

use encryption_config::{EncryptionConfig, ParseError};
use static_resources::{ApiServer, Member, MemberKind, MemberPath, StaticResources};

use crate::finding::{Findings, Location};

/// What the checks of a tarball look at.
pub struct Facts<'t> {
    /// What was read.
    pub resources: &'t StaticResources,
    /// Every encryption configuration in it, in the order of the archive.
    pub configurations: &'t [Configuration],
    /// What its file name says.
    pub name: Name,
    /// The time that validity is held against, seconds since 1970 UTC.
    pub now: i64,
}

/// What the name of a tarball says; nothing, by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Name {
    /// `__POSSIBLY_DIRTY__`: taken with `--force`.
    pub dirty: bool,
    /// `.keyless`: its keys were split off.
    pub keyless: bool,
    /// `static_kuberesources*.tar.gz`: cluster-restore.sh takes it.
    pub restorable: bool,
}

/// An encryption configuration where kube-apiserver looks for it, read or not.
pub struct Configuration {
    /// Where it stands.
    pub member: MemberPath,
    /// The configuration, or why it is none.
    pub parsed: Result<EncryptionConfig, ParseError>,
}

impl Configuration {
    /// Reads a member, if it is an encryption configuration by its place. `bytes` is `None` for a member too large to hold.
    #[must_use]
    pub fn of(member: &Member, bytes: Option<&[u8]>) -> Option<Self> {
        if member.kind != MemberKind::File || !is_configuration(&member.path) {
            return None;
        }
        let parsed = match bytes {
            Some(bytes) => EncryptionConfig::parse(bytes),
            None => {
                let limit = encryption_config::Limits::default().bytes;
                Err(ParseError::TooLarge { got: usize::try_from(member.size).unwrap_or(usize::MAX), limit })
            }
        };
        Some(Self { member: member.path.clone(), parsed })
    }
}

/// `static-pod-resources/kube-apiserver-pod-<N>/secrets/encryption-config/encryption-config`
fn is_configuration(path: &MemberPath) -> bool {
    let mut parts = path.as_bytes().split(|byte| *byte == b'/').filter(|part| !part.is_empty() && *part != b".");
    parts.next() == Some(b"static-pod-resources")
        && parts.next().is_some_and(|pod| pod.starts_with(b"kube-apiserver-pod-"))
        && parts.eq([&b"secrets"[..], b"encryption-config", b"encryption-config"])
}

impl Facts<'_> {
    /// Whether kube-apiserver is told to use an encryption configuration that is not in the tarball.
    ///
    /// `false` for an archive that was not read to its end: what is missing may follow.
    #[must_use]
    pub fn is_keyless(&self) -> bool {
        let named = self.resources.facts.apiserver.encryption_provider_config.is_some();
        named && self.configurations.is_empty() && self.resources.complete
    }

    /// Whether kube-apiserver is told to use another encryption configuration than those that are there.
    fn misses_configuration(&self) -> bool {
        let named = self.resources.facts.apiserver.encryption_config_member.as_deref();
        let there = |named| self.configurations.iter().any(|found| found.member.as_str() == Some(named));
        self.resources.complete && !named.is_some_and(there)
    }

    /// The configuration that an extraction leaves for the newest revision: a later member replaces an earlier one.
    #[must_use]
    pub fn configuration(&self) -> Option<&Configuration> {
        self.configurations.iter().max_by_key(|configuration| revision(&configuration.member))
    }

    /// Whether kube-apiserver's `config.yaml` was read; without it, an absent setting says nothing.
    fn knows_apiserver(&self) -> bool {
        self.resources.facts.apiserver != ApiServer::default()
    }
}

fn revision(path: &MemberPath) -> Option<u64> {
    let (_, rest) = path.as_str()?.split_once("kube-apiserver-pod-")?;
    rest.split('/').next()?.parse().ok()
}

/// Runs every check that one tarball allows.
#[must_use]
pub fn check(facts: &Facts<'_>) -> Findings {
    let mut findings = Findings::default();
    archive::check(facts, &mut findings);
    pods::check(facts, &mut findings);
    members::check(facts, &mut findings);
    certificates::check(facts, &mut findings);
    keys::check(facts, &mut findings);
    findings
}

fn at_member(path: &MemberPath) -> Location {
    Location { member: Some(clip(&path.to_string())), ..Location::default() }
}

/// Names from a hostile archive may be long; a message keeps the first part.
fn clip(text: &str) -> String {
    const LONGEST: usize = 300;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}...", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
