//! Says who signed these exact bytes, by a list of signers.
//!
//! Two kinds of signature are read: SSHSIG, as `ssh-keygen -Y sign` makes it (PROTOCOL.sshsig), and minisign's. The list is
//! OpenSSH's `allowed_signers`, or public keys as minisign writes them ([`Signers`]). [`check`] is the one way to a "yes": it
//! holds bytes, key, principal, namespace, dates and revoked keys together, or fails with a [`Refused`] that says which of
//! them it was. [`vouched`] does that for a file of several signatures and counts people, not keys.
//!
//! Nothing here reads a file, a clock or the environment: lists and signatures are bytes, the time and the zone in which a
//! list's times without `Z` are meant are arguments. A signature has no time of its own; whoever asks says which counts.
//!
//! # Where this is stricter than OpenSSH
//! A list with a line that is not understood is refused as a whole, with the line's number: OpenSSH reads on until it meets
//! the line. `cert-authority` is refused by name, a revocation list in OpenSSH's binary form (KRL) too. Keys of RSA under
//! 2048 bits vouch for nothing. A list of revoked keys with a line that is no key is refused: OpenSSH steps over it.
//!
//! # minisign
//! It has no namespaces, so the comment that it signs has to begin with the namespace: `minisign -S -t assay-escrow@1 ...`.
//! Its keys have no principal: the comment over the public key is one. Only signatures over the digest (minisign's default
//! since 0.8) are read.
#![forbid(unsafe_code)]
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![deny(clippy::cast_possible_truncation)]

mod check;
mod key;
mod line;
mod list;
mod namespace;
mod pattern;
mod revoked;
mod seed;
mod signature;
mod time;
mod vouched;

pub use check::{Refused, Signed, Trust, check};
pub use key::KeyName;
pub use list::Signers;
pub use namespace::Namespace;
pub use revoked::Revoked;
pub use seed::{Seed, check_key};
pub use signature::{Signature, Unreadable, signatures};
pub use time::{ListFault, ListFaultKind};
pub use vouched::{Vouched, vouched};
