//! What is sealed opens again, and what cannot be sealed says why.
use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use encryption_config::{EncryptionConfig, GroupResource, Keyring, ProviderKind, SealError, Standing, StoredAs};
use zeroize::Zeroizing;

const ETCD_KEY: &[u8] = b"/kubernetes.io/secrets/ns/name";

fn config(providers: &str) -> EncryptionConfig {
    let json = format!(
        r#"{{"kind":"EncryptionConfiguration","resources":[{{"resources":["secrets"],"providers":[{providers}]}}]}}"#
    );
    EncryptionConfig::parse(json.as_bytes()).unwrap()
}

fn keyed(kind: &str, name: &str, length: usize) -> String {
    format!(r#"{{"{kind}":{{"keys":[{{"name":"{name}","secret":"{}"}}]}}}}"#, STANDARD.encode(vec![7; length]))
}

fn secrets() -> GroupResource {
    GroupResource::parse("secrets")
}

#[test]
fn what_is_sealed_opens_again() {
    for (kind, provider, lengths) in [
        ("aescbc", ProviderKind::AesCbc, &[16, 24, 32][..]),
        ("aesgcm", ProviderKind::AesGcm, &[16, 24, 32]),
        ("secretbox", ProviderKind::SecretBox, &[32]),
    ] {
        for length in lengths {
            let text = keyed(kind, "key-7", *length);
            let sealer = config(&text).sealer(&secrets()).unwrap().unwrap();
            assert_eq!((sealer.provider(), sealer.key_name()), (provider, "key-7"));
            let mut ring = Keyring::default();
            ring.add(config(&text));
            let mut room = Zeroizing::new(vec![b'x'; 300]);
            let mut seen = BTreeSet::new();
            for size in [0_usize, 1, 15, 16, 17, 31, 32, 4096, 70_000] {
                let plain: Vec<u8> = b"k8s\0".iter().copied().chain((0..=255).cycle()).take(size).collect();
                sealer.seal(ETCD_KEY, &plain, &mut room).unwrap();
                let nonce = room.strip_prefix(format!("k8s:enc:{kind}:v1:key-7:").as_bytes()).unwrap()[..12].to_vec();
                assert!(seen.insert(nonce), "{kind}: a nonce twice");
                let opened = ring.open("secrets", ETCD_KEY, &room).unwrap();
                assert!(*opened.plaintext == plain[..], "{kind} {length} {size}");
                let key_name = "key-7".to_owned();
                assert_eq!(opened.stored_as, StoredAs::Encrypted { provider, key_name, standing: Standing::Write });
                // aesgcm is bound to its place, the others are not
                let moved = ring.open("secrets", b"/kubernetes.io/secrets/ns/other", &room).is_ok();
                assert_eq!(moved, kind != "aesgcm", "{kind}");
            }
        }
    }
}

#[test]
fn the_first_key_of_the_first_provider_writes() {
    let both = [keyed("aesgcm", "2", 32), keyed("aescbc", "1", 32)].join(",");
    let first = |text: &str| {
        let sealer = config(text).sealer(&secrets()).unwrap().unwrap();
        (sealer.provider(), sealer.key_name().to_owned())
    };
    assert_eq!(first(&both), (ProviderKind::AesGcm, "2".to_owned()));
    let identity = format!(r#"{{"identity":{{}}}},{both}"#);
    assert_eq!(first(&identity), (ProviderKind::Identity, String::new()));
    let mut room = Zeroizing::new(Vec::new());
    config(&identity).sealer(&secrets()).unwrap().unwrap().seal(ETCD_KEY, b"k8s\0plain", &mut room).unwrap();
    assert_eq!(&**room, b"k8s\0plain");
    assert!(config(&both).sealer(&GroupResource::parse("configmaps")).is_none());
}

#[test]
fn what_cannot_be_sealed_says_why() {
    let refused = |text: &str| config(text).sealer(&secrets()).unwrap().map(drop).unwrap_err();
    let kms = r#"{"kms":{"apiVersion":"v2","name":"vault","endpoint":"unix:///k.sock"}}"#;
    assert_eq!(refused(kms), SealError::Kms { plugin: "vault".into() });
    assert_eq!(refused(r#"{"rot13":{}}"#), SealError::UnknownProvider { name: "rot13".into() });
    let unusable = |provider, key_name: &str| SealError::UnusableKey { provider, key_name: key_name.into() };
    assert_eq!(refused(&keyed("aescbc", "1", 5)), unusable(ProviderKind::AesCbc, "1"));
    assert_eq!(refused(r#"{"secretbox":{"keys":[]}}"#), unusable(ProviderKind::SecretBox, ""));
    // what library-go keeps as the number of a time without encryption
    let zero = format!(r#"{{"aesgcm":{{"keys":[{{"name":"3","secret":"{}"}}]}}}}"#, STANDARD.encode([0; 16]));
    assert_eq!(refused(&zero), unusable(ProviderKind::AesGcm, "3"));
}
