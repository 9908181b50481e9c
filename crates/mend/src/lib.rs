//! What a transfer did to a snapshot, and the way back.
//!
//! Terminals, shells, mailers and file transfers treat bytes as text: they translate ends of lines, take bytes for
//! characters, wrap them in base64, and put lines of their own before, between and behind. [`diagnose`] tells which of
//! these happened, in which order, by what a snapshot must have: its first page, its metas, pages that say their number, and
//! the SHA-256 behind them, which decides. [`undo`] goes the way back, a piece at a time: neither the damaged file nor what
//! comes out of it is ever held whole.
#![forbid(unsafe_code)]
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![deny(clippy::cast_possible_truncation)]

pub mod code_page;
mod diagnosis;
mod forms;
mod layout;
mod profile;
mod search;
mod signature;
mod step;
mod trials;
mod undo;

pub use diagnosis::{Diagnosis, Loss, Mend, Proof};
pub use search::{could_be, diagnose};
pub use step::{Form, Step};
pub use undo::{Odd, undo};
