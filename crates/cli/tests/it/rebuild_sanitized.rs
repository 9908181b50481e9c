//! `rebuild --sanitize`: what is left, what is told, and what is refused. That nothing secret is left: see the canaries.

use std::fs;

use bbolt_page::{Db, Serial};
use etcd_snapshot::{Options, scan};
use memchr::memmem;
use serde_json::Value;
use snapshot_builder::Builder;

use crate::fixture::named;
use crate::rebuild::Bench;
use crate::run::{json_of, run};

fn planted(builder: &mut Builder, main: i64, key: &str, value: &str) {
    let put = snapshot_builder::Put {
        key: key.as_bytes(),
        value: value.as_bytes(),
        create: main,
        modified: main,
        version: 1,
        lease: 0,
    };
    builder.put(main, 0, &put);
}

/// Secrets under a key of their own.
const BOX: &str = "
apiVersion: apiserver.config.k8s.io/v1
kind: EncryptionConfiguration
resources:
- resources: [secrets]
  providers:
  - secretbox: {keys: [{name: box, secret: YWFhYWFhYWFhYWFhYWFhYWJiYmJiYmJiYmJiYmJiYmI=}]}
";

/// A snapshot of Secret `db`, whose password is `secret`, and another object.
fn with(secret: &str, key: &str, value: &str) -> Vec<u8> {
    let mut builder = Builder::new();
    let object =
        format!(r#"{{"apiVersion":"v1","kind":"Secret","metadata":{{"name":"db"}},"stringData":{{"p":"{secret}"}}}}"#);
    planted(&mut builder, 2, "/registry/secrets/shop/db", &object);
    planted(&mut builder, 3, key, value);
    builder.build()
}

/// What `get` gives.
fn got(line: &[&str]) -> Value {
    let ran = run(&[&["get"], line, &["-o", "json"]].concat());
    serde_json::from_str(&ran.out).unwrap_or_else(|_| panic!("{line:?}: {}", ran.err))
}

#[test]
fn objects_stay_readable_and_what_was_done_is_told() {
    let (bench, fixture) = (Bench::new(), named("aescbc-rotated"));
    let tarball = fixture.tarball();
    let source = bench.write("source.db", &fixture.bytes());
    let out = bench.text("case.db");
    let line = ["rebuild", &source, "--out", &out, "--sanitize", "--keys", tarball.to_str().unwrap(), "--json"];
    let told = json_of(&line);
    let told = &told["artifacts"][0];
    let sanitized = &told["sanitized"];
    let applied = |resource: &str, rule: &str| {
        let rules = sanitized["rules"].as_array().unwrap().iter();
        let mut of = rules.filter(|by| by["resource"] == resource && by["rule"] == rule);
        of.next().map_or(0, |by| by["objects"].as_u64().unwrap())
    };
    assert_eq!(applied("secrets", "secret-data"), 174); // and one without any
    assert_eq!(applied("oauthaccesstokens.oauth.openshift.io", "oauth-token"), 18);
    assert!(
        applied("events", "event") > 50
            && applied("machineconfigs.machineconfiguration.openshift.io", "file-contents") > 0
    );
    assert_eq!(applied("secrets", "encrypted"), 0);
    let number = |name: &str| sanitized[name].as_u64().unwrap();
    assert_eq!(number("kept") + number("changed"), told["liveKeys"].as_u64().unwrap());
    assert_eq!(number("dropped"), told["leftOut"]["keys"].as_u64().unwrap());
    assert_eq!(number("changed"), sanitized["objects"].as_array().unwrap().len() as u64);
    assert!(number("searched") > 1000, "{}", number("searched"));
    // all that is there can be read, and every Secret still has the names of its entries
    let list = got(&[&out, "-r", "secrets", "--reveal"]);
    let secrets = list["items"].as_array().unwrap();
    let entries = secrets.iter().filter_map(|secret| secret["data"].as_object()).flatten();
    assert!(secrets.len() == 175 && entries.clone().count() > 175);
    assert!(entries.clone().all(|(_, value)| value == ""), "{:?}", entries.clone().find(|(_, value)| *value != ""));
    let ran = run(&["get", &out, "-A", "-r", "pods,configmaps,nodes,routes", "-o", "json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    // without keys a value that stays closed is replaced, and says of itself what its key says
    let blind = bench.text("blind.db");
    let told = json_of(&["rebuild", &source, "--out", &blind, "--sanitize", "--json"]);
    assert!(told["artifacts"][0]["notes"].to_string().contains("with `--keys` what is not secret of them stays"));
    let list = got(&[&blind, "-r", "secrets", "--reveal"]);
    assert!(list["items"].as_array().unwrap().iter().all(|secret| {
        secret["kind"] == "Secret" && secret["metadata"]["annotations"]["assay/redacted"] == "encrypted"
    }));
}

#[test]
fn a_secret_that_stands_elsewhere_goes_there_too() {
    let bench = Bench::new();
    let note = r#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"n"},"data":{"note":"ask for kX9-mQ2-pL7-zz, he said","b64":"eCBrWDktbVEyLXBMNy16eiB4","kept":"yes"}}"#;
    let source = bench.write("source.db", &with("kX9-mQ2-pL7-zz", "/registry/configmaps/shop/n", note));
    let out = bench.text("case.db");
    assert_eq!(run(&["rebuild", &source, "--out", &out, "--sanitize"]).code, Some(0));
    let map = got(&[&out, "/registry/configmaps/shop/n"]);
    let expected = serde_json::json!({"note": "REDACTED", "b64": "REDACTED", "kept": "yes"});
    assert_eq!(map["data"], expected);
}

/// The name of an entry is no text that can be replaced: then there is no file, and the message names the Secret alone.
#[test]
fn what_cannot_be_taken_away_is_refused() {
    let bench = Bench::new();
    let map = r#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"n"},"data":{"kX9-mQ2-pL7-zz":"x"}}"#;
    let source = bench.write("source.db", &with("kX9-mQ2-pL7-zz", "/registry/configmaps/shop/n", map));
    let out = bench.text("case.db");
    let line = ["rebuild", &source, "--out", &out, "--sanitize"];
    let refused = bench.refused(&line, "something that was taken from `/registry/secrets/shop/db`");
    assert!(!refused.err.contains("kX9"), "{}", refused.err);
    // what is left out is not in the way
    let line = [&line[..], &["--drop", "prefix:/registry/configmaps/"]].concat();
    assert_eq!(run(&line).code, Some(0));
}

#[test]
fn what_says_little_is_told_and_what_is_a_name_is_no_secret() {
    let bench = Bench::new();
    let map =
        r#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"n"},"data":{"note":"a password is asked for"}}"#;
    let out = bench.text("weak.db");
    let source = bench.write("weak-source.db", &with("password", "/registry/configmaps/shop/n", map));
    let told = json_of(&["rebuild", &source, "--out", &out, "--sanitize", "--json"]);
    assert_eq!(told["artifacts"][0]["sanitized"]["weak"], serde_json::json!(["/registry/secrets/shop/db"]));
    let kept = got(&[&out, "/registry/configmaps/shop/n"]);
    assert_eq!(kept["data"]["note"], "a password is asked for");
    let out = bench.text("name.db");
    let map = map.replace("a password", "web-frontend-7");
    let source =
        bench.write("name-source.db", &with("web-frontend-7", "/registry/configmaps/shop/web-frontend-7", &map));
    let told = json_of(&["rebuild", &source, "--out", &out, "--sanitize", "--json"]);
    assert_eq!(told["artifacts"][0]["sanitized"]["inNames"], 1);
}

#[test]
fn a_user_of_etcd_has_no_password_and_the_options_do_not_mix() {
    let (bench, fixture) = (Bench::new(), named("auth-enabled"));
    let source = bench.write("source.db", &fixture.bytes());
    let out = bench.text("case.db");
    assert_eq!(run(&["rebuild", &source, "--out", &out, "--sanitize"]).code, Some(0));
    let file = fs::read(&out).unwrap();
    assert!(
        memchr::memmem::find(&fixture.bytes(), b"$2a$").is_some() && memchr::memmem::find(&file, b"$2a$").is_none()
    );
    let cluster = run(&["cluster", &out]);
    assert!(cluster.out.contains("kube-apiserver") && cluster.err.contains("it has no password"), "{}", cluster.err);
    for (more, said) in [
        (&["--sanitize=names-of-others"][..], "invalid value"),
        (&["--sanitize", "--decrypt"], "cannot be used with"),
        (&["--sanitize", "--reencrypt", "x"], "cannot be used with"),
        (&["--sanitize", "--compact", "none"], "keep no history"),
    ] {
        bench.refused(&[&["rebuild", &source, "--out", &bench.text("x.db")], more].concat(), said);
    }
}

/// The number of a leaf of one page, in use, that holds this prefix of a key.
fn leaf_of(file: &[u8], prefix: &[u8]) -> usize {
    let scan = scan(Db::open(file).unwrap(), Options::default(), &Serial);
    let unused: Vec<usize> = scan.walked.unreachable().map(|unused| unused.page.0 as usize).collect();
    let is_leaf = |page: &usize| {
        file[page * 4096 + 8..][..8] == [2, 0, file[page * 4096 + 10], file[page * 4096 + 11], 0, 0, 0, 0]
    };
    let mut pages = memmem::find_iter(file, prefix).map(|at| at / 4096);
    pages.find(|page| is_leaf(page) && !unused.contains(page)).unwrap()
}

/// What is left of a damaged file is cleaned, opened and sealed as a whole one's values are, and still says what is lost.
#[test]
fn what_is_salvaged_is_cleaned_and_sealed_as_well() {
    let (bench, fixture) = (Bench::new(), named("aescbc-rotated"));
    let tarball = fixture.tarball();
    let tarball = tarball.to_str().unwrap();
    let whole = fixture.bytes();
    let lost = leaf_of(&whole, b"/kubernetes.io/secrets/analytics/");
    let mut damaged = whole.clone();
    damaged[lost * 4096..][..4096].fill(0);
    let damaged = bench.write("damaged.db", &damaged);
    let config = bench.write("new.yaml", BOX.as_bytes());
    let live = |told: &Value| told["artifacts"][0]["liveKeys"].as_u64().unwrap();
    let make = |out: &str, more: &[&str]| {
        let line = [&["rebuild", &damaged, "--out", out, "--salvage", "--json"], more].concat();
        let ran = run(&line);
        assert_eq!(ran.code, Some(1), "{line:?}: {}", ran.err);
        let told: Value = serde_json::from_str(&ran.out).unwrap();
        assert_eq!(told["artifacts"][0]["salvage"]["lost"][0]["page"], lost, "{line:?}");
        assert_eq!(told["artifacts"][0]["trailer"], Value::Null, "{line:?}");
        told
    };
    let bare = live(&make(&bench.text("left.db"), &[]));
    assert!(bare < fixture.facts()["live_keys"].as_u64().unwrap(), "something is lost: {bare}");
    let (case, sealed) = (bench.text("case.db"), bench.text("sealed.db"));
    let told = make(&case, &["--sanitize", "--keys", tarball]);
    assert_eq!(live(&told) + told["artifacts"][0]["sanitized"]["dropped"].as_u64().unwrap(), bare);
    let list = got(&[&case, "-r", "secrets", "--reveal"]);
    let left = list["items"].as_array().unwrap();
    let entries = left.iter().filter_map(|secret| secret["data"].as_object()).flatten();
    let closed = entries.clone().filter(|(_, value)| **value != "").count();
    assert!(left.len() > 100 && closed == 0, "{} Secrets, {closed} entries with a value", left.len());
    assert_eq!(live(&make(&sealed, &["--reencrypt", &config, "--keys", tarball])), bare);
    let under_new = got(&[&sealed, "-r", "secrets", "--reveal", "--keys", &config]);
    let of_source = got(&[&bench.text("left.db"), "-r", "secrets", "--reveal", "--keys", tarball]);
    assert_eq!(under_new["items"], of_source["items"]);
}
