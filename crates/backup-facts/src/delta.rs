//! Full and delta snapshots as etcd-backup-restore stores them: `Full-<from>-<to>-<time>`, and beside it
//! `Incr-<from>-<to>-<time>`, each the events of one watch as JSON, with the SHA-256 of that behind it, compressed or not.
//!
//! A restore takes the full snapshot and applies the deltas one after the other. It stops at the first one that is
//! damaged or that does not begin where the one before ended. Source: gardener/etcd-backup-restore `pkg/snapshot/restorer`,
//! `pkg/snapstore`.

use serde::Deserialize;
use serde::de::{Deserializer as _, SeqAccess, Visitor};
use sha2::{Digest, Sha256};
use thiserror::Error;

/// Bytes of the hash behind the events.
const HASH: usize = 32;

/// What the name of a stored snapshot says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct StoredName {
    /// Its first revision; of a full one, 0.
    pub from: u64,
    /// Its last revision.
    pub to: u64,
    /// When it was stored, in Unix seconds.
    pub stored: u64,
    /// Whether it is a delta.
    pub delta: bool,
}

impl StoredName {
    /// Reads a file name; `None` for any other.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let stem = name.split_once('.').map_or(name, |(stem, _)| stem);
        let mut parts = stem.split('-');
        let delta = match parts.next()? {
            "Full" => false,
            "Incr" => true,
            _ => return None,
        };
        let mut number = || {
            let digits = parts.next().filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
            digits.parse::<u64>().ok()
        };
        let named = Self { from: number()?, to: number()?, stored: number()?, delta };
        (parts.next().is_none() && named.from <= named.to).then_some(named)
    }
}

/// What a delta snapshot holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delta {
    /// Revision of its first event.
    pub first: u64,
    /// Revision of its last event.
    pub last: u64,
    /// How many events.
    pub events: u64,
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
    /// It does not decompress, or reading fails: why.
    #[error("{0}")]
    Unreadable(String),
    /// It is compressed in a way that is not read here, which says nothing about it.
    #[error("it was not checked: {0} is not read here; decompress it, and drop that from its name")]
    Compressed(&'static str),
}

impl Delta {
    /// Reads a delta snapshot, decompressed. Of its events only the revisions are kept.
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
        let found = json.deserialize_seq(Events).map_err(|error| no_events(&error))?;
        json.end().map_err(|error| no_events(&error))?;
        found.ok_or(DeltaFault::None)?
    }
}

#[derive(Deserialize)]
struct Event {
    #[serde(rename = "etcdEvent")]
    event: Changed,
}

#[derive(Deserialize)]
struct Changed {
    kv: Kv,
}

#[derive(Deserialize)]
struct Kv {
    mod_revision: u64,
}

/// Takes the revisions of a list of events, one event after the other.
struct Events;

impl<'de> Visitor<'de> for Events {
    type Value = Option<Result<Delta, DeltaFault>>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a list of events")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut found: Self::Value = None;
        while let Some(event) = list.next_element::<Event>()? {
            let next = event.event.kv.mod_revision;
            found = Some(match found {
                None => Ok(Delta { first: next, last: next, events: 1 }),
                Some(Ok(delta)) if next == delta.last || Some(next) == delta.last.checked_add(1) => {
                    Ok(Delta { last: next, events: delta.events + 1, ..delta })
                }
                Some(Ok(delta)) => Err(DeltaFault::Order { last: delta.last, next }),
                Some(fault) => fault,
            });
        }
        Ok(found)
    }
}

/// A delta snapshot beside a full one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// The file's name.
    pub name: String,
    /// What that says.
    pub named: StoredName,
    /// What is in it, or why it cannot be applied.
    pub held: Result<Delta, DeltaFault>,
}

/// Where deltas do not go on from what is before them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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

impl Deltas {
    /// Follows the deltas of a full snapshot whose newest revision is known.
    #[must_use]
    pub fn follow(full: u64, mut stored: Vec<Stored>) -> Self {
        stored.sort_by(|a, b| (a.named, &a.name).cmp(&(b.named, &b.name)));
        let mut chain = Self { newest: full, deltas: stored.len(), ..Self::default() };
        for (at, Stored { name, named, held }) in stored.into_iter().enumerate() {
            let whole = chain.is_whole();
            let delta = match held {
                Ok(delta) if whole => delta,
                Ok(_) => continue,
                Err(fault) => {
                    chain.faults.push((name, fault));
                    continue;
                }
            };
            match misfit(chain.newest, at == 0, named, delta) {
                Some(misfit) => chain.misfit = Some((name, misfit)),
                None => chain.newest = delta.last,
            }
        }
        chain
    }

    /// Whether every delta can be applied.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.misfit.is_none() && self.faults.is_empty()
    }
}

/// Why a delta does not go on from a revision. The full snapshot may hold more than its name says, which is what the first
/// delta goes by: a restore begins with the first event that is newer.
fn misfit(newest: u64, is_first: bool, named: StoredName, delta: Delta) -> Option<Misfit> {
    let Delta { first, last, .. } = delta;
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
mod tests {
    use super::*;

    /// A delta as it is stored, without compression.
    fn bytes(revisions: &[u64]) -> Vec<u8> {
        let event = |revision: &u64| {
            format!(r#"{{"etcdEvent":{{"kv":{{"key":"YQ==","mod_revision":{revision}}}}},"time":"x"}}"#)
        };
        let json = format!("[{}]", revisions.iter().map(event).collect::<Vec<_>>().join(",")).into_bytes();
        hashed(json)
    }

    fn hashed(json: Vec<u8>) -> Vec<u8> {
        let hash = Sha256::digest(&json);
        [json, hash.to_vec()].concat()
    }

    fn stored(from: u64, to: u64) -> Stored {
        let revisions: Vec<u64> = (from..=to).collect();
        let name = format!("Incr-{from:08}-{to:08}-1790000000.gz");
        Stored { named: StoredName::parse(&name).unwrap(), name, held: Delta::read(&bytes(&revisions)) }
    }

    fn end_of(full: u64, stored: &[Stored]) -> (u64, Option<Misfit>, usize) {
        let chain = Deltas::follow(full, stored.to_vec());
        (chain.newest, chain.misfit.map(|(_, misfit)| misfit), chain.faults.len())
    }

    #[test]
    fn names_of_stored_snapshots_are_read_and_no_others() {
        let read = |name| StoredName::parse(name).map(|it| (it.delta, it.from, it.to, it.stored));
        assert_eq!(read("Full-00000000-00000037-1790000000.gz"), Some((false, 0, 37, 1_790_000_000)));
        assert_eq!(read("Incr-00000038-00000047-1790000300"), Some((true, 38, 47, 1_790_000_300)));
        for name in ["Incr-38-37-1", "Incr-1-2", "Incr-1-2-3-4", "Incr-+1-2-3", "Part-1-2-3", "Incr---", "Incr", ""] {
            assert_eq!(read(name), None, "{name}");
        }
    }

    #[test]
    fn a_delta_is_read_where_its_hash_and_its_events_are_right() {
        assert_eq!(Delta::read(&bytes(&[5, 5, 6])), Ok(Delta { first: 5, last: 6, events: 3 }));
        let mut flipped = bytes(&[5, 6]);
        flipped[20] ^= 1;
        assert_eq!(Delta::read(&flipped), Err(DeltaFault::Hash));
        assert_eq!(Delta::read(&bytes(&[5, 6])[..60]), Err(DeltaFault::Hash), "cut off");
        assert_eq!(Delta::read(&bytes(&[5, 7])), Err(DeltaFault::Order { last: 5, next: 7 }));
        assert_eq!(Delta::read(&bytes(&[6, 5, 6])), Err(DeltaFault::Order { last: 6, next: 5 }));
        assert_eq!(Delta::read(&hashed(b"[]".to_vec())), Err(DeltaFault::None));
        assert_eq!(Delta::read(&[0; 32]), Err(DeltaFault::Short(32)));
        for hostile in ["{}", "[{}]", "[1]", "[] []", r#"[{"etcdEvent":{"kv":{"mod_revision":-1}}}]"#] {
            let read = Delta::read(&hashed(hostile.into()));
            assert!(matches!(read, Err(DeltaFault::Events { .. })), "{hostile}: {read:?}");
        }
        let deep = format!(r#"[{{"x":{}"#, "[".repeat(1_000_000));
        assert!(matches!(Delta::read(&hashed(deep.into())), Err(DeltaFault::Events { .. })));
    }

    #[test]
    fn a_chain_is_followed_to_where_it_breaks() {
        let (a, b, c) = (stored(38, 47), stored(48, 57), stored(58, 67));
        assert_eq!(end_of(37, &[]), (37, None, 0));
        assert_eq!(end_of(37, &[c.clone(), a.clone(), b.clone()]), (67, None, 0), "whatever order they are listed in");
        assert_eq!(end_of(40, &[a.clone(), b.clone()]), (57, None, 0), "the full one holds more than its name says");
        for full in [47, 50] {
            assert_eq!(end_of(full, &[a.clone(), b.clone()]), (full, Some(Misfit::Inside { last: 47 }), 0));
        }
        assert_eq!(end_of(37, &[a.clone(), c.clone()]), (47, Some(Misfit::Gap { first: 58 }), 0));
        assert_eq!(
            end_of(30, &[a.clone(), b.clone()]),
            (30, Some(Misfit::Gap { first: 38 }), 0),
            "of another full one"
        );
        let overlap = stored(47, 57);
        assert_eq!(end_of(37, &[a.clone(), overlap]), (47, Some(Misfit::Overlap { first: 47 }), 0));
        let misnamed = Stored { held: stored(48, 56).held, ..b.clone() };
        assert_eq!(end_of(37, &[a.clone(), misnamed, c.clone()]), (47, Some(Misfit::Misnamed { last: 56 }), 0));
        let damaged = Stored { held: Err(DeltaFault::Hash), ..b };
        assert_eq!(end_of(37, &[a, damaged, c]), (47, None, 1), "nothing behind a damaged one is applied");
    }
}
