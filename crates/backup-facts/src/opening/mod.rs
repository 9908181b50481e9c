//! Values opened with the keys at hand, and proof that what came out is the object that the etcd key names.
//!
//! kube-apiserver's keys come with the tarball or a file ([`Unlocked::new`]). Those of openshift-apiserver and
//! oauth-apiserver lie in Secrets of the snapshot, sealed with kube-apiserver's: [`Unlocked::follow`] walks that chain.
//! [`Unlocked::open`] then opens any value of the snapshot.
//!
//! ```no_run
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let (file, keys) = (std::fs::read("snapshot.db")?, std::fs::read("encryption-config")?);
//! use backup_facts::opening::{Unlocked, read_keys};
//! use bbolt_page::{Db, Serial};
//!
//! let scan = etcd_snapshot::scan(Db::open(&file)?, etcd_snapshot::Options::default(), &Serial);
//! let mut unlocked = Unlocked::new([read_keys(&keys)?]);
//! unlocked.follow(&scan, backup_facts::chain::Reach::Live, &Serial);
//! for live in scan.store.live() {
//!     let opened = unlocked.open(live.kv.key, live.kv.value)?; // plaintext passes through as it is
//!     let _object: &[u8] = &opened.plaintext;
//! }
//! # Ok(()) }
//! ```
//!
//! [`examine`](crate::examine::examine) does all of it for a whole backup, on all threads.
//!
//! # What counts as opened
//! A wrong aescbc key passes the padding check about once in 256 times, and key names are small numbers that every
//! cluster shares. So an opened value counts only when it begins like an object and its kind, namespace and name are
//! those of the etcd key ([`Mismatch`]). aescbc has no authentication: damage behind an object's metadata stays unseen
//! here; the integrity hash of the snapshot shows it.
//!
//! # Secrets
//! [`Unlocked`] and [`Opened`] hold keys and plaintext: no `Debug`, no `Clone`, wiped on drop. No failure carries a part
//! of either.

mod doors;
mod failure;
mod fit;
mod given;
mod source;
mod tally;
mod trial;

use std::sync::Arc;

use encryption_config::{EncryptionConfig, KmsEnvelope, Plaintext, ProviderKind, Standing, StoredAs, StoredValue};
use etcd_snapshot::Scan;
use kube_objects::StorageKey;
use zeroize::Zeroizing;

pub use failure::{OpenFailure, Reason};
pub use fit::Mismatch;
pub use given::{KeysError, hypershift_config, read_all, read_hosted, read_keys};
pub use source::{Age, ApiServer, Origin, ServerConfig};
pub use tally::{Failed, KeyTally, ResourceTally};

pub(crate) use given::config_of;
pub(crate) use tally::{Attempt, Era, Tallies, merge};
pub(crate) use trial::chosen;

use crate::bootstrap::{self, Bootstrap};
use doors::Doors;

use failure::LONGEST;
use wording::{clip, cut};

/// All keys at hand, made ready to open values.
#[derive(Default)]
pub struct Unlocked {
    configs: Vec<ServerConfig>,
    doors: Doors,
    bootstrap: Vec<Bootstrap>,
}

/// An opened value. Without `Debug`, because the bytes may be a Secret.
pub struct Opened<'v> {
    /// How it was stored: plaintext, or under which key.
    pub stored_as: StoredAs,
    /// The object's bytes.
    pub plaintext: Plaintext<'v>,
    /// Index into [`Unlocked::configs`] of what had the key; `None` for a value stored as plaintext.
    pub source: Option<usize>,
}

/// What opened a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OpenedBy {
    pub(crate) source: usize,
    pub(crate) standing: Standing,
}

impl Unlocked {
    /// The keys that the caller gives: those of the tarball, or of a file.
    #[must_use]
    pub fn new<C: Into<Arc<EncryptionConfig>>>(given: impl IntoIterator<Item = C>) -> Self {
        let mut unlocked = Self::default();
        for config in given {
            unlocked.add(ServerConfig { server: None, origin: Origin::Given, in_use: true, config: config.into() });
        }
        unlocked
    }

    /// Where keys came from, in the order in which they are tried.
    #[must_use]
    pub fn configs(&self) -> &[ServerConfig] {
        &self.configs
    }

    /// Makes ready what only a snapshot tells: the provider and name of keys that came without, and the configuration in
    /// the record that a server token opens.
    pub(crate) fn prepare(&mut self, scan: &Scan<'_>) {
        let token = self.configs.iter().find(|source| source.config.token().is_some());
        let token = token.map(|source| Arc::clone(&source.config));
        let (records, configs) = bootstrap::hold(scan, token.as_ref().and_then(|config| config.token()));
        self.bootstrap = records;
        for config in configs {
            self.add(ServerConfig { server: None, origin: Origin::Given, in_use: true, config });
        }
        if self.configs.iter().any(|source| source.config.has_bare()) {
            self.name_bare(&trial::Samples::of(scan));
        }
    }

    /// The records of k3s in the snapshot, and what came of holding a token against them. Known once the chain was
    /// followed.
    #[must_use]
    pub fn bootstrap(&self) -> &[Bootstrap] {
        &self.bootstrap
    }

    /// Whether keys were given, other than a token that opened nothing.
    #[must_use]
    pub fn at_hand(&self) -> bool {
        self.configs.iter().any(|source| source.config.token().is_none())
    }

    /// Says whether there is a key that could open something.
    #[must_use]
    pub fn has_keys(&self) -> bool {
        self.configs.iter().any(|source| source.config.has_key_material())
    }

    pub(crate) fn add(&mut self, source: ServerConfig) {
        self.configs.push(source);
        self.doors.add(&self.configs);
    }

    /// Opens the value stored under `etcd_key`, whose resource and name the key tells.
    ///
    /// A value stored as plaintext comes back as it is, unchecked. An encrypted one is opened with every key of that
    /// name, those that the API servers use first, until one gives the object that the key names.
    ///
    /// # Errors
    /// [`OpenFailure`] says which key is missing, or why those at hand do not fit.
    pub fn open<'v>(&self, etcd_key: &[u8], stored: &'v [u8]) -> Result<Opened<'v>, OpenFailure> {
        let sealed = match StoredValue::read(stored)? {
            StoredValue::Plain(bytes) => {
                let plaintext = Plaintext::Stored(bytes);
                return Ok(Opened { stored_as: StoredAs::Plain, plaintext, source: None });
            }
            sealed @ StoredValue::Encrypted { .. } => sealed,
        };
        let mut room = Zeroizing::new(Vec::new());
        let key = StorageKey::parse(etcd_key);
        let sealed = self.named(&key, etcd_key, sealed);
        let by = self.open_sealed(&key, etcd_key, &sealed, &mut room)?;
        let StoredValue::Encrypted { kind, name, .. } = sealed else { return Err(OpenFailure::NOT_SEALED) };
        let stored_as = StoredAs::Encrypted { provider: kind, key_name: cut(name, LONGEST), standing: by.standing };
        Ok(Opened { stored_as, plaintext: Plaintext::Decrypted(room), source: Some(by.source) })
    }

    /// A value under the name that the configurations at hand have for its key, which may hold colons. Where names begin
    /// alike, the one whose key opens it; where none does, the longest.
    pub(crate) fn named<'v>(&self, key: &StorageKey<'_>, etcd_key: &[u8], sealed: StoredValue<'v>) -> StoredValue<'v> {
        let StoredValue::Encrypted { kind, rest, .. } = sealed else { return sealed };
        let names = self.doors.names(kind, rest);
        let Some(longest) = names.last().and_then(|name| sealed.under(name)) else { return sealed };
        if names.len() == 1 {
            return longest;
        }
        let mut room = Zeroizing::new(Vec::new());
        let opens = |body: &[u8], room: &mut Zeroizing<Vec<u8>>| {
            let mut doors = self.doors.of(kind, rest, key).filter(|door| door.body.len() == body.len());
            doors.any(|door| {
                let opened = door.cipher.as_ref().map(|cipher| cipher.open(etcd_key, body, room));
                matches!(opened, Some(Ok(()))) && fit::check(key, room).is_ok()
            })
        };
        let mut named = names.iter().filter_map(|name| sealed.under(name));
        named
            .find(|named| matches!(named, StoredValue::Encrypted { body, .. } if opens(body, &mut room)))
            .unwrap_or(longest)
    }

    /// Opens an encrypted value into `room`, which then holds the object.
    pub(crate) fn open_sealed(
        &self,
        key: &StorageKey<'_>,
        etcd_key: &[u8],
        sealed: &StoredValue<'_>,
        room: &mut Zeroizing<Vec<u8>>,
    ) -> Result<OpenedBy, OpenFailure> {
        let StoredValue::Encrypted { kind, provider, version, name, body, rest } = *sealed else {
            return Err(OpenFailure::NOT_SEALED);
        };
        match kind {
            ProviderKind::AesCbc | ProviderKind::AesGcm | ProviderKind::SecretBox => {}
            ProviderKind::KmsV1 | ProviderKind::KmsV2 => return Err(self.describe_kms(kind, name, body)),
            ProviderKind::Identity | ProviderKind::Unknown => {
                return Err(OpenFailure::UnknownProvider {
                    provider: clip(provider, LONGEST),
                    version: clip(version, LONGEST),
                });
            }
        }
        let (mut tried, mut unusable) = (0_usize, false);
        let (mut closed, mut other) = (None, None);
        for door in self.doors.of(kind, rest, key) {
            let Some(cipher) = &door.cipher else {
                unusable = true;
                continue;
            };
            tried = tried.saturating_add(1);
            if !cipher.may_open(door.body) {
                other = Some(Mismatch::NoObject);
                continue;
            }
            match cipher.open(etcd_key, door.body, room) {
                Ok(()) => match fit::check(key, room) {
                    Ok(()) => {
                        door.opened();
                        return Ok(OpenedBy { source: door.source, standing: door.standing });
                    }
                    Err(mismatch) => other = Some(mismatch),
                },
                Err(reason) => closed = closed.or(Some(reason)),
            }
        }
        let key_name = clip(name, LONGEST);
        Err(match (other, closed) {
            (Some(mismatch), _) => OpenFailure::OtherObject { provider: kind, key_name, tried, mismatch },
            (None, Some(reason)) => OpenFailure::Body { provider: kind, key_name, tried, reason },
            (None, None) if unusable => OpenFailure::UnusableKey { provider: kind, key_name },
            (None, None) => {
                let resource = clip(&source::group_resource(key).to_string(), LONGEST);
                OpenFailure::NoKey { resource, provider: kind, key_name }
            }
        })
    }

    fn describe_kms(&self, kind: ProviderKind, plugin: &str, body: &[u8]) -> OpenFailure {
        let v2 = kind == ProviderKind::KmsV2;
        let envelope = if v2 { KmsEnvelope::read_v2(body) } else { KmsEnvelope::read_v1(body) };
        let configured = self.doors.has_plugin(plugin, v2);
        let plugin = clip(plugin, LONGEST);
        match envelope {
            Ok(envelope) => OpenFailure::Kms { plugin, configured, envelope },
            Err(reason) => OpenFailure::KmsEnvelope { plugin, reason },
        }
    }
}
