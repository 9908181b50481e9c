//! Facts of whole backups: the fixtures, and snapshots built for one question each.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod examine;
mod fixture;
mod hazards;
mod opening;
mod site;
