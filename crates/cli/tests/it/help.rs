//! Help that needs no network: `--help`, `man`, `completions`.

use std::collections::BTreeSet;
use std::fs;

use crate::run::run;

/// The commands that `--help` lists.
fn commands() -> BTreeSet<String> {
    commands_of(&run(&["--help"]).out)
}

/// The commands that a help text lists, under one title or under several.
pub(crate) fn commands_of(help: &str) -> BTreeSet<String> {
    let mut commands = BTreeSet::new();
    let mut listed = false;
    for line in help.lines() {
        match line.strip_prefix("  ") {
            Some(command) if listed && !command.starts_with(' ') => {
                commands.extend(command.split(' ').next().filter(|name| *name != "help").map(str::to_owned));
            }
            Some(_) => {}
            None => listed = line.starts_with("Commands") && line.ends_with(':'),
        }
    }
    commands
}

#[test]
fn every_command_explains_itself_with_an_example() {
    let commands = commands();
    assert!(commands.len() >= 2, "{commands:?}");
    for command in commands {
        let help = run(&[command.as_str(), "--help"]);
        assert_eq!(help.code, Some(0));
        assert!(help.out.contains(&format!("Usage: assay {command}")), "{}", help.out);
        assert!(help.out.contains(&format!("\n  assay {command}")), "{command}: no example");
        assert_eq!(help.err, "");
    }
}

#[test]
fn help_and_version_are_data_and_a_bare_call_is_a_mistake() {
    let help = run(&["--help"]);
    assert_eq!(help.code, Some(0));
    assert!(help.out.contains("Exit codes:") && help.err.is_empty());
    let version = run(&["--version"]);
    assert_eq!(version.out, format!("assay {}\n", env!("CARGO_PKG_VERSION")));
    assert_eq!(run(&["version"]).out, version.out);
    for (words, other) in [(&["help", "keys", "split"][..], &["keys", "split", "--help"][..]), (&["help"], &["--help"])]
    {
        let asked = run(words);
        assert_eq!((asked.code, asked.out), (Some(0), run(other).out), "{words:?}");
    }
    for line in help.out.lines().take_while(|line| !line.starts_with("Global options")) {
        assert!(line.chars().count() <= 80, "{line}");
    }
    assert!(help.out.contains("Commands to judge a backup:\n  verify"), "{}", help.out);
    let bare = run::<&str>(&[]);
    assert_eq!((bare.code, bare.out.as_str()), (Some(2), ""));
    assert!(bare.err.contains("Usage: assay"));
}

#[test]
fn a_wrong_call_ends_in_two_and_says_why() {
    for (line, message) in [
        (&["no-such-command"][..], "unrecognized subcommand"),
        (&["man", "--no-such-option"], "unexpected argument"),
        (&["completions", "cmd.exe"], "invalid value"),
        (&["man", "--threads", "0"], "invalid value"),
        (&["man", "no-such-page"], "there is no command `no-such-page`"),
        (&["man", "keys", "no-such-page"], "there is no command `keys no-such-page`"),
        (&["man", "x\u{1b}[2J"], "there is no command `x\\u{1b}[2J`"),
    ] {
        let run = run(line);
        assert_eq!((run.code, run.out.as_str()), (Some(2), ""), "{line:?}");
        assert!(run.err.contains(message), "{}", run.err);
    }
}

#[test]
fn there_is_a_page_for_every_command() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("man1");
    let written = run(&["man", "--out", out.to_str().unwrap()]);
    assert_eq!((written.code, written.out.as_str()), (Some(0), ""), "{}", written.err);
    let pages: BTreeSet<String> =
        fs::read_dir(&out).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    let mut expected: BTreeSet<String> = commands().iter().map(|command| format!("assay-{command}.1")).collect();
    expected.insert("assay.1".to_owned());
    let below: BTreeSet<(String, String)> = crate::canary_lines::commands()
        .iter()
        .filter_map(|command| command.split_once(' '))
        .map(|(group, command)| (group.to_owned(), command.to_owned()))
        .collect();
    assert!(below.contains(&("keys".into(), "verify-escrow".into())), "{below:?}");
    expected.extend(below.iter().map(|(group, command)| format!("assay-{group}-{command}.1")));
    for (group, command) in &below {
        let deeper = commands_of(&run(&[group.as_str(), command, "--help"]).out);
        expected.extend(deeper.iter().map(|part| format!("assay-{group}-{command}-{part}.1")));
    }
    assert_eq!(pages, expected);
    for (group, command) in below {
        let page = fs::read_to_string(out.join(format!("assay-{group}-{command}.1"))).unwrap();
        assert!(page.contains(&format!(".TH assay-{group}-{command} 1").to_uppercase()), "{page}");
        assert!(page.contains(&format!("assay {group} {command}").replace('-', "\\-")), "{page}");
        assert_eq!(run(&["man", &group, &command]).out, page);
    }
    for command in commands() {
        let page = fs::read_to_string(out.join(format!("assay-{command}.1"))).unwrap();
        assert!(page.contains(&format!(".TH assay-{command} 1").to_uppercase()), "{page}");
        assert_eq!(run(&["man", &command]).out, page);
    }
    assert!(run(&["man"]).out.contains(".TH ASSAY 1"));
    let Some(mut lint) = fixtures::tool("mandoc") else { return };
    let said = lint.arg("-Tlint").args(pages.iter().map(|page| out.join(page))).output().unwrap();
    assert!(said.status.success() && said.stdout.is_empty(), "{}", String::from_utf8_lossy(&said.stdout));
}

/// `scripts/check-release` runs them, and would find this out late.
#[test]
fn every_command_has_a_line_by_which_a_release_is_tried() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scripts/smoke-lines");
    let text = fs::read_to_string(path).unwrap();
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once("  "))
        .map(|(_, line)| line)
        .collect();
    for command in crate::canary_lines::commands() {
        let has =
            |line: &&str| line.strip_prefix(&command).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '));
        assert!(lines.iter().any(has), "scripts/smoke-lines has no line for `{command}`");
    }
}

#[test]
fn each_shell_gets_a_script_that_knows_the_commands() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = run(&["completions", shell]);
        assert_eq!((script.code, script.err.as_str()), (Some(0), ""));
        for command in commands() {
            assert!(script.out.contains(&command), "{shell}: {command}");
        }
    }
}

#[test]
fn findings_are_explained_by_family_and_completed() {
    let family = run(&["explain", "haz"]);
    let rows: Vec<&str> = family.out.lines().skip(1).map(|line| line.split_whitespace().next().unwrap()).collect();
    assert!(family.code == Some(0) && rows.len() > 5, "{}", family.out);
    assert!(rows.iter().all(|id| id.starts_with("HAZ-")), "{rows:?}");
    let both = run(&["explain", "HAZ", "SNAP-001", "--json"]);
    let document: serde_json::Value = serde_json::from_str(&both.out).unwrap();
    assert_eq!(document["artifacts"].as_array().unwrap().len(), rows.len() + 1);
    assert!(run(&["explain", "SNAP-001"]).out.contains("What to do"));
    let none = run(&["explain", "NOPE"]);
    assert!(none.code == Some(2) && none.err.contains("there is no finding `NOPE`"), "{}", none.err);
    let script = run(&["completions", "zsh"]).out;
    assert!(script.contains("SNAP-003") && script.contains("HAZ"));
    assert!(!run(&["explain", "--help"]).out.contains("SNAP-004"), "too many for a page of help");
}
