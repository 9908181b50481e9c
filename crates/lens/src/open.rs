//! Opening stored values, whoever holds the keys.

use encryption_config::Plaintext;
use kube_objects::Envelope;

/// Opens stored values. What holds keys implements it; [`NoKeys`] has none.
pub trait Opener: Sync {
    /// The bytes behind a stored value: itself where it is not encrypted.
    ///
    /// # Errors
    /// [`NotOpened`] says which key is missing, or why the one at hand does not fit.
    fn open<'v>(&self, key: &[u8], stored: &'v [u8]) -> Result<Plaintext<'v>, NotOpened>;
}

/// Why a value stays closed. Names come from the value: escape them before printing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotOpened {
    /// It is encrypted, and no keys are at hand.
    #[error("encrypted by {provider} under key `{key_name}`, and no keys were given")]
    NoKeys {
        /// The provider and the version of its format: `aescbc:v1`.
        provider: String,
        /// Name of the key.
        key_name: String,
    },
    /// It begins as encrypted values do, without a whole prefix.
    #[error("begins like an encrypted value, but names no provider and key: it is damaged")]
    Malformed,
    /// There are keys, and they do not open it.
    #[error("{0}")]
    Refused(String),
}

/// Opens what is not encrypted.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoKeys;

impl Opener for NoKeys {
    fn open<'v>(&self, _key: &[u8], stored: &'v [u8]) -> Result<Plaintext<'v>, NotOpened> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        match Envelope::of(stored) {
            Envelope::Encrypted(encrypted) => Err(NotOpened::NoKeys {
                provider: format!("{}:{}", text(encrypted.provider.as_bytes()), text(encrypted.version)),
                key_name: text(encrypted.key_name),
            }),
            Envelope::MalformedEncryption(_) => Err(NotOpened::Malformed),
            _ => Ok(Plaintext::Stored(stored)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_keys_only_plaintext_opens() {
        let opened = NoKeys.open(b"/k", b"k8s\0x").map(|plain| plain.to_vec());
        assert_eq!(opened, Ok(b"k8s\0x".to_vec()));
        let refused = NoKeys.open(b"/k", b"k8s:enc:aescbc:v1:7:body").map(drop).unwrap_err();
        assert_eq!(refused.to_string(), "encrypted by aescbc:v1 under key `7`, and no keys were given");
        assert_eq!(NoKeys.open(b"/k", b"k8s:enc:x").map(drop), Err(NotOpened::Malformed));
    }
}
