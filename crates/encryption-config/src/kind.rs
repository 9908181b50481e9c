//! The kinds of providers.
use std::fmt;

/// What kind of provider, by the word that stands in stored values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ProviderKind {
    /// Plaintext, without a prefix.
    Identity,
    /// `k8s:enc:aescbc:v1:`
    AesCbc,
    /// `k8s:enc:aesgcm:v1:`
    AesGcm,
    /// `k8s:enc:secretbox:v1:`
    SecretBox,
    /// `k8s:enc:kms:v1:`
    KmsV1,
    /// `k8s:enc:kms:v2:`
    KmsV2,
    /// Not known to this crate.
    Unknown,
}

impl ProviderKind {
    /// Reads the two words of a stored prefix.
    #[must_use]
    pub fn from_prefix(provider: &str, version: &str) -> Self {
        match (provider, version) {
            ("aescbc", "v1") => ProviderKind::AesCbc,
            ("aesgcm", "v1") => ProviderKind::AesGcm,
            ("secretbox", "v1") => ProviderKind::SecretBox,
            ("kms", "v1") => ProviderKind::KmsV1,
            ("kms", "v2") => ProviderKind::KmsV2,
            _ => ProviderKind::Unknown,
        }
    }

    /// Returns the word a configuration uses.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            ProviderKind::Identity => "identity",
            ProviderKind::AesCbc => "aescbc",
            ProviderKind::AesGcm => "aesgcm",
            ProviderKind::SecretBox => "secretbox",
            ProviderKind::KmsV1 | ProviderKind::KmsV2 => "kms",
            ProviderKind::Unknown => "unknown",
        }
    }
}

impl fmt::Display for ProviderKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A cipher, by its provider and the length of its key: what is sealed and what is opened go by the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Suite {
    Cbc128,
    Cbc192,
    Cbc256,
    Gcm128,
    Gcm192,
    Gcm256,
    SecretBox,
}

impl Suite {
    /// `None` for a key of another length, and for what is no cipher.
    pub(crate) fn of(provider: ProviderKind, key_length: usize) -> Option<Self> {
        Some(match (provider, key_length) {
            (ProviderKind::AesCbc, 16) => Self::Cbc128,
            (ProviderKind::AesCbc, 24) => Self::Cbc192,
            (ProviderKind::AesCbc, 32) => Self::Cbc256,
            (ProviderKind::AesGcm, 16) => Self::Gcm128,
            (ProviderKind::AesGcm, 24) => Self::Gcm192,
            (ProviderKind::AesGcm, 32) => Self::Gcm256,
            (ProviderKind::SecretBox, 32) => Self::SecretBox,
            _ => return None,
        })
    }
}
