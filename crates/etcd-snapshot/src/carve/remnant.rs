//! Entries of etcd's own buckets on stale pages: inline in a stale root, or on stale pages of their own.

use bbolt_page::{InBucket, LeafElement, LeafPage, PageHeader};

use crate::entry;
use crate::state::bucket;

/// Inline buckets are small; a hostile page may claim anything.
const ENTRIES: usize = 4096;

/// What a stale root says of the time at which it was written.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Roots {
    /// Raft index of the transaction that wrote the page, where the page says it.
    pub(super) consistent_index: Option<u64>,
}

impl Roots {
    pub(super) fn of(page: &LeafPage<'_>) -> Self {
        let meta = page.elements().take(bucket::ALL.len() * 2).find(|element| element.key == bucket::META);
        let index = meta.filter(LeafElement::is_bucket).and_then(|element| {
            let (_, inner) = inline(page, &element).find(|(_, inner)| inner.key == b"consistent_index")?;
            Some(u64::from_be_bytes(*inner.value.first_chunk::<8>()?))
        });
        Self { consistent_index: index }
    }
}

/// The entries of an inline bucket of etcd's in the value of an element.
pub(super) fn inline<'a>(
    page: &LeafPage<'a>,
    element: &LeafElement<'a>,
) -> impl Iterator<Item = (&'static [u8], LeafElement<'a>)> + use<'a> {
    let name = bucket::ALL.into_iter().find(|name| *name == element.key && *name != bucket::KEY);
    let root = InBucket::read(element.value).map(|inner| inner.root.0);
    let data = element.value.get(InBucket::LEN..).filter(|_| root == Some(0)).unwrap_or_default();
    let count = PageHeader::read(data).map_or(0, |header| header.count);
    let inner = LeafPage::new(data, count, page.page(), 0);
    let entries = inner.elements().take(ENTRIES).filter(|entry| !entry.is_bucket());
    entries.filter_map(move |entry| Some((name?, entry)))
}

/// The bucket to which an entry on a page of its own must belong: etcd's values say what they are.
pub(super) fn bucket_of(key: &[u8], value: &[u8]) -> Option<&'static [u8]> {
    let fits = |name: &[u8]| entry::read(name, key, value).is_ok_and(|fields| !fields.is_empty());
    match key {
        b"consistent_index"
        | b"term"
        | b"confState"
        | b"storageVersion"
        | b"scheduledCompactRev"
        | b"finishedCompactRev" => fits(bucket::META).then_some(bucket::META),
        b"clusterVersion" | b"downgrade" => fits(bucket::CLUSTER).then_some(bucket::CLUSTER),
        b"authEnabled" | b"authRevision" => fits(bucket::AUTH).then_some(bucket::AUTH),
        _ if value == b"removed" => fits(bucket::MEMBERS_REMOVED).then_some(bucket::MEMBERS_REMOVED),
        _ if value.first() == Some(&b'{') => fits(bucket::MEMBERS).then_some(bucket::MEMBERS),
        [_, _, _, _, _, _, _, _] if value.first() == Some(&0x08) => fits(bucket::LEASE).then_some(bucket::LEASE),
        // Users and roles repeat their name in field 1; field 2 of a user is text, of a role a message.
        _ => {
            let name = value.strip_prefix(b"\x0a").and_then(<[u8]>::split_first).and_then(|(len, rest)| {
                rest.split_at_checked(usize::from(*len)).filter(|(name, _)| *name == key && *len < 0x80)
            })?;
            let (_, rest) = name;
            let hash = matches!(rest, [0x12, _, b'$', ..] | [0x1a | 0x22, ..]);
            let bucket = if hash { bucket::AUTH_USERS } else { bucket::AUTH_ROLES };
            fits(bucket).then_some(bucket)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_say_which_bucket_they_belong_to() {
        let lease = [0x08, 0x07, 0x10, 0x3c];
        for (key, value, expected) in [
            (&b"consistent_index"[..], &[0, 0, 0, 0, 0, 0, 0, 9][..], Some(bucket::META)),
            (b"consistent_index", b"short", None),
            (b"a1", br#"{"id":161,"name":"m"}"#, Some(bucket::MEMBERS)),
            (b"a2", br#"{"id":161,"name":"m"}"#, None),
            (b"a1", b"removed", Some(bucket::MEMBERS_REMOVED)),
            (b"zz", b"removed", None),
            (&7_u64.to_be_bytes(), &lease, Some(bucket::LEASE)),
            (&8_u64.to_be_bytes(), &lease, None),
            (b"root", b"\x0a\x04root\x12\x07$2a$10$\x1a\x04root", Some(bucket::AUTH_USERS)),
            (b"root", b"\x0a\x04root\x12\x05\x08\x02\x12\x01k", Some(bucket::AUTH_ROLES)),
            (b"other", b"\x0a\x04root\x12\x07$2a$10$", None),
            (b"anything", b"else", None),
        ] {
            assert_eq!(bucket_of(key, value), expected, "{}", key.escape_ascii());
        }
    }
}
