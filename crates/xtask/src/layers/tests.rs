//! The laws on made workspaces, and on this one.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use super::*;

/// A folder with these files.
fn made(files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    dir
}

fn cargo() -> PathBuf {
    PathBuf::from(env!("CARGO"))
}

/// What modules of a made crate import from a neighbour: importing module, and the one that has it.
fn arrows(files: &[(&str, &str)]) -> Vec<(String, String)> {
    let dir = made(files);
    let modules = source::modules(&dir.path().join("lib.rs")).unwrap();
    let mut found = Vec::new();
    for (at, module) in modules.iter().enumerate() {
        for named in &module.named {
            if let Some(to) = resolve::holder(&modules, at, &named.segments) {
                found.push((module.name.clone(), modules[to].name.clone()));
            }
        }
    }
    found.sort();
    found.dedup();
    found
}

fn circles(files: &[(&str, &str)]) -> Vec<Vec<String>> {
    let dir = made(files);
    let modules = source::modules(&dir.path().join("lib.rs")).unwrap();
    circles::circles(&modules).into_iter().map(|circle| circle.modules).collect()
}

#[test]
fn paths_lead_to_the_module_that_has_what_they_name() {
    let lib = "mod a; mod b; pub use b::c::Deep; pub use b::*;";
    let with = |a: &'static str| {
        let b = "pub mod c; pub use c::Deep as Renamed; pub struct Own; use crate::a::Private;";
        let c = "pub struct Deep; pub enum Kind { One }";
        let files = [("lib.rs", lib), ("a.rs", a), ("b/mod.rs", b), ("b/c.rs", c)];
        let of_a = |(from, to): (String, String)| (from == "crate::a").then_some(to);
        arrows(&files).into_iter().filter_map(of_a).collect::<Vec<_>>()
    };
    for (source, expected) in [
        ("use crate::b::Own;", &["crate::b"][..]),
        ("use super::b::c::Deep;", &["crate::b::c"]),
        ("use crate::Deep;", &["crate::b::c"]),
        ("use crate::Renamed;", &["crate::b::c"]),
        ("use crate::{b::{Own, Renamed}, Deep as D};", &["crate::b", "crate::b::c"]),
        ("use crate::b::c::Kind::One;", &["crate::b::c"]),
        ("use crate::b::{self as other}; fn f() { other::c::Deep; }", &["crate::b", "crate::b::c"]),
        ("fn f() -> crate::Own { println!(\"{}\", super::b::c::Kind::One) }", &["crate::b", "crate::b::c"]),
        ("#[serde(with = \"crate::b::c\")] struct S;", &["crate::b::c"]),
        ("#[cfg(test)] mod tests { use crate::b::Own; }", &[]),
        ("#[cfg(test)] use crate::b::{Own, c::Deep}; use crate::Own;", &["crate::b"]),
        ("#[cfg(test)] #[allow(x)] fn f() { crate::b::Own; } struct S { #[cfg(test)] x: crate::b::Own, y: u8 }", &[]),
        ("//! [`crate::b::Own`]\n/* crate::b::Own */ const S: &str = \"crate::b::Own\";", &[]),
        ("use b::Own; use serde_json::Value; fn f() { Value::Null; x.b::<u8>(); }", &[]),
        ("pub(in crate::b) struct S; impl S { fn f(self) -> Self { Self::g(self) } }", &[]),
    ] {
        assert_eq!(with(source), expected, "{source}");
    }
}

#[test]
fn neighbours_in_a_loop_are_a_circle_and_a_house_is_none() {
    let two = |a, b| circles(&[("lib.rs", "mod a; mod b;"), ("a.rs", a), ("b.rs", b)]);
    let both = [["crate::a", "crate::b"]];
    assert_eq!(two("use crate::b::B; pub struct A;", "pub struct B;"), [[""; 0]; 0]);
    assert_eq!(two("use crate::b::B; pub struct A;", "use super::a::A; pub struct B;"), both);
    assert_eq!(
        two("mod x { use crate::b::B; } pub struct A;", "mod y { fn f() { crate::a::A; } } pub struct B;"),
        both
    );
    // a parent and its child
    assert_eq!(two("mod x { use super::A; } use x::X; pub struct A;", "pub struct B;"), [[""; 0]; 0]);
    // through a third, and through the root, which only hands on
    let three = [
        ("lib.rs", "mod a; mod b; mod c; pub use a::A; pub use b::B; pub use c::C;"),
        ("a.rs", "use crate::B; pub struct A;"),
        ("b.rs", "use crate::C; pub struct B;"),
        ("c.rs", "use crate::A; pub struct C;"),
    ];
    assert_eq!(circles(&three), [["crate::a", "crate::b", "crate::c"]]);
}

/// A workspace of `low` and `high`, which imports it; `more` takes the place of files or joins them.
fn workspace(more: &[(&'static str, &'static str)]) -> tempfile::TempDir {
    let mut files = BTreeMap::from([
        ("Cargo.toml", "[workspace]\nresolver = \"3\"\nmembers = [\"low\", \"high\"]\n"),
        ("low/Cargo.toml", "[package]\nname = \"low\"\nedition = \"2024\"\n"),
        ("low/src/lib.rs", "pub struct Low;\n"),
        (
            "high/Cargo.toml",
            "[package]\nname = \"high\"\nedition = \"2024\"\n[dependencies]\nlow = { path = \"../low\" }\n",
        ),
        ("high/src/lib.rs", "mod a;\nmod b;\n"),
        ("high/src/a.rs", "use low::Low;\nuse crate::b::B;\npub struct A;\n"),
        ("high/src/b.rs", "pub struct B;\n"),
        ("ARCHITECTURE.md", "| crate | may import |\n|---|---|\n| `low` | - |\n| `high` | `low` |\n"),
    ]);
    files.extend(more.iter().copied());
    made(&files.into_iter().collect::<Vec<_>>())
}

fn told(more: &[(&'static str, &'static str)]) -> Vec<String> {
    let dir = workspace(more);
    check(dir.path(), &cargo()).unwrap().iter().map(ToString::to_string).collect()
}

#[test]
fn what_a_made_workspace_does_not_keep_is_told_by_name() {
    assert_eq!(told(&[]), [""; 0]);
    let page = |rows| ("ARCHITECTURE.md", rows);
    assert_eq!(
        told(&[page("| crate | may import |\n|---|---|\n| `low` | - |\n| `high` | - |\n")]),
        ["`high` imports `low`, which its row in ARCHITECTURE.md does not name"]
    );
    assert_eq!(
        told(&[page("| crate | may import |\n|---|---|\n| `high` | `low` |\n| `low` | - |\n")]),
        ["ARCHITECTURE.md: `high` may import `low`, which no row above it is"]
    );
    assert_eq!(
        told(&[page("| crate | may import |\n|---|---|\n| `low` | - |\n| `lower` | - |\n")]),
        [
            "ARCHITECTURE.md has a row for `lower`, which is no crate here",
            "ARCHITECTURE.md has no row for the crate `high`"
        ]
    );
    assert_eq!(
        told(&[("high/src/b.rs", "// one\nuse crate::a::A;\npub struct B;\n")]),
        ["`high`: a circle of crate::a, crate::b\n    high/src/a.rs:2 takes crate::b::B, which is in crate::b\n    \
            high/src/b.rs:2 takes crate::a::A, which is in crate::a"]
    );
}

#[test]
fn what_only_tests_use_is_no_import() {
    let low = "[package]\nname = \"low\"\nedition = \"2024\"\n[dev-dependencies]\nhigh = { path = \"../high\" }\n";
    assert_eq!(told(&[("low/Cargo.toml", low)]), [""; 0]);
}

#[test]
fn what_cannot_be_held_is_an_error() {
    let error = |more: &[(&'static str, &'static str)]| {
        let dir = workspace(more);
        check(dir.path(), &cargo()).unwrap_err().to_string()
    };
    assert!(error(&[("ARCHITECTURE.md", "nothing")]).starts_with("ARCHITECTURE.md: no table"));
    assert!(error(&[("Cargo.toml", "[workspace")]).starts_with("cargo metadata: "));
    assert!(error(&[("high/src/lib.rs", "mod a;\nmod b;\nmod absent;\n")]).ends_with("no file for `mod absent`"));
}

#[test]
fn this_workspace_keeps_its_laws() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
    let offences = check(root, &cargo()).unwrap();
    let told: Vec<String> = offences.iter().map(ToString::to_string).collect();
    assert!(told.is_empty(), "{}", told.join("\n"));
}

#[test]
fn nothing_networked_is_in_assay_and_no_judge_in_the_program_of_a_fleet() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let of = |package| built_of(&root, &cargo(), package).unwrap();
    let networked = |built: &BTreeSet<String>| NETWORKED.iter().filter(|name| built.contains(**name)).count();
    let assay = of("etcd-assay");
    assert!(assay.contains("etcd-assay-core") && assay.len() > 100, "{assay:?}");
    assert_eq!(
        networked(&assay),
        0,
        "{:?}",
        NETWORKED.iter().filter(|name| assay.contains(**name)).collect::<Vec<_>>()
    );

    // the other side: the list names what is really there, and what judges is not
    let fleet = of("etcd-assay-fleet");
    assert!(networked(&fleet) >= 7, "{fleet:?}");
    let ours: Vec<&str> = fleet.iter().map(String::as_str).filter(|name| name.starts_with("etcd-assay")).collect();
    // etcd's format is read in one place, of which a fleet has the look at a few blocks
    let readers = ["etcd-assay-bbolt-page", "etcd-assay-snapshot"];
    let mut named =
        ["etcd-assay-backup-name", "etcd-assay-calendar", "etcd-assay-fleet", "etcd-assay-wording"].to_vec();
    named.extend(readers);
    named.sort_unstable();
    assert_eq!(ours, named, "a judge, or a second reader");

    // what is served is read by the library that `assay` reads by; nothing that writes or judges for people comes along
    let serve = of("etcd-assay-serve");
    assert!(networked(&serve) >= 4, "{serve:?}");
    assert!(serve.contains("etcd-assay-core") && serve.contains("etcd-assay-lens"), "{serve:?}");
    let strangers =
        ["etcd-assay", "etcd-assay-rebuild", "etcd-assay-restore", "etcd-assay-catalog", "reqwest", "object_store"];
    assert!(strangers.iter().all(|name| !serve.contains(*name)), "{serve:?}");
}
