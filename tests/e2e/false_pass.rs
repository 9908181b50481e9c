//! Snapshots with right pages and a right hash, and content that no etcd wrote: each has the answer that a real etcd gave.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;

use crate::support::{json, root};

/// The worst verdict of a file, by the severities of what was found about it.
fn verdict(worst: Option<&str>) -> &'static str {
    match worst {
        Some("critical" | "high") => "fail",
        Some("medium") => "warn",
        _ => "pass",
    }
}

fn rank(severity: &str) -> usize {
    ["info", "low", "medium", "high", "critical"].iter().position(|word| *word == severity).unwrap()
}

#[test]
fn what_a_real_etcd_loses_or_refuses_is_never_passed_and_what_it_serves_is() {
    let folder = root().join("fixtures/false-pass");
    let answers = fs::read_to_string(folder.join("answers.tsv")).unwrap();
    let rows: Vec<Vec<&str>> =
        answers.lines().filter(|line| !line.starts_with('#')).map(|line| line.split('\t').collect()).collect();
    let path = |name: &str| folder.join(format!("{name}.db.gz")).to_str().unwrap().to_owned();
    let paths: Vec<String> = rows.iter().map(|row| path(row[0])).collect();
    let line: Vec<&str> = ["verify"].into_iter().chain(paths.iter().map(String::as_str)).collect();
    let (code, document) = json(&line);
    assert_eq!(code, Some(1));
    let judged = document["artifacts"].as_array().unwrap().iter().filter_map(|artifact| artifact["path"].as_str());
    let mut worst: BTreeMap<&str, Option<&str>> = judged.map(|path| (path, None)).collect();
    assert_eq!(worst.len(), rows.len(), "a file could not be judged");
    for finding in document["findings"].as_array().unwrap() {
        let of = |field: &str| finding.get(field).and_then(Value::as_str).unwrap();
        let known = worst.get_mut(of("artifact")).unwrap();
        if known.is_none_or(|known| rank(of("severity")) > rank(known)) {
            *known = Some(of("severity"));
        }
    }
    let mut wrong = Vec::new();
    for (row, path) in rows.iter().zip(&paths) {
        let [name, right, what, etcd] = row[..] else { panic!("{row:?}") };
        let got = verdict(worst[path.as_str()]);
        if !right.split(" or ").any(|right| right == got) {
            wrong.push(format!("{name} ({what}; {etcd}): {got}, expected {right}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {} files:\n{}", wrong.len(), rows.len(), wrong.join("\n"));
}
