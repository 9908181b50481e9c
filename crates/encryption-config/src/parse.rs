//! Bytes to configuration: tolerant of what it does not know, exact about where it stands.
use std::cell::Cell;
use std::sync::Arc;

use serde::de::DeserializeSeed;
use serde_saphyr::options::DuplicateKeyPolicy;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::config::{EncryptionConfig, Format, GroupResource, Kms, Provider, ResourceProviders};
use crate::key::{Key, KeyNaming, Material};
use crate::mask::Mask;
use crate::node::{Node, Seed, Text};
use crate::problem::{Problem, ProblemKind};

mod check;
mod kms;
mod secret;

use secret::{Sizes, decode_secret};

/// Caps for [`EncryptionConfig::parse_with`]. Reaching one is an error (for problems: a problem).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the file. A Secret cannot be larger than 1 MiB.
    pub bytes: usize,
    /// Nodes of the document, aliases expanded.
    pub nodes: usize,
    /// Nesting depth.
    pub depth: usize,
    /// Problems listed.
    pub problems: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes: 1 << 20, nodes: 5_000, depth: 32, problems: 1_000 }
    }
}

/// Why a file is no configuration at all. No variant repeats a part of the file.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ParseError {
    /// The file is larger than the cap.
    #[error("encryption config has {got} bytes, more than the cap of {limit}")]
    TooLarge {
        /// Its size.
        got: usize,
        /// The cap.
        limit: usize,
    },
    /// The file is not UTF-8; it may still be encrypted (`k8s:enc:`).
    #[error("encryption config is not UTF-8 text (byte {offset})")]
    NotText {
        /// The first byte that is not UTF-8.
        offset: usize,
    },
    /// Neither JSON nor YAML.
    #[error("encryption config is not valid {}: syntax error in line {line}", if *.format == Format::Json { "JSON" } else { "YAML" })]
    Syntax {
        /// The notation it was read as.
        format: Format,
        /// The line, from 1; 0 if unknown.
        line: u64,
    },
    /// More nodes, after expanding aliases, than the cap.
    #[error("encryption config has more than {limit} nodes")]
    TooManyNodes {
        /// The cap.
        limit: usize,
    },
    /// One of more files than anybody has: it was not read.
    #[error("one of more than {limit} encryption configs, it was not read")]
    TooMany {
        /// So many are read.
        limit: usize,
    },
    /// Valid JSON or YAML, but no EncryptionConfiguration: no `resources` list.
    #[error("not an EncryptionConfiguration: {reason}")]
    NotAConfiguration {
        /// What is missing.
        reason: &'static str,
    },
}

impl EncryptionConfig {
    /// Reads a configuration under the default [`Limits`].
    ///
    /// JSON is read in place. Before YAML is parsed, every run of 20 or more base64 letters is
    /// replaced by a placeholder, so that no key passes through the parser's own buffers and
    /// errors; the tree gets them back in wiped buffers.
    ///
    /// # Errors
    /// See [`ParseError`]. Everything else that is wrong is listed in
    /// [`problems`](EncryptionConfig::problems).
    pub fn parse(bytes: &[u8]) -> Result<Self, ParseError> {
        Self::parse_with(bytes, &Limits::default())
    }

    /// Reads a configuration under the given caps.
    ///
    /// # Errors
    /// As [`EncryptionConfig::parse`].
    pub fn parse_with(bytes: &[u8], limits: &Limits) -> Result<Self, ParseError> {
        if bytes.len() > limits.bytes {
            return Err(ParseError::TooLarge { got: bytes.len(), limit: limits.bytes });
        }
        let text = std::str::from_utf8(bytes).map_err(|error| ParseError::NotText { offset: error.valid_up_to() })?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        if !text.trim_start().starts_with('{') {
            return yaml(text, limits, |root| Reader::new(limits).document(root, Format::Yaml));
        }
        match json(text, limits) {
            Ok(root) => Reader::new(limits).document(&root, Format::Json),
            // flow-style YAML starts with a brace too
            Err(error) => yaml(text, limits, |root| Reader::new(limits).document(root, Format::Yaml))
                .map_err(|as_yaml| if matches!(as_yaml, ParseError::Syntax { .. }) { error } else { as_yaml }),
        }
    }
}

/// Reads a document of the caller's.
pub(crate) fn configuration(root: &Node<'_>, format: Format, limits: &Limits) -> Result<EncryptionConfig, ParseError> {
    Reader::new(limits).document(root, format)
}

pub(crate) fn json<'t>(text: &'t str, limits: &Limits) -> Result<Node<'t>, ParseError> {
    let nodes_left = Cell::new(limits.nodes);
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let seed = Seed { nodes_left: &nodes_left, depth_left: limits.depth };
    let root = seed.deserialize(&mut deserializer).and_then(|root| deserializer.end().map(|()| root));
    // serde_json's message may quote the document: only the line is kept
    root.map_err(|error| match nodes_left.get() {
        0 => ParseError::TooManyNodes { limit: limits.nodes },
        _ => ParseError::Syntax { format: Format::Json, line: u64::try_from(error.line()).unwrap_or(0) },
    })
}

pub(crate) fn yaml<R>(
    text: &str,
    limits: &Limits,
    read: impl FnOnce(&Node<'_>) -> Result<R, ParseError>,
) -> Result<R, ParseError> {
    let (masked, mask) = Mask::apply(text);
    let nodes_left = Cell::new(limits.nodes);
    let seed = Seed { nodes_left: &nodes_left, depth_left: limits.depth };
    let budget = serde_saphyr::budget! {
        max_events: limits.nodes.saturating_mul(4),
        max_nodes: limits.nodes,
        max_depth: limits.depth,
        flow_nesting_limit: limits.depth,
        max_documents: 1,
        max_aliases: 1_000,
        max_anchors: 1_000,
        max_recorded_anchor_events: limits.nodes,
        max_recorded_anchor_bytes: limits.bytes,
        max_total_scalar_bytes: limits.bytes,
        max_merge_keys: 100,
    };
    let options = serde_saphyr::options! {
        budget: budget,
        with_snippet: false,
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: limits.nodes, max_replay_stack_depth: limits.depth },
    };
    let root = serde_saphyr::with_deserializer_from_str_with_options(&masked, options, |deserializer| {
        seed.deserialize(deserializer)
    });
    match root {
        Ok(root) => read(&mask.restore(root)),
        Err(_) if nodes_left.get() == 0 => Err(ParseError::TooManyNodes { limit: limits.nodes }),
        Err(error) => {
            let line = error.location().map_or(0, |location| location.line());
            Err(ParseError::Syntax { format: Format::Yaml, line })
        }
    }
}

type Fields<'f, 'de> = &'f [(Text<'de>, Node<'de>)];

/// Walks the tree and collects problems.
struct Reader {
    problems: Vec<Problem>,
    limit: usize,
    materials: Vec<Arc<Material>>,
    /// Names of the KMS plugins so far.
    plugins: Vec<String>,
}

impl Reader {
    fn new(limits: &Limits) -> Self {
        Self { problems: Vec::new(), limit: limits.problems, materials: Vec::new(), plugins: Vec::new() }
    }

    fn report(&mut self, at: &str, kind: ProblemKind) {
        match self.problems.len().cmp(&self.limit) {
            std::cmp::Ordering::Less => self.problems.push(Problem { at: at.to_owned(), kind }),
            std::cmp::Ordering::Equal => {
                self.problems.push(Problem { at: String::new(), kind: ProblemKind::TooMany { limit: self.limit } });
            }
            std::cmp::Ordering::Greater => {}
        }
    }

    fn document(mut self, root: &Node<'_>, format: Format) -> Result<EncryptionConfig, ParseError> {
        let Node::Map(fields) = root else {
            return Err(ParseError::NotAConfiguration { reason: "the document is not an object" });
        };
        let Some(Node::List(resources)) = last(fields, "resources") else {
            return Err(ParseError::NotAConfiguration { reason: "it has no list `resources`" });
        };
        self.known_fields("", fields, &["kind", "apiVersion", "resources"]);
        let kind = self.text_field("", fields, "kind").unwrap_or_default();
        let api_version = self.text_field("", fields, "apiVersion");
        let version = api_version.clone().unwrap_or_default();
        if !KNOWN.iter().any(|(known, _)| *known == kind) {
            self.report("kind", ProblemKind::Kind { got: kind });
        } else if !KNOWN.contains(&(kind.as_str(), version.as_str())) {
            self.report("apiVersion", ProblemKind::ApiVersion { got: version, kind });
        }
        if resources.is_empty() {
            self.report("", ProblemKind::Missing { name: "resources" });
        }
        let mut entries = Vec::new();
        for (index, node) in resources.iter().enumerate() {
            let at = format!("resources[{index}]");
            if let Some(entry) = self.entry(&at, node) {
                entries.push(entry);
            }
        }
        check::check(&entries, &mut self);
        let problems = self.problems;
        Ok(EncryptionConfig { api_version, entries, problems, ..EncryptionConfig::empty(format) })
    }

    fn entry(&mut self, at: &str, node: &Node<'_>) -> Option<ResourceProviders> {
        let fields = self.map(at, node)?;
        self.known_fields(at, fields, &["resources", "providers"]);
        let resources = self.list_field(at, fields, "resources").unwrap_or_default();
        let mut names = Vec::new();
        for (index, node) in resources.iter().enumerate() {
            let at = format!("{at}.resources[{index}]");
            if let Some(name) = self.text(&at, node) {
                check::check_pattern(&at, &name, self);
                names.push(GroupResource::parse(&name));
            }
        }
        let mut providers = Vec::new();
        for (index, node) in self.list_field(at, fields, "providers").unwrap_or_default().iter().enumerate() {
            self.provider_element(&format!("{at}.providers[{index}]"), node, &mut providers);
        }
        Some(ResourceProviders { resources: names, providers })
    }

    fn provider_element(&mut self, at: &str, node: &Node<'_>, providers: &mut Vec<Provider>) {
        let Some(fields) = self.map(at, node) else {
            return;
        };
        // `null` stands for a field that is not set, as Go's optional pointers do
        let set = || fields.iter().filter(|(_, value)| !matches!(value, Node::Null));
        match set().count() {
            0 => self.report(at, ProblemKind::Missing { name: "provider" }),
            1 => {}
            count => self.report(at, ProblemKind::SeveralProviders { count }),
        }
        for (name, value) in set() {
            let name = name.as_str();
            let at = format!("{at}.{name}");
            match name {
                "identity" => providers.push(Provider::Identity),
                "aescbc" => providers.push(Provider::AesCbc { keys: self.keys(&at, value, Sizes::Aes) }),
                "aesgcm" => providers.push(Provider::AesGcm { keys: self.keys(&at, value, Sizes::AesOrFake) }),
                "secretbox" => providers.push(Provider::SecretBox { keys: self.keys(&at, value, Sizes::SecretBox) }),
                "kms" => providers.extend(self.kms(&at, value).map(Provider::Kms)),
                other => {
                    self.report(&at, ProblemKind::UnknownProvider { name: other.to_owned() });
                    providers.push(Provider::Unknown { name: other.to_owned() });
                }
            }
        }
    }

    fn kms(&mut self, at: &str, node: &Node<'_>) -> Option<Kms> {
        let fields = self.map(at, node)?;
        self.known_fields(at, fields, &["name", "endpoint", "timeout", "apiVersion", "cachesize"]);
        let name = self.text_field(at, fields, "name").unwrap_or_default();
        let version = self.text_field(at, fields, "apiVersion").filter(|version| !version.is_empty());
        let cache =
            if let Some(Node::Number(number)) = last(fields, "cachesize") { Some(number.clone()) } else { None };
        let kms = Kms {
            name,
            endpoint: self.text_field(at, fields, "endpoint"),
            v2: version.as_deref() == Some("v2"),
            timeout: self.text_field(at, fields, "timeout"),
        };
        kms::check(at, &kms, version.as_deref().unwrap_or("v1"), cache.as_deref(), self);
        Some(kms)
    }

    fn keys(&mut self, at: &str, node: &Node<'_>, sizes: Sizes) -> Vec<Key> {
        let Some(fields) = self.map(at, node) else {
            return Vec::new();
        };
        self.known_fields(at, fields, &["keys"]);
        let nodes = self.list_field(at, fields, "keys").unwrap_or_default();
        if nodes.is_empty() {
            self.report(at, ProblemKind::Missing { name: "keys" });
        }
        let indexed = nodes.iter().enumerate();
        indexed.filter_map(|(index, node)| self.key(&format!("{at}.keys[{index}]"), node, sizes)).collect()
    }

    fn key(&mut self, at: &str, node: &Node<'_>, sizes: Sizes) -> Option<Key> {
        let fields = self.map(at, node)?;
        self.known_fields(at, fields, &["name", "secret"]);
        let name = self.text_field(at, fields, "name").unwrap_or_default();
        if name.is_empty() {
            self.report(at, ProblemKind::Missing { name: "name" });
        }
        let bytes = match last(fields, "secret") {
            Some(Node::Text(secret)) if !secret.as_str().is_empty() => {
                let bytes = decode_secret(secret.as_str());
                if bytes.is_none() {
                    self.report(at, ProblemKind::Base64 { key: name.clone() });
                }
                bytes
            }
            None | Some(Node::Null | Node::Text(_)) => {
                self.report(at, ProblemKind::Missing { name: "secret" });
                None
            }
            Some(other) => {
                self.report(at, ProblemKind::Type { expected: "a string", got: other.type_name() });
                None
            }
        };
        let zero = bytes.as_ref().is_some_and(|bytes| bytes.iter().all(|byte| *byte == 0));
        let bookkeeping = zero && sizes == Sizes::AesOrFake && bytes.as_ref().is_some_and(|bytes| bytes.len() == 16);
        if zero && !bookkeeping {
            self.report(at, ProblemKind::ZeroKey { key: name.clone() });
        }
        let usable = bytes.filter(|bytes| {
            let fits = sizes.take(bytes.len());
            if !fits {
                let (key, got, expected) = (name.clone(), bytes.len(), sizes.expected());
                self.report(at, ProblemKind::KeyLength { key, got, expected });
            }
            fits
        });
        let key = Key::new(name, usable.map(|bytes| self.intern(bytes)), bookkeeping);
        if key.naming() == (KeyNaming::HyperShift { matches: Some(false) }) {
            self.report(at, ProblemKind::NameIsNotHash { key: key.name().to_owned() });
        }
        Some(key)
    }

    fn intern(&mut self, bytes: Zeroizing<Vec<u8>>) -> Arc<Material> {
        if let Some(known) = self.materials.iter().find(|known| known.bytes() == bytes.as_slice()) {
            return Arc::clone(known);
        }
        let material = Arc::new(Material::new(bytes));
        self.materials.push(Arc::clone(&material));
        material
    }

    fn map<'n, 'de>(&mut self, at: &str, node: &'n Node<'de>) -> Option<Fields<'n, 'de>> {
        if let Node::Map(fields) = node {
            return Some(fields);
        }
        self.report(at, ProblemKind::Type { expected: "an object", got: node.type_name() });
        None
    }

    fn list_field<'n, 'de>(
        &mut self,
        at: &str,
        fields: Fields<'n, 'de>,
        name: &'static str,
    ) -> Option<&'n [Node<'de>]> {
        match last(fields, name) {
            Some(Node::List(items)) => return Some(items),
            None | Some(Node::Null) => {}
            Some(other) => {
                self.report(&join(at, name), ProblemKind::Type { expected: "a list", got: other.type_name() });
            }
        }
        None
    }

    fn text_field(&mut self, at: &str, fields: Fields<'_, '_>, name: &str) -> Option<String> {
        match last(fields, name) {
            None | Some(Node::Null) => None,
            Some(node) => self.text(&join(at, name), node),
        }
    }

    /// Reads public text. A bare YAML number is taken as it stands, and reported.
    fn text(&mut self, at: &str, node: &Node<'_>) -> Option<String> {
        match node {
            Node::Text(text) => return Some(text.as_str().to_owned()),
            Node::Number(number) => {
                self.report(at, ProblemKind::Type { expected: "a string", got: "a number" });
                return Some(number.clone());
            }
            Node::Null | Node::Bool | Node::List(_) | Node::Map(_) => {}
        }
        self.report(at, ProblemKind::Type { expected: "a string", got: node.type_name() });
        None
    }

    fn known_fields(&mut self, at: &str, fields: Fields<'_, '_>, known: &[&str]) {
        for (index, (name, _)) in fields.iter().enumerate() {
            let name = name.as_str();
            if !known.contains(&name) {
                self.report(at, ProblemKind::UnknownField { name: shorten(name) });
            } else if fields.iter().take(index).any(|(earlier, _)| earlier.as_str() == name) {
                self.report(at, ProblemKind::DuplicateField { name: name.to_owned() });
            }
        }
    }
}

/// What kube-apiserver knows the document by; the second since an error in its documentation.
const KNOWN: [(&str, &str); 2] =
    [("EncryptionConfiguration", "apiserver.config.k8s.io/v1"), ("EncryptionConfig", "v1")];

fn last<'n, 'de>(fields: Fields<'n, 'de>, name: &str) -> Option<&'n Node<'de>> {
    fields.iter().rev().find(|(field, _)| field.as_str() == name).map(|(_, value)| value)
}

fn join(at: &str, name: &str) -> String {
    if at.is_empty() { name.to_owned() } else { format!("{at}.{name}") }
}

/// A field name in a place where a secret may have been pasted by mistake is not repeated.
fn shorten(name: &str) -> String {
    const LONGEST: usize = 18;
    if name.len() <= LONGEST { name.to_owned() } else { format!("<{} bytes>", name.len()) }
}
