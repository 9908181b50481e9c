use serde_json::json;

use super::*;

fn add(facts: &mut ClusterFacts<'static>, key: &str, value: &serde_json::Value) {
    let (key, value) = (key.to_owned().into_bytes(), value.to_string().into_bytes());
    let (key, value): (&[u8], &[u8]) = (Box::leak(key.into_boxed_slice()), Box::leak(value.into_boxed_slice()));
    facts.add(key, &StorageKey::parse(key), value, 7);
}

#[test]
fn objects_are_taken_as_far_as_a_tarball_speaks_of_the_same() {
    let mut facts = ClusterFacts::default();
    let operator = json!({"status": {
        "latestAvailableRevision": 9,
        "nodeStatuses": [{"nodeName": "m0", "currentRevision": 8, "targetRevision": 9}, {"nodeName": "m1"}]}});
    add(&mut facts, "/kubernetes.io/operator.openshift.io/kubeapiservers/cluster", &operator);
    add(&mut facts, "/kubernetes.io/operator.openshift.io/dnses/cluster", &operator);
    let status = |node: &str, current, target| NodeStatus { node: node.to_owned(), current, target };
    let expected = StaticPod { latest: Some(9), nodes: vec![status("m0", 8, 9), status("m1", 0, 0)] };
    assert_eq!(facts.static_pods, BTreeMap::from([("kube-apiserver", expected)]));

    let node = |role: &str, address: &str| {
        json!({"kind": "Node", "metadata": {"labels": {format!("node-role.kubernetes.io/{role}"): ""}},
            "status": {"addresses": [{"type": "InternalIP", "address": address}, {"type": "Hostname", "address": "m0"}]}})
    };
    add(&mut facts, "/kubernetes.io/minions/m0", &node("master", "192.0.2.1"));
    add(&mut facts, "/kubernetes.io/minions/w0", &node("worker", "192.0.2.9"));
    assert_eq!(facts.control_plane().map(|(name, _)| name).collect::<Vec<_>>(), ["m0"]);
    assert_eq!(facts.addresses(), BTreeSet::from(["192.0.2.1"]));

    let pod = |name: &str, mirror: bool| {
        let annotations = if mirror { json!({"kubernetes.io/config.mirror": "x"}) } else { json!({}) };
        json!({"kind": "Pod", "metadata": {"name": name, "labels": {"revision": "9"}, "annotations": annotations},
            "spec": {"nodeName": "m0", "containers": [{"image": "a"}, {"image": "b"}, {}]}})
    };
    for (namespace, name, mirror) in [
        ("openshift-kube-scheduler", "openshift-kube-scheduler-m0", true),
        ("openshift-etcd", "etcd-m0", true),
        ("openshift-etcd", "etcd-guard-m0", true),
        ("openshift-etcd", "installer-9-m0", false),
        ("shop", "etcd-m0", true),
    ] {
        add(&mut facts, &format!("/kubernetes.io/pods/{namespace}/{name}"), &pod(name, mirror));
    }
    let running: Vec<_> = facts.mirror_pods.iter().map(|pod| (pod.pod, pod.revision, pod.images.len())).collect();
    assert_eq!(running, [("kube-scheduler", 9, 2), ("etcd", 9, 2)]);

    add(&mut facts, "/kubernetes.io/secrets/openshift-etcd/etcd-signer", &json!({}));
    add(&mut facts, "/kubernetes.io/secrets/shop/etcd-signer", &json!({}));
    assert_eq!(facts.objects.len(), 1);
}

#[test]
fn time_is_that_of_the_newest_objects_and_leases() {
    let mut facts = ClusterFacts::default();
    assert_eq!(facts.newest(), None);
    let created = |time: &str| json!({"metadata": {"creationTimestamp": time}});
    add(&mut facts, "/kubernetes.io/namespaces/a", &created("2026-11-20T00:00:00Z"));
    assert_eq!(facts.newest().unwrap().to_string(), "2026-11-20T00:00:00Z");
    let lease = json!({"spec": {"renewTime": "2026-11-23T09:00:00.123456Z"}});
    add(&mut facts, "/kubernetes.io/leases/kube-node-lease/m0", &lease);
    // a Lease in protobuf, an older one: {2: {4: {1: 1000}}}
    let lease = b"/kubernetes.io/leases/kube-node-lease/m1";
    facts.add(lease, &StorageKey::parse(lease), b"k8s\0\x12\x07\x12\x05\x22\x03\x08\xe8\x07", 8);
    assert_eq!(facts.renewed.unwrap().to_string(), "2026-11-23T09:00:00.123456Z");
    add(&mut facts, "/kubernetes.io/namespaces/b", &created("2026-11-23T10:00:00Z"));
    assert_eq!(facts.newest().unwrap().to_string(), "2026-11-23T10:00:00Z");
    for _ in 0..100 {
        add(&mut facts, "/kubernetes.io/namespaces/c", &created("2026-11-01T00:00:00Z"));
    }
    assert!(facts.newest.len() <= NEWEST);
}

#[test]
fn words_are_filled_in_as_the_installer_does() {
    let fill = |text: &str| substituted(text.as_bytes(), 9, "master-0.example").map(|out| out.to_vec());
    assert_eq!(
        fill("a-REVISION b=NODE_NAME c=NODE_ENVVAR_NAME_IP").unwrap(),
        b"a-9 b=master-0.example c=master_0_example_IP"
    );
    assert_eq!(fill("nothing"), None);
    assert_eq!(fill(""), None);
}

#[test]
fn entries_of_protobuf_are_read_and_damage_ends_them() {
    // {2: {1: "k", 2: "value"}}
    let value = b"k8s\0\x12\x0c\x12\x0a\x0a\x01k\x12\x05value";
    let read = |value: &[u8]| contents(value).map(|it| (it.name.to_vec(), it.bytes.to_vec())).collect::<Vec<_>>();
    assert_eq!(read(value), [(b"k".to_vec(), b"value".to_vec())]);
    for end in 0..value.len() {
        assert!(read(&value[..end]).len() <= 1);
    }
    assert!(read(b"{}").is_empty());
}

#[test]
fn certificates_of_a_bundle_are_told_apart() {
    let pem = "x\n-----BEGIN CERTIFICATE-----\nYWJj\n-----END CERTIFICATE-----\n-----BEGIN CERTIFICATE-----\n!\n\
        -----END CERTIFICATE-----\n-----BEGIN CERTIFICATE-----\nYQ==";
    let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"; // SHA-256 of "abc"
    let found: Vec<String> = pem_fingerprints(pem.as_bytes())
        .iter()
        .map(|print| print.iter().map(|byte| format!("{byte:02x}")).collect())
        .collect();
    assert_eq!(found, [expected]);
}
