//! Help that needs no network: `--help`, `man`, `completions`.

use std::collections::BTreeSet;
use std::fs;

use crate::run::run;

/// The commands that `--help` lists.
fn commands() -> BTreeSet<String> {
    commands_of(&run(&["--help"]).out)
}

/// The commands that a help text lists.
fn commands_of(help: &str) -> BTreeSet<String> {
    let list = help.split_once("Commands:\n").unwrap().1;
    list.lines()
        .take_while(|line| !line.is_empty())
        .map(|line| line.split_whitespace().next().unwrap().to_owned())
        .filter(|command| command != "help")
        .collect()
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
    assert_eq!(pages, expected);
    for (group, command) in below {
        let page = fs::read_to_string(out.join(format!("assay-{group}-{command}.1"))).unwrap();
        assert!(page.contains(&format!(".TH assay-{group}-{command} 1")), "{page}");
        assert!(page.contains(&format!("assay {group} {command}").replace('-', "\\-")), "{page}");
        assert_eq!(run(&["man", &group, &command]).out, page);
    }
    for command in commands() {
        let page = fs::read_to_string(out.join(format!("assay-{command}.1"))).unwrap();
        assert!(page.contains(&format!(".TH assay-{command} 1")), "{page}");
        assert_eq!(run(&["man", &command]).out, page);
    }
    assert!(run(&["man"]).out.contains(".TH assay 1"));
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
