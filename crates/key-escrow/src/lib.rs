//! Holds a backup's keys apart from its data.
#![forbid(unsafe_code)]
#![expect(dead_code, reason = "the parts come first; split and join use them")]

mod blocks;
mod digest;
mod error;
mod gz;
mod policy;
mod recipe;
mod source;
mod tar_header;

pub use blocks::Limits;
pub use digest::Digest;
pub use error::{Error, Result};
pub use policy::{MemberLabel, RemovalPolicy};
