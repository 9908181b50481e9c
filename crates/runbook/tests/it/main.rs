//! Books of made clusters, held against what must be true of every one of them.

#![allow(clippy::disallowed_methods, reason = "tests run bash")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod always;
mod bash;
mod cases;
mod elsewhere;
mod files;
mod laws;
mod release;
mod tasks;
mod topology;
mod world;
