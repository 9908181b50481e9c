//! The verdict that a document ends with and the code that the command ends with are one, on sound and on damaged files.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use snapshot_builder::{Builder, Put};

use crate::run::{Run, assay};

const PAGE: usize = 4096;
/// A key with several revisions and a tombstone.
const KEY: &str = "/kubernetes.io/configmaps/a/key-007";

/// A snapshot whose records fill several leaves below a branch.
fn sound() -> Vec<u8> {
    let mut builder = Builder::new();
    let mut main = 1;
    for round in 0..3 {
        for number in 0..60 {
            main += 1;
            let key = format!("/kubernetes.io/configmaps/a/key-{number:03}");
            let value = format!(
                r#"{{"apiVersion":"v1","kind":"ConfigMap","metadata":{{"name":"key-{number:03}"}},"data":{{"round":"{round}{}"}}}}"#,
                "x".repeat(300)
            );
            let create = if round == 2 { main } else { number + 2 };
            let version = if round == 2 { 1 } else { round + 1 };
            let put = Put { key: key.as_bytes(), value: value.as_bytes(), create, modified: main, version, lease: 0 };
            builder.put(main, 0, &put);
        }
        if round == 1 {
            for number in 0..60 {
                main += 1;
                builder.delete(main, 0, &format!("/kubernetes.io/configmaps/a/key-{number:03}"));
            }
        }
    }
    builder.build()
}

/// The file with some of its pages changed; the trailer is left as it was.
fn with(file: &[u8], change: impl FnOnce(&mut [u8])) -> Vec<u8> {
    let mut file = file.to_vec();
    change(&mut file);
    file
}

/// Pages of the bucket of records, by the kind that `pages` says.
fn pages_of(path: &Path, kind: &str) -> Vec<usize> {
    let line = ["pages", "--json", "--bucket", "key", "--type", kind, path.to_str().unwrap()];
    let document: Value = serde_json::from_slice(&assay(&line).output().unwrap().stdout).unwrap();
    let pages = document["artifacts"][0]["pages"].as_array().unwrap();
    pages.iter().map(|page| page["page"].as_u64().unwrap() as usize).collect()
}

/// A way to be damaged, and what is to be expected of it at least.
struct Damage {
    name: &'static str,
    path: PathBuf,
}

fn damages(folder: &Path) -> Vec<Damage> {
    let file = sound();
    let path = folder.join("sound.db");
    fs::write(&path, &file).unwrap();
    let (leaves, branches) = (pages_of(&path, "leaf"), pages_of(&path, "branch"));
    assert!(leaves.len() > 10 && !branches.is_empty(), "{leaves:?} {branches:?}");
    let leaf = leaves[leaves.len() / 2] * PAGE;
    let branch = branches[0] * PAGE;
    // Elements follow the head of 16 bytes: flags, position, key size, value size, 4 bytes each.
    let element = |file: &[u8], field: usize| {
        u32::from_le_bytes(file[leaf + 16 + field..leaf + 20 + field].try_into().unwrap()) as usize
    };
    let (position, key_size) = (element(&file, 4), element(&file, 8));
    let key = leaf + 16 + position;
    let all = [
        ("a record that does not decode", with(&file, |file| file[key + key_size..key + key_size + 8].fill(0xff))),
        ("a stored key that is no revision", with(&file, |file| file[key + 8] = b'x')),
        ("an element beyond its page", with(&file, |file| file[leaf + 28..leaf + 32].fill(0xff))),
        ("a bucket among records", with(&file, |file| file[leaf + 16] = 1)),
        ("more elements than fit", with(&file, |file| file[leaf + 10..leaf + 12].fill(0xff))),
        ("a leaf of zeros", with(&file, |file| file[leaf..leaf + PAGE].fill(0))),
        ("a leaf of another number", with(&file, |file| file[leaf] ^= 0x7f)),
        ("a branch to nowhere", with(&file, |file| file[branch + 24..branch + 32].fill(0xee))),
        (
            "no valid meta",
            with(&file, |file| {
                file[16] ^= 1;
                file[PAGE + 16] ^= 1;
            }),
        ),
        ("an end too early", file[..leaf].to_vec()),
        ("a wrong trailer", with(&file, |file| *file.last_mut().unwrap() ^= 1)),
    ];
    let mut damages = vec![Damage { name: "none", path }];
    for (number, (name, bytes)) in all.into_iter().enumerate() {
        let path = folder.join(format!("damaged-{number}.db"));
        fs::write(&path, bytes).unwrap();
        damages.push(Damage { name, path });
    }
    damages
}

/// What is run; `D` is the damaged file, `S` the sound one.
const LINES: [&[&str]; 23] = [
    &["inspect", "D"],
    &["verify", "D"],
    &["verify", "D", "--fail-on", "info"],
    &["hash", "D"],
    &["cluster", "D"],
    &["ls", "D"],
    &["ls", "D", "--all-revisions"],
    &["ls", "D", "--deleted"],
    &["ls", "D", "--salvage"],
    &["history", "D", KEY],
    &["history", "D", KEY, "--carve"],
    &["timeline", "D"],
    &["timeline", "D", "--values"],
    &["timeline", "D", "--since", "2", "--until", "3"],
    &["diff", "D", "S"],
    &["diff", "S", "D", "--values"],
    &["diff", "D", "D"],
    &["du", "D"],
    &["carve", "D"],
    &["pages", "D"],
    &["page", "D", "0"],
    &["bucket", "D"],
    &["bucket", "D", "key"],
];

fn on(line: &[&str], damage: &Damage, sound: &Damage, form: &[&str]) -> Run {
    let part = |part: &&str| match *part {
        "D" => damage.path.clone().into_os_string(),
        "S" => sound.path.clone().into_os_string(),
        part => part.into(),
    };
    let line: Vec<std::ffi::OsString> = line.iter().chain(form).map(part).collect();
    assay(&line).output().unwrap().into()
}

#[test]
fn verdict_and_exit_code_agree_on_every_damage() {
    let folder = tempfile::tempdir().unwrap();
    let damages = damages(folder.path());
    let mut failed = 0;
    let mut wrong = Vec::new();
    for damage in &damages {
        for line in LINES {
            let run = on(line, damage, &damages[0], &["--json"]);
            let shown = format!("assay {} --json, with {}", line.join(" "), damage.name);
            let document: Option<Value> = serde_json::from_str(&run.out).ok();
            let verdict = document.as_ref().and_then(|document| document["verdict"].as_str());
            let agree = match run.code {
                Some(0) => matches!(verdict, Some("pass" | "warn")),
                Some(1) => verdict == Some("fail"),
                Some(2) => verdict.is_none() || verdict == Some("fail"),
                _ => false,
            };
            if !agree {
                wrong.push(format!("{shown}: {verdict:?} and code {:?}", run.code));
            }
            failed += usize::from(run.code == Some(1));
            // The form changes nothing about the verdict.
            let human = on(line, damage, &damages[0], &[]);
            if human.code != run.code {
                wrong.push(format!("{shown}: code {:?}, and {:?} for people", run.code, human.code));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(failed > 60, "only {failed} runs failed: these files are hardly damaged");
}

#[test]
fn what_is_damaged_is_never_listed_as_if_it_were_whole() {
    let folder = tempfile::tempdir().unwrap();
    let damages = damages(folder.path());
    // Each of these costs records, so each command that lists records must say that some may be missing.
    let costs = damages.iter().filter(|damage| !matches!(damage.name, "none" | "a wrong trailer"));
    for damage in costs {
        for line in [
            &["ls", "D"][..],
            &["ls", "D", "--all-revisions"],
            &["get", "D", "-r", "configmaps"],
            &["export", "D", "-r", "configmaps"],
            &["timeline", "D"],
            &["history", "D", KEY],
            &["diff", "D", "D"],
            &["du", "D"],
        ] {
            let run = on(line, damage, &damages[0], &[]);
            let said = run.err.contains("damaged") || run.err.contains("unreadable") || run.code == Some(2);
            assert!(run.code != Some(0) && said, "{line:?} with {}: {:?} {}", damage.name, run.code, run.err);
        }
    }
}

#[test]
fn damage_is_not_taken_for_a_difference_of_members_or_for_a_deletion() {
    let folder = tempfile::tempdir().unwrap();
    let damages = damages(folder.path());
    let of = |name: &str| damages.iter().find(|damage| damage.name == name).unwrap();
    for name in ["a leaf of zeros", "a record that does not decode", "a branch to nowhere"] {
        for line in [&["diff", "S", "D"][..], &["diff", "D", "S"]] {
            let run = on(line, of(name), &damages[0], &["--json"]);
            let document: Value = serde_json::from_str(&run.out).unwrap();
            let agreement = &document["agreement"];
            assert!(agreement["state"] == "diverged" && agreement["cause"] == "damage", "{name}: {agreement}");
        }
    }
    let lost = of("a branch to nowhere");
    for command in ["get", "history"] {
        let run = on(&[command, "D", "/kubernetes.io/configmaps/a/no-such"], lost, &damages[0], &[]);
        assert!(
            run.code == Some(2) && run.err.contains("hint: the file is damaged: `assay ls --salvage "),
            "{}",
            run.err
        );
    }
}

/// What is said of the rest of a damaged file is no answer about the whole, whatever the rest would say.
#[test]
fn the_word_of_a_screen_the_verdict_of_a_document_and_the_exit_code_are_one() {
    let folder = tempfile::tempdir().unwrap();
    let damages = damages(folder.path());
    let mut failed = 0;
    for damage in &damages {
        for line in [&["keys", "check", "D"][..], &["compat", "D", "--target", "4.18.30"], &["verify", "D"]] {
            let (screen, document) = (on(line, damage, &damages[0], &[]), on(line, damage, &damages[0], &["--json"]));
            if screen.code == Some(2) {
                continue;
            }
            let document: Value = serde_json::from_str(&document.out).unwrap();
            let expected = if screen.code == Some(0) { ["PASS", "WARN"] } else { ["FAIL", "FAIL"] };
            let word = screen.out.split_whitespace().next().unwrap();
            assert!(expected.contains(&word), "{line:?} with {}: {word}, exit {:?}", damage.name, screen.code);
            assert_eq!(document["verdict"], word.to_lowercase(), "{line:?} with {}", damage.name);
            failed += usize::from(word == "FAIL");
        }
    }
    assert!(failed > damages.len(), "{failed} of {} kinds of damage", damages.len());
}
