//! One flat row a backup.

use checks::Verdict;
use document::{Document, Row};
use serde_json::json;

use crate::recorded::documents;

fn finding(id: &str, severity: &str, artifact: &str) -> serde_json::Value {
    json!({"id": id, "severity": severity, "artifact": artifact})
}

#[test]
fn a_backup_and_its_files_are_one_row() {
    let document: Document = serde_json::from_value(json!({
        "schema": "assay/1", "command": "verify", "assay": "0.1.0",
        "artifacts": [
            {"kind": "backup", "path": "d", "name": "d/2026", "timestamp": "2026", "snapshot": "d/s", "tarball": "d/t",
                "compat": {"release": "4.18.30"}, "encryption": {"keysFit": false}, "verdict": "warn"},
            {"kind": "snapshot", "path": "d/s", "size": 9, "revisions": {"current": 7}, "keys": {"live": 3},
                "openshift": {"version": "4.18.2", "clusterId": "c"}},
            {"kind": "static-kuberesources", "path": "d/t"},
            {"kind": "static-kuberesources", "path": "lone", "timestamp": "2027", "version": {"minor": "4.17"}},
            {"kind": "delta", "path": "later"},
        ],
        "findings": [
            finding("A", "medium", "d/2026"), finding("B", "critical", "d/s"), finding("C", "critical", "d/t"),
            finding("D", "low", "d"), finding("E", "high", "lone"), finding("F", "info", "elsewhere"),
        ],
        "failOn": "never", "verdict": "warn",
    }))
    .unwrap();
    let whole = Row {
        name: "d/2026",
        path: "d",
        kind: "backup",
        snapshot: Some("d/s"),
        tarball: Some("d/t"),
        timestamp: Some("2026"),
        verdict: Verdict::Warn,
        critical: 2,
        medium: 1,
        low: 1,
        worst: Some("B"),
        revision: Some(7),
        size: Some(9),
        live_keys: Some(3),
        release: Some("4.18.30"),
        cluster_id: Some("c"),
        keys_fit: Some(false),
        ..Row::default()
    };
    let lone = Row {
        name: "lone",
        path: "lone",
        kind: "static-kuberesources",
        tarball: Some("lone"),
        timestamp: Some("2027"),
        verdict: Verdict::Warn,
        high: 1,
        worst: Some("E"),
        release: Some("4.17"),
        ..Row::default()
    };
    assert_eq!(document.rows(), [whole, lone]);
}

#[test]
fn waived_findings_do_not_count() {
    let mut known = finding("A", "critical", "s");
    known["waived"] = json!({"reason": "r", "until": "2027-01-31"});
    let document: Document = serde_json::from_value(json!({
        "schema": "assay/1", "command": "verify", "artifacts": [{"kind": "snapshot", "path": "s"}],
        "findings": [known, finding("B", "low", "s")], "verdict": "pass",
    }))
    .unwrap();
    let [row] = document.rows().try_into().unwrap();
    assert_eq!((row.verdict, row.critical, row.low, row.waived, row.worst), (Verdict::Pass, 0, 1, 1, Some("B")));
}

#[test]
fn every_recorded_backup_has_a_row() {
    for (name, text) in documents().iter().filter(|(name, _)| name.ends_with("verify-json.txt")) {
        let document = Document::read(text.as_bytes()).unwrap();
        let rows = document.rows();
        let backups = document.artifacts.iter().filter(|it| it.kind() == Some("backup")).count();
        assert_eq!(rows.len(), backups, "{name}");
        assert_eq!(rows.iter().map(|row| row.verdict).max(), Some(document.verdict), "{name}");
        let row = &rows[0];
        let counted = row.critical + row.high + row.medium + row.low + row.info + row.waived;
        assert!(rows.len() > 1 || counted == document.findings.len() as u64, "{name}");
        let flat = serde_json::to_value(row).unwrap();
        assert!(flat.as_object().unwrap().values().all(|value| !value.is_object() && !value.is_array()), "{flat}");
    }
}
