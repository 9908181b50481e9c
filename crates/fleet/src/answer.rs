//! What `assay verify --json` says, as far as rows tell of it.
//!
//! The document `assay/1` is read with patience, as its page says: what is not known is passed over, a verdict that is not
//! known counts as `fail`, a severity that is not known as `critical`. No judgement is made here.

use serde::Deserialize;
use serde_json::Value;

use crate::outcome::{Facts, Verdict};

/// The document.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Answer {
    schema: String,
    /// The release that judged.
    pub(crate) assay: String,
    artifacts: Vec<Value>,
    /// What stands against it.
    pub(crate) findings: Vec<Found>,
    verdict: Option<Verdict>,
}

/// A finding.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Found {
    /// `SNAP-003`
    pub(crate) id: String,
    /// `trailer-mismatch`
    pub(crate) name: String,
    severity: String,
    /// In one line.
    pub(crate) message: String,
    /// The numbers behind it.
    pub(crate) evidence: serde_json::Map<String, Value>,
    /// Where.
    pub(crate) location: Place,
    /// Why a policy lets it by.
    pub(crate) waived: Option<Waived>,
}

/// Where a finding is.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Place {
    /// Page of the snapshot.
    pub(crate) page: Option<u64>,
    /// Offset in the file.
    pub(crate) offset: Option<u64>,
    /// Key of the record: text, or an object with its bytes.
    pub(crate) key: Option<Value>,
}

/// Why a finding does not count.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Waived {
    /// In the words of the policy.
    pub(crate) reason: String,
}

/// The severities, the worst first.
pub(crate) const SEVERITIES: [&str; 5] = ["critical", "high", "medium", "low", "info"];

impl Found {
    /// How bad it is here.
    pub(crate) fn severity(&self) -> &'static str {
        SEVERITIES.into_iter().find(|known| *known == self.severity).unwrap_or("critical")
    }
}

impl Answer {
    /// Reads a document; `None` for all else, also for a document of another schema.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice::<Self>(bytes).ok().filter(|answer| answer.schema == "assay/1")
    }

    /// The verdict; a document without one is no good news.
    pub(crate) fn verdict(&self) -> Verdict {
        match self.verdict {
            Some(Verdict::Plausible) | None => Verdict::Fail, // a word of quick looks, which assay does not say
            Some(verdict) => verdict,
        }
    }

    /// Why a file could not be read as a backup.
    pub(crate) fn unreadable(&self) -> Option<&str> {
        self.artifacts.iter().find(|it| text(it, "/kind") == Some("unreadable")).and_then(|it| text(it, "/error"))
    }

    /// The snapshot, where one was read.
    fn snapshot(&self) -> Option<&Value> {
        self.artifacts.iter().find(|it| text(it, "/kind") == Some("snapshot"))
    }

    /// When the snapshot was taken.
    pub(crate) fn taken(&self) -> Option<&str> {
        text(self.snapshot()?, "/taken/at").filter(|said| !said.is_empty())
    }

    /// What the snapshot says of itself.
    pub(crate) fn facts(&self) -> Facts {
        let Some(it) = self.snapshot() else { return Facts::default() };
        let owned = |pointer: &str| text(it, pointer).filter(|said| !said.is_empty()).map(str::to_owned);
        Facts {
            revision: it.pointer("/revisions/current").and_then(Value::as_i64),
            etcd: owned("/etcd/storageVersion").or_else(|| owned("/etcd/clusterVersion")),
            openshift: owned("/openshift/version"),
            cluster_id: owned("/cluster/id"),
            cluster_name: owned("/cluster/name"),
            live_keys: it.pointer("/keys/live").and_then(Value::as_u64),
            encrypted: it.pointer("/keys/resources").and_then(Value::as_array).map(|all| all.iter().any(is_encrypted)),
        }
    }
}

/// Whether some values of a resource are encrypted.
fn is_encrypted(resource: &Value) -> bool {
    resource.pointer("/encrypted").and_then(Value::as_array).is_some_and(|with| !with.is_empty())
}

fn text<'v>(value: &'v Value, pointer: &str) -> Option<&'v str> {
    value.pointer(pointer).and_then(Value::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_no_good_news() {
        for (json, verdict) in [
            (r#"{"schema": "assay/1", "verdict": "pass"}"#, Some(Verdict::Pass)),
            (r#"{"schema": "assay/1", "verdict": "splendid"}"#, Some(Verdict::Fail)),
            (r#"{"schema": "assay/1", "verdict": "plausible"}"#, Some(Verdict::Fail)),
            (r#"{"schema": "assay/1"}"#, Some(Verdict::Fail)),
            (r#"{"schema": "assay/2", "verdict": "pass"}"#, None),
            ("", None),
            ("{", None),
        ] {
            assert_eq!(Answer::read(json.as_bytes()).map(|answer| answer.verdict()), verdict, "{json}");
        }
        let odd = Found { severity: "dire".into(), ..Found::default() };
        assert_eq!(odd.severity(), "critical");
    }
}
