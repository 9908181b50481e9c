//! Engines: a stand-in with the rules of a Kubernetes Job runs the command of the manifest; what a child may see.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;

use crate::support::{Place, assay, snapshot};

/// How many failures of its own an index may have.
const LIMIT: usize = 3;

/// A Job as its controller has it, of what counts here: the lowest index first, a failed pod is started again until its
/// index has failed too often, 64 fails an index at once.
struct Job {
    command: Vec<String>,
    completions: u64,
    fail_index_on: Vec<i32>,
}

/// What a Job came to.
#[derive(Debug, Default, PartialEq)]
struct Ended {
    completed: Vec<u64>,
    failed: Vec<u64>,
    attempts: usize,
}

/// The value of a field in YAML that this program wrote.
fn field<'t>(text: &'t str, name: &str) -> &'t str {
    let line = text.lines().find_map(|line| line.trim_start().strip_prefix(name)?.strip_prefix(": "));
    line.unwrap_or_else(|| panic!("no {name} in {text}"))
}

impl Job {
    fn of(manifest: &str) -> Self {
        let list = |text: &str| -> Vec<String> {
            let inner = text.trim_start_matches('[').trim_end_matches(']');
            inner.split(", ").map(|word| word.trim_matches('"').to_owned()).collect()
        };
        assert_eq!(field(manifest, "backoffLimitPerIndex"), LIMIT.to_string());
        Self {
            command: list(field(manifest, "command")),
            completions: field(manifest, "completions").parse().unwrap(),
            fail_index_on: list(field(manifest, "values")).iter().map(|code| code.parse().unwrap()).collect(),
        }
    }

    /// Runs it; `disturb` says what happens to an attempt instead: `None` lets it be, a code is what it ended with.
    fn run(&self, place: &Place, disturb: impl Fn(u64, usize) -> Option<i32>) -> Ended {
        let mut ended = Ended::default();
        let spool = place.path("spool");
        // the pod has its spool at /spool
        let words: Vec<&str> = self.command.iter().skip(1).map(String::as_str).collect();
        let words = [&words[..words.len() - 1], &[spool.to_str().unwrap()]].concat();
        for index in 0..self.completions {
            for failures in 0.. {
                ended.attempts += 1;
                let code = disturb(index, failures).unwrap_or_else(|| {
                    let mut command = place.command(&words);
                    command.env("JOB_COMPLETION_INDEX", index.to_string());
                    command.output().unwrap().status.code().unwrap_or(137)
                });
                if code == 0 {
                    ended.completed.push(index);
                } else if self.fail_index_on.contains(&code) || failures >= LIMIT {
                    ended.failed.push(index);
                } else {
                    continue;
                }
                break;
            }
        }
        ended
    }
}

/// Twenty shards of one snapshot each, every fifth with a changed byte.
fn twenty() -> Place {
    let place = Place::new();
    let good = snapshot();
    for at in 0..20 {
        let bytes = if at % 5 == 4 { crate::support::flipped() } else { good.clone() };
        place.put(&format!("c{at:02}/one.db"), &bytes);
    }
    assert_eq!(place.plan("run", &["--shard-items", "1"]), 20);
    place
}

fn parts(place: &Place) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(place.path("run/parts")).unwrap().map(Result::unwrap);
    entries.map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap())).collect()
}

#[test]
fn a_job_with_killed_workers_makes_the_parts_of_an_undisturbed_one() {
    let place = twenty();
    let run = place.address("run");
    let job = Job::of(&place.ok(&["job", "kubernetes", "--run", &run]).out);
    let all: Vec<u64> = (0..20).collect();
    let undisturbed = job.run(&place, |_, _| None);
    assert_eq!(undisturbed, Ended { completed: all.clone(), failed: vec![], attempts: 20 });
    let first = parts(&place);
    fs::remove_dir_all(place.path("run/parts")).unwrap();
    // one is killed, one lost with its node, one told to come back, one finds its part there
    place.ok(&["judge", "--run", &run, "--shard", "11"]);
    let disturbed = job.run(&place, |index, failures| match (index, failures) {
        (3, 0) => Some(137),
        (5, 0) => Some(143),
        (7, 0 | 1) => Some(75),
        _ => None,
    });
    assert_eq!(disturbed, Ended { completed: all, failed: vec![], attempts: 24 });
    assert!(parts(&place) == first, "the parts differ");
    place.ok(&["merge", "--run", &run]);
    assert_eq!(place.json("run/run.json")["verdicts"], serde_json::json!({"pass": 16, "fail": 4}));
    let Some(rows) = place.rows("run/verdicts.ndjson.zst") else { return };
    let mut items: Vec<&Value> = rows.iter().map(|row| &row["item"]).collect();
    items.sort_by_key(|item| item.to_string());
    items.dedup();
    assert_eq!(items.len(), 20, "every item exactly once");
}

#[test]
fn an_index_that_fails_for_good_is_a_hole_that_merge_names() {
    let place = twenty();
    let run = place.address("run");
    let job = Job::of(&place.ok(&["job", "kubernetes", "--run", &run]).out);
    let ended = job.run(&place, |index, _| match index {
        2 => Some(64),
        9 => Some(75),
        _ => None,
    });
    assert_eq!((ended.failed, ended.attempts), (vec![2, 9], 18 + 1 + LIMIT + 1));
    let merged = place.run(&["merge", "--run", &run]);
    assert_eq!((merged.code, merged.out.lines().nth(1)), (3, Some("missing: shard 2, 9")));
    let script = place.ok(&["job", "slurm", "--run", &run, "--missing"]).out;
    assert!(script.contains("#SBATCH --array=2,9%4\n"), "{script}");
}

/// What the judge is given: no variable of this process, no network but that of its own.
#[test]
fn the_judge_has_an_empty_environment_and_no_network() {
    let place = Place::new();
    place.put("a/one.db", &snapshot());
    let (seen, judge) = (place.path("seen"), place.path("assay"));
    let script = format!(
        "#!/bin/sh\ncase \"$1\" in verify) {{ while read -r line; do echo \"net $line\"; done </proc/net/dev; export; }} \
         >'{}';; esac\nexec '{}' \"$@\"\n",
        seen.display(),
        assay().display()
    );
    fixtures::program(&judge, &script);
    let judge = judge.to_str().unwrap();
    let (source, run) = (place.address("source"), place.address("run"));
    place.ok(&["plan", "--source", &source, "--run", &run, "--depth", "full", "--assay", judge]);
    let words = ["judge", "--run", &run, "--shard", "0", "--assay", judge];
    let judged = place.command(&words).env("AWS_SECRET_ACCESS_KEY", "canary").output().unwrap();
    assert!(judged.status.success(), "{judged:?}");
    let seen = fs::read_to_string(seen).unwrap();
    let variables: Vec<&str> = seen.lines().filter_map(|line| line.strip_prefix("export ")).collect();
    let of_shell = ["OLDPWD", "PWD", "SHLVL", "_"];
    let strange = variables.iter().filter(|line| !of_shell.contains(&line.split('=').next().unwrap_or_default()));
    assert_eq!(strange.count(), 0, "{variables:?}");
    let devices: Vec<&str> = seen
        .lines()
        .filter_map(|line| line.strip_prefix("net ")?.split_once(':'))
        .map(|(name, _)| name.trim())
        .collect();
    if String::from_utf8_lossy(&judged.stderr).contains("the judge has the network of this process") {
        assert!(std::env::var_os("CI").is_none(), "no namespaces in CI");
        return;
    }
    assert_eq!(devices, ["lo"], "{seen}");
}
