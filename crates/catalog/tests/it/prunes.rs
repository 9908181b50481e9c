//! Letting go: what a plan says, that it is carried out as a whole, and what nothing moves.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};

use catalog::{Applied, Asked, Because, Disk, Fate, Host, Kind, Period, Plan, Planned, Refused, Rules, Why, retain};
use checks::Verdict;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::disk::{Killed, Real};
use crate::made::{good, hours, now, with};
use crate::world::{World, author, host, keys};

fn asked(last: u32) -> Asked {
    let rules =
        Rules { last, periods: BTreeMap::new(), within: None, floor: 1, failed: hours(14 * 24), zone: TimeZone::UTC };
    Asked { rules, orphans: false, young: SignedDuration::from_mins(15), host: host().id, now: now() }
}

fn plan(world: &World, asked: &Asked) -> Plan {
    world.open().plan(asked, &Real).unwrap()
}

fn of<'p>(plan: &'p Plan, id: &str) -> &'p Planned {
    plan.groups.iter().flat_map(|group| &group.backups).find(|it| it.id == id).unwrap()
}

fn going(plan: &Plan) -> Vec<&str> {
    plan.groups.iter().flat_map(|it| &it.backups).filter(|it| it.goes()).map(|it| it.id.as_str()).collect()
}

fn apply(world: &World, asked: &Asked, disk: &dyn Disk) -> Result<Applied, Refused> {
    world.open().prune(asked, None, &author(now()), disk).unwrap()
}

fn kinds(world: &World) -> Vec<String> {
    let db = rusqlite::Connection::open(world.path("catalog.db")).unwrap();
    let mut read = db.prepare("SELECT kind FROM event WHERE kind <> 'added' ORDER BY seq").unwrap();
    read.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

#[test]
fn what_goes_moves_to_the_trash_and_is_purged_from_there() {
    let world = World::new();
    let ids: Vec<String> = (0..4).map(|day| world.add(&format!("d{day}"), day * 24 + 1)).collect();
    let shown = plan(&world, &asked(2));
    assert_eq!(going(&shown), [&ids[2], &ids[3]]);
    assert_eq!(world.files().len(), 8, "a plan touches nothing");
    let done = apply(&world, &asked(2), &Real).unwrap();
    assert_eq!((done.moved.len(), done.failed.len(), done.resumed), (4, 0, 0));
    assert_eq!(done.gone.len(), 2);
    let (trash, left): (Vec<_>, Vec<_>) = world.files().into_iter().partition(|it| it.starts_with(catalog::TRASH));
    assert_eq!(left, ["d0.db", "d0.tar.gz", "d1.db", "d1.tar.gz"]);
    let plan_folder =
        format!("{}/{}", catalog::TRASH, shown.digest[..8].iter().map(|it| format!("{it:02x}")).collect::<String>());
    assert!(trash.len() == 4 && trash.iter().all(|it| it.starts_with(&plan_folder)), "{trash:?}");
    assert_eq!(kinds(&world), ["prune", "pruned"]);
    let mut catalog = world.open();
    assert_eq!(catalog.check_rows().unwrap(), [""; 0]);
    assert_eq!(catalog.backups(None).unwrap().len(), 2, "what is gone is in no list");
    assert_eq!(going(&plan(&world, &asked(2))), [""; 0], "what was carried out is done");

    let later = author(now() + hours(24 * 14 - 1));
    assert!(catalog.purge(hours(24 * 14), &later, &Real).unwrap().deleted.is_empty());
    let later = author(now() + hours(24 * 14));
    assert_eq!(catalog.purge(hours(24 * 14), &later, &Real).unwrap().deleted.len(), 4);
    assert_eq!(world.files(), left);
    assert!(catalog.purge(hours(0), &later, &Real).unwrap().deleted.is_empty());
    // and when it is seen again, it is there again
    let again = world.add("d3", 73);
    assert!(again == ids[3] && world.open().backups(None).unwrap().len() == 3);
    assert_eq!(world.open().check_rows().unwrap(), [""; 0]);
}

#[test]
fn who_is_killed_at_any_step_goes_on() {
    let mut steps = 0;
    loop {
        let world = World::new();
        (0..2).for_each(|day| drop(world.add(&format!("d{day}"), day * 24 + 1)));
        let shown = plan(&world, &asked(1)).digest;
        let disk = Killed { left: Cell::new(steps) };
        let run = catch_unwind(AssertUnwindSafe(|| {
            world.open().prune(&asked(1), Some(shown), &author(now()), &disk).unwrap().unwrap()
        }));
        // the same command again: it ends what was begun with, or does all of it
        let again = world.open().prune(&asked(1), Some(shown), &author(now()), &Real).unwrap();
        let left: Vec<String> = world.files().into_iter().filter(|it| !it.starts_with(catalog::TRASH)).collect();
        assert_eq!(left, ["d0.db", "d0.tar.gz"], "after {steps} steps");
        assert_eq!(world.files().len(), 4, "nothing is lost after {steps} steps");
        assert_eq!(world.open().check_rows().unwrap(), [""; 0], "after {steps} steps");
        assert_eq!(kinds(&world), ["prune", "pruned"], "after {steps} steps");
        assert_eq!(world.open().backups(None).unwrap().len(), 1);
        if run.is_ok() {
            assert!(matches!(again, Err(Refused::Differs(_))), "all of it was done");
            assert!(steps > 12, "{steps}");
            return;
        }
        again.unwrap();
        steps += 1;
    }
}

#[test]
fn a_purge_that_is_killed_goes_on() {
    for steps in 0..4 {
        let world = World::new();
        (0..2).for_each(|day| drop(world.add(&format!("d{day}"), day * 24 + 1)));
        apply(&world, &asked(1), &Real).unwrap();
        let disk = Killed { left: Cell::new(steps) };
        let run = catch_unwind(AssertUnwindSafe(|| world.open().purge(hours(0), &author(now()), &disk).unwrap()));
        assert!(run.is_err());
        assert_eq!(world.open().purge(hours(0), &author(now()), &Real).unwrap().deleted.len(), 2);
        assert_eq!(world.files().len(), 2, "after {steps} steps");
    }
}

#[test]
fn nothing_moves_unless_the_newest_that_stays_is_read_again() {
    let world = World::new();
    let ids: Vec<String> = (0..3).map(|day| world.add(&format!("d{day}"), day * 24 + 1)).collect();
    let path = world.path("d0.tar.gz");
    let bytes = fs::read(&path).unwrap();
    world.write("d0.tar.gz", b"tarball dX", 1);
    let refused = apply(&world, &asked(1), &Real).unwrap_err();
    assert!(
        matches!(&refused, Refused::Unproven { backup, path: at, error: None } if *backup == ids[0] && *at == path.to_str().unwrap())
    );
    assert!(kinds(&world).is_empty() && world.files().len() == 6);
    fs::remove_file(&path).unwrap();
    assert!(matches!(apply(&world, &asked(1), &Real), Err(Refused::Unproven { error: Some(_), .. })));
    fs::write(&path, bytes).unwrap();
    assert_eq!(apply(&world, &asked(1), &Real).unwrap().moved.len(), 4);
}

#[test]
fn only_the_plan_that_was_seen_is_carried_out() {
    let world = World::new();
    (0..3).for_each(|day| drop(world.add(&format!("d{day}"), day * 24 + 1)));
    let seen = plan(&world, &asked(1)).digest;
    assert_eq!(seen, plan(&world, &Asked { now: now() + hours(1), ..asked(1) }).digest, "an hour later it is the same");
    for other in [asked(2), Asked { orphans: true, ..asked(1) }, Asked { host: "h".to_owned(), ..asked(1) }] {
        assert_ne!(seen, plan(&world, &other).digest);
    }
    world.add("new", 1);
    let refused = world.open().prune(&asked(1), Some(seen), &author(now()), &Real).unwrap().unwrap_err();
    let is = plan(&world, &asked(1)).digest;
    assert!(matches!(refused, Refused::Differs(digest) if digest == is) && kinds(&world).is_empty());
    assert!(world.open().prune(&asked(1), Some(is), &author(now()), &Real).unwrap().is_ok());
}

/// Between the plan and the transaction somebody adds a backup.
struct Busy<'w>(&'w World, Cell<bool>);

impl Disk for Busy<'_> {
    fn stat(&self, path: &str) -> std::io::Result<Option<catalog::Stat>> {
        Real.stat(path)
    }
    fn holds(&self, path: &str, digest: &[u8; 32]) -> std::io::Result<bool> {
        if !self.1.replace(true) {
            self.0.add("meanwhile", 2);
        }
        Real.holds(path, digest)
    }
    fn is_packed(&self, path: &str) -> bool {
        Real.is_packed(path)
    }
    fn rename(&self, _: &str, _: &str) -> std::io::Result<()> {
        panic!("nothing moves")
    }
    fn delete(&self, _: &str) -> std::io::Result<()> {
        panic!("nothing is deleted")
    }
}

#[test]
fn the_plan_is_made_again_in_the_transaction() {
    let world = World::new();
    (0..3).for_each(|day| drop(world.add(&format!("d{day}"), day * 24 + 1)));
    let refused = apply(&world, &asked(1), &Busy(&world, Cell::new(false))).unwrap_err();
    assert!(matches!(refused, Refused::Differs(_)) && kinds(&world).is_empty());
}

#[test]
fn keys_stay_while_a_snapshot_that_stays_needs_them() {
    let world = World::new();
    // each night the keys of the night are in its tarball; the newest snapshot still has a value under the key of the first
    let first = world.add_with("first", 100, |it| it.record.has = keys(&["k1"]));
    let second = world.add_with("second", 50, |it| it.record.has = keys(&["k2"]));
    let newest = world.add_with("newest", 2, |it| {
        (it.record.needs, it.record.has) = (keys(&["k1", "k2"]), keys(&["k2"]));
    });
    let shown = plan(&world, &asked(1));
    assert_eq!(going(&shown), [&second, &first]);
    let left = &of(&shown, &first).left;
    assert_eq!(left[0].because, Because::Needed { backup: newest.clone(), key: "k1".to_owned() });
    assert!(left.len() == 1 && left[0].kind == Kind::Resources && of(&shown, &second).left.is_empty());
    apply(&world, &asked(1), &Real).unwrap();
    let there = world.files();
    assert!(there.contains(&"first.tar.gz".to_owned()) && !there.contains(&"first.db".to_owned()), "{there:?}");
    assert_eq!(going(&plan(&world, &asked(1))), [&first], "it is still to go, but for its keys");
    assert!(plan(&world, &asked(1)).groups.iter().flat_map(|it| &it.backups).all(|it| it.moves.is_empty()));
    // one that has the key, too, lets it go
    world.add_with("has", 1, |it| it.record.has = keys(&["k1", "k2"]));
    assert!(of(&plan(&world, &asked(2)), &first).left.is_empty());
}

#[test]
fn an_escrow_moves_with_its_backup_and_stays_with_what_belongs_to_it() {
    let world = World::new();
    let sealed = |name: &str, hours_ago: i64, key: &str, needs: &[&str]| {
        for (end, kind) in [("age", Kind::Escrow), ("json", Kind::Manifest), ("sig", Kind::Signature)] {
            world.write(&format!("{name}.{end}"), format!("{} of {name}", kind.name()).as_bytes(), hours_ago);
        }
        world.add_with(name, hours_ago, |it| {
            it.files.push(world.file(&format!("{name}.age"), Kind::Escrow));
            it.files.push(world.file(&format!("{name}.json"), Kind::Manifest));
            it.files.push(world.file(&format!("{name}.sig"), Kind::Signature));
            (it.record.keys, it.record.needs, it.sealed) = ("escrow", keys(needs), keys(&[key]));
        })
    };
    let old = sealed("old", 100, "k1", &["name:aescbc/1"]);
    let middle = sealed("middle", 50, "k2", &["name:aescbc/1"]);
    sealed("new", 2, "k3", &["name:aescbc/1", "k2"]);
    let shown = plan(&world, &asked(1));
    assert_eq!(of(&shown, &old).moves.len(), 5, "its own escrow is trusted to have a key that is known by name");
    let left: Vec<Kind> = of(&shown, &middle).left.iter().map(|it| it.kind).collect();
    assert_eq!(left, [Kind::Resources, Kind::Escrow, Kind::Manifest, Kind::Signature]);
    assert_eq!(of(&shown, &middle).moves.len(), 1);
    // a snapshot without any key set of its own: nobody knows which of the cluster's it needs
    world.add_with("bare", 1, |it| it.record.needs = keys(&["name:aescbc/1"]));
    let shown = plan(&world, &asked(2));
    assert!(!of(&shown, &old).left.is_empty() && !of(&shown, &middle).left.is_empty());
}

#[test]
fn halves_go_when_it_is_asked_for_and_nobody_needs_their_keys() {
    let world = World::new();
    let half = |name: &str, hours_ago: i64, kind: Kind, key: &str| {
        world.add_with(name, hours_ago, |it| {
            it.files.retain(|file| file.kind == kind);
            let (missing, is_tarball) = match kind {
                Kind::Snapshot => (catalog::Half::Resources, false),
                _ => (catalog::Half::Snapshot, true),
            };
            it.record.missing = Some(missing);
            if is_tarball {
                (it.record.cluster, it.record.has) = (None, keys(&[key]));
            }
        })
    };
    let lone = half("lone", 100, Kind::Resources, "k1");
    let wanted = half("wanted", 100, Kind::Resources, "k2");
    let bare = half("bare", 90, Kind::Snapshot, "");
    world.add_with("good", 1, |it| it.record.needs = keys(&["k2"]));
    let newest = half("newest", 0, Kind::Snapshot, "");
    let (day, later) = (now() + hours(22), now() + hours(24));
    let at = |now: Timestamp, orphans: bool| Asked { now, orphans, ..asked(1) };
    assert_eq!(of(&plan(&world, &at(day, true)), &lone).stays, [Why::HalfYoung], "the other half may still come");
    let without = plan(&world, &at(later, false));
    assert!(going(&without).is_empty() && of(&without, &bare).stays == [Why::Half] && of(&without, &lone).orphan);
    let shown = plan(&world, &at(later, true));
    let mut gone = going(&shown);
    gone.sort_unstable();
    let mut expected = [lone.as_str(), wanted.as_str(), bare.as_str()];
    expected.sort_unstable();
    assert_eq!(gone, expected);
    assert!(!of(&shown, &newest).goes(), "nothing newer can be restored: it is all there is of that night");
    assert!(of(&shown, &wanted).moves.is_empty() && of(&shown, &lone).moves.len() == 1);
}

#[test]
fn what_is_young_growing_unfinished_or_elsewhere_is_left_alone() {
    let world = World::new();
    world.add("newest", 1);
    let old = world.add("old", 100);
    let changed = world.add("changed", 101);
    let part = world.add_with("part", 102, |it| {
        world.write("x.db.part", b"half", 102);
        it.files[0] = world.file("x.db.part", Kind::Snapshot);
    });
    let seen =
        |it: &mut catalog::Seen| it.files.iter_mut().for_each(|file| file.path = format!("/elsewhere{}", file.path));
    let there = world.path("there.db");
    world.write("there.db", b"x", 103);
    let mut record = crate::world::record(103);
    record.has = keys(&[]);
    let mut elsewhere = catalog::Seen {
        resources: None,
        escrow: None,
        files: vec![world.file("there.db", Kind::Snapshot)],
        record,
        sealed: keys(&[]),
        assay: "0.1.0".to_owned(),
        rules: 1,
    };
    seen(&mut elsewhere);
    let other = Host { id: "host-2".to_owned(), label: "vault".to_owned() };
    let (catalog::Added::New(away) | catalog::Added::Known(away)) =
        world.open().write(&author(now()), |writing| writing.add(&other, &elsewhere, &|_| true)).unwrap().0;
    let packed = world.add_with("packed", 104, |it| {
        for (at, name) in ["snapshot.db", "resources.tar.gz"].into_iter().enumerate() {
            it.files[at].path = format!("{}/{name}", world.path("all.zip").display());
        }
    });
    world.write("old.db", b"snapshot old", 0);
    world.write("changed.tar.gz", b"tarball changed and growing", 101);
    let shown = plan(&world, &asked(1));
    assert!(matches!(of(&shown, &old).stays[..], [Why::Young(_)]), "{:?}", of(&shown, &old));
    assert!(matches!(of(&shown, &changed).stays[..], [Why::Changed(_)]));
    assert!(matches!(of(&shown, &part).stays[..], [Why::Unfinished(_)]));
    assert_eq!(of(&shown, &away).stays, [Why::Elsewhere]);
    assert!(matches!(of(&shown, &packed).stays[..], [Why::Packed(_)]));
    assert!(there.exists() && going(&shown).is_empty());
    // a minute past the fifteen it is old
    world.write("old.db", b"snapshot old", 1);
    assert!(matches!(of(&plan(&world, &asked(1)), &old).stays[..], [Why::Changed(_)]), "and another file");
}

#[test]
fn a_host_that_has_nothing_of_what_stays_lets_nothing_go() {
    let world = World::new();
    world.add("old", 100);
    world.write("new.db", b"new", 2);
    let mut seen = catalog::Seen {
        resources: None,
        escrow: None,
        files: vec![world.file("new.db", Kind::Snapshot)],
        record: crate::world::record(2),
        sealed: keys(&[]),
        assay: "0.1.0".to_owned(),
        rules: 1,
    };
    seen.files[0].path = "/vault/new.db".to_owned();
    let other = Host { id: "host-2".to_owned(), label: "vault".to_owned() };
    world.open().write(&author(now()), |writing| writing.add(&other, &seen, &|_| true)).unwrap();
    assert!(matches!(apply(&world, &asked(1), &Real), Err(Refused::NothingHere(Some(_)))));
    assert!(kinds(&world).is_empty());
}

#[test]
fn a_file_of_two_backups_goes_with_the_last_of_them() {
    let world = World::new();
    world.add("newest", 1);
    let one = world.add("one", 50);
    let tarball = world.file("one.tar.gz", Kind::Resources);
    let other = world.add_with("other", 60, |it| {
        it.files[1] = tarball;
    });
    let shown = plan(&world, &asked(2));
    assert_eq!(going(&shown), [&other]);
    assert_eq!(of(&shown, &other).left[0].because, Because::Shared(one));
    let both = plan(&world, &asked(1));
    let moves: Vec<usize> = both.groups[0].backups.iter().map(|it| it.moves.len()).collect();
    assert_eq!(moves, [0, 2, 1]);
    let done = apply(&world, &asked(1), &Real).unwrap();
    assert_eq!((done.moved.len(), done.gone.len()), (3, 2));
}

#[test]
fn a_tarball_that_is_nowhere_whole_makes_a_backup_count_for_nothing() {
    let world = World::new();
    let id = world.add("a", 5);
    let db = rusqlite::Connection::open(world.path("catalog.db")).unwrap();
    assert!(world.open().backups(None).unwrap()[0].restorable());
    db.execute("UPDATE sighting SET state = 'rotten' WHERE path LIKE '%.tar.gz'", []).unwrap();
    let backups = world.open().backups(None).unwrap();
    assert!(backups[0].id == id && !backups[0].restorable(), "{:?}", backups[0].places);
}

fn restic_rules(words: &str) -> Rules {
    let mut rules = Rules { floor: 1, failed: hours(0), ..asked(0).rules };
    let words: Vec<&str> = words.split(' ').collect();
    for pair in words.chunks(2) {
        let number = || pair[1].parse().unwrap();
        let period = |name: &str| Period::ALL.into_iter().find(|it| format!("--keep-{}", it.name()) == name);
        match pair[0] {
            "--keep-last" => rules.last = number(),
            "--keep-within" => {
                rules.within = Some(hours(24 * pair[1].trim_end_matches('d').parse::<i64>().unwrap()));
            }
            name => drop(rules.periods.insert(period(name).unwrap(), number())),
        }
    }
    rules
}

/// What a real restic kept of one history: `scripts/record-restic`. The floor is one, and the newest stays by every rule.
#[test]
fn the_rules_keep_what_restic_keeps() {
    let golden: Value = serde_json::from_str(include_str!("../golden/restic.json")).unwrap();
    let times: Vec<Timestamp> = serde_json::from_value(golden["times"].clone()).unwrap();
    let mut backups: Vec<_> = times.iter().map(|taken| with(&taken.to_string(), 0, |it| it.taken = *taken)).collect();
    for set in golden["sets"].as_array().unwrap() {
        let words = set["rules"].as_str().unwrap();
        let mut kept: Vec<Timestamp> = serde_json::from_value(set["kept"].clone()).unwrap();
        let fates = retain(&backups, &restic_rules(words), now());
        let mut ours: Vec<Timestamp> =
            backups.iter().zip(fates).filter(|(_, fate)| *fate != Fate::Goes).map(|(it, _)| it.taken).collect();
        kept.sort_unstable();
        ours.sort_unstable();
        assert_eq!(ours, kept, "{words}");
    }
    assert!(golden["sets"].as_array().unwrap().len() >= 13);
    // and a bad one, which restic cannot know, changes nothing of it
    backups.push(with("bad", 3, |it| it.verdict = Verdict::Fail));
    backups.push(good("x", 24 * 365 * 20));
    assert!(retain(&backups, &restic_rules("--keep-last 3"), now()).last() == Some(&Fate::Goes));
}
