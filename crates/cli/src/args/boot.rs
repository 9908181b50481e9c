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
