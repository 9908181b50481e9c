//! The options of `assay export`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};

use super::keys::KeysInput;
use super::select::{RevealArgs, SelectArgs};
use super::values::parse_revision;

/// Forms of manifests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ManifestFormat {
    /// YAML documents, parted by `---`
    Yaml,
    /// JSON objects, one after the other
    Json,
}

const EXPORT_HELP: &str = "\
Examples:
  assay export snapshot.db -n prod --out prod/          a namespace, one file for each object
  oc apply -R -f prod/                                  and back into a cluster
  assay export snapshot.db secrets/db -n prod --reveal --keys static_kuberesources_*.tar.gz | oc apply -f -
  assay export snapshot.db -r configmaps -n prod --at-revision 120034
  assay export snapshot.db -n prod --as-is --out evidence/

Cut is what a server sets: uid, resourceVersion, generation, times, managedFields, status, ownerReferences,
the last applied configuration; addresses of services, nodes of pods, volumes of claims. --as-is keeps all.
Left out, unless --everything is given or one object is named, is what a cluster makes by itself: objects
of controllers, endpoints, events, leases, tokens of service accounts and of OAuth.

A manifest with masked data would destroy what it is applied to: objects with secrets are exported with
--reveal only, and left out loudly otherwise. Files with secrets are readable by their owner alone.";

/// `assay export`.
#[derive(Debug, Clone, Args)]
#[command(after_help = EXPORT_HELP)]
pub struct ExportArgs {
    /// Snapshot, plain, compressed or in an archive; `-` for standard input
    #[arg(value_name = "SNAPSHOT", value_hint = ValueHint::FilePath)]
    pub snapshot: OsString,
    /// A key, a prefix that ends with a slash, TYPE/NAME, TYPE NAME, or TYPE
    #[arg(value_name = "WHAT")]
    pub what: Vec<OsString>,
    /// Which objects.
    #[command(flatten)]
    pub select: SelectArgs,
    /// As they were at this revision
    #[arg(long, alias = "rev", value_name = "N", value_parser = parse_revision, help_heading = "Which objects")]
    pub at_revision: Option<i64>,
    /// Also what a cluster makes by itself
    #[arg(long, help_heading = "Which objects")]
    pub everything: bool,
    /// Cut nothing
    #[arg(long, help_heading = "How values are shown")]
    pub as_is: bool,
    /// Keep the names of the volumes that claims are bound to
    #[arg(long, conflicts_with = "as_is", help_heading = "How values are shown")]
    pub keep_volume_names: bool,
    /// How values are shown.
    #[command(flatten)]
    pub reveal: RevealArgs,
    /// Keys.
    #[command(flatten)]
    pub keys: KeysInput,
    /// Directory to write into, new or empty: NAMESPACE/RESOURCE/NAME.yaml for each object
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, help_heading = "Output")]
    pub out: Option<PathBuf>,
    /// Form of the manifests
    #[arg(short, long, value_name = "FORMAT", default_value = "yaml", help_heading = "Output")]
    pub output: ManifestFormat,
}
