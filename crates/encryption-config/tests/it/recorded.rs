//! Values written by the genuine transformers of a kube-apiserver, openshift-apiserver and
//! oauth-apiserver: the smallest live value of every key in every encrypted fixture.
//!
//! `data/recorded.json` was taken from the fixtures' snapshots with a throw-away bbolt walk in
//! Python; the stored bytes were compared with `valueSHA256` of `decrypted-truth.jsonl.gz`, and
//! `plainSha256` is that file's `plainSHA256`: what etcd, restored, gave a real API server.
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use encryption_config::{EncryptionConfig, Keyring, Magic, OpenError, ProviderKind, Standing, StoredAs};
use serde_json::Value;
use sha2::{Digest, Sha256};

fn fixture(name: &str, file: &str) -> Vec<u8> {
    fixtures::named(name).read(file).unwrap_or_else(|| panic!("{name} has no {file}"))
}

struct Recorded {
    name: String,
    config: Vec<u8>,
    resource: String,
    etcd_key: Vec<u8>,
    provider: ProviderKind,
    key_name: String,
    stored: Vec<u8>,
    plain_sha256: String,
}

fn recorded() -> Vec<Recorded> {
    let list: Vec<Value> = serde_json::from_str(include_str!("../data/recorded.json")).unwrap();
    let text = |value: &Value, field: &str| value[field].as_str().unwrap().to_owned();
    list.iter()
        .map(|value| Recorded {
            name: format!("{} {}", text(value, "fixture"), text(value, "etcdKey")),
            config: fixture(&text(value, "fixture"), &text(value, "config")),
            resource: text(value, "resource"),
            etcd_key: text(value, "etcdKey").into_bytes(),
            provider: ProviderKind::from_prefix(&text(value, "provider"), "v1"),
            key_name: text(value, "keyName"),
            stored: STANDARD.decode(text(value, "stored")).unwrap(),
            plain_sha256: text(value, "plainSha256"),
        })
        .collect()
}

fn keyring(config: &[u8]) -> Keyring {
    let mut keyring = Keyring::default();
    keyring.add(EncryptionConfig::parse(config).unwrap());
    keyring
}

#[test]
fn every_recorded_value_opens_to_the_recorded_object() {
    let all = recorded();
    assert_eq!(all.len(), 19);
    for value in all {
        let ring = keyring(&value.config);
        let opened = ring
            .open(&value.resource, &value.etcd_key, &value.stored)
            .unwrap_or_else(|e| panic!("{}: {e}", value.name));
        assert_eq!(format!("{:x}", Sha256::digest(&*opened.plaintext)), value.plain_sha256, "{}", value.name);
        assert_eq!(opened.magic, Some(Magic::Protobuf), "{}", value.name);
        // in the fixtures the even generation writes, the odd one is the older read key
        let writes = value.key_name.parse::<u8>().unwrap().is_multiple_of(2) || value.name.starts_with("partially");
        let standing = if writes { Standing::Write } else { Standing::Read };
        let expected = StoredAs::Encrypted { provider: value.provider, key_name: value.key_name, standing };
        assert_eq!(opened.stored_as, expected, "{}", value.name);
    }
}

/// Key IDs are small integers, so a keyring of another cluster has the same names: the name
/// proves nothing, the bytes must.
#[test]
fn a_keyring_of_another_cluster_does_not_open_them() {
    let other = keyring(&fixture("page-size-64k", "encryption-config.json"));
    let mut tried = 0;
    for value in
        recorded().iter().filter(|value| value.name.starts_with("aescbc-rotated") && value.key_name <= "2".into())
    {
        tried += 1;
        match other.open(&value.resource, &value.etcd_key, &value.stored) {
            Err(OpenError::Body { tried: 1, .. }) => {}
            Err(error) => panic!("{}: {error}", value.name),
            // one wrong key in 256 passes the padding: the magic must give it away
            Ok(opened) => assert_eq!(opened.magic, None, "{}", value.name),
        }
    }
    assert_eq!(tried, 2);
}

#[test]
fn the_etcd_key_is_bound_by_aesgcm_only() {
    for value in recorded() {
        let mut moved = value.etcd_key.clone();
        moved.push(b'x');
        let outcome = keyring(&value.config).open(&value.resource, &moved, &value.stored).map(|_| ());
        assert_eq!(outcome.is_err(), value.provider == ProviderKind::AesGcm, "{}", value.name);
    }
}

/// No flipped bit of an aesgcm body goes unnoticed; aescbc has no such promise.
#[test]
fn a_flipped_bit_is_noticed_by_aesgcm() {
    let value = recorded().into_iter().find(|value| value.provider == ProviderKind::AesGcm).unwrap();
    let ring = keyring(&value.config);
    let body = value.stored.iter().enumerate().filter(|(_, byte)| **byte == b':').nth(4).unwrap().0 + 1;
    for at in (body..value.stored.len()).step_by(7) {
        let mut damaged = value.stored.clone();
        damaged[at] ^= 1;
        assert!(ring.open(&value.resource, &value.etcd_key, &damaged).is_err(), "byte {at}");
    }
}

/// Every fixture configuration is one that library-go wrote: nothing to complain about.
#[test]
fn fixture_configurations_have_no_problems() {
    for (name, files) in [
        (
            "aescbc-rotated",
            &[
                "encryption-config.json",
                "encryption-config-openshift-apiserver.json",
                "encryption-config-openshift-oauth-apiserver.json",
            ][..],
        ),
        (
            "aesgcm-rotated",
            &[
                "encryption-config.json",
                "encryption-config-openshift-apiserver.json",
                "encryption-config-openshift-oauth-apiserver.json",
            ][..],
        ),
        ("partially-encrypted", &["encryption-config.json"][..]),
        (
            "page-size-64k",
            &[
                "encryption-config.json",
                "encryption-config-openshift-apiserver.json",
                "encryption-config-openshift-oauth-apiserver.json",
            ][..],
        ),
    ] {
        for file in files {
            let config = EncryptionConfig::parse(&fixture(name, file)).unwrap();
            assert_eq!(config.problems, [], "{name}/{file}");
            assert!(config.has_key_material(), "{name}/{file}");
        }
    }
}
