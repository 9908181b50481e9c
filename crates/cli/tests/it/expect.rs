//! `verify --expect`: a backup held against what was said of it when it was made.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use flate2::read::GzDecoder;
use serde_json::Value;

use crate::fixture::named;
use crate::run::{Run, assay, run};

/// What cluster-backup.sh of 4.7 to 4.20 prints for the fixture `aescbc-rotated`; the line of JSON is etcdutl 3.5.1's.
const LOG: &str = "\
Certificate /etc/kubernetes/static-pod-certs/configmaps/etcd-serving-ca/ca-bundle.crt is missing. Checking in different directory
found latest kube-apiserver: /etc/kubernetes/static-pod-resources/kube-apiserver-pod-9
found latest kube-controller-manager: /etc/kubernetes/static-pod-resources/kube-controller-manager-pod-7
found latest kube-scheduler: /etc/kubernetes/static-pod-resources/kube-scheduler-pod-6
found latest etcd: /etc/kubernetes/static-pod-resources/etcd-pod-8
0f0e0d0c0b0a09080706050403020100f0e0d0c0b0a090807060504030201000
etcdctl version: 3.5.1
API version: 3.5
{\"level\":\"info\",\"ts\":\"2026-11-23T09:09:15.5Z\",\"caller\":\"snapshot/v3_snapshot.go:65\",\"msg\":\"created temporary db file\",\"path\":\"/home/core/assets/backup/snapshot_2026-11-23_090915.db.part\"}
{\"level\":\"info\",\"ts\":\"2026-11-23T09:09:15.9Z\",\"caller\":\"snapshot/v3_snapshot.go:88\",\"msg\":\"fetched snapshot\",\"endpoint\":\"https://10.0.0.5:2379\",\"size\":\"2.8 MB\",\"took\":\"now\"}
{\"level\":\"info\",\"ts\":\"2026-11-23T09:09:16.0Z\",\"caller\":\"snapshot/v3_snapshot.go:97\",\"msg\":\"saved\",\"path\":\"/home/core/assets/backup/snapshot_2026-11-23_090915.db\"}
Snapshot saved at /home/core/assets/backup/snapshot_2026-11-23_090915.db
{\"hash\":1858396413,\"revision\":1497,\"totalKey\":1509,\"totalSize\":2793472}
snapshot db and kube resources are successfully saved to /home/core/assets/backup
";

/// The backup, plain, and its log beside the folder.
struct World {
    folder: tempfile::TempDir,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let fixture = named("aescbc-rotated");
        fs::create_dir(folder.path().join("backup")).unwrap();
        let mut plain = Vec::new();
        std::io::Read::read_to_end(&mut GzDecoder::new(&fs::read(fixture.snapshot()).unwrap()[..]), &mut plain)
            .unwrap();
        let world = Self { folder };
        fs::write(world.snapshot(), plain).unwrap();
        let tarball = fixture.snapshot().parent().unwrap().join("static_kuberesources_2026-11-23_090915.tar.gz");
        fs::copy(tarball, world.backup().join("static_kuberesources_2026-11-23_090915.tar.gz")).unwrap();
        world
    }

    fn backup(&self) -> PathBuf {
        self.folder.path().join("backup")
    }

    fn snapshot(&self) -> PathBuf {
        self.backup().join("snapshot_2026-11-23_090915.db")
    }

    fn verify(&self, what: &Path, said: &str) -> (Run, Value) {
        let log = self.folder.path().join("backup.log");
        fs::write(&log, said).unwrap();
        let run = run(&["verify", "--json", what.to_str().unwrap(), "--expect", log.to_str().unwrap()]);
        let document = serde_json::from_str(&run.out).unwrap_or_default();
        (run, document)
    }
}

fn said(document: &Value) -> Vec<(&str, &str)> {
    let findings = document["findings"].as_array().unwrap().iter();
    let ours = findings.filter(|it| it["id"].as_str().unwrap().starts_with("SAID"));
    ours.map(|it| (it["id"].as_str().unwrap(), it["message"].as_str().unwrap())).collect()
}

fn outcomes<'d>(document: &'d Value, outcome: &str) -> Vec<&'d str> {
    let checks = document["artifacts"][0]["expected"]["checks"].as_array().unwrap().iter();
    checks.filter(|check| check["outcome"] == outcome).map(|check| check["name"].as_str().unwrap()).collect()
}

#[test]
fn a_backup_is_what_the_script_said() {
    let world = World::new();
    let (run, document) = world.verify(&world.backup(), LOG);
    assert_eq!((run.code, said(&document)), (Some(0), vec![]));
    let expected = &document["artifacts"][0]["expected"];
    assert_eq!(expected["matches"], true);
    let proven = outcomes(&document, "proven");
    let every = ["static-pod", "file-size", "name", "hash", "revision", "total-key", "total-size"];
    assert!(every.iter().all(|name| proven.contains(name)), "{proven:?}");
    assert_eq!(proven.iter().filter(|name| **name == "static-pod").count(), 4);
    assert_eq!(outcomes(&document, "not-checked").len(), 0);
    // the snapshot alone, under another name
    let moved = world.folder.path().join("nightly.db");
    fs::copy(world.snapshot(), &moved).unwrap();
    let (run, document) = world.verify(&moved, LOG);
    assert_eq!((run.code, said(&document)), (Some(0), vec![]));
    assert_eq!(document["artifacts"][0]["kind"], "snapshot");
    assert_eq!(
        outcomes(&document, "not-checked"),
        ["static-pod"; 4].iter().chain(&["name"]).copied().collect::<Vec<_>>()
    );
    // and the tarball alone
    let (_, document) = world.verify(&world.backup().join("static_kuberesources_2026-11-23_090915.tar.gz"), LOG);
    assert_eq!(said(&document), vec![]);
    assert_eq!(outcomes(&document, "proven"), ["static-pod"; 4]);
}

/// Each statement turned false, one by one: found, named with its line, and what it is instead.
#[test]
fn each_statement_that_does_not_hold_is_found() {
    let world = World::new();
    for (from, to, id, says) in [
        (
            "1858396413",
            "1858396412",
            "SAID-001",
            "hash 6ec4e0fc was said (line 13), it is 6ec4e0fd; the revision is the same",
        ),
        (":1497,", ":1498,", "SAID-001", "revision 1498 was said (line 13), it is 1497"),
        (":1509,", ":1510,", "SAID-001", "totalKey 1510 was said (line 13), there are 1509 entries"),
        (":2793472", ":2793504", "SAID-001", "totalSize 2793504 was said (line 13), it is 2793472 (2.8 MB)"),
        ("2.8 MB", "2.9 MB", "SAID-001", "file size 2.9 MB was said (line 10), it is 2793504 (2.8 MB)"),
        ("pod-7", "pod-6", "SAID-002", "kube-controller-manager 6 was said (line 3), the tarball has 7"),
        ("latest etcd", "latest other", "SAID-002", "other 8 was said (line 5), the tarball has none of it"),
        (
            "snapshot db and kube resources are",
            "Backup integrity verification failed. Backup appears corrupted. Aborting!\nnot",
            "SAID-003",
            "`Backup integrity verification failed. Backup appears corrupted. Aborting!` (line 14)",
        ),
    ] {
        let (run, document) = world.verify(&world.backup(), &LOG.replace(from, to));
        let found = said(&document);
        assert_eq!((run.code, found.len()), (Some(1), 1), "{to}: {found:?}");
        assert!(found[0].0 == id && found[0].1.contains(says), "{to}: {found:?}");
        assert_eq!(document["artifacts"][0]["expected"]["matches"], false);
    }
    let both = LOG.replace("\"totalKey\":1509", "\"totalKey\":1106,\"version\":\"3.6.0\"");
    let (run, document) = world.verify(&world.backup(), &both);
    assert_eq!((run.code, said(&document)), (Some(0), vec![]), "3.6 counts live keys");
}

#[test]
fn digests_are_those_of_the_files_by_name_or_by_bytes() {
    let world = World::new();
    let digest = |path: &Path| {
        use sha2::{Digest as _, Sha256};
        let bytes = Sha256::digest(fs::read(path).unwrap());
        bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>()
    };
    let (snapshot, other) = (digest(&world.snapshot()), "0".repeat(64));
    let compressed = named("aescbc-rotated").snapshot();
    for (what, text, expected) in [
        (world.snapshot(), format!("{snapshot}  /b/snapshot_2026-11-23_090915.db"), None),
        (world.snapshot(), format!("{snapshot}  /b/another.db"), None),
        (world.snapshot(), snapshot.clone(), None),
        (world.snapshot(), other.clone(), Some("SAID-001")),
        (world.snapshot(), format!("{other}  /b/snapshot_2026-11-23_090915.db"), Some("SAID-001")),
        (world.snapshot(), format!("{other}  /b/another.db"), Some("SAID-004")),
        // of the file as it is stored, and of what is in it
        (compressed.clone(), format!("{}  snapshot_2026-11-23_090915.db.gz", digest(&compressed)), None),
        (compressed.clone(), format!("{snapshot}  snapshot_2026-11-23_090915.db"), None),
        (compressed, format!("{other}  snapshot_2026-11-23_090915.db"), Some("SAID-001")),
    ] {
        let (run, document) = world.verify(&what, &text);
        let found: Vec<&str> = said(&document).iter().map(|(id, _)| *id).collect();
        assert_eq!(found, expected.into_iter().collect::<Vec<_>>(), "{text}");
        assert_eq!(run.code, Some(i32::from(expected.is_some())), "{text}");
    }
}

/// A log of one night does not speak of the other nights' files in the directory.
#[test]
fn of_several_backups_each_is_held_against_what_names_it() {
    let world = World::new();
    fs::copy(world.snapshot(), world.backup().join("snapshot_2026-11-22_090915.db")).unwrap();
    let (run, document) = world.verify(&world.backup(), LOG);
    let found = said(&document);
    assert_eq!((run.code, found.iter().map(|(id, _)| *id).collect::<Vec<_>>()), (Some(1), vec!["SAID-004"]));
    let artifacts = document["artifacts"].as_array().unwrap();
    let told =
        artifacts.iter().filter(|it| it["kind"] == "backup").map(|it| (&it["timestamp"], &it["expected"]["matches"]));
    assert!(told.into_iter().all(|(stamp, matches)| *matches == (stamp == "2026-11-23_090915")), "{artifacts:?}");
}

#[test]
fn what_says_nothing_or_cannot_be_read_is_no_verdict() {
    let world = World::new();
    let snapshot = world.snapshot();
    let (run, _) = world.verify(&snapshot, "all went well\n");
    assert_eq!(run.code, Some(2));
    assert!(run.err.contains("it says nothing of any backup") && run.err.contains("cluster-backup.sh"), "{}", run.err);
    let missing = run_with(&["verify", snapshot.to_str().unwrap(), "--expect", "/nonexistent"], "");
    assert_eq!(missing.code, Some(2));
    for line in [["verify", "-", "--expect", "-"], ["verify", "-", "--target-file", "-"]] {
        let twice = run_with(&line, LOG);
        assert_eq!(twice.code, Some(2));
        assert!(twice.err.contains("can be read once"), "{}", twice.err);
    }
    let piped = run_with(&["verify", snapshot.to_str().unwrap(), "--expect", "-"], LOG);
    assert_eq!(piped.code, Some(0), "{}", piped.err);
    assert!(piped.out.contains("as said in       standard input\n"), "{}", piped.out);
    assert!(piped.out.contains("agrees: file-size, hash, revision, total-key, total-size"), "{}", piped.out);
}

fn run_with(line: &[&str], input: &str) -> Run {
    let mut child = assay(line);
    let child = child.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = child.spawn().unwrap();
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap().into()
}
