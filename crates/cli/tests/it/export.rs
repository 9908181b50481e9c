//! `assay export`: manifests that can be applied, and nothing else.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde_json::Value;
use snapshot_builder::{Builder, Put};

use crate::fixture::named;
use crate::run::{Run, run};

fn export(rest: &[&str]) -> Run {
    let path = named("plain-etcd36").snapshot();
    let line: Vec<&str> = ["export", path.to_str().unwrap()].iter().chain(rest).copied().collect();
    run(&line)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    found
}

#[test]
fn a_namespace_becomes_files_that_can_be_applied() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("shop");
    let first = export(&["-n", "shop", "--out", out.to_str().unwrap(), "-o", "json"]);
    assert_eq!(first.code, Some(1), "secrets were left out");
    assert!(
        first.err.contains("left out because of secrets") && first.err.contains("makes by itself"),
        "{}",
        first.err
    );
    let names: Vec<String> =
        files(&out).iter().map(|path| path.strip_prefix(&out).unwrap().to_str().unwrap().to_owned()).collect();
    assert_eq!(names[0], "_cluster/namespaces/shop.json", "the namespace comes first");
    assert!(names.iter().any(|name| name.starts_with("shop/deployments.apps/")), "{names:?}");
    assert!(names.iter().any(|name| name.starts_with("shop/routes.route.openshift.io/")));
    assert!(!names.iter().any(|name| name.contains("/secrets/") || name.contains("kube-root-ca")));
    for path in files(&out) {
        let object: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        assert!(object["apiVersion"].is_string() && object["kind"].is_string(), "{}", path.display());
        for cut in [
            "/status",
            "/metadata/uid",
            "/metadata/resourceVersion",
            "/metadata/creationTimestamp",
            "/metadata/generation",
            "/metadata/managedFields",
            "/metadata/ownerReferences",
            "/spec/clusterIP",
            "/spec/clusterIPs",
            "/spec/volumeName",
        ] {
            assert!(object.pointer(cut).is_none(), "{} has {cut}", path.display());
        }
        assert!(!object.to_string().contains("creationTimestamp") && !object.to_string().contains("<masked"));
    }
    let again = export(&["-n", "shop", "--out", out.to_str().unwrap()]);
    assert!(again.code == Some(2) && again.err.contains("not empty"), "{}", again.err);
}

#[test]
fn secrets_are_exported_when_they_are_revealed() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("secrets");
    let run = export(&["-r", "secrets", "-n", "shop", "--reveal", "--out", out.to_str().unwrap()]);
    assert_eq!(run.code, Some(0), "{}", run.err);
    assert!(run.err.contains("that are tokens"), "{}", run.err);
    let files = files(&out);
    assert!(!files.is_empty());
    for path in files {
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600, "{}", path.display());
        assert!(!fs::read_to_string(&path).unwrap().contains("<masked"));
    }
    let name = "/kubernetes.io/secrets/analytics/app-00-credentials";
    let closed = export(&[name]);
    assert_eq!((closed.code, closed.out.as_str()), (Some(1), ""));
    assert!(closed.err.contains("is left out: it holds secrets"), "{}", closed.err);
    let open = export(&[name, "--reveal"]);
    assert!(open.code == Some(0) && open.out.starts_with("---\napiVersion: v1\ndata:\n"), "{}", open.out);
}

#[test]
fn as_is_keeps_what_was_stored() {
    let cut = export(&["deployments", "-n", "openshift-apiserver-operator"]);
    assert!(cut.code == Some(0) && !cut.out.contains("status:") && !cut.out.contains("uid:"), "{}", cut.err);
    let kept = export(&["deployments", "-n", "openshift-apiserver-operator", "--as-is"]);
    assert!(kept.out.contains("status:") && kept.out.contains("uid:") && kept.out.contains("managedFields:"));
    let owned = export(&["-r", "pods", "-n", "shop"]);
    let everything = export(&["-r", "pods", "-n", "shop", "--everything"]);
    assert!(everything.out.matches("\nkind: Pod\n").count() >= owned.out.matches("\nkind: Pod\n").count());
    let claim = ["pvc", "data-kafka-0", "-n", "billing"];
    assert!(!export(&claim).out.contains("volumeName"));
    let kept = export(&["pvc", "data-kafka-0", "-n", "billing", "--keep-volume-names"]);
    assert!(kept.out.contains("volumeName: pvc-ac31a3e1-bef8-eada-bb66-62f019f65e7c"), "{}", kept.out);
}

#[test]
fn a_revision_is_exported_as_it_was() {
    let slice = "/kubernetes.io/endpointslices/default/kubernetes";
    let old = export(&[slice, "--at-revision", "300", "-o", "json"]);
    let new = export(&[slice, "-o", "json"]);
    let parse = |run: &Run| serde_json::from_str::<Value>(&run.out).unwrap();
    assert!(parse(&old)["endpoints"].is_array() && parse(&new)["endpoints"].is_null());
    assert_eq!(export(&["-n", "shop", "--at-revision", "99999"]).code, Some(2));
    assert_eq!(export(&[]).code, Some(2));
}

#[test]
fn names_from_a_hostile_snapshot_stay_in_the_directory() {
    let folder = tempfile::tempdir().unwrap();
    let value = br#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"}}"#;
    let mut builder = Builder::new();
    let keys = [
        "/kubernetes.io/configmaps/../../../escape",
        "/kubernetes.io/configmaps/a/..",
        "/kubernetes.io/configmaps/a//etc/passwd",
        "/kubernetes.io/configmaps/_cluster/x",
        "/kubernetes.io/configmaps/a/x\ny",
        "/../../../b/c/d",
    ];
    for (at, key) in keys.iter().enumerate() {
        let main = at as i64 + 2;
        builder.put(main, 0, &Put { key: key.as_bytes(), value, create: main, modified: main, version: 1, lease: 0 });
    }
    let snapshot = folder.path().join("s.db");
    fs::write(&snapshot, builder.build()).unwrap();
    let out = folder.path().join("deep/er/out");
    let run = run(&["export", snapshot.to_str().unwrap(), "-g", "/**", "--everything", "--out", out.to_str().unwrap()]);
    assert_eq!(run.code, Some(0), "{}", run.err);
    assert_eq!(files(&out).len(), keys.len(), "{:?}", files(&out));
    assert_eq!(files(folder.path()).len(), keys.len() + 1);
}

#[test]
fn a_name_that_is_not_there_is_said() {
    let run = export(&["cm", "app-02-config", "typo-config", "-n", "shop"]);
    assert_eq!(run.code, Some(1));
    assert!(run.err.contains("there is no `cm/typo-config`") && run.out.contains("app-02-config"), "{}", run.err);
    let none = export(&["podz"]);
    assert_eq!(none.code, Some(2));
    assert!(none.out.is_empty() && none.err.contains("there is no resource `podz`"), "{}", none.err);
}
