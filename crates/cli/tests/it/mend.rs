//! `mend`: what it writes, what it leaves alone, and what it says.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::fixture::named;
use crate::rebuild::Bench;
use crate::run::{json_of, run};

fn snapshot() -> Vec<u8> {
    named("plain-etcd34").bytes()
}

#[test]
fn what_a_hash_proves_is_written_and_nothing_else() {
    let bench = Bench::new();
    let original = snapshot();
    let damaged = [b"Starting pod ...\n", &original[..]].concat();
    let source = bench.write("source.db", &damaged);
    let told = json_of(&["mend", &source, "--out", &bench.text("new.db"), "--json"]);
    assert_eq!(told["verdict"], "pass");
    assert_eq!(told["artifacts"][0]["proof"], "hash");
    assert_eq!(told["artifacts"][0]["damage"][0]["name"], "foreign-bytes");
    assert!(fs::read(bench.path("new.db")).unwrap() == original);
    assert!(fs::read(&source).unwrap() == damaged, "the input was changed");
    let mode = fs::metadata(bench.path("new.db")).unwrap().permissions().mode();
    assert_eq!((mode & 0o777, bench.names()), (0o600, vec!["new.db".to_owned(), "source.db".to_owned()]));
    bench.refused(&["mend", &source, "--out", &bench.text("new.db")], "there is one already");
    bench.refused(&["mend", &bench.text("new.db"), "--out", &bench.text("again.db")], "there is nothing to mend");
    // its own end, and not more of it
    let twice = bench.write("twice.db", &[&original[..], b"\nRemoving debug pod ...\n"].concat());
    assert_eq!(run(&["mend", &twice, "--out", &bench.text("twice.out")]).code, Some(0));
    assert!(fs::read(bench.path("twice.out")).unwrap() == original);
}

#[test]
fn what_is_lost_is_told_and_nothing_is_written() {
    let bench = Bench::new();
    let original = snapshot();
    let mut flipped = original.clone();
    flipped[300_000] ^= 1;
    for (name, damaged, said) in [
        ("replaced", String::from_utf8_lossy(&original).into_owned().into_bytes(), "one and the same character"),
        ("seven", original.iter().map(|byte| byte & 0x7f).collect(), "seven bits"),
        ("cut", original[..original.len() - 5000].to_vec(), "its last 5000 bytes are missing"),
        ("wrong", [b"a line\n", &flipped[..]].concat(), "its SHA-256 is not that of its bytes"),
        ("flipped", flipped, "`assay verify` tells how"),
    ] {
        let source = bench.write(name, &damaged);
        let before = bench.names();
        let told = run(&["mend", &source, "--out", &bench.text("no.db")]);
        assert_eq!(told.code, Some(1), "{name}: {}", told.err);
        assert!(told.out.contains(said) && told.out.contains("nothing was written"), "{name}: {}", told.out);
        assert_eq!(bench.names(), before, "{name}");
    }
    let page = bench.write("page.html", b"<!DOCTYPE html><html><title>Sign in</title></html>");
    bench.refused(&["mend", &page, "--out", &bench.text("no.db")], "HTML");
}

#[test]
fn without_a_hash_the_structure_has_to_do_if_that_is_asked_for() {
    let bench = Bench::new();
    let original = snapshot();
    let bare = &original[..original.len() - 32];
    let source = bench.write("bare.db", &[b"a line\n", bare].concat());
    let told = run(&["mend", &source, "--out", &bench.text("new.db")]);
    assert_eq!((told.code, bench.names().len()), (Some(1), 1), "{}", told.err);
    assert!(told.out.contains("--without-hash"), "{}", told.out);
    let told = json_of(&["mend", &source, "--out", &bench.text("new.db"), "--without-hash", "--json"]);
    assert_eq!(told["artifacts"][0]["proof"], "structure");
    assert!(fs::read(bench.path("new.db")).unwrap() == bare);
    let line = ["mend", &bench.text("new.db"), "--out", &bench.text("same.db"), "--without-hash"];
    bench.refused(&line, "its pages are whole");
    // pages are where they belong, and one of them is damaged
    let mut damaged = bare.to_vec();
    damaged[138 * 4096..139 * 4096].fill(0);
    let source = bench.write("damaged.db", &[b"a line\n", &damaged[..]].concat());
    let before = bench.names();
    let told = run(&["mend", &source, "--out", &bench.text("other.db"), "--without-hash"]);
    assert_eq!((told.code, bench.names()), (Some(1), before), "{} {}", told.out, told.err);
}
