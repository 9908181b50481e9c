//! Keys left out, and earlier states.

use std::collections::BTreeMap;

use bbolt_page::{Db, Serial};
use etcd_snapshot::{Options, RevisionError, Scan, scan};
use proptest::prelude::*;
use rebuild::{Compact, LeftOut, RebuildError, Rebuilt, Traces, Wanted, plan};
use snapshot_builder::Builder;

use crate::compaction::{history, kept, keys, transactions};
use crate::{buckets, rebuilt, sound};

type Meant<'a> = &'a (dyn Fn(&[u8]) -> bool + Sync);

fn only(file: &[u8], wanted: Wanted, meant: Meant<'_>) -> (Vec<u8>, Rebuilt, LeftOut) {
    let plan = plan(Db::open(file).unwrap(), wanted, &Serial).unwrap().only(meant);
    let (out, told) = plan.write(std::io::Cursor::new(Vec::new()), |_| {}).unwrap();
    (out.into_inner(), told, plan.left_out())
}

fn latest() -> Wanted {
    Wanted { compact: Compact::Latest, ..Wanted::default() }
}

/// Each live key with all that is stored of it.
fn live(scan: &Scan<'_>) -> BTreeMap<Vec<u8>, (Vec<u8>, [i64; 4])> {
    let of = |kv: etcd_snapshot::KeyValue<'_>| {
        let numbers = [kv.create_revision, kv.mod_revision, kv.version, kv.lease];
        (kv.key.to_vec(), (kv.value.to_vec(), numbers))
    };
    scan.store.live().map(|live| of(live.kv)).collect()
}

/// About every third key, by what it is.
fn third(key: &[u8]) -> bool {
    !key.iter().map(|byte| u32::from(*byte)).sum::<u32>().is_multiple_of(3)
}

#[test]
fn of_every_fixture_what_is_meant_stays_as_it_is_and_nothing_else() {
    for fixture in fixtures::all() {
        let file = fixture.bytes();
        let source = scan(Db::open(&file).unwrap(), Options::default(), &Serial);
        let (written, told, left) = only(&file, latest(), &third);
        let copy = sound(&written);
        let mut expected = live(&source);
        let before = expected.len();
        expected.retain(|key, _| third(key));
        assert!(live(&copy) == expected, "{}", fixture.name);
        assert_eq!((copy.current(), told.revision), (source.current(), source.current()), "{}", fixture.name);
        assert_eq!((left.keys_before, left.keys), (before as u64, (before - expected.len()) as u64));
        let leases: Vec<i64> = copy.state.leases.iter().map(|lease| lease.id).collect();
        let used = |id: &i64| expected.values().any(|(_, [_, _, _, lease])| lease == id);
        assert!(leases.iter().all(used), "{}: a lease of nothing", fixture.name);
        assert_eq!(told.leases_dropped, (source.state.leases.len() - leases.len()) as u64);
        let (ours, theirs) = (buckets(&copy), buckets(&source));
        for name in [&b"members"[..], b"alarm", b"authUsers", b"cluster"] {
            assert_eq!(ours.get(name), theirs.get(name), "{}", fixture.name);
        }
        assert!(left.needles.len() as u64 >= left.keys, "{}", fixture.name);
        assert_eq!(Traces::of(left.needles, &Db::open(&written).unwrap(), &Serial).residue, None, "{}", fixture.name);
    }
}

/// A name that a kept value has in it is told from one that nothing kept has.
#[test]
fn residue_is_found_wherever_it_lies() {
    let mut builder = Builder::new();
    builder.create(2, "/registry/secrets/prod/db").create(3, "/registry/pods/prod/web");
    builder.put(
        4,
        0,
        &snapshot_builder::Put {
            key: b"/registry/events/prod/web",
            value: b"about /registry/secrets/prod/db, it says",
            create: 4,
            modified: 4,
            version: 1,
            lease: 0,
        },
    );
    let file = builder.pages();
    let meant = |key: &[u8]| !key.starts_with(b"/registry/secrets/");
    let traces = |file: &[u8]| {
        let left = only(&builder.pages(), latest(), &meant).2;
        Traces::of(left.needles, &Db::open(file).unwrap(), &Serial)
    };
    let (written, ..) = only(&file, latest(), &meant);
    assert_eq!(traces(&written), Traces { shared: 1, residue: None });
    // in the unused end of every page, of whatever kind
    for page in 2..written.len() / 4096 {
        let mut planted = written.clone();
        let end = (page + 1) * 4096;
        planted[end - 25..end].copy_from_slice(b"/registry/secrets/prod/db");
        let found = traces(&planted);
        assert_eq!((found.shared, found.residue.map(|hit| hit.at)), (1, Some(end - 25)), "page {page}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn an_earlier_state_is_that_of_a_compaction_there(
        transactions in transactions(),
        share in (0..=100_i64, 0..=100_i64),
    ) {
        let (builder, records, current) = history(&transactions);
        let compacted = current * share.0.min(share.1) / 100;
        let rev = current * share.0.max(share.1) / 100;
        let file = if compacted > 0 { builder.clone().compacted(compacted, None).pages() } else { builder.pages() };
        if rev > 0 {
            let (written, told) = rebuilt(&file, Wanted { rev: Some(rev), ..Wanted::default() }).unwrap();
            let copy = sound(&written);
            let earlier = records.into_iter().filter(|((main, _), _)| *main <= rev).collect();
            prop_assert_eq!(keys(&buckets(&copy)), kept(&earlier, rev));
            prop_assert_eq!((told.revision, copy.current()), (rev, rev));
            prop_assert_eq!(copy.state.compacted(), Some(rev));
        }
        for (asked, is_compacted) in [(compacted - 1, true), (current + 1, false)] {
            let refused = rebuilt(&file, Wanted { rev: Some(asked), ..Wanted::default() });
            match refused {
                Err(RebuildError::Revision(RevisionError::Compacted { .. })) => prop_assert!(is_compacted),
                Err(RebuildError::Revision(RevisionError::Future { .. })) => prop_assert!(!is_compacted),
                Err(other) => prop_assert!(false, "{}", other),
                Ok(_) => prop_assert!(compacted == 0 && is_compacted, "{} is no state", asked),
            }
        }
    }
}

/// A lease that only a later key has, or a key that is left out, goes; one that is used stays.
#[test]
fn a_lease_stays_with_its_keys() {
    let mut builder = Builder::new();
    let mut put = |main: i64, key: &str, lease: i64| {
        let put =
            snapshot_builder::Put { key: key.as_bytes(), value: b"v", create: main, modified: main, version: 1, lease };
        builder.put(main, 0, &put);
    };
    put(2, "kept", 11);
    put(3, "left", 12);
    put(4, "kept-later", 13);
    let message = |id: u8| vec![0x08, id, 0x10, 60];
    for id in 11..=14_u8 {
        builder.set("lease", &i64::from(id).to_be_bytes(), &message(id));
    }
    let file = builder.pages();
    let leases = |file: &[u8]| sound(file).state.leases.iter().map(|lease| lease.id).collect::<Vec<i64>>();
    assert_eq!(leases(&rebuilt(&file, latest()).unwrap().0), [11, 12, 13, 14]);
    let (written, told, _) = only(&file, latest(), &|key| key.starts_with(b"kept"));
    assert_eq!((leases(&written), told.leases_dropped), (vec![11, 13], 2));
    let (written, told) = rebuilt(&file, Wanted { rev: Some(3), ..Wanted::default() }).unwrap();
    assert_eq!((leases(&written), told.leases_dropped), (vec![11, 12], 2));
}
