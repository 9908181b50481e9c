//! A backup in an archive is judged as the same backup in a directory.

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use assay::{Given, Input, Judgement, Note, Reading, Silent, Verdict, Watch};

use crate::question;

/// Hears what is said besides.
#[derive(Default)]
pub(crate) struct Heard(std::sync::Mutex<Vec<String>>);

impl Heard {
    pub(crate) fn notes(self) -> Vec<String> {
        self.0.into_inner().unwrap()
    }
}

impl Watch for Heard {
    fn note(&self, note: &Note) {
        self.0.lock().unwrap().push(note.to_string());
    }
}

fn judged(path: &Path) -> Judgement {
    assay::open(path).unwrap().judge(&question()).unwrap()
}

/// What was found, without names: where it lies is what differs.
fn found(judgement: &Judgement) -> (Verdict, Vec<String>) {
    assert!(judgement.unread().is_empty(), "{:?}", judgement.unread());
    let told = judgement.findings().map(|(_, finding)| format!("{} {}", finding.entry().id, finding.message()));
    (judgement.verdict(), told.collect())
}

/// The two files of a backup, under their names.
fn pair() -> (tempfile::TempDir, Vec<(String, Vec<u8>)>) {
    let fixture = fixtures::named("aescbc-rotated");
    let folder = tempfile::tempdir().unwrap();
    let name = |path: PathBuf| path.file_name().unwrap().to_str().unwrap().to_owned();
    let files = vec![
        (name(fixture.snapshot()).trim_end_matches(".gz").to_owned(), fixture.bytes()),
        (name(fixture.tarball()), fs::read(fixture.tarball()).unwrap()),
    ];
    fs::create_dir(folder.path().join("backup")).unwrap();
    for (name, bytes) in &files {
        fs::write(folder.path().join("backup").join(name), bytes).unwrap();
    }
    (folder, files)
}

/// A real program, run in a folder.
fn run(program: &str, arguments: &[&str], folder: &Path) -> bool {
    let Some(mut program) = fixtures::tool(program) else { return false };
    assert!(program.args(arguments).current_dir(folder).output().unwrap().status.success(), "{arguments:?}");
    true
}

#[test]
fn a_backup_in_one_archive_is_judged_as_a_pair_and_gives_its_keys() {
    let (folder, files) = pair();
    let plain = found(&judged(&folder.path().join("backup")));
    let forms: [(&str, &str, &[&str]); 7] = [
        ("a.zip", "zip", &["-r", "a.zip", "backup"]),
        ("b.zip", "zip", &["-j0", "b.zip", &format!("backup/{}", files[0].0), &format!("backup/{}", files[1].0)]),
        ("c.tar", "tar", &["-cf", "c.tar", "backup"]),
        ("d.tgz", "tar", &["-czf", "d.tgz", "-C", "backup", "."]),
        ("e.tar.zst", "tar", &["--zstd", "-cf", "e.tar.zst", "backup"]),
        ("f.tar.xz", "tar", &["-I", "xz -0", "-cf", "f.tar.xz", "backup"]),
        ("g", "tar", &["--format=posix", "-cjf", "g", "backup"]),
    ];
    for (name, program, arguments) in forms {
        if !run(program, arguments, folder.path()) {
            continue;
        }
        let archive = folder.path().join(name);
        let judgement = judged(&archive);
        assert_eq!(found(&judgement), plain, "{name}");
        let given = Given::read(Input::from(&archive).open().unwrap(), &Reading::default(), &Silent);
        assert_eq!(given.unwrap().in_force.configs().count(), 1, "{name}");
        if !matches!(name, "a.zip" | "d.tgz") {
            continue;
        }
        let bytes: Box<dyn std::io::Read + Send> = Box::new(fs::File::open(&archive).unwrap());
        let stream = Input::Stream { name: "sent".to_owned(), bytes };
        let sent = assay::open_with(stream, &Reading::default()).unwrap().judge(&question()).unwrap();
        assert_eq!(found(&sent), plain, "{name} by a pipe");
    }
}

/// The script compresses by gzip; whoever stores the tarball may compress it otherwise.
#[test]
fn a_tarball_alone_is_read_whatever_it_is_compressed_by() {
    let fixture = fixtures::named("aescbc-rotated");
    let folder = tempfile::tempdir().unwrap();
    let tar = folder.path().join("static_kuberesources_2026-11-23_090915.tar");
    fs::write(&tar, fixtures::gunzip(&fixture.tarball_bytes())).unwrap();
    // but for that it is not as the script makes it
    let plain = found(&judged(&tar));
    let of_script = found(&judged(&fixture.tarball())).1;
    assert!(plain.1[0].starts_with("TAR-003") && plain.1[1..] == of_script, "{plain:?}");
    fs::copy(fixture.snapshot(), folder.path().join("snapshot_2026-11-23_090915.db.gz")).unwrap();
    // but for what its name tells, and what the script would make of it
    let but_for_names = |(verdict, mut told): (Verdict, Vec<String>)| {
        told.retain(|told| !["PAIR-023", "PAIR-028"].iter().any(|id| told.starts_with(id)));
        (verdict, told)
    };
    let pair = but_for_names(found(&judged(folder.path())));
    assert!(pair.1.iter().any(|told| told.starts_with("KEY-025")), "{pair:?}");
    for (end, program, arguments) in
        [("zst", "zstd", &["-q"][..]), ("xz", "xz", &["-0k"]), ("bz2", "bzip2", &["-k"]), ("lz4", "lz4", &["-qm"])]
    {
        let name = tar.file_name().unwrap().to_str().unwrap();
        fs::write(&tar, fixtures::gunzip(&fixture.tarball_bytes())).unwrap();
        if !run(program, &[arguments, &[name]].concat(), folder.path()) {
            continue;
        }
        fs::remove_file(&tar).unwrap();
        let packed = folder.path().join(format!("{name}.{end}"));
        assert_eq!(found(&judged(&packed)), plain, "{end}");
        let given = Given::read(Input::from(&packed).open().unwrap(), &Reading::default(), &Silent);
        assert_eq!(given.unwrap().in_force.configs().count(), 1, "{end}");
        let bytes: Box<dyn std::io::Read + Send> = Box::new(fs::File::open(&packed).unwrap());
        let stream = Input::Stream { name: name.to_owned(), bytes };
        let sent = assay::open_with(stream, &Reading::default()).unwrap().judge(&question()).unwrap();
        assert_eq!(found(&sent), plain, "{end} by a pipe");
        assert_eq!(but_for_names(found(&judged(folder.path()))), pair, "{end} beside its snapshot");
        fs::remove_file(&packed).unwrap();
    }
}

/// The limit that was asked for holds for a path into an archive, too.
#[test]
fn a_path_into_an_archive_goes_by_the_limit_that_was_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let archive = folder.path().join("a.tgz");
    let bytes = fixtures::named("plain-etcd36").bytes();
    fs::write(&archive, fixtures::tar_gz(&[("a.db", &bytes), ("b.db", &bytes)])).unwrap();
    let open = |max_expanded| {
        let reading = Reading { max_expanded, ..Reading::default() };
        Input::from(archive.join("b.db")).open_with(&reading).map(|it| it.name())
    };
    assert!(open(4 * bytes.len() as u64).is_ok());
    let refused = open(bytes.len() as u64).unwrap_err().to_string();
    assert!(refused.contains("more than"), "{refused}");
}

#[test]
fn the_one_snapshot_of_an_archive_is_what_the_archive_is_taken_for() {
    let (folder, files) = pair();
    let (name, bytes) = &files[0];
    let alone = folder.path().join(name);
    fs::write(&alone, bytes).unwrap();
    let plain = found(&judged(&alone));
    let packed = fixtures::gzip(bytes);
    for (archive, made) in [
        ("a.zip", fixtures::zip_of(&[(name, bytes)])),
        ("in-a-folder.zip", fixtures::zip_of(&[("x/y/s.db", bytes)])),
        ("b.zip", fixtures::zip_of(&[("s.db.gz", &packed)])),
        ("c.tar", fixtures::tar_of(&[(name, bytes)])),
        ("d.tgz", fixtures::tar_gz(&[("s.db", bytes)])),
        ("e.tar", fixtures::tar_of(&[("s.db.gz", &packed)])),
    ] {
        let archive = folder.path().join(archive);
        fs::write(&archive, made).unwrap();
        assert_eq!(found(&judged(&archive)), plain, "{}", archive.display());
        let read = Input::from(&archive).open().unwrap().whole(&Reading::default(), &|_| {}).unwrap();
        assert!(read.bytes() == *bytes, "{}", archive.display());
    }
}

#[test]
fn several_backups_in_an_archive_are_each_judged_and_each_can_be_named() {
    let bytes = fixtures::named("plain-etcd36").bytes();
    let names = ["x/etcd-1.db", "x/etcd-2.db", "x/notes.txt"];
    let members = [(names[0], &bytes[..]), (names[1], &bytes[..]), (names[2], &b"notes"[..])];
    let folder = tempfile::tempdir().unwrap();
    for (name, made) in [("a.zip", fixtures::zip_of(&members)), ("b.tgz", fixtures::tar_gz(&members))] {
        let archive = folder.path().join(name);
        fs::write(&archive, made).unwrap();
        let mut seen = Vec::new();
        let unread = assay::open(&archive).unwrap().read_each(&Silent, &mut |backup| {
            seen.push(backup.name().to_owned());
            ControlFlow::Continue(())
        });
        assert!(unread.is_empty(), "{unread:?}");
        let paths = [names[0], names[1]].map(|name| archive.join(name));
        assert_eq!(seen, paths.each_ref().map(|path| path.to_str().unwrap().to_owned()));
        let one = Input::from(&paths[1]).open().unwrap().whole(&Reading::default(), &|_| {}).unwrap();
        assert!(one.bytes() == bytes);
        let several = Input::from(&archive).open().unwrap().whole(&Reading::default(), &|_| {});
        let error = several.err().unwrap();
        assert!(error.to_string().ends_with(&format!("{name}` holds 2 snapshots")), "{error}");
        assert!(error.hint().unwrap().contains("/x/etcd-1.db`, `"), "{:?}", error.hint());
        let missing = Input::from(archive.join("x/other.db")).open().err().unwrap();
        assert!(missing.to_string().ends_with("x/other.db`: no such file"), "{missing}");
    }
}

#[test]
fn what_an_archive_hides_is_not_read_and_is_told() {
    let bytes = fixtures::named("plain-etcd36").bytes();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.zip");
    let told = |members: &[(&str, &[u8])]| {
        fs::write(&path, fixtures::zip_of(members)).unwrap();
        let heard = Heard::default();
        let backups = assay::open(&path).unwrap();
        let judgement = backups.judge_each(&question(), &heard, &mut |_| ControlFlow::Continue(()));
        let unread: Vec<_> = judgement.unread().iter().map(|it| it.error.to_string()).collect();
        (unread.join("; "), heard.notes())
    };
    let (unread, heard) = told(&[("../s.db", &bytes[..]), ("t.db", &bytes), ("notes", b"x")]);
    assert_eq!(unread, "");
    assert!(heard[0].contains("`../s.db` in `") && heard[0].contains("leads out of the archive"), "{heard:?}");
    let (twice, _) = told(&[("s.db", &bytes[..]), ("./s.db", b"")]);
    assert!(twice.contains("two of its members are called `./s.db`"));
    let (none, _) = told(&[("a.txt", b"x"), ("b.txt", b"y")]);
    assert!(none.ends_with("is not an etcd snapshot: it looks like a zip archive"), "{none}");
}

/// A tarball of static pod resources stays what it is, whatever folders stand before them in it.
#[test]
fn a_tarball_of_static_pod_resources_is_no_archive_of_backups() {
    let tarball = fixtures::gunzip(&fs::read(fixtures::named("aescbc-rotated").tarball()).unwrap());
    let members = fixtures::files(&tarball);
    let wrapped: Vec<_> = members.iter().map(|(path, data)| (format!("./{path}"), &data[..])).collect();
    let wrapped: Vec<_> = wrapped.iter().map(|(path, data)| (path.as_str(), *data)).collect();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.tgz");
    for first in [None, Some(("notes.txt", &b"x"[..]))] {
        let members: Vec<_> = first.into_iter().chain(wrapped.iter().copied()).collect();
        fs::write(&path, fixtures::tar_gz(&members)).unwrap();
        let mut pods = 0;
        let unread = assay::open(&path).unwrap().read_each(&Silent, &mut |backup| {
            pods += backup.tarball().unwrap().resources().static_pods.pods.len();
            ControlFlow::Continue(())
        });
        assert!(unread.is_empty() && pods > 0, "{unread:?}");
    }
}
