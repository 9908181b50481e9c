//! What may be said in public about a secret key.

use std::fmt;

/// The method and its parameters, to be printed beside fingerprints.
pub const FINGERPRINT_METHOD: &str = "scrypt(N=2^15,r=8,p=1)/assay encryption key fingerprint v1";

const SALT: &[u8] = b"assay encryption key fingerprint v1";
const LOG_N: u8 = 15;
const R: u32 = 8;
const P: u32 = 1;
const LENGTH: usize = 16;

/// A public name for the bytes of a key: 16 bytes of scrypt under a fixed, purpose-made salt.
///
/// # Why scrypt and not a plain hash
/// Equal keys must have equal fingerprints across backups, clusters and years, so the salt is
/// fixed, and fingerprints go into reports, manifests and registers that people share. For 32
/// bytes from a random generator a labelled hash would be safe. But the file cannot prove that
/// its bytes are random: people do write `echo -n passphrase | sha256sum | xxd -r -p | base64`
/// into a vanilla EncryptionConfiguration, and that looks exactly like a random key. A plain
/// hash would let anyone who sees the report test billions of such guesses a second. scrypt at
/// `N=2^15, r=8, p=1` makes each guess cost about a tenth of a second and 32 MiB, far more than
/// trying the guess on one value of the snapshot, so the fingerprint is never the weakest
/// place. A keyring has a handful of distinct keys, so the price is a fraction of a second, and
/// it is paid only when somebody asks ([`crate::Key::fingerprint`] is lazy). A file may claim
/// thousands: whoever reads files of others asks [`crate::Fingerprints`], which has a budget.
///
/// The salt and the parameters are part of the format: a change needs a new label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint([u8; LENGTH]);

impl Fingerprint {
    /// Returns the raw bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; LENGTH] {
        &self.0
    }
}

impl fmt::Display for Fingerprint {
    /// Writes 32 lower-case hex digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

pub(crate) fn fingerprint(material: &[u8]) -> Option<Fingerprint> {
    let params = scrypt::Params::new(LOG_N, R, P, LENGTH).ok()?;
    let mut output = [0; LENGTH];
    scrypt::scrypt(material, SALT, &params, &mut output).ok()?;
    Some(Fingerprint(output))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Recorded from Python's hashlib (OpenSSL's scrypt):
    /// `hashlib.scrypt(bytes(range(32)), salt=b"assay encryption key fingerprint v1",
    /// n=2**15, r=8, p=1, maxmem=2**26, dklen=16).hex()`
    #[test]
    fn is_scrypt_as_openssl_computes_it() {
        let material: Vec<u8> = (0..32).collect();
        assert_eq!(fingerprint(&material).unwrap().to_string(), "6c54b44d5a9bfba2318a0758192e2150");
    }
}
