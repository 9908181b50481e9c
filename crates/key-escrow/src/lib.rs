//! Holds a backup's encryption keys apart from its data, and joins them again byte for byte.
//!
//! [`split`] takes `static_kuberesources_<ts>.tar.gz` and writes
//!
//! | file | what it is |
//! |---|---|
//! | `<stem>.keyless.tar.gz` | every member that stays, its blocks as they were, in order |
//! | `<stem>.escrow.age` | an age file: README.txt, manifest, the removed members, what a join needs (the `payload` module) |
//! | `<stem>.share-<i>-of-<n>.age` | with a threshold, one key share per custodian |
//! | `<stem>.manifest.json` | digests, members removed, recipients; no secrets ([`Manifest`]); named last |
//!
//! [`join`] gives the original back, [`verify_escrow`] proves that it could, [`rewrap`] changes who may. [`Attest`] makes a
//! custodian's statement of a drill, and [`prove`] says what one is worth.
//!
//! # Why the original comes back byte for byte
//! The tar is cut at whole 512-byte blocks (`blocks`), so kept and removed runs interleave into the original tar. The
//! gzip layer is described by a recipe (`recipe`): headers and trailers verbatim, and preflate's corrections for each
//! deflate stream. That holds no content and takes some hundred bytes for GNU gzip, pigz, busybox, zlib, Go, stored
//! blocks, several gzip members and trailing bytes. Where it cannot be found (zopfli, a tar of 2 GiB or more, over
//! 8 MiB of corrections, over 64 KiB of trailing bytes) the escrow holds the original itself, sealed under a
//! passphrase that is the HMAC-SHA256 of the whole keyless tar under a random key that lies in the escrow. Either way
//! the escrow gives nothing of what stays, the keyless tarball nothing of what left, and both are needed. An escrow
//! holder who could guess the whole keyless tar would not need it; that is true of any way to store the difference.
//!
//! # What is proven before success is reported
//! Outputs are synced, read back from the disk and compared; the escrow is really decrypted (with the file key kept
//! for that moment, or with the shares), the original is re-created from the files and its SHA-256 compared. What
//! cannot be proven is that the recipients still have their private keys: that is what the drill is for.
//!
//! # Secrets
//! Types that hold secrets have no `Debug` and are wiped on drop; buffers that key bytes pass through are wiped. Not
//! in this crate's hands are copies that preflate, serde and the allocator leave in freed memory: a binary should
//! use a wiping global allocator and forbid core dumps. Plugins (`age-plugin-*`) are found in `PATH` by the age crate.
//! Gzip layers are described by preflate, which panics on some and prints to standard output on others. The panic is
//! caught; a binary's panic hook asks [`panic_is_caught`] and keeps silent. A binary whose standard output is data
//! keeps it out of preflate's reach. A join without the manifest trusts the escrow, and age does not say who sealed it.
#![cfg_attr(test, allow(clippy::disallowed_methods, reason = "tests make and read files of their own"))]
#![forbid(unsafe_code)]
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod age_file;
mod attest;
mod blocks;
mod cut;
mod digest;
mod error;
mod gz;
mod identities;
mod infile;
mod inside;
mod join;
mod manifest;
mod members;
mod names;
mod outfile;
mod payload;
mod place;
mod policy;
mod progress;
mod readme;
mod recipe;
mod recipients;
mod rejoin;
mod rewrap;
mod sealing;
mod set;
mod shares;
mod source;
mod split;
mod statement;
mod tar_header;
mod verify;

pub use age::secrecy::{ExposeSecret, SecretString};
pub use age::{Callbacks, NoCallbacks};

pub use age_file::{AgeHeader, AgeStanza, read_age_header};
pub use attest::{Attest, Attestation};
pub use blocks::Limits;
pub use digest::{Digest, Sha256Sum};
pub use error::{Error, Result};
pub use identities::Identities;
pub use join::{JoinOptions, JoinOutcome, join};
pub use manifest::{
    EncryptionState, EscrowInfo, KeylessInfo, Manifest, NamedDigest, RejoinInfo, RejoinMethod, RemovedMember, SCHEMA,
    SCHEMA_1, ShareInfo, SnapshotDigest, ThresholdInfo,
};
pub use members::{SealedMember, read_members};
pub use place::{Access, Place};
pub use policy::{MemberLabel, RemovalPolicy, Search, Sighting};
pub use progress::{Phase, ProgressFn};
pub use recipe::panic_is_caught;
pub use recipients::{RecipientInfo, RecipientKind, Recipients};
pub use rewrap::{RewrapOptions, RewrapOutcome, rewrap};
pub use sealing::SealTo;
pub use set::EscrowSet;
pub use shares::ShareSet;
pub use split::{SplitOptions, SplitOutcome, split};
pub use statement::{
    Attested, Contradiction, Opened, Role, STATEMENT_SCHEMA, Standing, StatedEscrow, Statement, Why, is_challenge,
    prove,
};
pub use verify::{Check, Proof, VerifyOptions, VerifyReport, lists_share, verify_escrow};
