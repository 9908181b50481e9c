//! Tarballs: the real ones, and one for each finding.

pub(crate) mod archive;
mod cases;

use std::collections::BTreeSet;

use backup_facts::configuration::{InForce, Why};
use backup_facts::tarball::TarballFacts;
use checks::tarball::{Name, TarballAsked};
use checks::{Finding, Severity, findings};
use static_resources::Limits;

use archive::{CONFIG, real};
use cases::{archives, contents, keys, members};

/// When the fixtures were made: every certificate but the expired one is valid.
pub(crate) const NOW: i64 = 1_795_452_000; // 2026-11-23T18:00:00Z

fn fixture(name: &str) -> Vec<u8> {
    fixtures::named(name).tarball_bytes()
}

fn read(file: &[u8]) -> TarballFacts {
    TarballFacts::read(file, &Limits::default()).unwrap()
}

fn findings(file: &[u8], name: Name, now: i64) -> Vec<Finding> {
    checks::tarball::check(&TarballAsked { tarball: &read(file), name, now }).into_sorted()
}

/// ID, severity and how often.
fn table(findings: &[Finding]) -> Vec<(&'static str, Severity)> {
    findings.iter().map(|finding| (finding.entry().id, finding.severity())).collect()
}

/// Findings that every fixture's tarball truly has: the expired certificate, and that it is secret.
const TRUE_OF_ALL: [(&str, Severity); 2] = [("TAR-029", Severity::Low), ("TAR-033", Severity::Info)];
const PLAINTEXT: (&str, Severity) = ("KEY-003", Severity::Info);

#[test]
fn a_real_tarball_shows_what_is_true_of_it_and_nothing_else() {
    let mut seen = 0;
    for backup in fixtures::all() {
        seen += 1;
        let name = &backup.name;
        let restorable = Name { restorable: true, ..Name::default() };
        let found = findings(&backup.tarball_bytes(), restorable, NOW);
        let mut expected = BTreeSet::from(TRUE_OF_ALL);
        if !backup.has("encryption-config.json") {
            expected.insert(PLAINTEXT);
        }
        assert_eq!(BTreeSet::from_iter(table(&found)), expected, "{name}: {found:?}");
        assert_eq!(found.len(), expected.len(), "{name}: {found:?}");
        let expired = found.iter().find(|finding| finding.entry().id == "TAR-029").unwrap();
        let expected = "`CN=scheduler.openshift-kube-scheduler.svc` expired 2026-09-14T08:50:55Z, \
                        in `kube-scheduler-pod-6/secrets/serving-cert/tls.crt`";
        assert_eq!(expired.message(), expected);
    }
    assert_eq!(seen, 14);
}

#[test]
fn packing_it_again_brings_up_nothing_new() {
    let found = findings(&real().gzip(), Name::default(), NOW);
    assert_eq!(BTreeSet::from_iter(table(&found)), BTreeSet::from(TRUE_OF_ALL), "{found:?}");
}

#[test]
fn validity_is_held_against_the_time_given() {
    let file = fixture("plain-etcd36");
    let at = |now| {
        let found = findings(&file, Name::default(), now);
        let of = |id: &str, severity| {
            found.iter().filter(|finding| finding.entry().id == id && finding.severity() == severity).count()
        };
        let valid = ["TAR-029", "TAR-030"].map(|id| of(id, Severity::Low));
        (valid, of("TAR-029", Severity::Medium))
    };
    assert_eq!(at(NOW), ([1, 0], 0));
    // the scheduler's expired before any of the others was issued
    for (now, expected) in [(1_789_375_854, 0), (1_789_375_855, 0), (1_789_375_856, 1)] {
        let ([expired, early], _) = at(now);
        assert_eq!(expired, expected, "valid to the last second, which is 1789375855");
        assert!(early > 15, "{early}");
    }
    let ([expired, early], etcd_cas) = at(2_000_000_000); // 2033: all but the ten-year ones, the CA of etcd included
    assert!(expired > 10 && early == 0 && etcd_cas == 1, "{expired} {early} {etcd_cas}");
    let ([expired, early], _) = at(1_000_000_000);
    assert!(expired == 0 && early > 15, "{expired} {early}");
}

#[test]
fn every_finding_of_a_tarball_has_a_case_that_brings_it_up() {
    let mut covered = BTreeSet::new();
    for case in archives().into_iter().chain(contents()).chain(members()).chain(keys()) {
        let found = findings(&case.file, case.name, NOW);
        let finding = found.iter().find(|finding| finding.entry().id == case.id);
        let finding = finding.unwrap_or_else(|| panic!("{} ({}) found {:?}", case.id, case.what, table(&found)));
        assert_eq!(finding.severity(), case.severity, "{} ({})", case.id, case.what);
        assert!(!finding.message().is_empty() && !finding.message().contains('\n'), "{finding:?}");
        assert!(finding.message().len() < 700, "{finding:?}");
        covered.insert(case.id);
    }
    let limits = Limits { entries: 100, ..Limits::default() };
    let tarball = TarballFacts::read(&fixture("plain-etcd36")[..], &limits).unwrap();
    let found =
        checks::tarball::check(&TarballAsked { tarball: &tarball, name: Name::default(), now: NOW }).into_sorted();
    assert_eq!(found[0].entry().id, "TAR-012");
    assert!(!found.iter().any(|finding| finding.entry().id == "TAR-022"), "what was not read is not missing");
    covered.insert("TAR-012");
    covered.extend(["TAR-033"]); // by every real tarball, above
    let of_tarballs = findings::all().into_iter().map(|entry| entry.id);
    // from KEY-019 on, keys are held against values: see keys_fit.rs
    let alone = |id: &&str| id.starts_with("TAR") || ("KEY-001"..="KEY-018").contains(id);
    let of_tarballs: Vec<_> = of_tarballs.filter(alone).collect();
    assert!(of_tarballs.len() >= 51);
    let missing: Vec<_> = of_tarballs.into_iter().filter(|id| !covered.contains(id)).collect();
    assert_eq!(missing, Vec::<&str>::new());
}

/// What is missing is named, with those that name it; what may be missing, and what was split off on purpose, is not.
#[test]
fn members_that_are_missing_are_told_from_those_that_may_be() {
    let of = |archive: &archive::Archive, name: Name| {
        let found = findings(&archive.gzip(), name, NOW).into_iter();
        let found = found.filter(|finding| ("TAR-034"..="TAR-037").contains(&finding.entry().id));
        found.map(|finding| finding.message().to_owned()).collect::<Vec<_>>()
    };
    let mut archive = real();
    archive.remove("static-pod-resources/etcd-pod-8/configmaps/etcd-all-bundles/metrics-ca-bundle.crt");
    assert_eq!(
        of(&archive, Name::default()),
        ["no `static-pod-resources/etcd-pod-8/configmaps/etcd-all-bundles/metrics-ca-bundle.crt`; \
          named by etcd-pod-8/etcd-pod.yaml"]
    );
    // the Go command writes no directories, and a configuration may name one
    let mut archive = real();
    let config = format!("{}/configmaps/config/config.yaml", archive::KAS);
    let keys =
        r#""serviceAccountPublicKeyFiles":["/etc/kubernetes/static-pod-resources/configmaps/sa-token-signing-certs"],"#;
    archive.replace(&config, r#""servicesSubnet""#, &format!(r#"{keys}"servicesSubnet""#));
    archive.members.retain(|(_, path, _)| !path.ends_with('/'));
    assert_eq!(of(&archive, Name::default()), [""; 0]);
    archive.remove(&format!("{}/configmaps/sa-token-signing-certs", archive::KAS));
    assert!(of(&archive, Name::default())[0].contains("sa-token-signing-certs`; named by kube-apiserver-pod-9/"));
    // keys that were split off, as the name says
    let mut archive = real();
    archive.members.retain(|(_, path, _)| !path.ends_with(".key") && !path.ends_with("/token"));
    let name = Name { keyless: true, ..Name::default() };
    assert_eq!(of(&archive, name), [""; 0]);
    assert!(of(&archive, Name::default()).len() > 10);
    // an archive that breaks off does not prove that anything is gone
    let cut = &fixture("aescbc-rotated")[..30_000];
    let found = findings(cut, Name::default(), NOW);
    assert!(!found.iter().any(|finding| ["TAR-034", "TAR-037"].contains(&finding.entry().id)), "{:?}", table(&found));
}

/// States of a sound configuration bring up only what they mean.
#[test]
fn a_sound_configuration_has_no_problem() {
    for (case, expected) in [("KEY-016", None), ("KEY-018", None), ("KEY-014", Some(Severity::Low))] {
        let case = keys().into_iter().find(|known| known.id == case).unwrap();
        let found = findings(&case.file, case.name, NOW);
        let of_keys: Vec<_> = found.iter().filter(|finding| finding.entry().id.starts_with("KEY")).collect();
        assert_eq!(of_keys.len(), 1, "{of_keys:?}");
        let worst =
            of_keys.iter().map(|finding| finding.severity()).filter(|severity| *severity > Severity::Info).max();
        assert_eq!(worst, expected, "{of_keys:?}");
    }
}

#[test]
fn keys_that_were_taken_out_are_told_from_keys_that_were_never_there() {
    let in_force = |file: &[u8]| InForce::of_tarball(&read(file), false);
    assert!(in_force(&fixture("aescbc-rotated")).member().is_some());
    assert!(matches!(in_force(&fixture("plain-etcd36")), InForce::NotConfigured));
    let mut archive = real();
    archive.remove(CONFIG);
    assert!(matches!(in_force(&archive.gzip()), InForce::HeldApart));
    // an archive that breaks off before them does not prove that they are gone
    let cut = &archive.gzip()[..20_000];
    let resources = read(cut).resources;
    assert!(resources.static_pods.apiserver.encryption_provider_config.is_some() && !resources.complete);
    assert!(matches!(in_force(cut), InForce::Unknown { why: Why::BreaksOff }));
}

#[test]
fn no_finding_repeats_a_secret() {
    let secrets = ["MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=", "MTIzNDU=", "01234567890123456789012345678901"];
    for case in keys().into_iter().chain(contents()) {
        let text = format!("{:?}", findings(&case.file, case.name, NOW));
        for secret in secrets {
            assert!(!text.contains(secret), "{} ({})", case.id, case.what);
        }
    }
}
