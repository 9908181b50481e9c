//! The commands, a file each: what was asked is turned into one call of a library, and its answer
//! into output.

mod browse;
mod bucket;
mod bytes;
mod carve;
mod cluster;
mod compat;
mod completions;
mod diff;
mod du;
mod explain;
mod export;
mod get;
mod hash;
mod history;
mod inspect;
mod keys;
mod ls;
mod man;
mod objects;
mod page;
mod pages;
mod policy;
mod question;
mod snapshot;
mod timeline;
mod unlock;
mod verify;

use crate::args::{Cli, Command};
use crate::exit::{Error, Outcome};
use crate::input::{Reading, map};
use crate::settings;
use crate::ui::Ui;

/// Runs the command that was asked for.
///
/// # Errors
/// Whatever kept the work from being done.
pub fn run(cli: Cli, ui: &mut Ui) -> Result<Outcome, Error> {
    settings::start_threads(&cli.global)?;
    let reading = Reading::from(&cli.global);
    if reading.mmap {
        // without a handler for what a failing file does under its map, files are read: slower, and as safe
        let _ = map::guard();
    }
    match cli.command {
        Command::Inspect(args) => inspect::run(&args, &reading, ui),
        Command::Verify(args) => verify::run(&args, &reading, ui),
        Command::Compat(args) => compat::run(&args, &reading, ui),
        Command::Hash(args) => hash::run(&args, &reading, ui),
        Command::Cluster(args) => cluster::run(&args, &reading, ui),
        Command::Explain(args) => explain::run(&args, ui),
        Command::Completions(args) => completions::run(&args, ui),
        Command::Diff(args) => diff::run(*args, &reading, ui),
        Command::Export(args) => export::run(*args, &reading, ui),
        Command::History(args) => history::run(*args, &reading, ui),
        Command::Keys(args) => keys::run(args, &reading, ui),
        Command::Timeline(args) => timeline::run(*args, &reading, ui),
        Command::Get(args) => get::run(*args, &reading, ui),
        Command::Ls(args) => ls::run(*args, &reading, ui),
        Command::Browse(args) => browse::run(&args, &reading, ui),
        Command::Bucket(args) => bucket::run(&args, &reading, ui),
        Command::Du(args) => du::run(&args, &reading, ui),
        Command::Carve(args) => carve::run(args, &reading, ui),
        Command::Page(args) => page::run(&args, &reading, ui),
        Command::Pages(args) => pages::run(&args, &reading, ui),
        Command::Policy(args) => policy::run(args, ui),
        Command::Man(args) => man::run(&args, ui),
    }
}
