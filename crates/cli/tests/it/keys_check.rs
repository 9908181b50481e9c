//! `assay keys check`: pairs that fit, and pairs that only look as if they did.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::fixture;
use crate::keys_support::{Bench, CONFIG, files, tar_gz};
use crate::run::{Run, json_of, run};

/// A directory with the snapshot of one fixture and the tarball of another, under the names of one backup.
fn pair(bench: &Bench, snapshot: &str, tarball: &str) -> PathBuf {
    let dir = bench.path("backup");
    fs::create_dir_all(&dir).unwrap();
    fs::copy(fixture::named(snapshot).snapshot(), dir.join("snapshot_2026-11-23_090915.db.gz")).unwrap();
    let name = "static_kuberesources_2026-11-23_090915.tar.gz";
    fs::copy(fixture::named(tarball).tarball(), dir.join(name)).unwrap();
    dir
}

fn check(words: &[&str]) -> Run {
    run(&[&["keys", "check"], words].concat())
}

fn checked(words: &[&str]) -> (Option<i32>, Value) {
    let run = check(&[words, &["--json"]].concat());
    let document: Value = serde_json::from_str(&run.out).unwrap_or_else(|error| panic!("{error}: {}", run.err));
    assert_eq!((&document["schema"], &document["command"]), (&json!("assay/1"), &json!("keys check")));
    (run.code, document)
}

fn ids(document: &Value) -> Vec<&str> {
    let mut ids: Vec<&str> =
        document["findings"].as_array().unwrap().iter().map(|finding| finding["id"].as_str().unwrap()).collect();
    ids.dedup();
    ids
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// The configuration of a fixture with some of its keys, as a file.
fn some_keys(bench: &Bench, fixture: &str, names: &[&str]) -> PathBuf {
    let mut config = fixture::named(fixture).json("encryption-config.json").unwrap();
    for entry in config["resources"].as_array_mut().unwrap() {
        entry["providers"].as_array_mut().unwrap().retain(|provider| {
            provider.get("identity").is_some()
                || names.contains(&provider["aescbc"]["keys"][0]["name"].as_str().unwrap())
        });
    }
    let path = bench.path("config.json");
    fs::write(&path, config.to_string()).unwrap();
    path
}

#[test]
fn every_real_pair_fits_and_is_told_as_its_ground_truth() {
    for fixture in fixture::all() {
        let folder = fixture.snapshot().parent().unwrap().to_path_buf();
        let (code, document) = checked(&[text(&folder)]);
        let encryption = &document["artifacts"][0]["encryption"];
        let truth = fixture.facts()["encryption"].as_object().cloned().unwrap_or_default();
        if fixture.name == "odd-keys" {
            assert_eq!((code, &encryption["keysFit"]), (Some(1), &json!(false)));
            continue;
        }
        assert_eq!((code, &encryption["keysFit"]), (Some(0), &json!(true)), "{}", fixture.name);
        let mut opened = 0;
        for row in encryption["coverage"].as_array().unwrap() {
            for key in row["keys"].as_array().unwrap().iter().filter(|key| key["live"] != 0) {
                let standing = if key["standing"] == "write" { "ok" } else { "stale" };
                let name = format!(
                    "{} | k8s:enc:{}:v1:{} | {standing}",
                    row["path"].as_str().unwrap(),
                    key["provider"].as_str().unwrap(),
                    key["key"].as_str().unwrap()
                );
                assert_eq!(key["opened"], truth[&name], "{} {name}", fixture.name);
                opened += 1;
            }
        }
        assert_eq!(opened, truth.keys().filter(|row| row.contains("k8s:enc:")).count(), "{}", fixture.name);
    }
}

#[test]
fn the_screen_says_the_answer_first() {
    let folder = fixture::named("aescbc-rotated").snapshot().parent().unwrap().to_path_buf();
    let run = check(&[text(&folder)]);
    assert_eq!(run.code, Some(0), "{}", run.err);
    let lines: Vec<&str> = run.out.lines().collect();
    assert!(lines[0].starts_with("PASS  "), "{}", run.out);
    assert_eq!(lines[1], "  these keys open all 333 encrypted values");
    for part in ["rotation unfinished", "aescbc 2", "openshift-apiserver: aescbc 4, aescbc 3 from Secret"] {
        assert!(run.out.contains(part), "{part}: {}", run.out);
    }
    let plain = fixture::named("plain-etcd36").snapshot().parent().unwrap().to_path_buf();
    let run = check(&[text(&plain)]);
    assert!(run.out.lines().nth(1).unwrap().starts_with("  nothing is encrypted"), "{}", run.out);
}

/// Key names are small numbers: the tarball of another cluster has the same ones.
#[test]
fn a_swapped_tarball_is_caught() {
    let bench = Bench::new();
    for (tarball, expected) in [
        ("page-size-64k", &["KEY-021", "KEY-022", "KEY-025"][..]),
        ("aesgcm-rotated", &["KEY-020", "KEY-022", "KEY-025", "KEY-027"]),
        ("partially-encrypted", &["KEY-021", "KEY-020", "KEY-022", "KEY-025"]),
        ("plain-etcd36", &["KEY-022", "KEY-033", "KEY-025"]),
    ] {
        let dir = pair(&bench, "aescbc-rotated", tarball);
        let (code, document) = checked(&[text(&dir)]);
        assert_eq!(code, Some(1), "{tarball}");
        assert_eq!(document["verdict"], "fail", "{tarball}");
        assert_eq!(document["artifacts"][0]["encryption"]["keysFit"], false, "{tarball}");
        let mut found = ids(&document);
        let mut expected = expected.to_vec();
        found.sort_unstable();
        found.dedup();
        expected.sort_unstable();
        assert_eq!(found, expected, "{tarball}");
    }
}

#[test]
fn another_key_set_of_the_same_cluster_is_caught() {
    let bench = Bench::new();
    let snapshot = fixture::named("aescbc-rotated").snapshot();
    // an older one: nothing under the newer key opens, and that closes the chain
    let older = some_keys(&bench, "aescbc-rotated", &["1"]);
    let (code, document) = checked(&[text(&snapshot), "--keys", text(&older)]);
    assert_eq!(code, Some(1));
    assert!(ids(&document).contains(&"KEY-020") && ids(&document).contains(&"KEY-022"), "{document:#}");
    // a newer one: what is under the older key opens only with the copies that the snapshot holds
    let newer = some_keys(&bench, "aescbc-rotated", &["2"]);
    let (code, document) = checked(&[text(&snapshot), "--keys", text(&newer)]);
    assert_eq!(code, Some(1));
    assert_eq!(ids(&document), ["KEY-034", "KEY-025"], "{document:#}");
    let spare: u64 = document["artifacts"][0]["encryption"]["coverage"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|row| row["keys"].as_array().unwrap())
        .map(|key| key["spare"].as_u64().unwrap())
        .sum();
    assert_eq!(spare, 46 + 66);
}

#[test]
fn keys_come_from_a_tarball_a_configuration_or_a_secret() {
    let bench = Bench::new();
    let fixture = fixture::named("aesgcm-rotated");
    let config = fs::read(fixture.path("encryption-config.json")).unwrap();
    let encoded = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &config);
    let secret = format!("apiVersion: v1\ndata:\n  encryption-config: {encoded}\nkind: Secret\n");
    fs::write(bench.path("secret.yaml"), secret).unwrap();
    fs::write(bench.path("config"), &config).unwrap();
    let tarball = fixture.tarball();
    for (keys, from) in [
        (text(&tarball), "static-kuberesources"),
        (text(&bench.path("config")), "file"),
        (text(&bench.path("secret.yaml")), "file"),
    ] {
        let document = json_of(&["keys", "check", "--json", text(&fixture.snapshot()), "--keys", keys]);
        let artifact = &document["artifacts"][0];
        assert_eq!((&artifact["keys"]["from"], &artifact["keys"]["path"]), (&json!(from), &json!(keys)));
        assert_eq!(artifact["encryption"]["keysFit"], true, "{keys}");
    }
}

#[test]
fn escrowed_keys_are_used_and_never_written() {
    let bench = Bench::new();
    bench.tarball("aescbc-rotated");
    bench.split();
    let dir = bench.path("vault");
    fs::copy(fixture::named("aescbc-rotated").snapshot(), dir.join("snapshot_2026-11-23_090915.db.gz")).unwrap();
    let (escrow, key) = (bench.vault("escrow.age"), bench.path("key.txt"));
    let before = files(bench.dir.path());
    // named, or found beside the tarball that lacks the keys
    for words in [vec![text(&dir), "--escrow", text(&escrow), "-i", text(&key)], vec![text(&dir), "-i", text(&key)]] {
        let (code, document) = checked(&words);
        assert_eq!(code, Some(0), "{document:#}");
        let artifact = &document["artifacts"][0];
        assert_eq!(
            (&artifact["keys"]["from"], &artifact["encryption"]["keysFit"]),
            (&json!("key-escrow"), &json!(true))
        );
    }
    let run = check(&[text(&dir)]);
    assert_eq!(run.code, Some(1), "not proven is no success");
    assert!(run.err.contains("held apart") && run.out.contains("KEY-032"), "{}{}", run.err, run.out);
    let run = check(&[text(&dir), "--keys", text(&bench.vault("keyless.tar.gz"))]);
    assert_eq!(run.code, Some(2));
    assert!(run.err.contains("they were split off") && run.err.contains("--escrow"), "{}", run.err);
    assert!(files(bench.dir.path()) == before, "nothing was written");
}

#[test]
fn a_sample_opens_no_more_than_it_was_asked_for() {
    let folder = fixture::named("aescbc-rotated").snapshot().parent().unwrap().to_path_buf();
    let (code, document) = checked(&[text(&folder), "--sample", "2", "--threads", "2"]);
    let (_, again) = checked(&[text(&folder), "--sample", "2", "--threads", "1"]);
    assert_eq!((code, &document), (Some(0), &again));
    for key in document["artifacts"][0]["encryption"]["coverage"][0]["keys"].as_array().unwrap() {
        assert_eq!(key["opened"], 2, "{key}");
        assert_eq!(key["untried"].as_u64().unwrap(), key["live"].as_u64().unwrap() - 2, "{key}");
    }
    assert!(
        check(&[text(&folder), "--sample", "2"]).out.contains("all of a sample of 20 out of 333"),
        "the screen says so"
    );
}

#[test]
fn the_limit_decides_the_exit_code() {
    let folder = fixture::named("partially-encrypted").snapshot().parent().unwrap().to_path_buf();
    for (limit, code, verdict) in [("high", 0, "warn"), ("medium", 1, "fail"), ("never", 0, "warn")] {
        let (found, document) = checked(&[text(&folder), "--fail-on", limit]);
        assert_eq!((found, &document["verdict"]), (Some(code), &json!(verdict)), "{limit}");
    }
}

#[test]
fn what_cannot_be_done_is_said_without_a_secret() {
    let bench = Bench::new();
    let snapshot = fixture::named("aescbc-rotated").snapshot();
    let garbage = bench.path("garbage");
    fs::write(&garbage, "top-secret-words: [").unwrap();
    let empty = bench.path("none.tar.gz");
    fs::write(&empty, tar_gz(&[("static-pod-resources/kube-apiserver-pod-9/x", b"")])).unwrap();
    let broken = bench.path("broken.tar.gz");
    fs::write(&broken, tar_gz(&[(CONFIG, b"top-secret-words: [")])).unwrap();
    for (words, part) in [
        (vec![text(&snapshot), "--keys", text(&garbage)], "no keys in"),
        (vec![text(&snapshot), "--keys", text(&snapshot)], "is a snapshot"),
        (vec![text(&snapshot), "--keys", "/nonexistent"], "no such file"),
        (vec![text(&snapshot), "--keys", text(&broken)], "not valid YAML"),
        (vec![text(bench.dir.path())], "no snapshot in"),
        (vec![text(&snapshot), "--sample", "0"], "0"),
    ] {
        let run = check(&words);
        assert_eq!(run.code, Some(2), "{words:?}: {}", run.out);
        assert!(run.err.contains(part) && !run.err.contains("top-secret-words"), "{words:?}: {}", run.err);
    }
    // a tarball of a cluster without encryption is an answer: these values cannot be read
    let run = check(&[text(&snapshot), "--keys", text(&empty)]);
    assert_eq!(run.code, Some(1), "{}", run.err);
    assert!(run.out.contains("KEY-033"), "{}", run.out);
    let run = check(&[text(&snapshot)]);
    assert_eq!(run.code, Some(1));
    assert!(run.out.contains("not proven: 333 encrypted values and no keys to try"), "{}", run.out);
}
