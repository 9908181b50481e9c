//! What the judge may see.

use std::fs;

use crate::support::{Place, assay, snapshot};

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
