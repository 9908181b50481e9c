//! A stored value as the object it is, the way the API server would show it.
//!
//! Protobuf is read with the tables of `schema/`, JSON and CBOR as they are. What a table does not know is shown under
//! [`UNKNOWN_FIELDS`], never dropped. Two things a live API server does are not done here, because they need its code:
//! defaults that a newer release would fill in, and conversion to another version of the API.

mod budget;
mod cbor;
mod json;
mod leaf;
mod mask;
mod message;
mod rewrite;
mod schema;

use serde_json::{Map, Value};

use crate::envelope::Envelope;
use crate::fault::ObjectFault;
use crate::text;
use crate::unknown::Unknown;
use budget::Budget;
use message::Decoder;

pub use rewrite::{Change, Edit, Leaf, Place, rewrite};

/// Under this name stands what no table knows: a list of `{"field": <number>}` with the payload as `base64`, `varint`,
/// `fixed32` or `fixed64`; numbers above `i64::MAX` as their digits. No API field can have this name.
pub const UNKNOWN_FIELDS: &str = "<unknown fields>";

/// The longest value that is decoded, in bytes. etcd takes 1.5 MiB by default and advises against more than 10.
pub(crate) const MAX_LENGTH: usize = 16 << 20;

/// How an object is shown.
#[derive(Debug, Clone, Default)]
pub struct DecodeOptions {
    /// Shown as `metadata.resourceVersion`, which is not stored: the key's modification revision.
    pub resource_version: Option<i64>,
    /// Keep `metadata.managedFields`, which `kubectl get` hides.
    pub managed_fields: bool,
    /// Kubernetes minor release of the cluster (33 for 1.33). Before 34 an unset time reads `creationTimestamp: null`
    /// in pod templates. None means the newest.
    pub server_minor: Option<u32>,
}

/// An object, decoded. No `Debug`: it may be a Secret.
pub struct StoredObject {
    json: Value,
    known_kind: bool,
    unknown_fields: usize,
}

impl StoredObject {
    /// Decodes an unencrypted stored value.
    ///
    /// # Errors
    /// [`ObjectFault`] with the place where the encoding is broken, and where a value is too long, too deep or has too
    /// many fields to be an object that an API server stored.
    pub fn decode(value: &[u8], options: &DecodeOptions) -> Result<Self, ObjectFault> {
        within(value)?;
        let mut object = match Envelope::of(value) {
            Envelope::Protobuf => Self::from_protobuf(value, options)?,
            Envelope::Json => Self::whole(json::read(value, &mut Budget::default())?),
            Envelope::Cbor => Self::whole(cbor::read(value)?),
            other => return Err(ObjectFault::NotAnObject { found: other.word() }),
        };
        object.show_as(options);
        Ok(object)
    }

    /// The object as JSON.
    #[must_use]
    pub fn json(&self) -> &Value {
        &self.json
    }

    /// The object as JSON, owned.
    #[must_use]
    pub fn into_json(self) -> Value {
        self.json
    }

    /// The text of `kubectl get -o json`.
    #[must_use]
    pub fn to_json(&self) -> String {
        text::to_json(&self.json)
    }

    /// The text of `kubectl get -o yaml`.
    #[must_use]
    pub fn to_yaml(&self) -> String {
        text::to_yaml(&self.json)
    }

    /// The tables know this apiVersion and kind, or the value says itself what its fields are (JSON, CBOR).
    #[must_use]
    pub fn known_kind(&self) -> bool {
        self.known_kind
    }

    /// Replaces what is secret by how long it was, such as `<masked: 44 bytes>`, and says how many places that were.
    ///
    /// Secret: the data of Secrets; tokens, challenges and client secrets of the OAuth kinds, and the name of an OAuth
    /// token that is the token itself; webhook secrets of BuildConfigs; the TLS key of a Route; all of these within a
    /// Template or TemplateInstance, and the values of their parameters. Of these kinds also whatever repeats what was
    /// masked in their metadata, and every field that no table knows. In any kind: private keys in PEM, also in base64 and
    /// as URLs have them. A ConfigMap, the environment of a pod or a custom resource may hold another secret, but nothing in
    /// them says so: they are left alone.
    pub fn mask(&mut self) -> usize {
        mask::object(&mut self.json)
    }

    /// Masks all but what says which object this is: for a value that lies where secrets lie and is of no secret kind.
    pub fn mask_everything(&mut self) -> usize {
        mask::everything(&mut self.json)
    }

    /// [`Self::mask`] or [`Self::mask_everything`], for clients that know the types of fields: what should be base64 stays
    /// it, of as many asterisks as there were bytes.
    pub fn mask_keeping_types(&mut self, everything: bool) -> usize {
        mask::keeping_types(&mut self.json, if everything { mask::everything } else { mask::object })
    }

    /// Whether objects of this kind hold secrets by definition, see [`Self::mask`].
    #[must_use]
    pub fn is_secret_kind(&self) -> bool {
        mask::is_secret_kind(&self.json)
    }

    /// How many fields stand under [`UNKNOWN_FIELDS`], all levels taken together.
    #[must_use]
    pub fn unknown_fields(&self) -> usize {
        self.unknown_fields
    }

    fn whole(json: Value) -> Self {
        Self { json, known_kind: true, unknown_fields: 0 }
    }

    fn from_protobuf(value: &[u8], options: &DecodeOptions) -> Result<Self, ObjectFault> {
        let unknown = Unknown::read(value)?;
        let mut decoder = Decoder::new(options.server_minor);
        let (json, known_kind) = decoder.object(&unknown)?;
        Ok(Self { json: Value::Object(json), known_kind, unknown_fields: decoder.unknown_fields() })
    }

    fn show_as(&mut self, options: &DecodeOptions) {
        let Some(object) = self.json.as_object_mut() else {
            return;
        };
        let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) else {
            return;
        };
        if !options.managed_fields {
            metadata.remove("managedFields");
        }
        if let Some(revision) = options.resource_version {
            metadata.insert("resourceVersion".to_owned(), Value::String(revision.to_string()));
        }
    }
}

/// Whether the first field of a kind is ObjectMeta, as the tables say; of a kind that they have not, it need not be.
pub(crate) fn has_metadata(api_version: &[u8], kind: &[u8]) -> bool {
    let schema = schema::Schema::get();
    let words = std::str::from_utf8(api_version).ok().zip(std::str::from_utf8(kind).ok());
    let message = words.and_then(|(api_version, kind)| schema.kind(api_version, kind));
    message.and_then(|message| message.fields.first()).is_some_and(|first| match first.kind {
        schema::Kind::Message(index) if first.number == 1 => {
            schema.message(index).is_some_and(|message| message.name == "meta/v1.ObjectMeta")
        }
        _ => false,
    })
}

/// `apiVersion` and kind of the objects of a resource, as the newest table that has them says.
#[must_use]
pub fn kind_of(group: &str, resource: &str) -> Option<(&'static str, &'static str)> {
    schema::Schema::get().kind_of(group, resource)
}

/// A stored CBOR value.
pub(crate) fn read_cbor(value: &[u8]) -> Result<Value, ObjectFault> {
    within(value)?;
    cbor::read(value)
}

/// Refuses what is longer than any object.
fn within(value: &[u8]) -> Result<(), ObjectFault> {
    if value.len() > MAX_LENGTH {
        return Err(ObjectFault::TooLarge { what: "bytes", limit: MAX_LENGTH });
    }
    Ok(())
}

/// apiVersion and kind, which a protobuf object does not repeat inside.
fn type_meta(api_version: &[u8], kind: &[u8]) -> Map<String, Value> {
    let text = |bytes| Value::String(String::from_utf8_lossy(bytes).into_owned());
    Map::from_iter([("apiVersion".to_owned(), text(api_version)), ("kind".to_owned(), text(kind))])
}

#[cfg(test)]
mod tests;
