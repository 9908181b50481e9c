//! What the binary is made of: the packages that cargo builds into it, and what those bring along.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::cargo::said;
use crate::error::Error;

/// A part of the binary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Component {
    /// The name of the package.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its package URL, by which scanners know it.
    pub purl: String,
    /// Its licence as an SPDX expression.
    pub license: String,
    /// SHA-256 of the package as its registry has it, in hex; none of what lies in this repository.
    pub sha256: Option<String>,
    /// Where its source lies, with the texts of its licence.
    pub folder: Option<PathBuf>,
    /// Files elsewhere that must go out with it.
    pub texts: Vec<PathBuf>,
    /// By purl, what it is built with.
    pub needs: BTreeSet<String>,
}

/// All parts of the binary: what is shipped first, then the others by name and version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Components {
    /// What is shipped.
    pub root: Component,
    /// What it is made of.
    pub parts: Vec<Component>,
}

/// The package that is shipped.
const SHIPPED: &str = "etcd-assay";

/// What `package` of the workspace at `root` is made of when built for `target`: no macros, no build scripts, nothing
/// that only tests have; but SQLite, which a package carries as source, and the libraries of Rust and of C.
///
/// # Errors
/// Where cargo cannot be asked, or a part has no licence.
pub fn components(root: &Path, cargo: &Path, target: &str) -> Result<Components, Error> {
    let ask = |words: &[&str]| said(Command::new(cargo).current_dir(root).args(words));
    let edges_of = ["tree", "--locked", "-p", SHIPPED, "--target", target, "-e", "normal,no-proc-macro"];
    let tree = ask(&[&edges_of[..], &["--prefix", "depth", "-f", "{p}"]].concat())?;
    let metadata = ask(&["metadata", "--locked", "--format-version", "1", "--filter-platform", target])?;
    let metadata =
        serde_json::from_str(&metadata).map_err(|why| Error::asked("cargo metadata", format!("no JSON: {why}")))?;
    let lock_file = root.join("Cargo.lock");
    let lock = fs::read_to_string(&lock_file).map_err(Error::file(lock_file))?;
    let mut found = described(&edges(&tree)?, &metadata, &checksums(&lock))?;
    brought_along(&mut found.parts)?;
    let toolchain = Toolchain::of(root)?;
    for part in found.parts.iter_mut().filter(|part| part.license.contains("LGPL-3.0")) {
        part.texts.push(toolchain.docs().join("licenses/GPL-3.0-or-later.txt")); // to which the LGPL is an addition
    }
    let libraries = toolchain.libraries(target)?;
    found.root.needs.extend(libraries.iter().map(|part| part.purl.clone()));
    found.parts.extend(libraries);
    found.parts.sort_by(|a, b| (&a.name, &a.version).cmp(&(&b.name, &b.version)));
    Ok(found)
}

/// Name and version.
type Id = (String, String);

/// Of each package in a tree with depths, what stands right below it. The first is the root.
#[derive(Debug, PartialEq, Eq)]
struct Edges {
    root: Id,
    below: BTreeMap<Id, BTreeSet<Id>>,
}

fn edges(tree: &str) -> Result<Edges, Error> {
    let odd = |line: &str| Error::asked("cargo tree", format!("got `{line}`, expected `DEPTHname vVERSION`"));
    let mut above: Vec<Id> = Vec::new();
    let mut below: BTreeMap<Id, BTreeSet<Id>> = BTreeMap::new();
    for line in tree.lines() {
        let name_at = line.find(|c: char| !c.is_ascii_digit()).ok_or_else(|| odd(line))?;
        let (depth, rest) = line.split_at(name_at);
        let depth: usize = depth.parse().map_err(|_| odd(line))?;
        let mut words = rest.split(' ');
        let (Some(name), Some(version)) = (words.next(), words.next().and_then(|word| word.strip_prefix('v'))) else {
            return Err(odd(line));
        };
        if depth > above.len() {
            return Err(odd(line));
        }
        let id = (name.to_owned(), version.to_owned());
        above.truncate(depth);
        if let Some(parent) = above.last() {
            below.entry(parent.clone()).or_default().insert(id.clone());
        }
        below.entry(id.clone()).or_default();
        above.push(id);
    }
    let root = above.into_iter().next().ok_or_else(|| odd(""))?;
    Ok(Edges { root, below })
}

/// SHA-256 by name and version, from the text of a lock file.
fn checksums(lock: &str) -> BTreeMap<Id, String> {
    let packages = lock.split("[[package]]").skip(1).map(|package| {
        let value = |key: &str| {
            let line = package.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = "));
            line.map(|value| value.trim_matches('"').to_owned())
        };
        Some(((value("name")?, value("version")?), value("checksum")?))
    });
    packages.flatten().collect()
}

fn described(edges: &Edges, metadata: &Value, checksums: &BTreeMap<Id, String>) -> Result<Components, Error> {
    let text = |package: &Value, key: &str| package.get(key).and_then(Value::as_str).map(str::to_owned);
    let packages = metadata.get("packages").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let described: BTreeMap<Id, &Value> = packages
        .iter()
        .filter_map(|package| Some(((text(package, "name")?, text(package, "version")?), package)))
        .collect();
    let component = |id: &Id, below: &BTreeSet<Id>| -> Result<Component, Error> {
        let lacks =
            |lacks: &str| Error::Component { name: id.0.clone(), version: id.1.clone(), lacks: lacks.to_owned() };
        let package = described.get(id).ok_or_else(|| lacks("cargo metadata does not have it"))?;
        let license = text(package, "license").ok_or_else(|| lacks("its manifest has no `license`"))?;
        let manifest = text(package, "manifest_path").map(PathBuf::from);
        Ok(Component {
            purl: purl(id),
            // the way to write OR before SPDX had expressions
            license: license.replace('/', " OR ").replace("  ", " "),
            sha256: checksums.get(id).cloned(),
            folder: manifest.and_then(|manifest| manifest.parent().map(Path::to_path_buf)),
            texts: Vec::new(),
            needs: below.iter().map(purl).collect(),
            name: id.0.clone(),
            version: id.1.clone(),
        })
    };
    let mut parts = Vec::new();
    let mut root = None;
    for (id, below) in &edges.below {
        let component = component(id, below)?;
        if *id == edges.root { root = Some(component) } else { parts.push(component) }
    }
    let root = root.ok_or_else(|| Error::asked("cargo tree", "it has no root"))?;
    Ok(Components { root, parts })
}

fn purl((name, version): &Id) -> String {
    format!("pkg:cargo/{name}@{version}")
}

/// SQLite, whose source a package carries: whoever looks for its faults looks for its own name and version.
fn brought_along(parts: &mut Vec<Component>) -> Result<(), Error> {
    let Some(bindings) = parts.iter_mut().find(|part| part.name == "libsqlite3-sys") else { return Ok(()) };
    let header = bindings.folder.clone().unwrap_or_default().join("sqlite3/sqlite3.h");
    let text = fs::read_to_string(&header).map_err(Error::file(&header))?;
    let version = sqlite_version(&text).ok_or_else(|| Error::Component {
        name: bindings.name.clone(),
        version: bindings.version.clone(),
        lacks: format!("no SQLITE_VERSION in {}", header.display()),
    })?;
    let sqlite = generic("sqlite", version, "blessing");
    bindings.needs.insert(sqlite.purl.clone());
    parts.push(sqlite);
    Ok(())
}

fn sqlite_version(header: &str) -> Option<&str> {
    let line = header.lines().find_map(|line| line.strip_prefix("#define SQLITE_VERSION "))?;
    Some(line.trim().trim_matches('"'))
}

/// What every binary has from the compiler.
struct Toolchain {
    release: String,
    sysroot: PathBuf,
}

impl Toolchain {
    fn of(root: &Path) -> Result<Self, Error> {
        let rustc = std::env::var_os("RUSTC").map_or_else(|| PathBuf::from("rustc"), PathBuf::from);
        let ask = |words: &[&str]| said(Command::new(&rustc).current_dir(root).args(words));
        let version = ask(&["--version", "--verbose"])?;
        let release = version.lines().find_map(|line| line.strip_prefix("release: "));
        let release = release.ok_or_else(|| Error::asked("rustc --version", "it tells no release"))?;
        let sysroot = ask(&["--print", "sysroot"])?;
        Ok(Self { release: release.to_owned(), sysroot: PathBuf::from(sysroot.trim()) })
    }

    fn docs(&self) -> PathBuf {
        self.sysroot.join("share/doc/rust")
    }

    /// The library of Rust and, on musl, that of C, which are in every static binary.
    fn libraries(&self, target: &str) -> Result<Vec<Component>, Error> {
        let mut std = generic("rust-std", &self.release, "MIT OR Apache-2.0");
        std.texts.push(self.docs().join("COPYRIGHT-library.html"));
        let mut parts = vec![std];
        if target.ends_with("-musl") {
            let libc = self.sysroot.join("lib/rustlib").join(target).join("lib/self-contained/libc.a");
            let bytes = fs::read(&libc).map_err(Error::file(&libc))?;
            let version = musl_version(&bytes).ok_or_else(|| Error::Component {
                name: "musl".to_owned(),
                version: target.to_owned(),
                lacks: format!("no version in {}", libc.display()),
            })?;
            let mut musl = generic("musl", &version, "MIT");
            musl.texts.push(PathBuf::from("/usr/share/doc/musl/copyright")); // of the package with the compiler for it
            parts.push(musl);
        }
        Ok(parts)
    }
}

fn generic(name: &str, version: &str, license: &str) -> Component {
    Component {
        name: name.to_owned(),
        version: version.to_owned(),
        purl: format!("pkg:generic/{name}@{version}"),
        license: license.to_owned(),
        sha256: None,
        folder: None,
        texts: Vec::new(),
        needs: BTreeSet::new(),
    }
}

/// musl keeps its version as a string of its own, `1.2.5`, with a zero on both sides.
fn musl_version(libc: &[u8]) -> Option<String> {
    let is_version = |word: &&[u8]| {
        word.len() < 12
            && word.starts_with(b"1.")
            && word.iter().filter(|&&byte| byte == b'.').count() == 2
            && word.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.')
    };
    let word = libc.split(|&byte| byte == 0).find(is_version)?;
    String::from_utf8(word.to_vec()).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn id(name: &str, version: &str) -> Id {
        (name.to_owned(), version.to_owned())
    }

    #[test]
    fn a_tree_tells_what_is_below_what_though_each_is_unfolded_once() {
        let tree = "0top v1.0.0 (/work/top)\n1a v2.0.0\n2b v0.1.0\n3c v0.1.0\n1b v0.1.0 (*)\n";
        let found = edges(tree).unwrap();
        assert_eq!(found.root, id("top", "1.0.0"));
        assert_eq!(found.below[&id("top", "1.0.0")], BTreeSet::from([id("a", "2.0.0"), id("b", "0.1.0")]));
        assert_eq!(found.below[&id("b", "0.1.0")], BTreeSet::from([id("c", "0.1.0")]));
        for odd in ["", "top v1", "1top v1.0.0", "0top", "0top 1.0.0"] {
            assert!(edges(odd).is_err(), "{odd}");
        }
    }

    #[test]
    fn a_lock_file_has_checksums_of_what_came_from_a_registry() {
        let lock = "version = 4\n\n[[package]]\nname = \"a\"\nversion = \"1.0.0\"\nchecksum = \"ab12\"\n\n\
                    [[package]]\nname = \"ours\"\nversion = \"0.1.0\"\n";
        assert_eq!(checksums(lock), BTreeMap::from([(id("a", "1.0.0"), "ab12".to_owned())]));
    }

    #[test]
    fn a_part_without_a_licence_is_named() {
        let edges = edges("0top v1.0.0\n1a v2.0.0\n").unwrap();
        let with = |license: Value| {
            json!({"packages": [
            {"name": "top", "version": "1.0.0", "license": "MIT/Apache-2.0", "manifest_path": "/top/Cargo.toml"},
            {"name": "a", "version": "2.0.0", "license": license, "manifest_path": "/a/Cargo.toml"}]})
        };
        let found = described(&edges, &with(json!("Zlib")), &BTreeMap::new()).unwrap();
        assert_eq!(found.root.license, "MIT OR Apache-2.0");
        assert_eq!(found.root.needs, BTreeSet::from(["pkg:cargo/a@2.0.0".to_owned()]));
        assert_eq!(found.parts[0].folder.as_deref(), Some(Path::new("/a")));
        let error = described(&edges, &with(Value::Null), &BTreeMap::new()).unwrap_err();
        assert_eq!(error.to_string(), "a 2.0.0: its manifest has no `license`");
    }

    #[test]
    fn versions_of_c_libraries_are_read_where_they_write_them() {
        assert_eq!(sqlite_version("/* */\n#define SQLITE_VERSION        \"3.50.4\"\n"), Some("3.50.4"));
        assert_eq!(sqlite_version("#define SQLITE_VERSION_NUMBER 3050004\n"), None);
        assert_eq!(musl_version(b"\0 1.2\x001.0\x001.2.5\0\x001.9.9\0").as_deref(), Some("1.2.5"));
        assert_eq!(musl_version(b"\x001.2\0"), None);
    }

    /// The workspace's own tree: what tests stand on is not in it, nor macros, and the C library is.
    #[test]
    fn of_this_workspace_only_what_is_shipped_counts() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let cargo = std::env::var_os("CARGO").map_or_else(|| PathBuf::from("cargo"), PathBuf::from);
        let host = "x86_64-unknown-linux-gnu"; // the other target may not be installed where tests run
        let found = components(&root, &cargo, host).unwrap();
        let has = |name: &str| found.parts.iter().any(|part| part.name == name);
        for shipped in ["etcd-assay-core", "cabac", "sqlite", "rust-std", "libsqlite3-sys", "serde"] {
            assert!(has(shipped), "{shipped}");
        }
        for other in ["proptest", "bbolt-rs", "fixtures", "serde_derive", "cc", "xtask", "musl"] {
            assert!(!has(other), "{other}");
        }
        let registered = found.parts.iter().filter(|part| part.purl.starts_with("pkg:cargo/") && part.sha256.is_some());
        assert!(registered.count() > 200);
        let known: BTreeSet<&str> = found.parts.iter().map(|part| part.purl.as_str()).collect();
        assert!(found.parts.iter().flat_map(|part| &part.needs).all(|need| known.contains(need.as_str())));
    }
}
