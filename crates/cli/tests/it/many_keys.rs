//! Memory that each command may take, by the number of keys: 32 bytes for each of them, and a sum that does not depend on them.

use std::path::Path;
use std::process::Stdio;

use crate::run::{Run, assay};

/// Enough that a list of what is in them would not fit into the sum.
const KEYS: u64 = 200_000;
/// The same for what has two files at a time, and more threads.
const WRITTEN: u64 = 600_000;
/// Bytes for each key.
const EACH: u64 = 32;

/// Runs a command in a folder on two threads with so many MiB, as `ulimit -d` counts (heap and stacks, no mapped file), and
/// what so many keys are worth. What it prints is counted, not kept.
fn limited(folder: &Path, mebibytes: u64, keys: u64, words: &[&str]) -> Run {
    let plain = assay(words);
    let limit = (mebibytes << 10) + keys * EACH / 1024;
    let mut bash = fixtures::tool("bash").unwrap();
    bash.args(["-c", &format!("set -o pipefail; ulimit -d {limit}; \"$@\" | wc -l"), "bash"]).current_dir(folder);
    bash.arg(plain.get_program()).args(plain.get_args()).stdin(Stdio::null()).env("RAYON_NUM_THREADS", "2");
    bash.output().unwrap().into()
}

/// Runs commands on the snapshot `many.db` of so many keys, and says which end in another way than is told. Of each: MiB
/// whatever the keys, how often each key counts, how it ends, and its words.
fn hold(folder: &Path, keys: u64, commands: &[(u64, u64, i32, &[&str])]) {
    fixtures::many_keys(&folder.join("many.db"), keys);
    let mut others = Vec::new();
    for (mebibytes, times, code, words) in commands {
        let run = limited(folder, *mebibytes, times * keys, words);
        if run.code != Some(*code) {
            others.push(format!("{words:?} ends with {:?}: {}", run.code, run.err));
        }
    }
    assert!(others.is_empty(), "{}", others.join("\n"));
}

#[test]
fn no_command_takes_more_than_32_bytes_a_key() {
    let folder = tempfile::tempdir().unwrap();
    let commands: [(u64, u64, i32, &[&str]); 13] = [
        (28, 1, 0, &["verify", "many.db"]),
        (28, 1, 0, &["inspect", "many.db"]),
        (30, 1, 0, &["hash", "many.db"]),
        (26, 1, 0, &["ls", "many.db"]),
        (26, 1, 0, &["ls", "-o", "csv", "many.db"]),
        (26, 1, 0, &["ls", "-o", "sqlite", "--out", "many.sqlite", "many.db"]),
        (22, 1, 0, &["ls", "--all-revisions", "many.db"]),
        (36, 1, 0, &["timeline", "many.db"]),
        (40, 1, 0, &["du", "--json", "many.db"]),
        // what is in these keys is no object
        (34, 1, 1, &["get", "many.db", "configmaps", "-o", "yaml"]),
        (34, 1, 1, &["get", "many.db", "configmaps", "-l", "app=web", "--sort-by", ".metadata.name"]),
        (34, 1, 1, &["export", "many.db", "configmaps"]),
        // each of two snapshots has its keys
        (38, 2, 0, &["diff", "many.db", "many.db"]),
    ];
    hold(folder.path(), KEYS, &commands);
    assert!(folder.path().join("many.sqlite").metadata().unwrap().len() > KEYS * 50);
}

#[test]
fn what_writes_a_database_takes_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let commands: [(u64, u64, i32, &[&str]); 3] = [
        (36, 1, 0, &["rebuild", "--out", "new.db", "many.db"]),
        (37, 1, 0, &["rebuild", "--compact", "100", "--out", "compacted.db", "many.db"]),
        (48, 1, 0, &["rehearse", "--out", "made", "many.db"]),
    ];
    hold(folder.path(), WRITTEN, &commands);
}
