//! Looking after known backups: letting go, reading again, figures and metrics, as scripts see them.

use std::fs::{self, File, FileTimes};
use std::path::Path;
use std::time::{Duration, SystemTime};

use serde_json::Value;

use crate::run::{Run, run};

/// Two backups of one cluster, a few seconds apart, in one folder, and their catalog.
struct World {
    folder: tempfile::TempDir,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let backups = folder.path().join("backups");
        fs::create_dir(&backups).unwrap();
        for name in ["plain-etcd36", "plain-etcd34"] {
            let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures").join(name);
            for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
                let name = entry.file_name().into_string().unwrap();
                if name.starts_with("snapshot_") || name.starts_with("static_") {
                    let to = backups.join(&name);
                    fs::copy(entry.path(), &to).unwrap();
                    // an hour old: what was written just now is left alone
                    age(&to, SystemTime::now() - Duration::from_secs(3600));
                }
            }
        }
        let world = Self { folder };
        let added = world.ask(&["add", backups.to_str().unwrap()]);
        assert_eq!(added.code, Some(0), "{}{}", added.out, added.err);
        world
    }

    fn ask(&self, words: &[&str]) -> Run {
        let db = self.folder.path().join("catalog.db");
        run(&[&["catalog", "--db", db.to_str().unwrap()], words].concat())
    }

    fn json(&self, words: &[&str], code: i32) -> Value {
        let ran = self.ask(&[words, &["--json"]].concat());
        assert_eq!(ran.code, Some(code), "{words:?}: {}{}", ran.out, ran.err);
        serde_json::from_str(&ran.out).unwrap()
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path().join("backups")).unwrap();
        let mut names: Vec<String> = entries.map(|it| it.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

fn age(path: &Path, at: SystemTime) {
    File::options().write(true).open(path).unwrap().set_times(FileTimes::new().set_modified(at)).unwrap();
}

#[test]
fn old_ones_go_by_the_plan_that_was_shown() {
    let world = World::new();
    let none = world.ask(&["prune"]);
    assert_eq!(none.code, Some(2));
    assert!(none.err.contains("no rule says what is to be kept"), "{}", none.err);

    let rules = ["prune", "--keep-last", "1"];
    let floor = world.json(&rules, 0);
    assert_eq!(floor["artifacts"][0]["going"], 0, "three of each cluster stay");
    // both are of one release
    let rules = ["prune", "--keep-last", "1", "--min-restorable", "1"];
    let shown = world.json(&rules, 0);
    let plan = &shown["artifacts"][0];
    assert_eq!((&plan["going"], &plan["staying"], &plan["applied"]), (&1.into(), &1.into(), &false.into()));
    let backups = plan["groups"][0]["backups"].as_array().unwrap();
    assert_eq!(backups[0]["reasons"][0]["reason"], "last");
    assert_eq!((&backups[1]["goes"], backups[1]["files"].as_array().unwrap().len()), (&true.into(), 2));
    assert_eq!(world.names().len(), 4);

    let digest = plan["plan"].as_str().unwrap();
    let people = world.ask(&rules);
    assert!(
        people
            .out
            .contains(&format!("assay catalog prune --keep-last 1 --min-restorable 1 \\\n  --apply --plan {digest}")),
        "{}",
        people.out
    );
    let other = world.ask(&[&rules[..], &["--apply", "--plan", &"0".repeat(64)]].concat());
    assert_eq!(other.code, Some(2));
    assert!(other.err.contains(digest) && world.names().len() == 4, "{}", other.err);

    let done = world.json(&[&rules[..], &["--apply", "--plan", digest]].concat(), 0);
    assert_eq!(done["artifacts"][0]["moved"].as_array().unwrap().len(), 2);
    let log = done["artifacts"][0]["log"].as_str().unwrap().to_owned();
    let left = world.names();
    assert!(left.len() == 3 && left[0] == ".assay-trash", "{left:?}");
    assert!(world.ask(&["ls", "-o", "name"]).out.lines().count() == 1);
    // what lies in the trash is no backup of the folder
    let again = world.ask(&["add", world.folder.path().join("backups").to_str().unwrap()]);
    assert!(again.out.contains("1 backup in it"), "{}", again.out);
    let held = world.ask(&["check", "--log", "--expect-head", &log]);
    assert!(held.code == Some(0) && held.out.starts_with("HOLDS"), "{}{}", held.out, held.err);

    let young = world.json(&["prune", "--purge"], 0);
    assert_eq!(young["artifacts"][0]["files"], Value::Array(Vec::new()));
    let purged = world.json(&["prune", "--purge", "--apply", "--now", "2100-01-01"], 0);
    assert_eq!(purged["artifacts"][0]["files"].as_array().unwrap().len(), 2);
    assert_eq!(world.names(), left[1..], "and the empty folder of the trash with it");
}

#[test]
fn what_changed_is_found_told_and_counted() {
    let world = World::new();
    let sound = world.json(&["check", "--share", "1/30"], 0);
    let recheck = &sound["artifacts"][0];
    assert_eq!((&recheck["known"], &recheck["unchanged"]), (&4.into(), &recheck["read"]));
    assert!(recheck["read"].as_u64().unwrap() < 4);

    let name =
        world.names().into_iter().find(|name| name.starts_with("snapshot_") && name.ends_with("48.db.gz")).unwrap();
    let path = world.folder.path().join("backups").join(name);
    let (written, mut bytes) = (fs::metadata(&path).unwrap().modified().unwrap(), fs::read(&path).unwrap());
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&path, bytes).unwrap();
    age(&path, written);
    let found = world.json(&["check"], 1);
    assert_eq!((&found["findings"][0]["id"], &found["verdict"]), (&"CAT-001".into(), &"fail".into()));
    assert_eq!(found["findings"][0]["artifact"], path.to_str().unwrap());
    let people = world.ask(&["check", "--budget", "1T", "--fail-on", "never"]);
    assert!(
        people.code == Some(0)
            && people.out.contains("CAT-001 bit-rot")
            && people.out.contains("3 as they were, 1 not"),
        "{}",
        people.out
    );

    let stats = world.json(&["stats"], 0);
    assert_eq!(stats["artifacts"][0]["backups"]["changed"], 1);
    assert!(world.ask(&["stats"]).out.contains("1 changed since"));
    let metrics = world.ask(&["metrics"]).out;
    assert!(
        metrics.contains("state=\"changed\"} 1\n") && metrics.contains("last_backup_restorable{cluster="),
        "{metrics}"
    );
    let file = world.folder.path().join("assay.prom");
    let told = world.ask(&["metrics", "-o", file.to_str().unwrap(), "--now", "2100-01-01"]);
    assert_eq!((told.code, told.out.as_str()), (Some(0), ""), "{}", told.err);
    assert!(fs::read_to_string(&file).unwrap().contains("assay_last_run_timestamp_seconds 4102531199\n"));
    let kept = world.ask(&["metrics", "-o", path.to_str().unwrap()]);
    assert!(kept.code == Some(2) && kept.err.contains("what is there is no report"), "{}", kept.err);
    let page = world.folder.path().join("backups.html");
    let made = world.ask(&["calendar", "-o", page.to_str().unwrap()]);
    assert!(made.code == Some(0) && fs::read_to_string(&page).unwrap().contains("1 to restore"), "{}", made.err);

    let db = rusqlite::Connection::open(world.folder.path().join("catalog.db")).unwrap();
    db.execute("UPDATE sighting SET state = 'unchanged'", []).unwrap();
    let changed = world.json(&["check", "--log"], 1);
    assert_eq!(changed["findings"][0]["id"], "CAT-008");
    assert_eq!(changed["artifacts"][0]["holds"], false);
}

#[test]
fn members_of_an_archive_are_read_again_and_never_moved() {
    let world = World::new();
    let backups = world.folder.path().join("backups");
    let archive = world.folder.path().join("all.tar");
    let mut tar = tar::Builder::new(File::create(&archive).unwrap());
    for name in world.names().into_iter().filter(|name| name.contains("48")) {
        tar.append_path_with_name(backups.join(&name), format!("night/{name}")).unwrap();
    }
    tar.finish().unwrap();
    drop(tar);
    assert_eq!(world.ask(&["add", archive.to_str().unwrap()]).code, Some(0));
    let sound = world.json(&["check"], 0);
    assert_eq!((&sound["artifacts"][0]["read"], &sound["artifacts"][0]["unchanged"]), (&6.into(), &6.into()));
    let plan = world.json(&["prune", "--keep-last", "1", "--min-restorable", "1"], 0);
    let files = plan["artifacts"][0]["groups"][0]["backups"][1]["files"].as_array().unwrap();
    let moves: Vec<bool> = files.iter().map(|file| file["moves"].as_bool().unwrap()).collect();
    assert_eq!(moves.iter().filter(|moves| **moves).count(), 2, "{files:?}");
    assert_eq!(files.len(), 4);
}
