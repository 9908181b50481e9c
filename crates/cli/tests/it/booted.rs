//! `rehearse --etcd`: real servers on what was restored, and programs that are none.

use std::fs;

use peer_harness::{Peer, PeerVersion};
use serde_json::Value;

use crate::fixture::named;
use crate::rebuild::Bench;
use crate::run::{Run, run};

/// Restores a fixture and starts an etcd on it.
fn rehearsed(bench: &Bench, name: &str, etcd: &str, more: &[&str]) -> (Run, Value) {
    let (source, out) = (named(name).snapshot(), bench.text("data"));
    let line = ["rehearse", source.to_str().unwrap(), "--out", &out, "--json", "--etcd", etcd];
    let run = run(&[&line, more].concat());
    let document: Value = serde_json::from_str(&run.out).unwrap_or_default();
    let told = document["artifacts"][0].clone();
    if run.code != Some(2) {
        assert_eq!(document["verdict"], if run.code == Some(0) { "pass" } else { "fail" }, "{}", run.out);
        let checks = told["checks"].as_array().unwrap();
        let boot = checks.iter().find(|check| check["name"] == "boot").unwrap();
        assert_eq!(boot["outcome"], if run.code == Some(0) { "proven" } else { "failed" });
        // whatever came of it, what was restored is there, and the copy is not
        assert_eq!(bench.names(), ["data"]);
    }
    (run, told)
}

/// The releases that are here.
fn peers(test: &str) -> Vec<Peer> {
    PeerVersion::ALL.into_iter().filter_map(|version| Peer::for_test(version, test)).collect()
}

fn held(told: &Value) -> Vec<&str> {
    let probes = told["boot"]["probes"].as_array().unwrap();
    probes.iter().filter(|probe| probe["ok"] == true).map(|probe| probe["name"].as_str().unwrap()).collect()
}

const ALL: [&str; 11] = [
    "status",
    "keys",
    "member",
    "cluster",
    "content",
    "put",
    "delete",
    "compaction",
    "defragmentation",
    "snapshot",
    "snapshot-content",
];

/// Every kind of directory, on every release: all that is asked is as it should be.
fn served(name: &str, more: &[&str]) {
    for peer in peers("rehearse --etcd") {
        let bench = Bench::new();
        let (run, told) = rehearsed(&bench, name, peer.etcd().to_str().unwrap(), more);
        assert_eq!(run.code, Some(0), "etcd {}: {} {}", peer.version, run.out, run.err);
        assert_eq!(held(&told), ALL, "etcd {}", peer.version);
        let boot = &told["boot"];
        assert!(peer.banner.ends_with(boot["etcdVersion"].as_str().unwrap()), "{boot}");
        assert_eq!((&boot["findings"], &boot["failure"]), (&Value::Array(Vec::new()), &Value::Null));
        let of_probe = |name: &str| {
            let probes = boot["probes"].as_array().unwrap();
            probes.iter().find(|probe| probe["name"] == name).unwrap()["got"].as_str().unwrap().to_owned()
        };
        assert_eq!(of_probe("content"), format!("digest {}", told["content"].as_str().unwrap()));
        assert_eq!(of_probe("put"), format!("revision {}", told["revision"].as_i64().unwrap() + 1));
        assert!(run.err.contains("is started on a copy: up to 1"), "{}", run.err);
        let other = !boot["clusterVersion"].as_str().unwrap().starts_with(peer.version.name());
        assert_eq!(run.err.contains("does not prove that it fits"), other, "{}", run.err);
    }
}

#[test]
fn a_backup_of_another_release_is_served() {
    served("plain-etcd36", &[]);
}

#[test]
fn encrypted_values_are_served_as_they_are() {
    served("aescbc-rotated", &[]);
}

#[test]
fn one_of_three_members_is_served_alone() {
    let cluster = "m0=http://127.0.0.1:2380,m1=http://127.0.0.1:12380,m2=https://10.0.0.3:2380";
    let urls = ["--initial-cluster", cluster, "--initial-advertise-peer-urls", "http://127.0.0.1:12380"];
    served("members-m1", &[&["--name", "m1", "--initial-cluster-token", "tok-3"], &urls[..]].concat());
}

#[test]
fn a_raised_revision_is_served() {
    served("plain-etcd34", &["--bump-revision", "1000000000", "--mark-compacted"]);
}

#[test]
fn an_alarm_is_why_nothing_can_be_written_and_a_finding_says_so_before() {
    for peer in peers("an_alarm_is_why_nothing_can_be_written") {
        let (run, told) = rehearsed(&Bench::new(), "nospace-alarm", peer.etcd().to_str().unwrap(), &[]);
        assert_eq!(run.code, Some(1), "{}", run.err);
        assert_eq!(held(&told), ["status", "keys", "member", "cluster", "content"]);
        let put = told["boot"]["probes"].as_array().unwrap().last().unwrap();
        assert!(put["got"].as_str().unwrap().contains("database space exceeded"), "{put}");
        assert!(put["meaning"].as_str().unwrap().contains("etcdctl alarm disarm"), "{put}");
        assert_eq!(told["boot"]["findings"], serde_json::json!(["ETCD-001"]));
    }
}

#[test]
fn where_authentication_is_on_it_is_turned_off_in_the_copy_alone() {
    for peer in peers("where_authentication_is_on") {
        let (bench, etcd) = (Bench::new(), peer.etcd().to_str().unwrap());
        let (run, told) = rehearsed(&bench, "auth-enabled", etcd, &[]);
        assert_eq!((run.code, held(&told)), (Some(1), vec!["status", "member", "cluster"]), "{}", run.err);
        assert_eq!(told["boot"]["findings"], serde_json::json!(["ETCD-021"]));
        let db = fs::read(bench.path("data/member/snap/db")).unwrap();
        fs::remove_dir_all(bench.path("data")).unwrap();
        let (run, told) = rehearsed(&bench, "auth-enabled", etcd, &["--disable-auth"]);
        assert_eq!((run.code, held(&told)), (Some(0), ALL.to_vec()), "{}", run.err);
        assert_eq!(told["boot"]["authDisabled"], true);
        assert!(fs::read(bench.path("data/member/snap/db")).unwrap() == db, "it is off in what was restored");
    }
}

#[test]
fn a_quick_one_leaves_out_what_takes_long_and_what_is_kept_can_be_looked_at() {
    let Some(peer) = peers("a_quick_one").pop() else { return };
    let bench = Bench::new();
    let (source, out) = (named("auth-enabled").snapshot(), bench.text("data"));
    let line = ["rehearse", source.to_str().unwrap(), "--out", &out, "--etcd", peer.etcd().to_str().unwrap()];
    let run = run(&[&line[..], &["--quick", "--keep", "--disable-auth", "--quiet"]].concat());
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""));
    assert!(run.out.contains("content          not-asked  left out: `--quick`"), "{}", run.out);
    assert_eq!(bench.names(), ["data", "data.booted"]);
    assert!(bench.path("data.booted/etcd.log").exists() && bench.path("data.booted/data/member/snap/db").exists());
    fs::rename(bench.path("data"), bench.path("other")).unwrap();
    bench.refused(&[&line[..], &["--keep"]].concat(), "data.booted`: there is one already");
}

/// A program that says that it is an etcd, and does this when it is started.
pub(crate) fn fake(bench: &Bench, script: &str) -> String {
    let program = bench.path("etcd");
    fixtures::program(
        &program,
        &format!("#!/bin/sh\n[ \"$1\" = --version ] && echo etcd Version: 3.5.1 && exit\n{script}\n"),
    );
    program.to_str().unwrap().to_owned()
}

#[test]
fn an_etcd_that_does_not_come_up_is_told_with_its_own_words() {
    let programs = Bench::new();
    let failure = |script: &str, more: &[&str]| {
        let (run, told) = rehearsed(&Bench::new(), "auth-enabled", &fake(&programs, script), more);
        assert_eq!((run.code, held(&told)), (Some(1), vec![]), "{}", run.err);
        told["boot"]["failure"].as_str().unwrap().to_owned()
    };
    let panics = "echo '{\"level\":\"panic\",\"msg\":\"failed to recover\",\"error\":\"no page\"}'; exit 2";
    assert_eq!(failure(panics, &[]), "etcd ended with exit code 2: failed to recover: no page");
    assert_eq!(failure("exec sleep 1000", &["--boot-timeout", "0"]), "etcd was not ready after 0 s");
}

#[test]
fn what_is_no_etcd_is_refused_before_anything_is_written() {
    let programs = Bench::new();
    let bench = Bench::new();
    let (source, out) = (named("auth-enabled").snapshot(), bench.text("data"));
    let refused = |etcd: &str, said: &str| {
        bench.refused(&["rehearse", source.to_str().unwrap(), "--out", &out, "--etcd", etcd], said);
    };
    refused(&programs.text("none"), "No such file");
    refused("etcd", "`etcd`: No such file");
    refused(&programs.text(""), "it is no program");
    refused(source.to_str().unwrap(), "it is no program");
    let program = programs.path("etcdctl");
    fixtures::program(&program, "#!/bin/sh\necho etcdctl version: 3.5.1\n");
    refused(program.to_str().unwrap(), "`--version` says no `etcd Version: X.Y.Z`");
    let alone = run(&["rehearse", source.to_str().unwrap(), "--out", &out, "--quick"]);
    assert_eq!(alone.code, Some(2));
    assert!(alone.err.contains("--etcd <PATH>"), "{}", alone.err);
}

#[test]
fn nobody_starts_a_program_that_is_bound_to_another() {
    for line in [&["__bound-to"][..], &["__bound-to", "1"], &["__bound-to", "x", "true"], &["__bound-to", "1", "true"]]
    {
        let run = run(line);
        assert_eq!((run.code, run.out.as_str()), (Some(2), ""), "{line:?}");
    }
}

/// Verifies a file, with an etcd started on it.
fn verified(scratch: &Bench, file: &str, etcd: &str, more: &[&str]) -> (Run, Value) {
    let folder = scratch.text("");
    let line = ["verify", file, "--json", "--rehearse", "--etcd", etcd, "--scratch", &folder];
    let run = run(&[&line, more].concat());
    let document = serde_json::from_str(&run.out).unwrap_or_default();
    (run, document)
}

fn ids(document: &Value) -> Vec<&str> {
    let findings = document["findings"].as_array().unwrap().iter();
    let serious = findings.filter(|finding| ["high", "critical"].contains(&finding["severity"].as_str().unwrap()));
    serious.map(|finding| finding["id"].as_str().unwrap()).collect()
}

#[test]
fn a_verdict_is_of_what_a_real_etcd_does() {
    let Some(peer) = peers("a_verdict_is_of_what_a_real_etcd_does").pop() else { return };
    let (bench, scratch, etcd) = (Bench::new(), Bench::new(), peer.etcd().to_str().unwrap());
    let file = bench.write("s.db", &named("auth-enabled").bytes());
    let (run, document) = verified(&scratch, &file, etcd, &["--disable-auth"]);
    assert_eq!((run.code, ids(&document)), (Some(0), vec![]), "{}", run.err);
    let rehearsal = &document["artifacts"][0]["rehearsal"];
    assert!(rehearsal["probes"].as_array().unwrap().iter().all(|probe| probe["ok"] != false), "{rehearsal}");
    assert_eq!(rehearsal["authDisabled"], true);
    let (run, document) = verified(&scratch, &file, etcd, &[]);
    assert_eq!((run.code, ids(&document)), (Some(1), vec!["ETCD-022"]), "{}", run.err);
    assert_eq!(document["findings"][0]["evidence"]["foretold"], "ETCD-021");
    assert_eq!(scratch.names(), Vec::<String>::new());
}

#[test]
fn a_verdict_fails_where_no_etcd_comes_up_and_what_killed_runs_left_is_told() {
    let (bench, scratch, programs) = (Bench::new(), Bench::new(), Bench::new());
    let whole = named("auth-enabled").bytes();
    let file = bench.write("s.db", &whole);
    let etcd = fake(&programs, "exit 3");
    let (run, document) = verified(&scratch, &file, &etcd, &[]);
    assert_eq!((run.code, ids(&document)), (Some(1), vec!["ETCD-022"]), "{}", run.err);
    assert!(document["findings"][0]["message"].as_str().unwrap().contains("exit code 3"), "{document}");
    let line = ["verify", &file, "-o", "junit", "--rehearse", "--etcd", &etcd];
    assert!(self::run(&line).out.contains("ETCD-022"), "no report tells it");
    // one that cannot be restored is no error
    let cut = bench.write("cut.db", &whole[..whole.len() - 8192]);
    let (run, document) = verified(&scratch, &cut, &etcd, &[]);
    assert_eq!(run.code, Some(1), "{}", run.err);
    let failure = &document["artifacts"][0]["rehearsal"]["failure"];
    assert!(failure.as_str().unwrap().starts_with("it cannot be restored: "), "{failure}");
    // not without being asked
    assert!(!self::run(&["verify", "--json", &file]).out.contains("\"rehearsal\""));
    fs::create_dir(scratch.path(".assay-rehearsal-1.booted")).unwrap();
    let (run, _) = verified(&scratch, &file, &etcd, &[]);
    assert!(run.err.contains(".assay-rehearsal-1.booted` was left by a run that was killed"), "{}", run.err);
    assert_eq!(scratch.names(), [".assay-rehearsal-1.booted"]);
    let (run, _) = verified(&scratch, &file, &etcd, &["--sweep"]);
    assert!(run.err.contains("is removed"), "{}", run.err);
    assert_eq!(scratch.names(), Vec::<String>::new());
}
