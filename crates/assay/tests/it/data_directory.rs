//! A database where etcd had it, with the write-ahead log beside it.

use std::fs;
use std::path::Path;

use assay::{Input, Reading};

use crate::archives::Heard;
use crate::question;

/// A segment as etcd writes it: the checksum of nothing, entries with these indices, room behind them.
fn segment(indices: std::ops::RangeInclusive<u64>) -> Vec<u8> {
    let varint = |mut number: u64| {
        let mut out = Vec::new();
        while number >= 0x80 {
            out.push(u8::try_from(number & 0x7f).unwrap() | 0x80);
            number >>= 7;
        }
        out.push(u8::try_from(number).unwrap());
        out
    };
    let (mut out, mut crc) = (Vec::new(), 0);
    let mut record = |kind: u8, data: &[u8]| {
        crc = crc32c::crc32c_append(crc, data);
        let mut record = [&[8, kind, 16][..], &varint(crc.into())].concat();
        if !data.is_empty() {
            record.extend([&[26][..], &varint(data.len() as u64), data].concat());
        }
        let padding = record.len().next_multiple_of(8) - record.len();
        let mark = if padding > 0 { 0x80 | padding as u64 } else { 0 };
        out.extend((record.len() as u64 | mark << 56).to_le_bytes());
        out.extend([&record[..], &vec![0; padding]].concat());
    };
    record(4, b"");
    for index in indices {
        record(2, &[&[16, 2, 24][..], &varint(index), &[34, 1, b'x']].concat());
    }
    out.extend([0; 4096]);
    out
}

/// A data directory of this fixture's database, without its hash.
fn lay(folder: &Path, log: &[u8]) {
    let bytes = fixtures::named("plain-etcd36").bytes();
    fs::create_dir_all(folder.join("member/snap")).unwrap();
    fs::create_dir_all(folder.join("member/wal")).unwrap();
    let (database, _) = bytes.split_at(bytes.len() - 32);
    fs::write(folder.join("member/snap/db"), database).unwrap();
    fs::write(folder.join("member/wal/0000000000000000-0000000000000000.wal"), log).unwrap();
}

/// What is found of the log, and the IDs of all findings.
fn notes(path: &Path) -> (Vec<String>, Vec<&'static str>) {
    let heard = Heard::default();
    let backups = assay::open(path).unwrap();
    let judgement = backups.judge_each(&question(), &heard, &mut |_| std::ops::ControlFlow::Continue(()));
    assert!(judgement.unread().is_empty(), "{:?}", judgement.unread());
    let ids = judgement.findings().map(|(_, finding)| finding.entry().id).collect();
    let of_log = judgement.findings().filter(|(_, finding)| finding.entry().title.contains("log"));
    let of_log = of_log.map(|(_, finding)| finding.message().to_owned());
    (of_log.chain(heard.notes()).collect(), ids)
}

#[test]
fn a_data_directory_is_its_database_and_its_log_is_held_against_that() {
    let folder = tempfile::tempdir().unwrap();
    let index = {
        let file = Input::from(fixtures::named("plain-etcd36").snapshot()).open().unwrap();
        let file = file.whole(&Reading::default(), &|_| {}).unwrap();
        let db = assay::intact_database(&file).unwrap();
        let options = assay::parts::etcd_snapshot::Options::default();
        assay::parts::etcd_snapshot::scan(db, options, &assay::Pool).state.consistent_index.unwrap()
    };
    let whole = segment(1..=index + 40);
    lay(folder.path(), &whole);
    for path in [folder.path().to_path_buf(), folder.path().join("member")] {
        let (heard, ids) = notes(&path);
        assert_eq!(heard.len(), 1, "{heard:?}");
        assert!(heard[0].contains(&format!("goes on to index {}, the database to {index}", index + 40)), "{heard:?}");
        assert!(heard[0].contains("applies 40 entries more"), "{heard:?}");
        assert!(ids.contains(&"SNAP-002"), "{ids:?}");
    }
    // every command takes it for the database
    for path in ["", "member", "member/snap"] {
        let file = Input::from(folder.path().join(path)).open().unwrap();
        assert!(file.name().ends_with("member/snap/db"), "{}", file.name());
    }
    lay(folder.path(), &segment(1..=index));
    assert_eq!(notes(folder.path()).0, [""; 0]);
    lay(folder.path(), &whole[..whole.len() - 4096 - 5]);
    let (torn, _) = notes(folder.path());
    assert!(torn[0].contains("applies 39 entries more") && torn[1].contains("ends within a record"), "{torn:?}");
    let mut wrong = segment(1..=index);
    wrong[60] ^= 1;
    lay(folder.path(), &wrong);
    assert!(notes(folder.path()).0[0].contains("is damaged at offset 0x"), "{:?}", notes(folder.path()).0);
    // a copy of it in an archive is the same
    lay(folder.path(), &whole);
    let db = fs::read(folder.path().join("member/snap/db")).unwrap();
    let members = [("etcd/member/snap/db", &db[..]), ("etcd/member/wal/0-0.wal", &whole[..])];
    let archive = folder.path().join("etcd.tgz");
    fs::write(&archive, fixtures::tar_gz(&members)).unwrap();
    assert!(notes(&archive).0[0].contains("applies 40 entries more"));
    let microshift = tempfile::tempdir().unwrap();
    lay(&microshift.path().join("etcd"), &whole);
    fs::write(microshift.path().join("version"), r#"{"version":"4.18.3"}"#).unwrap();
    assert!(notes(microshift.path()).0[0].contains("applies 40 entries more"));
}

/// k3s keeps a word on each snapshot beside them, in a folder of its own.
#[test]
fn what_k3s_keeps_beside_its_snapshots_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = fixtures::named("auth-enabled").bytes();
    for name in ["etcd-snapshot-srv-1-1790000000", "on-demand-srv-1-1790003600"] {
        fs::write(folder.path().join(name), &bytes).unwrap();
    }
    let before = notes(folder.path());
    fs::create_dir(folder.path().join(".metadata")).unwrap();
    for name in ["etcd-snapshot-srv-1-1790000000", "on-demand-srv-1-1790003600"] {
        let said = format!(r#"{{"name":"{name}","nodeName":"srv-1","status":"successful","compressed":false}}"#);
        fs::write(folder.path().join(".metadata").join(name), &said).unwrap();
        fs::write(folder.path().join(format!("{name}.metadata")), said).unwrap();
    }
    assert_eq!(notes(folder.path()), before);
}
