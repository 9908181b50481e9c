//! SARIF 2.1.0: a rule for each kind of finding, a result for each finding.
//!
//! Built as JSON and not through a library of types: twenty properties are used of several hundred, and tests hold the
//! result against the official schema.

use std::collections::BTreeMap;

use checks::Severity;
use document::{Artifact, Document, Finding, Unread};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use wording::inert_json;

use crate::parts::{place_parts, whole};
use crate::timeless::timeless;
use crate::{Context, Rule};

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// What code scanning shows of one run.
const MOST: usize = 5000;
/// Bytes of results in one run; code scanning takes 10 MB of a compressed file.
const ROOM: usize = 9_000_000;
/// The rule for what could not be read.
const UNREADABLE: &str = "unreadable";

pub(crate) fn render(document: &Document, context: &Context<'_>) -> String {
    let mut kinds: Vec<&Finding> = Vec::new();
    for finding in &document.findings {
        match kinds.iter_mut().find(|known| known.id == finding.id) {
            // the worst of a kind tells how bad it can be
            Some(known) if known.severity < finding.severity => *known = finding,
            Some(_) => {}
            None => kinds.push(finding),
        }
    }
    let mut rules: Vec<Value> = kinds.iter().map(|finding| rule(finding, context.rule(&finding.id))).collect();
    let unread: Vec<&Unread> = document.unread().collect();
    rules.extend((!unread.is_empty()).then(unreadable));
    let prints = fingerprints(document);
    let mut results: Vec<(Severity, Value)> = Vec::new();
    results.extend(unread.iter().map(|it| (Severity::Critical, not_read(it, kinds.len()))));
    results.extend(document.findings.iter().zip(&prints).map(|(finding, print)| {
        (finding.severity, result(finding, kinds.iter().position(|known| known.id == finding.id), print))
    }));
    let (results, left_out) = fitting(results);
    let mut invocation = json!({"executionSuccessful": !document.is_incomplete()});
    let notes = notifications(document, left_out);
    if let Some(invocation) = invocation.as_object_mut().filter(|_| !notes.is_empty()) {
        invocation.insert("toolExecutionNotifications".to_owned(), Value::Array(notes));
    }
    let log = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "assay",
                "semanticVersion": if document.assay.is_empty() { "0.0.0" } else { &*document.assay },
                "shortDescription": {"text": "Proves, offline, that an OpenShift etcd backup will restore."},
                "rules": rules,
            }},
            "invocations": [invocation],
            "artifacts": artifacts(document),
            "results": results,
            "properties": {
                "verdict": document.verdict.name(),
                "failOn": document.fail_on().map_or("never", Severity::name),
            },
        }],
    });
    // a `Value` of strings, numbers and maps with text for keys always serialises
    let text = serde_json::to_string_pretty(&log).unwrap_or_default();
    inert_json(&text).into_owned() + "\n"
}

/// As many results as code scanning takes, in their order; the least severe are left out, and counted.
fn fitting(results: Vec<(Severity, Value)>) -> (Vec<Value>, usize) {
    let mut order: Vec<usize> = (0..results.len()).collect();
    order.sort_by_key(|at| std::cmp::Reverse(results.get(*at).map(|(severity, _)| *severity)));
    let (mut kept, mut room) = (vec![false; results.len()], ROOM);
    for at in order.into_iter().take(MOST) {
        let Some((_, result)) = results.get(at) else { continue };
        // blanks and line feeds of the written file come on top
        let size = serde_json::to_string_pretty(result).map_or(0, |text| text.len() * 3 / 2);
        let Some(left) = room.checked_sub(size) else { break };
        room = left;
        if let Some(kept) = kept.get_mut(at) {
            *kept = true;
        }
    }
    let left_out = kept.iter().filter(|kept| !**kept).count();
    (results.into_iter().zip(kept).filter(|(_, kept)| *kept).map(|((_, result), _)| result).collect(), left_out)
}

/// What is to be known of the run besides its results.
fn notifications(document: &Document, left_out: usize) -> Vec<Value> {
    let note = |level, text: String| json!({"level": level, "message": {"text": text}});
    let cut =
        document.is_cut_short().then(|| note("error", "The run was cut short: not every input was judged.".into()));
    let less = format!("{left_out} results of the least severity are left out; assay verify --json has all.");
    cut.into_iter().chain((left_out > 0).then(|| note("warning", less))).collect()
}

/// The rule that what could not be read goes by.
fn unreadable() -> Value {
    json!({
        "id": UNREADABLE,
        "name": UNREADABLE,
        "shortDescription": {"text": "It could not be read"},
        "fullDescription": {"text": "Nothing was proven about it: it could not be read, or not all of it."},
        "help": {"text": "Look for the cause in the path, the permissions or the disk."},
        "defaultConfiguration": {"level": "error"},
        "properties": {"severity": "critical", "security-severity": score(Severity::Critical), "tags": ["security"]},
    })
}

fn not_read(it: &Unread, rule: usize) -> Value {
    json!({
        "ruleId": UNREADABLE,
        "ruleIndex": rule,
        "level": "error",
        "message": {"text": it.error},
        "locations": [{"physicalLocation": {"artifactLocation": {"uri": uri(&it.path)}, "region": {"startLine": 1}}}],
        "partialFingerprints": {"primaryLocationLineHash": digest(&format!("{UNREADABLE} {}", timeless(&it.path)), 1)},
        "properties": {"severity": "critical"},
    })
}

/// A severity as code scanning has it, which is by CVSS.
fn score(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "2.0",
        Severity::Info => "0.1",
    }
}

/// SARIF has three levels.
fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "note",
    }
}

/// What is known of a kind of finding: by the table of findings, or else by the finding alone.
fn rule(finding: &Finding, rule: Option<&Rule<'_>>) -> Value {
    let Some(rule) = rule else {
        return json!({
            "id": finding.id,
            "name": finding.name,
            "help": {"text": finding.remedy},
            "defaultConfiguration": {"level": level(finding.severity)},
            "properties": {"security-severity": score(finding.severity), "tags": ["security"]},
        });
    };
    let usual = Severity::ALL.into_iter().find(|severity| severity.name() == rule.severity);
    let plain = format!(
        "What to do: {}\n\nHow it comes about: {}\n\nWhat it leads to: {}\n\nSource: {}",
        rule.remedy, rule.cause, rule.consequence, rule.source
    );
    let marked = format!(
        "**What to do.** {}\n\n**How it comes about.** {}\n\n**What it leads to.** {}\n\n*Source:* {}",
        rule.remedy, rule.cause, rule.consequence, rule.source
    );
    json!({
        "id": rule.id,
        "name": rule.name,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": format!("{} {}", rule.cause, rule.consequence)},
        "help": {"text": plain, "markdown": marked},
        "defaultConfiguration": {"level": level(usual.unwrap_or(finding.severity))},
        "properties": {
            "severity": rule.severity,
            "security-severity": score(finding.severity),
            "tags": ["security"],
        },
    })
}

fn result(finding: &Finding, rule: Option<usize>, print: &str) -> Value {
    let mut result = json!({
        "ruleId": finding.id,
        "ruleIndex": rule,
        "level": level(finding.severity),
        "message": {"text": finding.message},
        "locations": [location(finding)],
        "partialFingerprints": {"primaryLocationLineHash": print},
        "properties": {
            "severity": finding.severity.name(),
            "evidence": finding.evidence,
            "remedy": finding.remedy,
        },
    });
    if let (Some(waived), Some(map)) = (&finding.waived, result.as_object_mut()) {
        let suppression = json!({
            "kind": "external",
            "status": "accepted",
            "justification": waived.reason,
            "properties": {"until": waived.until},
        });
        map.insert("suppressions".to_owned(), json!([suppression]));
    }
    result
}

/// What stays the same from night to night while a finding is the same, for each finding: its kind, the backup without the
/// time in its name, and the object that it is about. Of equal ones the last is the first, as in most
/// documents the newest backup is: whatever is added or goes at the other end moves none.
fn fingerprints(document: &Document) -> Vec<String> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut prints: Vec<String> = document
        .findings
        .iter()
        .rev()
        .map(|finding| {
            let same = same(finding);
            let number = seen.entry(same.clone()).or_insert(0);
            *number += 1;
            digest(&same, *number)
        })
        .collect();
    prints.reverse();
    prints
}

fn same(finding: &Finding) -> String {
    let parts = place_parts(&finding.location);
    let part = |name: &str| parts.iter().find(|(part, _)| *part == name).map(|(_, value)| timeless(value));
    let place = [part("key"), part("member")].into_iter().flatten().collect::<Vec<_>>().join(" ");
    format!("{} {} {place}", finding.id, timeless(&finding.artifact))
}

/// As code scanning's own: sixteen hex digits and a number.
fn digest(text: &str, number: usize) -> String {
    let hex = wording::hex(Sha256::digest(text.as_bytes()).iter().take(8));
    format!("{hex}:{number}")
}

fn location(finding: &Finding) -> Value {
    let mut physical = Map::new();
    physical.insert("artifactLocation".to_owned(), json!({"uri": uri(&finding.artifact)}));
    // code scanning shows no result without a line; a database has none but the first
    let region = match finding.location.offset.map(whole) {
        Some(offset) => json!({"startLine": 1, "byteOffset": offset, "byteLength": 0}),
        None => json!({"startLine": 1}),
    };
    physical.insert("region".to_owned(), region);
    let parts = place_parts(&finding.location);
    let logical: Vec<Value> = [("page", "page"), ("key", "object"), ("member", "member")]
        .into_iter()
        .filter_map(|(name, kind)| Some((parts.iter().find(|(part, _)| *part == name)?, kind)))
        .map(|((name, shown), kind)| {
            let full = if *name == "page" { format!("page {shown}") } else { shown.clone() };
            let last = full.rsplit('/').find(|part| !part.is_empty()).unwrap_or(&full);
            json!({"name": last, "fullyQualifiedName": full, "kind": kind})
        })
        .collect();
    let mut location = Map::new();
    location.insert("physicalLocation".to_owned(), Value::Object(physical));
    if !logical.is_empty() {
        location.insert("logicalLocations".to_owned(), Value::Array(logical));
    }
    Value::Object(location)
}

/// Each artifact once, as SARIF asks; a path may be given twice.
fn artifacts(document: &Document) -> Vec<Value> {
    let mut artifacts: Vec<Value> = Vec::new();
    for artifact in document.artifacts.iter().map(artifact) {
        if !artifacts.contains(&artifact) {
            artifacts.push(artifact);
        }
    }
    artifacts
}

fn artifact(of: &Artifact) -> Value {
    let mut artifact = Map::new();
    artifact.insert("location".to_owned(), json!({"uri": uri(of.name())}));
    let kind = of.kind();
    let (size, sha256) = match of {
        Artifact::Snapshot(it) => (Some(it.size), None),
        Artifact::Tarball(it) => (Some(it.size), Some(&it.sha256)),
        _ => (None, None),
    };
    let roles = if kind == Some("backup") { json!(["analysisTarget", "directory"]) } else { json!(["analysisTarget"]) };
    artifact.insert("roles".to_owned(), roles);
    if let Some(size) = size.map(whole) {
        artifact.insert("length".to_owned(), json!(size));
    }
    if let Some(sha256) = sha256 {
        artifact.insert("hashes".to_owned(), json!({"sha-256": sha256}));
    }
    if let Some(kind) = kind {
        artifact.insert("properties".to_owned(), json!({"kind": kind}));
    }
    Value::Object(artifact)
}

/// A path as a reference: absolute ones as `file:` URIs, others relative, bytes that mean something escaped.
fn uri(path: &str) -> String {
    let mut uri = String::with_capacity(path.len() + 8);
    if path.starts_with('/') {
        uri.push_str("file://");
    }
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    // `//host/x` would name a host
    if uri.starts_with("//") { format!(".{uri}") } else { uri }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_references() {
        for (path, expected) in [
            ("a/b.db", "a/b.db"),
            ("/mnt/a b.db", "file:///mnt/a%20b.db"),
            ("-", "-"),
            ("c:x?#%", "c%3Ax%3F%23%25"),
            ("ü", "%C3%BC"),
            ("//host/x", "file:////host/x"),
            ("", ""),
        ] {
            assert_eq!(uri(path), expected);
        }
    }
}
