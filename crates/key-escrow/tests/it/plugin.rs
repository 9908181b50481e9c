//! Plugin recipients (age-plugin-yubikey and its like), through a plugin of a few lines of shell.
//!
//! The plugin speaks age's protocol for real but wraps the file key in nothing; it stands for hardware that a test
//! does not have. It is found in `PATH`, so the test starts itself with another `PATH`.

use std::process::Command;

use age::NoCallbacks;
use key_escrow::{Identities, RecipientKind, SealTo};

use crate::support::{Bench, Recipients, peer, with_keys};

const RECIPIENT: &str = "age1assaytest1xyerxdp4xcmnsfg0tdn";
const IDENTITY: &str = "AGE-PLUGIN-ASSAYTEST-1XYERXDP4XCMNSU8ZTXF";
const FLAG: &str = "KEY_ESCROW_TEST_PLUGIN";

const PLUGIN: &str = r#"#!/bin/sh
key=
while read -r line; do
  case $line in
    '-> wrap-file-key'|'-> recipient-stanza 0 assaytest') read -r key ;;
    '-> done') break ;;
  esac
done
read -r _
case $1 in
  *recipient-v1) printf -- '-> recipient-stanza 0 assaytest\n%s\n' "$key" ;;
  *identity-v1) printf -- '-> file-key 0\n%s\n' "$key" ;;
esac
read -r _; read -r _
printf -- '-> done\n\n'
"#;

#[test]
fn child() {
    if std::env::var_os(FLAG).is_none() {
        return;
    }
    let bytes = with_keys();
    let bench = Bench::new();
    let mut to = Recipients::new();
    to.add(RECIPIENT, NoCallbacks).unwrap();
    to.add(&bench.key.to_public().to_string(), NoCallbacks).unwrap();
    let split = bench.split_to(&bench.tarball(&bytes), SealTo::Recipients(to)).unwrap();
    assert_eq!(split.manifest.recipients[0].kind, RecipientKind::Plugin);
    let mut ids = Identities::new();
    ids.add_file("plugin", IDENTITY.as_bytes(), NoCallbacks).unwrap();
    assert!(bench.join_files(&split.keyless, &split.escrow, Some(&split.manifest_path), &ids).unwrap().0 == bytes);
    let options = key_escrow::VerifyOptions {
        manifest: &split.manifest_path,
        expect_manifest: None,
        escrow: Some(&split.escrow),
        keyless: None,
        shares: &[],
        identities: Some(&ids),
        limits: key_escrow::Limits::default(),
    };
    assert!(key_escrow::verify_escrow(&options, &mut |_, _, _| {}).unwrap().passed());
}

#[test]
fn a_plugin_seals_and_opens() {
    if peer("sh").is_none() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let plugin = dir.path().join("age-plugin-assaytest");
    fixtures::program(&plugin, PLUGIN);
    let path = format!("{}:{}", dir.path().display(), std::env::var("PATH").unwrap());
    let me = std::env::current_exe().unwrap();
    let output = Command::new(me).args(["--exact", "plugin::child"]).env("PATH", path).env(FLAG, "1").output().unwrap();
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && printed.contains("1 passed"), "{printed}");
}

#[test]
fn a_missing_plugin_is_named() {
    let e = Recipients::new().add(RECIPIENT, NoCallbacks).unwrap_err().to_string();
    assert!(e.contains("age-plugin-assaytest"), "{e}");
}
