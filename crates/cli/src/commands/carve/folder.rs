//! Values that were carved, a file each, and the manifest that says what they are.
//!
//! Names are digests: nothing from the snapshot becomes part of a path. Files are new, and readable by their owner
//! alone. The manifest is renamed into its place last: where it stands, everything is there.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use document::{HexBytes, SCHEMA, write_compact};
use key_escrow::{Access, Place};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::exit::Error;
use crate::failure;
use wording::escape_path;

const MANIFEST: &str = "manifest.json";
const PART: &str = ".manifest.json.part";

/// A directory that is being filled.
pub(super) struct CarvedFolder {
    place: Place,
    manifest: BufWriter<File>,
    first: bool,
    pub(super) files: u64,
    pub(super) bytes: u64,
}

/// A file, as the manifest has it.
#[derive(Serialize)]
struct FileJson<'f, R> {
    file: &'f str,
    sha256: &'f str,
    #[serde(flatten)]
    row: R,
}

fn failed(path: &Path, error: &io::Error) -> Error {
    Error::Output { path: escape_path(path), reason: error.to_string(), hint: None }
}

impl CarvedFolder {
    /// Makes the directory, or takes an empty one of this user's that nobody else can write to, and begins the manifest.
    pub(super) fn begin(dir: &Path, source: &str, sha256: &[u8]) -> Result<Self, Error> {
        let place = Place::open(dir, Access::Private).map_err(|error| failure::of_place(dir, &error))?;
        if !place.is_empty().map_err(|error| failed(dir, &error))? {
            return Err(Error::Output {
                path: escape_path(dir),
                reason: "the directory is not empty".to_owned(),
                hint: Some("evidence goes into a directory of its own; choose another `--out`".to_owned()),
            });
        }
        let file = place.create_new(PART, 0o600).map_err(|error| failed(&place.path(PART), &error))?;
        let mut folder = Self { place, manifest: BufWriter::new(file), first: true, files: 0, bytes: 0 };
        let version = env!("CARGO_PKG_VERSION");
        let head = format!("{{\"schema\":\"{SCHEMA}\",\"command\":\"carve\",\"assay\":\"{version}\",\"source\":");
        let sha256 = HexBytes(sha256);
        folder.write(|out| {
            out.write_all(head.as_bytes())?;
            write_compact(out, source)?;
            write!(out, ",\"sha256\":\"{sha256}\",\"files\":[")
        })?;
        Ok(folder)
    }

    fn write(&mut self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Error> {
        write(&mut self.manifest).map_err(|error| failed(&self.place.path(PART), &error))
    }

    /// Writes a value, if no other value was the same, and notes what it is; gives the name of its file.
    pub(super) fn add(&mut self, value: &[u8], row: &impl Serialize) -> Result<String, Error> {
        let digest = HexBytes(&Sha256::digest(value)).to_string();
        let name = format!("{digest}.bin");
        let path = self.place.path(&name);
        match self.place.create_new(&name, 0o600) {
            Ok(mut file) => {
                file.write_all(value).map_err(|error| failed(&path, &error))?;
                self.files += 1;
                self.bytes += value.len() as u64;
            }
            // The directory was empty: a file of this name is of this run, and holds the same value.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(failed(&path, &error)),
        }
        let comma: &[u8] = if self.first { b"\n" } else { b",\n" };
        self.first = false;
        self.write(|out| {
            out.write_all(comma)?;
            write_compact(out, &FileJson { file: &name, sha256: &digest, row })
        })?;
        Ok(name)
    }

    /// Ends the manifest and puts it in its place, once everything is on the disk.
    pub(super) fn finish(mut self) -> Result<(), Error> {
        let (part, place) = (self.place.path(PART), self.place.path(MANIFEST));
        self.write(|out| out.write_all(b"\n]}\n").and_then(|()| out.flush()))?;
        // One call for all files: a snapshot may hold many thousands.
        rustix::fs::syncfs(self.manifest.get_ref()).map_err(|error| failed(&part, &error.into()))?;
        self.place.replace(PART, MANIFEST).map_err(|error| failed(&place, &error))
    }
}
