//! What scripts and people see today, held for every fixture: screens, JSON and exit codes, byte for byte.
//!
//! A change of structure must not change any of it. A change on purpose is recorded anew with
//! `ASSAY_UPDATE_SCREENS=1 cargo test -p etcd-assay --test e2e recorded` and stands in CHANGELOG.md; read the diff before
//! you commit it.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use sha2::{Digest, Sha256};

use crate::support::root;

/// When these answers are given: certificates end, and what was rotated since the backup grows with its age.
const NOW: &str = "2026-11-29T12:00:00Z";

/// Answers longer than this are held by their digest, their number of lines and their beginning: a list of every key
/// tells a reader of a diff nothing.
const WHOLE: usize = 32 * 1024;

/// The version of assay stands in every document, and changes with every release.
fn of_any_version(text: &str) -> String {
    text.replace(&format!("\"assay\": \"{}\"", env!("CARGO_PKG_VERSION")), "\"assay\": \"VERSION\"")
}

/// What is asked of each fixture: a name for the record, and the arguments. `DIR` and `DB` stand for the directory and
/// its snapshot.
const QUESTIONS: [(&str, &str); 17] = [
    ("verify", "verify DIR"),
    ("verify-v", "verify -v DIR"),
    ("verify-json", "verify --json DIR"),
    ("verify-db", "verify DB"),
    ("verify-restore", "verify --target 4.18.30 --restore-date 2026-12-01 DIR"),
    ("inspect", "inspect DIR"),
    ("inspect-json", "inspect --json DIR"),
    ("keys-check", "keys check DIR"),
    ("keys-check-json", "keys check --json DIR"),
    ("compat", "compat DIR --target 4.18.30"),
    ("compat-json", "compat --json DIR --target 4.17.9"),
    ("hash", "hash DB"),
    ("ls-l", "ls -l DB"),
    ("ls-ndjson", "ls -o ndjson DB"),
    ("du", "du DB"),
    ("get-nodes", "get DB nodes"),
    ("get-secrets", "get DB secrets -n kube-system -o yaml"),
];

/// Every fixture with a snapshot, by name, with its snapshot's path from the root.
fn snapshots() -> Vec<(String, String)> {
    let mut found = Vec::new();
    for dir in fs::read_dir(root().join("fixtures")).unwrap().map(|entry| entry.unwrap().path()) {
        let name = dir.file_name().unwrap().to_string_lossy().into_owned();
        let Ok(files) = fs::read_dir(&dir) else { continue };
        let names = files.map(|file| file.unwrap().file_name().to_string_lossy().into_owned());
        if let Some(snapshot) = names.filter(|file| file.starts_with("snapshot") && file.ends_with(".db.gz")).min() {
            found.push((name.clone(), format!("fixtures/{name}/{snapshot}")));
        }
    }
    found.sort();
    assert!(found.len() >= 17, "{found:?}");
    found
}

/// Exit code, standard output and standard error of one run from the root of the repository.
fn answer(arguments: &str, fixture: &str, snapshot: &str) -> String {
    let directory = format!("fixtures/{fixture}");
    let arguments = arguments.split(' ').map(|word| match word {
        "DIR" => directory.as_str(),
        "DB" => snapshot,
        other => other,
    });
    let mut command = Command::new(env!("CARGO_BIN_EXE_assay"));
    command
        .args(arguments)
        .current_dir(root())
        .env_remove("RUST_BACKTRACE")
        .env("COLUMNS", "100")
        .env("ASSAY_NOW", NOW);
    let output = command.output().unwrap();
    let mut text = format!("exit {}\n", output.status.code().unwrap());
    for (stream, bytes) in [("out", output.stdout), ("err", output.stderr)] {
        let said = String::from_utf8(bytes).expect("UTF-8");
        crate::valid::check(&said);
        let said = of_any_version(&said);
        if said.len() > WHOLE {
            let lines = said.lines().count();
            writeln!(text, "--- {stream}: {lines} lines, sha256 {:x}", Sha256::digest(&said)).unwrap();
            text.extend(said.lines().take(20).flat_map(|line| [line, "\n"]));
        } else if !said.is_empty() {
            writeln!(text, "--- {stream}").unwrap();
            text.push_str(&said);
        }
    }
    text
}

fn record(fixture: &str, question: &str) -> PathBuf {
    root().join("tests/e2e/recorded").join(fixture).join(format!("{question}.txt"))
}

#[test]
fn every_answer_about_every_fixture_is_the_recorded_one() {
    let update = std::env::var_os("ASSAY_UPDATE_SCREENS").is_some();
    let mut differing = Vec::new();
    for (fixture, snapshot) in snapshots() {
        for (question, arguments) in QUESTIONS {
            let (path, said) = (record(&fixture, question), answer(arguments, &fixture, &snapshot));
            if update {
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(&path, &said).unwrap();
            } else if fs::read_to_string(&path).unwrap_or_default() != said {
                let first = fs::read_to_string(&path).unwrap_or_default();
                let line = first.lines().zip(said.lines()).find(|(before, now)| before != now);
                differing.push(format!("{fixture}: assay {arguments}: first difference {line:?}"));
            }
        }
    }
    assert!(differing.is_empty(), "{} answers differ:\n{}", differing.len(), differing.join("\n"));
}
