//! Each invariant between records: kept in a sound file, and named where it is broken.

use bbolt_page::{Db, Serial};
use etcd_snapshot::mvcc::MvccFaultKind as K;
use etcd_snapshot::{Options, RecordError, Revision, scan};
use snapshot_builder::{Builder, Put, revision};

/// What a scan notes about the records of a snapshot.
fn faults(builder: &Builder) -> Vec<K> {
    let bytes = builder.build();
    let scan = scan(Db::open(&bytes).unwrap(), Options::default(), &Serial);
    assert!(scan.walked.faults.is_empty(), "the structure is sound");
    scan.faults.kept().iter().map(|fault| fault.kind.clone()).collect()
}

/// Three keys, one of them changed, one deleted and created again.
fn sound() -> Builder {
    let mut builder = Builder::new();
    builder.create(2, "a").create(3, "b").change(4, "a", 2, 2).delete(5, 0, "b").create(6, "b").create(7, "c");
    builder
}

fn put(key: &str, create: i64, modified: i64, version: i64) -> Put<'_> {
    Put { key: key.as_bytes(), value: b"v", create, modified, version, lease: 0 }
}

#[test]
fn a_sound_history_has_no_fault() {
    assert_eq!(faults(&sound()), []);
    assert_eq!(faults(&Builder::new()), []);
    let mut txn = sound();
    txn.put(8, 0, &put("d", 8, 8, 1)).put(8, 1, &put("e", 8, 8, 1)).delete(8, 2, "a");
    assert_eq!(faults(&txn), []);
}

#[test]
fn keys_and_values_that_are_no_records() {
    let mut builder = sound();
    builder.set("key", b"short", b"").set("key", &[revision(8, 0), b"x".to_vec()].concat(), b"");
    builder.set("key", &revision(8, 0), &[0xff]).set("key", &[0xff; 17], b"");
    let kinds = faults(&builder);
    let of = |wanted: fn(&RecordError) -> bool| {
        kinds.iter().filter(|kind| matches!(kind, K::Record(error) if wanted(error))).count()
    };
    let keys = of(|error| matches!(error, RecordError::Key(_)));
    let values = of(|error| matches!(error, RecordError::Value(_)));
    assert_eq!((keys, values), (3, 1), "{kinds:?}");
}

#[test]
fn fields_that_contradict_the_revision() {
    for (fields, expected) in [
        (put("d", 8, 9, 1), K::ModRevision { got: 9, expected: 8 }),
        (put("d", 9, 8, 1), K::CreateRevision { create: 9, modified: 8 }),
        (put("d", 0, 8, 2), K::CreateRevision { create: 0, modified: 8 }),
        (put("d", 8, 8, 0), K::Version { version: 0, create: 8, modified: 8 }),
        (put("d", 8, 8, 2), K::Version { version: 2, create: 8, modified: 8 }),
        (put("d", 7, 8, 1), K::Version { version: 1, create: 7, modified: 8 }),
        (put("d", 8, 8, -1), K::Version { version: -1, create: 8, modified: 8 }),
    ] {
        let mut builder = sound();
        builder.put(8, 0, &fields);
        assert!(faults(&builder).contains(&expected), "{expected:?}: {:?}", faults(&builder));
    }
}

#[test]
fn a_chain_of_versions_that_breaks() {
    let chain = |version, create| {
        let mut builder = sound();
        builder.change(8, "a", create, version);
        faults(&builder)
    };
    assert_eq!(chain(3, 2), []);
    assert!(matches!(chain(4, 2)[..], [K::Chain { version: 4, previous_version: 2, .. }]));
    assert!(matches!(chain(2, 2)[..], [K::Chain { version: 2, .. }]), "the change was applied twice");
    assert!(matches!(chain(3, 3)[..], [K::Chain { create: 3, previous_create: 2, .. }]));
}

#[test]
fn revisions_that_are_missing() {
    let mut builder = sound();
    builder.unset("key", &revision(7, 0)).create(8, "d").create(11, "e");
    assert_eq!(faults(&builder), [K::MainGap { after: 6, missing: 1 }, K::MainGap { after: 8, missing: 2 }]);
    let mut first = sound();
    first.unset("key", &revision(2, 0));
    assert!(faults(&first).contains(&K::MainGap { after: 1, missing: 1 }));
    let mut sub = sound();
    sub.put(8, 1, &put("d", 8, 8, 1)).put(8, 3, &put("e", 8, 8, 1));
    assert_eq!(faults(&sub), [K::SubGap { main: 8, expected: 0 }, K::SubGap { main: 8, expected: 2 }]);
}

#[test]
fn below_a_compaction_gaps_are_right_and_above_it_they_are_not() {
    // Compacted at 6: what is left are the last puts of live keys.
    let mut builder = Builder::new();
    builder.compacted(6, Some(6)).change(4, "a", 2, 2).create(6, "b").change(7, "a", 2, 3).create(8, "c");
    assert_eq!(faults(&builder), []);
    builder.unset("key", &revision(7, 0));
    assert_eq!(faults(&builder), [K::MainGap { after: 6, missing: 1 }]);
    // The compaction may leave nothing at all before the next write.
    let mut empty = Builder::new();
    empty.compacted(6, Some(6)).create(7, "a");
    assert_eq!(faults(&empty), []);
    empty.unset("key", &revision(7, 0)).create(8, "a");
    assert_eq!(faults(&empty), [K::MainGap { after: 6, missing: 1 }]);
}

/// Keys `a` and `b` are deleted at 6, `a` and `c` put by the same transaction.
#[test]
fn a_key_that_a_compaction_lost_with_its_deletion() {
    let compacted = |at: i64| {
        let mut builder = Builder::new();
        builder.compacted(at, Some(at)).delete(6, 0, "a").delete(6, 1, "b");
        builder.put(6, 2, &put("a", 6, 6, 1)).put(6, 3, &put("c", 6, 6, 1)).create(7, "d");
        builder
    };
    assert_eq!(faults(&compacted(6)), []);
    let mut lost = compacted(6);
    lost.unset("key", &revision(6, 2));
    assert_eq!(faults(&lost), [K::LostToCompaction { expected: 2, got: 3 }]);
    // older servers remove the tombstones, and nothing else
    let mut older = compacted(6);
    older
        .unset("key", &[revision(6, 0), b"t".to_vec()].concat())
        .unset("key", &[revision(6, 1), b"t".to_vec()].concat());
    assert_eq!(faults(&older), []);
    // what a compaction behind it removed says nothing
    let mut later = compacted(7);
    for sub in [0, 1] {
        later.unset("key", &[revision(6, sub), b"t".to_vec()].concat());
    }
    assert_eq!(faults(&later), []);
}

#[test]
fn a_change_without_what_it_changed() {
    let mut builder = Builder::new();
    builder.compacted(6, Some(6)).change(7, "a", 2, 3);
    assert_eq!(faults(&builder), [K::Base { version: 3, create: 2 }]);
    builder.change(4, "a", 2, 2);
    assert_eq!(faults(&builder), []);
    let mut recreated = sound();
    recreated.delete(8, 0, "c").change(9, "c", 7, 2);
    assert_eq!(faults(&recreated), [K::Base { version: 2, create: 7 }]);
}

#[test]
fn tombstones_without_a_put() {
    let mut lone = sound();
    lone.delete(8, 0, "never");
    assert_eq!(faults(&lone), [K::LoneTombstone]);
    let mut twice = sound();
    twice.delete(8, 0, "c").delete(9, 0, "c");
    assert_eq!(faults(&twice), [K::DoubleTombstone { previous: Revision { main: 8, sub: 0 } }]);
    // A tombstone right at the compaction may stand alone: its put is compacted away, it is not.
    let mut kept = Builder::new();
    kept.compacted(6, Some(6)).delete(6, 0, "gone").create(7, "a");
    assert_eq!(faults(&kept), []);
}

#[test]
fn one_revision_stored_twice() {
    let mut builder = sound();
    builder.delete(7, 0, "c");
    assert!(faults(&builder).contains(&K::Duplicate));
}

#[test]
fn two_puts_of_a_key_in_one_transaction() {
    let mut builder = sound();
    builder.put(8, 0, &put("d", 8, 8, 1)).put(8, 1, &put("d", 8, 8, 2));
    assert!(faults(&builder).contains(&K::DoublePut));
    // With a deletion between them, etcd does allow it.
    let mut between = sound();
    between.put(8, 0, &put("d", 8, 8, 1)).delete(8, 1, "d").put(8, 2, &put("d", 8, 8, 1));
    assert_eq!(faults(&between), []);
}

#[test]
fn a_record_that_the_compaction_should_have_removed() {
    let mut builder = sound();
    builder.compacted(6, Some(6));
    let previous = Revision { main: 2, sub: 0 };
    assert!(faults(&builder).contains(&K::Leftover { previous, compacted: 6 }));
    // While the compaction is under way, it is right that the record is still there.
    let mut pending = sound();
    pending.compacted(6, None);
    assert_eq!(faults(&pending), []);
}

/// Only where a restore writes it: at sub 0, at or below the compaction mark, with a gap before it.
#[test]
fn an_empty_record_elsewhere_is_a_damaged_one() {
    let empty = |main, sub, compacted: Option<i64>| {
        let mut builder = sound();
        builder.set("key", &revision(main, sub), b"");
        compacted.map(|compacted| builder.compacted(compacted, None));
        faults(&builder)
    };
    for (main, sub, compacted) in [(8, 0, None), (900, 0, None), (900, 3, Some(900)), (8, 0, Some(8)), (5, 1, None)] {
        let kinds = empty(main, sub, compacted);
        assert!(kinds.contains(&K::Record(RecordError::Empty)), "{main}.{sub}: {kinds:?}");
    }
    assert_eq!(empty(900, 0, Some(900)), []);
}

#[test]
fn a_record_before_the_first_write() {
    let mut builder = sound();
    builder.create(1, "early");
    assert!(faults(&builder).contains(&K::BelowFirst { main: 1 }));
}

#[test]
fn the_marker_of_a_bumped_restore_is_no_gap_and_no_key() {
    let mut builder = sound();
    builder.set("key", &revision(1_000_007, 0), b"").compacted(1_000_007, Some(6));
    builder.create(1_000_008, "after");
    let bytes = builder.build();
    let scan = scan(Db::open(&bytes).unwrap(), Options::default(), &Serial);
    assert_eq!(scan.faults.kept(), []);
    assert_eq!(scan.bump_marker, Some(Revision { main: 1_000_007, sub: 0 }));
    let keys: Vec<_> = scan.store.live_sorted(|_| true, &Serial).map(|live| live.kv.key).collect();
    assert_eq!(keys, [&b"a"[..], b"after", b"b", b"c"]);
    assert_eq!(scan.status.total_key_36, Some(5), "etcd 3.6 counts the marker");
}
