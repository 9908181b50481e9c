//! The options of starting an etcd on what was restored.

use std::path::PathBuf;

use clap::{Args, ValueHint};

/// Whether an etcd is started on a copy, and how.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "With a real etcd")]
pub struct BootArgs {
    /// Start this etcd on a copy, on loopback, and ask it whether it serves what it should
    #[arg(long, value_name = "PATH", value_hint = ValueHint::ExecutablePath)]
    pub etcd: Option<PathBuf>,
    /// Ask nothing that takes as long as the database is big
    #[arg(long, requires = "etcd")]
    pub quick: bool,
    /// Turn authentication off in the copy: without a password etcd answers nothing
    #[arg(long, requires = "etcd")]
    pub disable_auth: bool,
    /// Seconds that etcd may take until it is ready [default: 30, and 10 for each GiB]
    #[arg(long, value_name = "SECONDS", requires = "etcd")]
    pub boot_timeout: Option<u64>,
}

/// Whether a kube-apiserver is started on that etcd.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "With a real kube-apiserver")]
pub struct KubeArgs {
    /// Start this kube-apiserver on the etcd, on loopback, with the encryption configuration of the backup, and compare all
    /// that it serves with what is stored
    #[arg(long, value_name = "PATH", requires_all = ["etcd", "ask_with"], value_hint = ValueHint::ExecutablePath)]
    pub kube_apiserver: Option<PathBuf>,
    /// The program that asks it: curl or kubectl
    #[arg(long, value_name = "PATH", requires = "kube_apiserver", value_hint = ValueHint::ExecutablePath)]
    pub ask_with: Option<PathBuf>,
}

/// The same as a part of a verdict.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "With a real etcd")]
pub struct JudgedBootArgs {
    /// Restore each snapshot where it is thrown away afterwards, and start the etcd of `--etcd` on it: what does not hold
    /// is a finding
    #[arg(long, requires = "etcd")]
    pub rehearse: bool,
    /// What is started, and how.
    #[command(flatten)]
    pub boot: BootArgs,
    /// Where to restore to; the folder for temporary files unless given
    #[arg(long, value_name = "DIR", requires = "rehearse", value_hint = ValueHint::DirPath)]
    pub scratch: Option<PathBuf>,
    /// Remove what rehearsals left there that were killed
    #[arg(long, requires = "rehearse")]
    pub sweep: bool,
}
