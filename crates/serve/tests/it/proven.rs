//! Bytes that are not what etcd wrote: no value of them is served without a word.

use std::path::PathBuf;
use std::process::Output;

use sha2::{Digest as _, Sha256};
use snapshot_builder::{Builder, Put};

use crate::client::{ask, get, prefix};
use crate::served::{Served, program};

const MISMATCH: &str = "the snapshot's SHA-256 does not match its bytes: any value may be wrong";

/// A snapshot in a folder, changed.
fn changed(change: impl FnOnce(&mut Vec<u8>)) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let mut bytes = fixtures::named("plain-etcd34").bytes();
    change(&mut bytes);
    let path = folder.path().join("snapshot.db");
    std::fs::write(&path, bytes).unwrap();
    (folder, path)
}

/// Another image, in each version of a Deployment: pages, keys and records are as they were.
fn flip(bytes: &mut [u8]) {
    let image = b"quay.io/example/web-2:1.2.3";
    let at: Vec<usize> = (0..bytes.len() - image.len()).filter(|at| bytes[*at..].starts_with(image)).collect();
    assert!(!at.is_empty());
    at.into_iter().for_each(|at| bytes[at + image.len() - 1] ^= 1);
}

/// A snapshot that is too large to be hashed before it is served.
fn large(is_sound: bool) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let mut builder = Builder::new();
    for main in 2..36 {
        let value = format!(r#"{{"apiVersion":"v1","kind":"ConfigMap","data":{{"a":"{}"}}}}"#, "x".repeat(1 << 20));
        let key = format!("/kubernetes.io/configmaps/default/c{main}");
        let put =
            Put { key: key.as_bytes(), value: value.as_bytes(), create: main, modified: main, version: 1, lease: 0 };
        builder.put(main, 0, &put);
    }
    let mut bytes = builder.build();
    if bytes.len() % 512 == 32 {
        bytes.truncate(bytes.len() - 32);
    }
    let digest = Sha256::digest(&bytes);
    bytes.extend(digest);
    if !is_sound {
        *bytes.iter_mut().rev().find(|byte| **byte == b'x').unwrap() = b'y';
    }
    let path = folder.path().join("large.db");
    std::fs::write(&path, bytes).unwrap();
    (folder, path)
}

/// Beside the sound one, a damaged copy is a backup of its own, though it has the same keys.
#[test]
fn a_damaged_copy_is_told_from_the_sound_one() {
    let (_folder, path) = changed(|bytes| flip(bytes));
    let served = Served::fixture("plain-etcd34", &[path.to_str().unwrap(), path.to_str().unwrap()]);
    let web = |context: &str| {
        let path = format!("{}/apis/apps/v1/namespaces/analytics/deployments/web-2", prefix(&served, context));
        let answer = ask(&served, "GET", &path, &[], b"");
        let image = answer.json()["spec"]["template"]["spec"]["containers"][0]["image"].as_str().unwrap().to_owned();
        (image.chars().next_back(), answer.headers.contains_key("warning"))
    };
    assert_eq!(web("backup"), (Some('3'), false));
    assert_eq!(web("backup-2"), (Some('2'), true));
    assert_eq!(web("backup-3"), (Some('2'), true));
}

#[test]
fn a_flipped_byte_is_told_to_whoever_asks() {
    let (_folder, path) = changed(|bytes| flip(bytes));
    let served = Served::start(&path, &[]);
    assert!(served.banner.contains("; SHA-256 WRONG\n"), "{}", served.banner);
    assert!(served.banner.contains(&format!("snapshot.db: {MISMATCH}\nhint: ")), "{}", served.banner);
    let json = "application/json";
    for (path, code) in [
        ("/api/v1/configmaps?limit=1", 200),
        ("/apis/apps/v1/namespaces/analytics/deployments/web-2", 200),
        ("/apis/apps/v1/namespaces/analytics/deployments/nosuch", 404),
        ("/api/v1/pods?watch=true&timeoutSeconds=1&resourceVersion=1289", 200),
    ] {
        let answer = get(&served, path, json);
        assert_eq!((answer.code, answer.headers["warning"].contains(MISMATCH)), (code, true), "{path}");
    }
    let version = get(&served, "/version", json).json();
    assert!(version["gitVersion"].as_str().unwrap().ends_with("+assay-backup.damaged"), "{version}");
    let checks = String::from_utf8(get(&served, "/readyz?verbose", json).body).unwrap();
    assert_eq!(checks, format!("[+]structure ok\n[-]sha256 failed: {MISMATCH}\nreadyz check passed\n"));
    for kubectl in crate::kubectl::all() {
        let output = kubectl.run(&served, &["get", "deploy", "-n", "analytics"]);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), said), (Some(0), format!("Warning: {MISMATCH}\n")));
    }
}

#[test]
fn a_sound_one_is_served_without_a_word() {
    let served = Served::fixture("plain-etcd34", &["--verify"]);
    assert!(served.banner.contains("; SHA-256 right\n"), "{}", served.banner);
    let answer = get(&served, "/api/v1/nodes", "application/json");
    assert_eq!((answer.code, answer.headers.get("warning")), (200, None));
    let version = get(&served, "/version", "application/json").json();
    assert!(version["gitVersion"].as_str().unwrap().ends_with("+assay-backup"), "{version}");
    let checks = get(&served, "/livez?verbose=1", "application/json").body;
    assert_eq!(String::from_utf8(checks).unwrap(), "[+]structure ok\n[+]sha256 ok\nlivez check passed\n");
    assert_eq!(get(&served, "/healthz", "application/json").body, b"ok");
}

#[test]
fn a_large_one_is_served_first_and_hashed_meanwhile() {
    let (_folder, path) = large(false);
    let served = Served::start(&path, &[]);
    assert!(served.banner.contains("; SHA-256 not checked yet\n"), "{}", served.banner);
    assert!(served.hear("SHA-256").ends_with(&format!("/large.db: {MISMATCH}")));
    assert!(served.hear("hint: ").contains("fetch it again"));
    let answer = get(&served, "/api/v1/configmaps?limit=1", "application/json");
    assert!(answer.headers["warning"].contains(MISMATCH), "{:?}", answer.headers);

    let (_folder, path) = large(true);
    let served = Served::start(&path, &[]);
    assert!(served.hear("SHA-256").ends_with("/large.db: SHA-256 right: every byte is as etcd wrote it"));
    assert_eq!(get(&served, "/api/v1/configmaps?limit=1", "application/json").headers.get("warning"), None);
}

#[test]
fn what_cannot_be_proven_says_so() {
    let (_folder, path) = changed(|bytes| bytes.truncate(bytes.len() - 32));
    let served = Served::start(&path, &[]);
    let none = "the snapshot has no SHA-256: no value is proven";
    assert!(served.banner.contains(&format!("/snapshot.db: {none}\n")), "{}", served.banner);
    let version = get(&served, "/version", "application/json").json();
    assert!(version["gitVersion"].as_str().unwrap().ends_with(".unproven"), "{version}");

    let (_folder, path) = changed(|bytes| bytes.extend([0; 100]));
    let served = Served::start(&path, &[]);
    assert!(served.banner.contains("/snapshot.db: 100 bytes behind the snapshot; "), "{}", served.banner);
    assert!(!prefix(&served, "backup").is_empty());
}

#[test]
fn with_verify_none_of_it_is_served() {
    let refused = |folder: &tempfile::TempDir, path: PathBuf| -> Output {
        let config = folder.path().join("config");
        let output = program().arg(path).arg("--verify").arg("--kubeconfig").arg(&config).output().unwrap();
        assert!(!config.exists());
        output
    };
    let zeroed = |bytes: &mut Vec<u8>| {
        let nodes = b"/kubernetes.io/minions/worker-2";
        let at = bytes.windows(nodes.len()).position(|window| window == nodes).unwrap() / 4096 * 4096;
        bytes[at..at + 4096].fill(0);
    };
    for ((folder, path), why) in [
        (changed(|bytes| flip(bytes)), MISMATCH),
        (large(false), MISMATCH),
        (changed(zeroed), "the backup is damaged: "),
        (changed(|bytes| bytes.truncate(bytes.len() - 32)), "the snapshot has no SHA-256"),
    ] {
        let output = refused(&folder, path);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.starts_with("error: ") && said.contains(why) && said.contains("\nhint: "), "{said}");
    }
}
