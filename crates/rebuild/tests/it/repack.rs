//! The same history on full pages.

use bbolt_page::{Db, Serial};
use etcd_snapshot::{Options, Provenance, scan};
use rebuild::{Compact, RebuildError, Wanted, plan};
use snapshot_builder::{Builder, FreeList};

use crate::{buckets, rebuilt, sound};

#[test]
fn every_fixture_keeps_every_entry() {
    for fixture in fixtures::all() {
        let file = fixture.bytes();
        let source = scan(Db::open(&file).unwrap(), Options::default(), &Serial);
        let (written, told) = rebuilt(&file, Wanted::default()).unwrap();
        let copy = sound(&written);
        assert!(buckets(&copy) == buckets(&source), "{}", fixture.name);
        // etcd's own word for it
        assert_eq!(copy.status.hash, source.status.hash, "{}", fixture.name);
        assert_eq!(told.status_hash, source.status.hash, "{}", fixture.name);
        // with fewer neighbours there is no pattern to see
        let leaves = copy.buckets.iter().filter_map(|bucket| bucket.tree()).map(|tree| tree.leaves().len() - 1);
        let expected = if leaves.sum::<usize>() < 2 { Provenance::Stream } else { Provenance::Packed };
        assert_eq!(Provenance::of_scan(&copy), expected, "{}", fixture.name);
        assert_eq!(Provenance::of_scan(&source), Provenance::Stream, "{}", fixture.name);
        assert_eq!((copy.status.revision, copy.status.total_key), (source.status.revision, source.status.total_key));
        assert_eq!(copy.content_digest(&Serial), source.content_digest(&Serial), "{}", fixture.name);
        assert!(written.len() < file.len(), "{}: {} of {}", fixture.name, written.len(), file.len());
        assert!(rebuilt(&file, Wanted::default()).unwrap().0 == written, "{}: other bytes", fixture.name);
        // there is nothing left to do to it
        assert!(rebuilt(&written, Wanted::default()).unwrap().0 == written, "{}: not at rest", fixture.name);
    }
}

#[test]
fn any_page_size_holds_the_same() {
    let file = fixtures::named("plain-etcd34").bytes();
    let source = buckets(&scan(Db::open(&file).unwrap(), Options::default(), &Serial));
    for page_size in [1024, 8192, 16_384, 65_536] {
        let (written, told) = rebuilt(&file, Wanted { page_size: Some(page_size), ..Wanted::default() }).unwrap();
        assert_eq!((told.page_size, written.len() as u64), (page_size, told.pages * u64::from(page_size)));
        assert!(buckets(&sound(&written)) == source, "{page_size}");
    }
    let odd = rebuilt(&file, Wanted { page_size: Some(5000), ..Wanted::default() });
    assert!(matches!(odd, Err(RebuildError::Write(_))), "{odd:?}");
}

#[test]
fn alarms_and_authentication_are_left_out_when_asked() {
    let of = |name: &str| buckets(&sound(&rebuilt(&fixtures::named(name).bytes(), Wanted::default()).unwrap().0));
    let without = |name: &str, wanted| {
        let (file, told) = rebuilt(&fixtures::named(name).bytes(), wanted).unwrap();
        (buckets(&sound(&file)), told)
    };
    let (mut alarms, wanted) = (of("nospace-alarm"), Wanted { drop_alarms: true, ..Wanted::default() });
    let there = alarms.insert(b"alarm".to_vec(), Vec::new()).unwrap().len() as u64;
    let (found, told) = without("nospace-alarm", wanted);
    assert!(there > 0 && told.alarms_dropped == there && found == alarms);
    let (mut auth, wanted) = (of("auth-enabled"), Wanted { drop_auth: true, ..Wanted::default() });
    let buckets = [&b"auth"[..], b"authRoles", b"authUsers"];
    let there: usize = buckets.into_iter().map(|name| auth.insert(name.to_vec(), Vec::new()).unwrap().len()).sum();
    let (found, told) = without("auth-enabled", wanted);
    assert!(there > 3 && told.auth_dropped == there as u64 && found == auth);
}

/// The list that no tool of etcd's mends is not taken over.
#[test]
fn a_free_list_is_left_behind() {
    let mut builder = Builder::new();
    builder.create(2, "a").create(3, "b");
    let whole = builder.pages();
    let listed = builder.free_list(FreeList { flags: 2, ..FreeList::of(vec![2]) }).pages();
    assert!(!scan(Db::open(&listed).unwrap(), Options::default(), &Serial).walked.faults.kept().is_empty());
    let (written, _) = rebuilt(&listed, Wanted::default()).unwrap();
    assert!(written == rebuilt(&whole, Wanted::default()).unwrap().0);
}

#[test]
fn what_is_damaged_is_refused() {
    let mut builder = Builder::new();
    for main in 2..400 {
        builder.create(main, &format!("key-{main}"));
    }
    let refused = |file: &[u8]| plan(Db::open(file).unwrap(), Wanted::default(), &Serial).map(drop).unwrap_err();
    let mut pages = builder.pages();
    let leaf = pages.chunks(4096).rposition(|page| page[8] == 2 && page[10] > 20).unwrap() * 4096;
    pages[leaf + 16 + 12] ^= 0xff;
    assert!(matches!(refused(&pages), RebuildError::Damaged { .. }));
    let record = builder.clone().set("key", &[1; 16], b"").pages();
    assert!(matches!(refused(&record), RebuildError::Records { records: 1 }));
    let nested = builder.clone().bucket_at("lease", b"12345678").pages();
    let plan = plan(Db::open(&nested).unwrap(), Wanted::default(), &Serial).unwrap();
    let written = plan.write(std::io::Cursor::new(Vec::new()), |_| {}).map(drop);
    assert!(matches!(written, Err(RebuildError::Nested { .. })), "{written:?}");
    assert!(matches!(refused(&builder.clone().drop_bucket("meta").pages()), RebuildError::NoBucket { name: "meta" }));
    let future = Wanted { compact: Compact::At(500), ..Wanted::default() };
    let future = rebuilt(&builder.pages(), future).unwrap_err();
    assert!(matches!(future, RebuildError::Future { asked: 500, current: 399 }), "{future}");
}
