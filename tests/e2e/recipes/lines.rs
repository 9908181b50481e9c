//! The lines of recipes that call assay, in whichever form a recipe has them.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;

use crate::support::root;

/// Where recipes call assay, and how.
const CALLS: [(&str, Form); 12] = [
    (".pre-commit-hooks.yaml", Form::Hooks),
    ("docs/roll-out.md", Form::Page),
    ("recipes/README.md", Form::Page),
    ("recipes/argo/cronworkflow.yaml", Form::Containers),
    ("recipes/cron/assay.crontab", Form::Crontab),
    ("recipes/cronjob/cronjob.yaml", Form::Containers),
    ("recipes/github/action.yml", Form::Scripts),
    ("recipes/gitlab/job.yml", Form::Scripts),
    ("recipes/gitlab/templates/assay.yml", Form::Scripts),
    ("recipes/shell/nightly", Form::Shell),
    ("recipes/systemd/assay.service", Form::Unit),
    ("recipes/tekton/task.yaml", Form::Containers),
];

/// Recipes that call it through another.
const THROUGH: [&str; 9] = [
    "recipes/fleet", // calls assay-fleet, whose own tests parse it
    "recipes/github/workflow.yml",
    "recipes/pre-commit/pre-commit-config.yaml",
    "recipes/prometheus/assay.rules.yml",
    "recipes/prometheus/dashboard.json",
    "recipes/prometheus/tests",
    "recipes/prometheus/would-fire",
    "recipes/systemd/assay.default",
    "recipes/systemd/assay.timer",
];

/// In which form a file has its lines.
#[derive(Clone, Copy)]
enum Form {
    /// `command: [assay, ...]` of containers and steps.
    Containers,
    /// `run:` and `script:`, in shell.
    Scripts,
    /// `entry:` of a hook, to which names of files are added.
    Hooks,
    /// `ExecStart=` of a unit.
    Unit,
    /// Five fields and a line of shell.
    Crontab,
    Shell,
    /// Blocks of shell in a page; its screens are run elsewhere.
    Page,
}

pub(super) fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The documents of a YAML file.
pub(super) fn documents(text: &str) -> Vec<Value> {
    let parse = |part: &str| serde_saphyr::from_str::<Value>(part).unwrap_or_else(|error| panic!("{error}: {part}"));
    text.split("\n---\n").map(parse).collect()
}

/// The lines of one recipe, in order, each from `assay` on; settings stand where variables stood.
pub(super) fn of(path: &str) -> Vec<Vec<String>> {
    let (_, form) = CALLS.iter().find(|(known, _)| *known == path).unwrap_or_else(|| panic!("{path} calls nothing"));
    in_form(*form, &read(path))
}

/// All lines of all recipes.
pub(super) fn all() -> Vec<(&'static str, Vec<String>)> {
    CALLS.iter().flat_map(|(path, form)| in_form(*form, &read(path)).into_iter().map(|line| (*path, line))).collect()
}

fn in_form(form: Form, text: &str) -> Vec<Vec<String>> {
    match form {
        Form::Containers => {
            let mut lines = Vec::new();
            documents(text).iter().for_each(|it| exec(it, &mut lines));
            lines
        }
        Form::Scripts => scripts(text).iter().flat_map(|script| calls(script)).collect(),
        Form::Hooks => {
            let [Value::Array(hooks)] = &documents(text)[..] else { panic!("a list of hooks") };
            let entry = |hook: &Value| calls(&format!("{} FILE", hook["entry"].as_str().unwrap()));
            hooks.iter().flat_map(entry).collect()
        }
        Form::Unit => unit(text),
        Form::Crontab => crontab(text).iter().flat_map(|line| calls(line)).collect(),
        Form::Shell => calls(text),
        Form::Page => {
            let blocks = text.split("\n```sh\n").skip(1).filter_map(|rest| rest.split("\n```").next());
            blocks.flat_map(calls).collect()
        }
    }
}

/// `command` of whatever has one, with the defaults of a Task's parameters.
fn exec(value: &Value, lines: &mut Vec<Vec<String>>) {
    fn walk(value: &Value, defaults: &BTreeMap<String, String>, lines: &mut Vec<Vec<String>>) {
        match value {
            Value::Object(fields) => {
                if let Some(Value::Array(words)) = fields.get("command")
                    && words.first().is_some_and(|word| word == "assay")
                {
                    let word = |word: &Value| {
                        let word = word.as_str().unwrap_or_else(|| panic!("{word} is no string")).to_owned();
                        defaults.iter().fold(word, |word, (name, is)| word.replace(&format!("$(params.{name})"), is))
                    };
                    lines.push(words.iter().map(word).collect());
                }
                // what a pod runs first comes first, however fields are sorted
                let (first, then): (Vec<_>, Vec<_>) = fields.iter().partition(|(name, _)| *name == "initContainers");
                first.into_iter().chain(then).for_each(|(_, field)| walk(field, defaults, lines));
            }
            Value::Array(items) => items.iter().for_each(|item| walk(item, defaults, lines)),
            _ => {}
        }
    }
    let params = value["spec"]["params"].as_array().into_iter().flatten();
    let default = |param: &Value| Some((param["name"].as_str()?.to_owned(), param["default"].as_str()?.to_owned()));
    walk(value, &params.filter_map(default).collect(), lines);
}

/// Every `run:` and `script:` of a pipeline.
pub(super) fn scripts(text: &str) -> Vec<String> {
    fn walk(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(fields) => {
                for (name, field) in fields {
                    match (name.as_str(), field) {
                        ("run", Value::String(script)) => found.push(script.clone()),
                        ("script", Value::Array(lines)) => {
                            found.extend(lines.iter().map(|line| line.as_str().unwrap().to_owned()));
                        }
                        _ => walk(field, found),
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| walk(item, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    documents(text).iter().for_each(|it| walk(it, &mut found));
    found
}

/// The lines of shell in a crontab.
pub(super) fn crontab(text: &str) -> Vec<String> {
    let is_entry = |line: &&str| line.starts_with(|first: char| first.is_ascii_digit() || first == '*');
    text.lines().filter(is_entry).map(|line| line.splitn(6, ' ').nth(5).unwrap().to_owned()).collect()
}

/// `ExecStart=` with what `Environment=` says, as systemd puts it in: `${NAME}` is one word, `$NAME` as many as it has.
fn unit(text: &str) -> Vec<Vec<String>> {
    let environment: BTreeMap<&str, &str> = (text.lines().filter_map(|line| line.strip_prefix("Environment=")))
        .flat_map(|line| line.split(' ').filter_map(|pair| pair.split_once('=')))
        .collect();
    let words = |line: &str| {
        line.split(' ')
            .flat_map(|word| match word.strip_prefix('$').filter(|name| !name.starts_with('{')) {
                Some(name) => environment[name].split(' ').map(str::to_owned).collect(),
                None => {
                    let set = |word: String, (name, is): (&&str, &&str)| word.replace(&format!("${{{name}}}"), is);
                    vec![environment.iter().fold(word.to_owned(), set)]
                }
            })
            .collect()
    };
    text.lines().filter_map(|line| line.strip_prefix("ExecStart=/usr/bin/")).map(words).collect()
}

/// What a line of shell calls, each from `assay` on. Enough of shell for recipes: words and quotes, lines that go on, what
/// ends a command, variables of which it matters what they are.
pub(super) fn calls(script: &str) -> Vec<Vec<String>> {
    let known = [("MAX_AGE", "36h"), ("max_age", "36h"), ("NEWEST", "1"), ("newest", "1"), ("FAIL_ON", "high")];
    let mut commands: Vec<Vec<String>> = vec![Vec::new()];
    let (mut word, mut quote, mut begun) = (String::new(), None, false);
    let text = script.replace("\\\n", " ") + "\n";
    let mut rest = text.as_str();
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        let name_of = |text: &str| text.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap().len();
        match (quote, c) {
            (Some(end), c) if c == end => quote = None,
            (None, '"' | '\'') => (quote, begun) = (Some(c), true),
            (None | Some('"'), '$') if !rest.starts_with('(') => {
                let braced = rest.starts_with('{');
                let inner = rest.strip_prefix('{').unwrap_or(rest);
                let name = &inner[..name_of(inner)];
                word += known.iter().find(|(known, _)| *known == name).map_or("VALUE", |(_, is)| is);
                let after = &inner[name.len()..];
                rest = if braced { &after[after.find('}').unwrap() + 1..] } else { after };
                begun = true;
            }
            (None, '#') if !begun => rest = &rest[rest.find('\n').unwrap_or(0)..],
            (None, ' ' | '\t' | '\n' | ';' | '|' | '&' | '(' | ')' | '<' | '>') => {
                if begun {
                    commands.last_mut().unwrap().push(std::mem::take(&mut word));
                    begun = false;
                }
                if !matches!(c, ' ' | '\t') {
                    commands.push(Vec::new());
                }
            }
            (_, c) => {
                word.push(c);
                begun = true;
            }
        }
    }
    let from_assay = |words: &Vec<String>| {
        let at = words.iter().position(|word| word == "assay" || word.ends_with("/assay"))?;
        let what: Vec<&str> = words[..at].iter().map(String::as_str).collect();
        let is_called =
            what.iter().all(|word| matches!(*word, "step" | "sudo" | "nice" | "-n" | "19" | "$" | "said=$"));
        is_called.then(|| words[at..].to_vec())
    };
    commands.iter().filter_map(from_assay).collect()
}

/// Whatever lies in `recipes/` is known here.
#[test]
fn every_recipe_is_looked_at() {
    fn files(folder: &str, found: &mut Vec<String>) {
        for entry in fs::read_dir(root().join(folder)).unwrap().map(Result::unwrap) {
            let path = format!("{folder}/{}", entry.file_name().into_string().unwrap());
            let leads_on = entry.path().is_dir() && !THROUGH.contains(&path.as_str());
            if leads_on { files(&path, found) } else { found.push(path) }
        }
    }
    let mut found = Vec::new();
    files("recipes", &mut found);
    found.extend([".pre-commit-hooks.yaml", "docs/roll-out.md"].map(str::to_owned));
    found.sort();
    let mut known: Vec<String> = CALLS.iter().map(|(path, _)| *path).chain(THROUGH).map(str::to_owned).collect();
    known.sort();
    assert_eq!(found, known);
}

#[test]
fn of_shell_what_is_called_is_found() {
    for (script, called) in [
        ("assay verify a", "assay verify a"),
        ("x=$(nice -n 19 assay verify --max-age $MAX_AGE 'a b' 2>&1) || echo \"$x\"", "assay verify --max-age 36h a b"),
        ("step /usr/bin/assay catalog \\\n  add \"$1\" # assay verify b", "/usr/bin/assay catalog add VALUE"),
        ("assay ls a | head; assay verify -o html=\"${X:-y}/z\" >f", "assay ls a\nassay verify -o html=VALUE/z"),
        ("echo assay verify a", ""),
    ] {
        let found: Vec<String> = calls(script).iter().map(|line| line.join(" ").replace(" 2", "")).collect();
        assert_eq!(found.join("\n"), called, "{script}");
    }
}
