//! Full and delta snapshots as etcd-backup-restore stores them: `Full-<from>-<to>-<time>`, and beside it
//! `Incr-<from>-<to>-<time>`, each the events of one watch as JSON, with the SHA-256 of that behind it, compressed or not.
//!
//! A restore takes the full snapshot and applies the deltas one after the other. It stops at the first one that is
//! damaged or that does not begin where the one before ended. Source: gardener/etcd-backup-restore `pkg/snapshot/restorer`,
//! `pkg/snapstore`.

mod event;
mod replay;

use serde::Deserializer as _;
use sha2::{Digest, Sha256};
use thiserror::Error;

pub use backup_name::StoredName;
pub use event::{Event, Put};
use replay::Replay;
pub use replay::{Before, Foreign, Held, Keys};

/// Bytes of the hash behind the events.
const HASH: usize = 32;

/// What a delta snapshot holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delta {
    /// Revision of its first event.
    pub first: u64,
    /// Revision of its last event.
    pub last: u64,
    /// The events, in the order of their revisions.
    pub events: Vec<Event>,
}

/// Why a delta snapshot cannot be applied.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DeltaFault {
    /// There is no room for events before a hash.
    #[error("it is cut off: {0} bytes are less than a SHA-256 and an event")]
    Short(usize),
    /// The hash is of other bytes.
    #[error("its SHA-256 is not that of its content")]
    Hash,
    /// What is hashed are no events.
    #[error("its SHA-256 is right, and its content is no list of events: line {line}, column {column}")]
    Events {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
    },
    /// There are no events in it.
    #[error("it holds no event")]
    None,
    /// Its events do not follow each other.
    #[error("its SHA-256 is right, and in it revision {next} follows {last}")]
    Order {
        /// A revision.
        last: u64,
        /// That of the event behind it.
        next: u64,
    },
    /// It does not decompress, or is nothing at all: why.
    #[error("{0}")]
    Unreadable(String),
    /// It was not read, which says nothing about it: why.
    #[error("it was not checked: {0}")]
    Unread(String),
}

impl Delta {
    /// Reads a delta snapshot, decompressed.
    ///
    /// # Errors
    /// Whatever keeps a restore from applying it.
    pub fn read(bytes: &[u8]) -> Result<Self, DeltaFault> {
        let short = || DeltaFault::Short(bytes.len());
        let at = bytes.len().checked_sub(HASH).filter(|at| *at > 0).ok_or_else(short)?;
        let (events, hash) = bytes.split_at_checked(at).ok_or_else(short)?;
        if Sha256::digest(events).as_slice() != hash {
            return Err(DeltaFault::Hash);
        }
        let no_events = |error: &serde_json::Error| DeltaFault::Events { line: error.line(), column: error.column() };
        let mut json = serde_json::Deserializer::from_slice(events);
        let events = json.deserialize_seq(event::Events).map_err(|error| no_events(&error))?;
        json.end().map_err(|error| no_events(&error))?;
        Self::of(events)
    }

    /// Events that follow each other: several may be of one revision.
    fn of(events: Vec<Event>) -> Result<Self, DeltaFault> {
        let first = events.first().ok_or(DeltaFault::None)?.revision;
        let mut last = first;
        for next in events.iter().map(|event| event.revision) {
            if next != last && Some(next) != last.checked_add(1) {
                return Err(DeltaFault::Order { last, next });
            }
            last = next;
        }
        Ok(Self { first, last, events })
    }
}

/// Where deltas do not go on from what is before them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Misfit {
    /// Revisions are missing before it.
    Gap {
        /// Its first revision.
        first: u64,
    },
    /// It begins within the delta before it.
    Overlap {
        /// Its first revision.
        first: u64,
    },
    /// It ends within the full snapshot, which holds more than its name says: a restore then finds no event that is newer,
    /// applies all of them once more, and puts back what was there before.
    Inside {
        /// Its last revision.
        last: u64,
    },
    /// It ends at another revision than its name says, which is what a restore expects.
    Misnamed {
        /// Its last revision.
        last: u64,
    },
    /// Its revisions go on, and its changes are not of these keys: it is of another cluster.
    Foreign(Foreign),
}

/// A full snapshot and the deltas that go on from it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Deltas {
    /// The newest revision that a restore comes to.
    pub newest: u64,
    /// How many deltas there are.
    pub deltas: usize,
    /// The first one that does not go on from what is before it; the name, and why.
    pub misfit: Option<(String, Misfit)>,
    /// Those that cannot be applied; the name, and why.
    pub faults: Vec<(String, DeltaFault)>,
}

/// A change that a restore makes, and what it makes of its key.
pub type Applied<'a> = dyn FnMut(Event, Option<Held>) + 'a;

impl Deltas {
    /// Follows the deltas of a full snapshot whose newest revision is known, and its live `keys`, where all of them are:
    /// `read` each, one at a time, and give every change that is newer to `applied`.
    pub fn follow(
        full: u64,
        keys: Option<&Keys<'_>>,
        mut stored: Vec<(String, StoredName)>,
        read: &mut dyn FnMut(&str) -> Result<Delta, DeltaFault>,
        applied: &mut Applied<'_>,
    ) -> Self {
        stored.sort_by(|a, b| (a.1, &a.0).cmp(&(b.1, &b.0)));
        let mut chain = Self { newest: full, deltas: stored.len(), ..Self::default() };
        let mut replay = Replay::new(keys);
        for (at, (name, named)) in stored.into_iter().enumerate() {
            let whole = chain.is_whole();
            match read(&name) {
                Ok(delta) if whole => {
                    if let Err(misfit) = chain.take(delta, at == 0, named, &mut replay, applied) {
                        chain.misfit = Some((name, misfit));
                    }
                }
                Ok(_) => {}
                Err(fault) => chain.faults.push((name, fault)),
            }
        }
        chain
    }

    /// Takes the next delta in.
    fn take(
        &mut self,
        delta: Delta,
        is_first: bool,
        named: StoredName,
        replay: &mut Replay<'_>,
        applied: &mut Applied<'_>,
    ) -> Result<(), Misfit> {
        let newest = self.newest;
        if let Some(misfit) = misfit(newest, is_first, named, &delta) {
            return Err(misfit);
        }
        let newer: Vec<Event> = delta.events.into_iter().filter(|event| event.revision > newest).collect();
        // none of a delta that is of another cluster is applied
        let made: Result<Vec<_>, _> = newer.iter().map(|event| replay.take(event)).collect();
        for (event, now) in newer.into_iter().zip(made.map_err(Misfit::Foreign)?) {
            self.newest = event.revision;
            applied(event, now);
        }
        Ok(())
    }

    /// Whether every delta can be applied.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.misfit.is_none() && self.faults.is_empty()
    }
}

/// Why a delta does not go on from a revision. The full snapshot may hold more than its name says, which is what the first
/// delta goes by: a restore begins with the first event that is newer.
///
/// One that ends where the full snapshot does is passed over, which older releases do not do: they fail at it.
fn misfit(newest: u64, is_first: bool, named: StoredName, delta: &Delta) -> Option<Misfit> {
    let Delta { first, last, .. } = *delta;
    if is_first && named.to == newest {
        return None;
    }
    if first > newest.saturating_add(1) {
        return Some(Misfit::Gap { first });
    }
    if first <= newest && !is_first {
        return Some(Misfit::Overlap { first });
    }
    if last <= newest {
        return Some(Misfit::Inside { last });
    }
    (last != named.to).then_some(Misfit::Misnamed { last })
}

#[cfg(test)]
mod tests;
