//! A policy on what was judged. It asks its questions of the document that scripts read, so that it cannot know more.

use std::path::Path;

use checks::required::{Known, Stored, Subject};
use checks::{Finding, Severity};
use document::Artifact;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use policy::Policy;
use serde_json::Value;

use super::Judged;
use crate::exit::Error;
use crate::ui::{Ui, style};
use wording::escape;

/// A policy that was asked for.
pub(super) struct InForce {
    /// Its path, as given.
    pub(super) path: String,
    policy: Policy,
    /// The time that all ages are reckoned from.
    now: Timestamp,
}

impl InForce {
    /// Reads it.
    ///
    /// # Errors
    /// When it cannot be read or is not understood.
    pub(super) fn read(path: &Path, now: Timestamp) -> Result<Self, Error> {
        let policy = crate::commands::policy::read(path)?;
        Ok(Self { path: path.to_string_lossy().into_owned(), policy, now })
    }

    /// Adds what the policy requires, waives what it waives, and judges anew.
    pub(super) fn apply(&self, judged: &mut Judged, limit: Option<Severity>) {
        // each artifact's document stands where its part does; a pair on the command line shares one name
        let mut documents: Vec<Value> =
            judged.documents.iter().filter_map(|document| serde_json::to_value(document).ok()).collect();
        let alone = documents.len() == 1;
        for (name, findings) in &mut judged.report.parts {
            let place = documents.iter().position(|document| name_of(document) == Some(name));
            let document = place.map(|place| documents.remove(place));
            let facts = facts(document.as_ref(), name, alone, self.now);
            *findings = self.policy.apply(std::mem::take(findings), &facts);
        }
        let all = judged.report.parts.iter().flat_map(|(_, findings)| findings);
        judged.report.verdict = checks::verdict(all, limit);
        for document in &mut judged.documents {
            if let Artifact::Backup(backup) = document {
                backup.verdict = Some(judged.report.verdict);
            }
        }
    }
}

/// What findings about an artifact call it.
fn name_of(document: &Value) -> Option<&String> {
    let named = |field: &str| match document.get(field) {
        Some(Value::String(name)) => Some(name),
        _ => None,
    };
    if document.get("kind").and_then(Value::as_str) == Some("backup") { named("name") } else { named("path") }
}

/// What a document says that a policy asks for.
fn facts(document: Option<&Value>, name: &str, alone: bool, now: Timestamp) -> Known {
    let at = |pointer: &str| document.and_then(|document| document.pointer(pointer));
    let list = |pointer: &str| at(pointer).and_then(Value::as_array).into_iter().flatten();
    let kind = match at("/kind").and_then(Value::as_str) {
        Some("snapshot") => Subject::Snapshot,
        Some("static-kuberesources") => Subject::Tarball,
        Some("backup") => Subject::Backup,
        _ => Subject::Other,
    };
    let stamp = at("/timestamp").and_then(Value::as_str).or_else(|| stamp_in(name));
    Known {
        alone,
        taken: stamp.and_then(taken),
        fragmentation_percent: at("/space/fragmentationPercent").and_then(Value::as_f64),
        trailer_valid: at("/trailer").map(|trailer| trailer["valid"].as_bool() == Some(true)),
        stored: list("/keys/resources").map(stored).collect(),
        certificates: list("/keyMaterial").filter_map(certificate).collect(),
        keys_fit: at("/encryption/keysFit").or_else(|| at("/keysFit")).and_then(Value::as_bool),
        in_escrow: at("/escrow/matches").and_then(Value::as_bool),
        keyless: at("/escrow/checks").and_then(Value::as_array).map(|checks| checks.iter().any(is_keyless)),
        ..Known::unknown(kind, name, now)
    }
}

fn stored(resource: &Value) -> Stored {
    let text = |value: &Value, field: &str| value[field].as_str().unwrap_or_default().to_owned();
    let encrypted = resource["encrypted"].as_array().into_iter().flatten();
    Stored {
        resource: text(resource, "resource"),
        group: text(resource, "group"),
        plain: resource["plain"].as_u64().unwrap_or(0),
        encrypted: encrypted.map(|one| (text(one, "provider"), one["count"].as_u64().unwrap_or(0))).collect(),
    }
}

/// Whether a check proves that the tarball is the one from which the keys were taken.
fn is_keyless(check: &Value) -> bool {
    check["name"] == "keyless-digest" && check["outcome"] == "proven"
}

fn certificate(key: &Value) -> Option<(String, Timestamp)> {
    Some((key["path"].as_str()?.to_owned(), key["notAfter"].as_str()?.parse().ok()?))
}

/// The time stamp in the name of a file of a backup: `snapshot_2026-11-23_091606.db`.
fn stamp_in(path: &str) -> Option<&str> {
    let (_, rest) = path.rsplit('/').next()?.split_once('_')?;
    rest.get(..17)
}

/// By the node's clock, which is UTC on RHCOS.
fn taken(stamp: &str) -> Option<Timestamp> {
    let time = DateTime::strptime("%Y-%m-%d_%H%M%S", stamp).ok()?;
    TimeZone::UTC.to_timestamp(time).ok()
}

/// What does not count, a line each.
pub(super) fn print_waived(waived: &[Finding], ui: &mut Ui) -> Result<(), Error> {
    for finding in waived {
        let Some(waiver) = finding.waiver() else { continue };
        let (id, severity) = (finding.entry().id, finding.severity());
        let reason = escape(waiver.reason.as_bytes());
        let note = format!("waived until {} {id} ({severity}): {reason}", waiver.until);
        let note = ui.paint(style::DIM, note).to_string();
        writeln!(ui.out(), "  {note}")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_are_those_of_the_document() {
        let now: Timestamp = "2026-11-24T09:16:06Z".parse().unwrap();
        let document = serde_json::json!({
            "kind": "snapshot", "path": "b/snapshot_2026-11-23_091606.db.gz",
            "trailer": {"valid": null}, "space": {"fragmentationPercent": 12.5},
            "keys": {"resources": [{"resource": "secrets", "group": "", "plain": 3,
                "encrypted": [{"provider": "aescbc", "key": "1", "count": 4}]}]},
        });
        let facts = facts(Some(&document), "b/snapshot_2026-11-23_091606.db.gz", true, now);
        assert_eq!(facts.kind, Subject::Snapshot);
        assert_eq!(facts.taken.map(|taken| taken.to_string()).as_deref(), Some("2026-11-23T09:16:06Z"));
        assert_eq!((facts.fragmentation_percent, facts.trailer_valid), (Some(12.5), Some(false)));
        assert_eq!((facts.stored[0].plain, facts.stored[0].encrypted[0].1), (3, 4));
        assert_eq!(
            super::facts(None, "a_b", false, now),
            Known { alone: false, ..Known::unknown(Subject::Other, "a_b", now) }
        );
    }
}
