//! The program against folders and stores.
#![allow(clippy::disallowed_methods, reason = "tests read and write what they made")]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on has failed")]

mod files;
mod support;
