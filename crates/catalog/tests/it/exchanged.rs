//! A catalog that another one takes in.

use std::path::Path;

use catalog::{Catalog, Foreign, Kind};
use checks::Verdict;

use crate::made::{hours, now};
use crate::world::{World, author, host, keys, record};

fn lines(catalog: &Catalog) -> Vec<String> {
    let mut lines = Vec::new();
    catalog
        .export(&mut |line| {
            lines.push(line.to_owned());
            Ok::<_, catalog::Error>(())
        })
        .unwrap();
    lines
}

fn read(lines: &[String]) -> Result<Foreign, String> {
    Foreign::read(lines.iter().cloned().map(Ok))
}

/// Two backups, one of them with keys and pinned.
fn one() -> World {
    let world = World::new();
    let id = world.add_with("a", 30, |it| {
        (it.record.needs, it.record.has) = (keys(&["k1"]), keys(&["k1", "k2"]));
    });
    world.add("b", 6);
    world.open().write(&author(now()), |writing| writing.keep(&id, Some("before the move"))).unwrap();
    world
}

#[test]
fn what_was_taken_in_is_what_was_written_out_and_nothing_is_doubled() {
    let (one, other) = (one(), World::new());
    other.add("c", 3);
    let (written, mut taking) = (lines(&one.open()), other.open());
    let foreign = read(&written).unwrap();
    let taken = taking.write(&author(now()), |writing| writing.import(&foreign)).unwrap().0;
    assert_eq!(taken.head, Some(one.open().head().unwrap()));
    assert!(taken.rows > 10, "{taken:?}");
    let both = taking.backups(None).unwrap();
    let of_one = one.open().backups(None).unwrap();
    assert_eq!(both.len(), 3);
    assert!(of_one.iter().all(|backup| both.contains(backup)), "{both:#?}");
    assert_eq!(taking.check_log().unwrap(), taking.head().unwrap());
    assert_eq!(taking.check_rows().unwrap(), Vec::<String>::new(), "the log tells of what was taken in");

    let head = taking.head().unwrap();
    let again = taking.write(&author(now()), |writing| writing.import(&foreign)).unwrap().0;
    assert_eq!((again.rows, taking.head().unwrap()), (0, head), "nothing new, and nothing said");
    assert!(Path::new(&of_one[0].places[0].path).exists());
}

#[test]
fn what_was_cut_or_changed_on_the_way_is_refused() {
    let written = lines(&one().open());
    let refused = |lines: &[String]| read(lines).err().unwrap();
    assert!(refused(&[]).contains("it is empty"));
    assert!(refused(&written[1..]).contains("line 1: it does not say that it is"));
    assert!(refused(&written[..written.len() - 1]).contains("it was cut or changed"));
    let with = |from: &str, to: &str| {
        let changed: Vec<String> = written.iter().map(|line| line.replacen(from, to, 1)).collect();
        assert_ne!(changed, written, "{from}");
        refused(&changed)
    };
    assert!(with("before the move", "because I say so").contains("of the log is not what was written"));
    assert!(with("\"table\":\"host\"", "\"table\":\"user\"").contains("it is of no table that is known"));
    assert!(with("\"size\":", "\"size\":[1],\"x\":").contains("a field is not what it has to be"));
    for line in ["{", "[]", "\u{1}"] {
        let mut lines = written.clone();
        lines.insert(1, line.to_owned());
        assert!(refused(&lines).starts_with("line 2: "), "{line}");
    }
}

/// Judges the same backup at a time.
fn judged(world: &World, seen: &catalog::Seen, hours_ago: i64, verdict: Verdict) {
    let mut seen = seen.clone();
    seen.record.verdict = verdict;
    world.open().write(&author(now() - hours(hours_ago)), |writing| writing.add(&host(), &seen, &|_| true)).unwrap();
}

#[test]
fn the_judgement_that_was_made_last_counts_whoever_wrote_it_down_first() {
    let (world, other) = (World::new(), World::new());
    world.write("a.db", b"snapshot a", 5);
    world.write("a.tar.gz", b"tarball a", 5);
    let files = vec![world.file("a.db", Kind::Snapshot), world.file("a.tar.gz", Kind::Resources)];
    let seen = catalog::Seen {
        files,
        resources: None,
        escrow: None,
        record: record(5),
        sealed: keys(&[]),
        assay: "0.1.0".to_owned(),
        rules: 1,
    };
    let verdict = || world.open().backups(None).unwrap()[0].verdict;
    judged(&world, &seen, 4, Verdict::Pass);
    judged(&world, &seen, 2, Verdict::Fail);
    assert_eq!(verdict(), Verdict::Fail);
    // another catalog judged it in between, and is taken in now
    judged(&other, &seen, 3, Verdict::Warn);
    let foreign = read(&lines(&other.open())).unwrap();
    world.open().write(&author(now()), |writing| writing.import(&foreign)).unwrap();
    assert_eq!(world.open().judgements(&world.open().ids("").unwrap()[0]).unwrap().len(), 3);
    assert_eq!(verdict(), Verdict::Fail);
    judged(&world, &seen, 1, Verdict::Pass);
    assert_eq!(verdict(), Verdict::Pass);
}
