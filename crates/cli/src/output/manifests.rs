//! Manifests, as a stream or as a file each.

use std::io::Write;
use std::path::{Path, PathBuf};

use document::HexBytes;
use key_escrow::{Access, Place};
use kube_objects::{StorageKey, to_exact_yaml, to_json};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::args::ManifestFormat;
use crate::exit::Error;
use crate::failure;
use crate::ui::Ui;
use wording::escape_path;

/// Longest name of a file, its extension not counted; file systems take 255 bytes.
const LONGEST_NAME: usize = 200;
/// Directory of objects without a namespace. It sorts before any namespace, so `apply -R` begins with it.
const CLUSTER: &str = "_cluster";

/// Where manifests go.
#[derive(Debug)]
pub struct Manifests {
    format: ManifestFormat,
    place: Option<Place>,
    written: u64,
}

impl Manifests {
    /// To standard output, or into a directory that is new or empty.
    ///
    /// # Errors
    /// Where the directory holds something, or cannot be made.
    pub fn begin(format: ManifestFormat, folder: Option<PathBuf>) -> Result<Self, Error> {
        let place = match folder {
            None => None,
            Some(folder) => {
                let place = Place::open(&folder, Access::Public).map_err(|e| failure::of_place(&folder, &e))?;
                if !place.is_empty().map_err(|error| cannot(&folder, &error.to_string(), None))? {
                    return Err(cannot(&folder, "the directory is not empty", Some("name a new or an empty one")));
                }
                Some(place)
            }
        };
        Ok(Self { format, place, written: 0 })
    }

    /// How many were written.
    pub fn written(&self) -> u64 {
        self.written
    }

    /// Takes a manifest; `is_secret` keeps its file from others.
    ///
    /// # Errors
    /// Whatever keeps it from being written.
    pub fn write(&mut self, key: &[u8], object: &Value, is_secret: bool, ui: &mut Ui) -> Result<(), Error> {
        let text = match self.format {
            ManifestFormat::Yaml => to_exact_yaml(object),
            ManifestFormat::Json => to_json(object),
        };
        match &self.place {
            Some(place) => self.file(place, key, &text, is_secret)?,
            None => {
                if self.format == ManifestFormat::Yaml {
                    ui.out().write_all(b"---\n")?;
                }
                ui.out().write_all(text.as_bytes())?;
            }
        }
        self.written += 1;
        Ok(())
    }

    fn file(&self, place: &Place, key: &[u8], text: &str, is_secret: bool) -> Result<(), Error> {
        let parsed = StorageKey::parse(key);
        let namespace = parsed.namespace.map_or_else(|| CLUSTER.to_owned(), safe_name);
        let resource = match (parsed.resource, parsed.group) {
            (b"", _) => "keys".to_owned(),
            (resource, b"") => safe_name(resource),
            (resource, group) => safe_name(&[resource, b".", group].concat()),
        };
        let below = |place: &Place, name: &str| {
            place.below(name, 0o755).map_err(|error| failure::of_place(&place.path(name), &error))
        };
        let place = below(&below(place, &namespace)?, &resource)?;
        let extension = match self.format {
            ManifestFormat::Yaml => "yaml",
            ManifestFormat::Json => "json",
        };
        let name = format!("{}.{extension}", safe_name(parsed.name));
        let mode = if is_secret { 0o600 } else { 0o644 };
        let written = place.create_new(&name, mode).and_then(|mut file| file.write_all(text.as_bytes()));
        written.map_err(|error| cannot(&place.path(&name), &error.to_string(), None))
    }
}

fn cannot(path: &Path, reason: &str, hint: Option<&str>) -> Error {
    Error::Output { path: escape_path(path), reason: reason.to_owned(), hint: hint.map(str::to_owned) }
}

/// A name as a file may be called anywhere: what else a name holds comes as `%XX`, a long one ends with its digest.
/// Two names never become one.
fn safe_name(name: &[u8]) -> String {
    let mut safe = String::with_capacity(name.len());
    for (at, byte) in name.iter().enumerate() {
        match byte {
            b'.' if at == 0 => safe.push_str("%2E"),
            b'_' if at == 0 => safe.push_str("%5F"),
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'_' => safe.push(char::from(*byte)),
            // `~` only, for the digest of a long name
            other => safe.push_str(&format!("%{other:02X}")),
        }
    }
    if safe.is_empty() {
        return "%".to_owned();
    }
    if safe.len() > LONGEST_NAME {
        let digest = Sha256::digest(name);
        let digest = HexBytes(digest.get(..16).unwrap_or_default()).to_string();
        safe.truncate(LONGEST_NAME - digest.len() - 1);
        safe = format!("{safe}~{digest}");
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_leaves_its_directory_or_meets_another() {
        let long = [b'x'; 5000];
        let longer = [b'x'; 5001];
        let names: [&[u8]; 14] = [
            b"web",
            b"..",
            b".",
            b"",
            b"../../etc/passwd",
            b"/etc/passwd",
            b"a/b",
            b"a%2Fb",
            b"system:node",
            b"\x00\xff\n",
            b"_cluster",
            b"~",
            &long,
            &longer,
        ];
        let mut seen = std::collections::BTreeSet::new();
        for name in names {
            let safe = safe_name(name);
            let path = Path::new(&safe);
            assert_eq!(path.components().count(), 1, "{safe}");
            assert!(matches!(path.components().next(), Some(std::path::Component::Normal(_))), "{safe}");
            assert!(safe.len() <= LONGEST_NAME && safe != CLUSTER && safe.is_ascii() && !safe.contains('/'));
            assert!(seen.insert(safe.clone()), "{safe} twice");
        }
        assert_eq!(safe_name(b"web-1.example"), "web-1.example");
        assert_eq!(safe_name(b"system:node"), "system%3Anode");
    }
}
