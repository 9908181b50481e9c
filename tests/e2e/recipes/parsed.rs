//! Every line of a recipe is one that assay understands: an option that is renamed breaks a recipe here first.

use super::lines::{all, calls};

/// Why assay would not run it.
fn refused(line: &[String]) -> Option<String> {
    cli::commands::command().try_get_matches_from(line).err().map(|error| error.to_string())
}

#[test]
fn every_line_is_understood() {
    let lines = all();
    for (path, line) in &lines {
        if let Some(why) = refused(line) {
            panic!("{path}: {}: {why}", line.join(" "));
        }
    }
    let of = |path: &str| lines.iter().filter(|(from, _)| *from == path).count();
    let counts = [
        (".pre-commit-hooks.yaml", 2),
        ("docs/roll-out.md", 1),
        ("recipes/README.md", 1),
        ("recipes/argo/cronworkflow.yaml", 3),
        ("recipes/cron/assay.crontab", 1),
        ("recipes/cronjob/cronjob.yaml", 4),
        ("recipes/github/action.yml", 1),
        ("recipes/gitlab/job.yml", 1),
        ("recipes/gitlab/templates/assay.yml", 1),
        ("recipes/shell/nightly", 4),
        ("recipes/systemd/assay.service", 5),
        ("recipes/tekton/task.yaml", 1),
    ];
    for (path, count) in counts {
        assert_eq!(of(path), count, "{path}");
    }
}

#[test]
fn a_line_that_is_misspelt_is_not_understood() {
    for (line, why) in [
        ("assay catalog metrics --outt FILE", "unexpected argument '--outt'"),
        ("assay verify --newest one DIR", "invalid value 'one'"),
        ("assay catalogue add DIR", "unrecognized subcommand"),
        ("assay verify", "required arguments were not provided"),
    ] {
        let [call] = &calls(line)[..] else { panic!("{line}") };
        let said = refused(call).unwrap_or_else(|| panic!("{line} is understood"));
        assert!(said.contains(why), "{line}: {said}");
    }
}
