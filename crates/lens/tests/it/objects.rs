//! Every live value of the backups, found, opened and decoded, held against what the genuine codecs said.

use bbolt_page::{Db, Serial};
use lens::{Object, Reader, Selection, View, raw};
use sha2::{Digest, Sha256};

use crate::keys::Keys;

#[test]
fn every_line_of_the_truth_is_found_opened_and_decoded() {
    let mut lines = 0;
    for fixture in fixtures::all() {
        let (file, keys) = (fixture.bytes(), Keys::of(&fixture));
        let reader = Reader::open(Db::open(&file).unwrap(), &Serial);
        let newest = reader.newest(|_| true, None, usize::MAX, &Serial, &|_| {});
        for row in fixture.truth() {
            let key = row["key"].as_str().unwrap();
            let shown = format!("{}: {key}", fixture.name);
            let record = newest.get(key.as_bytes()).unwrap().record;
            assert!(!record.tombstone, "{shown}");
            assert_eq!(Some(record.kv.mod_revision), row["Mod"].as_i64(), "{shown}");
            let opened = raw(&keys, key.as_bytes(), record.kv.value, true).unwrap();
            let digest: String = Sha256::digest(&*opened).iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(row["plainSHA256"], digest, "{shown}");
            for reveal in [true, false] {
                let view = View { reveal, ..View::default() };
                let object =
                    Object::read(&keys, key.as_bytes(), record.kv.value, record.kv.mod_revision, view).unwrap();
                let object = object.shown();
                let gvk = format!("{}/{}", object["apiVersion"].as_str().unwrap(), object["kind"].as_str().unwrap());
                assert_eq!(row["gvk"], gvk, "{shown}");
                assert_eq!(object["metadata"]["uid"].as_str(), row["uid"].as_str(), "{shown}");
            }
            lines += 1;
        }
    }
    assert!(lines > 6000, "only {lines} lines");
}

#[test]
fn nothing_of_a_secret_is_shown_and_all_of_it_is_revealed() {
    let fixture = fixtures::named("aescbc-rotated");
    let (file, keys) = (fixture.bytes(), Keys::of(&fixture));
    let reader = Reader::open(Db::open(&file).unwrap(), &Serial);
    let mut secrets = Selection::default();
    secrets.resource("secrets");
    let newest = reader.newest(|key| secrets.matches(key), None, usize::MAX, &Serial, &|_| {});
    let mut values = 0;
    for found in newest.all() {
        let (key, kv) = (found.record.kv.key, found.record.kv);
        let read = |reveal| Object::read(&keys, key, kv.value, 1, View { reveal, ..View::default() }).unwrap();
        let (shown, revealed) = (read(false).into_shown(), read(true).into_shown());
        let text = shown.to_string();
        for (name, value) in revealed["data"].as_object().into_iter().flatten() {
            let value = value.as_str().unwrap();
            assert!(value.len() < 6 || !text.contains(value), "{}: {name}", key.escape_ascii());
            values += 1;
        }
        assert!(raw(&keys, key, kv.value, false).is_err());
    }
    assert!(newest.len() == 175 && values > 175, "{values} in {}", newest.len());
}
