//! Keys as a file holds them: a configuration, or the Secret that a configuration or key lies in.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use encryption_config::{EncryptionConfig, Limits, ParseError};
use etcd_snapshot::Scan;
use kube_objects::{StorageKey, secret_data};
use serde::Deserialize;
use thiserror::Error;
use zeroize::{Zeroize, Zeroizing};

use super::source::ApiServer;

/// Entries of a Secret that hold a whole configuration: OpenShift's, and that of a HyperShift control plane.
const CONFIGS: [&str; 2] = ["encryption-config", "config.yaml"];
/// The entry of a HyperShift AES key Secret.
const AES_KEY: &str = "key";
/// Nothing larger is looked at: a Secret cannot be larger than 1 MiB, base64 adds a third.
const LARGEST: usize = 2 << 20;

/// Why a file holds no keys. No variant repeats a part of the file.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum KeysError {
    /// It is no configuration, and no Secret that holds one.
    #[error(transparent)]
    Config(#[from] ParseError),
    /// It is a Secret without keys that are known.
    #[error("the Secret has none of the entries `encryption-config`, `config.yaml` and `key`")]
    NoEntry,
    /// The data of the Secret is not base64.
    #[error("entry `{entry}` of the Secret is not base64")]
    NotBase64 {
        /// The entry.
        entry: &'static str,
    },
    /// The key of a HyperShift Secret is not one of AES.
    #[error("entry `key` of the Secret has {got} bytes, expected the 32 of an AES-256 key")]
    KeyLength {
        /// Its length.
        got: usize,
    },
}

/// Reads an EncryptionConfiguration (JSON or YAML), or a Secret as `oc get secret -o json` or `-o yaml` prints it that
/// holds one: OpenShift's `encryption-config`, HyperShift's `kas-secret-encryption-config`, or HyperShift's AES key
/// (see [`hypershift_config`]).
///
/// # Errors
/// [`KeysError`] for anything else.
pub fn read_keys(bytes: &[u8]) -> Result<EncryptionConfig, KeysError> {
    let error = match EncryptionConfig::parse(bytes) {
        Ok(config) => return Ok(config),
        Err(error) => error,
    };
    let Some(secret) = Secret::read(bytes) else { return Err(error.into()) };
    for entry in CONFIGS {
        if let Some(text) = secret.data.get(entry) {
            return Ok(EncryptionConfig::parse(&unpack(entry, text)?)?);
        }
    }
    match secret.data.get(AES_KEY) {
        Some(text) => hypershift_config(&unpack(AES_KEY, text)?),
        None => Err(KeysError::NoEntry),
    }
}

/// Every configuration that a file holds, in whatever others keep one: as [`read_keys`] takes it, in a document (several
/// Secrets, RKE's `cluster.rkestate`, a machine configuration of Talos, files of k3s), or a key alone, as it is, in base64
/// or in hexadecimal digits, whose provider and name a snapshot tells.
///
/// # Errors
/// [`KeysError`] where there is none.
pub fn read_all(bytes: &[u8]) -> Result<Vec<EncryptionConfig>, KeysError> {
    if bytes.len() == 32 {
        // 32 bytes and nothing else: no configuration is so short
        let named = hypershift_config(bytes)?;
        return Ok(std::iter::once(named).chain(EncryptionConfig::of_bare(bytes)).collect());
    }
    let error = match read_keys(bytes) {
        Ok(config) => return Ok(vec![config]),
        Err(error) => error,
    };
    match EncryptionConfig::find_all(bytes, &Limits::of_holders()) {
        Ok(found) if !found.is_empty() => Ok(found),
        _ => EncryptionConfig::of_bare(bytes).map(|bare| vec![bare]).ok_or(error),
    }
}

/// The configurations and AES keys of hosted control planes that the live Secrets of a management cluster's snapshot hold,
/// each with the Secret that it lies in. Secrets that are encrypted stay closed.
#[must_use]
pub fn read_hosted(scan: &Scan<'_>) -> Vec<EncryptionConfig> {
    const MOST: usize = 64;
    let is_secret = |key: &[u8]| StorageKey::parse(key).resource == b"secrets";
    let mut found = Vec::new();
    for live in scan.store.live().filter(|live| is_secret(live.kv.key)) {
        let entry = |name| secret_data(live.kv.value, name).ok().flatten();
        let config = CONFIGS.iter().filter_map(|name| EncryptionConfig::parse(entry(name)?).ok()).next();
        let config = config.filter(EncryptionConfig::has_key_material);
        let config = config.or_else(|| hypershift_config(entry(AES_KEY).filter(|key| key.len() == 32)?).ok());
        if let Some(mut config) = config {
            config.from = Some(String::from_utf8_lossy(live.kv.key).into_owned());
            found.push(config);
        }
        if found.len() >= MOST {
            break;
        }
    }
    found
}

/// The configuration that HyperShift makes of an AES key: provider `aescbc`, the key named `key-<n>` after the 32-bit
/// FNV-1 of its bytes, for every resource that OpenShift encrypts.
///
/// # Errors
/// [`KeysError::KeyLength`] for a key that is not of 32 bytes, the only length HyperShift takes.
pub fn hypershift_config(key: &[u8]) -> Result<EncryptionConfig, KeysError> {
    if key.len() != 32 {
        return Err(KeysError::KeyLength { got: key.len() });
    }
    let hash = key.iter().fold(0x811c_9dc5_u32, |hash, byte| hash.wrapping_mul(0x0100_0193) ^ u32::from(*byte));
    let resources: Vec<&str> = ApiServer::ALL.iter().flat_map(|server| server.encrypted_resources()).copied().collect();
    Ok(config_of(&resources, "aescbc", &format!("key-{hash}"), key)?)
}

/// A configuration of one key. Nothing but wiped buffers holds its bytes.
pub(crate) fn config_of(
    resources: &[&str],
    provider: &str,
    name: &str,
    key: &[u8],
) -> Result<EncryptionConfig, ParseError> {
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let resources = resources.iter().map(|resource| quoted(resource)).collect::<Vec<_>>().join(",");
    let (provider, name) = (quoted(provider), quoted(name));
    let mut secret = Zeroizing::new(vec![0; base64::encoded_len(key.len(), true).unwrap_or_default()]);
    let written = STANDARD.encode_slice(key, &mut secret).unwrap_or_default();
    let parts: [&[u8]; 9] = [
        br#"{"kind":"EncryptionConfiguration","apiVersion":"apiserver.config.k8s.io/v1","resources":[{"resources":["#,
        resources.as_bytes(),
        br#"],"providers":[{"#,
        provider.as_bytes(),
        br#":{"keys":[{"name":"#,
        name.as_bytes(),
        br#","secret":""#,
        secret.get(..written).unwrap_or_default(),
        br#""}]}},{"identity":{}}]}]}"#,
    ];
    // one allocation of the right size: growing would leave a copy of the key behind
    let mut json = Zeroizing::new(Vec::with_capacity(parts.iter().map(|part| part.len()).sum()));
    parts.iter().for_each(|part| json.extend_from_slice(part));
    EncryptionConfig::parse(&json)
}

fn unpack(entry: &'static str, text: &Text) -> Result<Zeroizing<Vec<u8>>, KeysError> {
    // kubectl writes one line; people fold it
    let mut letters = Zeroizing::new(Vec::with_capacity(text.0.len()));
    letters.extend(text.0.bytes().filter(|byte| !byte.is_ascii_whitespace()));
    let mut bytes = Zeroizing::new(vec![0; base64::decoded_len_estimate(letters.len())]);
    let length = STANDARD.decode_slice(&letters[..], &mut bytes).map_err(|_| KeysError::NotBase64 { entry })?;
    bytes.truncate(length);
    Ok(bytes)
}

/// A Secret as kubectl prints it.
#[derive(Deserialize)]
struct Secret {
    kind: String,
    #[serde(default)]
    data: std::collections::BTreeMap<String, Text>,
}

/// Text that is wiped on drop.
#[derive(Deserialize)]
#[serde(transparent)]
struct Text(String);

impl Drop for Text {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl Secret {
    fn read(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok().filter(|text| text.len() <= LARGEST)?;
        let read: Option<Self> = serde_json::from_str(text).ok().or_else(|| {
            let budget = serde_saphyr::budget! {
                max_events: 40_000,
                max_nodes: 10_000,
                max_depth: 32,
                flow_nesting_limit: 32,
                max_documents: 1,
                max_aliases: 0,
                max_anchors: 0,
                max_total_scalar_bytes: LARGEST,
                max_merge_keys: 0,
            };
            let options = serde_saphyr::options! { budget: budget, with_snippet: false };
            serde_saphyr::from_str_with_options(text, options).ok()
        });
        read.filter(|secret| secret.kind == "Secret")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: &str = r#"{"kind":"EncryptionConfiguration","apiVersion":"apiserver.config.k8s.io/v1","resources":[
        {"resources":["secrets"],"providers":[{"aescbc":{"keys":[{"name":"7","secret":"MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="}]}},{"identity":{}}]}]}"#;

    fn names(config: &EncryptionConfig) -> Vec<String> {
        config.keys().map(|(provider, key)| format!("{provider}:{}", key.name())).collect()
    }

    fn secret(entry: &str, data: &[u8], yaml: bool) -> String {
        let data = STANDARD.encode(data);
        if yaml {
            format!("apiVersion: v1\ndata:\n  other: eA==\n  {entry}: {data}\nkind: Secret\nmetadata:\n  name: x\n")
        } else {
            format!(r#"{{"apiVersion":"v1","data":{{"{entry}":"{data}"}},"kind":"Secret","metadata":{{"name":"x"}}}}"#)
        }
    }

    #[test]
    fn a_configuration_is_found_bare_and_in_a_secret() {
        assert_eq!(names(&read_keys(CONFIG.as_bytes()).unwrap()), ["aescbc:7"]);
        for yaml in [false, true] {
            for entry in CONFIGS {
                let file = secret(entry, CONFIG.as_bytes(), yaml);
                assert_eq!(names(&read_keys(file.as_bytes()).unwrap()), ["aescbc:7"], "{file}");
            }
        }
    }

    #[test]
    fn a_hypershift_key_gets_the_name_that_hypershift_gives_it() {
        let key = b"01234567890123456789012345678901";
        for yaml in [false, true] {
            let config = read_keys(secret(AES_KEY, key, yaml).as_bytes()).unwrap();
            assert_eq!(config.problems, []);
            let [(_, key)] = &config.keys().collect::<Vec<_>>()[..] else { panic!("one key") };
            assert_eq!(key.naming(), encryption_config::KeyNaming::HyperShift { matches: Some(true) });
            assert_eq!(config.entries[0].resources.len(), 5);
        }
        assert_eq!(hypershift_config(&key[1..]).err(), Some(KeysError::KeyLength { got: 31 }));
    }

    #[test]
    fn what_holds_no_keys_is_told_without_repeating_it() {
        let hostile = "a: &a [x]\nb: *a\nkind: Secret\n";
        for file in ["", "kind: Secret\n", "kind: Secret\ndata: {key: '!!'}\n", "secret-word", hostile, "{\"kind\":3}"]
        {
            let error = read_keys(file.as_bytes()).err().unwrap();
            assert!(!error.to_string().contains("secret-word"), "{error}");
        }
        assert_eq!(read_keys(b"kind: Secret\ndata: {a: eA==}\n").err(), Some(KeysError::NoEntry));
        assert_eq!(read_keys(b"kind: Secret\ndata: {key: '!!'}\n").err(), Some(KeysError::NotBase64 { entry: "key" }));
    }
}
