//! What `recipes/fleet` and the page of engines call: each line is one that the program understands.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support::Place;

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Commands of containers, however deep.
fn commands(value: &Value, found: &mut Vec<Vec<String>>) {
    match value {
        Value::Object(fields) => fields.values().for_each(|field| commands(field, found)),
        Value::Array(items) if items.first().is_some_and(|first| first == "assay-fleet") => {
            found.push(items.iter().map(|word| word.as_str().unwrap().to_owned()).collect());
        }
        Value::Array(items) => items.iter().for_each(|item| commands(item, found)),
        _ => {}
    }
}

/// Commands in text: from the name of the program to the end of the line, a pipe, a redirection or the end of a span; and
/// the words of `--args`, which commas part. What names no run is a mention.
fn lines(text: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for (at, name) in text.match_indices("assay-fleet ").chain(text.match_indices("--args ")) {
        let rest = &text[at + name.len()..];
        let end = rest.find(['\n', '|', '`', '>', ')', ';']).unwrap_or(rest.len());
        let parts = |c: char| c.is_whitespace() || (name == "--args " && c == ',');
        let words = rest[..end].split(parts).filter(|word| !word.is_empty()).map(|word| word.trim_matches('"'));
        found.push(["assay-fleet"].into_iter().chain(words).map(str::to_owned).collect::<Vec<String>>());
    }
    found.retain(|words| !words[1..].iter().any(|word| word == "--args") && words.iter().any(|word| word == "--run"));
    found
}

fn calls(path: &str) -> Vec<Vec<String>> {
    let (text, mut found) = (read(path), Vec::new());
    match path.rsplit_once('.').map(|(_, end)| end) {
        Some("yaml") => {
            text.split("\n---\n").for_each(|document| commands(&serde_saphyr::from_str(document).unwrap(), &mut found))
        }
        Some("json") => commands(&serde_json::from_str(&text).unwrap(), &mut found),
        _ => found = lines(&text),
    }
    found
}

/// Why the program would not take a line; what an engine fills in is filled in, and the run is one that is nowhere.
fn refused(place: &Place, line: &[String]) -> Option<String> {
    let nowhere = place.address("nowhere");
    let mut words: Vec<String> = Vec::new();
    for word in &line[1..] {
        let after = words.last().map(String::as_str);
        words.push(match (after, word.as_str()) {
            (Some("--run"), _) => nowhere.clone(),
            (Some("--shard"), _) => "7".to_owned(),
            (_, word) if word.starts_with("--run=") => format!("--run={nowhere}"),
            (_, word) if word.starts_with("--shard=") => "--shard=7".to_owned(),
            (_, word) => word.to_owned(),
        });
    }
    // parallel and others add the number
    if words.last().is_some_and(|word| word == "--shard") {
        words.push("7".to_owned());
    }
    let ended = place.run(&words.iter().map(String::as_str).collect::<Vec<_>>());
    ended.err.contains("Usage:").then_some(ended.err)
}

#[test]
fn every_line_of_the_recipes_is_understood() {
    let place = Place::new();
    let mut counts = BTreeMap::new();
    let entries = fs::read_dir(root().join("recipes/fleet")).unwrap();
    let files = entries.map(|entry| format!("recipes/fleet/{}", entry.unwrap().file_name().to_str().unwrap()));
    for path in files.chain(["docs/fleet-engines.md".to_owned()]) {
        let found = calls(&path);
        for line in &found {
            if let Some(why) = refused(&place, line) {
                panic!("{path}: {}: {why}", line.join(" "));
            }
        }
        counts.insert(path, found.len());
    }
    let expected = [
        ("docs/fleet-engines.md", 5),
        ("recipes/fleet/aws-batch-definition.json", 1),
        ("recipes/fleet/aws-batch-job.json", 0),
        ("recipes/fleet/parallel", 2),
        ("recipes/fleet/pipeline.yaml", 2),
        ("recipes/fleet/workflow.yaml", 2),
    ];
    assert_eq!(counts, expected.map(|(path, count)| (path.to_owned(), count)).into());
    let misspelt = ["assay-fleet", "judge", "--run", "RUN", "--shrd"].map(str::to_owned);
    assert!(refused(&place, &misspelt).is_some_and(|why| why.contains("unexpected argument '--shrd'")));
}
