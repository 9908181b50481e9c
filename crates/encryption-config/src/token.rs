//! The server token of k3s and rke2, and the record in etcd that it seals.
//!
//! A server keeps certificates, keys and the encryption configuration of its cluster under `/bootstrap/<hash>`, where the
//! hash is the beginning of the SHA-256 of the token: `<salt>:<base64>`, sealed by AES-GCM under a key that PBKDF2 (SHA-1,
//! 4096 rounds) makes of token and salt. So a token can be held against a record without opening anything.
use std::fmt::Write as _;

use aes_gcm::aead::AeadInOut;
use aes_gcm::{Aes256Gcm, KeyInit};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha1::Sha1;
use sha2::{Digest, Sha256};
use thiserror::Error;
use zeroize::Zeroizing;

const ROUNDS: u32 = 4096;
const NONCE: usize = 12;
const TAG: usize = 16;
/// Digits of the hash in a record's key.
const HASH: usize = 12;
/// What a token with the hash of a certificate begins with.
const PREFIX: &str = "K10";
/// No token is longer.
const LONGEST: usize = 4096;

/// A server token. Without `Debug` and `Clone`, and wiped on drop.
pub struct Token(Zeroizing<String>);

/// Why a record does not open. No variant repeats a part of it or of the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RecordError {
    /// It has another form than k3s writes.
    #[error("the record is not of the form that k3s writes")]
    Form,
    /// The token has the right hash, or is to be tried all the same, and does not open it.
    #[error("the token does not open the record: it is damaged")]
    Closed,
    /// It opened to something else than a set of files.
    #[error("what is sealed in the record is no set of files")]
    Content,
}

impl Token {
    /// Reads a token file: one line, `K10<hash>::<user>:<password>` or the password alone. `None` where there is none.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok().filter(|text| text.len() <= LONGEST)?.trim();
        let one = !text.is_empty() && !text.contains(['\n', '\r', '\0']);
        one.then(|| Self(Zeroizing::new(text.to_owned())))
    }

    /// The password in it, which is what seals.
    fn password(&self) -> &str {
        let Some(rest) = self.0.strip_prefix(PREFIX) else { return &self.0 };
        let rest = rest.split_once("::").map_or(rest, |(_, rest)| rest);
        rest.split_once(':').map_or(rest, |(_, password)| password)
    }

    /// The hash of the password, by which a record of it is named: 12 hexadecimal digits.
    #[must_use]
    pub fn hash(&self) -> String {
        hash(self.password())
    }

    /// Whether a record of this name is sealed with the token. Old servers took the whole token, or none, for the password.
    #[must_use]
    pub fn seals(&self, hash: &str) -> bool {
        self.passwords(hash).next().is_some()
    }

    fn passwords<'t>(&'t self, name: &str) -> impl Iterator<Item = &'t str> {
        [self.password(), &self.0, ""].into_iter().filter(move |password| hash(password) == name)
    }

    /// What is sealed in the record of that name: a set of files.
    ///
    /// # Errors
    /// [`RecordError`] where it is none, or is not sealed with this token.
    pub(crate) fn unsealed(&self, name: &str, value: &[u8]) -> Result<Zeroizing<Vec<u8>>, RecordError> {
        let (salt, sealed) = parts(value).ok_or(RecordError::Form)?;
        self.passwords(name).find_map(|password| unseal(password, salt, sealed)).ok_or(RecordError::Closed)
    }
}

/// Whether a value has the form of a record: a salt of 16 hexadecimal digits, a colon, base64.
#[must_use]
pub fn is_record(value: &[u8]) -> bool {
    let letter = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
    parts(value).is_some_and(|(salt, sealed)| {
        salt.len() == 16 && salt.bytes().all(|byte| byte.is_ascii_hexdigit()) && sealed.iter().all(letter)
    })
}

fn parts(value: &[u8]) -> Option<(&str, &[u8])> {
    let colon = value.iter().position(|byte| *byte == b':')?;
    let (salt, sealed) = value.split_at_checked(colon)?;
    Some((std::str::from_utf8(salt).ok()?, sealed.get(1..).filter(|sealed| !sealed.is_empty())?))
}

fn hash(password: &str) -> String {
    let digest = Sha256::digest(password.as_bytes());
    let mut text = String::with_capacity(HASH);
    for byte in digest.iter().take(HASH / 2) {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

fn unseal(password: &str, salt: &str, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut key = Zeroizing::new([0; 32]);
    pbkdf2::pbkdf2_hmac::<Sha1>(password.as_bytes(), salt.as_bytes(), ROUNDS, &mut *key);
    let mut bytes = Zeroizing::new(vec![0; base64::decoded_len_estimate(sealed.len())]);
    let length = STANDARD.decode_slice(sealed, &mut bytes).ok()?;
    bytes.truncate(length);
    let body = length.checked_sub(NONCE + TAG)?;
    let (nonce, rest) = bytes.split_at_mut_checked(NONCE)?;
    let (body, tag) = rest.split_at_mut_checked(body)?;
    let cipher = Aes256Gcm::new_from_slice(&*key).ok()?;
    let (nonce, tag) = (nonce.first_chunk::<NONCE>()?, tag.first_chunk::<TAG>()?);
    cipher.decrypt_inout_detached(nonce.into(), b"", (&mut *body).into(), tag.into()).ok()?;
    Some(Zeroizing::new(body.to_vec()))
}
