//! Documents, as they are recorded and as an older or a newer assay would write them.
#![allow(clippy::disallowed_methods, reason = "tests make and read files of their own")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod recorded;
mod rows;
mod shapes;
