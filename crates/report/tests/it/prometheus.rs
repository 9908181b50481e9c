//! Metrics against Prometheus' own reader and linter.

use std::io::Write as _;
use std::process::Stdio;

use report::Format;

use crate::{DOCUMENTS, report};

pub(crate) fn promtool(text: &str) -> (bool, String) {
    let mut command = fixtures::tool("promtool").unwrap();
    command.args(["check", "metrics"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    (output.status.success(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
}

#[test]
fn promtool_takes_every_file() {
    if fixtures::tool("promtool").is_none() {
        return;
    }
    for name in DOCUMENTS {
        let (content, said) = promtool(&report(name, Format::Prometheus));
        assert!(content && said.is_empty(), "{name}: {said}");
    }
    let (content, said) = promtool(&crate::many::rendered(&crate::many::nightly(3), Format::Prometheus));
    assert!(content && said.is_empty(), "many: {said}");
    let (content, said) = promtool(&report("pair", Format::Prometheus).replace("\"} ", "} "));
    assert!(!content, "promtool refuses nothing: {said}");
}

#[test]
fn samples_are_those_of_the_document() {
    let pair = report("pair", Format::Prometheus);
    let has = |text: &str, line: &str| assert!(text.lines().any(|have| have == line), "no `{line}` in\n{text}");
    let cluster = "cluster=\"8a5f3c9e-4b7d-4f21-9c5a-2d1e0b6f7a93\"";
    let snapshot = format!("{cluster},path=\"fixtures/aescbc-rotated/snapshot_*.db.gz\"");
    let tarball = format!("{cluster},path=\"fixtures/aescbc-rotated/static_kuberesources_*.tar.gz\"");
    has(&pair, "assay_verdict{verdict=\"pass\"} 1");
    has(&pair, "assay_verdict{verdict=\"fail\"} 0");
    has(&pair, &format!("assay_findings{{{tarball},severity=\"low\"}} 1"));
    has(&pair, &format!("assay_snapshot_trailer_valid{{{snapshot}}} 1"));
    // 2026-11-23 09:09:15 UTC
    has(&pair, &format!("assay_backup_timestamp_seconds{{{cluster},path=\"fixtures/aescbc-rotated\"}} 1795424955"));
    let certificates = pair.lines().filter(|line| line.starts_with("assay_certificate_not_after_timestamp_seconds{"));
    assert!(certificates.count() >= 5);

    let hostile = report("hostile", Format::Prometheus);
    assert!(hostile.lines().any(|line| line.starts_with("assay_findings_waived{") && line.ends_with(" 1")));
    has(&hostile, "assay_findings{cluster=\"\",path=\"elsewhere\",severity=\"critical\"} 1");
    has(&report("unread", Format::Prometheus), "assay_complete 0");
    has(&pair, "assay_complete 1");

    let mixed = report("mixed", Format::Prometheus);
    has(&mixed, "assay_complete 0");
    has(&mixed, "assay_backups{verdict=\"unreadable\"} 2");
    has(&mixed, "assay_backups{verdict=\"fail\"} 2");
    has(&mixed, "assay_cluster_backups{cluster=\"8a5f3c9e\",verdict=\"fail\"} 2");
    has(&mixed, "assay_cluster_newest_timestamp_seconds{cluster=\"8a5f3c9e\"} 1795424952");
    assert!(!mixed.contains("assay_cluster_newest_good_timestamp_seconds{"), "none is good: {mixed}");
    // of two in one place the newest is told
    has(&mixed, "assay_snapshot_size_bytes{cluster=\"8a5f3c9e\",path=\"/mnt/backup/snapshot_*.db\"} 4096");
    assert_eq!(mixed.matches("assay_snapshot_size_bytes{").count(), 1);
}
