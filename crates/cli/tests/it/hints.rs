//! The commands that messages advise work when they are pasted.

use std::path::Path;

use fixtures::named;
use snapshot_builder::{Builder, Put};

use crate::run::{Run, assay, run};

/// The commands in backticks that hints and warnings name.
fn commands(said: &str) -> Vec<String> {
    let parts = said.split('`').skip(1).step_by(2);
    parts.filter(|part| part.starts_with("assay ")).map(str::to_owned).collect()
}

/// Pastes a command into a shell that has this assay.
fn paste(command: &str, folder: &Path) -> Run {
    let binary = Path::new(env!("CARGO_BIN_EXE_assay")).parent().unwrap();
    let paths = format!("{}:{}", binary.to_str().unwrap(), std::env::var("PATH").unwrap_or_default());
    let mut shell = fixtures::tool("bash").unwrap();
    shell.args(["-c", command]).env("PATH", paths).current_dir(folder);
    shell.stdin(std::process::Stdio::null()).output().unwrap().into()
}

/// What came of the first command that something said.
pub(crate) fn pasted(said: &str) -> Run {
    let commands = commands(said);
    let folder = tempfile::tempdir().unwrap();
    paste(commands.first().unwrap_or_else(|| panic!("no command in: {said}")), folder.path())
}

/// Files that each lack something, under a name that a shell takes apart.
fn bench(folder: &Path) {
    let whole = named("plain-etcd34").bytes();
    let write = |name: &str, bytes: &[u8]| std::fs::write(folder.join(name), bytes).unwrap();
    let mut metas = whole.clone();
    metas[..8192].fill(0);
    let mut leaf = whole.clone();
    let middle = leaf.len() / 2 / 4096 * 4096;
    leaf[middle..middle + 4096].fill(0);
    write("whole one.db", &whole);
    write("no metas.db", &metas);
    write("no leaf.db", &leaf);
    write("cut.db", &whole[..whole.len() / 2 / 4096 * 4096]);
    let mut builder = Builder::new();
    let put =
        |value: &'static [u8], main| Put { key: b"/k/it's", value, create: main, modified: main, version: 1, lease: 0 };
    builder.put(2, 0, &put(b"a", 2)).delete(3, 0, "/k/it's");
    write("deleted.db", &builder.build());
    let mut builder = Builder::new();
    builder.put(2, 0, &put(b"a", 2)).delete(3, 0, "/k/it's").compacted(3, Some(3));
    write("compacted.db", &builder.build());
    std::fs::create_dir(folder.join("a folder")).unwrap();
    std::fs::copy(folder.join("whole one.db"), folder.join("a folder/snapshot_2026-11-23_010203.db")).unwrap();
}

#[test]
fn commands_that_messages_advise_work_when_pasted() {
    let folder = tempfile::tempdir().unwrap();
    bench(folder.path());
    let mut pasted = std::collections::BTreeSet::new();
    for line in [
        &["get", "whole one.db", "nodes/nope"][..],
        &["get", "whole one.db", "--exact", "/no/such\\n"],
        &["get", "whole one.db", "pods/nope", "-n", "it's"],
        &["get", "deleted.db", "/k/it's"],
        &["get", "compacted.db", "/k/it's"],
        &["get", "whole one.db", "qqqq"],
        &["history", "whole one.db", "nodes/nope"],
        &["ls", "no metas.db"],
        &["get", "no leaf.db", "nodes/nope"],
        &["ls", "no leaf.db"],
        &["ls", "cut.db"],
        &["get", "cut.db", "nodes"],
        &["timeline", "no leaf.db"],
        &["du", "no leaf.db"],
        &["rebuild", "no leaf.db", "--out", "x.db"],
        &["ls", "a folder"],
        &["page", "whole one.db", "99999999"],
        &["bucket", "whole one.db", "nope"],
        &["explain", "NOPE-001"],
        &["man", "nope"],
        &["policy", "check", "no-policy.toml"],
    ] {
        let told: Run = assay(line).current_dir(folder.path()).output().unwrap().into();
        for command in commands(&told.err) {
            let run = paste(&command, folder.path());
            let mistaken =
                ["For more information", "for usage, add", "no such file"].iter().any(|text| run.err.contains(text));
            assert!(run.code.is_some_and(|code| code < 2 || !mistaken), "{line:?} advises `{command}`: {}", run.err);
            pasted.insert(command.split(' ').nth(1).unwrap().to_owned());
        }
    }
    assert!(pasted.len() >= 8, "{pasted:?}");
    assert_eq!(run(&["--version"]).code, Some(0));
}
