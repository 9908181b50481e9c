//! What deltas say, and how far they are followed.

use super::*;

/// A delta as it is stored, without compression: puts of one key.
fn bytes(revisions: &[u64]) -> Vec<u8> {
    let event = |revision: &u64| {
        let put = format!(r#""key":"YQ==","create_revision":30,"version":{},"value":"dg==""#, revision - 29);
        format!(r#"{{"etcdEvent":{{"kv":{{{put},"mod_revision":{revision}}}}},"time":"x"}}"#)
    };
    let json = format!("[{}]", revisions.iter().map(event).collect::<Vec<_>>().join(",")).into_bytes();
    hashed(json)
}

fn hashed(json: Vec<u8>) -> Vec<u8> {
    let hash = Sha256::digest(&json);
    [json, hash.to_vec()].concat()
}

fn events(list: &str) -> Result<Delta, DeltaFault> {
    Delta::read(&hashed(format!("[{list}]").into_bytes()))
}

type Stored = (u64, u64, Result<Delta, DeltaFault>);

fn stored(from: u64, to: u64) -> Stored {
    let revisions: Vec<u64> = (from..=to).collect();
    (from, to, Delta::read(&bytes(&revisions)))
}

fn follow(full: u64, keys: Option<&Keys<'_>>, stored: &[Stored]) -> (Deltas, Vec<(Event, Option<Held>)>) {
    let name = |(from, to, _): &Stored| format!("Incr-{from:08}-{to:08}-1790000000.gz");
    let named = stored.iter().map(|it| (name(it), StoredName::parse(&name(it)).unwrap())).collect();
    let mut applied = Vec::new();
    let chain = Deltas::follow(
        full,
        keys,
        named,
        &mut |wanted| stored.iter().find(|it| name(it) == wanted).unwrap().2.clone(),
        &mut |event, now| applied.push((event, now)),
    );
    (chain, applied)
}

fn end_of(full: u64, stored: &[Stored]) -> (u64, Option<Misfit>, usize) {
    let held = Held { created: 30, modified: full, version: full - 29 };
    let (chain, applied) = follow(full, Some(&|key| (key == b"a").then_some(held)), stored);
    assert_eq!(chain.newest, applied.last().map_or(full, |(event, _)| event.revision), "all of it is applied");
    (chain.newest, chain.misfit.map(|(_, misfit)| misfit), chain.faults.len())
}

#[test]
fn names_of_stored_snapshots_are_read_and_no_others() {
    let read = |name| StoredName::parse(name).map(|it| (it.delta, it.from, it.to, it.stored));
    assert_eq!(read("Full-00000000-00000037-1790000000.gz"), Some((false, 0, 37, 1_790_000_000)));
    assert_eq!(read("Incr-00000038-00000047-1790000300"), Some((true, 38, 47, 1_790_000_300)));
    for name in ["Incr-38-37-1", "Incr-1-2", "Incr-1-2-3-4", "Incr-+1-2-3", "Part-1-2-3", "Incr---", "Incr", ""] {
        assert_eq!(read(name), None, "{name}");
    }
}

#[test]
fn a_delta_is_read_where_its_hash_and_its_events_are_right() {
    let several = Delta::read(&bytes(&[35, 35, 36])).unwrap();
    assert_eq!((several.first, several.last, several.events.len()), (35, 36, 3));
    let mut flipped = bytes(&[35, 36]);
    flipped[20] ^= 1;
    assert_eq!(Delta::read(&flipped), Err(DeltaFault::Hash));
    assert_eq!(Delta::read(&bytes(&[35, 36])[..60]), Err(DeltaFault::Hash), "cut off");
    assert_eq!(Delta::read(&bytes(&[35, 37])), Err(DeltaFault::Order { last: 35, next: 37 }));
    assert_eq!(Delta::read(&bytes(&[36, 35, 36])), Err(DeltaFault::Order { last: 36, next: 35 }));
    assert_eq!(Delta::read(&hashed(b"[]".to_vec())), Err(DeltaFault::None));
    assert_eq!(Delta::read(&[0; 32]), Err(DeltaFault::Short(32)));
    for hostile in [
        "{}",
        "[{}]",
        "[1]",
        "[] []",
        r#"[{"etcdEvent":{"kv":{"mod_revision":-1}}}]"#,
        r#"[{"etcdEvent":{"type":2,"kv":{"mod_revision":1}}}]"#,
        r#"[{"etcdEvent":{"kv":{"mod_revision":1,"key":"?"}}}]"#,
    ] {
        let read = Delta::read(&hashed(hostile.into()));
        assert!(matches!(read, Err(DeltaFault::Events { .. })), "{hostile}: {read:?}");
    }
    let deep = format!(r#"[{{"x":{}"#, "[".repeat(1_000_000));
    assert!(matches!(Delta::read(&hashed(deep.into())), Err(DeltaFault::Events { .. })));
}

#[test]
fn an_event_is_what_go_wrote() {
    let put = r#"{"etcdEvent":{"kv":{"key":"L2E=","create_revision":2,"mod_revision":9,"version":3,"value":"\/w==",
        "lease":7587869},"prev_kv":{"key":"L2E=","mod_revision":8}},"time":"2026-09-21T01:02:03Z"}"#;
    let deletion = r#"{"etcdEvent":{"type":1,"kv":{"key":"L2E=","mod_revision":10}},"time":"x"}"#;
    let read = events(&[put, deletion].join(",")).unwrap().events;
    let key = b"/a".to_vec();
    let value = Put { create_revision: 2, version: 3, value: vec![255], lease: 7_587_869 };
    let put = Event { key: key.clone(), revision: 9, put: Some(value), before: Some(8) };
    assert_eq!(read, [put, Event { key, revision: 10, put: None, before: None }]);
}

/// What each key was is known: a change that says otherwise is of another cluster, whatever its revisions.
#[test]
fn a_change_that_is_none_of_these_keys_is_of_another_cluster() {
    let keys = |key: &[u8]| (key == b"a").then_some(Held { created: 4, modified: 9, version: 3 });
    let put = |key: &str, created: u64, version: u64, at: u64| {
        let what = format!(r#""key":"{key}","create_revision":{created},"version":{version}"#);
        format!(r#"{{"etcdEvent":{{"kv":{{{what},"mod_revision":{at}}}}}}}"#)
    };
    let delete = |key: &str, at: u64, before: u64| {
        let prev = format!(r#""prev_kv":{{"mod_revision":{before}}}"#);
        format!(r#"{{"etcdEvent":{{"type":1,"kv":{{"key":"{key}","mod_revision":{at}}},{prev}}}}}"#)
    };
    let (a, b) = ("YQ==", "Yg==");
    let own = [put(a, 4, 4, 10), put(b, 11, 1, 11), delete(a, 12, 10), put(a, 13, 1, 13), put(b, 11, 2, 13)];
    let (chain, applied) = follow(9, Some(&keys), &[(10, 13, events(&own.join(",")))]);
    assert!(chain.is_whole(), "{chain:?}");
    let made: Vec<_> = applied.iter().map(|(_, now)| now.map(|now| (now.created, now.version))).collect();
    assert_eq!(made, [Some((4, 4)), Some((11, 1)), None, Some((13, 1)), Some((11, 2))]);
    for (other, said) in [
        (put(a, 4, 5, 10), Before::Put { created: 4, version: 4 }),
        (put(a, 5, 4, 10), Before::Put { created: 5, version: 3 }),
        (put(b, 3, 2, 10), Before::Put { created: 3, version: 1 }),
        (put(a, 10, 1, 10), Before::Put { created: 10, version: 0 }),
        (delete(b, 10, 5), Before::At(5)),
        (delete(a, 10, 8), Before::At(8)),
    ] {
        let list = [put("Yw==", 10, 1, 10), other.clone(), put("ZA==", 11, 1, 11)].join(",");
        let (chain, applied) = follow(9, Some(&keys), &[(10, 11, events(&list))]);
        let Some((_, Misfit::Foreign(foreign))) = &chain.misfit else { panic!("{other}: {chain:?}") };
        assert_eq!((foreign.said, chain.newest, applied.len()), (said, 9, 0), "{other}");
        // of a snapshot of which not every key is known, nothing is said
        assert!(follow(9, None, &[(10, 11, events(&list))]).0.is_whole());
    }
}

#[test]
fn a_chain_is_followed_to_where_it_breaks() {
    let (a, b, c) = (stored(38, 47), stored(48, 57), stored(58, 67));
    assert_eq!(end_of(37, &[]), (37, None, 0));
    assert_eq!(end_of(37, &[c.clone(), a.clone(), b.clone()]), (67, None, 0), "whatever order they are listed in");
    assert_eq!(end_of(40, &[a.clone(), b.clone()]), (57, None, 0), "the full one holds more than its name says");
    assert_eq!(end_of(47, &[a.clone(), b.clone()]), (57, None, 0), "the full one holds all of the first");
    assert_eq!(end_of(50, &[a.clone(), b.clone()]), (50, Some(Misfit::Inside { last: 47 }), 0));
    assert_eq!(end_of(37, &[a.clone(), c.clone()]), (47, Some(Misfit::Gap { first: 58 }), 0));
    assert_eq!(end_of(30, &[a.clone(), b.clone()]), (30, Some(Misfit::Gap { first: 38 }), 0), "of another full one");
    let overlap = stored(47, 57);
    assert_eq!(end_of(37, &[a.clone(), overlap]), (47, Some(Misfit::Overlap { first: 47 }), 0));
    let misnamed = (b.0, b.1, stored(48, 56).2);
    assert_eq!(end_of(37, &[a.clone(), misnamed, c.clone()]), (47, Some(Misfit::Misnamed { last: 56 }), 0));
    let damaged = (b.0, b.1, Err(DeltaFault::Hash));
    assert_eq!(end_of(37, &[a, damaged, c]), (47, None, 1), "nothing behind a damaged one is applied");
}
