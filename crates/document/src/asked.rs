//! What is asked of a document again and again.

use std::collections::BTreeMap;

use checks::{Severity, Verdict};

use crate::artifact::{Artifact, Unread};
use crate::document::Document;
use crate::finding::Finding;

impl Document {
    /// Whether a finding makes the verdict fail.
    #[must_use]
    pub fn fails(&self, finding: &Finding) -> bool {
        finding.waived.is_none() && self.fail_on().is_some_and(|limit| finding.severity >= limit)
    }

    /// Whether something could not be judged: it could not be read, the run was cut short, or the verdict fails although
    /// no finding does, which is all that an older assay said.
    #[must_use]
    pub fn is_incomplete(&self) -> bool {
        self.unread().next().is_some()
            || self.is_cut_short()
            || self.verdict == Verdict::Fail && !self.findings.iter().any(|finding| self.fails(finding))
    }

    /// What could not be read.
    pub fn unread(&self) -> impl Iterator<Item = &Unread> {
        self.artifacts.iter().filter_map(|artifact| match artifact {
            Artifact::Unread(unread) => Some(&**unread),
            _ => None,
        })
    }

    /// Whether the run was ended from outside before all were judged.
    #[must_use]
    pub fn is_cut_short(&self) -> bool {
        self.run.as_ref().is_some_and(|run| run.cut_short)
    }

    /// The names that findings and artifacts go by, each once, artifacts first.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        let listed = self.artifacts.iter().map(|artifact| artifact.name());
        for name in listed.chain(self.findings.iter().map(|finding| finding.artifact.as_str())) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    /// The findings about an artifact by ID, in the order of the document.
    #[must_use]
    pub fn kinds(&self, artifact: &str) -> Vec<Vec<&Finding>> {
        let mut places: BTreeMap<&str, usize> = BTreeMap::new();
        let mut kinds: Vec<Vec<&Finding>> = Vec::new();
        for finding in self.findings.iter().filter(|finding| finding.artifact == artifact) {
            let place = *places.entry(&finding.id).or_insert(kinds.len());
            match kinds.get_mut(place) {
                Some(kind) => kind.push(finding),
                None => kinds.push(vec![finding]),
            }
        }
        kinds
    }

    /// How many findings of a severity count.
    #[must_use]
    pub fn standing(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|finding| finding.waived.is_none() && finding.severity == severity).count()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_waived_finding_fails_nothing() {
        let finding = |waived: Value| json!({"id": "SNAP-002", "severity": "high", "waived": waived});
        let of = |finding: Value, limit: &str| -> Document {
            let document = json!({"schema": "assay/1", "failOn": limit, "verdict": "fail", "findings": [finding]});
            serde_json::from_value(document).unwrap()
        };
        for (finding, limit, incomplete) in [
            (finding(json!(null)), "high", false),
            (finding(json!({"reason": "r"})), "high", true),
            (finding(json!(null)), "critical", true),
            (finding(json!(null)), "never", true),
        ] {
            let document = of(finding, limit);
            assert_eq!(document.is_incomplete(), incomplete, "{limit}");
            assert_eq!((document.names(), document.kinds("").len()), (vec![""], 1));
        }
    }
}
