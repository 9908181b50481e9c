//! `rebuild --only`, `--drop` and `--rev`: what stays, what goes, and what is said of it.

use std::collections::BTreeMap;
use std::fs;

use memchr::memmem;
use serde_json::Value;

use crate::fixture::named;
use crate::rebuild::Bench;
use crate::run::{json_of, run};

/// Live keys with their revisions and versions.
fn listed(line: &[&str]) -> BTreeMap<String, Value> {
    let document = json_of(&[&["ls"], line, &["-o", "json"]].concat());
    let keys = document["artifacts"][0]["keys"].as_array().unwrap();
    keys.iter().map(|entry| (entry["key"].as_str().unwrap().to_owned(), entry.clone())).collect()
}

#[test]
fn what_is_left_out_is_gone_with_all_of_it() {
    let bench = Bench::new();
    let source = bench.write("source.db", &named("plain-etcd36").bytes());
    let before = listed(&[&source]);
    for (name, options, keeps) in [
        (
            "secrets",
            &["--drop", "resource:secret"][..],
            (|key| !key.starts_with("/kubernetes.io/secrets/")) as fn(&str) -> bool,
        ),
        ("namespace", &["--only", "namespace:openshift-etcd"], |key| {
            key.contains("/openshift-etcd/") || key == "/kubernetes.io/namespaces/openshift-etcd"
        }),
        ("both", &["--only", "prefix:/kubernetes.io/", "--drop", "glob:/kubernetes.io/*/openshift-*/**"], |key| {
            let parts: Vec<&str> = key.split('/').collect();
            parts[1] == "kubernetes.io" && !(parts.len() > 4 && parts[3].starts_with("openshift-"))
        }),
        ("group", &["--drop", "resource:route.openshift.io/routes"], |key| !key.starts_with("/openshift.io/routes/")),
    ] {
        let out = bench.text(&format!("{name}.db"));
        let ran = run(&[&["rebuild", &source, "--out", &out, "--json"], options].concat());
        assert_eq!(ran.code, Some(0), "{name}: {}", ran.err);
        let mut expected = before.clone();
        expected.retain(|key, _| keeps(key));
        let after = listed(&[&out]);
        let bare = |keys: &BTreeMap<String, Value>| keys.keys().cloned().collect::<Vec<_>>();
        assert_eq!(bare(&after), bare(&expected), "{name}");
        assert!(after == expected, "{name}: revisions and versions stay");
        assert!(after.len() < before.len() && !after.is_empty(), "{name}");
        let document: Value = serde_json::from_str(&ran.out).unwrap();
        let told = &document["artifacts"][0];
        assert_eq!(told["leftOut"]["keys"], before.len() - after.len(), "{name}");
        assert_eq!(told["leftOut"]["of"], before.len(), "{name}");
        let note = "left out; this is not a backup of the cluster any more";
        assert!(told["notes"][0].as_str().unwrap().contains(note), "{told}");
        let beside: Value = serde_json::from_slice(&fs::read(format!("{out}.rebuild.json")).unwrap()).unwrap();
        assert_eq!(beside, document, "{name}");
        // no name of what is gone, but where something kept has it in it
        let (file, kept) = (fs::read(&out).unwrap(), fs::read(&source).unwrap());
        let gone = before.keys().filter(|key| !expected.contains_key(*key));
        let left = gone.filter(|key| memmem::find(&file, key.as_bytes()).is_some()).count();
        assert!(left as u64 <= told["leftOut"]["shared"].as_u64().unwrap(), "{name}: {left} names are left");
        assert!(memmem::find(&kept, b"/kubernetes.io/secrets/").is_some());
    }
}

#[test]
fn a_person_is_told_that_it_is_no_backup() {
    let bench = Bench::new();
    let source = bench.write("source.db", &named("plain-etcd34").bytes());
    let ran = run(&["rebuild", &source, "--out", &bench.text("a.db"), "--drop", "resource:secrets"]);
    assert!(ran.err.contains("keys left out; this is not a backup of the cluster any more"), "{}", ran.err);
    let ran = run(&["rebuild", &source, "--out", &bench.text("b.db")]);
    assert!(!ran.err.contains("left out"), "{}", ran.err);
}

#[test]
fn an_earlier_state_is_the_one_that_was() {
    let bench = Bench::new();
    let source = bench.write("source.db", &named("after-deletes").bytes());
    let told = json_of(&["inspect", &source, "--json"]);
    let revision = |of: &str| told["artifacts"][0]["revisions"][of].as_i64().unwrap();
    let (compacted, current) = (revision("compacted"), revision("current"));
    let rev = i64::midpoint(compacted, current).to_string();
    let out = bench.text("then.db");
    let ran = run(&["rebuild", &source, "--out", &out, "--rev", &rev]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.err.contains("restore it with `--bump-revision`"), "{}", ran.err);
    assert_eq!(listed(&[&out]), listed(&[&source, "--rev", &rev]));
    let now = json_of(&["inspect", &out, "--json"]);
    assert_eq!(now["artifacts"][0]["revisions"]["current"].to_string(), rev);
    bench.refused(&["rebuild", &source, "--out", &bench.text("x.db"), "--rev", "999999999"], "in the future");
    let gone = (compacted - 1).to_string();
    bench.refused(&["rebuild", &source, "--out", &bench.text("x.db"), "--rev", &gone], "is compacted");
}

#[test]
fn a_slip_of_the_pen_writes_no_file() {
    let bench = Bench::new();
    let source = bench.write("source.db", &named("plain-etcd34").bytes());
    let out = bench.text("new.db");
    for (options, said) in [
        (&["--drop", "namespace:no-such"][..], "no key is meant by `--drop namespace:no-such`"),
        (&["--only", "prefix:/registry-of-others/"], "no key is meant by `--only prefix:"),
        (&["--drop", "resource:sekrets"], "sekrets"),
        (&["--drop", "secrets"], "one of prefix:BYTES"),
        (&["--drop", "labels:a=b"], "one of prefix:BYTES"),
        (&["--only", "namespace:"], "one of prefix:BYTES"),
        (&["--only", "glob:/a["], "is not a glob"),
        (&["--only", "resource:pods", "--compact", "none"], "keep no history"),
        (&["--rev", "5", "--compact", "latest"], "cannot be used with"),
    ] {
        bench.refused(&[&["rebuild", &source, "--out", &out], options].concat(), said);
    }
}
