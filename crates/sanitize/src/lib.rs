//! Objects without what is secret in them, for somebody who may see the rest: a support case.
//!
//! [`drops`] says of a key whether it goes altogether, [`clean`] what is left of a value, [`auth_user`] of an entry of
//! etcd's own users. Default deny: what cannot be read is replaced by a [`stub`], never passed on. What is taken away
//! is given to the caller byte for byte, who looks for it, in all its [`forms`], in what was written.
#![forbid(unsafe_code)]
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![deny(clippy::cast_possible_truncation)]

mod detect;
mod forms;
mod object;
mod rule;
mod stub;
mod user;

use std::collections::BTreeMap;

use kube_objects::{Envelope, StorageKey};

pub use forms::{forms, is_public, is_weak};
pub use rule::Rule;
pub use stub::stub;
pub use user::auth_user;

/// What stands where a text was.
pub const REDACTED: &[u8] = b"REDACTED";

/// What is left of a value, and by which rules, each with the places where it was applied.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Cleaned {
    /// What is written.
    pub value: Vec<u8>,
    /// What was done; empty where nothing but the encoding may have changed.
    pub rules: BTreeMap<Rule, u64>,
}

/// Where removed bytes go, and what is asked of the rest.
pub struct Aside<'a> {
    /// Gets every byte string that is taken away, but for what is public by its nature.
    pub removed: &'a mut dyn FnMut(&[u8]),
    /// Whether a text holds something that was taken away elsewhere.
    pub repeats: &'a dyn Fn(&[u8]) -> bool,
}

impl Aside<'_> {
    pub(crate) fn take(&mut self, bytes: &[u8]) {
        if !is_public(bytes) {
            (self.removed)(bytes);
        }
    }
}

/// The rule by which a key goes with all that is stored under it; `None` where its value decides.
#[must_use]
pub fn drops(key: &[u8]) -> Option<Rule> {
    let parsed = StorageKey::parse(key);
    match (parsed.group, parsed.resource) {
        (b"" | b"events.k8s.io", b"events") => Some(Rule::Event),
        (b"oauth.openshift.io", b"oauthaccesstokens" | b"oauthauthorizetokens") => Some(Rule::OAuthToken),
        _ if key.starts_with(b"/bootstrap/") || key.starts_with(b"/registry/bootstrap/") => Some(Rule::Bootstrap),
        _ => None,
    }
}

/// What is left of the value of a key, opened; `None` of one that stays closed.
#[must_use]
pub fn clean(key: &[u8], opened: Option<&[u8]>, aside: &mut Aside<'_>) -> Cleaned {
    let only = |rule, value| Cleaned { value, rules: BTreeMap::from([(rule, 1)]) };
    let Some(opened) = opened else { return only(Rule::Encrypted, stub(key, "encrypted")) };
    let parsed = StorageKey::parse(key);
    let is_object = matches!(Envelope::of(opened), Envelope::Protobuf | Envelope::Json);
    if !is_object && (parsed.resource.is_empty() || !parsed.well_formed) {
        // the revision that Kubernetes compacts at
        if opened.len() <= 20 && opened.iter().all(u8::is_ascii_digit) {
            return Cleaned { value: opened.to_vec(), rules: BTreeMap::new() };
        }
        aside.take(opened);
        return only(Rule::Foreign, Vec::new());
    }
    match object::clean(key, opened, aside) {
        Some(cleaned) => cleaned,
        None => {
            aside.take(opened);
            only(Rule::Undecodable, stub(key, "not decodable"))
        }
    }
}

#[cfg(test)]
mod tests;
