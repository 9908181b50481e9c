use kube_objects::StorageKey;
use serde_json::{Value, json};
use static_resources::VersionClaims;
use version_compat::Target;

use super::*;

fn version(text: &str) -> Version {
    text.parse().unwrap_or_else(|error| panic!("{error}"))
}

fn cluster_version(history: &[(&str, &str)], progressing: &str, desired: &str) -> ClusterVersion {
    let history: Vec<Value> =
        history.iter().map(|(state, version)| json!({"state": state, "version": version})).collect();
    let object = json!({
        "kind": "ClusterVersion",
        "spec": {"clusterID": "8a5f3c9e-4b7d-4f21-9c5a-2d1e0b6f7a93"},
        "status": {
            "desired": {"version": desired},
            "history": history,
            "conditions": [{"type": "Progressing", "status": progressing}],
        },
    });
    ClusterVersion::read(object.to_string().as_bytes()).unwrap()
}

/// Protobuf of a field: number, then bytes.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![number << 3 | 2];
    let mut length = bytes.len();
    while length > 127 {
        out.push(u8::try_from(length & 127).unwrap() | 128);
        length >>= 7;
    }
    out.push(u8::try_from(length).unwrap());
    [out, bytes.to_vec()].concat()
}

/// A Deployment as the API server stores it, with one variable in its second container.
fn deployment(name: &str, value: &str) -> Vec<u8> {
    let variable = [field(1, name.as_bytes()), field(2, value.as_bytes())].concat();
    let container = |variables: &[u8]| [field(1, b"operator"), variables.to_vec()].concat();
    let pod = [field(2, &container(&[])), field(2, &container(&field(7, &variable)))].concat();
    let spec = field(3, &field(2, &pod));
    let object = [field(1, &field(1, b"operator")), field(2, &spec)].concat();
    let type_meta = [field(1, b"apps/v1"), field(2, b"Deployment")].concat();
    [b"k8s\0".to_vec(), field(1, &type_meta), field(2, &object)].concat()
}

fn add(found: &mut SnapshotVersions, key: &[u8], value: &[u8]) {
    found.add(&StorageKey::parse(key), value);
}

#[test]
fn a_deployment_names_its_release_in_protobuf_and_json() {
    let mut found = SnapshotVersions::default();
    let key = |namespace: &str, name: &str| format!("/kubernetes.io/deployments/{namespace}/{name}").into_bytes();
    add(&mut found, &key("openshift-etcd-operator", "a"), &deployment("OPERATOR_IMAGE_VERSION", "4.18.30"));
    let json = json!({"kind": "Deployment", "apiVersion": "apps/v1", "spec": {"template": {"spec": {"containers": [
        {"env": [{"name": "X", "value": "OPERATOR_IMAGE_VERSION"}, {"name": "OPERATOR_IMAGE_VERSION", "value": "4.18.29"}]}
    ]}}}});
    add(&mut found, &key("openshift-dns-operator", "b"), json.to_string().as_bytes());
    // others' Deployments, other variables, encrypted and damaged values say nothing
    add(&mut found, &key("shop", "c"), &deployment("OPERATOR_IMAGE_VERSION", "1.2.3"));
    add(&mut found, &key("openshift-x", "d"), &deployment("OPERAND_IMAGE_VERSION", "1.31.0"));
    add(&mut found, &key("openshift-x", "e"), b"k8s:enc:aescbc:v1:1:OPERATOR_IMAGE_VERSION");
    let whole = deployment("OPERATOR_IMAGE_VERSION", "4.18.30");
    for end in 0..whole.len() {
        add(&mut found, &key("openshift-x", "cut"), &whole[..end]);
    }
    let said: Vec<_> = found.deployments.iter().map(|(name, version)| (name.as_str(), version.as_str())).collect();
    assert_eq!(said, [("openshift-dns-operator/b", "4.18.29"), ("openshift-etcd-operator/a", "4.18.30")]);
}

#[test]
fn operators_nodes_and_a_broken_cluster_version_are_noted() {
    let mut found = SnapshotVersions::default();
    let operator = json!({"kind": "ClusterOperator", "status": {"versions": [
        {"name": "raw-internal", "version": "9"}, {"name": "operator", "version": "4.18.30"}]}});
    add(&mut found, b"/kubernetes.io/config.openshift.io/clusteroperators/etcd", operator.to_string().as_bytes());
    add(&mut found, b"/kubernetes.io/config.openshift.io/clusteroperators/dns", b"{}");
    for (node, role) in [("m", "master"), ("c", "control-plane"), ("w", "worker")] {
        let object = json!({"kind": "Node", "apiVersion": "v1",
            "metadata": {"labels": {format!("node-role.kubernetes.io/{role}"): ""}},
            "status": {"nodeInfo": {"kubeletVersion": "v1.31.14"}}});
        add(&mut found, format!("/kubernetes.io/minions/{node}").as_bytes(), object.to_string().as_bytes());
    }
    add(&mut found, b"/kubernetes.io/config.openshift.io/clusterversions/version", b"{\"spec\": 7}");
    assert_eq!(found.operators.keys().collect::<Vec<_>>(), ["etcd"]);
    assert_eq!(found.kubelets.keys().collect::<Vec<_>>(), ["c", "m"]);
    assert!(found.unreadable.is_some());
}

#[test]
fn what_cluster_version_says_was_running() {
    let exact = |text| Some(Backup::Exact(version(text)));
    let updating = |from: Option<&str>, to| Some(Backup::Updating { from: from.map(version), to: version(to) });
    let (done, partial) = ("Completed", "Partial");
    for (history, progressing, desired, expected) in [
        (&[(done, "4.18.30"), (partial, "4.18.21")][..], "False", "4.18.30", exact("4.18.30")),
        (&[(partial, "4.18.30"), (done, "4.18.21")], "True", "4.18.30", updating(Some("4.18.21"), "4.18.30")),
        // overtaken before it was done: the release before is the last completed one
        (
            &[(partial, "4.18.30"), (partial, "4.18.29"), (done, "4.18.21")],
            "True",
            "4.18.30",
            updating(Some("4.18.21"), "4.18.30"),
        ),
        (&[(partial, "4.18.30")], "True", "4.18.30", updating(None, "4.18.30")),
        (&[(done, "4.18.21")], "True", "4.18.30", updating(Some("4.18.21"), "4.18.30")),
        (&[(done, "4.18.30"), (done, "4.18.21")], "True", "4.18.30", updating(Some("4.18.21"), "4.18.30")),
        (&[(done, "4.18.30")], "Unknown", "4.18.30", exact("4.18.30")),
        (&[(done, "")], "False", "", None),
        (&[], "False", "4.18.30", None),
    ] {
        assert_eq!(running(&cluster_version(history, progressing, desired)), expected, "{history:?} {progressing}");
    }
}

fn tarball(payload: &[&str], builds: &[&str]) -> VersionClaims {
    let pod = |version: &str| {
        json!({"spec": {"containers": [{"env": [{"name": "OPERATOR_IMAGE_VERSION", "value": version}]}]}}).to_string()
    };
    let mut archive = Vec::new();
    for (number, version) in payload.iter().enumerate() {
        let directory = format!("static-pod-resources/kube-apiserver-pod-{number}");
        archive.push((format!("{directory}/kube-apiserver-pod.yaml"), pod(version)));
    }
    for (number, build) in builds.iter().enumerate() {
        let directory = format!("static-pod-resources/etcd-pod-{number}");
        archive.push((format!("{directory}/configmaps/etcd-pod/version"), (*build).to_owned()));
    }
    let mut builder = tar::Builder::new(Vec::new());
    for (path, content) in &archive {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        builder.append_data(&mut header, path, content.as_bytes()).unwrap();
    }
    let bytes = builder.into_inner().unwrap();
    static_resources::read(&bytes[..], &static_resources::Limits::default()).unwrap().static_pods.version
}

#[test]
fn without_cluster_version_the_next_best_source_speaks() {
    let operators = |versions: &[&str]| SnapshotVersions {
        operators: versions.iter().enumerate().map(|(n, version)| (format!("o{n}"), (*version).to_owned())).collect(),
        ..SnapshotVersions::default()
    };
    let kubelets = |versions: &[&str]| SnapshotVersions {
        kubelets: versions.iter().enumerate().map(|(n, version)| (format!("m{n}"), (*version).to_owned())).collect(),
        ..SnapshotVersions::default()
    };
    let nothing = SnapshotVersions::default;
    let none = tarball(&[], &[]);
    let build = "4.18.0-202511200137.p0.g1234567.assembly.stream.el9";
    for (snapshot, tarball, expected) in [
        (operators(&["4.18.30", "4.18.30"]), &none, Backup::Exact(version("4.18.30"))),
        (operators(&["4.18.30", "4.18.29"]), &none, Backup::Unknown),
        (nothing(), &tarball(&["4.19.2"], &[build]), Backup::Exact(version("4.19.2"))),
        (operators(&["4.18.30"]), &tarball(&["4.19.2"], &[]), Backup::Unknown),
        (operators(&["4.19.3"]), &tarball(&["4.19.2"], &[]), Backup::Minor(4, 19)),
        (nothing(), &tarball(&[], &[build]), Backup::Minor(4, 18)),
        (nothing(), &tarball(&[], &["v0.0.0-alpha.0-1-g1"]), Backup::Unknown),
        (kubelets(&["v1.31.14", "v1.31.13"]), &none, Backup::Minor(4, 18)),
        (kubelets(&["v1.31.14", "v1.30.1"]), &none, Backup::Unknown),
        (kubelets(&["v1.36.0"]), &none, Backup::Minor(5, 0)),
        (nothing(), &none, Backup::Unknown),
    ] {
        let sources = Sources { snapshot: Some(&snapshot), tarball: Some(tarball), ..Sources::default() };
        assert_eq!(sources.release().backup, expected, "{snapshot:?} {tarball:?}");
    }
}

#[test]
fn each_statement_says_whether_it_agrees() {
    let cv = cluster_version(&[("Completed", "4.18.30")], "False", "4.18.30");
    let mut snapshot = SnapshotVersions::default();
    snapshot.operators.insert("dns".to_owned(), "4.18.21".to_owned());
    snapshot.operators.insert("etcd".to_owned(), "4.18.30".to_owned());
    snapshot.deployments.insert("a/b".to_owned(), "4.18.30".to_owned());
    snapshot.kubelets.insert("m0".to_owned(), "v1.31.14".to_owned());
    let tarball = tarball(&["4.18.21"], &["4.17.0-202511200137.p0"]);
    let etcd = EtcdVersions { cluster: Some("3.5.0"), storage: Some("3.6.0") };
    let sources = Sources {
        cluster_version: Some(&cv),
        snapshot: Some(&snapshot),
        etcd,
        tarball: Some(&tarball),
        directory: Some("4.18.29"),
        version_file: Some("4.18.28"),
        platform: Platform::OpenShift,
    };
    let release = sources.release();
    assert_eq!(release.backup, Backup::Exact(version("4.18.30")));
    let said: Vec<_> = release.claims.iter().map(|it| (it.witness.name(), it.says.as_str(), it.agrees)).collect();
    assert_eq!(
        said,
        [
            ("cluster-version", "4.18.30 Completed", Some(true)),
            ("cluster-operators", "4.18.21 (1: dns), 4.18.30 (1: etcd)", Some(false)),
            ("operator-deployments", "4.18.30 (1 Deployments, all the same)", Some(true)),
            ("pod-manifest", "4.18.21", Some(false)),
            ("pod-build", "4.17.0-202511200137.p0 (so 4.17)", Some(false)),
            ("directory-name", "4.18.29", Some(false)),
            ("version-file", "4.18.28", Some(false)),
            ("kubelets", "v1.31.14 (so 4.18)", Some(true)),
            ("etcd-cluster-version", "3.5.0", Some(true)),
            ("etcd-storage-version", "3.6.0", Some(false)),
        ]
    );
    assert_eq!(release.contradictions().count(), 6);
    assert_eq!(etcd.minor(), Some((3, 6)));
}

/// The data of MicroShift has no ClusterVersion; its file is all that tells, and other statements may contradict it.
#[test]
fn the_file_of_microshift_tells_the_release() {
    let of = |versions: &SnapshotVersions, file| {
        Sources { snapshot: Some(versions), version_file: Some(file), ..Sources::default() }.release()
    };
    let alone = of(&SnapshotVersions::default(), "4.18.3");
    assert_eq!(alone.backup, Backup::Exact(version("4.18.3")));
    assert_eq!(alone.contradictions().count(), 0);
    let mut other = SnapshotVersions::default();
    other.operators.insert("dns".to_owned(), "4.18.9".to_owned());
    assert_eq!(of(&other, "4.18.3").backup, Backup::Minor(4, 18));
}

/// While an update is under way, statements for either end are what is to be expected.
#[test]
fn during_an_update_both_ends_agree() {
    let cv = cluster_version(&[("Partial", "4.19.1"), ("Completed", "4.18.30")], "True", "4.19.1");
    let tarball = tarball(&["4.18.30"], &["4.18.0-1.p0"]);
    let mut snapshot = SnapshotVersions::default();
    snapshot.kubelets.insert("m0".to_owned(), "v1.31.14".to_owned());
    let release = Sources {
        cluster_version: Some(&cv),
        snapshot: Some(&snapshot),
        tarball: Some(&tarball),
        ..Sources::default()
    }
    .release();
    assert_eq!(release.contradictions().count(), 0, "{:?}", release.claims);
}

#[test]
fn the_target_is_read_from_an_object_or_a_list() {
    let object = |state: &str, version: &str| {
        json!({"apiVersion": "config.openshift.io/v1", "kind": "ClusterVersion", "metadata": {"name": "version"},
            "spec": {"clusterID": "x"}, "status": {"history": [
                {"state": state, "version": version}, {"state": "Completed", "version": "4.18.21"}]}})
    };
    let read = |document: &Value| TargetCluster::read(document);
    let exact = Ok(TargetCluster { target: Target::Runs(version("4.18.30")), cluster_id: "x".to_owned() });
    assert_eq!(read(&object("Completed", "4.18.30")), exact);
    for kind in ["List", "ClusterVersionList"] {
        let list = json!({"kind": kind, "items": [{"kind": "Pod"}, object("Completed", "4.18.30")]});
        assert_eq!(read(&list), exact);
    }
    let updating = Target::Updating { from: Some(version("4.18.21")), to: version("4.18.30") };
    assert_eq!(read(&object("Partial", "4.18.30")).map(|found| found.target), Ok(updating));
    assert_eq!(read(&json!({"kind": "Pod\u{1b}"})), Err(TargetError::Kind { found: "Pod ".to_owned() }));
    for nothing in [json!([1]), json!(null), json!("4.18.30"), json!({"items": []})] {
        assert!(matches!(read(&nothing), Err(TargetError::Kind { .. })));
    }
    assert_eq!(read(&json!({"kind": "ClusterVersion"})), Err(TargetError::NoVersion));
    assert!(matches!(read(&json!({"kind": "ClusterVersion", "spec": 1})), Err(TargetError::Object { .. })));
}
