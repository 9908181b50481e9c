//! What a snapshot says of its cluster that a procedure needs.

use backup_facts::hazards::{Hazards, read};
use backup_facts::platform::Platform;
use backup_facts::site::{BareMetalHost, PeerMember, Provider, Role, Site};
use bbolt_page::{Db, Serial};
use etcd_snapshot::{Options, scan};
use jiff::Timestamp;
use serde_json::{Value, json};
use snapshot_builder::{Builder, MEMBER, Put};
use zeroize::Zeroizing;

use crate::fixture::snapshot;

/// A snapshot of objects by their keys below `/kubernetes.io/`.
fn built(objects: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut builder = Builder::new();
    for ((key, value), main) in objects.iter().zip(2..) {
        let key = format!("/kubernetes.io/{key}");
        builder.put(main, 0, &Put { key: key.as_bytes(), value, create: main, modified: main, version: 1, lease: 0 });
    }
    builder.build()
}

fn site_of(objects: &[(&str, Value)]) -> Site {
    let objects: Vec<_> = objects.iter().map(|(key, value)| (*key, value.to_string().into_bytes())).collect();
    of(&built(&objects))
}

fn of(snapshot: &[u8]) -> Site {
    with(snapshot, |_, _| None)
}

fn with(snapshot: &[u8], open: impl Fn(&[u8], &[u8]) -> Option<Zeroizing<Vec<u8>>>) -> Site {
    Site::read(&scan(Db::open(snapshot).unwrap(), Options::default(), &Serial), &open)
}

fn hazards(snapshot: &[u8]) -> Hazards {
    let scan = scan(Db::open(snapshot).unwrap(), Options::default(), &Serial);
    let now = Timestamp::new(0, 0).unwrap();
    read(&scan, &|_, _| None, None, Platform::OpenShift, now, now)
}

/// A protobuf field that holds bytes.
fn field(number: u8, bytes: impl AsRef<[u8]>) -> Vec<u8> {
    let bytes = bytes.as_ref();
    assert!(number < 16 && bytes.len() < 256, "a byte of tag, and one or two of length");
    let length = u8::try_from(bytes.len()).unwrap();
    let length = if length < 128 { vec![length] } else { vec![length, 1] };
    [vec![number << 3 | 2], length, bytes.to_vec()].concat()
}

fn stored(api_version: &str, kind: &str, object: &[u8]) -> Vec<u8> {
    let type_meta = [field(1, api_version), field(2, kind)].concat();
    let length = u8::try_from(object.len() & 127).unwrap() | 128;
    let high = u8::try_from(object.len() >> 7).unwrap();
    [b"k8s\0".to_vec(), field(1, type_meta), vec![0x12, length, high], object.to_vec()].concat()
}

/// A real cluster, whose built-in kinds kube-apiserver wrote as protobuf.
#[test]
fn of_a_real_cluster_everything_is_read() {
    for name in ["plain-etcd34", "plain-etcd36"] {
        let bytes = snapshot(name);
        let site = of(&bytes);
        assert_eq!((site.sealed.total, site.unread.total), (0, 0), "{name}: {:?}", site.unread);
        assert_eq!(
            site.machines.iter().map(|it| it.node.as_str()).collect::<Vec<_>>(),
            ["master-0", "master-1", "master-2"]
        );
        assert!(
            site.machines.iter().all(|it| !it.had_secrets && it.object["kind"] == "Machine"),
            "{:?}",
            site.machines
        );
        let operators: Vec<_> = site.operators.iter().map(|it| it.resource.as_str()).collect();
        assert_eq!(operators, ["etcds", "kubeapiservers", "kubecontrollermanagers", "kubeschedulers"], "{name}");
        assert!(site.operators.iter().all(|it| it.latest_revision.is_some()), "{name}: {:?}", site.operators);
        assert_eq!(site.drivers.items, ["openshift-storage.rbd.csi.ceph.com"], "{name}");
        let routers = site.workloads.items.iter().filter(|it| it.role == Role::Router);
        assert!(routers.map(|it| it.name.to_string()).eq(["openshift-ingress/ingress-server"]), "{name}");
        let operators = site.workloads.items.iter().filter(|it| it.role == Role::Operator);
        assert!(operators.clone().count() > 3 && operators.clone().all(|it| it.name.namespace.ends_with("-operator")));
        assert!(!site.infrastructure.name.is_empty() && !site.cluster_id.is_empty(), "{name}");
        let nodes = hazards(&bytes).nodes.nodes.items;
        assert!(nodes.iter().all(|node| node.created.is_some() && node.deleted.is_none()), "{name}");
    }
}

/// Node {1: metadata {1: name, 8: created {1: seconds}, 9: deleted, 11: label}, 3: status {5: address {1: type, 2: address}}}
#[test]
fn a_node_tells_its_addresses_in_protobuf_and_json_alike() {
    let address = |kind: &str, text: &str| field(5, [field(1, kind), field(2, text)].concat());
    let time = |seconds: u8| [8, seconds];
    let label = [field(1, "node-role.kubernetes.io/control-plane"), vec![18, 0]].concat();
    let metadata = [field(1, "m"), field(8, time(7)), field(9, time(9)), field(11, label)].concat();
    let status = [
        address("Hostname", "m.example.com"),
        address("InternalIP", "10.0.0.5"),
        address("ExternalIP", "1.2.3.4"),
        address("InternalIP", "fd00::5"),
    ];
    let object = [field(1, metadata), field(3, status.concat())].concat();
    let json = json!({"kind": "Node", "apiVersion": "v1", "metadata": {"name": "m", "creationTimestamp": "1970-01-01T00:00:07Z",
            "deletionTimestamp": "1970-01-01T00:00:09Z", "labels": {"node-role.kubernetes.io/control-plane": ""}},
        "status": {"addresses": [{"type": "Hostname", "address": "m.example.com"}, {"type": "InternalIP", "address": "10.0.0.5"},
            {"type": "ExternalIP", "address": "1.2.3.4"}, {"type": "InternalIP", "address": "fd00::5"}]}});
    for value in [stored("v1", "Node", &object), json.to_string().into_bytes()] {
        let nodes = hazards(&built(&[("minions/m", value)])).nodes.nodes.items;
        let [node] = &nodes[..] else { panic!("one node") };
        assert_eq!(node.addresses, ["10.0.0.5", "fd00::5"]);
        assert_eq!((node.hostname.as_str(), node.control_plane), ("m.example.com", true));
        assert_eq!((node.created, node.deleted), (Timestamp::new(7, 0).ok(), Timestamp::new(9, 0).ok()));
    }
}

#[test]
fn a_machine_is_of_the_control_plane_by_label_or_node_and_has_its_node_by_an_address() {
    let node = |master: bool, ip: &str| {
        let labels = if master { json!({"node-role.kubernetes.io/master": ""}) } else { json!({}) };
        json!({"metadata": {"labels": labels}, "status": {"addresses": [{"type": "InternalIP", "address": ip}]}})
    };
    let machine = |role: Option<&str>, status: Value| {
        let labels = role.map_or(json!({}), |role| json!({"machine.openshift.io/cluster-api-machine-role": role}));
        json!({"kind": "Machine", "apiVersion": "machine.openshift.io/v1beta1", "metadata": {"labels": labels},
            "spec": {"providerID": "aws:///x", "providerSpec": {"value": {"userData": "CANARY", "ami": "a"}}}, "status": status})
    };
    let at = |ip: &str| json!({"addresses": [{"type": "ExternalIP", "address": "10.0.0.7"}, {"type": "InternalIP", "address": ip}]});
    let place = |name: &str| format!("machine.openshift.io/machines/openshift-machine-api/{name}");
    let (a, b, c, d, e) = (place("a"), place("b"), place("c"), place("d"), place("e"));
    let site = site_of(&[
        ("minions/master-0", node(true, "10.0.0.5")),
        ("minions/master-1", node(true, "10.0.0.6")),
        ("minions/worker-0", node(false, "10.0.0.7")),
        (&b, machine(Some("master"), json!({"nodeRef": {"name": "master-9"}}))),
        (&a, machine(Some("master"), at("10.0.0.6"))),
        (&c, machine(None, at("10.0.0.5"))),
        (&d, machine(None, json!({"nodeRef": {"name": "worker-0"}}))),
        (&e, machine(Some("worker"), at("10.0.0.5"))),
    ]);
    let found: Vec<_> = site.machines.iter().map(|it| (it.name.as_str(), it.node.as_str())).collect();
    assert_eq!(found, [("a", "master-1"), ("b", "master-9"), ("c", "master-0")]);
    assert!(site.machines.iter().all(|it| it.had_secrets && it.provider_id == "aws:///x"));
    assert_eq!(site.machines[0].object["spec"]["providerSpec"]["value"], json!({"ami": "a"}));
}

#[test]
fn provider_operators_and_encryption_are_read_in_their_old_and_new_forms() {
    let operator = |reason: &str| {
        json!({"spec": {"forceRedeploymentReason": reason, "unsupportedConfigOverrides": {"b": {"secret": "CANARY"}, "a": 1}},
            "status": {"latestAvailableRevision": 9, "nodeStatuses": [{"nodeName": "m-0", "currentRevision": 8}, {"nodeName": "m-1"}],
                "conditions": [{"type": "NodeInstallerProgressing", "reason": "AllNodesAtLatestRevision", "message": "3 nodes"},
                    {"type": "Encrypted", "reason": "EncryptionCompleted", "message": "All resources encrypted"}]}})
    };
    let site = site_of(&[
        (
            "config.openshift.io/infrastructures/cluster",
            json!({"status": {"platform": "BareMetal", "infrastructureName": "c-1",
            "controlPlaneTopology": "HighlyAvailable", "apiServerInternalURI": "https://api-int:6443",
            "platformStatus": {"baremetal": {"apiServerInternalIP": "10.0.0.2", "apiServerInternalIPs": ["10.0.0.2", "fd00::2"],
                "ingressIP": "10.0.0.3"}}}}),
        ),
        ("config.openshift.io/clusterversions/version", json!({"spec": {"clusterID": "8a5f"}})),
        ("config.openshift.io/apiservers/cluster", json!({"spec": {"encryption": {"type": "aescbc"}}})),
        ("operator.openshift.io/kubeschedulers/cluster", json!({"spec": {}})),
        ("operator.openshift.io/kubeapiservers/cluster", operator("")),
        ("operator.openshift.io/etcds/cluster", operator("recovery-1")),
        ("operator.openshift.io/etcds/other", operator("x")),
        ("operator.openshift.io/authentications/cluster", operator("")),
        ("operator.openshift.io/openshiftapiservers/cluster", operator("")),
        ("metal3.io/baremetalhosts/openshift-machine-api/h1", json!({"spec": {"consumerRef": {"name": "m-1"}}})),
        ("metal3.io/baremetalhosts/openshift-machine-api/h0", json!({"spec": {"bmc": {"credentialsName": "x"}}})),
    ]);
    let ip = |text: &str| text.to_owned();
    let provider = Provider {
        platform: ip("BareMetal"),
        topology: ip("HighlyAvailable"),
        name: ip("c-1"),
        api_internal_url: ip("https://api-int:6443"),
        api_vips: vec![ip("10.0.0.2"), ip("fd00::2")],
        ingress_vips: vec![ip("10.0.0.3")],
    };
    assert_eq!((site.infrastructure, site.cluster_id.as_str()), (provider, "8a5f"));
    let host = |name: &str, consumer: &str| BareMetalHost { name: ip(name), consumer: ip(consumer) };
    assert_eq!(site.bare_metal.items, [host("h0", ""), host("h1", "m-1")]);
    let [etcd, apiserver, scheduler] = &site.operators[..] else { panic!("{:?}", site.operators) };
    assert_eq!((etcd.resource.as_str(), etcd.redeployment_reason.as_str()), ("etcds", "recovery-1"));
    assert_eq!((etcd.latest_revision, scheduler.latest_revision), (Some(9), None));
    assert_eq!(apiserver.node_revisions, [(ip("m-0"), 8), (ip("m-1"), 0)]);
    assert_eq!(apiserver.overrides, ["a", "b"]);
    assert_eq!(apiserver.progressing, (ip("AllNodesAtLatestRevision"), ip("3 nodes")));
    assert_eq!((site.encryption.kind.as_str(), scheduler.progressing.0.as_str()), ("aescbc", ""));
    let told: Vec<_> =
        site.encryption.conditions.iter().map(|(resource, reason, _)| (resource.as_str(), reason.as_str())).collect();
    let completed = "EncryptionCompleted";
    assert_eq!(
        told,
        [("openshiftapiservers", completed), ("kubeapiservers", completed), ("authentications", completed)]
    );
}

/// Deployment {2: spec {3: template {2: spec {8: account}}}}, DaemonSet {2: spec {2: template ..}}
#[test]
fn others_controllers_are_those_with_an_account_of_their_own() {
    let pod = |account: &str| field(2, field(8, account));
    let deployment = |account: &str| stored("apps/v1", "Deployment", &field(2, field(3, pod(account))));
    let daemon_set = |account: &str| stored("apps/v1", "DaemonSet", &field(2, field(2, pod(account))));
    let json = |account: &str| {
        json!({"spec": {"template": {"spec": {"serviceAccountName": account}}}}).to_string().into_bytes()
    };
    let site = of(&built(&[
        ("deployments/shop/web", deployment("default")),
        ("deployments/cert-manager/cert-manager", deployment("cert-manager")),
        ("daemonsets/vault/agent", daemon_set("vault")),
        ("daemonsets/vault/other", daemon_set("")),
        ("deployments/argo/server", json("argo")),
        ("deployments/argo/page", json("default")),
        ("deployments/openshift-console/console", deployment("console")),
        ("deployments/kube-system/x", deployment("x")),
        ("deployments/openshift-ingress/router-default", deployment("router")),
        ("deployments/openshift-dns-operator/dns-operator", deployment("dns-operator")),
        ("deployments/openshift-operators/some", deployment("some")),
    ]));
    let found: Vec<_> =
        site.workloads.items.iter().map(|it| (it.role, it.kind.as_str(), it.name.to_string())).collect();
    let one = |role, kind, name: &str| (role, kind, name.to_owned());
    assert_eq!(
        found,
        [
            one(Role::Router, "deployment", "openshift-ingress/router-default"),
            one(Role::Operator, "deployment", "openshift-dns-operator/dns-operator"),
            one(Role::Operator, "deployment", "openshift-operators/some"),
            one(Role::ThirdParty, "daemonset", "vault/agent"),
            one(Role::ThirdParty, "deployment", "argo/server"),
            one(Role::ThirdParty, "deployment", "cert-manager/cert-manager"),
        ]
    );
}

#[test]
fn what_does_not_open_or_cannot_be_read_is_named() {
    let sealed = b"k8s:enc:aescbc:v1:1:0123456789abcdef0123456789abcdef".to_vec();
    let bytes = built(&[
        ("config.openshift.io/proxies/cluster", sealed.clone()),
        ("machine.openshift.io/machines/openshift-machine-api/m-0", sealed),
        ("config.openshift.io/infrastructures/cluster", b"{".to_vec()),
        ("secrets/a/b", b"k8s:enc:aescbc:v1:1:0123456789abcdef0123456789abcdef".to_vec()),
    ]);
    let site = of(&bytes);
    assert_eq!(site.sealed.items, ["machines openshift-machine-api/m-0", "proxies cluster"]);
    assert_eq!(
        (site.unread.items.as_slice(), &site.infrastructure),
        (&["infrastructures cluster".to_owned()][..], &Provider::default())
    );
    let opened = with(&bytes, |_, _| Some(br#"{"status":{"httpProxy":"http://p"}}"#.to_vec().into()));
    assert_eq!((opened.sealed.total, opened.proxy.unwrap().http.as_str()), (0, "http://p"));
}

#[test]
fn members_are_told_by_id() {
    let mut builder = Builder::new();
    builder.member(MEMBER + 1, "m-1", true).member(MEMBER, "m-0", false);
    let member = |id, name: &str, is_learner| PeerMember {
        id,
        name: name.to_owned(),
        peer_urls: vec!["http://127.0.0.1:2380".to_owned()],
        is_learner,
    };
    assert_eq!(of(&builder.build()).members, [member(MEMBER, "m-0", false), member(MEMBER + 1, "m-1", true)]);
}
