//! What became of keys: revision after revision, who changed what.

use std::collections::HashMap;

use bbolt_page::Spread;
use etcd_snapshot::carve::{Carved, Content, Label, carve};
use etcd_snapshot::{LastRecords, Oddity, Place, Record, Scan};
use kube_objects::Envelope;
use serde_json::Value;

use crate::change::{Change, Compared, changes};
use crate::object::{Object, Unseen, View};
use crate::open::Opener;
use crate::select::Selection;

/// What a revision did to its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// The key was not there before.
    Created,
    /// It was there.
    Changed,
    /// It was there, and is not any more.
    Deleted,
}

impl Event {
    /// The word for it: `created`, `changed`, `deleted`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Changed => "changed",
            Self::Deleted => "deleted",
        }
    }
}

/// Who wrote a version, as `metadata.managedFields` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    /// Name of the client, such as `kubectl-edit` or `kubelet`.
    pub manager: String,
    /// `Update` or `Apply`.
    pub operation: String,
    /// `status`, where only that was written; else empty.
    pub subresource: String,
    /// When, in RFC 3339.
    pub time: String,
}

/// One revision of a key.
pub struct Step<'a> {
    /// The record.
    pub record: Record<'a>,
    /// What it did.
    pub event: Event,
    /// Versions between this one and the one before it that the file does not hold: compaction has removed them, where
    /// this is the first one retained.
    pub missing: i64,
    /// Whether the file holds an earlier revision of the key.
    pub has_earlier: bool,
    /// The object; none for a deletion.
    pub object: Option<Result<Object, Unseen>>,
    /// Fields that differ from the version before, where both could be read.
    pub changes: Option<Vec<Change>>,
    /// The value is the same as before, byte for byte.
    pub same_value: bool,
    /// Who wrote it, where the object says so.
    pub authors: Vec<Author>,
    /// How the value is stored: `protobuf`, `encrypted`, ...
    pub stored_as: &'static str,
}

impl Step<'_> {
    /// The object without what only tells who wrote it, which [`Self::authors`] does.
    #[must_use]
    pub fn bare_object(&self) -> Option<Value> {
        let mut object = self.object.as_ref()?.as_ref().ok().map(Object::shown)?.clone();
        if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.remove("managedFields");
        }
        Some(object)
    }

    /// Why there is no object, where there should be one.
    #[must_use]
    pub fn unseen(&self) -> Option<&Unseen> {
        self.object.as_ref()?.as_ref().err()
    }

    /// When it was written, as far as the object says: the newest of its authors' times, and for a creation the time of
    /// that.
    #[must_use]
    pub fn time(&self) -> Option<&str> {
        let written = self.authors.iter().map(|author| author.time.as_str()).filter(|time| !time.is_empty()).max();
        let object = self.object.as_ref()?.as_ref().ok()?;
        let of = |field| object.shown().get("metadata")?.get(field)?.as_str();
        let created = of("creationTimestamp").filter(|_| self.event == Event::Created);
        written.max(created)
    }

    /// Since when the object is to be deleted, where it is.
    #[must_use]
    pub fn deletion_asked(&self) -> Option<&str> {
        let object = self.object.as_ref()?.as_ref().ok()?;
        object.shown().get("metadata")?.get("deletionTimestamp")?.as_str()
    }
}

/// What pages that nothing uses still hold of the keys that are meant, and the snapshot does not; each as a record, and as it
/// was carved.
pub fn carved_records<'a>(
    scan: &Scan<'a>,
    selection: &Selection,
    spread: &impl Spread,
    progress: &(dyn Fn(u64) + Sync),
) -> Vec<(Record<'a>, Carved<'a>)> {
    let mut found = Vec::new();
    carve(scan, spread, progress, |carved: Carved<'a>| {
        let Content::Record { revision, tombstone, kv, raw } = carved.content else { return };
        if carved.label == Label::Identical || !selection.matches(kv.key) {
            return;
        }
        let place = Place { page: carved.page, element: carved.element.unwrap_or(u16::MAX), offset: carved.offset };
        found.push((Record { revision, tombstone, kv, raw, oddity: Oddity::default(), place }, carved));
    });
    found
}

/// Follows keys through their revisions, which must come in order. Remembers one record a key, not its value.
#[derive(Debug, Default)]
pub struct Follow<'a> {
    /// Those that can be read again where they lie in a file.
    in_file: Option<LastRecords<'a>>,
    /// The others.
    last: HashMap<&'a [u8], Record<'a>>,
}

impl<'a> Follow<'a> {
    /// Follows all the keys of a file: what is remembered of a record is where it lies.
    #[must_use]
    pub fn of_file(file: &'a [u8]) -> Self {
        Self { in_file: Some(LastRecords::new(file)), ..Self::default() }
    }

    /// Takes a record that is not looked at.
    pub fn pass(&mut self, record: Record<'a>) {
        let in_file = self.in_file.as_mut().is_some_and(|in_file| in_file.put(&record).is_some());
        if !in_file {
            self.last.insert(record.kv.key, record);
        } else if !self.last.is_empty() {
            self.last.remove(record.kv.key);
        }
    }

    /// The record of a key before the next one, as far as records were taken.
    #[must_use]
    pub fn last(&self, key: &[u8]) -> Option<Record<'a>> {
        let kept = if self.last.is_empty() { None } else { self.last.get(key).copied() };
        kept.or_else(|| self.in_file.as_ref()?.get(key))
    }

    /// The keys of all records that were taken. One may come twice.
    pub fn keys(&self) -> impl Iterator<Item = &'a [u8]> + '_ {
        self.in_file.iter().flat_map(LastRecords::keys).chain(self.last.keys().copied())
    }

    /// Whether a record, which was not taken yet, made, changed or ended what is meant. A deletion has no object: the version
    /// before it tells, as it does of a change by which an object leaves the selection.
    ///
    /// # Errors
    /// Why a version cannot be looked into, where it may have been the one that matches.
    pub fn is_meant(
        &self,
        record: &Record<'_>,
        selection: &Selection,
        opener: &(impl Opener + ?Sized),
        view: View,
    ) -> Result<bool, Unseen> {
        if !selection.looks_inside() {
            return Ok(true);
        }
        let read = |record: &Record<'_>| {
            let kv = &record.kv;
            Object::read(opener, kv.key, kv.value, kv.mod_revision, view).map(Object::into_shown)
        };
        let versions = [Some(*record), self.last(record.kv.key)].into_iter().flatten().filter(|it| !it.tombstone);
        selection.matches_any(record.kv.key, versions.map(|it| read(&it)))
    }

    /// Takes a record and says what it did.
    pub fn step(
        &mut self,
        record: Record<'a>,
        opener: &(impl Opener + ?Sized),
        view: View,
        compared: Compared,
    ) -> Step<'a> {
        let earlier = self.last(record.kv.key);
        self.pass(record);
        let before = earlier.filter(|earlier| !earlier.tombstone);
        let event = match (record.tombstone, before) {
            (true, _) => Event::Deleted,
            (false, Some(_)) => Event::Changed,
            (false, None) if record.kv.version > 1 => Event::Changed,
            (false, None) => Event::Created,
        };
        let view = View { managed_fields: true, ..view };
        let read =
            |record: &Record<'_>| Object::read(opener, record.kv.key, record.kv.value, record.kv.mod_revision, view);
        let object = (!record.tombstone).then(|| read(&record));
        let same_value = before.is_some_and(|before| !record.tombstone && before.kv.value == record.kv.value);
        let old = before.filter(|_| !record.tombstone).and_then(|before| read(&before).ok());
        let (mut fields, mut authors) = (None, Vec::new());
        if let Some(Ok(new)) = &object {
            fields = old.as_ref().map(|old| changes(old, new, compared));
            authors = authors_of(old.as_ref(), new);
        }
        Step {
            record,
            event,
            missing: missing(&record, earlier.as_ref()),
            has_earlier: earlier.is_some(),
            object,
            changes: fields,
            same_value,
            authors,
            stored_as: if record.tombstone { "tombstone" } else { Envelope::of(record.kv.value).word() },
        }
    }
}

/// Versions that should stand between two records and do not.
fn missing(record: &Record<'_>, earlier: Option<&Record<'_>>) -> i64 {
    if record.tombstone {
        return 0;
    }
    let before = earlier.filter(|earlier| !earlier.tombstone).map_or(0, |earlier| earlier.kv.version);
    record.kv.version.saturating_sub(before).saturating_sub(1).max(0)
}

/// Entries of managedFields that the version before does not have; without one, the newest.
fn authors_of(before: Option<&Object>, after: &Object) -> Vec<Author> {
    let mut written = managers(after);
    match before {
        Some(before) => {
            let known = managers(before);
            written.retain(|author| !known.contains(author));
        }
        None => {
            let newest = written.iter().map(|author| author.time.clone()).max();
            written.retain(|author| Some(&author.time) == newest.as_ref());
        }
    }
    written
}

fn managers(object: &Object) -> Vec<Author> {
    let entries = object.shown().get("metadata").and_then(|metadata| metadata.get("managedFields"));
    let author = |entry: &Value| {
        let text = |name: &str| entry.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        Author {
            manager: text("manager"),
            operation: text("operation"),
            subresource: text("subresource"),
            time: text("time"),
        }
    };
    entries.and_then(Value::as_array).into_iter().flatten().map(author).collect()
}

#[cfg(test)]
mod tests {
    use bbolt_page::Pgid;
    use etcd_snapshot::{KeyValue, Revision};

    use super::*;
    use crate::open::NoKeys;

    fn record<'a>(main: i64, version: i64, value: &'a str) -> Record<'a> {
        let kv =
            KeyValue { key: b"/k", create_revision: 2, mod_revision: main, version, value: value.as_bytes(), lease: 0 };
        let place = Place { page: Pgid(0), element: 0, offset: 0 };
        Record {
            revision: Revision { main, sub: 0 },
            tombstone: version == 0,
            kv,
            raw: b"",
            oddity: Oddity::default(),
            place,
        }
    }

    #[test]
    fn a_key_is_followed_through_deletion_and_what_was_compacted() {
        let object = |replicas: u32, manager: &str, time: &str| {
            format!(
                r#"{{"apiVersion":"a/v1","kind":"K","metadata":{{"name":"n","creationTimestamp":"2026-01-01T00:00:00Z",
                "managedFields":[{{"manager":"old","operation":"Update","time":"2026-01-01T00:00:00Z"}},
                {{"manager":"{manager}","operation":"Update","time":"{time}"}}]}},"spec":{{"replicas":{replicas}}}}}"#
            )
        };
        let texts = [
            object(1, "a", "2026-01-02T00:00:00Z"),
            object(3, "b", "2026-01-03T00:00:00Z"),
            object(3, "b", "2026-01-03T00:00:00Z"),
        ];
        let records = [
            record(9, 4, &texts[0]),
            record(10, 5, &texts[1]),
            record(11, 0, ""),
            record(12, 1, &texts[2]),
            record(15, 4, "not an object"),
        ];
        let mut follow = Follow::default();
        let steps: Vec<Step<'_>> = records
            .into_iter()
            .map(|record| follow.step(record, &NoKeys, View::default(), Compared::default()))
            .collect();
        let events: Vec<_> = steps.iter().map(|step| (step.event.word(), step.missing, step.has_earlier)).collect();
        let expected = [
            ("changed", 3, false),
            ("changed", 0, true),
            ("deleted", 0, true),
            ("created", 0, true),
            ("changed", 2, true),
        ];
        assert_eq!(events, expected);
        let paths = |at: usize| {
            steps[at].changes.as_ref().map(|all| all.iter().map(|one| one.path.as_str()).collect::<Vec<_>>())
        };
        assert_eq!(paths(0), None);
        assert_eq!(paths(1), Some(vec![".spec.replicas"]));
        assert_eq!(paths(3), None, "a new generation has nothing before it");
        let managers: Vec<Vec<&str>> =
            steps.iter().map(|step| step.authors.iter().map(|author| author.manager.as_str()).collect()).collect();
        assert_eq!(managers, [vec!["a"], vec!["b"], vec![], vec!["b"], vec![]]);
        assert_eq!(steps[1].time(), Some("2026-01-03T00:00:00Z"));
        assert_eq!(steps[2].time(), None);
        assert!(matches!(steps[4].object, Some(Err(Unseen::NotAnObject(_)))));
    }
}
