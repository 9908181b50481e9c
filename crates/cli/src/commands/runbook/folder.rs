//! The book in a directory of its own: in every form, with the files that its steps need, or not at all.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use document::{Artifact, Document};
use report::runbook::{BookForm, render};

use crate::exit::Error;
use crate::failure;
use crate::unproven::{Unproven, failed};

/// A directory that has not its name yet; dropped before it has, it is removed.
pub(super) struct Folder {
    new: Unproven,
    out: PathBuf,
    begun: bool,
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.begun {
            let _ = fs::remove_dir_all(self.new.path());
        }
    }
}

impl Folder {
    /// Makes sure of the place, before anything is read: there is nothing of that name.
    pub(super) fn at(out: &Path) -> Result<Self, Error> {
        Ok(Self { new: Unproven::at(out, &[], true)?, out: out.to_path_buf(), begun: false })
    }

    /// Writes all; the names of what was written.
    pub(super) fn write(mut self, document: &Document) -> Result<Vec<PathBuf>, Error> {
        self.new.begin(|place, part| place.create_dir(part, 0o700))?;
        self.begun = true;
        let mut json = Vec::new();
        document.write(&mut json)?;
        let mut files = vec![
            ("runbook.md", render(BookForm::Markdown, document).into_bytes()),
            ("runbook.html", render(BookForm::Html, document).into_bytes()),
            ("runbook.json", json),
        ];
        for artifact in &document.artifacts {
            let Artifact::Runbook(book) = artifact else { continue };
            files.extend(book.files.iter().map(|file| (&*file.name, file.text.clone().into_bytes())));
        }
        let mut written = Vec::new();
        for (name, bytes) in &files {
            self.file(name, bytes)?;
            written.push(self.out.join(name));
        }
        self.new.publish(|_| Ok(()))?;
        self.begun = false;
        Ok(written)
    }

    /// A new file that is on the disk when this returns.
    fn file(&self, name: &str, bytes: &[u8]) -> Result<(), Error> {
        let path = self.new.path().join(name);
        let place = self.new.place.below(&self.new.part, 0o700);
        let place = place.map_err(|error| failure::of_place(&self.new.path(), &error))?;
        let made = place.create_new(name, 0o600).and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        });
        made.map_err(|error| failed(&path, &error))
    }
}
