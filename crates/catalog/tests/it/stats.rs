//! Figures of a cluster.

use catalog::Host;
use checks::Verdict;
use document::ClusterStats;
use jiff::tz::TimeZone;

use crate::made::{CLUSTER, hours, now};
use crate::world::{World, author, keys};

fn stats(world: &World) -> Vec<ClusterStats> {
    world.open().stats(None, "host-1", &TimeZone::UTC).unwrap()
}

#[test]
fn figures_are_those_of_the_backups() {
    let world = World::new();
    // nightly for ten nights, with three nights left out; the key changes on the fourth
    for day in [0, 1, 2, 6, 7, 8, 9] {
        world.add_with(&format!("d{day}"), day * 24 + 1, |it| {
            it.record.needs = keys(if day > 6 { &["k1"] } else { &["k2"] });
            (it.record.size, it.record.in_use) = (Some(2000 - day.unsigned_abs() * 100), Some(1000));
            it.record.keys = "at-hand";
            if day == 1 {
                it.record.verdict = Verdict::Warn;
            }
            if day == 0 {
                it.record.verdict = Verdict::Fail;
            }
        });
    }
    let id = world.add("late", 30);
    let db = rusqlite::Connection::open(world.path("catalog.db")).unwrap();
    db.execute("UPDATE sighting SET state = 'rotten' WHERE path LIKE '%late.tar.gz'", []).unwrap();
    db.execute("UPDATE sighting SET checked = '2026-11-01T00:00:00Z' WHERE path LIKE '%d9.db'", []).unwrap();
    let all = stats(&world);
    let it = &all[0];
    assert_eq!((all.len(), it.cluster.as_deref(), it.name.as_deref()), (1, Some(CLUSTER), Some("prod")));
    let counts = it.backups;
    assert_eq!((counts.all, counts.restorable, counts.changed, counts.missing, counts.orphan), (8, 6, 1, 0, 0));
    assert!(!it.last.as_ref().unwrap().restorable);
    assert_eq!(it.last_restorable.as_ref().unwrap().taken, (now() - hours(25)).to_string());
    assert_eq!(it.oldest_check.as_deref(), Some("2026-11-01T00:00:00Z"));
    assert_eq!(it.cadence.median_seconds, Some(86_400));
    let gaps: Vec<i64> = it.cadence.gaps.iter().map(|gap| gap.seconds / 3600).collect();
    assert_eq!(gaps, [96]);
    assert_eq!(it.growth_bytes_per_day, Some(100.0));
    assert!((it.sizes[0].fragmentation_percent - 9.09).abs() < 1e-9, "{:?}", it.sizes[0]);
    assert_eq!((it.hosts[0].host.as_str(), it.hosts[0].backups, it.on_one_host), ("bastion", 7, 6));
    let rotation = it.rotations.iter().find(|it| it.backup != id).unwrap();
    assert_eq!((rotation.added.as_slice(), rotation.gone.as_slice()), (&["k2".to_owned()][..], &["k1".to_owned()][..]));
    let days: Vec<&str> = it.days.iter().map(|day| &*day.state).collect();
    let good = "restorable";
    assert_eq!(days, [good, good, good, good, "none", "none", "none", good, "warned", "unfit"]);

    // the same tarball and snapshot on another host: no backup of these is on one host alone
    let copy = catalog::Seen {
        resources: None,
        escrow: None,
        files: ["db", "tar.gz"]
            .into_iter()
            .zip([catalog::Kind::Snapshot, catalog::Kind::Resources])
            .map(|(end, kind)| world.file(&format!("d2.{end}"), kind))
            .collect(),
        record: crate::world::record(49),
        sealed: keys(&[]),
        assay: "0.1.0".to_owned(),
        rules: 1,
    };
    let vault = Host { id: "host-2".to_owned(), label: "vault".to_owned() };
    world.open().write(&author(now()), |writing| writing.add(&vault, &copy, &|_| true)).unwrap();
    let it = &stats(&world)[0];
    assert_eq!((it.backups.all, it.on_one_host, it.hosts.len()), (8, 5, 2));
}

#[test]
fn of_nothing_little_is_known() {
    let world = World::new();
    assert!(stats(&world).is_empty());
    world.add("one", 5);
    let it = &stats(&world)[0];
    assert_eq!((it.cadence.median_seconds, it.growth_bytes_per_day, it.days.len()), (None, None, 1));
}
