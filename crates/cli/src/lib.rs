//! The `assay` command: arguments, opening files, output, exit codes.
//!
//! From the outside in: [`args`] is what was typed, [`settings`] what was meant, [`input`] what an argument names,
//! [`commands`] what is done about it, [`output`] how facts are shown, [`ui`] the two streams they go to, and [`exit`]
//! how it all ends. What the bytes mean is the libraries' business.
#![cfg_attr(test, allow(clippy::disallowed_methods, reason = "tests make and read files of their own"))]

pub mod args;
pub mod commands;
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

use clap::FromArgMatches;

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
    exit::guarded(|| match parsed(&line) {
        Ok(cli) => {
            let mut ui = ui::Ui::stdio(&cli.global);
            let result = commands::run(cli, &mut ui);
            exit::finish(result, &mut ui)
        }
        // Help and version come this way, too, as does a usage error; clap knows its streams.
        Err(error) => {
            tell(&error, &line);
            ExitCode::from(if error.use_stderr() { 2 } else { 0 })
        }
    })
}

/// The command line, read.
fn parsed(line: &[OsString]) -> Result<commands::Cli, clap::Error> {
    let matches = commands::command().try_get_matches_from(line)?;
    commands::Cli::from_arg_matches(&matches)
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
