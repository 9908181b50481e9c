//! `assay keys`: the keys of a backup, held apart from its data.

mod check;
mod drill;
pub(super) mod failure;
pub(super) mod files;
pub(super) mod given;
mod inventory;
mod join;
mod ls;
mod open;
mod phases;
mod rewrap;
mod seal;
mod secret_input;
mod split;

use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};

use crate::args::{KeysArgs, KeysCommand};
use crate::exit::{Error, Outcome};
use crate::input::Reading;
use crate::ui::Ui;

pub(super) fn run(args: KeysArgs, reading: &Reading, ui: &mut Ui) -> Result<Outcome, Error> {
    forbid_dumps(ui);
    // The library that describes gzip layers prints to standard output where a guess of its fails.
    ui.own_stdout()?;
    match args.command {
        KeysCommand::Ls(args) => ls::run(&args, reading, ui),
        KeysCommand::Split(args) => split::run(*args, reading, ui),
        KeysCommand::Join(args) => join::run(&args, ui),
        KeysCommand::VerifyEscrow(args) => drill::run(&args, reading, ui),
        KeysCommand::Check(args) => check::run(&args, reading, ui),
        KeysCommand::Rewrap(args) => rewrap::run(*args, ui),
    }
}

/// What a tarball may make us do, by `--max-expanded`.
pub(super) fn limits(reading: &Reading) -> key_escrow::Limits {
    key_escrow::Limits { tar_bytes: reading.max_expanded, ..key_escrow::Limits::default() }
}

/// Keeps the memory of this process out of core files and out of other processes' reach: for a while
/// it holds keys.
pub(super) fn forbid_dumps(ui: &mut Ui) {
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    let limited = setrlimit(Resource::Core, none);
    if limited.and(set_dumpable_behavior(DumpableBehavior::NotDumpable)).is_err() {
        ui.warn("the system does not let assay forbid core dumps: a crash may write keys to a core file");
    }
}
