//! An output under another name until it is proven: then it gets its own, which nothing had before.

use std::io;
use std::path::{Path, PathBuf};

use key_escrow::{Access, Place};
use wording::escape_path;

use crate::exit::Error;
use crate::failure;

/// Where an output will be, and where it is made.
pub(crate) struct Unproven {
    pub(crate) place: Place,
    /// Its name.
    pub(crate) name: String,
    /// Its name until it is proven.
    pub(crate) part: String,
}

impl Unproven {
    /// Makes sure of the place, and that neither the name nor what will lie beside it is taken.
    pub(crate) fn at(out: &Path, beside: &[&str]) -> Result<Self, Error> {
        let folder = out.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
        let Some(name) = out.file_name().and_then(|name| name.to_str()) else {
            return Err(Error::Usage(format!("`--out {}` names nothing to write", escape_path(out))));
        };
        let place = Place::open(folder, Access::Shared).map_err(|error| failure::of_place(folder, &error))?;
        let new = Self { place, name: name.to_owned(), part: format!(".{name}.unproven") };
        for taken in beside.iter().chain(&[""]).map(|end| format!("{name}{end}")) {
            if new.has(&taken)? {
                return Err(cannot(
                    &new.place.path(&taken),
                    "there is one already",
                    "give another `--out`, or move it away",
                ));
            }
        }
        if new.has(&new.part)? {
            let reason = "a run that makes it is under way, or one was broken off";
            return Err(cannot(&new.path(), reason, "remove it if no assay is running"));
        }
        Ok(new)
    }

    fn has(&self, name: &str) -> Result<bool, Error> {
        self.place.has(name).map_err(|error| failure::of_place(&self.place.path(name), &error))
    }

    /// Where it is made.
    pub(crate) fn path(&self) -> PathBuf {
        self.place.path(&self.part)
    }

    /// Gives it its name.
    pub(crate) fn publish(&self) -> Result<(), Error> {
        let path = self.place.path(&self.name);
        self.place.rename_new(&self.part, &self.name).map_err(|error| failure::of_place(&path, &error))?;
        self.place.sync().map_err(|error| failed(&path, &error))
    }
}

/// What the system says of a path.
pub(crate) fn failed(path: &Path, error: &io::Error) -> Error {
    cannot(path, &error.to_string(), "")
}

/// What was written and reads back as something else.
pub(crate) fn wrong(path: &Path, what: &str) -> Error {
    let hint = "the disk or assay is at fault; the source is untouched";
    cannot(path, &format!("what was written reads back wrong: {what}"), hint)
}

fn cannot(path: &Path, reason: &str, hint: &str) -> Error {
    let hint = (!hint.is_empty()).then(|| hint.to_owned());
    Error::Output { path: escape_path(path), reason: reason.to_owned(), hint }
}
