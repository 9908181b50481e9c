//! The options of the commands that look at bytes: `pages`, `page`, `bucket`, `carve`, `du`.

use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};
use etcd_snapshot::carve::Label;
use lens::usage::By;

use super::ReportOutput;
use super::select::KeyArgs;

/// Forms of a list of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RowFormat {
    /// A row a line, for people
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

/// The output of commands that list rows.
#[derive(Debug, Clone, Args)]
pub struct RowOutput {
    /// Form of the output
    #[arg(short, long, value_name = "FORMAT", default_value = "human", help_heading = "Output")]
    pub output: RowFormat,
    /// Short for `--output json`
    #[arg(long, conflicts_with = "output", help_heading = "Output")]
    pub json: bool,
}

impl RowOutput {
    /// The form, whichever way it was asked for.
    pub fn format(&self) -> RowFormat {
        if self.json { RowFormat::Json } else { self.output }
    }
}

/// Kinds of pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PageType {
    /// The two metas
    Meta,
    /// The persisted freelist
    Freelist,
    /// Branches in use
    Branch,
    /// Leaves in use
    Leaf,
    /// What nothing uses
    Free,
}

impl PageType {
    /// The same as [`bbolt_page::view::PageRole::word`].
    pub const fn word(self) -> &'static str {
        match self {
            Self::Meta => "meta",
            Self::Freelist => "freelist",
            Self::Branch => "branch",
            Self::Leaf => "leaf",
            Self::Free => "free",
        }
    }
}

const PAGES_HELP: &str = "\
Examples:
  assay pages snapshot.db
  assay pages snapshot.db --free                  what nothing uses, and what it still holds
  assay pages snapshot.db --bucket key --type leaf -o csv
  assay pages --json snapshot.db | jq '.artifacts[0].summary'

A row is a page with the continuation pages behind it. USED counts header, elements, keys and values.
A free page shows what it still holds: `assay carve` reads it, `assay page` shows it.";

/// `assay pages`.
#[derive(Debug, Clone, Args)]
#[command(after_help = PAGES_HELP)]
pub struct PagesArgs {
    /// Snapshot, plain, compressed or in an archive; `-` for standard input
    #[arg(value_name = "SNAPSHOT", value_hint = ValueHint::FilePath)]
    pub snapshot: OsString,
    /// Only pages of this type; may be given several times
    #[arg(short = 't', long = "type", value_name = "TYPE", help_heading = "Which pages")]
    pub types: Vec<PageType>,
    /// Only pages of this bucket; may be given several times
    #[arg(short, long, value_name = "NAME", help_heading = "Which pages")]
    pub bucket: Vec<OsString>,
    /// Short for `--type free`
    #[arg(long, conflicts_with_all = ["types", "bucket"], help_heading = "Which pages")]
    pub free: bool,
    /// Form of the output.
    #[command(flatten)]
    pub output: RowOutput,
}

const PAGE_HELP: &str = "\
Examples:
  assay page snapshot.db 0                        a meta
  assay page snapshot.db 17                       every field of a page, hex beside meaning
  assay page snapshot.db 17 --reveal              values and unexplained bytes, too
  assay page snapshot.db 17 --raw --reveal | xxd  the bytes as they are

Values and bytes that no field explains may be secrets: without --reveal only their size and kind are
told. A key is shown where its page is in order, or where it is a revision or a name that etcd uses.";

/// `assay page`.
#[derive(Debug, Clone, Args)]
#[command(after_help = PAGE_HELP)]
pub struct PageArgs {
    /// Snapshot, plain, compressed or in an archive; `-` for standard input
    #[arg(value_name = "SNAPSHOT", value_hint = ValueHint::FilePath)]
    pub snapshot: OsString,
    /// Page ID: its offset divided by the page size
    #[arg(value_name = "ID")]
    pub id: u64,
    /// Show values and unexplained bytes, in hex; they may be secrets
    #[arg(long)]
    pub reveal: bool,
    /// Print the bytes of the page and its continuation pages as they are; needs --reveal
    #[arg(long, requires = "reveal", conflicts_with_all = ["output", "json"])]
    pub raw: bool,
    /// Form of the output.
    #[command(flatten)]
    pub output: ReportOutput,
}

const BUCKET_HELP: &str = "\
Examples:
  assay bucket snapshot.db                        every bucket and the room it takes
  assay bucket snapshot.db meta
  assay bucket snapshot.db authUsers              password hashes are masked
  assay bucket snapshot.db key -o csv             every record, without its value

Entries of etcd's buckets are shown with every field named; of an entry that etcd does not know, the
key and the size of the value. A bucket inside a bucket is named by the names that lead to it.";

/// `assay bucket`.
#[derive(Debug, Clone, Args)]
#[command(after_help = BUCKET_HELP)]
pub struct BucketArgs {
    /// Snapshot, plain, compressed or in an archive; `-` for standard input
    #[arg(value_name = "SNAPSHOT", value_hint = ValueHint::FilePath)]
    pub snapshot: OsString,
    /// Bucket whose entries are listed; without it, the buckets are
    #[arg(value_name = "NAME")]
    pub name: Vec<OsString>,
    /// Show values, in hex; they may be secrets
    #[arg(long, requires = "name")]
    pub reveal: bool,
    /// Form of the output.
    #[command(flatten)]
    pub output: RowOutput,
}

/// How something carved stands to the snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LabelArg {
    /// The snapshot has it, byte for byte
    Identical,
    /// An earlier version of what is live
    Older,
    /// Of a key that the snapshot says is deleted
    Deleted,
    /// Of a key of which the snapshot knows nothing any more
    Compacted,
    /// Written after the snapshot was begun
    Newer,
    /// Contradicts the snapshot: another history, or damage
    Inconsistent,
    /// Cannot be told
    Undetermined,
}

impl From<LabelArg> for Label {
    fn from(label: LabelArg) -> Self {
        match label {
            LabelArg::Identical => Self::Identical,
            LabelArg::Older => Self::Older,
            LabelArg::Deleted => Self::Deleted,
            LabelArg::Compacted => Self::Compacted,
            LabelArg::Newer => Self::Newer,
            LabelArg::Inconsistent => Self::Inconsistent,
            LabelArg::Undetermined => Self::Undetermined,
        }
    }
}

const CARVE_HELP: &str = "\
Examples:
  assay carve snapshot.db                             what free pages still hold and the tree does not
  assay carve snapshot.db -r secrets -n prod          of one resource and namespace
  assay carve snapshot.db --label deleted -o csv
  assay carve snapshot.db /kubernetes.io/secrets/prod/db --with-values --out evidence

Deleted and compacted records stay in free pages until these are written again; a defragmentation
removes them. --with-values writes each value into a file of its own, readable by its owner alone and
named by its SHA-256, and manifest.json beside them. Values are secrets: asking for them is --with-values.";

/// `assay carve`.
#[derive(Debug, Clone, Args)]
#[command(after_help = CARVE_HELP)]
pub struct CarveArgs {
    /// Snapshot, plain, compressed or in an archive; `-` for standard input
    #[arg(value_name = "SNAPSHOT", value_hint = ValueHint::FilePath)]
    pub snapshot: OsString,
    /// Only records of keys that begin with these bytes
    #[arg(value_name = "PREFIX")]
    pub prefix: Option<OsString>,
    /// Which keys.
    #[command(flatten, next_help_heading = "Which records")]
    pub keys: KeyArgs,
    /// Only objects with these labels, such as `app=web,tier!=db`; none that is encrypted can be looked into
    #[arg(long, value_name = "LABELS", help_heading = "Which records")]
    pub selector: Vec<String>,
    /// Only what is labelled so; may be given several times
    #[arg(short, long, value_name = "LABEL", help_heading = "Which records")]
    pub label: Vec<LabelArg>,
    /// Also what the snapshot has, and raft positions of earlier roots
    #[arg(long, conflicts_with = "label", help_heading = "Which records")]
    pub all: bool,
    /// Write the values found into files; they are secrets
    #[arg(long, requires = "out", help_heading = "Output")]
    pub with_values: bool,
    /// Directory for the files of --with-values; it must be empty or not exist
    #[arg(long, value_name = "DIR", requires = "with_values", value_hint = ValueHint::DirPath, help_heading = "Output")]
    pub out: Option<PathBuf>,
    /// Form of the output.
    #[command(flatten)]
    pub output: RowOutput,
}

/// Forms of an account of space.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum UsageFormat {
    /// Text with bars, at most 80 columns wide
    Human,
    /// One JSON document
    Json,
    /// Comma-separated values with a head line: the table of --by; no cell that a spreadsheet takes
    /// for a formula
    Csv,
    /// The same with cells as they are
    CsvExact,
    /// One HTML file with maps, which fetches nothing
    Html,
}

/// By what keys are taken together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum UsageBy {
    /// Resource and group
    Resource,
    /// Namespace
    Namespace,
    /// The first parts of the key, as many as --depth says
    Prefix,
    /// Each key by itself
    Key,
}

const DU_HELP: &str = "\
Examples:
  assay du snapshot.db                            where the bytes are, and what could be had back
  assay du snapshot.db --by namespace
  assay du snapshot.db --by prefix --depth 3 --top 20
  assay du snapshot.db --churn                    keys that were written most
  assay du snapshot.db --by key --top 0 -o csv    every key
  assay du snapshot.db -o html > space.html

A record counts with its element: 16 bytes, its stored key, and its value as stored. HISTORY is what a
compaction would take. The classes of the whole file add up to its length.";

/// `assay du`.
#[derive(Debug, Clone, Args)]
#[command(after_help = DU_HELP)]
pub struct DuArgs {
    /// Snapshot, plain, compressed or in an archive; `-` for standard input
    #[arg(value_name = "SNAPSHOT", value_hint = ValueHint::FilePath)]
    pub snapshot: OsString,
    /// Only keys that begin with these bytes; the account is of the whole file all the same
    #[arg(value_name = "PREFIX")]
    pub prefix: Option<OsString>,
    /// Which keys; the account is of the whole file all the same.
    #[command(flatten, next_help_heading = "Which keys")]
    pub keys: KeyArgs,
    /// Only this table
    #[arg(long, value_name = "WHAT")]
    pub by: Option<UsageBy>,
    /// Parts of the key that --by prefix takes
    #[arg(long, value_name = "N", default_value = "2")]
    pub depth: NonZeroUsize,
    /// Rows of a table; 0 for all
    #[arg(long, value_name = "N", default_value = "10")]
    pub top: usize,
    /// Keys that were written most, removed versions counted, instead of the largest ones
    #[arg(long)]
    pub churn: bool,
    /// Form of the output
    #[arg(short, long, value_name = "FORMAT", default_value = "human", help_heading = "Output")]
    pub output: UsageFormat,
    /// Short for `--output json`
    #[arg(long, conflicts_with = "output", help_heading = "Output")]
    pub json: bool,
}

impl DuArgs {
    /// By what keys are taken together; `None`: each by itself.
    pub fn by(&self, by: UsageBy) -> Option<By> {
        match by {
            UsageBy::Resource => Some(By::Resource),
            UsageBy::Namespace => Some(By::Namespace),
            UsageBy::Prefix => Some(By::Prefix(self.depth.get())),
            UsageBy::Key => None,
        }
    }

    /// The form, whichever way it was asked for.
    pub fn format(&self) -> UsageFormat {
        if self.json { UsageFormat::Json } else { self.output }
    }
}
