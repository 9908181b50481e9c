//! Slurm for real, with what `assay-fleet job slurm` prints.

mod cluster;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use self::cluster::Cluster;
use super::{SHARDS, assert_same, fleet, parts};
use crate::support::{Place, assay, wait};

/// Tasks that a node takes at a time.
const TASKS: usize = 4;

/// What `job slurm` prints.
fn script(place: &Place, run: &str) -> String {
    place.ok(&["job", "slurm", "--run", &place.address(run), "--partition", "judge", "--parallelism", "8"]).out
}

/// Programs that write down each attempt; that kill the first worker on the first node; and that keep those of the second
/// node for ever.
fn saboteurs(place: &Place) -> PathBuf {
    let bin = place.path("bin");
    fs::create_dir(&bin).unwrap();
    let shown = |path: &Path| path.display().to_string();
    let (fleet, judge, here) = (env!("CARGO_BIN_EXE_assay-fleet"), shown(&assay()), shown(&bin));
    let made = fixtures::tool("mkfifo").unwrap().arg(bin.join("never")).status().unwrap();
    assert!(made.success());
    let program = |name: &str, body: String| fixtures::program(&bin.join(name), &format!("#!/bin/sh\n{body}"));
    program(
        "assay-fleet",
        format!(
            "echo \"$SLURM_ARRAY_TASK_ID $SLURMD_NODENAME\" >>{here}/attempts\n\
             exec {fleet} \"$@\" --assay {here}/on-$SLURMD_NODENAME\n"
        ),
    );
    let first = format!("(set -C; : >{here}/killed) 2>{here}/refused && kill -9 $PPID");
    program("on-n1", format!("case $1 in verify) {first};; esac\nexec {judge} \"$@\"\n"));
    let keep = format!("echo >>{here}/kept; read -r _ <{here}/never");
    program("on-n2", format!("case $1 in verify) {keep};; esac\nexec {judge} \"$@\"\n"));
    bin
}

#[test]
fn slurm_judges_each_backup_once_though_a_worker_and_a_node_are_killed() {
    let Some(mut cluster) = Cluster::start() else { return };
    let place = fleet();
    let (spool, built) = (place.path("spool"), assay().parent().unwrap().to_owned());
    cluster.submit(&script(&place, "calm"), &built, &place.path("calm-logs"), &spool);
    cluster.drain();
    let calm = parts(&place, "calm");
    assert_eq!(calm.len() as u64, SHARDS);

    let bin = saboteurs(&place);
    let read = |name: &str| fs::read_to_string(bin.join(name)).unwrap_or_default();
    cluster.submit(&script(&place, "disturbed"), &bin, &place.path("disturbed-logs"), &spool);
    let kept = || read("kept").lines().count();
    wait("the second node is busy", || kept() == TASKS, || read("attempts"));

    let run = place.address("disturbed");
    let early = place.run(&["merge", "--run", &run]);
    assert_eq!(early.code, 3, "{early:?}");
    let told = place.json("disturbed/run.json");
    let missing = told["missingShards"].as_array().unwrap();
    let (all, begun) = (read("attempts"), |shard: &Value| format!("{shard} n2"));
    let lost = missing.iter().filter(|shard| all.lines().any(|line| line == begun(shard))).count();
    assert!(lost >= TASKS, "{early:?}\n{all}");

    cluster.kill("n2");
    cluster.drain();
    assert!(cluster.states().iter().any(|state| state.starts_with("n2 down")), "{:?}", cluster.states());
    assert_same(&parts(&place, "disturbed"), &calm);
    place.ok(&["merge", "--run", &run]);
    let states = serde_json::json!({"changed": 1, "judged": SHARDS - 2, "vanished": 1});
    assert_eq!(place.json("disturbed/run.json")["states"], states);
    // a slow machine may make Slurm begin a task once more, which costs nothing either
    let least = usize::try_from(SHARDS).unwrap() + 1 + TASKS;
    assert!(read("attempts").lines().count() >= least, "{}", read("attempts"));
    assert_eq!(place.ok(&["job", "slurm", "--run", &run, "--missing"]).err, "nothing is missing\n");
    // the next worker takes away what the killed ones left
    assert!(place.spooled().len() <= 1 + TASKS, "{:?}", place.spooled());
}
