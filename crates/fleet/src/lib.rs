//! The backups of a fleet of clusters, judged where they lie, on an engine that is already there.
//!
//! `plan` lists sources and writes what is to be judged, in shards; an engine starts `judge` for each shard, as often as it
//! takes; `merge` puts the parts together; `report` answers the fleet's question: which clusters have no backup that was
//! judged good, and how old is the newest good one of each. `job` prints what an engine is given; nothing is submitted.
//!
//! It judges nothing itself: `judge` runs `assay verify` on each backup, a child without network and
//! without credentials. No other crate here may speak to a network.
#![forbid(unsafe_code)]
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod address;
mod age;
mod answer;
mod args;
mod clock;
mod credentials;
mod error;
mod item;
mod job;
mod judge;
mod merge;
mod outcome;
mod place;
mod plan;
mod program;
mod report;
mod rows;
mod stamp;
mod store;
mod zst;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser as _;

use crate::args::{Args, Command};
use crate::error::{Error, say};

/// Runs the whole program.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args = match Args::try_parse_from(args) {
        Ok(args) => args,
        Err(error) => return usage(&error),
    };
    let is_judge = matches!(args.command, Command::Judge(_));
    let ended = started(args);
    let code = match &ended {
        Ok(code) => *code,
        Err(error) => {
            say(&format!("error: {error}"));
            error.hint().inspect(|hint| say(&format!("hint: {hint}")));
            error.code(is_judge)
        }
    };
    ExitCode::from(code)
}

fn started(args: Args) -> Result<u8, Error> {
    // the one provider of TLS, before any client is made; a second call has no effect
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::again(format!("no runtime: {error}")))?;
    runtime.block_on(args::dispatch(args.command))
}

/// Help goes out and is no failure; a shard that is asked for wrongly must not be tried again.
fn usage(error: &clap::Error) -> ExitCode {
    let _ = error.print();
    let judge = std::env::args_os().nth(1).is_some_and(|command| command == "judge");
    match error.use_stderr() {
        false => ExitCode::SUCCESS,
        true if judge => ExitCode::from(error::NEVER),
        true => ExitCode::from(error::FAILED),
    }
}
