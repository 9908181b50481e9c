//! For tests only: real etcd servers to hold assay against, and what they answered once.
//!
//! - [`Peer`] finds an installed etcd release (`scripts/install-peers` puts both where it looks).
//! - [`EtcdServer`] runs one of them on loopback, with a data directory of its own, and kills it on drop.
//! - [`scenario`] fills a server the same way each time and keeps a model of what must be live at every
//!   revision, so that the harness itself can be wrong only against etcd *and* the model.
//! - [`Answers`] is what a filled server says: its snapshot, status numbers, HashKV and live keys at several
//!   revisions. It is asked of a live server or read back from `fixtures/peer-34` and `fixtures/peer-35`.
//!
//! A test checks the recorded answers always and the live ones where the peer is installed:
//!
//! ```no_run
//! use peer_harness::{Answers, PeerVersion};
//!
//! fn check(answers: &Answers) { /* open answers.snapshot(), compare with answers.at, answers.status */ }
//!
//! for version in PeerVersion::ALL {
//!     check(&Answers::recorded(version)?);
//!     if let Some(live) = Answers::live(version, "hashkv_equals_etcd")? {
//!         check(&live);
//!     }
//! }
//! # Ok::<(), peer_harness::HarnessError>(())
//! ```
//!
//! Where a peer is absent the test says `SKIPPED <test>: ...` on stderr and goes on with the record; under
//! `CI=true` it panics instead. Unlike the libraries of this workspace this crate reads the environment,
//! writes to stderr and runs programs: it is a dev-dependency and nothing else.
#![allow(clippy::disallowed_methods, reason = "not shipped: it reads files of the repository and of tests")]
#![forbid(unsafe_code)]

mod answers;
mod error;
mod fact;
mod gateway;
mod hex;
pub mod oracle;
mod peer;
mod requests;
pub mod scenario;
mod server;

pub use answers::{Answers, AtRevision, Refused, SnapshotStatus};
pub use error::{Absent, HarnessError};
pub use fact::{KeyFact, LeaseFact, MemberFact};
pub use hex::{hex, unhex};
pub use peer::{Peer, PeerVersion};
pub use requests::Op;
pub use scenario::{Filled, fill};
pub use server::{EtcdServer, HashKv};
