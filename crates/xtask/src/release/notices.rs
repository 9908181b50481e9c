//! The notices that go out with the binary: whose work it is made of, under which licence, and the texts themselves.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::{Component, Components};
use crate::error::Error;

/// How files begin that hold a licence or a notice.
const NAMES: [&str; 6] = ["license", "licence", "copying", "notice", "copyright", "unlicense"];

const RULE: &str = "--------------------------------------------------------------------------------";

/// All notices as one text: a list of the parts, then each text once, under the parts that ship it.
///
/// # Errors
/// Where the source of a part cannot be read.
pub fn notices(components: &Components) -> Result<String, Error> {
    let mut by_text: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut list = String::new();
    for part in &components.parts {
        let ours = part.folder.is_some() && part.sha256.is_none();
        if ours {
            continue; // under the licence of assay itself
        }
        list += &format!("{} {}: {}\n", part.name, part.version, part.license);
        for text in texts(part)? {
            by_text.entry(text).or_default().push(format!("{} {}", part.name, part.version));
        }
    }
    let mut texts: Vec<(Vec<String>, String)> = by_text.into_iter().map(|(text, parts)| (parts, text)).collect();
    texts.sort();
    let mut all = format!(
        "assay is made of the following, each under its own licence. Where a package offers several, any of\n\
         them may be chosen. The texts that they ship stand below.\n\n{list}"
    );
    for (parts, text) in texts {
        all += &format!("\n{RULE}\n{}\n{RULE}\n\n{text}\n", parts.join("\n"));
    }
    Ok(all)
}

/// The texts at the top of a part's source, in the order of their names, and those from elsewhere.
fn texts(part: &Component) -> Result<Vec<String>, Error> {
    let mut files = Vec::new();
    if let Some(folder) = &part.folder {
        for entry in fs::read_dir(folder).map_err(Error::file(folder))? {
            let path = entry.map_err(Error::file(folder))?.path();
            if is_notice(&path) && path.is_file() {
                files.push(path);
            }
        }
    }
    files.sort();
    let read = |path: &PathBuf| {
        let bytes = fs::read(path).map_err(Error::file(path))?;
        let text = String::from_utf8_lossy(&bytes).replace("\r\n", "\n");
        Ok(text.trim_matches('\n').to_owned())
    };
    files.iter().chain(&part.texts).map(read).collect()
}

/// By its name: `LICENSE-MIT`, `NOTICE.txt`, `COPYING`; not `license.rs`.
fn is_notice(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
    NAMES.iter().any(|start| name.starts_with(start)) && !name.ends_with(".rs")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn part(name: &str, folder: Option<PathBuf>, sha256: Option<&str>) -> Component {
        Component {
            name: name.to_owned(),
            version: "1.0.0".to_owned(),
            purl: String::new(),
            license: "MIT".to_owned(),
            sha256: sha256.map(str::to_owned),
            folder,
            texts: Vec::new(),
            needs: BTreeSet::new(),
        }
    }

    #[test]
    fn a_text_stands_once_under_all_that_ship_it() {
        let folder = tempfile::tempdir().unwrap();
        for (name, file, text) in [
            ("a", "LICENSE-MIT", "permission\r\n"),
            ("b", "LICENSE", "permission\n\n"),
            ("b", "NOTICE.txt", "parts of c"),
            ("b", "licenses.rs", "no notice"),
            ("ours", "LICENSE", "our own"),
        ] {
            let at = folder.path().join(name);
            fs::create_dir_all(&at).unwrap();
            fs::write(at.join(file), text).unwrap();
        }
        let of = |name: &str, sha256| part(name, Some(folder.path().join(name)), sha256);
        let root = part("top", None, None);
        fs::write(folder.path().join("elsewhere"), "must go along").unwrap();
        let musl = Component { texts: vec![folder.path().join("elsewhere")], ..part("musl", None, None) };
        let parts = vec![of("a", Some("1")), of("b", Some("2")), of("ours", None), musl];
        let said = notices(&Components { root, parts }).unwrap();
        assert_eq!(said.matches("permission").count(), 1, "{said}");
        assert!(said.contains("a 1.0.0\nb 1.0.0\n"), "{said}");
        assert!(said.contains("parts of c") && said.contains("musl 1.0.0: MIT"), "{said}");
        assert!(said.contains("must go along"), "{said}");
        assert!(!said.contains("no notice") && !said.contains("our own") && !said.contains("ours"), "{said}");
    }
}
