//! The options of `assay browse`.

use std::ffi::OsString;

use clap::{Args, ValueHint};

use super::keys::KeysInput;

const BROWSE_HELP: &str = "\
Examples:
  assay browse snapshot.db
  assay browse snapshot.db --keys static_kuberesources_2026-11-23_010203.tar.gz
  assay browse snapshot.db --escrow X.escrow.age -i key.txt --reveal

Keys: arrows or h j k l, Enter, Esc, Tab, PgUp, PgDn, / to search, n and N, d for what is deleted,
p to quit and print the key under the cursor, ? for all of them, q to quit.

The first screen appears at once, whatever the size of the file; keys are read meanwhile. A
compressed file has to be unpacked first. Secrets are masked, as `assay get` masks them.";

/// `assay browse`.
#[derive(Debug, Clone, Args)]
#[command(after_help = BROWSE_HELP)]
pub struct BrowseArgs {
    /// Snapshot, plain, compressed or in an archive
    #[arg(value_name = "SNAPSHOT", value_hint = ValueHint::FilePath)]
    pub snapshot: OsString,
    /// Allow `r` to show what is secret: data of Secrets, tokens, private keys
    #[arg(long)]
    pub reveal: bool,
    /// What opens encrypted values.
    #[command(flatten)]
    pub keys: KeysInput,
}
