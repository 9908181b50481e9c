//! A key of its own for one purpose: the seed of an ed25519 key that lies in a sealed file. Whoever signs with it has opened
//! that file.

use ed25519_dalek::{Signer as _, SigningKey};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use ssh_key::public::{Ed25519PublicKey, KeyData};
use ssh_key::{Algorithm, HashAlg, LineEnding, PublicKey, Signature, SshSig};
use zeroize::Zeroizing;

use crate::check::{Refused, Signed, Trust, check};
use crate::list::Signers;
use crate::namespace::Namespace;
use crate::revoked::Revoked;
use crate::signature::Signature as Made;
use crate::time::ListFault;

/// A seed of 32 bytes. Wiped on drop; has no `Debug`.
#[derive(Clone)]
pub struct Seed(Zeroizing<[u8; 32]>);

impl Seed {
    /// Of these bytes, which must be random and nobody else's.
    #[must_use]
    pub fn new(bytes: Zeroizing<[u8; 32]>) -> Self {
        Self(bytes)
    }

    /// The bytes, to be sealed.
    #[must_use]
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Wiped on drop, as the seed is.
    fn key(&self) -> SigningKey {
        SigningKey::from_bytes(&self.0)
    }

    fn public_key(&self) -> KeyData {
        KeyData::Ed25519(Ed25519PublicKey(self.key().verifying_key().to_bytes()))
    }

    /// The public key as OpenSSH writes it: `ssh-ed25519 AAAA...`.
    #[must_use]
    pub fn public(&self) -> String {
        PublicKey::from(self.public_key()).to_openssh().unwrap_or_default()
    }

    /// An SSHSIG of `bytes`, armoured, as `ssh-keygen -Y sign` would make it.
    ///
    /// # Errors
    /// None that is known: the words of the library that encodes.
    pub fn sign(&self, namespace: Namespace, bytes: &[u8]) -> Result<String, String> {
        let armoured = || {
            let signed = SshSig::signed_data(namespace.as_str(), HashAlg::Sha512, bytes)?;
            let signature = self.key().sign(&signed).to_bytes().to_vec();
            let signature = Signature::new(Algorithm::Ed25519, signature)?;
            SshSig::new(self.public_key(), namespace.as_str(), HashAlg::Sha512, signature)?.to_pem(LineEnding::LF)
        };
        let text = armoured().map_err(|error: ssh_key::Error| error.to_string())?;
        Ok(format!("{}\n", text.trim_end()))
    }
}

/// Whether one of `signatures` was made over `bytes` with the one key `public`, as [`Seed::public`] gives it.
///
/// # Errors
/// If `public` is no key. `Ok(Err(..))` is the reason of the last signature that names the key, or of the last one.
pub fn check_key(
    bytes: &[u8],
    signatures: &[Made],
    public: &str,
    namespace: Namespace,
) -> Result<Result<Signed, Option<Refused>>, ListFault> {
    let signers = Signers::parse(format!("key {public}").as_bytes(), &TimeZone::UTC)?;
    let revoked = Revoked::default();
    let trust = Trust { signers: &signers, revoked: &revoked, namespace, at: Timestamp::UNIX_EPOCH, principal: None };
    let mut refused = None;
    for signature in signatures {
        match check(bytes, signature, &trust) {
            Ok(signed) => return Ok(Ok(signed)),
            Err(why) if refused.is_none() || !matches!(why, Refused::Unknown { .. }) => refused = Some(why),
            Err(_) => {}
        }
    }
    Ok(Err(refused))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signature::signatures;

    #[test]
    fn a_seed_signs_and_its_public_key_alone_verifies() {
        let (seed, other) = (Seed::new(Zeroizing::new([7; 32])), Seed::new(Zeroizing::new([8; 32])));
        let signed = seed.sign(Namespace::Drill, b"bytes").expect("signed");
        let read: Vec<Made> =
            signatures(signed.as_bytes()).expect("read").into_iter().map(|one| one.expect("whole")).collect();
        let says = |bytes: &[u8], key: &str, namespace| check_key(bytes, &read, key, namespace).expect("a key");
        assert!(says(b"bytes", &seed.public(), Namespace::Drill).is_ok());
        for (bytes, key, namespace) in [
            (&b"other"[..], seed.public(), Namespace::Drill),
            (b"bytes", other.public(), Namespace::Drill),
            (b"bytes", seed.public(), Namespace::Escrow),
        ] {
            assert!(says(bytes, &key, namespace).is_err(), "{key} {namespace}");
        }
        assert!(check_key(b"bytes", &read, "ssh-ed25519 nothing", Namespace::Drill).is_err());
    }
}
