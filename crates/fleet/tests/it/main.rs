//! The program against folders and stores.
#![allow(clippy::disallowed_methods, reason = "tests read and write what they made")]
#![allow(clippy::disallowed_types, reason = "tests speak to a store that they started, on loopback")]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test that cannot go on has failed")]

mod carried;
mod child;
mod engines;
mod files;
mod kills;
mod large;
mod moto;
mod other_stores;
mod room;
mod services;
mod split;
mod stores;
mod support;
mod versions;
