//! Laws of the repository itself.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::root;

/// Every file below a folder that is part of the repository.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if !path.is_dir() {
            found.push(path);
        } else if !["target", ".git", "corpus", "artifacts", "coverage"].contains(&name.as_str()) {
            files(&path, found);
        }
    }
}

/// Packages are named, not where they are fetched from: that is for whoever builds, with their own mirrors, to set up.
#[test]
fn no_file_names_the_host_of_a_package_registry() {
    let hosts =
        [("crates", ".io"), ("pypi", ".org"), ("pythonho", "sted.org"), ("deb.", "debian.org"), ("npm", "js.org")];
    let hosts = hosts.map(|(one, other)| format!("{one}{other}"));
    let mut found = Vec::new();
    files(&root(), &mut found);
    assert!(found.len() > 500, "only {} files", found.len());
    for path in found.iter().filter(|path| !path.ends_with("Cargo.lock")) {
        // what is no text names nothing
        let Ok(text) = fs::read_to_string(path) else { continue };
        let named: Vec<_> = hosts.iter().filter(|host| text.contains(host.as_str())).collect();
        assert!(named.is_empty(), "{} names {named:?}", path.display());
    }
}

/// What tests run is listed in one table, and the stages install what is listed: no program is missing in them alone.
#[test]
fn every_program_that_a_test_runs_is_installed_by_the_stages() {
    let mut found = Vec::new();
    files(&root(), &mut found);
    // the function that has the table, the one that looks for etcd where `scripts/install-peers` brings it, and what is no
    // test: assay-fleet, which looks for its judge
    let exempt = [
        "crates/fixtures/src/tool.rs",
        "crates/peer-harness/src/peer.rs",
        "crates/fleet/src/program.rs",
        "tests/e2e/shop.rs",
    ];
    for path in found.iter().filter(|path| path.extension().is_some_and(|ext| ext == "rs")) {
        let text = fs::read_to_string(path).unwrap();
        let around = ["Command::new(\"", "split_paths"].into_iter().find(|way| text.contains(way));
        let is_exempt = exempt.iter().any(|file| path.ends_with(file));
        assert!(
            around.is_none() || is_exempt,
            "{}: `{}`, not fixtures::tool",
            path.display(),
            around.unwrap_or_default()
        );
    }
    let stages = fs::read_to_string(root().join(".ci/run")).unwrap();
    let installs = |line: &&str| line.trim().starts_with("apt_install $(") && line.contains("crates/fixtures/programs");
    let line = stages.lines().find(installs).expect("the stage that reads the table");
    let asked = format!("apt_install() {{ echo \"$@\"; }}; {line}");
    let output = fixtures::tool("bash").unwrap().args(["-c", &asked]).current_dir(root()).output().unwrap();
    let mut listed: Vec<_> = fixtures::programs().filter_map(|(_, package)| package).collect();
    listed.sort_unstable();
    listed.dedup();
    assert_eq!(String::from_utf8(output.stdout).unwrap().split_whitespace().collect::<Vec<_>>(), listed);
    for (name, _) in fixtures::programs().filter(|(_, package)| package.is_none()) {
        assert!(stages.contains(&format!("cargo_tool {name} ")), "{name} is installed by nobody");
    }
}

/// Crates without examples are not searched for any, which takes longer than their tests; so they may have none.
#[test]
fn every_example_is_run() {
    for krate in fs::read_dir(root().join("crates")).unwrap().map(|entry| entry.unwrap().path()) {
        let manifest = fs::read_to_string(krate.join("Cargo.toml")).unwrap();
        if !manifest.contains("doctest = false") {
            continue;
        }
        let mut found = Vec::new();
        files(&krate.join("src"), &mut found);
        for path in found {
            let text = fs::read_to_string(&path).unwrap();
            let doc = text.lines().filter_map(|line| line.trim_start().strip_prefix("//")?.strip_prefix(['/', '!']));
            let fences: Vec<&str> = doc.filter_map(|line| line.trim().strip_prefix("```")).collect();
            let wrong: Vec<_> = fences.chunks(2).filter(|pair| !["text", "toml"].contains(&pair[0])).collect();
            assert!(wrong.is_empty(), "{}: an example that nothing runs: {wrong:?}", path.display());
        }
    }
}
