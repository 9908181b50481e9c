//! `inspect` and `verify` on directories.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::{Value, json};

use crate::fixture::{all, named};
use crate::run::run;

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn kinds(document: &Value) -> Vec<&str> {
    document["artifacts"].as_array().unwrap().iter().map(|artifact| artifact["kind"].as_str().unwrap()).collect()
}

#[test]
fn every_pair_is_found_and_judged_as_if_it_had_been_named() {
    for fixture in all() {
        let folder = fixture.snapshot().parent().unwrap().to_path_buf();
        for command in ["verify", "inspect"] {
            let whole = run(&[command, "--json", text(&folder)]);
            let document: Value = serde_json::from_str(&whole.out).unwrap();
            assert_eq!(kinds(&document), ["backup", "snapshot", "static-kuberesources"], "{}", fixture.name);
            let (snapshot, tarball) = (fixture.snapshot(), fixture.tarball());
            let timestamp = text(&tarball).rsplit_once("resources_").unwrap().1.strip_suffix(".tar.gz").unwrap();
            let backup = json!({
                "kind": "backup",
                "path": text(&folder),
                "timestamp": timestamp,
                "dirty": false,
                "snapshot": text(&snapshot),
                "tarball": text(&tarball),
                "others": [],
                "crossChecked": false,
            });
            assert_eq!(document["artifacts"][0], backup);
            let named = run(&[command, "--json", text(&snapshot), text(&tarball)]);
            let parts: Value = serde_json::from_str(&named.out).unwrap();
            assert_eq!(document["artifacts"].as_array().unwrap()[1..], parts["artifacts"].as_array().unwrap()[..]);
            for field in ["findings", "verdict"] {
                assert_eq!(document[field], parts[field], "{}", fixture.name);
            }
            assert_eq!((whole.code, whole.err), (named.code, named.err), "{}", fixture.name);
        }
    }
}

#[test]
fn the_screen_says_first_what_is_there_and_what_is_not_checked() {
    let fixture = named("aescbc-rotated");
    let folder = fixture.snapshot().parent().unwrap().to_path_buf();
    for command in ["verify", "inspect"] {
        let run = run(&[command, text(&folder)]);
        assert_eq!((run.code, run.err.as_str()), (Some(0), ""));
        let first = run.out.lines().next().unwrap();
        assert!(first.starts_with(text(&folder)), "{first}");
        assert!(
            first.contains(": 1 backup, paired by timestamp: 2026-11-23_090915 (snapshot and tarball)."),
            "{first}"
        );
        assert!(first.contains("is not checked by this version"), "{first}");
        let at = |part: &Path| run.out.lines().position(|line| line.contains(text(part))).unwrap();
        let (snapshot, tarball) = (fixture.snapshot(), fixture.tarball());
        assert_eq!(run.out.lines().skip(1).filter(|line| line.contains(text(&folder))).count(), 2);
        let later = run.out.lines().position(|line| line.contains(text(&tarball))).unwrap();
        assert!(0 < at(&snapshot) && at(&snapshot) < later);
    }
}

#[test]
fn several_backups_go_by_their_timestamps() {
    let folder = tempfile::tempdir().unwrap();
    let put = |from: &Path, name: &str| fs::copy(from, folder.path().join(name)).unwrap();
    let (old, new) = (named("plain-etcd34"), named("plain-etcd36"));
    put(&new.snapshot(), "snapshot_2026-11-23_090848.db.gz");
    put(&new.tarball(), "static_kuberesources_2026-11-23_090848.tar.gz");
    put(&old.snapshot(), "snapshot_2026-11-22_090856.db.gz");
    put(&new.tarball(), "static_kuberesources_2026-11-24_010203__POSSIBLY_DIRTY__.tar.gz");
    put(&new.tarball(), "resources");
    fs::write(folder.path().join("notes.txt"), "notes").unwrap();
    fs::write(folder.path().join("snapshot_2026-11-25_010203.db.part"), "half").unwrap();
    let screen = run(&["verify", text(folder.path())]);
    let first = screen.out.lines().next().unwrap();
    assert!(
        first.contains(
            ": 4 backups, paired by timestamp: 2026-11-22_090856 (snapshot, NO TARBALL); 2026-11-23_090848 (snapshot and \
             tarball); 2026-11-24_010203 (tarball, NO SNAPSHOT, POSSIBLY DIRTY); `resources` (no timestamp in its name)."
        ),
        "{first}"
    );
    assert!(screen.err.starts_with("warning: `snapshot_2026-11-25_010203.db.part` in `"), "{}", screen.err);
    let json = run(&["verify", "--json", text(folder.path())]);
    let document: Value = serde_json::from_str(&json.out).unwrap();
    let (snapshot, tarball) = ("snapshot", "static-kuberesources");
    assert_eq!(
        kinds(&document),
        ["backup", "backup", "backup", "backup", snapshot, snapshot, tarball, tarball, tarball]
    );
    assert_eq!((json.code, &document["verdict"]), (Some(0), &json!("warn")), "the forced one");
    let times: Vec<_> =
        document["artifacts"].as_array().unwrap()[..4].iter().map(|one| one["timestamp"].clone()).collect();
    assert_eq!(
        times,
        [json!("2026-11-22_090856"), json!("2026-11-23_090848"), json!("2026-11-24_010203"), Value::Null]
    );
}

#[test]
fn a_keyless_tarball_stands_beside_the_whole_one() {
    let folder = tempfile::tempdir().unwrap();
    let fixture = named("plain-etcd36");
    let keyless = folder.path().join("static_kuberesources_2026-11-23_090848.keyless.tar.gz");
    fs::copy(fixture.tarball(), &keyless).unwrap();
    let first = |command: &str| run(&[command, text(folder.path())]).out.lines().next().unwrap().to_owned();
    assert!(first("inspect").contains("2026-11-23_090848 (tarball without its keys, NO SNAPSHOT)"));
    let whole = folder.path().join("static_kuberesources_2026-11-23_090848.tar.gz");
    fs::copy(fixture.tarball(), &whole).unwrap();
    assert!(
        first("inspect").contains("2026-11-23_090848 (tarball, NO SNAPSHOT, 1 other file)"),
        "{}",
        first("inspect")
    );
    let document: Value = serde_json::from_str(&run(&["verify", "--json", text(folder.path())]).out).unwrap();
    assert_eq!(document["artifacts"][0]["tarball"], text(&whole));
    assert_eq!(document["artifacts"][0]["others"], json!([text(&keyless)]));
}

#[test]
fn a_file_that_cannot_be_read_does_not_hide_its_other_half() {
    let folder = tempfile::tempdir().unwrap();
    let fixture = named("plain-etcd36");
    fs::copy(fixture.snapshot(), folder.path().join("snapshot_2026-11-23_090848.db.gz")).unwrap();
    // what the operator's job leaves when it fails unnoticed
    fs::write(folder.path().join("static_kuberesources_2026-11-23_090848.tar.gz"), b"").unwrap();
    let run = run(&["verify", "--json", text(folder.path())]);
    let document: Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(kinds(&document), ["backup", "snapshot"]);
    assert_eq!((run.code, &document["verdict"]), (Some(2), &json!("fail")));
    assert!(run.err.contains("static_kuberesources_2026-11-23_090848.tar.gz` is empty"), "{}", run.err);
}

#[test]
fn a_directory_without_a_backup_is_refused_and_other_commands_refuse_every_one() {
    let folder = tempfile::tempdir().unwrap();
    let backup = named("plain-etcd36").snapshot().parent().unwrap().to_path_buf();
    let refused = |command: &str, path: &Path, message: &str| {
        let run = run(&[command, text(path)]);
        assert_eq!((run.code, run.out.as_str()), (Some(2), ""), "{command}");
        assert!(run.err.contains(message), "{command}: {}", run.err);
    };
    for command in ["verify", "inspect"] {
        refused(command, folder.path(), "is a directory without a snapshot in it");
    }
    fs::write(folder.path().join("notes.txt"), "notes").unwrap();
    fs::create_dir_all(folder.path().join("member/snap")).unwrap();
    fs::write(folder.path().join("member/snap/db"), "x").unwrap();
    refused("verify", folder.path(), "the data directory of an etcd member");
    for command in ["hash", "ls", "cluster"] {
        refused(command, &backup, "is a directory with 1 snapshot and 1 tarball of static pod resources");
    }
}

#[test]
fn a_directory_is_left_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let fixture = named("plain-etcd36");
    let path = folder.path().join("static_kuberesources_2026-11-23_090848.tar.gz");
    fs::copy(fixture.tarball(), &path).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
    let long_ago = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1000);
    let file = fs::File::open(&path).unwrap();
    file.set_times(fs::FileTimes::new().set_accessed(long_ago).set_modified(long_ago)).unwrap();
    assert_eq!(run(&["verify", text(folder.path())]).code, Some(0));
    let after = fs::metadata(&path).unwrap();
    assert_eq!((after.accessed().unwrap(), after.modified().unwrap()), (long_ago, long_ago));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}
