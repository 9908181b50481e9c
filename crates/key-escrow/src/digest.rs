//! SHA-256 beside a stream, and the keyed digest of secret members.

use std::fmt;
use std::io::{self, Read, Write};
use std::str::FromStr;

use hmac::Hmac;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::error::{Error, Result};

/// HMAC-SHA256, as used for members' digests and for the sealed original's passphrase.
pub(crate) type HmacSha256 = Hmac<Sha256>;

/// Size and SHA-256 of a run of bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digest {
    /// Length in bytes.
    pub size: u64,
    /// SHA-256, lower-case hex.
    pub sha256: String,
}

/// A SHA-256 as somebody kept it: 64 hexadecimal digits, in either case, as `sha256sum` prints them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sha256Sum(String);

impl FromStr for Sha256Sum {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let text = text.trim();
        match text.len() {
            64 if text.bytes().all(|byte| byte.is_ascii_hexdigit()) => Ok(Self(text.to_ascii_lowercase())),
            64 => Err(Error::Usage { what: "a SHA-256 has hexadecimal digits and nothing else".to_owned() }),
            _ => Err(Error::Usage {
                what: format!("a SHA-256 has 64 hexadecimal digits, not {} characters", text.chars().count()),
            }),
        }
    }
}

impl fmt::Display for Sha256Sum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Sha256Sum {
    /// Whether this is the sum of the bytes that `digest` tells of.
    #[must_use]
    pub fn is_of(&self, digest: &Digest) -> bool {
        self.0 == digest.sha256
    }
}

/// Counts and hashes what passes.
#[derive(Clone, Default)]
pub(crate) struct Hasher {
    sha: Sha256,
    size: u64,
}

impl Hasher {
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.sha.update(bytes);
        self.size = self.size.saturating_add(bytes.len() as u64);
    }

    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    pub(crate) fn finish(self) -> Digest {
        Digest { size: self.size, sha256: wording::hex(&self.sha.finalize()) }
    }
}

/// A reader that hashes what is read through it.
pub(crate) struct HashingReader<R> {
    inner: R,
    hasher: Hasher,
}

impl<R: Read> HashingReader<R> {
    pub(crate) fn new(inner: R) -> Self {
        Self { inner, hasher: Hasher::default() }
    }

    pub(crate) fn finish(self) -> (R, Digest) {
        (self.inner, self.hasher.finish())
    }

    /// Reads to the end and returns the digest of everything.
    pub(crate) fn drain(mut self) -> io::Result<Digest> {
        io::copy(&mut self, &mut io::sink())?;
        Ok(self.hasher.finish())
    }
}

impl<R: Read> Read for HashingReader<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buf)?;
        self.hasher.update(buf.get(..n).unwrap_or_default());
        Ok(n)
    }
}

/// A writer that hashes what the inner writer accepted.
pub(crate) struct HashingWriter<W> {
    inner: W,
    hasher: Hasher,
}

impl<W: Write> HashingWriter<W> {
    pub(crate) fn new(inner: W) -> Self {
        Self { inner, hasher: Hasher::default() }
    }

    pub(crate) fn size(&self) -> u64 {
        self.hasher.size()
    }

    pub(crate) fn finish(self) -> (W, Digest) {
        (self.inner, self.hasher.finish())
    }
}

impl<W: Write> Write for HashingWriter<W> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let n = self.inner.write(buf)?;
        self.hasher.update(buf.get(..n).unwrap_or_default());
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Starts an HMAC-SHA256 under a 32-byte key.
pub(crate) fn keyed(key: &[u8; 32]) -> HmacSha256 {
    <HmacSha256 as hmac::digest::KeyInit>::new((&*padded(key)).into())
}

/// HMAC pads its key to a block of 64 bytes with zeros; doing it here makes the constructor infallible.
fn padded(key: &[u8; 32]) -> zeroize::Zeroizing<[u8; 64]> {
    let mut block = zeroize::Zeroizing::new([0; 64]);
    for (to, from) in block.iter_mut().zip(key) {
        *to = *from;
    }
    block
}

#[cfg(test)]
mod tests {
    use hmac::Mac;

    use super::*;

    #[test]
    fn keyed_digest_is_plain_hmac_sha256() {
        // `printf 'what do ya want' | openssl dgst -sha256 -mac HMAC -macopt hexkey:<64 hex digits 00..1f>`
        let key: [u8; 32] = std::array::from_fn(|i| u8::try_from(i).unwrap());
        let mut mac = keyed(&key);
        mac.update(b"what do ya want");
        let mut plain = <HmacSha256 as Mac>::new_from_slice(&key).unwrap();
        plain.update(b"what do ya want");
        assert_eq!(mac.finalize().into_bytes(), plain.finalize().into_bytes());
    }

    #[test]
    fn a_sum_is_64_digits_in_either_case() {
        let digest = HashingReader::new(&b""[..]).drain().unwrap();
        let upper = format!(" {}\n", digest.sha256.to_uppercase());
        for (text, is_of) in [(digest.sha256.as_str(), true), (&upper, true), (&"0".repeat(64), false)] {
            let sum: Sha256Sum = text.parse().unwrap();
            assert_eq!((sum.is_of(&digest), sum.to_string()), (is_of, text.trim().to_lowercase()));
        }
        for (text, word) in [
            ("", "not 0"),
            (&"0".repeat(63), "not 63"),
            (&"g".repeat(64), "nothing else"),
            (&"é".repeat(32), "nothing else"),
        ] {
            let error = text.parse::<Sha256Sum>().unwrap_err().to_string();
            assert!(error.contains(word), "{error}");
        }
    }
}
