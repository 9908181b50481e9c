//! A stranger's program, made from the library's README and from nothing else.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::SystemTime;
use std::{env, fs};

/// The code of the first block of a language.
fn block<'t>(readme: &'t str, language: &str) -> &'t str {
    let begin = format!("```{language}\n");
    let (_, rest) = readme.split_once(&begin).unwrap_or_else(|| panic!("the README has no block of {language}"));
    rest.split_once("```").unwrap().0
}

/// Where this test was built.
fn built() -> PathBuf {
    env::current_exe().unwrap().parent().unwrap().to_path_buf()
}

fn library() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The package that the README tells to make, in a folder of its own.
fn package(folder: &Path) {
    let readme = fs::read_to_string(library().join("README.md")).unwrap();
    let dependencies = block(&readme, "toml").replace("../assay/crates/assay", library().to_str().unwrap());
    assert!(dependencies.contains(library().to_str().unwrap()), "{dependencies}");
    let package = "[package]\nname = \"outside\"\nversion = \"0.1.0\"\nedition = \"2024\"\n";
    fs::write(folder.join("Cargo.toml"), format!("{package}\n{dependencies}")).unwrap();
    fs::copy(library().join("../../Cargo.lock"), folder.join("Cargo.lock")).unwrap();
    fs::create_dir(folder.join("src")).unwrap();
    fs::write(folder.join("src/main.rs"), block(&readme, "rust")).unwrap();
}

fn judges(run: &Output) {
    let (out, err) = (String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
    assert_eq!(run.status.code(), Some(0), "{err}");
    assert!(matches!(out.lines().last(), Some("pass" | "warn")), "{out}{err}");
}

fn cargo() -> Command {
    Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

fn backup() -> PathBuf {
    fixtures::named("aescbc-rotated").snapshot().parent().unwrap().to_path_buf()
}

/// Cargo takes the manifest, and the compiler the program, against the library that this test was built with: to build
/// that a second time takes a minute, which [`campaign_cargo_builds_it_from_nothing`] does.
#[test]
fn a_program_outside_the_workspace_is_made_from_the_readme_and_judges() {
    let outside = tempfile::tempdir().unwrap();
    package(outside.path());
    let tree = cargo().args(["tree", "--offline", "--depth", "1"]).current_dir(outside.path()).output().unwrap();
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    assert!(String::from_utf8_lossy(&tree.stdout).contains("etcd-assay-core"), "{tree:?}");
    let built = built();
    let is_it = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy();
        name.starts_with("libassay-") && name.ends_with(".rlib")
    };
    let age = |path: &PathBuf| fs::metadata(path).and_then(|file| file.modified()).unwrap_or(SystemTime::UNIX_EPOCH);
    let all = fs::read_dir(&built).unwrap().map(|entry| entry.unwrap().path());
    let newest = all.filter(is_it).max_by_key(age).expect("the library, built for this test");
    let compiled = Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
        .args(["--edition", "2024", "-o", "outside", "src/main.rs", "-L"])
        .arg(format!("dependency={}", built.display()))
        .arg("--extern")
        .arg(format!("assay={}", newest.display()))
        .current_dir(outside.path())
        .output()
        .unwrap();
    assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
    judges(&Command::new(outside.path().join("outside")).arg(backup()).output().unwrap());
}

#[test]
fn campaign_cargo_builds_it_from_nothing() {
    for _ in 0..fixtures::rounds(0, 1) {
        let outside = tempfile::tempdir().unwrap();
        package(outside.path());
        let mut run = cargo();
        run.args(["run", "--quiet", "--offline", "--"]).arg(backup()).current_dir(outside.path());
        judges(&run.output().unwrap());
    }
}
