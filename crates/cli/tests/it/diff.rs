//! `assay diff`: what is the same must be silent, what is not must be named.

use std::path::PathBuf;

use serde_json::{Value, json};
use snapshot_builder::{Builder, Put};

use crate::fixture::{all, named};
use crate::run::{Run, run};

fn diff(line: &[&str]) -> Run {
    let line: Vec<&str> = ["diff"].iter().chain(line).copied().collect();
    run(&line)
}

fn document(run: &Run) -> Value {
    serde_json::from_str(&run.out).unwrap()
}

fn path(fixture: &str) -> String {
    named(fixture).snapshot().to_str().unwrap().to_owned()
}

/// A snapshot with a bit of everything.
fn builder() -> Builder {
    let mut builder = Builder::new();
    for number in 0..400_i64 {
        builder.create(2 + number, &format!("/kubernetes.io/configmaps/ns-{}/cm-{number}", number % 7));
    }
    builder.delete(402, 0, "/kubernetes.io/configmaps/ns-0/cm-0");
    builder.change(403, "/kubernetes.io/configmaps/ns-1/cm-1", 3, 2);
    builder
}

fn write(folder: &tempfile::TempDir, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

#[test]
fn a_snapshot_does_not_differ_from_itself() {
    for fixture in all() {
        let path = fixture.snapshot();
        let path = path.to_str().unwrap();
        let run = diff(&[path, path, "--all", "--json"]);
        assert_eq!(run.code, Some(0), "{}: {}", fixture.name, run.err);
        let document = document(&run);
        assert_eq!(document["differences"], json!([]), "{}", fixture.name);
        assert_eq!(document["agreement"]["state"], "same", "{}", fixture.name);
    }
}

#[test]
fn standard_input_is_one_snapshot() {
    let run = diff(&["-", "-"]);
    assert!(run.code == Some(2) && run.err.contains("can be one of the two snapshots"), "{}", run.err);
}

#[test]
fn pages_of_another_size_are_no_difference() {
    let folder = tempfile::tempdir().unwrap();
    let small = write(&folder, "4k.db", &builder().build());
    let large = write(&folder, "64k.db", &builder().page_size(65536).build());
    assert_ne!(std::fs::metadata(&small).unwrap().len(), std::fs::metadata(&large).unwrap().len());
    let run = diff(&[small.to_str().unwrap(), large.to_str().unwrap(), "--all"]);
    assert_eq!(run.code, Some(0), "{}", run.out);
    assert!(run.out.starts_with("no differences\n") && run.out.contains("the same HashKV"), "{}", run.out);
}

#[test]
fn members_of_one_cluster_agree() {
    for (a, b) in [("members-m0", "members-m1"), ("members-m1", "members-m2")] {
        let run = diff(&[&path(a), &path(b), "--all"]);
        assert_eq!(run.code, Some(0), "{}", run.out);
        assert!(run.out.contains("histories agree") && run.out.contains("the same HashKV"), "{}", run.out);
    }
}

#[test]
fn members_that_diverged_are_told_where_and_why() {
    let folder = tempfile::tempdir().unwrap();
    let one = builder();
    let mut other = builder();
    let one = write(&folder, "m0.db", &one.clone().create(404, "/kubernetes.io/pods/a/only-here").build());
    let other = write(&folder, "m1.db", &other.create(404, "/kubernetes.io/pods/a/only-there").build());
    let run = diff(&[one.to_str().unwrap(), other.to_str().unwrap(), "--json"]);
    assert_eq!(run.code, Some(1));
    let document = document(&run);
    let agreement = &document["agreement"];
    assert_eq!((agreement["state"].as_str(), agreement["revision"].as_i64()), (Some("diverged"), Some(404)));
    assert_eq!(agreement["old"], "/kubernetes.io/pods/a/only-here");
    assert_eq!(agreement["cause"], "same-index");
    assert!(agreement["message"].as_str().unwrap().contains("etcd#13766"));
    let human = diff(&[one.to_str().unwrap(), other.to_str().unwrap()]);
    assert!(human.out.contains("histories DIVERGE at revision 404.0"), "{}", human.out);
    assert!(human.out.contains("1 added, 1 removed, 0 changed"), "{}", human.out);
    let clusters = diff(&[&path("plain-etcd34"), &path("auth-enabled"), "--json"]);
    assert_eq!(super::diff::document(&clusters)["agreement"]["cause"], "other-cluster");
}

#[test]
fn each_difference_is_named_with_its_fields() {
    let folder = tempfile::tempdir().unwrap();
    let object = |replicas: u32| {
        format!(
            r#"{{"apiVersion":"apps.example.com/v1","kind":"App","metadata":{{"name":"web"}},"spec":{{"replicas":{replicas}}}}}"#
        )
    };
    let mut old = Builder::new();
    let (was, is) = (object(1), object(3));
    let key = b"/kubernetes.io/apps.example.com/apps/prod/web";
    old.put(2, 0, &Put { key, value: was.as_bytes(), create: 2, modified: 2, version: 1, lease: 0 });
    old.create(3, "/kubernetes.io/configmaps/prod/gone").create(4, "compact_rev_key");
    let mut new = old.clone();
    new.put(5, 0, &Put { key, value: is.as_bytes(), create: 2, modified: 5, version: 2, lease: 0 });
    new.delete(6, 0, "/kubernetes.io/configmaps/prod/gone").create(7, "/kubernetes.io/configmaps/prod/new");
    new.change(8, "compact_rev_key", 4, 2);
    // deleted and made again within one revision: in both, and another
    new.create(9, "/x/again").delete(10, 0, "/x/again");
    let again = Put { key: b"/x/again", value: b"new", create: 10, modified: 10, version: 1, lease: 0 };
    new.put(10, 1, &again);
    let (old, new) = (write(&folder, "old.db", &old.build()), write(&folder, "new.db", &new.build()));
    let (old, new) = (old.to_str().unwrap(), new.to_str().unwrap());
    let found = document(&diff(&[old, new, "--values", "--json"]));
    assert_eq!(
        found["summary"],
        json!({"added": 2, "removed": 1, "changed": 1, "closed": 0, "ignored": 1, "resealed": 0})
    );
    let changed = found["differences"].as_array().unwrap().iter().find(|one| one["change"] == "changed").unwrap();
    assert_eq!(changed["fields"], json!([{"path": ".spec.replicas", "before": 1, "after": 3}]));
    assert_eq!((changed["old"]["modRevision"].as_i64(), changed["new"]["modRevision"].as_i64()), (Some(2), Some(5)));
    let human = diff(&[old, new, "--values"]);
    for part in ["+ new", "- gone", "~ web  (1 field, revision 2 -> 5)", "      .spec.replicas: 1 -> 3", "+ /x/again"] {
        assert!(human.out.contains(part), "{part}\n{}", human.out);
    }
    assert!(!human.out.contains("compact_rev_key"));
    assert!(diff(&[old, new, "--all"]).out.contains("~ compact_rev_key"));
    let only = diff(&[old, new, "-n", "prod", "-r", "configmaps", "-o", "ndjson"]);
    assert_eq!((only.code, only.out.lines().count()), (Some(1), 2));
    let same = diff(&["--new-rev", "4", old, new]);
    assert_eq!(same.code, Some(0), "{}", same.out);
    let none = diff(&["--old-rev", "99", old, new]);
    assert_eq!(none.code, Some(2), "{}", none.err);
}

#[test]
fn values_that_were_encrypted_anew_are_the_same_inside() {
    // half of the values were written again under key 2, with the same content: fixtures/README.md
    let fixture = named("aescbc-rotated");
    let (path, tarball) = (fixture.snapshot(), fixture.tarball());
    let (path, tarball) = (path.to_str().unwrap(), tarball.to_str().unwrap());
    let find = |key: &str| {
        let line = ["history", path, key, "-o", "ndjson"];
        run(&line).out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).collect::<Vec<_>>()
    };
    let secret = fixture.live_keys().into_iter().filter(|key| key.starts_with("/kubernetes.io/secrets/"));
    let (before, key) = secret
        .filter_map(|key| {
            let steps = find(&key);
            let [.., before, last] = &steps[..] else { return None };
            (last["changes"].is_null() && before["event"] != "deleted").then(|| (before["revision"].clone(), key))
        })
        .next()
        .unwrap();
    let rev = before.to_string();
    let closed = document(&diff(&[path, path, &key, "--old-rev", &rev, "--json"]));
    assert_eq!((closed["summary"]["changed"].as_u64(), closed["summary"]["closed"].as_u64()), (Some(1), Some(1)));
    let opened = diff(&[path, path, &key, "--old-rev", &rev, "--json", "--keys", tarball]);
    assert_eq!(opened.code, Some(0), "{}", opened.out);
    assert_eq!(document(&opened)["summary"]["resealed"], 1);
}

#[test]
fn what_cannot_be_opened_is_no_clean_answer_to_a_selector() {
    let (old, new) = (path("aescbc-rotated"), path("aesgcm-rotated"));
    let run = diff(&[&old, &new, "secrets", "--field", "type=Opaque"]);
    assert_eq!(run.code, Some(1), "{}", run.out);
    assert!(run.out.starts_with("no differences in what can be opened\n"), "{}", run.out);
    assert!(run.err.contains("objects not shown; give the tarball") && run.err.contains("--keys"), "{}", run.err);
    assert_eq!(document(&diff(&[&old, &new, "secrets", "--field", "type=Opaque", "--json"]))["verdict"], "fail");
    // the same bytes on both sides need no key
    assert_eq!(diff(&[&old, &old, "secrets", "--field", "type=Opaque"]).code, Some(0));
}

#[test]
fn what_is_nowhere_is_no_clean_answer() {
    let (old, new) = (path("plain-etcd34"), path("plain-etcd36"));
    for what in [&["podz"][..], &["-r", "podz"], &["pods,podz"], &["podz/x"]] {
        let line: Vec<&str> = [old.as_str(), new.as_str()].iter().chain(what).copied().collect();
        let run = diff(&line);
        assert_eq!((run.code, run.out.as_str()), (Some(2), ""), "{what:?}");
        assert!(run.err.contains("no resource `podz`") && run.err.contains("did you mean `pods`?"), "{}", run.err);
    }
    for what in [&["nosuch/"][..], &["pods", "-n", "nosuch"], &["pods/none"], &["/nosuch/"]] {
        let line: Vec<&str> = [old.as_str(), new.as_str()].iter().chain(what).copied().collect();
        let run = diff(&line);
        if what[0] == "nosuch/" {
            assert_eq!(run.code, Some(2), "{}", run.err);
            continue;
        }
        assert_eq!(run.code, Some(1), "{what:?} {}", run.err);
        assert!(run.out.starts_with("nothing to compare\n") && run.err.contains("in either snapshot"), "{}", run.out);
    }
    // every server has jobs, whether there are any or not
    assert!(!diff(&[&old, &new, "jobs"]).err.contains("no resource"));
}

#[test]
fn all_shows_what_is_encoded_anew_and_what_has_another_lease() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, value: &str, lease: i64| {
        let mut builder = Builder::new();
        let mut put = |key: &str, value: &str, at: i64, lease: i64| {
            let (key, value) = (key.as_bytes(), value.as_bytes());
            builder.put(at, 0, &Put { key, value, create: at, modified: at, version: 1, lease });
        };
        put("/kubernetes.io/pods/a/spaced", value, 2, 0);
        put("/kubernetes.io/pods/a/leased", "{}", 3, lease);
        write(&folder, name, &builder.build()).to_str().unwrap().to_owned()
    };
    let old = file("old.db", r#"{"apiVersion":"v1","kind":"Pod"}"#, 0);
    let new = file("new.db", r#"{"apiVersion":"v1", "kind":"Pod"}"#, 0x1f);
    assert!(diff(&[&old, &new, "pods"]).out.contains("1 key left out"));
    let all = diff(&[&old, &new, "pods", "--all"]);
    assert_eq!(all.code, Some(1));
    for part in ["~ spaced  (32 B -> 33 B, revision 2)", "~ leased  (no lease -> lease 000000000000001f, revision 3)"] {
        assert!(all.out.contains(part), "{part}\n{}", all.out);
    }
    assert!(!all.out.contains("--all"), "{}", all.out);
}

/// Which of three members is the odd one, in text and in JSON, and that `verify` says the same of a directory of them.
#[test]
fn the_odd_one_of_three_members_is_named() {
    use fixtures::members::{Member, history, with};
    let folder = tempfile::tempdir().unwrap();
    let members = [history(), with(19, "other"), history()].map(Member::of);
    let paths: Vec<String> = (0..)
        .zip(members)
        .map(|(number, member)| write(&folder, &format!("m{number}.db"), &member.build(number)))
        .map(|path| path.to_str().unwrap().to_owned())
        .collect();
    let [zero, one, two] = [0, 1, 2].map(|number| paths[number].as_str());
    let human = diff(&[zero, two, "--member", one]);
    assert_eq!(human.code, Some(1), "{}", human.err);
    for line in ["members DISAGREE", "/d  19 -> 19", "no differences"] {
        assert!(human.out.contains(line), "{line}: {}", human.out);
    }
    let told = document(&diff(&[zero, two, "--member", one, "--json"]))["members"].take();
    assert_eq!((&told[0]["odd"], &told[0]["restore"]), (&json!([one]), &json!(zero)), "{told}");
    assert_eq!(told[0]["sides"], json!([[zero, two], [one]]));
    assert_eq!(told[0]["keys"], json!([{"first": 19, "key": "/d", "other": 19, "side": 1}]));
    let verified = document(&run(&["verify", "--json", folder.path().to_str().unwrap()]));
    for field in ["odd", "restore", "sides", "keys", "revision", "agree"] {
        assert_eq!(verified["members"][0][field], told[0][field], "{field}");
    }
    let about: Vec<_> = verified["findings"].as_array().unwrap().iter().filter(|it| it["id"] == "PAIR-041").collect();
    assert_eq!((about.len(), &about[0]["artifact"], &verified["verdict"]), (1, &json!(one), &json!("fail")));
    let named = run(&["verify", zero, two, "-q"]);
    assert_eq!(named.code, Some(0), "{}", named.out);
    let human = run(&["verify", zero, one, two]);
    assert_eq!(human.code, Some(1));
    assert!(human.out.contains("restore from") && human.out.contains("PAIR-041"), "{}", human.out);
    let agree = run(&["verify", zero, two]);
    assert!(
        agree.err.contains("2 snapshots of one cluster of several members hold the same at revision 21"),
        "{}",
        agree.err
    );
    let strangers = diff(&[&path("peer-34"), &path("peer-34"), "--member", zero]);
    assert!(
        strangers.code == Some(1) && strangers.err.contains("cannot be held against each other"),
        "{}",
        strangers.err
    );
}
