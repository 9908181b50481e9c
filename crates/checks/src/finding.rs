//! A finding: what, where, how bad, what to do.

use std::borrow::Cow;
use std::collections::HashMap;

use backup_facts::platform::Platform;
use kube_objects::ShownKey;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::findings::Entry;
use crate::severity::Severity;

/// The answer to "will it restore?".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Nothing that needs attention.
    #[default]
    Pass,
    /// Something needs attention, nothing at or above the limit.
    Warn,
    /// Something at or above the limit.
    Fail,
}

impl Verdict {
    /// The word that reports use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

impl Serialize for Verdict {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Verdict {
    /// A word of a later assay counts as [`Verdict::Fail`]: better loud than lost.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = Cow::<'_, str>::deserialize(deserializer)?;
        Ok([Self::Pass, Self::Warn].into_iter().find(|verdict| verdict.name() == word).unwrap_or(Self::Fail))
    }
}

/// A piece of evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// A count, a size, a revision.
    Number(i64),
    /// A 64-bit id, shown in hexadecimal.
    Id(u64),
    /// Anything else.
    Text(String),
}

impl From<i64> for Evidence {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<u64> for Evidence {
    fn from(number: u64) -> Self {
        i64::try_from(number).map_or_else(|_| Self::Text(number.to_string()), Self::Number)
    }
}

impl From<String> for Evidence {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Evidence {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

/// Where a finding is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Location {
    /// Page of the snapshot.
    pub page: Option<u64>,
    /// File offset in bytes.
    pub offset: Option<u64>,
    /// Key of an etcd record; in a finding, an OAuth token is taken out of it.
    pub key: Option<Vec<u8>>,
    /// Member of a tarball, or etcd member.
    pub member: Option<String>,
}

/// One finding. It is made by a check of this crate and nowhere else: outside it can be read, [`rated`](Self::rated) and
/// [`waived`](Self::waived), as a policy does, and is otherwise what the check said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub(crate) entry: &'static Entry,
    pub(crate) severity: Severity,
    pub(crate) message: String,
    pub(crate) evidence: Vec<(&'static str, Evidence)>,
    pub(crate) location: Location,
    pub(crate) waiver: Option<Waived>,
    pub(crate) remedy: &'static str,
}

/// Why a finding does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waived {
    /// Whoever waived it gives this reason.
    pub reason: String,
    /// The last day on which it does not count: `2027-01-31`, in UTC.
    pub until: String,
}

impl Finding {
    /// Its entry in the table of findings.
    #[must_use]
    pub fn entry(&self) -> &'static Entry {
        self.entry
    }

    /// How bad it is here; the entry's severity unless the circumstances, or a policy, say otherwise.
    #[must_use]
    pub fn severity(&self) -> Severity {
        self.severity
    }

    /// What to do, on the platform that it is about.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        self.remedy
    }

    /// The same finding as it is told of a backup of that platform; `None` where it means nothing there.
    #[must_use]
    pub fn on(self, platform: Platform) -> Option<Self> {
        let platforms = self.entry.platforms;
        let remedy = platforms.remedy(platform).unwrap_or(self.remedy);
        platforms.has(platform).then_some(Self { remedy, ..self })
    }

    /// What was found, in one line.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The numbers behind it, in order.
    #[must_use]
    pub fn evidence(&self) -> &[(&'static str, Evidence)] {
        &self.evidence
    }

    /// Where.
    #[must_use]
    pub fn location(&self) -> &Location {
        &self.location
    }

    /// That a policy knows of it: then it does not count.
    #[must_use]
    pub fn waiver(&self) -> Option<&Waived> {
        self.waiver.as_ref()
    }

    /// The same finding, as bad as a policy says.
    #[must_use]
    pub fn rated(self, severity: Severity) -> Self {
        Self { severity, ..self }
    }

    /// The same finding, which does not count.
    #[must_use]
    pub fn waived(self, waiver: Waived) -> Self {
        Self { waiver: Some(waiver), ..self }
    }

    /// A finding of `entry`'s own severity.
    pub(crate) fn new(entry: &'static Entry, message: impl Into<String>) -> Self {
        let (severity, message) = (entry.severity, message.into());
        let (evidence, location, remedy) = (Vec::new(), Location::default(), entry.remedy);
        Self { entry, severity, message, evidence, location, waiver: None, remedy }
    }

    /// The same finding with one more piece of evidence.
    pub(crate) fn with(mut self, name: &'static str, evidence: impl Into<Evidence>) -> Self {
        self.evidence.push((name, evidence.into()));
        self
    }

    /// The same finding at a place. A key there is kept in the form in which it may be shown
    /// ([`ShownKey`]): a finding travels to logs and tickets.
    pub(crate) fn at(mut self, location: Location) -> Self {
        let key = location.key.map(|key| ShownKey::of(&key).into_key().into_owned());
        self.location = Location { key, ..location };
        self
    }
}

/// Findings in the order of the checks. Per entry, a limited number is kept whole; the rest is counted.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    kept: Vec<Finding>,
    counts: HashMap<&'static str, u64>,
}

impl Findings {
    /// How many findings of one entry are kept.
    pub const PER_ENTRY: u64 = 200;

    /// Adds one.
    pub(crate) fn push(&mut self, finding: Finding) {
        self.push_with(finding.entry, || finding);
    }

    /// Adds those there are.
    pub(crate) fn extend(&mut self, findings: impl IntoIterator<Item = Finding>) {
        findings.into_iter().for_each(|finding| self.push(finding));
    }

    /// Adds one of `entry` that is only made where it is kept.
    pub(crate) fn push_with(&mut self, entry: &'static Entry, finding: impl FnOnce() -> Finding) {
        let count = self.counts.entry(entry.id).or_default();
        *count += 1;
        if *count <= Self::PER_ENTRY {
            self.kept.push(finding());
        }
    }

    /// Notes that there were `more` findings of `entry` that nobody listed.
    pub(crate) fn add_unlisted(&mut self, entry: &'static Entry, more: u64) {
        if more > 0 {
            *self.counts.entry(entry.id).or_default() += more;
        }
    }

    /// The findings kept, worst first, otherwise in the order of the checks.
    #[must_use]
    pub fn into_sorted(self) -> Vec<Finding> {
        let counts = self.counts;
        let mut kept = self.kept;
        let mut last: HashMap<&'static str, usize> = HashMap::new();
        for (at, finding) in kept.iter().enumerate() {
            last.insert(finding.entry.id, at);
        }
        for (id, at) in last {
            let total = counts.get(id).copied().unwrap_or(0);
            if let (true, Some(finding)) = (total > Self::PER_ENTRY, kept.get_mut(at)) {
                let more = total - Self::PER_ENTRY;
                finding.message = format!("{} (and {more} more of this kind, not listed)", finding.message);
                finding.evidence.push(("total", total.into()));
            }
        }
        kept.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        kept
    }
}

/// The verdict of `findings` that are not waived, where those at or above `fail_on` fail; `None` never fails.
#[must_use]
pub fn verdict<'f>(findings: impl IntoIterator<Item = &'f Finding>, fail_on: Option<Severity>) -> Verdict {
    let standing = findings.into_iter().filter(|finding| finding.waiver.is_none());
    verdict_of(standing.map(|finding| finding.severity).max(), fail_on)
}

/// The verdict where `worst` is the worst severity that counts; `None`: there is none.
#[must_use]
pub fn verdict_of(worst: Option<Severity>, fail_on: Option<Severity>) -> Verdict {
    match (worst, fail_on) {
        (Some(worst), Some(limit)) if worst >= limit => Verdict::Fail,
        (Some(Severity::Medium | Severity::High | Severity::Critical), _) => Verdict::Warn,
        _ => Verdict::Pass,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::findings;

    #[test]
    fn the_limit_decides_between_warn_and_fail() {
        let entry = findings::find("SNAP-002").expect("entry");
        let finding = |severity| Finding { severity, ..Finding::new(entry, "") };
        for (severity, fail_on, expected) in [
            (Severity::High, Some(Severity::High), Verdict::Fail),
            (Severity::Critical, Some(Severity::High), Verdict::Fail),
            (Severity::Medium, Some(Severity::High), Verdict::Warn),
            (Severity::Low, Some(Severity::High), Verdict::Pass),
            (Severity::Low, Some(Severity::Info), Verdict::Fail),
            (Severity::Critical, None, Verdict::Warn),
        ] {
            assert_eq!(verdict([&finding(severity)], fail_on), expected, "{severity} {fail_on:?}");
        }
        assert_eq!(verdict([], Some(Severity::Info)), Verdict::Pass);
        let waiver = Waived { reason: "known".to_owned(), until: "2027-01-31".to_owned() };
        let known = finding(Severity::Critical).waived(waiver);
        assert_eq!(verdict([&known, &finding(Severity::Medium)], Some(Severity::High)), Verdict::Warn);
        assert_eq!(verdict([&known], Some(Severity::Info)), Verdict::Pass);
    }

    #[test]
    fn words_of_a_later_assay_count_as_the_worst() {
        for severity in Severity::ALL {
            let word = serde_json::to_string(&severity).expect("word");
            assert_eq!(serde_json::from_str::<Severity>(&word).ok(), Some(severity));
        }
        assert_eq!(serde_json::from_str::<Severity>("\"dire\"").ok(), Some(Severity::Critical));
        for verdict in [Verdict::Pass, Verdict::Warn, Verdict::Fail] {
            let word = serde_json::to_string(&verdict).expect("word");
            assert_eq!(serde_json::from_str::<Verdict>(&word).ok(), Some(verdict));
        }
        assert_eq!(serde_json::from_str::<Verdict>("\"perhaps\"").ok(), Some(Verdict::Fail));
        assert!(serde_json::from_str::<Verdict>("7").is_err() && serde_json::from_str::<Severity>("null").is_err());
    }

    #[test]
    fn a_token_in_a_key_stays_out_of_the_finding() {
        let entry = findings::find("ETCD-006").expect("entry");
        let at = |key: &[u8]| Finding::new(entry, "").at(Location { key: Some(key.to_vec()), ..Location::default() });
        let found = at(b"/openshift.io/oauth/accesstokens/kX9secretsecretsecret").location.key;
        assert_eq!(found.as_deref(), Some(&b"/openshift.io/oauth/accesstokens/redacted~dfec2ea864e97680"[..]));
        assert_eq!(at(b"/a/b").location.key.as_deref(), Some(&b"/a/b"[..]));
    }

    #[test]
    fn a_flood_is_counted_not_kept() {
        let entry = findings::find("PAGE-001").expect("entry");
        let mut findings = Findings::default();
        (0..500).for_each(|n| findings.push(Finding::new(entry, format!("{n}"))));
        findings.add_unlisted(entry, 7);
        let kept = findings.into_sorted();
        assert_eq!(kept.len(), 200);
        assert_eq!(kept[199].evidence, [("total", Evidence::Number(507))]);
        assert!(kept[199].message.ends_with("(and 307 more of this kind, not listed)"));
    }
}
