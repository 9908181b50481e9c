//! What holds where the command line does not say: the environment, then `assay.toml` in the working directory, then the
//! user's own, then the defaults.
//!
//! What is found becomes the default of an option, so the line wins, and an option on the line that goes against it takes its
//! place. A setting that is not known is refused: a limit that is misspelt would protect nothing. No option that names what
//! opens secrets can be set, and none that has assay write or show something.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command};
use toml::Spanned;
use toml::de::{DeTable, DeValue};
use wording::{clip, escape_path, inert};

use crate::exit::Error;

/// What the file is called.
const NAME: &str = "assay.toml";
/// The largest there is, in bytes.
const LARGEST: u64 = 64 << 10;
/// Options of every command that can be set; of the time of a run, the environment alone may say.
const GLOBAL: [&str; 7] = ["color", "progress", "quiet", "verbose", "threads", "no-mmap", "max-expanded"];
/// Options of commands that can be set, where a command has them.
const OF_COMMANDS: [&str; 6] = ["fail-on", "max-age", "newest", "platform", "policy", "target"];
/// Those that are paths, from the file's directory on.
const PATHS: [&str; 1] = ["policy"];
/// What stands in secrets and in nothing else.
const SECRETS: [&str; 4] = ["AGE-SECRET-KEY-", "AGE-PLUGIN-", "-----BEGIN", "::server:"];

/// A setting, and who says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Setting {
    /// The command whose option it is; `None`: of every command.
    command: Option<String>,
    /// The option, as it is typed, without its dashes.
    option: String,
    value: String,
    /// Who says so: `environment: ASSAY_THREADS`, `assay.toml, line 3`.
    pub(crate) says: String,
}

/// All settings, those that win first.
#[derive(Debug, Clone, Default)]
pub(crate) struct Settings(Vec<Setting>);

impl Settings {
    /// Those of this process: its environment, its working directory, its user.
    pub(crate) fn of_process(cli: &Command) -> Result<Self, Error> {
        let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        let mut settings = of_environment(cli, &variable)?;
        let home = || Some(PathBuf::from(variable("HOME")?).join(".config"));
        let own = variable("XDG_CONFIG_HOME").map(PathBuf::from).filter(|path| path.is_absolute()).or_else(home);
        let own = own.map(|folder| folder.join("assay").join(NAME));
        for file in [Some(PathBuf::from(NAME)), own].into_iter().flatten() {
            settings.extend(of_file(cli, &file)?);
        }
        Ok(Self(settings))
    }

    /// What holds for an option of a command, or for one of every command, where the line does not say.
    pub(crate) fn of(&self, command: Option<&str>, option: &Arg) -> Option<(&str, &str)> {
        let long = option.get_long()?;
        let is = |it: &&Setting| it.option == long && (it.command.is_none() || it.command.as_deref() == command);
        self.0.iter().find(is).map(|it| (it.value.as_str(), it.says.as_str()))
    }

    /// The command line with what is set as its defaults; `said` is the line alone, which tells what goes against a setting.
    pub(crate) fn as_defaults(&self, cli: Command, said: &ArgMatches) -> Command {
        let (command, leaf) = match said.subcommand() {
            Some((name, leaf)) => (Some(name.to_owned()), leaf),
            None => (None, said),
        };
        let mut cli = cli;
        for option in cli.clone().get_arguments().filter(|option| option.is_global_set()) {
            if let Some(value) = self.default_of(None, option, &cli, leaf) {
                cli = cli.mut_arg(option.get_id(), |option| option.default_value(value));
            }
        }
        let Some(name) = command.filter(|name| cli.find_subcommand(name).is_some()) else { return cli };
        cli.mut_subcommand(name.clone(), |mut command| {
            for option in command.clone().get_arguments().filter(|option| !option.is_global_set()) {
                if let Some(value) = self.default_of(Some(&name), option, &command, leaf) {
                    command = command.mut_arg(option.get_id(), |option| option.default_value(value));
                }
            }
            command
        })
    }

    /// The default that a setting gives an option; none where the line goes against it.
    fn default_of(&self, command: Option<&str>, option: &Arg, of: &Command, said: &ArgMatches) -> Option<&'static str> {
        let (value, _) = self.of(command, option)?;
        let is_said =
            |id: &str| said.try_contains_id(id).is_ok() && said.value_source(id) == Some(ValueSource::CommandLine);
        if of.get_arg_conflicts_with(option).iter().any(|other| is_said(other.get_id().as_str())) {
            return None;
        }
        // the parser keeps what it is given for as long as the program lasts
        Some(&*Box::leak(value.to_owned().into_boxed_str()))
    }
}

/// Whether an option of a command can be set.
pub(crate) fn is_of_commands(option: &Arg) -> bool {
    option.get_long().is_some_and(|long| OF_COMMANDS.contains(&long))
}

/// The command that has an option of that name which can be set, for checks: the first, where no command is named.
fn command_with<'c>(cli: &'c Command, command: Option<&str>, option: &str) -> Option<&'c Command> {
    let has = |it: &&Command| it.get_arguments().any(|arg| arg.get_long() == Some(option) && !arg.is_global_set());
    match command {
        Some(name) => cli.find_subcommand(name).filter(has),
        None => cli.get_subcommands().find(has),
    }
}

/// What the environment sets: `ASSAY_THREADS`, `ASSAY_FAIL_ON`.
fn of_environment(cli: &Command, variable: &dyn Fn(&str) -> Option<OsString>) -> Result<Vec<Setting>, Error> {
    let mut settings = Vec::new();
    for option in GLOBAL.into_iter().chain(OF_COMMANDS) {
        let name = format!("ASSAY_{}", option.to_uppercase().replace('-', "_"));
        let Some(value) = variable(&name) else { continue };
        let says = format!("environment: {name}");
        let Ok(value) = value.into_string() else { return Err(refused(&says, "it is not UTF-8")) };
        let commands: Vec<Option<String>> = if GLOBAL.contains(&option) {
            vec![None]
        } else {
            let all = cli.get_subcommands().map(|command| command.get_name().to_owned());
            all.filter(|name| command_with(cli, Some(name), option).is_some()).map(Some).collect()
        };
        for command in commands {
            let setting = Setting { command, option: option.to_owned(), value: value.clone(), says: says.clone() };
            settings.extend(checked(cli, setting)?);
        }
    }
    Ok(settings)
}

/// What a file sets; nothing where there is none.
fn of_file(cli: &Command, path: &Path) -> Result<Vec<Setting>, Error> {
    let Some(text) = read(path)? else { return Ok(Vec::new()) };
    let shown = escape_path(path);
    let says = |at: usize| line(&shown, &text, at);
    if let Some(at) = SECRETS.iter().find_map(|sign| text.find(sign)) {
        return Err(refused(&says(at), "a secret stands there, and none may stand in this file: take it out"));
    }
    let table = DeTable::parse(&text).map_err(|error| {
        refused(&says(error.span().map_or(0, |span| span.start)), &error.message().replace('\n', "; "))
    })?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut settings = Vec::new();
    for (key, value) in table.get_ref() {
        let (says, name) = (says(key.span().start), key.get_ref());
        match value.get_ref() {
            DeValue::Table(inner) => {
                if cli.find_subcommand(&**name).is_none() {
                    return Err(refused(&says, &format!("there is no command `{}`", inert(&clip(name, 60)))));
                }
                for (key, value) in inner {
                    settings.extend(set(cli, Some(name), key, value, folder, &line(&shown, &text, key.span().start))?);
                }
            }
            _ => settings.extend(set(cli, None, key, value, folder, &says)?),
        }
    }
    Ok(settings)
}

/// Where in a file something is said.
fn line(shown: &str, text: &str, at: usize) -> String {
    format!("{shown}, line {}", text.get(..at).unwrap_or(text).matches('\n').count() + 1)
}

/// One line of a file.
fn set(
    cli: &Command,
    command: Option<&str>,
    key: &Spanned<std::borrow::Cow<'_, str>>,
    value: &Spanned<DeValue<'_>>,
    folder: &Path,
    says: &str,
) -> Result<Option<Setting>, Error> {
    let option = key.get_ref();
    let known = match command {
        None => GLOBAL.contains(&&**option),
        Some(_) => OF_COMMANDS.contains(&&**option) && command_with(cli, command, option).is_some(),
    };
    if !known {
        let all: Vec<&str> = match command {
            None => GLOBAL.to_vec(),
            Some(_) => OF_COMMANDS.into_iter().filter(|it| command_with(cli, command, it).is_some()).collect(),
        };
        let there = if all.is_empty() { "nothing".to_owned() } else { all.join(", ") };
        let what = format!("`{}` cannot be set there; there can be {there}", inert(&clip(option, 60)));
        return Err(refused(says, &what));
    }
    let value = match value.get_ref() {
        DeValue::String(text) if PATHS.contains(&&**option) => folder.join(&**text).to_string_lossy().into_owned(),
        DeValue::String(text) => text.clone().into_owned(),
        DeValue::Integer(number) => number.to_string(),
        DeValue::Boolean(is) => is.to_string(),
        _ => return Err(refused(says, &format!("`{option}` is a text, a number, or true or false"))),
    };
    let command = command.map(str::to_owned);
    checked(cli, Setting { command, option: option.clone().into_owned(), value, says: says.to_owned() })
}

/// Makes sure that the option takes the value, as it would on the line; `None`: it says no more than the default.
fn checked(cli: &Command, setting: Setting) -> Result<Option<Setting>, Error> {
    let of = match &setting.command {
        Some(name) => cli.find_subcommand(name).unwrap_or(cli),
        None => cli,
    };
    let option = of.get_arguments().find(|option| option.get_long() == Some(&setting.option));
    let expected = match option.map(Arg::get_action) {
        Some(ArgAction::SetTrue) => match setting.value.as_str() {
            "true" => return Ok(Some(setting)),
            "false" => return Ok(None),
            _ => "it is true or false".to_owned(),
        },
        Some(ArgAction::Count) => match setting.value.parse::<u8>() {
            Ok(_) => return Ok(Some(setting)),
            Err(_) => "it is a number".to_owned(),
        },
        _ => {
            let line = setting.command.iter().cloned().chain([format!("--{}={}", setting.option, setting.value)]);
            let line = std::iter::once("assay".to_owned()).chain(line);
            match cli.clone().try_get_matches_from(line) {
                Err(error) if matches!(error.kind(), ErrorKind::ValueValidation | ErrorKind::InvalidValue) => {
                    let said = error.render().to_string();
                    said.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned()
                }
                // the rest of the line is not there
                _ => return Ok(Some(setting)),
            }
        }
    };
    Err(refused(&setting.says, &format!("`{}`: {}", setting.option, inert(&expected))))
}

/// Reads the file, where there is one.
#[expect(clippy::disallowed_methods, reason = "a file of settings, and no input")]
fn read(path: &Path) -> Result<Option<String>, Error> {
    let shown = escape_path(path);
    let found = match fs::metadata(path) {
        Ok(found) => found,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(error) => return Err(refused(&shown, &error.to_string())),
    };
    let own = [rustix::process::geteuid().as_raw(), 0].contains(&found.uid());
    match () {
        // what others may write would decide what is good
        () if !own => Err(refused(
            &shown,
            "it belongs to another user, and would decide what is good: remove it, or make it yours",
        )),
        () if found.mode() & 0o002 != 0 => {
            Err(refused(&shown, "everybody may write to it: take that right away (`chmod o-w`)"))
        }
        () if !found.is_file() || found.len() > LARGEST => Err(refused(&shown, "it is no file of settings")),
        () => fs::read_to_string(path).map(Some).map_err(|error| refused(&shown, &error.to_string())),
    }
}

fn refused(says: &str, what: &str) -> Error {
    Error::Usage(format!("{says}: {what}"))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;
    use crate::commands::Cli;

    fn file(text: &str) -> Result<Vec<(String, String, String)>, String> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(NAME);
        fs::write(&path, text).unwrap();
        let told = of_file(&Cli::command(), &path).map_err(|error| error.to_string());
        let place = |says: &str| says.replace(&*path.to_string_lossy(), "F");
        let folder = dir.path().to_string_lossy().into_owned();
        let row = |it: Setting| (it.option, it.value.replace(&folder, "D"), place(&it.says));
        told.map(|all| all.into_iter().map(row).collect()).map_err(|error| place(&error))
    }

    #[test]
    fn a_file_sets_what_may_be_set_and_says_where() {
        let text = "threads = 2\nquiet = true\nno-mmap = false\n[verify]\nfail-on = 'medium'\npolicy = 'p.toml'\nmax-age = '26h'\n";
        let mut told = file(text).unwrap();
        told.sort();
        let row =
            |option: &str, value: &str, line: u8| (option.to_owned(), value.to_owned(), format!("F, line {line}"));
        let expected = [
            row("fail-on", "medium", 5),
            row("max-age", "26h", 7),
            row("policy", "D/p.toml", 6),
            row("quiet", "true", 2),
            row("threads", "2", 1),
        ];
        assert_eq!(told, expected);
        assert_eq!(file("").unwrap(), []);
    }

    #[test]
    fn what_is_not_understood_is_refused_and_no_secret_is_repeated() {
        for (text, said) in [
            ("thraeds = 2\n", "F, line 1: `thraeds` cannot be set there; there can be color, "),
            ("\nnow = '2026-01-01'\n", "F, line 2: `now` cannot be set there"),
            ("[verify]\nkeys = 'x'\n", "F, line 2: `keys` cannot be set there; there can be fail-on, "),
            ("[verify]\nreveal = true\n", "`reveal` cannot be set there"),
            ("[verfiy]\n", "F, line 1: there is no command `verfiy`"),
            ("[verify]\nfail-on = 'hihg'\n", "F, line 2: `fail-on`: invalid value 'hihg'"),
            ("threads = 0\n", "F, line 1: `threads`: invalid value '0'"),
            ("quiet = 'yes'\n", "F, line 1: `quiet`: it is true or false"),
            ("threads = [1]\n", "F, line 1: `threads` is a text, a number, or true or false"),
            ("threads = \n", "F, line 1: "),
            ("# x\n[verify]\npolicy = 'AGE-SECRET-KEY-1QQ'\n", "F, line 3: a secret stands there"),
        ] {
            let error = file(text).unwrap_err();
            assert!(error.contains(said) && !error.contains("1QQ"), "{text}: {error}");
        }
    }

    #[test]
    fn the_environment_is_before_a_file_and_the_line_before_both() {
        let cli = Cli::command();
        let variable = |name: &str| match name {
            "ASSAY_FAIL_ON" => Some("low".into()),
            "ASSAY_TARGET" => Some("4.18.30".into()),
            "ASSAY_QUIET" => Some("true".into()),
            _ => None,
        };
        let mut settings = Settings(of_environment(&cli, &variable).unwrap());
        let says = "assay.toml, line 1".to_owned();
        let set = |option: &str, value: &str| {
            let command = OF_COMMANDS.contains(&option).then(|| "verify".to_owned());
            Setting { command, option: option.to_owned(), value: value.to_owned(), says: says.clone() }
        };
        settings.0.extend([set("fail-on", "medium"), set("threads", "3")]);
        let run = |line: &[&str]| {
            let line = std::iter::once("assay").chain(line.iter().copied());
            let said = cli.clone().try_get_matches_from(line.clone()).unwrap();
            settings.as_defaults(cli.clone(), &said).try_get_matches_from(line).unwrap()
        };
        let raw = |matches: &ArgMatches, id: &str| {
            let leaf = matches.subcommand().unwrap().1;
            let values = leaf.try_get_raw(id).ok().flatten()?;
            Some(values.map(|value| value.to_string_lossy().into_owned()).collect::<String>())
        };
        let set = run(&["verify", "s.db"]);
        let of = |id: &str| raw(&set, id).unwrap_or_default();
        assert_eq!([of("fail_on"), of("threads"), of("target"), of("quiet")], ["low", "3", "4.18.30", "true"]);
        let said = run(&["verify", "s.db", "--fail-on", "high", "--threads", "1", "-v", "--target-file", "c.json"]);
        let of = |id: &str| raw(&said, id).unwrap_or_default();
        assert_eq!([of("fail_on"), of("threads"), of("target"), of("quiet")], ["high", "1", "", "false"]);
        assert!(of_environment(&cli, &|name| (name == "ASSAY_COLOR").then(|| "blue".into())).is_err());
    }
}
