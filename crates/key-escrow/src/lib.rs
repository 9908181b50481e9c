//! Holds a backup's keys apart from its data.
#![forbid(unsafe_code)]
#![allow(dead_code, reason = "the parts come first; split and join use them")]

mod age_file;
mod blocks;
mod digest;
mod error;
mod gz;
mod identities;
mod manifest;
mod outfile;
mod payload;
mod policy;
mod progress;
mod readme;
mod recipe;
mod recipients;
mod rejoin;
mod shares;
mod source;
mod tar_header;

pub use age_file::{AgeHeader, AgeStanza, read_age_header};
pub use blocks::Limits;
pub use digest::Digest;
pub use error::{Error, Result};
pub use identities::Identities;
pub use manifest::{
    EncryptionState, EscrowInfo, KeylessInfo, Manifest, NamedDigest, RejoinInfo, RejoinMethod, RemovedMember, SCHEMA,
    ShareInfo, ThresholdInfo,
};
pub use policy::{MemberLabel, RemovalPolicy};
pub use progress::{Phase, ProgressFn};
pub use recipients::{RecipientInfo, RecipientKind, Recipients};
pub use shares::ShareSet;
