//! What keys a tarball holds: the facts of two libraries put side by side, without a secret.
//!
//! `keys ls`, `keys split`, `inspect` and `verify` all tell of it from here.

use std::collections::BTreeMap;

use encryption_config::{EncryptionConfig, Key, KeyUse, Problem, ProviderKind, State};
use static_resources::{Class, Digest, Fingerprint, KnownBy, Material, MemberPath, StaticResources};

/// A fingerprint costs a tenth of a second on purpose; no real configuration has so many keys.
pub const FINGERPRINTS: usize = 32;

/// What an encryption configuration says, its key bytes left behind.
#[derive(Debug)]
pub struct ConfigFacts {
    /// Its keys, each once.
    pub keys: Vec<KeyFact>,
    /// What it means for each resource, in the order of the file.
    pub resources: Vec<ResourceFact>,
    /// What is wrong with it.
    pub problems: Vec<Problem>,
    /// Whether any of its keys could open a value.
    pub has_material: bool,
}

/// A key, by all that may be said of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyFact {
    /// Which cipher.
    pub provider: ProviderKind,
    /// The name in the prefix of its values.
    pub name: String,
    /// Its length, if its bytes can be used at all.
    pub bits: Option<usize>,
    /// Its fingerprint; none for a placeholder, an unusable key, or one beyond [`FINGERPRINTS`].
    pub fingerprint: Option<String>,
    /// The placeholder by which OpenShift remembers a time of plaintext; no key at all.
    pub bookkeeping: bool,
}

/// What writes and reads one resource.
#[derive(Debug)]
pub struct ResourceFact {
    /// The resource or wildcard.
    pub resource: String,
    /// What writes new values.
    pub writer: Option<UseFact>,
    /// What else reads.
    pub readers: Vec<UseFact>,
    /// What the order means.
    pub state: State,
    /// Whether the cipher was changed.
    pub mode_change: bool,
}

/// A provider with its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UseFact {
    /// The provider.
    pub provider: ProviderKind,
    /// The key's or plugin's name; none for plaintext.
    pub name: Option<String>,
    /// The key's fingerprint.
    pub fingerprint: Option<String>,
}

impl KeyFact {
    /// Such as `aescbc-256`.
    pub fn algorithm(&self) -> String {
        self.bits.map_or_else(|| self.provider.to_string(), |bits| format!("{}-{bits}", self.provider))
    }

    /// Whether it would have a fingerprint, had there not been so many before it.
    pub fn is_beyond_limit(&self) -> bool {
        self.bits.is_some() && !self.bookkeeping && self.fingerprint.is_none()
    }
}

impl ConfigFacts {
    /// What a configuration says.
    pub fn of(config: &EncryptionConfig) -> Self {
        let mut known = Fingerprints(0);
        let mut keys: Vec<KeyFact> = Vec::new();
        for (provider, key) in config.keys() {
            let fact = KeyFact {
                provider,
                name: key.name().to_owned(),
                bits: key.bits(),
                fingerprint: known.of(key),
                bookkeeping: key.is_bookkeeping(),
            };
            if !keys.contains(&fact) {
                keys.push(fact);
            }
        }
        let resources = config.states().into_iter().map(|state| ResourceFact {
            resource: state.resource.to_string(),
            writer: state.writer.as_ref().map(|used| known.used(used)),
            readers: state.readers.iter().map(|used| known.used(used)).collect(),
            state: state.state,
            mode_change: state.mode_change,
        });
        let resources = resources.collect();
        Self { keys, resources, has_material: config.has_key_material(), problems: config.problems.clone() }
    }

    /// Its keys, placeholders left out.
    pub fn real_keys(&self) -> impl Iterator<Item = &KeyFact> {
        self.keys.iter().filter(|key| !key.bookkeeping)
    }

    /// What to say if some keys were not given a fingerprint.
    pub fn limit_words(&self) -> Option<String> {
        let beyond = self.keys.iter().filter(|key| key.is_beyond_limit()).count();
        (beyond > 0).then(|| format!("only {FINGERPRINTS} of its keys were given a fingerprint, {beyond} were not"))
    }
}

/// How many fingerprints were computed so far; the same bytes cost once.
struct Fingerprints(usize);

impl Fingerprints {
    fn of(&mut self, key: &Key) -> Option<String> {
        let mut fingerprint = key.known_fingerprint();
        if fingerprint.is_none() && self.0 < FINGERPRINTS {
            fingerprint = key.fingerprint();
            self.0 += usize::from(fingerprint.is_some());
        }
        fingerprint.map(|fingerprint| format!("scrypt:{fingerprint}"))
    }

    fn used(&mut self, used: &KeyUse<'_>) -> UseFact {
        let fingerprint = if let KeyUse::Key { key, .. } = used { self.of(key) } else { None };
        let name = Some(used.name().to_owned()).filter(|name| !name.is_empty());
        UseFact { provider: used.provider(), name, fingerprint }
    }
}

/// One piece of key material, or a public key or certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The member.
    pub path: MemberPath,
    /// Its class.
    pub class: Class,
    /// Such as `RSA-2048`, `JWT RS256` or `aescbc-256`.
    pub algorithm: Option<String>,
    /// The name of an encryption key.
    pub key_name: Option<String>,
    /// A public name for it.
    pub fingerprint: Option<String>,
    /// When it, or the certificate that belongs to it, expires; RFC 3339.
    pub not_after: Option<String>,
    /// Whom a token or certificate speaks for.
    pub subject: Option<String>,
    /// What told.
    pub known_by: KnownBy,
}

/// Every piece of key material and public key, in the archive's order. A configuration whose keys are known gives a row
/// for each key, a private key the end of the certificate it belongs to.
pub fn rows<'f>(resources: &StaticResources, keys_in: impl Fn(&MemberPath) -> Vec<&'f KeyFact>) -> Vec<Row> {
    let expiry = expiry_of_keys(resources);
    let mut rows = Vec::new();
    for material in &resources.material {
        let keys = if material.class == Class::EncryptionConfig { keys_in(&material.member) } else { Vec::new() };
        if keys.is_empty() {
            rows.push(Row::of(material, &expiry));
        } else if !rows.iter().any(|row: &Row| row.class == Class::EncryptionConfig && row.path == material.member) {
            rows.extend(keys.into_iter().map(|key| Row::of_key(material, key)));
        }
    }
    rows
}

/// Every certificate, in the archive's order.
pub fn certificate_rows(resources: &StaticResources) -> impl Iterator<Item = Row> {
    resources.certificates.iter().map(Row::of_certificate)
}

/// The end of validity of the certificate that belongs to a private key; the last of several.
fn expiry_of_keys(resources: &StaticResources) -> BTreeMap<[u8; 32], String> {
    let mut ends: BTreeMap<[u8; 32], (i64, String)> = BTreeMap::new();
    for certificate in &resources.certificates {
        let Some(end) = certificate.not_after_rfc3339() else { continue };
        let entry = ends.entry(certificate.public_key.0).or_insert((i64::MIN, String::new()));
        if certificate.not_after > entry.0 {
            *entry = (certificate.not_after, end);
        }
    }
    ends.into_iter().map(|(key, (_, end))| (key, end)).collect()
}

impl Row {
    fn of(material: &Material, expiry: &BTreeMap<[u8; 32], String>) -> Self {
        let end = match material.fingerprint {
            Some(Fingerprint::PublicKey(Digest(key))) => expiry.get(&key).cloned(),
            _ => None,
        };
        Self {
            path: material.member.clone(),
            class: material.class,
            algorithm: material.algorithm.clone(),
            key_name: None,
            fingerprint: material.fingerprint.map(|fingerprint| fingerprint.to_string()),
            not_after: material.not_after.clone().or(end),
            subject: material.subject.clone(),
            known_by: material.known_by,
        }
    }

    fn of_key(material: &Material, key: &KeyFact) -> Self {
        Self {
            path: material.member.clone(),
            class: material.class,
            algorithm: Some(key.algorithm()),
            key_name: Some(key.name.clone()),
            fingerprint: key.fingerprint.clone(),
            not_after: None,
            subject: None,
            known_by: material.known_by,
        }
    }

    fn of_certificate(certificate: &static_resources::Certificate) -> Self {
        Self {
            path: certificate.member.clone(),
            class: Class::Certificate,
            algorithm: Some(certificate.key_algorithm.clone()),
            key_name: None,
            fingerprint: Some(format!("spki-sha256:{}", certificate.public_key)),
            not_after: certificate.not_after_rfc3339(),
            subject: Some(certificate.subject.clone()),
            known_by: KnownBy::Content,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_keys_do_not_cost_many_fingerprints() {
        let keys: Vec<String> = (1..=300_u32)
            .map(|number| {
                let bytes: Vec<u8> = number.to_be_bytes().repeat(4);
                let secret = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, bytes);
                format!(r#"{{"name":"{number}","secret":"{secret}"}}"#)
            })
            .collect();
        let text = format!(
            r#"{{"kind":"EncryptionConfiguration","apiVersion":"apiserver.config.k8s.io/v1","resources":[{{"resources":["secrets"],"providers":[{{"aescbc":{{"keys":[{}]}}}},{{"identity":{{}}}}]}}]}}"#,
            keys.join(",")
        );
        let config = EncryptionConfig::parse(text.as_bytes()).unwrap();
        let facts = ConfigFacts::of(&config);
        let marked = |keys: &[KeyFact]| keys.iter().filter(|key| key.fingerprint.is_some()).count();
        assert_eq!((facts.keys.len(), marked(&facts.keys)), (300, FINGERPRINTS));
        assert_eq!(facts.limit_words().unwrap(), "only 32 of its keys were given a fingerprint, 268 were not");
        // what was computed is used wherever the key occurs, however late
        let resource = facts.resources.first().unwrap();
        assert_eq!(resource.writer.as_ref().unwrap().fingerprint, facts.keys[0].fingerprint);
        assert_eq!(resource.readers[0].fingerprint, facts.keys[1].fingerprint);
        assert_eq!(resource.readers[298].fingerprint, None);
    }
}
