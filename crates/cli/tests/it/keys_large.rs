//! A tarball that does not fit into the memory that the commands may take.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::path::Path;
use std::process::Stdio;

use flate2::write::GzEncoder;

use crate::fixture;
use crate::keys_support::{Bench, CONFIG, JOIN, STEM, gunzip};
use crate::run::{Run, assay};

/// More than a process may have as its data: see [`LIMIT`].
const LARGE: u64 = 80 << 20;
/// KiB, as `ulimit -d` counts: heap, stacks, everything that is not a file.
const LIMIT: u32 = 64 << 10;

/// Bytes that repeat themselves at the distance of a page.
struct Pages {
    page: Vec<u8>,
    left: u64,
}

impl Read for Pages {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let at = usize::try_from(self.left).unwrap() % self.page.len();
        let some = &self.page[self.page.len() - if at == 0 { self.page.len() } else { at }..];
        let read = some.len().min(buffer.len()).min(usize::try_from(self.left).unwrap());
        buffer[..read].copy_from_slice(&some[..read]);
        self.left -= read as u64;
        Ok(read)
    }
}

fn write_tar(config: &[u8], out: impl Write) {
    let mut tar = tar::Builder::new(out);
    let mut append = |path: &str, size: u64, content: &mut dyn Read| {
        let mut header = tar::Header::new_gnu();
        header.set_size(size);
        header.set_mode(0o600);
        tar.append_data(&mut header, path, content).unwrap();
    };
    let page: Vec<u8> = (0..4096_u32).map(|at| b"abcdefghijklmnop"[(at * at % 251 % 16) as usize]).collect();
    append(CONFIG, config.len() as u64, &mut &config[..]);
    append("static-pod-resources/etcd-pod-8/configmaps/large/large", LARGE, &mut Pages { page, left: LARGE });
    append("static-pod-resources/etcd-pod-8/configmaps/large/empty", 0, &mut std::io::empty());
    tar.into_inner().unwrap().flush().unwrap();
}

/// Ends a gzip member and begins the next after every so many bytes: too many for corrections.
struct Members<W: Write> {
    now: Option<GzEncoder<W>>,
    held: usize,
}

impl<W: Write> Write for Members<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.held > 60_000 {
            let out = self.now.take().unwrap().finish()?;
            (self.now, self.held) = (Some(GzEncoder::new(out, flate2::Compression::fast())), 0);
        }
        let written = self.now.as_mut().unwrap().write(bytes)?;
        self.held += written;
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.now.as_mut().unwrap().flush()
    }
}

/// Runs a line with little memory and expects an exit code.
fn limited(bench: &Bench, line: &str, code: i32) -> Run {
    let plain = assay(&bench.words(line));
    let mut bash = fixtures::tool("bash").unwrap();
    bash.args(["-c", &format!("ulimit -d {LIMIT}; exec \"$@\""), "bash"]);
    bash.arg(plain.get_program()).args(plain.get_args()).stdin(Stdio::null());
    let run: Run = bash.output().unwrap().into();
    assert_eq!(run.code, Some(code), "{line}: {}", run.err);
    run
}

fn same(one: &Path, other: &Path) -> bool {
    let [mut one, mut other] = [one, other].map(|path| BufReader::new(File::open(path).unwrap()));
    loop {
        let (left, right) = (one.fill_buf().unwrap(), other.fill_buf().unwrap());
        let both = left.len().min(right.len());
        if left[..both] != right[..both] {
            return false;
        }
        if both == 0 {
            return left.is_empty() && right.is_empty();
        }
        one.consume(both);
        other.consume(both);
    }
}

#[test]
fn everything_streams_in_64_mib() {
    let config = crate::keys_support::member(
        &gunzip(&fs::read(fixture::named("aescbc-rotated").path(".tar.gz")).unwrap()),
        CONFIG,
    );
    for (method, members) in [("corrections", false), ("sealed-original", true)] {
        let bench = Bench::new();
        let tarball = bench.path(&format!("{STEM}.tar.gz"));
        let packed = GzEncoder::new(BufWriter::new(File::create(&tarball).unwrap()), flate2::Compression::default());
        if members {
            write_tar(&config, Members { now: Some(packed), held: 0 });
        } else {
            write_tar(&config, packed);
        }
        // a member this large is not looked through for keys, which is a finding
        let listed = limited(&bench, "ls {tarball}", 1);
        assert!(listed.err.contains("too many to examine in full"), "{}", listed.err);
        limited(&bench, "split {tarball} -r RECIPIENT --out {}/vault", 1);
        let manifest: serde_json::Value =
            serde_json::from_slice(&fs::read(bench.vault("manifest.json")).unwrap()).unwrap();
        assert_eq!(manifest["rejoin"]["method"], method, "{}", manifest["rejoin"]);
        limited(&bench, "verify-escrow {vault}.escrow.age -i {}/key.txt", 0);
        limited(&bench, "rewrap {vault}.escrow.age -i {}/key.txt -r RECIPIENT --out {}/new", 0);
        limited(&bench, JOIN, 0);
        assert!(same(&tarball, &bench.path("back.tar.gz")), "{method}");
    }
}
