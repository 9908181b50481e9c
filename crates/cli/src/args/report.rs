//! How a verdict is given out, and the policy behind it.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;

use clap::builder::{EnumValueParser, PossibleValue, TypedValueParser};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Args, Command, Subcommand, ValueEnum, ValueHint};
use wording::escape_path;

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

/// A form of a verdict, and where it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerdictTo {
    /// The form.
    pub format: VerdictFormat,
    /// The file; `None`: standard output.
    pub file: Option<PathBuf>,
}

/// Reads `FORMAT` and `FORMAT=FILE`.
#[derive(Debug, Clone, Copy)]
struct VerdictToParser;

impl TypedValueParser for VerdictToParser {
    type Value = VerdictTo;

    fn parse_ref(&self, command: &Command, arg: Option<&Arg>, value: &OsStr) -> Result<VerdictTo, clap::Error> {
        let bytes = value.as_bytes();
        let (word, file) = match bytes.iter().position(|byte| *byte == b'=') {
            Some(at) => (bytes.get(..at).unwrap_or_default(), bytes.get(at + 1..)),
            None => (bytes, None),
        };
        let format = EnumValueParser::<VerdictFormat>::new().parse_ref(command, arg, OsStr::from_bytes(word))?;
        let file = file.map(|file| PathBuf::from(OsStr::from_bytes(file)));
        if file.as_ref().is_some_and(|file| file.as_os_str().is_empty()) {
            let mut error = clap::Error::new(ErrorKind::ValueValidation).with_cmd(command);
            if let Some(arg) = arg {
                error.insert(ContextKind::InvalidArg, ContextValue::String(arg.to_string()));
            }
            error.insert(ContextKind::InvalidValue, ContextValue::String(value.to_string_lossy().into_owned()));
            return Err(error);
        }
        Ok(VerdictTo { format, file: file.filter(|file| file.as_os_str() != "-") })
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(VerdictFormat::value_variants().iter().filter_map(ValueEnum::to_possible_value)))
    }
}

/// The output of `assay verify`.
#[derive(Debug, Clone, Args)]
pub struct VerdictOutput {
    /// Form of the output, human unless given; with `=FILE` into that file, and then several times: all from one run
    #[arg(short, long, value_name = "FORMAT[=FILE]", value_parser = VerdictToParser)]
    pub output: Vec<VerdictTo>,
    /// Short for `--output json`
    #[arg(long)]
    pub json: bool,
}

impl VerdictOutput {
    /// The forms, whichever way they were asked for; at most one is for standard output.
    ///
    /// # Errors
    /// In words, where two are for one place.
    pub fn forms(&self) -> Result<Vec<VerdictTo>, String> {
        let json = self.json.then_some(VerdictTo { format: VerdictFormat::Json, file: None });
        let mut forms: Vec<VerdictTo> = json.into_iter().chain(self.output.iter().cloned()).collect();
        if forms.is_empty() {
            forms.push(VerdictTo { format: VerdictFormat::Human, file: None });
        }
        for (at, form) in forms.iter().enumerate() {
            if forms.iter().take(at).any(|other| other.file == form.file) {
                return Err(match &form.file {
                    Some(file) => format!("two forms go to `{}`: give each a file of its own", escape_path(file)),
                    None => "two forms go to standard output: give one of them a file, `-o FORMAT=FILE`".to_owned(),
                });
            }
        }
        Ok(forms)
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
