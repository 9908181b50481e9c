//! Keys as a list has them.

use document::{Identity, Key, KeyRow, RevisionRow};
use etcd_snapshot::{KeyValue, Record, Revision};
use kube_objects::{Envelope, ShownKey};

use super::lease;

/// What a key says about itself.
#[must_use]
pub fn identity<'s>(shown: &'s ShownKey<'_>) -> Identity<'s> {
    let parsed = shown.parsed();
    let resource = Some(parsed.resource).filter(|resource| !resource.is_empty());
    Identity {
        prefix: Some(parsed.prefix.as_bytes()).filter(|prefix| !prefix.is_empty()),
        resource: resource.map(Key),
        group: resource.map(|_| Key(parsed.group)),
        namespace: parsed.namespace.map(Key),
        name: resource.map(|_| Key(shown.name())),
    }
}

/// A live key; `shown` is the key of `kv`.
#[must_use]
pub fn key_row<'r>(kv: &KeyValue<'r>, revision: Revision, shown: &'r ShownKey<'_>) -> KeyRow<'r> {
    let envelope = Envelope::of(kv.value);
    let (provider, key_name) = match envelope {
        Envelope::Encrypted(encrypted) => (Some(encrypted.provider.as_bytes()), Some(encrypted.key_name)),
        _ => (None, None),
    };
    KeyRow {
        key: Key(shown.key()),
        identity: identity(shown),
        create_revision: kv.create_revision,
        mod_revision: revision.main,
        version: kv.version,
        lease: lease(kv.lease),
        size: kv.value.len() as u64,
        encoding: Some(envelope.word()),
        provider: provider.map(Key),
        key_name: key_name.map(Key),
    }
}

/// A revision of a key; `shown` is the key of the record.
#[must_use]
pub fn revision_row<'r>(record: &Record<'_>, shown: &'r ShownKey<'_>) -> RevisionRow<'r> {
    RevisionRow {
        key: Key(shown.key()),
        identity: identity(shown),
        revision: record.revision.main,
        sub: record.revision.sub,
        tombstone: record.tombstone,
        create_revision: record.kv.create_revision,
        version: record.kv.version,
        lease: lease(record.kv.lease),
        size: record.kv.value.len() as u64,
    }
}

/// The deletion of a key, of which nothing else is known.
#[must_use]
pub fn deletion_row<'r>(revision: Revision, shown: &'r ShownKey<'_>) -> RevisionRow<'r> {
    RevisionRow {
        key: Key(shown.key()),
        identity: identity(shown),
        revision: revision.main,
        sub: revision.sub,
        tombstone: true,
        create_revision: 0,
        version: 0,
        lease: None,
        size: 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_of_no_resource_has_no_identity() {
        assert_eq!(identity(&ShownKey::of(b"foo")), Identity::default());
    }
}
