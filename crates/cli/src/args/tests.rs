use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser};

use super::*;
use crate::commands::Cli;

/// A command line with one command's arguments and the global ones.
#[derive(Debug, Parser)]
struct Alone<A: Args> {
    #[command(flatten)]
    args: A,
    #[command(flatten)]
    global: GlobalArgs,
}

fn parse<A: Args>(line: &[&str]) -> Result<Alone<A>, ErrorKind> {
    Alone::<A>::try_parse_from(std::iter::once("assay").chain(line.iter().copied())).map_err(|error| error.kind())
}

#[test]
fn the_command_line_is_sound() {
    Cli::command().debug_assert();
    Alone::<InspectArgs>::command().debug_assert();
    Alone::<VerifyArgs>::command().debug_assert();
    Alone::<HashArgs>::command().debug_assert();
    Alone::<LsArgs>::command().debug_assert();
    Alone::<ClusterArgs>::command().debug_assert();
    Alone::<ExplainArgs>::command().debug_assert();
}

#[test]
fn what_contradicts_itself_is_refused() {
    use ErrorKind::{ArgumentConflict, InvalidValue, MissingRequiredArgument, ValueValidation};
    for (line, kind) in [
        (&["s", "--all-revisions", "--rev", "3"][..], ArgumentConflict),
        (&["s", "--all-revisions", "--deleted"], ArgumentConflict),
        (&["s", "--salvage", "--rev", "3"], ArgumentConflict),
        (&["s", "--count", "-l"], ArgumentConflict),
        (&["s", "--count", "-0"], ArgumentConflict),
        (&["s", "-0", "--json"], ArgumentConflict),
        (&["s", "-0", "-o", "csv"], ArgumentConflict),
        (&["s", "--json", "-o", "csv"], ArgumentConflict),
        (&["s", "--force"], MissingRequiredArgument),
        (&["s", "--rev", "0"], ValueValidation),
        (&["s", "--quiet", "-v"], ArgumentConflict),
        (&["s", "--threads", "0"], ValueValidation),
        (&["s", "--max-expanded", "0"], ValueValidation),
        (&["s", "-o", "yaml"], InvalidValue),
        (&[], MissingRequiredArgument),
    ] {
        assert_eq!(parse::<LsArgs>(line).map(|_| ()), Err(kind), "{line:?}");
    }
    assert_eq!(parse::<HashArgs>(&["s", "--status", "--rev", "3"]).map(|_| ()), Err(ArgumentConflict));
    assert_eq!(parse::<VerifyArgs>(&["s", "--fail-on", "sometimes"]).map(|_| ()), Err(InvalidValue));
}

#[test]
fn defaults_are_those_of_the_contract() {
    let verify = parse::<VerifyArgs>(&["a", "b", "-"]).unwrap();
    assert_eq!(verify.args.paths, ["a", "b", "-"]);
    assert_eq!(verify.args.fail_on, FailOn::High);
    assert_eq!(verify.args.output.forms().unwrap()[0].format, VerdictFormat::Human);
    assert_eq!(verify.global.max_expanded, 16 << 30);
    assert_eq!(verify.global.threads, None);
    assert!(!verify.global.no_mmap);
    let json = parse::<VerifyArgs>(&["a", "--json"]).unwrap();
    assert_eq!(json.args.output.forms().unwrap()[0].format, VerdictFormat::Json);
}

#[test]
fn filters_of_keys_add_up() {
    let ls = parse::<LsArgs>(&["s", "/p", "-r", "secrets", "-r", "pods", "-n", "a", "-g", "*"]).unwrap().args;
    assert_eq!(ls.keys.resource, ["secrets", "pods"]);
    assert_eq!(ls.keys.namespace, ["a"]);
    assert_eq!(ls.keys.glob, ["*"]);
    assert_eq!(ls.prefix.unwrap(), "/p");
}

#[cfg(unix)]
#[test]
fn a_prefix_may_be_any_bytes() {
    use std::os::unix::ffi::OsStringExt;
    let prefix = OsString::from_vec(b"\xff/".to_vec());
    let ls = Alone::<LsArgs>::try_parse_from(["assay".into(), "s".into(), prefix.clone()]).unwrap();
    assert_eq!(ls.args.prefix, Some(prefix));
}
