//! Arguments about a whole backup and the cluster it is to be restored onto.

use std::ffi::OsString;
use std::path::PathBuf;

use backup_facts::platform::Platform;
use clap::{Args, ValueHint};
use version_compat::Version;

use super::ReportOutput;

/// The cluster to restore onto.
#[derive(Debug, Clone, Default, Args)]
pub struct TargetArgs {
    /// Release of the cluster to restore onto, such as 4.18.30
    #[arg(long, value_name = "VERSION", value_parser = parse_version, conflicts_with = "target_file")]
    pub target: Option<Version>,
    /// What `oc get clusterversion version -o json` (or yaml) printed on the cluster to restore onto; `-` for standard input
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub target_file: Option<PathBuf>,
}

/// Which platform a backup is of.
#[derive(Debug, Clone, Default, Args)]
pub struct PlatformArgs {
    /// Which platform the backup is of, whatever its data say: `openshift`, `kubeadm`, `k3s`, ...
    #[arg(long, value_name = "NAME", value_parser = parse_platform)]
    pub platform: Option<Platform>,
}

/// A platform by its name.
pub(super) fn parse_platform(text: &str) -> Result<Platform, String> {
    Platform::named(text).ok_or_else(|| {
        let names = Platform::ALL.map(Platform::name);
        format!("there is no platform of that name; known are {}", names.join(", "))
    })
}

fn parse_version(text: &str) -> Result<Version, String> {
    text.strip_prefix('v').unwrap_or(text).parse().map_err(|error: version_compat::ParseError| error.to_string())
}

const COMPAT_HELP: &str = "\
Examples:
  assay compat /mnt/backup --target 4.18.30
  assay compat snapshot_2026-11-23_010203.db --target 4.18.30
  oc get clusterversion version -o json | assay compat /mnt/backup --target-file -

The documentation allows a restore onto the same z-stream release only; the scripts check nothing of it. What is
not known, or was being updated, is not allowed. Exit code 0: allowed, 1: not.";

/// `assay compat`.
#[derive(Debug, Clone, Args)]
#[command(after_help = COMPAT_HELP)]
#[command(group = clap::ArgGroup::new("onto").required(true).args(["target", "target_file"]))]
pub struct CompatArgs {
    /// A directory of backups, a snapshot, or a tarball
    #[arg(value_name = "BACKUP", value_hint = ValueHint::AnyPath)]
    pub backup: OsString,
    /// The cluster.
    #[command(flatten)]
    pub onto: TargetArgs,
    /// Which platform it is of.
    #[command(flatten)]
    pub of: PlatformArgs,
    /// Form of the output.
    #[command(flatten)]
    pub output: ReportOutput,
}
