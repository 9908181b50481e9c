//! Help of assay itself: its commands by the job that they are for.

use clap::{Command, CommandFactory};

use super::Cli;

/// Jobs, each with its commands in the order in which they are told.
const JOBS: [(&str, &[&str]); 8] = [
    ("to judge a backup", &["verify", "inspect", "compat", "hash", "policy"]),
    ("to look into a snapshot", &["ls", "get", "browse", "history", "timeline", "diff", "export", "cluster", "du"]),
    ("to look at its bytes", &["carve", "pages", "page", "bucket"]),
    ("to mend one, and to write one anew", &["mend", "rebuild"]),
    ("to restore", &["rehearse", "runbook"]),
    ("for many backups", &["catalog"]),
    ("for keys", &["keys"]),
    ("for help", &["explain", "config", "completions", "man", "version", "help"]),
];
/// Columns of a line.
const WIDTH: usize = 80;
/// Columns of a command's name, with what is around it.
const NAME: usize = 15;

/// The command line, with its help.
#[must_use]
pub fn command() -> Command {
    let mut root = Cli::command();
    root.build();
    let template = format!(
        "{{about-with-newline}}\n{{usage-heading}} {{usage}}\n\n{}Global options:\n{{options}}{{after-help}}",
        by_job(&root)
    );
    Cli::command().help_template(template)
}

/// All commands under the jobs that they are for.
fn by_job(root: &Command) -> String {
    let all: Vec<&Command> = root.get_subcommands().filter(|command| !command.is_hide_set()).collect();
    let mut text = String::new();
    let mut section = |job: &str, commands: Vec<&Command>| {
        if !commands.is_empty() {
            text.push_str(&format!("Commands {job}:\n"));
            commands.into_iter().for_each(|command| line(command, &mut text));
            text.push('\n');
        }
    };
    for (job, names) in JOBS {
        section(job, names.iter().filter_map(|name| all.iter().find(|it| it.get_name() == *name).copied()).collect());
    }
    let listed = |command: &&Command| JOBS.iter().any(|(_, names)| names.contains(&command.get_name()));
    section("for other jobs", all.iter().filter(|command| !listed(command)).copied().collect());
    text
}

/// A command and what it is about, as many lines as that takes.
fn line(command: &Command, text: &mut String) {
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    let mut line = format!("  {:<width$}", command.get_name(), width = NAME - 2);
    for word in about.split(' ') {
        if line.len() + 1 + word.len() > WIDTH && line.trim().contains(' ') {
            text.push_str(line.trim_end());
            text.push('\n');
            line = " ".repeat(NAME);
        }
        line.push_str(word);
        line.push(' ');
    }
    text.push_str(line.trim_end());
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_is_under_one_job_and_every_job_has_its_commands() {
        let mut root = Cli::command();
        root.build();
        let names: Vec<&str> = root.get_subcommands().map(Command::get_name).collect();
        for name in &names {
            let jobs = JOBS.iter().filter(|(_, listed)| listed.contains(name)).count();
            assert_eq!(jobs, 1, "{name}");
        }
        assert!(JOBS.iter().flat_map(|(_, listed)| *listed).all(|listed| names.contains(listed)));
        assert!(by_job(&root).lines().all(|line| line.chars().count() <= WIDTH), "{}", by_job(&root));
    }
}
