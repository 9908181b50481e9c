//! The file and its log: what is written is there, in one order, and nothing in it can be changed unseen.

use std::path::Path;
use std::thread;

use catalog::{Access, Author, Catalog, Error, Head, Network};
use rusqlite::Connection;
use serde_json::json;

use crate::made::now;

fn author() -> Author {
    Author { actor: "ada".to_owned(), host: "host-1".to_owned(), at: now() }
}

fn open(path: &Path) -> Catalog {
    Catalog::open(path, Access::Write, Network::Refused).unwrap()
}

/// Writes so many entries, each in a transaction of its own.
fn entries(path: &Path, count: i64) -> Head {
    let mut catalog = open(path);
    let write = |at: i64| catalog.write(&author(), |writing| writing.say("test", &json!({ "at": at }))).unwrap().1;
    (0..count).map(write).last().unwrap()
}

#[test]
fn the_log_is_a_chain_that_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("catalog.db");
    let first = entries(&path, 3);
    let last = entries(&path, 2);
    let catalog = Catalog::open(&path, Access::Read, Network::Refused).unwrap();
    assert_eq!((first.seq, last.seq), (3, 5));
    assert_eq!((catalog.head().unwrap(), catalog.check_log().unwrap()), (last, last));
    assert_eq!(last.to_string().parse::<Head>().unwrap(), last);
    assert!(catalog.goes_on_from(first).unwrap() && catalog.goes_on_from(last).unwrap());
    assert!(!catalog.goes_on_from(Head { hash: [7; 32], ..first }).unwrap(), "another history");
    assert!(!catalog.goes_on_from(Head { seq: 9, ..last }).unwrap(), "one that was cut short");
    for wrong in ["", "3", "3:ab", "x:00", &format!("3:{}", "é".repeat(32))] {
        assert!(wrong.parse::<Head>().is_err(), "{wrong}");
    }
}

#[test]
fn what_fails_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("catalog.db");
    let head = entries(&path, 1);
    let mut catalog = open(&path);
    let failed = catalog.write(&author(), |writing| {
        writing.say("test", &json!({}))?;
        Err::<(), _>(Error::Absent { path: "x".into() })
    });
    assert!(matches!(failed, Err(Error::Absent { .. })));
    assert_eq!(catalog.head().unwrap(), head);
}

#[test]
fn eight_writers_neither_lose_nor_fork() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("catalog.db");
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| entries(&path, 20));
        }
    });
    assert_eq!(open(&path).check_log().unwrap().seq, 160);
}

#[test]
fn whatever_is_changed_in_the_log_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("catalog.db");
    entries(&path, 5);
    let bytes = std::fs::read(&path).unwrap();
    for (sql, words) in [
        ("UPDATE event SET body = '{}' WHERE seq = 3", "entry 3 of the log is not what was written"),
        ("UPDATE event SET actor = 'eve' WHERE seq = 5", "entry 5 of the log is not what was written"),
        ("DELETE FROM event WHERE seq = 2", "entry 3 of the log stands where another is missing"),
        ("UPDATE event SET hash = zeroblob(32) WHERE seq = 1", "entry 1 of the log is not what was written"),
        ("UPDATE event SET prev = randomblob(32) WHERE seq = 4", "entry 4 of the log does not follow"),
    ] {
        std::fs::write(&path, &bytes).unwrap();
        let db = Connection::open(&path).unwrap();
        assert!(db.execute(sql, []).is_err(), "the database itself refuses it: {sql}");
        db.execute_batch("DROP TRIGGER event_stays; DROP TRIGGER event_is_kept").unwrap();
        db.execute(sql, []).unwrap();
        drop(db);
        let error = open(&path).check_log().unwrap_err().to_string();
        assert!(error.contains(words), "{sql}: {error}");
    }
}

#[test]
fn what_is_no_catalog_or_a_later_one_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let opened = |name: &str, access| Catalog::open(&path(name), access, Network::Refused).err();
    assert!(matches!(opened("none.db", Access::Read), Some(Error::Absent { .. })));
    assert!(!path("none.db").exists());
    Connection::open(path("other.db")).unwrap().execute_batch("CREATE TABLE t (x)").unwrap();
    std::fs::write(path("text.db"), "no database at all, but long enough to be looked at as one").unwrap();
    entries(&path("later.db"), 1);
    Connection::open(path("later.db")).unwrap().pragma_update(None, "user_version", 99).unwrap();
    for access in [Access::Read, Access::Write] {
        assert!(matches!(opened("other.db", access), Some(Error::Foreign { .. })));
        assert!(matches!(opened("text.db", access), Some(Error::Sqlite { .. })));
        assert!(matches!(opened("later.db", access), Some(Error::Newer { found: 99, .. })));
    }
}
