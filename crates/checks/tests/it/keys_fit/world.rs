//! A backup of a few encrypted objects, to be spoilt.

use std::collections::BTreeMap;

use backup_facts::configuration::{InForce, Why};
use backup_facts::opening::read_keys;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeEncrypt, KeyIvInit};
use encryption_config::{EncryptionConfig, Token};
use snapshot_builder::{Builder, Put};

/// The bytes of the key of that name in the cluster of these tests.
pub(crate) fn key(name: u8) -> [u8; 32] {
    [name; 32]
}

/// What a tarball says of keys.
#[derive(Clone)]
pub(crate) enum Tarball {
    Config(String),
    /// The server token of k3s, instead.
    Token(&'static str),
    NotEncrypted,
    None,
}

#[derive(Clone)]
pub(crate) struct World {
    builder: Builder,
    at: i64,
    keys: BTreeMap<String, (i64, i64)>,
    pub(crate) tarball: Tarball,
}

impl World {
    /// Three objects under key 2, which writes.
    pub(crate) fn sound() -> Self {
        let tarball = Tarball::Config(config(&["configmaps", "secrets"], &[("aescbc", "2", key(2))], false));
        let mut world = Self { builder: Builder::new(), at: 1, keys: BTreeMap::new(), tarball };
        for name in ["a", "b"] {
            world.sealed("secrets", name, 2);
        }
        world.sealed("configmaps", "c", 2);
        world
    }

    /// Stores a value, new or changed.
    pub(crate) fn put(&mut self, etcd_key: &str, value: &[u8]) -> &mut Self {
        self.at += 1;
        let (create, version) = self.keys.entry(etcd_key.to_owned()).or_insert((self.at, 0));
        *version += 1;
        let (key, create, modified, version) = (etcd_key.as_bytes(), *create, self.at, *version);
        self.builder.put(self.at, 0, &Put { key, value, create, modified, version, lease: 0 });
        self
    }

    /// Stores an object of the core group under a key of the cluster.
    pub(crate) fn sealed(&mut self, resource: &str, name: &str, key_name: u8) -> &mut Self {
        let value = seal(&key(key_name), &key_name.to_string(), &object(kind(resource), "ns", name));
        self.put(&format!("/kubernetes.io/{resource}/ns/{name}"), &value)
    }

    /// Stores it as plaintext.
    pub(crate) fn plain(&mut self, resource: &str, name: &str) -> &mut Self {
        self.put(&format!("/kubernetes.io/{resource}/ns/{name}"), &object(kind(resource), "ns", name))
    }

    /// Deletes an object.
    pub(crate) fn deleted(&mut self, resource: &str, name: &str) -> &mut Self {
        self.at += 1;
        self.builder.delete(self.at, 0, &format!("/kubernetes.io/{resource}/ns/{name}"));
        self
    }

    /// Stores a route under a key of openshift-apiserver.
    pub(crate) fn route(&mut self, key_name: u8) -> &mut Self {
        let value = seal(&key(key_name), &key_name.to_string(), &object("Route", "ns", "r"));
        self.put("/openshift.io/routes/ns/r", &value)
    }

    /// Stores a Secret with one entry, sealed with key 2.
    pub(crate) fn secret(&mut self, namespace: &str, name: &str, entry: &str, data: &[u8]) -> &mut Self {
        let value = seal(&key(2), "2", &secret(namespace, name, entry, data));
        self.put(&format!("/kubernetes.io/secrets/{namespace}/{name}"), &value)
    }

    /// Gives kube-apiserver these keys, the first of which writes; plaintext, if nothing else.
    pub(crate) fn with_keys(&mut self, names: &[u8]) -> &mut Self {
        let names: Vec<(String, [u8; 32])> = names.iter().map(|name| (name.to_string(), key(*name))).collect();
        let providers: Vec<_> = names.iter().map(|(name, bytes)| ("aescbc", name.as_str(), *bytes)).collect();
        self.tarball = Tarball::Config(config(&["configmaps", "secrets"], &providers, false));
        self
    }

    pub(crate) fn build(&self) -> Vec<u8> {
        self.builder.build()
    }

    /// The same with a page behind the others that nothing uses: the leaf of `other` that holds `needle`.
    pub(crate) fn build_over(&self, other: &Self, needle: &[u8]) -> Vec<u8> {
        const PAGE: usize = 4096;
        let before = other.builder.pages();
        let holds = |page: &&[u8]| {
            let leaf = page[8..10] == [2, 0] && page[12..16] == [0; 4];
            leaf && page.windows(needle.len()).any(|part| part == needle)
        };
        let mut stale = before.chunks(PAGE).skip(2).find(holds).expect("a leaf with it").to_vec();
        let mut file = self.builder.pages();
        let number = (file.len() / PAGE) as u64;
        stale[..8].copy_from_slice(&number.to_le_bytes());
        file.extend_from_slice(&stale);
        for meta in [16, PAGE + 16] {
            file[meta + 40..meta + 48].copy_from_slice(&(number + 1).to_le_bytes());
            let sum = file[meta..meta + 56]
                .iter()
                .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
            file[meta + 56..meta + 64].copy_from_slice(&sum.to_le_bytes());
        }
        file
    }

    pub(crate) fn held(&self) -> InForce {
        match &self.tarball {
            Tarball::Config(text) => InForce::given(read_keys(text.as_bytes()).unwrap()),
            Tarball::Token(text) => InForce::given(EncryptionConfig::of_token(Token::read(text.as_bytes()).unwrap())),
            Tarball::NotEncrypted => InForce::NotConfigured,
            Tarball::None => InForce::Unknown { why: Why::Absent },
        }
    }
}

fn kind(resource: &str) -> &'static str {
    if resource == "secrets" { "Secret" } else { "ConfigMap" }
}

/// An EncryptionConfiguration as library-go writes it.
pub(crate) fn config(resources: &[&str], keys: &[(&str, &str, [u8; 32])], plaintext_writes: bool) -> String {
    let mut providers: Vec<String> = keys
        .iter()
        .map(|(provider, name, bytes)| {
            format!(r#"{{"{provider}":{{"keys":[{{"name":"{name}","secret":"{}"}}]}}}}"#, STANDARD.encode(bytes))
        })
        .collect();
    providers.insert(if plaintext_writes { 0 } else { providers.len() }, r#"{"identity":{}}"#.to_owned());
    let providers = providers.join(",");
    let entry = |resource: &&str| format!(r#"{{"resources":["{resource}"],"providers":[{providers}]}}"#);
    let entries: Vec<String> = resources.iter().map(entry).collect();
    format!(
        r#"{{"kind":"EncryptionConfiguration","apiVersion":"apiserver.config.k8s.io/v1","resources":[{}]}}"#,
        entries.join(",")
    )
}

/// An aescbc value.
pub(crate) fn seal(key: &[u8; 32], name: &str, plain: &[u8]) -> Vec<u8> {
    seal_with(key, name, plain, *b":iv:0123456789ab")
}

pub(crate) fn seal_with(key: &[u8; 32], name: &str, plain: &[u8], iv: [u8; 16]) -> Vec<u8> {
    let body = cbc::Encryptor::<aes::Aes256>::new(key.into(), &iv.into()).encrypt_padded_vec::<Pkcs7>(plain);
    [format!("k8s:enc:aescbc:v1:{name}:").as_bytes(), &iv, &body].concat()
}

/// A protobuf object with nothing but a head.
pub(crate) fn object(kind: &str, namespace: &str, name: &str) -> Vec<u8> {
    wrapped(kind, &field(1, &[field(1, name.as_bytes()), field(3, namespace.as_bytes())].concat()))
}

/// A Secret with one entry.
pub(crate) fn secret(namespace: &str, name: &str, entry: &str, data: &[u8]) -> Vec<u8> {
    made_secret(namespace, name, entry, data, &[])
}

/// When an object was made, in days after 2026-01-01, as a field of its metadata.
pub(crate) fn made(day: u64) -> Vec<u8> {
    let (mut seconds, mut time) = (1_767_225_600 + day * 86_400, vec![8]);
    while seconds >= 0x80 {
        time.push((seconds & 0x7f) as u8 | 0x80);
        seconds >>= 7;
    }
    time.push(seconds as u8);
    field(8, &time)
}

/// A Pod that was made on that day.
pub(crate) fn made_pod(name: &str, day: u64) -> Vec<u8> {
    wrapped("Pod", &field(1, &[field(1, name.as_bytes()), field(3, b"ns"), made(day)].concat()))
}

/// A Secret with one entry and more metadata.
pub(crate) fn made_secret(namespace: &str, name: &str, entry: &str, data: &[u8], more: &[u8]) -> Vec<u8> {
    let mode = [field(1, b"encryption.apiserver.operator.openshift.io/mode"), field(2, b"aescbc")].concat();
    let meta = [&field(1, name.as_bytes())[..], &field(3, namespace.as_bytes()), more, &field(12, &mode)].concat();
    let data = [field(1, entry.as_bytes()), field(2, data)].concat();
    wrapped("Secret", &[field(1, &meta), field(2, &data)].concat())
}

fn wrapped(kind: &str, raw: &[u8]) -> Vec<u8> {
    let type_meta = [field(1, b"v1"), field(2, kind.as_bytes())].concat();
    [b"k8s\0", &field(1, &type_meta)[..], &field(2, raw)].concat()
}

pub(crate) fn field(number: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![number << 3 | 2];
    let mut length = content.len();
    while length >= 0x80 {
        out.push((length & 0x7f) as u8 | 0x80);
        length >>= 7;
    }
    out.push(length as u8);
    [&out[..], content].concat()
}
