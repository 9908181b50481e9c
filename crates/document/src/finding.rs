//! What stands against an artifact.

use checks::Severity;
use serde::{Deserialize, Serialize};

use crate::any::{Any, Fields};
use crate::values::{Hex64, KeyBuf, Word};

/// A finding about an artifact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Finding {
    /// Stable ID: `SNAP-003`.
    pub id: Word,
    /// Stable name: `trailer-mismatch`.
    pub name: Word,
    /// How bad it is here. A word of a later assay, or none, counts as the worst: better loud than lost.
    pub severity: Severity,
    /// What the artifact is called: see [`Artifact::name`](crate::Artifact::name).
    pub artifact: String,
    /// What was found, in one line.
    pub message: String,
    /// The numbers behind it; names depend on the finding.
    pub evidence: Fields,
    /// Where.
    pub location: Location,
    /// What to do.
    pub remedy: Word,
    /// That a policy knows of it: then it does not count.
    pub waived: Option<Waived>,
    /// What a later assay says besides.
    #[serde(flatten)]
    pub more: Fields,
}

/// Where a finding is; only what applies is there.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Location {
    /// Page of the snapshot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page: Option<u64>,
    /// Offset in the uncompressed file, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset: Option<u64>,
    /// Key of the record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<KeyBuf>,
    /// ID of the etcd member, hex; or path of the member of a tarball.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub member: Option<String>,
    /// What a later assay says besides.
    #[serde(flatten)]
    pub more: Fields,
}

/// Why a finding does not count.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Waived {
    /// Why, in the words of the policy.
    pub reason: String,
    /// The last day on which it does not count: `2027-01-31`.
    pub until: String,
}

impl Default for Finding {
    fn default() -> Self {
        Self {
            id: Word::default(),
            name: Word::default(),
            severity: Severity::Critical,
            artifact: String::new(),
            message: String::new(),
            evidence: Fields::default(),
            location: Location::default(),
            remedy: Word::default(),
            waived: None,
            more: Fields::default(),
        }
    }
}

impl Finding {
    /// A finding about the artifact of that name.
    #[must_use]
    pub fn of(finding: &checks::Finding, artifact: &str) -> Self {
        let entry = finding.entry();
        Self {
            id: Word::Borrowed(entry.id),
            name: Word::Borrowed(entry.name),
            severity: finding.severity(),
            artifact: artifact.to_owned(),
            message: finding.message().to_owned(),
            evidence: finding.evidence().iter().map(|(name, evidence)| (*name, any(evidence))).collect(),
            location: Location::of(finding.location()),
            remedy: Word::Borrowed(finding.remedy()),
            waived: finding
                .waiver()
                .map(|waived| Waived { reason: waived.reason.clone(), until: waived.until.clone() }),
            more: Fields::default(),
        }
    }
}

impl Location {
    fn of(location: &checks::Location) -> Self {
        Self {
            page: location.page,
            offset: location.offset,
            key: location.key.as_deref().map(KeyBuf::from),
            member: location.member.clone(),
            more: Fields::default(),
        }
    }
}

fn any(evidence: &checks::Evidence) -> Any {
    match evidence {
        checks::Evidence::Number(number) => Any::from(*number),
        checks::Evidence::Id(id) => Any::from(Hex64(*id).to_string()),
        checks::Evidence::Text(text) => Any::from(text.as_str()),
    }
}
