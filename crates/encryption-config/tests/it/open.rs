//! Values built here with the bare ciphers, and the ways they can be broken.
use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes128Gcm, Aes256Gcm, KeyInit};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cbc::cipher::block_padding::{NoPadding, Pkcs7};
use cbc::cipher::{BlockModeEncrypt, KeyIvInit};
use encryption_config::{
    BodyError, EncryptionConfig, Keyring, KmsEnvelope, Magic, OpenError, PrefixError, ProviderKind, Standing, StoredAs,
};

const ETCD_KEY: &[u8] = b"/kubernetes.io/secrets/ns/name";
const OBJECT: &[u8] = b"k8s\0\x0a\x0c\x0a\x02v1\x12\x06Secret";
const KEY: [u8; 32] = [7; 32];

fn keyring(providers: &[(&str, &str, &[u8])]) -> Keyring {
    let list: Vec<String> = providers
        .iter()
        .map(|(kind, name, key)| {
            format!(r#"{{"{kind}":{{"keys":[{{"name":"{name}","secret":"{}"}}]}}}}"#, STANDARD.encode(key))
        })
        .collect();
    let json = format!(
        r#"{{"kind":"EncryptionConfiguration","resources":[{{"resources":["secrets"],"providers":[{},{{"identity":{{}}}}]}}]}}"#,
        list.join(",")
    );
    let mut ring = Keyring::default();
    ring.add(EncryptionConfig::parse(json.as_bytes()).unwrap());
    ring
}

fn value(prefix: &str, body: &[u8]) -> Vec<u8> {
    [prefix.as_bytes(), body].concat()
}

fn open(ring: &Keyring, stored: &[u8]) -> Result<(StoredAs, Vec<u8>, Option<Magic>), OpenError> {
    ring.open("secrets", ETCD_KEY, stored).map(|opened| (opened.stored_as, opened.plaintext.to_vec(), opened.magic))
}

fn reason(ring: &Keyring, stored: &[u8]) -> BodyError {
    match open(ring, stored) {
        Err(OpenError::Body { reason, .. }) => reason,
        other => panic!("{other:?}"),
    }
}

fn seal_cbc(key: &[u8], plain: &[u8]) -> Vec<u8> {
    // every byte value once, colons and newlines among them
    let iv: [u8; 16] = *b":\n\0\xff0123456789ab";
    let sealed = match key.len() {
        16 => cbc::Encryptor::<aes::Aes128>::new_from_slices(key, &iv).unwrap().encrypt_padded_vec::<Pkcs7>(plain),
        24 => cbc::Encryptor::<aes::Aes192>::new_from_slices(key, &iv).unwrap().encrypt_padded_vec::<Pkcs7>(plain),
        _ => cbc::Encryptor::<aes::Aes256>::new_from_slices(key, &iv).unwrap().encrypt_padded_vec::<Pkcs7>(plain),
    };
    [&iv[..], &sealed].concat()
}

fn seal_gcm(key: &[u8], plain: &[u8]) -> Vec<u8> {
    let nonce = b"nonce:nonce:";
    let payload = Payload { msg: plain, aad: ETCD_KEY };
    let sealed = if key.len() == 16 {
        Aes128Gcm::new_from_slice(key).unwrap().encrypt(nonce.into(), payload).unwrap()
    } else {
        Aes256Gcm::new_from_slice(key).unwrap().encrypt(nonce.into(), payload).unwrap()
    };
    [&nonce[..], &sealed].concat()
}

#[test]
fn aescbc_opens_with_every_key_length() {
    for length in [16, 24, 32] {
        let ring = keyring(&[("aescbc", "1", &KEY[..length])]);
        for plain in [OBJECT, &b"k8s\0"[..], &[b'{'; 16], &[]] {
            let (stored_as, bytes, magic) =
                open(&ring, &value("k8s:enc:aescbc:v1:1:", &seal_cbc(&KEY[..length], plain))).unwrap();
            assert_eq!(bytes, plain);
            assert_eq!(magic, Magic::of(plain));
            assert_eq!(
                stored_as,
                StoredAs::Encrypted { provider: ProviderKind::AesCbc, key_name: "1".into(), standing: Standing::Write }
            );
        }
    }
}

#[test]
fn aesgcm_opens_with_short_and_long_keys() {
    for length in [16, 32] {
        let ring = keyring(&[("aesgcm", "1", &KEY[..length])]);
        let (_, bytes, _) = open(&ring, &value("k8s:enc:aesgcm:v1:1:", &seal_gcm(&KEY[..length], OBJECT))).unwrap();
        assert_eq!(bytes, OBJECT);
    }
}

/// The test vector of NaCl itself (`tests/secretbox.c`, `tests/secretbox.out` of nacl-20110221).
#[test]
fn secretbox_opens_the_vector_of_nacl() {
    let hex = |text: &str| -> Vec<u8> {
        (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
    };
    let key = hex("1b27556473e985d462cd51197a9a46c76009549eac6474f206c4ee0844f68389");
    let nonce = hex("69696ee955b62b73cd62bda875fc73d68219e0036b7a0b37");
    let sealed = hex(concat!(
        "f3ffc7703f9400e52a7dfb4b3d3305d98e993b9f48681273c29650ba32fc76ce48332ea7164d96a4476fb8c531a1186a",
        "c0dfc17c98dce87b4da7f011ec48c97271d2c20f9b928fe2270d6fb863d51738b48eeee314a7cc8ab932164548e526ae",
        "90224368517acfeabd6bb3732bc0e9da99832b61ca01b6de56244a9e88d5f9b37973f622a43d14a6599b1f654cb45a74",
        "e355a5"
    ));
    let plain = hex(concat!(
        "be075fc53c81f2d5cf141316ebeb0c7b5228c52a4c62cbd44b66849b64244ffce5ecbaaf33bd751a1ac728d45e6c6129",
        "6cdc3c01233561f41db66cce314adb310e3be8250c46f06dceea3a7fa1348057e2f6556ad6b1318a024a838f21af1fde",
        "048977eb48f59ffd4924ca1c60902e52f0a089bc76897040e082f937763848645e0705"
    ));
    let ring = keyring(&[("secretbox", "k", &key)]);
    let stored = value("k8s:enc:secretbox:v1:k:", &[nonce, sealed].concat());
    let (_, bytes, magic) = open(&ring, &stored).unwrap();
    assert_eq!(bytes, plain);
    assert_eq!(magic, None);
    let mut damaged = stored.clone();
    *damaged.last_mut().unwrap() ^= 1;
    assert_eq!(reason(&ring, &damaged), BodyError::Authentication);
    assert_eq!(reason(&ring, &value("k8s:enc:secretbox:v1:k:", &[0; 39])), BodyError::TooShort { got: 39, least: 40 });
}

/// `printf 'k8s\0hello' | openssl enc -aes-256-cbc -K 07..07 -iv 000102..0f` (OpenSSL 3).
#[test]
fn aescbc_opens_what_openssl_sealed() {
    let iv: Vec<u8> = (0..16).collect();
    let sealed = STANDARD.decode("8WEOyH5uzIurAsRxCcPdkQ==").unwrap();
    let (_, bytes, magic) =
        open(&keyring(&[("aescbc", "1", &KEY)]), &value("k8s:enc:aescbc:v1:1:", &[iv, sealed].concat())).unwrap();
    assert_eq!((bytes.as_slice(), magic), (&b"k8s\0hello"[..], Some(Magic::Protobuf)));
}

#[test]
fn plain_values_open_as_they_are() {
    let ring = keyring(&[("aescbc", "1", &KEY)]);
    for (stored, magic) in [
        (OBJECT, Some(Magic::Protobuf)),
        (b"{}", Some(Magic::Json)),
        (b"\xd9\xd9\xf7\xa0", Some(Magic::Cbor)),
        (b"", None),
        (b"k8s", None),
    ] {
        assert_eq!(open(&ring, stored).unwrap(), (StoredAs::Plain, stored.to_vec(), magic));
    }
}

#[test]
fn only_the_fifth_colon_splits() {
    let body = seal_cbc(&KEY, OBJECT);
    assert_eq!(body[0], b':');
    open(&keyring(&[("aescbc", "1", &KEY)]), &value("k8s:enc:aescbc:v1:1:", &body)).unwrap();
    let ring = keyring(&[("aescbc", "1", &KEY)]);
    for (stored, colons) in [(&b"k8s:enc:"[..], 2), (b"k8s:enc:aescbc", 2), (b"k8s:enc:aescbc:v1:1", 4)] {
        assert_eq!(open(&ring, stored).err(), Some(PrefixError::Incomplete { colons }.into()));
    }
    for stored in [&b"k8s:"[..], b"k8s:en", b"k8s:eXc:aescbc:v1:1:body"] {
        assert_eq!(open(&ring, stored).err(), Some(PrefixError::OtherWord.into()));
    }
    assert_eq!(open(&ring, b"k8s:enc:aescbc:v1:\xff:").err(), Some(PrefixError::NotText.into()));
}

#[test]
fn truncated_bodies_are_told_apart() {
    let ring = keyring(&[("aescbc", "1", &KEY), ("aesgcm", "1", &KEY)]);
    let cbc = |body: &[u8]| reason(&ring, &value("k8s:enc:aescbc:v1:1:", body));
    for length in [0, 1, 15, 16] {
        assert_eq!(cbc(&vec![0; length]), BodyError::TooShort { got: length, least: 32 });
    }
    assert_eq!(cbc(&[0; 33]), BodyError::NotWholeBlocks { got: 33 });
    let gcm = |body: &[u8]| reason(&ring, &value("k8s:enc:aesgcm:v1:1:", body));
    for length in [0, 11, 12, 27] {
        assert_eq!(gcm(&vec![0; length]), BodyError::TooShort { got: length, least: 28 });
    }
    assert_eq!(gcm(&[0; 28]), BodyError::Authentication);
}

/// Padding above 16, zero, or uneven is refused, although kube-apiserver takes a count above 16.
#[test]
fn padding_is_strict() {
    let ring = keyring(&[("aescbc", "1", &KEY)]);
    for tail in [&[0_u8; 16][..], &[17; 32], &[32; 32], &[2, 3, 2, 3, 2, 3, 2, 3, 2, 3, 2, 3, 2, 3, 2, 3]] {
        let plain = [&OBJECT[..16], tail].concat();
        let iv = [0; 16];
        let sealed =
            cbc::Encryptor::<aes::Aes256>::new_from_slices(&KEY, &iv).unwrap().encrypt_padded_vec::<NoPadding>(&plain);
        assert_eq!(
            reason(&ring, &value("k8s:enc:aescbc:v1:1:", &[&iv[..], &sealed].concat())),
            BodyError::Padding,
            "{tail:?}"
        );
    }
}

#[test]
fn wrong_keys_and_moved_values_are_refused() {
    let other = keyring(&[("aesgcm", "1", &[8; 32])]);
    let stored = value("k8s:enc:aesgcm:v1:1:", &seal_gcm(&KEY, OBJECT));
    assert_eq!(reason(&other, &stored), BodyError::Authentication);
    let ring = keyring(&[("aesgcm", "1", &KEY)]);
    let moved = ring.open("secrets", b"/kubernetes.io/secrets/ns/other", &stored).err();
    assert!(matches!(moved, Some(OpenError::Body { reason: BodyError::Authentication, tried: 1, .. })));
    // a wrong aescbc key may pass the padding by chance, but never looks like an object here
    let wrong = keyring(&[("aescbc", "1", &[8; 32])]);
    match open(&wrong, &value("k8s:enc:aescbc:v1:1:", &seal_cbc(&KEY, OBJECT))) {
        Err(OpenError::Body { reason: BodyError::Padding, .. }) => {}
        other => panic!("{other:?}"),
    }
}

/// Two clusters' keys share the name `1`: both are tried, and the one that fits opens.
#[test]
fn keys_of_one_name_are_tried_in_turn() {
    let mut ring = keyring(&[("aescbc", "1", &[8; 32])]);
    ring.add(EncryptionConfig::parse(format!(r#"{{"resources":[{{"resources":["*.*"],"providers":[{{"identity":{{}}}},{{"aescbc":{{"keys":[{{"name":"1","secret":"{}"}}]}}}}]}}]}}"#, STANDARD.encode(KEY)).as_bytes()).unwrap());
    let (stored_as, bytes, _) = open(&ring, &value("k8s:enc:aescbc:v1:1:", &seal_cbc(&KEY, OBJECT))).unwrap();
    assert_eq!(bytes, OBJECT);
    assert_eq!(
        stored_as,
        StoredAs::Encrypted { provider: ProviderKind::AesCbc, key_name: "1".into(), standing: Standing::Read }
    );
    let none = open(&ring, &value("k8s:enc:aescbc:v1:1:", &seal_cbc(&[9; 32], OBJECT)));
    assert!(matches!(none, Err(OpenError::Body { tried: 2, .. })), "{none:?}");
}

#[test]
fn what_is_missing_is_named() {
    let ring = keyring(&[("aescbc", "1", &KEY), ("aesgcm", "3", &[0; 16])]);
    let (aescbc, aesgcm) = (ProviderKind::AesCbc, ProviderKind::AesGcm);
    let body = seal_cbc(&KEY, OBJECT);
    assert_eq!(
        open(&ring, &value("k8s:enc:aescbc:v1:2:", &body)).err(),
        Some(OpenError::NoKey { resource: "secrets".into(), provider: aescbc, key_name: "2".into() })
    );
    let elsewhere = ring
        .open("routes.route.openshift.io", b"/openshift.io/routes/a/b", &value("k8s:enc:aescbc:v1:1:", &body))
        .err();
    assert_eq!(
        elsewhere,
        Some(OpenError::ResourceNotCovered {
            resource: "routes.route.openshift.io".into(),
            provider: aescbc,
            key_name: "1".into()
        })
    );
    // the bookkeeping entry never opens anything
    assert_eq!(
        open(&ring, &value("k8s:enc:aesgcm:v1:3:", &seal_gcm(&[0; 16], OBJECT))).err(),
        Some(OpenError::UnusableKey { provider: aesgcm, key_name: "3".into() })
    );
    assert_eq!(
        open(&ring, b"k8s:enc:rot13:v1:1:x").err(),
        Some(OpenError::UnknownProvider { provider: "rot13".into(), version: "v1".into() })
    );
    assert_eq!(
        open(&ring, b"k8s:enc:aescbc:v2:1:x").err(),
        Some(OpenError::UnknownProvider { provider: "aescbc".into(), version: "v2".into() })
    );
}

#[test]
fn a_huge_name_does_not_become_a_huge_error() {
    let ring = keyring(&[("aescbc", "1", &KEY)]);
    let Some(OpenError::NoKey { key_name, .. }) =
        open(&ring, &value(&format!("k8s:enc:aescbc:v1:{}:", "é".repeat(1 << 20)), &[0; 32])).err()
    else {
        panic!()
    };
    assert_eq!(key_name.chars().count(), 257);
}

#[test]
fn kms_values_name_the_outside_key() {
    let mut ring = keyring(&[("aescbc", "1", &KEY)]);
    ring.add(EncryptionConfig::parse(br#"{"resources":[{"resources":["secrets"],"providers":[{"kms":{"name":"1_secrets","endpoint":"unix:///x","apiVersion":"v2"}},{"identity":{}}]}]}"#).unwrap());
    // EncryptedObject{1: "data5", 2: "vault-key-7", 3: "dek", 4: {"a.example": "v"}, 5: 1}, by hand
    let v2 = b"\x0a\x05data5\x12\x0bvault-key-7\x1a\x03dek\x22\x0e\x0a\x09a.example\x12\x01v\x28\x01";
    let envelope = KmsEnvelope::V2 {
        key_id: "vault-key-7".into(),
        encrypted_dek: 3,
        payload: 5,
        dek_source: 1,
        annotations: vec!["a.example".into()],
    };
    assert_eq!(
        open(&ring, &value("k8s:enc:kms:v2:1_secrets:", v2)).err(),
        Some(OpenError::Kms { plugin: "1_secrets".into(), configured: true, envelope: envelope.clone() })
    );
    assert_eq!(
        open(&ring, &value("k8s:enc:kms:v2:other:", v2)).err(),
        Some(OpenError::Kms { plugin: "other".into(), configured: false, envelope })
    );
    let v1 = open(&ring, b"k8s:enc:kms:v1:p:\0\x03dekpayload").err();
    assert_eq!(
        v1,
        Some(OpenError::Kms {
            plugin: "p".into(),
            configured: false,
            envelope: KmsEnvelope::V1 { encrypted_dek: 3, payload: 7 }
        })
    );
    for broken in [
        &b"k8s:enc:kms:v1:p:\0"[..],
        b"k8s:enc:kms:v1:p:\0\x09dek",
        b"k8s:enc:kms:v2:p:\x0a\x7f",
        b"k8s:enc:kms:v2:p:\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
        b"k8s:enc:kms:v2:p:\x10\x01",
    ] {
        assert!(matches!(open(&ring, broken), Err(OpenError::KmsEnvelope { .. })), "{broken:?}");
    }
}
