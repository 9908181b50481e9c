//! What entries of buckets say, as maps whose names depend on the entry.

use document::{Hex64, Key};
use etcd_snapshot::KeyValue;
use etcd_snapshot::entry::{FieldValue, NamedField};
use etcd_snapshot::state::Permission;
use kube_objects::{Envelope, ShownKey};
use lens::entry::{Entry, Said};
use serde_json::{Map, Value, json};
use wording::escape;

/// The fields of an entry.
pub(super) fn fields(entry: &Entry<'_>) -> Map<String, Value> {
    let mut fields = Map::new();
    match &entry.said {
        Said::Nothing => {}
        Said::Size(size) => {
            fields.insert("size".into(), (*size).into());
        }
        Said::Fields(named) => fields.extend(named.iter().map(named_field)),
        Said::Record { revision, tombstone, .. } | Said::Torn { revision, tombstone, .. } => {
            fields.insert("revision".into(), revision.main.into());
            fields.insert("sub".into(), revision.sub.into());
            fields.insert("tombstone".into(), (*tombstone).into());
        }
    }
    match &entry.said {
        Said::Record { tombstone, kv, .. } => record(kv, *tombstone, &mut fields),
        Said::Torn { size, .. } => {
            fields.insert("size".into(), (*size).into());
        }
        _ => {}
    }
    fields
}

/// Why an entry is not what its bucket should hold, escaped.
pub(super) fn problem(entry: &Entry<'_>) -> Option<String> {
    entry.problem.as_ref().map(|problem| escape(problem.as_bytes()).into_owned())
}

fn record(kv: &KeyValue<'_>, tombstone: bool, fields: &mut Map<String, Value>) {
    fields.insert("key".into(), json!(Key(ShownKey::of(kv.key).key())));
    if tombstone {
        return;
    }
    fields.insert("createRevision".into(), kv.create_revision.into());
    fields.insert("modRevision".into(), kv.mod_revision.into());
    fields.insert("version".into(), kv.version.into());
    fields.insert("lease".into(), json!(super::lease(kv.lease)));
    fields.insert("size".into(), kv.value.len().into());
    let envelope = Envelope::of(kv.value);
    fields.insert("encoding".into(), envelope.word().into());
    if let Envelope::Encrypted(encrypted) = envelope {
        fields.insert("provider".into(), json!(Key(encrypted.provider.as_bytes())));
        fields.insert("keyName".into(), json!(Key(encrypted.key_name)));
    }
}

fn named_field(field: &NamedField) -> (String, Value) {
    let value = match &field.value {
        FieldValue::Number(number) => (*number).into(),
        FieldValue::Unsigned(number) => (*number).into(),
        FieldValue::Id(id) => json!(Hex64(*id)),
        FieldValue::Ids(ids) => ids.iter().map(|id| json!(Hex64(*id))).collect(),
        FieldValue::Flag(flag) => (*flag).into(),
        FieldValue::Text(text) => text.as_str().into(),
        FieldValue::Texts(texts) => json!(texts),
        FieldValue::Permissions(permissions) => permissions.iter().map(permission).collect(),
        FieldValue::Masked => "masked".into(),
    };
    (field.name.to_owned(), value)
}

fn permission(permission: &Permission) -> Value {
    let Permission { read, write, key, range_end } = permission;
    json!({"read": read, "write": write, "key": Key(key), "rangeEnd": Key(range_end)})
}
