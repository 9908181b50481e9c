//! Configurations in what others keep them in, keys alone, and what a server token opens.
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use encryption_config::{EncryptionConfig, GroupResource, Limits, ProviderKind, RecordError, Token, is_record};
use serde_json::{Value, json};

const KEY: [u8; 32] = [7; 32];
/// Sealed by OpenSSL (Python's hashlib and cryptography): `pbkdf2_hmac("sha1", b"the-password-of-a-test", salt, 4096, 32)`,
/// AES-GCM of a map of files as k3s writes it, of which `EncryptionConfig` has aescbc key `aescbckey` of `bytes(range(32))`.
const RECORD: &[u8] = include_bytes!("../data/k3s-record.txt");
/// `hashlib.sha256(b"the-password-of-a-test").hexdigest()[:12]`
const HASH: &str = "b9280240937f";

fn config(name: &str) -> Value {
    let keys = json!({"keys": [{"name": name, "secret": STANDARD.encode(KEY)}]});
    json!({"kind": "EncryptionConfiguration", "apiVersion": "apiserver.config.k8s.io/v1",
        "resources": [{"resources": ["secrets"], "providers": [{"aescbc": keys}, {"identity": {}}]}]})
}

fn packed(value: &Value) -> String {
    STANDARD.encode(value.to_string())
}

/// Provider and name of every key of every configuration that is found.
fn found(document: &str) -> Vec<String> {
    let configs = EncryptionConfig::find_all(document.as_bytes(), &Limits::of_holders()).unwrap();
    let keys = configs.iter().flat_map(EncryptionConfig::keys);
    keys.map(|(kind, key)| format!("{kind}:{}", key.name())).collect()
}

#[test]
fn a_configuration_is_found_wherever_it_stands() {
    let secret = json!({"kind": "Secret", "data": {"ca.crt": "eA==", "anything.yaml": packed(&config("1"))}});
    let rke = json!({"desiredState": {"rkeConfig": {"nodes": []}, "encryptionConfig": config("1").to_string()},
        "currentState": {"encryptionConfig": config("1").to_string()}});
    let rotating = json!({"desiredState": {"encryptionConfig": config("2").to_string()},
        "currentState": {"encryptionConfig": config("1").to_string()}});
    let plain = json!({"kind": "Secret", "stringData": {"config": config("1").to_string()}});
    for (what, document, keys) in [
        ("by itself", config("1").to_string(), &["aescbc:1"][..]),
        ("a Secret", secret.to_string(), &["aescbc:1"]),
        ("a Secret not packed", plain.to_string(), &["aescbc:1"]),
        ("a list of Secrets", json!({"kind": "List", "items": [secret, plain]}).to_string(), &["aescbc:1"]),
        ("cluster.rkestate", rke.to_string(), &["aescbc:1"]),
        ("one in a rotation", rotating.to_string(), &["aescbc:1", "aescbc:2"]),
        ("several documents", format!("---\nkind: Pod\n---\n{}\n---\na: 1\n", config("3")), &["aescbc:3"]),
        ("a map of files", json!({"Other": "eA==", "X": {"Content": packed(&config("4"))}}).to_string(), &["aescbc:4"]),
        ("nothing", json!({"kind": "Secret", "data": {"key": "eA=="}}).to_string(), &[]),
    ] {
        let mut told = found(&document);
        told.sort_unstable();
        assert_eq!(told, keys, "{what}");
    }
}

/// Talos writes the configuration itself: secretbox `key2`, then aescbc `key1`.
#[test]
fn talos_keeps_the_keys_alone() {
    let key = STANDARD.encode(KEY);
    let machine =
        |fields: &str| format!("version: v1alpha1\nmachine:\n  type: controlplane\ncluster:\n  id: x\n{fields}");
    let both = machine(&format!("  aescbcEncryptionSecret: {key}\n  secretboxEncryptionSecret: {key}\n"));
    assert_eq!(found(&both), ["secretbox:key2", "aescbc:key1"]);
    assert_eq!(found(&machine(&format!("  aescbcEncryptionSecret: {key}\n"))), ["aescbc:key1"]);
    let bundle = format!("cluster:\n  id: x\nsecrets:\n  bootstraptoken: a.b\n  secretboxencryptionsecret: {key}\n");
    assert_eq!(found(&bundle), ["secretbox:key2"]);
    assert_eq!(found(&machine("  secretboxEncryptionSecret: ''\n")), Vec::<String>::new());
    let config = EncryptionConfig::find_all(both.as_bytes(), &Limits::of_holders()).unwrap().remove(0);
    assert_eq!(config.problems, []);
    assert_eq!(config.entries[0].resources, [GroupResource::parse("secrets")]);
}

#[test]
fn a_key_alone_gets_provider_and_name_from_whoever_knows_them() {
    let hex: String = KEY.iter().map(|byte| format!("{byte:02x}")).collect();
    let mixed: Vec<u8> = (1..33).collect();
    for (file, keys) in [
        (STANDARD.encode(&mixed).into_bytes(), 1),
        (format!("{}\n", STANDARD.encode(&mixed[..16])).into_bytes(), 1),
        // base64 of 24 bytes is 32 letters, and so are the digits of 16
        ("0123456789abcdef".repeat(2).into_bytes(), 3),
        ("0123456789abcdef".repeat(4).into_bytes(), 1),
        (mixed.clone(), 1),
        (mixed[..24].to_vec(), 1),
        (mixed[..31].to_vec(), 0),
        (hex.into_bytes(), 0),
        (b"a text that is no key at all".to_vec(), 0),
        (Vec::new(), 0),
    ] {
        let config = EncryptionConfig::of_bare(&file);
        let assigned = |config: &EncryptionConfig| {
            config.assigned(ProviderKind::AesCbc, "k:1", &[GroupResource::parse("secrets")]).len()
        };
        assert_eq!(config.as_ref().map_or(0, assigned), keys, "{:?}", String::from_utf8_lossy(&file));
        assert!(config.is_none_or(|config| config.has_key_material() && config.keys().next().is_none()));
    }
}

#[test]
fn a_token_opens_the_record_of_its_cluster() {
    assert!(is_record(RECORD));
    let ca = "0123456789abcdef".repeat(4);
    for text in [
        "the-password-of-a-test".to_owned(),
        "the-password-of-a-test\n".to_owned(),
        format!("K10{ca}::server:the-password-of-a-test\n"),
    ] {
        let token = Token::read(text.as_bytes()).unwrap();
        assert_eq!(token.hash(), HASH, "{text}");
        assert!(token.seals(HASH) && !token.seals("000000000000"));
        let record = token.open(HASH, RECORD).unwrap();
        assert_eq!(record.files, ["EncryptionConfig", "EncryptionHash", "ServerCA", "ServerCAKey"]);
        let keys: Vec<_> = record.configs.iter().flat_map(EncryptionConfig::keys).map(|(_, key)| key.name()).collect();
        assert_eq!(keys, ["aescbckey"]);
        let mut damaged = RECORD.to_vec();
        damaged[60] ^= 1;
        assert!(matches!(token.open(HASH, &damaged), Err(RecordError::Closed)));
        assert!(matches!(token.open(HASH, b"nothing"), Err(RecordError::Form)));
    }
    for text in ["", "\n", "two\nlines", "\0"] {
        assert!(Token::read(text.as_bytes()).is_none(), "{text:?}");
    }
    for other in [&b"k8s\0"[..], b"0f1e2d3c4b5a6978:", b"nosalt:QUJD", b"0f1e2d3c4b5a6978:!!"] {
        assert!(!is_record(other));
    }
}
