//! Signatures held against a list of signers, and against ssh-keygen where it is installed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "tests fail by these, and make files of their own"
)]

mod lists;
mod openssh;
mod recorded;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use signatures::{Namespace, Refused, Revoked, Signature, Signed, Signers, Trust, Unreadable, check, signatures};

pub(crate) const SIGNED: &[u8] = include_bytes!("../data/signed.json");

macro_rules! data {
    ($($name:literal),* $(,)?) => {
        /// A recorded file by its name.
        pub(crate) fn data(name: &str) -> &'static str {
            match name {
                $($name => include_str!(concat!("../data/", $name)),)*
                other => panic!("{other} is not recorded"),
            }
        }
    };
}

data!(
    "alice.pub",
    "alice.sig",
    "alice-sha256.sig",
    "alice-drill.sig",
    "bob.pub",
    "bob.sig",
    "carol.pub",
    "carol.sig",
    "dave.pub",
    "dave.sig",
    "weak.pub",
    "weak.sig",
    "zoe.pub",
    "zoe.sig",
    "erin.pub",
    "erin.minisig",
    "erin-drill.minisig",
    "erin-plain.minisig",
    "erin-legacy.minisig",
);

/// A recorded public key, without its line feed.
pub(crate) fn key(who: &str) -> &'static str {
    data(&format!("{who}.pub")).trim_end()
}

/// A list in which `{alice}` stands for a recorded key.
pub(crate) fn filled(list: &str) -> String {
    let people = ["alice", "bob", "carol", "dave", "weak", "zoe", "erin"];
    people.iter().fold(list.to_owned(), |text, who| text.replace(&format!("{{{who}}}"), key(who)))
}

pub(crate) fn one(text: &str) -> Result<Signature, Unreadable> {
    signatures(text.as_bytes())?.remove(0)
}

pub(crate) fn at(day: &str) -> Timestamp {
    day.parse().unwrap()
}

/// What comes of one signature, under a list and revoked keys.
pub(crate) fn judged(
    list: &str,
    revoked: &str,
    signature: &str,
    bytes: &[u8],
    (namespace, principal, now): (Namespace, Option<&str>, Timestamp),
) -> Result<Signed, Refused> {
    let signers = Signers::parse(filled(list).as_bytes(), &TimeZone::UTC).unwrap();
    let revoked = Revoked::parse(filled(revoked).as_bytes()).unwrap();
    let trust = Trust { signers: &signers, revoked: &revoked, namespace, at: now, principal };
    check(bytes, &one(signature).unwrap(), &trust)
}
