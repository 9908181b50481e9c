//! The binary as its users see it: arguments in, two streams and an exit code out.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed; helpers outside #[test] are not exempt")]

mod cluster;
mod endings;
mod fixture;
mod hash;
mod help;
mod input;
mod ls;
mod run;
