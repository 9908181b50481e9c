//! The browser on a terminal.

mod secrets;

use std::process::Command;

use rustix::process::Signal;
use serde_json::Value;

use crate::fixture::{Fixture, named};
use crate::pty::{self, Ended, Tty};
use crate::run::{assay, run};

const USUAL: (u16, u16) = (80, 24);

/// The command line in an environment as people have it.
fn browse(fixture: &Fixture, more: &[&str]) -> Command {
    let snapshot = fixture.snapshot();
    let words: Vec<&str> = ["browse", snapshot.to_str().unwrap()].into_iter().chain(more.iter().copied()).collect();
    on_terminal(&words)
}

fn on_terminal(words: &[&str]) -> Command {
    let mut command = assay(words);
    command.env("TERM", "xterm").env("LANG", "C.UTF-8").env_remove("LC_ALL").env_remove("LC_CTYPE");
    command
}

/// A session that has read all keys.
fn ready(fixture: &Fixture, more: &[&str]) -> Tty {
    let mut tty = Tty::start(&browse(fixture, more), USUAL);
    tty.wait_for("structure sound");
    tty
}

#[test]
fn the_key_under_the_cursor_is_printed_on_leaving() {
    if pty::is_absent() {
        return;
    }
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
    if pty::is_absent() {
        return;
    }
    let fixture = named("members-m0");
    for (signal, number) in [(Signal::TERM, 15), (Signal::HUP, 1), (Signal::INT, 2)] {
        let tty = ready(&fixture, &[]);
        tty.signal(signal);
        assert_eq!(tty.end().code(), -number);
    }
}

#[test]
fn another_size_is_another_layout() {
    if pty::is_absent() {
        return;
    }
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
    if pty::is_absent() {
        return;
    }
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
    if pty::is_absent() {
        return;
    }
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
    if pty::is_absent() {
        return;
    }
    // On a terminal, but not with both ends of it, or one that can do nothing.
    for (redirected, term) in
        [("</dev/null", Some("xterm")), (">/dev/null", Some("xterm")), ("", Some("dumb")), ("", Some("")), ("", None)]
    {
        let usual = browse(&fixture, &[]);
        let mut shell = fixtures::tool("sh").unwrap();
        shell.arg("-c").arg(format!("\"$@\" {redirected}")).arg("sh");
        shell.arg(usual.get_program()).args(usual.get_args());
        match term {
            Some(term) => shell.env("TERM", term),
            None => shell.env_remove("TERM"),
        };
        let ended = Tty::start(&shell, USUAL).end();
        assert_eq!(ended.code(), 2, "{redirected} {term:?}: {}", ended.left);
        assert!(ended.left.contains("browse needs a terminal"), "{redirected} {term:?}: {}", ended.left);
        assert!(!ended.showed("\u{1b}[?"), "{redirected} {term:?}: the terminal was touched");
    }
}

#[test]
fn a_file_that_is_none_is_refused_before_the_terminal_is_touched() {
    if pty::is_absent() {
        return;
    }
    let mut command = assay(&["browse", "/dev/null"]);
    command.env("TERM", "xterm");
    let ended = Tty::start(&command, USUAL).end();
    assert_eq!(ended.code(), 2);
    assert!(!ended.showed("\u{1b}[?1049h"), "{}", ended.left);
}

#[test]
fn a_terminal_that_goes_away_ends_it() {
    if pty::is_absent() {
        return;
    }
    let status = ready(&named("members-m0"), &[]).hang_up();
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(1), "{status}");
}

#[test]
fn a_window_of_twenty_columns_and_five_lines_does() {
    if pty::is_absent() {
        return;
    }
    let mut tty = Tty::start(&browse(&named("plain-etcd36"), &[]), (20, 5));
    let screen = tty.wait_for("structure sound");
    assert_eq!(screen.lines().count(), 5, "{screen}");
    tty.press("/nodes worker-2");
    tty.wait_for("nodes worker-2");
    tty.press("\r\r");
    tty.wait_for("apiVersion: v1");
    tty.press("\t");
    tty.wait_for("changed");
    tty.press("?");
    tty.wait_for("assay browse: keys");
    tty.press("q");
    tty.wait("the history again", |screen| !screen.contains("assay browse: keys"));
    assert_eq!(leave(tty).code(), 0);
}

#[test]
fn what_is_deleted_has_a_last_value_and_a_history() {
    if pty::is_absent() {
        return;
    }
    let path = fixtures::named("after-deletes").path("snapshot.db.gz");
    let gone = run(&["ls", path.to_str().unwrap(), "--deleted"]).out;
    let key = gone.lines().next().unwrap().split_whitespace().next().unwrap().to_owned();
    let mut tty = Tty::start(&on_terminal(&["browse", path.to_str().unwrap()]), USUAL);
    let screen = tty.wait_for("structure sound");
    assert!(screen.contains("10 objects deleted, not yet compacted"), "{screen}");
    tty.press("d");
    tty.wait_for("280 keys, 10 deleted");
    tty.press("/");
    tty.press(key.rsplit_once('/').unwrap().1);
    tty.press(" ");
    tty.press(key.split('/').nth(3).unwrap());
    tty.wait_for("× secrets ns-");
    tty.press("\r\r");
    tty.wait("the object and that it is gone", |screen| screen.contains(&key) && screen.contains("DELETED at "));
    tty.press("\t");
    tty.wait("its end", |screen| screen.contains("deleted") && screen.contains("compacted up to 1056"));
    tty.press("\u{1b}");
    tty.wait_for("Enter open");
    tty.press("p");
    let ended = tty.end();
    assert_eq!((ended.code(), ended.left.trim()), (0, key.as_str()));
}

#[test]
fn damage_is_told_with_its_place() {
    if pty::is_absent() {
        return;
    }
    const PAGE: usize = 4096;
    let mut bytes = named("plain-etcd36").bytes();
    let mut damaged = Vec::new();
    for (number, page) in bytes.chunks_exact_mut(PAGE).enumerate() {
        // leaves, in use or not: of the page header {8 id, 2 flags, 2 count, 4 overflow} the flags say so
        if page[8..10] == [2, 0] && memchr::memmem::find(page, b"/kubernetes.io/events/").is_some() {
            page.fill(0xa5);
            damaged.push(number);
        }
    }
    assert!(!damaged.is_empty());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("damaged.db");
    std::fs::write(&path, &bytes).unwrap();
    let mut tty = Tty::start(&on_terminal(&["browse", path.to_str().unwrap()]), USUAL);
    let screen = tty.wait_for("DAMAGED: ");
    let place = screen.split_once("first on page ").map(|(_, rest)| rest.split(' ').next().unwrap().to_owned());
    assert!(place.is_some_and(|place| damaged.contains(&place.parse().unwrap())), "{screen}");
    tty.press("/nodes worker-2");
    tty.wait_for("nodes worker-2");
    tty.press("\r\t\t");
    tty.wait_for("file damaged: revisions may be missing");
    let ended = leave(tty);
    assert_eq!(ended.code(), 1, "{}", ended.left);
    let said = ended.left.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("is damaged (") && said.contains("`assay verify /"), "{said}");
    assert!(said.contains("` tells more"), "{said}");
}
