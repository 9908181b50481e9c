//! Keys as others than OpenShift hold them, and names that hold colons: each opens the same snapshot.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use encryption_config::{EncryptionConfig, GroupResource};
use serde_json::{Value, json};
use snapshot_builder::{Builder, Put};
use tempfile::TempDir;
use zeroize::Zeroizing;

use crate::run::{Run, run};

/// Sealed with the token `the-password-of-a-test`; in it is the configuration of [`SECRETS`] under `aescbckey`.
const RECORD: &[u8] = include_bytes!("../../../encryption-config/tests/data/k3s-record.txt");
const SECRETS: u64 = 12;

fn key() -> String {
    STANDARD.encode((0..32).collect::<Vec<u8>>())
}

fn config(provider: &str, name: &str, key: &str) -> Value {
    let keys = json!({"keys": [{"name": name, "secret": key}]});
    json!({"kind": "EncryptionConfiguration", "apiVersion": "apiserver.config.k8s.io/v1",
        "resources": [{"resources": ["secrets"], "providers": [{provider: keys}, {"identity": {}}]}]})
}

fn object(name: &str) -> Vec<u8> {
    let text = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": "default"},
        "data": {"password": STANDARD.encode("hunter2hunter2")}});
    text.to_string().into_bytes()
}

/// A snapshot of Secrets, sealed as an API server seals them, and of a record of k3s where wanted.
fn snapshot(provider: &str, name: &str, record: bool) -> Vec<u8> {
    let config = EncryptionConfig::parse(config(provider, name, &key()).to_string().as_bytes()).unwrap();
    let sealer = config.sealer(&GroupResource::parse("secrets")).unwrap().unwrap();
    let mut builder = Builder::new();
    let mut put = |at: i64, key: &str, value: &[u8]| {
        builder.put(at, 0, &Put { key: key.as_bytes(), value, create: at, modified: at, version: 1, lease: 0 });
    };
    for at in 0..SECRETS {
        let (name, mut room) = (format!("s{at}"), Zeroizing::new(Vec::new()));
        let place = format!("/registry/secrets/default/{name}");
        sealer.seal(place.as_bytes(), &object(&name), &mut room).unwrap();
        put(at as i64 + 2, &place, &room);
    }
    if record {
        put(100, "/bootstrap/b9280240937f", RECORD);
    }
    builder.build()
}

struct Bench(TempDir);

impl Bench {
    fn new(provider: &str, name: &str, record: bool) -> Self {
        let bench = Self(tempfile::tempdir().unwrap());
        bench.put("snapshot.db", &snapshot(provider, name, record));
        bench
    }

    fn put(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }

    fn text(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_owned()
    }

    fn check(&self, words: &[&str]) -> (Option<i32>, Value) {
        let ran = quiet(&[&["keys", "check", &self.text("snapshot.db"), "--json"], words].concat());
        (ran.code, serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {}", ran.err)))
    }
}

/// Runs a command, in whose output no key, token or password may be.
fn quiet(words: &[&str]) -> Run {
    let ran = run(words);
    for secret in [key().as_str(), "the-password-of-a-test", "hunter2", "AAECAwQFBgcI"] {
        assert!(!ran.out.contains(secret) && !ran.err.contains(secret), "{words:?} shows `{secret}`");
    }
    ran
}

fn fits(document: &Value) -> (&Value, &Value) {
    let artifact = &document["artifacts"][0];
    (&artifact["encryption"]["keysFit"], &artifact["keys"]["path"])
}

fn ids(document: &Value) -> Vec<&str> {
    document["findings"].as_array().unwrap().iter().map(|finding| finding["id"].as_str().unwrap()).collect()
}

fn secret(entry: &str, data: &str) -> String {
    json!({"kind": "Secret", "apiVersion": "v1", "metadata": {"name": "s"}, "data": {entry: STANDARD.encode(data)}})
        .to_string()
}

#[test]
fn the_key_is_found_in_whatever_holds_it() {
    let (own, hex) =
        (config("aescbc", "key1", &key()).to_string(), (0..32).map(|n| format!("{n:02x}")).collect::<String>());
    let pod = "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - command:\n    - kube-apiserver\n    - --encryption-provider-config=/etc/kubernetes/enc/enc.yaml\n";
    let rke = json!({"desiredState": {"encryptionConfig": own}, "currentState": {"encryptionConfig": own}});
    let bench = Bench::new("aescbc", "key1", false);
    bench.put("node/etc/kubernetes/enc/enc.yaml", own.as_bytes());
    for (name, content, opened_by) in [
        ("config.json", own.clone(), "config.json"),
        ("secret.json", secret("any-entry", &own), "secret.json"),
        ("cluster.rkestate", rke.to_string(), "cluster.rkestate"),
        (
            "controlplane.yaml",
            format!("version: v1alpha1\ncluster:\n  aescbcEncryptionSecret: {}\n", key()),
            "controlplane.yaml",
        ),
        ("secrets.yaml", format!("cluster:\n  id: x\nsecrets:\n  aescbcencryptionsecret: {}\n", key()), "secrets.yaml"),
        ("key.b64", format!("{}\n", key()), "key.b64"),
        ("key.hex", hex, "key.hex"),
        ("node/etc/kubernetes/manifests/kube-apiserver.yaml", pod.to_owned(), "node/etc/kubernetes/enc/enc.yaml"),
    ] {
        let file = bench.put(name, content.as_bytes());
        let (code, document) = bench.check(&["--keys", file.to_str().unwrap()]);
        assert_eq!((code, fits(&document)), (Some(0), (&json!(true), &json!(bench.text(opened_by)))), "{name}");
        let (opened, place) =
            (document["artifacts"][0]["encryption"]["coverage"][0]["opened"].clone(), bench.text("snapshot.db"));
        assert_eq!(opened, json!(SECRETS), "{name}");
        let shown = run(&[
            "get",
            &place,
            "secrets/s3",
            "-n",
            "default",
            "--reveal",
            "-o",
            "json",
            "--keys",
            file.to_str().unwrap(),
        ]);
        assert!(shown.out.contains(&STANDARD.encode("hunter2hunter2")), "{name}: {}{}", shown.out, shown.err);
    }
}

/// Provider and name of a key alone are those of the values that it opens, colons and all.
#[test]
fn a_key_alone_is_tried_as_whatever_the_values_name() {
    for (provider, name) in
        [("aesgcm", "aesgcm:v1:prod"), ("secretbox", "key2"), ("aescbc", "aescbckey-2026-03-09T09:46:54+01:00")]
    {
        let bench = Bench::new(provider, name, false);
        let file = bench.put("key", &(0..32).collect::<Vec<u8>>());
        let (code, document) = bench.check(&["--keys", file.to_str().unwrap()]);
        assert_eq!((code, fits(&document).0), (Some(0), &json!(true)), "{provider}: {document:#}");
        let told = &document["artifacts"][0]["encryption"]["coverage"][0]["keys"][0];
        assert_eq!((&told["provider"], &told["key"]), (&json!(provider), &json!(name)));
        let other = bench.put("other", &(1..33).collect::<Vec<u8>>());
        assert_ne!(bench.check(&["--keys", other.to_str().unwrap()]).1["verdict"], "pass");
    }
}

/// All files are tried, the one that opens is named, and the others are no concern.
#[test]
fn of_a_directory_the_file_that_opens_is_named() {
    let bench = Bench::new("aescbc", "key1", false);
    for number in 0..20 {
        let other = STANDARD.encode([number + 1; 32]).replace("A", "B");
        bench.put(&format!("keys/old-{number}.yaml"), config("aescbc", "key1", &other).to_string().as_bytes());
    }
    for number in 0..1000 {
        let content =
            if number % 2 == 0 { vec![0x7f, b'E', b'L', b'F', 1] } else { format!("line {number}\n").into_bytes() };
        bench.put(&format!("keys/other/{number}"), &content);
    }
    bench.put("keys/broken.yaml", b"kind: EncryptionConfiguration\nresources:\n- resources: []\n");
    bench.put("keys/zz/right.yaml", config("aescbc", "key1", &key()).to_string().as_bytes());
    let (code, document) = bench.check(&["--keys", &bench.text("keys")]);
    assert_eq!(
        (code, fits(&document)),
        (Some(0), (&json!(true), &json!(bench.text("keys/zz/right.yaml")))),
        "{document:#}"
    );
    assert_eq!(ids(&document), Vec::<&str>::new(), "what the others say is said of no backup");
    let empty = bench.put("empty/readme.txt", b"nothing here");
    let refused =
        quiet(&["keys", "check", &bench.text("snapshot.db"), "--keys", empty.parent().unwrap().to_str().unwrap()]);
    assert!(refused.code == Some(2) && refused.err.contains("none of its files holds"), "{}", refused.err);
}

/// Whatever the platform: keys beside a snapshot are tried, and a file by itself says that none were.
#[test]
fn keys_beside_a_snapshot_are_tried() {
    let bench = Bench::new("aescbc", "key1", false);
    let asked = |words: &[&str], path: &Path| -> Value {
        let ran = quiet(&[words, &[path.to_str().unwrap(), "--json"]].concat());
        serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {}", ran.err))
    };
    let alone = asked(&["verify"], &bench.0.path().join("snapshot.db"));
    let check = &alone["artifacts"][0]["checks"][0];
    assert_eq!((&check["name"], &check["outcome"]), (&json!("keys"), &json!("not-checked")), "{alone:#}");
    assert_eq!(check["message"], "12 encrypted values under key aescbc key1: no key was tried");
    let screen = quiet(&["verify", &bench.text("snapshot.db")]);
    assert!(screen.out.contains("NOT TRIED: 12 encrypted values under key aescbc key1"), "{}", screen.out);
    assert!(ids(&asked(&["verify"], bench.0.path())).contains(&"KEY-032"));
    bench.put("server/cred/encryption-config.json", config("aescbc", "key1", &key()).to_string().as_bytes());
    bench.put("server/cred/encryption-state.json", b"{\"status\":\"reencrypt_finished\"}");
    for command in [&["verify"][..], &["keys", "check"]] {
        let document = asked(command, bench.0.path());
        assert_eq!(document["artifacts"][0]["encryption"]["keysFit"], true, "{command:?} {document:#}");
        assert!(!ids(&document).contains(&"KEY-032"));
    }
}

#[test]
fn a_server_token_opens_what_the_snapshot_holds_sealed() {
    let bench = Bench::new("aescbc", "aescbckey", true);
    let token = bench.put("elsewhere/token", b"K10::server:the-password-of-a-test\n");
    let (code, document) = bench.check(&["--token-file", token.to_str().unwrap()]);
    assert_eq!((code, fits(&document).0, ids(&document)), (Some(0), &json!(true), vec![]), "{document:#}");
    let shown = run(&[
        "get",
        &bench.text("snapshot.db"),
        "secrets/s3",
        "-n",
        "default",
        "--reveal",
        "-o",
        "json",
        "--token-file",
        token.to_str().unwrap(),
    ]);
    assert!(shown.out.contains(&STANDARD.encode("hunter2hunter2")), "{}{}", shown.out, shown.err);
    let other = bench.put("elsewhere/other", b"another");
    let (code, document) = bench.check(&["--token-file", other.to_str().unwrap()]);
    assert!(code == Some(1) && ids(&document).contains(&"KEY-036"), "{document:#}");
    let alone = quiet(&["verify", &bench.text("snapshot.db"), "--json"]);
    let alone: Value = serde_json::from_str(&alone.out).unwrap();
    assert_eq!(ids(&alone).iter().filter(|id| **id == "KEY-035").count(), 1, "{alone:#}");
    // beside a snapshot it is known by its digest
    bench.put("server/token", b"K10::server:the-password-of-a-test\n");
    let beside = quiet(&["keys", "check", bench.0.path().to_str().unwrap(), "--json"]);
    let beside: Value = serde_json::from_str(&beside.out).unwrap();
    assert_eq!((fits(&beside).0, ids(&beside)), (&json!(true), vec![]), "{beside:#}");
    let refused = quiet(&["keys", "check", &bench.text("snapshot.db"), "--token-file", &bench.text("snapshot.db")]);
    assert!(refused.code == Some(2) && refused.err.contains("no server token"), "{}", refused.err);
}

/// The key of a hosted cluster, as the snapshot of its management cluster has it.
#[test]
fn keys_of_a_hosted_cluster_lie_in_the_snapshot_of_its_management_cluster() {
    let bytes: Vec<u8> = (0..32).collect();
    let name = bytes.iter().fold(0x811c_9dc5_u32, |hash, byte| hash.wrapping_mul(0x0100_0193) ^ u32::from(*byte));
    let bench = Bench::new("aescbc", &format!("key-{name}"), false);
    let field = |number: u8, content: &[u8]| [&[number << 3 | 2, content.len() as u8], content].concat();
    let meta = [field(1, b"etcd-encryption-key"), field(3, b"clusters")].concat();
    let raw = [field(1, &meta), field(2, &[field(1, b"key"), field(2, &bytes)].concat())].concat();
    let head = [field(1, b"v1"), field(2, b"Secret")].concat();
    let value = [b"k8s\0", &field(1, &head)[..], &field(2, &raw)].concat();
    let mut builder = Builder::new();
    let place = b"/kubernetes.io/secrets/clusters/etcd-encryption-key";
    builder.put(2, 0, &Put { key: place, value: &value, create: 2, modified: 2, version: 1, lease: 0 });
    let management = bench.put("elsewhere/management.db", &builder.build());
    let (code, document) = bench.check(&["--keys", management.to_str().unwrap()]);
    assert_eq!((code, fits(&document).0), (Some(0), &json!(true)), "{document:#}");
    let from = fits(&document).1.as_str().unwrap();
    assert!(from.ends_with("management.db: /kubernetes.io/secrets/clusters/etcd-encryption-key"), "{from}");
    let none = bench.text("snapshot.db");
    assert!(quiet(&["keys", "check", &none, "--keys", &none]).err.contains("none of its Secrets holds keys"));
}
