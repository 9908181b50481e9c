//! A policy on findings.

use checks::required::{self, Ended, Known};
use checks::{Finding, Location, Waived};
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::{Policy, Waiver};

impl Policy {
    /// The findings about an artifact as the policy has them: with what it requires and is not so, with its severities,
    /// and with what it waives marked; worst first, what is waived last.
    ///
    /// An expired waiver waives nothing and is itself a finding where it would have.
    #[must_use]
    pub fn apply(&self, mut findings: Vec<Finding>, known: &Known) -> Vec<Finding> {
        findings.extend(required::check(&self.require, known));
        let today = TimeZone::UTC.to_datetime(known.now).date();
        let mut expired: Vec<&Waiver> = Vec::new();
        let mut findings: Vec<Finding> =
            findings.into_iter().map(|finding| self.waive(finding, known, today, &mut expired)).collect();
        findings.extend(expired.into_iter().map(told));
        let rated = |finding: Finding| match self.severities.get(finding.entry().id) {
            Some(severity) => finding.rated(*severity),
            None => finding,
        };
        let mut findings: Vec<Finding> = findings.into_iter().map(rated).collect();
        findings.sort_by_key(|finding| (finding.waiver().is_some(), std::cmp::Reverse(finding.severity())));
        findings
    }

    fn waive<'p>(&'p self, finding: Finding, known: &Known, today: Date, expired: &mut Vec<&'p Waiver>) -> Finding {
        for waiver in self.waivers.iter().filter(|waiver| waiver.is_about(&finding, known)) {
            if waiver.until >= today {
                return finding.waived(Waived { reason: waiver.reason.clone(), until: waiver.until.to_string() });
            }
            if !expired.contains(&waiver) {
                expired.push(waiver);
            }
        }
        finding
    }
}

fn told(waiver: &Waiver) -> Finding {
    let until = waiver.until.to_string();
    required::check_ended(&Ended { id: waiver.id, line: waiver.line, until: &until, reason: &waiver.reason })
}

impl Waiver {
    /// Whether it would waive a finding, were it in force.
    fn is_about(&self, finding: &Finding, known: &Known) -> bool {
        self.id == finding.entry().id && self.covers(finding.location(), &known.artifact)
    }

    /// Whether it speaks of a place in an artifact. A pattern of keys or members is about findings that have one.
    fn covers(&self, location: &Location, artifact: &str) -> bool {
        let key = location.key.as_ref().map(|key| String::from_utf8_lossy(key));
        let like = |glob: &Option<crate::Glob>, text: Option<&str>| {
            glob.as_ref().is_none_or(|glob| text.is_some_and(|text| glob.is_match(text)))
        };
        like(&self.artifact, Some(artifact))
            && like(&self.key, key.as_deref())
            && like(&self.member, location.member.as_deref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_waiver_holds_where_it_says() {
        let at = |key: Option<&[u8]>, member: Option<&str>| Location {
            key: key.map(Vec::from),
            member: member.map(str::to_owned),
            ..Location::default()
        };
        let cases: [(&str, Location, bool); 9] = [
            ("", at(None, None), true),
            ("artifact = 'backup/*'", at(None, None), true),
            ("artifact = '*.tar.gz'", at(None, None), false),
            ("key = '/kubernetes.io/secrets/*'", at(Some(b"/kubernetes.io/secrets/a/b"), None), true),
            ("key = '/kubernetes.io/secrets/*'", at(Some(b"/kubernetes.io/pods/a/b"), None), false),
            ("key = '*'", at(None, None), false),
            ("key = '*'", at(Some(b"\xff"), None), true),
            ("member = '*/tls.crt'", at(None, Some("etcd/tls.crt")), true),
            ("member = '*/tls.crt'\nartifact = 'x'", at(None, Some("etcd/tls.crt")), false),
        ];
        for (pattern, location, expected) in cases {
            let text = "[[waiver]]\nid = 'SNAP-002'\nreason = 'known'\nuntil = 2099-12-31\n";
            let policy = Policy::parse(&format!("version = 1\n{text}{pattern}")).unwrap();
            assert_eq!(policy.waivers[0].covers(&location, "backup/snapshot.db"), expected, "{pattern}");
        }
    }
}
