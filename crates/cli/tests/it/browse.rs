//! The browser on a terminal.

use std::process::Command;

use rustix::process::Signal;
use serde_json::Value;

use crate::fixture::{Fixture, named};
use crate::pty::{Ended, Tty};
use crate::run::{assay, run};

const USUAL: (u16, u16) = (80, 24);

/// The command line in an environment as people have it.
fn browse(fixture: &Fixture, more: &[&str]) -> Command {
    let snapshot = fixture.snapshot();
    let words: Vec<&str> = ["browse", snapshot.to_str().unwrap()].into_iter().chain(more.iter().copied()).collect();
    let mut command = assay(&words);
    command.env("TERM", "xterm").env("LANG", "C.UTF-8").env_remove("LC_ALL").env_remove("LC_CTYPE");
    command
}

/// A session that has read all keys.
fn ready(fixture: &Fixture, more: &[&str]) -> Tty {
    let mut tty = Tty::start(&browse(fixture, more), USUAL);
    tty.wait_for("structure sound");
    tty
}

/// Values of Secrets of a namespace, long enough not to turn up by chance.
fn secrets(fixture: &Fixture, namespace: &str, more: &[&str]) -> Vec<String> {
    let snapshot = fixture.snapshot();
    let line = ["get", snapshot.to_str().unwrap(), "-r", "secrets", "-n", namespace, "-o", "ndjson", "--reveal"];
    let line: Vec<&str> = line.into_iter().chain(more.iter().copied()).collect();
    let out = run(&line).out;
    let mut values = Vec::new();
    for object in out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()) {
        let data = object["object"]["data"].as_object().cloned().unwrap_or_default();
        values.extend(data.values().filter_map(Value::as_str).filter(|text| text.len() >= 16).map(|text| {
            // A line of the screen holds no more of it.
            text.chars().take(40).collect::<String>()
        }));
    }
    values
}

#[test]
fn a_secret_is_found_and_read_without_being_shown() {
    let fixture = named("plain-etcd36");
    let values = secrets(&fixture, "openshift-etcd", &[]);
    assert!(values.len() >= 2, "{values:?}");
    let mut tty = ready(&fixture, &[]);
    let screen = tty.wait_for("1 069 keys");
    assert!(screen.contains("rev 1289") && screen.contains("no keys") && screen.contains("secrets masked"), "{screen}");
    tty.press("/secrets openshift-etcd");
    tty.wait("hits", |screen| screen.contains("secrets openshift-etcd/"));
    tty.press("\r");
    tty.wait_for("hit 1 of");
    tty.press("\r");
    let screen = tty.wait("the object alone", |screen| screen.contains("kind: Secret") && screen.contains("Esc back"));
    assert!(screen.contains("<masked: "), "{screen}");
    assert!(
        screen.contains("secrets are masked") && screen.contains("/kubernetes.io/secrets/openshift-etcd/"),
        "{screen}"
    );
    tty.press("r");
    tty.wait_for("start with --reveal");
    tty.press("\t");
    let screen = tty.wait_for("created");
    assert!(screen.contains("protobuf"), "{screen}");
    tty.press("\u{1b}");
    tty.wait_for("Enter open");
    tty.press("q");
    let ended = tty.end();
    assert_eq!(ended.code(), 0, "{}", ended.left);
    for value in &values {
        assert!(!ended.showed(&value[..16]), "{value}");
    }
}

#[test]
fn what_was_allowed_on_the_command_line_is_revealed_on_demand() {
    let fixture = named("plain-etcd36");
    let values = secrets(&fixture, "openshift-etcd", &[]);
    let mut tty = ready(&fixture, &["--reveal"]);
    tty.press("/secrets openshift-etcd");
    tty.wait("hits", |screen| screen.contains("secrets openshift-etcd/"));
    tty.press("\r\r");
    tty.wait_for("secrets are masked");
    tty.press("r");
    tty.wait("a value", |screen| values.iter().any(|value| screen.contains(&value[..16])));
    assert!(tty.wait_for("secrets are REVEALED").contains("REVEALED"));
    tty.press("q");
    assert_eq!(tty.end().code(), 0);
}

#[test]
fn keys_open_what_is_encrypted() {
    let fixture = named("aescbc-rotated");
    let tarball = fixture.tarball();
    let with_keys = ["--keys", tarball.to_str().unwrap()];
    // Routes are sealed with keys that the snapshot itself holds, sealed.
    for (query, kind) in [("/secrets openshift-etcd", "kind: Secret"), ("/routes", "kind: Route")] {
        for (more, expected) in [(&[][..], "no keys were given"), (&with_keys, kind)] {
            let mut tty = ready(&fixture, more);
            tty.press(query);
            tty.wait_for(&query[..7]);
            tty.press("\r\r");
            tty.wait_for("key ");
            tty.wait("the object or why not", |screen| screen.contains(expected) || screen.contains("apiVersion"));
            tty.press("/kind");
            tty.wait_for(if more.is_empty() { expected } else { kind });
            tty.press("\u{3}");
            let ended = tty.end();
            assert_eq!(ended.code(), 0);
            assert_eq!(ended.showed("keys of static_kuberesources"), !more.is_empty());
        }
    }
}

#[test]
fn the_key_under_the_cursor_is_printed_on_leaving() {
    let fixture = named("plain-etcd36");
    let mut tty = ready(&fixture, &[]);
    tty.press("/nodes worker-2");
    tty.wait("nodes, not csinodes, first", |screen| {
        screen.lines().nth(2).is_some_and(|hit| hit.trim() == "nodes worker-2")
    });
    tty.press("\r");
    tty.wait_for("hit 1 of 2");
    tty.press("p");
    let ended = tty.end();
    assert_eq!((ended.code(), ended.left.trim()), (0, "/kubernetes.io/minions/worker-2"));
}

#[test]
fn signals_end_it_and_leave_the_terminal_as_it_was() {
    let fixture = named("members-m0");
    for (signal, number) in [(Signal::TERM, 15), (Signal::HUP, 1), (Signal::INT, 2)] {
        let tty = ready(&fixture, &[]);
        tty.signal(signal);
        assert_eq!(tty.end().code(), -number);
    }
}

#[test]
fn another_size_is_another_layout() {
    let mut tty = ready(&named("plain-etcd36"), &[]);
    tty.press("/minions worker-2");
    tty.wait_for("nodes worker-2");
    tty.press("\r\r");
    tty.wait("the object alone", |screen| screen.contains("apiVersion: v1") && !screen.contains('│'));
    tty.resize(120, 30);
    tty.wait("tree and object", |screen| screen.contains("apiVersion: v1") && screen.contains("▾ nodes"));
    tty.resize(20, 5);
    tty.wait("five lines", |screen| screen.contains("apiVersion") && !screen.contains("nodes"));
    tty.resize(80, 24);
    tty.wait("the hints again", |screen| screen.contains("Esc back"));
    tty.press("q");
    assert_eq!(tty.end().code(), 0);
}

fn leave(mut tty: Tty) -> Ended {
    tty.press("q");
    tty.end()
}

#[test]
fn colours_and_letters_are_those_of_the_terminal() {
    let fixture = named("plain-etcd36");
    let colored = |ended: &Ended| {
        // SGR 30 to 37 and 90 to 97, and the longer forms
        memchr::memmem::find_iter(&ended.bytes, b"\x1b[").any(|at| {
            let rest = &ended.bytes[at + 2..];
            let body: Vec<u8> =
                rest.iter().copied().take_while(|byte| byte.is_ascii_digit() || *byte == b';').collect();
            rest.get(body.len()) == Some(&b'm') && (body.starts_with(b"3") || body.starts_with(b"9")) && body != b"39"
        })
    };
    let usual = leave(ready(&fixture, &[]));
    assert!(colored(&usual) && !usual.bytes.is_ascii());
    let mut command = browse(&fixture, &[]);
    command.env("NO_COLOR", "1").env("LC_ALL", "C");
    let mut tty = Tty::start(&command, USUAL);
    tty.wait_for("structure sound");
    tty.press("jjj\r/a");
    tty.wait_for("/a");
    tty.press("\u{1b}");
    tty.wait_for("Enter open");
    let plain = leave(tty);
    assert!(!colored(&plain) && plain.bytes.is_ascii());
}

#[test]
fn keys_that_are_hostile_are_told_and_not_obeyed() {
    let fixture = named("odd-keys");
    let mut tty = ready(&fixture, &[]);
    // All of them: everything that holds an e or an o, one after the other.
    tty.press("d/");
    tty.wait_for("/");
    for letter in ["e", "\u{15}o", "\u{15}k"] {
        tty.press(letter);
    }
    tty.wait_for("/k");
    tty.press("\u{1b}");
    tty.wait_for("Enter open");
    for _ in 0..12 {
        tty.press("l");
        tty.press("j");
    }
    tty.press("G");
    tty.wait_for("Enter open");
    let ended = leave(tty);
    assert_eq!(ended.code(), 0, "{}", ended.left);
    let document: Value = serde_json::from_slice(&std::fs::read(fixture.path("odd-truth.json")).unwrap()).unwrap();
    let text = document.to_string();
    assert!(text.contains("key_hex"));
    for keys in text.split("\"key_hex\":\"").skip(1).map(|rest| rest.split('"').next().unwrap()) {
        let key: Vec<u8> =
            (0..keys.len() / 2).map(|at| u8::from_str_radix(&keys[2 * at..2 * at + 2], 16).unwrap()).collect();
        if key.iter().any(u8::is_ascii_control) {
            assert!(memchr::memmem::find(&ended.bytes, &key).is_none(), "{}", key.escape_ascii());
        }
    }
    let harmless = |byte: &u8| !byte.is_ascii_control() || matches!(byte, b'\x1b' | b'\r' | b'\n');
    assert!(ended.bytes.iter().all(harmless), "{:?}", ended.bytes.iter().find(|byte| !harmless(byte)));
}

#[test]
fn without_a_terminal_it_says_what_to_use() {
    let fixture = named("plain-etcd36");
    let output = browse(&fixture, &[]).output().unwrap();
    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("browse needs a terminal; use `assay ls` or `assay get`"), "{said}");
    let mut dumb = browse(&fixture, &[]);
    dumb.env("TERM", "dumb");
    let ended = Tty::start(&dumb, USUAL).end();
    assert_eq!(ended.code(), 2);
    assert!(ended.left.contains("browse needs a terminal"), "{}", ended.left);
}

#[test]
fn a_file_that_is_none_is_refused_before_the_terminal_is_touched() {
    let mut command = assay(&["browse", "/dev/null"]);
    command.env("TERM", "xterm");
    let ended = Tty::start(&command, USUAL).end();
    assert_eq!(ended.code(), 2);
    assert!(!ended.showed("\u{1b}[?1049h"), "{}", ended.left);
}

#[test]
fn a_terminal_that_goes_away_ends_it() {
    use std::io::Read;
    let command = browse(&named("members-m0"), &[]);
    let (mut child, mut main) = crate::pty::spawn(&command, USUAL);
    let mut seen = Vec::new();
    while memchr::memmem::find(&seen, b"structure sound").is_none() {
        let mut room = [0; 4096];
        let read = main.read(&mut room).unwrap();
        seen.extend_from_slice(&room[..read]);
    }
    drop(main);
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&child.wait().unwrap()), Some(1));
}
