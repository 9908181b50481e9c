//! What an entry of a bucket says, for people, on one line. Values are never part of it.

use etcd_snapshot::KeyValue;
use etcd_snapshot::entry::{FieldValue, NamedField};
use etcd_snapshot::state::Permission;
use kube_objects::{Envelope, ShownKey};
use lens::entry::{Entry, Said};

use super::permission_word;
use wording::{Size, escape};

/// An entry in words, escaped.
#[must_use]
pub fn text(entry: &Entry<'_>) -> String {
    match &entry.said {
        Said::Nothing => String::new(),
        Said::Size(size) => Size(*size).to_string(),
        Said::Fields(fields) => fields.iter().map(named).collect::<Vec<_>>().join(", "),
        Said::Record { revision, tombstone, kv } => format!("{revision} {}", record(kv, *tombstone)),
        Said::Torn { revision, size, .. } => format!("{revision} {}", Size(*size)),
    }
}

fn record(kv: &KeyValue<'_>, tombstone: bool) -> String {
    let shown = ShownKey::of(kv.key);
    let key = escape(shown.key());
    if tombstone {
        return format!("deleted {key}");
    }
    let stored = match Envelope::of(kv.value) {
        Envelope::Encrypted(encrypted) => {
            format!("{}:{}", escape(encrypted.provider.as_bytes()), escape(encrypted.key_name))
        }
        envelope => envelope.word().to_owned(),
    };
    let lease = if kv.lease == 0 { String::new() } else { format!(", lease {:x}", kv.lease) };
    let KeyValue { create_revision, version, value, .. } = kv;
    let size = Size(value.len() as u64);
    format!("put {key}, created at {create_revision}, version {version}, {stored} {size}{lease}")
}

fn named(NamedField { name, value }: &NamedField) -> String {
    let list = |words: Vec<String>| if words.is_empty() { "none".to_owned() } else { words.join(" ") };
    let text = |text: &String| escape(text.as_bytes()).into_owned();
    let value = match value {
        FieldValue::Number(number) => number.to_string(),
        FieldValue::Unsigned(number) => number.to_string(),
        FieldValue::Id(id) => format!("{id:x}"),
        FieldValue::Ids(ids) => list(ids.iter().map(|id| format!("{id:x}")).collect()),
        FieldValue::Flag(flag) => if *flag { "yes" } else { "no" }.to_owned(),
        FieldValue::Text(empty) if empty.is_empty() => "none".to_owned(),
        FieldValue::Text(some) => text(some),
        FieldValue::Texts(texts) => list(texts.iter().map(text).collect()),
        FieldValue::Permissions(permissions) => list(permissions.iter().map(permission).collect()),
        FieldValue::Masked => "(masked)".to_owned(),
    };
    format!("{name} {value}")
}

fn permission(permission: &Permission) -> String {
    let (may, key) = (permission_word(permission).replace(", ", ","), escape(&permission.key));
    match permission.range_end.as_slice() {
        [] => format!("{may}:{key}"),
        [0] => format!("{may}:{key}.."),
        end => format!("{may}:{key}..{}", escape(end)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_told_without_its_value() {
        let key = [&2_u64.to_be_bytes()[..], b"_", &0_u64.to_be_bytes()].concat();
        let found = Entry::read(Some(b"key"), &key, b"\x0a\x03foo\x10\x02\x18\x02\x20\x01\x2a\x06secret");
        assert_eq!(text(&found), "2.0 put foo, created at 2, version 1, other 6 B");
        let dead = Entry::read(Some(b"key"), &[&key[..], b"t"].concat(), b"\x0a\x03foo");
        assert_eq!(text(&dead), "2.0 deleted foo");
        assert_eq!(text(&Entry::read(Some(b"mine"), b"k", b"secret")), "6 B");
    }
}
