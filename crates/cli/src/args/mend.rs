//! The options of `mend`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, ValueHint};

use super::ReportOutput;

const HELP: &str = "\
Examples:
  assay mend broken.db --out snapshot.db                  undo what a transfer did to it
  base64 -d < mail.txt | assay mend - --out snapshot.db   what comes in a pipe
  assay mend copy.db --out db --without-hash              a copy of a database file, which has no hash

Undone are: LF that became CR LF; bytes that were taken for text and stored as UTF-8 or UTF-16; base64,
hexadecimal digits and dumps; lines before, amid and behind; several of these, one after another.

The new file is written where its SHA-256 proves that every byte is what etcd wrote. Where there is none,
`--without-hash` takes the structure for a proof: every page is where it says and every tree is whole. What
is lost for good (replaced characters, dropped carriage returns) is told and ends with 1, and so is what
nothing proves: nothing is written then. A file to which nothing was done is refused with 2.";

/// `assay mend`.
#[derive(Debug, Clone, Args)]
#[command(after_help = HELP)]
pub struct MendArgs {
    /// What was a snapshot; `-` for standard input
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub file: OsString,
    /// The new file; there must be none of that name
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub out: PathBuf,
    /// Where it has no hash, take the structure for a proof: values stay unproven
    #[arg(long)]
    pub without_hash: bool,
    /// Remove what a run of the same output left behind that was killed
    #[arg(long)]
    pub sweep: bool,
    /// Form of the output.
    #[command(flatten)]
    pub output: ReportOutput,
}
