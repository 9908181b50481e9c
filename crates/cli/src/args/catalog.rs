//! The options of `assay catalog`.

mod kept;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum, ValueHint};
use jiff::Timestamp;

pub use kept::{
    CatalogCalendarArgs, CatalogCheckArgs, CatalogFiguresArgs, CatalogMetricsArgs, CatalogPruneArgs, CatalogStatsArgs,
};

use super::values::{parse_age, parse_moment};
use super::{FailOn, PlatformArgs, ReportOutput, TargetArgs};

const HELP: &str = "\
Examples:
  assay catalog --db backups.catalog add /mnt/backups
  assay catalog --db backups.catalog ls
  assay catalog --db backups.catalog pick --target 4.18.30
  export ASSAY_CATALOG=/var/lib/assay/backups.catalog; assay catalog ls

A catalog is one SQLite file: which backups there are, by what is in them and not by their names; where each lies;
what was judged of it and when its bytes were last read. No key and no value of a cluster is in it. Every change is an
entry of a log whose entries name the one before: keep the `log 12:ab34...` that a command prints elsewhere, and
nobody rewrites what was unseen.";

/// `assay catalog`.
#[derive(Debug, Clone, Args)]
#[command(after_help = HELP, arg_required_else_help = true)]
pub struct CatalogArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: CatalogCommand,
    /// The catalog; without it, the file that ASSAY_CATALOG names
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, global = true)]
    pub db: Option<PathBuf>,
    /// Use a catalog on a network file system: then this host alone may write to it
    #[arg(long, global = true)]
    pub allow_network_fs: bool,
    /// Name of this machine, instead of its own; where it has no identity that stays, as in a container
    #[arg(long, value_name = "NAME", global = true)]
    pub host: Option<String>,
}

/// The commands under `assay catalog`.
#[derive(Debug, Clone, Subcommand)]
pub enum CatalogCommand {
    /// Judge backups that are new or have changed, and write them down
    Add(CatalogAddArgs),
    /// List backups: whether each counts, when it was taken, who has its keys
    Ls(CatalogLsArgs),
    /// Show all that is known of a backup
    Show(CatalogShowArgs),
    /// Say which backup to restore, and why not each other one
    Pick(Box<CatalogPickArgs>),
    /// Keep a backup, whatever the rules let go
    Keep(CatalogKeepArgs),
    /// Say who can open what, who proved it when, and who is alone
    Custody(CatalogCustodyArgs),
    /// Read backups again, the longest unread first, and say what became of each
    Check(CatalogCheckArgs),
    /// Let go of backups by rules; a plan is shown first
    Prune(Box<CatalogPruneArgs>),
    /// Say how backups come in: gaps, growth, hosts, keys
    Stats(CatalogStatsArgs),
    /// Make a calendar of backups, a page to hang on a wall
    Calendar(CatalogCalendarArgs),
    /// Print metrics for Prometheus, one series a cluster
    Metrics(CatalogMetricsArgs),
    /// Write the catalog out, for another program or another catalog
    Export(CatalogExportArgs),
    /// Take in what another catalog wrote out
    Import(CatalogImportArgs),
}

const ADD_HELP: &str = "\
Examples:
  assay catalog add /mnt/backups
  assay catalog add --rejudge /mnt/backups
  assay catalog add --fail-on high /mnt/backups/2026-11-23 && echo good

Files whose size, times and number are those of the last time are not read again. A file that was seen elsewhere is
the same backup in two places, compressed or not. An escrow beside its tarball, by the names that `assay keys split`
gives, is held against it. Exit code 1: `--fail-on` was given, and a backup that was judged now cannot be restored;
2: something could not be written down; the rest is.";

/// `assay catalog add`.
#[derive(Debug, Clone, Args)]
#[command(after_help = ADD_HELP)]
pub struct CatalogAddArgs {
    /// Directories of backups, snapshots, tarballs, archives
    #[arg(value_name = "PATH", required = true, value_hint = ValueHint::AnyPath)]
    pub paths: Vec<OsString>,
    /// Read and judge those, too, that are known and unchanged
    #[arg(long)]
    pub rejudge: bool,
    /// Least severity that makes a backup fail
    #[arg(long, value_name = "SEVERITY")]
    pub fail_on: Option<FailOn>,
    /// Which platform they are of.
    #[command(flatten)]
    pub of: PlatformArgs,
    /// Form of the output.
    #[command(flatten)]
    pub output: ReportOutput,
}

/// Forms of a list of backups.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CatalogFormat {
    /// Text for people
    Human,
    /// One JSON document
    Json,
    /// A JSON object a line
    Ndjson,
    /// Comma-separated values with a head line, and no cell that a spreadsheet takes for a formula
    Csv,
    /// An ID a line
    Name,
}

const LS_HELP: &str = "\
Examples:
  assay catalog ls
  assay catalog ls --cluster 3c9d --restorable
  assay catalog ls -o csv > backups.csv
  assay catalog ls -o name --restorable | head -1";

/// `assay catalog ls`.
#[derive(Debug, Clone, Args)]
#[command(after_help = LS_HELP)]
pub struct CatalogLsArgs {
    /// Of this cluster: its ID, the beginning of it, or its name
    #[arg(long, value_name = "CLUSTER")]
    pub cluster: Option<String>,
    /// Those alone against whose restore nothing stands
    #[arg(long)]
    pub restorable: bool,
    /// Form of the output
    #[arg(short, long, value_name = "FORMAT", default_value = "human")]
    pub output: CatalogFormat,
    /// Short for `--output json`
    #[arg(long, conflicts_with = "output")]
    pub json: bool,
}

impl CatalogLsArgs {
    /// The form, whichever way it was asked for.
    pub fn format(&self) -> CatalogFormat {
        if self.json { CatalogFormat::Json } else { self.output }
    }
}

const SHOW_HELP: &str = "\
Examples:
  assay catalog show 3f2a91b0
  assay catalog show 3f2a91b0 --json | jq '.artifacts[1].files'";

/// `assay catalog show`.
#[derive(Debug, Clone, Args)]
#[command(after_help = SHOW_HELP)]
pub struct CatalogShowArgs {
    /// ID of the backup, or the beginning of it
    #[arg(value_name = "ID")]
    pub id: String,
    /// Form of the output.
    #[command(flatten)]
    pub output: ReportOutput,
}

const PICK_HELP: &str = "\
Examples:
  assay catalog pick --target 4.18.30
  assay catalog pick --target 4.18.30 --before 2026-11-23T08:00:00Z     the last one before the mistake
  assay catalog pick --target 4.18.30 --cluster 3c9d --rpo 6h
  assay catalog pick --target 4.18.30 -v                                why not each other one

What may not be taken is left out: of another cluster, too late, gone or damaged, without its other half or its keys,
of a release that the cluster does not start on, taken while an update or a migration of keys was under way. Of the
others, first the newer by at least `--rpo`; then the nearer its keys are; then what more is proven of: a rehearsal
with a real etcd, a clean verdict. Exit code 1: there is none.";

/// `assay catalog pick`.
#[derive(Debug, Clone, Args)]
#[command(after_help = PICK_HELP)]
pub struct CatalogPickArgs {
    /// The cluster to restore onto.
    #[command(flatten)]
    pub onto: TargetArgs,
    /// Of this cluster: its ID, the beginning of it, or its name
    #[arg(long, value_name = "CLUSTER")]
    pub cluster: Option<String>,
    /// Taken at this time at the latest: a time, or the end of a day
    #[arg(long, value_name = "TIME", value_parser = parse_moment)]
    pub before: Option<Timestamp>,
    /// How much of the past may be lost without its counting
    #[arg(long, value_name = "AGE", value_parser = parse_age, default_value = "24h")]
    pub rpo: i64,
    /// Which platform it is to run on.
    #[command(flatten)]
    pub on: PlatformArgs,
    /// Topology of the control plane it is to run on, such as HighlyAvailable or SingleReplica
    #[arg(long, value_name = "TOPOLOGY")]
    pub topology: Option<String>,
    /// Form of the output.
    #[command(flatten)]
    pub output: ReportOutput,
}

const KEEP_HELP: &str = "\
Examples:
  assay catalog keep 3f2a91b0 --reason 'before the migration of storage'
  assay catalog keep 3f2a91b0 --release";

/// `assay catalog keep`.
#[derive(Debug, Clone, Args)]
#[command(after_help = KEEP_HELP)]
#[command(group = clap::ArgGroup::new("why").required(true).args(["reason", "release"]))]
pub struct CatalogKeepArgs {
    /// ID of the backup, or the beginning of it
    #[arg(value_name = "ID")]
    pub id: String,
    /// Why it is to stay
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// Let the rules decide again
    #[arg(long)]
    pub release: bool,
    /// Form of the output.
    #[command(flatten)]
    pub output: ReportOutput,
}

const CUSTODY_HELP: &str = "\
Examples:
  assay catalog custody                                         who can open what, and who proved it
  assay catalog custody challenge vault/X.manifest.json         ask a custodian to prove it
  assay catalog custody record said.json                        what they answered
  assay catalog custody name age1... Alice --principal alice@example.com

A custodian opens the escrow or their share (`assay keys verify-escrow --challenge HEX --statement FILE`), and signs the
challenge with the seed that is sealed in it. A challenge is answered once. A proof counts for 90 days, from when the
challenge was given.";

/// `assay catalog custody`.
#[derive(Debug, Clone, Args)]
#[command(after_help = CUSTODY_HELP, args_conflicts_with_subcommands = true)]
pub struct CatalogCustodyArgs {
    /// What to do; without it, who can open what.
    #[command(subcommand)]
    pub command: Option<CustodyCommand>,
    /// Of this cluster: its ID, the beginning of it, or its name
    #[arg(long, value_name = "CLUSTER")]
    pub cluster: Option<String>,
    /// Form of the output.
    #[command(flatten)]
    pub output: ReportOutput,
}

/// The commands under `assay catalog custody`.
#[derive(Debug, Clone, Subcommand)]
pub enum CustodyCommand {
    /// Give out a challenge that a custodian answers with a drill
    Challenge(CustodyChallengeArgs),
    /// Write down what a custodian says of a drill, if it counts
    Record(CustodyRecordArgs),
    /// Say how a custodian is called
    Name(CustodyNameArgs),
}

/// `assay catalog custody challenge`.
#[derive(Debug, Clone, Args)]
pub struct CustodyChallengeArgs {
    /// Manifest of the escrow, as `assay keys split` or `rewrap` wrote it
    #[arg(value_name = "MANIFEST", value_hint = ValueHint::FilePath)]
    pub manifest: PathBuf,
    /// ID of the cluster whose keys are in it, where the catalog does not know it by a backup
    #[arg(long, value_name = "ID")]
    pub cluster: Option<String>,
}

/// `assay catalog custody record`.
#[derive(Debug, Clone, Args)]
pub struct CustodyRecordArgs {
    /// Statement of a drill; its signatures lie beside it, as STATEMENT.sig
    #[arg(value_name = "STATEMENT", value_hint = ValueHint::FilePath)]
    pub statement: PathBuf,
}

/// `assay catalog custody name`.
#[derive(Debug, Clone, Args)]
pub struct CustodyNameArgs {
    /// Recipient, as the manifest has it
    #[arg(value_name = "RECIPIENT")]
    pub recipient: String,
    /// Who that is
    #[arg(value_name = "NAME")]
    pub name: String,
    /// Their principal in a list of signers
    #[arg(long, value_name = "NAME")]
    pub principal: Option<String>,
}

/// Forms of a catalog that is written out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExportFormat {
    /// Everything, an object a line: what `import` reads
    Ndjson,
    /// The list of backups as one JSON document
    Json,
    /// The list of backups as comma-separated values
    Csv,
}

const EXPORT_HELP: &str = "\
Examples:
  assay catalog export > bastion.ndjson
  assay catalog export -o csv > backups.csv";

/// `assay catalog export`.
#[derive(Debug, Clone, Args)]
#[command(after_help = EXPORT_HELP)]
pub struct CatalogExportArgs {
    /// Form of the output
    #[arg(short, long, value_name = "FORMAT", default_value = "ndjson")]
    pub output: ExportFormat,
}

const IMPORT_HELP: &str = "\
Examples:
  assay catalog import bastion.ndjson
  ssh bastion assay catalog export | assay catalog import -

What is known already is not doubled, and of a file that both saw, the later look counts. The log of the other catalog
is read through before anything is taken in.";

/// `assay catalog import`.
#[derive(Debug, Clone, Args)]
#[command(after_help = IMPORT_HELP)]
pub struct CatalogImportArgs {
    /// What `assay catalog export` wrote; `-` for standard input
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub file: OsString,
    /// Form of the output.
    #[command(flatten)]
    pub output: ReportOutput,
}
