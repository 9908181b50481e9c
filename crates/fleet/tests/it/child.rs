//! What the judge may see.

use std::fs;

use crate::support::{Place, assay, snapshot, wait};

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

/// Who is killed cleans up nothing: the system ends the judge.
#[test]
fn the_judge_of_a_worker_that_is_killed_ends_with_it() {
    if fixtures::tool("setpriv").is_none() {
        return;
    }
    let place = Place::new();
    place.put("a/one.db", &snapshot());
    let (began, held, judge) = (place.path("began"), place.path("held"), place.path("assay"));
    let mut mkfifo = fixtures::tool("mkfifo").unwrap();
    assert!(mkfifo.arg(&held).status().unwrap().success());
    // who writes is this test: what it ends with, the judge would end with, too
    let _hold = fs::File::options().read(true).write(true).open(&held).unwrap();
    let script = format!(
        "#!/bin/sh\ncase \"$1\" in verify) echo $$ >'{}'; read -r line <'{}';; esac\nexec '{}' \"$@\"\n",
        began.display(),
        held.display(),
        assay().display()
    );
    fixtures::program(&judge, &script);
    let judge = judge.to_str().unwrap();
    let (source, run) = (place.address("source"), place.address("run"));
    place.ok(&["plan", "--source", &source, "--run", &run, "--depth", "full", "--assay", judge]);
    let mut worker = place.command(&["judge", "--run", &run, "--shard", "0", "--assay", judge]).spawn().unwrap();
    let pid = || fs::read_to_string(&began).ok().filter(|text| text.ends_with('\n'));
    wait("the judge", || pid().is_some(), String::new);
    let stat = format!("/proc/{}/stat", pid().unwrap().trim());
    // gone, or dead and not yet fetched by whoever inherits it
    let is_dead = || fs::read_to_string(&stat).map_or(true, |stat| stat.contains(") Z "));
    assert!(!is_dead(), "the judge is under way");
    worker.kill().unwrap();
    worker.wait().unwrap();
    wait("the end of the judge", is_dead, || fs::read_to_string(&stat).unwrap_or_default());
}
