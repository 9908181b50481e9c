//! `assay compat`, and `--target` of `verify`.

use std::fs;
use std::io::Write;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::fixture::{all, named};
use crate::run::{Run, assay, run};

fn folder(name: &str) -> String {
    named(name).snapshot().parent().unwrap().to_str().unwrap().to_owned()
}

fn document(run: &Run) -> Value {
    serde_json::from_str(&run.out).unwrap()
}

/// What every Kubernetes fixture says of itself, and what restores it.
#[test]
fn every_backup_is_of_the_release_that_its_ground_truth_says() {
    for fixture in all() {
        let path = fixture.snapshot().parent().unwrap().to_str().unwrap().to_owned();
        let run = run(&["compat", "--json", &path, "--target", "4.18.30"]);
        let document = document(&run);
        let compat = &document["artifacts"][0]["compat"];
        assert_eq!((run.code, &document["verdict"]), (Some(0), &json!("pass")), "{}", fixture.name);
        assert_eq!(compat["release"], "4.18.30", "{}", fixture.name);
        assert_eq!((&compat["relation"], &compat["verdict"]), (&json!("same"), &json!("pass")));
        assert_eq!(compat["reasons"], json!([]));
        assert!(compat["evidence"].as_array().unwrap().iter().any(|it| it["source"] == "pod-manifest"));
    }
}

#[test]
fn another_release_fails_with_the_documented_reason_and_the_technical_ones() {
    let path = folder("aescbc-rotated");
    for (target, relation, rules) in [
        ("4.18.31", "other-patch", json!(["z-stream", "payload"])),
        ("4.18.30-rc.1", "other-prerelease", json!(["z-stream", "payload"])),
        ("4.19.2", "other-minor", json!(["z-stream", "storage-versions", "payload"])),
        ("4.21.0", "other-minor", json!(["z-stream", "etcd", "storage-versions", "payload"])),
        ("5.0.0", "other-major", json!(["z-stream", "etcd", "storage-versions", "payload"])),
    ] {
        let judged = run(&["compat", "--json", &path, "--target", target]);
        let compat = document(&judged)["artifacts"][0]["compat"].clone();
        assert_eq!((judged.code, &compat["relation"]), (Some(1), &json!(relation)), "{target}");
        let said: Vec<_> = compat["reasons"].as_array().unwrap().iter().map(|it| it["rule"].clone()).collect();
        assert_eq!(Value::from(said), rules, "{target}");
        let verified = run(&["verify", "--json", &path, "--target", target]);
        let findings = document(&verified)["findings"].clone();
        let of_release = findings.as_array().unwrap().iter().find(|it| it["id"] == "VER-001").unwrap();
        assert_eq!((verified.code, &of_release["severity"]), (Some(1), &json!("high")));
        assert_eq!(of_release["evidence"]["relation"], relation);
    }
}

const ITSELF: &str = r#"{"kind":"ClusterVersion","spec":{"clusterID":"8a5f3c9e-4b7d-4f21-9c5a-2d1e0b6f7a93"},
    "status":{"history":[{"state":"Completed","version":"4.18.30"},{"state":"Completed","version":"4.18.21"}]}}"#;

#[test]
fn the_target_may_say_itself_what_it_is() {
    let (path, dir) = (folder("plain-etcd36"), tempfile::tempdir().unwrap());
    let file = dir.path().join("clusterversion.json");
    let judge = |text: &str| {
        fs::write(&file, text).unwrap();
        let run = run(&["compat", "--json", &path, "--target-file", file.to_str().unwrap()]);
        (run.code, document(&run))
    };
    let (code, said) = judge(ITSELF);
    assert_eq!((code, &said["artifacts"][0]["compat"]["verdict"]), (Some(0), &json!("pass")));
    assert_eq!(said["artifacts"][0]["compat"]["targetClusterId"], "8a5f3c9e-4b7d-4f21-9c5a-2d1e0b6f7a93");
    let other = ITSELF.replace("8a5f3c9e", "00000000");
    let (code, said) = judge(&format!("{{\"kind\":\"List\",\"items\":[{other}]}}"));
    assert_eq!((code, &said["artifacts"][0]["compat"]["relation"]), (Some(1), &json!("same")));
    assert!(said["findings"].as_array().unwrap().iter().any(|it| it["id"] == "VER-012"), "another cluster");
    let (code, said) = judge(&ITSELF.replacen("Completed", "Partial", 1));
    assert_eq!((code, &said["artifacts"][0]["compat"]["relation"]), (Some(1), &json!("target-updating")));
}

#[test]
fn the_target_comes_from_standard_input_too() {
    let mut child = assay(&["compat", &folder("plain-etcd36"), "--target-file", "-"]);
    let mut child = child.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(ITSELF.as_bytes()).unwrap();
    let run = Run::from(child.wait_with_output().unwrap());
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""));
    assert!(
        run.out.starts_with("PASS  ") && run.out.contains("cluster-version       4.18.30 Completed"),
        "{}",
        run.out
    );
}

#[test]
fn each_half_is_judged_by_what_it_says_itself() {
    let fixture = named("aescbc-rotated");
    let sources = |path: &str| {
        let run = run(&["compat", "--json", path, "--target", "4.18.30"]);
        let evidence = document(&run)["artifacts"][0]["compat"]["evidence"].clone();
        let names = evidence.as_array().unwrap().iter().map(|it| it["source"].as_str().unwrap().to_owned());
        (run.code, names.collect::<Vec<_>>())
    };
    let (code, of_tarball) = sources(fixture.tarball().to_str().unwrap());
    assert_eq!((code, of_tarball), (Some(0), vec!["pod-manifest".to_owned(), "pod-build".to_owned()]));
    let (code, of_snapshot) = sources(fixture.snapshot().to_str().unwrap());
    assert_eq!(code, Some(0));
    assert_eq!(of_snapshot, ["cluster-version", "cluster-operators", "kubelets", "etcd-cluster-version"]);
}

#[test]
fn what_is_not_known_is_not_allowed() {
    let peer = named("plain-etcd36").snapshot().parent().unwrap().join("../peer-35");
    let snapshot = fs::read_dir(peer).unwrap().map(|entry| entry.unwrap().path());
    let snapshot = snapshot.into_iter().find(|path| path.to_str().unwrap().ends_with(".db.gz")).unwrap();
    let judged = run(&["compat", snapshot.to_str().unwrap(), "--target", "4.18.30"]);
    assert_eq!(judged.code, Some(1));
    assert!(judged.out.contains("of this one the release is not known"), "{}", judged.out);
}

#[test]
fn a_target_must_be_given_once_and_be_a_version() {
    let path = folder("plain-etcd36");
    for (arguments, part) in [
        (&["compat", &path][..], "--target"),
        (&["compat", &path, "--target", "4.18"], "is not a version such as 4.18.30"),
        (&["compat", &path, "--target", "4.18.30", "--target-file", "x"], "cannot be used with"),
        (&["compat", &path, "--target-file", "/nonexistent"], "cannot be read"),
        (&["compat", "/nonexistent", "--target", "4.18.30"], "no such file"),
    ] {
        let refused = run(arguments);
        assert_eq!((refused.code, refused.out.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(refused.err.contains(part), "{arguments:?}: {}", refused.err);
    }
}
