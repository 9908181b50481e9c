use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;

use super::*;
use crate::{Directory, Files};

/// A folder in memory that counts how often each of its files is opened, and how often it is listed.
struct Counting {
    files: BTreeMap<String, Vec<u8>>,
    opened: Arc<Mutex<BTreeMap<String, usize>>>,
}

impl Counting {
    fn count(&self, name: &str) {
        *self.opened.lock().unwrap().entry(name.to_owned()).or_default() += 1;
    }
}

impl Folder for Counting {
    fn entries(&self) -> Result<Vec<Entry>, InputError> {
        self.count("/");
        let of = |(name, bytes): (&String, &Vec<u8>)| Entry {
            name: name.into(),
            kind: EntryKind::File,
            size: bytes.len() as u64,
            modified: None,
        };
        Ok(self.files.iter().map(of).collect())
    }

    fn open(&self, entry: &Entry, _reading: &Reading) -> Result<Contents, InputError> {
        let name = entry.name.to_str().unwrap();
        self.count(name);
        let bytes = self.files.get(name).unwrap().clone();
        Contents::of_stream(name, Box::new(std::io::Cursor::new(bytes)))
    }

    fn path(&self) -> &Path {
        Path::new("memory")
    }
}

#[test]
fn a_file_that_was_looked_at_is_not_opened_again() {
    let mut snapshot = vec![7; 100_000];
    snapshot[16..20].copy_from_slice(&0xED0C_DAEDu32.to_le_bytes());
    let files = [("a.db".to_owned(), snapshot.clone()), ("b.txt".to_owned(), b"text".to_vec())];
    let opened = Arc::default();
    let folder = Counting { files: files.into(), opened: Arc::clone(&opened) };
    let (walk, reading) = (Walk::of(Box::new(folder)).unwrap(), Reading::default());
    let looks: Vec<_> = walk.entries().iter().map(|entry| walk.look(entry, &reading).unwrap()).collect();
    assert!(looks[0].is_bbolt() && looks[1] == Looks::Text);
    assert_eq!(walk.look(&walk.entries()[0].clone(), &reading), Some(looks[0].clone()), "looked at twice");
    walk.keep(|name| name == "a.db");
    let contents = walk.open("a.db".as_ref(), &reading).unwrap().ready(&reading, &|_| {}).unwrap();
    assert!(contents.bytes() == snapshot && contents.name() == "a.db");
    assert!(walk.has("b.txt") && !walk.has("c"));
    let counts = opened.lock().unwrap();
    let counts: Vec<_> = counts.iter().map(|(name, count)| (name.as_str(), *count)).collect();
    assert_eq!(counts, [("/", 1), ("a.db", 1), ("b.txt", 1)]);
}

/// Only so many files can be open at once; the others are held to what they were.
#[test]
fn a_file_that_had_to_be_closed_is_opened_under_the_same_stamp() {
    let folder = tempfile::tempdir().unwrap();
    let names: Vec<String> = (0..HELD + 3).map(|number| format!("{number:04}")).collect();
    names.iter().for_each(|name| fs::write(folder.path().join(name), "text").unwrap());
    let (walk, reading) = (Walk::of(Box::new(Directory::new(folder.path()))).unwrap(), Reading::default());
    for entry in walk.entries() {
        assert_eq!(walk.look(entry, &reading), Some(Looks::Text));
    }
    let (same, other, gone) = (&names[HELD], &names[HELD + 1], &names[HELD + 2]);
    fs::write(folder.path().join(other), "longer text").unwrap();
    fs::remove_file(folder.path().join(gone)).unwrap();
    let open = |name: &String| walk.open(name.as_ref(), &reading);
    open(same).unwrap().check_unchanged().unwrap();
    let error = open(other).err().unwrap();
    assert!(error.to_string().ends_with("its size went from 4 to 11 bytes"), "{error}");
    assert!(matches!(open(gone), Err(InputError::Missing { .. })));
    // one that is held is the very file, whatever stands at its name now
    fs::remove_file(folder.path().join(&names[0])).unwrap();
    fs::write(folder.path().join(&names[0]), "new").unwrap();
    let mut held = open(&names[0]).unwrap();
    let mut bytes = Vec::new();
    held.stored(&|_| {}).read_to_end(&mut bytes).unwrap();
    assert_eq!(bytes, b"text");
    assert!(matches!(held.check_unchanged(), Err(InputError::Changed { .. })), "it was unlinked meanwhile");
}

#[test]
fn a_directory_is_listed_by_bytes_and_tells_files_from_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("b"), "12").unwrap();
    fs::create_dir_all(at("B/inner")).unwrap();
    fs::write(at("B/inner/db"), "x").unwrap();
    std::os::unix::fs::symlink(at("b"), at("link")).unwrap();
    std::os::unix::fs::symlink(at("nowhere"), at("a-broken-link")).unwrap();
    let walk = Walk::of(Box::new(Directory::new(folder.path()))).unwrap();
    let rows: Vec<_> =
        walk.entries().iter().map(|it| (it.name.to_str().unwrap(), it.kind, it.size, it.modified.is_some())).collect();
    assert_eq!(
        rows,
        [
            ("B", EntryKind::Folder, 0, true),
            ("a-broken-link", EntryKind::Other, 0, false),
            ("b", EntryKind::File, 2, true),
            ("link", EntryKind::File, 2, true),
        ]
    );
    assert!(walk.has("B/inner/db") && !walk.has("B/other") && !walk.has("a-broken-link"));
    let inner = walk.inner("B".as_ref()).unwrap().unwrap();
    assert_eq!((inner.path(), inner.entries().len()), (at("B").as_path(), 1));
    assert!(walk.inner("b".as_ref()).is_none() && walk.inner("none".as_ref()).is_none());
    let deep = walk.open("B/inner/db".as_ref(), &Reading::default()).unwrap();
    assert_eq!(deep.path(), Some(at("B/inner/db").as_path()));
}

#[test]
fn files_that_are_named_keep_their_names_and_order() {
    let folder = tempfile::tempdir().unwrap();
    let paths: Vec<PathBuf> = ["b", "a"].map(|name| folder.path().join(name)).into();
    paths.iter().for_each(|path| fs::write(path, "x").unwrap());
    let walk = Walk::of(Box::new(Files::new(paths.clone()))).unwrap();
    let names: Vec<_> = walk.entries().iter().map(|entry| PathBuf::from(&entry.name)).collect();
    assert_eq!(names, paths);
    assert_eq!(walk.open(paths[0].as_os_str(), &Reading::default()).unwrap().path(), Some(paths[0].as_path()));
}
