//! Protobuf messages to JSON objects, as Go's `encoding/json` would write the Go structs behind them.
//!
//! What is left out follows Go: `omitempty` leaves out an empty string, list or map, zero, false and a nil pointer,
//! but never a struct. Without it a nil pointer, list or map is `null`. So `status: {}` and `creationTimestamp: null`
//! appear although nothing was stored for them.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::budget::{Budget, deeper};
use super::schema::{FieldSpec, Kind, Message, Schema, Shape};
use super::{UNKNOWN_FIELDS, json, leaf, type_meta};
use crate::envelope::{Envelope, PROTOBUF};
use crate::fault::ObjectFault;
use crate::metadata;
use crate::unknown::Unknown;
use crate::wire::{Field, Fields, Payload};

type Object = Map<String, Value>;

/// One value being decoded: what it may still turn into, and what was not known.
pub(super) struct Decoder {
    schema: &'static Schema,
    server_minor: u32,
    budget: Budget,
    unknown_fields: usize,
}

impl Decoder {
    pub(super) fn new(server_minor: Option<u32>) -> Self {
        Self {
            schema: Schema::get(),
            server_minor: server_minor.unwrap_or(u32::MAX),
            budget: Budget::default(),
            unknown_fields: 0,
        }
    }

    pub(super) fn unknown_fields(&self) -> usize {
        self.unknown_fields
    }

    /// The object in a wrapper, and whether its kind is known.
    pub(super) fn object(&mut self, wrapper: &Unknown<'_>) -> Result<(Object, bool), ObjectFault> {
        self.object_at(wrapper, 0)
    }

    fn object_at(&mut self, wrapper: &Unknown<'_>, depth: usize) -> Result<(Object, bool), ObjectFault> {
        let mut object = type_meta(wrapper.api_version, wrapper.kind);
        let kind = std::str::from_utf8(wrapper.api_version).ok().zip(std::str::from_utf8(wrapper.kind).ok());
        let known = kind.and_then(|(api_version, kind)| self.schema.kind(api_version, kind));
        match known {
            Some(message) => {
                self.message(message, wrapper.raw, depth, &mut object)?;
                match wrapper.kind {
                    b"StatefulSet" => name_claim_templates(&mut object),
                    b"CertificateSigningRequest" => state_conditions(&mut object),
                    _ => {}
                }
            }
            None => self.unknown_kind(wrapper.raw, depth, &mut object)?,
        }
        Ok((object, known.is_some()))
    }

    /// Of a kind that no table has, field 1 is nearly always ObjectMeta still, and the rest is shown as it is.
    fn unknown_kind(&mut self, raw: &[u8], depth: usize, out: &mut Object) -> Result<(), ObjectFault> {
        let mut rest = self.collect(raw, "object")?;
        let first = rest.iter().position(|field| field.number == 1);
        let metadata = first.and_then(|at| rest.get(at)).and_then(Field::bytes);
        if let (Some(metadata), Some(at), Some(message)) = (metadata, first, self.schema.named("meta/v1.ObjectMeta")) {
            let mut read = Object::new();
            if metadata::could_be(metadata) && self.message(message, metadata, deeper(depth)?, &mut read).is_ok() {
                rest.remove(at);
                out.insert("metadata".to_owned(), Value::Object(read));
            }
        }
        self.show_unknown(rest, out);
        Ok(())
    }

    fn collect<'v>(&mut self, bytes: &'v [u8], name: &'static str) -> Result<Vec<Field<'v>>, ObjectFault> {
        let mut found = Vec::new();
        for field in Fields::of(bytes) {
            self.budget.take(1)?;
            found.push(field.map_err(|fault| fault.of(name))?);
        }
        Ok(found)
    }

    fn message(&mut self, message: &Message, bytes: &[u8], depth: usize, out: &mut Object) -> Result<(), ObjectFault> {
        self.budget.take(message.fields.len())?;
        let mut found = self.collect(bytes, message.name)?;
        found.sort_by_key(|field| field.number); // stable: repeated fields keep their order
        let mut unknown = Vec::new();
        let mut groups = found.chunk_by(|a, b| a.number == b.number).peekable();
        let number = |group: &[Field<'_>]| group.first().map_or(0, |field| field.number);
        for spec in &message.fields {
            while let Some(group) = groups.next_if(|group| number(group) < spec.number) {
                unknown.extend_from_slice(group);
            }
            let occurrences = groups.next_if(|group| number(group) == spec.number).unwrap_or_default();
            let mut site = Site { occurrences, depth, out, unknown: &mut unknown };
            match spec.shape {
                Shape::One => self.one(spec, &mut site)?,
                Shape::List => self.list(spec, &mut site)?,
                Shape::Map => self.map(spec, &mut site)?,
            }
        }
        unknown.extend(groups.flatten());
        self.show_unknown(unknown, out);
        Ok(())
    }

    fn one(&mut self, spec: &FieldSpec, site: &mut Site<'_, '_>) -> Result<(), ObjectFault> {
        if let Kind::Message(index) = spec.kind {
            return self.one_message(spec, index, site);
        }
        let mut value = None;
        for field in site.occurrences {
            match self.value(&spec.kind, field.payload, site.depth)? {
                Some(read) => value = Some(read),
                None => site.unknown.push(*field),
            }
        }
        let nil_when_absent = spec.pointer || matches!(spec.kind, Kind::Bytes | Kind::Wrapped(..));
        let value = match value {
            None if nil_when_absent || !spec.exists(self.server_minor) => {
                site.absent(spec, self.server_minor);
                return Ok(());
            }
            None => zero(&spec.kind),
            Some(value) => value,
        };
        let left_out = !spec.pointer
            && (spec.omits_empty(self.server_minor) && is_empty(&spec.kind, &value)
                || spec.omits_zero(self.server_minor) && value == zero(&spec.kind));
        if !left_out {
            site.out.insert(spec.json.to_owned(), value);
        }
        Ok(())
    }

    fn one_message(&mut self, spec: &FieldSpec, index: usize, site: &mut Site<'_, '_>) -> Result<(), ObjectFault> {
        let (chunks, strange): (Vec<Field<'_>>, Vec<Field<'_>>) =
            site.occurrences.iter().copied().partition(|field| field.bytes().is_some());
        site.unknown.extend(strange);
        if chunks.is_empty() && (spec.pointer || !spec.exists(self.server_minor)) {
            if !spec.json.is_empty() {
                site.absent(spec, self.server_minor);
            }
            return Ok(());
        }
        // a message that occurs twice is the concatenation of both, says the wire format
        let bytes = match chunks[..] {
            [] => Cow::Borrowed(&[][..]),
            [one] => Cow::Borrowed(one.bytes().unwrap_or_default()),
            _ => Cow::Owned(chunks.iter().filter_map(|field| field.bytes()).collect::<Vec<_>>().concat()),
        };
        let Some(message) = self.schema.message(index) else { return Ok(()) };
        let depth = deeper(site.depth)?;
        if spec.json.is_empty() {
            return self.message(message, &bytes, depth, site.out);
        }
        let mut child = Object::new();
        self.message(message, &bytes, depth, &mut child)?;
        site.out.insert(spec.json.to_owned(), Value::Object(child));
        Ok(())
    }

    fn list(&mut self, spec: &FieldSpec, site: &mut Site<'_, '_>) -> Result<(), ObjectFault> {
        let items = self.items(&spec.kind, site)?;
        if items.is_empty() {
            site.absent(spec, self.server_minor);
            return Ok(());
        }
        site.out.insert(spec.json.to_owned(), Value::Array(items));
        Ok(())
    }

    fn items(&mut self, kind: &Kind, site: &mut Site<'_, '_>) -> Result<Vec<Value>, ObjectFault> {
        let mut items = Vec::new();
        for field in site.occurrences {
            match self.value(kind, field.payload, site.depth)? {
                Some(item) => items.push(item),
                None => site.unknown.push(*field),
            }
        }
        Ok(items)
    }

    fn map(&mut self, spec: &FieldSpec, site: &mut Site<'_, '_>) -> Result<(), ObjectFault> {
        let mut entries = Object::new();
        for field in site.occurrences {
            match self.entry(&spec.kind, field, site.depth)? {
                Some((key, value)) => drop(entries.insert(key, value)),
                None => site.unknown.push(*field),
            }
        }
        if entries.is_empty() {
            site.absent(spec, self.server_minor);
            return Ok(());
        }
        site.out.insert(spec.json.to_owned(), Value::Object(entries));
        Ok(())
    }

    /// A map entry `{1: key, 2: value}`; either may be missing and is then empty.
    fn entry(&mut self, kind: &Kind, field: &Field<'_>, depth: usize) -> Result<Option<(String, Value)>, ObjectFault> {
        let Some(bytes) = field.bytes() else { return Ok(None) };
        let (mut key, mut value) = (&[][..], None);
        for field in Fields::of(bytes) {
            let field = field.map_err(|fault| fault.of("map entry"))?;
            match (field.number, field.payload) {
                (1, Payload::Bytes(bytes)) => key = bytes,
                (2, payload) => value = Some(payload),
                _ => return Ok(None),
            }
        }
        let value = match value {
            Some(payload) => self.value(kind, payload, depth)?,
            None if matches!(kind, Kind::Message(_) | Kind::Bytes) => self.value(kind, Payload::Bytes(&[]), depth)?,
            None => Some(zero(kind)),
        };
        Ok(value.map(|value| (String::from_utf8_lossy(key).into_owned(), value)))
    }

    /// One value of a kind; none where the payload is not of that kind.
    fn value(&mut self, kind: &Kind, payload: Payload<'_>, depth: usize) -> Result<Option<Value>, ObjectFault> {
        let (bytes, number) = match payload {
            Payload::Bytes(bytes) => (Some(bytes), None),
            Payload::Varint(number) => (None, Some(number)),
            Payload::Fixed64(_) | Payload::Fixed32(_) => return Ok(None),
        };
        Ok(match (kind, bytes, number) {
            (Kind::Bool, None, Some(number)) => Some(Value::Bool(number != 0)),
            (Kind::Int, None, Some(number)) => Some(Value::from(number.cast_signed())),
            (Kind::Uint, None, Some(number)) => Some(Value::from(number)),
            (Kind::Text, Some(bytes), None) => Some(leaf::text(bytes)),
            (Kind::Bytes, Some(bytes), None) => Some(Value::String(STANDARD.encode(bytes))),
            (Kind::Time, Some(bytes), None) => leaf::time(bytes)?,
            (Kind::MicroTime, Some(bytes), None) => leaf::micro_time(bytes)?,
            (Kind::Quantity, Some(bytes), None) => leaf::quantity(bytes)?,
            (Kind::IntOrString, Some(bytes), None) => leaf::int_or_string(bytes)?,
            (Kind::Raw, Some(bytes), None) => self.nested(leaf::raw(bytes, "RawExtension")?, depth)?,
            (Kind::Fields, Some(bytes), None) => self.nested(leaf::raw(bytes, "FieldsV1")?, depth)?,
            (Kind::FieldTree, Some(bytes), None) => self.field_tree(bytes, depth)?,
            (Kind::Message(index), Some(bytes), None) => {
                let Some(message) = self.schema.message(*index) else { return Ok(None) };
                let mut child = Object::new();
                self.message(message, bytes, deeper(depth)?, &mut child)?;
                Some(Value::Object(child))
            }
            (Kind::Wrapped(shape, kind), Some(bytes), None) => self.wrapped(*shape, kind, bytes, depth)?,
            _ => None,
        })
    }

    /// A list or map in field 1 of a message of its own.
    fn wrapped(&mut self, shape: Shape, kind: &Kind, bytes: &[u8], depth: usize) -> Result<Option<Value>, ObjectFault> {
        let found = self.collect(bytes, "items")?;
        let depth = deeper(depth)?;
        if found.iter().any(|field| field.number != 1) {
            return Ok(None);
        }
        let mut items = Vec::new();
        let mut entries = Object::new();
        for field in &found {
            let read = match shape {
                Shape::Map => self.entry(kind, field, depth)?.map(|(key, value)| drop(entries.insert(key, value))),
                _ => self.value(kind, field.payload, depth)?.map(|item| items.push(item)),
            };
            if read.is_none() {
                return Ok(None);
            }
        }
        Ok(Some(if shape == Shape::Map { Value::Object(entries) } else { Value::Array(items) }))
    }

    /// What a RawExtension or FieldsV1 holds: JSON as a rule, another protobuf object at times.
    fn nested(&mut self, raw: Option<&[u8]>, depth: usize) -> Result<Option<Value>, ObjectFault> {
        let Some(raw) = raw else { return Ok(None) };
        if raw.is_empty() {
            return Ok(Some(Value::Null));
        }
        if Envelope::of(raw) == Envelope::Protobuf && raw.len() > PROTOBUF.len() {
            let object = self.object_at(&Unknown::read(raw)?, deeper(depth)?)?;
            return Ok(Some(Value::Object(object.0)));
        }
        match json::read(raw, &mut self.budget) {
            Err(fault @ ObjectFault::TooLarge { .. }) => Err(fault),
            other => Ok(other.ok()),
        }
    }

    /// The fields that somebody manages, as they were written before Kubernetes 1.16: a map of such maps. An empty one is
    /// `null`, as those releases printed it.
    fn field_tree(&mut self, bytes: &[u8], depth: usize) -> Result<Option<Value>, ObjectFault> {
        let found = self.collect(bytes, "Fields")?;
        let depth = deeper(depth)?;
        let mut tree = Object::new();
        for field in &found {
            let entry = if field.number == 1 { self.entry(&Kind::FieldTree, field, depth)? } else { None };
            let Some((name, below)) = entry else { return Ok(None) };
            tree.insert(name, below);
        }
        Ok(Some(if tree.is_empty() { Value::Null } else { Value::Object(tree) }))
    }

    fn show_unknown(&mut self, fields: Vec<Field<'_>>, out: &mut Object) {
        if fields.is_empty() {
            return;
        }
        self.unknown_fields += fields.len();
        let shown = fields.into_iter().map(|field| {
            let (form, payload) = match field.payload {
                Payload::Bytes(bytes) => ("base64", Value::String(STANDARD.encode(bytes))),
                Payload::Varint(number) => ("varint", digits(number)),
                Payload::Fixed64(number) => ("fixed64", digits(number)),
                Payload::Fixed32(number) => ("fixed32", Value::from(number)),
            };
            Value::Object(Object::from_iter([("field".to_owned(), field.number.into()), (form.to_owned(), payload)]))
        });
        let shown: Vec<_> = shown.collect();
        match out.get_mut(UNKNOWN_FIELDS) {
            Some(Value::Array(before)) => before.extend(shown), // an embedded struct shares its parent's object
            _ => drop(out.insert(UNKNOWN_FIELDS.to_owned(), Value::Array(shown))),
        }
    }
}

/// A number that has 64 bits, or the digits of one that JSON's readers would round as they do above `i64::MAX`.
fn digits(number: u64) -> Value {
    i64::try_from(number).map_or_else(|_| Value::String(number.to_string()), Value::from)
}

/// Where one field of a message is being decoded to.
struct Site<'a, 'v> {
    occurrences: &'a [Field<'v>],
    depth: usize,
    out: &'a mut Object,
    unknown: &'a mut Vec<Field<'v>>,
}

impl Site<'_, '_> {
    /// A nil pointer, list or map, or a field that the release does not have.
    fn absent(&mut self, spec: &FieldSpec, minor: u32) {
        if spec.exists(minor) && !spec.omits_empty(minor) {
            self.out.insert(spec.json.to_owned(), Value::Null);
        }
    }
}

/// Go's zero value of a kind, in JSON.
fn zero(kind: &Kind) -> Value {
    match kind {
        Kind::Text => Value::String(String::new()),
        Kind::Bool => Value::Bool(false),
        Kind::Int | Kind::Uint | Kind::IntOrString => Value::from(0),
        Kind::Quantity => Value::String("0".to_owned()),
        Kind::Message(_) => Value::Object(Object::new()),
        Kind::Bytes | Kind::Time | Kind::MicroTime | Kind::Raw | Kind::Fields | Kind::FieldTree | Kind::Wrapped(..) => {
            Value::Null
        }
    }
}

/// What `omitempty` leaves out. A struct, whatever its JSON form, is never empty.
fn is_empty(kind: &Kind, value: &Value) -> bool {
    match kind {
        Kind::Text | Kind::Bytes => value.as_str() == Some(""),
        Kind::Bool => value == &Value::Bool(false),
        Kind::Int | Kind::Uint => value.as_u64() == Some(0),
        Kind::Wrapped(..) => {
            value.as_array().is_some_and(Vec::is_empty) || value.as_object().is_some_and(Map::is_empty)
        }
        _ => false,
    }
}

/// A condition of a CertificateSigningRequest had no status before 1.19; whoever reads it since takes it for `True`.
fn state_conditions(object: &mut Object) {
    let conditions = object.get_mut("status").and_then(|status| status.get_mut("conditions"));
    for condition in conditions.and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(status) = condition.get_mut("status").filter(|status| status.as_str() == Some("")) {
            *status = Value::String("True".to_owned());
        }
    }
}

/// The API server names the kind of a StatefulSet's claim templates on reading; it is not stored.
fn name_claim_templates(object: &mut Object) {
    let templates = object.get_mut("spec").and_then(|spec| spec.get_mut("volumeClaimTemplates"));
    for template in templates.and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(template) = template.as_object_mut() {
            template.extend(type_meta(b"v1", b"PersistentVolumeClaim"));
        }
    }
}
