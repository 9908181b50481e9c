//! A read-only Kubernetes API made from an etcd backup: what `kubectl`, `oc` and client libraries ask of a cluster, answered
//! from a snapshot as it was at any revision that it holds.
//!
//! [`run`] is the program: it opens backups, listens on loopback, and writes a kubeconfig with a CA, a token and a context for
//! each moment. Nothing is ever written to a backup, and nothing else is written but that kubeconfig.
//!
//! | module | of |
//! |---|---|
//! | `program`, `args` | beginning and end |
//! | `server`, `tls`, `socket`, `guard` | connections, and what is refused before anything is parsed |
//! | `source`, `world` | a backup, and what it was at one revision: its resources, at hand |
//! | `proof` | whether its bytes are those that etcd wrote |
//! | `api`, `list`, `watch` | from a request to an answer |
//! | `review`, `dry_run`, `openapi` | who could do what; what a change would make; what kinds are like |
#![forbid(unsafe_code)]
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod accept;
mod answer;
mod api;
mod args;
mod builtin;
mod clock;
mod definition;
mod discovery;
mod dry_run;
mod error;
mod field;
mod guard;
mod kubeconfig;
mod list;
mod log;
mod offline;
mod openapi;
mod own;
mod page;
mod path;
mod program;
mod proof;
mod request;
mod review;
mod select;
mod server;
mod shown;
mod socket;
mod source;
mod status;
mod table;
mod tls;
mod unlock;
mod watch;
mod world;

pub use offline::Offline;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser as _;

use crate::args::Args;
use crate::error::say;

/// Runs the whole program.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args = match Args::try_parse_from(args) {
        Ok(args) => args,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(error::FAILED) } else { ExitCode::SUCCESS };
        }
    };
    match program::run(&args) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            say(&format!("error: {error}"));
            error.hint().inspect(|hint| say(&format!("hint: {hint}")));
            ExitCode::from(error::FAILED)
        }
    }
}
