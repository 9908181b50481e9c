//! What an entry of a bucket says, field by field, for scripts and for people. Values are never part of it.

use etcd_snapshot::entry::{self, FieldValue, NamedField};
use etcd_snapshot::facts::{Permission, bucket};
use etcd_snapshot::{BucketKey, KeyValue};
use kube_objects::{Envelope, ShownKey};
use serde_json::{Map, Value, json};

use super::json::{Hex64, Key};
use wording::{Size, escape};

/// What an entry says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Meaning {
    /// Its fields by name.
    pub fields: Map<String, Value>,
    /// The same for people, escaped, on one line.
    pub text: String,
    /// Why it is not what its bucket should hold, escaped.
    pub problem: Option<String>,
}

/// Reads an entry of a bucket; of a bucket that etcd does not know, the size of the value is all there is to tell.
#[must_use]
pub fn meaning(name: Option<&[u8]>, key: &[u8], value: &[u8]) -> Meaning {
    match name {
        Some(bucket::KEY) => record(key, value),
        Some(name) if bucket::ALL.contains(&name) => match entry::read(name, key, value) {
            Ok(fields) if !fields.is_empty() => named(&fields),
            Ok(_) => plain(value),
            Err(problem) => Meaning { problem: Some(escape(problem.as_bytes()).into_owned()), ..plain(value) },
        },
        _ => plain(value),
    }
}

/// Whether a key may be shown: it is a revision or another key that etcd writes, or the page it lies on is `sound`. On a
/// damaged page what passes for a key may be a piece of a value.
#[must_use]
pub fn is_public(name: Option<&[u8]>, key: &[u8], value: &[u8], sound: bool) -> bool {
    match name {
        Some(bucket::KEY) => BucketKey::decode(key).is_ok(),
        Some(name) => {
            sound || bucket::ALL.contains(&key) || entry::read(name, key, value).is_ok_and(|fields| !fields.is_empty())
        }
        None => sound || bucket::ALL.contains(&key) || BucketKey::decode(key).is_ok(),
    }
}

fn plain(value: &[u8]) -> Meaning {
    let mut fields = Map::new();
    fields.insert("size".into(), value.len().into());
    Meaning { fields, text: Size(value.len() as u64).to_string(), problem: None }
}

fn record(key: &[u8], value: &[u8]) -> Meaning {
    let bucket_key = match BucketKey::decode(key) {
        Ok(key) => key,
        Err(error) => return Meaning { problem: Some(error.to_string()), ..plain(value) },
    };
    let revision = bucket_key.revision;
    let mut fields = Map::new();
    fields.insert("revision".into(), revision.main.into());
    fields.insert("sub".into(), revision.sub.into());
    fields.insert("tombstone".into(), bucket_key.tombstone.into());
    match KeyValue::decode(value) {
        Ok(kv) => {
            let text = record_fields(&kv, bucket_key.tombstone, &mut fields);
            Meaning { fields, text: format!("{revision} {text}"), problem: None }
        }
        Err(error) => {
            fields.insert("size".into(), value.len().into());
            let problem = Some(format!("value is not a KeyValue: {error}"));
            Meaning { fields, text: format!("{revision} {}", Size(value.len() as u64)), problem }
        }
    }
}

/// Adds what a record holds beside its value; gives the same for people.
pub fn record_fields(kv: &KeyValue<'_>, tombstone: bool, fields: &mut Map<String, Value>) -> String {
    let shown = ShownKey::of(kv.key);
    fields.insert("key".into(), json!(Key(shown.key())));
    if tombstone {
        return format!("deleted {}", escape(shown.key()));
    }
    fields.insert("createRevision".into(), kv.create_revision.into());
    fields.insert("modRevision".into(), kv.mod_revision.into());
    fields.insert("version".into(), kv.version.into());
    let lease = (kv.lease != 0).then(|| kv.lease.cast_unsigned());
    fields.insert("lease".into(), json!(lease.map(Hex64)));
    fields.insert("size".into(), kv.value.len().into());
    let stored = stored_as(kv.value, fields);
    let lease = lease.map_or_else(String::new, |id| format!(", lease {id:x}"));
    format!(
        "put {}, created at {}, version {}, {stored} {}{lease}",
        escape(shown.key()),
        kv.create_revision,
        kv.version,
        Size(kv.value.len() as u64),
    )
}

/// Adds how a value is stored; gives it in a word.
pub fn stored_as(value: &[u8], fields: &mut Map<String, Value>) -> String {
    let envelope = Envelope::of(value);
    fields.insert("encoding".into(), envelope.word().into());
    match envelope {
        Envelope::Encrypted(encrypted) => {
            fields.insert("provider".into(), json!(Key(encrypted.provider.as_bytes())));
            fields.insert("keyName".into(), json!(Key(encrypted.key_name)));
            format!("{}:{}", escape(encrypted.provider.as_bytes()), escape(encrypted.key_name))
        }
        _ => envelope.word().to_owned(),
    }
}

fn named(fields: &[NamedField]) -> Meaning {
    let mut map = Map::new();
    let mut words = Vec::new();
    for field in fields {
        map.insert(field.name.into(), field_json(&field.value));
        words.push(format!("{} {}", field.name, field_text(&field.value)));
    }
    Meaning { fields: map, text: words.join(", "), problem: None }
}

fn field_json(value: &FieldValue) -> Value {
    match value {
        FieldValue::Number(number) => (*number).into(),
        FieldValue::Unsigned(number) => (*number).into(),
        FieldValue::Id(id) => json!(Hex64(*id)),
        FieldValue::Ids(ids) => ids.iter().map(|id| json!(Hex64(*id))).collect(),
        FieldValue::Flag(flag) => (*flag).into(),
        FieldValue::Text(text) => text.as_str().into(),
        FieldValue::Texts(texts) => json!(texts),
        FieldValue::Permissions(permissions) => permissions.iter().map(permission_json).collect(),
        FieldValue::Masked => "masked".into(),
    }
}

fn permission_json(permission: &Permission) -> Value {
    let Permission { read, write, key, range_end } = permission;
    json!({"read": read, "write": write, "key": Key(key), "rangeEnd": Key(range_end)})
}

fn field_text(value: &FieldValue) -> String {
    let list = |words: Vec<String>| if words.is_empty() { "none".to_owned() } else { words.join(" ") };
    match value {
        FieldValue::Number(number) => number.to_string(),
        FieldValue::Unsigned(number) => number.to_string(),
        FieldValue::Id(id) => format!("{id:x}"),
        FieldValue::Ids(ids) => list(ids.iter().map(|id| format!("{id:x}")).collect()),
        FieldValue::Flag(flag) => if *flag { "yes" } else { "no" }.to_owned(),
        FieldValue::Text(text) if text.is_empty() => "none".to_owned(),
        FieldValue::Text(text) => escape(text.as_bytes()).into_owned(),
        FieldValue::Texts(texts) => list(texts.iter().map(|text| escape(text.as_bytes()).into_owned()).collect()),
        FieldValue::Permissions(permissions) => list(permissions.iter().map(permission_text).collect()),
        FieldValue::Masked => "(masked)".to_owned(),
    }
}

fn permission_text(permission: &Permission) -> String {
    let may = match (permission.read, permission.write) {
        (true, true) => "read,write",
        (true, false) => "read",
        (false, true) => "write",
        (false, false) => "nothing",
    };
    match permission.range_end.as_slice() {
        [] => format!("{may}:{}", escape(&permission.key)),
        [0] => format!("{may}:{}..", escape(&permission.key)),
        end => format!("{may}:{}..{}", escape(&permission.key), escape(end)),
    }
}

/// Bytes in hex for people, two digits a byte, the rest of long ones counted.
#[must_use]
pub fn hex_preview(bytes: &[u8], most: usize) -> String {
    let shown = super::json::HexBytes(bytes.get(..most).unwrap_or(bytes));
    if bytes.len() > most { format!("{shown}.. ({} bytes)", bytes.len()) } else { shown.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_tells_everything_but_its_value() {
        let key = [&2_u64.to_be_bytes()[..], b"_", &0_u64.to_be_bytes()].concat();
        let found = meaning(Some(b"key"), &key, b"\x0a\x03foo\x10\x02\x18\x02\x20\x01\x2a\x06secret");
        assert_eq!(found.text, "2.0 put foo, created at 2, version 1, other 6 B");
        assert_eq!(found.fields["modRevision"], 2);
        assert!(!format!("{found:?}").contains("secret"));
        let dead = meaning(Some(b"key"), &[&key[..], b"t"].concat(), b"\x0a\x03foo");
        assert_eq!((dead.text.as_str(), &dead.fields["tombstone"]), ("2.0 deleted foo", &true.into()));
        let wrong = meaning(Some(b"key"), &key, b"\xffsecret");
        assert!(wrong.problem.is_some() && !format!("{wrong:?}").contains("secret"));
    }

    #[test]
    fn what_etcd_does_not_know_is_counted_and_not_shown() {
        let found = meaning(Some(b"mine"), b"k", b"secret");
        assert_eq!((found.text.as_str(), &found.fields["size"]), ("6 B", &6.into()));
        assert_eq!(meaning(Some(b"meta"), b"later", b"12345").text, "5 B");
    }
}
