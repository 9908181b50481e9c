//! What a policy makes of findings.

use checks::required::Subject;
use checks::{Severity, Verdict, verdict};

use crate::{finding, ids, known, policy};

const WAIVER: &str = "[[waiver]]\nid = 'PAIR-032'\nreason = 'known'\n";

#[test]
fn severities_are_the_policys() {
    let policy = policy("[severity]\nPAIR-033 = 'critical'\nPAIR-032 = 'low'");
    let found =
        policy.apply(vec![finding("PAIR-032"), finding("PAIR-033"), finding("PAIR-040")], &known(Subject::Snapshot));
    let found: Vec<_> = found.iter().map(|finding| (finding.entry().id, finding.severity())).collect();
    let expected = [("PAIR-033", Severity::Critical), ("PAIR-040", Severity::Critical), ("PAIR-032", Severity::Low)];
    assert_eq!(found, expected);
}

#[test]
fn a_waived_finding_stays_and_does_not_count() {
    let policy = policy(&format!("{WAIVER}until = 2026-11-23"));
    let found = policy.apply(vec![finding("PAIR-032"), finding("PAIR-033")], &known(Subject::Snapshot));
    assert_eq!(ids(&found), ["PAIR-033", "PAIR-032"], "what is waived comes last");
    let waived = found[1].waiver().unwrap();
    assert_eq!((waived.reason.as_str(), waived.until.as_str()), ("known", "2026-11-23"));
    assert_eq!(verdict(&found, Some(Severity::High)), Verdict::Pass);
    assert_eq!(verdict(&[finding("PAIR-032")], Some(Severity::High)), Verdict::Fail);
}

#[test]
fn an_expired_waiver_waives_nothing_and_is_said() {
    let policy = policy(&format!("{WAIVER}until = 2026-11-22"));
    let found = policy.apply(vec![finding("PAIR-032"), finding("PAIR-032")], &known(Subject::Snapshot));
    assert_eq!(ids(&found), ["PAIR-032", "PAIR-032", "POL-008"]);
    assert!(found[0].waiver().is_none());
    assert_eq!(found[2].message(), "the waiver of PAIR-032 in line 3 ended on 2026-11-22");
    assert_eq!(policy.expired("2026-11-23".parse().unwrap()).count(), 1);
    assert_eq!(policy.expired("2026-11-22".parse().unwrap()).count(), 0);
    let other = policy.apply(vec![finding("PAIR-033")], &known(Subject::Snapshot));
    assert_eq!(ids(&other), ["PAIR-033"], "where it would waive nothing there is nothing to say");
}

/// A requirement can be waived like any other finding, and its severity set.
#[test]
fn what_a_policy_asks_is_a_finding_like_others() {
    let asks = "[require]\ntrailer = true\nmax_age = '1h'\n[severity]\nbackup-too-old = 'medium'\n";
    let policy = policy(&format!("{asks}[[waiver]]\nid = 'POL-007'\nreason = 'lab'\nuntil = 2099-01-01"));
    let found = policy.apply(Vec::new(), &known(Subject::Snapshot));
    assert_eq!(ids(&found), ["POL-001", "POL-007"]);
    assert_eq!(found[0].severity(), Severity::Medium);
    assert!(found[1].waiver().is_some());
    assert_eq!(verdict(&found, Some(Severity::High)), Verdict::Warn);
}
