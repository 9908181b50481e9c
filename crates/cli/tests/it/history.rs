//! `assay history` and `assay timeline`: what became of keys.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use serde_json::{Value, json};
use snapshot_builder::{Builder, Put};

use crate::fixture::named;
use crate::run::{Run, json_of, run};

fn on(command: &str, fixture: &str, rest: &[&str]) -> Run {
    let path = named(fixture).snapshot();
    let line: Vec<&str> = [command, path.to_str().unwrap()].iter().chain(rest).copied().collect();
    run(&line)
}

fn peer(command: &str, rest: &[&str]) -> Run {
    let path = fixtures::named("peer-35").path("snapshot.db.gz");
    let line: Vec<&str> = [command, path.to_str().unwrap()].iter().chain(rest).copied().collect();
    run(&line)
}

fn lines(run: &Run) -> Vec<Value> {
    run.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn every_version_of_a_key_is_listed() {
    let path = named("odd-keys").snapshot();
    let document = json_of(&["history", "--json", path.to_str().unwrap(), "/kubernetes.io/leases/kube-system/hot"]);
    let artifact = &document["artifacts"][0];
    assert_eq!((artifact["live"].as_bool(), artifact["removedVersions"].as_i64()), (Some(true), Some(0)));
    let revisions = artifact["revisions"].as_array().unwrap();
    // 300 versions, as fixtures/README.md says, the last at the last revision of facts.json
    assert_eq!(revisions.len(), 300);
    for (at, step) in revisions.iter().enumerate() {
        let at = at as i64;
        assert_eq!((step["version"].as_i64(), step["revision"].as_i64()), (Some(at + 1), Some(at + 16)));
        assert_eq!(step["event"], if at == 0 { "created" } else { "changed" });
    }
    for (form, count) in [("csv", 301), ("ndjson", 300)] {
        let run = on("history", "odd-keys", &["/kubernetes.io/leases/kube-system/hot", "-o", form]);
        assert_eq!(run.out.lines().count(), count, "{form}");
    }
}

#[test]
fn a_change_says_which_field_who_and_when() {
    let key = "/kubernetes.io/endpointslices/default/kubernetes";
    let steps = lines(&on("history", "plain-etcd36", &[key, "-o", "ndjson"]));
    let last = steps.last().unwrap();
    assert_eq!(last["authors"][0]["manager"], "kube-apiserver");
    let generation = last["changes"].as_array().unwrap().iter().find(|one| one["path"] == ".metadata.generation");
    assert_eq!(generation, Some(&json!({"path": ".metadata.generation", "before": 1, "after": 2})));
    let human = on("history", "plain-etcd36", &["endpointslice/kubernetes", "-n", "default"]);
    for part in [".metadata.generation: 1 -> 2", "by kube-apiserver", "2 revisions retained", "never compacted"] {
        assert!(human.out.contains(part), "{part}\n{}", human.out);
    }
    assert!(!human.out.contains("managedFields") && !human.out.contains("resourceVersion"), "{}", human.out);
    let values = on("history", "plain-etcd36", &[key, "--values"]);
    assert!(values.out.contains("    | kind: EndpointSlice\n") && !values.out.contains("managedFields"));
}

#[test]
fn deletions_and_what_compaction_removed_are_said() {
    let gone = on("history", "plain-etcd36", &["/kubernetes.io/masterleases/192.168.10.10"]);
    let [first, second] = gone
        .out
        .lines()
        .filter(|line| line.contains("  created") || line.contains("  deleted"))
        .collect::<Vec<_>>()[..]
    else {
        panic!("{}", gone.out)
    };
    assert!(
        first.contains("  created  version 1") && second.ends_with("  deleted") && gone.out.contains("; deleted at ")
    );
    // every retained record of a compacted store, against what `ls --all-revisions` lists
    let all = lines(&peer("ls", &["--all-revisions", "-o", "ndjson"]));
    let steps = lines(&peer("timeline", &["-o", "ndjson"]));
    let place = |step: &Value| (step["revision"].clone(), step["sub"].clone(), step["key"].clone());
    assert_eq!(steps.iter().map(place).collect::<Vec<_>>(), all.iter().map(place).collect::<Vec<_>>());
    for (step, row) in steps.iter().zip(&all) {
        assert_eq!(step["event"] == "deleted", row["tombstone"] == true);
        assert_eq!(step["version"], row["version"]);
    }
    let lost = steps.iter().find(|step| step["missingVersions"].as_i64() > Some(0)).unwrap();
    assert_eq!(lost["missingVersions"].as_i64().unwrap(), lost["version"].as_i64().unwrap() - 1);
    let history = peer("history", &[lost["key"].as_str().unwrap()]);
    assert!(history.out.contains("before it were removed by compaction"), "{}", history.out);
    // several changes of a key in one revision are told apart by their place in it
    assert!(steps.iter().any(|step| step["sub"].as_i64() > Some(0)));
    assert!(steps.iter().any(|step| step["lease"].is_string()));
}

#[test]
fn a_window_is_given_by_revision_or_by_time() {
    let count = |rest: &[&str]| {
        let line: Vec<&str> = ["-o", "ndjson"].iter().chain(rest).copied().collect();
        let steps = lines(&on("timeline", "plain-etcd36", &line));
        (
            steps.len(),
            steps.first().map(|step| step["revision"].as_i64().unwrap()),
            steps.last().map(|step| step["revision"].as_i64().unwrap()),
        )
    };
    assert_eq!(count(&["--since", "1280", "--until", "1284"]), (5, Some(1280), Some(1284)));
    let (all, first, last) = count(&[]);
    assert_eq!((all, first, last), (1288, Some(2), Some(1289)));
    assert_eq!(count(&["--since", "2020-01-01"]).0, all);
    assert_eq!(count(&["--until", "2020-01-01"]).0, 0);
    let (since, ..) = count(&["--since", "2026-11-23T09:08:47Z"]);
    let (until, ..) = count(&["--until", "2026-11-23T09:08:46Z"]);
    assert!(since > 0 && until > 0 && since + until == all, "{since} and {until} of {all}");
    let created = lines(&on("timeline", "plain-etcd36", &["-r", "nodes", "-o", "ndjson"]));
    assert!(created.iter().all(|step| step["key"].as_str().unwrap().starts_with("/kubernetes.io/minions/")));
    assert_eq!(created.iter().filter(|step| step["event"] == "created").count(), 6);
}

#[test]
fn secrets_stay_masked_in_every_form() {
    let key = "/kubernetes.io/secrets/analytics/app-00-credentials";
    let revealed = on("get", "plain-etcd36", &[key, "--reveal", "--json"]);
    let object: Value = serde_json::from_str(&revealed.out).unwrap();
    let secrets: Vec<String> =
        object["data"].as_object().unwrap().values().map(|one| one.as_str().unwrap().to_owned()).collect();
    assert!(!secrets.is_empty());
    for command in ["history", "timeline"] {
        for form in ["human", "json", "ndjson", "csv"] {
            let run = on(command, "plain-etcd36", &[key, "--values", "--all", "-o", form]);
            assert_eq!(run.code, Some(0));
            assert!(secrets.iter().all(|secret| !run.out.contains(secret.as_str())), "{command} {form}");
        }
    }
    let shown = on("history", "plain-etcd36", &[key, "--values", "--reveal"]);
    assert!(secrets.iter().all(|secret| shown.out.contains(secret.as_str())));
}

#[test]
fn what_is_not_there_is_said() {
    for (line, code, message) in [
        (&["/no/such/key"][..], 1, "no revision of `/no/such/key` is retained"),
        (&["cm/kube-root-ca.crt"], 2, "names 35 objects"),
        (&["pods"], 2, "give one key"),
    ] {
        let run = on("history", "plain-etcd36", line);
        assert_eq!((run.code, run.out.as_str()), (Some(code), ""), "{line:?}");
        assert!(run.err.contains(message), "{}", run.err);
    }
    let closed = on("history", "aescbc-rotated", &["/kubernetes.io/secrets/analytics/app-00-credentials"]);
    assert!(closed.code == Some(0) && closed.out.contains("no keys were given"), "{}", closed.out);
    assert!(closed.err.starts_with("warning: 2 revisions not opened; give the tarball"), "{}", closed.err);
    let around = on("timeline", "aescbc-rotated", &["-r", "secrets", "-n", "analytics"]);
    assert!(around.code == Some(0) && around.err.contains(" revisions not opened; give the tarball"), "{}", around.err);
}

#[test]
fn what_free_pages_hold_is_added_and_labelled() {
    let backup = fixtures::named("after-deletes");
    let path = backup.path("snapshot.db.gz");
    let path = path.to_str().unwrap();
    // the truth: everything that was ever written there
    let log = backup.json("log.json").unwrap();
    let carved =
        run(&["carve", path, "-o", "ndjson", "--label", "compacted", "--label", "deleted", "--label", "older"]);
    let key = lines(&carved).iter().find_map(|one| one["fields"]["key"].as_str().map(str::to_owned)).unwrap();
    let steps = lines(&run(&["history", path, &key, "--carve", "-o", "ndjson"]));
    let found: Vec<&Value> = steps.iter().filter(|step| step["carved"].is_object()).collect();
    assert!(!found.is_empty());
    for step in &found {
        let written = log
            .as_array()
            .unwrap()
            .iter()
            .any(|one| one["key"] == key.as_str() && one["main"] == step["revision"] && one["sub"] == step["sub"]);
        assert!(written, "{step} was never written");
        assert!(step["carved"]["label"] != "identical");
    }
    let revisions: Vec<i64> = steps.iter().map(|step| step["revision"].as_i64().unwrap()).collect();
    assert!(revisions.is_sorted(), "{revisions:?}");
    let retained = lines(&run(&["history", path, &key, "-o", "ndjson"]));
    assert_eq!(retained.len(), steps.len() - found.len());
    // versions that were carved were removed all the same
    let lost = run(&["history", path, "/kubernetes.io/secrets/ns-5/name-000", "--carve"]);
    assert!(lost.out.contains("compacted at 1056: 2 earlier versions removed"), "{}", lost.out);
    let document = json_of(&["history", path, "/kubernetes.io/secrets/ns-5/name-000", "--carve", "--json"]);
    assert_eq!(document["artifacts"][0]["removedVersions"], 2);
    let human = run(&["history", path, &key, "--carve"]);
    assert!(human.out.contains("    carved from page ") && !human.out.contains("xxxxxxxx"), "{}", human.out);
    let copy = backup.path("defragmented.db.gz");
    let none = run(&["history", copy.to_str().unwrap(), &key, "--carve", "-o", "ndjson"]);
    assert!(!none.out.contains("\"carved\""), "{}", none.out);
}

#[test]
fn a_field_whose_name_is_no_word_is_escaped_once() {
    let mut builder = Builder::new();
    for (main, text) in [(2, "a"), (3, "b")] {
        let value = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}, "data": {"new\nline\u{202e}": text}});
        let (key, value) = (b"/kubernetes.io/configmaps/a/x", value.to_string());
        let put = Put { key, value: value.as_bytes(), create: 2, modified: main, version: main - 1, lease: 0 };
        builder.put(main, 0, &put);
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.db");
    std::fs::write(&path, builder.build()).unwrap();
    for form in ["human", "csv"] {
        let told = run(&["history", path.to_str().unwrap(), "cm/x", "-o", form]).out.replace("\"\"", "\"");
        assert!(told.contains(r#"data["new\nline\u{202e}"]"#), "{told}");
    }
}

#[test]
fn a_table_holds_every_key_escaped_once() {
    // What each key is in a cell: as people see it everywhere, and as no other key is.
    let keys: [(&[u8], &str); 6] = [
        (b"/quote\"and,comma", "/quote\"and,comma"),
        (b"/line\nfeed\tand tab", "/line\\nfeed\\tand tab"),
        (b"/not\xffutf-8", "/not\\xffutf-8"),
        (b"/back\\slash", "/back\\\\slash"),
        (b"/spells\\xff", "/spells\\\\xff"),
        (b"/nul\x00\x1b[31m", "/nul\\u{0}\\u{1b}[31m"),
    ];
    let mut builder = Builder::new();
    for (main, (key, _)) in (2..).zip(keys) {
        builder.put(main, 0, &Put { key, value: b"x", create: main, modified: main, version: 1, lease: 0 });
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("odd.db");
    std::fs::write(&path, builder.build()).unwrap();
    let cells = |line: &[&OsStr]| -> Vec<String> {
        let out = run(line).out;
        let mut table = csv::Reader::from_reader(out.as_bytes());
        let at = table.headers().unwrap().iter().position(|title| title == "key").unwrap();
        table.records().map(|row| row.unwrap()[at].to_owned()).collect()
    };
    let format = ["-o", "csv"].map(OsStr::new);
    let expected: Vec<&str> = keys.iter().map(|(_, cell)| *cell).collect();
    let with = |command: &'static str| [OsStr::new(command), path.as_os_str(), format[0], format[1]];
    assert_eq!(cells(&with("timeline")), expected);
    let mut listed = cells(&with("ls"));
    let mut sorted = expected.clone();
    listed.sort_unstable();
    sorted.sort_unstable();
    assert_eq!(listed, sorted, "`ls` names them the same");
    for (key, cell) in keys.iter().filter(|(key, _)| !key.contains(&0)) {
        let line = [OsStr::new("history"), path.as_os_str(), OsStr::from_bytes(key), format[0], format[1]];
        assert_eq!(cells(&line), [*cell]);
    }
}

#[test]
fn a_selector_neither_loses_what_stays_closed_nor_what_was_deleted() {
    let sealed = on("timeline", "aescbc-rotated", &["secrets", "--field", "type=Opaque", "--json"]);
    let document: Value = serde_json::from_str(&sealed.out).unwrap();
    assert_eq!((sealed.code, document["verdict"].as_str()), (Some(1), Some("fail")), "{}", sealed.err);
    assert!(sealed.err.contains("not shown") && sealed.err.contains("--keys"), "{}", sealed.err);
    assert!(!sealed.err.contains("no revision that is asked for"), "{}", sealed.err);

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("snapshot.db");
    let mut builder = Builder::new();
    let pod = |name: &str, app: &str| {
        format!(r#"{{"apiVersion":"v1","kind":"Pod","metadata":{{"name":"{name}","labels":{{"app":"{app}"}}}}}}"#)
    };
    let mut put = |name: &str, app: &str, create: i64, modified: i64, version: i64| {
        let (key, value) = (format!("/kubernetes.io/pods/a/{name}"), pod(name, app));
        let (key, value) = (key.as_bytes(), value.as_bytes());
        builder.put(modified, 0, &Put { key, value, create, modified, version, lease: 0 });
    };
    put("gone", "web", 2, 2, 1);
    put("left", "web", 3, 3, 1);
    put("other", "db", 4, 4, 1);
    put("left", "db", 3, 5, 2);
    put("left", "db", 3, 6, 3);
    builder.delete(7, 0, "/kubernetes.io/pods/a/gone").delete(8, 0, "/kubernetes.io/pods/a/other");
    std::fs::write(&file, builder.build()).unwrap();
    for since in ["1", "5"] {
        let run = run(&["timeline", file.to_str().unwrap(), "-l", "app=web", "--since", since, "-o", "ndjson"]);
        let found: Vec<(i64, String)> = lines(&run)
            .iter()
            .map(|step| (step["revision"].as_i64().unwrap(), step["event"].as_str().unwrap().to_owned()))
            .collect();
        let all =
            [(2, "created"), (3, "created"), (5, "changed"), (7, "deleted")].map(|(at, what)| (at, what.to_owned()));
        assert_eq!(found, all[if since == "1" { 0 } else { 2 }..], "{}", run.err);
    }
}

/// Of what only free pages hold nothing is said that the snapshot does not know: it was written, and who deleted it is not
/// in etcd.
#[test]
fn what_is_compacted_is_not_said_to_have_never_been() {
    let path = named("after-deletes").path("snapshot.db.gz");
    let path = path.to_str().unwrap();
    let carved = lines(&run(&["carve", path, "-o", "ndjson", "--label", "deleted", "--label", "compacted"]));
    let kept = run(&["ls", path, "--all-revisions"]).out;
    let keys = carved.iter().filter_map(|one| one["fields"]["key"].as_str());
    let key = keys.into_iter().find(|key| !kept.contains(*key)).unwrap();
    let told = run(&["history", path, key, "--carve"]);
    assert_eq!(told.code, Some(0), "{}", told.err);
    assert!(told.out.contains("no revision retained; compacted at"), "{}", told.out);
    assert!(told.out.contains("carved from free pages") && !told.out.contains("never"), "{}", told.out);
    let missed = run(&["get", path, key]);
    assert_eq!(missed.code, Some(1));
    assert!(missed.err.contains(&format!("`assay history {path} {key} --carve`")), "{}", missed.err);
}

#[test]
fn a_namespace_is_in_its_own_timeline_and_who_deletes_is_not_in_etcd() {
    let mut builder = Builder::new();
    let object = |kind: &str, name: &str| {
        format!(
            r#"{{"apiVersion":"v1","kind":"{kind}","metadata":{{"name":"{name}","deletionTimestamp":"2026-01-01T00:00:00Z"}}}}"#
        )
    };
    let (namespace, map) = (object("Namespace", "pay"), object("ConfigMap", "a"));
    let put = |key: &'static str, value: &str, main: i64, builder: &mut Builder| {
        let put =
            Put { key: key.as_bytes(), value: value.as_bytes(), create: main, modified: main, version: 1, lease: 0 };
        builder.put(main, 0, &put);
    };
    put("/kubernetes.io/namespaces/pay", &namespace, 2, &mut builder);
    put("/kubernetes.io/configmaps/pay/a", &map, 3, &mut builder);
    put("/kubernetes.io/namespaces/other", &namespace, 4, &mut builder);
    builder.delete(5, 0, "/kubernetes.io/configmaps/pay/a").delete(6, 0, "/kubernetes.io/namespaces/pay");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.db");
    std::fs::write(&path, builder.build()).unwrap();
    let told = run(&["timeline", path.to_str().unwrap(), "-n", "pay"]);
    assert_eq!(told.out.matches("/kubernetes.io/namespaces/pay").count(), 2, "{}", told.out);
    assert!(!told.out.contains("namespaces/other"), "{}", told.out);
    for words in
        [&["timeline", path.to_str().unwrap(), "-n", "pay"][..], &["history", path.to_str().unwrap(), "ns/pay"]]
    {
        let told = run(words);
        assert_eq!(told.out.matches("who deleted it is not in etcd: the audit log").count(), 1, "{}", told.out);
        let document = run(&[words, &["--json"]].concat());
        assert!(!document.out.contains("audit log"), "{}", document.out);
    }
}
