//! Why a value does not open.

use encryption_config::{BodyError, EnvelopeError, KmsEnvelope, PrefixError, ProviderKind};
use thiserror::Error;

use super::fit::Mismatch;

/// Why a value does not open. Names come from the value: escape them before printing. Nothing of a key or of opened
/// bytes is in here.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum OpenFailure {
    /// The value begins `k8s:enc:` but has no whole prefix.
    #[error(transparent)]
    Prefix(#[from] PrefixError),
    /// A provider that Kubernetes does not have.
    #[error("unknown provider `{provider}:{version}`")]
    UnknownProvider {
        /// The provider's word.
        provider: String,
        /// The version's word.
        version: String,
    },
    /// No key of that name is at hand for the resource.
    #[error("no {provider} key `{key_name}` for resource `{resource}` is at hand")]
    NoKey {
        /// The resource, as a configuration names it.
        resource: String,
        /// The provider.
        provider: ProviderKind,
        /// The key that the value needs.
        key_name: String,
    },
    /// The key is named, but there are no usable bytes for it.
    #[error("{provider} key `{key_name}` is named, without usable bytes")]
    UnusableKey {
        /// The provider.
        provider: ProviderKind,
        /// The key's name.
        key_name: String,
    },
    /// Keys of that name are at hand and do not open the value.
    #[error("{provider} key `{key_name}` does not open the value: {reason}")]
    Body {
        /// The provider.
        provider: ProviderKind,
        /// The key's name.
        key_name: String,
        /// How many keys of that name were tried.
        tried: usize,
        /// What the first one said.
        reason: BodyError,
    },
    /// Something came out, and it is not the object that the etcd key names.
    #[error("{provider} key `{key_name}` does not fit the value: {mismatch}")]
    OtherObject {
        /// The provider.
        provider: ProviderKind,
        /// The key's name.
        key_name: String,
        /// How many keys of that name were tried.
        tried: usize,
        /// What does not agree.
        mismatch: Mismatch,
    },
    /// The value can be opened only by the key management service.
    #[error("the value is sealed by KMS plugin `{plugin}`: it opens only with the service that holds the key")]
    Kms {
        /// The plugin's name.
        plugin: String,
        /// A configuration at hand names this plugin.
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

/// Why a value does not open, as one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// No key of that name is at hand.
    MissingKey,
    /// The key is named, without usable bytes.
    UnusableKey,
    /// A key of that name is at hand, and its bytes are others, as far as can be told from one value.
    WrongKey,
    /// The value is shorter than any that a writer makes, or breaks off.
    Truncated,
    /// It opens, and is another object than the etcd key names: the value was moved or swapped.
    OtherObject,
    /// It opens, is the object that the etcd key names, and is damaged behind its name.
    Damaged,
    /// The prefix or the envelope is broken, or the provider unknown.
    Malformed,
    /// A key management service holds the key. This is no fault of the value.
    Kms,
}

impl Reason {
    /// The word that reports use.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::MissingKey => "missing-key",
            Self::UnusableKey => "unusable-key",
            Self::WrongKey => "wrong-key",
            Self::Truncated => "truncated",
            Self::OtherObject => "other-object",
            Self::Damaged => "damaged",
            Self::Malformed => "malformed",
            Self::Kms => "kms",
        }
    }
}

impl OpenFailure {
    /// What is said of a value that is not encrypted, where only encrypted ones are asked for.
    pub(crate) const NOT_SEALED: Self = Self::Prefix(PrefixError::Incomplete { colons: 0 });

    /// The reason as one word.
    #[must_use]
    pub fn reason(&self) -> Reason {
        match self {
            Self::Prefix(_) | Self::UnknownProvider { .. } | Self::KmsEnvelope { .. } => Reason::Malformed,
            Self::NoKey { .. } => Reason::MissingKey,
            Self::UnusableKey { .. } => Reason::UnusableKey,
            Self::Body { reason: BodyError::TooShort { .. } | BodyError::NotWholeBlocks { .. }, .. } => {
                Reason::Truncated
            }
            Self::Body { .. } => Reason::WrongKey,
            Self::OtherObject { mismatch, .. } => match mismatch {
                Mismatch::NoObject | Mismatch::Broken => Reason::WrongKey,
                Mismatch::Kind | Mismatch::Namespace | Mismatch::Name => Reason::OtherObject,
            },
            Self::Kms { .. } => Reason::Kms,
        }
    }
}

/// Names in a hostile value may be megabytes long: so many characters are kept.
pub(crate) const LONGEST: usize = 256;
