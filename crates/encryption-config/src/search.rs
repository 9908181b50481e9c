//! Configurations wherever they stand in a document, and keys without a name.
//!
//! Others than OpenShift keep the configuration of an API server inside something else: a Secret or a list of them, the
//! state of a cluster (RKE's `cluster.rkestate`), the files of a server packed into one document (k3s), the configuration
//! of a machine, which has the key alone (Talos). It is known by what it says, not by where it stands.
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

use crate::config::{EncryptionConfig, Format, GroupResource, Provider, ResourceProviders};
use crate::key::{Key, Material};
use crate::kind::ProviderKind;
use crate::node::{Node, Text};
use crate::parse::{self, Limits, ParseError};

/// What the kind of every configuration begins with.
const KIND: &str = "EncryptionConfig";
/// Documents in documents: a configuration in a Secret in a list in a file.
const DEPTH: usize = 4;
/// Configurations of one file.
const MOST: usize = 64;
/// Text that cannot hold a configuration is not decoded.
const SHORTEST: usize = 80;
/// The fields in which Talos keeps keys, with the provider and the name under which it writes them.
const TALOS: [(&str, ProviderKind, &str); 2] = [
    ("secretboxencryptionsecret", ProviderKind::SecretBox, "key2"),
    ("aescbcencryptionsecret", ProviderKind::AesCbc, "key1"),
];

impl Limits {
    /// For documents that hold a configuration among other things.
    #[must_use]
    pub fn of_holders() -> Self {
        Self { bytes: 8 << 20, nodes: 200_000, depth: 48, problems: 1_000 }
    }
}

impl EncryptionConfig {
    /// Every configuration that a document holds, JSON or YAML (also several documents of YAML), each once and in the
    /// order in which they stand: the document itself, what is nested in it, what a text of it holds as it is or in base64,
    /// and what Talos makes of the keys in its own configuration.
    ///
    /// # Errors
    /// [`ParseError`] where the document cannot be read, or is larger than the caps; none is found in another, which is
    /// no error.
    pub fn find_all(bytes: &[u8], limits: &Limits) -> Result<Vec<Self>, ParseError> {
        if bytes.len() > limits.bytes {
            return Err(ParseError::TooLarge { got: bytes.len(), limit: limits.bytes });
        }
        let text = std::str::from_utf8(bytes).map_err(|error| ParseError::NotText { offset: error.valid_up_to() })?;
        let mut search = Search { limits, found: Vec::new() };
        search.text(text.strip_prefix('\u{feff}').unwrap_or(text), DEPTH)?;
        Ok(search.found)
    }

    /// The keys that a file may be, which holds nothing else: 16, 24 or 32 bytes as they are, in base64, or in hexadecimal
    /// digits. `None` where it is none. What they are for is not known; [`EncryptionConfig::assigned`] says it.
    #[must_use]
    pub fn of_bare(bytes: &[u8]) -> Option<Self> {
        let mut keys: Vec<Zeroizing<Vec<u8>>> = Vec::new();
        if let Ok(text) = std::str::from_utf8(bytes) {
            let text = text.trim();
            keys.extend(hexadecimal(text));
            keys.extend(base64(text));
        }
        if is_key(bytes) {
            keys.push(Zeroizing::new(bytes.to_vec()));
        }
        keys.retain(|key| is_key(key) && key.iter().any(|byte| Some(byte) != key.first()));
        let bare: Vec<Key> =
            keys.into_iter().map(|key| Key::new(String::new(), Some(Arc::new(Material::new(key))), false)).collect();
        (!bare.is_empty()).then(|| Self { bare, ..Self::empty(Format::Yaml) })
    }

    /// For each key without a name a configuration that has it under this name, for these resources.
    #[must_use]
    pub fn assigned(&self, provider: ProviderKind, name: &str, resources: &[GroupResource]) -> Vec<Self> {
        let configs = self.bare.iter().filter_map(|key| {
            let keys = vec![Key::new(name.to_owned(), key.opening_material().cloned(), false)];
            let provider = Provider::of_keys(provider, keys)?;
            let entry = ResourceProviders { resources: resources.to_vec(), providers: vec![provider] };
            Some(Self { entries: vec![entry], from: self.from.clone(), ..Self::empty(self.format) })
        });
        configs.collect()
    }

    pub(crate) fn empty(format: Format) -> Self {
        let (entries, problems, bare) = (Vec::new(), Vec::new(), Vec::new());
        Self { format, api_version: None, entries, problems, from: None, bare, token: None }
    }

    /// Whether both say the same of the same keys.
    fn is_same(&self, other: &Self) -> bool {
        let alike = |(one, other): (&ResourceProviders, &ResourceProviders)| {
            let kinds = |entry: &ResourceProviders| entry.providers.iter().map(Provider::kind).collect::<Vec<_>>();
            one.resources == other.resources && kinds(one) == kinds(other)
        };
        let (keys, others): (Vec<_>, Vec<_>) = (self.keys().collect(), other.keys().collect());
        let same = |(one, other): (&(ProviderKind, &Key), &(ProviderKind, &Key))| {
            one.0 == other.0 && one.1.name() == other.1.name() && one.1.same_material(other.1)
        };
        self.entries.len() == other.entries.len()
            && self.entries.iter().zip(&other.entries).all(alike)
            && keys.len() == others.len()
            && keys.iter().zip(&others).all(same)
    }
}

impl Provider {
    /// A provider of keys; `None` for one that takes none.
    fn of_keys(kind: ProviderKind, keys: Vec<Key>) -> Option<Self> {
        match kind {
            ProviderKind::AesCbc => Some(Self::AesCbc { keys }),
            ProviderKind::AesGcm => Some(Self::AesGcm { keys }),
            ProviderKind::SecretBox => Some(Self::SecretBox { keys }),
            ProviderKind::Identity | ProviderKind::KmsV1 | ProviderKind::KmsV2 | ProviderKind::Unknown => None,
        }
    }
}

struct Search<'l> {
    limits: &'l Limits,
    found: Vec<EncryptionConfig>,
}

impl Search<'_> {
    /// A text that is one document or several.
    fn text(&mut self, text: &str, depth: usize) -> Result<(), ParseError> {
        if text.trim_start().starts_with('{')
            && let Ok(root) = parse::json(text, self.limits)
        {
            self.node(&root, Format::Json, depth);
            return Ok(());
        }
        let mut outcome = Ok(());
        for document in documents(text).take(MOST) {
            let limits = self.limits;
            if let Err(error) = parse::yaml(document, limits, |root| {
                self.node(root, Format::Yaml, depth);
                Ok(())
            }) {
                outcome = Err(error);
            }
        }
        if self.found.is_empty() { outcome } else { Ok(()) }
    }

    fn node(&mut self, node: &Node<'_>, format: Format, depth: usize) {
        match node {
            Node::Map(fields) if is_configuration(fields) => {
                if let Ok(config) = parse::configuration(node, format, self.limits) {
                    self.take(config);
                }
            }
            Node::Map(fields) => {
                if let Some(config) = of_talos(fields, format) {
                    self.take(config);
                }
                fields.iter().for_each(|(_, value)| self.node(value, format, depth));
            }
            Node::List(items) => items.iter().for_each(|item| self.node(item, format, depth)),
            Node::Text(text) => self.inner(text.as_str(), depth),
            Node::Null | Node::Bool | Node::Number(_) => {}
        }
    }

    /// A text inside a document, which may be a document itself.
    fn inner(&mut self, text: &str, depth: usize) {
        let Some(depth) = depth.checked_sub(1).filter(|_| text.len() >= SHORTEST) else { return };
        if text.contains(KIND) {
            let _ = self.text(text, depth);
        } else if let Some(bytes) = packed(text)
            && let Ok(text) = std::str::from_utf8(&bytes)
            && text.contains(KIND)
        {
            let _ = self.text(text, depth);
        }
    }

    fn take(&mut self, config: EncryptionConfig) {
        if self.found.len() < MOST && !self.found.iter().any(|known| known.is_same(&config)) {
            self.found.push(config);
        }
    }
}

/// The documents of a YAML file.
fn documents(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let end = text.match_indices("\n---").find(|(at, mark)| {
            let after = text.get(at + mark.len()..).unwrap_or_default();
            after.is_empty() || after.starts_with(['\n', '\r', ' '])
        });
        let (document, next) = match end {
            Some((at, mark)) => (text.get(..=at)?, text.get(at + mark.len()..)),
            None => (text, None),
        };
        rest = next;
        Some(document)
    })
    .filter(|document| !document.trim().trim_start_matches("---").trim().is_empty())
}

fn field<'n, 'de>(fields: &'n [(Text<'de>, Node<'de>)], name: &str) -> Option<&'n Node<'de>> {
    fields.iter().rev().find(|(own, _)| own.as_str() == name).map(|(_, value)| value)
}

fn is_configuration(fields: &[(Text<'_>, Node<'_>)]) -> bool {
    let kind = matches!(field(fields, "kind"), Some(Node::Text(kind)) if kind.as_str().starts_with(KIND));
    kind && matches!(field(fields, "resources"), Some(Node::List(_)))
}

/// The configuration that Talos writes for the keys of a machine configuration or a bundle of secrets.
fn of_talos(fields: &[(Text<'_>, Node<'_>)], format: Format) -> Option<EncryptionConfig> {
    let mut providers = Vec::new();
    for (name, kind, key) in TALOS {
        let value = fields.iter().find(|(own, _)| own.as_str().eq_ignore_ascii_case(name)).map(|(_, value)| value);
        let Some(Node::Text(secret)) = value else { continue };
        let Some(bytes) = base64(secret.as_str()).into_iter().find(|bytes| bytes.len() == 32) else { continue };
        let keys = vec![Key::new(key.to_owned(), Some(Arc::new(Material::new(bytes))), false)];
        providers.extend(Provider::of_keys(kind, keys));
    }
    if providers.is_empty() {
        return None;
    }
    providers.push(Provider::Identity);
    let entries = vec![ResourceProviders { resources: vec![GroupResource::parse("secrets")], providers }];
    Some(EncryptionConfig { entries, ..EncryptionConfig::empty(format) })
}

fn is_key(bytes: &[u8]) -> bool {
    matches!(bytes.len(), 16 | 24 | 32)
}

fn hexadecimal(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    if !matches!(text.len(), 32 | 48 | 64) {
        return None;
    }
    let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len() / 2));
    for pair in text.as_bytes().chunks(2) {
        let [high, low] = pair else { return None };
        bytes.push(digit(high)? << 4 | digit(low)?);
    }
    Some(bytes)
}

/// What a short text is in base64, in either alphabet, padded or not.
fn base64(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    const LONGEST: usize = 64;
    if text.len() > LONGEST {
        return None;
    }
    [STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD].iter().find_map(|engine| {
        let mut bytes = Zeroizing::new(vec![0; LONGEST]);
        let length = engine.decode_slice(text, &mut bytes).ok()?;
        bytes.truncate(length);
        Some(bytes)
    })
}

/// What a text is in base64, folded or not.
fn packed(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
    if !text.bytes().all(|byte| letter(byte) || byte.is_ascii_whitespace()) {
        return None;
    }
    let mut letters = Zeroizing::new(Vec::with_capacity(text.len()));
    letters.extend(text.bytes().filter(|byte| !byte.is_ascii_whitespace()));
    let mut bytes = Zeroizing::new(vec![0; base64::decoded_len_estimate(letters.len())]);
    let length = STANDARD.decode_slice(&letters[..], &mut bytes).ok()?;
    bytes.truncate(length);
    Some(bytes)
}
