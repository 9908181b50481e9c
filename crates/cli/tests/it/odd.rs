//! Keys that nobody would choose, and values of every size, in what lists, shows and compares them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use bbolt_page::{Db, Serial};
use etcd_snapshot::{Options, scan};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use snapshot_builder::{Builder, Put, revision};

use crate::fixture::named;
use crate::run::{assay, run};

/// What was put under one of the odd keys.
struct Odd {
    key: Vec<u8>,
    value_len: u64,
    value_sha256: String,
    revision: i64,
}

/// What the generator of the fixture wrote down.
fn odd() -> Vec<Odd> {
    let rows: Vec<Value> =
        serde_json::from_slice(&fs::read(named("odd-keys").path("odd-truth.json")).unwrap()).unwrap();
    let read = |row: &Value| {
        let hex = row["key_hex"].as_str().unwrap();
        let mut key: Vec<u8> =
            (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect();
        // The list cuts the longest key short: a slash and 5000 times the same letter.
        let rest = row["key_len"].as_u64().unwrap() as usize - key.len();
        assert!(rest == 0 || key.ends_with(b"kkkk"));
        key.extend(vec![b'k'; rest]);
        Odd {
            key,
            value_len: row["value_len"].as_u64().unwrap(),
            value_sha256: row["value_sha256"].as_str().unwrap().to_owned(),
            revision: row["rev"].as_str().unwrap().parse().unwrap(),
        }
    };
    let odd: Vec<Odd> = rows.iter().map(read).collect();
    let lengths: Vec<usize> = odd.iter().map(|odd| odd.key.len()).collect();
    assert!(odd.len() >= 14 && lengths.contains(&5001) && lengths.contains(&1), "{lengths:?}");
    odd
}

/// A key as JSON has it.
fn in_json(key: &[u8]) -> Value {
    use base64::Engine as _;
    match std::str::from_utf8(key) {
        Ok(text) => json!(text),
        Err(_) => json!({"base64": base64::engine::general_purpose::STANDARD.encode(key)}),
    }
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn lines(out: &str) -> Vec<Value> {
    out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn every_odd_key_is_named_as_it_is_listed() {
    let path = named("odd-keys").snapshot();
    let path = path.to_str().unwrap();
    let shown = run(&["ls", path]).out;
    let rows = lines(&run(&["ls", path, "-o", "ndjson"]).out);
    assert_eq!(shown.lines().count(), rows.len(), "a key takes one line, whatever is in it");
    for odd in odd() {
        let at = rows.iter().position(|row| row["key"] == in_json(&odd.key)).unwrap();
        let (row, typed) = (&rows[at], shown.lines().nth(at).unwrap());
        let name = odd.key.escape_ascii().to_string();
        assert_eq!((row["size"].as_u64(), row["version"].as_i64()), (Some(odd.value_len), Some(1)), "{name}");
        assert_eq!(row["modRevision"].as_i64(), Some(odd.revision), "{name}");
        // as it is listed, so it is asked for
        let raw = assay(&["get", path, "--exact", typed, "-o", "raw", "--stored", "--reveal"]).output().unwrap();
        assert_eq!(sha256(&raw.stdout), odd.value_sha256, "{name}: {}", String::from_utf8_lossy(&raw.stderr));
        let before = run(&["get", path, "--exact", typed, "-o", "raw", "--rev", &(odd.revision - 1).to_string()]);
        assert_eq!((before.code, before.out.as_str()), (Some(1), ""), "{name}");
        let steps = run(&["history", path, "--exact", typed, "-o", "ndjson"]);
        let [step] = &lines(&steps.out)[..] else { panic!("{name}: {} {}", steps.out, steps.err) };
        assert_eq!((&step["key"], &step["event"]), (&row["key"], &json!("created")), "{name}");
        assert_eq!((step["revision"].as_i64(), step["size"].as_u64()), (Some(odd.revision), Some(odd.value_len)));
        let human = run(&["history", path, "--exact", typed]);
        assert!(human.code == Some(0) && human.out.starts_with(&format!("{typed}\n  1 revision retained")), "{name}");
        let around = run(&["timeline", path, "--exact", typed, "-o", "ndjson"]);
        assert!(matches!(&lines(&around.out)[..], [one] if one == step), "{name}: {}", around.out);
    }
}

#[test]
fn what_is_no_escape_is_refused_and_what_looks_like_one_is_explained() {
    let path = named("odd-keys").snapshot();
    let path = path.to_str().unwrap();
    for command in ["get", "history", "timeline", "export"] {
        let run = run(&[command, path, "--exact", "/a\\q"]);
        assert_eq!((run.code, run.out.as_str()), (Some(2), ""), "{command}");
        assert!(run.err.contains("`\\q` is no escape: write `\\n`"), "{}", run.err);
    }
    let literal = run(&["get", path, "/kubernetes.io/configmaps/ns/new\\nline"]);
    assert!(
        literal.code == Some(1)
            && literal.err.contains(&format!("`--exact` takes a key as `assay ls {path}` shows it")),
        "{}",
        literal.err
    );
}

/// The records of a snapshot in a file of its own, to be changed.
fn copy_of(file: &[u8]) -> (Builder, i64) {
    let scan = scan(Db::open(file).unwrap(), Options::default(), &Serial);
    let mut builder = Builder::new();
    for record in scan.records() {
        let mut at = revision(record.revision.main, record.revision.sub);
        at.extend(record.tombstone.then_some(b't'));
        builder.set("key", &at, record.raw);
    }
    (builder, scan.current())
}

/// The change, and the sizes of the old and the new value.
type Difference = (&'static str, Option<u64>, Option<u64>);

fn diff(old: &Path, new: &Path, rest: &[&str]) -> crate::run::Run {
    let line: Vec<&str> = ["diff", old.to_str().unwrap(), new.to_str().unwrap()].iter().chain(rest).copied().collect();
    run(&line)
}

#[test]
fn a_changed_copy_differs_where_it_was_changed_and_nowhere_else() {
    let file = named("odd-keys").bytes();
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (folder.path().join("old.db"), folder.path().join("new.db"));
    let (copy, last) = copy_of(&file);
    fs::write(&old, copy.build()).unwrap();
    let same = diff(&named("odd-keys").snapshot(), &old, &["--all", "-o", "ndjson"]);
    assert_eq!(same.out, "", "{}", same.err);

    let mut changed = copy;
    let mut main = last;
    let mut expected = BTreeMap::<Vec<u8>, Difference>::new();
    for odd in odd() {
        main += 1;
        let size = Some(odd.value_len);
        if odd.key == [0] || odd.key.len() == 5001 {
            let at = [revision(main, 0), b"t".to_vec()].concat();
            // mvccpb.KeyValue {1 key}
            let length = if odd.key.len() < 128 {
                vec![odd.key.len() as u8]
            } else {
                vec![0x80 | (5001 % 128) as u8, (5001 / 128) as u8]
            };
            changed.set("key", &at, &[&[0x0a][..], &length, &odd.key].concat());
            expected.insert(odd.key, ("removed", size, None));
            continue;
        }
        // Empty ones become long, long ones empty, and the others change in the last byte alone.
        let value = match odd.value_len {
            0 => vec![b'v'; 3_000_000],
            3_000_000 => Vec::new(),
            length => vec![b'v'; length as usize],
        };
        let put = Put { key: &odd.key, value: &value, create: odd.revision, modified: main, version: 2, lease: 0 };
        changed.put(main, 0, &put);
        expected.insert(odd.key, ("changed", size, Some(value.len() as u64)));
    }
    let added: [&[u8]; 4] = [b"\0\0", b"\0\xff", b"\xff", &[b'k'; 5000]];
    for key in added {
        main += 1;
        changed.put(main, 0, &Put { key, value: b"", create: main, modified: main, version: 1, lease: 0 });
        expected.insert(key.to_vec(), ("added", None, Some(0)));
    }
    fs::write(&new, changed.build()).unwrap();

    for (from, to, forth) in [(&old, &new, true), (&new, &old, false)] {
        let found = diff(from, to, &["--all", "-o", "ndjson"]);
        assert_eq!(found.code, Some(1), "{}", found.err);
        let of = |row: &Value| {
            let size = |side: &str| row[side].as_object().map(|live| live["size"].as_u64().unwrap());
            (row["key"].clone(), row["change"].as_str().unwrap().to_owned(), size("old"), size("new"))
        };
        let found: Vec<_> = lines(&found.out).iter().map(of).collect();
        let wanted = expected.iter().map(|(key, (change, old, new))| match (forth, *change) {
            (true, change) => (in_json(key), change.to_owned(), *old, *new),
            (false, "added") => (in_json(key), "removed".to_owned(), *new, *old),
            (false, "removed") => (in_json(key), "added".to_owned(), *new, *old),
            (false, change) => (in_json(key), change.to_owned(), *new, *old),
        });
        assert_eq!(found, wanted.collect::<Vec<_>>(), "in byte order of the keys");
    }
    let human = diff(&old, &new, &["--all"]);
    assert!(human.out.contains("4 added, 2 removed, 12 changed\n"), "{}", human.out.lines().last().unwrap());
    assert!(!human.out.contains(|c: char| c.is_control() && c != '\n'), "nothing obeys a terminal");
    let one = diff(&old, &new, &["--all", "--exact", "\\u{0}", "-o", "ndjson"]);
    assert_eq!(lines(&one.out).len(), 1, "{}", one.out);
}
