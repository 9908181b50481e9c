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
