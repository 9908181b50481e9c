//! The pages, and how a generated part of one is compared or written.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use crate::support::root;

/// Where a reader begins; together they mention every page.
const INDEXES: [&str; 2] = ["README.md", "docs/README.md"];

/// The pages at the root and all of docs/, by path from the root.
pub(super) fn pages() -> Vec<String> {
    let docs = fs::read_dir(root().join("docs")).expect("docs/ exists");
    let names = docs.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut pages: Vec<String> =
        names.filter(|name| name.ends_with(".md")).map(|name| format!("docs/{name}")).collect();
    pages.extend(["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md"].map(str::to_owned));
    pages.sort();
    assert!(pages.len() >= 15, "{pages:?}");
    pages
}

pub(super) fn read(page: &str) -> String {
    fs::read_to_string(root().join(page)).unwrap_or_else(|error| panic!("{page}: {error}"))
}

/// Whether pages are to be written anew.
pub(super) fn updating() -> bool {
    std::env::var_os("ASSAY_UPDATE_SCREENS").is_some_and(|value| value == "1")
}

/// Changes a page; one test at a time, since several have parts of the same page.
pub(super) fn rewrite(page: &str, change: impl FnOnce(String) -> String) {
    static WRITING: Mutex<()> = Mutex::new(());
    let _guard = WRITING.lock().unwrap_or_else(PoisonError::into_inner);
    let before = read(page);
    let after = change(before.clone());
    if after != before {
        fs::write(root().join(page), after).unwrap();
    }
}

/// What stands between `<!-- name -->` and `<!-- /name -->`.
pub(super) fn marked<'p>(page: &'p str, name: &str) -> &'p str {
    let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->"));
    let after = page.split_once(&begin).unwrap_or_else(|| panic!("no {begin}")).1;
    after.split_once(&end).unwrap_or_else(|| panic!("no {end}")).0
}

/// Makes sure that a marked part of a page is this, or makes it this.
pub(super) fn hold(page: &str, name: &str, expected: &str) {
    if updating() {
        rewrite(page, |text| {
            let old = marked(&text, name).to_owned();
            let frame = |inner: &str| format!("<!-- {name} -->\n{inner}<!-- /{name} -->");
            text.replacen(&frame(&old), &frame(expected), 1)
        });
    }
    let text = read(page);
    let found = marked(&text, name);
    if found != expected {
        let difference = found.lines().zip(expected.lines()).find(|(found, expected)| found != expected);
        panic!("{page}, part `{name}`, is out of date; first difference: {difference:#?}\n\nexpected:\n{expected}");
    }
}

/// Holds a whole file to what it should be, or writes it.
pub(super) fn hold_file(path: &str, expected: &str) {
    if updating() {
        std::fs::write(root().join(path), expected).unwrap();
    }
    let found = std::fs::read_to_string(root().join(path)).unwrap_or_default();
    assert!(found == expected, "{path} is out of date; `cargo xtask generate` writes it anew");
}

/// Targets of the links of a page, as written.
fn links(text: &str) -> Vec<String> {
    text.split("](").skip(1).filter_map(|rest| rest.split(')').next()).map(str::to_owned).collect()
}

/// The anchor of a heading, as the usual renderers make it.
fn anchor(heading: &str) -> String {
    let kept = |c: char| c.is_alphanumeric() || c == ' ' || c == '-' || c == '_';
    heading
        .trim_start_matches('#')
        .trim()
        .to_lowercase()
        .chars()
        .filter(|&c| kept(c))
        .collect::<String>()
        .replace(' ', "-")
}

#[test]
fn links_lead_somewhere_and_every_page_can_be_reached() {
    let mut reached = BTreeSet::new();
    for page in pages() {
        let text = read(&page);
        for link in links(&text).iter().filter(|link| !link.contains("://")) {
            let (path, fragment) = link.split_once('#').map_or((link.as_str(), None), |(path, f)| (path, Some(f)));
            let folder = root().join(&page).parent().unwrap().to_path_buf();
            let target = if path.is_empty() { root().join(&page) } else { folder.join(path) };
            assert!(target.exists(), "{page}: `{link}` leads nowhere");
            if let Some(fragment) = fragment {
                let text = fs::read_to_string(&target).unwrap();
                let anchors: Vec<_> = text.lines().filter(|line| line.starts_with('#')).map(anchor).collect();
                assert!(anchors.iter().any(|anchor| anchor == fragment), "{page}: `{link}`: {anchors:?}");
            }
            if INDEXES.contains(&page.as_str()) && page != target_of(&page, path) {
                reached.insert(target_of(&page, path));
            }
        }
    }
    for page in pages().iter().filter(|page| *page != "README.md") {
        assert!(reached.contains(page), "neither README.md nor docs/README.md mentions {page}");
    }
}

/// Path from the root of what a link of a page leads to.
fn target_of(page: &str, link: &str) -> String {
    page.rsplit_once('/').map_or_else(|| link.to_owned(), |(folder, _)| format!("{folder}/{link}"))
}

#[test]
fn the_readme_is_short() {
    let lines = read("README.md").lines().count();
    assert!(lines <= 150, "README.md has {lines} lines: what a job needs has a page in docs/");
}

/// Paths in backticks that look like files of the repository are.
#[test]
fn files_that_are_named_exist() {
    let tops = ["crates/", "scripts/", "fixtures/", "docs/", "tests/", "fuzz/", ".ci/", ".github/"];
    let mut named: Vec<PathBuf> = Vec::new();
    for page in pages() {
        let text = read(&page);
        for code in text.split('`').skip(1).step_by(2) {
            let path = code.split_whitespace().next().unwrap_or_default();
            let plain = !path.contains(['*', '<', '$', '{', '…']) && tops.iter().any(|top| path.starts_with(top));
            if plain {
                assert!(root().join(path).exists(), "{page}: `{path}` does not exist");
                named.push(path.into());
            }
        }
    }
    assert!(named.len() >= 10, "{named:?}");
}
