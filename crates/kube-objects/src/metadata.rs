//! Whether a message is ObjectMeta, where no table says so.
//!
//! Whoever stores objects of a kind of their own may number its fields as they like: its first field may be a text, or a
//! message whose first field is a name, too, and not the object's.

use crate::wire::{Field, Fields};

/// What a message has of ObjectMeta's.
#[derive(Default)]
struct Signs {
    name: bool,
    uid: bool,
    created: bool,
}

/// Whether the fields of `message` could be ObjectMeta's: each has the type that it has there, and there is a name.
pub(crate) fn could_be(message: &[u8]) -> bool {
    read(message).is_some_and(|signs| signs.name)
}

/// Whether `message` is an object's ObjectMeta for all that can be told: an API server gives every object that it stores
/// a name, a uid and a time.
pub(crate) fn is_surely(message: &[u8]) -> bool {
    read(message).is_some_and(|signs| signs.name && signs.uid && signs.created)
}

/// `None` where a field has another type than ObjectMeta's of that number.
fn read(message: &[u8]) -> Option<Signs> {
    let mut signs = Signs::default();
    for field in Fields::of(message) {
        let field = field.ok()?;
        match field.number {
            1 => signs.name = !text(&field)?.is_empty(),
            5 => signs.uid = !text(&field)?.is_empty(),
            2..=4 | 6 | 14 | 15 => drop(text(&field)?),
            7 | 10 => drop(field.varint()?),
            8 => signs.created = !whole(&field)?.is_empty(),
            9 | 11..=13 | 16 | 17 => drop(whole(&field)?),
            _ => {} // of a release that is newer than the tables
        }
    }
    Some(signs)
}

fn text<'v>(field: &Field<'v>) -> Option<&'v str> {
    std::str::from_utf8(field.bytes()?).ok()
}

/// A message that does not break off.
fn whole<'v>(field: &Field<'v>) -> Option<&'v [u8]> {
    field.bytes().filter(|bytes| Fields::of(bytes).all(|field| field.is_ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_is_told_from_what_only_begins_like_it() {
        for (message, could, surely) in [
            (&b""[..], false, false),
            (b"text", false, false),
            (b"\x0a\x01n", true, false),
            (b"\x0a\x01n\x2a\x01u\x42\x02\x08\x07", true, true),
            (b"\x0a\x01n\x2a\x01u\x42\x00", true, false),
            (b"\x0a\x01n\x2a\x01u\x42\x02\x08\x07\xa2\x06\x01x", true, true), // field 100
            (b"\x0a\x01n\x28\x01\x42\x02\x08\x07", false, false),             // a uid that is a number
            (b"\x0a\x01n\x2a\x01u\x42\x01\x08", false, false),                // a time that breaks off
            (b"\x0a\x02\xff\xff\x2a\x01u\x42\x02\x08\x07", false, false),
            (b"\x0a\x00\x2a\x01u\x42\x02\x08\x07", false, false),
        ] {
            assert_eq!((could_be(message), is_surely(message)), (could, surely), "{}", message.escape_ascii());
        }
    }
}
