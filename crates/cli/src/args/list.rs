//! The options of `assay ls`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};

use super::values::parse_revision;

/// Forms of a list of keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ListFormat {
    /// A key a line
    Human,
    /// One JSON document
    Json,
    /// A JSON object a line
    Ndjson,
    /// Comma-separated values with a head line
    Csv,
    /// An SQLite database, written to --out
    Sqlite,
}

const LS_HELP: &str = "\
Examples:
  assay ls snapshot.db                               every live key
  assay ls snapshot.db /kubernetes.io/secrets/       by prefix
  assay ls snapshot.db --resource secrets -n prod -l by resource and namespace, in detail
  assay ls snapshot.db --resource routes.route.openshift.io --count
  assay ls snapshot.db -g '/kubernetes.io/*/prod/**' by glob
  assay ls snapshot.db --rev 120034                  as it was at a revision
  assay ls snapshot.db --deleted                     what was deleted and not yet compacted
  assay ls snapshot.db -0 | xargs -0 -n1 echo        safe for any key
  assay ls snapshot.db -o sqlite --out keys.sqlite   to query with SQL

A glob with a `/` is matched against the whole key, one without against its last part. `*` and `?`
stop at a `/`, `**` does not. Keys are shown on one line each, with control characters escaped;
-0 prints their bytes as they are.";

/// `assay ls`.
#[derive(Debug, Clone, Args)]
#[command(after_help = LS_HELP)]
pub struct LsArgs {
    /// Snapshot, plain or compressed; `-` for standard input
    #[arg(value_name = "SNAPSHOT", value_hint = ValueHint::FilePath)]
    pub snapshot: OsString,
    /// Only keys that begin with these bytes
    #[arg(value_name = "PREFIX")]
    pub prefix: Option<OsString>,

    /// Only keys of this resource, as RESOURCE or RESOURCE.GROUP; may be given several times
    #[arg(short, long, value_name = "RESOURCE", help_heading = "Which keys")]
    pub resource: Vec<String>,
    /// Only keys in this namespace; may be given several times
    #[arg(short, long, value_name = "NAMESPACE", help_heading = "Which keys")]
    pub namespace: Vec<String>,
    /// Only keys that match this glob; may be given several times
    #[arg(short, long, value_name = "GLOB", help_heading = "Which keys")]
    pub glob: Vec<String>,

    /// As it was at this revision
    #[arg(long, value_name = "N", value_parser = parse_revision, help_heading = "Which revisions")]
    pub rev: Option<i64>,
    /// Every revision the snapshot still holds, oldest first
    #[arg(long, conflicts_with_all = ["rev", "deleted"], help_heading = "Which revisions")]
    pub all_revisions: bool,
    /// Keys that are deleted, each with the revision of its deletion
    #[arg(long, help_heading = "Which revisions")]
    pub deleted: bool,
    /// Read every intact page without trusting the tree above it: for damaged snapshots
    #[arg(long, conflicts_with = "rev", help_heading = "Which revisions")]
    pub salvage: bool,

    /// In detail: revision, version, size, encoding, lease
    #[arg(short, long, conflicts_with_all = ["count", "null"], help_heading = "Output")]
    pub long: bool,
    /// Only how many
    #[arg(long, conflicts_with = "null", help_heading = "Output")]
    pub count: bool,
    /// End every key with a NUL byte and print its bytes as they are
    #[arg(short = '0', long, conflicts_with_all = ["output", "json"], help_heading = "Output")]
    pub null: bool,
    /// Form of the output
    #[arg(short, long, value_name = "FORMAT", default_value = "human", help_heading = "Output")]
    pub output: ListFormat,
    /// Short for `--output json`
    #[arg(long, conflicts_with = "output", help_heading = "Output")]
    pub json: bool,
    /// File for `-o sqlite`; readable by its owner alone
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Output")]
    pub out: Option<PathBuf>,
    /// Replace the file of --out if it exists
    #[arg(long, requires = "out", help_heading = "Output")]
    pub force: bool,
}

impl LsArgs {
    /// The form, whichever way it was asked for.
    pub fn format(&self) -> ListFormat {
        if self.json { ListFormat::Json } else { self.output }
    }
}
