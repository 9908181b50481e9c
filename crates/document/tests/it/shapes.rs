//! Documents of an older and of a newer assay, and what is none.

use checks::{Severity, Verdict};
use document::{Artifact, Document};
use serde_json::{Value, json};

fn read(value: Value) -> Document {
    serde_json::from_value(value).unwrap()
}

/// As `verify` wrote a backup before it told of releases, keys and escrows, and of what a restore would take.
fn older() -> Value {
    json!({
        "schema": "assay/1", "command": "verify", "assay": "0.0.9",
        "artifacts": [
            {"kind": "backup", "path": "b/snapshot.db", "timestamp": null, "dirty": true,
                "snapshot": "b/snapshot.db", "tarball": null, "others": [], "crossChecked": false},
            {"kind": "snapshot", "path": "b/snapshot.db", "size": 20512, "revisions": {"current": 7}},
        ],
        "findings": [{"id": "SNAP-002", "name": "trailer-missing", "severity": "high", "artifact": "b/snapshot.db",
            "message": "m", "evidence": {}, "location": {}, "remedy": "r"}],
        "verdict": "fail",
    })
}

#[test]
fn what_an_older_assay_did_not_say_is_absent() {
    let document = read(older());
    let [Artifact::Backup(backup), Artifact::Snapshot(snapshot)] = document.artifacts.as_slice() else {
        panic!("{document:?}")
    };
    assert!(
        backup.dirty && backup.encryption.is_none() && backup.verdict.is_none() && backup.compat.release.is_empty()
    );
    assert_eq!(document.artifacts[0].name(), "b/snapshot.db", "by its path where it has no name");
    assert_eq!((snapshot.size, snapshot.revisions.current), (20512, 7));
    assert!(snapshot.trailer.is_none() && snapshot.openshift.is_none() && snapshot.space.db_size == 0);
    assert!(document.findings[0].waived.is_none() && document.judged_by.is_none());
    assert_eq!(document.fail_on(), Some(Severity::High));
    // what it does say stays, in the order that it has now
    let written = serde_json::to_value(&document).unwrap();
    assert_eq!(written["artifacts"][0]["dirty"], true);
    assert_eq!(written["findings"][0]["waived"], Value::Null);
}

#[test]
fn what_a_newer_assay_says_besides_is_kept() {
    let newer = json!({
        "schema": "assay/1", "command": "verify", "assay": "9.0.0", "signed": {"by": "x"},
        "artifacts": [
            {"kind": "snapshot", "path": "a", "mood": ["calm", {"z": 1, "a": null}]},
            {"kind": "delta", "path": "d", "of": 18446744073709551615_u64},
            "not an object", null,
        ],
        "findings": [{"id": "NEW-1", "severity": "dire", "url": "u", "location": {"row": 3}}],
        "verdict": "perhaps", "failOn": "dire", "policy": {"path": "p"},
    });
    let document = read(newer.clone());
    assert_eq!(document.verdict, Verdict::Fail, "a verdict that is not known");
    assert_eq!(document.findings[0].severity, Severity::Critical, "a severity that is not known");
    assert_eq!(document.fail_on(), Some(Severity::Critical));
    assert_eq!((document.artifacts[1].kind(), document.artifacts[1].path()), (Some("delta"), "d"));
    let written = serde_json::to_value(&document).unwrap();
    for pointer in [
        "/signed",
        "/artifacts/0/mood",
        "/artifacts/1",
        "/artifacts/2",
        "/artifacts/3",
        "/findings/0/url",
        "/findings/0/location/row",
        "/policy",
        "/assay",
    ] {
        assert_eq!(written.pointer(pointer), newer.pointer(pointer), "{pointer}");
    }
}

#[test]
fn another_command_is_kept_in_its_own_order() {
    let text = concat!(
        r#"{"schema":"assay/1","command":"weigh","assay":"0.1.0","artifacts":[{"path":"b","a":1}],"#,
        r#""summary":{"b":1,"a":2},"agreement":null,"findings":[],"verdict":"pass"}"#
    );
    let document = Document::read(text.as_bytes()).unwrap();
    assert_eq!(serde_json::to_string(&document).unwrap(), text);
    assert!(matches!(document.artifacts[0], Artifact::Other(_)));
}

#[test]
fn what_is_odd_is_absent_and_the_rest_is_read() {
    let odd = json!({
        "schema": "assay/1", "command": 7, "verdict": [], "failOn": {}, "policy": 7,
        "artifacts": {"a": 1}, "findings": [7, {"id": [], "severity": "low", "artifact": "a", "evidence": null}],
    });
    let document = read(odd);
    assert!(document.command.is_empty() && document.artifacts.is_empty());
    assert_eq!((document.verdict, document.fail_on()), (Verdict::Fail, Some(Severity::High)));
    assert_eq!((document.findings[0].severity, document.findings[1].severity), (Severity::Critical, Severity::Low));
    assert_eq!(document.findings[1].artifact, "a");

    let mut odd = older();
    odd["artifacts"][1]["size"] = json!(-1);
    odd["artifacts"][1]["etcd"] = json!({"members": [{"id": "x", "name": "m"}, 7]});
    let document = read(odd);
    let Artifact::Snapshot(snapshot) = &document.artifacts[1] else { panic!("{document:?}") };
    assert_eq!((snapshot.size, snapshot.revisions.current), (0, 7));
    assert_eq!(snapshot.etcd.members.len(), 1);
    assert_eq!((snapshot.etcd.members[0].id.0, snapshot.etcd.members[0].name.as_str()), (0, "m"));
}

#[test]
fn what_is_no_document_is_refused() {
    for (text, why) in [
        ("", "EOF"),
        ("null", "not an object"),
        ("[]", "not an object"),
        ("{}", "not a document of assay/1"),
        (r#"{"schema":7}"#, "not a document of assay/1"),
        (r#"{"schema":"assay/2"}"#, r#"a document of "assay/2", not of assay/1"#),
        (&"[".repeat(100_000), "recursion"),
    ] {
        let error = Document::read(text.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
}
