//! Memory that each command may take, by the number of keys: 32 bytes for each of them, and a sum that does not depend on them.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Stdio;

use crate::run::{Run, assay};

/// Enough that a list of what is in them would not fit into the sum.
const KEYS: u64 = 200_000;
/// Bytes for each key.
const EACH: u64 = 32;

/// Runs a command on two threads with so many MiB, as `ulimit -d` counts (heap and stacks, no mapped file), and what so many
/// keys are worth. What it prints is counted, not kept.
fn limited(mebibytes: u64, keys: u64, arguments: &[&OsStr]) -> Run {
    let plain = assay(arguments);
    let limit = (mebibytes << 10) + keys * EACH / 1024;
    let mut bash = fixtures::tool("bash").unwrap();
    bash.args(["-c", &format!("set -o pipefail; ulimit -d {limit}; \"$@\" | wc -l"), "bash"]);
    bash.arg(plain.get_program()).args(plain.get_args()).stdin(Stdio::null()).env("RAYON_NUM_THREADS", "2");
    bash.output().unwrap().into()
}

#[test]
fn no_command_takes_more_than_32_bytes_a_key() {
    let folder = tempfile::tempdir().unwrap();
    let (snapshot, table) = (folder.path().join("many.db"), folder.path().join("many.sqlite"));
    fixtures::many_keys(&snapshot, KEYS);
    let (snapshot, table) = (snapshot.as_os_str(), table.as_os_str());
    let commands: [(u64, u64, &[&str]); 10] = [
        (28, 1, &["verify"]),
        (28, 1, &["inspect"]),
        (30, 1, &["hash"]),
        (26, 1, &["ls"]),
        (26, 1, &["ls", "-o", "csv"]),
        (26, 1, &["ls", "-o", "sqlite", "--out", "TABLE"]),
        (22, 1, &["ls", "--all-revisions"]),
        (36, 1, &["timeline"]),
        (40, 1, &["du", "--json"]),
        // each of two snapshots has its keys
        (38, 2, &["diff", "SNAPSHOT"]),
    ];
    for (mebibytes, times, words) in commands {
        let mut arguments: Vec<&OsStr> = Vec::new();
        for word in words {
            arguments.push(match *word {
                "SNAPSHOT" => snapshot,
                "TABLE" => table,
                word => word.as_ref(),
            });
        }
        arguments.push(snapshot);
        let run = limited(mebibytes, times * KEYS, &arguments);
        assert_eq!(run.code, Some(0), "{words:?}: {}", run.err);
    }
    assert!(Path::new(table).metadata().unwrap().len() > KEYS * 50);
}
