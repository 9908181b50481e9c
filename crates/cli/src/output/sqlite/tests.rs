use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::*;
use document::{Hex64, Identity, Key};

fn key_row(key: &[u8]) -> KeyRow<'_> {
    KeyRow {
        key: Key(key),
        identity: Identity {
            prefix: Some(b"kubernetes.io"),
            resource: Some(Key(b"secrets")),
            group: Some(Key(b"")),
            namespace: None,
            name: Some(Key(b"db")),
        },
        create_revision: 3,
        mod_revision: 9,
        version: 2,
        lease: Some(Hex64(u64::MAX)),
        size: 7,
        encoding: Some("encrypted"),
        provider: Some(Key(b"aescbc")),
        key_name: Some(Key(b"2")),
    }
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// One row in every table.
fn write(target: &Path, force: bool) -> Result<(), Error> {
    let mut database = Database::create(target, force)?;
    database.meta("source", "s.db")?;
    database.key(&key_row(b"/a"))?;
    database.key(&key_row(b"\xff"))?;
    database.revision(&RevisionRow {
        revision: 9,
        sub: 1,
        key: Key(b"/a"),
        identity: Identity::default(),
        tombstone: true,
        create_revision: 0,
        version: 0,
        lease: None,
        size: 0,
    })?;
    let text = |text: &str| text.as_bytes().to_vec();
    let stored = (text("secrets"), Vec::new(), "encrypted".to_owned(), Some(text("aescbc")), Some(text("2")));
    database.resource(&stored, 2, 17)?;
    database.lease(&state::Lease { id: 0x1f, ttl: 60, remaining_ttl: 0 }, 2)?;
    database.member(&state::Member {
        id: 0x8e9e_05c5_2164_694d,
        name: "m0".to_owned(),
        peer_urls: vec!["https://a:2380".to_owned()],
        client_urls: Vec::new(),
        is_learner: false,
    })?;
    database.removed_member(1)?;
    database.finding(&Finding {
        id: "SNAP-003".into(),
        location: document::Location { page: Some(3), offset: Some(12288), ..document::Location::default() },
        ..Finding::default()
    })?;
    database.finish()?;
    database.commit()
}

#[test]
fn what_goes_in_comes_out() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("keys.sqlite");
    write(&target, false).unwrap();
    assert_eq!(names(folder.path()), ["keys.sqlite"], "nothing else is left behind");
    assert_eq!(fs::metadata(&target).unwrap().permissions().mode() & 0o777, 0o600);

    let connection = Connection::open(&target).unwrap();
    let text = |query: &str| -> String { connection.query_row(query, [], |row| row.get(0)).unwrap() };
    assert_eq!(text("PRAGMA integrity_check"), "ok");
    for (query, answer) in [
        (
            "SELECT key_text || lease || size || api_group || key_name FROM keys WHERE key = x'2f61'",
            "/affffffffffffffff72",
        ),
        ("SELECT ifnull(key_text, 'null') FROM keys WHERE key = x'ff'", "null"),
        ("SELECT main || '.' || sub || tombstone FROM revisions JOIN keys USING (key)", "9.11"),
        ("SELECT provider || live || bytes FROM resources", "aescbc217"),
        ("SELECT id || ttl || ifnull(remaining, '-') FROM leases", "1f60-"),
        (
            "SELECT id || peer_urls || client_urls || removed FROM members WHERE name = 'm0'",
            "8e9e05c52164694d[\"https://a:2380\"][]0",
        ),
        ("SELECT id || ifnull(name, '-') || removed FROM members WHERE name IS NULL", "1-1"),
        ("SELECT id || page || file_offset || ifnull(member, '-') FROM findings", "SNAP-003312288-"),
        ("SELECT value FROM meta WHERE name = 'source'", "s.db"),
    ] {
        assert_eq!(text(query), answer, "{query}");
    }
    let number = |query: &str| -> i32 { connection.query_row(query, [], |row| row.get(0)).unwrap() };
    assert_eq!(number("PRAGMA user_version"), SCHEMA_VERSION);
    assert_eq!(number("PRAGMA application_id"), APPLICATION_ID);
}

/// The page is the schema, so tables and columns agree; what it must also do is explain them.
#[test]
fn every_table_and_column_is_explained() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("keys.sqlite");
    write(&target, false).unwrap();
    let connection = Connection::open(&target).unwrap();
    let mut tables: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut statement = connection
        .prepare(
            "SELECT t.name, c.name FROM sqlite_schema t, pragma_table_info(t.name) c \
             WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%'",
        )
        .unwrap();
    let mut rows = statement.query([]).unwrap();
    while let Some(row) = rows.next().unwrap() {
        let column = row.get(1).unwrap();
        tables.entry(row.get(0).unwrap()).or_default().push(column);
    }
    let expected = ["findings", "keys", "leases", "members", "meta", "resources", "revisions"];
    assert!(tables.keys().eq(expected), "{tables:?}");
    for (table, columns) in &tables {
        assert!(SCHEMA.contains(&format!("## {table}")), "{table} has no heading");
        let block = SCHEMA
            .split_once(&format!("CREATE TABLE {table} ("))
            .and_then(|(_, rest)| rest.split_once("\n)"))
            .unwrap()
            .0;
        for column in columns {
            let line = block
                .lines()
                .find(|line| line.split_whitespace().next() == Some(column))
                .unwrap_or_else(|| panic!("{table}.{column} has no line"));
            let words = line.split_once("-- ").unwrap_or_else(|| panic!("{table}.{column} is not explained")).1;
            assert!(words.len() > 3, "{table}.{column}: {words}");
        }
    }
    let indices: i64 = connection
        .query_row("SELECT count(*) FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL", [], |row| row.get(0))
        .unwrap();
    assert_eq!(usize::try_from(indices).unwrap(), SCHEMA.matches("CREATE INDEX").count());
}

#[test]
fn an_existing_file_is_replaced_by_force_only() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("keys.sqlite");
    fs::write(&target, "precious").unwrap();
    let error = Database::create(&target, false).err().expect("refused before any work is done");
    assert!(error.to_string().ends_with("keys.sqlite`: the file exists"), "{error}");
    assert_eq!(fs::read(&target).unwrap(), b"precious");
    write(&target, true).unwrap();
    assert!(fs::read(&target).unwrap().starts_with(b"SQLite format 3\0"));
    assert_eq!(names(folder.path()), ["keys.sqlite"]);
}

#[test]
fn a_file_that_appears_meanwhile_is_not_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("keys.sqlite");
    let database = Database::create(&target, false).unwrap();
    fs::write(&target, "precious").unwrap();
    let error = database.commit().unwrap_err();
    assert!(error.to_string().ends_with("the file exists"), "{error}");
    assert_eq!(fs::read(&target).unwrap(), b"precious");
    assert_eq!(names(folder.path()), ["keys.sqlite"]);
}

#[test]
fn work_that_is_given_up_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut database = Database::create(&folder.path().join("keys.sqlite"), false).unwrap();
    database.key(&key_row(b"/a")).unwrap();
    assert!(database.key(&key_row(b"/a")).is_err(), "a key is there once");
    drop(database);
    assert_eq!(names(folder.path()), [] as [String; 0]);
    assert!(Database::create(Path::new("/nonexistent/keys.sqlite"), false).is_err());
}
