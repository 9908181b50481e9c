//! What is read, and what is refused with its line.

use checks::Severity;
use policy::{DEFAULT, Policy};

use crate::policy;

#[test]
fn the_default_is_a_policy_and_so_is_all_that_it_could_be() {
    let as_it_is = Policy::parse(DEFAULT).unwrap();
    assert!(as_it_is.require.trailer && as_it_is.waivers.is_empty() && as_it_is.severities.is_empty());

    // settings stand behind a bare `#`, words behind `#` and a blank
    let set = |line: &str| match line.strip_prefix('#') {
        Some(setting) if !setting.starts_with(' ') => setting.to_owned(),
        _ => line.to_owned(),
    };
    let all: String = DEFAULT.lines().map(|line| set(line) + "\n").collect();
    let all = Policy::parse(&all).unwrap_or_else(|error| panic!("{error}\n{all}"));
    assert_eq!(all.severities.len(), 2);
    let require = &all.require;
    assert_eq!(require.max_age, Some(36 * 3600));
    assert_eq!(require.max_fragmentation_percent, Some(45.0));
    assert_eq!(require.min_certificate_days, Some(30));
    assert!(require.keys_fit && require.escrow_manifest && require.trailer);
    let encryption = require.encryption.as_ref().unwrap();
    assert_eq!((encryption.types.len(), encryption.resources.len()), (4, 5));
    let waiver = &all.waivers[0];
    assert!(waiver.artifact.is_some() && waiver.key.is_some() && waiver.member.is_some() && !waiver.reason.is_empty());
}

#[test]
fn findings_go_by_id_and_by_name() {
    let policy = policy("[severity]\nSNAP-002 = 'low'\nresidue = 'critical'");
    let severities: Vec<_> = policy.severities.into_iter().collect();
    assert_eq!(severities, [("PAGE-016", Severity::Critical), ("SNAP-002", Severity::Low)]);
}

#[test]
fn what_is_not_understood_is_refused_with_its_line() {
    let waiver = |more: &str| format!("version = 1\n[[waiver]]\n{more}");
    let require = |more: &str| format!("version = 1\n[require]\n{more}");
    for (text, expected) in [
        (String::new(), "line 1, column 1: missing field `version`"),
        ("version = 2".to_owned(), "line 1: `version` is `2`, expected 1,"),
        ("version = 1\nverison = 2".to_owned(), "line 2, column 1: unknown field `verison`"),
        ("version = 1\n[severity".to_owned(), "line 2, column 10: "),
        ("version = 1\n\n[severity]\nSNAP-999 = 'low'".to_owned(), "line 4: there is no finding `SNAP-999`"),
        ("version = 1\n[severity]\nSNAP-002 = 'dire'".to_owned(), "line 3: `severity` is `dire`, expected `info`"),
        ("version = 1\n[severity]\nSNAP-002 = 7".to_owned(), "line 3, column 12: invalid type: integer `7`"),
        (
            "version = 1\n[severity]\nSNAP-002 = 'low'\ntrailer-missing = 'low'".to_owned(),
            "expected each finding once, by its ID or by its name",
        ),
        (require("max_fragmentation = 4"), "line 3, column 1: unknown field `max_fragmentation`"),
        (require("max_age = 36"), "line 3, column 11: invalid type: integer"),
        (require("max_age = '36'"), "line 3: `max_age` is `36`, expected a number with a unit"),
        (require("max_fragmentation_percent = 101.0"), "line 3: `max_fragmentation_percent` is `101`"),
        (require("max_fragmentation_percent = nan"), "line 3: `max_fragmentation_percent` is `NaN`"),
        (require("min_certificate_days = -1"), "line 3: `min_certificate_days` is `-1`"),
        (require("trailer = 'yes'"), "line 3, column 11: invalid type: string"),
        (require("[require.encryption]\ntypes = ['rot13']\nresources = ['secrets']"), "line 4: `types` is `rot13`"),
        (require("[require.encryption]\nresources = []"), "line 4: `resources` is `[]`"),
        (waiver("id = 'SNAP-002'\nuntil = 2027-01-31"), "missing field `reason`"),
        (waiver("id = 'SNAP-002'\nreason = 'x'"), "missing field `until`"),
        (waiver("id = 'SNAP-002'\nreason = ' '\nuntil = 2027-01-31"), "line 4: `reason` is ` `"),
        (
            waiver("id = 'SNAP-002'\nreason = 'x'\nuntil = 2027-01-31T00:00:00Z"),
            "line 5: `until` is `2027-01-31T00:00:00Z`",
        ),
        (waiver("id = 'SNAP-002'\nreason = 'x'\nuntil = 2027-02-30"), "line 5, column "),
        (waiver("id = 'SNAP-002'\nreason = 'x'\nuntil = '2027-01-31'"), "line 5, column "),
        (waiver("id = 'x'\nreason = 'x'\nuntil = 2027-01-31"), "line 3: there is no finding `x`"),
        (
            waiver("id = 'SNAP-002'\nreason = 'x'\nuntil = 2027-01-31\nartefact = 'x'"),
            "line 6, column 1: unknown field `artefact`",
        ),
    ] {
        let error = Policy::parse(&text).expect_err(&text).to_string();
        assert!(error.contains(expected), "{text}\n{error}\nexpected {expected}");
        assert!(!error.contains('\n'), "{error:?}");
    }
}
