//! The rule, for every kind of backup, every kind of version and every relation.

use std::collections::BTreeSet;

use super::*;

fn version(text: &str) -> Version {
    text.parse().unwrap_or_else(|error| panic!("{error}"))
}

fn runs(text: &str) -> Target {
    Target::Runs(version(text))
}

fn updating(from: Option<&str>, to: &str) -> Backup {
    Backup::Updating { from: from.map(version), to: version(to) }
}

/// Two of every kind of version, over patches, minors and majors.
const VERSIONS: [&str; 19] = [
    "4.17.1",
    "4.17.2",
    "4.18.0-ec.1",
    "4.18.0-ec.2",
    "4.18.0-fc.0",
    "4.18.0-rc.1",
    "4.18.0-rc.2",
    "4.18.0-0.nightly-2026-01-01-000000",
    "4.18.0-0.nightly-arm64-2026-01-01-000000",
    "4.18.0-0.ci-2026-01-01-000000",
    "4.18.0-0.okd-2024-03-10-010116",
    "4.18.0-okd-scos.1",
    "4.18.7-hotfix.1",
    "4.18.0",
    "4.18.30",
    "4.18.31",
    "5.0.0",
    "5.0.0-ec.1",
    "5.0.1",
];

/// What the numbers alone say of two exact releases.
fn by_numbers(a: &Version, b: &Version) -> Relation {
    if a == b {
        Relation::Same
    } else if a.minor().0 != b.minor().0 {
        Relation::OtherMajor
    } else if a.minor() != b.minor() {
        Relation::OtherMinor
    } else if a.patch() != b.patch() {
        Relation::OtherPatch
    } else {
        Relation::OtherPrerelease
    }
}

#[test]
fn every_pair_of_releases() {
    let mut seen = BTreeSet::new();
    for a in VERSIONS {
        for b in VERSIONS {
            let (backup, target) = (version(a), version(b));
            let judgement = judge(&Backup::Exact(backup.clone()), &runs(b), Data::default());
            assert_eq!(judgement.relation, by_numbers(&backup, &target), "{a} onto {b}");
            assert_eq!(judgement.allowed(), a == b, "{a} onto {b}");
            assert_eq!(judgement.reasons.is_empty(), a == b, "{a} onto {b}");
            let rules: Vec<_> = judgement.reasons.iter().map(|reason| reason.rule).collect();
            assert_eq!(rules.first().copied(), (a != b).then_some(Rule::ZStream), "the documented reason comes first");
            assert_eq!(rules.contains(&Rule::Payload), a != b, "{a} onto {b}: {rules:?}");
            let other_kubernetes = backup.minor() != target.minor();
            assert_eq!(rules.contains(&Rule::StorageVersions), other_kubernetes, "{a} onto {b}");
            seen.insert(judgement.relation.name());
        }
    }
    assert_eq!(seen.len(), 5, "{seen:?}");
}

/// Every shape of knowledge against every version: nothing but an equal, exact release is allowed.
#[test]
fn every_shape_of_knowledge_against_every_version() {
    let mut seen = BTreeSet::new();
    for text in VERSIONS {
        let target = version(text);
        let (major, minor) = target.minor();
        for (backup, relation, word) in [
            (Backup::Unknown, Relation::Unknown, "not known"),
            (Backup::Minor(major, minor), Relation::PatchUnknown, "is known, and the cluster runs"),
            (Backup::Minor(major, minor + 1), Relation::OtherMinor, "this one is of"),
            (Backup::Minor(major + 1, minor), Relation::OtherMajor, "this one is of"),
            (updating(Some("4.18.21"), text), Relation::Updating, "from 4.18.21 to"),
            (updating(Some(text), "4.18.40"), Relation::Updating, "to 4.18.40"),
            (updating(None, text), Relation::Updating, "from another release"),
        ] {
            let judgement = judge(&backup, &runs(text), Data::default());
            assert_eq!((judgement.relation, judgement.allowed()), (relation, false), "{backup:?} onto {text}");
            assert!(judgement.reasons[0].text.contains(word), "{}", judgement.reasons[0].text);
            seen.insert(judgement.relation.name());
        }
        // a target in the middle of an update runs no release at all, whatever the backup is of
        for backup in
            [Backup::Exact(target.clone()), Backup::Unknown, Backup::Minor(major, minor), updating(None, text)]
        {
            for from in [None, Some("4.18.21")] {
                let target = Target::Updating { from: from.map(version), to: version(text) };
                let judgement = judge(&backup, &target, Data::default());
                assert_eq!((judgement.relation, judgement.allowed()), (Relation::TargetUpdating, false));
                assert!(judgement.reasons[0].text.contains("is itself being updated"));
                seen.insert(judgement.relation.name());
            }
        }
    }
    assert_eq!(seen.len(), 6, "{seen:?}");
}

#[test]
fn relations_and_rules_have_a_word_each() {
    let words: BTreeSet<_> = Relation::ALL.iter().map(|relation| relation.name()).collect();
    assert_eq!(words.len(), Relation::ALL.len());
    let rules = [Rule::ZStream, Rule::Etcd, Rule::StorageVersions, Rule::Payload];
    assert_eq!(rules.iter().map(|rule| rule.name()).collect::<BTreeSet<_>>().len(), rules.len());
}

#[test]
fn the_etcd_of_the_data_counts_more_than_that_of_the_table() {
    let reasons = |backup: &str, target: &str, etcd| {
        let judgement = judge(&Backup::Exact(version(backup)), &runs(target), Data { etcd });
        judgement.reasons.into_iter().map(|reason| reason.text).collect::<Vec<_>>().join("\n")
    };
    assert!(reasons("4.21.1", "4.20.5", None).contains("an older etcd refuses newer data"));
    assert!(reasons("4.20.5", "4.21.1", None).contains("etcd 3.5, the cluster runs 3.6"));
    assert!(!reasons("4.17.1", "4.18.1", None).contains("the data is of etcd"), "3.5 both");
    assert!(reasons("4.17.1", "4.18.1", Some((3, 6))).contains("the data is of etcd 3.6, the cluster runs 3.5"));
    assert!(reasons("4.17.1", "4.18.1", None).contains("1.30"));
    assert!(reasons("4.18.21", "4.18.30", None).contains("images of 4.18.21, the nodes run those of 4.18.30"));
}

#[test]
fn backups_are_described_in_words() {
    for (backup, words) in [
        (Backup::Exact(version("4.18.30")), "4.18.30"),
        (Backup::Minor(4, 18), "4.18 (z not known)"),
        (updating(Some("4.18.21"), "4.18.30"), "between 4.18.21 and 4.18.30"),
        (updating(None, "4.18.30"), "on the way to 4.18.30"),
        (Backup::Unknown, "unknown"),
    ] {
        assert_eq!(backup.describe(), words);
    }
}
