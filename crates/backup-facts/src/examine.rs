//! Everything about the encryption of one backup: every live value opened and counted by resource and key, how far
//! encryption has come, and what history and free pages still hold.

mod pass;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use bbolt_page::Spread;
use encryption_config::{EncryptionConfig, GroupResource, Problem, Provider, ProviderKind, Standing};
use etcd_snapshot::Scan;
use jiff::Timestamp;
use kube_objects::ObjectHead;

use crate::bootstrap::Bootstrap;
use crate::chain::{Chain, Content, LinkPart, Reach};
use crate::configuration::{InForce, Origin};
use crate::coverage::{self, Coverage, EncryptedCondition, Migration, Said, ToldBy, Writer};
use crate::opening::{Age, ApiServer, KeyTally, Reason, ResourceTally, Tallies, Unlocked, chosen};

/// How to go about it.
#[derive(Clone, Copy, Default)]
pub struct Options<'o> {
    /// Opens at most so many values of each resource under each key, the same in every run; `None` opens all.
    pub sample: Option<u64>,
    /// Gets the bytes of records done since its last call.
    pub progress: Option<&'o (dyn Fn(u64) + Sync)>,
}

/// The encryption of one backup, without secrets: names and numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encryption {
    /// kube-apiserver's keys were at hand. Without them nothing is said about whether keys fit.
    pub keys_at_hand: bool,
    /// There is a tarball, and its kube-apiserver has no encryption configuration.
    pub not_configured: bool,
    /// Resources that are encrypted, were, or should be, by stored path (`kubernetes.io/secrets`).
    pub resources: Vec<ResourceCoverage>,
    /// The Secrets with keys.
    pub chain: Chain,
    /// What the cluster says.
    pub said: Said,
    /// Keys of the configurations in use, with what needs them.
    pub keys: Vec<KeyUse>,
    /// What is wrong with the configuration that was given, or lies beside the snapshot. Of a tarball's, see
    /// [`crate::tarball::TarballFacts::configurations`].
    pub problems: Vec<Problem>,
    /// Of several files that may hold the keys, those that do; where none does, all that say what they are for.
    pub from: Vec<String>,
    /// The records in which k3s keeps keys, and what a token came to.
    pub bootstrap: Vec<Bootstrap>,
    /// The newest key that OpenShift made for kube-apiserver; `None` where no Secret tells when.
    pub newest_key: Option<NewestKey>,
    /// The size of the sample, where one was taken.
    pub sample: Option<u64>,
}

/// The newest key of kube-apiserver, by the Secret in which its operator made it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewestKey {
    /// Its generation, which is its name.
    pub id: u64,
    /// When it was made.
    pub created: Timestamp,
    /// When the newest of the objects was made that were written last: the snapshot is not older.
    pub seen: Timestamp,
}

/// The encryption of one resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceCoverage {
    /// Prefix and path as they stand in etcd keys.
    pub stored_path: Vec<u8>,
    /// The server that reads it.
    pub server: ApiServer,
    /// What was counted.
    pub tally: ResourceTally,
    /// What writes.
    pub writer: Writer,
    /// How far encryption has come, by the values.
    pub coverage: Coverage,
    /// What is said of the migration to the key that writes.
    pub migration: Migration,
    /// Who says it; `None` where nobody does.
    pub told_by: Option<ToldBy>,
}

/// A key of a configuration in use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyUse {
    /// Whose configuration; `None` for the one that came with the backup.
    pub server: Option<ApiServer>,
    /// The provider.
    pub provider: ProviderKind,
    /// Name of the key or KMS plugin.
    pub name: String,
    /// Whether it writes any resource.
    pub writes: bool,
    /// Live values under it.
    pub live: u64,
    /// Values under it in history.
    pub past: u64,
    /// Records under it on pages that nothing uses.
    pub stale: u64,
}

/// What trying the keys on the live values that are encrypted came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fit {
    /// There are no such values.
    NothingEncrypted,
    /// There were no keys to try.
    NotTried {
        /// The values.
        values: u64,
    },
    /// Every value opens, or every one of the sample.
    All {
        /// Those that were opened.
        opened: u64,
        /// The values.
        values: u64,
    },
    /// A restored cluster cannot read some of them.
    Closed {
        /// How many.
        closed: u64,
        /// The values.
        values: u64,
    },
    /// None stays closed but those whose keys an external service holds.
    External {
        /// Those that were opened.
        opened: u64,
        /// The values.
        values: u64,
    },
}

impl Encryption {
    /// What trying the keys came to. Of a sample, it is what the sample says.
    #[must_use]
    pub fn fit(&self) -> Fit {
        let keys = || self.resources.iter().flat_map(|resource| &resource.tally.keys).filter(|key| key.live > 0);
        let sum = |of: fn(&KeyTally) -> u64| keys().map(of).sum::<u64>();
        let (values, opened) = (sum(|key| key.live), sum(|key| key.opened));
        let closed = sum(|key| key.spare) + sum(KeyTally::not_opened);
        if values == 0 {
            Fit::NothingEncrypted
        } else if !self.keys_at_hand && !self.not_configured {
            Fit::NotTried { values }
        } else if closed > 0 {
            Fit::Closed { closed, values }
        } else if keys().all(|key| key.live == key.opened + key.untried) {
            Fit::All { opened, values }
        } else {
            Fit::External { opened, values }
        }
    }

    /// Whether every live value that is encrypted opens with the keys that a restored cluster reads with.
    ///
    /// `Some(true)` also where nothing is encrypted. `None` where it cannot be known: no keys were at hand, or a key
    /// management service holds them.
    #[must_use]
    pub fn keys_fit(&self) -> Option<bool> {
        match self.fit() {
            Fit::NothingEncrypted | Fit::All { .. } => Some(true),
            Fit::Closed { .. } => Some(false),
            Fit::NotTried { .. } | Fit::External { .. } => None,
        }
    }

    /// Whether an operator reports an older migration than the one that the Secret of a key tells of: it says that all is
    /// done, and of some resource a newer key has not written all values yet.
    #[must_use]
    pub fn is_outdated(&self, condition: &EncryptedCondition) -> bool {
        let newer = |resource: &ResourceCoverage| {
            resource.server == condition.server
                && (resource.migration, resource.told_by) == (Migration::UnderWay, Some(ToldBy::KeySecret))
        };
        condition.migration() == Migration::Finished && self.resources.iter().any(newer)
    }

    /// Live values that are encrypted.
    #[must_use]
    pub fn encrypted(&self) -> u64 {
        self.resources.iter().map(|resource| resource.tally.encrypted()).sum()
    }
}

/// Opens everything, counts everything, and says what it comes to.
///
/// Keys that are only in history are looked for where those at hand leave values closed.
pub fn examine(scan: &Scan<'_>, in_force: &InForce, options: &Options<'_>, spread: &impl Spread) -> Encryption {
    examine_with_keys(scan, in_force, options, spread).0
}

/// Does what [`examine`] does, and gives the keys back: those in force, and those that the chain led to.
pub fn examine_with_keys(
    scan: &Scan<'_>,
    in_force: &InForce,
    options: &Options<'_>,
    spread: &impl Spread,
) -> (Encryption, Unlocked) {
    let not_configured = matches!(in_force, InForce::NotConfigured);
    let (given, several) = (in_force.configs().cloned().collect::<Vec<_>>(), matches!(in_force, InForce::Several(_)));
    let given = if several { chosen(scan, &given) } else { given };
    let from = given.iter().filter_map(|config| config.from.clone()).filter(|_| several);
    let (problems, from) = (problems(in_force, &given), from.collect());
    let mut unlocked = Unlocked::new(given);
    let mut chain = unlocked.follow(scan, Reach::Live, spread);
    let keys_at_hand = unlocked.at_hand();
    let mut tallies = pass::run(scan, &unlocked, options, spread);
    if unlocked.has_keys() && tallies.values().any(lacks_keys) {
        let before = unlocked.configs().len();
        unlocked.follow_on(&mut chain, scan, Reach::History, spread);
        if unlocked.configs().len() > before {
            tallies = pass::run(scan, &unlocked, options, spread);
        }
    }
    let said = Said::read(scan, spread);
    let keys = key_uses(&unlocked, &tallies);
    let resources = tallies
        .into_iter()
        .filter(|(_, tally)| is_of_interest(tally, &unlocked))
        .map(|(stored_path, tally)| of_resource(stored_path, tally, &unlocked, &chain, &said))
        .collect();
    let (bootstrap, sample) = (unlocked.bootstrap().to_vec(), options.sample);
    let encryption = Encryption {
        keys_at_hand,
        not_configured,
        resources,
        newest_key: newest_key(&chain, scan),
        chain,
        said,
        keys,
        problems,
        from,
        bootstrap,
        sample,
    };
    (encryption, unlocked)
}

/// The newest key of kube-apiserver that is rotated by itself, where its Secret opened and says when it was made.
fn newest_key(chain: &Chain, scan: &Scan<'_>) -> Option<NewestKey> {
    let own = chain.links.iter().filter(|link| link.server == ApiServer::Kube && link.age != Age::Past);
    let (id, secret) = own
        .filter_map(|link| match (&link.part, &link.content) {
            (LinkPart::Key { id }, Ok(Content::Key(secret))) => Some((*id, secret)),
            _ => None,
        })
        .max_by_key(|(id, _)| *id)?;
    let created = secret.created.filter(|_| matches!(secret.mode.as_str(), "aescbc" | "aesgcm"))?;
    Some(NewestKey { id, created, seen: last_seen(scan)? })
}

/// When the newest of the plain objects was made that were written last: a bound from below for the time of the snapshot.
fn last_seen(scan: &Scan<'_>) -> Option<Timestamp> {
    const LOOKED_AT: usize = 500;
    let mut newest: BinaryHeap<Reverse<(i64, &[u8])>> = BinaryHeap::new();
    for live in scan.store.live() {
        newest.push(Reverse((live.revision.main, live.kv.value)));
        if newest.len() > LOOKED_AT {
            newest.pop();
        }
    }
    let heads = newest.into_iter().filter_map(|Reverse((_, value))| ObjectHead::read(value).ok());
    heads.filter_map(|head| head.metadata.creation_timestamp).max()
}

/// What is wrong with configurations that came in no tarball, each once.
fn problems(in_force: &InForce, given: &[Arc<EncryptionConfig>]) -> Vec<Problem> {
    let mut problems: Vec<Problem> = Vec::new();
    if !matches!(in_force, InForce::Config { origin: Origin::Tarball { .. }, .. }) {
        for problem in given.iter().flat_map(|config| &config.problems) {
            if !problems.contains(problem) {
                problems.push(problem.clone());
            }
        }
    }
    problems
}

/// Whether values stay closed that another key might open.
fn lacks_keys(tally: &ResourceTally) -> bool {
    let reasons = [Reason::MissingKey, Reason::WrongKey, Reason::UnusableKey];
    tally.keys.iter().any(|key| reasons.iter().any(|reason| key.failed.contains_key(reason)))
}

/// What is encrypted, what a configuration names, and what OpenShift encrypts when it encrypts at all.
fn is_of_interest(tally: &ResourceTally, unlocked: &Unlocked) -> bool {
    let name = tally.name();
    let usual = ApiServer::ALL.iter().any(|server| server.encrypted_resources().contains(&name.as_str()));
    let named = || {
        let entries =
            unlocked.configs().iter().filter(|source| source.in_use).flat_map(|source| &source.config.entries);
        entries.flat_map(|entry| &entry.resources).any(|resource| resource.to_string() == name)
    };
    !tally.keys.is_empty() || usual || named()
}

fn of_resource(
    stored_path: Vec<u8>,
    mut tally: ResourceTally,
    unlocked: &Unlocked,
    chain: &Chain,
    said: &Said,
) -> ResourceCoverage {
    let server = ApiServer::of_resource(tally.group.as_bytes(), tally.resource.as_bytes());
    let resource = GroupResource { resource: tally.resource.clone(), group: tally.group.clone() };
    for key in &mut tally.keys {
        key.standing = standing(unlocked, &resource, key.provider, &key.name);
    }
    let writer = coverage::writer(unlocked, &resource);
    let (migration, told_by) = coverage::migration(server, &resource, &writer, chain, said);
    let has_keys = coverage::has_keys(unlocked, &resource);
    let coverage = coverage::coverage(&tally, &writer, has_keys, migration);
    ResourceCoverage { stored_path, server, tally, writer, coverage, migration, told_by }
}

/// What the configurations in use have a key for.
fn standing(unlocked: &Unlocked, resource: &GroupResource, kind: ProviderKind, name: &str) -> Option<Standing> {
    let in_use = unlocked.configs().iter().filter(|source| source.in_use);
    in_use
        .filter_map(|source| {
            let providers = source.config.providers_for(resource);
            providers.into_iter().enumerate().filter(|(_, provider)| provider.kind() == kind).find_map(
                |(first, provider)| {
                    let place = names(provider).position(|own| own == name)?;
                    Some(if first == 0 && place == 0 { Standing::Write } else { Standing::Read })
                },
            )
        })
        .min_by_key(|standing| *standing != Standing::Write)
}

/// The names of a provider's keys, or of its plugin; no placeholders.
fn names(provider: &Provider) -> impl Iterator<Item = &str> {
    let plugin = if let Provider::Kms(kms) = provider { Some(kms.name.as_str()) } else { None };
    let keys = provider.keys().iter().filter(|key| !key.is_bookkeeping()).map(encryption_config::Key::name);
    plugin.into_iter().chain(keys)
}

/// The keys of the configurations in use, each once, with the values under them.
fn key_uses(unlocked: &Unlocked, tallies: &Tallies) -> Vec<KeyUse> {
    let mut uses: Vec<KeyUse> = Vec::new();
    for source in unlocked.configs().iter().filter(|source| source.in_use) {
        let providers = source.config.entries.iter().flat_map(|entry| entry.providers.iter().enumerate());
        for (at, provider) in providers {
            for (place, name) in names(provider).enumerate() {
                let writes = at == 0 && place == 0;
                let same = |known: &&mut KeyUse| {
                    (known.server, known.provider, known.name.as_str()) == (source.server, provider.kind(), name)
                };
                if let Some(known) = uses.iter_mut().find(same) {
                    known.writes |= writes;
                    continue;
                }
                let (provider, name) = (provider.kind(), name.to_owned());
                uses.push(KeyUse { server: source.server, provider, name, writes, live: 0, past: 0, stale: 0 });
            }
        }
    }
    for used in &mut uses {
        let own = || unlocked.configs().iter().filter(|source| source.in_use && source.server == used.server);
        for tally in tallies.values().filter(|tally| !tally.keys.is_empty()) {
            let resource = GroupResource { resource: tally.resource.clone(), group: tally.group.clone() };
            if own().any(|source| !source.config.providers_for(&resource).is_empty()) {
                let same = |key: &&KeyTally| key.provider == used.provider && key.name == used.name;
                for key in tally.keys.iter().filter(same) {
                    used.live += key.live;
                    used.past += key.past;
                    used.stale += key.stale;
                }
            }
        }
    }
    uses
}
