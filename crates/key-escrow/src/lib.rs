//! Holds a backup's keys apart from its data.
#![forbid(unsafe_code)]

mod age_file;
mod blocks;
mod digest;
mod error;
mod gz;
mod identities;
mod join;
mod manifest;
mod names;
mod outfile;
mod payload;
mod policy;
mod progress;
mod readme;
mod recipe;
mod recipients;
mod rejoin;
mod rewrap;
mod sealing;
mod shares;
mod source;
mod split;
mod tar_header;
mod verify;

pub use age_file::{AgeHeader, AgeStanza, read_age_header};
pub use blocks::Limits;
pub use digest::Digest;
pub use error::{Error, Result};
pub use identities::Identities;
pub use join::{JoinOptions, JoinOutcome, join};
pub use manifest::{
    EncryptionState, EscrowInfo, KeylessInfo, Manifest, NamedDigest, RejoinInfo, RejoinMethod, RemovedMember, SCHEMA,
    ShareInfo, ThresholdInfo,
};
pub use policy::{MemberLabel, RemovalPolicy};
pub use progress::{Phase, ProgressFn};
pub use recipients::{RecipientInfo, RecipientKind, Recipients};
pub use rewrap::{RewrapOptions, RewrapOutcome, rewrap};
pub use sealing::SealTo;
pub use shares::ShareSet;
pub use split::{SplitOptions, SplitOutcome, split};
pub use verify::{Check, Outcome, VerifyOptions, VerifyReport, verify_escrow};
