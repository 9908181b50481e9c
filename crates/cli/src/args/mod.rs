//! What was typed: options of every command, and those of most. Parsing does no work; [`crate::settings`] makes sense of
//! it.

mod backup;
mod boot;
mod browse;
mod bytes;
mod catalog;
mod diff;
mod export;
mod get;
mod history;
mod keys;
mod list;
mod mend;
mod rebuild;
mod rehearse;
mod report;
mod runbook;
mod select;
mod values;
mod vouch;

use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{ArgAction, Args, ValueHint};

pub use backup::{CompatArgs, PlatformArgs, TargetArgs};
pub use boot::{BootArgs, JudgedBootArgs, KubeArgs};
pub use browse::BrowseArgs;
pub use bytes::{
    BucketArgs, CarveArgs, DuArgs, LabelArg, PageArgs, PageType, PagesArgs, RowFormat, RowOutput, UsageBy, UsageFormat,
};
pub use catalog::{
    CatalogAddArgs, CatalogArgs, CatalogCalendarArgs, CatalogCheckArgs, CatalogCommand, CatalogCustodyArgs,
    CatalogExportArgs, CatalogFiguresArgs, CatalogFormat, CatalogImportArgs, CatalogKeepArgs, CatalogLsArgs,
    CatalogMetricsArgs, CatalogPickArgs, CatalogPruneArgs, CatalogShowArgs, CatalogStatsArgs, CustodyChallengeArgs,
    CustodyCommand, CustodyNameArgs, CustodyRecordArgs, ExportFormat,
};
pub use diff::{DiffArgs, DiffFormat};
pub use export::{ExportArgs, ManifestFormat};
pub use get::{GetArgs, ObjectFormat};
pub use history::{HistoryArgs, StepFormat, StepOutput, TimelineArgs};
pub use keys::{
    ClassArg, IdentityArgs, KeysArgs, KeysCheckArgs, KeysCommand, KeysDrillArgs, KeysInput, KeysJoinArgs, KeysLsArgs,
    KeysRewrapArgs, KeysSplitArgs, MaterialFormat, RecipientArgs,
};
pub use list::{ListForm, ListFormat, LsArgs, View};
pub use mend::MendArgs;
pub use rebuild::RebuildArgs;
pub use rehearse::{EtcdRelease, RehearseArgs, RestoreOf};
pub use report::{PolicyArgs, PolicyCheckArgs, PolicyCommand, VerdictFormat, VerdictOutput, VerdictTo};
pub use runbook::{BookFormat, RunbookArgs};
pub use select::{ExactKey, KeyArgs, Names, RevealArgs, SelectArgs, SelectionText};
use values::{Completed, parse_age, parse_moment, parse_revision, parse_size};
pub use values::{FailOn, LiveRevision, ReportFormat, When};
pub use vouch::{KeysSignArgs, StatementArgs, VouchArgs};

use checks::findings;

/// Options that every command takes.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Global options")]
pub struct GlobalArgs {
    /// When to use colour; NO_COLOR and CLICOLOR_FORCE are honoured
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", hide_possible_values = true)]
    pub color: When,
    /// When to show progress: auto, always or never; auto means on a terminal, for long work
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", hide_possible_values = true)]
    pub progress: When,
    /// Say nothing on standard error but errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Say more on standard error; twice for still more
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub verbose: u8,
    /// Number of threads; all cores unless given
    #[arg(long, global = true, value_name = "N")]
    pub threads: Option<NonZeroUsize>,
    /// Read files into memory instead of mapping them: for failing disks and network mounts
    #[arg(long, global = true)]
    pub no_mmap: bool,
    /// Most bytes a stream or a compressed file may hold once read, such as 4GiB or 500M
    #[arg(long, global = true, value_name = "SIZE", default_value = "16GiB", value_parser = parse_size)]
    pub max_expanded: u64,
    /// Judge as if it were this day or time, not what the clock says: what ended since, what is old
    #[arg(long, global = true, value_name = "TIME", env = "ASSAY_NOW", hide_env = true, value_parser = parse_moment)]
    pub now: Option<jiff::Timestamp>,
}

/// The output of commands that give one report.
#[derive(Debug, Clone, Args)]
pub struct ReportOutput {
    /// Form of the output
    #[arg(short, long, value_name = "FORMAT", default_value = "human")]
    pub output: ReportFormat,
    /// Short for `--output json`
    #[arg(long, conflicts_with = "output")]
    pub json: bool,
}

impl ReportOutput {
    /// The form, whichever way it was asked for.
    pub fn format(&self) -> ReportFormat {
        if self.json { ReportFormat::Json } else { self.output }
    }
}

const INSPECT_HELP: &str = "\
Examples:
  assay inspect snapshot_2026-11-23_010203.db
  assay inspect static_kuberesources_2026-11-23_010203.tar.gz
  assay inspect --json *.db | jq '.artifacts[].openshift.version'
  ssh master-0 cat /home/core/backup/snapshot.db | assay inspect -

inspect describes and does not judge: run `assay verify` for a verdict.";

/// `assay inspect`.
#[derive(Debug, Clone, Args)]
#[command(after_help = INSPECT_HELP)]
pub struct InspectArgs {
    /// Snapshots, tarballs, directories or archives of them, plain or compressed; `-` for standard input
    #[arg(required = true, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub paths: Vec<OsString>,
    /// Which platform they are of.
    #[command(flatten)]
    pub of: PlatformArgs,
    /// Form of the output.
    #[command(flatten)]
    pub output: ReportOutput,
}

const VERIFY_HELP: &str = "\
Examples:
  assay verify snapshot_2026-11-23_010203.db
  assay verify /mnt/backup/                 every backup in it: do its files belong together?
  assay verify -q --fail-on medium snapshot.db || echo 'do not rely on this backup'
  assay verify /mnt/backup/ --target 4.18.30 --restore-date 2027-01-31
  assay verify /mnt/backup/ --newest 3 --max-age 26h
  assay verify --json snapshot.db | jq '.verdict, .findings[].id'
  assay verify -o human -o html=verdict.html -o junit=verdict.xml /mnt/backup/

Files are told apart by content: a snapshot or a tarball of static pod resources, plain or compressed. A snapshot
and a tarball are judged as a pair, too: those of one timestamp, in a directory or named one by one, or one of each.
Of a backup, what a restore will run into is told, too: volumes attached elsewhere, rotated credentials, and such; of
a snapshot by itself, where --target, --restore-date or --live-revision speaks of a restore.
Every finding has an ID; `assay explain ID` tells what it means and what to do, offline.";

/// `assay verify`.
#[derive(Debug, Clone, Args)]
#[command(after_help = VERIFY_HELP)]
pub struct VerifyArgs {
    /// Snapshots, tarballs, directories or archives of them, plain or compressed; `-` for standard input
    #[arg(required = true, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub paths: Vec<OsString>,
    /// Least severity that makes the verdict `fail` and the exit code 1
    #[arg(long, value_name = "SEVERITY", default_value = "high")]
    pub fail_on: FailOn,
    /// The cluster to restore onto.
    #[command(flatten)]
    pub onto: TargetArgs,
    /// Which platform they are of.
    #[command(flatten)]
    pub of: PlatformArgs,
    /// Day of the planned restore, for what will have ended by then: a day or RFC 3339; now unless given.
    /// Tells the hazards of a lone file, too
    #[arg(long, value_name = "DATE", value_parser = parse_moment)]
    pub restore_date: Option<jiff::Timestamp>,
    /// Where the cluster is now: a revision (`etcdctl endpoint status -w json`), or a newer snapshot of it. It tells how far a
    /// restore turns it back
    #[arg(long, value_name = "N|SNAPSHOT", value_hint = ValueHint::FilePath)]
    pub live_revision: Option<LiveRevision>,
    /// How old the newest good backup of each cluster may be: 26h, 90m, 2d; by the cluster's clock, else by the name
    #[arg(long, value_name = "AGE", value_parser = parse_age)]
    pub max_age: Option<i64>,
    /// Judge only the newest N backups of each cluster
    #[arg(long, value_name = "N")]
    pub newest: Option<NonZeroUsize>,
    /// What your backups must be: a TOML file, see `assay policy init`
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub policy: Option<PathBuf>,
    /// Manifest of the split that took the keys out of the tarball: where it agrees with the files, nothing is missing
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub escrow_manifest: Option<PathBuf>,
    /// Who vouches for that manifest, or for the one beside the escrow.
    #[command(flatten)]
    pub vouch: VouchArgs,
    /// What was said when the backup was made: output of cluster-backup.sh or `snapshot status`, a job's log, sha256sum;
    /// `-` for standard input
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub expect: Option<PathBuf>,
    /// What opens encrypted values, in place of the tarball's keys.
    #[command(flatten)]
    pub keys: KeysInput,
    /// Whether an etcd is started on what was restored.
    #[command(flatten)]
    pub rehearsal: JudgedBootArgs,
    /// Form of the output.
    #[command(flatten)]
    pub output: VerdictOutput,
}

const HASH_HELP: &str = "\
Examples:
  assay hash snapshot.db                  every hash there is
  assay hash --status snapshot.db         what `etcdutl snapshot status` prints, only sooner
  assay hash --rev 120034 m0.db m1.db     compare members at one revision

The trailer is the SHA-256 that etcd appends to a snapshot it streams. The status hash changes with
every rewrite of the file; the content digest does not: it is equal for equal live keys and values.";

/// `assay hash`.
#[derive(Debug, Clone, Args)]
#[command(after_help = HASH_HELP)]
pub struct HashArgs {
    /// Snapshots, plain or compressed; `-` for standard input
    #[arg(required = true, value_name = "SNAPSHOT", value_hint = ValueHint::FilePath)]
    pub snapshots: Vec<OsString>,
    /// Only the status numbers, with the structure checked: no SHA-256, no HashKV
    #[arg(long, conflicts_with = "rev")]
    pub status: bool,
    /// Compute HashKV at this revision instead of the newest
    #[arg(long, value_name = "N", value_parser = parse_revision)]
    pub rev: Option<i64>,
    /// Form of the output.
    #[command(flatten)]
    pub output: ReportOutput,
}

const CLUSTER_HELP: &str = "\
Examples:
  assay cluster snapshot.db
  assay cluster --json snapshot.db | jq -r '.artifacts[0].etcd.members[].name'";

/// `assay cluster`.
#[derive(Debug, Clone, Args)]
#[command(after_help = CLUSTER_HELP)]
pub struct ClusterArgs {
    /// Snapshot, plain, compressed or in an archive; `-` for standard input
    #[arg(value_name = "SNAPSHOT", value_hint = ValueHint::FilePath)]
    pub snapshot: OsString,
    /// Form of the output.
    #[command(flatten)]
    pub output: ReportOutput,
}

const EXPLAIN_HELP: &str = "\
Examples:
  assay explain SNAP-003
  assay explain trailer-mismatch
  assay explain HAZ              the findings of a family, a line each
  assay explain                  every finding there is, a line each
  assay explain --schema         what JSON documents look like, as a JSON Schema";

/// `assay explain`.
#[derive(Debug, Clone, Args)]
#[command(after_help = EXPLAIN_HELP)]
pub struct ExplainArgs {
    /// IDs or names of findings, or families such as HAZ; without any, the whole catalogue is listed
    #[arg(value_name = "ID", value_parser = Completed(findings::ids), hide_possible_values = true)]
    pub ids: Vec<String>,
    /// Print the JSON Schema of all documents that assay prints
    #[arg(long, conflicts_with_all = ["ids", "output", "json"])]
    pub schema: bool,
    /// Form of the output.
    #[command(flatten)]
    pub output: ReportOutput,
}

const COMPLETIONS_HELP: &str = "\
Examples:
  assay completions bash > /etc/bash_completion.d/assay
  assay completions zsh > \"${fpath[1]}/_assay\"
  assay completions fish > ~/.config/fish/completions/assay.fish";

/// `assay completions`.
#[derive(Debug, Clone, Args)]
#[command(after_help = COMPLETIONS_HELP)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub shell: clap_complete::Shell,
}

const MAN_HELP: &str = "\
Examples:
  assay man | man -l -
  assay man verify | man -l -
  assay man --out /usr/local/share/man/man1";

/// `assay man`.
#[derive(Debug, Clone, Args)]
#[command(after_help = MAN_HELP)]
pub struct ManArgs {
    /// Command whose page to print, such as `keys split`; without it, the page of assay itself
    #[arg(value_name = "COMMAND", conflicts_with = "out")]
    pub page: Vec<String>,
    /// Write all pages into this directory, one file for each command
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub out: Option<PathBuf>,
}

#[cfg(test)]
mod tests;
