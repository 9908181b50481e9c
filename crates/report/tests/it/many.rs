//! A run over three hundred backups, in every form: within the limits of those who read it, and the same from night to
//! night.

use std::collections::BTreeSet;

use document::Document;
use report::{Context, Format};
use serde_json::{Value, json};

use crate::RULES;

/// Backups in the run.
pub(crate) const BACKUPS: usize = 300;

/// A night's run: three clusters, a hundred backups of each, from that night of a summer on. Of ten backups of one cluster one
/// fails and two are to be looked at; each has as many findings as a real one.
pub(crate) fn nightly(first: usize) -> Document {
    let (mut artifacts, mut findings) = (Vec::new(), Vec::new());
    for number in 0..BACKUPS {
        let (cluster, night) = (number % 3, first + number / 3);
        let stamp = format!("2026-{:02}-{:02}_010203", 6 + night / 28, 1 + night % 28);
        let at = format!("{}T01:02:01Z", &stamp[..10]);
        let folder = format!("/mnt/backup/cluster-{cluster}");
        let name = format!("{folder}/{stamp}");
        let snapshot = format!("{folder}/snapshot_{stamp}.db");
        let verdict = ["fail", "warn", "warn", "pass", "pass", "pass", "pass", "pass", "pass", "pass"][night % 10];
        artifacts.push(json!({"kind": "backup", "path": folder, "name": name, "timestamp": stamp,
            "snapshot": snapshot, "tarball": null, "others": [], "verdict": verdict}));
        artifacts.push(json!({"kind": "snapshot", "path": snapshot, "size": 1_000_000 + number, "verdict": "pass",
            "keys": {"live": 1000 + number, "resources": [{"resource": "secrets", "plain": 3, "encrypted": []}]},
            "cluster": {"id": format!("c{cluster}"), "by": "cluster-version", "name": format!("prod-{cluster}")},
            "taken": {"at": at, "by": "data"}}));
        let mut add = |id: String, severity: &str, location: Value| {
            let message = format!("of {name}: {}", "what was found, at some length ".repeat(6));
            findings.push(json!({"id": id, "name": "some-name", "severity": severity, "artifact": name,
                "message": message, "evidence": {"number": number, "of": "some text"}, "location": location,
                "remedy": "Do something about it, and then look again.", "waived": null}));
        };
        if verdict == "fail" {
            add("SNAP-003".to_owned(), "critical", json!({"page": night, "offset": night * 4096}));
        }
        for kind in 0..if verdict == "pass" { 0 } else { 5 } {
            add(format!("HAZ-{kind:03}"), "medium", json!({"key": format!("/registry/pods/a/b-{kind}")}));
        }
        for kind in 0..20 {
            add(format!("LOW-{kind:03}"), "low", json!({}));
        }
    }
    let last = |cluster: usize| {
        let newest = artifacts[2 * (BACKUPS - 3 + cluster)].clone();
        let taken = artifacts[2 * (BACKUPS - 3 + cluster) + 1]["taken"].clone();
        json!({"name": newest["name"], "verdict": newest["verdict"], "taken": taken})
    };
    let clusters: Vec<Value> = (0..3)
        .map(|cluster| {
            json!({"cluster": {"id": format!("c{cluster}"), "by": "cluster-version", "name": format!("prod-{cluster}")},
                "judged": 100, "pass": 70, "warn": 20, "fail": 10, "newest": last(cluster), "newestGood": null})
        })
        .collect();
    artifacts
        .push(json!({"kind": "unreadable", "path": "/mnt/backup/odd.db", "error": "`/mnt/backup/odd.db` is empty",
        "verdict": "unreadable"}));
    serde_json::from_value(json!({"schema": "assay/1", "command": "verify", "assay": "0.1.0", "artifacts": artifacts,
        "findings": findings, "verdict": "fail", "failOn": "high", "policy": null,
        "run": {"judged": 300, "pass": 210, "warn": 60, "fail": 30, "unreadable": 1,
            "passedOver": 0, "cutShort": false, "clusters": clusters}}))
    .unwrap()
}

pub(crate) fn rendered(document: &Document, format: Format) -> String {
    report::render(format, document, &Context { rules: &RULES, now: None })
}

/// The first word of each line of metrics: name and labels.
fn series(metrics: &str) -> Vec<String> {
    let lines = metrics.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| line.rsplit_once(' ').unwrap().0.to_owned()).collect()
}

#[test]
fn metrics_have_the_same_series_each_night_and_none_twice() {
    // two nights with the same verdicts
    let (one, other) = (nightly(3), nightly(13));
    let [one, other] = [&one, &other].map(|document| series(&rendered(document, Format::Prometheus)));
    assert_eq!(one, other);
    assert_eq!(one.iter().collect::<BTreeSet<_>>().len(), one.len(), "a series comes twice");
    assert!(one.len() < 400, "{}", one.len());
    assert!(one.iter().all(|series| !series.contains("2026")), "a time in a label");
    assert!(
        one.contains(&r#"assay_snapshot_revision{cluster="c1",path="/mnt/backup/cluster-1/snapshot_*.db"}"#.to_owned())
    );
}

fn results(sarif: &str) -> Vec<Value> {
    let log: Value = serde_json::from_str(sarif).unwrap();
    log["runs"][0]["results"].as_array().unwrap().clone()
}

#[test]
fn sarif_is_what_code_scanning_takes_and_knows_again() {
    let print = |result: &Value| result["partialFingerprints"]["primaryLocationLineHash"].as_str().unwrap().to_owned();
    let document = nightly(3);
    assert!(document.findings.len() > 5000, "{}", document.findings.len());
    let text = rendered(&document, Format::Sarif);
    let found = results(&text);
    assert_eq!(found.len(), 5000);
    assert!(text.len() <= 10_000_000, "{} bytes, before gzip", text.len());
    let count =
        |found: &[Value], severity: &str| found.iter().filter(|it| it["properties"]["severity"] == severity).count();
    let medium = document.findings.iter().filter(|finding| finding.severity == checks::Severity::Medium).count();
    // the unreadable one is critical, too
    assert_eq!((count(&found, "critical"), count(&found, "medium")), (31, medium), "the least severe are left out");
    let log: Value = serde_json::from_str(&text).unwrap();
    let note = log["runs"][0]["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"].as_str().unwrap();
    assert!(note.starts_with(&format!("{} results", document.findings.len() + 1 - 5000)), "{note}");
    let prints: BTreeSet<String> = found.iter().map(print).collect();
    assert_eq!(prints.len(), found.len(), "two results with one fingerprint");

    // ten nights on, the same faults are the same results
    let known = |document: &Document, severity: &str| -> BTreeSet<String> {
        let of = |it: &&Value| it["properties"]["severity"] == severity;
        results(&rendered(document, Format::Sarif)).iter().filter(of).map(print).collect()
    };
    let later = nightly(13);
    for severity in ["critical", "medium"] {
        assert_eq!(known(&document, severity), known(&later, severity), "{severity}");
    }
}

#[test]
fn junit_has_a_suite_for_each_backup() {
    let xml = rendered(&nightly(3), Format::Junit);
    // the one that could not be read, and the run
    assert_eq!(xml.matches("<testsuite ").count(), BACKUPS + 2);
    assert_eq!(xml.matches("<failure ").count(), 30 + 1);
}

#[test]
fn the_page_is_small_and_folded() {
    let page = rendered(&nightly(3), Format::Html);
    assert!(page.len() < 2_000_000, "{} bytes", page.len());
    assert_eq!(page.matches("<tbody data-verdict=").count(), BACKUPS + 1);
    let folds: Vec<&str> = page.split("<details").skip(1).map(|it| it.split('>').next().unwrap()).collect();
    assert!(folds.len() >= BACKUPS && folds.iter().all(|it| !it.contains("open")), "something is unfolded");
    assert_eq!(page.matches("<script>").count(), 1);
    assert!(page.contains("; script-src 'sha256-") && page.contains("default-src 'none'"));
    let first = page.split("<tbody data-verdict=\"").nth(1).unwrap();
    assert!(first.starts_with("unreadable"), "the worst is first: {}", &first[..200]);
}
