//! Keys in the form in which they may be shown.

use std::borrow::Cow;
use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use crate::StorageKey;

/// Bytes of the digest that stands in for a name.
const DIGEST: usize = 8;

/// A storage key in the form in which it may be shown to anybody.
///
/// Before OpenShift 4.6 an OAuth token was the name of its own object
/// ([`StorageKey::name_is_token`]). Such a name gives way to `redacted~` and the first 8 bytes of its
/// SHA-256 in hex: enough to tell two apart, and nothing to log in with. Every other key is shown as
/// it is.
///
/// Whatever leaves the program goes through here: lists, findings, messages, JSON.
pub struct ShownKey<'k> {
    parsed: StorageKey<'k>,
    key: Cow<'k, [u8]>,
    /// Where the name begins in `key`, if it was replaced.
    replaced: Option<usize>,
}

impl<'k> ShownKey<'k> {
    /// The form of `key` that may be shown.
    #[must_use]
    pub fn of(key: &'k [u8]) -> Self {
        let parsed = StorageKey::parse(key);
        if !parsed.name_is_token() {
            return Self { parsed, key: Cow::Borrowed(key), replaced: None };
        }
        let before = key.strip_suffix(parsed.name).unwrap_or_default();
        let mut name = String::from("redacted~");
        for byte in Sha256::digest(parsed.name).iter().take(DIGEST) {
            // Writing to a `String` cannot fail.
            let _ = write!(name, "{byte:02x}");
        }
        Self { parsed, key: Cow::Owned([before, name.as_bytes()].concat()), replaced: Some(before.len()) }
    }

    /// The whole key, to be shown.
    #[must_use]
    pub fn key(&self) -> &[u8] {
        &self.key
    }

    /// The name of its object, to be shown.
    #[must_use]
    pub fn name(&self) -> &[u8] {
        match self.replaced {
            Some(at) => self.key.get(at..).unwrap_or_default(),
            None => self.parsed.name,
        }
    }

    /// The key taken apart. Its `name` is the true one: show [`name`](Self::name) instead.
    #[must_use]
    pub fn parsed(&self) -> &StorageKey<'k> {
        &self.parsed
    }

    /// Whether a name was replaced.
    #[must_use]
    pub fn is_redacted(&self) -> bool {
        self.replaced.is_some()
    }

    /// The whole key, to be shown, as a value of its own.
    #[must_use]
    pub fn into_key(self) -> Cow<'k, [u8]> {
        self.key
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_that_is_a_name_is_not_shown() {
        for (key, shown, name) in [
            (
                "/openshift.io/oauth/accesstokens/kX9secretsecretsecret",
                "/openshift.io/oauth/accesstokens/redacted~dfec2ea864e97680",
                "redacted~dfec2ea864e97680",
            ),
            (
                "/elsewhere/oauth/authorizetokens/kX9secretsecretsecret",
                "/elsewhere/oauth/authorizetokens/redacted~dfec2ea864e97680",
                "redacted~dfec2ea864e97680",
            ),
            (
                "/openshift.io/oauth/accesstokens/sha256~3hXnYOVc",
                "/openshift.io/oauth/accesstokens/sha256~3hXnYOVc",
                "sha256~3hXnYOVc",
            ),
            ("/openshift.io/oauth/clients/console", "/openshift.io/oauth/clients/console", "console"),
            ("/kubernetes.io/secrets/a/b", "/kubernetes.io/secrets/a/b", "b"),
            ("foo", "foo", "foo"),
        ] {
            let found = ShownKey::of(key.as_bytes());
            assert_eq!(String::from_utf8_lossy(found.key()), shown);
            assert_eq!(String::from_utf8_lossy(found.name()), name);
            assert_eq!(found.is_redacted(), key != shown);
            assert_eq!(found.parsed(), &StorageKey::parse(key.as_bytes()));
            assert_eq!(found.into_key(), shown.as_bytes());
        }
    }
}
