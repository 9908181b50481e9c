//! What bash and shellcheck say of the commands.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::{Command, Stdio};

use crate::cases;

/// Each block of every book, once, as a function of its own: one process reads them all.
fn script() -> String {
    let mut blocks = BTreeMap::new();
    for world in cases::all().into_iter().chain(cases::elsewhere()).chain(cases::tasks()) {
        let book = world.book();
        for file in book.files.iter().filter(|file| file.name.ends_with(".sh")) {
            blocks.entry(file.text.clone()).or_insert(format!("{}, {}", world.name, file.name));
        }
        for step in book.steps {
            for block in step.blocks.iter().filter(|block| !block.commands.is_empty()) {
                let place = format!("{}, {}", world.name, step.id);
                blocks.entry(block.commands.join("\n")).or_insert(place);
            }
        }
    }
    let functions = blocks.iter().map(|(body, place)| format!("# {place}\nblock() {{\n{body}\n}}\n"));
    std::iter::once("#!/bin/bash\n".to_owned()).chain(functions).collect()
}

fn said(mut program: Command, script: &str) -> (bool, String) {
    program.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = program.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let text = script.to_owned();
    let writer = std::thread::spawn(move || stdin.write_all(text.as_bytes()));
    let output = child.wait_with_output().unwrap();
    let _ = writer.join();
    let told = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    (output.status.success(), told.join(""))
}

/// Check 3.
#[test]
fn bash_reads_every_block() {
    let Some(mut bash) = fixtures::tool("bash") else { return };
    bash.arg("-n");
    let (fine, told) = said(bash, &script());
    assert!(fine && told.is_empty(), "{told}");
}

/// A block that is broken is seen: the test above would else hold nothing.
#[test]
fn bash_does_not_read_a_broken_block() {
    let Some(mut bash) = fixtures::tool("bash") else { return };
    bash.arg("-n");
    assert!(!said(bash, "block() {\necho 'a\n}\n").0);
}

#[test]
fn shellcheck_has_nothing_to_say_of_a_block() {
    let Some(mut shellcheck) = fixtures::tool("shellcheck") else { return };
    // SC2016: that nothing expands in a name is what it is quoted for. SC2317: the functions are never called
    shellcheck.args(["--shell=bash", "--severity=style", "--exclude=SC2016,SC2317", "-"]);
    let (fine, told) = said(shellcheck, &script());
    assert!(fine, "{}", told.lines().take(60).collect::<Vec<_>>().join("\n"));
}
