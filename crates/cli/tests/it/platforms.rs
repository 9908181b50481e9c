//! Backups of every platform, made here: each is recognised by its data, and nothing of another's procedure is said of it.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use snapshot_builder::{Builder, Put};

use crate::fixture::named;
use crate::run::{json_of, run};

/// What is said of OpenShift's backups and procedures, and of no other's.
const OPENSHIFT: [&str; 13] = [
    "cluster-restore",
    "cluster-backup",
    "static_kuberesources",
    "OpenShift",
    "openshift",
    "static pod",
    "tarball",
    "TARBALL",
    "perator",
    "z not known",
    " oc ",
    "8.0 GiB",
    "ClusterVersion",
];

/// A snapshot of these objects, by key; JSON stands for what an API server stores.
fn snapshot(objects: &[(&str, String)]) -> Vec<u8> {
    let mut builder = Builder::new();
    for (main, (key, value)) in (2..).zip(objects) {
        let put =
            Put { key: key.as_bytes(), value: value.as_bytes(), create: main, modified: main, version: 1, lease: 0 };
        builder.put(main, 0, &put);
    }
    builder.build()
}

fn node(annotations: &Value, kubelet: &str, image: &str) -> String {
    json!({"apiVersion": "v1", "kind": "Node",
        "metadata": {"name": "n1", "labels": {"node-role.kubernetes.io/control-plane": ""}, "annotations": annotations},
        "status": {"nodeInfo": {"kubeletVersion": kubelet, "osImage": image},
            "conditions": [{"type": "Ready", "status": "Unknown"}]}})
    .to_string()
}

fn object(kind: &str, name: &str) -> String {
    json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": name}}).to_string()
}

/// What every cluster has: a node that is not ready, a volume, a claim that lost its own, an attachment, a request, a
/// webhook, a lease that tells the time.
fn usual(prefix: &str, node: String) -> Vec<(String, String)> {
    let put = |path: &str, value: Value| (format!("/{prefix}/{path}"), value.to_string());
    let webhook = json!({"kind": "ValidatingWebhookConfiguration", "apiVersion": "admissionregistration.k8s.io/v1",
        "metadata": {"name": "w"}, "webhooks": [{"name": "w.x", "failurePolicy": "Fail",
            "clientConfig": {"service": {"namespace": "a", "name": "w"}},
            "rules": [{"apiGroups": [""], "resources": ["pods"], "operations": ["CREATE"]}]}]});
    vec![
        (format!("/{prefix}/minions/n1"), node),
        put("namespaces/default", json!({"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": "default"}})),
        put(
            "persistentvolumes/pv1",
            json!({"kind": "PersistentVolume", "apiVersion": "v1",
            "metadata": {"name": "pv1"}, "spec": {"local": {"path": "/dev/sdb"}}}),
        ),
        put(
            "persistentvolumeclaims/a/c",
            json!({"kind": "PersistentVolumeClaim", "apiVersion": "v1",
            "metadata": {"name": "c", "namespace": "a"}, "spec": {"volumeName": "gone"}, "status": {"phase": "Lost"}}),
        ),
        put(
            "certificatesigningrequests/r",
            json!({"kind": "CertificateSigningRequest",
            "apiVersion": "certificates.k8s.io/v1", "metadata": {"name": "r"},
            "spec": {"signerName": "kubernetes.io/kubelet-serving", "username": "system:node:n1"}}),
        ),
        put(
            "leases/kube-node-lease/n1",
            json!({"kind": "Lease", "apiVersion": "coordination.k8s.io/v1",
            "metadata": {"name": "n1", "namespace": "kube-node-lease"},
            "spec": {"renewTime": "2026-11-23T09:00:00.000000Z"}}),
        ),
        put("validatingwebhookconfigurations/w", webhook),
    ]
}

struct Case {
    platform: &'static str,
    /// The name of the snapshot in its directory, and what lies beside it.
    file: &'static str,
    beside: &'static [(&'static str, &'static str)],
    objects: Vec<(String, String)>,
}

fn cases() -> Vec<Case> {
    let plain = || node(&json!({}), "v1.31.4", "Debian");
    let with = |annotation: &str| node(&json!({annotation: "x"}), "v1.31.4", "Debian");
    let own = |key: &str| (key.to_owned(), object("ConfigMap", key.rsplit('/').next().unwrap()));
    let of = |platform, file, own: Vec<(String, String)>, node: String| Case {
        platform,
        file,
        beside: &[],
        objects: [own, usual("registry", node)].concat(),
    };
    let infrastructure = |topology: &str| {
        let object = json!({
            "apiVersion": "config.openshift.io/v1", "kind": "Infrastructure", "metadata": {"name": "cluster"},
            "status": {"controlPlaneTopology": topology, "infrastructureName": "h"}
        });
        ("/kubernetes.io/config.openshift.io/infrastructures/cluster".to_owned(), object.to_string())
    };
    let bootstrap = ("/bootstrap/0123456789ab".to_owned(), "sealed".to_owned());
    vec![
        Case {
            beside: &[("pki/ca.crt", "a"), ("pki/ca.key", "b")],
            ..of("kubeadm", "etcd-2026-11-23.db", vec![own("/registry/configmaps/kube-system/kubeadm-config")], plain())
        },
        of("k3s", "etcd-snapshot-s1-1790000000", vec![bootstrap.clone()], with("k3s.io/node-args")),
        of("rke2", "etcd-snapshot-s1-1790000000", vec![bootstrap], node(&json!({}), "v1.31.4+rke2r1", "SLES")),
        of("rke1", "2026-11-23T10_00_00Z_etcd", Vec::new(), with("rke.cattle.io/internal-ip")),
        of("talos", "db.snapshot", Vec::new(), node(&json!({}), "v1.31.4", "Talos (v1.9.0)")),
        of("kops", "etcd.backup", Vec::new(), with("kops.k8s.io/instancegroup")),
        of(
            "gardener",
            "Full-00000000-00000010-1790000000",
            vec![own("/registry/configmaps/kube-system/shoot-info")],
            plain(),
        ),
        of("kubernetes", "snapshot.db", Vec::new(), plain()),
        Case {
            platform: "etcd",
            file: "app.db",
            beside: &[],
            objects: vec![("/app/leader".to_owned(), "node-1".to_owned()), ("config".to_owned(), "a=1".to_owned())],
        },
        Case {
            platform: "microshift",
            file: "etcd/member/snap/db",
            beside: &[("version", r#"{"version":"4.18.3","deployment_id":"a","boot_id":"b"}"#)],
            objects: [
                vec![own("/kubernetes.io/configmaps/kube-public/microshift-version")],
                usual("kubernetes.io", plain()),
            ]
            .concat(),
        },
        Case {
            platform: "hypershift",
            file: "snapshot.db",
            beside: &[("secrets/active.json", "{}")],
            objects: [vec![infrastructure("External")], usual("kubernetes.io", plain())].concat(),
        },
        Case {
            platform: "openshift-fenced",
            file: "snapshot_2026-11-23_090915.db",
            beside: &[],
            objects: [vec![infrastructure("DualReplica")], usual("kubernetes.io", plain())].concat(),
        },
    ]
}

fn lay(case: &Case, folder: &Path) {
    let objects: Vec<_> = case.objects.iter().map(|(key, value)| (key.as_str(), value.clone())).collect();
    let files = case.beside.iter().map(|(name, text)| (*name, text.as_bytes().to_vec()));
    for (name, bytes) in files.chain([(case.file, snapshot(&objects))]) {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
}

/// The snapshot's document of a run.
fn of_snapshot(document: &Value) -> &Value {
    document["artifacts"].as_array().unwrap().iter().find(|it| it["kind"] == "snapshot").unwrap()
}

#[test]
fn a_good_backup_of_each_platform_passes_with_its_own_words() {
    for case in cases() {
        let folder = tempfile::tempdir().unwrap();
        lay(&case, folder.path());
        let path = folder.path().to_str().unwrap();
        let lone = folder.path().join(case.file);
        for line in [
            vec!["verify", "-v", path],
            vec!["verify", "-v", "--restore-date", "2027-06-01", path],
            vec!["verify", "-v", "--restore-date", "2027-06-01", lone.to_str().unwrap()],
            vec!["inspect", path],
        ] {
            let told = run(&line);
            assert_eq!(told.code, Some(0), "{} {line:?}: {}{}", case.platform, told.out, told.err);
            let own: &[&str] = match case.platform {
                "hypershift" => &["OpenShift", "openshift", "8.0 GiB", "z not known"],
                "openshift-fenced" => &OPENSHIFT,
                "microshift" | "gardener" => &["8.0 GiB"],
                _ => &[],
            };
            let foreign = |word: &&&str| told.out.contains(**word) && !own.contains(*word);
            let text = told.out.replace(path, "DIR");
            assert_eq!(OPENSHIFT.iter().filter(foreign).collect::<Vec<_>>(), [&""; 0], "{}: {text}", case.platform);
        }
        let told = json_of(&["verify", "--json", path]);
        expect_same_in_archives(&told, &lone, folder.path());
        let platform = &of_snapshot(&told)["platform"];
        assert_eq!(platform["name"], case.platform, "{platform}");
        assert!(!platform["evidence"].as_array().unwrap().is_empty() && platform["asked"] == false);
        let remedies = told["findings"].to_string();
        let others = !case.platform.starts_with("openshift");
        assert!(
            !others || !remedies.contains("cluster-") && !remedies.contains("oc get"),
            "{}: {remedies}",
            case.platform
        );
    }
}

/// The same directory in one archive has the same verdict and the same findings, and so has the file in whatever it is
/// compressed by; an archive of one file has those of the file.
fn expect_same_in_archives(told: &Value, lone: &Path, folder: &Path) {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                folders.push(entry);
            } else {
                let name = entry.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
                files.push((name, fs::read(&entry).unwrap()));
            }
        }
    }
    let alone = json_of(&["verify", "--json", lone.to_str().unwrap()]);
    let told = if files.len() == 1 { &alone } else { told };
    let members: Vec<(&str, &[u8])> = files.iter().map(|(name, bytes)| (name.as_str(), &bytes[..])).collect();
    let made = tempfile::tempdir().unwrap();
    let (tar, bytes) = (fixtures::tar_of(&members), fs::read(lone).unwrap());
    for (name, bytes, told) in [
        ("x.zip", Some(fixtures::zip_of(&members)), told),
        ("x.tgz", Some(fixtures::gzip(&tar)), told),
        ("x.tar.zst", packed_by("zstd", &tar), told),
        ("x.tar.bz2", packed_by("bzip2", &tar), told),
        ("x.tar", Some(tar), told),
        ("x.gz", Some(fixtures::gzip(&bytes)), &alone),
        ("x.xz", packed_by("xz", &bytes), &alone),
        ("x.lz4", packed_by("lz4", &bytes), &alone),
    ] {
        let Some(bytes) = bytes else { continue };
        let archive = made.path().join(name);
        fs::write(&archive, bytes).unwrap();
        let packed = json_of(&["verify", "--json", archive.to_str().unwrap()]);
        let found = |document: &Value| -> Vec<String> {
            let all = document["findings"].as_array().unwrap().iter();
            all.map(|finding| format!("{} {} {}", finding["id"], finding["severity"], finding["message"])).collect()
        };
        assert_eq!(packed["verdict"], told["verdict"], "{name}");
        assert_eq!(found(&packed), found(told), "{name}");
    }
}

/// What a program makes of bytes; `None` where the machine has no such program.
fn packed_by(program: &str, bytes: &[u8]) -> Option<Vec<u8>> {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("x");
    fs::write(&file, bytes).unwrap();
    let done = fixtures::tool(program)?.arg("-c1").arg(&file).output().unwrap();
    assert!(done.status.success(), "{program}: {}", String::from_utf8_lossy(&done.stderr));
    Some(done.stdout)
}

#[test]
fn the_command_line_says_which_platform_it_is() {
    let case = &cases()[7];
    let folder = tempfile::tempdir().unwrap();
    lay(case, folder.path());
    let path = folder.path().to_str().unwrap();
    for command in ["inspect", "verify"] {
        let told = json_of(&[command, "--json", "--platform", "talos", path]);
        let platform = &of_snapshot(&told)["platform"];
        assert_eq!((&platform["name"], &platform["asked"]), (&"talos".into(), &true.into()));
        assert_eq!(platform["evidence"][0]["says"], "kubernetes");
    }
    let openshift = run(&["verify", "--platform", "openshift", path]);
    assert_eq!(openshift.code, Some(1));
    assert!(openshift.out.contains("PAIR-019") && openshift.out.contains("as --platform says; the data say"));
    let unknown = run(&["verify", "--platform", "nomad", path]);
    assert_eq!(unknown.code, Some(2));
    assert!(unknown.err.contains("known are openshift, ") && unknown.err.contains("kubeadm"), "{}", unknown.err);
}

#[test]
fn which_releases_may_start_goes_by_the_platform() {
    let folder = |platform: &str| {
        let folder = tempfile::tempdir().unwrap();
        lay(cases().iter().find(|case| case.platform == platform).unwrap(), folder.path());
        folder
    };
    for (platform, target, code) in [
        ("microshift", "4.18.9", 0),
        ("microshift", "4.19.1", 0),
        ("microshift", "4.17.9", 1),
        ("microshift", "4.21.0", 1),
        ("kubeadm", "1.31.9", 0),
        ("kubeadm", "1.32.0", 0),
        ("kubeadm", "1.33.0", 1),
        ("kubeadm", "1.30.2", 1),
        ("k3s", "4.18.30", 1),
        ("etcd", "3.5.30", 0),
        ("etcd", "3.4.30", 1),
    ] {
        let folder = folder(platform);
        let told = run(&["compat", folder.path().to_str().unwrap(), "--target", target]);
        assert_eq!(told.code, Some(code), "{platform} {target}: {}", told.out);
        assert!(!told.out.contains("z-stream") && !told.out.contains("ClusterVersion"), "{}", told.out);
    }
}

/// Of a directory of OpenShift's own, what its script would not take is told where everybody reads it.
#[test]
fn a_renamed_pair_and_a_lone_snapshot_are_told_apart() {
    let fixture = named("plain-etcd36");
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("etcd-prod.db"), fixture.bytes()).unwrap();
    fs::copy(fixture.tarball(), folder.path().join("kube-prod.tar.gz")).unwrap();
    let path = folder.path().to_str().unwrap();
    let renamed = run(&["verify", path]).out;
    assert!(renamed.contains("medium    cluster-restore.sh would not find a file of this backup"), "{renamed}");
    assert!(
        renamed.replace("\n            ", " ").contains("to snapshot_<time>.db, say, rename etcd-prod.db"),
        "{renamed}"
    );
    fs::rename(folder.path().join("etcd-prod.db"), folder.path().join("snapshot_2026-11-23_090842.db")).unwrap();
    fs::remove_file(folder.path().join("kube-prod.tar.gz")).unwrap();
    let lone = run(&["verify", path]).out;
    assert!(lone.contains("PAIR-019") && !lone.contains("these two files"), "{lone}");
    assert!(lone.contains("tarball: NOTHING"), "{lone}");
}
