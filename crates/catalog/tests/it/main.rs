//! What the catalog decides, by tables and by random histories; and what it does to files.
#![allow(clippy::disallowed_methods, reason = "tests make and read files of their own")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod checked;
mod custody;
mod disk;
mod exchanged;
mod made;
mod picks;
mod prunes;
mod retains;
mod stats;
mod stored;
mod witness;
mod world;
