//! `assay completions`: a script that makes a shell complete assay's words.

use clap::CommandFactory;

use super::Cli;
use crate::args::CompletionsArgs;
use crate::exit::{Ending, Error};
use crate::ui::Ui;

pub(super) fn run(args: &CompletionsArgs, ui: &mut Ui) -> Result<Ending, Error> {
    // The generator panics when its writer fails, so it gets one that cannot.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "assay", &mut script);
    ui.out().write_all(&script)?;
    Ok(Ending::Clean)
}
