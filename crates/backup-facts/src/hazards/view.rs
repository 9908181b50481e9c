//! Stored objects of Kubernetes' own kinds, read field by field.
//!
//! Volumes, claims, pods and nodes are many. Decoding one takes some 50 microseconds, reading the fields that are wanted
//! a tenth of it. So a field is asked for by its number in protobuf and by its name in JSON, and either form answers.

use std::borrow::Cow;

use jiff::Timestamp;
use kube_objects::protobuf::Message;
use serde_json::Value;

use super::list::{MOST_WORDS, word};

/// A field: its number in protobuf, its name in JSON. A message that Go embeds has no name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Field(pub(crate) u32, pub(crate) &'static str);

pub(crate) const METADATA: Field = Field(1, "metadata");
pub(crate) const SPEC: Field = Field(2, "spec");
pub(crate) const STATUS: Field = Field(3, "status");
pub(crate) const CREATED: Field = Field(8, "creationTimestamp");
pub(crate) const DELETED: Field = Field(9, "deletionTimestamp");
pub(crate) const LABELS: Field = Field(11, "labels");
pub(crate) const ANNOTATIONS: Field = Field(12, "annotations");

/// A stored object, as it is or decoded.
pub(crate) enum Stored<'v> {
    Wire(Message<'v>),
    Json(Value),
}

impl Stored<'_> {
    pub(crate) fn view(&self) -> View<'_> {
        match self {
            Self::Wire(message) => View::Wire(*message),
            Self::Json(value) => View::Json(value),
        }
    }
}

/// An object, or a part of one.
#[derive(Clone, Copy)]
pub(crate) enum View<'v> {
    Wire(Message<'v>),
    Json(&'v Value),
}

impl<'v> View<'v> {
    /// The first occurrence of a field; `None` where it is not set.
    pub(crate) fn get(self, field: Field) -> Option<Self> {
        match self {
            Self::Wire(message) => message.message(field.0).map(Self::Wire),
            Self::Json(_) if field.1.is_empty() => Some(self),
            Self::Json(value) => value.get(field.1).filter(|value| !value.is_null()).map(Self::Json),
        }
    }

    /// What stands at the end of a path of fields.
    pub(crate) fn path(self, fields: &[Field]) -> Option<Self> {
        fields.iter().try_fold(self, |view, field| view.get(*field))
    }

    /// The items of a list.
    pub(crate) fn all(self, field: Field) -> impl Iterator<Item = Self> {
        let (wire, json) = match self {
            Self::Wire(message) => (Some(message), None),
            Self::Json(value) => (None, value.get(field.1).and_then(Value::as_array)),
        };
        let wire = wire.into_iter().flat_map(move |message| message.messages(field.0)).map(Self::Wire);
        wire.chain(json.into_iter().flatten().map(Self::Json))
    }

    /// The text of a field, as a word; empty where it is not set.
    pub(crate) fn text(self, field: Field) -> String {
        self.get(field).map(|view| word(&view.as_text())).unwrap_or_default()
    }

    /// The texts of a list, as words.
    pub(crate) fn texts(self, field: Field) -> Vec<String> {
        self.all(field).take(MOST_WORDS).map(|view| word(&view.as_text())).collect()
    }

    /// Whether a field is this text.
    pub(crate) fn is(self, field: Field, text: &str) -> bool {
        self.get(field).is_some_and(|view| view.as_text() == text)
    }

    /// The text of an entry in a map of texts.
    pub(crate) fn entry(self, field: Field, key: &str) -> Option<String> {
        match self {
            Self::Wire(message) => {
                let entry = message.messages(field.0).find(|entry| entry.text(1) == key)?;
                Some(word(&entry.text(2)))
            }
            Self::Json(value) => value.get(field.1)?.get(key)?.as_str().map(word),
        }
    }

    pub(crate) fn flag(self, field: Field) -> bool {
        match self {
            Self::Wire(message) => message.number(field.0) == Some(1),
            Self::Json(value) => value.get(field.1).and_then(Value::as_bool) == Some(true),
        }
    }

    pub(crate) fn number(self, field: Field) -> Option<i64> {
        match self {
            Self::Wire(message) => message.number(field.0).map(u64::cast_signed),
            Self::Json(value) => value.get(field.1)?.as_i64(),
        }
    }

    /// A time: `{1: seconds, 2: nanos}`, or text.
    pub(crate) fn time(self, field: Field) -> Option<Timestamp> {
        match self.get(field)? {
            Self::Wire(time) => {
                let nanos = i32::try_from(time.number(2).unwrap_or(0)).ok()?;
                Timestamp::new(time.number(1)?.cast_signed(), nanos).ok()
            }
            Self::Json(time) => time.as_str()?.parse().ok(),
        }
    }

    /// The text that this is; empty for anything else.
    pub(crate) fn as_text(self) -> Cow<'v, str> {
        match self {
            Self::Wire(message) => String::from_utf8_lossy(message.as_bytes()),
            Self::Json(value) => Cow::Borrowed(value.as_str().unwrap_or_default()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lease `l` with labels {a: b}, spec {1: "holder", 2: 40, 4: {1: 7, 2: 5}}, and a list in field 5.
    const WIRE: &[u8] = b"k8s\0\x12\x29\x0a\x0d\x0a\x01l\x5a\x08\x0a\x01a\x12\x03b\x07b\
        \x12\x18\x0a\x06holder\x10\x28\x22\x04\x08\x07\x10\x05\x2a\x01x\x2a\x01y\x30\x01";
    const JSON: &str = r#"{"metadata":{"name":"l","labels":{"a":"b\u0007b"}},
        "spec":{"holder":"holder","seconds":40,"renewed":"1970-01-01T00:00:07.000000005Z",
                "list":["x","y"],"flag":true,"none":null}}"#;

    #[test]
    fn protobuf_and_json_answer_alike() {
        let json = serde_json::from_str(JSON).unwrap();
        let wire = Message::of_object(WIRE).unwrap();
        for view in [View::Wire(wire), View::Json(&json)] {
            assert_eq!(view.path(&[METADATA, Field(1, "name")]).unwrap().as_text(), "l");
            let metadata = view.get(METADATA).unwrap();
            assert_eq!(metadata.entry(LABELS, "a").as_deref(), Some("b\\u{7}b"));
            assert_eq!(metadata.entry(LABELS, "b"), None);
            let spec = view.get(SPEC).unwrap();
            assert_eq!(spec.text(Field(1, "holder")), "holder");
            assert!(spec.is(Field(1, "holder"), "holder") && !spec.is(Field(1, "holder"), "h"));
            assert_eq!((spec.number(Field(2, "seconds")), spec.number(Field(9, "none"))), (Some(40), None));
            assert_eq!(spec.time(Field(4, "renewed")), Timestamp::new(7, 5).ok());
            assert_eq!(spec.texts(Field(5, "list")), ["x", "y"]);
            assert!(spec.flag(Field(6, "flag")) && !spec.flag(Field(7, "none")));
            assert!(spec.get(Field(9, "none")).is_none() && view.get(STATUS).is_none());
            assert_eq!(spec.text(Field(9, "none")), "");
        }
    }

    #[test]
    fn what_go_embeds_is_the_same_object_in_json() {
        let json = serde_json::from_str(r#"{"spec":{"local":{"path":"/x"}}}"#).unwrap();
        let local = View::Json(&json).path(&[SPEC, Field(2, ""), Field(20, "local")]).unwrap();
        assert_eq!(local.text(Field(1, "path")), "/x");
    }
}
