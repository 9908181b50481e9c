//! How often a command opens a file: once, and what it said is of that one.
//!
//! The kernel counts: it tells of every opening of a file in a directory that is watched.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::Read as _;
use std::mem::MaybeUninit;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use rustix::fs::OFlags;
use rustix::fs::inotify::{self, CreateFlags, ReadFlags, WatchFlags};

use crate::support::{Run, assay, fixture_file};

/// Does `work` and gives how often each file in a directory was opened meanwhile.
fn openings(dir: &Path, work: impl FnOnce()) -> BTreeMap<String, usize> {
    let watch = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK).unwrap();
    // an opening that follows another at once would count as one; what lies between them is watched, too
    let flags = WatchFlags::OPEN | WatchFlags::ACCESS | WatchFlags::CLOSE_NOWRITE;
    inotify::add_watch(&watch, dir, flags).unwrap();
    work();
    let mut buffer = [MaybeUninit::uninit(); 1 << 16];
    let mut events = inotify::Reader::new(watch, &mut buffer);
    let mut counts = BTreeMap::new();
    while let Ok(event) = events.next() {
        let (flags, name) = (event.events(), event.file_name());
        assert!(!flags.contains(ReadFlags::QUEUE_OVERFLOW), "more happened than the kernel keeps");
        if let Some(name) = name.filter(|_| flags.contains(ReadFlags::OPEN)) {
            *counts.entry(name.to_string_lossy().into_owned()).or_default() += 1;
        }
    }
    counts
}

/// A directory with a backup, and with a file that is none.
fn backup(fixture: &str) -> (tempfile::TempDir, [String; 2]) {
    let dir = tempfile::tempdir().unwrap();
    let names = [".db.gz", ".tar.gz"].map(|ending| {
        let file = fixture_file(fixture, ending);
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        fs::copy(&file, dir.path().join(&name)).unwrap();
        name
    });
    fs::write(dir.path().join("notes.txt"), "notes").unwrap();
    (dir, names)
}

const COMMANDS: [&[&str]; 4] = [&["verify"], &["inspect"], &["keys", "check"], &["compat", "--target", "4.18.30"]];

#[test]
fn no_file_of_a_directory_is_opened_twice() {
    let (dir, [snapshot, tarball]) = backup("aescbc-rotated");
    for command in COMMANDS {
        let counts = openings(dir.path(), || {
            let run = assay(&[command, &[dir.path().to_str().unwrap()]].concat());
            assert!(run.code != Some(2), "{command:?}: {}", run.err);
        });
        let expected = [(snapshot.clone(), 1), (tarball.clone(), 1), ("notes.txt".to_owned(), 1)];
        assert_eq!(counts, BTreeMap::from(expected), "{command:?}");
    }
}

#[test]
fn no_file_that_is_named_is_opened_twice() {
    let (dir, names) = backup("aescbc-rotated");
    let paths = names.clone().map(|name| dir.path().join(name).to_str().unwrap().to_owned());
    let once = |names: &[String]| names.iter().map(|name| (name.clone(), 1)).collect::<BTreeMap<_, _>>();
    for command in COMMANDS {
        let counts = openings(dir.path(), || {
            let run = assay(&[command, &[paths[0].as_str()]].concat());
            assert!(run.code != Some(2), "{command:?}: {}", run.err);
        });
        assert_eq!(counts, once(&names[..1]), "{command:?}");
    }
    for command in [["verify"], ["inspect"]] {
        let counts = openings(dir.path(), || drop(assay(&[&command[..], &[&paths[0], &paths[1]]].concat())));
        assert_eq!(counts, once(&names), "{command:?}");
    }
}

/// Runs assay on a pipe that gives the bytes of a file once: whoever opened it a second time would wait for ever.
fn on_a_pipe(file: &Path, command: &[&str]) -> Run {
    let dir = tempfile::tempdir().unwrap();
    let pipe = dir.path().join("pipe");
    assert!(fixtures::tool("mkfifo").unwrap().arg(&pipe).status().unwrap().success());
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let _ = fs::copy(file, &pipe);
        });
        let run = assay(&[command, &[pipe.to_str().unwrap()]].concat());
        // whatever nobody took: without a reader the writer would wait for ever
        let mut rest =
            OpenOptions::new().read(true).custom_flags(OFlags::NONBLOCK.bits().cast_signed()).open(&pipe).unwrap();
        while !writer.is_finished() {
            let _ = rest.read(&mut [0; 1 << 16]);
            std::thread::yield_now();
        }
        run
    })
}

#[test]
fn a_pipe_is_read_as_its_file_is() {
    let (dir, names) = backup("aescbc-rotated");
    for name in &names {
        let file = dir.path().join(name);
        for command in COMMANDS.iter().filter(|command| command[0] != "keys") {
            let of_file = assay(&[*command, &[file.to_str().unwrap()]].concat());
            let of_pipe = on_a_pipe(&file, command);
            assert_eq!(of_pipe.code, of_file.code, "{command:?} {name}: {}", of_pipe.err);
        }
    }
}
