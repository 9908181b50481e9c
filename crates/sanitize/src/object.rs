//! One object, text by text.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kube_objects::{Change, Edit, Leaf, Place, StorageKey, check_structure, rewrite};

use crate::rule::Rule;
use crate::{Aside, Cleaned, REDACTED, detect};

/// Annotations that repeat an object, or its token, as text.
const REVEALING: [&str; 2] = ["kubectl.kubernetes.io/last-applied-configuration", "openshift.io/token-secret.value"];

/// What is left of an object; `None` where it cannot be read, or lies among Secrets and is none.
pub(crate) fn clean(key: &[u8], opened: &[u8], aside: &mut Aside<'_>) -> Option<Cleaned> {
    let parsed = StorageKey::parse(key);
    let identity = check_structure(opened).ok()?;
    if (parsed.group, parsed.resource) == (b"", b"secrets") && *identity.kind != *b"Secret" {
        return None;
    }
    let mut cleaner = Cleaner { aside, rules: BTreeMap::new() };
    let value = rewrite(opened, &mut cleaner).ok()??;
    Some(Cleaned { value, rules: cleaner.rules })
}

struct Cleaner<'c, 'a> {
    aside: &'c mut Aside<'a>,
    rules: BTreeMap<Rule, u64>,
}

impl Cleaner<'_, '_> {
    fn taken(&mut self, rule: Rule, bytes: &[u8], change: Change) -> Change {
        if bytes.is_empty() && change != Change::Drop {
            return Change::Keep;
        }
        *self.rules.entry(rule).or_default() += 1;
        self.aside.take(bytes);
        change
    }

    fn redacted(&mut self, rule: Rule, bytes: &[u8]) -> Change {
        self.taken(rule, bytes, Change::Replace(REDACTED.to_vec()))
    }

    /// What a place says of itself, before anybody reads the text.
    fn by_place(&mut self, place: &Place<'_>, bytes: &[u8]) -> Option<Change> {
        let path: Vec<&str> = place.path.iter().map(String::as_str).collect();
        let last = path.last().copied().unwrap_or_default();
        Some(match (place.kind, &path[..]) {
            // the storage key says it, too
            (_, ["metadata", "name" | "namespace"]) | (_, ["kind" | "apiVersion"]) => Change::Keep,
            ("Secret", ["data" | "stringData", ..]) => {
                if let Ok(opened) = STANDARD.decode(bytes) {
                    self.aside.take(&opened);
                }
                self.taken(Rule::SecretData, bytes, Change::Replace(Vec::new()))
            }
            (_, ["metadata", "annotations", name]) if REVEALING.contains(name) => {
                self.taken(Rule::Annotation, bytes, Change::Drop)
            }
            ("MachineConfig", [.., "contents", "source"]) => self.redacted(Rule::FileContents, bytes),
            ("Route", ["spec", "tls", "key"]) => self.redacted(Rule::PrivateKey, bytes),
            ("Template" | "TemplateInstance", [.., "parameters", "value"]) => self.redacted(Rule::Parameter, bytes),
            (_, [.., "value"]) if place.name.is_some_and(detect::is_secret_name) => {
                self.redacted(Rule::SecretName, bytes)
            }
            // a token in an OAuthClient is a field, in a ConfigMap an entry
            _ if detect::is_secret_name(last) => self.redacted(Rule::SecretName, bytes),
            _ => return None,
        })
    }

    fn by_text(&mut self, text: &[u8]) -> Change {
        let Ok(readable) = std::str::from_utf8(text) else { return self.redacted(Rule::Binary, text) };
        if let Some(found) = detect::find(readable) {
            self.aside.take(found.secret.as_bytes());
            return self.redacted(found.rule, text);
        }
        if (self.aside.repeats)(text) {
            *self.rules.entry(Rule::Repeated).or_default() += 1;
            return Change::Replace(REDACTED.to_vec());
        }
        Change::Keep
    }
}

impl Edit for Cleaner<'_, '_> {
    fn enters(&mut self, place: &Place<'_>) -> bool {
        let stays = !matches!(place.path, [metadata, managed] if metadata == "metadata" && managed == "managedFields");
        if !stays {
            *self.rules.entry(Rule::ManagedFields).or_default() += 1;
        }
        stays
    }

    fn leaf(&mut self, place: &Place<'_>, leaf: Leaf<'_>) -> Change {
        match leaf {
            Leaf::Unknown(bytes) => self.taken(Rule::UnknownField, bytes, Change::Drop),
            Leaf::Text(bytes) | Leaf::Bytes(bytes) => match self.by_place(place, bytes) {
                Some(change) => change,
                None => self.by_text(bytes),
            },
        }
    }
}
