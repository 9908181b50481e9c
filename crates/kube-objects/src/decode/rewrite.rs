//! An object written again with some of its texts changed: protobuf field by field, JSON value by value.
//!
//! What no table knows is never passed through: an API server would drop it, and nobody can tell what it says.

mod json;

use std::borrow::Cow;

use super::budget::{Budget, deeper};
use super::leaf;
use super::schema::{FieldSpec, Kind, Message, Schema, Shape};
use crate::envelope::{Envelope, PROTOBUF};
use crate::fault::ObjectFault;
use crate::unknown::Unknown;
use crate::wire::{Field, Fields, Payload};

/// Where a text stands.
#[derive(Debug, Clone, Copy)]
pub struct Place<'p> {
    /// `apiVersion` of the object around it: the innermost, where one holds another.
    pub api_version: &'p str,
    /// Its kind.
    pub kind: &'p str,
    /// Names of the fields and map entries down to it, from that object on. Lists have no name of their own.
    pub path: &'p [String],
    /// What the field `name` beside it says, or beside the nearest thing above that has one: of an environment variable.
    pub name: Option<&'p str>,
}

/// A text, or bytes that protobuf holds as they are.
#[derive(Clone, Copy)]
pub enum Leaf<'v> {
    /// Text; bytes, since damage may have made it none.
    Text(&'v [u8]),
    /// Bytes, such as those of a Secret.
    Bytes(&'v [u8]),
    /// What no table knows, or has another type than it should: dropped, whatever is said of it.
    Unknown(&'v [u8]),
}

/// What becomes of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// It stays.
    Keep,
    /// This stands in its place.
    Replace(Vec<u8>),
    /// Its field, entry or item goes.
    Drop,
}

/// Decides what becomes of an object's texts. Numbers, booleans and times stay.
pub trait Edit {
    /// Whether a field or an entry of a map stays, with all that is in it.
    fn enters(&mut self, _place: &Place<'_>) -> bool {
        true
    }

    /// What becomes of a text.
    fn leaf(&mut self, place: &Place<'_>, leaf: Leaf<'_>) -> Change;
}

/// Writes an unencrypted stored value again. `None` for an object of a kind that no table knows, and for CBOR, which is not
/// written.
///
/// # Errors
/// [`ObjectFault`], as [`super::StoredObject::decode`].
pub fn rewrite(value: &[u8], edit: &mut dyn Edit) -> Result<Option<Vec<u8>>, ObjectFault> {
    super::within(value)?;
    let mut walk = Walk {
        schema: Schema::get(),
        edit,
        budget: Budget::default(),
        path: Vec::new(),
        objects: Vec::new(),
        names: Vec::new(),
    };
    match Envelope::of(value) {
        Envelope::Protobuf => walk.object(value, 0),
        Envelope::Json => walk.json(value).map(Some),
        Envelope::Cbor => Ok(None),
        other => Err(ObjectFault::NotAnObject { found: other.word() }),
    }
}

/// An object that is being written, and those around it.
struct Walk<'e> {
    schema: &'static Schema,
    edit: &'e mut dyn Edit,
    budget: Budget,
    path: Vec<String>,
    /// apiVersion and kind of each, and where its path begins.
    objects: Vec<(String, String, usize)>,
    /// What the fields `name` say on the way.
    names: Vec<String>,
}

/// What becomes of a field's payload.
enum Written {
    AsItWas,
    Bytes(Vec<u8>),
    Gone,
}

impl Walk<'_> {
    fn ask(&mut self, leaf: Leaf<'_>) -> Change {
        let (edit, place) = self.place();
        edit.leaf(&place, leaf)
    }

    fn enters(&mut self) -> bool {
        let (edit, place) = self.place();
        edit.enters(&place)
    }

    fn place(&mut self) -> (&mut dyn Edit, Place<'_>) {
        let (api_version, kind, from) =
            self.objects.last().map_or(("", "", 0), |(version, kind, from)| (version.as_str(), kind.as_str(), *from));
        let path = self.path.get(from..).unwrap_or_default();
        let name = self.names.last().map(String::as_str);
        (&mut *self.edit, Place { api_version, kind, path, name })
    }

    fn unknown(&mut self, payload: Payload<'_>) -> Written {
        if let Payload::Bytes(bytes) = payload {
            self.ask(Leaf::Unknown(bytes));
        }
        Written::Gone
    }

    fn leaf(&mut self, leaf: Leaf<'_>) -> Written {
        match self.ask(leaf) {
            Change::Keep => Written::AsItWas,
            Change::Replace(bytes) => Written::Bytes(bytes),
            Change::Drop => Written::Gone,
        }
    }

    /// A text in a message that has rules for what it may say: it stays or goes.
    fn strict(&mut self, text: Option<serde_json::Value>, payload: Payload<'_>) -> Written {
        match text {
            None => self.unknown(payload),
            Some(serde_json::Value::String(text)) => match self.ask(Leaf::Text(text.as_bytes())) {
                Change::Keep => Written::AsItWas,
                Change::Replace(_) | Change::Drop => Written::Gone,
            },
            Some(_) => Written::AsItWas,
        }
    }

    /// A value with its wrapper; `None` where no table has its kind.
    fn object(&mut self, value: &[u8], depth: usize) -> Result<Option<Vec<u8>>, ObjectFault> {
        let wrapper = Unknown::read(value)?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (api_version, kind) = (text(wrapper.api_version), text(wrapper.kind));
        let Some(message) = self.schema.kind(&api_version, &kind) else { return Ok(None) };
        let mut type_meta = Vec::new();
        put(&mut type_meta, 1, wrapper.api_version);
        put(&mut type_meta, 2, wrapper.kind);
        self.objects.push((api_version, kind, self.path.len()));
        let mut raw = Vec::new();
        let read = self.message(message, wrapper.raw, deeper(depth)?, &mut raw);
        self.objects.pop();
        read?;
        let mut out = PROTOBUF.to_vec();
        put(&mut out, 1, &type_meta);
        put(&mut out, 2, &raw);
        // contentEncoding and contentType, which an API server leaves empty
        put(&mut out, 3, b"");
        put(&mut out, 4, b"");
        Ok(Some(out))
    }

    fn message(&mut self, message: &Message, bytes: &[u8], depth: usize, out: &mut Vec<u8>) -> Result<(), ObjectFault> {
        let named = message.fields.iter().find(|spec| spec.json == "name" && spec.kind == Kind::Text);
        let name = named.and_then(|spec| {
            let fields = Fields::of(bytes).filter_map(Result::ok).filter(|field| field.number == spec.number);
            fields.last()?.bytes()
        });
        let named = name.map(|name| self.names.push(String::from_utf8_lossy(name).into_owned())).is_some();
        for field in Fields::of(bytes) {
            self.budget.take(1)?;
            let field = field.map_err(|fault| fault.of(message.name))?;
            let spec = message.fields.binary_search_by_key(&field.number, |spec| spec.number);
            match spec.ok().and_then(|at| message.fields.get(at)) {
                Some(spec) => self.field(spec, &field, depth, out)?,
                None => drop(self.unknown(field.payload)),
            }
        }
        if named {
            self.names.pop();
        }
        Ok(())
    }

    fn field(
        &mut self,
        spec: &FieldSpec,
        field: &Field<'_>,
        depth: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), ObjectFault> {
        let named = !spec.json.is_empty();
        if named {
            self.path.push(spec.json.to_owned());
        }
        let written = match spec.shape {
            _ if named && !self.enters() => Written::Gone,
            Shape::Map => self.entry(&spec.kind, field.payload, depth)?,
            Shape::One | Shape::List => self.value(&spec.kind, field.payload, depth)?,
        };
        if named {
            self.path.pop();
        }
        write(out, field, written);
        Ok(())
    }

    /// A map entry `{1: key, 2: value}`.
    fn entry(&mut self, kind: &Kind, payload: Payload<'_>, depth: usize) -> Result<Written, ObjectFault> {
        let Payload::Bytes(bytes) = payload else { return Ok(self.unknown(payload)) };
        let (mut key, mut value) = (None, None);
        for field in Fields::of(bytes) {
            let field = field.map_err(|fault| fault.of("map entry"))?;
            match (field.number, field.bytes()) {
                (1, Some(bytes)) => key = Some(bytes),
                (2, _) => value = Some(field),
                _ => return Ok(self.unknown(payload)),
            }
        }
        let Some(value) = value else { return Ok(Written::AsItWas) };
        self.path.push(String::from_utf8_lossy(key.unwrap_or_default()).into_owned());
        let written = if self.enters() { self.value(kind, value.payload, depth)? } else { Written::Gone };
        self.path.pop();
        if matches!(written, Written::Gone) {
            return Ok(Written::Gone);
        }
        let mut entry = Vec::new();
        put(&mut entry, 1, key.unwrap_or_default());
        write(&mut entry, &value, written);
        Ok(Written::Bytes(entry))
    }

    fn value(&mut self, kind: &Kind, payload: Payload<'_>, depth: usize) -> Result<Written, ObjectFault> {
        let bytes = match (kind, payload) {
            (Kind::Bool | Kind::Int | Kind::Uint, Payload::Varint(_)) => return Ok(Written::AsItWas),
            (Kind::Bool | Kind::Int | Kind::Uint, _) => return Ok(self.unknown(payload)),
            (_, Payload::Bytes(bytes)) => bytes,
            _ => return Ok(self.unknown(payload)),
        };
        Ok(match kind {
            Kind::Text => self.leaf(Leaf::Text(bytes)),
            Kind::Bytes => self.leaf(Leaf::Bytes(bytes)),
            Kind::Time if leaf::time(bytes)?.is_some() => Written::AsItWas,
            Kind::MicroTime if leaf::micro_time(bytes)?.is_some() => Written::AsItWas,
            Kind::Quantity => self.strict(leaf::quantity(bytes)?, payload),
            Kind::IntOrString => self.strict(leaf::int_or_string(bytes)?, payload),
            Kind::Raw => self.nested(bytes, depth)?,
            Kind::Message(index) => {
                let Some(message) = self.schema.message(*index) else { return Ok(Written::Gone) };
                let mut out = Vec::new();
                self.message(message, bytes, deeper(depth)?, &mut out)?;
                Written::Bytes(out)
            }
            Kind::Wrapped(shape, kind) => self.wrapped(*shape, kind, bytes, depth)?,
            // names of fields, with values among them
            Kind::Fields | Kind::FieldTree | Kind::Time | Kind::MicroTime | Kind::Bool | Kind::Int | Kind::Uint => {
                self.unknown(payload)
            }
        })
    }

    /// A list or map in field 1 of a message of its own.
    fn wrapped(&mut self, shape: Shape, kind: &Kind, bytes: &[u8], depth: usize) -> Result<Written, ObjectFault> {
        let (mut out, depth) = (Vec::new(), deeper(depth)?);
        for field in Fields::of(bytes) {
            self.budget.take(1)?;
            let field = field.map_err(|fault| fault.of("items"))?;
            let written = match (field.number, shape) {
                (1, Shape::Map) => self.entry(kind, field.payload, depth)?,
                (1, _) => self.value(kind, field.payload, depth)?,
                _ => self.unknown(field.payload),
            };
            write(&mut out, &field, written);
        }
        Ok(Written::Bytes(out))
    }

    /// What a RawExtension holds: JSON as a rule, another protobuf object at times.
    fn nested(&mut self, bytes: &[u8], depth: usize) -> Result<Written, ObjectFault> {
        let Some(raw) = leaf::raw(bytes, "RawExtension")? else { return Ok(self.unknown(Payload::Bytes(bytes))) };
        let written = match Envelope::of(raw) {
            Envelope::Empty => return Ok(Written::AsItWas),
            Envelope::Protobuf => self.object(raw, deeper(depth)?)?,
            _ => match self.json(raw) {
                Err(fault @ ObjectFault::TooLarge { .. }) => return Err(fault),
                written => written.ok(),
            },
        };
        let Some(written) = written else { return Ok(self.unknown(Payload::Bytes(raw))) };
        let mut out = Vec::new();
        put(&mut out, 1, &written);
        Ok(Written::Bytes(out))
    }
}

/// A field with what becomes of its payload.
fn write(out: &mut Vec<u8>, field: &Field<'_>, written: Written) {
    let tag = |wire: u64| u64::from(field.number) << 3 | wire;
    let bytes = match (written, field.payload) {
        (Written::Gone, _) => return,
        (Written::Bytes(bytes), _) => Cow::Owned(bytes),
        (Written::AsItWas, Payload::Bytes(bytes)) => Cow::Borrowed(bytes),
        (Written::AsItWas, Payload::Varint(number)) => {
            put_number(out, tag(0));
            return put_number(out, number);
        }
        (Written::AsItWas, Payload::Fixed64(number)) => {
            put_number(out, tag(1));
            return out.extend_from_slice(&number.to_le_bytes());
        }
        (Written::AsItWas, Payload::Fixed32(number)) => {
            put_number(out, tag(5));
            return out.extend_from_slice(&number.to_le_bytes());
        }
    };
    put(out, field.number, &bytes);
}

fn put(out: &mut Vec<u8>, number: u32, bytes: &[u8]) {
    put_number(out, u64::from(number) << 3 | 2);
    put_number(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

fn put_number(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    out.push(number.to_le_bytes()[0]);
}
