//! A backup full of what a terminal obeys, and every command in every form on it: nothing of that comes out.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::process::Output;

use memchr::memmem;
use serde_json::{Value, json};
use snapshot_builder::{Builder, Put};

use crate::canaries::with_free_page;
use crate::canary_lines::{commands, lines, reads};
use crate::keys_support::{CONFIG, files, identity, tar_gz};
use crate::pty::{self, Tty};
use crate::run::{assay, run};

/// A command, a title with its end, an override of direction, and what has no shape; of every kind one.
const EVIL: &str = "a\u{1b}[31m\u{1b}]0;t\u{7}\u{9b}2J\u{85}\r\u{8}\u{7f}b\u{202e}c\u{2066}\u{200f}\u{61c}\u{2028}\u{200b}\u{ad}\u{feff}\u{fe0f}\u{3164}\u{e0041}d";

const STAMP: &str = "2026-11-23_010203";

/// Lines whose output is bytes as they are stored, which is what they are for; a template's is that only where no terminal
/// is.
const RAW: [&str; 3] = ["ls {S} -0", "-o raw", "-o jsonpath="];

/// What a terminal obeys, said without the binary's own table.
fn obeyed(c: char) -> bool {
    (c.is_control() && c != '\n')
        || "\u{ad}\u{61c}\u{3164}\u{feff}\u{fe0f}".contains(c)
        || ('\u{200b}'..='\u{200f}').contains(&c)
        || ('\u{2028}'..='\u{202e}').contains(&c)
        || ('\u{2060}'..='\u{206f}').contains(&c)
        || ('\u{e0000}'..='\u{e0fff}').contains(&c)
}

/// An object with evil in every text of it, under a key with evil in its name.
fn object(api: &str, kind: &str, more: &Value) -> Value {
    let mut object = json!({
        "apiVersion": api, "kind": kind,
        "metadata": {
            "name": EVIL, "namespace": EVIL, "uid": EVIL, "creationTimestamp": EVIL, "deletionTimestamp": EVIL,
            "labels": {EVIL: EVIL}, "annotations": {EVIL: EVIL, "lines": format!("one\n{EVIL}\n")},
            "ownerReferences": [{"apiVersion": EVIL, "kind": EVIL, "name": EVIL, "uid": EVIL}],
            "finalizers": [EVIL],
            "managedFields": [{"manager": EVIL, "operation": EVIL, "time": EVIL, "subresource": EVIL, "fieldsType": EVIL,
                "fieldsV1": {format!("f:{EVIL}"): {}}}],
        },
        "data": {EVIL: EVIL, "lines": format!("one\n{EVIL}\n")},
        "spec": {}, "status": {},
    });
    for (part, value) in more.as_object().unwrap() {
        object[part.as_str()] = value.clone();
    }
    object
}

/// Objects by their keys.
fn objects() -> Vec<(String, Value)> {
    let condition = json!([{"type": "Failing", "status": "True", "reason": EVIL, "message": EVIL},
        {"type": EVIL, "status": EVIL, "reason": EVIL, "message": EVIL}, {"type": "Ready", "status": EVIL}]);
    let version = json!({
        "spec": {"clusterID": EVIL, "channel": EVIL, "desiredUpdate": {"version": EVIL, "image": EVIL}},
        "status": {"desired": {"version": EVIL, "image": EVIL}, "conditions": condition,
            "history": [{"state": EVIL, "version": EVIL, "image": EVIL, "startedTime": EVIL}]},
    });
    let template =
        json!({"spec": {"containers": [{"name": EVIL, "image": EVIL, "env": [{"name": EVIL, "value": EVIL}]}]}});
    let claims = json!({"spec": {"storageClassName": EVIL, "volumeName": EVIL}, "status": {"phase": "Lost"}});
    let volume = json!({
        "spec": {"storageClassName": EVIL, "claimRef": {"namespace": EVIL, "name": EVIL}, "local": {"path": EVIL},
            "csi": {"driver": EVIL, "volumeHandle": EVIL, "nodeStageSecretRef": {"name": EVIL, "namespace": EVIL}}},
        "status": {"phase": EVIL, "reason": EVIL},
    });
    let node = json!({
        "spec": {"providerID": EVIL},
        "status": {"conditions": condition, "addresses": [{"type": "InternalIP", "address": EVIL}],
            "nodeInfo": {"kubeletVersion": EVIL, "osImage": EVIL}},
    });
    let webhook = json!({"webhooks": [{"name": EVIL, "failurePolicy": "Fail", "rules": [{"resources": ["*"], "apiGroups": [EVIL],
        "operations": ["*"], "apiVersions": ["*"]}], "clientConfig": {"service": {"name": EVIL, "namespace": EVIL}}}]});
    let plain = json!({});
    let pods = json!({"spec": {"nodeName": EVIL, "containers": template["spec"]["containers"], "volumes": [{"name": EVIL, "persistentVolumeClaim": {"claimName": EVIL}}]},
        "status": {"phase": EVIL, "reason": EVIL, "podIP": EVIL}});
    let sets = json!({"spec": {"replicas": 1, "template": template, "volumeClaimTemplates": [{"metadata": {"name": EVIL}}], "serviceName": EVIL}});
    let cluster = json!({"spec": {"encryption": {"type": EVIL}, "platformSpec": {"type": EVIL}},
        "status": {"infrastructureName": EVIL, "controlPlaneTopology": EVIL, "platform": EVIL, "apiServerURL": EVIL,
            "versions": [{"name": "operator", "version": EVIL}], "conditions": condition}});
    let operator = json!({"status": {"nodeStatuses": [{"nodeName": EVIL, "currentRevision": 3, "targetRevision": 4,
        "lastFailedReason": EVIL}], "conditions": condition, "latestAvailableRevision": 9}});
    let crd = json!({"spec": {"group": EVIL, "names": {"plural": EVIL, "singular": EVIL, "kind": EVIL, "shortNames": [EVIL]},
        "scope": EVIL, "conversion": {"strategy": "Webhook", "webhook": {"clientConfig": {"service": {"name": EVIL, "namespace": EVIL}}}}}});
    let pool = json!({"spec": {"paused": true, "configuration": {"name": EVIL}}, "status": {"configuration": {"name": EVIL}, "conditions": condition}});
    let of =
        |path: &str, api: &str, kind: &str, more: &Value| (format!("/kubernetes.io/{path}"), object(api, kind, more));
    let name = format!("{EVIL}/{EVIL}");
    vec![
        of(&format!("configmaps/{name}"), "v1", "ConfigMap", &plain),
        of("configmaps/kube-system/cluster-config-v1", "v1", "ConfigMap", &json!({"data": {"install-config": EVIL}})),
        of(&format!("secrets/{name}"), "v1", "Secret", &json!({"type": EVIL})),
        of(&format!("pods/{name}"), "v1", "Pod", &pods),
        of(&format!("minions/{EVIL}"), "v1", "Node", &node),
        of(&format!("persistentvolumes/{EVIL}"), "v1", "PersistentVolume", &volume),
        of(&format!("persistentvolumeclaims/{name}"), "v1", "PersistentVolumeClaim", &claims),
        of(&format!("statefulsets/{name}"), "apps/v1", "StatefulSet", &sets),
        of(&format!("deployments/{name}"), "apps/v1", "Deployment", &sets),
        of(&format!("events/{name}"), "v1", "Event", &json!({"reason": EVIL, "message": EVIL, "type": EVIL})),
        of(
            &format!("validatingwebhookconfigurations/{EVIL}"),
            "admissionregistration.k8s.io/v1",
            "ValidatingWebhookConfiguration",
            &webhook,
        ),
        of(
            &format!("certificatesigningrequests/{EVIL}"),
            "certificates.k8s.io/v1",
            "CertificateSigningRequest",
            &plain,
        ),
        of(
            &format!("apiextensions.k8s.io/customresourcedefinitions/{EVIL}"),
            "apiextensions.k8s.io/v1",
            "CustomResourceDefinition",
            &crd,
        ),
        of(
            &format!("{EVIL}/{EVIL}/{name}"),
            &format!("{EVIL}/v1"),
            EVIL,
            &json!({"spec": {"deep": [[{EVIL: [EVIL, 1, null]}]]}}),
        ),
        of(&format!("example.com/things/{name}"), "example.com/v1", EVIL, &plain),
        of("config.openshift.io/clusterversions/version", "config.openshift.io/v1", "ClusterVersion", &version),
        of("config.openshift.io/infrastructures/cluster", "config.openshift.io/v1", "Infrastructure", &cluster),
        of("config.openshift.io/apiservers/cluster", "config.openshift.io/v1", "APIServer", &cluster),
        of(
            &format!("config.openshift.io/clusteroperators/{EVIL}"),
            "config.openshift.io/v1",
            "ClusterOperator",
            &cluster,
        ),
        of("operator.openshift.io/kubeapiservers/cluster", "operator.openshift.io/v1", "KubeAPIServer", &operator),
        of("operator.openshift.io/etcds/cluster", "operator.openshift.io/v1", "Etcd", &operator),
        of(
            &format!("machineconfiguration.openshift.io/machineconfigpools/{EVIL}"),
            "machineconfiguration.openshift.io/v1",
            "MachineConfigPool",
            &pool,
        ),
        of(
            &format!("machine.openshift.io/machines/{name}"),
            "machine.openshift.io/v1beta1",
            "Machine",
            &json!({"spec": {"providerID": EVIL}, "status": {"phase": EVIL}}),
        ),
        (EVIL.to_owned(), json!(EVIL)),
    ]
}

/// The snapshot; the older one lacks what came last.
fn snapshot(older: bool) -> Vec<u8> {
    let mut builder = Builder::new();
    let mut main = 1;
    let mut put = |builder: &mut Builder, key: &str, value: &[u8], version: i64, create: i64| {
        main += 1;
        let create = if create == 0 { main } else { create };
        builder.put(main, 0, &Put { key: key.as_bytes(), value, create, modified: main, version, lease: 7 });
        main
    };
    for (at, (key, object)) in objects().into_iter().enumerate() {
        let create = put(&mut builder, &key, object.to_string().as_bytes(), 1, 0);
        if !(older && at % 2 == 0) && object.is_object() {
            let mut changed = object.clone();
            changed["data"] = json!({EVIL: format!("{EVIL}, changed"), format!("{EVIL}2"): EVIL});
            put(&mut builder, &key, changed.to_string().as_bytes(), 2, create);
        }
    }
    for (at, prefix) in ["aescbc:v1", "aesgcm:v1", "secretbox:v1", "kms:v1", "kms:v2", EVIL].into_iter().enumerate() {
        let value = format!("k8s:enc:{prefix}:{EVIL}:{EVIL}");
        put(&mut builder, &format!("/kubernetes.io/secrets/sealed/{at}{EVIL}"), value.as_bytes(), 1, 0);
        put(&mut builder, &format!("/kubernetes.io/{EVIL}/{at}"), format!("k8s:enc:{EVIL}").as_bytes(), 1, 0);
    }
    for (at, value) in [EVIL.to_owned(), format!("k8s\0{EVIL}"), format!("{{\"{EVIL}")].into_iter().enumerate() {
        put(&mut builder, &format!("/kubernetes.io/configmaps/odd/{at}{EVIL}"), value.as_bytes(), 1, 0);
    }
    let gone = put(&mut builder, &format!("/kubernetes.io/configmaps/{EVIL}/gone"), EVIL.as_bytes(), 1, 0);
    builder.delete(gone + 1, 0, &format!("/kubernetes.io/configmaps/{EVIL}/gone"));
    let text = |field: u8, text: &str| [&[field << 3 | 2, text.len() as u8], text.as_bytes()].concat();
    let member = json!({"id": 77, "peerURLs": [EVIL], "clientURLs": [EVIL], "name": EVIL});
    let downgrade = json!({"target-version": EVIL, "enabled": true});
    builder
        .set("members", b"4d", member.to_string().as_bytes())
        .set("cluster", b"clusterVersion", EVIL.as_bytes())
        .set("cluster", b"downgrade", downgrade.to_string().as_bytes())
        .set("meta", EVIL.as_bytes(), EVIL.as_bytes())
        .set("meta", b"storageVersion", EVIL.as_bytes())
        .set("authUsers", EVIL.as_bytes(), &[text(1, EVIL), text(3, EVIL)].concat())
        .set(
            "authRoles",
            EVIL.as_bytes(),
            &[text(1, EVIL), text(2, &String::from_utf8(text(2, "x")).unwrap())].concat(),
        )
        .set(EVIL, EVIL.as_bytes(), EVIL.as_bytes());
    let value = json!({"apiVersion": "v1", "kind": EVIL, "metadata": {"name": EVIL}}).to_string() + &" ".repeat(2000);
    let key = format!("/kubernetes.io/configmaps/{EVIL}/carved");
    let put = Put { key: key.as_bytes(), value: value.as_bytes(), create: 2, modified: 2, version: 1, lease: 0 };
    with_free_page(&builder, &put)
}

/// The tarball: a configuration, manifests, tokens and keys, with evil in names and contents.
fn tarball() -> Vec<u8> {
    let pods = "static-pod-resources/kube-apiserver-pod-9";
    let key = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
    let config = json!({
        "apiVersion": "apiserver.config.k8s.io/v1", "kind": "EncryptionConfiguration", EVIL: EVIL,
        "resources": [{"resources": ["secrets", EVIL, format!("{EVIL}.{EVIL}"), "secrets"], "providers": [
            {"aescbc": {"keys": [{"name": EVIL, "secret": key}, {"name": EVIL, "secret": key}, {"name": format!("{EVIL}:"), "secret": EVIL}]}},
            {"kms": {"name": EVIL, "apiVersion": "v2", "endpoint": EVIL, EVIL: EVIL}},
            {EVIL: {}}, {"identity": {}}, {"identity": {}, EVIL: {}}]}],
    });
    let server = json!({"apiVersion": "kubecontrolplane.config.openshift.io/v1", "kind": "KubeAPIServerConfig", "apiServerArguments": {
        "encryption-provider-config": [format!("/etc/kubernetes/static-pod-resources/secrets/{EVIL}/encryption-config")],
        "etcd-prefix": [EVIL], "etcd-servers": [EVIL], "tls-cert-file": [format!("/etc/kubernetes/static-pod-resources/secrets/{EVIL}/x")],
    }});
    let manifest = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": EVIL, "labels": {"revision": EVIL}},
        "spec": {"containers": [{"name": EVIL, "image": EVIL, "args": [EVIL], "env": [{"name": "OPERATOR_IMAGE_VERSION", "value": EVIL}, {"name": "NODE_NAME", "value": EVIL}]}]}});
    let evil = |path: &str| path.replace("{}", EVIL);
    let members = [
        (CONFIG.to_owned(), config.to_string()),
        (format!("{pods}/configmaps/config/config.yaml"), server.to_string()),
        (format!("{pods}/kube-apiserver-pod.yaml"), manifest.to_string()),
        (format!("{pods}/configmaps/kube-apiserver-pod/pod.yaml"), manifest.to_string()),
        (format!("{pods}/configmaps/kube-apiserver-pod/version"), EVIL.to_owned()),
        (
            format!("{pods}/secrets/{EVIL}/tls.key"),
            format!("-----BEGIN {EVIL} PRIVATE KEY-----\nAAAA\n-----END {EVIL} PRIVATE KEY-----\n"),
        ),
        (
            format!("{pods}/secrets/{EVIL}/tls.crt"),
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".to_owned(),
        ),
        (
            format!("{pods}/secrets/{EVIL}/kubeconfig"),
            format!(
                "users:\n- name: {EVIL:?}\n  user:\n    token: sha256~aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n"
            ),
        ),
        (format!("{pods}/secrets/{EVIL}/encryption-config"), format!("{{\"kind\": {}}}", json!(EVIL))),
        (evil("static-pod-resources/{}-pod-3/{}-pod.yaml"), manifest.to_string()),
        (evil("static-pod-resources/etcd-pod-{}/secrets/{}/{}"), EVIL.to_owned()),
        (evil("{}/{}"), EVIL.to_owned()),
        (evil("{}/{}"), EVIL.to_owned()),
    ];
    let members: Vec<(&str, &[u8])> = members.iter().map(|(path, text)| (path.as_str(), text.as_bytes())).collect();
    tar_gz(&members)
}

/// The backup, in a directory with an evil name, among files with evil names.
struct Bench {
    dir: tempfile::TempDir,
    recipient: String,
    pages: usize,
}

impl Bench {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join(format!("root{EVIL}"));
        fs::create_dir_all(root.join("backup")).unwrap();
        fs::create_dir_all(root.join(format!("backup/{EVIL}"))).unwrap();
        let recipient = identity(&root.join("identity"));
        let (newer, older) = (snapshot(false), snapshot(true));
        let pages = newer.len() / 4096;
        let config = json!({"apiVersion": "apiserver.config.k8s.io/v1", "kind": "EncryptionConfiguration",
            "resources": [{"resources": ["secrets", EVIL], "providers": [{"aescbc": {"keys": [
                {"name": EVIL, "secret": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="}]}}, {"identity": {}}]}]});
        for (name, bytes) in [
            (format!("backup/snapshot_{STAMP}.db"), newer.clone()),
            (format!("backup/static_kuberesources_{STAMP}.tar.gz"), tarball()),
            (format!("backup/snapshot_{EVIL}.db"), older.clone()),
            (format!("backup/static_kuberesources_{EVIL}.tar.gz"), b"none".to_vec()),
            (format!("backup/{EVIL}/snapshot_{STAMP}.db"), older.clone()),
            (format!("backup/{EVIL}.db.part"), newer[..9000].to_vec()),
            (format!("broken{EVIL}.db"), newer[..newer.len() / 2].to_vec()),
            (format!("noise{EVIL}"), EVIL.as_bytes().to_vec()),
            (format!("list{EVIL}.yaml"), json!({"kind": EVIL, "apiVersion": EVIL}).to_string().into_bytes()),
            ("before.db".to_owned(), older),
            ("config.json".to_owned(), config.to_string().into_bytes()),
        ] {
            fs::write(root.join(name), bytes).unwrap();
        }
        let policy = run(&["policy", "init"]).out
            + &format!(
                "\n[[waiver]]\nid = \"SNAP-003\"\nartifact = {0}\nreason = {0}\nuntil = 2999-01-01\n",
                toml(EVIL)
            );
        fs::write(root.join("policy.yaml"), policy).unwrap();
        let bench = Self { dir, recipient, pages };
        let split = run(&bench.words("keys split {K} -r {R} --out {B}/vault"));
        // the tarball is odd enough for findings
        assert!(bench.root().join("vault").is_dir(), "{:?} {}", split.code, split.err);
        bench
    }

    fn root(&self) -> PathBuf {
        self.dir.path().join(format!("root{EVIL}"))
    }

    fn words(&self, line: &str) -> Vec<String> {
        let path = |name: &str| self.root().join(name).to_str().unwrap().to_owned();
        let stem = format!("static_kuberesources_{STAMP}");
        line.split(' ')
            .map(|word| {
                word.replace("{S}", &path(&format!("backup/snapshot_{STAMP}.db")))
                    .replace("{T}", &path("before.db"))
                    .replace("{D}", &path("backup"))
                    .replace("{K}", &path(&format!("backup/{stem}.tar.gz")))
                    .replace("{C}", &path("config.json"))
                    .replace("{P}", &path("policy.yaml"))
                    .replace("{V}", &path(&format!("vault/{stem}")))
                    .replace("{I}", &path("identity"))
                    .replace("{R}", &self.recipient)
                    .replace("{O}", &path("out"))
                    .replace("{B}", &path(""))
                    .replace("{E}", EVIL)
            })
            .collect()
    }
}

/// A text in TOML.
fn toml(text: &str) -> String {
    let inside: String = text
        .chars()
        .map(|c| if c.is_ascii_graphic() { c.to_string() } else { format!("\\U{:08x}", u32::from(c)) })
        .collect();
    format!("\"{inside}\"")
}

/// Lines for what is in this backup alone, and for what is refused.
const OWN: &[&str] = &[
    "inspect {D} -vv --json",
    "inspect {B}/broken{E}.db",
    "inspect {B}/noise{E}",
    "inspect {B}/no-such{E}",
    "inspect {B}",
    "inspect {B}/vault",
    "verify {B}",
    "verify {B}/broken{E}.db",
    "verify {B}/noise{E} {B}/none{E} --json",
    "verify {S} {B}/backup/snapshot_{E}.db -vv",
    "verify {D} --target-file {B}/list{E}.yaml",
    "verify {D} --target {E}",
    "verify {D} --policy {B}/noise{E}",
    "verify {D} --escrow-manifest {V}.escrow-manifest.json",
    "verify {D} --fail-on {E}",
    "verify --{E}",
    "compat {D} --target-file {B}/list{E}.yaml",
    "compat {D} --target 4.18.30 --{E}",
    "mend {B}/broken{E}.db --out {O}",
    "mend {B}/broken{E}.db --out {O} --json",
    "hash {B}/noise{E}",
    "ls {S} {E}",
    "ls {S} -r {E}",
    "ls {S} -g {E}**",
    "ls {S} --count",
    "ls {B}/broken{E}.db --salvage -l",
    "ls {K}",
    "get {S} {E}",
    "get {S} {E}/{E}",
    "get {S} configmaps/{E} -n {E}",
    "get {S} --exact {E}",
    "get {S} -r {E}",
    "get {S} -r configmaps -o yaml",
    "get {S} -g ** -o yaml --reveal",
    "get {S} -g ** -o json --reveal",
    "get {S} -g ** -o table --reveal",
    "get {S} -g ** -o custom-columns=A:.metadata,B:.data --reveal",
    "get {S} -g ** -o name --reveal",
    "get {S} -g ** -o wide --reveal",
    "get {S} -r pods",
    "get {S} -r nodes",
    "get {S} --exact /kubernetes.io/configmaps/odd/0{E} -o hex --reveal",
    "export {S} -g ** --reveal --everything",
    "export {S} -r {E}",
    "history {S} {E}",
    "history {S} configmaps/{E} -n {E} --values --all --carve",
    "history {S} /kubernetes.io/configmaps/{E}/{E} --values --all",
    "history {S} /kubernetes.io/configmaps/{E}/{E} --values --all -o csv",
    "history {S} /kubernetes.io/pods/{E}/{E} --values --all --json",
    "timeline {S} --values --all --reveal",
    "timeline {S} --at {E}",
    "timeline {S} -r {E} -n {E}",
    "diff {T} {S} --values --reveal",
    "diff {S} {T} --values --all --reveal --json",
    "diff {T} {B}/noise{E}",
    "du {S} --by namespace --top 0",
    "du {S} --by namespace --top 0 -o csv",
    "du {S} --by prefix --depth 9 --top 0 -o html",
    "du {S} --churn --top 0 -o csv",
    "carve {S} --all --with-values --out {O}",
    "carve {B}/broken{E}.db --all",
    "carve {S} -r {E}",
    "pages {S} {E}",
    "pages {S} --bucket {E}",
    "bucket {S} {E}",
    "bucket {S} {E} --reveal",
    "bucket {S} {E} --json",
    "bucket {S} no{E}",
    "bucket {S} key --reveal",
    "bucket {S} authRoles",
    "bucket {S} members",
    "bucket {S} cluster",
    "explain {E}",
    "policy check {B}/noise{E}",
    "policy check {B}/none{E}",
    "keys ls {B}/noise{E}",
    "keys ls {K} -l --all -vv",
    "keys check {S} --keys {B}/noise{E}",
    "keys check {S} --keys {V}.escrow.age -i {I} -vv",
    "keys check {D} --keys {B}/none{E}",
    "keys split {K} -r {E} --out {O}",
    "keys split {B}/noise{E} -r {R} --out {O}",
    "keys split {K} -r {R} --class {E} --out {O}",
    "keys verify-escrow {V}.escrow.age -i {B}/noise{E}",
    "keys verify-escrow {B}/noise{E} -i {I}",
    "keys rewrap {V}.escrow.age -i {B}/none{E} -r {R} --out {O}",
    "keys join {V}.keyless.tar.gz --escrow {B}/noise{E} -i {I} --out {O}",
    "keys join {K} --escrow {V}.escrow.age -i {I} --out {O}",
    "completions {E}",
    "{E}",
];

/// What is wrong with what a line says.
fn faults(line: &str, output: &Output, out: &Path) -> Vec<String> {
    let mut faults = Vec::new();
    let mut look = |what: &str, bytes: &[u8]| {
        let Ok(text) = std::str::from_utf8(bytes) else { return faults.push(format!("{line}: {what} is no text")) };
        if let Some((at, c)) = text.char_indices().find(|(_, c)| obeyed(*c)) {
            let from = text[..at].char_indices().rev().nth(90).map_or(0, |(from, _)| from);
            faults.push(format!("{line}: {what} holds {c:?} behind {:?}", &text[from..at]));
        }
    };
    if !RAW.iter().any(|raw| line.contains(raw)) {
        look("standard output", &output.stdout);
    }
    look("standard error", &output.stderr);
    for (path, bytes) in files(out) {
        if line.starts_with("export") {
            look("a file's name", path.strip_prefix(out).unwrap_or(&path).as_os_str().as_bytes());
            look("a file", &bytes);
        }
    }
    let is_json = ["--json", "-o json", "-o ndjson", "-o sarif"].iter().any(|form| line.contains(form));
    if is_json && serde_json::Deserializer::from_slice(&output.stdout).into_iter::<Value>().any(|value| value.is_err())
    {
        faults.push(format!("{line}: JSON that cannot be read"));
    }
    let mistaken =
        |said: &[u8]| memmem::find(said, b"for usage, add").or(memmem::find(said, b"For more information, try"));
    if mistaken(&output.stderr).is_some() && !line.contains("{E}") {
        faults.push(format!("{line}: a mistake: {}", String::from_utf8_lossy(&output.stderr)));
    }
    let _ = fs::remove_dir_all(out);
    let _ = fs::remove_file(out);
    faults
}

#[test]
fn nothing_that_a_terminal_obeys_comes_out() {
    assert!(EVIL.chars().filter(|c| obeyed(*c)).count() > 15);
    let bench = Bench::new();
    let mut tried = BTreeSet::from(["browse".to_owned()]); // see below
    let mut shown = BTreeSet::new();
    let mut all = Vec::new();
    let shared = lines(bench.pages).into_iter().map(|line| (Some(line.command), line.text));
    for (command, line) in shared.chain(OWN.iter().map(|line| (None, (*line).to_owned()))) {
        // keys of another test's snapshot
        if !["get", "history"]
            .iter()
            .any(|shown| line.starts_with(shown) && line.contains(" /kubernetes.io/") && !line.contains("{E}"))
        {
            let output = assay(&bench.words(&line)).output().unwrap();
            all.extend(faults(&line, &output, &bench.root().join("out")));
            let escaped = ["\\u{202e}", "\\u202e", "\\u202E"].map(|form| memmem::find(&output.stdout, form.as_bytes()));
            shown.extend(escaped.iter().flatten().next().and(line.split(' ').next().map(str::to_owned)));
        }
        tried.extend(command);
    }
    assert_eq!(tried, commands(), "a command is not tried, or is none: see canary_lines.rs");
    // the others say words, and nothing out of a file
    let others = tried.iter().filter(|command| reads(command)).filter_map(|command| command.split(' ').next());
    assert_eq!(shown, others.map(str::to_owned).collect(), "what is not shown, escaped, cannot be seen to be wrong");
    assert!(all.is_empty(), "{} of them:\n{}", all.len(), all.join("\n"));
}

#[test]
fn the_browser_shows_nothing_that_a_terminal_obeys() {
    if pty::is_absent() {
        return;
    }
    let bench = Bench::new();
    for query in ["configmaps", "pods", "secrets sealed", "things"] {
        let mut command = assay(&bench.words("browse {S} --keys {C}"));
        command.env("TERM", "xterm").env("LANG", "C.UTF-8").env_remove("LC_ALL").env_remove("LC_CTYPE");
        let mut tty = Tty::start(&command, (120, 40));
        tty.wait_for("live");
        tty.press(&format!("/{query}"));
        tty.wait_for(query);
        tty.press("\r\r");
        tty.wait_for("rev ");
        tty.press("\t");
        tty.wait_for("created");
        tty.press("\u{3}");
        let ended = tty.end();
        let text = String::from_utf8_lossy(&ended.bytes);
        // The browser itself moves the cursor and colours: no title, and nothing but sequences of its own.
        assert!(!text.contains("\u{1b}]0;") && !text.contains("\u{1b}[31m\u{1b}]"), "{query}");
        let own = ['\u{1b}', '\r', '\u{8}'];
        assert_eq!(text.chars().find(|c| obeyed(*c) && !own.contains(c)), None, "{query}");
    }
}
