//! Directories that are not a pair of two files: MicroShift's, hosted control planes', directories of directories.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::fixture::named;
use crate::run::run;

fn asked(args: &[&str], path: &Path) -> (Option<i32>, Value) {
    let run = run(&[args, &["--json", path.to_str().unwrap()]].concat());
    let document = serde_json::from_str(&run.out).unwrap_or_else(|_| panic!("{args:?}: {}", run.err));
    (run.code, document)
}

fn has(document: &Value, id: &str) -> bool {
    document["findings"].as_array().unwrap().iter().any(|finding| finding["id"] == id)
}

/// A copy of `/var/lib/microshift`, its file `version` as given.
fn microshift(folder: &Path, version: &str) -> PathBuf {
    let path = folder.join(format!("rhel-{}.0_{}", "a1".repeat(32), "b".repeat(32)));
    fs::create_dir_all(path.join("etcd/member/snap")).unwrap();
    let bytes = named("auth-enabled").bytes();
    fs::write(path.join("etcd/member/snap/db"), &bytes[..bytes.len() - 32]).unwrap();
    fs::write(path.join("version"), version).unwrap();
    path
}

#[test]
fn microshift_tells_its_release_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let said = r#"{"version":"4.18.3","deployment_id":"x","boot_id":"y"}"#;
    let path = microshift(folder.path(), said);
    let targets = [("4.18.3", 0), ("4.18.4", 0), ("4.19.1", 0), ("4.20.0", 0), ("4.17.3", 1), ("4.21.0", 1)];
    for (target, code) in targets {
        let verdict = if code == 0 { "pass" } else { "fail" };
        let (found, document) = asked(&["compat", "--target", target], &path);
        assert_eq!((found, &document["verdict"]), (Some(code), &json!(verdict)), "{target}");
        let evidence = document["artifacts"][0]["compat"]["evidence"].as_array().unwrap();
        let of_file = evidence.iter().find(|it| it["source"] == "version-file").unwrap();
        assert_eq!((&of_file["says"], &of_file["agrees"]), (&json!("4.18.3"), &json!(true)), "{target}");
    }
    let (_, document) = asked(&["verify", "--target", "4.18.3"], &path);
    assert!(!has(&document, "VER-003") && !has(&document, "VER-001"), "{document:#}");
    assert!(!has(&asked(&["verify", "--target", "4.18.4"], &path).1, "VER-001"));
    assert!(has(&asked(&["verify", "--target", "4.21.0"], &path).1, "VER-001"));
    // what is no version tells nothing, and hurts nothing
    for broken in
        ["", "4.18.3", r#"{"version":7}"#, r#"{"version":"latest"}"#, &"[".repeat(100_000), &"x".repeat(3 << 20)]
    {
        let path = microshift(folder.path(), broken);
        assert!(has(&asked(&["verify", "--target", "4.18.3"], &path).1, "VER-003"));
    }
}

/// `snapshot.db` and `secrets/`, in which the Secret of the active key lies.
#[test]
fn the_keys_of_a_hosted_control_plane_are_taken_from_beside_its_snapshot() {
    let folder = tempfile::tempdir().unwrap();
    let fixture = named("aescbc-rotated");
    fs::write(folder.path().join("snapshot.db"), fixture.bytes()).unwrap();
    let secrets = folder.path().join("secrets");
    fs::create_dir(&secrets).unwrap();
    fs::write(secrets.join("root-ca.json"), r#"{"kind":"Secret","data":{"ca.crt":"eA=="}}"#).unwrap();
    let fit = || {
        let (_, document) = asked(&["verify", "--restore-date", "2026-11-23"], folder.path());
        (
            document["artifacts"][0]["encryption"]["keysFit"].clone(),
            has(&document, "KEY-032"),
            has(&document, "HAZ-030"),
        )
    };
    assert_eq!(fit(), (Value::Null, true, true), "nothing there is a key");
    // the Secret of a key that this cluster does not have: tried, and no fit
    let other = r#"{"kind":"Secret","data":{"key":"MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="}}"#;
    fs::write(secrets.join("aes.json"), other).unwrap();
    assert_eq!(fit(), (json!(false), false, true));
    // beside it the configuration, which opens everything
    fs::copy(fixture.path("encryption-config.json"), secrets.join("config.json")).unwrap();
    assert_eq!(fit(), (json!(true), false, false));
    // what is given counts alone
    let wrong = named("aesgcm-rotated").path("encryption-config.json");
    let (_, document) = asked(&["verify", "--keys", wrong.to_str().unwrap()], folder.path());
    assert_eq!(document["artifacts"][0]["encryption"]["keysFit"], false);
}

#[test]
fn compat_goes_through_directories_of_backups() {
    let outer = tempfile::tempdir().unwrap();
    let fixture = named("plain-etcd36");
    let inner = ["upgrade-backup-4.17.9-2026-11-23_090848", "upgrade-backup-4.18.30-2026-11-23_090848"];
    for name in inner {
        let folder = outer.path().join(name);
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("snapshot_2026-11-23_090848.db"), fixture.bytes()).unwrap();
        fs::copy(fixture.tarball(), folder.join("static_kuberesources_2026-11-23_090848.tar.gz")).unwrap();
    }
    fs::create_dir(outer.path().join("lost+found")).unwrap();
    let (code, document) = asked(&["compat", "--target", "4.18.30"], outer.path());
    assert_eq!((code, &document["verdict"]), (Some(0), &json!("pass")));
    let artifacts = document["artifacts"].as_array().unwrap();
    let names: Vec<_> =
        artifacts.iter().map(|it| it["path"].as_str().unwrap().split('/').rev().nth(1).unwrap()).collect();
    assert_eq!(names, inner);
    let empty = tempfile::tempdir().unwrap();
    let refused = run(&["compat", "--target", "4.18.30", empty.path().to_str().unwrap()]);
    assert_eq!((refused.code, refused.out.as_str()), (Some(2), ""));
}
