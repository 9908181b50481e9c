//! The events of a delta: changes of keys, as Go writes etcd's messages to JSON.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// A change of one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The key.
    pub key: Vec<u8>,
    /// Main revision of the change.
    pub revision: u64,
    /// What was put; `None` where the key was deleted.
    pub put: Option<Put>,
    /// Main revision of what was there before, where the event has it.
    pub before: Option<u64>,
}

/// What was put.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Put {
    /// Main revision of the put that created the key; 0 where the event does not say it.
    pub create_revision: u64,
    /// Puts since then, from 1; 0 where the event does not say it.
    pub version: u64,
    /// The value.
    pub value: Vec<u8>,
    /// The lease that the key is attached to; 0 for none.
    pub lease: i64,
}

/// `{"etcdEvent":{..},"time":".."}`
#[derive(Deserialize)]
struct Stored {
    #[serde(rename = "etcdEvent")]
    event: Changed,
}

#[derive(Deserialize)]
struct Changed {
    #[serde(rename = "type", default)]
    kind: Kind,
    kv: Kv,
    #[serde(default)]
    prev_kv: Option<Before>,
}

/// 0, which Go leaves out, or 1. A restore stops at any other.
#[derive(Clone, Copy, Default, PartialEq)]
enum Kind {
    #[default]
    Put,
    Delete,
}

impl<'de> Deserialize<'de> for Kind {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        match u8::deserialize(from)? {
            0 => Ok(Self::Put),
            1 => Ok(Self::Delete),
            _ => Err(D::Error::custom("no type of an event")),
        }
    }
}

#[derive(Deserialize)]
struct Kv {
    #[serde(default)]
    key: Bytes,
    mod_revision: u64,
    #[serde(default)]
    create_revision: u64,
    #[serde(default)]
    version: u64,
    #[serde(default)]
    value: Bytes,
    #[serde(default)]
    lease: i64,
}

#[derive(Deserialize)]
struct Before {
    mod_revision: u64,
}

/// Bytes, in base64; Go writes none as `null`.
#[derive(Default)]
struct Bytes(Vec<u8>);

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text: Option<std::borrow::Cow<'_, str>> = Option::deserialize(from)?;
        let bytes = text.map(|text| STANDARD.decode(text.as_bytes())).transpose();
        bytes.map(|bytes| Self(bytes.unwrap_or_default())).map_err(|_| D::Error::custom("no base64"))
    }
}

impl From<Stored> for Event {
    fn from(Stored { event: Changed { kind, kv, prev_kv } }: Stored) -> Self {
        let Kv { key: Bytes(key), mod_revision, create_revision, version, value: Bytes(value), lease } = kv;
        let put = Put { create_revision, version, value, lease };
        Self {
            key,
            revision: mod_revision,
            put: (kind == Kind::Put).then_some(put),
            before: prev_kv.map(|before| before.mod_revision),
        }
    }
}

/// Takes a list of events.
pub(super) struct Events;

impl<'de> Visitor<'de> for Events {
    type Value = Vec<Event>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a list of events")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut events = Vec::new();
        while let Some(event) = list.next_element::<Stored>()? {
            events.push(event.into());
        }
        Ok(events)
    }
}
