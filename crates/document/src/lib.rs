//! The JSON document `assay/1` as types, written and read.
//!
//! Every command of assay that reports something gives out one [`Document`] with `--json`. What each field means is
//! told in `docs/json.md`; [`JSON_SCHEMA`] says the same as a JSON Schema. The types write the very bytes
//! that they were read from, but for white space.
//!
//! ```
//! let json = br#"{"schema": "assay/1", "command": "verify", "assay": "0.1.0", "artifacts": [], "findings": [],
//!     "verdict": "fail"}"#;
//! let document = document::Document::read(json)?;
//! assert_eq!(document.verdict, checks::Verdict::Fail);
//! # Ok::<(), document::Error>(())
//! ```
//!
//! # What an older and a newer assay wrote
//!
//! Names of `assay/1` stay, and more may be added. So a document is read with patience:
//!
//! - a field that is missing has its default: `None`, empty, 0; it is written as such;
//! - a field that is not known is kept in `more`, of the document, of an artifact, of a finding, and of its place; deeper
//!   inside it is passed over;
//! - an artifact of a command or kind that is not known is [`Artifact::Other`], kept as it is;
//! - a word that is not known stays a [`Word`]; as a severity it counts as `critical`, as a verdict as `fail`;
//! - a part that is not of its type is as if it were not there, and the rest is read.
//!
//! A document of another schema, such as `assay/2`, is an error: its fields would mean something else.
#![forbid(unsafe_code)]
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod any;
mod artifact;
mod asked;
mod document;
mod error;
mod finding;
mod patient;
mod rows;
mod run;
mod values;
mod write;

pub use any::{Any, Fields};
pub use artifact::*;
pub use document::{Document, JudgedBy, SCHEMA};
pub use error::Error;
pub use finding::{Finding, Location, Waived};
pub use rows::Row;
pub use run::{ClusterId, ClusterRun, Moment, Newest, Outcome, Run};
pub use values::{Hex64, HexBytes, Key, KeyBuf, Word};
pub use write::write_compact;

/// Every document as a JSON Schema, draft 2020-12: `docs/assay-1.schema.json`, made from the tables of `docs/json.md`.
pub const JSON_SCHEMA: &str = include_str!("../assay-1.schema.json");
