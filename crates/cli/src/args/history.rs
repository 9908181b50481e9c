//! The options of `assay history` and `assay timeline`.

use std::ffi::OsString;

use clap::{Args, ValueEnum, ValueHint};
use lens::Moment;

use super::bytes::RowFormat;
use super::keys::KeysInput;
use super::select::{ExactKey, RevealArgs, SelectArgs, exact_key};

/// Forms of a list of revisions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum StepFormat {
    /// Text for people
    Human,
    /// One JSON document
    Json,
    /// A JSON object a line
    Ndjson,
    /// Comma-separated values with a head line, and no cell that a spreadsheet takes for a formula
    Csv,
    /// The same with cells as they are
    CsvExact,
}

impl From<StepFormat> for RowFormat {
    fn from(format: StepFormat) -> Self {
        match format {
            StepFormat::Human => Self::Human,
            StepFormat::Json => Self::Json,
            StepFormat::Ndjson => Self::Ndjson,
            StepFormat::Csv => Self::Csv,
            StepFormat::CsvExact => Self::CsvExact,
        }
    }
}

/// How revisions are shown.
#[derive(Debug, Clone, Args)]
pub struct StepOutput {
    /// Show the whole object of every revision, too
    #[arg(long, help_heading = "How values are shown")]
    pub values: bool,
    /// Compare metadata.managedFields, too, which moves with every write
    #[arg(long, help_heading = "How values are shown")]
    pub all: bool,
    /// How values are shown.
    #[command(flatten)]
    pub reveal: RevealArgs,
    /// Form of the output
    #[arg(short, long, value_name = "FORMAT", default_value = "human", help_heading = "Output")]
    pub output: StepFormat,
    /// Short for `--output json`
    #[arg(long, conflicts_with = "output", help_heading = "Output")]
    pub json: bool,
}

impl StepOutput {
    /// The form, whichever way it was asked for.
    pub fn format(&self) -> StepFormat {
        if self.json { StepFormat::Json } else { self.output }
    }
}

const HISTORY_HELP: &str = "\
Examples:
  assay history snapshot.db deployments/web -n prod
  assay history snapshot.db /kubernetes.io/minions/w1 --values
  assay history snapshot.db configmaps/app -n prod --carve    with what free pages still hold
  assay history snapshot.db secrets/db -n prod -o json | jq '.artifacts[].revisions[].authors'

A snapshot holds what was written since the last compaction, in OpenShift the last 5 to 10 minutes, and of
everything older the newest version. Which fields changed, by whom and when, the objects say themselves
(metadata.managedFields); a deletion says neither.";

/// `assay history`.
#[derive(Debug, Clone, Args)]
#[command(after_help = HISTORY_HELP)]
pub struct HistoryArgs {
    /// Snapshot, plain, compressed or in an archive; `-` for standard input
    #[arg(value_name = "SNAPSHOT", value_hint = ValueHint::FilePath)]
    pub snapshot: OsString,
    /// A key, TYPE/NAME or TYPE NAME
    #[arg(value_name = "KEY", required_unless_present = "exact", num_args = 1..=2)]
    pub what: Vec<OsString>,
    /// The key, byte for byte, as assay shows keys: `\n`, `\xff`, `\u{0}`, `\\`
    #[arg(long, value_name = "KEY", value_parser = exact_key(), conflicts_with = "what")]
    pub exact: Option<ExactKey>,
    /// Only an object in this namespace
    #[arg(short, long, value_name = "NAMESPACE")]
    pub namespace: Vec<String>,
    /// An object in any namespace, as without --namespace
    #[arg(short = 'A', long, conflicts_with = "namespace")]
    pub all_namespaces: bool,
    /// Add what pages that nothing uses still hold of it, labelled
    #[arg(long)]
    pub carve: bool,
    /// Keys.
    #[command(flatten)]
    pub keys: KeysInput,
    /// How revisions are shown.
    #[command(flatten)]
    pub output: StepOutput,
}

const TIMELINE_HELP: &str = "\
Examples:
  assay timeline snapshot.db                                  everything that is retained
  assay timeline snapshot.db -n prod --since 120000
  assay timeline snapshot.db -r deployments --since 2026-11-23T09:00:00Z --until 2026-11-23T09:10:00Z
  assay timeline snapshot.db /kubernetes.io/rbac/ -o csv

etcd does not store when a revision was written: moments are found by what objects around them say of
themselves, creation times and the renewals of leases.";

/// `assay timeline`.
#[derive(Debug, Clone, Args)]
#[command(after_help = TIMELINE_HELP)]
pub struct TimelineArgs {
    /// Snapshot, plain, compressed or in an archive; `-` for standard input
    #[arg(value_name = "SNAPSHOT", value_hint = ValueHint::FilePath)]
    pub snapshot: OsString,
    /// A key, a prefix that ends with a slash, TYPE/NAME, TYPE NAME, or TYPE
    #[arg(value_name = "WHAT")]
    pub what: Vec<OsString>,
    /// Which objects.
    #[command(flatten)]
    pub select: SelectArgs,
    /// From this revision or moment on
    #[arg(long, value_name = "WHEN", help_heading = "Which revisions")]
    pub since: Option<Moment>,
    /// Up to this revision or moment
    #[arg(long, value_name = "WHEN", help_heading = "Which revisions")]
    pub until: Option<Moment>,
    /// Keys.
    #[command(flatten)]
    pub keys: KeysInput,
    /// How revisions are shown.
    #[command(flatten)]
    pub output: StepOutput,
}
