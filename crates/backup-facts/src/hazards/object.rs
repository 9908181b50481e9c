//! One live key of interest, and its value decoded within a budget.

use std::cell::{Cell, RefCell};

use jiff::Timestamp;
use kube_objects::protobuf::Message;
use kube_objects::{DecodeOptions, StorageKey, StoredObject};
use serde_json::Value;

use super::list::{Listed, ObjectName, word};
use super::view::Stored;

/// The largest object that is decoded, in bytes: nodes and webhook configurations stay far below.
const LARGEST: usize = 1 << 20;
/// The most bytes that are decoded in all. What a cluster of two thousand nodes and twenty thousand volumes has of the
/// kinds looked at is a fifth of it.
const MOST_BYTES: usize = 256 << 20;

/// What may still be decoded, and what could not be.
#[derive(Debug)]
pub(crate) struct Budget {
    bytes: Cell<usize>,
    unread: RefCell<Listed<String>>,
}

impl Default for Budget {
    fn default() -> Self {
        Self { bytes: Cell::new(MOST_BYTES), unread: RefCell::default() }
    }
}

impl Budget {
    /// Objects that were looked for and could not be read: damaged, too large or too many.
    pub(crate) fn into_unread(self) -> Listed<String> {
        self.unread.into_inner()
    }

    fn decode(&self, value: &[u8]) -> Option<StoredObject> {
        let left = self.bytes.get().checked_sub(value.len()).filter(|_| value.len() <= LARGEST)?;
        self.bytes.set(left);
        StoredObject::decode(value, &DecodeOptions::default()).ok()
    }
}

/// A live key that names an object.
pub(crate) struct Object<'k> {
    key: StorageKey<'k>,
    budget: &'k Budget,
}

impl<'k> Object<'k> {
    pub(crate) fn new(key: StorageKey<'k>, budget: &'k Budget) -> Self {
        Self { key, budget }
    }

    pub(crate) fn group(&self) -> &'k [u8] {
        self.key.group
    }

    pub(crate) fn resource(&self) -> &'k [u8] {
        self.key.resource
    }

    pub(crate) fn namespace_bytes(&self) -> &'k [u8] {
        self.key.namespace.unwrap_or_default()
    }

    pub(crate) fn name_bytes(&self) -> &'k [u8] {
        self.key.name
    }

    pub(crate) fn name(&self) -> String {
        word(&String::from_utf8_lossy(self.key.name))
    }

    pub(crate) fn object_name(&self) -> ObjectName {
        ObjectName { namespace: word(&String::from_utf8_lossy(self.namespace_bytes())), name: self.name() }
    }

    /// The value, to be read field by field: protobuf as it is, anything else decoded as far as the budget goes.
    pub(crate) fn read<'v>(&self, value: &'v [u8]) -> Option<Stored<'v>> {
        match Message::of_object(value) {
            Some(message) => Some(Stored::Wire(message)),
            None => self.decode(value).map(Stored::Json),
        }
    }

    /// The value as the API would show it, as far as the budget goes.
    pub(crate) fn decode(&self, value: &[u8]) -> Option<Value> {
        self.decoded(value).map(StoredObject::into_json)
    }

    /// The same with secrets masked, and how many were.
    pub(crate) fn decode_masked(&self, value: &[u8]) -> Option<(Value, usize)> {
        let mut decoded = self.decoded(value)?;
        let masked = decoded.mask();
        Some((decoded.into_json(), masked))
    }

    fn decoded(&self, value: &[u8]) -> Option<StoredObject> {
        let decoded = self.budget.decode(value);
        if decoded.is_none() {
            let resource = word(&String::from_utf8_lossy(self.key.resource));
            self.budget.unread.borrow_mut().push(format!("{resource} {}", self.object_name()));
        }
        decoded
    }
}

/// The time at `pointer`.
pub(crate) fn time(object: &Value, pointer: &str) -> Option<Timestamp> {
    object.pointer(pointer)?.as_str()?.parse().ok()
}
