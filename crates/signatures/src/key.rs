//! Public keys of both kinds, and how to name one.

use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use ssh_key::public::KeyData;
use ssh_key::{Algorithm, EcdsaCurve, HashAlg, PublicKey};

use crate::time::ListFaultKind;

/// Keys of RSA with fewer bits vouch for nothing.
pub(crate) const LEAST_RSA_BITS: usize = 2048;

/// How a key is called: its kind and its fingerprint, as `ssh-keygen -l` and minisign print them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyName(String);

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl KeyName {
    /// `ssh-ed25519 SHA256:...`
    pub(crate) fn ssh(key: &KeyData) -> Self {
        Self(format!("{} {}", key.algorithm().as_str(), key.fingerprint(HashAlg::Sha256)))
    }

    /// `minisign 8D3C...`, with the number that minisign prints.
    pub(crate) fn minisign(id: [u8; 8]) -> Self {
        Self(format!("minisign {:016X}", u64::from_le_bytes(id)))
    }
}

/// A public key of a list.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Key {
    Ssh(KeyData),
    Minisign { key: minisign_verify::PublicKey, id: [u8; 8] },
}

impl Key {
    pub(crate) fn name(&self) -> KeyName {
        match self {
            Self::Ssh(key) => KeyName::ssh(key),
            Self::Minisign { id, .. } => KeyName::minisign(*id),
        }
    }

    /// A key as it stands behind principals: `keytype base64 [comment]`.
    pub(crate) fn ssh(text: &str) -> Option<Self> {
        let mut words = text.split([' ', '\t', '\r']).filter(|word| !word.is_empty());
        let (kind, key) = (words.next()?, words.next()?);
        PublicKey::from_openssh(&format!("{kind} {key}")).ok().map(|key| Self::Ssh(key.key_data().clone()))
    }

    /// The line of a public key as minisign writes it.
    pub(crate) fn minisign(line: &str) -> Result<Self, ListFaultKind> {
        let bad = |_| ListFaultKind::Key("the line of a minisign key is 56 characters of base64, and begins with RW");
        let key = minisign_verify::PublicKey::from_base64(line.trim()).map_err(bad)?;
        let id = key_id(line.trim()).ok_or(ListFaultKind::Key("no minisign key"))?;
        Ok(Self::Minisign { key, id })
    }
}

/// The key's number, in a public key and in a signature of minisign alike.
pub(crate) fn key_id(line: &str) -> Option<[u8; 8]> {
    BASE64_STANDARD.decode(line).ok()?.get(2..10)?.try_into().ok()
}

/// Why a key vouches for nothing, whatever the list says; none if it may.
pub(crate) fn unusable(key: &KeyData) -> Option<String> {
    match key.algorithm() {
        Algorithm::Ed25519 | Algorithm::SkEd25519 | Algorithm::SkEcdsaSha2NistP256 => None,
        Algorithm::Ecdsa { curve: EcdsaCurve::NistP256 } => None,
        Algorithm::Rsa { .. } => {
            let bits = key.rsa().and_then(|key| key.n.as_positive_bytes()).map_or(0, bits);
            (bits < LEAST_RSA_BITS).then(|| format!("RSA of {bits} bits"))
        }
        other => Some(other.as_str().to_owned()),
    }
}

fn bits(number: &[u8]) -> usize {
    let first = number.iter().position(|byte| *byte != 0).unwrap_or(number.len());
    let zeros = number.get(first).map_or(0, |byte| byte.leading_zeros() as usize);
    (number.len() - first) * 8 - zeros
}
