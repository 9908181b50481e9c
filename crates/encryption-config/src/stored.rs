//! A stored value's prefix, and what opened bytes must begin with.
use thiserror::Error;

use crate::config::ProviderKind;

const ENCRYPTED: &[u8] = b"k8s:enc:";
/// No object begins so: protobuf begins `k8s` and a zero byte.
const TRANSFORMED: &[u8] = b"k8s:";

/// A value as it lies in etcd, split but not opened.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum StoredValue<'v> {
    /// Not encrypted.
    Plain(&'v [u8]),
    /// Encrypted under `k8s:enc:<provider>:<version>:<name>:`.
    Encrypted {
        /// The provider by both words of the prefix.
        kind: ProviderKind,
        /// The provider's word, which matters where `kind` is unknown.
        provider: &'v str,
        /// The version's word.
        version: &'v str,
        /// The name of the key, or of the KMS plugin.
        name: &'v str,
        /// What follows the fifth colon.
        body: &'v [u8],
    },
}

/// A value begins `k8s:enc:` but has no whole prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PrefixError {
    /// Fewer than five colons.
    #[error("the value begins `k8s:enc:` but its prefix ends after {colons} of 5 colons")]
    Incomplete {
        /// The colons found.
        colons: usize,
    },
    /// Another word than `enc` follows `k8s:`.
    #[error("the value begins `k8s:` and does not go on with `enc:`")]
    OtherWord,
    /// The prefix is not UTF-8 text.
    #[error("the value begins `k8s:enc:` but its prefix is not text")]
    NotText,
}

impl<'v> StoredValue<'v> {
    /// Splits a stored value at its fifth colon; the body may hold any bytes, colons too.
    ///
    /// # Errors
    /// [`PrefixError`] for a value that begins `k8s:` and does not go on as it must. The
    /// API server refuses such a value, whatever the provider.
    pub fn read(stored: &'v [u8]) -> Result<Self, PrefixError> {
        if !stored.starts_with(TRANSFORMED) {
            return Ok(StoredValue::Plain(stored));
        }
        if !stored.starts_with(ENCRYPTED) {
            return Err(PrefixError::OtherWord);
        }
        let mut words = stored.splitn(6, |byte| *byte == b':').skip(2);
        let (Some(provider), Some(version), Some(name), Some(body)) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            let colons = stored.iter().filter(|byte| **byte == b':').count();
            return Err(PrefixError::Incomplete { colons });
        };
        let text = |word: &'v [u8]| std::str::from_utf8(word).map_err(|_| PrefixError::NotText);
        let (provider, version, name) = (text(provider)?, text(version)?, text(name)?);
        let kind = ProviderKind::from_prefix(provider, version);
        Ok(StoredValue::Encrypted { kind, provider, version, name, body })
    }
}

/// The first bytes of an object as Kubernetes stores it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Magic {
    /// `k8s\0`: a protobuf `Unknown` envelope.
    Protobuf,
    /// `{`: JSON.
    Json,
    /// `d9 d9 f7`: CBOR with its self-describing tag.
    Cbor,
}

impl Magic {
    /// Recognises the first bytes of an opened value, or returns `None`: then it is no object,
    /// and a value without authentication (aescbc) was opened with the wrong key.
    #[must_use]
    pub fn of(opened: &[u8]) -> Option<Self> {
        if opened.starts_with(b"k8s\0") {
            Some(Magic::Protobuf)
        } else if opened.starts_with(b"{") {
            Some(Magic::Json)
        } else if opened.starts_with(&[0xd9, 0xd9, 0xf7]) {
            Some(Magic::Cbor)
        } else {
            None
        }
    }
}
