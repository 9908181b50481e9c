//! Inputs that cannot be worked on: one clear line, exit code 2, nothing on standard output.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;

use std::process::Stdio;

use crate::fixture::named;
use crate::run::{assay, run};

#[test]
fn what_is_no_snapshot_is_named_and_nothing_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    };
    let fixture = named("plain-etcd36");
    let cases = [
        (folder.path().join("none.db"), "no such file", ""),
        (fixture.path(".tar.gz"), "a gzip-compressed tarball of static pod resources", "snapshot_<timestamp>.db"),
        (fixture.path("facts.json"), "a JSON document", ""),
        (file("empty.db", b""), "is empty", "take it again"),
        (file("five.db", b"\x01\x02\x03\x04\x05"), "too small", ""),
        (file("cut.db.gz", &fs::read(fixture.snapshot()).unwrap()[..5000]), "the gzip stream is cut off", "fetch"),
        (file("x.db.part", b"x"), "an unfinished snapshot", ""),
        (fixture.snapshot().parent().unwrap().to_path_buf(), "is a directory with 1 snapshot", "assay verify"),
    ];
    for (path, message, hint) in cases {
        for command in [&["hash"][..], &["hash", "--status"], &["ls"], &["ls", "--salvage"], &["ls", "--no-mmap"]] {
            let line: Vec<&str> = command.iter().copied().chain([path.to_str().unwrap()]).collect();
            let run = run(&line);
            assert_eq!((run.code, run.out.as_str()), (Some(2), ""), "{line:?}");
            assert!(run.err.starts_with("error: ") && run.err.contains(message), "{line:?}: {}", run.err);
            assert!(run.err.contains(hint), "{line:?}: {}", run.err);
            assert!(run.err.lines().count() <= 2, "{}", run.err);
        }
    }
    let left = fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(left, 4, "nothing was written beside the inputs");
}

#[test]
fn big_content_meets_the_cap() {
    let path = named("plain-etcd36").snapshot();
    let run = run(&["hash", "--max-expanded", "1MiB", path.to_str().unwrap()]);
    assert_eq!(run.code, Some(2));
    assert!(run.err.contains("holds more than 1.0 MiB") && run.err.contains("--max-expanded"), "{}", run.err);
}

/// Three gigabytes of zeros in some megabytes of gzip, by file and by pipe, in 256 MiB of memory.
#[test]
fn gigabytes_of_zeros_are_given_up_on_and_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("static_kuberesources_2026-11-23_090915.tar.gz");
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(&vec![0; 32 << 20]).unwrap();
    fs::write(&path, encoder.finish().unwrap().repeat(96)).unwrap();
    let Some(_) = fixtures::tool("bash") else { return };
    for (script, said) in [
        ("\"$ASSAY\" verify \"$1\"", "it looks like a gzip-compressed file of zeros"),
        ("\"$ASSAY\" inspect --no-mmap \"$1\"", "it looks like a gzip-compressed file of zeros"),
        ("\"$ASSAY\" hash <(cat \"$1\")", "it looks like a gzip-compressed file of zeros"),
        (
            "\"$ASSAY\" ls - <\"$1\"",
            "standard input is not an etcd snapshot: it looks like a gzip-compressed file of zeros",
        ),
        ("\"$ASSAY\" verify <(head -c 3G /dev/zero)", "it looks like a file of zeros"),
        ("\"$ASSAY\" keys ls \"$1\"", "is no tarball: it holds no member: it is zeros from its beginning"),
        ("\"$ASSAY\" keys split -r age1x --out \"$1.d\" \"$1\"", "it is zeros from its beginning"),
    ] {
        let mut bash = fixtures::tool("bash").unwrap();
        let script = format!("ulimit -d 262144; {script}");
        bash.args(["-c", &script, "bash"]).arg(&path).env("ASSAY", env!("CARGO_BIN_EXE_assay"));
        let run: crate::run::Run = bash.stdin(Stdio::null()).output().unwrap().into();
        assert_eq!((run.code, run.out.as_str()), (Some(2), ""), "{script}: {}", run.err);
        assert!(run.err.contains(said), "{script}: {}", run.err);
    }
}

#[test]
fn devices_and_sockets_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("s");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    for (path, kind) in [("/dev/zero", "a character device"), (socket.to_str().unwrap(), "a socket")] {
        for line in [&["verify"][..], &["hash"], &["inspect"], &["keys", "ls"], &["keys", "check", "--keys", path]] {
            let run = run(&[line, &[path]].concat());
            assert_eq!((run.code, run.out.as_str()), (Some(2), ""), "{line:?}: {}", run.err);
            assert!(run.err.contains(&format!("`{path}` is {kind}, not a file")), "{line:?}: {}", run.err);
        }
    }
}

#[test]
fn inputs_are_left_as_they_were() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.db");
    fs::write(&path, named("plain-etcd36").bytes()).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
    let before = fs::metadata(&path).unwrap();
    for command in ["hash", "ls"] {
        assert_eq!(run(&[command, path.to_str().unwrap()]).code, Some(0));
    }
    let after = fs::metadata(&path).unwrap();
    assert_eq!(before.modified().unwrap(), after.modified().unwrap());
    assert_eq!(before.accessed().unwrap(), after.accessed().unwrap());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_file_cut_at_any_page_is_an_answer_and_never_a_crash() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.db");
    let bytes = named("members-m0").bytes();
    let pages = bytes.len() / 4096;
    let step = (pages / 40).max(1);
    for page in (1..pages).step_by(step) {
        for odd in [0, 1, 33, 4095] {
            fs::write(&path, &bytes[..page * 4096 - odd]).unwrap();
            let output = assay(&["hash", "--status", path.to_str().unwrap()]).output().unwrap();
            let err = String::from_utf8(output.stderr).unwrap();
            assert!(matches!(output.status.code(), Some(1 | 2)), "page {page} - {odd}: {err}");
            assert!(!err.contains("internal error"), "page {page} - {odd}: {err}");
        }
    }
}

/// The program reads the file while it writes, and cannot write on while nobody reads: so the file is
/// cut for certain before all of it was read. Without an answer to SIGBUS this kills the process.
#[test]
fn a_file_that_is_truncated_under_the_program_is_an_error_and_no_crash() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.db");
    fs::write(&path, named("aescbc-rotated").bytes()).unwrap();
    let mut child = assay(&["ls", "--all-revisions", "-o", "ndjson", path.to_str().unwrap()])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = child.stdout.take().unwrap();
    let mut listed = vec![0];
    out.read_exact(&mut listed).unwrap();
    fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(8192).unwrap();
    out.read_to_end(&mut listed).unwrap();
    let output = child.wait_with_output().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{:?}: {err}", output.status);
    assert!(listed.len() > 1 << 16, "the program was not held up: {} bytes", listed.len());
    assert!(err.contains("shrank or failed to read at offset 0x"), "{err}");
    assert!(err.contains("while assay was reading it") && err.contains("--no-mmap"), "{err}");
}
