//! The real backups, held against what is known of them: `fixtures/README.md`, the list of live keys, and strings that
//! stand in the files for anybody to find.

use backup_facts::hazards::{Signs, open_with};
use backup_facts::opening::{Unlocked, read_keys};
use backup_facts::snapshot::QuotaSource;

use super::*;

/// The fixtures of a whole cluster.
const CLUSTERS: [&str; 6] =
    ["plain-etcd34", "plain-etcd36", "aescbc-rotated", "aesgcm-rotated", "partially-encrypted", "page-size-64k"];
/// The others: etcd alone, with filler for values.
const OTHERS: [&str; 8] = [
    "auth-enabled",
    "downgrade-enabled",
    "members-learner",
    "members-m0",
    "members-m1",
    "members-m2",
    "nospace-alarm",
    "odd-keys",
];

#[test]
fn storage_is_as_it_was_filled() {
    for name in CLUSTERS {
        let storage = of(&snapshot(name)).storage;
        assert_eq!((storage.volumes.total, storage.claims.total, storage.attachments.total), (11, 11, 6), "{name}");
        let volumes = &storage.volumes.items;
        let local: Vec<_> = volumes.iter().filter(|volume| volume.source.driver() == "local").collect();
        let csi = volumes.iter().filter(|one| one.source.driver() == "openshift-storage.rbd.csi.ceph.com").count();
        assert_eq!((local.len(), csi), (3, 8), "{name}");
        for (n, volume) in local.iter().enumerate() {
            let (path, node) = (format!("/mnt/local-storage/localblock/wwn-0x5000c500a{n}"), format!("worker-{n}"));
            assert_eq!((volume.source.handle(), &volume.nodes[..]), (path.as_str(), &[node][..]), "{name}");
            assert_eq!(volume.owner.as_ref().unwrap().to_string(), "openshift-local-storage/local-block");
            let claim = volume.claim.as_ref().unwrap().to_string();
            assert_eq!(claim, format!("openshift-storage/ocs-deviceset-{n}"), "{name}");
        }
        assert!(volumes.iter().all(|volume| volume.is_exclusive() && volume.created.is_some() && !volume.deleting));
        assert!(volumes.iter().all(|volume| volume.phase == "Bound"), "{name}");
        let secrets: std::collections::BTreeSet<_> =
            volumes.iter().flat_map(|volume| volume.secrets.iter().map(ToString::to_string)).collect();
        assert!(secrets.iter().eq(["openshift-storage/rook-csi-rbd-node"]), "{name}: {secrets:?}");
        let lost: Vec<_> = storage.claims.items.iter().filter(|claim| claim.phase == "Lost").collect();
        assert!(lost.iter().map(|claim| claim.name.to_string()).eq(["billing/data-kafka-2"]), "{name}");
        assert!(storage.claims.items.iter().all(|claim| !claim.volume_missing), "{name}");
        let [owner] = &storage.local_owners.items[..] else { panic!("{name}: {:?}", storage.local_owners) };
        assert_eq!((owner.kind.as_str(), owner.name.name.as_str()), ("LocalVolume", "local-block"));
        assert_eq!(owner.nodes, ["worker-0", "worker-1", "worker-2"]);
        assert!(owner.device_paths.iter().all(|path| path.starts_with("/dev/disk/by-id/wwn-0x5000c500a")));
        assert_eq!((owner.device_paths.len(), &owner.storage_classes[..]), (3, &["localblock".to_owned()][..]));
    }
}

#[test]
fn attachments_are_held_against_pods_and_nodes() {
    for name in CLUSTERS {
        let storage = of(&snapshot(name)).storage;
        let attachments = &storage.attachments.items;
        assert_eq!(attachments.iter().filter(|one| !one.attached).count(), 1, "{name}");
        assert!(attachments.iter().all(|one| one.exclusive && !one.node_missing), "{name}");
        assert!(attachments.iter().all(|one| !one.attach_failed && !one.detach_failed), "{name}");
        // the kafka pods are one node further than their volumes
        let elsewhere: Vec<_> = storage
            .elsewhere
            .items
            .iter()
            .map(|one| (one.pod.to_string(), one.pod_node.as_str(), one.attached_to.as_str()))
            .collect();
        let kafka = |n: usize| format!("billing/kafka-{n}");
        let expected = [
            (kafka(0), "worker-0", "worker-2"),
            (kafka(1), "worker-1", "worker-0"),
            (kafka(2), "worker-2", "worker-1"),
        ];
        assert_eq!(elsewhere, expected, "{name}");
    }
}

#[test]
fn stateful_sets_and_databases_are_named() {
    for name in CLUSTERS {
        let storage = of(&snapshot(name)).storage;
        let sets: Vec<_> = storage.stateful_sets.items.iter().map(|set| (set.name.to_string(), set.replicas)).collect();
        let expected = [
            ("billing/kafka".to_owned(), 3),
            ("openshift-monitoring/prometheus-k8s".to_owned(), 2),
            ("shop/postgres".to_owned(), 2),
            ("vault/vault".to_owned(), 1),
        ];
        assert_eq!(sets, expected, "{name}");
        let pods: Vec<_> = storage.databases.items.iter().map(|one| format!("{} {}", one.pod, one.software)).collect();
        let expected = [
            "billing/kafka-0 kafka",
            "billing/kafka-1 kafka",
            "billing/kafka-2 kafka",
            "openshift-monitoring/prometheus-k8s-0 prometheus",
            "openshift-monitoring/prometheus-k8s-1 prometheus",
            "shop/postgres-0 postgres",
            "shop/postgres-1 postgres",
            "vault/vault-0 vault",
        ];
        assert_eq!(pods, expected, "{name}");
    }
}

#[test]
fn nodes_and_requests_are_as_they_were() {
    for name in CLUSTERS {
        let hazards = of(&snapshot(name));
        let nodes = &hazards.nodes;
        let ready: Vec<_> = nodes.nodes.items.iter().map(|node| (node.name.as_str(), node.ready.as_str())).collect();
        let expected = [
            ("master-0", "True"),
            ("master-1", "True"),
            ("master-2", "True"),
            ("worker-0", "True"),
            ("worker-1", "Unknown"),
            ("worker-2", "True"),
        ];
        assert_eq!(ready, expected, "{name}");
        assert_eq!(nodes.nodes.items.iter().filter(|node| node.control_plane).count(), 3, "{name}");
        assert!(nodes.nodes.items.iter().all(|node| node.unschedulable == (node.name == "worker-2")), "{name}");
        assert!(nodes.nodes.items.iter().all(|node| !node.is_rolling_out()), "{name}");
        let pending: Vec<_> = nodes.pending_csrs.items.iter().map(|csr| csr.name.as_str()).collect();
        assert_eq!((nodes.csrs, &pending[..]), (6, &["csr-gx7k4", "csr-hx7k5"][..]), "{name}");
        assert_eq!(nodes.machines.total, 6, "{name}");
        assert!(nodes.machines.items.iter().all(|machine| machine.phase == "Running" && !machine.node_missing));
        assert_eq!(nodes.machines.items.iter().filter(|machine| machine.control_plane).count(), 3, "{name}");
        let paused: Vec<_> = nodes.pools.items.iter().filter(|pool| pool.paused).collect();
        assert!(paused.len() == 1 && paused[0].name == "worker" && nodes.pools.total == 2, "{name}");
        assert_eq!(hazards.control_plane.network_type, "OVNKubernetes", "{name}");
        assert_eq!(hazards.control_plane.topology, "HighlyAvailable", "{name}");
        assert_eq!(hazards.control_plane.version.as_deref(), Some("4.18.30"), "{name}");
        assert!(hazards.control_plane.forced_redeployments.is_empty(), "{name}");
        assert_eq!(hazards.taken, Some(at("2026-11-23T08:30:00.123456Z")), "{name}");
        assert_eq!(hazards.control_plane.installed, Some(at("2025-10-16T06:00:00Z")), "{name}");
        assert_eq!((hazards.unread.total, hazards.deletions.total, hazards.webhooks.total), (0, 0, 0), "{name}");
        assert_eq!(hazards.age_days(), Some(0), "{name}");
    }
}

#[test]
fn etcd_alone_has_no_hazard_of_a_cluster() {
    for name in OTHERS {
        let hazards = of(&snapshot(name));
        let storage = &hazards.storage;
        assert_eq!((storage.volumes.total, storage.claims.total, hazards.nodes.nodes.total), (0, 0, 0), "{name}");
        assert_eq!((hazards.taken, hazards.control_plane.installed), (None, None), "{name}");
        assert!(hazards.voters >= 1 && hazards.space.size > 0, "{name}");
    }
}

/// The authority of etcd is in a Secret: readable where Secrets are plain or keys are at hand, and else only named.
#[test]
fn the_signer_is_read_where_it_can_be_opened() {
    let not_after = at("2031-10-23T08:48:52Z");
    for name in ["plain-etcd34", "plain-etcd36"] {
        let [signer] = &of(&snapshot(name)).certificates.signers[..] else { panic!("{name}") };
        assert_eq!((signer.secret.to_string().as_str(), signer.signs), ("openshift-etcd/etcd-signer", Signs::Etcd));
        assert_eq!(signer.not_after, not_after, "{name}");
    }
    for name in ["aescbc-rotated", "aesgcm-rotated"] {
        let file = snapshot(name);
        let sealed = of(&file).certificates;
        assert!(sealed.signers.is_empty() && sealed.unread_signers.len() == 1, "{name}: {sealed:?}");
        let unlocked = Unlocked::new([read_keys(&fixture::config(name).unwrap()).unwrap()]);
        let opened = with(&file, open_with(&unlocked), None, NOW).certificates;
        assert!(opened.unread_signers.is_empty(), "{name}");
        assert_eq!(opened.signers[0].not_after, not_after, "{name}");
    }
}

/// What `openssl x509 -enddate` prints of the tarball's certificates: one ended before the backup was made, the next to
/// end does so on 2026-12-23 at 08:50:55.
#[test]
fn certificates_of_the_tarball_are_held_against_the_planned_day() {
    let (file, tarball) = (snapshot("plain-etcd36"), tarball("plain-etcd36"));
    let ending = |day: &str| with(&file, |_, _| None, Some(&tarball), day).certificates.ending;
    assert!(ending(NOW).is_empty(), "what has ended already is the tarball's own fault");
    assert!(ending("2026-12-23T08:50:55Z").is_empty(), "valid to the last second");
    let first = ending("2026-12-23T08:50:56Z");
    assert_eq!((first.total, first.items[0].not_after), (1, at("2026-12-23T08:50:55Z")));
    assert!(!first.items[0].etcd_ca, "{first:?}");
    let far = ending("2100-01-01T00:00:00Z");
    let valid = tarball.certificates.iter().filter(|one| one.not_after >= at(NOW).as_second());
    let valid: std::collections::HashSet<_> = valid.map(|one| one.fingerprint).collect();
    assert_eq!(far.total, valid.len() as u64, "each once");
    assert!(far.items.is_sorted_by_key(|one| one.not_after));
    let of_etcd = far.items.iter().filter(|one| one.etcd_ca);
    assert!(of_etcd.clone().count() > 0, "{far:?}");
    assert!(of_etcd.into_iter().all(|one| one.not_after == at("2031-10-23T08:48:52Z")), "{far:?}");
}

#[test]
fn the_quota_is_that_of_the_tarball() {
    let (file, tarball) = (snapshot("plain-etcd36"), tarball("plain-etcd36"));
    let space = with(&file, |_, _| None, Some(&tarball), NOW).space;
    assert_eq!((space.quota, space.quota_source), (8_589_934_592, QuotaSource::Tarball));
    assert_eq!(of(&file).space.quota_source, QuotaSource::Default);
}
