//! `assay cluster` against what is known of each backup.

use serde_json::{Value, json};

use crate::fixture::{all, named};
use crate::run::{json_of, run};

fn artifact(name: &str) -> Value {
    let document = json_of(&["cluster", "--json", named(name).snapshot().to_str().unwrap()]);
    document.pointer("/artifacts/0").unwrap().clone()
}

fn leases(artifact: &Value) -> &[Value] {
    artifact.get("leaseList").and_then(Value::as_array).unwrap()
}

#[test]
fn every_number_is_that_of_the_ground_truth() {
    for fixture in all() {
        let facts = fixture.facts();
        let document = json_of(&["cluster", "--json", fixture.snapshot().to_str().unwrap()]);
        let artifact = &document["artifacts"][0];
        let etcd = &artifact["etcd"];
        let length = |value: &Value| json!(value.as_array().unwrap().len());
        for (ours, theirs) in [
            (etcd["consistentIndex"].clone(), "consistent_index"),
            (etcd["clusterVersion"].clone(), "clusterVersion"),
            (length(&etcd["members"]), "n_members"),
            (length(&etcd["removedMembers"]), "n_members_removed"),
            (length(&etcd["alarms"]), "n_alarm"),
            (etcd["leases"].clone(), "n_lease"),
            (length(&artifact["leaseList"]), "n_lease"),
            (etcd["auth"]["users"].clone(), "n_authUsers"),
            (length(&artifact["roleList"]), "n_authRoles"),
        ] {
            assert_eq!(ours, facts[theirs], "{}: {theirs}", fixture.name);
        }
        let attached: u64 = leases(artifact).iter().map(|lease| lease["keys"].as_u64().unwrap()).sum();
        let keys = json_of(&["ls", "--json", fixture.snapshot().to_str().unwrap()]);
        let keys = keys["artifacts"][0]["keys"].as_array().unwrap();
        let expected = keys.iter().filter(|key| !key["lease"].is_null()).count() as u64;
        assert_eq!(attached, expected, "{}: keys on leases", fixture.name);
        assert_eq!(etcd["term"], facts["term"], "{}: term", fixture.name);
    }
}

#[test]
fn what_is_special_about_a_cluster_is_told() {
    let members = artifact("members-learner")["etcd"]["members"].clone();
    let learners = members.as_array().unwrap().iter().filter(|member| member["isLearner"] == true).count();
    assert_eq!(learners, 1);
    assert_eq!(artifact("nospace-alarm")["etcd"]["alarms"][0]["alarm"], "NOSPACE");
    assert_eq!(artifact("downgrade-enabled")["etcd"]["downgradeTarget"].as_str().map(|v| &v[..3]), Some("3.5"));
    let text = run(&["cluster", named("nospace-alarm").snapshot().to_str().unwrap()]).out;
    assert!(text.contains("NOSPACE raised by "), "{text}");
}

#[test]
fn users_are_named_and_their_hashes_are_not() {
    let path = named("auth-enabled").snapshot();
    for line in [&["cluster"][..], &["cluster", "--json"]] {
        let line: Vec<&str> = line.iter().copied().chain([path.to_str().unwrap()]).collect();
        let out = run(&line).out;
        assert!(out.contains("root"), "{out}");
        assert!(!out.contains("$2a$") && !out.contains("$2b$"), "a bcrypt hash: {out}");
    }
    let artifact = artifact("auth-enabled");
    assert_eq!(artifact["etcd"]["auth"]["enabled"], true);
    let users = artifact["userList"].as_array().unwrap();
    assert!(users.iter().any(|user| user["name"] == "root" && user["hasPassword"] == true));
    let bytes = named("auth-enabled").bytes();
    assert!(bytes.windows(4).any(|window| window == b"$2a$"), "the file holds hashes to leak");
}
