//! A stranger's program, made from the library's README and from nothing else.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// The code of the first block of a language.
fn block<'t>(readme: &'t str, language: &str) -> &'t str {
    let begin = format!("```{language}\n");
    let (_, rest) = readme.split_once(&begin).unwrap_or_else(|| panic!("the README has no block of {language}"));
    rest.split_once("```").unwrap().0
}

/// Where this test was built: what is compiled already need not be again.
fn target() -> PathBuf {
    env::current_exe().unwrap().ancestors().nth(3).unwrap().to_path_buf()
}

#[test]
fn a_program_outside_the_workspace_builds_from_the_readme_and_judges() {
    let library = Path::new(env!("CARGO_MANIFEST_DIR"));
    let workspace = library.ancestors().nth(2).unwrap();
    let readme = fs::read_to_string(library.join("README.md")).unwrap();
    let outside = tempfile::tempdir().unwrap();
    let dependencies = block(&readme, "toml").replace("../assay/crates/assay", library.to_str().unwrap());
    assert!(dependencies.contains(library.to_str().unwrap()), "{dependencies}");
    // the crates of others as this test has them; ours unoptimised, which takes less than it would save
    let root = fs::read_to_string(workspace.join("Cargo.toml")).unwrap();
    let profile = &root[root.find("[profile.dev]").unwrap()..root.find("[profile.release]").unwrap()];
    let profile = profile.replacen("opt-level = 1", "opt-level = 0", 1);
    let package = "[package]\nname = \"outside\"\nversion = \"0.1.0\"\nedition = \"2024\"\n";
    fs::write(outside.path().join("Cargo.toml"), format!("{package}\n{dependencies}\n{profile}")).unwrap();
    fs::copy(workspace.join("Cargo.lock"), outside.path().join("Cargo.lock")).unwrap();
    fs::create_dir(outside.path().join("src")).unwrap();
    fs::write(outside.path().join("src/main.rs"), block(&readme, "rust")).unwrap();
    let backup = fixtures::named("aescbc-rotated").snapshot();
    let run = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["run", "--quiet", "--offline", "--target-dir"])
        .args([target().as_os_str(), "--".as_ref(), backup.parent().unwrap().as_os_str()])
        .current_dir(outside.path())
        .output()
        .unwrap();
    let (out, err) = (String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
    assert_eq!(run.status.code(), Some(0), "{err}");
    assert!(matches!(out.lines().last(), Some("pass" | "warn")), "{out}{err}");
}
