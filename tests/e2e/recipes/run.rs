//! Recipes do what they say: their commands are run on a sound backup and on one with a changed byte.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::lines::{crontab, of, read, scripts};
use crate::support::{root, snapshot};

/// Folders of a host or of a pod, made anew: `backups`, `state`, and a folder for programs.
struct Host {
    folder: tempfile::TempDir,
}

impl Host {
    /// One whose newest backup is sound, or has a byte that is another.
    fn new(sound: bool) -> Self {
        let host = Self { folder: tempfile::tempdir().unwrap() };
        for name in ["backups", "state", "state/reports", "bin"] {
            fs::create_dir(host.path(name)).unwrap();
        }
        let mut bytes = snapshot("plain-etcd36");
        let middle = bytes.len() / 2;
        bytes[middle] ^= u8::from(!sound);
        fs::write(host.path("backups/snapshot_2026-11-23_090848.db"), bytes).unwrap();
        let tarball = fixtures::named("plain-etcd36").tarball();
        fs::copy(&tarball, host.path("backups").join(tarball.file_name().unwrap())).unwrap();
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_assay"), host.path("bin/assay")).unwrap();
        host
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A word of a recipe with this host's folders in the place of those that it names.
    fn here(&self, word: &str) -> String {
        let folder = |name| self.path(name).to_str().unwrap().to_owned();
        [("/var/backups/etcd", "backups"), ("/var/lib/assay", "state"), ("/backups", "backups"), ("/state", "state")]
            .into_iter()
            .chain([("/reports", "state/reports")])
            .find_map(|(named, name)| {
                let (before, after) = word.split_once(named)?;
                let whole = before.is_empty() || before.ends_with('=');
                (whole && (after.is_empty() || after.starts_with('/')))
                    .then(|| before.to_owned() + &folder(name) + after)
            })
            .unwrap_or_else(|| word.to_owned())
    }

    /// Runs it on the day of the backup, with assay and what every machine has in the path.
    fn run(&self, command: &mut Command) -> (i32, String) {
        let path = format!("{}:/usr/bin:/bin", self.path("bin").display());
        command.env_clear().env("PATH", path).env("ASSAY_NOW", "2026-11-23T12:00:00Z").env("TZ", "UTC");
        let output = command.current_dir(self.folder.path()).output().unwrap();
        let said = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap()).concat();
        (output.status.code().unwrap(), said)
    }

    /// Runs the lines of a recipe one after the other, as systemd and the kubelet do: what fails ends it.
    fn each(&self, recipe: &str, set: &[(&str, &str)]) -> (i32, String) {
        let mut last = (0, String::new());
        for line in of(recipe) {
            let mut command = Command::new(env!("CARGO_BIN_EXE_assay"));
            command.args(line[1..].iter().map(|word| self.here(word)));
            // after the clearing of the environment
            let mut with = Command::new(fixtures::place_of("env").expect("env"));
            with.args(set.iter().map(|(name, is)| format!("{name}={}", self.here(is))));
            with.arg(command.get_program()).args(command.get_args());
            last = self.run(&mut with);
            if last.0 != 0 {
                break;
            }
        }
        last
    }

    /// What metrics say of the newest backup.
    fn told(&self) -> String {
        let text = fs::read_to_string(self.path("state/assay.prom")).unwrap();
        text.lines().find(|line| line.starts_with("assay_cluster_last_backup_restorable{")).unwrap().to_owned()
    }

    /// That a report is there and says so.
    fn reported(&self, name: &str, verdict: &str) {
        let text = fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(text.contains(verdict), "{name} does not say {verdict}");
    }
}

/// Of a sound backup each ends with 0, of a changed one with 1, and either way all that it writes is there.
fn both(run: impl Fn(&Host) -> (i32, String), look: impl Fn(&Host, bool)) {
    for sound in [true, false] {
        let host = Host::new(sound);
        let (code, said) = run(&host);
        assert_eq!(code, i32::from(!sound), "{said}");
        look(&host, sound);
    }
}

/// Metrics, catalog and reports of those that write all of them.
fn looked(host: &Host, sound: bool) {
    assert!(host.told().ends_with(if sound { " 1" } else { " 0" }), "{}", host.told());
    assert!(host.path("state/catalog.db").is_file());
}

#[test]
fn the_unit_does_a_nights_work() {
    let unit = read("recipes/systemd/assay.service");
    let set: Vec<(&str, &str)> = (unit.lines().filter_map(|line| line.strip_prefix("Environment=")))
        .flat_map(|line| line.split(' ').filter_map(|pair| pair.split_once('=')))
        .collect();
    // what stands in the file of settings, as a comment, holds already
    let settings = read("recipes/systemd/assay.default");
    let said: Vec<(&str, &str)> = settings
        .lines()
        .filter_map(|line| line.strip_prefix("#ASSAY_").and(line.strip_prefix('#')))
        .filter_map(|line| line.split_once('='))
        .collect();
    for pair in &set {
        assert!(said.contains(pair), "assay.default does not have {pair:?}");
    }
    assert_eq!(said.len(), set.len() + 2, "what is more is a severity and a policy: {said:?}");
    both(
        |host| host.each("recipes/systemd/assay.service", &set),
        |host, sound| {
            looked(host, sound);
            host.reported("state/reports/newest.html", if sound { "WARN" } else { "FAIL" });
            host.reported("state/reports/newest.xml", "<testsuite");
            host.reported("state/reports/calendar.html", "2026");
        },
    );
}

#[test]
fn the_unit_says_when_backups_do_not_come() {
    let host = Host::new(true);
    let old = [("ASSAY_CATALOG", "/var/lib/assay/catalog.db"), ("ASSAY_MAX_AGE", "1h")];
    let (code, said) = host.each("recipes/systemd/assay.service", &old);
    assert!(code == 1 && said.contains("PAIR-046"), "{said}");
    fs::remove_dir_all(host.path("backups")).unwrap();
    let (code, said) = host.each("recipes/systemd/assay.service", &old);
    assert!(code == 2 && said.contains("no such file"), "{said}");
}

#[test]
fn the_script_does_a_nights_work() {
    let script = root().join("recipes/shell/nightly");
    let run = |host: &Host| {
        host.run(fixtures::tool("bash").unwrap().arg(&script).args([host.path("backups"), host.path("state")]))
    };
    both(run, |host, sound| {
        looked(host, sound);
        host.reported("state/newest.html", if sound { "WARN" } else { "FAIL" });
    });
    // a folder that is not there: told, and no metrics that would say that all is well
    let host = Host::new(true);
    fs::remove_dir_all(host.path("backups")).unwrap();
    assert_eq!(run(&host).0, 2);
    assert!(!host.path("state/assay.prom").exists());
}

#[test]
fn cron_mails_a_bad_night_and_no_good_one() {
    let [line] = &crontab(&read("recipes/cron/assay.crontab"))[..] else { panic!("one line") };
    for sound in [true, false] {
        let host = Host::new(sound);
        let line = line.replace("/var/backups/etcd", host.path("backups").to_str().unwrap());
        let (_, said) = host.run(fixtures::tool("sh").unwrap().args(["-c", &line]));
        assert_eq!(said.is_empty(), sound, "{said}");
        assert!(sound || said.contains("FAIL"), "{said}");
    }
}

#[test]
fn pods_do_a_nights_work() {
    for recipe in ["recipes/cronjob/cronjob.yaml", "recipes/argo/cronworkflow.yaml"] {
        both(
            |host| host.each(recipe, &[]),
            |host, sound| {
                looked(host, sound);
                host.reported("state/newest.html", if sound { "WARN" } else { "FAIL" });
                host.reported("state/newest.xml", "<testsuite");
            },
        );
    }
    both(
        |host| host.each("recipes/tekton/task.yaml", &[]),
        |host, sound| host.reported("state/reports/verdict.html", if sound { "WARN" } else { "FAIL" }),
    );
}

#[test]
fn jobs_of_github_and_gitlab_judge_and_report() {
    for (recipe, report, says) in [
        ("recipes/github/action.yml", "reports/verdict.sarif", "sarif-schema-2.1.0"),
        ("recipes/gitlab/job.yml", "verdict.xml", "<testsuite"),
        ("recipes/gitlab/templates/assay.yml", "verdict.xml", "<testsuite"),
    ] {
        let [script] = &scripts(&read(recipe))[..] else { panic!("{recipe}: one script") };
        both(
            |host| {
                let set = [
                    format!("BACKUPS={}", host.path("backups").display()),
                    format!("GITHUB_OUTPUT={}", host.path("output").display()),
                ];
                let usual = ["NEWEST=1", "MAX_AGE=36h", "FAIL_ON=high", "REPORTS=reports"];
                let mut command = fixtures::tool("env").unwrap();
                command.args(set).args(usual).args(["bash", "-eo", "pipefail", "-c", script]);
                host.run(&mut command)
            },
            |host, _| host.reported(report, says),
        );
    }
}

#[test]
fn a_commit_is_stopped_by_a_hook() {
    let (Some(_), Some(_)) = (fixtures::tool("git"), fixtures::tool("pre-commit")) else { return };
    for sound in [true, false] {
        let host = Host::new(sound);
        let hooks = host.path("hooks");
        fs::create_dir(&hooks).unwrap();
        fs::copy(root().join(".pre-commit-hooks.yaml"), hooks.join(".pre-commit-hooks.yaml")).unwrap();
        let revision = committed(&host, &hooks);
        let config = read("recipes/pre-commit/pre-commit-config.yaml");
        let (before, rest) = config.split_once("rev: ").unwrap();
        let config = format!("{before}rev: {revision}{}", rest.strip_prefix(&rest[..40]).unwrap());
        let config = config.replace("/srv/git/assay", hooks.to_str().unwrap());
        let backups = host.path("backups");
        fs::write(backups.join(".pre-commit-config.yaml"), config).unwrap();
        fs::write(backups.join("policy.toml"), if sound { "version = 1\n" } else { "version = 1\ntrailers = 1\n" })
            .unwrap();
        committed(&host, &backups);
        let (code, said) = host.run(&mut inside(&host, &backups, "pre-commit", &["run", "--all-files"]));
        assert_eq!(code, i32::from(!sound), "{said}");
        let told = |what: &str| said.lines().any(|line| line.contains(what) && line.ends_with("Failed"));
        assert_eq!((told("policy for backups"), told("backups will restore")), (!sound, !sound), "{said}");
        assert!(!said.contains("no files to check"), "{said}");
    }
}

/// Makes a repository of a folder; gives its commit.
fn committed(host: &Host, folder: &Path) -> String {
    for line in ["init -q", "add -A", "commit -q -m all"] {
        let line: Vec<&str> = line.split(' ').collect();
        let (code, said) = host.run(&mut inside(host, folder, "git", &line));
        assert_eq!(code, 0, "{line:?}: {said}");
    }
    host.run(&mut inside(host, folder, "git", &["rev-parse", "HEAD"])).1.trim().to_owned()
}

/// A program in a folder, with nothing of the user's own.
fn inside(host: &Host, folder: &Path, program: &str, args: &[&str]) -> Command {
    let mut command = fixtures::tool("env").unwrap();
    command.arg("-C").arg(folder).arg(format!("HOME={}", host.folder.path().display()));
    let of_git = ["GIT_CONFIG_NOSYSTEM=1", "EMAIL=nobody@example.com", "GIT_COMMITTER_NAME=x", "GIT_AUTHOR_NAME=x"];
    command.args(of_git).arg(fixtures::place_of(program).unwrap()).args(args);
    command
}
