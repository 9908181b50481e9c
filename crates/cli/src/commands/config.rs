//! `assay config show`: what holds for a run, and who says so.

use std::collections::BTreeMap;

use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Args, Command, CommandFactory, FromArgMatches, Subcommand};
use wording::escape;

use super::Cli;
use crate::configuration::{self, Settings};
use crate::exit::{Ending, Error};
use crate::output::human::{Align, Table};
use crate::ui::Ui;

const HELP: &str = "\
Examples:
  assay config show
  ASSAY_NOW=2026-12-01 assay config show --threads 2

What the line does not say may come from the environment (ASSAY_THREADS, ASSAY_FAIL_ON), from assay.toml in the working
directory, or from assay/assay.toml in XDG_CONFIG_HOME (~/.config), in that order. Options of every command stand at the
top of the file, those of verify under [verify]. What opens secrets cannot be set, and no secret may stand in the file.";

/// `assay config`.
#[derive(Debug, Clone, Args)]
#[command(after_help = HELP, arg_required_else_help = true)]
pub struct ConfigArgs {
    /// What to do.
    #[command(subcommand)]
    command: ConfigCommand,
}

/// The commands under `assay config`.
#[derive(Debug, Clone, Subcommand)]
enum ConfigCommand {
    /// Show what holds, and who says so: the line, the environment, a file, or a default
    Show(ShowArgs),
}

/// `assay config show`.
#[derive(Debug, Clone, Args)]
#[command(after_help = HELP)]
struct ShowArgs {
    /// Who says what.
    #[command(flatten)]
    given: Given,
}

/// Values and where they come from, by the id of the option. It adds no option of its own: it looks at all there are.
#[derive(Debug, Clone, Default)]
struct Given(BTreeMap<String, (ValueSource, String)>);

impl FromArgMatches for Given {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let said = matches.ids().filter_map(|id| {
            let raw = matches.try_get_raw(id.as_str()).ok()??;
            let value: Vec<String> = raw.map(|value| escape(value.as_encoded_bytes()).to_string()).collect();
            Some((id.to_string(), (matches.value_source(id.as_str())?, value.join(" "))))
        });
        Ok(Self(said.collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for Given {
    fn augment_args(command: Command) -> Command {
        command
    }

    fn augment_args_for_update(command: Command) -> Command {
        command
    }
}

impl Given {
    /// The option as it is typed, what holds, and who says so.
    fn row(&self, option: &Arg, settings: &Settings) -> [String; 3] {
        let name = format!("--{}", option.get_long().unwrap_or_default());
        let Some((source, value)) = self.0.get(option.get_id().as_str()) else {
            let unsaid = match option.get_id().as_str() {
                "threads" => "all cores",
                "now" => "the clock's time",
                _ => "none",
            };
            return [name, unsaid.to_owned(), "default".to_owned()];
        };
        let variable = || option.get_env().map(|name| escape(name.as_encoded_bytes()).to_string()).unwrap_or_default();
        let says = match source {
            ValueSource::CommandLine => "command line".to_owned(),
            ValueSource::EnvVariable => format!("environment: {}", variable()),
            _ => settings.of(None, option).map_or_else(|| "default".to_owned(), |(_, says)| says.to_owned()),
        };
        [name, value.clone(), says]
    }
}

/// An option of a command that can be set, and what is.
fn of_command(command: &str, option: &Arg, settings: &Settings) -> [String; 3] {
    let name = format!("{command} --{}", option.get_long().unwrap_or_default());
    let usual = || option.get_default_values().iter().map(|it| it.to_string_lossy().into_owned()).collect::<String>();
    let (value, says) = match settings.of(Some(command), option) {
        Some((value, says)) => (escape(value.as_bytes()).into_owned(), says.to_owned()),
        None => (usual(), "default".to_owned()),
    };
    [name, if value.is_empty() { "none".to_owned() } else { value }, says]
}

pub(super) fn run(args: &ConfigArgs, ui: &mut Ui) -> Result<Ending, Error> {
    let ConfigCommand::Show(ShowArgs { given }) = &args.command;
    let mut table = Table::new(&[("option", Align::Left), ("value", Align::Left), ("from", Align::Left)]);
    let cli = Cli::command();
    let settings = Settings::of_process(&cli)?;
    for option in cli.get_arguments().filter(|option| option.is_global_set()) {
        table.row(given.row(option, &settings));
    }
    let verify = cli.find_subcommand("verify").into_iter().flat_map(Command::get_arguments);
    for option in verify.filter(|option| configuration::is_of_commands(option)) {
        table.row(of_command("verify", option, &settings));
    }
    let look = ui.look();
    table.write(ui.out(), look)?;
    Ok(Ending::Clean)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::commands;

    /// What is said of an option.
    fn said(line: &[&str], option: &str) -> (String, String) {
        let cli = Cli::try_parse_from(std::iter::once("assay").chain(line.iter().copied())).unwrap();
        let commands::Command::Config(args) = cli.command else { panic!("another command") };
        let ConfigCommand::Show(ShowArgs { given }) = args.command;
        let command = Cli::command();
        let option = command.get_arguments().find(|arg| arg.get_long() == Some(option)).unwrap();
        let [_, value, says] = given.row(option, &Settings::default());
        (value, says)
    }

    #[test]
    fn the_command_line_says_so_wherever_the_option_stands() {
        for (line, option, value) in [
            (&["config", "show", "--threads", "2"][..], "threads", "2"),
            (&["--threads", "2", "config", "show"], "threads", "2"),
            (&["config", "--color=never", "show"], "color", "never"),
            (&["config", "show", "-vv"], "verbose", "2"),
            (&["config", "show", "--no-mmap"], "no-mmap", "true"),
        ] {
            assert_eq!(said(line, option), (value.to_owned(), "command line".to_owned()), "{line:?}");
        }
    }

    #[test]
    fn what_nobody_says_is_the_default() {
        for (option, value) in [
            ("threads", "all cores"),
            ("color", "auto"),
            ("quiet", "false"),
            ("max-expanded", "16GiB"),
            ("verbose", "0"),
        ] {
            assert_eq!(said(&["config", "show"], option), (value.to_owned(), "default".to_owned()));
        }
    }
}
