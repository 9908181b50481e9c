//! The options of `assay diff`.

use std::ffi::OsString;

use clap::{Args, ValueEnum, ValueHint};

use super::bytes::RowFormat;
use super::keys::KeysInput;
use super::select::{RevealArgs, SelectArgs};
use super::values::parse_revision;

/// Forms of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DiffFormat {
    /// Text for people
    Human,
    /// One JSON document
    Json,
    /// A JSON object a line
    Ndjson,
}

impl From<DiffFormat> for RowFormat {
    fn from(format: DiffFormat) -> Self {
        match format {
            DiffFormat::Human => Self::Human,
            DiffFormat::Json => Self::Json,
            DiffFormat::Ndjson => Self::Ndjson,
        }
    }
}

const DIFF_HELP: &str = "\
Examples:
  assay diff monday.db tuesday.db                    which keys were added, removed, changed
  assay diff monday.db tuesday.db -n prod --values   which fields, with what they were and are
  assay diff m0.db m1.db                             do two members hold the same?
  assay diff m0.db m1.db --member m2.db              which of three members is the odd one?
  assay diff --old-rev 120000 snapshot.db snapshot.db
  assay diff old.db new.db --keys static_kuberesources_2026-11-23_010203.tar.gz

What always moves is left out unless --all is given: leases, events, what API servers keep for themselves,
metadata.managedFields, heartbeats of nodes, leader elections in annotations. Encrypted values are compared
as they are stored, and with keys as what is inside.

The exit code is 1 when there is a difference.";

/// `assay diff`.
#[derive(Debug, Clone, Args)]
#[command(after_help = DIFF_HELP)]
pub struct DiffArgs {
    /// Snapshot, plain, compressed or in an archive; `-` for standard input
    #[arg(value_name = "OLD", value_hint = ValueHint::FilePath)]
    pub old: OsString,
    /// Snapshot, plain, compressed or in an archive; `-` for standard input
    #[arg(value_name = "NEW", value_hint = ValueHint::FilePath)]
    pub new: OsString,
    /// Only keys named so: a key, a prefix that ends with a slash, TYPE/NAME, TYPE NAME, or TYPE
    #[arg(value_name = "WHAT")]
    pub what: Vec<OsString>,
    /// Snapshot of one more member of the cluster: tells which is the odd one, and which to restore from
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with_all = ["old_rev", "new_rev"])]
    pub member: Vec<OsString>,
    /// Which objects.
    #[command(flatten)]
    pub select: SelectArgs,
    /// OLD as it was at this revision
    #[arg(long, value_name = "N", value_parser = parse_revision, help_heading = "Which objects")]
    pub old_rev: Option<i64>,
    /// NEW as it was at this revision
    #[arg(long, value_name = "N", value_parser = parse_revision, help_heading = "Which objects")]
    pub new_rev: Option<i64>,
    /// Show which fields changed, and from what to what
    #[arg(long, help_heading = "How values are shown")]
    pub values: bool,
    /// Compare what always moves, too
    #[arg(long, help_heading = "How values are shown")]
    pub all: bool,
    /// How values are shown.
    #[command(flatten)]
    pub reveal: RevealArgs,
    /// Keys.
    #[command(flatten)]
    pub keys: KeysInput,
    /// Keys of OLD, where they are other ones: as --keys
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Keys")]
    pub old_keys: Option<OsString>,
    /// Form of the output
    #[arg(short, long, value_name = "FORMAT", default_value = "human", help_heading = "Output")]
    pub output: DiffFormat,
    /// Short for `--output json`
    #[arg(long, conflicts_with = "output", help_heading = "Output")]
    pub json: bool,
}

impl DiffArgs {
    /// The form, whichever way it was asked for.
    pub fn format(&self) -> DiffFormat {
        if self.json { DiffFormat::Json } else { self.output }
    }
}
