//! A disk or a server that fails in the middle of a file: an error, never a verdict, never a death by signal.

use std::fs;
use std::io::Write;

use crate::fixture::named;
use crate::fuse::{Failing, Mounted};
use crate::keys_support::{Bench, STEM};
use crate::run::run;

const EIO: i32 = 5;
const ESTALE: i32 = 116;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Real errors of a real file system, mapped and read, of every kind of file.
#[test]
fn a_file_that_cannot_be_read_to_its_end_is_an_error_and_no_verdict() {
    let bench = Bench::new();
    bench.tarball("aescbc-rotated");
    bench.split();
    let fixture = named("aescbc-rotated");
    let snapshot = fixture.bytes();
    let escrow = fs::read(bench.vault("escrow.age")).unwrap();
    let (tarball, keyless) =
        (fs::read(fixture.path(".tar.gz")).unwrap(), fs::read(bench.vault("keyless.tar.gz")).unwrap());
    let packed = gzip(&snapshot);
    for (errno, said) in [(EIO, "os error 5"), (ESTALE, "os error 116")] {
        // not at the beginning, and on no border of anything
        let half = |bytes: &[u8]| bytes.len() as u64 / 2 / 4096 * 4096 + 4096;
        let file = |name, bytes: &[u8]| Failing { name, bytes: bytes.to_vec(), good: half(bytes), errno };
        let escrow = Failing { good: escrow.len() as u64 / 2 / 4096 * 4096, ..file("x.escrow.age", &escrow) };
        let Some(disk) = Mounted::of(vec![
            file("s.db", &snapshot),
            file("s.db.gz", &packed),
            file("static_kuberesources_x.tar.gz", &tarball),
            file("x.keyless.tar.gz", &keyless),
            escrow,
        ]) else {
            return;
        };
        let at = |name: &str| disk.path().join(name).to_str().unwrap().to_owned();
        let (db, gz, tar) = (at("s.db"), at("s.db.gz"), at("static_kuberesources_x.tar.gz"));
        let of_map = "failed to read at offset 0x";
        for (line, said) in [
            (&["verify", &db][..], of_map),
            (&["verify", &db, "-o", "json"], of_map),
            (&["verify", "--no-mmap", &db], said),
            (&["hash", "--status", &db], of_map),
            (&["hash", "--no-mmap", &db], said),
            (&["ls", &db], of_map),
            (&["du", "--no-mmap", &db], said),
            (&["inspect", &db], of_map),
            (&["verify", &gz], said),
            (&["verify", "--no-mmap", &gz], said),
            (&["verify", &tar], said),
            (&["inspect", &tar], said),
            (&["keys", "ls", &tar], said),
            (&["keys", "check", &db, "--keys", &tar], said),
        ] {
            let run = run(line);
            assert_eq!(run.code, Some(2), "{line:?}: {} {}", run.out, run.err);
            assert!(run.err.contains(said), "{line:?}: {}", run.err);
            // a document says of the whole run that it is no good, and of the file that it could not be read
            let unread = "\"verdict\": \"unreadable\"";
            assert_eq!(run.out.contains(unread), line.contains(&"json"), "{line:?}: {}", run.out);
            for verdict in ["PASS", "WARN", "FAIL", "\"verdict\": \"pass\"", "\"kind\": \"snapshot\""] {
                assert!(!run.out.contains(verdict), "{line:?}: {}", run.out);
            }
        }
        let manifest = bench.vault("manifest.json");
        let key = bench.path("key.txt");
        for (escrow, keyless) in [
            (at("x.escrow.age"), bench.vault("keyless.tar.gz").to_str().unwrap().to_owned()),
            (bench.vault("escrow.age").to_str().unwrap().to_owned(), at("x.keyless.tar.gz")),
        ] {
            let line = ["keys", "verify-escrow", &escrow, "--keyless", &keyless, "-i", key.to_str().unwrap()];
            let run = run(&[&line[..], &["--manifest", manifest.to_str().unwrap()]].concat());
            assert_eq!(run.code, Some(2), "{STEM}: {} {}", run.out, run.err);
            assert!(run.err.contains(said), "{}", run.err);
        }
    }
}
