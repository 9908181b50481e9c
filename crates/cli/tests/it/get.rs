//! `assay get`: one object or several, masked, at a revision, in every form.

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::fixture::named;
use crate::run::{Run, assay, run};

fn get(fixture: &str, rest: &[&str]) -> Run {
    let path = named(fixture).snapshot();
    let line: Vec<&str> = ["get", path.to_str().unwrap()].iter().chain(rest).copied().collect();
    run(&line)
}

fn bytes(fixture: &str, rest: &[&std::ffi::OsStr]) -> Vec<u8> {
    let path = named(fixture).snapshot();
    let mut line: Vec<&std::ffi::OsStr> = vec!["get".as_ref(), path.as_os_str()];
    line.extend(rest);
    let output = assay(&line).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn an_object_is_found_however_it_is_named() {
    let full = get("plain-etcd36", &["/kubernetes.io/minions/worker-2"]);
    assert_eq!((full.code, full.err.as_str()), (Some(0), ""));
    for line in [&["node/worker-2"][..], &["nodes", "worker-2"], &["no/worker-2", "-o", "yaml"], &["node", "worker-2"]]
    {
        assert_eq!(get("plain-etcd36", line).out, full.out, "{line:?}");
    }
    // what the fixtures' README says of this node, as kubectl would print it
    for part in [
        "apiVersion: v1\nkind: Node\nmetadata:\n  annotations:\n",
        "\n  name: worker-2\n",
        "\n    node-role.kubernetes.io/worker: \"\"\n",
        "\n  unschedulable: true\n",
    ] {
        assert!(full.out.contains(part), "{part}");
    }
}

/// Fields that the fixtures' generator is known to have written (fixtures/README.md), by object.
#[test]
fn known_objects_have_the_fields_they_were_written_with() {
    for (what, fields) in [
        (
            &["clusterversion/version"][..],
            &[
                ("/status/history/0/version", "4.18.30"),
                ("/status/history/2/state", "Partial"),
                ("/spec/clusterID", "8a5f3c9e-4b7d-4f21-9c5a-2d1e0b6f7a93"),
            ][..],
        ),
        (
            &["kubeapiserver/cluster"],
            &[("/status/latestAvailableRevision", "9"), ("/status/nodeStatuses/2/currentRevision", "8")],
        ),
        (&["pvc/data-kafka-2", "-n", "billing"], &[("/status/phase", "Lost"), ("/kind", "PersistentVolumeClaim")]),
        (&["co/image-registry"], &[("/apiVersion", "config.openshift.io/v1"), ("/metadata/name", "image-registry")]),
        (&["node/worker-2"], &[("/spec/unschedulable", "true"), ("/status/nodeInfo/kubeletVersion", "v1.31.14")]),
        (&["localvolume/local-block"], &[("/kind", "LocalVolume")]),
    ] {
        for fixture in ["plain-etcd34", "plain-etcd36"] {
            let line: Vec<&str> = what.iter().copied().chain(["-o", "json"]).collect();
            let run = get(fixture, &line);
            assert_eq!(run.code, Some(0), "{what:?}: {}", run.err);
            let object: Value = serde_json::from_str(&run.out).unwrap();
            for (pointer, expected) in fields {
                let found = object.pointer(pointer).unwrap_or(&Value::Null);
                let found = found.as_str().map_or_else(|| found.to_string(), str::to_owned);
                assert_eq!(&found, expected, "{what:?} {pointer}");
            }
        }
    }
}

#[test]
fn bytes_are_those_that_were_put() {
    use std::os::unix::ffi::OsStrExt;
    let odd = std::fs::read(named("odd-keys").path("odd-truth.json")).unwrap();
    let odd: Vec<Value> = serde_json::from_slice(&odd).unwrap();
    let mut compared = 0;
    for row in &odd {
        let hex = row["key_hex"].as_str().unwrap();
        if hex.len() / 2 != row["key_len"].as_u64().unwrap() as usize || hex == "00" {
            continue; // no argument can hold a NUL, and the list cuts the longest key short
        }
        let key: Vec<u8> =
            (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect();
        let options = ["-o", "raw", "--stored", "--reveal"].map(std::ffi::OsStr::new);
        let line: Vec<&std::ffi::OsStr> = [std::ffi::OsStr::from_bytes(&key)].into_iter().chain(options).collect();
        let found = bytes("odd-keys", &line);
        assert_eq!(row["value_sha256"], sha256(&found), "{}", key.escape_ascii());
        compared += 1;
    }
    assert!(compared >= 12, "only {compared}");
    let rows = named("plain-etcd36");
    let mut sample = 0;
    for row in truth(&rows).iter().step_by(97) {
        let found = bytes(
            "plain-etcd36",
            &[row["key"].as_str().unwrap().as_ref(), "-o".as_ref(), "raw".as_ref(), "--reveal".as_ref()],
        );
        assert_eq!(row["plainSHA256"], sha256(&found), "{}", row["key"]);
        sample += 1;
    }
    assert!(sample > 10);
}

/// What the genuine codecs made of each live key.
pub(crate) fn truth(fixture: &crate::fixture::Fixture) -> Vec<Value> {
    use std::io::Read;
    let mut text = String::new();
    let file = std::fs::File::open(fixture.path("decrypted-truth.jsonl.gz")).unwrap();
    flate2::read::GzDecoder::new(file).read_to_string(&mut text).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn lists_are_those_of_kubectl() {
    let run = get("plain-etcd36", &["pods", "-n", "openshift-apiserver-operator", "-o", "json"]);
    let list: Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!((list["kind"].as_str(), list["apiVersion"].as_str()), (Some("List"), Some("v1")));
    let none = get("plain-etcd36", &["pods", "-n", "no-such", "-o", "yaml"]);
    assert_eq!(none.out, "apiVersion: v1\nitems: []\nkind: List\nmetadata:\n  resourceVersion: \"\"\n");
    assert!(none.err.contains("nothing that is asked for"), "{}", none.err);
    let none: Value = serde_json::from_str(&get("plain-etcd36", &["pods", "-n", "no-such", "-o", "json"]).out).unwrap();
    assert_eq!(none["items"], serde_json::json!([]));
    let ls =
        crate::run::run(&["ls", named("plain-etcd36").snapshot().to_str().unwrap(), "-r", "pods"]).out.lines().count();
    for (form, count) in [("ndjson", ls), ("table", ls + 1)] {
        assert_eq!(get("plain-etcd36", &["-r", "pods", "-o", form]).out.lines().count(), count, "{form}");
    }
    let all: Value = serde_json::from_str(&get("plain-etcd36", &["-r", "pods", "-o", "json"]).out).unwrap();
    assert_eq!(all["items"].as_array().unwrap().len(), ls);
    let yaml = get("plain-etcd36", &["-r", "pods", "-o", "yaml"]).out;
    assert_eq!(yaml.matches("\n- apiVersion: v1\n  kind: Pod\n").count(), ls);
}

#[test]
fn objects_are_chosen_by_label_and_field() {
    let nodes = |rest: &[&str]| {
        let line: Vec<&str> = ["nodes", "-o", "table"].iter().chain(rest).copied().collect();
        get("plain-etcd36", &line)
            .out
            .lines()
            .skip(1)
            .map(|line| line.split_whitespace().nth(1).unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(nodes(&["-l", "node-role.kubernetes.io/master"]), ["master-0", "master-1", "master-2"]);
    assert_eq!(nodes(&["-l", "!node-role.kubernetes.io/master", "--field", "spec.unschedulable=true"]), ["worker-2"]);
    assert_eq!(nodes(&["-g", "worker-?"]), ["worker-0", "worker-1", "worker-2"]);
    assert_eq!(nodes(&["--field", "metadata.name=nope"]), [""; 0]);
}

#[test]
fn secrets_are_masked_unless_revealed() {
    let secret = "/kubernetes.io/secrets/analytics/app-00-credentials";
    let masked = get("plain-etcd36", &[secret]);
    assert!(masked.out.contains("<masked: ") && masked.err.contains("`--reveal` shows them"), "{}", masked.err);
    let revealed = get("plain-etcd36", &[secret, "--reveal"]);
    assert!(!revealed.out.contains("<masked") && revealed.err.is_empty());
    for form in ["raw", "hex"] {
        let refused = get("plain-etcd36", &[secret, "-o", form]);
        assert_eq!((refused.code, refused.out.as_str()), (Some(2), ""));
        assert!(refused.err.contains("add `--reveal`"), "{}", refused.err);
    }
    let hex = get("plain-etcd36", &[secret, "-o", "hex", "--reveal"]);
    assert!(hex.out.starts_with("00000000  6b 38 73 00 "), "{}", hex.out);
}

#[test]
fn what_stays_closed_is_said() {
    let one = get("aescbc-rotated", &["/kubernetes.io/secrets/analytics/app-00-credentials"]);
    assert_eq!((one.code, one.out.as_str()), (Some(2), ""));
    assert!(one.err.contains("encrypted by aescbc:v1 under key `2`, and no keys were given"), "{}", one.err);
    let some = get("aescbc-rotated", &["-r", "secrets", "-r", "nodes", "-o", "table"]);
    assert_eq!(some.code, Some(1));
    assert!(some.out.contains("worker-2") && some.err.contains("175 objects not shown"), "{}", some.err);
    let lines = get("aescbc-rotated", &["secrets", "-n", "kube-system", "-o", "ndjson"]);
    assert_eq!(lines.code, Some(1));
    let line: Value = serde_json::from_str(lines.out.lines().next().unwrap()).unwrap();
    assert!(line["object"].is_null() && line["error"].as_str().unwrap().contains("no keys were given"), "{line}");
}

#[test]
fn what_is_not_there_is_said() {
    for (line, message) in [
        (&["node/nope"][..], "there is no `node/nope`"),
        (&["/kubernetes.io/minions/nope", "--rev", "900"], "at revision 900"),
        (&["/kubernetes.io/masterleases/192.168.10.10"], "was deleted at revision"),
    ] {
        let run = get("plain-etcd36", line);
        assert_eq!((run.code, run.out.as_str()), (Some(1), ""), "{line:?}");
        assert!(run.err.contains(message), "{}", run.err);
    }
    for (fixture, line, message) in [
        ("plain-etcd36", &["cm/kube-root-ca.crt"][..], "names 35 objects"),
        ("plain-etcd36", &["node/worker-2", "--rev", "99999"], "is in the future"),
        ("plain-etcd36", &["nodes", "-l", "a in b"], "is no label requirement"),
        ("plain-etcd36", &["nodes", "-o", "raw"], "show one value"),
        ("plain-etcd36", &[], "say which objects"),
        ("odd-keys", &["/kubernetes.io/secrets/ns/badjson", "-o", "yaml"], "not an object"),
        ("odd-keys", &["/kubernetes.io/secrets/ns/truncproto"], "not an object"),
    ] {
        let run = get(fixture, line);
        assert_eq!((run.code, run.out.as_str()), (Some(2), ""), "{line:?}");
        assert!(run.err.contains(message), "{}", run.err);
    }
    let deleted = get("plain-etcd36", &["/kubernetes.io/masterleases/192.168.10.10"]);
    let before = crate::hints::pasted(&deleted.err);
    assert!(before.code == Some(0) && before.out.contains("kind: Endpoints"), "{}", before.err);
}

#[test]
fn a_compacted_revision_is_not_answered() {
    let path = fixtures::named("peer-35").path("snapshot.db.gz");
    let run = run(&["get", path.to_str().unwrap(), "/kubernetes.io/configmaps/ns-1/cm-013", "--rev", "20"]);
    assert_eq!((run.code, run.out.as_str()), (Some(2), ""));
    assert!(run.err.contains("is compacted") && run.err.contains("cannot be answered"), "{}", run.err);
}

#[test]
fn a_slip_among_names_is_no_clean_answer() {
    for (what, code, said) in [
        (&["cm", "kube-root-ca.crt", "typo-config", "-n", "shop"][..], 1, "there is no `cm/typo-config`"),
        (&["cm/kube-root-ca.crt", "node/nope", "-n", "shop"], 1, "there is no `node/nope`"),
        (&["cm", "typo-a", "typo-b", "-n", "shop"], 1, "there is no `cm/typo-b`"),
        (&["podz"], 2, "there is no resource `podz`"),
        (&["-r", "podz"], 2, "did you mean `pods`?"),
        (&["pods", "-n", "nosuch"], 0, "nothing that is asked for is there"),
    ] {
        let run = get("plain-etcd36", what);
        assert_eq!(run.code, Some(code), "{what:?} {}", run.err);
        assert!(run.err.contains(said), "{what:?} {}", run.err);
    }
    let whole = get("plain-etcd36", &["all", "-A"]);
    assert!(whole.code == Some(0) && whole.out.lines().count() > 5, "{} {}", whole.out, whole.err);
}

/// Templates, columns, names, selectors and orders: each is what a real kubectl printed for it.
#[test]
fn expressions_are_what_kubectl_makes_of_them() {
    let recorded = include_str!("../golden/expressions.ndjson");
    let mut held = 0;
    for line in recorded.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let words: Vec<&str> = line["args"].as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect();
        let run = get("aescbc-rotated", &words);
        assert_eq!(run.out, line["out"].as_str().unwrap(), "{words:?} {}", run.err);
        assert_eq!(run.code, Some(if line["fails"] == true { 2 } else { 0 }), "{words:?} {}", run.err);
        held += 1;
    }
    assert!(held >= 40, "only {held}");
}

#[test]
fn what_is_no_form_is_refused_with_a_reason() {
    for (words, message) in [
        (&["nodes", "-o", "yml"][..], "one of yaml, json, table, wide, name, jsonpath=, custom-columns="),
        (&["nodes", "-o", "jsonpath={.items[0}"], "`[` is not closed"),
        (&["nodes", "-o", "custom-columns=NAME"], "is no column"),
        (&["nodes", "--sort-by", "{.a}{.b}"], "one expression is expected"),
        (&["nodes", "--sort-by", ".no.such"], "no object has a field `.no.such`"),
        (&["nodes", "--sort-by", ".status"], "have no order"),
    ] {
        let run = get("plain-etcd36", words);
        assert_eq!((run.code, run.out.as_str()), (Some(2), ""), "{words:?}");
        assert!(run.err.contains(message), "{words:?} {}", run.err);
    }
    let plain = get("plain-etcd36", &["nodes", "-o", "jsonpath=.items"]);
    assert!(plain.out == ".items" && plain.err.contains("write it in braces"), "{} {}", plain.out, plain.err);
}
