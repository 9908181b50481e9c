//! The options of `rehearse`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};
use restore::Release;

use super::ReportOutput;

const HELP: &str = "\
Examples:
  assay rehearse snapshot.db --out restored                    a member of its own, as etcdutl makes it
  assay rehearse snapshot.db --data-dir /var/tmp/m0 --name m0 \\
    --initial-cluster m0=https://10.0.0.1:2380,m1=https://10.0.0.2:2380 \\
    --initial-advertise-peer-urls https://10.0.0.1:2380
  assay rehearse snapshot.db --out raised --bump-revision 1000000000 --mark-compacted

The directory is what `etcdutl snapshot restore` with the same options makes: the write-ahead log and the
.snap byte for byte, a database of equal content. It is read back before it gets its name. Nothing is
started here and no name is resolved; that a server comes up with it is told as not checked.";

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

    /// `3.5`.
    pub fn word(self) -> &'static str {
        match self {
            Self::V34 => "3.4",
            Self::V35 => "3.5",
            Self::V36 => "3.6",
        }
    }
}

/// `assay rehearse`.
#[derive(Debug, Clone, Args)]
#[command(after_help = HELP)]
pub struct RehearseArgs {
    /// Snapshot, plain or compressed; `-` for standard input
    #[arg(value_name = "SNAPSHOT", value_hint = ValueHint::FilePath)]
    pub snapshot: OsString,
    /// The data directory to make; there must be none of that name
    #[arg(long, visible_alias = "data-dir", value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub out: PathBuf,
    /// Whose files to make
    #[arg(long, value_name = "RELEASE", default_value = "3.5")]
    pub etcd_release: EtcdRelease,
    /// Name of the member
    #[arg(long, value_name = "NAME", default_value = "default", help_heading = "As etcdutl has them")]
    pub name: String,
    /// The members, NAME=URL,...
    #[arg(
        long,
        value_name = "MEMBERS",
        default_value = "default=http://localhost:2380",
        help_heading = "As etcdutl has them"
    )]
    pub initial_cluster: String,
    /// What makes ids differ from another cluster's
    #[arg(long, value_name = "TOKEN", default_value = "etcd-cluster", help_heading = "As etcdutl has them")]
    pub initial_cluster_token: String,
    /// URLs of the member for its peers
    #[arg(long, value_name = "URLS", default_value = "http://localhost:2380", help_heading = "As etcdutl has them")]
    pub initial_advertise_peer_urls: String,
    /// Raise the revision by so many; with --mark-compacted
    #[arg(long, value_name = "N", requires = "mark_compacted", help_heading = "As etcdutl has them")]
    pub bump_revision: Option<u64>,
    /// Let clients that watch at an old revision list anew; with --bump-revision
    #[arg(long, requires = "bump_revision", help_heading = "As etcdutl has them")]
    pub mark_compacted: bool,
    /// Take a snapshot without an integrity hash, or with a wrong one
    #[arg(long, help_heading = "As etcdutl has them")]
    pub skip_hash_check: bool,
    /// Remove what a run of the same output left behind that was killed
    #[arg(long)]
    pub sweep: bool,
    /// Form of the output.
    #[command(flatten)]
    pub output: ReportOutput,
}
