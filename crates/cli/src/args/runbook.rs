//! The options of `runbook`.

use std::ffi::OsString;
use std::path::PathBuf;

use assay::runbook::Task;
use clap::{Args, ValueEnum, ValueHint};

use super::keys::KeysInput;
use super::values::parse_moment;
use super::{JudgedBootArgs, LiveRevision, PlatformArgs, TargetArgs, VouchArgs};

const HELP: &str = "\
Examples:
  assay runbook /mnt/backup --target 4.18.30 | less
  assay runbook /mnt/backup --target 4.18.30 --recovery-host master-1 --lost master-0 --out book
  assay runbook /mnt/backup --target 4.18.30 --out book --at-step R-10     after an interruption
  assay runbook /mnt/backup --task defragment
  assay runbook /mnt/backup --task storage -o html > storage.html

The documented procedure with the names and addresses of this cluster: what to type, where, what one should see, how
long to wait; what the backup cannot know is a blank. Nothing is run, and no secret is in it. Of a directory with
several backups the one is meant that a restore takes. Exit code 1: do not restore this backup, or `assay verify`
fails it; the book begins with the reason.";

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TaskArg {
    /// Bring the cluster back from the backup
    Restore,
    /// Give etcd's free pages back to the disk
    Defragment,
    /// Turn encryption at rest on or off, and see where it stands
    Encryption,
    /// Put persistent storage right again after a restore
    Storage,
}

impl TaskArg {
    /// The same for the library.
    pub fn task(self) -> Task {
        match self {
            Self::Restore => Task::Restore,
            Self::Defragment => Task::Defragment,
            Self::Encryption => Task::Encryption,
            Self::Storage => Task::Storage,
        }
    }
}

/// Forms of a runbook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum BookFormat {
    /// Markdown, to be read as it is or rendered
    Markdown,
    /// One HTML file that fetches nothing, to be printed
    Html,
    /// One JSON document; every other form is made from it
    Json,
}

/// `assay runbook`.
#[derive(Debug, Clone, Args)]
#[command(after_help = HELP)]
pub struct RunbookArgs {
    /// A directory of backups, or a snapshot
    #[arg(value_name = "BACKUP", value_hint = ValueHint::AnyPath)]
    pub backup: OsString,
    /// What is to be done
    #[arg(long, value_name = "TASK", default_value = "restore")]
    pub task: TaskArg,
    /// The cluster to restore onto.
    #[command(flatten)]
    pub onto: TargetArgs,
    /// The node to restore on; one is proposed unless given
    #[arg(long, value_name = "NODE")]
    pub recovery_host: Option<String>,
    /// A node of the control plane that is lost; may be given several times
    #[arg(long, value_name = "NODE")]
    pub lost: Vec<String>,
    /// Day of the planned restore: a day or RFC 3339; now unless given
    #[arg(long, value_name = "DATE", value_parser = parse_moment)]
    pub restore_date: Option<jiff::Timestamp>,
    /// Where the cluster is now, or was last: a revision, or a newer snapshot of it; see `assay verify --help`
    #[arg(long, value_name = "N|SNAPSHOT", value_hint = ValueHint::FilePath)]
    pub live_revision: Option<LiveRevision>,
    /// Go on at this step: what comes before it was done
    #[arg(long, value_name = "ID")]
    pub at_step: Option<String>,
    /// Write the book in every form, and the files that its steps need, into this directory; there must be none of that
    /// name
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub out: Option<PathBuf>,
    /// Form of the output [default: markdown; with --out, the names of the files]
    #[arg(short, long, value_name = "FORMAT")]
    pub output: Option<BookFormat>,
    /// Short for `--output json`
    #[arg(long, conflicts_with = "output")]
    pub json: bool,
    /// Which platform it is of.
    #[command(flatten)]
    pub of: PlatformArgs,
    /// Manifest of the split that took the keys out of the tarball: where it agrees with the files, nothing is missing
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub escrow_manifest: Option<PathBuf>,
    /// Who vouches for that manifest, or for the one beside the escrow.
    #[command(flatten)]
    pub vouch: VouchArgs,
    /// What opens encrypted values, in place of the tarball's keys.
    #[command(flatten)]
    pub keys: KeysInput,
    /// Whether an etcd is started on what was restored.
    #[command(flatten)]
    pub rehearsal: JudgedBootArgs,
}

impl RunbookArgs {
    /// The form for standard output, whichever way it was asked for; `None`: the names of the files that are written.
    pub fn format(&self) -> Option<BookFormat> {
        let asked = if self.json { Some(BookFormat::Json) } else { self.output };
        asked.or_else(|| self.out.is_none().then_some(BookFormat::Markdown))
    }
}
