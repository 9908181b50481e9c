//! apiVersion, kind and metadata of a stored object, without decoding the rest.
//!
//! A protobuf value is `k8s\0` and a `runtime.Unknown` {1: TypeMeta {1: apiVersion, 2: kind},
//! 2: raw}; `raw` is the object, whose field 1 is ObjectMeta in every kind that is stored. Field
//! numbers are those of `k8s.io/apimachinery`'s `generated.proto` files.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;

use crate::decode;
use crate::envelope::Envelope;
use crate::fault::ObjectFault;
use crate::metadata;
use crate::unknown::Unknown;
use crate::wire::{Field, Fields};

/// What every stored object begins with.
///
/// No `Debug`: annotations can hold a copy of a Secret (kubectl's last-applied-configuration).
#[derive(Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ObjectHead<'v> {
    /// Group and version, `v1` for the core group.
    #[serde(borrow, deserialize_with = "nullable")]
    pub api_version: Cow<'v, str>,
    /// Kind, as in a manifest.
    #[serde(borrow, deserialize_with = "nullable")]
    pub kind: Cow<'v, str>,
    /// The object's metadata.
    #[serde(borrow, deserialize_with = "nullable")]
    pub metadata: ObjectMeta<'v>,
}

/// The metadata that the checks and listings read. Text that is not UTF-8 is shown with
/// replacement characters.
#[derive(Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ObjectMeta<'v> {
    /// Name within the namespace.
    #[serde(borrow, deserialize_with = "nullable")]
    pub name: Cow<'v, str>,
    /// Namespace, empty for cluster-scoped objects.
    #[serde(borrow, deserialize_with = "nullable")]
    pub namespace: Cow<'v, str>,
    /// UID, unique over all clusters and time.
    #[serde(borrow, deserialize_with = "nullable")]
    pub uid: Cow<'v, str>,
    /// resourceVersion as stored: the API server cuts it before writing, so it is empty.
    #[serde(borrow, deserialize_with = "nullable")]
    pub resource_version: Cow<'v, str>,
    /// Times the spec has been changed.
    #[serde(deserialize_with = "nullable")]
    pub generation: i64,
    /// When the object was created.
    pub creation_timestamp: Option<Timestamp>,
    /// When its deletion was asked for; finalizers keep it.
    pub deletion_timestamp: Option<Timestamp>,
    /// Labels.
    #[serde(borrow, deserialize_with = "nullable")]
    pub labels: BTreeMap<Cow<'v, str>, Cow<'v, str>>,
    /// Annotations.
    #[serde(borrow, deserialize_with = "nullable")]
    pub annotations: BTreeMap<Cow<'v, str>, Cow<'v, str>>,
    /// Finalizers that hold back deletion.
    #[serde(borrow, deserialize_with = "nullable")]
    pub finalizers: Vec<Cow<'v, str>>,
    /// Owners, for garbage collection.
    #[serde(borrow, deserialize_with = "nullable")]
    pub owner_references: Vec<OwnerReference<'v>>,
}

/// An object whose deletion takes this one along.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct OwnerReference<'v> {
    /// Owner's group and version.
    #[serde(borrow)]
    pub api_version: Cow<'v, str>,
    /// Owner's kind.
    #[serde(borrow)]
    pub kind: Cow<'v, str>,
    /// Owner's name, in the same namespace or cluster-scoped.
    #[serde(borrow)]
    pub name: Cow<'v, str>,
    /// Owner's UID.
    #[serde(borrow)]
    pub uid: Cow<'v, str>,
    /// The owner is the managing controller.
    #[serde(deserialize_with = "nullable")]
    pub controller: bool,
}

impl<'v> ObjectHead<'v> {
    /// Reads the head of an unencrypted stored value: protobuf, JSON or CBOR.
    ///
    /// # Errors
    /// [`ObjectFault::NotAnObject`] for an encrypted, empty or unknown value, and a fault with its
    /// place where the encoding is broken.
    pub fn read(value: &'v [u8]) -> Result<Self, ObjectFault> {
        match Envelope::of(value) {
            Envelope::Protobuf => head_of(&Unknown::read(value)?),
            Envelope::Json => serde_json::from_slice(value).map_err(|fault| ObjectFault::json(&fault)),
            Envelope::Cbor => {
                Self::deserialize(decode::read_cbor(value)?).map_err(|_| ObjectFault::FieldType { object: "metadata" })
            }
            other => Err(ObjectFault::NotAnObject { found: other.word() }),
        }
    }
}

/// Whether what an object's metadata says need not be its metadata at all: protobuf of a kind that no table has, whose
/// first field may be another. JSON and CBOR name their fields.
#[must_use]
pub fn metadata_is_a_guess(value: &[u8]) -> bool {
    if Envelope::of(value) != Envelope::Protobuf {
        return false;
    }
    let Ok(unknown) = Unknown::read(value) else { return true };
    let first = || Fields::of(unknown.raw).map_while(Result::ok).find(|field| field.number == 1)?.bytes();
    !decode::has_metadata(unknown.api_version, unknown.kind) && !first().is_some_and(metadata::is_surely)
}

/// The head of the object in a wrapper.
fn head_of<'v>(unknown: &Unknown<'v>) -> Result<ObjectHead<'v>, ObjectFault> {
    let mut metadata = ObjectMeta::default();
    let known = decode::has_metadata(unknown.api_version, unknown.kind);
    for field in Fields::of(unknown.raw) {
        let field = field.map_err(|fault| fault.of("object"))?;
        if let (1, Some(message)) = (field.number, field.bytes()) {
            if known || metadata::could_be(message) {
                metadata.read_message(message)?;
            }
            break; // the rest can be megabytes
        }
    }
    Ok(ObjectHead { api_version: text(unknown.api_version), kind: text(unknown.kind), metadata })
}

impl<'v> ObjectMeta<'v> {
    fn read_message(&mut self, message: &'v [u8]) -> Result<(), ObjectFault> {
        for field in Fields::of(message) {
            self.read_field(&field.map_err(|fault| fault.of("ObjectMeta"))?)?;
        }
        Ok(())
    }

    fn read_field(&mut self, field: &Field<'v>) -> Result<(), ObjectFault> {
        if let (7, Some(generation)) = (field.number, field.varint()) {
            self.generation = generation.cast_signed();
        }
        let Some(bytes) = field.bytes() else {
            return Ok(());
        };
        match field.number {
            1 => self.name = text(bytes),
            3 => self.namespace = text(bytes),
            5 => self.uid = text(bytes),
            6 => self.resource_version = text(bytes),
            8 => self.creation_timestamp = time(bytes)?,
            9 => self.deletion_timestamp = time(bytes)?,
            11 => self.labels.extend([entry(bytes)?]),
            12 => self.annotations.extend([entry(bytes)?]),
            13 => self.owner_references.push(owner(bytes)?),
            14 => self.finalizers.push(text(bytes)),
            _ => {}
        }
        Ok(())
    }
}

fn text(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

/// `Time {1: seconds, 2: nanos}`; nanos are dropped, as Kubernetes does when it writes the time.
/// An empty message is Go's zero time, which stands for none.
fn time(message: &[u8]) -> Result<Option<Timestamp>, ObjectFault> {
    let mut seconds = None;
    for field in Fields::of(message) {
        let field = field.map_err(|fault| fault.of("Time"))?;
        if field.number == 1 {
            seconds = field.varint();
        }
    }
    Ok(seconds.and_then(|seconds| Timestamp::from_second(seconds.cast_signed()).ok()))
}

/// A map entry `{1: key, 2: value}`.
fn entry<'v>(message: &'v [u8]) -> Result<(Cow<'v, str>, Cow<'v, str>), ObjectFault> {
    let mut entry: (&[u8], &[u8]) = (b"", b"");
    for field in Fields::of(message) {
        let field = field.map_err(|fault| fault.of("map entry"))?;
        match (field.number, field.bytes()) {
            (1, Some(key)) => entry.0 = key,
            (2, Some(value)) => entry.1 = value,
            _ => {}
        }
    }
    Ok((text(entry.0), text(entry.1)))
}

fn owner<'v>(message: &'v [u8]) -> Result<OwnerReference<'v>, ObjectFault> {
    let mut owner = OwnerReference::default();
    for field in Fields::of(message) {
        let field = field.map_err(|fault| fault.of("OwnerReference"))?;
        match (field.number, field.bytes()) {
            (1, Some(bytes)) => owner.kind = text(bytes),
            (3, Some(bytes)) => owner.name = text(bytes),
            (4, Some(bytes)) => owner.uid = text(bytes),
            (5, Some(bytes)) => owner.api_version = text(bytes),
            (6, None) => owner.controller = field.varint() == Some(1),
            _ => {}
        }
    }
    Ok(owner)
}

/// Go writes an empty list, map or struct as `null` as readily as it leaves it out.
pub(crate) fn nullable<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Option::<T>::deserialize(deserializer).map(Option::unwrap_or_default)
}

#[cfg(test)]
mod tests;
