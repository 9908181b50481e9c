//! What a lock file records: which files a run is about to name, and whether the set of them counts already.
//!
//! ```text
//! assay-replace/1                   only where the set takes another's place
//! <sha256> <name>                   a line for each file
//! end                               only there; with it the new set counts
//! ```

use std::fs::{self, OpenOptions};
use std::io::Read as _;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use crate::names::Names;
use crate::place::is_trusted;

/// Longer records are read no further, in bytes.
pub(super) const LONGEST: u64 = 1024 * 1024;
const REPLACE: &str = "assay-replace/1";
const END: &str = "end";

/// The record of a run.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Journal {
    /// SHA-256 in hex, and name; in the order of the names.
    pub(super) entries: Vec<(String, String)>,
    /// Whether this set counts, and no longer what had its names before.
    pub(super) counts: bool,
}

impl Journal {
    pub(super) fn add(&mut self, sha256: String, name: &str) {
        self.entries.push((sha256, name.to_owned()));
    }

    fn lines(&self) -> String {
        self.entries.iter().map(|(sha256, name)| format!("{sha256} {name}\n")).collect()
    }

    /// Of a set that is new.
    pub(super) fn appearing(&self) -> String {
        self.lines()
    }

    /// Of a set that takes another's place.
    pub(super) fn replacing(&self) -> String {
        format!("{REPLACE}\n{}{END}\n", self.lines())
    }

    /// Reads a record; what is no line of one, or names a file elsewhere, is passed over.
    pub(super) fn parse(text: &str) -> Self {
        let is_whole = text.ends_with(&format!("\n{END}\n"));
        let counts = is_whole && text.lines().next() == Some(REPLACE);
        let lines = text.lines().filter_map(|line| line.split_once(' '));
        let entries = lines.filter(|(_, name)| stays_inside(name));
        Self { entries: entries.map(|(sha256, name)| (sha256.to_owned(), name.to_owned())).collect(), counts }
    }
}

/// Whether a name stays in its directory.
fn stays_inside(name: &str) -> bool {
    !name.is_empty() && !name.contains('/') && name != "." && name != ".."
}

/// The lock file of a set.
pub(super) fn lock_name(stem: &str) -> String {
    format!(".{stem}.assay-lock")
}

/// Where the file of a path really is, if a run that replaces it was killed: under its temporary name, as the set that it is
/// of counts, and has not all its names yet. Nothing in all other cases.
pub(crate) fn pending(path: &Path) -> Option<PathBuf> {
    let name = path.file_name()?.to_str()?;
    let lock = path.with_file_name(lock_name(Names::stem_of_output(name)?));
    let journal = fs::symlink_metadata(&lock).ok()?;
    let part = path.with_file_name(super::temp(name));
    let file = fs::symlink_metadata(&part).ok()?;
    // where everybody may put files, they may be anybody's
    let folder = fs::metadata(path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."))).ok()?;
    let is_ours = |owner: u32| is_trusted(owner) || owner == folder.uid();
    if !journal.is_file() || !file.is_file() || !is_ours(journal.uid()) || !is_ours(file.uid()) {
        return None;
    }
    let mut text = String::new();
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    let lock = OpenOptions::new().read(true).custom_flags(flags).open(lock).ok()?;
    lock.take(LONGEST).read_to_string(&mut text).ok()?;
    let journal = Journal::parse(&text);
    (journal.counts && journal.entries.iter().any(|(_, entry)| entry == name)).then_some(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_counts_with_the_last_line_and_not_before() {
        let mut journal = Journal::default();
        journal.add("00".to_owned(), "a");
        journal.add("11".to_owned(), "b c");
        let text = journal.replacing();
        for end in 0..text.len() {
            assert!(!Journal::parse(&text[..end]).counts, "{end}");
        }
        journal.counts = true;
        assert_eq!(Journal::parse(&text), journal);
        journal.counts = false;
        assert_eq!(Journal::parse(&journal.appearing()), journal);
        for text in ["", "end\n", "\nend\n", "00 a\nend\n", "x\nassay-replace/1\n00 a\nend\n"] {
            assert!(!Journal::parse(text).counts, "{text}");
        }
        let text = "assay-replace/1\n00 ../a\n00 \n00 .\n00 ..\n00 a/b\n11 ok\nend\n";
        assert_eq!(Journal::parse(text).entries, [("11".to_owned(), "ok".to_owned())]);
    }
}
