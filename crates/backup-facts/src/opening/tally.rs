//! What was counted of one resource, and of one key in it.

use std::collections::BTreeMap;

use encryption_config::{ProviderKind, Standing, StoredValue};
use kube_objects::{ShownKey, StorageKey};
use wording::cut;

use super::failure::{LONGEST, Reason};

/// Resources counted one by one; a hostile store may name millions. The rest is counted under the empty path.
const MOST_RESOURCES: usize = 10_000;
/// Keys of one resource counted one by one. The rest is counted under an empty name.
const MOST_KEYS: usize = 1000;
/// Key IDs of one KMS plugin counted one by one.
const MOST_KEY_IDS: usize = 100;
/// Values named of one reason.
const EXAMPLES: usize = 5;

/// Values of one resource.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ResourceTally {
    /// API group, empty for the core group.
    pub group: String,
    /// Plural as the API calls it.
    pub resource: String,
    /// Live values.
    pub live: u64,
    /// Live values that are not encrypted.
    pub plain: u64,
    /// Values of earlier revisions, and of objects deleted since, that history still holds as plaintext.
    pub past_plain: u64,
    /// Records on pages that nothing uses which hold a value as plaintext.
    pub stale_plain: u64,
    /// Encrypted values by key, older generations first.
    pub keys: Vec<KeyTally>,
}

/// Values of one resource under one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyTally {
    /// The provider.
    pub provider: ProviderKind,
    /// The provider's word and version as they stand in the values, such as `aescbc:v1`; empty where the prefix is
    /// broken.
    pub word: String,
    /// Name of the key, or of the KMS plugin. It is text from values: escape it before printing.
    pub name: String,
    /// What the configuration in use has this key for; `None` where it does not name it for this resource.
    pub standing: Option<Standing>,
    /// Live values.
    pub live: u64,
    /// Those of them that open with the keys in use.
    pub opened: u64,
    /// Those that open only with keys that no restored API server will use by itself.
    pub spare: u64,
    /// Those that were not tried, because a sample was asked for.
    pub untried: u64,
    /// Those that do not open, by reason; the last is no fault: [`Reason::Kms`].
    pub failed: BTreeMap<Reason, Failed>,
    /// Key IDs that KMS v2 envelopes name, with the number of live values.
    pub key_ids: BTreeMap<String, u64>,
    /// Values of earlier revisions, and of objects deleted since.
    pub past: u64,
    /// Records on pages that nothing uses.
    pub stale: u64,
}

/// Values that do not open for one reason.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Failed {
    /// How many.
    pub count: u64,
    /// The first of them by etcd key, as it may be shown.
    pub examples: Vec<Vec<u8>>,
}

/// Which copy of a value a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Era {
    Live,
    Past,
    Stale,
}

/// What became of a value that was tried.
pub(crate) enum Attempt {
    Opened { in_use: bool },
    Failed(Reason),
    Kms { key_id: Option<String> },
}

/// The resources by stored path (`kubernetes.io/secrets`).
pub(crate) type Tallies = BTreeMap<Vec<u8>, ResourceTally>;

impl ResourceTally {
    pub(crate) fn of(key: &StorageKey<'_>) -> Self {
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        Self { group: text(key.group), resource: text(key.resource), ..Self::default() }
    }

    /// The resource as a configuration names it.
    #[must_use]
    pub fn name(&self) -> String {
        if self.group.is_empty() { self.resource.clone() } else { format!("{}.{}", self.resource, self.group) }
    }

    /// Live values that are encrypted.
    #[must_use]
    pub fn encrypted(&self) -> u64 {
        self.live.saturating_sub(self.plain)
    }

    pub(crate) fn count_plain(&mut self, era: Era) {
        match era {
            Era::Live => {
                self.live += 1;
                self.plain += 1;
            }
            Era::Past => self.past_plain += 1,
            Era::Stale => self.stale_plain += 1,
        }
    }

    /// Counts an encrypted value, and gives the place of its key in `keys`. `None` stands for a broken prefix.
    pub(crate) fn count_sealed(&mut self, sealed: Option<&StoredValue<'_>>, era: Era) -> usize {
        let at = self.place_of(sealed);
        if era == Era::Live {
            self.live += 1;
        }
        if let Some(key) = self.keys.get_mut(at) {
            match era {
                Era::Live => key.live += 1,
                Era::Past => key.past += 1,
                Era::Stale => key.stale += 1,
            }
        }
        at
    }

    /// The place of a value's key in `keys`.
    pub(crate) fn place_of(&mut self, sealed: Option<&StoredValue<'_>>) -> usize {
        match sealed {
            Some(StoredValue::Encrypted { kind, provider, version, name, .. }) => {
                self.place(*kind, (provider, version), name)
            }
            _ => self.place(ProviderKind::Unknown, ("", ""), ""),
        }
    }

    fn place(&mut self, provider: ProviderKind, word: (&str, &str), name: &str) -> usize {
        let named = |key: &KeyTally, name: &str| {
            let same_word = provider != ProviderKind::Unknown || key.word == words(word);
            key.provider == provider && key.name == name && same_word
        };
        if let Some(at) = self.keys.iter().position(|key| named(key, name)) {
            return at;
        }
        let name = if self.keys.len() < MOST_KEYS { cut(name, LONGEST) } else { String::new() };
        if let Some(at) = self.keys.iter().position(|key| named(key, &name)) {
            return at;
        }
        self.keys.push(KeyTally::new(provider, words(word), name));
        self.keys.len() - 1
    }

    pub(crate) fn settle(&mut self, at: usize, etcd_key: &[u8], attempt: Attempt) {
        let Some(key) = self.keys.get_mut(at) else { return };
        match attempt {
            Attempt::Opened { in_use: true } => key.opened += 1,
            Attempt::Opened { in_use: false } => key.spare += 1,
            Attempt::Failed(reason) => key.failed.entry(reason).or_default().take(etcd_key),
            Attempt::Kms { key_id } => {
                key.failed.entry(Reason::Kms).or_default().take(etcd_key);
                if let Some(id) = key_id
                    && (key.key_ids.len() < MOST_KEY_IDS || key.key_ids.contains_key(&id))
                {
                    *key.key_ids.entry(id).or_default() += 1;
                }
            }
        }
    }

    pub(crate) fn merge(&mut self, other: Self) {
        self.live += other.live;
        self.plain += other.plain;
        self.past_plain += other.past_plain;
        self.stale_plain += other.stale_plain;
        for key in other.keys {
            let (provider, version) = key.word.split_once(':').unwrap_or((&key.word, ""));
            let at = self.place(key.provider, (provider, version), &key.name);
            if let Some(own) = self.keys.get_mut(at) {
                own.merge(key);
            }
        }
    }

    /// Puts the keys in order, and counts what was not tried.
    pub(crate) fn finish(&mut self) {
        let generation = |key: &KeyTally| (key.name.parse::<u64>().ok(), key.name.clone());
        self.keys.sort_by_cached_key(|key| (generation(key), key.word.clone()));
        for key in &mut self.keys {
            key.untried = key.live.saturating_sub(key.opened + key.spare + key.all_failed());
        }
    }
}

fn words((provider, version): (&str, &str)) -> String {
    if provider.is_empty() && version.is_empty() {
        String::new()
    } else {
        cut(&format!("{provider}:{version}"), LONGEST)
    }
}

impl KeyTally {
    fn new(provider: ProviderKind, word: String, name: String) -> Self {
        let (failed, key_ids) = (BTreeMap::new(), BTreeMap::new());
        let numbers = [0; 6];
        let [live, opened, spare, untried, past, stale] = numbers;
        Self { provider, word, name, standing: None, live, opened, spare, untried, failed, key_ids, past, stale }
    }

    /// Live values that do not open and should: those of a KMS are not among them.
    #[must_use]
    pub fn not_opened(&self) -> u64 {
        self.failed.iter().filter(|(reason, _)| **reason != Reason::Kms).map(|(_, failed)| failed.count).sum()
    }

    fn all_failed(&self) -> u64 {
        self.failed.values().map(|failed| failed.count).sum()
    }

    fn merge(&mut self, other: Self) {
        self.live += other.live;
        self.opened += other.opened;
        self.spare += other.spare;
        self.past += other.past;
        self.stale += other.stale;
        for (reason, failed) in other.failed {
            let own = self.failed.entry(reason).or_default();
            own.count += failed.count;
            own.examples.extend(failed.examples);
            own.examples.sort_unstable();
            own.examples.truncate(EXAMPLES);
        }
        for (id, count) in other.key_ids {
            if self.key_ids.len() < MOST_KEY_IDS || self.key_ids.contains_key(&id) {
                *self.key_ids.entry(id).or_default() += count;
            }
        }
    }
}

impl Failed {
    fn take(&mut self, etcd_key: &[u8]) {
        self.count += 1;
        let shown = || ShownKey::of(etcd_key).into_key().into_owned();
        if self.examples.len() < EXAMPLES {
            self.examples.push(shown());
            self.examples.sort_unstable();
        } else if self.examples.last().is_some_and(|last| etcd_key < last.as_slice()) {
            self.examples.pop();
            self.examples.push(shown());
            self.examples.sort_unstable();
        }
    }
}

/// Adds what was counted of some records.
pub(crate) fn merge(all: &mut Tallies, path: &[u8], tally: ResourceTally) {
    if let Some(own) = all.get_mut(path) {
        own.merge(tally);
    } else if all.len() < MOST_RESOURCES {
        all.insert(path.to_vec(), tally);
    } else {
        all.entry(Vec::new()).or_default().merge(tally);
    }
}
