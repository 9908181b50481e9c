//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Parser, ValueEnum, ValueHint};
use lens::Moment;

/// Serve an etcd backup as a read-only Kubernetes API to kubectl, oc and client libraries
#[derive(Debug, Parser)]
#[command(
    name = "assay-serve",
    version,
    max_term_width = 100,
    after_help = "\
Examples:
  assay-serve backup/                   say where the kubeconfig is, and serve
  assay-serve snapshot.db --keys static_kuberesources.tar.gz
  assay-serve snapshot.db -- kubectl get pods -A
  assay-serve a.db --at 790 -- kubectl --context backup@790 get pods -A -w

It listens on loopback alone, speaks TLS alone, and answers nobody without the
token in the kubeconfig. Nothing in a backup can be changed."
)]
pub(crate) struct Args {
    /// Snapshot, backup of a snapshot and a tarball, or their directory; several are served side by side
    #[arg(value_name = "BACKUP", required = true, value_hint = ValueHint::AnyPath)]
    pub(crate) backups: Vec<PathBuf>,
    /// Keys that open values: the tarball of the same backup, or an EncryptionConfiguration
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with = "escrow")]
    pub(crate) keys: Option<PathBuf>,
    /// Escrow that holds the keys
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, requires = "identities")]
    pub(crate) escrow: Option<PathBuf>,
    /// Identity that opens the escrow
    #[arg(short, long = "identity", value_name = "FILE", value_hint = ValueHint::FilePath, requires = "escrow")]
    pub(crate) identities: Vec<OsString>,
    /// Show what is secret
    #[arg(long)]
    pub(crate) reveal: bool,
    /// Another moment, as context `backup@WHEN`: a revision, or a time in UTC
    #[arg(long, value_name = "REV|TIME")]
    pub(crate) at: Vec<String>,
    /// Where the kubeconfig goes, which must not be there; in $XDG_RUNTIME_DIR unless given
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) kubeconfig: Option<PathBuf>,
    /// Port on 127.0.0.1; any that is free unless given
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub(crate) port: u16,
    /// A socket besides, for curl and proxies: without TLS and token, and nobody but its owner can open it
    #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath)]
    pub(crate) socket: Option<PathBuf>,
    /// What ages count to
    #[arg(long, value_enum, default_value_t = Ages::Backup)]
    pub(crate) ages: Ages,
    /// Hash the snapshot before it is served, and do not serve one that its SHA-256 does not prove
    #[arg(long)]
    pub(crate) verify: bool,
    /// Append method, path, code and time of each request to a file
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) log: Option<PathBuf>,
    /// Run a command with KUBECONFIG set, and end with it
    #[arg(last = true, value_name = "COMMAND")]
    pub(crate) command: Vec<OsString>,
}

/// What ages count to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Ages {
    /// The moment that is shown
    Backup,
    /// Now
    Now,
}

impl Args {
    /// The moments of `--at`, each with its text.
    pub(crate) fn moments(&self) -> Result<Vec<(&str, Moment)>, String> {
        let parse = |text: &String| text.parse::<Moment>().map_err(|why| format!("--at {text}: {why}"));
        self.at.iter().map(|text| Ok((text.as_str(), parse(text)?))).collect()
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_sound() {
        super::Args::command().debug_assert();
    }

    #[test]
    fn examples_fit_into_80_columns() {
        let help = super::Args::command().get_after_help().map(ToString::to_string).unwrap_or_default();
        assert!(help.lines().all(|line| wording::width(line) <= 80), "{help}");
    }
}
