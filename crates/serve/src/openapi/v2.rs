//! The older document: as JSON, and as the protobuf that clients prefer, and older ones insist on.
//!
//! Field numbers are those of `openapiv2.proto`, the message form of an OpenAPI document of version 2.

use serde_json::{Map, Value, json};

use super::{resource_paths, schema, schema_name};
use crate::world::World;

/// The form of it: with the `@` of an `Accept` header here, clients fail.
pub(super) const CONTENT_TYPE: &str = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

/// Schemas nest no deeper; what is below is left out.
const DEEPEST: usize = 64;

/// As JSON.
pub(super) fn json(world: &World) -> Value {
    let (mut paths, mut definitions) = (Map::new(), Map::new());
    for resource in world.resources.values() {
        let parameter = |name: &str| json!({"name": name, "in": "query", "type": "string"});
        paths.extend(resource_paths(resource, &parameter));
        // an older kubectl that finds a built-in kind here without its fields ends with a panic when it compares
        if resource.definition.is_some() {
            definitions.insert(schema_name(resource), schema(resource));
        }
    }
    json!({"swagger": "2.0", "info": {"title": "assay-serve", "version": "backup"}, "paths": paths, "definitions": definitions})
}

/// As protobuf.
pub(super) fn document(world: &World) -> Vec<u8> {
    let json = json(world);
    let mut out = Message::default();
    out.text(1, "2.0");
    out.message(2, |info| {
        info.text(1, "assay-serve");
        info.text(2, "backup");
    });
    out.message(8, |paths| {
        for (name, item) in members(json.get("paths")) {
            named(paths, 2, name, |path| path_item(path, item));
        }
    });
    out.message(9, |definitions| {
        for (name, one) in members(json.get("definitions")) {
            named(definitions, 1, name, |out| schema_message(out, one, 0));
        }
    });
    out.0
}

fn members(value: Option<&Value>) -> impl Iterator<Item = (&String, &Value)> {
    value.and_then(Value::as_object).into_iter().flatten()
}

/// A message that is being written.
#[derive(Default)]
struct Message(Vec<u8>);

impl Message {
    fn varint(&mut self, mut number: usize) {
        while number >= 0x80 {
            self.0.push(u8::try_from(number & 0x7f).unwrap_or(0) | 0x80);
            number >>= 7;
        }
        self.0.push(u8::try_from(number).unwrap_or(0));
    }

    fn bytes(&mut self, field: usize, bytes: &[u8]) {
        self.varint(field << 3 | 2);
        self.varint(bytes.len());
        self.0.extend_from_slice(bytes);
    }

    fn text(&mut self, field: usize, text: &str) {
        self.bytes(field, text.as_bytes());
    }

    fn message(&mut self, field: usize, write: impl FnOnce(&mut Self)) {
        let mut inner = Self::default();
        write(&mut inner);
        self.bytes(field, &inner.0);
    }
}

/// An entry of a map: {1: name, 2: value}.
fn named(out: &mut Message, field: usize, name: &str, write: impl FnOnce(&mut Message)) {
    out.message(field, |entry| {
        entry.text(1, name);
        entry.message(2, write);
    });
}

/// An extension: its value is YAML, which JSON is.
fn extension(out: &mut Message, field: usize, name: &str, value: &Value) {
    named(out, field, name, |any| any.text(2, &value.to_string()));
}

fn path_item(out: &mut Message, item: &Value) {
    for (field, method) in [(2, "get"), (4, "post"), (8, "patch")] {
        if let Some(one) = item.get(method) {
            out.message(field, |out| operation(out, one));
        }
    }
}

fn operation(out: &mut Message, operation: &Value) {
    for parameter in operation.get("parameters").and_then(Value::as_array).into_iter().flatten() {
        // ParametersItem, Parameter, NonBodyParameter, QueryParameterSubSchema
        out.message(8, |item| {
            item.message(1, |parameter_of| {
                parameter_of.message(2, |out| {
                    out.message(3, |query| {
                        query.text(2, "query");
                        query.text(4, parameter.get("name").and_then(Value::as_str).unwrap_or_default());
                        query.text(6, "string");
                    });
                });
            });
        });
    }
    for (name, value) in members(Some(operation)).filter(|(name, _)| name.starts_with("x-")) {
        extension(out, 13, name, value);
    }
}

fn schema_message(out: &mut Message, schema: &Value, depth: usize) {
    if depth > DEEPEST {
        return;
    }
    let text = |name: &str| schema.get(name).and_then(Value::as_str);
    for (field, name) in [(2, "format"), (3, "title"), (4, "description")] {
        if let Some(text) = text(name) {
            out.text(field, text);
        }
    }
    for required in schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
        out.text(19, required);
    }
    match schema.get("additionalProperties") {
        Some(Value::Bool(flag)) => out.message(21, |item| {
            item.varint(2 << 3);
            item.varint(usize::from(*flag));
        }),
        Some(inner @ Value::Object(_)) => out.message(21, |item| {
            item.message(1, |out| schema_message(out, inner, depth + 1));
        }),
        _ => {}
    }
    if let Some(kind) = text("type") {
        out.message(22, |of| of.text(1, kind));
    }
    if let Some(items) = schema.get("items") {
        out.message(23, |item| item.message(1, |out| schema_message(out, items, depth + 1)));
    }
    if schema.get("properties").is_some() {
        out.message(25, |properties| {
            for (name, one) in members(schema.get("properties")) {
                named(properties, 1, name, |out| schema_message(out, one, depth + 1));
            }
        });
    }
    for (name, value) in members(Some(schema)).filter(|(name, _)| name.starts_with("x-")) {
        extension(out, 31, name, value);
    }
}
