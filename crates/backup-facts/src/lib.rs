//! What a snapshot and its tarball say together, as facts without judgement.
//!
//! Values opened with the keys at hand, how far encryption has come, which release wrote the backup, whether both
//! halves are of one cluster and one moment, and what a restore will run into.
#![forbid(unsafe_code)]
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

pub mod bootstrap;
pub mod chain;
pub mod configuration;
pub mod coverage;
pub mod delta;
pub mod directory;
mod endless;
pub mod examine;
pub mod hazards;
pub mod layout;
pub mod leased;
pub mod material;
pub mod objects;
pub mod opening;
pub mod pair;
pub mod picks;
pub mod platform;
pub mod quota;
pub mod said;
pub mod site;
pub mod snapshot;
pub mod tarball;
mod told;
mod transfer;
pub mod version;
