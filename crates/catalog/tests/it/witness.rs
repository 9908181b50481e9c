//! Rows that somebody changed behind the log's back.

use rusqlite::Connection;

use crate::world::{World, keys};

#[test]
fn whatever_is_changed_in_the_tables_is_found() {
    let world = World::new();
    world.add_with("a", 30, |it| {
        (it.record.needs, it.record.has) = (keys(&["k1"]), keys(&["k1", "k2"]));
    });
    world.add("b", 6);
    let id = world.add("c", 3);
    let kept = world.open().write(&crate::world::author(crate::made::now()), |it| it.keep(&id, Some("why"))).unwrap();
    assert!(kept.0 && world.open().check_rows().unwrap().is_empty());
    let bytes = std::fs::read(world.path("catalog.db")).unwrap();
    for (sql, words) in [
        ("UPDATE judgement SET verdict = 'fail' WHERE id = 1", "is not what was judged of it"),
        ("UPDATE backup SET taken = '2026-11-23T11:59:59Z' WHERE pinned IS NULL", "is not what was judged of it"),
        ("DELETE FROM judgement WHERE id = 1", "is not what was judged of it"),
        (
            "UPDATE judgement SET backup = (SELECT backup FROM judgement WHERE id = 2) WHERE id = 1",
            "is not what was judged of it",
        ),
        ("UPDATE backup SET pinned = 'me' WHERE pinned IS NULL", "is to stay is not what the log says"),
        ("UPDATE backup SET pinned = NULL", "is to stay is not what the log says"),
        (
            "UPDATE backup SET let_go = '2026-11-23T11:59:59Z' WHERE pinned IS NULL",
            "was let go is not what the log says",
        ),
        ("UPDATE sighting SET stored = zeroblob(32) WHERE path LIKE '%a.db'", "is not the one that the log has"),
        ("UPDATE sighting SET state = 'rotten' WHERE path LIKE '%a.db'", "is said to be rotten"),
        ("DELETE FROM sighting WHERE path LIKE '%a.db'", "is missing from the catalog"),
        (
            "INSERT INTO sighting SELECT host, 'x', content, stored, size, mtime, ctime, inode, first_seen, last_seen, checked, \
            state FROM sighting LIMIT 1",
            "the log does not know it",
        ),
        ("DELETE FROM key_use WHERE role = 'needs'", "had key `k1` written down as needed"),
        (
            "INSERT INTO key_use SELECT content, 'has', 'k3' FROM key_use WHERE role = 'has' LIMIT 1",
            "does not know key `k3`",
        ),
        ("PRAGMA foreign_keys = off; DELETE FROM backup WHERE pinned = 'why'", "the log says that it was added"),
    ] {
        std::fs::write(world.path("catalog.db"), &bytes).unwrap();
        Connection::open(world.path("catalog.db")).unwrap().execute_batch(sql).unwrap();
        let wrong = world.open().check_rows().unwrap();
        assert!(wrong.iter().any(|it| it.contains(words)), "{sql}: {wrong:?}");
    }
}

#[test]
fn what_several_backups_share_is_in_order() {
    let world = World::new();
    world.add_with("a", 30, |it| it.record.has = keys(&["k1"]));
    let tarball = world.file("a.tar.gz", catalog::Kind::Resources);
    world.add_with("b", 6, |it| {
        it.files[1] = tarball;
        it.record.has = keys(&["k1", "k2"]);
    });
    assert_eq!(world.open().check_rows().unwrap(), [""; 0]);
}

#[test]
fn what_somebody_did_to_the_catalog_is_a_finding_of_its_own() {
    let world = World::new();
    (0..3).for_each(|at| drop(world.add(&format!("n{at}"), at + 1)));
    let found =
        |kept| -> Vec<&str> { world.open().audit(kept).unwrap().iter().map(|finding| finding.entry().id).collect() };
    let head = world.open().head().unwrap();
    assert_eq!(found(Some(head)), [""; 0]);
    let bytes = std::fs::read(world.path("catalog.db")).unwrap();
    let change = |sql: &str| {
        std::fs::write(world.path("catalog.db"), &bytes).unwrap();
        Connection::open(world.path("catalog.db")).unwrap().execute_batch(sql).unwrap();
    };
    let free = "DROP TRIGGER event_stays; DROP TRIGGER event_is_kept;";
    change(&format!("{free} UPDATE event SET actor = 'eve' WHERE seq = 2"));
    assert_eq!(found(Some(head)), ["CAT-006"]);
    change("UPDATE judgement SET verdict = 'warn' WHERE id = 3");
    assert_eq!(found(Some(head)), ["CAT-008"]);
    // who cuts the log and the tables short leaves a sound chain, and not the head that was kept
    change(&format!(
        "{free} DELETE FROM event WHERE seq = 3; DELETE FROM sighting WHERE path LIKE '%n2.%'; PRAGMA foreign_keys = off; \
         DELETE FROM backup WHERE id = (SELECT backup FROM judgement WHERE id = 3)"
    ));
    assert_eq!((found(None), found(Some(head))), (vec![], vec!["CAT-007"]));
}
