//! Snapshots of several members of one cluster: which is the odd one, and which only look so.

use std::fs;
use std::path::Path;

use assay::{Severity, Verdict};
use fixtures::members::{History, Member, history, with, without};

use crate::question;

/// What is found of members in a directory: ID, file and severity; and the messages.
fn told(dir: &Path) -> (Vec<(&'static str, String, Severity)>, String) {
    let judgement = assay::open(dir).unwrap().judge(&question()).unwrap();
    let of_members = judgement.findings().filter(|(_, it)| ["PAIR-041", "PAIR-042"].contains(&it.entry().id));
    let (mut found, mut messages) = (Vec::new(), String::new());
    for (name, finding) in of_members {
        let file = Path::new(name).file_name().unwrap().to_string_lossy().into_owned();
        found.push((finding.entry().id, file, finding.severity()));
        messages.push_str(&finding.message().replace(&format!("{}/", dir.display()), ""));
    }
    assert!(judgement.verdict() == Verdict::Fail || found.iter().all(|(.., severity)| *severity < Severity::High));
    (found, messages)
}

fn of(members: &[(&str, Member)]) -> (Vec<(&'static str, String, Severity)>, String) {
    let dir = tempfile::tempdir().unwrap();
    for ((name, member), number) in members.iter().zip(0..) {
        fs::write(dir.path().join(name), member.build(number)).unwrap();
    }
    told(dir.path())
}

fn until(last: i64) -> History {
    history().into_iter().filter(|(at, ..)| *at <= last).collect()
}

#[test]
fn the_odd_one_of_three_is_told_with_its_keys_and_the_one_to_restore_from() {
    let high = |file: &str| vec![("PAIR-041", file.to_owned(), Severity::High)];
    let (found, message) = of(&[
        ("a.db", Member::of(history())),
        ("b.db", Member::of(with(19, "other"))),
        ("c.db", Member::of(history())),
    ]);
    assert_eq!(found, high("b.db"));
    assert_eq!(
        message,
        "at revision 21 it holds other data than a.db, c.db: 1 key (/d, of revision 19), from revision 19 on; members at \
         the same raft index hold different data, as after a kill of etcd 3.5.0 to 3.5.2 (etcd#13766); restore from a.db"
    );
    // of different moments, compacted at different revisions, the difference in what was compacted away
    let (found, message) = of(&[
        ("a.db", Member::of(until(20)).compacted(12)),
        ("b.db", Member::of(history()).compacted(17)),
        ("c.db", Member::of(with(15, "other")).compacted(16)),
    ]);
    assert_eq!(found, high("c.db"));
    assert!(
        message.starts_with("at revision 20 it holds other data than b.db, a.db: 1 key (/g, of revision 15)"),
        "{message}"
    );
    assert!(message.ends_with("restore from b.db"), "{message}");
    // a write that it missed: all behind it are one lower, and it is at the same index
    let (found, message) = of(&[
        ("a.db", Member::of(history()).index(121)),
        ("b.db", Member::of(history()).index(121)),
        ("c.db", Member::of(without(10)).index(121)),
    ]);
    assert_eq!(found, high("c.db"));
    assert!(
        message.contains("at revision 20 it holds other data than") && message.contains("from revision 10 on"),
        "{message}"
    );
}

#[test]
fn of_two_nobody_can_say_which_is_right() {
    let (found, message) = of(&[("a.db", Member::of(history())), ("b.db", Member::of(with(15, "other")))]);
    assert_eq!(found, [("PAIR-042", "a.db".to_owned(), Severity::High)]);
    assert!(
        message.starts_with(
            "a.db against b.db: at revision 21 they hold other data, and nothing tells which is right: 1 key"
        ),
        "{message}"
    );
    // three, and each says something else
    let (found, _) = of(&[
        ("a.db", Member::of(history())),
        ("b.db", Member::of(with(15, "other"))),
        ("c.db", Member::of(with(16, "else"))),
    ]);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].0, "PAIR-042");
}

#[test]
fn a_revision_too_few_at_one_raft_index_is_told() {
    let at_index = |last: i64| Member::of(until(last)).index(121);
    let (found, message) = of(&[("a.db", at_index(21)), ("b.db", at_index(18)), ("c.db", at_index(21))]);
    assert_eq!(found, [("PAIR-041", "b.db".to_owned(), Severity::High)]);
    assert_eq!(message, "at raft index 121 it is at revision 18, and a.db, c.db at 21; restore from a.db");
    // one write may be one that was under way: etcd 3.5.0 to 3.5.2 wrote the index first
    let (found, _) = of(&[("a.db", at_index(21)), ("b.db", at_index(20)), ("c.db", at_index(21))]);
    assert_eq!(found, [("PAIR-041", "b.db".to_owned(), Severity::Medium)]);
    let (found, _) = of(&[("a.db", at_index(21)), ("b.db", at_index(19))]);
    assert_eq!(found, [("PAIR-042", "a.db".to_owned(), Severity::High)]);
}

#[test]
fn what_is_ordinary_is_no_disagreement() {
    let fork = |from: &str| -> History {
        let later = (22..34).map(|at| (at, "/a", format!("{from} at {at}")));
        history().into_iter().chain(later).collect()
    };
    let alone = |history| Member { others: Vec::new(), ..Member::of(history) };
    let elsewhere = |history| Member { others: vec![77, 78], ..Member::of(history) };
    for (what, members) in [
        ("one moment", vec![Member::of(history()), Member::of(history()), Member::of(history()).index(125)]),
        ("other moments", vec![Member::of(history()), Member::of(until(20)), Member::of(until(14))]),
        (
            "other compactions",
            vec![Member::of(history()), Member::of(history()).compacted(10), Member::of(until(20)).compacted(17)],
        ),
        (
            "nightly, with nothing retained in both",
            vec![Member::of(until(8)), Member::of(until(14)).compacted(12), Member::of(history()).compacted(20)],
        ),
        ("restored, and gone on", vec![Member::of(fork("before")), Member::of(fork("after")).index(9)]),
        ("restored twice", vec![Member::of(fork("first")).index(9), Member::of(fork("second")).index(11)]),
        ("restored, and not started", vec![Member::of(history()).index(3), Member::of(until(15)).index(3)]),
        ("one member", vec![alone(history()), alone(with(15, "other")), alone(history())]),
    ] {
        let names = ["a.db", "b.db", "c.db"];
        let members: Vec<_> = names.into_iter().zip(members).collect();
        assert_eq!(of(&members).0, [], "{what}");
    }
    // the ID of a first member is the same everywhere; what else is listed is not
    let (found, _) = of(&[("a.db", Member::of(history())), ("b.db", elsewhere(fork("else")))]);
    assert_eq!(found, []);
}

#[test]
fn a_copy_has_no_vote_and_what_is_damaged_none_either() {
    let (one, other) = (Member::of(history()).build(0), Member::of(with(15, "other")).build(1));
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| fs::write(dir.path().join(name), bytes).unwrap();
    write("a.db", &one);
    write("a-copy.db.gz", &fixtures::gzip(&one));
    write("b.db", &other);
    assert_eq!(told(dir.path()).0[0].0, "PAIR-042");
    let mut damaged = Member::of(with(16, "else")).build(2);
    let at = damaged.windows(4).position(|bytes| bytes == b"else").unwrap();
    damaged[at - 24..at].fill(0xff);
    write("a-copy.db.gz", &damaged);
    let (found, message) = told(dir.path());
    assert_eq!(found[0].0, "PAIR-042");
    assert!(!message.contains("a-copy"), "{message}");
}

/// Real members of one cluster, and real backups that only look like it.
#[test]
fn real_snapshots_raise_no_alarm() {
    let dir = tempfile::tempdir().unwrap();
    for fixture in fixtures::all() {
        fs::copy(fixture.snapshot(), dir.path().join(format!("{}.db.gz", fixture.name))).unwrap();
    }
    assert_eq!(told(dir.path()).0, []);
    let judgement = assay::open(dir.path()).unwrap().judge(&question()).unwrap();
    let document = serde_json::to_value(judgement.document()).unwrap();
    let [members] = document["members"].as_array().unwrap().as_slice() else { panic!("{}", document["members"]) };
    assert_eq!((&members["agree"], members["snapshots"].as_array().unwrap().len()), (&true.into(), 4), "{members}");
}
