//! `assay ls` against what etcdctl listed of each backup.

use std::collections::BTreeSet;
use std::fs;

use serde_json::{Value, json};

use crate::fixture::{Fixture, all, named};
use crate::run::{json_of, run};

fn lines(fixture: &Fixture, options: &[&str]) -> Vec<String> {
    let path = fixture.snapshot();
    let line: Vec<&str> = ["ls", path.to_str().unwrap()].iter().chain(options).copied().collect();
    let run = run(&line);
    assert_eq!(run.code, Some(0), "{}: {}", fixture.name, run.err);
    run.out.lines().map(str::to_owned).collect()
}

fn objects(fixture: &Fixture, options: &[&str]) -> Vec<Value> {
    let options: Vec<&str> = ["-o", "ndjson"].iter().chain(options).copied().collect();
    lines(fixture, &options).iter().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn live_keys_are_those_that_etcdctl_listed() {
    let mut compared = 0;
    for fixture in all().iter().filter(|fixture| fixture.name != "odd-keys") {
        let listed = lines(fixture, &[]);
        assert!(listed == fixture.live_keys(), "{}: {} keys", fixture.name, listed.len());
        assert_eq!(lines(fixture, &["--count"]), [fixture.facts()["live_keys"].to_string()]);
        compared += 1;
    }
    assert!(compared >= 13, "only {compared} backups");
}

#[test]
fn every_form_lists_the_same_keys() {
    let fixture = named("odd-keys");
    let path = fixture.snapshot();
    let path = path.to_str().unwrap();
    let raw = crate::run::assay(&["ls", path, "-0"]).output().unwrap().stdout;
    let raw: Vec<&[u8]> = raw.split(|byte| *byte == 0).collect();
    let (last, raw) = raw.split_last().unwrap();
    assert!(last.is_empty());
    // A NUL within a key would be told apart from its end by the other forms only.
    let keys = objects(&fixture, &[]);
    let document = json_of(&["ls", "--json", path]);
    assert_eq!(document["artifacts"][0]["keys"], Value::Array(keys.clone()));
    let human = lines(&fixture, &[]);
    assert_eq!(human.len(), keys.len());
    assert_eq!(lines(&fixture, &["-l"]).len(), keys.len());
    assert!(human.iter().all(|line| !line.contains(|c: char| c.is_control())));
    assert!(keys.iter().any(|key| key["key"]["base64"].is_string()), "no binary key in the fixture?");
    assert!(raw.len() >= keys.len());
    let csv = lines(&fixture, &["-o", "csv"]);
    assert_eq!(csv.len(), keys.len() + 1);
}

#[test]
fn labels_choose_as_get_does_and_what_is_closed_is_said() {
    let fixture = named("plain-etcd36");
    let path = fixture.snapshot();
    let path = path.to_str().unwrap();
    for labels in ["app=web-2", "app in (web-2,web-7)", "app!=web-2", "!app"] {
        let got = run(&["get", path, "-r", "pods,configmaps", "-l", labels, "-o", "ndjson"]);
        let key = |line: &str| serde_json::from_str::<Value>(line).unwrap()["key"].as_str().unwrap().to_owned();
        let expected: Vec<String> = got.out.lines().map(key).collect();
        assert!(!expected.is_empty(), "{labels}");
        assert_eq!(lines(&fixture, &["-r", "pods,configmaps", "--selector", labels]), expected, "{labels}");
        let count = [expected.len().to_string()];
        assert_eq!(lines(&fixture, &["-r", "pods,configmaps", "--selector", labels, "--count"]), count, "{labels}");
        assert_eq!(
            lines(&fixture, &["-r", "pods,configmaps", "--selector", labels, "--salvage"]).len(),
            expected.len()
        );
    }
    let sealed = named("aescbc-rotated").snapshot();
    let run = |line: &[&str]| crate::run::run(&[&["ls"], line].concat());
    let closed = run(&[sealed.to_str().unwrap(), "-r", "secrets", "--selector", "app=web", "--json"]);
    assert_eq!(closed.code, Some(1), "{}", closed.err);
    assert!(closed.err.contains("175 objects not shown") && !closed.err.contains("--keys"), "{}", closed.err);
    assert_eq!(serde_json::from_str::<Value>(&closed.out).unwrap()["verdict"], "fail");
    for wrong in [&["a=b,,"][..], &["a=b", "--deleted"], &["a=b", "-o", "sqlite", "--out", "never.sqlite"]] {
        assert_eq!(run(&[&[path, "--selector"], wrong].concat()).code, Some(2), "{wrong:?}");
    }
}

#[test]
fn filters_choose_by_resource_namespace_prefix_and_glob() {
    let fixture = named("aescbc-rotated");
    let keys = fixture.live_keys();
    let with = |test: &dyn Fn(&str) -> bool| -> Vec<String> { keys.iter().filter(|key| test(key)).cloned().collect() };
    let secrets = with(&|key| key.starts_with("/kubernetes.io/secrets/"));
    assert!(secrets.len() > 100);
    assert_eq!(lines(&fixture, &["--resource", "secrets"]), secrets);
    assert_eq!(lines(&fixture, &["/kubernetes.io/secrets/"]), secrets);
    assert_eq!(lines(&fixture, &["-g", "/kubernetes.io/secrets/**"]), secrets);
    let routes = with(&|key| key.starts_with("/openshift.io/routes/"));
    assert!(!routes.is_empty());
    assert_eq!(lines(&fixture, &["--resource", "routes.route.openshift.io"]), routes);
    let namespace = secrets[0].split('/').nth(3).unwrap();
    assert_eq!(
        lines(&fixture, &["-r", "secrets", "-n", namespace]),
        with(&|key| key.starts_with(&format!("/kubernetes.io/secrets/{namespace}/")))
    );
    assert_eq!(lines(&fixture, &["-r", "jobs", "-n", "no-such-namespace"]), [] as [String; 0]);
}

#[test]
fn the_way_values_are_stored_is_told() {
    let fixture = named("aescbc-rotated");
    let count = |resource: &str, key_name: &str| {
        let keys = objects(&fixture, &["-r", resource]);
        let under = |key: &&Value| key["provider"] == "aescbc" && key["keyName"] == key_name;
        keys.iter().filter(under).count()
    };
    // facts.json: values by stored prefix.
    let facts = fixture.facts();
    let known = |entry: &str| usize::try_from(facts["encryption"][entry].as_u64().unwrap()).unwrap();
    assert_eq!(count("secrets", "1"), known("kubernetes.io/secrets | k8s:enc:aescbc:v1:1 | stale"));
    assert_eq!(count("secrets", "2"), known("kubernetes.io/secrets | k8s:enc:aescbc:v1:2 | ok"));
    assert_eq!(count("routes", "4"), known("openshift.io/routes | k8s:enc:aescbc:v1:4 | ok"));
}

#[test]
fn history_and_deletions_add_up() {
    for fixture in all() {
        let facts = fixture.facts();
        let all = objects(&fixture, &["--all-revisions"]);
        let tombstones = all.iter().filter(|row| row["tombstone"] == true);
        assert_eq!(tombstones.count() as u64, facts["tombstones"].as_u64().unwrap(), "{}", fixture.name);
        assert_eq!(all.len() as u64, facts["revision_entries"].as_u64().unwrap(), "{}", fixture.name);
        let keys: BTreeSet<String> = all.iter().map(|row| row["key"].to_string()).collect();
        let live = objects(&fixture, &[]).len();
        assert_eq!(keys.len(), live + objects(&fixture, &["--deleted"]).len(), "{}", fixture.name);
    }
}

#[test]
fn a_view_of_the_past_has_no_later_revision() {
    let fixture = named("plain-etcd36");
    let now = objects(&fixture, &[]);
    let middle = fixture.facts()["status-3.6"]["revision"].as_i64().unwrap() / 2;
    let revision = middle.to_string();
    let then = objects(&fixture, &["--rev", &revision]);
    assert!(!then.is_empty() && then.len() < now.len());
    assert!(then.iter().all(|key| key["modRevision"].as_i64().unwrap() <= middle));
}

#[test]
fn filters_hold_for_history_and_deletions_too() {
    let fixture = named("aescbc-rotated");
    for options in [&["--all-revisions"][..], &["--deleted"], &["--all-revisions", "--salvage"]] {
        let all = objects(&fixture, options);
        let some: Vec<&str> = options.iter().copied().chain(["-r", "leases", "-n", "kube-system"]).collect();
        let wanted = |row: &&Value| row["resource"] == "leases" && row["namespace"] == "kube-system";
        let expected: Vec<Value> = all.iter().filter(wanted).cloned().collect();
        assert!(!expected.is_empty() && expected.len() < all.len(), "{options:?}");
        assert_eq!(objects(&fixture, &some), expected, "{options:?}");
    }
}

#[test]
fn a_lost_meta_is_salvaged_and_called_so() {
    let fixture = named("plain-etcd36");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.db");
    let mut bytes = fixture.bytes();
    bytes[..8192].fill(0);
    fs::write(&path, bytes).unwrap();
    let path = path.to_str().unwrap();
    let plain = run(&["ls", path]);
    assert_eq!((plain.code, plain.out.as_str()), (Some(2), ""));
    assert!(plain.err.contains("no valid meta") && plain.err.contains("--salvage"), "{}", plain.err);
    let salvaged = run(&["ls", path, "--salvage"]);
    assert_eq!(salvaged.code, Some(0), "{}", salvaged.err);
    assert!(salvaged.err.contains("salvaged from intact pages"), "{}", salvaged.err);
    let listed: BTreeSet<&str> = salvaged.out.lines().collect();
    let keys = fixture.live_keys();
    assert!(keys.iter().all(|key| listed.contains(key.as_str())), "all leaves are intact, so all keys are there");
    let document = json_of(&["ls", path, "--salvage", "--json", "--count"]);
    assert_eq!((&document["artifacts"][0]["salvaged"], &document["verdict"]), (&true.into(), &"warn".into()));
}

#[test]
fn a_lost_leaf_makes_the_list_a_finding() {
    let fixture = named("plain-etcd36");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.db");
    let mut bytes = fixture.bytes();
    let leaf = {
        let db = bbolt_page::Db::open(&bytes).unwrap();
        let scan = etcd_snapshot::scan(db, etcd_snapshot::Options::default(), &bbolt_page::Serial);
        let page = scan.records().nth(500).unwrap().place.page;
        usize::try_from(page.0).unwrap() * 4096
    };
    bytes[leaf..leaf + 4096].fill(0);
    fs::write(&path, bytes).unwrap();
    let run = run(&["ls", path.to_str().unwrap(), "--json"]);
    assert_eq!(run.code, Some(1), "{}", run.err);
    assert!(run.err.contains("is damaged") && run.err.contains("may not be all of it"), "{}", run.err);
    let document: Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(document["verdict"], "fail");
    let finding = document["findings"][0].clone();
    assert_eq!(finding["location"]["page"], leaf as u64 / 4096, "{finding}");
    assert_eq!(finding["artifact"], path.to_str().unwrap());
    let listed = document["artifacts"][0]["keys"].as_array().unwrap().len();
    assert!(listed > 100 && listed < fixture.live_keys().len());
    // whatever else stands on the same walk says the same
    for command in ["cluster", "hash"] {
        let run = crate::run::run(&[command, path.to_str().unwrap(), "--json"]);
        let document: Value = serde_json::from_str(&run.out).unwrap();
        assert_eq!((run.code, &document["verdict"]), (Some(1), &json!("fail")), "{command}");
        let findings = document["findings"].as_array().unwrap();
        assert!(findings.contains(&finding), "{command}: {findings:?}");
    }
}

#[test]
fn the_database_holds_what_the_lists_hold() {
    let fixture = named("aescbc-rotated");
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("keys.sqlite");
    let (snapshot, target) = (fixture.snapshot(), out.to_str().unwrap());
    let line = ["ls", snapshot.to_str().unwrap(), "-o", "sqlite", "--out", target];
    let first = run(&line);
    assert_eq!((first.code, first.out.as_str()), (Some(0), ""), "{}", first.err);
    let again = run(&line);
    assert_eq!(again.code, Some(2));
    assert!(again.err.contains("the file exists") && again.err.contains("--force"), "{}", again.err);

    let database = rusqlite::Connection::open(&out).unwrap();
    let number = |query: &str| -> i64 { database.query_row(query, [], |row| row.get(0)).unwrap() };
    let facts = fixture.facts();
    let known = |name: &str| facts[name].as_i64().unwrap();
    assert_eq!(number("SELECT count(*) FROM keys"), known("live_keys"));
    assert_eq!(number("SELECT sum(live) FROM resources"), known("live_keys"));
    assert_eq!(number("SELECT count(*) FROM revisions"), known("revision_entries"));
    assert_eq!(number("SELECT sum(tombstone) FROM revisions"), known("tombstones"));
    assert_eq!(number("SELECT count(*) FROM leases"), known("n_lease"));
    assert_eq!(number("SELECT count(*) FROM members WHERE NOT removed"), known("n_members"));
    assert_eq!(number("SELECT sum(keys) FROM leases"), number("SELECT count(*) FROM keys WHERE lease IS NOT NULL"));
    assert_eq!(
        number("SELECT live FROM resources WHERE resource = 'secrets' AND key_name = '1'"),
        facts["encryption"]["kubernetes.io/secrets | k8s:enc:aescbc:v1:1 | stale"].as_i64().unwrap()
    );
}
