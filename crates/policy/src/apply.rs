//! A policy on findings.

use checks::catalogue::WAIVER_EXPIRED;
use checks::{Finding, Location, Waived};
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::require::{Facts, violations};
use crate::{Policy, Waiver};

impl Policy {
    /// The findings about an artifact as the policy has them: with what it requires and is not so, with its severities,
    /// and with what it waives marked; worst first, what is waived last.
    ///
    /// An expired waiver waives nothing and is itself a finding where it would have.
    #[must_use]
    pub fn apply(&self, mut findings: Vec<Finding>, facts: &Facts) -> Vec<Finding> {
        findings.extend(violations(&self.require, facts));
        let today = TimeZone::UTC.to_datetime(facts.now).date();
        let mut expired: Vec<&Waiver> = Vec::new();
        for finding in &mut findings {
            self.waive(finding, facts, today, &mut expired);
        }
        findings.extend(expired.into_iter().map(told));
        for finding in &mut findings {
            if let Some(severity) = self.severities.get(finding.entry.id) {
                finding.severity = *severity;
            }
        }
        findings.sort_by_key(|finding| (finding.waived.is_some(), std::cmp::Reverse(finding.severity)));
        findings
    }

    fn waive<'p>(&'p self, finding: &mut Finding, facts: &Facts, today: Date, expired: &mut Vec<&'p Waiver>) {
        for waiver in self.waivers.iter().filter(|waiver| waiver.is_about(finding, facts)) {
            if waiver.until >= today {
                finding.waived = Some(Waived { reason: waiver.reason.clone(), until: waiver.until.to_string() });
                return;
            }
            if !expired.contains(&waiver) {
                expired.push(waiver);
            }
        }
    }
}

fn told(waiver: &Waiver) -> Finding {
    let message = format!("the waiver of {} in line {} ended on {}", waiver.id, waiver.line, waiver.until);
    let finding = Finding::new(&WAIVER_EXPIRED, message).at(Location::default());
    finding.with("waived", waiver.id).with("until", waiver.until.to_string()).with("reason", waiver.reason.as_str())
}

impl Waiver {
    /// Whether it would waive a finding, were it in force. A pattern of keys or members is about findings that have one.
    fn is_about(&self, finding: &Finding, facts: &Facts) -> bool {
        let key = finding.location.key.as_ref().map(|key| String::from_utf8_lossy(key));
        let like = |glob: &Option<crate::Glob>, text: Option<&str>| {
            glob.as_ref().is_none_or(|glob| text.is_some_and(|text| glob.is_match(text)))
        };
        self.id == finding.entry.id
            && like(&self.artifact, Some(&facts.artifact))
            && like(&self.key, key.as_deref())
            && like(&self.member, finding.location.member.as_deref())
    }
}
