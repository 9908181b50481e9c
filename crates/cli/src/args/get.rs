//! The options of `assay get`.

use std::ffi::OsString;

use clap::{Args, ValueEnum, ValueHint};
use lens::Selection;

use super::keys::KeysInput;
use super::select::{RevealArgs, SelectArgs};
use super::values::parse_revision;

/// Forms of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ObjectFormat {
    /// As `kubectl get -o yaml`
    Yaml,
    /// As `kubectl get -o json`
    Json,
    /// A line for each object, in columns
    Table,
    /// A JSON object a line: key, revisions and object
    Ndjson,
    /// The bytes of one value, opened
    Raw,
    /// The bytes of one value, opened, in hexadecimal digits
    Hex,
}

const GET_HELP: &str = "\
Examples:
  assay get snapshot.db secrets/db -n prod             one object, as kubectl names it
  assay get snapshot.db /kubernetes.io/minions/w1      one object, by its key in etcd
  assay get snapshot.db pods -n prod -o table          all pods of a namespace
  assay get snapshot.db -r pods --field spec.nodeName=w1
  assay get snapshot.db /kubernetes.io/rbac            nothing: a prefix ends with a slash
  assay get snapshot.db configmaps/app -n prod --rev 120034
  assay get snapshot.db secrets/db -n prod --reveal    with its data
  assay get snapshot.db secrets/db -n prod --keys static_kuberesources_2026-11-23_010203.tar.gz

What is secret is shown as `<masked: N bytes>` unless --reveal is given: data of Secrets, OAuth tokens and
client secrets, TLS keys of routes, webhook secrets, private keys in PEM. ConfigMaps, environments of pods
and custom resources are shown as they are, whatever they hold.

Without -o, one object is shown as YAML, several as a table.";

/// `assay get`.
#[derive(Debug, Clone, Args)]
#[command(after_help = GET_HELP)]
pub struct GetArgs {
    /// Snapshot, plain, compressed or in an archive; `-` for standard input
    #[arg(value_name = "SNAPSHOT", value_hint = ValueHint::FilePath)]
    pub snapshot: OsString,
    /// A key, a prefix that ends with a slash, TYPE/NAME, TYPE NAME, or TYPE
    #[arg(value_name = "WHAT")]
    pub what: Vec<OsString>,
    /// Which objects.
    #[command(flatten)]
    pub select: SelectArgs,
    /// As it was at this revision
    #[arg(long, value_name = "N", value_parser = parse_revision, help_heading = "Which objects")]
    pub rev: Option<i64>,
    /// How values are shown.
    #[command(flatten)]
    pub reveal: RevealArgs,
    /// Keep metadata.managedFields
    #[arg(long, help_heading = "How values are shown")]
    pub show_managed_fields: bool,
    /// Keys.
    #[command(flatten)]
    pub keys: KeysInput,
    /// With `-o raw` and `-o hex`: the bytes as they are stored, even if they are encrypted
    #[arg(long, help_heading = "How values are shown")]
    pub stored: bool,
    /// Form of the output
    #[arg(short, long, value_name = "FORMAT", help_heading = "Output")]
    pub output: Option<ObjectFormat>,
    /// Short for `--output json`
    #[arg(long, conflicts_with = "output", help_heading = "Output")]
    pub json: bool,
}

impl GetArgs {
    /// Which objects are meant. Takes them out.
    ///
    /// # Errors
    /// What does not go together, and a glob or a selector that is none.
    pub fn selection(&mut self) -> Result<Selection, String> {
        let (select, what) = (std::mem::take(&mut self.select), std::mem::take(&mut self.what));
        let selection = select.selection(what).map_err(|error| error.to_string())?;
        let is_of_bytes = matches!(self.format(), Some(ObjectFormat::Raw | ObjectFormat::Hex));
        let refused = if selection.is_everything() {
            "say which objects: a key, TYPE/NAME, `-r RESOURCE`, `-n NAMESPACE`, ..."
        } else if is_of_bytes && selection.single().is_none() {
            "`-o raw` and `-o hex` show one value: give its key, TYPE/NAME, or `--exact KEY`"
        } else if self.stored && !is_of_bytes {
            "`--stored` goes with `-o raw` and `-o hex`"
        } else {
            return Ok(selection);
        };
        Err(refused.to_owned())
    }

    /// The form that was asked for, whichever way.
    pub fn format(&self) -> Option<ObjectFormat> {
        if self.json { Some(ObjectFormat::Json) } else { self.output }
    }
}
