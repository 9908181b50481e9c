//! The command line.

use clap::{Parser, Subcommand};

use crate::error::Error;
use crate::job::{self, JobArgs};
use crate::judge::{self, JudgeArgs};
use crate::merge::{self, MergeArgs};
use crate::plan::{self, PlanArgs};
use crate::report::{self, ReportArgs};

/// Judge the backups of a fleet of clusters where they lie, on an engine that is already there
#[derive(Debug, Parser)]
#[command(
    name = "assay-fleet",
    version,
    max_term_width = 100,
    after_help = "\
plan, then judge for each shard, then merge, then report. Each backup is judged
by `assay verify`, without network and without credentials; this program only
carries bytes to it and rows away."
)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List sources and write what is to be judged, in shards
    Plan(PlanArgs),
    /// Judge one shard: what an engine runs for each
    Judge(JudgeArgs),
    /// Put the parts together, and name what is missing
    Merge(MergeArgs),
    /// Tell which clusters have no backup that was judged good, and how old the newest good one of each is
    Report(ReportArgs),
    /// Print what an engine is given; nothing is submitted
    Job(JobArgs),
}

/// Does it; gives the exit code.
pub(crate) async fn dispatch(command: Command) -> Result<u8, Error> {
    match command {
        Command::Plan(args) => plan::run(args).await,
        Command::Judge(args) => judge::run(args).await,
        Command::Merge(args) => merge::run(args).await,
        Command::Report(args) => report::run(args).await,
        Command::Job(args) => job::run(args).await,
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_sound() {
        super::Args::command().debug_assert();
    }

    /// What is broken by hand is broken again by a terminal that is narrower.
    #[test]
    fn examples_fit_into_80_columns() {
        fn look(command: &clap::Command) {
            let text = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            for line in text.lines() {
                assert!(wording::width(line) <= 80, "{}: {line}", command.get_name());
            }
            command.get_subcommands().for_each(look);
        }
        look(&super::Args::command());
    }
}
