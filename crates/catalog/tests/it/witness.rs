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
        ("UPDATE backup SET judgement = 2 WHERE judgement = 1", "is not what was judged of it"),
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
