use std::fs;
use std::path::Path;

use super::*;
use crate::{Contents, Opened};

const READING: Reading = Reading { mmap: false, max_expanded: 1 << 30 };

/// Bytes that pass for a snapshot, and do not compress to nothing.
fn snapshot(seed: u32) -> Vec<u8> {
    let noise =
        (0..8 * 4096_u32).map(|n| (n.wrapping_mul(seed | 1).wrapping_mul(2_654_435_761) >> 13).to_be_bytes()[3]);
    let mut bytes: Vec<u8> = noise.collect();
    bytes[16..20].copy_from_slice(&0xED0C_DAEDu32.to_le_bytes());
    bytes[20..24].copy_from_slice(&2u32.to_le_bytes());
    bytes
}

/// The content of a member, or why there is none.
fn content(members: &Members, name: &str) -> Result<Vec<u8>, String> {
    let member = members.all.get(&OsString::from(name)).ok_or("no such member")?;
    let mut bytes = Vec::new();
    let read = match member.stored.clone().map_err(|fault| fault.to_string())? {
        Stored::Part(range) => members.bytes.part(range).read_to_end(&mut bytes),
        Stored::Packed(packed) => packed.unpack(&members.bytes).and_then(|mut read| read.read_to_end(&mut bytes)),
        Stored::Memory(kept) => return Ok((*kept).clone()),
        Stored::Again(compression, at) => {
            let mut all = compression.undone(BufReader::new(members.bytes.all()));
            io::copy(&mut all.by_ref().take(at), &mut io::sink()).unwrap();
            all.take(member.size).read_to_end(&mut bytes)
        }
        Stored::Nothing => return Err("nothing".to_owned()),
    };
    read.map(|_| bytes).map_err(|error| error.to_string())
}

fn zip(bytes: Vec<u8>) -> Result<Members, String> {
    Members::of_zip(Bytes::Memory(Arc::new(bytes))).map_err(|error| error.to_string())
}

fn tar(bytes: Vec<u8>) -> Result<Members, String> {
    Members::of_tar(Bytes::Memory(Arc::new(bytes))).map_err(|error| error.to_string())
}

fn names(members: &Members) -> Vec<&str> {
    members.files().filter_map(|(name, _)| name.to_str()).collect()
}

/// A folder with two snapshots and a link in it, and a place beside it.
fn folder() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir_all(dir.path().join("backup/inner")).unwrap();
    fs::write(dir.path().join("backup/a.db"), snapshot(3)).unwrap();
    fs::write(dir.path().join("backup/inner/b.db"), snapshot(5)).unwrap();
    std::os::unix::fs::symlink("a.db", dir.path().join("backup/latest.db")).unwrap();
    dir
}

/// Runs a real program in a folder; what it wrote to `out`, or to its standard output.
fn made(program: &str, options: &[&str], dir: &Path) -> Option<Vec<u8>> {
    let done = fixtures::tool(program)?.args(options).current_dir(dir).output().unwrap();
    assert!(done.status.success(), "{program} {options:?}: {}", String::from_utf8_lossy(&done.stderr));
    let out = dir.join("out");
    let written = fs::read(&out).ok();
    let _ = fs::remove_file(out);
    Some(written.unwrap_or(done.stdout))
}

#[test]
fn what_zip_writes_is_read() {
    let dir = folder();
    for options in [
        &["-r", "out", "backup"][..],
        &["-r", "-0", "out", "backup"],
        &["-r", "-9", "-Z", "bzip2", "out", "backup"],
        // sizes behind the data, numbers of 64 bits, comments
        &["-r", "-", "backup"],
        &["-r", "-fd", "-fz", "out", "backup"],
        &["-r", "-X", "out", "backup/a.db", "backup/inner", "backup/latest.db"],
    ] {
        let _ = fs::remove_file(dir.path().join("out.zip"));
        let Some(mut bytes) = made("zip", options, dir.path()) else { return };
        if let Ok(written) = fs::read(dir.path().join("out.zip")) {
            bytes = written;
        }
        let members = zip(bytes).unwrap();
        assert_eq!(names(&members), ["backup/a.db", "backup/inner/b.db", "backup/latest.db"], "{options:?}");
        assert!(content(&members, "backup/a.db").unwrap() == snapshot(3), "{options:?}");
        assert!(content(&members, "backup/inner/b.db").unwrap() == snapshot(5), "{options:?}");
        let time = members.all[&OsString::from("backup/a.db")].modified.unwrap();
        // DOS has the time of some zone, in steps of two seconds
        let day = std::time::Duration::from_secs(86_400);
        let now = SystemTime::now();
        assert!(now - day < time && time < now + day, "{options:?}: {time:?}");
    }
    let _ = fs::remove_file(dir.path().join("out.zip"));
    made("zip", &["-ry", "-P", "sesame", "out.zip", "backup"], dir.path());
    let members = zip(fs::read(dir.path().join("out.zip")).unwrap()).unwrap();
    assert_eq!(members.ignored, [(b"backup/latest.db".to_vec(), Ignored::Link)]);
    assert!(content(&members, "backup/a.db").unwrap_err().contains("encrypted"));
}

#[test]
fn what_macos_puts_beside_files_is_passed_over_and_a_snapshot_never_is() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    };
    let attributes = b"\0\x05\x16\x07\0\x02\0\0Mac OS X        ";
    write("home/backup/a.db", &snapshot(3));
    write("home/backup/._a.db", attributes);
    write("home/backup/.DS_Store", b"\0\0\0\x01Bud1");
    write("home/backup/._large.db", &vec![7; 16 << 10]);
    write("__MACOSX/home/backup/._a.db", attributes);
    write("__MACOSX/real.db", &vec![7; 1 << 20]);
    let Some(bytes) = made("zip", &["-r", "out", "home", "__MACOSX"], dir.path()) else { return };
    let written = fs::read(dir.path().join("out.zip")).unwrap_or(bytes);
    for members in
        [zip(written).unwrap(), tar(made("tar", &["-cf", "out", "home", "__MACOSX"], dir.path()).unwrap()).unwrap()]
    {
        let files: Vec<_> = members.files().map(|(name, _)| name.to_str().unwrap()).collect();
        assert_eq!(files, ["__MACOSX/real.db", "home/backup/._large.db", "home/backup/a.db"]);
        assert!(members.ignored.iter().all(|(_, why)| *why == Ignored::Companion));
        assert!(members.all.keys().all(|name| name != "__MACOSX" && name != "__MACOSX/home"));
    }
}

#[test]
fn what_tar_writes_is_read() {
    let dir = folder();
    let long = format!("backup/{}/{}.db", "d".repeat(120), "e".repeat(140));
    fs::create_dir_all(dir.path().join(&long).parent().unwrap()).unwrap();
    fs::write(dir.path().join(&long), b"x").unwrap();
    for format in ["--format=gnu", "--format=posix", "--format=oldgnu"] {
        let Some(bytes) = made("tar", &[format, "-cf", "out", "./backup"], dir.path()) else { return };
        let members = tar(bytes.clone()).unwrap();
        assert_eq!(names(&members), ["backup/a.db", long.as_str(), "backup/inner/b.db"], "{format}");
        assert_eq!(members.ignored, [(b"./backup/latest.db".to_vec(), Ignored::Link)]);
        assert!(content(&members, "backup/inner/b.db").unwrap() == snapshot(5), "{format}");
        let packed = fixtures::gzip(&bytes);
        let packed = Bytes::Memory(Arc::new(packed));
        let packed = Members::of_packed_tar(packed, Compression::Gzip, "`x`", &READING, &|_| {}).unwrap();
        assert_eq!(names(&packed), names(&members));
        assert!(content(&packed, "backup/a.db").unwrap() == snapshot(3));
    }
    let absolute = format!("{}/backup/a.db", dir.path().display());
    let bytes = made("tar", &["-Pcf", "out", &absolute, "backup/../backup/inner/b.db"], dir.path()).unwrap();
    let members = tar(bytes).unwrap();
    assert_eq!(names(&members), [""; 0]);
    assert_eq!(
        members.ignored,
        [(absolute.into_bytes(), Ignored::Absolute), (b"backup/../backup/inner/b.db".to_vec(), Ignored::Escapes)]
    );
    let holes = fs::File::create(dir.path().join("holes.db")).unwrap();
    holes.set_len(8 << 20).unwrap();
    fs::write(dir.path().join("z"), b"behind").unwrap();
    for format in ["--format=gnu", "--format=posix"] {
        let bytes = made("tar", &[format, "-Scf", "out", "holes.db", "z"], dir.path()).unwrap();
        let members = tar(bytes).unwrap();
        let sparse = members.files().find(|(name, _)| name.to_string_lossy().contains("holes.db")).unwrap();
        assert!(matches!(sparse.1.stored, Err(Fault::Sparse)), "{format}");
        assert_eq!(content(&members, "z").unwrap(), b"behind", "{format}");
    }
}

/// Changes the record of a member in the directory: `at` counts from its sign.
fn patched(mut bytes: Vec<u8>, record: usize, at: usize, with: &[u8]) -> Vec<u8> {
    let signs: Vec<usize> =
        bytes.windows(4).enumerate().filter(|(_, four)| *four == b"PK\x01\x02").map(|(at, _)| at).collect();
    let place = signs[record] + at;
    bytes[place..place + with.len()].copy_from_slice(with);
    bytes
}

#[test]
fn a_zip_archive_that_lies_is_refused_by_what_it_lies_about() {
    let (one, two) = (snapshot(3), snapshot(5));
    let good = fixtures::zip_of(&[("a.db", &one), ("b.db", &two)]);
    let size = u32::try_from(one.len()).unwrap();
    let told = |bytes: Vec<u8>| zip(bytes).and_then(|members| content(&members, "a.db")).unwrap_err();
    assert!(zip(good.clone()).and_then(|members| content(&members, "a.db")).unwrap() == one);
    for (bytes, expected) in [
        (patched(good.clone(), 0, 24, &(size - 1).to_le_bytes()), "it declares 31.9 KiB (32 767 B), and holds more"),
        (
            patched(good.clone(), 0, 24, &(size + 1).to_le_bytes()),
            "it declares 32.0 KiB (32 769 B), and ends after 32.0 KiB (32 768 B)",
        ),
        (patched(good.clone(), 0, 16, &[0, 0, 0, 0]), "00000000 declared"),
        (patched(good.clone(), 0, 8, &[1]), "encrypted"),
        (patched(good.clone(), 0, 10, &[9]), "differ in the method"),
        (patched(good.clone(), 0, 46, b"c"), "no such member"),
        (patched(good.clone(), 0, 42, &[3]), "`a.db` overlaps the next one"),
        (patched(good.clone(), 1, 42, &[0]), "`a.db` overlaps the next one"),
        (patched(good.clone(), 1, 46, b"a"), "two of its members are called `a.db`"),
        (patched(good.clone(), 1, 0, b"PKxx"), "the sign of a record"),
        (good[..good.len() - 1].to_vec(), "it was cut off"),
        (good[..good.len() / 2].to_vec(), "it was cut off"),
        ([&good[..], b"tail"].concat(), "it was cut off"),
        ([b"head", &good[..]].concat(), "the place of its end"),
        (fixtures::zip_of(&[("a.db", &one), ("a.db/b", &two)]), "two of its members are called `a.db`"),
    ] {
        let said = told(bytes);
        assert!(said.contains(expected), "{said}, {expected} expected");
    }
    let renamed = zip(patched(good, 0, 46, b"c")).unwrap();
    assert!(content(&renamed, "c.db").unwrap_err().contains("differ in the name"));
    let outside = zip(fixtures::zip_of(&[("../a.db", &one), ("/b.db", &two), ("./c//d.db", b"x")])).unwrap();
    assert_eq!(names(&outside), ["c/d.db"]);
    assert_eq!(outside.ignored.iter().map(|(_, why)| *why).collect::<Vec<_>>(), [Ignored::Escapes, Ignored::Absolute]);
}

/// Whatever is changed in an archive: what comes out is what went in, or nothing does.
#[test]
fn no_change_of_an_archive_changes_what_is_read_out_of_it() {
    let (one, two) = (snapshot(3), snapshot(5));
    let (one, two) = (&one[..2000], &two[..3000]);
    let packed = fixtures::zip_of(&[("a.db", one), ("b.db", two)]);
    for at in 0..packed.len() {
        for bit in [1, 0x80] {
            let mut wrong = packed.clone();
            wrong[at] ^= bit;
            let Ok(members) = zip(wrong) else { continue };
            for (name, before) in [("a.db", one), ("b.db", two)] {
                assert!(content(&members, name).map_or(true, |content| content == before), "{at} {bit}");
            }
        }
    }
    for end in 0..packed.len() {
        assert!(zip(packed[..end].to_vec()).is_err(), "{end}");
    }
    let plain = fixtures::tar_of(&[("a.db", one), ("b.db", two)]);
    for end in (512..plain.len() - 1024).step_by(97) {
        let cut = tar(plain[..end].to_vec());
        assert!(cut.is_err() || end % 512 == 0 && cut.unwrap().all.len() < 2, "{end}");
    }
}

#[test]
fn what_an_archive_may_unpack_to_is_bounded() {
    let zeros = vec![0; 3 << 20];
    let tgz = fixtures::tar_gz(&[("a", &zeros), ("b", &zeros)]);
    let zip = fixtures::zip_of(&[("a.db", &zeros), ("b", b"")]);
    let small = Reading { mmap: false, max_expanded: 5 << 20 };
    let dir = tempfile::tempdir().unwrap();
    for (name, bytes) in [("x.tgz", tgz), ("x.zip", zip)] {
        let path = dir.path().join(name);
        fs::write(&path, &bytes).unwrap();
        let opened = |reading: &Reading| Opened::of(Contents::open(&path).unwrap(), reading, &|_| {});
        assert!(opened(&READING).is_ok());
        match (name, opened(&small)) {
            ("x.tgz", Err(InputError::OverCap { cap, .. })) => assert_eq!(cap, 5 << 20),
            // of a zip archive, what is read is bounded, file by file
            ("x.zip", Ok(_)) => {
                let one = Contents::open(&path.join("a.db")).unwrap();
                let less = Reading { mmap: false, max_expanded: 1 << 20 };
                assert!(matches!(one.whole(&less, &|_| {}), Err(InputError::OverCap { .. })));
            }
            (name, other) => panic!("{name}: {:?}", other.err()),
        }
    }
}

/// What is not kept is read once more: a log that is larger than a database needs to show itself, and what comes behind much.
#[test]
fn what_is_not_kept_of_a_compressed_archive_is_read_once_more() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = vec![0; 33 << 20];
    log[..8].copy_from_slice(b"no bbolt");
    let (one, other) = (snapshot(3), snapshot(5));
    let archive = dir.path().join("a.tgz");
    fs::write(&archive, fixtures::tar_gz(&[("log", &log), ("one.db", &one), ("other.db", &other)])).unwrap();
    let opened = Opened::of(Contents::open(&archive).unwrap(), &READING, &|_| {}).unwrap();
    let Opened::Archive(folder) = opened else { panic!("no archive") };
    let kept = |name: &str| {
        use crate::Folder as _;
        let entry = folder.find(name.as_ref()).unwrap();
        let mut contents = folder.open(&entry, &READING).unwrap();
        let mut bytes = Vec::new();
        contents.stored(&|_| {}).read_to_end(&mut bytes).unwrap();
        (bytes, entry.size, contents)
    };
    for (name, expected) in [("log", &log), ("one.db", &one), ("other.db", &other)] {
        let (bytes, size, contents) = kept(name);
        assert!(bytes == *expected && size == expected.len() as u64, "{name}");
        if name != "log" {
            let whole = contents.whole(&READING, &|_| {}).unwrap();
            assert!(whole.bytes() == *expected, "{name}");
        }
    }
    let most = Reading { max_expanded: one.len() as u64 - 1, ..READING };
    let (.., contents) = kept("other.db");
    assert!(matches!(contents.whole(&most, &|_| {}), Err(InputError::OverCap { .. })));
}
