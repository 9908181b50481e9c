//! How the program ends when its surroundings fail.

use std::fs::OpenOptions;
use std::io::{self, Read};
use std::process::{Command, Stdio};

use crate::fixture::named;
use crate::run::{Run, assay};

#[test]
fn a_reader_who_leaves_is_no_failure() {
    // The reading end is closed before the program writes its first byte.
    let (reader, writer) = io::pipe().unwrap();
    drop(reader);
    let run: Run = assay(&["completions", "bash"]).stdout(writer).output().unwrap().into();
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""));
}

#[test]
fn a_reader_who_leaves_gets_the_code_of_what_was_found() {
    let [old, new] = ["aescbc-rotated", "aesgcm-rotated"].map(|name| named(name).snapshot());
    for format in ["human", "json", "ndjson"] {
        let (reader, writer) = io::pipe().unwrap();
        drop(reader);
        let line = ["diff", "--all", "-o", format, old.to_str().unwrap(), new.to_str().unwrap()];
        let run: Run = assay(&line).stdout(writer).output().unwrap().into();
        assert_eq!(run.code, Some(1), "{format}: {}", run.err);
    }
}

#[test]
fn a_full_disk_is_one() {
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    let run: Run = assay(&["completions", "bash"]).stdout(full).output().unwrap().into();
    assert_eq!(run.code, Some(2));
    assert!(run.err.starts_with("error: cannot write standard output: No space left"), "{}", run.err);
}

#[test]
fn colour_on_standard_error_obeys_the_option_and_the_environment() {
    let error = |option: &str, name: &str| -> String {
        let mut command = assay(&["man", "no-such-page", "--color", option]);
        Run::from(command.env(name, "1").output().unwrap()).err
    };
    assert!(error("never", "CLICOLOR_FORCE").starts_with("error: "));
    assert!(error("auto", "CLICOLOR_FORCE").starts_with("\u{1b}["));
    assert!(error("always", "NO_COLOR").starts_with("\u{1b}["));
    assert!(error("auto", "NO_COLOR").starts_with("error: "));
    assert!(error("auto", "UNRELATED").starts_with("error: "), "a pipe is no terminal");
}

/// Not a test of its own: the process in which [`a_panic_is_one_line_without_content`] panics.
#[test]
#[expect(clippy::exit, reason = "the child's only way to tell its parent apart from the test harness")]
fn panicking_child() {
    if std::env::var_os("ASSAY_TEST_PANICS").is_some() {
        let code = cli::exit::guarded(|| panic!("the secret is {}", "hunter2"));
        let two = format!("{:?}", std::process::ExitCode::from(2));
        std::process::exit(if format!("{code:?}") == two { 42 } else { 43 });
    }
}

#[test]
fn a_panic_is_one_line_without_content() {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "endings::panicking_child", "--nocapture"])
        .env("ASSAY_TEST_PANICS", "1")
        .env("RUST_BACKTRACE", "0")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut err = String::new();
    child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(42), "{err}");
    assert_eq!(err.lines().count(), 1, "{err}");
    assert!(err.starts_with("error: internal error at "), "{err}");
    assert!(err.contains("endings.rs:") && err.contains("please report"), "{err}");
    assert!(!err.contains("hunter2"), "{err}");
}
