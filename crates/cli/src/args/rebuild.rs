//! The options of `rebuild`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};
use rebuild::Compact;
use rebuild::salvage::Sources;

use super::ReportOutput;
use super::keys::KeysInput;
use super::select::{SelectionText, chosen};
use super::values::parse_revision;

const HELP: &str = "\
Examples:
  assay rebuild snapshot.db --out small.db                       same history, no free pages
  assay rebuild snapshot.db --out now.db --compact latest        every key as it is now
  assay rebuild nospace.db --out writable.db --compact latest --drop-alarms
  assay rebuild snapshot.db --out before.db --rev 41200          as a snapshot taken at that revision
  assay rebuild DIR --out then.db --rev 41200                    of a full snapshot and the deltas beside it
  assay rebuild snapshot.db --out part.db --only namespace:shop --drop resource:secrets
  assay rebuild snapshot.db --out new.db --keys TARBALL --reencrypt new-config.yaml
  assay rebuild snapshot.db --out for-support.db --keys TARBALL --sanitize

SELECTION is prefix:BYTES, resource:NAME as for `ls -r`, namespace:NAME or glob:GLOB. What is left out
goes with its history, and so does the history of all else.

The new file has every entry of the source, on full pages: nothing that was deleted is left in free
ones, and no list of free pages is kept. It is read back before it gets its name. Where the source
has a right integrity hash, it has one that restores accept; the file beside it, OUT.rebuild.json, says
that this is assay's, and of which source. Where the source has none, it has none: `--seal` puts one
there. A source that is damaged, or whose hash is wrong, is refused.

`--salvage` takes what is left of such a source and says what is lost: the last resort, where no other
backup can be had. It ends with 1 where something is lost, and with 2 where nothing was written.";

/// `assay rebuild`.
#[derive(Debug, Clone, Args)]
#[command(after_help = HELP)]
pub struct RebuildArgs {
    /// Snapshot, plain, compressed or in an archive, or a directory of full and delta snapshots; `-` for standard input
    #[arg(value_name = "SNAPSHOT", value_hint = ValueHint::FilePath)]
    pub snapshot: OsString,
    /// The new file; there must be none of that name
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub out: PathBuf,
    /// Which history to leave out, as etcd compacts: `none`, `latest`, or all before a revision
    #[arg(long, value_name = "REV", value_parser = parse_compact)]
    pub compact: Option<Compact>,
    /// The state at this revision: what is later is left out, and so is the history before
    #[arg(long, value_name = "N", value_parser = parse_revision, conflicts_with = "compact")]
    pub rev: Option<i64>,
    /// Keep these keys alone; may be given several times
    #[arg(long, value_name = "SELECTION", value_parser = chosen())]
    pub only: Vec<SelectionText>,
    /// Leave these keys out, also of what `--only` keeps; may be given several times
    #[arg(long, value_name = "SELECTION", value_parser = chosen())]
    pub drop: Vec<SelectionText>,
    /// Take what is left of a damaged source, and say what is lost; `orphans` looks on pages that no tree leads to, too,
    /// `raw` everywhere
    #[arg(long, value_name = "WHERE", num_args = 0..=1, require_equals = true, default_missing_value = "tree")]
    #[arg(value_parser = parse_sources, conflicts_with = "rev")]
    pub salvage: Option<Sources>,
    /// Bytes of a page; the source's unless given
    #[arg(long, value_name = "BYTES")]
    pub page_size: Option<u32>,
    /// Leave alarms out: a server with one refuses to write
    #[arg(long)]
    pub drop_alarms: bool,
    /// Leave users and roles out, and authentication off
    #[arg(long)]
    pub drop_auth: bool,
    /// Put a hash behind the new file though the source has none, or a wrong one: its values stay unproven, and no tool will say so
    #[arg(long)]
    pub seal: bool,
    /// Write no OUT.rebuild.json
    #[arg(long)]
    pub no_sidecar: bool,
    /// Remove what a run of the same output left behind that was killed
    #[arg(long)]
    pub sweep: bool,
    /// Write every encrypted value plain, opened with --keys
    #[arg(long, conflicts_with = "reencrypt", help_heading = "How values are stored")]
    pub decrypt: bool,
    /// Write values as an API server with this configuration stores them: an EncryptionConfiguration, or the tarball of
    /// another backup; may be given several times, the first that names a resource counts
    #[arg(long, value_name = "CONFIG", value_hint = ValueHint::FilePath, help_heading = "How values are stored")]
    pub reencrypt: Vec<OsString>,
    /// Take away what is secret, for a support case: data of Secrets, tokens, keys, passwords wherever they stand, events,
    /// history; values that stay encrypted are replaced
    #[arg(
        long,
        value_name = "POLICY",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "default",
        conflicts_with_all = ["decrypt", "reencrypt"],
        help_heading = "How values are stored"
    )]
    pub sanitize: Option<SanitizePolicy>,
    /// What opens values.
    #[command(flatten)]
    pub keys: KeysInput,
    /// Form of the output.
    #[command(flatten)]
    pub output: ReportOutput,
}

/// What is taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SanitizePolicy {
    /// What is secret; names of objects stay
    Default,
}

impl RebuildArgs {
    /// The history to keep: none of it, where keys are left out.
    ///
    /// # Errors
    /// Where history is asked for that would show the gaps.
    pub fn history(&self) -> Result<Compact, String> {
        let narrowed = !self.only.is_empty() || !self.drop.is_empty() || self.sanitize.is_some();
        match self.compact {
            None | Some(Compact::Latest) if narrowed => Ok(Compact::Latest),
            Some(_) if narrowed => {
                Err("`--only`, `--drop` and `--sanitize` keep no history: leave `--compact` out, or say `latest`"
                    .to_owned())
            }
            compact => Ok(compact.unwrap_or_default()),
        }
    }
}

fn parse_sources(text: &str) -> Result<Sources, String> {
    let all = [Sources::Tree, Sources::Orphans, Sources::Raw];
    all.into_iter()
        .find(|sources| sources.word() == text)
        .ok_or_else(|| "`orphans`, `raw`, or nothing for what the trees have".to_owned())
}

fn parse_compact(text: &str) -> Result<Compact, String> {
    match text {
        "none" => Ok(Compact::None),
        "latest" => Ok(Compact::Latest),
        revision => parse_revision(revision)
            .map(Compact::At)
            .map_err(|error| format!("`none`, `latest`, or a revision; {error}")),
    }
}
