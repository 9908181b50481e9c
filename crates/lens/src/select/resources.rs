//! Which resources a snapshot has, so that a slip of the pen does not look like an answer.

use std::collections::{BTreeMap, BTreeSet};
use std::mem;
use std::sync::{PoisonError, RwLock};

use bbolt_page::Spread;
use kube_objects::{DecodeOptions, StorageKey, StoredObject, built_in_resources};
use serde_json::Value;

use super::name::ResourceName;
use crate::reader::Reader;

/// How alike a name must be to be held for what was meant; 1 is the same.
const LIKE: f64 = 0.8;
/// What is so much less alike than the best is not named beside it.
const BEHIND: f64 = 0.05;
/// What has no more letters is like too much.
const SHORTEST: usize = 2;
/// So many are named at most.
const MOST_NEAR: usize = 3;

/// A resource that is named and that neither every API server nor the snapshot has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no resource `{name}`: nothing of it is there, nor its definition")]
pub struct UnknownResource {
    /// The resource as it was named, well-known short names in full.
    pub name: String,
    /// What may have been meant, the likeliest first. Some come from the file: escape them before printing.
    pub near: Vec<String>,
}

/// The resources of a snapshot: what occurs in its keys, history and deletions included, and what its definitions
/// (CustomResourceDefinitions) call them.
///
/// A definition that is encrypted or damaged still tells group and plural: they are its key.
#[derive(Debug, Clone, Default)]
pub struct Resources {
    /// Groups by plural.
    occurring: BTreeMap<Vec<u8>, BTreeSet<Vec<u8>>>,
    /// What definitions call their resource besides, by the definition's name: `widgets.example.com`.
    definitions: BTreeMap<Vec<u8>, Vec<String>>,
    /// Texts that name a resource or else are a whole key, and whether there is such a key.
    texts: BTreeMap<Vec<u8>, bool>,
}

impl Resources {
    /// Nothing seen yet; `texts` may turn out to be keys.
    pub(super) fn with_texts(texts: impl Iterator<Item = Vec<u8>>) -> Self {
        Self { texts: texts.map(|text| (text, false)).collect(), ..Self::default() }
    }

    /// Takes a key, and its value where it was put.
    pub fn see(&mut self, key: &[u8], value: Option<&[u8]>) {
        self.see_key(key);
        if let Some((name, value)) = definition(key).zip(value) {
            self.define(name, value);
        }
    }

    /// Takes all keys of a snapshot, the newest value of each definition, and that of one that was deleted.
    /// `progress` gets the bytes looked through.
    pub fn look_through(&mut self, reader: &Reader<'_>, spread: &impl Spread, progress: &(dyn Fn(u64) + Sync)) {
        let seen = RwLock::new(mem::take(self));
        let look = |key: &[u8]| {
            let is_known = seen.read().unwrap_or_else(PoisonError::into_inner).has_seen(key);
            if !is_known {
                seen.write().unwrap_or_else(PoisonError::into_inner).see_key(key);
            }
            definition(key).is_some()
        };
        let mut definitions = BTreeMap::new();
        reader.records(
            |record| look(record.kv.key) && !record.tombstone,
            spread,
            progress,
            |record| {
                definitions.insert(record.kv.key, record.kv.value);
            },
        );
        *self = seen.into_inner().unwrap_or_else(PoisonError::into_inner);
        for (key, value) in definitions {
            self.see(key, Some(value));
        }
    }

    fn has_seen(&self, key: &[u8]) -> bool {
        let parsed = StorageKey::parse(key);
        self.occurring.get(parsed.resource).is_some_and(|groups| groups.contains(parsed.group))
            && (parsed.resource != DEFINITIONS || self.definitions.contains_key(parsed.name))
            && self.texts.get(key).is_none_or(|is_key| *is_key)
    }

    fn see_key(&mut self, key: &[u8]) {
        let parsed = StorageKey::parse(key);
        self.occurring.entry(parsed.resource.to_vec()).or_default().insert(parsed.group.to_vec());
        if let Some(name) = definition(key) {
            self.definitions.entry(name.to_vec()).or_default();
        }
        if let Some(is_key) = self.texts.get_mut(key) {
            *is_key = true;
        }
    }

    fn define(&mut self, name: &[u8], value: &[u8]) {
        let Ok(object) = StoredObject::decode(value, &DecodeOptions::default()) else { return };
        let names = object.json().get("spec").and_then(|spec| spec.get("names"));
        let text = |field: &str| names.and_then(|names| names.get(field)).and_then(Value::as_str);
        let short = names.and_then(|names| names.get("shortNames")).and_then(Value::as_array);
        let words = ["singular", "kind"].into_iter().filter_map(text);
        let words = words.chain(short.into_iter().flatten().filter_map(Value::as_str));
        self.definitions.insert(name.to_vec(), words.map(str::to_ascii_lowercase).collect());
    }

    /// What the definitions call so: group and plural of each.
    pub(super) fn defined(&self, name: &ResourceName) -> Vec<(Vec<u8>, Vec<u8>)> {
        let is_meant = |(plural, group, words): &(&[u8], &[u8], &Vec<String>)| {
            name.is(group, plural) || words.iter().any(|word| name.is_called(group, word))
        };
        let meant = self.definitions().filter(is_meant);
        meant.map(|(plural, group, _)| (group.to_vec(), plural.to_vec())).collect()
    }

    /// Plural, group and other names of what is defined.
    fn definitions(&self) -> impl Iterator<Item = (&[u8], &[u8], &Vec<String>)> {
        self.definitions.iter().filter_map(|(name, words)| {
            let dot = name.iter().position(|byte| *byte == b'.')?;
            Some((name.get(..dot)?, name.get(dot + 1..)?, words))
        })
    }

    /// Whether a key is of a resource.
    pub(super) fn occurs(&self, name: &ResourceName) -> bool {
        self.occurring.iter().any(|(plural, groups)| groups.iter().any(|group| name.is(group, plural)))
    }

    /// Whether a text is a key.
    pub(super) fn is_key(&self, text: &[u8]) -> bool {
        self.texts.get(text).is_some_and(|is_key| *is_key)
    }

    pub(super) fn unknown(&self, name: &ResourceName) -> UnknownResource {
        UnknownResource { name: name.full(), near: self.near(name) }
    }

    /// Names like one that nothing has.
    fn near(&self, name: &ResourceName) -> Vec<String> {
        let full = name.full();
        let mut like: Vec<(f64, String)> = Vec::new();
        for candidate in self.candidates(name.has_group()) {
            let likeness = strsim::jaro_winkler(&candidate, &full);
            if likeness > LIKE && candidate.len() > SHORTEST {
                like.push((likeness, candidate));
            }
        }
        like.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        let best = like.first().map_or(0.0, |(likeness, _)| *likeness);
        let near = like.into_iter().take_while(|(likeness, _)| best - likeness < BEHIND).take(MOST_NEAR);
        near.map(|(_, name)| name).collect()
    }

    /// Everything that could be named, each once, with its group or without.
    fn candidates(&self, with_group: bool) -> BTreeSet<String> {
        let text = |word: &[u8], group: &[u8]| {
            let word = String::from_utf8_lossy(word);
            if with_group && !group.is_empty() {
                format!("{word}.{}", String::from_utf8_lossy(group))
            } else {
                word.into_owned()
            }
        };
        let built_in = built_in_resources().map(|(group, plural)| text(plural.as_bytes(), group.as_bytes()));
        let occurring = self
            .occurring
            .iter()
            .flat_map(|(plural, groups)| groups.iter().filter(|_| !plural.is_empty()).map(|group| text(plural, group)));
        let defined = self.definitions().flat_map(|(plural, group, words)| {
            let words = words.iter().map(move |word| text(word.as_bytes(), group));
            std::iter::once(text(plural, group)).chain(words)
        });
        built_in.chain(occurring).chain(defined).collect()
    }
}

const DEFINITIONS: &[u8] = b"customresourcedefinitions";

/// The name of the definition that a key is of.
fn definition(key: &[u8]) -> Option<&[u8]> {
    let parsed = StorageKey::parse(key);
    ((parsed.group, parsed.resource) == (&b"apiextensions.k8s.io"[..], DEFINITIONS)).then_some(parsed.name)
}
