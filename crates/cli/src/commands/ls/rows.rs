//! From records to rows.

use etcd_snapshot::{Deleted, KeyValue, Live, Record, Revision};
use kube_objects::{Envelope, StorageKey};
use sha2::{Digest, Sha256};

use crate::exit::Error;
use crate::output::json::HexBytes;
use crate::output::list::KeySink;
use crate::output::rows::{Identity, KeyRow, RevisionRow};
use crate::settings::ListRequest;

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

    pub(super) fn give(&self, shown: &Shown<'_>, sink: &mut dyn KeySink) -> Result<(), Error> {
        match self {
            Self::Name(_) => sink.name(shown.key()),
            Self::Live(live) => sink.key(&key_row(&live.kv, live.revision, shown)),
            Self::Deleted(deleted) => sink.revision(&tombstone_row(deleted.revision, shown)),
            Self::Record(record) => sink.revision(&revision_row(record, shown)),
        }
    }
}

/// A key in the form in which it may be shown.
///
/// Before OpenShift 4.6 an OAuth token was the name of its own object. Such a name gives way to the
/// beginning of its SHA-256: enough to tell two apart, and nothing to log in with.
pub(super) struct Shown<'a> {
    key: &'a [u8],
    parsed: StorageKey<'a>,
    redacted: Option<(Vec<u8>, usize)>,
}

impl<'a> Shown<'a> {
    pub(super) fn of(key: &'a [u8]) -> Self {
        let parsed = StorageKey::parse(key);
        let redacted = parsed.name_is_token().then(|| {
            let before = key.strip_suffix(parsed.name).unwrap_or_default();
            let digest = Sha256::digest(parsed.name);
            let digest = HexBytes(digest.get(..8).unwrap_or_default());
            let shown = [before, format!("redacted~{digest}").as_bytes()].concat();
            (shown, before.len())
        });
        Self { key, parsed, redacted }
    }

    pub(super) fn is_redacted(&self) -> bool {
        self.redacted.is_some()
    }

    pub(super) fn key(&self) -> &[u8] {
        self.redacted.as_ref().map_or(self.key, |(key, _)| key)
    }

    pub(super) fn identity(&self) -> Identity<'_> {
        let parsed = &self.parsed;
        let name = match &self.redacted {
            Some((key, at)) => key.get(*at..).unwrap_or_default(),
            None => parsed.name,
        };
        identity_of(parsed, name)
    }
}

fn identity_of<'a>(parsed: &StorageKey<'a>, name: &'a [u8]) -> Identity<'a> {
    let prefix = Some(parsed.prefix.as_bytes()).filter(|prefix| !prefix.is_empty());
    let resource = Some(parsed.resource).filter(|resource| !resource.is_empty());
    Identity {
        prefix,
        resource,
        group: resource.map(|_| parsed.group),
        namespace: parsed.namespace,
        name: resource.map(|_| name),
    }
}

/// Whether a key is asked for, by its true name.
pub(super) fn wanted(request: &ListRequest, key: &[u8]) -> bool {
    if !request.looks_inside() {
        return request.wants(key, &Identity::default());
    }
    let parsed = StorageKey::parse(key);
    request.wants(key, &identity_of(&parsed, parsed.name))
}

pub(super) fn key_row<'r>(kv: &KeyValue<'r>, revision: Revision, shown: &'r Shown<'_>) -> KeyRow<'r> {
    let envelope = Envelope::of(kv.value);
    let (provider, key_name) = match envelope {
        Envelope::Encrypted(encrypted) => (Some(encrypted.provider.as_bytes()), Some(encrypted.key_name)),
        _ => (None, None),
    };
    KeyRow {
        key: shown.key(),
        identity: shown.identity(),
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

pub(super) fn revision_row<'r>(record: &Record<'r>, shown: &'r Shown<'_>) -> RevisionRow<'r> {
    RevisionRow {
        main: record.revision.main,
        sub: record.revision.sub,
        key: shown.key(),
        identity: shown.identity(),
        tombstone: record.tombstone,
        create_revision: record.kv.create_revision,
        version: record.kv.version,
        lease: lease(&record.kv),
        size: record.kv.value.len() as u64,
    }
}

fn tombstone_row<'r>(revision: Revision, shown: &'r Shown<'_>) -> RevisionRow<'r> {
    RevisionRow {
        main: revision.main,
        sub: revision.sub,
        key: shown.key(),
        identity: shown.identity(),
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
    fn a_token_that_is_a_name_is_not_shown() {
        for (key, shown, name) in [
            (
                "/openshift.io/oauth/accesstokens/kX9secretsecretsecret",
                "/openshift.io/oauth/accesstokens/redacted~dfec2ea864e97680",
                "redacted~dfec2ea864e97680",
            ),
            (
                "/openshift.io/oauth/accesstokens/sha256~3hXnYOVc",
                "/openshift.io/oauth/accesstokens/sha256~3hXnYOVc",
                "sha256~3hXnYOVc",
            ),
            ("/kubernetes.io/secrets/a/b", "/kubernetes.io/secrets/a/b", "b"),
        ] {
            let found = Shown::of(key.as_bytes());
            assert_eq!(String::from_utf8_lossy(found.key()), shown);
            assert_eq!(found.identity().name, Some(name.as_bytes()));
            assert_eq!(found.is_redacted(), key != shown);
        }
    }

    #[test]
    fn a_key_of_no_resource_has_no_identity() {
        let shown = Shown::of(b"foo");
        assert_eq!(shown.identity(), Identity::default());
    }
}
