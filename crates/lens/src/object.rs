//! A stored value as the object it is, masked unless it is to be revealed.

use encryption_config::Plaintext;
use kube_objects::{DecodeOptions, Envelope, ObjectFault, StorageKey, StoredObject};
use serde_json::Value;

use crate::open::{NotOpened, Opener};

/// Resources whose values are secret, or hold secrets, whatever their bytes say of their kind.
const SECRET_RESOURCES: [(&[u8], &[u8]); 7] = [
    (b"", b"secrets"),
    (b"oauth.openshift.io", b"oauthaccesstokens"),
    (b"oauth.openshift.io", b"oauthauthorizetokens"),
    (b"oauth.openshift.io", b"oauthclients"),
    (b"route.openshift.io", b"routes"),
    (b"build.openshift.io", b"buildconfigs"),
    (b"template.openshift.io", b"templates"),
];
/// What every private key in PEM has in it.
const PRIVATE_KEY: &[u8] = b"PRIVATE KEY-----";

/// How values are shown.
#[derive(Debug, Clone, Copy, Default)]
pub struct View {
    /// Show what is secret.
    pub reveal: bool,
    /// Keep `metadata.managedFields`.
    pub managed_fields: bool,
    /// Mask so that clients with types can read what is masked: see [`StoredObject::mask_keeping_types`].
    pub typed: bool,
    /// Kubernetes minor release of the cluster; see [`DecodeOptions::server_minor`].
    pub server_minor: Option<u32>,
}

/// Why a value is not shown as an object.
#[derive(Debug, thiserror::Error)]
pub enum Unseen {
    /// It stays closed.
    #[error(transparent)]
    NotOpened(#[from] NotOpened),
    /// It is none, or a damaged one.
    #[error("not an object: {0}")]
    NotAnObject(#[from] ObjectFault),
    /// Its bytes hold what is secret, and they were not asked to be revealed.
    #[error("the bytes of this value hold what is secret")]
    Secret,
}

/// An object as it is stored and as it may be shown. No `Debug`: it may be a Secret.
pub struct Object {
    full: Value,
    masked: Option<Value>,
    secret: bool,
    known_kind: bool,
    unknown_fields: usize,
}

impl Object {
    /// Opens and decodes the value of `key` that was written at `mod_revision`.
    ///
    /// # Errors
    /// [`Unseen`], where it stays closed or is no object.
    pub fn read(
        opener: &(impl Opener + ?Sized),
        key: &[u8],
        stored: &[u8],
        mod_revision: i64,
        view: View,
    ) -> Result<Self, Unseen> {
        Self::of_plain(key, &opener.open(key, stored)?, mod_revision, view)
    }

    /// Decodes an opened value.
    ///
    /// # Errors
    /// [`Unseen::NotAnObject`].
    pub fn of_plain(key: &[u8], plain: &[u8], mod_revision: i64, view: View) -> Result<Self, Unseen> {
        let options = DecodeOptions {
            resource_version: Some(mod_revision),
            managed_fields: view.managed_fields,
            server_minor: view.server_minor,
        };
        let object = StoredObject::decode(plain, &options)?;
        let (known_kind, unknown_fields) = (object.known_kind(), object.unknown_fields());
        if view.reveal {
            let secret = object.is_secret_kind() || StoredObject::decode(plain, &options)?.mask() > 0;
            return Ok(Self { full: object.into_json(), masked: None, secret, known_kind, unknown_fields });
        }
        let secret_kind = object.is_secret_kind();
        let misplaced = is_secret_resource(key) && !secret_kind;
        let mut shown = object;
        let places = match (view.typed, misplaced) {
            (true, everything) => shown.mask_keeping_types(everything),
            (false, true) => shown.mask_everything(),
            (false, false) => shown.mask(),
        };
        let shown = shown.into_json();
        let (full, masked) = match places {
            0 => (shown, None),
            _ => (StoredObject::decode(plain, &options)?.into_json(), Some(shown)),
        };
        Ok(Self { full, masked, secret: secret_kind || places > 0, known_kind, unknown_fields })
    }

    /// The object as it may be shown.
    #[must_use]
    pub fn shown(&self) -> &Value {
        self.masked.as_ref().unwrap_or(&self.full)
    }

    /// The object as it is stored, secrets and all: to compare, not to show.
    pub(crate) fn full(&self) -> &Value {
        &self.full
    }

    /// Whether anything was masked.
    #[must_use]
    pub fn is_masked(&self) -> bool {
        self.masked.is_some()
    }

    /// Whether it holds, or may hold, what is secret, revealed or not.
    #[must_use]
    pub fn holds_secret(&self, key: &[u8]) -> bool {
        self.secret || is_secret_resource(key)
    }

    /// Whether the fields of this kind are known by name.
    #[must_use]
    pub fn known_kind(&self) -> bool {
        self.known_kind
    }

    /// How many fields are shown by number alone.
    #[must_use]
    pub fn unknown_fields(&self) -> usize {
        self.unknown_fields
    }

    /// A label selector's and a field selector's view: secrets do not take part unless they are shown.
    #[must_use]
    pub fn into_shown(self) -> Value {
        self.masked.unwrap_or(self.full)
    }
}

/// The oldest minor release of Kubernetes whose objects are read (OpenShift 4.4).
const OLDEST: u32 = 17;

/// Whether older API servers would show an opened value in another way than newer ones.
#[must_use]
pub fn release_matters(plain: &[u8]) -> bool {
    let of = |server_minor| {
        let options = DecodeOptions { server_minor, ..DecodeOptions::default() };
        StoredObject::decode(plain, &options).ok().map(StoredObject::into_json)
    };
    of(None) != of(Some(OLDEST))
}

/// Whether objects under this key are secret by where they lie.
pub(crate) fn is_secret_resource(key: &[u8]) -> bool {
    let parsed = StorageKey::parse(key);
    SECRET_RESOURCES.contains(&(parsed.group, parsed.resource))
}

/// The opened bytes of a value, as they are.
///
/// # Errors
/// [`Unseen::Secret`] where they hold what would be masked, unless `reveal` is set; [`Unseen::NotOpened`].
pub fn raw<'v>(
    opener: &(impl Opener + ?Sized),
    key: &[u8],
    stored: &'v [u8],
    reveal: bool,
) -> Result<Plaintext<'v>, Unseen> {
    let plain = opener.open(key, stored)?;
    if !reveal && holds_secret(key, &plain) {
        return Err(Unseen::Secret);
    }
    Ok(plain)
}

/// The bytes of a value as they are stored: ciphertext is nobody's secret.
///
/// # Errors
/// [`Unseen::Secret`] as [`raw`], where the value is not encrypted.
pub fn stored<'v>(key: &[u8], stored: &'v [u8], reveal: bool) -> Result<&'v [u8], Unseen> {
    if reveal || matches!(Envelope::of(stored), Envelope::Encrypted(_)) || !holds_secret(key, stored) {
        return Ok(stored);
    }
    Err(Unseen::Secret)
}

fn holds_secret(key: &[u8], plain: &[u8]) -> bool {
    if is_secret_resource(key) || plain.windows(PRIVATE_KEY.len()).any(|window| window == PRIVATE_KEY) {
        return true;
    }
    match StoredObject::decode(plain, &DecodeOptions { managed_fields: true, ..DecodeOptions::default() }) {
        Ok(mut object) => object.is_secret_kind() || object.mask() > 0,
        Err(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::open::NoKeys;

    const SECRET: &[u8] = br#"{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s"},"data":{"p":"Q0FOQVJZ"}}"#;

    fn read(key: &[u8], value: &[u8], reveal: bool) -> Result<Object, Unseen> {
        Object::read(&NoKeys, key, value, 7, View { reveal, ..View::default() })
    }

    #[test]
    fn a_secret_is_masked_until_it_is_revealed() {
        let hidden = read(b"/kubernetes.io/secrets/a/s", SECRET, false).unwrap_or_else(|error| panic!("{error}"));
        assert!(hidden.is_masked() && !hidden.shown().to_string().contains("Q0FOQVJZ"));
        assert!(hidden.full().to_string().contains("Q0FOQVJZ"));
        let shown = read(b"/kubernetes.io/secrets/a/s", SECRET, true).unwrap_or_else(|error| panic!("{error}"));
        assert!(shown.shown().to_string().contains("Q0FOQVJZ"));
        assert_eq!(shown.shown()["metadata"]["resourceVersion"], "7");
    }

    #[test]
    fn clients_with_types_get_base64_of_as_many_asterisks() {
        let view = View { typed: true, ..View::default() };
        for (key, value, masked) in [
            (&b"/kubernetes.io/secrets/a/s"[..], SECRET, "KioqKioq"),
            (b"/kubernetes.io/secrets/a/s", br#"{"kind":"Secret","data":{"p":"not base64"}}"#, "KioqKioqKioqKg=="),
            (b"/kubernetes.io/secrets/a/s", br#"{"kind":"Secret","data":{"p":""}}"#, ""),
        ] {
            let hidden = Object::read(&NoKeys, key, value, 7, view).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(hidden.shown()["data"]["p"], masked);
        }
    }

    #[test]
    fn what_lies_among_secrets_is_secret_whatever_it_says() {
        let other = br#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"s"},"data":{"p":"Q0FOQVJZ"}}"#;
        let hidden = read(b"/kubernetes.io/secrets/a/s", other, false).unwrap_or_else(|error| panic!("{error}"));
        assert!(!hidden.shown().to_string().contains("Q0FOQVJZ"));
        assert!(matches!(raw(&NoKeys, b"/kubernetes.io/secrets/a/s", b"x", false), Err(Unseen::Secret)));
    }

    #[test]
    fn ciphertext_is_shown_as_it_is_stored() {
        let sealed = b"k8s:enc:aescbc:v1:1:body";
        assert_eq!(stored(b"/kubernetes.io/secrets/a/s", sealed, false).ok(), Some(&sealed[..]));
        assert!(stored(b"/kubernetes.io/secrets/a/s", SECRET, false).is_err());
        assert!(stored(b"/kubernetes.io/secrets/a/s", b"k8s:enc:", false).is_err(), "not whole, so perhaps not sealed");
        assert_eq!(stored(b"/kubernetes.io/secrets/a/s", SECRET, true).ok(), Some(SECRET));
    }

    #[test]
    fn bytes_that_hold_a_secret_are_refused() {
        for (key, value, refused) in [
            (&b"/kubernetes.io/secrets/a/s"[..], SECRET, true),
            (b"/elsewhere/s", SECRET, true),
            (b"/openshift.io/oauth/clients/c", b"{}", true),
            (b"/kubernetes.io/configmaps/a/b", b"{\"data\":{\"a\":\"b\"}}", false),
            (b"/kubernetes.io/configmaps/a/b", b"{\"data\":{\"a\":\"-----BEGIN PRIVATE KEY-----\"}}", true),
            (b"x", b"-----BEGIN EC PRIVATE KEY-----", true),
            (b"x", b"\xff\x00", false),
        ] {
            assert_eq!(raw(&NoKeys, key, value, false).is_err(), refused, "{}", key.escape_ascii());
            assert_eq!(raw(&NoKeys, key, value, true).map(|plain| plain.to_vec()).ok(), Some(value.to_vec()));
        }
    }
}
