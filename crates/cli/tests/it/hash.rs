//! `assay hash` against what etcd's own tools said of each backup.

use serde_json::{Value, json};

use crate::fixture::{all, named};
use crate::run::{assay, json_of, run};

#[test]
fn every_number_is_that_of_etcds_own_tools() {
    for fixture in all() {
        let facts = fixture.facts();
        let document = json_of(&["hash", "--json", fixture.snapshot().to_str().unwrap()]);
        assert_eq!(document["command"], "hash");
        let artifact = &document["artifacts"][0];
        let (v35, v36) = (&facts["status-3.5"], &facts["status-3.6"]);
        let version = v36.get("version").cloned().unwrap_or_else(|| json!(""));
        for (ours, theirs, what) in [
            (&artifact["status"]["hash"], &v35["hash"], "hash"),
            (&artifact["status"]["revision"], &v35["revision"], "revision"),
            (&artifact["status"]["totalKey"], &v35["totalKey"], "totalKey"),
            (&artifact["status"]["totalKey36"], &v36["totalKey"], "totalKey of 3.6"),
            (&artifact["status"]["totalSize"], &v35["totalSize"], "totalSize"),
            (&artifact["status"]["version"], &version, "version"),
            (&artifact["hashkv"]["hash"], &facts["hashkv"], "HashKV"),
            (&artifact["hashkv"]["compactRevision"], &facts["hashkv_compact_rev"], "compaction"),
        ] {
            if theirs.is_null() {
                // A logical copy that no server ever ran on, so none was asked for its HashKV.
                assert_eq!(fixture.name, "page-size-64k", "{what} is not known");
                continue;
            }
            assert_eq!(ours, theirs, "{}: {what}", fixture.name);
        }
        assert_eq!(artifact["trailer"]["valid"], true, "{}", fixture.name);
        assert_eq!(artifact["trailer"]["stored"], artifact["trailer"]["computed"]);
        assert_eq!(artifact["status"]["hashHex"], format!("{:x}", v35["hash"].as_u64().unwrap()));
    }
}

#[test]
fn status_alone_says_the_same_and_no_more() {
    let path = named("plain-etcd36").snapshot();
    let full = json_of(&["hash", "--json", path.to_str().unwrap()]);
    let status = json_of(&["hash", "--status", "--json", path.to_str().unwrap()]);
    assert_eq!(status["artifacts"][0]["status"], full["artifacts"][0]["status"]);
    for field in ["sha256", "trailer", "hashkv", "content"] {
        assert_eq!(status["artifacts"][0][field], Value::Null);
        assert!(!full["artifacts"][0][field].is_null());
    }
}

/// The page-size-64k backup is a logical copy of another; members of one cluster hold the same.
#[test]
fn the_content_digest_sees_content_and_nothing_else() {
    let content = |name: &str| {
        let document = json_of(&["hash", "--json", named(name).snapshot().to_str().unwrap()]);
        document["artifacts"][0]["content"].as_str().unwrap().to_owned()
    };
    let members = [content("members-m0"), content("members-m1"), content("members-m2")];
    assert!(members.iter().all(|member| *member == members[0]));
    assert_ne!(content("plain-etcd36"), content("plain-etcd34"));
}

#[test]
fn one_path_or_another_reads_the_same() {
    let fixture = named("plain-etcd36");
    let folder = tempfile::tempdir().unwrap();
    let plain = folder.path().join("s.db");
    std::fs::write(&plain, fixture.bytes()).unwrap();
    let expected = json_of(&["hash", "--json", plain.to_str().unwrap()])["artifacts"][0]["content"].clone();
    for line in [
        &["hash", "--json", "--no-mmap", plain.to_str().unwrap()][..],
        &["hash", "--json", "--threads", "1", plain.to_str().unwrap()],
        &["hash", "--json", fixture.snapshot().to_str().unwrap()],
    ] {
        assert_eq!(json_of(line)["artifacts"][0]["content"], expected, "{line:?}");
    }
    for path in [plain, fixture.snapshot()] {
        let stdin = std::fs::File::open(path).unwrap();
        let output = assay(&["hash", "--json", "-"]).stdin(stdin).output().unwrap();
        let document: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(document["artifacts"][0]["content"], expected);
        assert_eq!(document["artifacts"][0]["path"], "-");
    }
}

#[test]
fn a_flipped_byte_of_a_value_is_told_by_the_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.db");
    let mut bytes = named("plain-etcd36").bytes();
    let trailer = bytes.len() - 1;
    bytes[trailer] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let run = run(&["hash", "--json", path.to_str().unwrap()]);
    assert_eq!(run.code, Some(1), "{}", run.err);
    let document: Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(document["artifacts"][0]["trailer"]["valid"], false);
    assert_eq!(document["verdict"], "fail");
    assert!(run.err.contains("SHA-256 in the trailer is not that of the file"), "{}", run.err);
    let ids: Vec<_> = document["findings"].as_array().unwrap().iter().map(|finding| finding["id"].clone()).collect();
    assert_eq!(ids, ["SNAP-003"]);
}

#[test]
fn a_file_that_cannot_be_read_keeps_no_other_from_being_hashed() {
    let folder = tempfile::tempdir().unwrap();
    let [first, absent, text] = ["a.db", "absent.db", "text.db"].map(|name| folder.path().join(name));
    std::fs::write(&first, named("plain-etcd36").bytes()).unwrap();
    std::fs::write(&text, "no snapshot at all\n".repeat(100)).unwrap();
    let last = named("plain-etcd34").snapshot();
    let paths = [&first, &absent, &text, &last].map(|path| path.to_str().unwrap());
    let line = |options: &[&'static str]| run(&[&["hash"], options, &paths[..]].concat());
    let json = line(&["--json"]);
    assert_eq!(json.code, Some(2), "{}", json.err);
    let document: Value = serde_json::from_str(&json.out).unwrap();
    let hashed: Vec<_> = document["artifacts"].as_array().unwrap().iter().map(|one| one["path"].clone()).collect();
    assert_eq!(hashed, [paths[0], paths[3]]);
    assert_eq!(document["verdict"], "fail");
    let human = line(&["--status"]);
    assert_eq!(human.code, Some(2));
    assert_eq!(human.out.matches("status hash").count(), 2, "{}", human.out);
    for name in ["absent.db", "text.db"] {
        assert!(human.err.contains(name) && json.err.contains(name), "{}", human.err);
    }
    let none = run(&["hash", "--json", paths[1]]);
    assert_eq!((none.code, none.out.as_str()), (Some(2), ""));
}

#[test]
fn a_revision_that_cannot_be_answered_is_no_answer() {
    let path = named("plain-etcd36").snapshot();
    let future = run(&["hash", "--rev", "999999999", path.to_str().unwrap()]);
    assert_eq!((future.code, future.out.as_str()), (Some(2), ""));
    assert!(future.err.contains("revision 999999999 is in the future"), "{}", future.err);
    let list = run(&["ls", "--rev", "999999999", path.to_str().unwrap()]);
    assert_eq!((list.code, list.out.as_str()), (Some(2), ""));
    assert!(list.err.contains("revision 999999999 is in the future"), "{}", list.err);
}
