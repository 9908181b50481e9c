//! A file for a support case: what is secret is taken away, and looked for in what was written.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use artifact::{Contents, Reading};
use assay::{LateKeys, SnapshotKeys};
use document::{Applied, ChangedObject, Sanitized};
use etcd_snapshot::Record;
use etcd_snapshot::state::bucket;
use kube_objects::StorageKey;
use lens::Opener as _;
use rebuild::{LEAST, Needles, Plan, Refusal, Search, Values};
use sanitize::{Aside, Cleaned, Rule};
use wording::{count, number_of};
use zeroize::Zeroizing;

use super::file::NewFile;
use crate::args::RebuildArgs;
use crate::commands::objects;
use crate::exit::Error;
use crate::ui::Ui;

/// Changed objects that a document lists, and weak byte strings.
const LISTED: usize = 1000;
/// The owner of what was a user's of etcd.
const USERS: u32 = u32::MAX;

/// Keys that open what is to be looked into.
pub(super) struct Cleaner(SnapshotKeys);

/// The same for one source, with what is to be taken away.
pub(super) struct CleanerOf<'s> {
    keys: LateKeys<'s>,
    /// What was taken away, and says enough to be known again.
    strong: Search,
    /// The rest.
    weak: Search,
    searched: u64,
    in_names: u64,
    dropped: BTreeMap<(String, Rule), u64>,
    done: Mutex<Done>,
}

/// What was done so far.
#[derive(Default)]
struct Done {
    kept: u64,
    changed: u64,
    rules: BTreeMap<(String, Rule), (u64, u64)>,
    objects: Vec<ChangedObject>,
}

/// Byte strings that were taken away.
#[derive(Default)]
struct Removed {
    strong: Needles,
    weak: Needles,
}

impl Removed {
    fn add(&mut self, bytes: &[u8], owner: u32) {
        if bytes.len() < LEAST {
            return;
        }
        let is_weak = sanitize::is_weak(bytes);
        let needles = if is_weak { &mut self.weak } else { &mut self.strong };
        for form in sanitize::forms(bytes) {
            needles.add(&form, owner);
        }
    }
}

impl Cleaner {
    /// Reads the keys; `None` where nothing is to be taken away.
    pub(super) fn read(args: &RebuildArgs, reading: &Reading, ui: &mut Ui) -> Result<Option<Self>, Error> {
        args.sanitize.map(|_| objects::keys(&args.keys, reading, ui).map(Self)).transpose()
    }

    /// Goes through a source once, to know all that is to be taken away before the first object is written: what one
    /// Secret holds may stand in another object, where nothing else tells.
    pub(super) fn of<'s>(self, source: &'s Contents, plan: &Plan<'_>) -> CleanerOf<'s> {
        let keys = LateKeys::new(self.0, source);
        let mut removed = Removed::default();
        for (number, record) in plan.kept().enumerate().filter(|(_, record)| !record.tombstone) {
            let owner = u32::try_from(number).unwrap_or(USERS).min(USERS - 1);
            clean(&keys, &record, &mut |bytes| removed.add(bytes, owner), &|_| false);
        }
        for (_, value) in plan.entries_of(bucket::AUTH_USERS) {
            let mut add = |bytes: &[u8]| removed.add(bytes, USERS);
            let _ = sanitize::auth_user(value, &mut Aside { removed: &mut add, repeats: &|_| false });
        }
        let mut dropped = BTreeMap::new();
        for key in plan.live() {
            if let Some(rule) = sanitize::drops(key) {
                *dropped.entry((resource_of(key), rule)).or_default() += 1;
                if rule == Rule::OAuthToken {
                    removed.strong.add(StorageKey::parse(key).name, USERS);
                }
            }
        }
        let searched = (removed.strong.len() + removed.weak.len()) as u64;
        let (strong, in_names) = without_names(removed.strong, plan);
        let (weak, done) = (removed.weak.ready(), Mutex::default());
        CleanerOf { keys, strong, weak, searched, in_names, dropped, done }
    }
}

/// Those that stand in no name that is kept. Names stay, and what is one is no secret.
fn without_names(needles: Needles, plan: &Plan<'_>) -> (Search, u64) {
    let search = needles.ready();
    let mut found = HashSet::new();
    let mut see = |text: &[u8]| search.find(text, |hit| found.extend([hit.id]));
    for record in plan.kept() {
        see(record.kv.key);
    }
    for bucket in bucket::ALL.into_iter().filter(|name| ![bucket::KEY, bucket::AUTH_USERS].contains(name)) {
        for (key, value) in plan.entries_of(bucket) {
            see(key);
            see(value);
        }
    }
    let in_names = found.len() as u64;
    (search.without(&found).ready(), in_names)
}

fn clean(
    keys: &LateKeys<'_>,
    record: &Record<'_>,
    removed: &mut dyn FnMut(&[u8]),
    repeats: &dyn Fn(&[u8]) -> bool,
) -> Cleaned {
    let opened = keys.open(record.kv.key, record.kv.value).ok();
    sanitize::clean(record.kv.key, opened.as_deref(), &mut Aside { removed, repeats })
}

/// The resource of a key, as a configuration names it.
fn resource_of(key: &[u8]) -> String {
    let parsed = StorageKey::parse(key);
    let (resource, group) = (String::from_utf8_lossy(parsed.resource), String::from_utf8_lossy(parsed.group));
    if group.is_empty() { resource.into_owned() } else { format!("{resource}.{group}") }
}

impl CleanerOf<'_> {
    fn done(&self) -> MutexGuard<'_, Done> {
        self.done.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Values for CleanerOf<'_> {
    fn value(&self, record: &Record<'_>, room: &mut Zeroizing<Vec<u8>>) -> Result<bool, Refusal> {
        let key = record.kv.key;
        let Cleaned { value, rules } = clean(&self.keys, record, &mut |_| {}, &|text| self.strong.is_in(text));
        let mut done = self.done();
        // every object has those
        let is_kept = rules.keys().all(|rule| *rule == Rule::ManagedFields);
        *(if is_kept { &mut done.kept } else { &mut done.changed }) += 1;
        if !is_kept && done.objects.len() < LISTED {
            let rules = rules.keys().map(|rule| rule.word().into()).collect();
            done.objects.push(ChangedObject { key: objects::shown(key), rules });
        }
        let resource = resource_of(key);
        for (rule, places) in rules {
            let (objects, sum) = done.rules.entry((resource.clone(), rule)).or_default();
            *objects += 1;
            *sum += places;
        }
        *room = Zeroizing::new(value);
        Ok(**room != *record.kv.value)
    }

    fn entry(&self, bucket: &[u8], _key: &[u8], value: &[u8]) -> Option<Vec<u8>> {
        if bucket != bucket::AUTH_USERS {
            return None;
        }
        let rewritten = sanitize::auth_user(value, &mut Aside { removed: &mut |_| {}, repeats: &|_| false })?;
        let mut done = self.done();
        let (objects, places) = done.rules.entry((String::new(), Rule::EtcdPassword)).or_default();
        (*objects, *places) = (*objects + 1, *places + 1);
        Some(rewritten)
    }
}

impl CleanerOf<'_> {
    /// Looks in the new file for all that was taken away.
    pub(super) fn prove(&self, plan: &Plan<'_>, new: &NewFile, reading: &Reading) -> Result<Sanitized, Error> {
        let written = new.read(reading)?;
        let owner = |owner: u32| match owner {
            USERS => "a user of etcd, or a token".to_owned(),
            number => plan
                .kept()
                .nth(usize::try_from(number).unwrap_or(usize::MAX))
                .map_or_else(String::new, |record| objects::shown(record.kv.key)),
        };
        let mut left = None;
        self.strong.find(written.bytes(), |hit| left = left.or(Some(hit)));
        if let Some(hit) = left {
            let what = format!("byte {} has something that was taken from `{}`", hit.at, owner(hit.owner));
            return Err(new.refused(&what));
        }
        let mut weak = HashSet::new();
        self.weak.find(written.bytes(), |hit| weak.extend([hit.owner]));
        let mut weak: Vec<String> = weak.into_iter().take(LISTED).map(owner).collect();
        weak.sort();
        Ok(self.told(weak))
    }

    fn told(&self, weak: Vec<String>) -> Sanitized {
        let done = self.done();
        let dropped = self.dropped.iter().map(|(of, keys)| (of, (*keys, 0)));
        let applied = done.rules.iter().map(|(of, counts)| (of, *counts)).chain(dropped);
        let rules = applied.map(|((resource, rule), (objects, places))| Applied {
            resource: resource.clone(),
            rule: rule.word().into(),
            objects,
            places,
        });
        let mut rules: Vec<Applied> = rules.collect();
        rules.sort_by(|a, b| (&a.resource, &a.rule).cmp(&(&b.resource, &b.rule)));
        Sanitized {
            policy: "default".into(),
            kept: done.kept,
            changed: done.changed,
            dropped: self.dropped.values().sum(),
            rules,
            objects: done.objects.clone(),
            searched: self.searched,
            in_names: self.in_names,
            weak,
        }
    }
}

/// What whoever hands the new file on must know.
pub(super) fn notes(sanitized: Option<&Sanitized>) -> Vec<String> {
    let Some(sanitized) = sanitized else { return Vec::new() };
    let mut notes = vec![
        "names, addresses and settings are left, and secrets that look like none: read it before you hand it on"
            .to_owned(),
    ];
    let closed: u64 = sanitized.rules.iter().filter(|by| by.rule == Rule::Encrypted.word()).map(|by| by.objects).sum();
    if closed > 0 {
        let closed = count(closed, "encrypted value");
        notes.push(format!("{closed} replaced whole; with `--keys` what is not secret of them stays"));
    }
    if !sanitized.weak.is_empty() {
        let objects = number_of(sanitized.weak.len() as u64, "object", "objects");
        notes.push(format!("what was taken from {objects} says so little that it is in the file elsewhere, too"));
    }
    notes
}
