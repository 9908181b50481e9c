//! The real kubectl against a served backup: what it prints, how it ends, and what it asks.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::{Command, Output};

use crate::served::Served;

/// A kubectl, and whether it is the new one, whose requests are known.
pub(crate) struct Kubectl {
    place: PathBuf,
    is_new: bool,
}

/// Where `scripts/install-fleet-peers` put something.
pub(crate) fn peer(name: &str) -> Option<PathBuf> {
    let target = PathBuf::from(env!("CARGO_BIN_EXE_assay-serve"));
    let place = target.ancestors().nth(2).unwrap().join("peers").join(name);
    if place.exists() {
        return Some(place);
    }
    assert!(std::env::var_os("CI").is_none(), "{name} is missing in CI: scripts/install-fleet-peers");
    let said = format!("SKIPPED: {name} is not installed (scripts/install-fleet-peers)\n");
    let _ = std::io::Write::write_all(&mut std::io::stderr(), said.as_bytes());
    None
}

/// Debian's, and the new one.
pub(crate) fn all() -> Vec<Kubectl> {
    let usual = peer("kubectl-debian/kubectl").map(|place| Kubectl { place, is_new: false });
    let new = peer("kubectl/kubectl").map(|place| Kubectl { place, is_new: true });
    usual.into_iter().chain(new).collect()
}

impl Kubectl {
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

/// A command, what it prints or says, its exit code, and how many requests the new kubectl makes of it.
type Row = (&'static str, &'static str, i32, usize);

const POD: &str = "web-2-e382000df-6ccw5";

static MATRIX: &[Row] = &[
    ("version", "Server Version", 0, 1),
    ("api-resources", "deployments", 0, 2),
    ("api-versions", "machine.openshift.io/v1beta1", 0, 2),
    ("get nodes", "worker-2   Ready,SchedulingDisabled   worker", 0, 3),
    ("get pods -A", "web-2-e382000df-6ccw5", 0, 3),
    ("get pods -n analytics -o wide", "NOMINATED NODE", 0, 3),
    ("get pods -A -l app=web-2", "analytics   web-2-e382000df-6ccw5", 0, 3),
    ("get pods -A --field-selector spec.nodeName=master-0", "web-2-e382000df-6ccw5", 0, 3),
    ("get pods -A --field-selector spec.nosuch=x", "field label not supported: spec.nosuch", 1, 3),
    ("get pods -A --sort-by .metadata.name", "web-2-e382000df-6ccw5", 0, 3),
    ("get pods -A --chunk-size=10", "web-2-e382000df-6ccw5", 0, 11),
    ("get pod POD -n analytics -o yaml", "resourceVersion: ", 0, 3),
    ("get deploy web-2 -n analytics -o jsonpath={.status.readyReplicas}", "2", 0, 3),
    ("get all -n analytics", "deployment.apps/web-2", 0, 14),
    ("get sc", "ocs-storagecluster-ceph-rbd (default)", 0, 3),
    ("get crd", "CREATED AT", 0, 3),
    ("get is,routes -A", "HOST/PORT", 0, 4),
    ("get projects", "analytics", 0, 3),
    ("get users,oauthclients", "FULL NAME", 0, 4),
    ("get co image-registry", "", 1, 2),
    ("get clusteroperators image-registry", "AsExpected", 0, 3),
    ("get ns -o name", "namespace/analytics", 0, 3),
    ("get events -A", "LAST SEEN", 0, 3),
    ("get pod nosuch", "Error from server (NotFound): pods \"nosuch\" not found", 1, 3),
    ("describe pod POD -n analytics", "Node:         master-0", 0, 5),
    ("describe node master-0", "Non-terminated Pods:", 0, 9),
    ("describe deploy web-2 -n analytics", "2 desired | 2 updated", 0, 6),
    ("describe svc web-2 -n analytics", "172.30.153.67", 0, 6),
    ("describe ns analytics", "Status:       Active", 0, 6),
    ("describe clusterversions.config.openshift.io version", "4.18.30", 0, 5),
    ("wait --for=condition=Ready node/master-0 --timeout=60s", "node/master-0 condition met", 0, 4),
    ("rollout status deploy/web-2 -n analytics", "successfully rolled out", 0, 4),
    ("logs POD -n analytics", "a backup of etcd holds no logs", 1, 4),
    ("exec POD -n analytics -- ls", "this is a read-only view of an etcd backup at revision 1289", 1, 5),
    ("port-forward POD -n analytics :8080", "this is a read-only view of an etcd backup at revision 1289", 1, 6),
    ("delete pod POD -n analytics", "this is a read-only view of an etcd backup at revision 1289", 1, 3),
    ("scale deploy web-2 -n analytics --replicas=3", "this is a read-only view", 1, 4),
    ("annotate pod POD -n analytics a=b", "this is a read-only view", 1, 4),
    ("auth can-i get pods", "yes", 0, 4),
    ("auth can-i delete pods", "no - this is a read-only view of an etcd backup", 1, 4),
    ("auth can-i delete pods -n billing --as system:serviceaccount:kube-system:generic-garbage-collector", "yes", 0, 4),
    ("auth can-i get secrets -n kube-system --as user01", "no - by RBAC in the backup", 1, 4),
    ("auth can-i get /api --as nobody", "yes", 0, 1),
    ("auth can-i --list --as user01 -n billing", "selfsubjectaccessreviews.authorization.k8s.io", 0, 1),
    ("top nodes", "Metrics API not available", 1, 2),
    ("get pods -A --context backup@790", "openshift-apiserver-operator", 0, 3),
];

/// What older ones do not know.
static NEW: &[Row] = &[
    ("auth whoami", "assay-serve", 0, 1),
    ("auth whoami --as user01", "system:authenticated", 0, 1),
    ("events -A", "LAST SEEN", 0, 1),
];

#[test]
fn it_ends_prints_and_asks_as_recorded() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let served = Served::fixture("plain-etcd34", &["--at", "790", "--log", log.to_str().unwrap()]);
    for kubectl in all() {
        let mut wrong = Vec::new();
        for (command, expected, code, requests) in MATRIX.iter().chain(NEW.iter().filter(|_| kubectl.is_new)) {
            let args: Vec<&str> = command.split(' ').map(|word| if word == "POD" { POD } else { word }).collect();
            let before = lines(&log);
            let output = kubectl.run(&served, &args);
            let (out, err) = (text(&output.stdout), text(&output.stderr));
            let asked = lines(&log) - before;
            if output.status.code() != Some(*code) || !format!("{out}{err}").contains(expected) {
                wrong.push(format!("{command}: {:?} {out}{err}", output.status.code()));
            } else if kubectl.is_new && asked != *requests {
                wrong.push(format!("{command}: {asked} requests"));
            }
        }
        assert!(wrong.is_empty(), "{}: {}", kubectl.place.display(), wrong.join("\n"));
    }
}

fn lines(log: &std::path::Path) -> usize {
    std::fs::read_to_string(log).unwrap().lines().count()
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
        let whole = text(&kubectl.run(&served, &["get", "deploy", "web-2", "-n", "analytics", "-o", "yaml"]).stdout);
        let changed = whole.replace("replicas: 2", "replicas: 5").replace("web-2:1.2.3", "web-2:9.9.9");
        assert_ne!(whole, changed);
        let fresh = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: fresh, namespace: analytics}\ndata: {a: b}\n";
        for (name, content) in [("same", whole.as_str()), ("changed", &changed), ("fresh", fresh)] {
            std::fs::write(file(name), content).unwrap();
        }
        for (command, name, code, requests, expected) in [
            ("diff -f", "same", 0, 7, &[][..]),
            (
                "diff -f",
                "changed",
                1,
                7,
                &["-        image: quay.io/example/web-2:1.2.3", "+        image: quay.io/example/web-2:9.9.9"],
            ),
            ("diff -f", "fresh", 1, 5, &["+  name: fresh"]),
            ("diff --server-side -f", "changed", 1, 4, &["+        image: quay.io/example/web-2:9.9.9"]),
            (
                "apply --dry-run=server --server-side --force-conflicts --validate=false -f",
                "changed",
                0,
                3,
                &["(server dry run)"],
            ),
            (
                "create --dry-run=server --validate=false -f",
                "fresh",
                0,
                3,
                &["configmap/fresh created (server dry run)"],
            ),
            (
                "create --validate=false -f",
                "fresh",
                1,
                3,
                &["this is a read-only view of an etcd backup at revision 1289"],
            ),
            ("get -f", "fresh", 1, 4, &["NotFound"]),
            ("explain clusterversions.config.openshift.io --recursive", "", 0, 4, &["KIND:", "ClusterVersion"]),
        ] {
            let path = file(name);
            let args: Vec<&str> = command.split(' ').chain((!name.is_empty()).then_some(path.as_str())).collect();
            let before = lines(&log);
            let output = kubectl.run(&served, &args);
            let asked = lines(&log) - before;
            let said = format!("{}{}", text(&output.stdout), text(&output.stderr));
            assert_eq!(output.status.code(), Some(code), "{}: {command} {name}: {said}", kubectl.place.display());
            assert!(expected.iter().all(|expected| said.contains(expected)), "{command} {name}: {said}");
            assert!(!kubectl.is_new || asked == requests, "{command} {name}: {asked} requests");
        }
    }
}
