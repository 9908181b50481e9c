//! The chain of keys: what opens Secrets opens the keys of the other API servers.
//!
//! | server | its configuration, as Secrets of the snapshot |
//! |---|---|
//! | kube-apiserver | in the tarball; copies: `openshift-config-managed/encryption-config-openshift-kube-apiserver`, `openshift-kube-apiserver/encryption-config[-<N>]` |
//! | openshift-apiserver | `openshift-config-managed/encryption-config-openshift-apiserver`, `openshift-apiserver/encryption-config[-<N>]` |
//! | oauth-apiserver | `openshift-config-managed/encryption-config-openshift-oauth-apiserver`, `openshift-oauth-apiserver/encryption-config[-<N>]` |
//!
//! Besides, each key lies alone in `openshift-config-managed/encryption-key-<component>-<id>`, with annotations that say
//! whether its migration is done. All of these are sealed with kube-apiserver's keys. Source: library-go
//! `pkg/operator/encryption` (`encryptionconfig`, `secrets`, `state`).

mod name;

use bbolt_page::Spread;
use encryption_config::{EncryptionConfig, GroupResource, ParseError, ProviderKind};
use etcd_snapshot::Scan;
use jiff::Timestamp;
use kube_objects::{ObjectFault, ObjectHead, StorageKey, secret_data};
use serde::Deserialize;
use thiserror::Error;

use crate::opening::{Age, ApiServer, OpenFailure, Origin, ServerConfig, Unlocked, config_of};
use name::{LinkName, Part};

/// Secrets of one age that are looked at; a cluster has a few dozen.
const MOST_LINKS: usize = 512;
/// Rounds in which newly found keys may open further Secrets.
const MOST_ROUNDS: usize = 16;
const CONFIG: &str = "encryption-config";
const KEY: &str = "encryption.apiserver.operator.openshift.io-key";
const ANNOTATIONS: &str = "encryption.apiserver.operator.openshift.io/";

/// How far to look for Secrets with keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Live Secrets.
    Live,
    /// Also what they were before, and Secrets deleted since, as far as history is not compacted. Reads every record.
    History,
}

/// What became of the chain.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Chain {
    /// Every Secret with keys, those in use first.
    pub links: Vec<Link>,
}

/// One Secret that holds keys, or should.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Whose keys.
    pub server: ApiServer,
    /// The Secret's etcd key.
    pub etcd_key: String,
    /// Main revision at which it was written.
    pub revision: i64,
    /// How old it is.
    pub age: Age,
    /// A whole configuration, or a single key.
    pub part: LinkPart,
    /// What is in it, or why that cannot be known.
    pub content: Result<Content, Broken>,
}

/// What a Secret of the chain is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkPart {
    /// A configuration.
    Config,
    /// The key of this generation.
    Key {
        /// The generation, which is the key's name.
        id: u64,
    },
}

/// What a Secret of the chain holds, by names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// A configuration with these keys, each once, in its order; placeholders left out.
    Config {
        /// Provider and name.
        keys: Vec<(ProviderKind, String)>,
    },
    /// A key, and how far its operator has come with it.
    Key(KeySecret),
}

/// What the annotations of a key Secret say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeySecret {
    /// `aescbc`, `aesgcm`, `identity`, `secretbox` or `KMS`.
    pub mode: String,
    /// When the migration to this key was finished, as written; `None` while it is not.
    pub migrated_at: Option<String>,
    /// When the key was made.
    pub created: Option<Timestamp>,
    /// The resources that have been migrated.
    pub migrated: Vec<GroupResource>,
    /// Why the key was made.
    pub reason: String,
}

/// Why the content of a link is not known.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Broken {
    /// The Secret does not open.
    #[error(transparent)]
    Closed(#[from] OpenFailure),
    /// The Secret opens and is no Secret that can be read.
    #[error(transparent)]
    Object(#[from] ObjectFault),
    /// The entry with the keys is not in it.
    #[error("the Secret has no entry `{entry}`")]
    NoEntry {
        /// The entry.
        entry: &'static str,
    },
    /// The entry is no configuration.
    #[error(transparent)]
    Config(#[from] ParseError),
}

impl Chain {
    /// The links of a server's configuration that a restored cluster reads with.
    pub fn current(&self, server: ApiServer) -> impl Iterator<Item = &Link> {
        let current =
            move |link: &&Link| link.server == server && link.age == Age::Current && link.part == LinkPart::Config;
        self.links.iter().filter(current)
    }

    /// What the live Secret of a key says.
    #[must_use]
    pub fn key(&self, server: ApiServer, id: u64) -> Option<&KeySecret> {
        let of_it = |link: &&Link| link.server == server && link.age != Age::Past && link.part == LinkPart::Key { id };
        match self.links.iter().find(of_it)?.content.as_ref().ok()? {
            Content::Key(secret) => Some(secret),
            Content::Config { .. } => None,
        }
    }
}

impl Link {
    /// Whether the Secret did not open.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        matches!(self.content, Err(Broken::Closed(_)))
    }
}

/// A Secret of the chain that is still to be opened.
struct Found<'a> {
    name: LinkName,
    key: &'a [u8],
    value: &'a [u8],
    revision: i64,
    age: Age,
}

impl Unlocked {
    /// Finds the Secrets that hold keys, opens them with the keys at hand, and takes what is in them; repeats as long
    /// as that opens more.
    ///
    /// Keys of openshift-apiserver and oauth-apiserver are taken as in use where their Secret is the newest one.
    /// Copies of kube-apiserver's keys, older generations and single keys are taken as spare: they open values, and no
    /// restored API server will use them by itself ([`ServerConfig::in_use`]).
    pub fn follow(&mut self, scan: &Scan<'_>, reach: Reach, spread: &impl Spread) -> Chain {
        let mut chain = Chain::default();
        self.prepare(scan);
        self.follow_on(&mut chain, scan, reach, spread);
        chain
    }

    /// Goes on from where [`Unlocked::follow`] came to: Secrets that are already taken are not taken again.
    pub(crate) fn follow_on(&mut self, chain: &mut Chain, scan: &Scan<'_>, reach: Reach, spread: &impl Spread) {
        let mut pending = live(scan, spread);
        if reach == Reach::History {
            pending.extend(past(scan));
        }
        chain.links.retain(|link| !link.is_closed());
        pending.retain(|found| !chain.links.iter().any(|link| found.is(link)));
        pending.sort_by(|a, b| (a.age, a.name.order(), b.revision).cmp(&(b.age, b.name.order(), a.revision)));
        let mut links: Vec<Option<Link>> = pending.iter().map(|_| None).collect();
        for round in 0..MOST_ROUNDS {
            let mut opened = false;
            for (found, slot) in pending.iter().zip(&mut links) {
                if slot.as_ref().is_none_or(Link::is_closed) {
                    let link = found.link(self.take(found));
                    opened |= !link.is_closed();
                    *slot = Some(link);
                }
            }
            if !opened && round > 0 {
                break;
            }
        }
        chain.links.extend(links.into_iter().flatten());
        chain.links.sort_by_key(|link| (link.age, matches!(link.part, LinkPart::Key { .. }), link.server));
    }

    /// Opens a Secret and takes its keys.
    fn take(&mut self, found: &Found<'_>) -> Result<Content, Broken> {
        let opened = self.open(found.key, found.value)?;
        let server = found.name.server;
        let (etcd_key, revision, age) = (found.etcd_key(), found.revision, found.age);
        match found.name.part {
            Part::Config { .. } => {
                let bytes = secret_data(&opened.plaintext, CONFIG)?.ok_or(Broken::NoEntry { entry: CONFIG })?;
                let config = EncryptionConfig::parse(bytes)?;
                let content = Content::Config { keys: names(&config) };
                let in_use = age == Age::Current && server != ApiServer::Kube;
                let origin = Origin::Config { etcd_key, revision, age };
                self.add(ServerConfig { server: Some(server), origin, in_use, config: config.into() });
                Ok(content)
            }
            Part::Key { id } => {
                let head = ObjectHead::read(&opened.plaintext)?;
                let secret = KeySecret::of(&head);
                if ["aescbc", "aesgcm", "secretbox"].contains(&secret.mode.as_str()) {
                    let bytes = secret_data(&opened.plaintext, KEY)?.ok_or(Broken::NoEntry { entry: KEY })?;
                    let config = config_of(server.resources_of_keys(), &secret.mode, &id.to_string(), bytes)?;
                    let origin = Origin::KeySecret { etcd_key, revision, age };
                    self.add(ServerConfig { server: Some(server), origin, in_use: false, config: config.into() });
                }
                Ok(Content::Key(secret))
            }
        }
    }
}

impl KeySecret {
    fn of(head: &ObjectHead<'_>) -> Self {
        let annotation = |name: &str| head.metadata.annotations.get(format!("{ANNOTATIONS}{name}").as_str());
        let text = |name: &str| annotation(name).map(|text| text.to_string()).unwrap_or_default();
        let migrated: Migrated = serde_json::from_str(&text("migrated-resources")).unwrap_or_default();
        Self {
            mode: text("mode"),
            created: head.metadata.creation_timestamp,
            migrated_at: annotation("migrated-timestamp").map(|text| text.to_string()).filter(|text| !text.is_empty()),
            migrated: migrated.resources.into_iter().map(Into::into).collect(),
            reason: text("internal-reason"),
        }
    }

    /// Whether the operator says that every value of the resource was written with this key.
    #[must_use]
    pub fn has_migrated(&self, resource: &GroupResource) -> bool {
        self.migrated_at.is_some() && self.migrated.contains(resource)
    }
}

/// `{"resources":[{"Group":"","Resource":"secrets"}]}`
#[derive(Default, Deserialize)]
#[serde(default)]
struct Migrated {
    resources: Vec<MigratedResource>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct MigratedResource {
    group: String,
    resource: String,
}

impl From<MigratedResource> for GroupResource {
    fn from(migrated: MigratedResource) -> Self {
        Self { resource: migrated.resource, group: migrated.group }
    }
}

impl Found<'_> {
    fn etcd_key(&self) -> String {
        String::from_utf8_lossy(self.key).into_owned()
    }

    fn is(&self, link: &Link) -> bool {
        self.revision == link.revision && self.key == link.etcd_key.as_bytes()
    }

    fn link(&self, content: Result<Content, Broken>) -> Link {
        let part = match self.name.part {
            Part::Config { .. } => LinkPart::Config,
            Part::Key { id } => LinkPart::Key { id },
        };
        let (server, etcd_key) = (self.name.server, self.etcd_key());
        Link { server, etcd_key, revision: self.revision, age: self.age, part, content }
    }
}

fn names(config: &EncryptionConfig) -> Vec<(ProviderKind, String)> {
    let mut names = Vec::new();
    for (provider, key) in config.keys().filter(|(_, key)| !key.is_bookkeeping()) {
        let name = (provider, key.name().to_owned());
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// The live Secrets of the chain.
fn live<'a>(scan: &Scan<'a>, spread: &impl Spread) -> Vec<Found<'a>> {
    let wanted = |key: &[u8]| LinkName::parse(&StorageKey::parse(key)).is_some();
    let mut found: Vec<Found<'a>> = scan
        .store
        .live_sorted(wanted, spread)
        .take(MOST_LINKS)
        .filter_map(|live| {
            let name = LinkName::parse(&StorageKey::parse(live.kv.key))?;
            Some(Found {
                name,
                key: live.kv.key,
                value: live.kv.value,
                revision: live.revision.main,
                age: Age::Current,
            })
        })
        .collect();
    // of numbered ones, the highest is what the newest pods run with
    let newest = |server: ApiServer, found: &[Found<'_>]| {
        found.iter().filter(|link| link.name.server == server).filter_map(|link| link.name.number()).max()
    };
    for server in ApiServer::ALL {
        let newest = newest(server, &found);
        for link in found.iter_mut().filter(|link| link.name.server == server) {
            if link.name.number().is_some() && link.name.number() != newest {
                link.age = Age::Older;
            }
        }
    }
    found
}

/// What those Secrets were before, and Secrets deleted since; of many, the newest.
fn past<'a>(scan: &Scan<'a>) -> Vec<Found<'a>> {
    let mut found = std::collections::VecDeque::new();
    for record in scan.records().filter(|record| !record.tombstone && !scan.is_live(record)) {
        let Some(name) = LinkName::parse(&StorageKey::parse(record.kv.key)) else { continue };
        if found.len() >= MOST_LINKS {
            found.pop_front();
        }
        let (key, value) = (record.kv.key, record.kv.value);
        found.push_back(Found { name, key, value, revision: record.revision.main, age: Age::Past });
    }
    found.into()
}
