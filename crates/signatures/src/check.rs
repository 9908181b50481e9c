//! The one way to a "yes".

use jiff::Timestamp;
use ssh_key::public::KeyData;
use ssh_key::{PublicKey, SshSig};
use wording::inert;

use crate::key::{Key, KeyName, unusable};
use crate::line::Entry;
use crate::list::Signers;
use crate::namespace::Namespace;
use crate::pattern::list_matches;
use crate::revoked::Revoked;
use crate::signature::{Kind, Signature};

/// Whom to believe, for what, and when.
#[derive(Clone, Copy)]
pub struct Trust<'t> {
    /// Who may sign.
    pub signers: &'t Signers,
    /// Which keys count no more.
    pub revoked: &'t Revoked,
    /// What the signature has to be for.
    pub namespace: Namespace,
    /// The time at which a key has to be valid: now, or when the signature is known to have been there.
    pub at: Timestamp,
    /// Who has to have signed; nobody in particular, where any of the list will do.
    pub principal: Option<&'t str>,
}

/// A signature that counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// Who: the principal that was asked for, or the list's own words for whoever has this key.
    pub principal: String,
    /// With which key.
    pub key: KeyName,
}

/// Why a signature does not count.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// The bytes are not those that were signed, or the signature was changed.
    #[error("by {} ({key}): it is not of these bytes; they, or it, were changed", inert(principal))]
    OtherBytes {
        /// Whose key it names.
        principal: String,
        /// That key.
        key: KeyName,
    },
    /// Made for something else.
    #[error("by {key}: it was made for `{}`, not for `{expected}`", inert(got))]
    OtherNamespace {
        /// The key that it names.
        key: KeyName,
        /// What is needed.
        expected: Namespace,
        /// What it says; of minisign, the comment that it signs.
        got: String,
    },
    /// The key was revoked.
    #[error("by {key}, which is revoked")]
    Revoked {
        /// The key.
        key: KeyName,
    },
    /// The key is not in the list, or not the key of who has to have signed.
    #[error("by {key}, which is not in the list of signers")]
    Unknown {
        /// The key.
        key: KeyName,
    },
    /// The key is in the list, and belongs to others than who has to have signed.
    #[error("by {} ({key}), not by {}", inert(principals), inert(expected))]
    OtherPrincipal {
        /// The key.
        key: KeyName,
        /// Whose it is.
        principals: String,
        /// Who has to have signed.
        expected: String,
    },
    /// The list does not let this key sign such things.
    #[error("by {} ({key}), whom the list lets sign `{}` only", inert(principals), inert(namespaces))]
    NotForThis {
        /// The key.
        key: KeyName,
        /// Whose it is.
        principals: String,
        /// What the list lets it sign.
        namespaces: String,
    },
    /// The key is not valid yet.
    #[error("by {} ({key}), whose key is valid from {from}", inert(principals))]
    TooEarly {
        /// The key.
        key: KeyName,
        /// Whose it is.
        principals: String,
        /// From when.
        from: Timestamp,
    },
    /// The key is valid no more.
    #[error("by {} ({key}), whose key was valid until {until}", inert(principals))]
    TooLate {
        /// The key.
        key: KeyName,
        /// Whose it is.
        principals: String,
        /// Until when.
        until: Timestamp,
    },
    /// A key of a kind that is not read, or one that is too weak.
    #[error(
        "by {key}: {}; keys that count are ed25519, ecdsa-sha2-nistp256, and rsa of 2048 bits or more",
        inert(what)
    )]
    Unusable {
        /// The key.
        key: KeyName,
        /// Which kind.
        what: String,
    },
}

impl Refused {
    /// Whether the bytes, or the signature itself, are not what they were: nothing of it is a matter of trust.
    #[must_use]
    pub fn is_changed(&self) -> bool {
        matches!(self, Self::OtherBytes { .. })
    }

    /// Whether the key was revoked.
    #[must_use]
    pub fn is_revoked(&self) -> bool {
        matches!(self, Self::Revoked { .. })
    }
}

/// Whether `signature` is of `bytes`, for the namespace, by a principal of the list whose key may sign that at that time, and
/// was not revoked. All of it, or nothing.
///
/// # Errors
/// The first of these that is not so.
pub fn check(bytes: &[u8], signature: &Signature, trust: &Trust<'_>) -> Result<Signed, Refused> {
    let name = signature.key();
    let said = namespace_of(signature);
    if said != trust.namespace.as_str() {
        let (expected, got) = (trust.namespace, said.to_owned());
        return Err(Refused::OtherNamespace { key: name, expected, got });
    }
    let listed: Vec<&Entry> = trust.signers.entries.iter().filter(|entry| is_of(signature, &entry.key)).collect();
    if revoked(signature, trust.revoked) {
        return Err(Refused::Revoked { key: name });
    }
    if let Kind::Ssh(ssh) = &signature.0
        && let Some(what) = unusable(ssh.public_key())
    {
        return Err(Refused::Unusable { key: name, what });
    }
    let mut refused = Refused::Unknown { key: name.clone() };
    for entry in listed {
        let verdict = permitted(entry, trust, &name).and_then(|principal| {
            let signed = Signed { principal, key: name.clone() };
            if verifies(bytes, signature, &entry.key, trust.namespace) {
                return Ok(signed);
            }
            Err(Refused::OtherBytes { principal: signed.principal, key: signed.key })
        });
        match verdict {
            Ok(signed) => return Ok(signed),
            Err(why) => refused = why,
        }
    }
    Err(refused)
}

/// What it was made for, as it says itself.
fn namespace_of(signature: &Signature) -> &str {
    match &signature.0 {
        Kind::Ssh(signature) => signature.namespace(),
        Kind::Minisign { signature, .. } => signature.trusted_comment().split_whitespace().next().unwrap_or_default(),
    }
}

/// Whether it says that it was made with this key.
fn is_of(signature: &Signature, key: &Key) -> bool {
    match (&signature.0, key) {
        (Kind::Ssh(signature), Key::Ssh(key)) => signature.public_key() == key,
        (Kind::Minisign { id, .. }, Key::Minisign { id: of_key, .. }) => id == of_key,
        _ => false,
    }
}

/// A minisign signature names a number only: whoever is revoked by that number is revoked.
fn revoked(signature: &Signature, revoked: &Revoked) -> bool {
    match &signature.0 {
        Kind::Ssh(ssh) => revoked.has(&Key::Ssh(ssh.public_key().clone())),
        Kind::Minisign { .. } => revoked.any(|key| is_of(signature, key)),
    }
}

/// Who it is by, if this line of the list lets the key sign such a thing at that time.
fn permitted(entry: &Entry, trust: &Trust<'_>, name: &KeyName) -> Result<String, Refused> {
    let (key, principals) = (name.clone(), entry.principals.clone());
    let of_minisign = matches!(entry.key, Key::Minisign { .. });
    let principal = match trust.principal {
        Some(asked) if of_minisign && asked == principals => asked.to_owned(),
        Some(asked) if !of_minisign && list_matches(asked, &principals) => asked.to_owned(),
        Some(asked) => return Err(Refused::OtherPrincipal { key, principals, expected: asked.to_owned() }),
        None => principals.clone(),
    };
    if let Some(namespaces) = &entry.namespaces
        && !list_matches(trust.namespace.as_str(), namespaces)
    {
        return Err(Refused::NotForThis { key, principals, namespaces: namespaces.clone() });
    }
    if let Some(from) = entry.after.filter(|from| trust.at < *from) {
        return Err(Refused::TooEarly { key, principals, from });
    }
    if let Some(until) = entry.before.filter(|until| trust.at > *until) {
        return Err(Refused::TooLate { key, principals, until });
    }
    Ok(principal)
}

fn verifies(bytes: &[u8], signature: &Signature, key: &Key, namespace: Namespace) -> bool {
    match (&signature.0, key) {
        (Kind::Ssh(signature), Key::Ssh(key)) => ssh_verifies(bytes, signature, key, namespace),
        (Kind::Minisign { signature, .. }, Key::Minisign { key, .. }) => key.verify(bytes, signature, false).is_ok(),
        _ => false,
    }
}

fn ssh_verifies(bytes: &[u8], signature: &SshSig, key: &KeyData, namespace: Namespace) -> bool {
    PublicKey::from(key.clone()).verify(namespace.as_str(), bytes, signature).is_ok()
}
