//! The real kubectl against a served backup: what it prints, how it ends, and what it asks.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::{Command, Output};

use crate::requests::Asked;
use crate::served::Served;

/// A kubectl, and whether it is the new one.
pub(crate) struct Kubectl {
    place: PathBuf,
    is_new: bool,
}

/// Debian's, and the new one.
pub(crate) fn all() -> Vec<Kubectl> {
    let installed =
        |name, is_new| fixtures::fleet_peer(name).map(|folder| Kubectl { place: folder.join("kubectl"), is_new });
    [installed("kubectl-debian", false), installed("kubectl", true)].into_iter().flatten().collect()
}

impl Kubectl {
    fn version(&self) -> &'static str {
        if self.is_new { "1.37" } else { "1.20" }
    }

    /// Runs it with nothing remembered from before.
    pub(crate) fn run(&self, served: &Served, args: &[&str]) -> Output {
        let cache = tempfile::tempdir().unwrap();
        let mut command = Command::new(&self.place);
        command.args(args).env("KUBECONFIG", served.kubeconfig()).env("HOME", cache.path());
        command.env("KUBECACHEDIR", cache.path()).output().unwrap()
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A command, what it prints or says, and its exit code; what it asks is recorded.
type Row = (&'static str, &'static str, i32);

const POD: &str = "web-2-e382000df-6ccw5";

static MATRIX: &[Row] = &[
    ("version", "Server Version", 0),
    ("api-resources", "deployments", 0),
    ("api-versions", "machine.openshift.io/v1beta1", 0),
    ("get nodes", "worker-2   Ready,SchedulingDisabled   worker", 0),
    ("get pods -A", "web-2-e382000df-6ccw5", 0),
    ("get pods -n analytics -o wide", "NOMINATED NODE", 0),
    ("get pods -A -l app=web-2", "analytics   web-2-e382000df-6ccw5", 0),
    ("get pods -A --field-selector spec.nodeName=master-0", "web-2-e382000df-6ccw5", 0),
    ("get pods -A --field-selector spec.nosuch=x", "field label not supported: spec.nosuch", 1),
    ("get pods -A --sort-by .metadata.name", "web-2-e382000df-6ccw5", 0),
    ("get pods -A --chunk-size=10", "web-2-e382000df-6ccw5", 0),
    ("get pod POD -n analytics -o yaml", "resourceVersion: ", 0),
    ("get deploy web-2 -n analytics -o jsonpath={.status.readyReplicas}", "2", 0),
    ("get all -n analytics", "deployment.apps/web-2", 0),
    ("get sc", "ocs-storagecluster-ceph-rbd (default)", 0),
    ("get crd", "CREATED AT", 0),
    ("get is,routes -A", "HOST/PORT", 0),
    ("get projects", "analytics", 0),
    ("get users,oauthclients", "FULL NAME", 0),
    ("get co image-registry", "", 1),
    ("get clusteroperators image-registry", "AsExpected", 0),
    ("get ns -o name", "namespace/analytics", 0),
    ("get events -A", "LAST SEEN", 0),
    ("get pod nosuch", "Error from server (NotFound): pods \"nosuch\" not found", 1),
    ("describe pod POD -n analytics", "Node:         master-0", 0),
    ("describe node master-0", "Non-terminated Pods:", 0),
    ("describe deploy web-2 -n analytics", "2 desired | 2 updated", 0),
    ("describe svc web-2 -n analytics", "172.30.153.67", 0),
    ("describe ns analytics", "Status:       Active", 0),
    ("describe clusterversions.config.openshift.io version", "4.18.30", 0),
    ("wait --for=condition=Ready node/master-0 --timeout=60s", "node/master-0 condition met", 0),
    ("rollout status deploy/web-2 -n analytics", "successfully rolled out", 0),
    ("logs POD -n analytics", "a backup of etcd holds no logs", 1),
    ("exec POD -n analytics -- ls", "this is a read-only view of an etcd backup at revision 1289", 1),
    ("port-forward POD -n analytics :8080", "this is a read-only view of an etcd backup at revision 1289", 1),
    ("delete pod POD -n analytics", "this is a read-only view of an etcd backup at revision 1289", 1),
    ("scale deploy web-2 -n analytics --replicas=3", "this is a read-only view", 1),
    ("annotate pod POD -n analytics a=b", "this is a read-only view", 1),
    ("auth can-i get pods", "yes", 0),
    ("auth can-i delete pods", "no - this is a read-only view of an etcd backup", 1),
    ("auth can-i delete pods -n billing --as system:serviceaccount:kube-system:generic-garbage-collector", "yes", 0),
    ("auth can-i get secrets -n kube-system --as user01", "no - by RBAC in the backup", 1),
    ("auth can-i get /api --as nobody", "yes", 0),
    ("auth can-i --list --as user01 -n billing", "selfsubjectaccessreviews.authorization.k8s.io", 0),
    ("top nodes", "Metrics API not available", 1),
    ("get pods -A --context backup@790", "openshift-apiserver-operator", 0),
];

/// What older ones do not know.
static NEW: &[Row] = &[
    ("auth whoami", "assay-serve", 0),
    ("auth whoami --as user01", "system:authenticated", 0),
    ("events -A", "LAST SEEN", 0),
];

#[test]
fn it_ends_prints_and_asks_as_recorded() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let served = Served::fixture("plain-etcd34", &["--at", "790", "--log", log.to_str().unwrap()]);
    for kubectl in all() {
        let (mut wrong, mut asked) = (Vec::new(), Asked::since_now(&log));
        for (command, expected, code) in MATRIX.iter().chain(NEW.iter().filter(|_| kubectl.is_new)) {
            let args: Vec<&str> = command.split(' ').map(|word| if word == "POD" { POD } else { word }).collect();
            let output = kubectl.run(&served, &args);
            let (out, err) = (text(&output.stdout), text(&output.stderr));
            asked.add(command);
            if output.status.code() != Some(*code) || !format!("{out}{err}").contains(expected) {
                wrong.push(format!("{command}: {:?} {out}{err}", output.status.code()));
            }
        }
        assert!(wrong.is_empty(), "{}: {}", kubectl.place.display(), wrong.join("\n"));
        asked.compare(&format!("commands-{}", kubectl.version()));
    }
}

/// Five pods are listed at revision 790; the 159 versions of 84 pods that were written later come one by one.
#[test]
fn history_is_replayed_as_a_watch() {
    let served = Served::fixture("plain-etcd34", &["--at", "790"]);
    for kubectl in all() {
        let args = [
            "get",
            "pods",
            "-A",
            "-w",
            "--output-watch-events",
            "--no-headers",
            "--context",
            "backup@790",
            "--request-timeout=3s",
        ];
        let out = text(&kubectl.run(&served, &args).stdout);
        let many = |kind: &str| out.lines().filter(|line| line.starts_with(kind)).count();
        assert_eq!((many("ADDED"), many("MODIFIED"), many("DELETED")), (5 + 79, 80, 0));
    }
}

#[test]
fn secrets_are_masked_and_their_sizes_true() {
    let served = Served::fixture("plain-etcd34", &[]);
    let revealed = Served::fixture("plain-etcd34", &["--reveal"]);
    for kubectl in all() {
        let args = ["describe", "secret", "app-18-credentials", "-n", "analytics"];
        let (masked, shown) = (kubectl.run(&served, &args), kubectl.run(&revealed, &args));
        let sizes = |output: &Output| -> BTreeSet<String> {
            text(&output.stdout).lines().filter(|line| line.contains(" bytes")).map(str::to_owned).collect()
        };
        assert_eq!((sizes(&masked), sizes(&masked).len()), (sizes(&shown), 3));
        assert!(
            text(&masked.stderr).contains("Warning: secret values of 1 object are masked"),
            "{}",
            text(&masked.stderr)
        );
        assert_eq!(text(&shown.stderr), "");
    }
}

#[test]
fn a_command_runs_with_the_kubeconfig_and_all_ends_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("config");
    for kubectl in all() {
        let mut command = crate::served::program();
        command.arg(fixtures::named("plain-etcd34").snapshot()).arg("--kubeconfig").arg(&config).arg("--");
        let output =
            command.arg(&kubectl.place).args(["get", "pod", "nosuch"]).env("HOME", folder.path()).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(text(&output.stderr).contains("pods \"nosuch\" not found"), "{}", text(&output.stderr));
        assert!(!config.exists());
    }
}

/// What is compared and tried out is told, and nothing of it is kept.
#[test]
fn changes_are_tried_out_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let served = Served::fixture("plain-etcd34", &["--log", log.to_str().unwrap()]);
    let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    for kubectl in all() {
        let mut asked = Asked::since_now(&log);
        kubectl.run(&served, &["api-resources"]);
        asked.add("api-resources");
        let whole = text(&kubectl.run(&served, &["get", "deploy", "web-2", "-n", "analytics", "-o", "yaml"]).stdout);
        asked.add("get deploy web-2 -n analytics -o yaml");
        let changed = whole.replace("replicas: 2", "replicas: 5").replace("web-2:1.2.3", "web-2:9.9.9");
        assert_ne!(whole, changed);
        let fresh = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: fresh, namespace: analytics}\ndata: {a: b}\n";
        for (name, content) in [("same", whole.as_str()), ("changed", &changed), ("fresh", fresh)] {
            std::fs::write(file(name), content).unwrap();
        }
        for (command, name, code, expected) in [
            ("diff -f", "same", 0, &[][..]),
            (
                "diff -f",
                "changed",
                1,
                &["-        image: quay.io/example/web-2:1.2.3", "+        image: quay.io/example/web-2:9.9.9"],
            ),
            ("diff -f", "fresh", 1, &["+  name: fresh"]),
            ("diff --server-side -f", "changed", 1, &["+        image: quay.io/example/web-2:9.9.9"]),
            (
                "apply --dry-run=server --server-side --force-conflicts --validate=false -f",
                "changed",
                0,
                &["(server dry run)"],
            ),
            ("create --dry-run=server --validate=false -f", "fresh", 0, &["configmap/fresh created (server dry run)"]),
            (
                "create --validate=false -f",
                "fresh",
                1,
                &["this is a read-only view of an etcd backup at revision 1289"],
            ),
            ("get -f", "fresh", 1, &["NotFound"]),
            ("explain clusterversions.config.openshift.io --recursive", "", 0, &["KIND:", "ClusterVersion"]),
        ] {
            let path = file(name);
            let args: Vec<&str> = command.split(' ').chain((!name.is_empty()).then_some(path.as_str())).collect();
            let output = kubectl.run(&served, &args);
            asked.add(format!("{command} {name}").trim_end());
            let said = format!("{}{}", text(&output.stdout), text(&output.stderr));
            assert_eq!(output.status.code(), Some(code), "{}: {command} {name}: {said}", kubectl.place.display());
            assert!(expected.iter().all(|expected| said.contains(expected)), "{command} {name}: {said}");
        }
        asked.compare(&format!("changes-{}", kubectl.version()));
    }
}
