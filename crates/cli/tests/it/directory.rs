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
            let backup = &document["artifacts"][0];
            for (field, expected) in [
                ("path", json!(text(&folder))),
                ("name", json!(text(&folder.join(timestamp)))),
                ("timestamp", json!(timestamp)),
                ("dirty", json!(false)),
                ("snapshot", json!(text(&snapshot))),
                ("tarball", json!(text(&tarball))),
                ("others", json!([])),
                ("crossChecked", json!(true)),
            ] {
                assert_eq!(backup[field], expected, "{} {field}", fixture.name);
            }
            assert_eq!(backup["compat"]["release"], "4.18.30", "{}", fixture.name);
            // the two files named one by one are the same backup
            let named = run(&[command, "--json", text(&tarball), text(&snapshot)]);
            let parts: Value = serde_json::from_str(&named.out).unwrap();
            assert_eq!(document["artifacts"].as_array().unwrap()[1..], parts["artifacts"].as_array().unwrap()[1..]);
            assert_eq!(parts["artifacts"][0]["crossChecked"], true);
            assert_eq!((document["verdict"].clone(), whole.code), (parts["verdict"].clone(), named.code));
        }
    }
}

#[test]
fn the_screen_is_one_verdict_for_the_pair() {
    let fixture = named("aescbc-rotated");
    let folder = fixture.snapshot().parent().unwrap().to_path_buf();
    let run = run(&["verify", text(&folder), "--target", "4.18.30"]);
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""));
    let lines: Vec<&str> = run.out.lines().collect();
    let (word, name) = lines[0].split_once("  ").unwrap();
    assert!(["PASS", "WARN"].contains(&word) && name == text(&folder.join("2026-11-23_090915")), "{}", lines[0]);
    assert_eq!(run.out.matches("PASS").count() + run.out.matches("WARN").count(), 1);
    assert!(lines.len() <= 50, "one screen, not {} lines", lines.len());
    for part in ["4.18.30, the target's", "prod-x7k2p", "kube-apiserver 9", "integrity valid"] {
        assert!(run.out.contains(part), "{part}");
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
    let name = |what: &str| screen.out.lines().position(|line| line.contains(&format!("/{what}"))).unwrap();
    // the worst first, by their times among those
    assert!(name("2026-11-22_090856") < name("2026-11-24_010203__POSSIBLY_DIRTY__"));
    assert!(name("2026-11-24_010203__POSSIBLY_DIRTY__") < name("2026-11-23_090848"));
    assert!(screen.err.starts_with("warning: `snapshot_2026-11-25_010203.db.part` in `"), "{}", screen.err);
    let json = run(&["verify", "--json", text(folder.path())]);
    let document: Value = serde_json::from_str(&json.out).unwrap();
    let (snapshot, tarball) = ("snapshot", "static-kuberesources");
    assert_eq!(
        kinds(&document),
        ["backup", snapshot, "backup", snapshot, tarball, "backup", tarball, "backup", tarball],
        "a backup is followed by its files"
    );
    let backups = document["artifacts"].as_array().unwrap().iter().filter(|one| one["kind"] == "backup");
    let times: Vec<_> = backups.map(|one| one["timestamp"].clone()).collect();
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
    assert!(first("inspect").ends_with("/2026-11-23_090848: a backup: tarball, NO SNAPSHOT"), "{}", first("inspect"));
    let whole = folder.path().join("static_kuberesources_2026-11-23_090848.tar.gz");
    fs::copy(fixture.tarball(), &whole).unwrap();
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
    assert_eq!(kinds(&document), ["backup", "snapshot", "unreadable"]);
    assert_eq!((run.code, &document["verdict"]), (Some(2), &json!("fail")));
    assert!(run.err.contains("static_kuberesources_2026-11-23_090848.tar.gz` is empty"), "{}", run.err);
}

#[test]
fn backups_below_those_of_a_directory_are_not_passed_over_in_silence() {
    let folder = tempfile::tempdir().unwrap();
    let fixture = named("plain-etcd36");
    let name = "snapshot_2026-11-23_090848.db.gz";
    let old = folder.path().join("old");
    fs::create_dir(&old).unwrap();
    fs::create_dir(folder.path().join("logs")).unwrap();
    fs::copy(fixture.snapshot(), folder.path().join(name)).unwrap();
    fs::copy(fixture.snapshot(), old.join(name)).unwrap();
    let run = run(&["verify", text(folder.path())]);
    let told: Vec<_> = run.err.lines().filter(|line| line.contains("was not looked at")).collect();
    assert!(told.len() == 1 && told[0].contains(text(&old)), "{}", run.err);
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
    refused("verify", folder.path(), "member/snap/db` is not an etcd snapshot: it looks like a text file");
    for command in ["hash", "ls", "cluster"] {
        refused(command, &backup, "is a directory with 1 snapshot and 1 tarball of static pod resources");
    }
}

#[test]
fn no_directory_passes_of_which_a_restore_takes_what_fails() {
    let folder = tempfile::tempdir().unwrap();
    for (name, night, whole) in [("plain-etcd34", "23", true), ("plain-etcd36", "24", false)] {
        let fixture = named(name);
        let mut bytes = fixture.bytes();
        bytes.truncate(if whole { bytes.len() } else { 1_000_000 });
        fs::write(folder.path().join(format!("snapshot_2026-11-{night}_090848.db")), bytes).unwrap();
        let tarball = format!("static_kuberesources_2026-11-{night}_090848.tar.gz");
        fs::copy(fixture.tarball(), folder.path().join(tarball)).unwrap();
    }
    let run = run(&["verify", text(folder.path())]);
    let lines: Vec<&str> = run.out.lines().collect();
    assert!(run.code == Some(1) && !lines.iter().any(|line| line.starts_with("PASS")), "{}", run.out);
    let at = lines.iter().position(|line| *line == text(folder.path())).unwrap();
    assert!(lines[at + 1].contains("each backup in it has a verdict of its own"), "{}", lines[at + 1]);
    assert!(run.out.contains("restore takes   snapshot_2026-11-24_090848.db"), "{}", run.out);
    // a file that was cut off has one cause and one remedy, and -v has the rest
    let shown =
        |out: &str| out.lines().filter(|line| line.contains("  critical  ") || line.contains("  high      ")).count();
    let cut = folder.path().join("snapshot_2026-11-24_090848.db");
    let (short, long) = (crate::run::run(&["verify", text(&cut)]), crate::run::run(&["verify", "-v", text(&cut)]));
    assert_eq!((short.code, shown(&short.out)), (Some(1), 1), "{}", short.out);
    assert!(short.out.contains("what follows from the missing end") && short.out.contains("PAGE-014"), "{}", short.out);
    assert!(shown(&long.out) > 3 && !long.out.contains("what follows from"), "{}", long.out);
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
    assert_eq!(run(&["verify", "--fail-on", "never", text(folder.path())]).code, Some(0));
    let after = fs::metadata(&path).unwrap();
    assert_eq!((after.accessed().unwrap(), after.modified().unwrap()), (long_ago, long_ago));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}
