//! Every kind in the fixtures, against the YAML that a Kubernetes client prints: see `tests/golden/README.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use bbolt_page::{Db, Serial};
use etcd_snapshot::{Options, scan};
use lens::{NoKeys, Object, View};
use sha2::{Digest, Sha256};

use crate::fixture::{all, named};
use crate::get::truth;
use crate::run::run;

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

/// Group, version and kind as the golden files have them, from the first lines of YAML.
fn kind_of(yaml: &str) -> String {
    let field = |name: &str| yaml.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    format!("{}/{}", field("apiVersion: "), field("kind: "))
}

#[test]
fn an_object_of_every_kind_is_printed_as_kubectl_prints_it() {
    // Unpacked once: the file is read some seventy times.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("snapshot.db");
    fs::write(&path, named("plain-etcd36").bytes()).unwrap();
    let mut kinds = BTreeSet::new();
    for file in fs::read_dir(golden("kinds")).unwrap().map(|entry| entry.unwrap().path()) {
        let text = fs::read_to_string(&file).unwrap();
        let (key, expected) = text.strip_prefix("# ").unwrap().split_once('\n').unwrap();
        let printed = run(&["get", path.to_str().unwrap(), "--exact", key, "--reveal", "-o", "yaml"]);
        assert_eq!((printed.code, printed.out.as_str()), (Some(0), expected), "{}", file.display());
        kinds.insert(kind_of(expected));
    }
    let of = |fixture: &crate::fixture::Fixture| {
        truth(fixture).into_iter().map(|row| row["gvk"].as_str().unwrap().to_owned())
    };
    let with_truth = all().into_iter().filter(|fixture| fixture.has("decrypted-truth.jsonl.gz"));
    let in_fixtures: BTreeSet<String> = with_truth.flat_map(|fixture| of(&fixture).collect::<Vec<_>>()).collect();
    assert_eq!(kinds, in_fixtures, "a kind has no golden file, or is in no fixture");
    assert!(kinds.len() >= 63, "{}", kinds.len());
}

#[test]
fn all_objects_of_every_kind_are_printed_as_kubectl_prints_them() {
    let file = named("plain-etcd36").bytes();
    let scan = scan(Db::open(&file).unwrap(), Options::default(), &Serial);
    let mut kinds: BTreeMap<String, (Sha256, u64)> = BTreeMap::new();
    // The release that the fixture's ClusterVersion says it is.
    let view = View { reveal: true, server_minor: Some(31), ..View::default() };
    for live in scan.store.live_sorted(|_| true, &Serial) {
        let kv = live.kv;
        let Ok(object) = Object::read(&NoKeys, kv.key, kv.value, kv.mod_revision, view) else { continue };
        let yaml = kube_objects::to_yaml(object.shown());
        let (digest, count) = kinds.entry(kind_of(&yaml)).or_default();
        digest.update(format!("# {}\n{yaml}", kv.key.escape_ascii()));
        *count += 1;
    }
    let line = |(kind, (digest, count)): (String, (Sha256, u64))| {
        let hex: String = digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{hex}  {count:>4}  {kind}")
    };
    let found: Vec<String> = kinds.into_iter().map(line).collect();
    let expected = fs::read_to_string(golden("kinds.sha256")).unwrap();
    for (found, expected) in found.iter().zip(expected.lines()) {
        assert_eq!(found, expected);
    }
    assert_eq!(found.len(), expected.lines().count());
}
