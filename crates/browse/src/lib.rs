//! The terminal browser: a snapshot's keys as a tree, its objects, and what became of them.
//!
//! - [`Model`] is all that the browser knows. [`Model::update`] takes keys and news, and is the only thing that changes
//!   it; [`Model::draw`] shows it and changes nothing. Neither reads, writes or waits.
//! - [`run`] is the session around it: it draws, waits for [`Inputs`], and has a [`Snapshot`] walked and asked on threads
//!   of their own. The first frame is drawn before the walk has said anything.
//!
//! What a value means, and what of it may be shown, is the snapshot's business: pages come as lines. Names of keys are
//! shown by way of [`kube_objects::ShownKey`] and [`Look::escape`].
#![cfg_attr(test, allow(clippy::disallowed_methods, reason = "tests make and read files of their own"))]
#![forbid(unsafe_code)]
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![deny(clippy::cast_possible_truncation)]

mod bindings;
mod cursor;
mod focus;
mod layout;
mod look;
mod model;
mod news;
mod run;
mod search;
mod tree;
pub mod typed;
mod update;
mod view;

pub use look::{Escape, Look};
pub use model::{Model, Settings};
pub use news::{Event, Found, History, Item, Key, Page, Request, Revision, SessionEnd, Snapshot, StillWanted, Summary};
pub use run::{Ended, Inputs, SessionError, run};
