//! `rebuild --decrypt` and `--reencrypt`: the same objects in another form, and nothing else changed.

use std::collections::BTreeMap;
use std::fs;

use bbolt_page::{Db, Serial};
use encryption_config::{EncryptionConfig, Keyring, StoredValue};
use etcd_snapshot::{KeyValue, Options, scan};
use kube_objects::StorageKey;
use memchr::memmem;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::fixture::{Fixture, named};
use crate::rebuild::Bench;
use crate::run::{json_of, run};

/// What is stored under each live key: value, and create revision, revision, version, lease.
type Stored = BTreeMap<Vec<u8>, (Vec<u8>, [i64; 4])>;

fn stored(file: &[u8]) -> Stored {
    let scan = scan(Db::open(file).unwrap(), Options::default(), &Serial);
    let of = |kv: KeyValue<'_>| {
        (kv.key.to_vec(), (kv.value.to_vec(), [kv.create_revision, kv.mod_revision, kv.version, kv.lease]))
    };
    scan.store.live().map(|live| of(live.kv)).collect()
}

/// What a real API server was given for each key of a fixture, as SHA-256.
fn truth(fixture: &Fixture) -> BTreeMap<Vec<u8>, String> {
    let text = |line: &Value, field: &str| line[field].as_str().unwrap().to_owned();
    fixture.truth().iter().map(|line| (text(line, "key").into_bytes(), text(line, "plainSHA256"))).collect()
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The same keys with the same numbers and, opened by `open`, the values that the API server had.
fn same_objects(
    after: &Stored,
    before: &Stored,
    truth: &BTreeMap<Vec<u8>, String>,
    mut open: impl FnMut(&[u8], &[u8]) -> Vec<u8>,
) {
    assert!(after.keys().eq(before.keys()));
    for (key, (value, numbers)) in after {
        assert_eq!(*numbers, before[key].1, "{}", key.escape_ascii());
        assert_eq!(sha256(&open(key, value)), truth[key], "{}", key.escape_ascii());
    }
}

const SEALED: [&str; 3] = ["aescbc-rotated", "aesgcm-rotated", "partially-encrypted"];

const CONFIG: &str = r#"
apiVersion: apiserver.config.k8s.io/v1
kind: EncryptionConfiguration
resources:
- resources: [secrets]
  providers:
  - secretbox: {keys: [{name: box, secret: YWFhYWFhYWFhYWFhYWFhYWJiYmJiYmJiYmJiYmJiYmI=}]}
  - identity: {}
- resources: [configmaps, "*.apps"]
  providers:
  - aesgcm: {keys: [{name: gcm, secret: Y2NjY2NjY2NjY2NjY2NjYw==}, {name: old, secret: YWFhYWFhYWFhYWFhYWFhYQ==}]}
- resources: [routes.route.openshift.io]
  providers:
  - aescbc: {keys: [{name: cbc, secret: ZGRkZGRkZGRkZGRkZGRkZGRkZGRkZGRk}]}
- resources: [oauthaccesstokens.oauth.openshift.io, oauthauthorizetokens.oauth.openshift.io]
  providers:
  - identity: {}
  - aesgcm: {keys: [{name: gcm, secret: Y2NjY2NjY2NjY2NjY2NjYw==}]}
"#;

#[test]
fn decrypted_values_are_what_the_api_server_had() {
    for name in SEALED {
        let (bench, fixture) = (Bench::new(), named(name));
        let source = bench.write("source.db", &fixture.bytes());
        let tarball = fixture.tarball();
        let keys = ["--keys", tarball.to_str().unwrap()];
        let out = bench.text("plain.db");
        let ran = run(&[&["rebuild", &source, "--out", &out, "--decrypt", "--json"], &keys[..]].concat());
        assert_eq!(ran.code, Some(0), "{name}: {}", ran.err);
        let (before, after) = (stored(&fixture.bytes()), stored(&fs::read(&out).unwrap()));
        same_objects(&after, &before, &truth(&fixture), |_, value| value.to_vec());
        assert_eq!(memmem::find(&fs::read(&out).unwrap(), b"k8s:enc:"), None, "{name}");
        let told: Value = serde_json::from_str(&ran.out).unwrap();
        let told = &told["artifacts"][0];
        assert!(told["values"]["written"].as_u64().unwrap() > 20, "{name}: {}", told["values"]);
        assert!(told["notes"].to_string().contains("plain in the new file"), "{name}: {}", told["notes"]);
        assert_eq!(told["records"], told["recordsBefore"], "{name}: history stays");
        // by way of another configuration, the same file
        let config = bench.write("config.yaml", CONFIG.as_bytes());
        let (mid, end) = (bench.text("mid.db"), bench.text("end.db"));
        let line = [&["rebuild", &source, "--out", &mid, "--reencrypt", &config], &keys[..]].concat();
        assert_eq!(run(&line).code, Some(0), "{name}");
        let ran = run(&["rebuild", &mid, "--out", &end, "--decrypt", "--keys", &config]);
        assert_eq!(ran.code, Some(0), "{name}: {}", ran.err);
        assert!(fs::read(&end).unwrap() == fs::read(&out).unwrap(), "{name}");
    }
}

#[test]
fn values_are_stored_as_the_new_configuration_has_them() {
    for name in SEALED {
        let (bench, fixture) = (Bench::new(), named(name));
        let source = bench.write("source.db", &fixture.bytes());
        let config = bench.write("config.yaml", CONFIG.as_bytes());
        let (tarball, out) = (fixture.tarball(), bench.text("new.db"));
        let keys = ["--keys", tarball.to_str().unwrap()];
        let line = [&["rebuild", &source, "--out", &out, "--reencrypt", &config, "--json"], &keys[..]].concat();
        let ran = run(&line);
        assert_eq!(ran.code, Some(0), "{name}: {}", ran.err);
        let mut ring = Keyring::default();
        ring.add(EncryptionConfig::parse(CONFIG.as_bytes()).unwrap());
        let (before, after) = (stored(&fixture.bytes()), stored(&fs::read(&out).unwrap()));
        let mut forms = BTreeMap::new();
        same_objects(&after, &before, &truth(&fixture), |key, value| {
            let parsed = StorageKey::parse(key);
            let (resource, group) =
                (parsed.resource.escape_ascii().to_string(), parsed.group.escape_ascii().to_string());
            let full = if group.is_empty() { resource } else { format!("{resource}.{group}") };
            let form = match StoredValue::read(value).unwrap() {
                StoredValue::Plain(_) => "plain".to_owned(),
                StoredValue::Encrypted { provider, name, .. } => format!("{provider} {name}"),
            };
            if full == "secrets" || full == "configmaps" || full.ends_with(".apps") || full.contains(".openshift.io") {
                *forms.entry((full.clone(), form)).or_insert(0_u64) += 1;
            }
            ring.open(&full, key, value).unwrap().plaintext.to_vec()
        });
        let is = |resource: &str, form: &str| forms.keys().filter(|(of, _)| of == resource).all(|(_, is)| is == form);
        assert!(is("secrets", "secretbox box") && is("configmaps", "aesgcm gcm"), "{name}: {forms:?}");
        assert!(is("deployments.apps", "aesgcm gcm") && is("routes.route.openshift.io", "aescbc cbc"), "{forms:?}");
        assert!(is("oauthaccesstokens.oauth.openshift.io", "plain"), "{name}: {forms:?}");
        // what it says of itself is what is there
        let told: Value = serde_json::from_str(&ran.out).unwrap();
        let told = told["artifacts"][0]["values"].clone();
        for by in told["stored"].as_array().unwrap() {
            let form = match by["keyName"].as_str() {
                Some(key) => format!("{} {key}", by["provider"].as_str().unwrap()),
                None => "plain".to_owned(),
            };
            let resource = by["resource"].as_str().unwrap().to_owned();
            let counted = forms.get(&(resource.clone(), form.clone())).copied().unwrap_or(0);
            assert!(counted <= by["values"].as_u64().unwrap() || form == "plain", "{name}: {resource} {form}: {by}");
        }
        assert_eq!(told["untouched"], 0, "{name}");
        // the keys of the source open it no more
        let check = run(&[&["keys", "check", &out], &keys[..]].concat());
        assert_eq!(check.code, Some(1), "{name}: {}", check.out);
        let check = run(&["keys", "check", &out, "--keys", &config]);
        assert_eq!(check.code, Some(0), "{name}: {}{}", check.out, check.err);
    }
}

/// Two runs draw other nonces.
#[test]
fn no_nonce_is_used_twice() {
    let (bench, fixture) = (Bench::new(), named("partially-encrypted"));
    let source = bench.write("source.db", &fixture.bytes());
    let config = bench.write("config.yaml", CONFIG.as_bytes());
    let tarball = fixture.tarball();
    let mut seen = std::collections::BTreeSet::new();
    let mut values = 0;
    for name in ["a.db", "b.db"] {
        let out = bench.text(name);
        let line = ["rebuild", &source, "--out", &out, "--reencrypt", &config, "--keys", tarball.to_str().unwrap()];
        assert_eq!(run(&line).code, Some(0));
        for (value, _) in stored(&fs::read(&out).unwrap()).into_values() {
            if let Ok(StoredValue::Encrypted { body, .. }) = StoredValue::read(&value) {
                assert!(seen.insert(body[..12].to_vec()));
                values += 1;
            }
        }
    }
    assert!(values > 100, "{values}");
}

#[test]
fn what_cannot_be_written_so_is_refused_by_name() {
    let (bench, fixture) = (Bench::new(), named("aescbc-rotated"));
    let source = bench.write("source.db", &fixture.bytes());
    let config = bench.write("config.yaml", CONFIG.as_bytes());
    let other = named("page-size-64k").tarball();
    let (other, tarball) = (other.to_str().unwrap(), fixture.tarball());
    let tarball = tarball.to_str().unwrap();
    let plain = named("plain-etcd36").tarball();
    let kms = r#"{"kind":"EncryptionConfiguration","apiVersion":"apiserver.config.k8s.io/v1","resources":[{"resources":["secrets"],
        "providers":[{"kms":{"apiVersion":"v2","name":"vault","endpoint":"unix:///k.sock"}}]}]}"#;
    let kms = bench.write("kms.json", kms.as_bytes());
    let out = bench.text("new.db");
    for (options, said) in [
        (&["--decrypt"][..], "and no keys were given"),
        (&["--decrypt", "--keys", other], "`/kubernetes.io/"),
        (&["--reencrypt", &config], "and no keys were given"),
        (&["--reencrypt", &kms, "--keys", tarball], "KMS plugin `vault`"),
        (&["--reencrypt", &config, "--decrypt", "--keys", tarball], "cannot be used with"),
        (&["--reencrypt", plain.to_str().unwrap(), "--keys", tarball], "its cluster encrypts nothing"),
        (&["--reencrypt", &source, "--keys", tarball], "source.db"),
        (&["--keys", tarball], "open nothing here without"),
    ] {
        bench.refused(&[&["rebuild", &source, "--out", &out], options].concat(), said);
    }
    // what is left out need not open
    let line = ["rebuild", &source, "--out", &out, "--decrypt", "--only", "resource:pods"];
    assert_eq!(run(&line).code, Some(0));
}

#[test]
fn a_resource_that_is_not_named_stays_and_is_told() {
    let (bench, fixture) = (Bench::new(), named("aescbc-rotated"));
    let source = bench.write("source.db", &fixture.bytes());
    let only = CONFIG.split("- resources: [configmaps").next().unwrap();
    let config = bench.write("config.yaml", only.as_bytes());
    let (tarball, out) = (fixture.tarball(), bench.text("new.db"));
    let line =
        ["rebuild", &source, "--out", &out, "--reencrypt", &config, "--keys", tarball.to_str().unwrap(), "--json"];
    let told = json_of(&line);
    let told = &told["artifacts"][0];
    assert!(told["values"]["untouched"].as_u64().unwrap() > 10, "{}", told["values"]);
    assert!(told["notes"].to_string().contains("does not name stayed as they were"), "{}", told["notes"]);
    let (before, after) = (stored(&fixture.bytes()), stored(&fs::read(&out).unwrap()));
    let changed = after.iter().filter(|(key, value)| before[*key] != **value);
    let keys: Vec<String> = changed.map(|(key, _)| key.escape_ascii().to_string()).collect();
    assert!(keys.len() > 100 && keys.iter().all(|key| key.starts_with("/kubernetes.io/secrets/")), "{}", keys.len());
}
