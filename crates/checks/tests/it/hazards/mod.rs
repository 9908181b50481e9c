//! Hazards: the real backups, and a cluster for each finding.

mod cases;
mod cluster;
mod told;

use std::collections::{BTreeMap, BTreeSet};

use backup_facts::hazards::{self, Hazards};
use backup_facts::platform::Platform;
use bbolt_page::{Db, Serial};
use checks::{Finding, Findings, Severity, findings};
use etcd_snapshot::{Options, scan};
use jiff::Timestamp;
use static_resources::{Limits, StaticResources};

use cases::{Case, all};
use cluster::{Cluster, TAKEN};

fn snapshot(fixture: &str) -> Vec<u8> {
    fixtures::named(fixture).bytes()
}

fn tarball() -> StaticResources {
    static_resources::read(&fixtures::named("plain-etcd36").tarball_bytes()[..], &Limits::default()).unwrap()
}

/// What a snapshot holds, read on `now` for a restore on `restore`.
fn read(snapshot: &[u8], tarball: Option<&StaticResources>, now: &str, restore: &str) -> Hazards {
    let scan = scan(Db::open(snapshot).unwrap(), Options::default(), &Serial);
    let (now, restore): (Timestamp, Timestamp) = (now.parse().unwrap(), restore.parse().unwrap());
    hazards::read(&scan, &|_, _| None, tarball, Platform::OpenShift, now, restore)
}

fn findings(hazards: &Hazards) -> Vec<Finding> {
    let mut findings = Findings::default();
    checks::hazards::check(hazards, &mut findings);
    findings.into_sorted()
}

fn table(findings: &[Finding]) -> BTreeSet<(&'static str, Severity)> {
    findings.iter().map(|finding| (finding.entry().id, finding.severity())).collect()
}

fn messages(findings: &[Finding]) -> BTreeMap<&'static str, &str> {
    findings.iter().map(|finding| (finding.entry().id, finding.message())).collect()
}

#[test]
fn a_quiet_cluster_has_no_hazard() {
    let hazards = read(&Cluster::quiet().snapshot(), None, TAKEN, TAKEN);
    assert!(hazards.nodes.nodes.total == 3 && hazards.taken.is_some(), "{hazards:?}");
    assert_eq!(table(&findings(&hazards)), BTreeSet::new());
}

/// Each case brings up its finding and no other but those that it says.
#[test]
fn every_hazard_has_a_case_that_brings_it_up() {
    let mut covered = BTreeSet::new();
    for Case { id, severity, what, cluster, now, restore, with_tarball, change, also } in all() {
        let tarball = with_tarball.then(tarball);
        let mut hazards = read(&cluster.snapshot(), tarball.as_ref(), now, restore);
        change(&mut hazards);
        let found = findings(&hazards);
        let mut expected: BTreeSet<_> = also.iter().copied().collect();
        expected.extend(id.map(|id| (id, severity)));
        assert_eq!(table(&found), expected, "{what}: {:?}", messages(&found));
        assert_eq!(found.len(), expected.len(), "{what}: one finding of a kind");
        for finding in &found {
            assert!(!finding.message().is_empty() && !finding.message().contains('\n'), "{what}: {finding:?}");
            assert!(finding.message().len() < 700, "{what}: {finding:?}");
        }
        covered.extend(id);
    }
    let hazards = findings::all().into_iter().map(|entry| entry.id).filter(|id| id.starts_with("HAZ"));
    let missing: Vec<_> = hazards.filter(|id| !covered.contains(id)).collect();
    assert_eq!(missing, Vec::<&str>::new());
}

/// What is true of every fixture of a whole cluster, by `fixtures/README.md` and by the bytes: nothing high.
#[test]
fn the_hazards_of_real_backups_are_those_they_have() {
    use Severity::{Info, Low, Medium};
    let expected = BTreeSet::from([
        ("HAZ-001", Info),
        ("HAZ-002", Low),
        ("HAZ-004", Info),
        ("HAZ-005", Medium),
        ("HAZ-008", Low),
        ("HAZ-009", Info),
        ("HAZ-011", Info),
        ("HAZ-012", Low),
        ("HAZ-014", Info),
        ("HAZ-015", Low),
        ("HAZ-018", Low),
        ("HAZ-022", Info),
        ("HAZ-029", Low),
        ("HAZ-037", Low),
    ]);
    let now = "2026-11-23T18:00:00Z";
    for name in
        ["plain-etcd34", "plain-etcd36", "aescbc-rotated", "aesgcm-rotated", "partially-encrypted", "page-size-64k"]
    {
        let found = findings(&read(&snapshot(name), Some(&tarball()), now, now));
        // no keys are at hand
        let mut expected = expected.clone();
        if !name.starts_with("plain") {
            expected.insert(("HAZ-030", Info));
        }
        assert_eq!(table(&found), expected, "{name}: {:?}", messages(&found));
        let told = messages(&found);
        let starts = |id: &str, start: &str| assert!(told[id].starts_with(start), "{name}: {}", told[id]);
        starts(
            "HAZ-001",
            "what lies on 11 volumes is not in the backup: 8 openshift-storage.rbd.csi.ceph.com, 3 local; ",
        );
        starts(
            "HAZ-002",
            "3 volumes on devices of single nodes: `local-pv-00000000` on `worker-0` at \
             `/mnt/local-storage/localblock/wwn-0x5000c500a0`, ",
        );
        assert!(told["HAZ-002"].ends_with("kept by LocalVolume `openshift-local-storage/local-block`"), "{name}");
        starts("HAZ-004", "5 volumes were attached, 5 of them for one node at a time: ");
        starts(
            "HAZ-005",
            "3 pods were apart from their volumes: `billing/kafka-0` on `worker-0`, its volume \
             `pvc-ac31a3e1-bef8-eada-bb66-62f019f65e7c` on `worker-2`, ",
        );
        starts("HAZ-008", "1 claim without a volume: `billing/data-kafka-2`, whose volume ");
        starts("HAZ-012", "2 certificate requests were neither approved nor denied: `csr-gx7k4` of `system:admin`, ");
        assert_eq!(told["HAZ-015"], "1 node of 6 not ready: `worker-1` (Ready: Unknown)", "{name}");
        assert_eq!(told["HAZ-018"], "1 pool is paused: `worker`", "{name}");
        assert_eq!(told["HAZ-037"], "1 node of 6 cordoned: `worker-2`", "{name}");
        assert_eq!(told["HAZ-029"], "1 voting member of etcd and 3 control-plane nodes", "{name}");
    }
    for name in ["auth-enabled", "downgrade-enabled", "members-learner", "members-m0", "nospace-alarm", "odd-keys"] {
        let found = findings(&read(&snapshot(name), Some(&tarball()), now, now));
        // its lease `hot` holds filler
        let expected = (name == "odd-keys").then_some(("HAZ-030", Info));
        assert_eq!(table(&found), expected.into_iter().collect(), "{name}: {:?}", messages(&found));
    }
}

/// A message names a few, the evidence a hundred, and both count the rest.
#[test]
fn a_flood_of_objects_is_one_short_finding() {
    let mut cluster = Cluster::quiet();
    for n in 0..300 {
        cluster.put(
            &format!("certificatesigningrequests/csr-{n:03}"),
            &format!(r#"{{"spec":{{"signerName":"s","username":"{}"}},"status":{{}}}}"#, "u".repeat(400)),
        );
    }
    let found = findings(&read(&cluster.snapshot(), None, TAKEN, TAKEN));
    let [finding] = &found[..] else { panic!("{found:?}") };
    assert!(
        finding.message().starts_with("300 certificate requests were neither approved nor denied: `csr-000` of `uuu")
    );
    assert!(finding.message().contains(" and 299 more; for signer `s`"), "{}", finding.message());
    let (_, names) = finding.evidence().iter().find(|(name, _)| *name == "names").unwrap();
    let checks::Evidence::Text(names) = names else { panic!("{names:?}") };
    assert!(names.starts_with("csr-000 of uuu") && names.ends_with(", 200 more"), "{names}");
    assert_eq!(names.split(", ").count(), 101);
}
