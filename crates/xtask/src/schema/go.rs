//! What the Go structs beside a `generated.proto` say: the names in JSON, pointers, and what is left out when empty.

use std::collections::HashMap;

/// How a field is written in Go.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Tag {
    /// Its name in JSON; empty for an embedded struct, whose fields appear in the parent.
    pub(super) json: String,
    /// A pointer: absent and zero differ.
    pub(super) pointer: bool,
    /// `omitempty`.
    pub(super) omit_empty: bool,
    /// `omitzero`.
    pub(super) omit_zero: bool,
}

/// The fields of structs, by the struct's name and the field's number.
pub(super) type Structs = HashMap<(String, u32), Tag>;

/// Takes the structs of a Go file.
pub(super) fn read(text: &str, structs: &mut Structs) {
    let mut current = None;
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("type ").and_then(|rest| rest.strip_suffix(" struct {")) {
            current = Some(name.to_owned());
        } else if line == "}" {
            current = None;
        } else if let (Some(name), Some((number, tag))) = (&current, field(line)) {
            structs.insert((name.clone(), number), tag);
        }
    }
}

fn field(line: &str) -> Option<(u32, Tag)> {
    let (declared, tags) = line.split_once('`')?;
    let of = |key: &str| tags.split_once(&format!("{key}:\""))?.1.split('"').next();
    let number = of("protobuf")?.split(',').nth(1)?.parse().ok()?;
    let mut json = of("json")?.split(',');
    let name = json.next()?.to_owned();
    let options: Vec<&str> = json.collect();
    Some((
        number,
        Tag {
            json: name,
            pointer: declared.split_whitespace().last()?.starts_with('*'),
            omit_empty: options.contains(&"omitempty"),
            omit_zero: options.contains(&"omitzero"),
        },
    ))
}
