//! Reading again: what becomes of each file, and that every one has its turn.

use std::collections::BTreeSet;
use std::fs;
use std::ops::ControlFlow;

use catalog::{CheckRun, Kind, Share, State};
use jiff::Timestamp;

use crate::disk::Real;
use crate::made::{hours, now};
use crate::world::{World, author, keys};

fn check(world: &World, share: Share, at: Timestamp) -> CheckRun {
    world.open().check(share, &author(at), &Real, &mut |_| ControlFlow::Continue(())).unwrap()
}

fn found(run: &CheckRun) -> Vec<(String, &'static str)> {
    let name = |path: &str| path.rsplit('/').next().unwrap().to_owned();
    run.files.iter().filter_map(|it| Some((name(&it.due.file.path), it.finding()?.entry().id))).collect()
}

#[test]
fn each_file_has_a_finding_of_its_own_and_no_bad_one_stops_the_rest() {
    let world = World::new();
    for name in ["rotten", "replaced", "missing", "unreadable", "moved", "sound", "touched"] {
        world.add(name, 5);
    }
    assert!(found(&check(&world, Share::All, now())).iter().all(|(name, _)| name.starts_with("unreadable")));
    world.write("rotten.db", b"snapshot rottEn", 5);
    world.write("rotten.tar.gz", b"tarbell rotten", 5);
    world.write("replaced.db", b"snapshot replacEd", 4);
    fs::remove_file(world.path("missing.tar.gz")).unwrap();
    fs::rename(world.path("moved.db"), world.path("there.db")).unwrap();
    world.write("touched.db", b"snapshot touched", 2);
    // the new place was added since
    let mut seen = catalog::Seen {
        resources: None,
        escrow: None,
        files: vec![world.file("there.db", Kind::Snapshot), world.file("moved.tar.gz", Kind::Resources)],
        record: crate::world::record(5),
        sealed: keys(&[]),
        assay: "0.1.0".to_owned(),
        rules: 1,
    };
    world
        .open()
        .write(&author(now() + hours(1)), |writing| writing.add(&crate::world::host(), &seen, &|_| true))
        .unwrap();
    let later = now() + hours(2);
    let run = check(&world, Share::All, later);
    assert_eq!((run.files.len(), run.known.0), (15, 15), "one bad file does not stop the rest");
    let expected = [
        ("missing.tar.gz", "CAT-003"),
        ("moved.db", "CAT-005"),
        ("replaced.db", "CAT-002"),
        ("rotten.db", "CAT-001"),
        ("rotten.tar.gz", "CAT-001"),
        ("unreadable.db", "CAT-004"),
        ("unreadable.tar.gz", "CAT-004"),
    ];
    let mut all = found(&run);
    all.sort();
    assert_eq!(all, expected.map(|(name, id)| (name.to_owned(), id)));
    let moved = run.files.iter().find(|it| it.is == State::Moved).unwrap();
    assert!(moved.to.as_deref().unwrap().ends_with("/there.db"));
    let messages: Vec<String> = run.files.iter().filter_map(|it| Some(it.finding()?.message().to_owned())).collect();
    assert!(
        messages.iter().any(|it| it.starts_with("the tarball of static pod resources has other bytes")),
        "{messages:?}"
    );
    assert_eq!(world.open().check_rows().unwrap(), [""; 0]);
    let good: Vec<bool> = world.open().backups(None).unwrap().iter().map(catalog::Backup::restorable).collect();
    assert_eq!(good.iter().filter(|it| **it).count(), 3, "moved, sound and touched ones");
    // what came back is whole again; what was moved is not looked for any more
    world.write("missing.tar.gz", b"tarball missing", 0);
    world.write("rotten.db", b"snapshot rotten", 5);
    let run = check(&world, Share::All, later + hours(1));
    assert_eq!((found(&run).len(), run.files.len()), (4, 14));
    // and a file that is another by now was added again
    seen.files = vec![world.file("replaced.db", Kind::Snapshot)];
    world.put(&seen);
    assert!(!found(&check(&world, Share::All, later + hours(2))).iter().any(|(name, _)| name == "replaced.db"));
}

#[test]
fn every_byte_is_read_within_thirty_runs_whatever_is_added() {
    let world = World::new();
    let mut first = BTreeSet::new();
    for at in 0..12_usize {
        let name = format!("n{at:02}");
        world.add_with(&name, 5, |it| {
            // from nothing to most of all bytes
            for (file, size) in it.files.iter_mut().zip([at * at * 7, (at == 5) as usize * 5000]) {
                file.stat.size = size as u64;
                first.insert(file.path.clone());
            }
        });
    }
    let mut left = first.clone();
    for run in 0..30 {
        for it in check(&world, Share::OneOf(30), now() + hours(run)).files {
            left.remove(&it.due.file.path);
        }
        if run % 10 == 0 {
            world.add(&format!("more{run}"), 1);
        }
    }
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn the_longest_unread_come_first_and_a_budget_is_kept() {
    let world = World::new();
    for name in ["a", "b", "c"] {
        world.add(name, 5);
    }
    let catalog = world.open();
    let names = |share| -> Vec<String> {
        let due = catalog.due("host-1", share).unwrap();
        due.into_iter().map(|it| it.file.path.rsplit('/').next().unwrap().to_owned()).collect()
    };
    assert_eq!(names(Share::All), ["a.db", "a.tar.gz", "b.db", "b.tar.gz", "c.db", "c.tar.gz"]);
    assert_eq!(names(Share::Bytes(25)), ["a.db", "a.tar.gz"], "10 and 9 bytes");
    assert_eq!(names(Share::Bytes(1)), ["a.db"], "one at least");
    assert_eq!(names(Share::OneOf(3)), ["a.db", "a.tar.gz"]);
    assert_eq!(names(Share::OneOf(1)).len(), 6);
    assert!(catalog.due("host-2", Share::All).unwrap().is_empty(), "only files of this host are read");
    let run = check(&world, Share::Bytes(25), now());
    assert_eq!(run.files.len(), 2);
    assert_eq!(names(Share::All), ["b.db", "b.tar.gz", "c.db", "c.tar.gz", "a.db", "a.tar.gz"]);
    // somebody who looks on ends it, and what was read is written down
    world.open().check(Share::All, &author(now() + hours(1)), &Real, &mut |_| ControlFlow::Break(())).unwrap();
    assert_eq!(names(Share::All)[5], "b.db");
}
