//! The configuration as written: resources, providers, keys.
use std::fmt;

use crate::key::{Key, decimal};
use crate::kind::ProviderKind;
use crate::open::Cipher;
use crate::problem::Problem;
use crate::token::Token;

/// One EncryptionConfiguration.
///
/// Holds key bytes, therefore without `Debug` and `Clone`; see [`Key`].
pub struct EncryptionConfig {
    /// How it was written.
    pub format: Format,
    /// `apiVersion`, if the file has one.
    pub api_version: Option<String>,
    /// The elements of `resources`, in their order.
    pub entries: Vec<ResourceProviders>,
    /// What is wrong with it, in the order of the document.
    pub problems: Vec<Problem>,
    /// What it was read from, as far as whoever read it says so.
    pub from: Option<String>,
    /// Keys of which neither provider nor name is known: see [`EncryptionConfig::of_bare`].
    pub(crate) bare: Vec<Key>,
    /// What opens the record of k3s, in which a configuration may be.
    pub(crate) token: Option<Token>,
}

/// The notation of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// JSON, as OpenShift writes it.
    Json,
    /// YAML, as HyperShift and people write it.
    Yaml,
}

/// One element of `resources`: some resources and the providers that serve them.
pub struct ResourceProviders {
    /// The resources or wildcards.
    pub resources: Vec<GroupResource>,
    /// The providers; the first one writes, all of them read.
    pub providers: Vec<Provider>,
}

/// A resource and its API group, or a wildcard over them.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GroupResource {
    /// The plural name, or `*`.
    pub resource: String,
    /// The API group, empty for the core group, `*` for all groups.
    pub group: String,
}

impl GroupResource {
    /// Splits `secrets`, `routes.route.openshift.io`, `*.`, `*.apps` or `*.*` at the first dot,
    /// as Kubernetes' `ParseGroupResource` does.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let (resource, group) = text.split_once('.').unwrap_or((text, ""));
        Self { resource: resource.to_owned(), group: group.to_owned() }
    }

    /// Says whether this is `*.`, `*.<group>` or `*.*`.
    #[must_use]
    pub fn is_wildcard(&self) -> bool {
        self.resource == "*"
    }

    /// Says whether `resource` falls under this pattern.
    #[must_use]
    pub fn covers(&self, resource: &GroupResource) -> bool {
        self == resource || (self.is_wildcard() && (self.group == "*" || self.group == resource.group))
    }
}

impl fmt::Display for GroupResource {
    /// Writes the form that a configuration has: no dot for the core group, `*.` for all of it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.group.is_empty() && !self.is_wildcard() {
            f.write_str(&self.resource)
        } else {
            write!(f, "{}.{}", self.resource, self.group)
        }
    }
}

/// One provider of a resource.
pub enum Provider {
    /// Plaintext.
    Identity,
    /// AES-CBC with PKCS#7 padding, without authentication.
    AesCbc {
        /// The keys, the first one writes.
        keys: Vec<Key>,
    },
    /// AES-GCM; the etcd key is associated data.
    AesGcm {
        /// The keys, the first one writes.
        keys: Vec<Key>,
    },
    /// XSalsa20-Poly1305.
    SecretBox {
        /// The keys, the first one writes.
        keys: Vec<Key>,
    },
    /// A key management service outside the cluster's own storage.
    Kms(Kms),
    /// A provider this crate does not know.
    Unknown {
        /// Its name in the file.
        name: String,
    },
}

impl Provider {
    /// Returns its kind.
    #[must_use]
    pub fn kind(&self) -> ProviderKind {
        match self {
            Provider::Identity => ProviderKind::Identity,
            Provider::AesCbc { .. } => ProviderKind::AesCbc,
            Provider::AesGcm { .. } => ProviderKind::AesGcm,
            Provider::SecretBox { .. } => ProviderKind::SecretBox,
            Provider::Kms(kms) if kms.v2 => ProviderKind::KmsV2,
            Provider::Kms(_) => ProviderKind::KmsV1,
            Provider::Unknown { .. } => ProviderKind::Unknown,
        }
    }

    /// Returns its keys: none for `identity`, KMS and unknown providers.
    #[must_use]
    pub fn keys(&self) -> &[Key] {
        match self {
            Provider::AesCbc { keys } | Provider::AesGcm { keys } | Provider::SecretBox { keys } => keys,
            Provider::Identity | Provider::Kms(_) | Provider::Unknown { .. } => &[],
        }
    }
}

/// A KMS provider. It holds no key: values can be opened only by the service itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kms {
    /// The plugin's name, which stands in stored prefixes (`<keyID>_<resource>` in OpenShift).
    pub name: String,
    /// The socket, such as `unix:///var/run/kmsplugin/kms-1.sock`.
    pub endpoint: Option<String>,
    /// The API is v2; otherwise v1, the default of a file that says nothing.
    pub v2: bool,
    /// The timeout as written.
    pub timeout: Option<String>,
}

impl Kms {
    /// Returns the key generation of OpenShift's `<keyID>_<resource>` names.
    #[must_use]
    pub fn generation(&self) -> Option<u64> {
        decimal(self.name.split_once('_')?.0)
    }
}

impl EncryptionConfig {
    /// Returns the providers that serve a resource, in their order: the lists of every element
    /// that names it; else those of `*.<group>`; else those of `*.*`. Empty where none does.
    #[must_use]
    pub fn providers_for(&self, resource: &GroupResource) -> Vec<&Provider> {
        let patterns = [
            resource.clone(),
            GroupResource { resource: "*".into(), group: resource.group.clone() },
            GroupResource { resource: "*".into(), group: "*".into() },
        ];
        patterns.iter().map(|pattern| self.providers_listed(pattern)).find(|list| !list.is_empty()).unwrap_or_default()
    }

    fn providers_listed(&self, pattern: &GroupResource) -> Vec<&Provider> {
        let naming = self.entries.iter().filter(|entry| entry.resources.contains(pattern));
        naming.flat_map(|entry| &entry.providers).collect()
    }

    /// Returns every key of the file in its order; the same key stands once for each resource
    /// that uses it.
    pub fn keys(&self) -> impl Iterator<Item = (ProviderKind, &Key)> {
        let providers = self.entries.iter().flat_map(|entry| &entry.providers);
        providers.flat_map(|provider| provider.keys().iter().map(move |key| (provider.kind(), key)))
    }

    /// Says whether the file holds key material: a key that is not a placeholder.
    #[must_use]
    pub fn has_key_material(&self) -> bool {
        self.has_bare() || self.keys().any(|(_, key)| key.opening_bytes().is_some())
    }

    /// Says whether it holds keys of which neither provider nor name is known.
    #[must_use]
    pub fn has_bare(&self) -> bool {
        !self.bare.is_empty()
    }

    /// Those keys, made ready for a provider.
    pub fn bare_ciphers(&self, provider: ProviderKind) -> impl Iterator<Item = Cipher> {
        self.bare.iter().filter_map(move |key| key.cipher(provider))
    }

    /// The server token that stands for a configuration which is sealed with it.
    #[must_use]
    pub fn token(&self) -> Option<&Token> {
        self.token.as_ref()
    }

    /// Stands for the configuration that a snapshot holds sealed with this token.
    #[must_use]
    pub fn of_token(token: Token) -> Self {
        Self { token: Some(token), ..Self::empty(Format::Json) }
    }
}
