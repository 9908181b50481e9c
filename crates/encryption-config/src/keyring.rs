//! Several configurations as one set of keys, and opening values with it.
use std::ops::Deref;

use thiserror::Error;
use wording::{clip, cut};
use zeroize::Zeroizing;

use crate::config::{EncryptionConfig, GroupResource, Provider};
use crate::envelope::{EnvelopeError, KmsEnvelope};
use crate::key::Key;
use crate::kind::ProviderKind;
use crate::open::{BodyError, open_body};
use crate::stored::{Magic, PrefixError, StoredValue, body_under};

/// Names in a hostile value may be megabytes long: so many characters are kept.
const LONGEST: usize = 256;

/// The keys of one or more configurations: the tarball's, those of openshift-apiserver and
/// oauth-apiserver found inside the snapshot, files of the caller.
#[derive(Default)]
pub struct Keyring {
    configs: Vec<EncryptionConfig>,
}

/// An opened value. Without `Debug`, because the bytes may be a Secret.
pub struct Opened<'v> {
    /// How it was stored.
    pub stored_as: StoredAs,
    /// The object's bytes.
    pub plaintext: Plaintext<'v>,
    /// What the bytes begin with. `None` after aescbc means: not an object, so most likely the
    /// wrong key. For a strong proof compare kind, namespace and name with the etcd key too.
    pub magic: Option<Magic>,
}

/// How a value was stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoredAs {
    /// Plaintext (`identity`).
    Plain,
    /// Encrypted.
    Encrypted {
        /// The provider.
        provider: ProviderKind,
        /// The key's name.
        key_name: String,
        /// Whether new values would be written with this key.
        standing: Standing,
    },
}

/// What a key is for, for one resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The first key of the first provider: new values are written with it.
    Write,
    /// Kept to read older values.
    Read,
}

/// Opened bytes: borrowed if the value was stored as plaintext, else a buffer wiped on drop.
pub enum Plaintext<'v> {
    /// The stored bytes themselves.
    Stored(&'v [u8]),
    /// Decrypted bytes.
    Decrypted(Zeroizing<Vec<u8>>),
}

impl Deref for Plaintext<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Plaintext::Stored(bytes) => bytes,
            Plaintext::Decrypted(bytes) => bytes,
        }
    }
}

/// Why a value does not open. Names come from the value: escape them before printing.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The value begins `k8s:enc:` but has no whole prefix.
    #[error(transparent)]
    Prefix(#[from] PrefixError),
    /// A provider this crate does not know.
    #[error("unknown provider `{provider}:{version}`")]
    UnknownProvider {
        /// The provider's word.
        provider: String,
        /// The version's word.
        version: String,
    },
    /// No configuration of the keyring names the resource.
    #[error("the keyring has no entry for resource `{resource}`, and the value needs {provider} key `{key_name}`")]
    ResourceNotCovered {
        /// The resource.
        resource: String,
        /// The provider of the value.
        provider: ProviderKind,
        /// The key the value needs.
        key_name: String,
    },
    /// The keyring lacks the key.
    #[error("the keyring has no {provider} key `{key_name}` for resource `{resource}`")]
    NoKey {
        /// The resource.
        resource: String,
        /// The provider.
        provider: ProviderKind,
        /// The key the value needs.
        key_name: String,
    },
    /// The keyring names the key, but holds no usable bytes for it: broken base64, a wrong
    /// length, or library-go's bookkeeping entry.
    #[error("the keyring names {provider} key `{key_name}` but holds no usable bytes for it")]
    UnusableKey {
        /// The provider.
        provider: ProviderKind,
        /// The key's name.
        key_name: String,
    },
    /// A key of that name is there, but does not open the value.
    #[error("{provider} key `{key_name}` does not open the value: {reason}")]
    Body {
        /// The provider.
        provider: ProviderKind,
        /// The key's name.
        key_name: String,
        /// How many keys of that name were tried.
        tried: usize,
        /// What the last one said.
        reason: BodyError,
    },
    /// The value can be opened only by the key management service.
    #[error("the value is sealed by KMS plugin `{plugin}`: it opens only with the service that holds the key")]
    Kms {
        /// The plugin's name.
        plugin: String,
        /// The keyring's configuration names this plugin for the resource.
        configured: bool,
        /// What the envelope says.
        envelope: KmsEnvelope,
    },
    /// A KMS value whose envelope does not parse.
    #[error("KMS plugin `{plugin}`: {reason}")]
    KmsEnvelope {
        /// The plugin's name.
        plugin: String,
        /// What is wrong.
        reason: EnvelopeError,
    },
}

/// A key that could open a value.
struct Candidate<'k, 'v> {
    key: &'k Key,
    /// What follows its name.
    body: &'v [u8],
    standing: Standing,
}

impl Keyring {
    /// Adds the keys of a configuration; earlier ones are tried first.
    pub fn add(&mut self, config: EncryptionConfig) {
        self.configs.push(config);
    }

    /// Returns the configurations, in the order they were added.
    #[must_use]
    pub fn configs(&self) -> &[EncryptionConfig] {
        &self.configs
    }

    /// Opens a stored value as the API server for `resource` would.
    ///
    /// `resource` is `secrets` or `routes.route.openshift.io`, as a configuration names it.
    /// `etcd_key` is the full key, such as `/kubernetes.io/secrets/ns/name`: aesgcm binds it.
    /// A plaintext value opens as it is. Where several keys of the keyring share the name, all
    /// are tried, and one whose plaintext begins like an object wins.
    ///
    /// # Errors
    /// [`OpenError`] says which key is missing or why the one at hand does not fit.
    pub fn open<'v>(&self, resource: &str, etcd_key: &[u8], stored: &'v [u8]) -> Result<Opened<'v>, OpenError> {
        let (kind, provider, version, name, body, rest) = match StoredValue::read(stored)? {
            StoredValue::Plain(bytes) => {
                let plaintext = Plaintext::Stored(bytes);
                return Ok(Opened { stored_as: StoredAs::Plain, plaintext, magic: Magic::of(bytes) });
            }
            StoredValue::Encrypted { kind, provider, version, name, body, rest } => {
                (kind, provider, version, name, body, rest)
            }
        };
        match kind {
            ProviderKind::AesCbc | ProviderKind::AesGcm | ProviderKind::SecretBox => {
                self.open_with_key(resource, kind, name, etcd_key, rest)
            }
            ProviderKind::KmsV1 | ProviderKind::KmsV2 => Err(self.describe_kms(resource, kind, (name, body), rest)),
            ProviderKind::Identity | ProviderKind::Unknown => {
                Err(OpenError::UnknownProvider { provider: clip(provider, LONGEST), version: clip(version, LONGEST) })
            }
        }
    }

    fn open_with_key<'v>(
        &self,
        resource: &str,
        kind: ProviderKind,
        name: &str,
        etcd_key: &[u8],
        rest: &[u8],
    ) -> Result<Opened<'v>, OpenError> {
        let candidates = self.candidates(resource, kind, name, rest)?;
        let mut best: Option<Opened<'v>> = None;
        let mut reason = None;
        let mut tried = 0_usize;
        for candidate in &candidates {
            let Some(key) = candidate.key.opening_bytes() else {
                continue;
            };
            tried = tried.saturating_add(1);
            let name = candidate.key.name();
            match open_body(kind, key, etcd_key, candidate.body) {
                Ok(bytes) => {
                    let magic = Magic::of(&bytes);
                    let stored_as = StoredAs::Encrypted {
                        provider: kind,
                        key_name: cut(name, LONGEST),
                        standing: candidate.standing,
                    };
                    let opened = Opened { stored_as, plaintext: Plaintext::Decrypted(bytes), magic };
                    if magic.is_some() {
                        return Ok(opened);
                    }
                    best = best.or(Some(opened));
                }
                Err(error) => reason = Some(error),
            }
        }
        match (best, reason) {
            (Some(opened), _) => Ok(opened),
            (None, Some(reason)) => {
                Err(OpenError::Body { provider: kind, key_name: clip(name, LONGEST), tried, reason })
            }
            (None, None) => Err(OpenError::UnusableKey { provider: kind, key_name: clip(name, LONGEST) }),
        }
    }

    /// The keys whose names what follows the provider's prefix begins with, each set of bytes under a name once.
    fn candidates<'v>(
        &self,
        resource: &str,
        kind: ProviderKind,
        name: &str,
        rest: &'v [u8],
    ) -> Result<Vec<Candidate<'_, 'v>>, OpenError> {
        let parsed = GroupResource::parse(resource);
        let mut covered = false;
        let mut candidates: Vec<Candidate<'_, 'v>> = Vec::new();
        for config in &self.configs {
            for (provider_index, provider) in config.providers_for(&parsed).into_iter().enumerate() {
                covered = true;
                if provider.kind() != kind {
                    continue;
                }
                for (key_index, key) in provider.keys().iter().enumerate() {
                    let Some(body) = body_under(key.name(), rest) else { continue };
                    let known =
                        |other: &Candidate<'_, '_>| other.key.name() == key.name() && other.key.same_material(key);
                    if !candidates.iter().any(known) {
                        let first = provider_index == 0 && key_index == 0;
                        let standing = if first { Standing::Write } else { Standing::Read };
                        candidates.push(Candidate { key, body, standing });
                    }
                }
            }
        }
        let (resource, key_name) = (clip(resource, LONGEST), clip(name, LONGEST));
        match (candidates.is_empty(), covered) {
            (false, _) => Ok(candidates),
            (true, true) => Err(OpenError::NoKey { resource, provider: kind, key_name }),
            (true, false) => Err(OpenError::ResourceNotCovered { resource, provider: kind, key_name }),
        }
    }

    fn describe_kms(
        &self,
        resource: &str,
        kind: ProviderKind,
        (plugin, body): (&str, &[u8]),
        rest: &[u8],
    ) -> OpenError {
        let v2 = kind == ProviderKind::KmsV2;
        let parsed = GroupResource::parse(resource);
        let providers = self.configs.iter().flat_map(|config| config.providers_for(&parsed));
        let named = providers
            .filter_map(|provider| if let Provider::Kms(kms) = provider { Some(kms) } else { None })
            .filter(|kms| kms.v2 == v2)
            .find_map(|kms| Some((kms.name.as_str(), body_under(&kms.name, rest)?)));
        let (configured, (plugin, body)) = (named.is_some(), named.unwrap_or((plugin, body)));
        let envelope = if v2 { KmsEnvelope::read_v2(body) } else { KmsEnvelope::read_v1(body) };
        let plugin = clip(plugin, LONGEST);
        match envelope {
            Ok(envelope) => OpenError::Kms { plugin, configured, envelope },
            Err(reason) => OpenError::KmsEnvelope { plugin, reason },
        }
    }
}
