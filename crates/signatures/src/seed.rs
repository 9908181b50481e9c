//! A key of its own for one purpose: the seed of an ed25519 key that lies in a sealed file. Whoever signs with it has opened
//! that file.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use ssh_key::private::{Ed25519Keypair, KeypairData};
use ssh_key::{HashAlg, LineEnding, PrivateKey, PublicKey};
use zeroize::Zeroizing;

use crate::check::{Refused, Signed, Trust, check};
use crate::list::Signers;
use crate::namespace::Namespace;
use crate::revoked::Revoked;
use crate::signature::Signature;
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

    fn pair(&self) -> Ed25519Keypair {
        Ed25519Keypair::from_seed(&self.0)
    }

    /// The public key as OpenSSH writes it: `ssh-ed25519 AAAA...`.
    #[must_use]
    pub fn public(&self) -> String {
        PublicKey::from(self.pair().public).to_openssh().unwrap_or_default()
    }

    /// An SSHSIG of `bytes`, armoured, as `ssh-keygen -Y sign` would make it.
    ///
    /// # Errors
    /// None that is known: the words of the library that signs.
    pub fn sign(&self, namespace: Namespace, bytes: &[u8]) -> Result<String, String> {
        let key = PrivateKey::new(KeypairData::Ed25519(self.pair()), "").map_err(|error| error.to_string())?;
        let signature = key.sign(namespace.as_str(), HashAlg::Sha512, bytes).map_err(|error| error.to_string())?;
        let armoured = signature.to_pem(LineEnding::LF).map_err(|error| error.to_string())?;
        Ok(format!("{}\n", armoured.trim_end()))
    }
}

/// Whether one of `signatures` was made over `bytes` with the one key `public`, as [`Seed::public`] gives it.
///
/// # Errors
/// If `public` is no key. `Ok(Err(..))` is the reason of the last signature that names the key, or of the last one.
pub fn check_key(
    bytes: &[u8],
    signatures: &[Signature],
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
        let read: Vec<Signature> =
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
