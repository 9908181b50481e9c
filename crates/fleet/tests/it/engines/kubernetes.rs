//! Kubernetes: an Indexed Job's rules, and what `assay-fleet job kubernetes` prints carried out by them.

mod indexed_job;

use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;

use serde_json::Value;

use self::indexed_job::{Attempt, Ended, IndexedJob, Status};
use super::{SHARDS, assert_same, fleet, parts};
use crate::support::{Place, assay};

/// Jobs as real controllers carried them out.
fn recorded() -> Vec<Value> {
    let text = include_str!("../golden/indexed-jobs.json");
    serde_json::from_str::<Vec<Value>>(text).unwrap()
}

fn attempts(recorded: &Value) -> Vec<(Attempt, bool, f64)> {
    let number = |attempt: &Value, name: &str| attempt[name].as_u64().unwrap();
    let read = |attempt: &Value| {
        let few = |name: &str| u32::try_from(number(attempt, name)).unwrap();
        let exit = i32::try_from(number(attempt, "exit")).unwrap();
        // a look is a second: what was made 9.1 s after was due at the tenth
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "seconds")]
        let waited = attempt["waited"].as_f64().map(|seconds| (seconds / 10.0).round() as u64 * 10);
        let (index, failures, ignored) = (number(attempt, "index"), few("failures"), few("ignored"));
        let it = Attempt { index, failures, ignored, exit, waited };
        (it, attempt["disruption"].is_string(), attempt["lasted"].as_f64().unwrap())
    };
    recorded["attempts"].as_array().unwrap().iter().map(read).collect()
}

fn status(recorded: &Value) -> Status {
    let status = &recorded["status"];
    let text = |name: &str| status[name].as_str().unwrap().to_owned();
    Status {
        succeeded: status["succeeded"].as_u64().unwrap(),
        failed: status["failed"].as_u64().unwrap(),
        completed: text("completedIndexes"),
        failed_indexes: text("failedIndexes"),
        reason: status["conditions"][1]["reason"].as_str().map(str::to_owned),
    }
}

fn sorted(mut attempts: Vec<Attempt>) -> Vec<Attempt> {
    attempts.sort();
    attempts
}

/// The runner is held to what real controllers did with the same pods.
#[test]
fn the_rules_are_those_of_the_recorded_jobs() {
    for job in recorded() {
        let seen = attempts(&job);
        let mut left = seen.clone();
        let (found, made) = IndexedJob::new(&job["spec"]).run(|index, _| {
            let at = left.iter().position(|(attempt, ..)| attempt.index == index);
            let (attempt, disrupted, lasted) = left.remove(at.expect("no more pods than were recorded"));
            // the two that were told to end would have gone on
            let cut = job["name"] == "max-failed" && attempt.exit == 143;
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "seconds")]
            let seconds = if cut { 3 } else { lasted.round() as u64 };
            Ended { exit: attempt.exit, disrupted, seconds }
        });
        assert_eq!(found, status(&job), "{}", job["name"]);
        assert_eq!(sorted(made), sorted(seen.into_iter().map(|(attempt, ..)| attempt).collect()), "{}", job["name"]);
        assert!(left.is_empty(), "{}: as many pods as were recorded", job["name"]);
    }
}

/// The manifest that is printed.
fn manifest(place: &Place, run: &str, more: &[&str]) -> Value {
    let run = place.address(run);
    let words = ["job", "kubernetes", "--run", &run];
    let words: Vec<&str> = words.into_iter().chain(more.iter().copied()).collect();
    serde_saphyr::from_str(&place.ok(&words).out).unwrap()
}

/// Programs that do to the indexes of a run what was done to those of the recorded one.
fn saboteurs(bin: &Path) {
    fs::create_dir(bin).unwrap();
    let (fleet, judge, here) = (env!("CARGO_BIN_EXE_assay-fleet"), assay().display().to_string(), bin.display());
    let program = |name: &str, body: String| fixtures::program(&bin.join(name), &format!("#!/bin/sh\n{body}"));
    program(
        "assay-fleet",
        format!(
            "first() {{ (set -C; : >{here}/$JOB_COMPLETION_INDEX) 2>/dev/null; }}\n\
             case $JOB_COMPLETION_INDEX in\n\
             3) first && exec {fleet} judge --run \"$3\" --spool /nowhere/at/all;;\n\
             5) first && exec {fleet} \"$@\" --assay {here}/kills;;\n\
             7) exec {fleet} \"$@\" --assay {here}/another;;\n\
             11) first && exec {fleet} \"$@\" --assay {here}/evicts;;\n\
             esac\n\
             exec {fleet} \"$@\"\n"
        ),
    );
    for (name, signal) in [("kills", "KILL"), ("evicts", "TERM")] {
        let body =
            format!("case $1 in verify) : >{here}/{name}-one; kill -{signal} $PPID;; esac\nexec {judge} \"$@\"\n");
        program(name, body);
    }
    program("another", "echo assay 99.0.0\n".to_owned());
}

/// Runs the command of a pod: what is mounted at `/spool` is a folder of this test.
fn pod(place: &Place, manifest: &Value, index: u64) -> Ended {
    let of_pod = &manifest["spec"]["template"]["spec"];
    assert_eq!((&of_pod["restartPolicy"], &of_pod["volumes"][0]["name"]), (&"Never".into(), &"spool".into()));
    let container = &of_pod["containers"][0];
    assert_eq!(container["volumeMounts"], serde_json::json!([{"name": "spool", "mountPath": "/spool"}]));
    let spool = place.path("spool");
    let words = container["command"].as_array().unwrap().iter().map(|word| word.as_str().unwrap());
    let words: Vec<&str> = words.map(|word| if word == "/spool" { spool.to_str().unwrap() } else { word }).collect();
    let (program, arguments) = words.split_first().unwrap();
    let mut path = place.path("bin").into_os_string();
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap_or_default());
    let found = place.path("bin").join(program);
    let mut command = std::process::Command::new(found);
    command.args(arguments).env_clear().env("PATH", path).env("JOB_COMPLETION_INDEX", index.to_string());
    let status = command.output().unwrap().status;
    let exit = status.code().unwrap_or_else(|| 128 + status.signal().unwrap());
    // an eviction leaves its condition on the pod
    let disrupted = fs::remove_file(place.path("bin/evicts-one")).is_ok();
    Ended { exit, disrupted, seconds: 1 }
}

#[test]
fn a_job_of_kubernetes_ends_as_the_recorded_one_and_tells_what_is_missing() {
    let place = fleet();
    saboteurs(&place.path("bin"));
    for shard in 0..SHARDS {
        place.ok(&["judge", "--run", &place.address("calm"), "--shard", &shard.to_string()]);
    }
    let printed = manifest(&place, "disturbed", &["--parallelism", "4"]);
    let (found, made) = IndexedJob::new(&printed["spec"]).run(|index, _| pod(&place, &printed, index));
    let recorded = &recorded()[0];
    assert_eq!(found, status(recorded));
    // told to end, a judge takes its spool away and ends by itself, with 75: what counts is the condition
    let as_here = |(attempt, disrupted, _)| if disrupted { Attempt { exit: 75, ..attempt } } else { attempt };
    assert_eq!(sorted(made), sorted(attempts(recorded).into_iter().map(as_here).collect()));
    assert_eq!(place.spooled().len(), 0, "what the killed one left is taken away by the next");

    // it has failed, by one index: merge says which, and the rest stands
    let run = place.address("disturbed");
    let merged = place.run(&["merge", "--run", &run]);
    assert_eq!(merged.code, 3, "{merged:?}");
    assert!(merged.out.contains("missing: shard 7\n"), "{merged:?}");
    let mut calm = parts(&place, "calm");
    let seventh = calm.remove(7);
    assert_same(&parts(&place, "disturbed"), &calm);

    // when the cause is gone, the older kind of Job brings the rest: indexes that are done end at once
    fixtures::program(
        &place.path("bin/assay-fleet"),
        &format!("#!/bin/sh\nexec {} \"$@\"\n", env!("CARGO_BIN_EXE_assay-fleet")),
    );
    let again = manifest(&place, "disturbed", &["--missing", "--compat", "--parallelism", "4"]);
    let (found, made) = IndexedJob::new(&again["spec"]).run(|index, _| pod(&place, &again, index));
    assert_eq!((found.succeeded, found.failed, found.reason, made.len() as u64), (SHARDS, 0, None, SHARDS));
    calm.insert(7, seventh);
    assert_same(&parts(&place, "disturbed"), &calm);
    place.ok(&["merge", "--run", &run]);
}
