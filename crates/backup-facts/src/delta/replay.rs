//! What the changes of a delta make of the keys, and where they cannot be changes of these.

use std::collections::HashMap;

use super::{Event, Put};

/// A live key as its last put left it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// Main revision of the put that created it.
    pub created: u64,
    /// Main revision of the last put.
    pub modified: u64,
    /// Puts since it was created, from 1.
    pub version: u64,
}

/// Live keys of a full snapshot.
pub type Keys<'k> = dyn Fn(&[u8]) -> Option<Held> + 'k;

/// A change that is none of what was there before: etcd counts the puts of each key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Foreign {
    /// The key.
    pub key: Vec<u8>,
    /// Revision of the change.
    pub revision: u64,
    /// What the change says was there before it.
    pub said: Before,
    /// What was.
    pub was: Option<Held>,
}

/// What an event tells of its key before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Before {
    /// There was one: it was deleted.
    Some,
    /// It was put so many times, first at this revision; none of either where it is new.
    Put {
        /// Main revision of the first put.
        created: u64,
        /// How many puts.
        version: u64,
    },
    /// It was last put at this revision.
    At(u64),
}

/// The keys, as they are after all changes so far.
pub(super) struct Replay<'k> {
    keys: Option<&'k Keys<'k>>,
    changed: HashMap<Vec<u8>, Option<Held>>,
}

impl<'k> Replay<'k> {
    pub(super) fn new(keys: Option<&'k Keys<'k>>) -> Self {
        Self { keys, changed: HashMap::new() }
    }

    fn held(&self, key: &[u8]) -> Option<Held> {
        match self.changed.get(key) {
            Some(held) => *held,
            None => self.keys.and_then(|keys| keys(key)),
        }
    }

    /// Takes a change in; gives the key as it is now.
    pub(super) fn take(&mut self, event: &Event) -> Result<Option<Held>, Foreign> {
        let was = self.held(&event.key);
        let known = self.keys.is_some() || self.changed.contains_key(&event.key);
        if known && let Some(said) = contradiction(event, was) {
            return Err(Foreign { key: event.key.clone(), revision: event.revision, said, was });
        }
        let now = event.put.as_ref().map(|_| Held {
            created: was.map_or(event.revision, |was| was.created),
            modified: event.revision,
            version: was.map_or(1, |was| was.version.saturating_add(1)),
        });
        self.changed.insert(event.key.clone(), now);
        Ok(now)
    }
}

/// What an event says of what was before it, where that is not so. What it leaves out says nothing.
fn contradiction(event: &Event, was: Option<Held>) -> Option<Before> {
    if let Some(before) = event.before
        && was.is_none_or(|was| was.modified != before)
    {
        return Some(Before::At(before));
    }
    let Some(Put { create_revision, version, .. }) = event.put else {
        return was.is_none().then_some(Before::Some);
    };
    if create_revision == 0 || version == 0 {
        return None;
    }
    let follows = match was {
        Some(was) => create_revision == was.created && version == was.version.saturating_add(1),
        None => create_revision == event.revision && version == 1,
    };
    (!follows).then_some(Before::Put { created: create_revision, version: version.saturating_sub(1) })
}
