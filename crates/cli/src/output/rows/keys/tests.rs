use std::io;

use super::*;
use document::Identity;

const SECRET: KeyRow<'_> = KeyRow {
    key: Key(b"/kubernetes.io/secrets/prod/db"),
    identity: Identity {
        prefix: Some(b"kubernetes.io"),
        resource: Some(Key(b"secrets")),
        group: Some(Key(b"")),
        namespace: Some(Key(b"prod")),
        name: Some(Key(b"db")),
    },
    create_revision: 3,
    mod_revision: 120_034,
    version: 2,
    lease: Some(Hex64(0x7587_8e9e_05c5_2164)),
    size: 1536,
    encoding: Some("encrypted"),
    provider: Some(Key(b"aescbc")),
    key_name: Some(Key(b"2")),
};

const ODD: KeyRow<'_> = KeyRow {
    key: Key(b"\xff\n,\"\x1b[2J"),
    identity: Identity { prefix: None, resource: None, group: None, namespace: None, name: None },
    create_revision: 1,
    mod_revision: 1,
    version: 1,
    lease: None,
    size: 0,
    encoding: None,
    provider: None,
    key_name: None,
};

const GONE: RevisionRow<'_> = RevisionRow {
    revision: 7,
    sub: 1,
    key: Key(b"/a/b"),
    identity: ODD.identity,
    tombstone: true,
    create_revision: 0,
    version: 0,
    lease: None,
    size: 0,
};

fn head() -> KeysHead {
    let mut artifact = Map::new();
    artifact.insert("path".into(), json!("s.db"));
    KeysHead {
        artifact,
        greatest_revision: 120_034,
        verdict: Verdict::Pass,
        findings: Vec::new(),
        revisions: false,
        titled: false,
    }
}

fn listed(form: &ListForm, head: &KeysHead, rows: &[KeyRow<'_>], revisions: &[RevisionRow<'_>]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut sink = sink(form, &mut out, head.clone()).unwrap().unwrap();
    rows.iter().try_for_each(|row| sink.key(row)).unwrap();
    revisions.iter().try_for_each(|row| sink.revision(row)).unwrap();
    sink.finish().unwrap();
    drop(sink);
    out
}

fn text(form: &ListForm, rows: &[KeyRow<'_>]) -> String {
    String::from_utf8(listed(form, &head(), rows, &[])).unwrap()
}

#[test]
fn names_stand_a_line_each_whatever_they_hold() {
    assert_eq!(text(&ListForm::Names, &[SECRET, ODD]), "/kubernetes.io/secrets/prod/db\n\\xff\\n,\"\\u{1b}[2J\n");
    let raw = listed(&ListForm::Nul, &head(), &[SECRET, ODD], &[]);
    assert_eq!(raw, b"/kubernetes.io/secrets/prod/db\0\xff\n,\"\x1b[2J\0");
}

#[test]
fn a_long_line_holds_every_number_and_ends_with_the_key() {
    let line = text(&ListForm::Long, &[SECRET]);
    let words: Vec<&str> = line.split_whitespace().collect();
    assert_eq!(words, ["120034", "2", "1536", "aescbc:2", "75878e9e05c52164", "/kubernetes.io/secrets/prod/db"]);
    let titled = KeysHead { titled: true, ..head() };
    let lines = String::from_utf8(listed(&ListForm::Long, &titled, &[SECRET, ODD], &[GONE])).unwrap();
    let lines: Vec<&str> = lines.lines().collect();
    let place = |line: &str, word: &str| line.find(word).unwrap();
    assert_eq!(place(lines[0], "KEY"), place(lines[1], "/kubernetes"));
    assert_eq!(place(lines[0], "KEY"), place(lines[2], "\\xff"));
    assert_eq!(place(lines[0], "STORED"), place(lines[3], "deleted"));
    assert!(lines[3].trim_start().starts_with("7.1 "));
}

#[test]
fn a_count_is_a_number() {
    assert_eq!(text(&ListForm::Count { json: false }, &[SECRET, ODD]), "2\n");
    assert_eq!(text(&ListForm::Count { json: false }, &[]), "0\n");
    for (json, counted) in [(false, "2\n"), (true, "\"count\":2}")] {
        let mut out = Vec::new();
        let mut sink = sink(&ListForm::Count { json }, &mut out, head()).unwrap().unwrap();
        [b"/a", b"/b"].iter().try_for_each(|key| sink.name(*key)).unwrap();
        sink.finish().unwrap();
        drop(sink);
        let text = String::from_utf8(out).unwrap();
        assert!(text.contains(counted), "{text}");
    }
    let document: Value = serde_json::from_str(&text(&ListForm::Count { json: true }, &[SECRET, ODD])).unwrap();
    assert_eq!(document["artifacts"][0], json!({"path": "s.db", "count": 2}));
    assert_eq!(document["verdict"], "pass");
}

fn secret_json() -> Value {
    json!({
        "key": "/kubernetes.io/secrets/prod/db", "resource": "secrets", "group": "", "namespace": "prod",
        "name": "db", "createRevision": 3, "modRevision": 120_034, "version": 2,
        "lease": "75878e9e05c52164", "size": 1536, "encoding": "encrypted", "provider": "aescbc",
        "keyName": "2"
    })
}

#[test]
fn ndjson_has_the_fields_of_the_contract() {
    let lines = text(&ListForm::Ndjson, &[SECRET, ODD]);
    let objects: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(objects[0], secret_json());
    assert_eq!(objects[1]["key"], json!({"base64": "/wosIhtbMko="}));
    assert_eq!(objects[1]["lease"], Value::Null);

    let gone = listed(&ListForm::Ndjson, &head(), &[], &[GONE]);
    let gone: Value = serde_json::from_slice(&gone).unwrap();
    assert_eq!((&gone["revision"], &gone["sub"], &gone["tombstone"]), (&json!(7), &json!(1), &json!(true)));
}

#[test]
fn a_json_list_is_one_document_in_the_envelope() {
    for (rows, keys) in [
        (&[][..], json!([])),
        (&[SECRET][..], json!([secret_json()])),
        (&[SECRET, SECRET], json!([secret_json(), secret_json()])),
    ] {
        let document: Value = serde_json::from_str(&text(&ListForm::Json, rows)).unwrap();
        assert_eq!(
            document,
            json!({
                "schema": "assay/1", "command": "ls", "assay": env!("CARGO_PKG_VERSION"),
                "artifacts": [{"path": "s.db", "keys": keys}], "findings": [], "verdict": "pass"
            })
        );
    }
}

#[test]
fn csv_comes_back_as_it_was_and_always_has_its_titles() {
    let table = text(&ListForm::Csv { exact: false }, &[SECRET, ODD]);
    let mut reader = ::csv::Reader::from_reader(table.as_bytes());
    let titles: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
    let secret = secret_json();
    for (title, cell) in titles.iter().zip(rows[0].iter()) {
        let value = &secret[title];
        assert_eq!(value.as_str().map_or_else(|| value.to_string(), str::to_owned), cell, "{title}");
    }
    assert_eq!(&rows[1][0], "\\xff\\n,\"\\u{1b}[2J");

    assert!(text(&ListForm::Csv { exact: false }, &[]).starts_with("key,resource,"));
    let revisions = KeysHead { revisions: true, ..head() };
    let table = String::from_utf8(listed(&ListForm::Csv { exact: false }, &revisions, &[], &[GONE])).unwrap();
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0].split(',').count(), lines[1].split(',').count());
    assert_eq!(lines[1], "/a/b,,,,,7,1,true,0,0,,0");
}

#[test]
fn a_stream_that_fails_ends_the_list() {
    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    for form in [ListForm::Names, ListForm::Nul, ListForm::Long, ListForm::Ndjson, ListForm::Csv { exact: false }] {
        let mut full = Full;
        let result = sink(&form, &mut full, head()).and_then(|sink| {
            let mut sink = sink.unwrap();
            sink.key(&SECRET)?;
            sink.finish()
        });
        assert!(matches!(result, Err(Error::Stdout(_))), "{form:?}");
    }
}
