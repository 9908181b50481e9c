use std::collections::BTreeMap;

use super::*;

fn cargo() -> PathBuf {
    std::env::var_os("CARGO").map_or_else(|| PathBuf::from("cargo"), PathBuf::from)
}

const CORE: &str =
    "[package]\nname = \"etcd-assay-core\"\nversion = \"0.1.0\"\nedition = \"2024\"\nexclude = [\"/tests\"]\n";
const TOP: &str = "[package]\nname = \"etcd-assay\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[dependencies]\n\
    core = { path = \"../core\", package = \"etcd-assay-core\", version = \"=0.1.0\" }\n";

/// A workspace of a package and the one that it stands on, and of one that tests need; `more` takes the place of files or
/// joins them. What is told of it.
fn told(more: &[(&'static str, &'static str)]) -> Vec<String> {
    let mut files = BTreeMap::from([
        ("Cargo.toml", "[workspace]\nresolver = \"3\"\nmembers = [\"core\", \"top\", \"made\"]\n"),
        ("core/Cargo.toml", CORE),
        ("core/LICENSE", "free"),
        ("core/words.txt", "words"),
        ("core/src/lib.rs", "mod deep;\n"),
        (
            "core/src/deep/mod.rs",
            "pub const WORDS: &str = include_str!(\"../../words.txt\");\n\
            #[cfg(test)]\nmod tests { const DATA: &str = include_str!(\"../../tests/data\"); }\n",
        ),
        ("core/tests/it.rs", "fn main() { include_str!(\"../../made/data\"); }\n"),
        ("top/Cargo.toml", TOP),
        ("top/LICENSE", "free"),
        ("top/src/main.rs", "fn main() {}\n"),
        ("made/Cargo.toml", "[package]\nname = \"made\"\nversion = \"0.1.0\"\nedition = \"2024\"\npublish = false\n"),
        ("made/src/lib.rs", "pub const DATA: &str = include_str!(\"../../data\");\n"),
    ]);
    files.extend(more.iter().copied());
    let dir = tempfile::tempdir().unwrap();
    for (path, text) in files.iter().filter(|(_, text)| !text.is_empty()) {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    check(dir.path(), &cargo()).unwrap().iter().map(ToString::to_string).collect()
}

#[test]
fn what_a_package_would_lack_or_carry_is_told_by_name() {
    assert_eq!(told(&[]), [""; 0]);
    assert_eq!(told(&[("core/LICENSE", "")]), ["`etcd-assay-core` has no LICENSE, which its licence asks for"]);
    assert_eq!(
        told(&[("core/src/deep/mod.rs", "const DATA: &[u8] = include_bytes!(\"../../../made/src/lib.rs\");\n")]),
        ["`etcd-assay-core` has no ../made/src/lib.rs, which src/deep/mod.rs asks for"]
    );
    assert_eq!(
        told(&[("top/tests/it.rs", "fn main() {}\n")]),
        ["`etcd-assay` takes tests/it.rs along; `exclude` it: it needs what is not published"]
    );
}

#[test]
fn what_a_package_stands_on_is_published_and_of_one_build() {
    let on = |line: &str| -> &'static str {
        let (head, _) = TOP.split_once("core = ").unwrap();
        Box::leak(format!("{head}{line}\n").into_boxed_str())
    };
    assert_eq!(
        told(&[(
            "top/Cargo.toml",
            on("core = { path = \"../core\", package = \"etcd-assay-core\", version = \"0.1\" }")
        )]),
        ["`etcd-assay` takes `etcd-assay-core` as ^0.1; parts are built together alone: ask for `=` and its version"]
    );
    assert_eq!(
        told(&[("top/Cargo.toml", on("made = { path = \"../made\", version = \"=0.1.0\" }"))]),
        ["`etcd-assay` stands on `made`, which is not published"]
    );
    let tests: &'static str =
        Box::leak(format!("{TOP}[dev-dependencies]\nmade = {{ path = \"../made\" }}\n").into_boxed_str());
    assert_eq!(told(&[("top/Cargo.toml", tests)]), [""; 0]);
    let own = "[package]\nname = \"made\"\nversion = \"0.1.0\"\nedition = \"2024\"\n";
    assert_eq!(
        told(&[("made/Cargo.toml", own), ("made/LICENSE", "free"), ("made/src/lib.rs", "\n")]),
        ["`made`: a package that is published begins with `etcd-assay`"]
    );
}

#[test]
fn every_package_of_this_workspace_is_one() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
    let told: Vec<String> = check(root, &cargo()).unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(told, [""; 0]);
}
