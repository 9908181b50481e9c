//! From records to rows.

use etcd_snapshot::{Deleted, KeyValue, Live, Record, Revision};
use kube_objects::{Envelope, ShownKey};

use crate::exit::Error;
use crate::output::rows::keys::KeySink;
use crate::output::rows::{Identity, KeyRow, RevisionRow};

/// Something to list.
pub(super) enum Entry<'a> {
    Live(Live<'a>),
    /// A live key of which only the name is wanted.
    Name(&'a [u8]),
    Deleted(Deleted<'a>),
    Record(Record<'a>),
}

impl<'a> Entry<'a> {
    pub(super) fn key(&self) -> &'a [u8] {
        match self {
            Self::Live(live) => live.kv.key,
            Self::Name(key) => key,
            Self::Deleted(deleted) => deleted.key,
            Self::Record(record) => record.kv.key,
        }
    }

    pub(super) fn give(&self, shown: &ShownKey<'_>, sink: &mut dyn KeySink) -> Result<(), Error> {
        match self {
            Self::Name(_) => sink.name(shown.key()),
            Self::Live(live) => sink.key(&key_row(&live.kv, live.revision, shown)),
            Self::Deleted(deleted) => sink.revision(&tombstone_row(deleted.revision, shown)),
            Self::Record(record) => sink.revision(&revision_row(record, shown)),
        }
    }
}

fn identity<'s>(shown: &'s ShownKey<'_>) -> Identity<'s> {
    let parsed = shown.parsed();
    let prefix = Some(parsed.prefix.as_bytes()).filter(|prefix| !prefix.is_empty());
    let resource = Some(parsed.resource).filter(|resource| !resource.is_empty());
    Identity {
        prefix,
        resource,
        group: resource.map(|_| parsed.group),
        namespace: parsed.namespace,
        name: resource.map(|_| shown.name()),
    }
}

pub(super) fn key_row<'r>(kv: &KeyValue<'r>, revision: Revision, shown: &'r ShownKey<'_>) -> KeyRow<'r> {
    let envelope = Envelope::of(kv.value);
    let (provider, key_name) = match envelope {
        Envelope::Encrypted(encrypted) => (Some(encrypted.provider.as_bytes()), Some(encrypted.key_name)),
        _ => (None, None),
    };
    KeyRow {
        key: shown.key(),
        identity: identity(shown),
        create_revision: kv.create_revision,
        mod_revision: revision.main,
        version: kv.version,
        lease: lease(kv),
        size: kv.value.len() as u64,
        encoding: Some(envelope.word()),
        provider,
        key_name,
    }
}

pub(super) fn revision_row<'r>(record: &Record<'r>, shown: &'r ShownKey<'_>) -> RevisionRow<'r> {
    RevisionRow {
        main: record.revision.main,
        sub: record.revision.sub,
        key: shown.key(),
        identity: identity(shown),
        tombstone: record.tombstone,
        create_revision: record.kv.create_revision,
        version: record.kv.version,
        lease: lease(&record.kv),
        size: record.kv.value.len() as u64,
    }
}

fn tombstone_row<'r>(revision: Revision, shown: &'r ShownKey<'_>) -> RevisionRow<'r> {
    RevisionRow {
        main: revision.main,
        sub: revision.sub,
        key: shown.key(),
        identity: identity(shown),
        tombstone: true,
        create_revision: 0,
        version: 0,
        lease: None,
        size: 0,
    }
}

fn lease(kv: &KeyValue<'_>) -> Option<u64> {
    (kv.lease != 0).then(|| kv.lease.cast_unsigned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_of_no_resource_has_no_identity() {
        let shown = ShownKey::of(b"foo");
        assert_eq!(identity(&shown), Identity::default());
    }
}
