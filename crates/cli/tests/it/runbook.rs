//! Books of made backups: as recorded, readable by bash, and without a secret.
//!
//! `tests/golden/runbooks/` holds them as Markdown; `ASSAY_UPDATE_SCREENS=1` writes them anew.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use fixtures::cluster::{Cluster, kubeadm, secrets};
use serde_json::Value;

use crate::keys_support::identity;
use crate::run::{Run, assay, run};

/// The moment of every run.
const NOW: &str = "2026-11-29T12:00:00Z";

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/runbooks")
}

/// `assay runbook backup` in a directory, with the rest of the line; the time is given.
fn runbook(dir: &Path, rest: &str) -> Run {
    let mut line = vec!["--now", NOW, "runbook", "backup"];
    line.extend(rest.split_whitespace());
    assay(&line).current_dir(dir).output().unwrap().into()
}

/// A book that is recorded: its name, what makes its backup, the rest of the line, and the exit code.
struct Recorded {
    name: &'static str,
    make: fn(&Path),
    line: &'static str,
    code: i32,
}

fn pair(cluster: &Cluster, dir: &Path) {
    let _ = cluster.write(&dir.join("backup"));
}

/// The keys split off, and only their escrow at hand.
fn escrowed(dir: &Path) {
    let made = Cluster::encrypted().write(&dir.join("whole"));
    let recipient = identity(&dir.join("identity"));
    let backup = dir.join("backup");
    let split = ["keys", "split", made.tarball.to_str().unwrap(), "-r", &recipient, "--out", backup.to_str().unwrap()];
    let run = run(&split);
    assert_eq!(run.code, Some(0), "{}", run.err);
    fs::copy(&made.snapshot, backup.join(made.snapshot.file_name().unwrap())).unwrap();
}

/// Every kind of procedure, an alarm at night, and a book that begins with "do not".
const RECORDED: [Recorded; 11] = [
    Recorded { name: "short", make: |dir| pair(&Cluster::short(), dir), line: "--target 4.18.30", code: 0 },
    Recorded {
        name: "long",
        make: |dir| pair(&Cluster::long(), dir),
        line: "--target 4.16.20 --recovery-host master-1 --lost master-2 --restore-date 2026-12-01",
        code: 0,
    },
    Recorded { name: "single-node", make: |dir| pair(&Cluster::single_node(), dir), line: "--target 4.18.30", code: 0 },
    Recorded {
        name: "quorum-lost",
        make: |dir| pair(&Cluster::active(), dir),
        line: "--target 4.18.30 --lost master-0 --lost master-2",
        code: 0,
    },
    Recorded { name: "manual", make: |dir| pair(&Cluster::manual(), dir), line: "--target 4.14.40", code: 0 },
    Recorded {
        name: "keys-in-escrow",
        make: escrowed,
        line: "--target 4.18.30 --escrow backup/static_kuberesources_2026-11-23_090915.escrow.age -i identity",
        code: 0,
    },
    Recorded { name: "wrong-release", make: |dir| pair(&Cluster::short(), dir), line: "--target 4.18.31", code: 1 },
    Recorded { name: "kubeadm", make: |dir| kubeadm(&dir.join("backup")), line: "--target 1.31.4", code: 0 },
    Recorded { name: "defragment", make: |dir| pair(&Cluster::short(), dir), line: "--task defragment", code: 0 },
    Recorded { name: "encryption", make: |dir| pair(&Cluster::encrypted(), dir), line: "--task encryption", code: 0 },
    Recorded { name: "storage", make: |dir| pair(&Cluster::long(), dir), line: "--task storage", code: 0 },
];

/// Every file of a directory, by name.
fn files(dir: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap());
    entries.map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap())).collect()
}

/// The book without SHA-256: they are those of the made files, which are not what is recorded.
fn without_digests(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut digits = 0;
    for c in text.chars() {
        digits = if c.is_ascii_hexdigit() { digits + 1 } else { 0 };
        out.push(c);
        if digits == 64 {
            out.truncate(out.len() - 64);
            out.push_str(&"0".repeat(64));
        }
    }
    out
}

fn holds_no_secret(name: &str, bytes: &[u8]) {
    for secret in secrets() {
        assert!(memchr::memmem::find(bytes, secret.as_bytes()).is_none(), "{name} holds {secret}");
    }
}

#[test]
fn books_are_as_recorded_and_hold_no_secret() {
    let update = std::env::var_os("ASSAY_UPDATE_SCREENS").is_some_and(|value| value == "1");
    let mut wrong = Vec::new();
    for Recorded { name, make, line, code } in RECORDED {
        let dir = tempfile::tempdir().unwrap();
        make(dir.path());
        let run = runbook(dir.path(), &format!("{line} --out book -o markdown"));
        assert_eq!(run.code, Some(code), "{name}: {}", run.err);
        holds_no_secret(name, run.err.as_bytes());
        let written = files(&dir.path().join("book"));
        let text = |wanted: &str| {
            let (_, bytes) = written.iter().find(|(name, _)| name == wanted).unwrap();
            String::from_utf8(bytes.clone()).unwrap()
        };
        written.iter().for_each(|(file, bytes)| holds_no_secret(&format!("{name}/{file}"), bytes));
        assert_eq!(text("runbook.md"), run.out, "{name}");
        let page = text("runbook.html");
        assert!(!page.contains("<script") && !page.contains("src=") && !page.contains("href=\"http"), "{name}");
        crate::valid::check(&text("runbook.json"));
        let document: Value = serde_json::from_str(&text("runbook.json")).unwrap();
        let book = &document["artifacts"][0];
        let wanted = book["files"].as_array().unwrap().iter().map(|file| file["name"].as_str().unwrap());
        for file in wanted {
            let found = written.iter().any(|(name, _)| name == file);
            assert!(found, "{name}: {file} is not written");
        }
        let path = golden().join(format!("{name}.md"));
        let out = without_digests(&run.out);
        if update {
            fs::create_dir_all(golden()).unwrap();
            fs::write(&path, &out).unwrap();
        } else {
            let recorded = fs::read_to_string(&path).unwrap_or_default();
            let differs = recorded.lines().zip(out.lines()).find(|(old, new)| old != new);
            if recorded != out {
                wrong.push((name, differs.map(|(old, new)| format!("{old} / {new}"))));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:?} are not as recorded; ASSAY_UPDATE_SCREENS=1 writes them anew");
}

/// Blocks of one language, as they stand.
fn fenced(text: &str, language: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut open: Option<(String, String, bool)> = None;
    for line in text.lines() {
        open = match open {
            Some((fence, body, wanted)) if line == fence => {
                found.extend(wanted.then_some(body));
                None
            }
            Some((fence, body, wanted)) => Some((fence, body + line + "\n", wanted)),
            None if line.starts_with("```") => {
                let ticks: String = line.chars().take_while(|c| *c == '`').collect();
                let wanted = line.trim_start_matches('`') == language;
                Some((ticks, String::new(), wanted))
            }
            None => None,
        };
    }
    assert!(open.is_none(), "a block is left open");
    found
}

#[test]
fn bash_reads_every_block_of_every_recorded_book() {
    let Some(mut bash) = fixtures::tool("bash") else { return };
    let mut script = String::new();
    let mut blocks = 0;
    for (name, bytes) in files(&golden()) {
        for block in fenced(&String::from_utf8(bytes).unwrap(), "sh") {
            script.push_str(&format!("# {name}\nblock() {{\n{block}}}\n"));
            blocks += 1;
        }
    }
    assert!(blocks > 200, "{blocks}");
    let told = said(bash.arg("-n"), &script);
    assert!(told.is_empty(), "{told}");
}

fn said(program: &mut Command, script: &str) -> String {
    let mut child = program.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let text = script.to_owned();
    let writer = std::thread::spawn(move || stdin.write_all(text.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success() || !output.stderr.is_empty());
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn the_wrong_release_is_the_first_thing_that_is_said() {
    let text = fs::read_to_string(golden().join("wrong-release.md")).unwrap();
    assert!(text.starts_with("# DO NOT restore this backup\n"), "{text:.200}");
    for name in ["short", "long", "single-node", "manual", "kubeadm", "quorum-lost", "keys-in-escrow"] {
        let text = fs::read_to_string(golden().join(format!("{name}.md"))).unwrap();
        assert!(!text.contains("DO NOT"), "{name}");
    }
    let lost = fs::read_to_string(golden().join("quorum-lost.md")).unwrap();
    assert!(lost.find("### Q-02").unwrap() < lost.find("### R-10").unwrap(), "without a backup first");
}

/// What is asked for and is not there ends in 2 and names what there is; a name that is taken is left alone.
#[test]
fn what_is_not_there_is_named() {
    let dir = tempfile::tempdir().unwrap();
    pair(&Cluster::short(), dir.path());
    fs::create_dir(dir.path().join("taken")).unwrap();
    for (line, said) in [
        ("--target 4.18.30 --recovery-host worker-0", "master-0, master-1, master-2"),
        ("--target 4.18.30 --lost master-7", "no node `master-7`"),
        ("--target 4.18.30 --at-step R-99", "no such step; it has"),
        ("--target 4.18.30 --at-step r-07a", "not to be done here"),
        ("", "give `--target VERSION`; the backup is of 4.18.30"),
        ("--target 4.18.30 --out taken", "there is one already"),
        ("--target 4.18.30 -o pdf", "invalid value 'pdf'"),
    ] {
        let run = runbook(dir.path(), line);
        assert_eq!(run.code, Some(2), "{line}: {}", run.err);
        assert!(run.err.contains(said) && run.out.is_empty(), "{line}: {}", run.err);
    }
    assert_eq!(files(&dir.path().join("taken")).len(), 0);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2, "nothing half-written is left");
}

/// Of several, the one that a restore takes; where that is not certain, all are named.
#[test]
fn a_directory_with_several_backups_gives_the_book_of_the_one_that_a_restore_takes() {
    let dir = tempfile::tempdir().unwrap();
    pair(&Cluster::short(), dir.path());
    let backup = dir.path().join("backup");
    let later = |name: &str| name.replace("2026-11-23_090915", "2026-11-24_090915");
    for (name, bytes) in files(&backup) {
        fs::write(backup.join(later(&name)), bytes).unwrap();
    }
    // its name tells another day than its data
    let run = runbook(dir.path(), "--target 4.18.30");
    assert_ne!(run.code, Some(2), "{}", run.err);
    assert!(run.out.contains("snapshot_2026-11-24_090915.db") && !run.out.contains("snapshot_2026-11-23_090915.db"));
    assert!(run.err.contains("of the 2 backups in the directory, a restore takes"), "{}", run.err);
    let other = tempfile::tempdir().unwrap();
    let there = other.path().join("backup");
    fs::create_dir(&there).unwrap();
    for (name, bytes) in files(&backup).into_iter().filter(|(name, _)| name.ends_with(".db")) {
        fs::write(there.join(name.replace("snapshot_", "etcd-")), bytes).unwrap();
    }
    let run = runbook(other.path(), "--target 4.18.30");
    assert_eq!(run.code, Some(2), "{}", run.err);
    assert!(run.err.contains("a book is of one backup, and it holds"), "{}", run.err);
}
