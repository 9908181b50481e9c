//! HashKV's keep rule and the content digest, on histories small enough to follow by hand.

use bbolt_page::{Db, Serial};
use etcd_snapshot::{HashKv, Options, Revision, Scan, scan};
use sha2::{Digest, Sha256};
use snapshot_builder::{Builder, revision};

fn at<'a>(bytes: &'a [u8], revision: Option<i64>) -> Scan<'a> {
    scan(Db::open(bytes).unwrap(), Options { at: revision, ..Options::default() }, &Serial)
}

/// CRC-32C over `key` and the stored bytes of the records at these revisions.
fn expected(scan: &Scan<'_>, revisions: &[(i64, i64)]) -> u32 {
    revisions.iter().fold(crc32c::crc32c(b"key"), |crc, &(main, sub)| {
        let record = scan.records().find(|record| record.revision == Revision { main, sub }).expect("record");
        let mark: &[u8] = if record.tombstone { b"t" } else { b"" };
        let key = [&revision(main, sub)[..], mark].concat();
        crc32c::crc32c_append(crc32c::crc32c_append(crc, &key), record.raw)
    })
}

#[test]
fn records_that_a_compaction_would_remove_do_not_count() {
    let mut builder = Builder::new();
    builder.change(4, "a", 2, 2).create(5, "b").create(6, "c").compacted(6, Some(6));
    builder.change(7, "a", 2, 3).delete(8, 0, "c").create(9, "d");
    let bytes = builder.build();
    for (revision, counted) in [
        // At 6, every base record is the newest of its key.
        (6, &[(4, 0), (5, 0), (6, 0)][..]),
        // From 7 on, the base of `a` is superseded, though it is still in the file; from 8 on, so is that of `c`.
        (7, &[(5, 0), (6, 0), (7, 0)]),
        (8, &[(5, 0), (7, 0), (8, 0)]),
        (9, &[(5, 0), (7, 0), (8, 0), (9, 0)]),
    ] {
        let scan = at(&bytes, Some(revision));
        let hash = expected(&scan, counted);
        let got = scan.hash_kv(&Serial).expect("answerable");
        assert_eq!(got, HashKv { hash, hash_revision: revision, compact_revision: 6 }, "revision {revision}");
    }
    assert!(at(&bytes, Some(5)).hash_kv(&Serial).is_err());
}

#[test]
fn a_tombstone_at_the_compaction_does_not_count() {
    let mut builder = Builder::new();
    builder.create(4, "a").delete(6, 0, "b").compacted(6, Some(6)).create(7, "c");
    let bytes = builder.build();
    let scan = at(&bytes, None);
    assert_eq!(scan.hash_kv(&Serial).unwrap().hash, expected(&scan, &[(4, 0), (7, 0)]));
}

#[test]
fn where_nothing_is_kept_nothing_is_left_out() {
    let mut builder = Builder::new();
    builder.create(4, "a").compacted(5, Some(5)).delete(6, 0, "a");
    let bytes = builder.build();
    let scan = at(&bytes, Some(7).filter(|_| false));
    // After the deletion at 6 was itself passed, no key is left: etcd's keep set is empty, and it skips nothing.
    assert_eq!(scan.hash_kv(&Serial).unwrap().hash, expected(&scan, &[(4, 0), (6, 0)]));
}

#[test]
fn the_content_digest_is_what_its_documentation_says() {
    let mut builder = Builder::new();
    builder.create(2, "b").create(3, "a").create(4, "gone").delete(5, 0, "gone");
    let bytes = builder.build();
    let entry = |key: &[u8], value: &[u8]| {
        let parts = [&(key.len() as u64).to_be_bytes()[..], key, &(value.len() as u64).to_be_bytes(), value];
        Sha256::digest(parts.concat()).to_vec()
    };
    let all = [b"assay-content/1\n".to_vec(), entry(b"a", b"value of a at 3"), entry(b"b", b"value of b at 2")];
    let expected: [u8; 32] = Sha256::digest(all.concat()).into();
    assert_eq!(at(&bytes, None).content_digest(&Serial), expected);
}

#[test]
fn content_is_equal_whatever_the_pages_the_member_and_the_history() {
    let mut one = Builder::new();
    one.create(2, "a").change(3, "a", 2, 2).create(4, "b");
    let mut two = Builder::new();
    two.page_size(16384).compacted(90, Some(90)).set("meta", b"term", &9_u64.to_be_bytes());
    let put = |key, value, modified| snapshot_builder::Put { key, value, create: 80, modified, version: 7, lease: 0 };
    two.put(90, 0, &put(b"b", b"value of b at 4", 90)).put(91, 0, &put(b"a", b"value of a at 3", 91));
    let digest = |builder: &Builder| at(&builder.build(), None).content_digest(&Serial);
    assert_eq!(digest(&one), digest(&two));
    two.create(92, "c");
    assert_ne!(digest(&one), digest(&two));
}

#[test]
fn members_of_one_cluster_have_one_content_and_one_hash_kv() {
    let members: Vec<_> = fixtures::all().into_iter().filter(|fixture| fixture.name.starts_with("members-")).collect();
    assert_eq!(members.len(), 4);
    let mut seen = std::collections::HashSet::new();
    for member in &members {
        let bytes = member.bytes();
        let scan = at(&bytes, None);
        seen.insert((scan.content_digest(&Serial), scan.hash_kv(&Serial).unwrap().hash));
    }
    assert_eq!(seen.len(), 1);
}

/// What a compaction leaves of a history has the hash that the whole history is said to have after it.
#[test]
fn files_that_were_compacted_at_other_revisions_have_one_hash_at_the_later_one() {
    let later = |builder: &mut Builder| {
        builder.change(7, "a", 2, 3).delete(8, 0, "c").create(9, "d");
    };
    let mut whole = Builder::new();
    whole.create(2, "a").create(3, "gone").change(4, "a", 2, 2).create(5, "b").delete(6, 0, "gone").create(6, "c");
    later(&mut whole);
    let mut compacted = Builder::new();
    compacted.change(4, "a", 2, 2).create(5, "b").create(6, "c").compacted(6, Some(6));
    later(&mut compacted);
    let (whole, compacted) = (whole.build(), compacted.build());
    for revision in 6..=9 {
        let (one, other) = (at(&whole, Some(revision)), at(&compacted, Some(revision)));
        let of = |scan: &Scan<'_>| scan.hash_kv_compacted(6, &Serial).unwrap();
        assert_eq!(of(&one), of(&other), "revision {revision}");
        assert_eq!(of(&other), other.hash_kv(&Serial).unwrap(), "revision {revision}");
        assert_ne!(of(&one).hash, one.hash_kv(&Serial).unwrap().hash, "revision {revision}");
    }
    let (one, never) = (at(&whole, None), |scan: &Scan<'_>| scan.hash_kv_compacted(-1, &Serial).unwrap());
    assert_eq!(never(&one), one.hash_kv(&Serial).unwrap());
    assert_eq!(never(&at(&compacted, None)).compact_revision, 6, "what is gone is gone");
}
