//! The index against the reader, which searches anew for each question.

use bbolt_page::{Db, Serial};
use lens::{Index, Reader, Version};
use snapshot_builder::Builder;

fn indexed(reader: &Reader<'static>) -> Index<'static> {
    Index::of(reader, &Serial, &|_| {})
}

#[test]
fn any_key_at_any_revision_is_what_the_reader_finds() {
    let mut compared = 0;
    for fixture in fixtures::all() {
        let file: &'static [u8] = fixture.bytes().leak();
        let reader = Reader::open(Db::open(file).unwrap(), &Serial);
        let index = indexed(&reader);
        let (first, last) = (reader.compacted().unwrap_or(1).max(1), reader.current());
        assert_eq!((index.current(), index.compacted(), index.damaged()), (last, reader.compacted().unwrap_or(0), 0));
        for at in [first, first + (last - first) / 2, last] {
            let newest = reader.newest(|_| true, Some(at), usize::MAX, &Serial, &|_| {});
            let expected: Vec<_> = newest.live().map(|found| (found.record.kv.key, found.record.kv.value)).collect();
            let own: Vec<_> = index.live(b"", None, at).map(|version| (version.key, version.value)).collect();
            assert!(own == expected, "{} at {at}", fixture.name);
            for found in newest.all() {
                let key = found.record.kv.key;
                let own = index.get(key, at).map(|version| version.revision);
                assert_eq!(own, (!found.record.tombstone).then_some(found.record.revision.main), "{}", fixture.name);
            }
            compared += own.len();
        }
    }
    assert!(compared > 10_000, "only {compared}");
}

#[test]
fn what_was_written_comes_in_order() {
    let mut builder = Builder::new();
    builder.create(2, "a/1").create(3, "b/1").change(4, "a/1", 2, 2).delete(5, 0, "a/1").create(6, "a/2");
    let file: &'static [u8] = builder.build().leak();
    let reader = Reader::open(Db::open(file).unwrap(), &Serial);
    let index = indexed(&reader);
    let said = |version: Version<'_>| {
        (version.revision, String::from_utf8_lossy(version.key).into_owned(), version.tombstone, version.again)
    };
    let of = |revision, key: &str, tombstone, again| (revision, key.to_owned(), tombstone, again);
    assert_eq!(
        index.between(2, 5).map(said).collect::<Vec<_>>(),
        [of(3, "b/1", false, false), of(4, "a/1", false, true), of(5, "a/1", true, false)]
    );
    assert_eq!(index.between(6, 9).count(), 0);
    assert_eq!(index.back_from(4).map(|version| version.revision).collect::<Vec<_>>(), [4, 3, 2]);
    let keys = |prefix: &[u8], after: Option<&[u8]>, at| -> Vec<String> {
        index.live(prefix, after, at).map(|version| String::from_utf8_lossy(version.key).into_owned()).collect()
    };
    assert_eq!(keys(b"a/", None, 4), ["a/1"]);
    assert_eq!(keys(b"a/", None, 5), [""; 0]);
    assert_eq!(keys(b"", Some(b"a/2"), 6), ["b/1"]);
    assert_eq!(keys(b"b/", Some(b"a/2"), 6), ["b/1"]);
    assert_eq!((index.rank(b"a/2"), index.key(1), index.key(3)), (1, Some(&b"a/2"[..]), None));
    assert_eq!(index.keys_from(b"a/2").count(), 2);
}
