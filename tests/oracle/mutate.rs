//! Changes of a sound snapshot, each by its seed.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::sync::OnceLock;

use assay::parts::bbolt_page::{Db, Serial, Walker};
use flate2::read::GzDecoder;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use snapshot_builder::{Builder, FreeList};

use super::fields::{Field, fields};
use super::hidden::hidden;
use crate::support::root;

pub(super) type Buckets = BTreeMap<String, BTreeMap<Vec<u8>, Vec<u8>>>;

/// The revision that the sound snapshot was compacted at.
pub(super) const COMPACTED: u64 = 20;
/// Its newest revision.
pub(super) const NEWEST: u64 = 39;

/// A snapshot with one change.
pub(super) struct Mutation {
    pub(super) seed: u64,
    /// What kind of change it is.
    pub(super) kind: &'static str,
    /// What was changed, for people.
    pub(super) what: String,
    /// Why no reader of the file could know; `None` where one can.
    pub(super) hidden: Option<&'static str>,
    /// The bucket that it is in.
    pub(super) bucket: &'static str,
    pub(super) file: Vec<u8>,
    /// Of all entries; the pages around them hold whatever was in memory.
    pub(super) digest: String,
}

fn digest(buckets: &Buckets, nested: Option<&[u8]>) -> String {
    let mut sha = Sha256::new();
    for (name, entries) in buckets {
        sha.update(format!("{name} {}\n", entries.len()));
        for part in entries.iter().flat_map(|(key, value)| [key, value]) {
            sha.update(part.len().to_be_bytes());
            sha.update(part);
        }
    }
    sha.update(nested.unwrap_or_default());
    sha.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// The entries of the sound snapshot: 35 live keys, leases, users and a role of an etcd 3.5.1.
pub(super) fn base() -> &'static Buckets {
    static BASE: OnceLock<Buckets> = OnceLock::new();
    BASE.get_or_init(|| {
        let packed = std::fs::read(root().join("fixtures/false-pass/control.db.gz")).unwrap();
        let mut file = Vec::new();
        GzDecoder::new(&packed[..]).read_to_end(&mut file).unwrap();
        let mut walker = Walker::new(Db::open(&file).unwrap());
        let mut buckets = Buckets::new();
        for bucket in walker.buckets(&Serial) {
            let entries = buckets.entry(String::from_utf8(bucket.name().to_vec()).unwrap()).or_default();
            let read = |chunk: &mut assay::parts::bbolt_page::Chunk<'_, '_>| {
                let mut found = Vec::new();
                for (page, _) in chunk {
                    found.extend(page.elements().map(|element| (element.key.to_vec(), element.value.to_vec())));
                }
                found
            };
            walker.visit(&bucket, &Serial, read, |found| entries.extend(found));
        }
        buckets
    })
}

/// The file as it is, written anew.
pub(super) fn sound() -> Mutation {
    let (file, digest) = (Builder::of(base().clone()).build(), digest(base(), None));
    Mutation { seed: 0, kind: "sound", what: "nothing".to_owned(), hidden: None, bucket: "", file, digest }
}

/// xorshift64*: the same numbers everywhere.
struct Dice(u64);

impl Dice {
    fn of(seed: u64) -> Self {
        let mut dice = Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        for _ in 0..4 {
            dice.next();
        }
        dice
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next()).unwrap() % limit.max(1)
    }

    fn of_list<'l, T>(&mut self, list: &'l [T]) -> &'l T {
        &list[self.below(list.len())]
    }
}

/// Numbers at which things break.
const EXTREMES: [u64; 12] = [
    0,
    1,
    2,
    u64::MAX,
    i64::MAX as u64,
    1 << 63,
    1 << 32,
    (1 << 32) + 1,
    9_000_000_000,
    9_300_000_000,
    1_000_000,
    u32::MAX as u64,
];

/// Buckets, as often as they are changed.
const WEIGHTS: [(&str, usize); 10] = [
    ("key", 40),
    ("lease", 12),
    ("authUsers", 12),
    ("authRoles", 8),
    ("meta", 12),
    ("cluster", 5),
    ("auth", 5),
    ("members", 4),
    ("alarm", 2),
    (FREE_LIST, 6),
];
/// Stands among the buckets for the free list, which is none.
const FREE_LIST: &str = "free list";

/// The change of a seed.
pub(super) fn mutation(seed: u64) -> Mutation {
    let mut dice = Dice::of(seed);
    let mut buckets = base().clone();
    let all: usize = WEIGHTS.iter().map(|(_, weight)| weight).sum();
    let mut roll = dice.below(all);
    let &(bucket, _) = WEIGHTS
        .iter()
        .find(|(_, weight)| {
            let here = roll < *weight;
            roll = roll.saturating_sub(*weight);
            here
        })
        .unwrap();
    if bucket == FREE_LIST {
        return of_free_list(seed, &mut dice);
    }
    if bucket == "alarm" {
        // none was on: one is made, so that it can be changed
        buckets.entry("alarm".to_owned()).or_default().insert(vec![0x08, 0x05, 0x10, 0x63], Vec::new());
    }
    let entries = buckets.get_mut(bucket).unwrap();
    let keys: Vec<Vec<u8>> = entries.keys().cloned().collect();
    let key = dice.of_list(&keys).clone();
    let value = entries[&key].clone();
    let shown = format!("{bucket}/{}", key.escape_ascii());
    let mut change = Change { dice, entries, key: &key, value, keys: &keys, nested: false, said: String::new() };
    let kind = change.make();
    let (nested, said) = (change.nested, change.said);
    let hidden = hidden(bucket, kind, &key, base(), &buckets, nested);
    let digest = digest(&buckets, nested.then_some(&key));
    let mut builder = Builder::of(buckets);
    if nested {
        builder.bucket_at(bucket, &key);
    }
    Mutation { seed, kind, what: format!("{kind} of {shown}{said}"), hidden, bucket, file: builder.build(), digest }
}

/// Pages of the sound file that nothing uses, and those that are in use.
pub(super) fn pages() -> (Vec<u64>, Vec<u64>) {
    let file = sound().file;
    let mut walker = Walker::new(Db::open(&file).unwrap());
    walker.buckets(&Serial);
    let walked = walker.finish(&Serial);
    let free: Vec<u64> = walked.unreachable().map(|page| page.page.0).collect();
    let pages = (file.len() / 4096) as u64;
    let used = (2..pages).filter(|id| !free.contains(id)).collect();
    (free, used)
}

/// The sound file with a free list that it did not have, right or wrong.
fn of_free_list(seed: u64, dice: &mut Dice) -> Mutation {
    let (free, used) = pages();
    let pages = (free.len() + used.len() + 2) as u64;
    let (mut list, one_used) = (FreeList::of(free), *dice.of_list(&used));
    let kind = match dice.below(10) {
        0 => "list-right",
        1 => {
            list.flags = *dice.of_list(&[0, 1, 2, 4, 0x11, 0x20]);
            "list-flags"
        }
        2 => {
            list.at = Some(*dice.of_list(&[one_used, 0, 1, pages + 1, pages + 100_000, 1 << 62]));
            "list-elsewhere"
        }
        3 => {
            list.count = *dice.of_list(&[511, 600, 10_000, 65_534]);
            "list-count"
        }
        4 => {
            list.count = u16::MAX; // the first slot is the count then
            list.ids.insert(0, *dice.of_list(&[0, 1, 1 << 20, 1 << 40, u64::MAX]));
            "list-long"
        }
        5 => {
            list = FreeList::of([list.ids, vec![one_used]].concat());
            list.ids.sort_unstable();
            "list-used"
        }
        6 => {
            list = FreeList::of([list.ids.clone(), list.ids].concat());
            list.ids.sort_unstable();
            "list-twice"
        }
        7 => {
            list = FreeList::of(
                [list.ids, vec![*dice.of_list(&[0, 1, pages, pages + 1, pages + 5000, u64::MAX])]].concat(),
            );
            list.ids.sort_unstable();
            "list-range"
        }
        8 => {
            list.ids.reverse();
            "list-order"
        }
        _ => {
            let kept = dice.below(list.ids.len());
            list = FreeList::of(list.ids[..kept].to_vec());
            "list-short"
        }
    };
    let what = format!("{kind}: {list:?}");
    let digest = digest(base(), Some(what.as_bytes()));
    let file = Builder::of(base().clone()).free_list(list).build();
    Mutation { seed, kind, what, hidden: None, bucket: FREE_LIST, file, digest }
}

/// One change of one entry.
struct Change<'c> {
    dice: Dice,
    entries: &'c mut BTreeMap<Vec<u8>, Vec<u8>>,
    key: &'c Vec<u8>,
    value: Vec<u8>,
    keys: &'c [Vec<u8>],
    nested: bool,
    said: String,
}

impl Change<'_> {
    fn make(&mut self) -> &'static str {
        if let Ok(json) = serde_json::from_slice::<Value>(&self.value)
            && json.is_object()
            && self.dice.below(3) > 0
        {
            return self.of_json(json);
        }
        let fields = fields(&self.value).filter(|_| !self.value.starts_with(b"{"));
        let of_fields = fields.is_some() && self.dice.below(3) > 0;
        match fields {
            Some(fields) if of_fields => self.of_fields(fields),
            _ => self.of_entry(),
        }
    }

    /// Members, the state of the configuration and a downgrade are JSON.
    fn of_json(&mut self, mut json: Value) -> &'static str {
        let pointers = pointers(&json);
        let pointer = self.dice.of_list(&pointers).clone();
        self.said = format!(", {pointer}");
        let others =
            [json!(null), json!("other"), json!(-1), json!(u64::MAX), json!(1.5), json!([]), json!({}), json!(true)];
        let kind = match self.dice.below(4) {
            0 => {
                remove(&mut json, &pointer);
                "json-drop"
            }
            1 => {
                let (parent, name) = pointer.rsplit_once('/').unwrap();
                if let Some(Value::Object(fields)) = json.pointer_mut(parent) {
                    let value = fields.remove(name).unwrap();
                    fields.insert(name.to_uppercase(), value);
                }
                "json-case"
            }
            2 => {
                if let Some(Value::Object(fields)) = json.pointer_mut("") {
                    fields.insert("unknown".to_owned(), json!(1));
                }
                "json-unknown"
            }
            _ => {
                let other = self.dice.of_list(&others).clone();
                self.said += &format!(" = {other}");
                *json.pointer_mut(&pointer).unwrap() = other;
                "json-type"
            }
        };
        self.set(json.to_string().into_bytes());
        kind
    }

    fn set(&mut self, value: Vec<u8>) {
        self.entries.insert(self.key.clone(), value);
    }

    fn of_entry(&mut self) -> &'static str {
        let mut value = self.value.clone();
        match self.dice.below(11) {
            0 => {
                self.entries.remove(self.key);
                "drop"
            }
            1 => {
                let (at, bit) = (self.dice.below(self.key.len()), self.dice.below(8));
                let mut renamed = self.key.clone();
                renamed[at] ^= 1 << bit;
                self.entries.remove(self.key);
                self.entries.insert(renamed, value);
                "rename"
            }
            2 if !value.is_empty() => {
                let (at, bit) = (self.dice.below(value.len()), self.dice.below(8));
                value[at] ^= 1 << bit;
                self.said = format!(", bit {bit} of byte {at}");
                self.set(value);
                "flip"
            }
            3 if !value.is_empty() => {
                value.truncate(self.dice.below(value.len()));
                self.set(value);
                "truncate"
            }
            4 => {
                for _ in 0..=self.dice.below(5) {
                    value.push(self.dice.next().to_le_bytes()[0]);
                }
                self.set(value);
                "extend"
            }
            5 => {
                self.set(Vec::new());
                "empty"
            }
            6 | 7 => {
                self.nested = true;
                self.entries.remove(self.key);
                "bucket"
            }
            8 => {
                let other = self.dice.of_list(self.keys).clone();
                let theirs = self.entries[&other].clone();
                self.entries.insert(other, value);
                self.set(theirs);
                "swap"
            }
            9 => {
                let other = self.dice.of_list(self.keys).clone();
                let theirs = self.entries[&other].clone();
                self.set(theirs);
                "copy"
            }
            _ => {
                let mut longer = self.key.clone();
                if self.dice.below(2) == 0 {
                    longer.push(b't')
                } else {
                    longer.truncate(longer.len() - 1)
                }
                self.entries.remove(self.key);
                self.entries.insert(longer, value);
                "rename-length"
            }
        }
    }

    fn of_fields(&mut self, mut fields: Vec<Field>) -> &'static str {
        let at = self.dice.below(fields.len());
        self.said = format!(", field {}", fields[at].number);
        let mut tail = Vec::new();
        let kind = match self.dice.below(11) {
            0 => {
                fields.remove(at);
                "field-drop"
            }
            1 => {
                let same = fields[at].clone();
                fields.insert(at, same);
                "field-twice"
            }
            2 => {
                let mut other = fields[at].clone();
                other.number_value = *self.dice.of_list(&EXTREMES);
                other.bytes = b"other".to_vec();
                fields.push(other);
                "field-twice-other"
            }
            3 => {
                fields[at].wire = *self.dice.of_list(&[0, 1, 2, 5, 6, 7]);
                let len = if fields[at].wire == 5 { 4 } else { 8 };
                fields[at].bytes.resize(len, 7);
                "field-type"
            }
            4 | 5 if fields[at].wire == 0 => {
                fields[at].number_value = *self.dice.of_list(&EXTREMES);
                self.said += &format!(" = {}", fields[at].number_value);
                "field-extreme"
            }
            6 => {
                let unknown = 7 + self.dice.below(30) as u64;
                fields.push(Field { number: unknown, wire: 0, number_value: 1, bytes: Vec::new() });
                "field-unknown"
            }
            7 => {
                fields[at].number += 1 << 32;
                "field-alias"
            }
            8 => {
                fields[at].number = 1 << (29 + self.dice.below(4));
                "field-huge"
            }
            9 if fields[at].wire == 2 => {
                fields[at].bytes.clear();
                "field-empty"
            }
            10 => {
                tail = vec![0x43, 0x08, 0x01, 0x44]; // a group of number 8
                if self.dice.below(2) == 0 {
                    tail.pop();
                }
                "field-group"
            }
            _ => {
                fields.reverse();
                "field-order"
            }
        };
        let mut message = Vec::new();
        fields.iter().for_each(|field| field.write(&mut message));
        message.extend(tail);
        self.set(message);
        kind
    }
}

/// Every field of a document, at any depth.
fn pointers(json: &Value) -> Vec<String> {
    let below: Vec<(String, &Value)> = match json {
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), value)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(at, value)| (at.to_string(), value)).collect(),
        _ => Vec::new(),
    };
    let paths = |(name, value): &(String, &Value)| {
        let here = format!("/{name}");
        let deeper = pointers(value).into_iter().map(|path| format!("{here}{path}")).collect::<Vec<_>>();
        [vec![here], deeper].concat()
    };
    below.iter().flat_map(paths).collect()
}

fn remove(json: &mut Value, pointer: &str) {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    match json.pointer_mut(parent) {
        Some(Value::Object(fields)) => drop(fields.remove(name)),
        Some(Value::Array(items)) => drop(items.remove(name.parse().unwrap())),
        _ => {}
    }
}
