//! The document, read with patience: what is missing or odd is absent, never an error.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::{Map, Value};

use crate::text::shown;

/// A part of the document that may not be there.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Node<'v>(Option<&'v Value>);

impl<'v> Node<'v> {
    /// The part under names held apart by dots.
    pub(crate) fn at(self, path: &str) -> Self {
        Self(path.split('.').try_fold(self.0, |node, name| Some(node?.get(name))).flatten())
    }

    /// Whether there is anything but `null`.
    pub(crate) fn is_there(self) -> bool {
        self.0.is_some_and(|value| !value.is_null())
    }

    pub(crate) fn text(self) -> Option<&'v str> {
        self.0?.as_str()
    }

    /// Text that is not empty.
    pub(crate) fn word(self) -> Option<&'v str> {
        self.text().filter(|text| !text.is_empty())
    }

    /// A whole number; one beyond the range of 64 signed bits is at its end.
    pub(crate) fn integer(self) -> Option<i64> {
        let value = self.0?;
        value.as_i64().or_else(|| value.as_u64().map(|_| i64::MAX))
    }

    pub(crate) fn number(self) -> Option<f64> {
        self.0?.as_f64().filter(|number| number.is_finite())
    }

    pub(crate) fn flag(self) -> Option<bool> {
        self.0?.as_bool()
    }

    pub(crate) fn time(self) -> Option<Timestamp> {
        self.text()?.parse().ok()
    }

    pub(crate) fn items(self) -> impl Iterator<Item = Node<'v>> {
        self.0.and_then(Value::as_array).into_iter().flatten().map(|value| Node(Some(value)))
    }

    pub(crate) fn fields(self) -> impl Iterator<Item = (&'v str, Node<'v>)> {
        self.map().into_iter().flatten().map(|(name, value)| (name.as_str(), Node(Some(value))))
    }

    fn map(self) -> Option<&'v Map<String, Value>> {
        self.0?.as_object()
    }

    /// What findings about this artifact call it: several backups share the path of a directory, and have names.
    pub(crate) fn artifact_name(self) -> &'v str {
        let name = self.at("name").word().filter(|_| self.at("kind").text() == Some("backup"));
        name.or(self.at("path").text()).unwrap_or_default()
    }

    /// The value itself, for a report that hands it on.
    pub(crate) fn value(self) -> Option<&'v Value> {
        self.0
    }

    /// A value in one line for people: a key that is not UTF-8 as its base64, other objects as JSON.
    pub(crate) fn line(self) -> Cow<'v, str> {
        match self.0 {
            None | Some(Value::Null) => Cow::Borrowed(""),
            Some(Value::String(text)) => shown(text),
            Some(value) => match value.get("base64").and_then(Value::as_str) {
                Some(base64) => Cow::Owned(format!("base64:{}", shown(base64))),
                None => Cow::Owned(shown(&value.to_string()).into_owned()),
            },
        }
    }
}

/// How bad a finding is, mildest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Severity {
    Info,
    Low,
    Medium,
    High,
    Critical,
}

impl Severity {
    /// Worst first, as reports list them.
    pub(crate) const ALL: [Self; 5] = [Self::Critical, Self::High, Self::Medium, Self::Low, Self::Info];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// The severity of that name. A word of a later assay counts as the worst: better loud than lost.
    fn named(word: &str) -> Self {
        Self::ALL.into_iter().find(|severity| severity.name() == word).unwrap_or(Self::Critical)
    }
}

/// A finding of the document.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Finding<'v> {
    pub(crate) id: &'v str,
    pub(crate) name: &'v str,
    pub(crate) severity: Severity,
    pub(crate) artifact: &'v str,
    pub(crate) message: &'v str,
    pub(crate) evidence: Node<'v>,
    pub(crate) location: Node<'v>,
    pub(crate) remedy: &'v str,
    /// Why it does not count, and until when.
    pub(crate) waived: Option<Waived<'v>>,
}

/// That a finding is known and does not count.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Waived<'v> {
    pub(crate) reason: &'v str,
    pub(crate) until: &'v str,
}

impl<'v> Finding<'v> {
    fn new(node: Node<'v>) -> Self {
        let text = |name| node.at(name).text().unwrap_or_default();
        let waived = node.at("waived");
        Self {
            id: text("id"),
            name: text("name"),
            severity: Severity::named(text("severity")),
            artifact: text("artifact"),
            message: text("message"),
            evidence: node.at("evidence"),
            location: node.at("location"),
            remedy: text("remedy"),
            waived: waived.is_there().then(|| Waived {
                reason: waived.at("reason").text().unwrap_or_default(),
                until: waived.at("until").text().unwrap_or_default(),
            }),
        }
    }

    /// Where it is, in words: `page 301, offset 0x12d000, key /registry/x, member 1`.
    pub(crate) fn place(&self) -> Option<String> {
        let mut parts = Vec::new();
        for (name, node) in self.location.fields() {
            parts.push(match (name, node.integer()) {
                ("offset", Some(offset)) => format!("offset {offset:#x}"),
                _ => format!("{name} {}", node.line()),
            });
        }
        (!parts.is_empty()).then(|| parts.join(", "))
    }
}

/// The whole document.
#[derive(Debug)]
pub(crate) struct Document<'v> {
    pub(crate) root: Node<'v>,
    /// As the document has them: by artifact, worst first.
    pub(crate) findings: Vec<Finding<'v>>,
}

impl<'v> Document<'v> {
    pub(crate) fn new(document: &'v Value) -> Self {
        let root = Node(Some(document));
        Self { root, findings: root.at("findings").items().map(Finding::new).collect() }
    }

    /// `pass`, `warn` or `fail`; anything else counts as `fail`.
    pub(crate) fn verdict(&self) -> &'static str {
        match self.root.at("verdict").text() {
            Some("pass") => "pass",
            Some("warn") => "warn",
            _ => "fail",
        }
    }

    /// The least severity that fails; `None` where nothing does. `high` where the document does not say.
    pub(crate) fn fail_on(&self) -> Option<Severity> {
        match self.root.at("failOn").text() {
            Some("never") => None,
            Some(word) => Some(Severity::named(word)),
            None => Some(Severity::High),
        }
    }

    /// Whether a finding makes the verdict fail.
    pub(crate) fn fails(&self, finding: &Finding<'_>) -> bool {
        finding.waived.is_none() && self.fail_on().is_some_and(|limit| finding.severity >= limit)
    }

    /// Whether the verdict fails although no finding does: something could not be judged.
    pub(crate) fn is_incomplete(&self) -> bool {
        self.verdict() == "fail" && !self.findings.iter().any(|finding| self.fails(finding))
    }

    pub(crate) fn artifacts(&self) -> impl Iterator<Item = Node<'v>> {
        self.root.at("artifacts").items()
    }

    /// The names that findings and artifacts go by, each once, artifacts first.
    pub(crate) fn names(&self) -> Vec<&'v str> {
        let mut names: Vec<&str> = Vec::new();
        let listed = self.artifacts().map(Node::artifact_name);
        for name in listed.chain(self.findings.iter().map(|finding| finding.artifact)) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    /// The findings about an artifact by ID, in the order of the document.
    pub(crate) fn kinds(&self, artifact: &str) -> Vec<Vec<&Finding<'v>>> {
        let mut places: BTreeMap<&str, usize> = BTreeMap::new();
        let mut kinds: Vec<Vec<&Finding<'v>>> = Vec::new();
        for finding in self.findings.iter().filter(|finding| finding.artifact == artifact) {
            let place = *places.entry(finding.id).or_insert(kinds.len());
            match kinds.get_mut(place) {
                Some(kind) => kind.push(finding),
                None => kinds.push(vec![finding]),
            }
        }
        kinds
    }

    /// How many findings of a severity count.
    pub(crate) fn standing(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|finding| finding.waived.is_none() && finding.severity == severity).count()
    }
}

/// When a backup was taken, from the time stamp in its name: `2026-11-23_091606`, by the node's clock, which is UTC on
/// RHCOS.
pub(crate) fn taken(stamp: &str) -> Option<Timestamp> {
    let time = DateTime::strptime("%Y-%m-%d_%H%M%S", stamp).ok()?;
    TimeZone::UTC.to_timestamp(time).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_odd_is_absent() {
        for odd in [json!(null), json!(7), json!([]), json!({"findings": 3, "artifacts": {"a": 1}, "verdict": []})] {
            let document = Document::new(&odd);
            assert_eq!(document.verdict(), "fail", "{odd}");
            assert!(document.names().is_empty() && document.is_incomplete(), "{odd}");
        }
        let odd = json!({"findings": [7, {"id": [], "severity": "dire", "waived": null}], "verdict": "pass"});
        let document = Document::new(&odd);
        assert_eq!(document.findings.len(), 2);
        assert_eq!(document.standing(Severity::Critical), 2);
        assert_eq!(Node(Some(&odd)).at("findings.id.x").text(), None);
    }

    #[test]
    fn a_waived_finding_fails_nothing() {
        let finding = |waived: Value| json!({"id": "SNAP-002", "severity": "high", "waived": waived});
        let of = |finding: Value, limit: &str| json!({"failOn": limit, "verdict": "fail", "findings": [finding]});
        for (finding, limit, incomplete) in [
            (finding(json!(null)), "high", false),
            (finding(json!({"reason": "r"})), "high", true),
            (finding(json!(null)), "critical", true),
            (finding(json!(null)), "never", true),
        ] {
            assert_eq!(Document::new(&of(finding, limit)).is_incomplete(), incomplete, "{limit}");
        }
    }

    #[test]
    fn places_are_told_in_words() {
        let document =
            json!({"findings": [{"location": {"offset": 4096, "key": {"base64": "/w=="}, "member": "a\n"}}]});
        let place = Document::new(&document).findings[0].place();
        assert_eq!(place.as_deref(), Some(r"key base64:/w==, member a\u{a}, offset 0x1000"));
    }

    #[test]
    fn time_stamps_of_names() {
        assert_eq!(taken("2026-11-23_091606").map(|time| time.to_string()).as_deref(), Some("2026-11-23T09:16:06Z"));
        for odd in ["", "2026-11-23", "2026-13-01_000000", "x"] {
            assert_eq!(taken(odd), None, "{odd}");
        }
    }
}
