//! What keys a tarball holds: the facts of two libraries put side by side, without a secret.
//!
//! `keys ls`, `keys split`, `inspect` and `verify` all tell of it from here.

use std::collections::{BTreeMap, HashSet};

use encryption_config::{Asked, EncryptionConfig, Fingerprints, Key, KeyUse, Problem, ProviderKind, State};
use static_resources::{Class, Digest, Fingerprint, KnownBy, Material, MemberPath, StaticResources};

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
    /// Its fingerprint; none for a placeholder, an unusable key, or one that was left out.
    pub fingerprint: Option<String>,
    /// The run had computed as many fingerprints as its budget allows: see [`Fingerprints`].
    pub left_out: bool,
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
    /// As [`KeyFact::left_out`].
    pub left_out: bool,
}

impl KeyFact {
    /// Such as `aescbc-256`.
    pub fn algorithm(&self) -> String {
        self.bits.map_or_else(|| self.provider.to_string(), |bits| format!("{}-{bits}", self.provider))
    }
}

impl ConfigFacts {
    /// What a configuration says; `prints` are the fingerprints of the run, so that keys which stand in several files cost once.
    pub fn of(config: &EncryptionConfig, prints: &Fingerprints) -> Self {
        let (mut keys, mut seen) = (Vec::new(), HashSet::new());
        for (provider, key) in config.keys() {
            let (fingerprint, left_out) = asked(key, prints);
            let fact = KeyFact {
                provider,
                name: key.name().to_owned(),
                bits: key.bits(),
                fingerprint,
                left_out,
                bookkeeping: key.is_bookkeeping(),
            };
            if seen.insert((provider, fact.name.clone(), fact.bits, fact.fingerprint.clone(), fact.bookkeeping)) {
                keys.push(fact);
            }
        }
        let resources = config.states().into_iter().map(|state| ResourceFact {
            resource: state.resource.to_string(),
            writer: state.writer.as_ref().map(|used| use_fact(used, prints)),
            readers: state.readers.iter().map(|used| use_fact(used, prints)).collect(),
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
        let left_out = self.keys.iter().filter(|key| key.left_out).count();
        let given = self.keys.iter().filter(|key| key.fingerprint.is_some()).count();
        (left_out > 0).then(|| {
            format!(
                "only {given} of its keys were given a fingerprint, {left_out} were not: a run makes {}",
                Fingerprints::BUDGET
            )
        })
    }
}

/// The fingerprint of a key, and whether it was left out.
fn asked(key: &Key, prints: &Fingerprints) -> (Option<String>, bool) {
    match prints.of(key) {
        Asked::Known(fingerprint) => (Some(format!("scrypt:{fingerprint}")), false),
        Asked::Nothing => (None, false),
        Asked::LeftOut => (None, true),
    }
}

fn use_fact(used: &KeyUse<'_>, prints: &Fingerprints) -> UseFact {
    let (fingerprint, left_out) = if let KeyUse::Key { key, .. } = used { asked(key, prints) } else { (None, false) };
    let name = Some(used.name().to_owned()).filter(|name| !name.is_empty());
    UseFact { provider: used.provider(), name, fingerprint, left_out }
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
    /// As [`KeyFact::left_out`].
    pub left_out: bool,
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
            left_out: false,
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
            left_out: key.left_out,
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
            left_out: false,
            not_after: certificate.not_after_rfc3339(),
            subject: Some(certificate.subject.clone()),
            known_by: KnownBy::Content,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(numbers: std::ops::Range<u32>) -> EncryptionConfig {
        let keys: Vec<String> = numbers
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
        EncryptionConfig::parse(text.as_bytes()).unwrap()
    }

    fn marked(facts: &ConfigFacts) -> usize {
        facts.keys.iter().filter(|key| key.fingerprint.is_some()).count()
    }

    #[test]
    fn many_keys_do_not_cost_many_fingerprints() {
        let prints = Fingerprints::new(3);
        let facts = ConfigFacts::of(&config(1..301), &prints);
        assert_eq!((facts.keys.len(), marked(&facts), prints.computed()), (300, 3, 3));
        assert!(facts.limit_words().unwrap().starts_with("only 3 of its keys were given a fingerprint, 297 were not"));
        // what was computed is used wherever the key occurs, however late
        let resource = facts.resources.first().unwrap();
        assert_eq!(resource.writer.as_ref().unwrap().fingerprint, facts.keys[0].fingerprint);
        assert_eq!(resource.readers[0].fingerprint, facts.keys[1].fingerprint);
        let last = &resource.readers[298];
        assert_eq!((&last.fingerprint, last.left_out), (&None, true));
    }

    #[test]
    fn a_run_has_one_budget_and_a_key_costs_once_in_it() {
        let prints = Fingerprints::new(3);
        for again in 0..50 {
            let facts = ConfigFacts::of(&config(1..3), &prints);
            assert_eq!((marked(&facts), prints.computed(), facts.limit_words()), (2, 2, None), "{again}");
        }
        // the next file's keys share what is left, and the first one's are still known
        let facts = ConfigFacts::of(&config(2..6), &prints);
        assert_eq!((marked(&facts), prints.computed()), (2, 3));
        let left_out: Vec<bool> = facts.keys.iter().map(|key| key.left_out).collect();
        assert_eq!(left_out, [false, false, true, true]);
        assert!(facts.keys.iter().all(|key| key.bits == Some(128)), "what has no fingerprint is a key all the same");
    }
}
