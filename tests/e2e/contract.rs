//! What pipelines rely on: fields, exit codes, several inputs.

use serde_json::Value;

use crate::support::{assay, fixture_file, fixtures, ids, json, snapshot};

fn at<'v>(value: &'v Value, pointer: &str) -> &'v Value {
    value.pointer(pointer).unwrap_or_else(|| panic!("no {pointer}"))
}

#[test]
fn every_field_that_scripts_read_is_there() {
    let path = fixture_file("aescbc-rotated", ".db.gz");
    for command in ["inspect", "verify"] {
        let (code, document) = json(&[command, path.to_str().unwrap()]);
        assert_eq!(code, Some(0));
        for (field, expected) in [("schema", "assay/1"), ("command", command), ("verdict", "pass")] {
            assert_eq!(document[field], expected);
        }
        assert_eq!(document["assay"], env!("CARGO_PKG_VERSION"));
        let artifact = &document["artifacts"][0];
        for pointer in [
            "/kind /path /size /format/pageSize /format/highWaterMark /format/txid /format/freelistPersisted",
            "/format/byteOrder /format/provenance /trailer/present /trailer/valid /trailer/stored /trailer/computed",
            "/status/hash /status/hashHex /status/revision /status/totalKey /status/totalKey36 /status/totalSize",
            "/status/version /hashkv/hash /hashkv/hashRevision /hashkv/compactRevision /revisions/current",
            "/revisions/compacted /revisions/scheduledCompaction /revisions/firstRetained /space/dbSize /space/inUse",
            "/space/free /space/fragmentationPercent /space/quota /space/quotaPercent /etcd/clusterVersion",
            "/etcd/storageVersion /etcd/consistentIndex /etcd/term /etcd/members /etcd/alarms /etcd/leases",
            "/etcd/auth/enabled /etcd/auth/users /etcd/auth/roles /openshift/version /openshift/state",
            "/openshift/clusterId /openshift/infrastructureName /openshift/platform /openshift/topology",
            "/openshift/updating /openshift/history /openshift/nodes /openshift/encryptionType",
            "/openshift/revisions/kube-apiserver /keys/live /keys/tombstones /keys/revisions /keys/resources",
        ]
        .iter()
        .flat_map(|line| line.split(' '))
        {
            at(artifact, pointer);
        }
        assert_eq!(artifact["kind"], "snapshot");
        assert_eq!(artifact["format"]["provenance"], "stream");
        assert!(artifact["etcd"]["members"][0]["id"].is_string(), "64-bit IDs are strings");
    }
}

#[test]
fn the_cluster_is_described_as_it_was_made() {
    let path = fixture_file("aescbc-rotated", ".db.gz");
    let (_, document) = json(&["inspect", path.to_str().unwrap()]);
    let openshift = &document["artifacts"][0]["openshift"];
    assert_eq!(openshift["version"], "4.18.30");
    assert_eq!(openshift["state"], "Completed");
    assert_eq!(openshift["clusterId"], "8a5f3c9e-4b7d-4f21-9c5a-2d1e0b6f7a93");
    let history: Vec<_> =
        openshift["history"].as_array().unwrap().iter().map(|h| h["version"].as_str().unwrap()).collect();
    assert_eq!(history, ["4.18.30", "4.18.21", "4.17.40", "4.17.32", "4.16.20"]);
    assert_eq!(openshift["history"][2]["state"], "Partial");
    let nodes: Vec<_> = openshift["nodes"].as_array().unwrap().iter().map(|node| node.as_str().unwrap()).collect();
    assert_eq!(nodes, ["master-0", "master-1", "master-2", "worker-0", "worker-1", "worker-2"]);
    for (pod, revision) in [("kube-apiserver", 9), ("etcd", 8), ("kube-controller-manager", 7), ("kube-scheduler", 6)] {
        assert_eq!(openshift["revisions"][pod], revision, "{pod}");
    }
}

/// Counts per resource, provider and key name, against the ground truth of each fixture.
#[test]
fn live_values_by_resource_and_key_as_counted_independently() {
    let mut compared = 0;
    for fixture in fixtures() {
        let facts = crate::support::facts(&fixture);
        let Some(truth) = facts["encryption"].as_object() else { continue };
        let (_, document) = json(&["inspect", fixture_file(&fixture, ".db.gz").to_str().unwrap()]);
        let resources = document["artifacts"][0]["keys"]["resources"].as_array().unwrap().clone();
        for (line, expected) in truth {
            let parts: Vec<_> = line.split(" | ").collect();
            let resource = resources.iter().find(|resource| resource["storedAs"] == parts[0]).expect("resource");
            let got = match parts[1].strip_prefix("k8s:enc:") {
                None => resource["plain"].clone(),
                Some(label) => {
                    let label: Vec<_> = label.split(':').collect();
                    let keys = resource["encrypted"].as_array().unwrap();
                    let key = keys.iter().find(|key| key["provider"] == label[0] && key["key"] == label[2]);
                    key.map_or(Value::Null, |key| key["count"].clone())
                }
            };
            assert_eq!(got, *expected, "{fixture}: {line}");
            compared += 1;
        }
    }
    assert!(compared >= 30, "{compared} counts compared");
}

#[test]
fn findings_have_the_shape_of_the_contract() {
    let path = fixture_file("nospace-alarm", ".db.gz");
    let path = path.to_str().unwrap();
    let (code, document) = json(&["verify", path]);
    assert_eq!((code, &document["verdict"]), (Some(1), &Value::from("fail")));
    let finding = &document["findings"][0];
    assert_eq!((finding["id"].as_str(), finding["name"].as_str()), (Some("ETCD-001"), Some("alarm-nospace")));
    assert_eq!((finding["severity"].as_str(), finding["artifact"].as_str()), (Some("high"), Some(path)));
    assert!(finding["message"].is_string() && finding["evidence"].is_object() && finding["remedy"].is_string());
    assert_eq!(finding["location"]["member"], "ddd67b312462fd7b");
}

#[test]
fn fail_on_moves_the_limit() {
    let path = fixture_file("nospace-alarm", ".db.gz");
    let path = path.to_str().unwrap();
    for (fail_on, code, verdict) in
        [("critical", 0, "warn"), ("high", 1, "fail"), ("info", 1, "fail"), ("never", 0, "warn")]
    {
        let (got, document) = json(&["verify", "--fail-on", fail_on, path]);
        assert_eq!((got, document["verdict"].as_str()), (Some(code), Some(verdict)), "{fail_on}");
    }
    let (code, document) =
        json(&["verify", "--fail-on", "info", fixture_file("plain-etcd36", ".db.gz").to_str().unwrap()]);
    assert_eq!((code, ids(&document)), (Some(1), vec!["PAGE-016"]));
}

#[test]
fn one_unreadable_file_does_not_hide_the_others() {
    let good = fixture_file("plain-etcd36", ".db.gz");
    let bad = fixture_file("nospace-alarm", ".db.gz");
    let missing = good.with_file_name("missing.db");
    let paths = [good, missing, bad].map(|path| path.to_str().unwrap().to_owned());
    let [good, missing, bad] = [&paths[0], &paths[1], &paths[2]].map(String::as_str);
    let (code, document) = json(&["verify", good, missing, bad]);
    let verdicts: Vec<&str> =
        document["artifacts"].as_array().unwrap().iter().map(|it| it["verdict"].as_str().unwrap()).collect();
    assert_eq!((code, verdicts), (Some(2), vec!["pass", "fail", "unreadable"]));
    assert_eq!(document["artifacts"][2]["path"], missing);
    assert_eq!(document["verdict"], "fail");
    assert!(ids(&document).contains(&"ETCD-001"));
    let run = assay(&["verify", good, bad]);
    assert_eq!(run.code, Some(1));
    assert!(run.out.starts_with("FAIL") && run.out.contains("\nPASS"), "the worst first: {}", run.out);
}

#[test]
fn standard_input_and_zstandard_are_read_alike() {
    let (_, expected) = json(&["verify", fixture_file("auth-enabled", ".db.gz").to_str().unwrap()]);
    let dir = tempfile::tempdir().unwrap();
    let plain = dir.path().join("s.db");
    std::fs::write(&plain, snapshot("auth-enabled")).unwrap();
    let child = std::process::Command::new(env!("CARGO_BIN_EXE_assay"))
        .args(["verify", "--json", "-"])
        .stdin(std::fs::File::open(&plain).unwrap())
        .output()
        .unwrap();
    let document: Value = serde_json::from_slice(&child.stdout).unwrap();
    assert_eq!(document["artifacts"][0]["status"], expected["artifacts"][0]["status"]);
    assert_eq!(document["artifacts"][0]["path"], "-");
    let (_, read) = json(&["verify", "--no-mmap", plain.to_str().unwrap()]);
    assert_eq!(read["artifacts"][0]["status"], expected["artifacts"][0]["status"]);
}

#[test]
fn threads_do_not_change_a_byte() {
    let path = fixture_file("aesgcm-rotated", ".db.gz");
    let path = path.to_str().unwrap();
    for command in [&["verify", "--json"][..], &["inspect", "--json"], &["hash", "--json"], &["ls", "-l"]] {
        let with = |threads: &str| assay(&[command, &["--threads", threads, path]].concat()).out;
        let one = with("1");
        assert!(!one.is_empty());
        for threads in ["2", "3", "8"] {
            assert_eq!(with(threads), one, "{command:?} on {threads} threads");
        }
    }
}

#[test]
fn every_finding_is_explained() {
    let (code, document) = json(&["explain"]);
    let entries = document["artifacts"].as_array().unwrap();
    assert_eq!((code, entries.len() > 50), (Some(0), true));
    for entry in entries {
        let id = entry["id"].as_str().unwrap();
        let run = assay(&["explain", id]);
        assert_eq!(run.code, Some(0));
        for part in [id, "What to do", "Source"] {
            assert!(run.out.contains(part), "{id}: {}", run.out);
        }
    }
    assert_eq!(assay(&["explain", "SNAP-999"]).code, Some(2));
}

#[test]
fn what_stands_against_an_upgrade_is_told() {
    let blockers = |fixture: &str| {
        let (_, document) = json(&["cluster", fixture_file(fixture, ".db.gz").to_str().unwrap()]);
        let all = document["artifacts"][0]["upgradeBlockers"].as_array().unwrap().clone();
        all.iter().map(|finding| finding["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(blockers("members-m0"), Vec::<String>::new());
    assert_eq!(blockers("downgrade-enabled"), ["ETCD-010"]);
    assert_eq!(blockers("nospace-alarm"), ["ETCD-001"]);
}

#[test]
fn a_database_of_a_snapshot_holds_its_findings() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("keys.sqlite");
    let path = fixture_file("nospace-alarm", ".db.gz");
    let run = assay(&["ls", path.to_str().unwrap(), "-o", "sqlite", "--out", out.to_str().unwrap()]);
    assert_eq!(run.code, Some(0), "{}", run.err);
    let database = rusqlite::Connection::open(&out).unwrap();
    let query = "SELECT id, severity, member FROM findings WHERE severity <> 'info'";
    let rows =
        |row: &rusqlite::Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?));
    let found: Vec<_> = database.prepare(query).unwrap().query_map([], rows).unwrap().map(Result::unwrap).collect();
    assert_eq!(found, [("ETCD-001".to_owned(), "high".to_owned(), "ddd67b312462fd7b".to_owned())]);
}

/// Two runs at two times differ by what ended between them; two runs as of one time do not.
#[test]
fn a_run_goes_by_one_clock_which_can_be_set() {
    let backup = fixture_file("plain-etcd36", ".db.gz");
    let backup = backup.parent().unwrap().to_str().unwrap();
    let ids_at = |now: &str| {
        let document = json(&["verify", "--now", now, backup]).1;
        ids(&document).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let (young, old) = (ids_at("2026-11-24"), ids_at("2027-06-01"));
    assert!(!young.contains(&"HAZ-016".to_owned()), "{young:?}");
    assert!(old.contains(&"HAZ-016".to_owned()), "kubelets renew their certificates within 189 days: {old:?}");
    assert_eq!(ids_at("2027-06-01T23:59:59Z"), old, "a day is its end");
    let run = assay(&["verify", "--now", "tomorrow", backup]);
    assert_eq!(run.code, Some(2));
    assert!(run.err.contains("2027-01-31"), "{}", run.err);
}
