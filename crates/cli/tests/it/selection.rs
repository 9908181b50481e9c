//! Which keys are meant is said alike in every command, and a name that nothing has is refused in every one.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use snapshot_builder::{Builder, Put};

use crate::run::{Run, run};

const DEFINITIONS: &str = "/kubernetes.io/apiextensions.k8s.io/customresourcedefinitions";

/// A file that is gone with its folder.
struct Made {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

fn object(kind: &str, name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": name, "namespace": "a"}})
}

/// Three definitions, one of which is encrypted and one damaged, objects of these and of built-in resources, and one resource
/// of which only a deletion tells.
fn snapshot() -> Made {
    let oxen = json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "oxen.farm.io"},
        "spec": {"group": "farm.io", "names": {
            "plural": "oxen", "singular": "ox", "kind": "Bovine", "shortNames": ["bv", "po"]}},
    });
    let mut builder = Builder::new();
    let mut main = 1;
    let mut put = |key: &str, value: &[u8]| {
        main += 1;
        builder.put(main, 0, &Put { key: key.as_bytes(), value, create: main, modified: main, version: 1, lease: 0 });
    };
    put(&format!("{DEFINITIONS}/oxen.farm.io"), oxen.to_string().as_bytes());
    put(&format!("{DEFINITIONS}/vaults.safe.io"), b"k8s:enc:aescbc:v1:1:closed");
    put(&format!("{DEFINITIONS}/badgers.zoo.io"), b"{\"spec\":");
    for (key, kind) in [
        ("/kubernetes.io/pods/a/web", "Pod"),
        ("/kubernetes.io/pods/b/db", "Pod"),
        ("/kubernetes.io/secrets/a/s", "Secret"),
        ("/kubernetes.io/deployments/a/web", "Deployment"),
        ("/kubernetes.io/farm.io/oxen/a/one", "Bovine"),
        ("/kubernetes.io/safe.io/vaults/a/v", "Vault"),
        ("/kubernetes.io/zoo.io/badgers/a/b", "Badger"),
        ("/kubernetes.io/lost.io/widgets/a/w", "Widget"),
        ("/kubernetes.io/gone.io/dodos/a/last", "Dodo"),
    ] {
        let name = key.rsplit('/').next().unwrap();
        put(key, object(kind, name).to_string().as_bytes());
    }
    builder.delete(main + 1, 0, "/kubernetes.io/gone.io/dodos/a/last");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.db");
    fs::write(&path, builder.build()).unwrap();
    Made { _folder: folder, path }
}

/// A snapshot in which nothing is, to compare with.
fn empty() -> Made {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("empty.db");
    fs::write(&path, Builder::new().create(2, "foo").build()).unwrap();
    Made { _folder: folder, path }
}

/// Every way to name a resource: a command line in which `FILE`, `EMPTY` and `NAME` stand for what they say.
const COMMANDS: [&str; 24] = [
    "ls FILE -r NAME",
    "ls FILE -r NAME -l",
    "ls FILE -r NAME --count",
    "ls FILE -r NAME -o ndjson",
    "ls FILE -r NAME -o csv -A",
    "ls FILE -r NAME --all-revisions",
    "ls FILE -r NAME --deleted",
    "ls FILE -r NAME --salvage",
    "ls FILE -r NAME --salvage --all-revisions",
    "get FILE NAME -o ndjson",
    "get FILE -r NAME -o yaml --reveal",
    "export FILE NAME --everything --reveal",
    "export FILE -r NAME --everything --reveal",
    "timeline FILE NAME",
    "timeline FILE -r NAME -o csv",
    "diff EMPTY FILE NAME",
    "diff FILE EMPTY -r NAME -o ndjson",
    "carve FILE -r NAME",
    "carve FILE -r NAME --all -o ndjson",
    "du FILE -r NAME -o csv",
    "du FILE -r NAME --by key",
    "history FILE NAME/web",
    "history FILE NAME/one --carve",
    "get FILE NAME/web -o ndjson",
];

fn command(line: &str, file: &Path, empty: &Path, name: &str) -> Run {
    let word = |word: &str| match word {
        "FILE" => file.to_str().unwrap().to_owned(),
        "EMPTY" => empty.to_str().unwrap().to_owned(),
        word => word.replace("NAME", name),
    };
    run(&line.split(' ').map(word).collect::<Vec<_>>())
}

#[test]
fn every_command_knows_every_name_of_a_resource() {
    let (file, empty) = (snapshot(), empty());
    let of = |line: &str, name: &str| command(line, &file.path, &empty.path, name);
    for (canonical, names) in [
        ("pods", &["po", "pod", "Pod", "pods.", "pods.v1"][..]),
        ("secrets", &["secret", "Secret", "secrets.v1."]),
        ("deployments", &["deploy", "deploy.apps", "deployment", "deployments.v1.apps"]),
        ("oxen", &["ox", "bv", "bovine", "Bovine", "bv.farm.io", "oxen.v1.farm.io", "po.farm.io"]),
        ("vaults", &["vault", "vaults.safe.io"]),
        ("badgers", &["badger", "badger.zoo.io"]),
        ("widgets", &["widget", "widgets.lost.io"]),
        ("dodos", &["dodo", "dodos.gone.io"]),
    ] {
        for line in COMMANDS {
            let expected = of(line, canonical);
            // Of a typed name, messages and the lines of YAML about one object differ; what is found does not.
            assert!(expected.code != Some(2) || line.contains("NAME/"), "{line} {canonical}: {}", expected.err);
            for name in names {
                let found = of(line, name);
                assert_eq!((found.code, &found.out), (expected.code, &expected.out), "{line} {name}: {}", found.err);
            }
        }
        let listed = of("ls FILE -r NAME --all-revisions", canonical);
        assert!(!listed.out.is_empty(), "{canonical}");
    }
}

#[test]
fn every_command_refuses_a_name_that_nothing_has_and_tells_what_is_like_it() {
    let (file, empty) = (snapshot(), empty());
    for (name, near) in [
        ("podz", "did you mean `pods`?"),
        ("bovin", "did you mean `bovine`?"),
        ("deploy.ap", "did you mean `deployments.apps`?"),
        ("po,widgetz", "did you mean `widgets`?"),
        ("qqqq", " lists what is there"),
    ] {
        // TYPE,TYPE goes with a name apart
        for line in COMMANDS.iter().filter(|line| !(line.contains("NAME/") && name.contains(','))) {
            let run = command(line, &file.path, &empty.path, name);
            assert_eq!((run.code, run.out.as_str()), (Some(2), ""), "{line} {name}: {}", run.err);
            assert!(run.err.contains("there is no resource `") && run.err.contains(near), "{line}: {}", run.err);
        }
    }
}

#[test]
fn nothing_found_is_a_list_a_miss_or_a_slip() {
    let (file, empty) = (snapshot(), empty());
    for (line, code) in [
        ("ls FILE -r jobs", 0),
        ("ls FILE -n nosuch", 0),
        ("ls FILE /nosuch/", 0),
        ("ls FILE -r jobs --salvage", 0),
        ("get FILE jobs", 0),
        ("get FILE -n nosuch", 0),
        ("get FILE po/nosuch", 1),
        ("get FILE po nosuch web -n a", 1),
        ("get FILE /kubernetes.io/pods/a/nosuch", 1),
        ("get FILE --exact /nosuch", 1),
        ("get FILE dodos/last", 1),
        ("export FILE jobs", 0),
        ("export FILE -n nosuch", 0),
        ("history FILE po/nosuch --carve", 1),
        ("export FILE po/nosuch", 1),
        ("timeline FILE jobs", 0),
        ("timeline FILE -n nosuch", 0),
        ("timeline FILE po/nosuch", 1),
        ("timeline FILE /kubernetes.io/pods/a/nosuch", 1),
        ("history FILE po/nosuch", 1),
        ("history FILE /kubernetes.io/pods/a/nosuch", 1),
        ("carve FILE -r jobs", 0),
        ("du FILE -r jobs", 0),
        ("du FILE /nosuch/", 0),
    ] {
        let run = command(line, &file.path, &empty.path, "");
        assert_eq!(run.code, Some(code), "{line}: {} {}", run.out, run.err);
    }
}

#[test]
fn what_only_free_pages_hold_is_carved_by_any_name() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/after-deletes/snapshot.db.gz");
    let of = |name: &str| run(&["carve", path.to_str().unwrap(), "-r", name, "-o", "ndjson"]);
    let secrets = of("secrets");
    assert!(secrets.code == Some(0) && secrets.out.lines().count() > 100, "{}", secrets.err);
    for name in ["secret", "Secret", "secrets."] {
        assert!(of(name).out == secrets.out, "{name}");
    }
}
