//! Every ```` ```console ```` block: its `$ ` lines are run, and what they print is what stands below them.
//!
//! Each page has a folder of its own, in which `fixtures` and `recipes` are the repository's, so that screens read as if run at the
//! root and files they write are gone afterwards. A line `...` stands for any lines, `[..]` inside a line for
//! anything. `$?` is the exit code of the line before. `sqlite3 FILE "SQL"` is answered by the SQLite that assay itself
//! is built with, since the shell's need not be installed; nor need age: `age-keygen` hands out recorded identities.

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use super::page::{pages, read, rewrite, updating};
use crate::support::root;

/// A `$ ` line and where its output stands in the page.
struct Step {
    line: usize,
    command: String,
    expected: Vec<String>,
}

/// The steps of a page, in order.
fn steps(page: &str, text: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut inside = false;
    let mut continued = false;
    let mut begun = false;
    for (number, line) in text.lines().enumerate() {
        if line == "```console" {
            (inside, begun) = (true, false);
        } else if line == "```" {
            inside = false;
        } else if inside && continued {
            let step = steps.last_mut().unwrap();
            step.command += line.trim_start();
            step.line = number + 1;
        } else if inside && let Some(command) = line.strip_prefix("$ ") {
            begun = true;
            steps.push(Step { line: number + 1, command: command.to_owned(), expected: Vec::new() });
        } else if inside {
            assert!(begun, "{page}:{}: output before any `$ ` line", number + 1);
            steps.last_mut().unwrap().expected.push(line.to_owned());
        }
        continued = inside && (line.starts_with("$ ") || continued) && line.ends_with('\\');
        if continued {
            let step = steps.last_mut().unwrap();
            step.command.pop();
        }
    }
    assert!(!inside, "{page}: a block does not end");
    steps
}

/// Runs a line; gives its exit code and its output, both streams as a terminal shows them.
fn run(command: &str, folder: &Path, before: i32) -> (i32, Vec<String>) {
    if let Some(answer) = sqlite(command, folder) {
        return (0, answer);
    }
    let (mut reader, writer) = std::io::pipe().unwrap();
    let mut shell = fixtures::tool("sh").unwrap();
    shell.arg("-c").arg(format!("(exit {before})\n{command}")).current_dir(folder);
    shell.env("PATH", folder.join(".bin")).env("HOME", folder).env("LC_ALL", "C").env("TZ", "UTC");
    // what a page shows must not end with the certificates of a fixture
    shell.env("ASSAY_NOW", "2026-11-29T12:00:00Z");
    for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "RUST_BACKTRACE", "COLUMNS"] {
        shell.env_remove(name);
    }
    shell.stdin(Stdio::null()).stdout(writer.try_clone().unwrap()).stderr(writer);
    let mut child = shell.spawn().unwrap();
    drop(shell); // the writing end that it holds
    let mut printed = String::new();
    reader.read_to_string(&mut printed).unwrap();
    let code = child.wait().unwrap().code().expect("no signal");
    let mut lines: Vec<String> = printed.lines().map(|line| line.trim_end().to_owned()).collect();
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    (code, lines)
}

/// What the `sqlite3` of the shell would print for `sqlite3 FILE "SQL"`.
fn sqlite(command: &str, folder: &Path) -> Option<Vec<String>> {
    let (file, query) = command.strip_prefix("sqlite3 ")?.split_once(' ')?;
    let query = query.strip_prefix('"')?.strip_suffix('"')?;
    let database = rusqlite::Connection::open(folder.join(file)).unwrap();
    let mut statement = database.prepare(query).unwrap_or_else(|error| panic!("{command}: {error}"));
    let columns = statement.column_count();
    let mut rows = statement.query([]).unwrap();
    let mut lines = Vec::new();
    while let Some(row) = rows.next().unwrap() {
        let cell = |column| match row.get_ref(column).unwrap() {
            rusqlite::types::ValueRef::Null => String::new(),
            rusqlite::types::ValueRef::Integer(number) => number.to_string(),
            rusqlite::types::ValueRef::Real(number) => number.to_string(),
            rusqlite::types::ValueRef::Text(bytes) | rusqlite::types::ValueRef::Blob(bytes) => {
                String::from_utf8_lossy(bytes).into_owned()
            }
        };
        lines.push((0..columns).map(cell).collect::<Vec<_>>().join("|"));
    }
    Some(lines)
}

/// Whether lines are as expected, `...` and `[..]` standing for anything.
fn matches(expected: &[String], got: &[String]) -> bool {
    match (expected.split_first(), got.split_first()) {
        (None, None) => true,
        (Some((first, rest)), _) if first.trim() == "..." => (0..=got.len()).any(|skip| matches(rest, &got[skip..])),
        (Some((first, rest)), Some((line, others))) => line_matches(first, line) && matches(rest, others),
        _ => false,
    }
}

fn line_matches(expected: &str, got: &str) -> bool {
    let mut parts = expected.split("[..]");
    let Some(mut rest) = parts.next().and_then(|first| got.strip_prefix(first)) else { return false };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    true
}

/// Public halves of the throw-away identities in `crates/key-escrow/tests/data/escrow-v1/identities.txt`.
pub(super) const RECIPIENTS: [&str; 3] = [
    "age17xcex3p3cpa0zhx4743llarhxyps7ec8gk9q4293v6ncr7x7w5fsq9au6j",
    "age1fxepwt5q38dus4x83mjufd8a74c9gl9cjxl2nwl4y80jdjsxfafq8ykk8j",
    "age1uep75gyc4t0dd2dcwephdkl3h2xawulfsq0kf5mzkxy97y5adg2q5fa2un",
];

/// Puts an `age-keygen` there that answers `-o FILE` as the real one does, with the next recorded identity.
fn place_age_keygen(bin: &Path) {
    let identities = fs::read_to_string(root().join("crates/key-escrow/tests/data/escrow-v1/identities.txt")).unwrap();
    let secrets = identities.lines().filter(|line| line.starts_with("AGE-SECRET-KEY-"));
    for (number, (secret, recipient)) in secrets.zip(RECIPIENTS).enumerate() {
        let identity = format!("# created: 2026-11-23T09:09:15Z\n# public key: {recipient}\n{secret}\n");
        fs::write(bin.join(format!("identity.{number}")), identity).unwrap();
    }
    let script = "#!/bin/sh\n\
        [ $# = 2 ] && [ \"$1\" = -o ] || exit 2\n\
        for next in \"${0%/*}\"/identity.*; do mv \"$next\" \"$2\"; break; done\n\
        sed -n 's/^# public key/Public key/p' \"$2\" >&2\n";
    let path = bin.join("age-keygen");
    fixtures::program(&path, script);
}

/// What a page may run: assay, and the programs that every machine which runs the tests has.
fn place_programs(bin: &Path) {
    fs::create_dir(bin).unwrap();
    symlink(env!("CARGO_BIN_EXE_assay"), bin.join("assay")).unwrap();
    for name in BESIDE {
        if let Some(place) = beside(name) {
            symlink(place, bin.join(name)).unwrap();
        }
    }
    for (name, place) in fixtures::programs().filter_map(|(name, _)| Some((name, fixtures::place_of(name)?))) {
        symlink(place, bin.join(name)).unwrap();
    }
    if let Some(folder) = fixtures::fleet_peer("kubectl") {
        symlink(folder.join("kubectl"), bin.join("kubectl")).unwrap();
    }
    place_age_keygen(bin);
}

/// The programs beside assay.
const BESIDE: [&str; 2] = ["assay-fleet", "assay-serve"];

/// One of them, which tests of the whole workspace build, too.
fn beside(name: &str) -> Option<PathBuf> {
    Some(Path::new(env!("CARGO_BIN_EXE_assay")).with_file_name(name)).filter(|place| place.is_file())
}

/// Whether what a page runs is there; where it is not, that is said, and in CI it is a failure.
fn can_run(page: &str) -> bool {
    let missing = match page {
        "docs/fleet.md" => beside("assay-fleet").is_none().then_some("assay-fleet"),
        "docs/serve.md" if fixtures::fleet_peer("kubectl").is_none() => return false,
        "docs/serve.md" => beside("assay-serve").is_none().then_some("assay-serve"),
        _ => None,
    };
    let Some(missing) = missing else { return true };
    assert!(std::env::var_os("CI").is_none(), "{page}: {missing} is missing in CI");
    let said = format!("SKIPPED: {page}: {missing} is to be built first, by a test of the whole workspace\n");
    let _ = std::io::stderr().write_all(said.as_bytes());
    false
}

/// Runs a page; gives the steps whose output is not what stands there, with what they printed.
fn wrong(page: &str, text: &str) -> Vec<(Step, Vec<String>)> {
    let folder = tempfile::tempdir().unwrap();
    place_programs(&folder.path().join(".bin"));
    for name in ["fixtures", "recipes"] {
        symlink(root().join(name).canonicalize().unwrap(), folder.path().join(name)).unwrap();
    }
    let mut before = 0;
    let mut wrong = Vec::new();
    for step in steps(page, text) {
        let (code, printed) = run(&step.command, folder.path(), before);
        before = code;
        let vacuous = !step.expected.is_empty() && step.expected.iter().all(|line| line.trim() == "...");
        assert!(!vacuous, "{page}:{}: `...` alone holds nothing", step.line);
        let mut expected = step.expected.clone();
        while expected.last().is_some_and(String::is_empty) {
            expected.pop();
        }
        if !matches(&expected, &printed) {
            wrong.push((step, printed));
        }
    }
    wrong
}

/// Puts what was printed in the place of what stands there, from the last step to the first.
fn corrected(text: &str, wrong: &[(Step, Vec<String>)]) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for (step, printed) in wrong.iter().rev() {
        lines.splice(step.line..step.line + step.expected.len(), printed.iter().cloned());
    }
    lines.join("\n") + "\n"
}

#[test]
fn every_screen_is_what_assay_prints() {
    let mut count = 0;
    let mut complaints = String::new();
    for page in pages().into_iter().filter(|page| can_run(page)) {
        count += steps(&page, &read(&page)).len();
        if updating() {
            rewrite(&page, |text| corrected(&text, &wrong(&page, &text)));
        }
        // Written by an update with the wrong binary, these would stand as screens for ever.
        for never in ["error: unrecognized subcommand", "error: unexpected argument", "error: internal error"] {
            assert!(!read(&page).contains(never), "{page} shows `{never}`");
        }
        for (step, printed) in wrong(&page, &read(&page)) {
            let (expected, printed) = (step.expected.join("\n"), printed.join("\n"));
            complaints +=
                &format!("{page}:{}: $ {}\n--- page\n{expected}\n--- assay\n{printed}\n\n", step.line, step.command);
        }
    }
    assert!(complaints.is_empty(), "\n{complaints}");
    assert!(count >= 25, "only {count} screens");
}

#[test]
fn wildcards_stand_for_what_varies_and_for_nothing_else() {
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    for (expected, got, same) in [
        ("a\nb", "a\nb", true),
        ("a", "a\nb", false),
        ("a\nb", "a", false),
        ("a\n...", "a\nb\nc", true),
        ("...\nc", "a\nb\nc", true),
        ("a\n...\nc", "a\nb", false),
        ("a [..] c", "a b c", true),
        ("a [..] c [..]", "a b c d", true),
        ("a [..] c", "a b d", false),
        ("a[..]", "b", false),
        ("[..]aa", "a", false),
    ] {
        assert_eq!(matches(&lines(expected), &lines(got)), same, "{expected:?} {got:?}");
    }
}

#[test]
fn a_screen_that_is_wrong_is_found_and_put_right() {
    let text = "x\n```console\n$ echo one; echo \\\n    two\none\n2\n$ false\n$ echo $?\n0\n```\ny\n";
    let found = wrong("a page", text);
    assert_eq!(found.len(), 2);
    assert_eq!(found[0].1, ["one", "two"]);
    let right = corrected(text, &found);
    assert_eq!(right, "x\n```console\n$ echo one; echo \\\n    two\none\ntwo\n$ false\n$ echo $?\n1\n```\ny\n");
    assert!(wrong("a page", &right).is_empty());
}
