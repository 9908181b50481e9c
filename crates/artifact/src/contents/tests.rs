use std::fs::OpenOptions;
use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};

use super::*;
use crate::Reading;
use crate::map;

/// Bytes that pass for a snapshot: a page with bbolt's magic, then whatever.
fn snapshot_like(pages: usize) -> Vec<u8> {
    let mut bytes = vec![7; pages * 4096];
    bytes[16..20].copy_from_slice(&0xED0C_DAEDu32.to_le_bytes());
    bytes[20..24].copy_from_slice(&2u32.to_le_bytes());
    bytes
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    }
}

fn open(path: &Path, reading: &Reading) -> Result<Contents, InputError> {
    map::guard().unwrap();
    Contents::open(path)?.whole(reading, &|_| {})
}

fn open_as_it_is(path: &Path) -> Contents {
    Contents::open(path).unwrap().ready(&Reading::default(), &|_| {}).unwrap()
}

fn refused(path: &Path) -> InputError {
    match open(path, &Reading::default()) {
        Ok(source) => source.expect_snapshot().unwrap_err(),
        Err(error) => error,
    }
}

const NO_MAP: Reading = Reading { mmap: false, max_expanded: 1 << 30 };
const MAP: Reading = Reading { mmap: true, ..NO_MAP };

#[test]
fn a_plain_file_is_mapped_and_one_that_may_not_be_is_read() {
    let folder = Folder::new();
    let bytes = snapshot_like(5);
    let path = folder.file("s.db", &bytes);
    for (reading, mapped) in [(MAP, true), (NO_MAP, false), (Reading::default(), false)] {
        let source = open(&path, &reading).unwrap();
        assert!(source.bytes() == bytes);
        assert_eq!(source.is_mapped(), mapped);
        assert_eq!(source.size_on_disk(), Some(bytes.len() as u64));
        assert_eq!(source.compression(), Compression::None);
        source.expect_snapshot().unwrap();
        source.check_unchanged().unwrap();
    }
}

#[test]
fn a_compressed_file_is_known_by_content() {
    let folder = Folder::new();
    let bytes = snapshot_like(50);
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(&bytes).unwrap();
    let packed = encoder.finish().unwrap();
    let path = folder.file("no-ending", &packed);
    let read = AtomicU64::new(0);
    for reading in [MAP, NO_MAP] {
        read.store(0, Ordering::Relaxed);
        let advance = |count| {
            read.fetch_add(count, Ordering::Relaxed);
        };
        let source = Contents::open(&path).unwrap().whole(&reading, &advance).unwrap();
        assert!(source.bytes() == bytes && !source.is_mapped());
        assert_eq!(source.compression(), Compression::Gzip);
        assert_eq!(source.size_on_disk(), Some(packed.len() as u64));
        assert!(read.load(Ordering::Relaxed) >= packed.len() as u64);
        source.check_unchanged().unwrap();
    }
}

#[test]
fn a_file_that_shrinks_under_the_map_is_reported_not_fatal() {
    let folder = Folder::new();
    let path = folder.file("s.db", &snapshot_like(20));
    let source = open(&path, &MAP).unwrap();
    let file = OpenOptions::new().write(true).open(&path).unwrap();
    file.set_len(8192).unwrap();
    let sum: u64 = source.bytes().iter().map(|byte| u64::from(*byte)).sum();
    assert!(sum > 0);
    let error = source.check_unchanged().unwrap_err();
    assert!(matches!(error, InputError::Failed { offset: 8192, .. }), "{error}");
    assert!(
        error.to_string().ends_with("shrank or failed to read at offset 0x2000 while assay was reading it"),
        "{error}"
    );
}

#[test]
fn any_change_of_the_file_voids_the_work() {
    let folder = Folder::new();
    let path = folder.file("s.db", &snapshot_like(4));
    type Change = fn(&Path);
    let changes: [(Change, &str); 4] = [
        (|path| append(path, b"more"), "its size went from"),
        (|path| OpenOptions::new().write(true).open(path).unwrap().set_len(4096).unwrap(), "its size went from"),
        (rewrite, "it was written to"),
        (|path| fs::hard_link(path, path.with_extension("link")).unwrap(), "it was renamed, linked"),
    ];
    for (change, what) in changes {
        for reading in [MAP, NO_MAP] {
            let _ = fs::remove_file(path.with_extension("link"));
            fs::write(&path, snapshot_like(4)).unwrap();
            backdate(&path);
            let source = open(&path, &reading).unwrap();
            source.check_unchanged().unwrap();
            change(&path);
            let error = source.check_unchanged().unwrap_err();
            assert!(matches!(error, InputError::Changed { .. }), "{error}");
            assert!(error.to_string().contains(what), "{error}");
        }
    }
}

fn append(path: &Path, bytes: &[u8]) {
    let mut file = OpenOptions::new().append(true).open(path).unwrap();
    file.write_all(bytes).unwrap();
}

fn rewrite(path: &Path) {
    let mut file = OpenOptions::new().write(true).open(path).unwrap();
    file.write_all(b"x").unwrap();
}

/// Long ago, so that a change now is a change whatever the clock's grain.
fn backdate(path: &Path) {
    let file = OpenOptions::new().write(true).open(path).unwrap();
    file.set_modified(std::time::UNIX_EPOCH + std::time::Duration::from_secs(1)).unwrap();
}

#[test]
fn reading_leaves_the_access_time_alone() {
    let folder = Folder::new();
    let path = folder.file("s.db", &snapshot_like(4));
    let file = OpenOptions::new().write(true).open(&path).unwrap();
    let long_ago = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1000);
    file.set_times(fs::FileTimes::new().set_accessed(long_ago)).unwrap();
    let source = open(&path, &NO_MAP).unwrap();
    assert_eq!(source.bytes().len(), 4 * 4096);
    assert_eq!(fs::metadata(&path).unwrap().accessed().unwrap(), long_ago);
}

#[test]
fn a_pipe_is_read_to_its_end() {
    let folder = Folder::new();
    let path = folder.0.path().join("pipe");
    let made = fixtures::tool("mkfifo").unwrap().arg(&path).status().unwrap();
    assert!(made.success());
    let bytes = snapshot_like(100);
    std::thread::scope(|scope| {
        scope.spawn(|| fs::write(&path, &bytes).unwrap());
        let source = open(&path, &MAP).unwrap();
        assert!(source.bytes() == bytes && !source.is_mapped());
        assert_eq!(source.size_on_disk(), None);
        source.check_unchanged().unwrap();
    });
}

#[test]
fn devices_and_sockets_are_no_files() {
    let folder = Folder::new();
    let socket = folder.0.path().join("socket");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    for (path, kind) in [(Path::new("/dev/zero"), "a character device"), (&socket, "a socket")] {
        let error = Contents::open(path).err().unwrap();
        assert_eq!(error.to_string(), format!("`{}` is {kind}, not a file", path.display()));
        assert!(error.hint().unwrap().contains("a pipe"));
    }
}

/// A disk that fails after so many bytes.
struct Fails(io::Cursor<Vec<u8>>, i32);

impl Read for Fails {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.read(buffer)? {
            0 => Err(io::Error::from_raw_os_error(self.1)),
            read => Ok(read),
        }
    }
}

#[test]
fn what_the_disk_says_is_not_said_of_the_stream() {
    let bytes: Vec<u8> =
        snapshot_like(50).iter().enumerate().map(|(at, byte)| byte ^ u8::try_from(at / 977 % 13).unwrap()).collect();
    let zstd = ruzstd::encoding::compress_to_vec(&bytes[..], ruzstd::encoding::CompressionLevel::Fastest);
    let [xz, bzip2, lz4] = ["xz", "bzip2", "lz4"].map(|name| {
        let folder = Folder::new();
        let mut program = fixtures::tool(name)?;
        Some(program.arg("--stdout").arg(folder.file("x", &bytes)).output().unwrap().stdout)
    });
    for packed in [Some(bytes.clone()), Some(gzip(&bytes)), Some(zstd), xz, bzip2, lz4].into_iter().flatten() {
        for (errno, part) in [(libc::EIO, 2), (libc::ESTALE, 3), (libc::EIO, 1)] {
            let half = packed[..packed.len() / part].to_vec();
            let contents = Contents::of_stream("x", Box::new(Fails(io::Cursor::new(half), errno)));
            let error = contents.and_then(|contents| contents.whole(&NO_MAP, &|_| {})).err().unwrap();
            let InputError::Io { source, .. } = error else { panic!("{part}: {error}") };
            assert_eq!(source.raw_os_error(), Some(errno));
        }
    }
}

#[test]
fn inputs_that_are_no_snapshot_say_so_and_say_what_to_do() {
    let folder = Folder::new();
    let here = folder.0.path().display().to_string();
    let missing = folder.0.path().join("missing.db");
    folder.file("cut.db.part", b"x");
    let cases: Vec<(PathBuf, &str, &str)> = vec![
        (missing, "no such file", ""),
        (folder.0.path().join("cut.db"), "no such file", "cut.db.part` stands there"),
        (folder.0.path().join("cut.db.part"), "is an unfinished snapshot", "take the snapshot again"),
        (folder.file("empty.db", b""), "is empty", "take it again"),
        (folder.file("five", b"12\0\x0145"), "is too small to be an etcd snapshot: 6 B", "interrupted"),
        (folder.file("x.json", b"{\"error\": \"denied\"}"), "looks like a JSON document", "error message"),
        (folder.file("zeros", &[0; 9000]), "looks like a file of zeros", "another copy"),
        (folder.file("db", b"SQLite format 3\0"), "looks like an SQLite database", ""),
        (folder.0.path().to_path_buf(), "is a directory with", "assay verify"),
        (PathBuf::from("/dev/null"), "is a character device", "a pipe"),
    ];
    for (path, what, hint) in cases {
        let error = refused(&path);
        let message = error.to_string();
        assert!(message.contains(what), "{message}");
        assert!(!message.contains('\n'), "{message}");
        let advice = error.hint().unwrap_or_default();
        assert!(advice.contains(hint), "{message}: {advice}");
        if !path.starts_with("/dev") {
            assert!(message.contains(&here), "{message}");
        }
    }
}

#[test]
fn a_wrapped_tarball_is_named_for_what_it_is() {
    let mut builder = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_size(0);
    builder.append_data(&mut header, "static-pod-resources/a", io::empty()).unwrap();
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(&builder.into_inner().unwrap()).unwrap();
    let folder = Folder::new();
    let path = folder.file("static_kuberesources_1.tar.gz", &encoder.finish().unwrap());
    let error = refused(&path);
    assert!(error.to_string().ends_with("it looks like a gzip-compressed tarball of static pod resources"), "{error}");
    assert!(error.hint().unwrap().contains("snapshot_<timestamp>.db"));
}

fn tar() -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    // bytes that do not compress, so that the file is larger than what is looked at
    let mut state = 1_u64;
    let noise: Vec<u8> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state.to_be_bytes()[0]
    })
    .take(200_000)
    .collect();
    header.set_size(noise.len() as u64);
    builder.append_data(&mut header, "static-pod-resources/a", &noise[..]).unwrap();
    builder.into_inner().unwrap()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn an_archive_comes_as_it_is_stored_whatever_its_name_and_way() {
    let folder = tempfile::tempdir().unwrap();
    for bytes in [tar(), gzip(&tar()), gzip(&tar())[..100_000].to_vec()] {
        let path = folder.path().join("snapshot.db");
        fs::write(&path, &bytes).unwrap();
        let pipe: PathBuf = folder.path().join("pipe");
        let _ = fs::remove_file(&pipe);
        assert!(fixtures::tool("mkfifo").unwrap().arg(&pipe).status().unwrap().success());
        std::thread::scope(|scope| {
            scope.spawn(|| fs::write(&pipe, &bytes).unwrap());
            for (path, size) in [(&path, Some(bytes.len() as u64)), (&pipe, None)] {
                let mut tar = open_as_it_is(path);
                assert!(tar.is_archive() && tar.bytes().is_empty());
                let (passed, mut read) = (AtomicU64::new(0), Vec::new());
                let advance = |count| {
                    passed.fetch_add(count, Ordering::Relaxed);
                };
                tar.stored(&advance).read_to_end(&mut read).unwrap();
                assert!(read == bytes);
                assert_eq!((passed.into_inner(), tar.size_on_disk()), (bytes.len() as u64, size));
                assert!(tar.begins_as_expected());
                tar.check_unchanged().unwrap();
            }
        });
    }
}

#[test]
fn everything_else_is_opened_as_before() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("static_kuberesources_x.tar.gz");
    for bytes in [b"{\"a\": 1}".to_vec(), vec![7; 300_000]] {
        for stored in [bytes.clone(), gzip(&bytes)] {
            fs::write(&path, &stored).unwrap();
            let source = open_as_it_is(&path);
            assert!(source.bytes() == bytes);
            let pipe: PathBuf = folder.path().join("pipe");
            let _ = fs::remove_file(&pipe);
            assert!(fixtures::tool("mkfifo").unwrap().arg(&pipe).status().unwrap().success());
            std::thread::scope(|scope| {
                scope.spawn(|| fs::write(&pipe, &stored).unwrap());
                let source = open_as_it_is(&pipe);
                assert!(source.bytes() == bytes && source.path() == Some(&pipe));
            });
        }
    }
}

#[test]
fn a_change_while_an_archive_is_read_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.tar");
    fs::write(&path, tar()).unwrap();
    let tar = open_as_it_is(&path);
    fs::write(&path, b"other").unwrap();
    assert!(matches!(tar.check_unchanged(), Err(InputError::Changed { .. })));
}

#[test]
fn a_file_is_read_as_it_is_stored_so_often_as_wanted() {
    let folder = Folder::new();
    let path = folder.file("x.gz", b"\x1f\x8bstored");
    let mut contents = Contents::open(&path).unwrap();
    for _ in 0..2 {
        let mut bytes = Vec::new();
        contents.stored(&|_| {}).read_to_end(&mut bytes).unwrap();
        assert_eq!((bytes.as_slice(), contents.size_on_disk()), (&b"\x1f\x8bstored"[..], Some(8)));
    }
    contents.check_unchanged().unwrap();
    fs::write(&path, b"other").unwrap();
    assert!(matches!(contents.check_unchanged(), Err(InputError::Changed { .. })));
}
