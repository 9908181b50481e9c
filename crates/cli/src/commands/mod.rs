//! The commands, a file each: what was asked is turned into one call of a library, and its answer
//! into output.
//!
//! Here a command is listed: its module, what help says of it, and what runs it.

mod advice;
mod beside;
mod booting;
mod browse;
mod bucket;
mod bytes;
mod carve;
mod catalog;
mod chain;
mod cluster;
mod compat;
mod completions;
mod config;
mod diff;
mod du;
mod explain;
mod export;
mod get;
mod given;
mod hash;
mod help;
mod history;
mod inspect;
mod keys;
mod ls;
mod man;
mod members;
mod mend;
mod nothing;
mod objects;
mod page;
mod pages;
mod policy;
mod question;
mod rebuild;
mod rehearse;
mod runbook;
mod snapshot;
mod timeline;
mod unlock;
mod verify;
mod vouching;

use artifact::{Reading, map};
use clap::{Parser, Subcommand};
pub use help::command;

use crate::args::{
    BrowseArgs, BucketArgs, CarveArgs, CatalogArgs, ClusterArgs, CompatArgs, CompletionsArgs, DiffArgs, DuArgs,
    ExplainArgs, ExportArgs, GetArgs, GlobalArgs, HashArgs, HistoryArgs, InspectArgs, KeysArgs, LsArgs, ManArgs,
    MendArgs, PageArgs, PagesArgs, PolicyArgs, RebuildArgs, RehearseArgs, RunbookArgs, TimelineArgs, VerifyArgs,
};
use crate::exit::{Ending, Error};
use crate::settings;
use crate::ui::Ui;

const ABOUT: &str = "Prove, offline, that an OpenShift etcd backup will restore";

const LONG_ABOUT: &str = "\
Prove, offline, that an OpenShift etcd backup will restore.

assay reads etcd snapshots without etcd, without a cluster and without a
network. It never writes to its inputs, never locks them, and never prints a
secret value unless asked for that very thing.";

const AFTER_HELP: &str = "\
Exit codes:
  0  the work was done and nothing at or above --fail-on was found
  1  the work was done and findings stand
  2  the work could not be done: usage, unreadable input, internal error

`-` reads standard input. Compressed snapshots are read as they are.
Data goes to standard output, everything else to standard error.";

/// The command line.
#[derive(Debug, Parser)]
#[command(
    name = "assay",
    version,
    about = ABOUT,
    long_about = LONG_ABOUT,
    after_help = AFTER_HELP,
    arg_required_else_help = true,
    max_term_width = 100
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Options of every command.
    #[command(flatten)]
    pub global: GlobalArgs,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Say what a snapshot, a tarball or a directory of them is
    Inspect(InspectArgs),
    /// Judge whether a backup will restore: every check, a verdict, an exit code
    Verify(Box<VerifyArgs>),
    /// Tell whether a backup is of the release that a cluster runs, with the evidence
    Compat(CompatArgs),
    /// Hashes: file, trailer, etcd's own, and a digest of the content
    Hash(HashArgs),
    /// List keys: live, at a revision, deleted, or with their history
    Ls(Box<LsArgs>),
    /// Show objects: one or a selection, at any revision, as YAML, JSON, a table or bytes
    Get(Box<GetArgs>),
    /// Look around in a terminal: a tree of keys, objects, their history, search
    Browse(Box<BrowseArgs>),
    /// List pages: type, size, fill, and which bucket uses them
    Pages(PagesArgs),
    /// Show a page, every field named, hex beside meaning
    Page(PageArgs),
    /// List buckets, or the entries of one
    Bucket(BucketArgs),
    /// Show every retained revision of a key: who changed what, and when
    History(Box<HistoryArgs>),
    /// Show who changed what around a moment, over many keys
    Timeline(Box<TimelineArgs>),
    /// Say where the bytes are: live, history, overhead, free; by resource, namespace, key
    Du(DuArgs),
    /// Recover records that are deleted, compacted or cut off from pages that nothing uses
    Carve(CarveArgs),
    /// Compare two snapshots: keys, fields, histories
    Diff(Box<DiffArgs>),
    /// Write objects as manifests that can be applied to a cluster
    Export(Box<ExportArgs>),
    /// Members, versions, raft index, alarms, leases, users and roles
    Cluster(ClusterArgs),
    /// Tell what a finding means and what to do about it
    Explain(ExplainArgs),
    /// Undo what a transfer did to a snapshot, and prove the result by its hash
    Mend(MendArgs),
    /// Write a snapshot anew: on full pages, compacted, without alarms or users
    Rebuild(RebuildArgs),
    /// Make the data directory that a restore makes, and prove what is in it
    Rehearse(Box<RehearseArgs>),
    /// Write the restore procedure step by step, filled in with this cluster's own data
    Runbook(Box<RunbookArgs>),
    /// Hold the keys of a backup apart from its data, and join them again
    Keys(KeysArgs),
    /// Know all backups: which to restore, which may go, who has their keys
    Catalog(CatalogArgs),
    /// Begin or check a policy: what your backups must be, besides sound
    Policy(PolicyArgs),
    /// Show what holds for a run, and who says so
    Config(config::ConfigArgs),
    /// Print a completion script for a shell
    Completions(CompletionsArgs),
    /// Print manual pages
    Man(ManArgs),
    /// Print the version, as --version does
    #[command(after_help = "Examples:\n  assay version")]
    Version,
}

/// Runs the command that was asked for.
///
/// # Errors
/// Whatever kept the work from being done.
pub fn run(cli: Cli, ui: &mut Ui) -> Result<Ending, Error> {
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
        Command::Config(args) => config::run(&args, ui),
        Command::Completions(args) => completions::run(&args, ui),
        Command::Diff(args) => diff::run(*args, &reading, ui),
        Command::Export(args) => export::run(*args, &reading, ui),
        Command::Mend(args) => mend::run(&args, &reading, ui),
        Command::Rebuild(args) => rebuild::run(&args, &reading, ui),
        Command::Rehearse(args) => rehearse::run(&args, &reading, ui),
        Command::Runbook(args) => runbook::run(&args, &reading, ui),
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
        Command::Catalog(args) => catalog::run(args, &reading, ui),
        Command::Policy(args) => policy::run(args, ui),
        Command::Man(args) => man::run(&args, ui),
        Command::Version => {
            writeln!(ui.out(), "assay {}", env!("CARGO_PKG_VERSION"))?;
            Ok(Ending::Clean)
        }
    }
}
