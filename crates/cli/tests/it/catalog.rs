//! The catalog as its users have it: what is added once is known, whatever ends a run, and one backup is one.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::thread;

use catalog::{Access, Catalog, Network};
use fixtures::gzip;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use snapshot_builder::{Builder, Put};

use crate::keys_support::{identity, peer, piped};
use crate::run::{assay, run};
use crate::tarball::text;

/// A snapshot of a cluster of Kubernetes with hardly anything in it, unlike every other.
fn snapshot(cluster: usize, number: usize) -> Vec<u8> {
    let mut builder = Builder::new();
    let uid = format!(
        r#"{{"apiVersion":"v1","kind":"Namespace","metadata":{{"name":"kube-system","uid":"uid-{cluster}"}}}}"#
    );
    let number = number.to_string();
    for (at, key, value) in [(2, "/registry/namespaces/kube-system", uid.as_str()), (3, "/registry/number", &number)] {
        let put = Put { key: key.as_bytes(), value: value.as_bytes(), create: at, modified: at, version: 1, lease: 0 };
        builder.put(at, 0, &put);
    }
    builder.build()
}

/// So many backups in a folder, of three clusters, a minute after each other.
fn backups(folder: &Path, count: usize) {
    for number in 0..count {
        let (hour, minute) = (number / 60, number % 60);
        let day = 1 + hour / 24;
        let name = format!("snapshot_2026-10-{day:02}_{:02}{minute:02}00.db", hour % 24);
        let folder = folder.join(format!("cluster-{}", number % 3));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(name), snapshot(number % 3, number)).unwrap();
    }
}

fn json(line: &[&str]) -> (Option<i32>, Value) {
    let run = run(&[line, &["--json"]].concat());
    (run.code, serde_json::from_str(&run.out).unwrap_or_else(|error| panic!("{line:?}: {error}: {}", run.err)))
}

fn open(db: &Path) -> Catalog {
    Catalog::open(db, Access::Read, Network::Refused).unwrap()
}

/// The IDs that are listed.
fn ids(db: &Path) -> Vec<String> {
    let listed = run(&["catalog", "ls", "-o", "name", "--db", text(db)]);
    assert_eq!(listed.code, Some(0), "{}", listed.err);
    listed.out.lines().map(str::to_owned).collect()
}

#[test]
fn a_thousand_are_added_in_one_run_and_none_is_read_twice() {
    let dir = tempfile::tempdir().unwrap();
    let (db, nights) = (dir.path().join("catalog.db"), dir.path().join("nights"));
    backups(&nights, 1000);
    let line = ["catalog", "add", "--db", text(&db), text(&nights)];
    let (code, first) = json(&line);
    let of = |document: &Value| ["new", "judged", "unchanged"].map(|name| document["artifacts"][0][name].as_u64());
    assert_eq!((code, of(&first)), (Some(0), [Some(1000), Some(0), Some(0)]));
    assert_eq!(ids(&db).into_iter().collect::<BTreeSet<_>>().len(), 1000);
    let (code, second) = json(&line);
    assert_eq!((code, of(&second)), (Some(0), [Some(0), Some(0), Some(1000)]));
    // one that was written to is read, and so is one that is new
    let changed = nights.join("cluster-0/snapshot_2026-10-01_000000.db");
    fs::write(&changed, snapshot(0, 5000)).unwrap();
    fs::write(nights.join("cluster-1/snapshot_2026-11-01_000000.db"), snapshot(1, 5001)).unwrap();
    let (code, third) = json(&line);
    assert_eq!((code, of(&third)), (Some(0), [Some(2), Some(0), Some(999)]));
    let (_, again) = json(&[&line[..], &["--rejudge"]].concat());
    assert_eq!(of(&again), [Some(0), Some(1001), Some(0)]);
    assert_eq!(open(&db).check_log().unwrap(), open(&db).head().unwrap());
    assert_eq!(open(&db).check_rows().unwrap(), Vec::<String>::new());
}

#[test]
fn whoever_is_killed_loses_nothing_of_what_was_written() {
    let dir = tempfile::tempdir().unwrap();
    let (db, nights) = (dir.path().join("catalog.db"), dir.path().join("nights"));
    backups(&nights, 200);
    for moment in 1..=20 {
        let mut child = assay(&["catalog", "add", "--db", text(&db), text(&nights)]);
        let mut child = child.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        // until so many are there, or all
        let known = || Catalog::open(&db, Access::Read, Network::Refused).and_then(|it| it.backups(None));
        while child.try_wait().unwrap().is_none() {
            if known().is_ok_and(|known| known.len() >= moment * 9) {
                child.kill().unwrap();
                break;
            }
            thread::yield_now();
        }
        child.wait().unwrap();
        let catalog = open(&db);
        assert_eq!(catalog.check_log().unwrap(), catalog.head().unwrap(), "moment {moment}");
        assert_eq!(catalog.check_rows().unwrap(), Vec::<String>::new(), "moment {moment}");
        assert!(catalog.backups(None).unwrap().len() >= moment * 9, "what was written is there");
    }
    let (code, last) = json(&["catalog", "add", "--db", text(&db), text(&nights)]);
    assert_eq!((code, last["artifacts"][0]["backups"].as_u64()), (Some(0), Some(200)));
}

#[test]
fn eight_at_once_neither_harm_nor_double() {
    let dir = tempfile::tempdir().unwrap();
    let (db, nights) = (dir.path().join("catalog.db"), dir.path().join("nights"));
    backups(&nights, 40);
    let runs: Vec<_> = (0..8)
        .map(|_| {
            let mut line = assay(&["catalog", "add", "--db", text(&db), text(&nights)]);
            line.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
        })
        .collect();
    for run in runs {
        let ended = run.wait_with_output().unwrap();
        assert_eq!(ended.status.code(), Some(0), "{}", String::from_utf8_lossy(&ended.stderr));
    }
    assert_eq!(ids(&db).into_iter().collect::<BTreeSet<_>>().len(), 40);
    assert_eq!(ids(&db).len(), 40);
    assert_eq!(open(&db).check_log().unwrap(), open(&db).head().unwrap());
    assert_eq!(open(&db).check_rows().unwrap(), Vec::<String>::new());
}

/// Where a backup is, by state: `unchanged name`.
fn places(db: &Path, id: &str) -> Vec<String> {
    let (_, shown) = json(&["catalog", "show", id, "--db", text(db)]);
    let of = |place: &Value| {
        let path = place["path"].as_str().unwrap();
        format!("{} {}", place["state"].as_str().unwrap(), path.rsplit('/').next().unwrap())
    };
    let mut all: Vec<String> = shown["artifacts"][1]["places"].as_array().unwrap().iter().map(of).collect();
    all.sort();
    all
}

#[test]
fn a_copy_however_it_is_packed_is_the_same_backup_and_one_that_moved_is_followed() {
    let dir = tempfile::tempdir().unwrap();
    let (db, path) = (dir.path().join("catalog.db"), |name: &str| dir.path().join(name));
    let bytes = snapshot(0, 1);
    fs::write(path("a.db"), &bytes).unwrap();
    fs::write(path("b.db.gz"), gzip(&bytes)).unwrap();
    fs::write(path("c.zip"), fixtures::zip_of(&[("inside.db", &bytes), ("read.me", b"of a colleague")])).unwrap();
    let add = |names: &[&str]| {
        let paths: Vec<_> = names.iter().map(|name| path(name)).collect();
        let mut line = vec!["catalog", "add", "--db", text(&db)];
        line.extend(paths.iter().map(|path| text(path)));
        let run = run(&line);
        assert_eq!(run.code, Some(0), "{}", run.err);
        run.out
    };
    add(&["a.db", "b.db.gz", "c.zip"]);
    let known = ids(&db);
    assert_eq!(known.len(), 1);
    assert_eq!(places(&db, &known[0]), ["unchanged a.db", "unchanged b.db.gz", "unchanged inside.db"]);
    assert!(add(&["a.db", "b.db.gz", "c.zip"]).contains("3 files as before"), "a member is known by its archive");
    // as it is stored it is another file each time, and `check` holds it against that
    fs::write(path("d.zip"), fixtures::zip_of(&[("inside.db", &bytes)])).unwrap();
    add(&["d.zip"]);
    for line in run(&["catalog", "export", "--db", text(&db)]).out.lines().filter(|line| line.contains("sighting")) {
        let row: Value = serde_json::from_str(line).unwrap();
        let (path, stored) = (row["path"].as_str().unwrap(), row["stored"].as_str().unwrap());
        let bytes = fs::read(path).unwrap_or_else(|_| bytes.clone());
        assert_eq!(stored, document::HexBytes(&Sha256::digest(bytes)).to_string(), "{path}");
    }
    fs::remove_file(path("d.zip")).unwrap();
    fs::rename(path("a.db"), path("elsewhere.db")).unwrap();
    std::os::unix::fs::symlink(path("elsewhere.db"), path("latest.db")).unwrap();
    add(&["latest.db", "elsewhere.db"]);
    let expected = ["moved a.db", "moved d.zip", "unchanged b.db.gz", "unchanged elsewhere.db", "unchanged inside.db"];
    assert_eq!(places(&db, &known[0]), expected, "a link is no other place");
    // another host's copy is a place, too, and nothing of it is taken for moved
    let run = run(&["catalog", "add", "--db", text(&db), "--host", "vault", text(&path("elsewhere.db"))]);
    assert_eq!((run.code, ids(&db).len()), (Some(0), 1));
    assert_eq!(places(&db, &known[0]).len(), 6);
}

#[test]
fn a_backup_whose_keys_are_in_an_escrow_is_the_one_that_had_them() {
    let dir = tempfile::tempdir().unwrap();
    let (db, path) = (dir.path().join("catalog.db"), |name: &str| dir.path().join(name));
    let fixture = fixtures::named("aescbc-rotated");
    let (pair, vault) = (path("pair"), path("vault"));
    fs::create_dir(&pair).unwrap();
    for file in [fixture.tarball(), fixture.path(".db.gz")] {
        fs::copy(&file, pair.join(file.file_name().unwrap())).unwrap();
    }
    let (tarball, snapshot) = (pair.join(fixture.tarball().file_name().unwrap()), fixture.path(".db.gz"));
    let recipient = identity(&path("identity"));
    let split =
        run(&["keys", "split", text(&tarball), "-r", &recipient, "--snapshot", text(&snapshot), "--out", text(&vault)]);
    assert_eq!(split.code, Some(0), "{}", split.err);
    fs::copy(&snapshot, vault.join(snapshot.file_name().unwrap())).unwrap();
    let keys = |folders: &[&Path]| {
        let mut line = vec!["catalog", "add", "--db", text(&db)];
        line.extend(folders.iter().map(|path| text(path)));
        assert_eq!(run(&line).code, Some(0), "{}", run(&line).err);
        let (_, listed) = json(&["catalog", "ls", "--db", text(&db)]);
        let backups = listed["artifacts"].as_array().unwrap()[1..].to_vec();
        assert_eq!(backups.len(), 1, "{backups:#?}");
        backups[0]["keys"].as_str().unwrap().to_owned()
    };
    assert_eq!(keys(&[&vault]), "escrow");
    assert_eq!(keys(&[&pair, &vault]), "at-hand", "whichever was judged last, the nearest counts");
    let id = ids(&db).remove(0);
    let (_, shown) = json(&["catalog", "show", &id, "--db", text(&db)]);
    let backup = &shown["artifacts"][1];
    let roles: Vec<&str> =
        backup["files"].as_array().unwrap().iter().map(|file| file["role"].as_str().unwrap()).collect();
    assert_eq!(roles, ["snapshot", "resources", "resources", "escrow", "manifest"]);
    let custodians = &backup["escrows"][0]["custodians"];
    assert_eq!(custodians[0]["recipient"].as_str(), Some(&*recipient));
    // a manifest that says something else vouches for nothing, and the backup is known all the same
    let manifest = fs::read_dir(&vault).unwrap().map(|it| it.unwrap().path());
    let manifest = manifest.into_iter().find(|path| text(path).ends_with(".manifest.json")).unwrap();
    fs::write(&manifest, fs::read_to_string(&manifest).unwrap().replacen("assay-escrow/", "assay-escroW/", 1)).unwrap();
    let other = path("other.db");
    let told = run(&["catalog", "add", "--db", text(&other), text(&vault)]);
    assert_eq!(told.code, Some(2), "{}", told.out);
    assert!(told.err.contains("manifest"), "{}", told.err);
    assert_eq!(ids(&other).len(), 1);
}

#[test]
fn what_is_no_place_or_no_catalog_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let db = dir.path().join("catalog.db");
    for (line, words) in [
        (vec!["catalog", "ls"], "which catalog? Give `--db FILE`"),
        (vec!["catalog", "ls", "--db", text(&db)], "there is no catalog at"),
        (vec!["catalog", "add", "-", "--db", text(&db)], "standard input is no place"),
        (vec!["catalog", "keep", "ab", "--reason", "x", "--db", text(&db)], "there is no catalog at"),
    ] {
        let run = run(&line);
        assert_eq!(run.code, Some(2), "{line:?}: {}", run.out);
        assert!(run.err.contains(words), "{line:?}: {}", run.err);
    }
    assert!(!db.exists(), "asking makes none");
    fs::write(dir.path().join("s.db"), snapshot(0, 1)).unwrap();
    assert_eq!(run(&["catalog", "add", "--db", text(&db), text(&dir.path().join("s.db"))]).code, Some(0));
    for (line, words) in [
        (["catalog", "show", "zz"], "there is no backup `zz`"),
        (["catalog", "ls", "--cluster=zz"], "there is no backup of a cluster `zz`"),
    ] {
        let run = run(&[&line[..], &["--db", text(&db)]].concat());
        assert_eq!(run.code, Some(1), "{line:?}: what was named is not there");
        assert!(run.err.contains(words), "{line:?}: {}", run.err);
    }
    let failing = dir.path().join("bad.db");
    fs::write(&failing, &snapshot(0, 2)[..9000]).unwrap();
    let line = ["catalog", "add", "--fail-on", "high", "--db", text(&db), text(&failing)];
    assert_eq!(run(&line).code, Some(1), "asked for, and one cannot be restored");
}

/// A key that ssh-keygen made, and the list that lets it sign; `None` where there is no ssh-keygen.
fn signer(dir: &Path, who: &str) -> Option<String> {
    let key = dir.join(who);
    let words = ["-q", "-N", "", "-t", "ed25519", "-C", who, "-f", text(&key)];
    assert!(piped(peer("ssh-keygen")?, &words, b"").status.success());
    Some(format!("{who} namespaces=\"assay-*\" {}", fs::read_to_string(key.with_extension("pub")).unwrap()))
}

#[test]
fn a_head_that_was_signed_and_kept_shows_what_was_rewritten() {
    let dir = tempfile::tempdir().unwrap();
    let (db, path) = (dir.path().join("catalog.db"), |name: &str| dir.path().join(name));
    fs::write(path("a.db"), snapshot(0, 1)).unwrap();
    assert_eq!(run(&["catalog", "add", "--db", text(&db), text(&path("a.db"))]).code, Some(0));
    let Some(alice) = signer(dir.path(), "alice") else { return };
    signer(dir.path(), "mallory").unwrap();
    fs::create_dir(path("trust")).unwrap();
    fs::write(path("trust/signers"), alice).unwrap();
    let (head, signers) = (path("head.json"), path("trust/signers"));
    let check = |more: &[&str]| {
        let line = ["catalog", "check", "--log", "--json", "--db", text(&db)];
        let run = run(&[&line[..], more].concat());
        let document: Value = serde_json::from_str(&run.out).unwrap_or_else(|error| panic!("{error}: {}", run.err));
        let ids = document["findings"].as_array().unwrap().iter().map(|it| it["id"].as_str().unwrap().to_owned());
        (run.code, ids.collect::<Vec<_>>())
    };
    let held = ["--head", text(&head), "--signers", text(&signers)];
    let good = (Some(0), Vec::new());
    assert_eq!(check(&["--write-head", text(&head)]), good);
    assert_eq!(check(&["--head", text(&head)]), good, "where nobody is asked for, the head alone is held");
    assert_eq!(check(&held), (Some(1), vec!["CAT-009".to_owned()]), "not signed");
    let sign = |who: &str| {
        let signed = run(&["keys", "sign", text(&head), "-f", text(&path(who))]);
        assert!(signed.code == Some(0) && signed.out.contains("for assay-log@1"), "{}{}", signed.out, signed.err);
    };
    sign("mallory");
    assert_eq!(check(&held), (Some(1), vec!["CAT-009".to_owned()]), "signed by somebody else");
    sign("alice");
    assert_eq!(check(&held), good);
    fs::write(path("b.db"), snapshot(0, 2)).unwrap();
    assert_eq!(run(&["catalog", "add", "--db", text(&db), text(&path("b.db"))]).code, Some(0));
    assert_eq!(check(&held), good, "the log went on from it");
    // made anew, the log holds together and does not go on from the head that was kept
    fs::remove_file(&db).unwrap();
    assert_eq!(run(&["catalog", "add", "--db", text(&db), text(&path("b.db"))]).code, Some(0));
    assert_eq!(check(&[]), good);
    assert_eq!(check(&held), (Some(1), vec!["CAT-007".to_owned()]));
    // who writes the head anew has no signature of it
    assert_eq!(check(&["--write-head", text(&head)]), good);
    assert_eq!(check(&held), (Some(1), vec!["CAT-009".to_owned()]));
    let refused = run(&["catalog", "check", "--log", "--head", text(&signers), "--db", text(&db)]);
    assert!(refused.code == Some(2) && refused.err.contains("it is no head of a catalog's log"), "{}", refused.err);
}
