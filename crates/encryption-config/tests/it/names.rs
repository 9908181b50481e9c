//! Names of keys that hold colons: where a name ends in a stored value, with a configuration and without.
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use encryption_config::{EncryptionConfig, GroupResource, Keyring, OpenError, StoredAs, StoredValue};
use zeroize::Zeroizing;

const ETCD_KEY: &[u8] = b"/registry/secrets/ns/name";
const PLAIN: &[u8] = b"k8s\0and an object";
/// Names as k3s makes them, as a person may, and such that begin alike.
const NAMES: [&str; 7] = [
    "aescbckey",
    "aescbckey-2026-03-09T09:46:54+01:00",
    "secretboxkey-2026-03-09T08:46:54Z",
    "a",
    "a:b",
    "a:b:c",
    "aesgcm:v1:prod",
];

fn config(providers: &str) -> EncryptionConfig {
    let json = format!(
        r#"{{"kind":"EncryptionConfiguration","apiVersion":"apiserver.config.k8s.io/v1","resources":[{{"resources":["secrets"],"providers":[{providers},{{"identity":{{}}}}]}}]}}"#
    );
    EncryptionConfig::parse(json.as_bytes()).unwrap()
}

fn key(provider: &str, name: &str, bytes: u8) -> String {
    format!(r#"{{"{provider}":{{"keys":[{{"name":"{name}","secret":"{}"}}]}}}}"#, STANDARD.encode([bytes; 32]))
}

fn sealed(provider: &str, name: &str, bytes: u8) -> Vec<u8> {
    let sealer = config(&key(provider, name, bytes)).sealer(&GroupResource::parse("secrets")).unwrap().unwrap();
    let mut room = Zeroizing::new(Vec::new());
    sealer.seal(ETCD_KEY, PLAIN, &mut room).unwrap();
    room.to_vec()
}

fn ring(providers: &str) -> Keyring {
    let config = config(providers);
    assert_eq!(config.problems, [], "a colon in the name of a key is nothing that an API server minds");
    let mut ring = Keyring::default();
    ring.add(config);
    ring
}

/// Whatever the order of names that begin alike: the value opens under the name that it was sealed under.
#[test]
fn a_name_may_hold_colons() {
    for provider in ["aescbc", "aesgcm", "secretbox"] {
        let keys: Vec<String> = (1..).zip(NAMES).map(|(bytes, name)| key(provider, name, bytes)).collect();
        let mut turned = keys.clone();
        turned.reverse();
        for ring in [ring(&keys.join(",")), ring(&turned.join(","))] {
            for (bytes, name) in (1..).zip(NAMES) {
                let stored = sealed(provider, name, bytes);
                let opened = ring.open("secrets", ETCD_KEY, &stored).unwrap();
                assert_eq!(&*opened.plaintext, PLAIN);
                let StoredAs::Encrypted { key_name, .. } = opened.stored_as else { panic!("plaintext") };
                assert_eq!(key_name, name, "{provider}");
            }
        }
    }
}

#[test]
fn a_value_is_under_a_name_where_the_name_and_a_colon_follow() {
    let stored = sealed("secretbox", "a:b", 1);
    let value = StoredValue::read(&stored).unwrap();
    let body = |name: &str| match value.under(name) {
        Some(StoredValue::Encrypted { name: own, body, .. }) => {
            assert_eq!(own, name);
            Some(body.len())
        }
        _ => None,
    };
    assert_eq!(body("a").zip(body("a:b")).map(|(short, long)| short - long), Some("b:".len()));
    for other in ["", "b", "a:", "a:b:", "a:bc", "A"] {
        assert_eq!(body(other), None, "{other}");
    }
}

#[test]
fn without_a_configuration_the_value_tells_what_it_can() {
    let name = |stored: &[u8]| match StoredValue::read(stored) {
        Ok(StoredValue::Encrypted { name, .. }) => name.to_owned(),
        _ => panic!("not encrypted"),
    };
    for (provider, own, told) in [
        ("aescbc", "key1", "key1"),
        // times end names, whatever the provider
        ("aescbc", NAMES[1], NAMES[1]),
        ("secretbox", NAMES[2], NAMES[2]),
        ("aesgcm", "k-2026-03-09T09:46:54-07:00", "k-2026-03-09T09:46:54-07:00"),
        // the length of an aescbc body does, too
        ("aescbc", "a:b:c", "a:b:c"),
        ("aescbc", "aesgcm:v1:prod", "aesgcm:v1:prod"),
        // of others only the first colon is certain
        ("aesgcm", "aesgcm:v1:prod", "aesgcm"),
        ("secretbox", "k-2026-03-09Thm", "k-2026-03-09Thm"),
    ] {
        assert_eq!(name(&sealed(provider, own, 1)), told, "{provider}");
    }
    // cut short: no length tells, and nothing is made up
    assert_eq!(name(&sealed("aescbc", "key1", 1)[..60]), "key1");
}

/// What is not there is named as the value names it.
#[test]
fn a_key_that_is_missing_has_its_whole_name() {
    let stored = sealed("aescbc", NAMES[1], 2);
    let error = ring(&key("aescbc", "aescbckey", 1)).open("secrets", ETCD_KEY, &stored).err().unwrap();
    assert!(matches!(&error, OpenError::NoKey { key_name, .. } if key_name == NAMES[1]), "{error}");
}
