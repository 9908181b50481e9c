//! Which encryption configuration is in force: the one that kube-apiserver reads with once the backup is restored.
//!
//! Decided here and nowhere else. A file with keys in it is not in force because it is there: kube-apiserver reads the
//! configuration that `encryption-provider-config` in its `config.yaml` names, and no other.

use std::sync::Arc;

use encryption_config::{EncryptionConfig, ParseError};
use static_resources::{ApiServer, FaultKind, MemberPath, StaticResources};
use thiserror::Error;

use crate::tarball::{Configuration, TarballFacts, below_apiserver};

/// The configuration that a restored kube-apiserver reads with. Keys in it are shared, not copied; no `Debug`: see
/// [`EncryptionConfig`]. `InForce<()>` says the same without the keys, for whoever outlives their use.
#[derive(Clone)]
pub enum InForce<C = Arc<EncryptionConfig>> {
    /// This one.
    Config {
        /// The configuration.
        config: C,
        /// What it came in.
        origin: Origin,
    },
    /// Several, one in a file: the active key of a hosted control plane and the one before it.
    Several(Vec<C>),
    /// None: kube-apiserver is not told to use one, whatever else is there.
    NotConfigured,
    /// One that is kept elsewhere: kube-apiserver is told to use it, and it is not in the tarball.
    HeldApart,
    /// Nothing at hand tells.
    Unknown {
        /// Why not.
        why: Why,
    },
}

/// What a configuration came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The caller gave it.
    Given,
    /// The tarball of the backup.
    Tarball {
        /// The member that it is.
        member: MemberPath,
    },
    /// An escrow that lies beside the tarball.
    Escrow,
}

/// Why it is not known which configuration is in force.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Why {
    /// No keys were given and there is no tarball.
    #[error("there is no tarball, and no keys were given")]
    Absent,
    /// What tells it may follow where the archive breaks off.
    #[error("it breaks off before any keys")]
    BreaksOff,
    /// kube-apiserver's `config.yaml` cannot be read.
    #[error("kube-apiserver's config.yaml cannot be read, which would name the keys")]
    ServerConfig,
    /// The configuration itself cannot be read.
    #[error("{0}")]
    Unreadable(#[source] ParseError),
}

/// Decides: what was given counts, whatever else is there; then the tarball's, as its `config.yaml` names it; the escrow
/// beside it where that one is kept apart and somebody can open it; keys beside the snapshot where there is no
/// tarball, whatever the platform.
///
/// # Errors
/// What keeps the escrow from being opened.
pub fn in_force<E>(
    given: Option<InForce>,
    tarball: Option<&InForce>,
    escrow: impl FnOnce() -> Result<Option<Arc<EncryptionConfig>>, E>,
    beside: impl FnOnce() -> Vec<Arc<EncryptionConfig>>,
) -> Result<InForce, E> {
    Ok(match (given, tarball) {
        (Some(given), _) => given,
        (None, Some(InForce::HeldApart)) => match escrow()? {
            Some(config) => InForce::Config { config, origin: Origin::Escrow },
            None => InForce::HeldApart,
        },
        (None, Some(of_tarball)) => of_tarball.clone(),
        (None, None) => {
            let found = beside();
            if found.is_empty() { InForce::Unknown { why: Why::Absent } } else { InForce::Several(found) }
        }
    })
}

impl InForce {
    /// A configuration that the caller gives.
    #[must_use]
    pub fn given(config: impl Into<Arc<EncryptionConfig>>) -> Self {
        Self::Config { config: config.into(), origin: Origin::Given }
    }

    /// What a tarball says of itself. `marked` tells that its name says that the keys were split off, which counts where
    /// no `config.yaml` does.
    #[must_use]
    pub fn of_tarball(facts: &TarballFacts, marked: bool) -> Self {
        Self::of_resources(&facts.resources, &facts.configurations, marked)
    }

    /// [`Self::of_tarball`], of its parts.
    #[must_use]
    pub fn of_resources(resources: &StaticResources, configurations: &[Configuration], marked: bool) -> Self {
        let in_place = || configurations.iter().filter(|found| found.in_place);
        let named = match ServerConfig::of(resources) {
            ServerConfig::Unreadable => return Self::Unknown { why: Why::ServerConfig },
            ServerConfig::NamesNone => return Self::NotConfigured,
            ServerConfig::Names(member) => in_place().rev().find(|found| member.is_some_and(|it| is(found, it))),
            // nothing names it, and nothing says that it is not named: the newest revision's
            ServerConfig::Absent => match in_place().max_by_key(|found| revision(&found.member)) {
                None if resources.complete && !marked => return Self::NotConfigured,
                found => found,
            },
        };
        match named.map(|found| (&found.member, &found.parsed)) {
            Some((member, Ok(config))) => {
                Self::Config { config: Arc::clone(config), origin: Origin::Tarball { member: member.clone() } }
            }
            Some((_, Err(error))) => Self::Unknown { why: Why::Unreadable(error.clone()) },
            None if resources.complete => Self::HeldApart,
            None => Self::Unknown { why: Why::BreaksOff },
        }
    }

    /// The configurations, those that are at hand.
    pub fn configs(&self) -> impl Iterator<Item = &Arc<EncryptionConfig>> {
        let (one, several) = match self {
            Self::Config { config, .. } => (Some(config), &[][..]),
            Self::Several(configs) => (None, &configs[..]),
            Self::NotConfigured | Self::HeldApart | Self::Unknown { .. } => (None, &[][..]),
        };
        one.into_iter().chain(several)
    }

    /// The same without the keys.
    #[must_use]
    pub fn without_keys(&self) -> InForce<()> {
        match self {
            Self::Config { origin, .. } => InForce::Config { config: (), origin: origin.clone() },
            Self::Several(configs) => InForce::Several(vec![(); configs.len()]),
            Self::NotConfigured => InForce::NotConfigured,
            Self::HeldApart => InForce::HeldApart,
            Self::Unknown { why } => InForce::Unknown { why: why.clone() },
        }
    }
}

impl<C> InForce<C> {
    /// The member of the tarball that is in force.
    #[must_use]
    pub fn member(&self) -> Option<&MemberPath> {
        match self {
            Self::Config { origin: Origin::Tarball { member }, .. } => Some(member),
            _ => None,
        }
    }
}

/// The member of a tarball or an escrow that kube-apiserver's `config.yaml` names; `None` where none is named, or it
/// leads out of the tarball.
#[must_use]
pub fn named_member(resources: &StaticResources) -> Option<&str> {
    match ServerConfig::of(resources) {
        ServerConfig::Names(member) => member,
        ServerConfig::NamesNone | ServerConfig::Absent | ServerConfig::Unreadable => None,
    }
}

/// The revision of kube-apiserver that a member is the configuration of:
/// `static-pod-resources/kube-apiserver-pod-<N>/secrets/encryption-config/encryption-config`.
#[must_use]
pub fn revision_of(path: &str) -> Option<u64> {
    let (revision, rest) = below_apiserver(path)?;
    (rest == ["secrets", "encryption-config", "encryption-config"]).then(|| revision.parse().ok())?
}

/// What kube-apiserver's `config.yaml` says of encryption.
enum ServerConfig<'r> {
    /// There is none in the tarball.
    Absent,
    /// It is there, and nothing can be read out of it.
    Unreadable,
    /// It was read, and names no configuration.
    NamesNone,
    /// It names one: this member, or something out of the tarball.
    Names(Option<&'r str>),
}

impl<'r> ServerConfig<'r> {
    fn of(resources: &'r StaticResources) -> Self {
        let is_it = |path: &&MemberPath| {
            path.as_str()
                .and_then(below_apiserver)
                .is_some_and(|(_, rest)| rest == ["configmaps", "config", "config.yaml"])
        };
        let paths = resources.members.iter().map(|member| &member.path).filter(is_it);
        let Some(newest) = paths.max_by_key(|path| revision(path)) else { return Self::Absent };
        let server = &resources.static_pods.apiserver;
        let says_nothing = |kind: &FaultKind| match kind {
            FaultKind::Unreadable | FaultKind::NotExamined { .. } => true,
            FaultKind::Hollow => *server == ApiServer { revision: server.revision, ..ApiServer::default() },
            _ => false,
        };
        let mut faults = resources.faults.iter().filter(|fault| fault.member.as_ref() == Some(newest));
        if faults.any(|fault| says_nothing(&fault.kind)) {
            return Self::Unreadable;
        }
        match server.encryption_provider_config {
            None => Self::NamesNone,
            Some(_) => Self::Names(server.encryption_config_member.as_deref()),
        }
    }
}

/// Whether a configuration is the member of that path.
fn is(found: &Configuration, named: &str) -> bool {
    let parts = |path: &str| -> Vec<String> {
        path.split('/').filter(|part| !part.is_empty() && *part != ".").map(str::to_owned).collect()
    };
    found.member.as_str().is_some_and(|path| parts(path) == parts(named))
}

fn revision(path: &MemberPath) -> Option<u64> {
    below_apiserver(path.as_str()?)?.0.parse().ok()
}
