//! Recipients of plugins (age-plugin-yubikey and its like) through the binary, by a plugin of a few lines of shell.
//!
//! The plugin speaks age's protocol and wraps the file key in nothing: it stands for hardware that a test does not
//! have. `key-escrow` has the same one in its tests.

use std::fs;

use serde_json::Value;

use crate::keys_support::{Bench, JOIN, peer};
use crate::run::{Run, assay};

const RECIPIENT: &str = "age1assaytest1xyerxdp4xcmnsfg0tdn";
const IDENTITY: &str = "AGE-PLUGIN-ASSAYTEST-1XYERXDP4XCMNSU8ZTXF";

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
fn a_plugin_seals_and_opens_and_its_absence_is_said() {
    if peer("sh").is_none() {
        return;
    }
    let bench = Bench::new();
    let bytes = fs::read(bench.tarball("aescbc-rotated")).unwrap();
    let folder = bench.path("plugins");
    fs::create_dir(&folder).unwrap();
    let with = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
    let plugin = folder.join("age-plugin-assaytest");
    fixtures::program(&plugin, PLUGIN);
    fs::write(bench.path("plugin.txt"), format!("# a key in hardware\n{IDENTITY}\n")).unwrap();

    let run = |line: &str, path: &str| -> Run { assay(&bench.words(line)).env("PATH", path).output().unwrap().into() };
    let split = format!("split {{tarball}} -r {RECIPIENT} --out {{}}/vault --json");
    let join = JOIN.replace("key.txt", "plugin.txt");

    let absent = run(&split, "/nonexistent");
    assert_eq!(absent.code, Some(2), "{}", absent.err);
    assert!(absent.err.contains("`age-plugin-assaytest`, which is not in PATH"), "{}", absent.err);
    assert!(!bench.path("vault").exists());

    let sealed = run(&split, &with);
    assert_eq!(sealed.code, Some(0), "{}", sealed.err);
    let document: Value = serde_json::from_str(&sealed.out).unwrap();
    assert_eq!(document["artifacts"][0]["manifest"]["recipients"][0]["kind"], "plugin");

    let absent = run(&join, "/nonexistent");
    assert_eq!(absent.code, Some(2), "{}", absent.err);
    assert!(absent.err.contains("age-plugin-assaytest") && absent.err.contains("PATH"), "{}", absent.err);
    assert!(!bench.path("back.tar.gz").exists());
    let drill = run("verify-escrow {vault}.escrow.age -i {}/plugin.txt", &with);
    assert_eq!(drill.code, Some(0), "{}{}", drill.out, drill.err);
    assert_eq!(run(&join, &with).code, Some(0));
    assert!(fs::read(bench.path("back.tar.gz")).unwrap() == bytes);

    // a plugin that breaks off, or talks nonsense, is an error and nothing is lost
    for script in ["#!/bin/sh\nexit 1\n", "#!/bin/sh\necho nonsense\n"] {
        fixtures::program(&plugin, script);
        let failed = run(&format!("{split} --force"), &with);
        assert_eq!(failed.code, Some(2), "{script}: {}", failed.err);
        assert!(failed.err.contains("error: "), "{script}: {}", failed.err);
    }
    assert_eq!(run("verify-escrow {vault}.escrow.age", &with).code, Some(0), "what was there is still there");
}
