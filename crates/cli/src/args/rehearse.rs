//! The options of `rehearse`.

use std::ffi::OsString;
use std::path::PathBuf;

use backup_facts::platform::Platform;
use clap::{Args, ValueEnum, ValueHint};
use restore::Release;

use super::keys::KeysInput;
use super::{BootArgs, KubeArgs, ReportOutput};

const HELP: &str = "\
Examples:
  assay rehearse snapshot.db --out restored                    a member of its own, as etcdutl makes it
  assay rehearse snapshot.db --data-dir /var/tmp/m0 --name m0 \\
    --initial-cluster m0=https://10.0.0.1:2380,m1=https://10.0.0.2:2380 \\
    --initial-advertise-peer-urls https://10.0.0.1:2380
  assay rehearse snapshot.db --out raised --bump-revision 1000000000 --mark-compacted
  assay rehearse /mnt/backup --out restored --as openshift      with the options of cluster-restore.sh
  assay rehearse snapshot.db --out restored --as kubeadm --node cp-1    as one of all its members
  assay rehearse snapshot.db --out proven --etcd /usr/bin/etcd   a server on a copy of it, asked for every key

The directory is what `etcdutl snapshot restore` with the same options makes: the write-ahead log and the
.snap byte for byte, a database of equal content. It is read back before it gets its name. No name is
resolved. Without `--etcd` nothing is started, and that a server comes up with it is told as not checked;
with it, the server that is given is started on a copy, on loopback, and ends with the run.";

/// A platform whose own restore is meant, and of which release where that is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RestoreOf {
    /// One of those that are known.
    pub platform: Platform,
    /// Of OpenShift, major and minor.
    pub release: Option<(u64, u64)>,
}

/// Platforms whose options of a restore are known. MicroShift has none: it puts its directory back as it was.
const KNOWN: [Platform; 6] =
    [Platform::OpenShift, Platform::HyperShift, Platform::MicroShift, Platform::Kubeadm, Platform::K3s, Platform::Rke2];

fn parse_restore(text: &str) -> Result<RestoreOf, String> {
    let (name, release) = text.split_once(':').map_or((text, None), |(name, release)| (name, Some(release)));
    let platform = Platform::named(name).filter(|platform| KNOWN.contains(platform)).ok_or_else(|| {
        let names: Vec<_> = KNOWN.iter().map(|platform| format!("`{}`", platform.name())).collect();
        format!("known are {}; for others give the options that its restore has", names.join(", "))
    })?;
    if release.is_some() && platform != Platform::OpenShift {
        return Err(format!("the options of `{name}` do not go by its release"));
    }
    let release = release.map(|release| {
        let parts = release.split_once('.').and_then(|(major, minor)| Some((major.parse().ok()?, minor.parse().ok()?)));
        parts.filter(|(major, _)| *major >= 4).ok_or_else(|| format!("`{release}` is no release such as 4.18"))
    });
    Ok(RestoreOf { platform, release: release.transpose()? })
}

/// Whose files are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum EtcdRelease {
    /// etcdctl 3.4: the members of the old cluster stay in the database
    #[value(name = "3.4")]
    V34,
    /// etcdutl 3.5
    #[value(name = "3.5")]
    V35,
    /// etcdutl 3.6 and 3.7
    #[value(name = "3.6")]
    V36,
}

impl EtcdRelease {
    /// The same for the library.
    pub fn release(self) -> Release {
        match self {
            Self::V34 => Release::V34,
            Self::V35 => Release::V35,
            Self::V36 => Release::V36,
        }
    }
}

/// `assay rehearse`.
#[derive(Debug, Clone, Args)]
#[command(after_help = HELP)]
pub struct RehearseArgs {
    /// Snapshot, plain or compressed; a directory of backups, of which a restore takes one; `-` for standard input
    #[arg(value_name = "BACKUP", value_hint = ValueHint::AnyPath)]
    pub backup: OsString,
    /// The data directory to make; there must be none of that name
    #[arg(long, visible_alias = "data-dir", value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub out: PathBuf,
    /// Whose files to make [default: 3.5, or that of the platform's release]
    #[arg(long, value_name = "RELEASE")]
    pub etcd_release: Option<EtcdRelease>,
    /// With the options of a platform's own restore: `openshift`, or of one release `openshift:4.18`; `kubeadm`, `k3s`,
    /// `rke2`, `hypershift`
    #[arg(
        long = "as",
        value_name = "PLATFORM",
        value_parser = parse_restore,
        conflicts_with_all = ["name", "initial_cluster", "initial_advertise_peer_urls"],
        help_heading = "As a platform restores"
    )]
    pub script: Option<RestoreOf>,
    /// The node to restore on; the first member, by name, unless given
    #[arg(long, value_name = "NAME", requires = "script", help_heading = "As a platform restores")]
    pub node: Option<String>,
    /// Its address, in brackets if it is one of IPv6; the member's unless given
    #[arg(long, value_name = "HOST", requires = "script", help_heading = "As a platform restores")]
    pub peer_host: Option<String>,
    /// `/var/lib/etcd/revision.json` of a node that runs: how far the script of 4.18 and later raises the revision
    #[arg(
        long,
        value_name = "FILE",
        value_hint = ValueHint::FilePath,
        requires = "script",
        help_heading = "As a platform restores"
    )]
    pub revision_json: Option<PathBuf>,
    /// Name of the member [default: default]
    #[arg(long, value_name = "NAME", help_heading = "As etcdutl has them")]
    pub name: Option<String>,
    /// The members, NAME=URL,... [default: default=http://localhost:2380]
    #[arg(long, value_name = "MEMBERS", help_heading = "As etcdutl has them")]
    pub initial_cluster: Option<String>,
    /// What makes ids differ from another cluster's [default: etcd-cluster]
    #[arg(long, value_name = "TOKEN", help_heading = "As etcdutl has them")]
    pub initial_cluster_token: Option<String>,
    /// URLs of the member for its peers [default: http://localhost:2380]
    #[arg(long, value_name = "URLS", help_heading = "As etcdutl has them")]
    pub initial_advertise_peer_urls: Option<String>,
    /// Raise the revision by so many; with --mark-compacted
    #[arg(long, value_name = "N", requires = "mark_compacted", help_heading = "As etcdutl has them")]
    pub bump_revision: Option<u64>,
    /// Let clients that watch at an old revision list anew; with --bump-revision
    #[arg(long, requires = "bump_revision", help_heading = "As etcdutl has them")]
    pub mark_compacted: bool,
    /// Take a snapshot without an integrity hash, or with a wrong one
    #[arg(long, help_heading = "As etcdutl has them")]
    pub skip_hash_check: bool,
    /// Whether an etcd is started.
    #[command(flatten)]
    pub boot: BootArgs,
    /// Whether a kube-apiserver is.
    #[command(flatten)]
    pub kube: KubeArgs,
    /// What opens encrypted values; of a directory its tarball, unless given.
    #[command(flatten)]
    pub keys: KeysInput,
    /// Keep the copy that the etcd was started on, and its log, in OUT.booted
    #[arg(long, requires = "etcd", help_heading = "With a real etcd")]
    pub keep: bool,
    /// Remove what a run of the same output left behind that was killed
    #[arg(long)]
    pub sweep: bool,
    /// Form of the output.
    #[command(flatten)]
    pub output: ReportOutput,
}
