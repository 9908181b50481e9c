//! SARIF 2.1.0: a rule for each kind of finding, a result for each finding.
//!
//! Built as JSON and not through a library of types: twenty properties are used of several hundred, and tests hold the
//! result against the official schema.

use checks::Severity;
use document::{Artifact, Document, Finding};
use serde_json::{Map, Value, json};
use wording::inert_json;

use crate::parts::{place_parts, whole};
use crate::{Context, Rule};

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

pub(crate) fn render(document: &Document, context: &Context<'_>) -> String {
    let mut kinds: Vec<&Finding> = Vec::new();
    for finding in &document.findings {
        if !kinds.iter().any(|known| known.id == finding.id) {
            kinds.push(finding);
        }
    }
    let rules: Vec<Value> = kinds.iter().map(|finding| rule(finding, context.rule(&finding.id))).collect();
    let results: Vec<Value> = document
        .findings
        .iter()
        .map(|finding| result(finding, kinds.iter().position(|known| known.id == finding.id)))
        .collect();
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
            "invocations": [{"executionSuccessful": !document.is_incomplete()}],
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
        "properties": {"severity": rule.severity},
    })
}

fn result(finding: &Finding, rule: Option<usize>) -> Value {
    let mut result = json!({
        "ruleId": finding.id,
        "ruleIndex": rule,
        "level": level(finding.severity),
        "message": {"text": finding.message},
        "locations": [location(finding)],
        "partialFingerprints": {"place/v1": fingerprint(finding)},
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

/// What stays the same while a finding is the same: its kind and its place, not its numbers.
fn fingerprint(finding: &Finding) -> String {
    let parts = place_parts(&finding.location);
    let place: Vec<String> = ["key", "member", "page"]
        .into_iter()
        .filter_map(|name| parts.iter().find(|(part, _)| *part == name))
        .map(|(name, value)| format!("{name}={value}"))
        .chain(finding.location.offset.map(|offset| format!("offset={offset}")))
        .collect();
    format!("{} {}", finding.id, place.join(" ")).trim_end().to_owned()
}

fn location(finding: &Finding) -> Value {
    let mut physical = Map::new();
    physical.insert("artifactLocation".to_owned(), json!({"uri": uri(&finding.artifact)}));
    if let Some(offset) = finding.location.offset.map(whole) {
        physical.insert("region".to_owned(), json!({"byteOffset": offset, "byteLength": 0}));
    }
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
