//! What the keys were at a revision, and when the question has no answer.

use bbolt_page::{Db, Serial};
use etcd_snapshot::{Options, RevisionError, Scan, scan};
use snapshot_builder::{Builder, Put};

fn at<'a>(bytes: &'a [u8], revision: Option<i64>) -> Scan<'a> {
    scan(Db::open(bytes).unwrap(), Options { at: revision, ..Options::default() }, &Serial)
}

fn live(bytes: &[u8], revision: i64) -> Vec<String> {
    let scan = at(bytes, Some(revision));
    scan.answerable(revision).expect("answerable");
    scan.store.live_sorted(|_| true, &Serial).map(|live| String::from_utf8_lossy(live.kv.value).into_owned()).collect()
}

#[test]
fn live_keys_at_every_revision() {
    let mut builder = Builder::new();
    let put = |key, version, create, modified| Put { key, value: b"inside", version, create, modified, lease: 0 };
    builder.create(2, "a").create(3, "b").change(4, "a", 2, 2).delete(5, 0, "b").create(6, "b");
    builder.delete(7, 0, "a").put(7, 1, &put(b"a", 1, 7, 7)).put(7, 2, &put(b"c", 1, 7, 7)).delete(8, 0, "c");
    let bytes = builder.build();
    for (revision, expected) in [
        (1, &[][..]),
        (2, &["value of a at 2"]),
        (3, &["value of a at 2", "value of b at 3"]),
        (4, &["value of a at 4", "value of b at 3"]),
        (5, &["value of a at 4"]),
        (6, &["value of a at 4", "value of b at 6"]),
        (7, &["inside", "value of b at 6", "inside"]),
        (8, &["inside", "value of b at 6"]),
    ] {
        assert_eq!(live(&bytes, revision), expected, "revision {revision}");
    }
    let deleted = |revision| -> Vec<_> {
        let scan = at(&bytes, revision);
        scan.store.deleted_sorted(|_| true, &Serial).map(|gone| (gone.key.to_vec(), gone.revision.main)).collect()
    };
    assert_eq!(deleted(None), [(b"c".to_vec(), 8)]);
    assert_eq!(deleted(Some(5)), [(b"b".to_vec(), 5)]);
}

#[test]
fn compacted_and_future_revisions_have_no_answer() {
    let mut builder = Builder::new();
    builder.compacted(5, Some(5)).change(4, "a", 2, 2).create(6, "b");
    let bytes = builder.build();
    let scan = at(&bytes, None);
    assert_eq!(scan.answerable(4), Err(RevisionError::Compacted { asked: 4, compacted: 5 }));
    assert_eq!(scan.answerable(5), Ok(()));
    assert_eq!(scan.answerable(6), Ok(()));
    assert_eq!(scan.answerable(7), Err(RevisionError::Future { asked: 7, current: 6 }));
    // A compaction under way has given up what lies below it, though some of it is still there.
    builder.compacted(6, Some(5));
    let bytes = builder.build();
    assert_eq!(at(&bytes, None).answerable(5), Err(RevisionError::Compacted { asked: 5, compacted: 6 }));
}

#[test]
fn a_compaction_at_the_newest_revision_keeps_the_revision() {
    let mut builder = Builder::new();
    builder.compacted(9, Some(9)).change(4, "a", 2, 2);
    let bytes = builder.build();
    let scan = at(&bytes, None);
    assert_eq!((scan.current(), scan.status.revision), (9, 4), "etcdutl shows the last record's");
}

#[test]
fn an_empty_store_is_at_revision_one() {
    let bytes = Builder::new().build();
    let scan = at(&bytes, None);
    assert_eq!((scan.current(), scan.status.revision, scan.store.live_count()), (1, 0, 0));
}
