//! GNU parallel, as `recipes/fleet/parallel` has it.

use std::fs;

use super::{SHARDS, assert_same, fleet, parts};
use crate::support::assay;

#[test]
fn parallel_judges_each_backup_once_though_a_worker_is_killed() {
    for name in ["bash", "seq"] {
        fixtures::tool(name).unwrap();
    }
    let (place, Some(_)) = (fleet(), fixtures::tool("parallel")) else { return };
    for shard in 0..SHARDS {
        place.ok(&["judge", "--run", &place.address("calm"), "--shard", &shard.to_string()]);
    }
    let bin = place.path("bin");
    fs::create_dir(&bin).unwrap();
    let (program, judge, here) = (env!("CARGO_BIN_EXE_assay-fleet"), assay().display().to_string(), bin.display());
    let script = |name: &str, body: String| fixtures::program(&bin.join(name), &format!("#!/bin/sh\n{body}"));
    script(
        "kills-one",
        format!(
            "case $1 in verify) (set -C; : >{here}/killed) 2>/dev/null && kill -9 $PPID;; esac\nexec {judge} \"$@\"\n"
        ),
    );
    // `merge` takes no judge
    script(
        "assay-fleet",
        format!(
            "echo $1 >>{here}/begun\ncase $1 in judge) set -- \"$@\" --assay {here}/kills-one;; esac\nexec {program} \"$@\"\n"
        ),
    );
    let recipe = concat!(env!("CARGO_MANIFEST_DIR"), "/../../recipes/fleet/parallel");
    let mut command = fixtures::tool("bash").unwrap();
    command.args([recipe, &place.address("disturbed"), &SHARDS.to_string()]).env_clear();
    let mut path = bin.clone().into_os_string();
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap_or_default());
    let home = place.path("home");
    fs::create_dir(&home).unwrap();
    command.env("PATH", path).env("HOME", home).env("TMPDIR", place.path("spool"));
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "20 backups: 18 judged, 1 vanished, 1 changed\n");
    assert_same(&parts(&place, "disturbed"), &parts(&place, "calm"));
    let begun = fs::read_to_string(bin.join("begun")).unwrap();
    assert_eq!(begun.matches("judge").count() as u64, SHARDS + 1, "{begun}");
}
