//! Backups that are made: good ones are told to be good, the same is made each time, and of what is planted in them
//! nothing is shown.

use std::fs;
use std::path::{Path, PathBuf};

use fixtures::cluster::{Cluster, TAKEN, kubeadm, secrets};

use crate::keys_support::identity;
use crate::run::run;

/// Writes the encrypted cluster's backup as a split leaves it: the snapshot, the tarball without its keys, the escrow; and
/// beside the directory the identity that opens it.
pub(crate) fn with_escrow(dir: &Path) -> (PathBuf, PathBuf) {
    let (original, backup) = (dir.join("original"), dir.join("backup"));
    let pair = Cluster::encrypted().write(&original);
    let key = dir.join("key.txt");
    let recipient = identity(&key);
    let words = ["keys", "split", pair.tarball.to_str().unwrap(), "-r", &recipient, "--out", backup.to_str().unwrap()];
    let split = run(&words);
    assert_eq!(split.code, Some(0), "{}{}", split.out, split.err);
    fs::rename(&pair.snapshot, backup.join(pair.snapshot.file_name().unwrap())).unwrap();
    (backup, key)
}

/// Runs a command, whose output may have nothing that is planted.
fn quiet(words: &[&str]) -> (Option<i32>, String) {
    let ran = run(words);
    for secret in secrets() {
        assert!(!ran.out.contains(&secret) && !ran.err.contains(&secret), "{words:?} shows `{secret}`");
    }
    (ran.code, ran.out + &ran.err)
}

#[test]
fn made_backups_are_good_and_show_nothing_that_is_planted() {
    let dir = tempfile::tempdir().unwrap();
    for (name, cluster) in Cluster::all() {
        let place = dir.path().join(name);
        let _ = cluster.write(&place);
        let path = place.to_str().unwrap();
        let (code, told) = quiet(&["verify", "-v", path]);
        // without the keys nobody can say that it is good
        let expected = if name == "keyless" { ("FAIL", "KEY-032") } else { ("PASS", "") };
        assert!(told.starts_with(expected.0) && told.contains(expected.1), "{name}: {told}");
        assert_eq!(code, Some(i32::from(name == "keyless")), "{name}");
        assert!(told.contains(cluster.release) || code == Some(1), "{name}: {told}");
    }
    let snapshot = dir.path().join("encrypted").join(format!("snapshot_{TAKEN}.db"));
    // on which pages it stands, the library that writes it does not do alike each time
    let again = dir.path().join("again.db");
    fs::write(&again, Cluster::encrypted().snapshot()).unwrap();
    let [content, same] = [&snapshot, &again].map(|path| {
        let hashes: serde_json::Value =
            serde_json::from_str(&run(&["hash", "--json", path.to_str().unwrap()]).out).unwrap();
        hashes["artifacts"][0]["content"].clone()
    });
    assert!(content.is_object() || content.is_string(), "{content}");
    assert_eq!(content, same, "the same each time");
    kubeadm(&dir.path().join("kubeadm"));
    let (code, told) = quiet(&["verify", "-v", dir.path().join("kubeadm").to_str().unwrap()]);
    assert!(code == Some(0) && told.starts_with("PASS"), "{told}");
    assert_eq!(Cluster::encrypted().tarball(), Cluster::encrypted().tarball());
}

#[test]
fn with_its_escrow_a_keyless_backup_is_good_and_another_z_stream_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let (backup, key) = with_escrow(dir.path());
    let (code, told) = quiet(&["verify", backup.to_str().unwrap(), "-i", key.to_str().unwrap()]);
    assert!(code == Some(0) && told.starts_with("PASS"), "{told}");
    let pair = Cluster::short().write(&dir.path().join("short"));
    let place = pair.snapshot.parent().unwrap().to_str().unwrap();
    for (target, code) in [("4.18.30", 0), ("4.18.29", 1)] {
        assert_eq!(quiet(&["verify", place, "--target", target]).0, Some(code), "{target}");
    }
}
