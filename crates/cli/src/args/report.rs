//! How a verdict is given out, and the policy behind it.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum, ValueHint};

use super::ReportOutput;

/// Forms of a verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum VerdictFormat {
    /// Text for people
    Human,
    /// One JSON document; every other form is made from it
    Json,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// JUnit XML, for CI servers
    Junit,
    /// One HTML file that fetches nothing
    Html,
    /// Metrics for node_exporter's textfile collector
    Prometheus,
}

/// The output of `assay verify`.
#[derive(Debug, Clone, Args)]
pub struct VerdictOutput {
    /// Form of the output
    #[arg(short, long, value_name = "FORMAT", default_value = "human")]
    pub output: VerdictFormat,
    /// Short for `--output json`
    #[arg(long, conflicts_with = "output")]
    pub json: bool,
}

impl VerdictOutput {
    /// The form, whichever way it was asked for.
    pub fn format(&self) -> VerdictFormat {
        if self.json { VerdictFormat::Json } else { self.output }
    }
}

const POLICY_HELP: &str = "\
Examples:
  assay policy init > policy.toml
  assay policy check policy.toml
  assay verify /mnt/backup --policy policy.toml

A policy says what your backups must be, besides sound: how old, how encrypted, with which proof; how bad a
finding is to you; and which findings are known and do not count, why, and until when.";

/// `assay policy`.
#[derive(Debug, Clone, Args)]
#[command(after_help = POLICY_HELP, arg_required_else_help = true)]
pub struct PolicyArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: PolicyCommand,
}

/// The commands under `assay policy`.
#[derive(Debug, Clone, Subcommand)]
pub enum PolicyCommand {
    /// Print a policy to begin with, every setting explained
    Init(PolicyInitArgs),
    /// Tell whether a policy is understood, what it asks, and which waivers have expired
    Check(PolicyCheckArgs),
}

const INIT_HELP: &str = "\
Examples:
  assay policy init > policy.toml";

/// `assay policy init`.
#[derive(Debug, Clone, Args)]
#[command(after_help = INIT_HELP)]
pub struct PolicyInitArgs {}

const CHECK_HELP: &str = "\
Examples:
  assay policy check policy.toml
  assay policy check --json policy.toml | jq '.artifacts[0].waivers[] | select(.expired)'

Exit code 1: a waiver has expired. Exit code 2: the policy is not understood.";

/// `assay policy check`.
#[derive(Debug, Clone, Args)]
#[command(after_help = CHECK_HELP)]
pub struct PolicyCheckArgs {
    /// The policy
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub file: PathBuf,
    /// Form of the output.
    #[command(flatten)]
    pub output: ReportOutput,
}
