//! The real kubectl, against a served backup.

use std::process::Command;

use crate::served::Served;

/// What it printed, and said, and its exit code.
fn kubectl(served: &Served, args: &[&str]) -> Option<(String, String, Option<i32>)> {
    let mut command: Command = fixtures::tool("kubectl")?;
    command.args(args).env("KUBECONFIG", served.kubeconfig()).env("HOME", served.folder()).env_remove("XDG_CACHE_HOME");
    let output = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Some((text(&output.stdout), text(&output.stderr), output.status.code()))
}

#[test]
fn it_lists_and_gets() {
    let served = Served::fixture("plain-etcd34", &[]);
    for (args, expected) in [
        (&["get", "nodes"][..], "worker-2   Ready,SchedulingDisabled   worker"),
        (&["get", "pods", "-A"], "web-2-e382000df-6ccw5"),
        (&["get", "pods", "-n", "analytics", "-o", "wide"], "NOMINATED NODE"),
        (&["get", "deploy", "web-2", "-n", "analytics", "-o", "jsonpath={.status.readyReplicas}"], "2"),
        (&["get", "clusterversions.config.openshift.io"], "version"),
        (&["get", "sc"], "ocs-storagecluster-ceph-rbd (default)"),
        (&["get", "crd"], "CREATED AT"),
        (&["api-resources", "--no-headers"], "deployments"),
        (&["get", "ns", "-o", "name"], "namespace/analytics"),
    ] {
        let Some((out, err, code)) = kubectl(&served, args) else { return };
        assert_eq!(code, Some(0), "{args:?}: {err}");
        assert!(out.contains(expected), "{args:?}: {out}{err}");
    }
    let Some((_, err, code)) = kubectl(&served, &["get", "pod", "nosuch"]) else { return };
    assert_eq!((code, err.trim()), (Some(1), "Error from server (NotFound): pods \"nosuch\" not found"));
}
