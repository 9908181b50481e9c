//! The `assay` command: arguments, opening files, output, exit codes.
//!
//! From the outside in: [`args`] is what was typed, [`settings`] what was meant, [`input`] what an argument names,
//! [`commands`] what is done about it, [`output`] how facts are shown, [`ui`] the two streams they go to, and [`exit`]
//! how it all ends. What the bytes mean is the libraries' business.
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![cfg_attr(test, allow(clippy::disallowed_methods, reason = "tests make and read files of their own"))]

pub mod args;
pub mod commands;
mod configuration;
mod ending;
pub mod exit;
mod failure;
pub mod input;
mod interrupt;
mod launch;
pub mod output;
mod report_file;
pub mod settings;
pub mod ui;
mod unproven;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::FromArgMatches as _;

/// Runs assay on the arguments of the process.
pub fn main() -> ExitCode {
    run(std::env::args_os())
}

/// Runs assay on a command line, the program's name first.
pub fn run(line: impl IntoIterator<Item = OsString>) -> ExitCode {
    let line: Vec<OsString> = line.into_iter().collect();
    if let Some(code) = launch::verb(&line) {
        return code;
    }
    exit::guarded(|| match parse(&line) {
        Ok(cli) => {
            let mut ui = ui::Ui::stdio(&cli.global);
            let result = commands::run(cli, &mut ui);
            exit::finish(result, &mut ui)
        }
        // Help and version come this way, too, as does a usage error; clap knows its streams.
        Err(Refused::Line(error)) => {
            tell(&error, &line);
            ExitCode::from(if error.use_stderr() { 2 } else { 0 })
        }
        Err(Refused::Settings(error, global)) => exit::finish(Err(error), &mut ui::Ui::stdio(&global)),
    })
}

/// Why a line does not become a command.
enum Refused {
    /// The line.
    Line(clap::Error),
    /// What is set for it elsewhere, and the options of the line.
    Settings(exit::Error, Box<args::GlobalArgs>),
}

impl From<clap::Error> for Refused {
    fn from(error: clap::Error) -> Self {
        Self::Line(error)
    }
}

/// The command of a line, with what is set for it elsewhere.
fn parse(line: &[OsString]) -> Result<commands::Cli, Refused> {
    let cli = commands::command();
    // what is wrong with the line comes first, and help needs no settings
    let said = cli.clone().try_get_matches_from(line)?;
    let settings = configuration::Settings::of_process(&cli).map_err(|error| {
        let global = commands::Cli::from_arg_matches(&said).map(|cli| Box::new(cli.global));
        global.map_or_else(Refused::Line, |global| Refused::Settings(error, global))
    })?;
    let matches = settings.as_defaults(cli, &said).try_get_matches_from(line)?;
    Ok(commands::Cli::from_arg_matches(&matches)?)
}

/// Says what clap says. It repeats words of the line as they are; where one of them holds what a terminal obeys, as a
/// name may that a shell put in for `*`, all is said without colours, and inert.
fn tell(error: &clap::Error, line: &[OsString]) {
    let is_plain = |word: &OsString| word.to_str().is_some_and(|word| word.chars().all(wording::is_plain));
    if !error.use_stderr() || line.iter().all(is_plain) {
        let _ = error.print();
    } else {
        exit::say(wording::inert_lines(&error.render().to_string()).trim_end());
    }
}
