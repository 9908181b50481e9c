//! What two commands, or two lines of one screen, say about the same thing is the same.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use bbolt_page::{Db, Serial};
use serde_json::{Value, json};
use snapshot_builder::{Builder, Put};

use crate::fixture::named;
use crate::in_force::{members, pack};
use crate::keys_support::Bench;
use crate::run::{assay, run};

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn json(line: &[&str]) -> Value {
    let run = run(&[line, &["--json"]].concat());
    serde_json::from_str(&run.out).unwrap_or_else(|_| panic!("{line:?}: {}", run.err))
}

/// A snapshot of one Secret that an external service holds the key of, and the configuration that says so.
fn of_kms(folder: &Path) -> [PathBuf; 2] {
    let [snapshot, config] = ["kms.db", "config.json"].map(|name| folder.join(name));
    let body = [&[10, 40][..], &[7; 40], &[18, 8], b"key-id-1", &[26, 40], &[8; 40]].concat();
    let value = [b"k8s:enc:kms:v2:vault:", &body[..]].concat();
    let key = b"/kubernetes.io/secrets/ns/a";
    let put = Put { key, value: &value, create: 2, modified: 2, version: 1, lease: 0 };
    fs::write(&snapshot, Builder::new().put(2, 0, &put).build()).unwrap();
    let kms = r#"{"kms":{"name":"vault","apiVersion":"v2","endpoint":"unix:///x"}}"#;
    let text = format!(
        r#"{{"kind":"EncryptionConfiguration","apiVersion":"apiserver.config.k8s.io/v1","resources":[{{"resources":["secrets"],"providers":[{kms},{{"identity":{{}}}}]}}]}}"#
    );
    fs::write(&config, text).unwrap();
    [snapshot, config]
}

#[test]
fn keys_of_an_external_service_are_no_missing_keys() {
    let folder = tempfile::tempdir().unwrap();
    let [snapshot, config] = of_kms(folder.path());
    let words = "open 0 of 1 encrypted value; of the rest, an external service holds the keys";
    for command in [&["verify"][..], &["keys", "check"]] {
        let run = run(&[command, &[text(&snapshot), "--keys", text(&config)]].concat());
        let said = run.out.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains(words) && !said.contains("no keys to try"), "{command:?}: {}", run.out);
        assert_eq!(run.code, Some(0), "{command:?}");
    }
}

/// The condition of an operator is of the migration that it saw end; of the one that goes on, the newest key tells.
#[test]
fn a_rotation_that_goes_on_is_not_said_to_be_done() {
    let screen = run(&["keys", "check", text(named("aescbc-rotated").snapshot().parent().unwrap())]).out;
    let said = screen.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(!said.contains("its operator says that the migration goes on"), "{screen}");
    assert!(said.contains("the Secret of the writing key says that the migration goes on"), "{screen}");
    for line in screen.lines().filter(|line| line.contains("EncryptionCompleted")) {
        assert!(line.ends_with("EncryptionCompleted, of an earlier key"), "{line}");
    }
}

#[test]
fn bytes_behind_a_right_hash_leave_it_right_in_every_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("snapshot.db");
    for (more, words) in [(1, "1 byte"), (512, "512 bytes")] {
        let mut bytes = named("plain-etcd36").bytes();
        bytes.resize(bytes.len() + more, 0);
        fs::write(&path, bytes).unwrap();
        for command in ["verify", "inspect", "hash"] {
            let screen = run(&[command, text(&path)]).out;
            let hash = screen.lines().find(|line| {
                ["integrity hash", "integrity ", "trailer "].iter().any(|field| line.trim_start().starts_with(field))
            });
            let expected = format!("valid for all but {words} that follow it");
            assert!(hash.is_some_and(|line| line.contains(&expected)), "{command}: {screen}");
        }
        let found = json(&["verify", text(&path)]);
        assert!(found["findings"].to_string().contains("its integrity hash is right"), "{more}");
    }
}

#[test]
fn a_status_hash_has_eight_digits_everywhere() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("snapshot.db");
    let hash_of = |bytes: &[u8]| {
        let scan = etcd_snapshot::scan(Db::open(bytes).unwrap(), etcd_snapshot::Options::default(), &Serial);
        scan.status.hash
    };
    let files = (0..1000).map(|number| Builder::new().create(2, &format!("key-{number}")).build());
    let bytes = files.into_iter().find(|bytes| hash_of(bytes) < 0x1000_0000).unwrap();
    fs::write(&path, &bytes).unwrap();
    let expected = format!("{:08x}", hash_of(&bytes));
    assert!(expected.starts_with('0'));
    for command in ["hash", "inspect", "verify"] {
        let status = &json(&[command, text(&path)])["artifacts"][0]["status"];
        assert_eq!((&status["hashHex"], &status["hash"]), (&json!(expected), &json!(hash_of(&bytes))), "{command}");
    }
    for command in ["hash", "inspect"] {
        let screen = run(&[command, text(&path)]).out;
        assert!(screen.contains(&format!("{expected} (")), "{command}: {screen}");
    }
}

/// The quota that etcd was started with counts, wherever it is asked for.
#[test]
fn a_quota_is_the_tarballs_in_every_line() {
    const QUOTA: &str = "ETCD_QUOTA_BACKEND_BYTES";
    let folder = tempfile::tempdir().unwrap();
    let snapshot = folder.path().join("snapshot_2026-11-23_090915.db.gz");
    fs::copy(named("aescbc-rotated").snapshot(), &snapshot).unwrap();
    let mut members = members();
    let (_, pod) = members.iter_mut().find(|(path, _)| path.ends_with("/etcd-pod.yaml")).unwrap();
    let content = String::from_utf8(pod.clone()).unwrap();
    let parts: Vec<&str> = content.split(QUOTA).collect();
    assert!(parts.len() > 1 && parts[1..].iter().all(|part| part[..40].contains("8589934592")), "the usual quota");
    *pod = content.replace("8589934592", "17179869184").into_bytes();
    fs::write(folder.path().join("static_kuberesources_2026-11-23_090915.tar.gz"), pack(&members)).unwrap();
    let quota = |document: &Value| {
        let artifacts = document["artifacts"].as_array().unwrap();
        artifacts.iter().find(|artifact| artifact["kind"] == "snapshot").unwrap()["space"]["quota"].as_u64()
    };
    for command in ["verify", "inspect"] {
        assert_eq!(quota(&json(&[command, text(folder.path())])), Some(16 << 30), "{command}");
        assert_eq!(quota(&json(&[command, text(&snapshot)])), Some(8 << 30), "{command} of the snapshot alone");
    }
}

#[test]
fn the_cap_on_what_is_unpacked_holds_for_every_tarball() {
    let bench = Bench::new();
    let tarball = bench.tarball("aescbc-rotated");
    let capped = ["--max-expanded", "64KiB"];
    let listed = run(&[&["keys", "ls", text(&tarball)][..], &capped].concat());
    assert_eq!(listed.code, Some(1), "{}", listed.out);
    assert!(listed.err.contains("reading stopped there"), "{}", listed.err);
    let vault = bench.path("vault");
    let split = ["keys", "split", text(&tarball), "-r", &bench.recipient, "--out", text(&vault)];
    let refused = run(&[&split[..], &capped].concat());
    assert_eq!(refused.code, Some(2), "{}", refused.out);
    assert!(!vault.exists());
    bench.split();
    let escrow = bench.vault("escrow.age");
    let drill = ["keys", "verify-escrow", text(&escrow), "-i", text(&bench.path("key.txt"))].map(str::to_owned);
    let drill: Vec<&str> = drill.iter().map(String::as_str).chain(capped).collect();
    let drilled = run(&drill);
    assert_eq!(drilled.code, Some(1), "{}{}", drilled.out, drilled.err);
    assert!(drilled.out.contains("keyless-members    failed"), "{}", drilled.out);
}

/// Before the first byte of a key is read, whichever command reads it, the process may leave no core file.
#[test]
fn no_core_file_is_left_once_keys_may_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let tarball = fs::read(named("aescbc-rotated").tarball()).unwrap();
    let pipe = folder.path().join("tarball");
    for line in [&["verify"][..], &["inspect"], &["compat", "--target", "4.18.30"], &["keys", "ls"]] {
        let _ = fs::remove_file(&pipe);
        let mode = rustix::fs::Mode::RWXU;
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, mode, 0).unwrap();
        let mut command = assay(&[line, &[text(&pipe)]].concat());
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        // opens once the child has opened it for reading; nothing was written yet
        let mut writer = fs::File::options().write(true).open(&pipe).unwrap();
        let limits = fs::read_to_string(format!("/proc/{}/limits", child.id())).unwrap();
        let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
        let numbers: Vec<&str> = core["Max core file size".len()..].split_whitespace().take(2).collect();
        writer.write_all(&tarball).unwrap();
        drop(writer);
        child.wait().unwrap();
        assert_eq!(numbers, ["0", "0"], "{line:?}");
    }
}
