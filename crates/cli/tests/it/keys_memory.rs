//! What is left in memory when work with keys has ended, well or badly: no key, in no form.
//!
//! The test starts itself as a child that runs a command line in its own process, with the binary's allocator, and
//! then writes out all of its memory that can be written to: heap, stacks, statics. No other process could read it,
//! as dumping is forbidden; the child has opened its memory before.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use crate::keys_leaks::{found, search, writable};
use crate::keys_support::{Bench, JOIN, STEM, gunzip, identity};
use crate::run::Run;

const LINE: &str = "ASSAY_TEST_MEMORY_LINE";
const DUMP: &str = "ASSAY_TEST_MEMORY_DUMP";
const LEAK: &str = "ASSAY_TEST_MEMORY_LEAK";
const PASSPHRASE: &str = "correct horse battery staple";

/// The child; does nothing when the test runner starts it like any other test.
#[test]
fn child() {
    let (Some(line), Some(dump)) = (std::env::var_os(LINE), std::env::var_os(DUMP)) else { return };
    let (memory, maps) = (File::open("/proc/self/mem").unwrap(), File::open("/proc/self/maps").unwrap());
    let line = line.into_string().unwrap();
    let code = cli::run(std::iter::once("assay").chain(line.split('\n')).map(Into::into));
    let leak = std::env::var_os(LEAK).map(|path| gunzip(&fs::read(path).unwrap()));
    let maps = std::io::read_to_string(maps).unwrap();
    fs::write(dump, writable(&maps, &memory).unwrap()).unwrap();
    drop(leak);
    // `ExitCode` cannot be looked into, and a test runner has codes of its own.
    fs::write(std::env::var_os(DUMP).map(PathBuf::from).unwrap().with_extension("code"), format!("{code:?}")).unwrap();
}

struct Left {
    run: Run,
    memory: Vec<u8>,
}

/// Runs a line in a child; `limit` is the most blocks of 1 KiB that it may write to one file.
fn left(bench: &Bench, line: &str, limit: Option<u32>, leak: Option<&Path>) -> Left {
    let elsewhere = tempfile::tempdir().unwrap();
    let dump = elsewhere.path().join("dump");
    // The limit holds for the dump as well, so it is soft, and lifted by nobody: the dump goes through a pipe instead.
    let fifo = limit.is_some();
    if fifo {
        rustix::fs::mknodat(rustix::fs::CWD, &dump, rustix::fs::FileType::Fifo, rustix::fs::Mode::RWXU, 0).unwrap();
    }
    let reader = fifo.then(|| {
        let dump = dump.clone();
        std::thread::spawn(move || fs::read(dump).unwrap())
    });
    let script = match limit {
        Some(blocks) => format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$@\""),
        None => "exec \"$@\"".to_owned(),
    };
    let mut command = fixtures::tool("bash").unwrap();
    command.args(["-c", &script, "bash"]).arg(std::env::current_exe().unwrap());
    command.args(["--exact", "keys_memory::child", "--nocapture"]).stdin(Stdio::null());
    command.env(LINE, bench.words(line).join("\n")).env(DUMP, &dump).env("RUST_BACKTRACE", "full");
    if let Some(path) = leak {
        command.env(LEAK, path);
    }
    let mut run: Run = command.output().unwrap().into();
    assert_eq!(run.code, Some(0), "{line}: the child failed: {}", run.err);
    let memory = reader.map_or_else(|| fs::read(&dump).unwrap(), |reader| reader.join().unwrap());
    let code = fs::read_to_string(dump.with_extension("code")).unwrap();
    run.code = (0..3).find(|code_| format!("{:?}", std::process::ExitCode::from(*code_)) == code).map(i32::from);
    Left { run, memory }
}

/// The bench of all lines here: a split with one custodian, one with two of three, one by a passphrase.
fn bench() -> Bench {
    let bench = Bench::new();
    bench.tarball("aescbc-rotated");
    fs::write(bench.path("pass"), format!("{PASSPHRASE}\n")).unwrap();
    let custodians = (1..=3).map(|n| identity(&bench.path(&format!("custodian-{n}.txt")))).collect::<Vec<_>>();
    fs::write(bench.path("custodians.txt"), custodians.join("\n")).unwrap();
    identity(&bench.path("stranger.txt"));
    bench.split();
    bench.keys_ok("split {tarball} -R {}/custodians.txt --shares 3 --threshold 2 --out {}/shared");
    bench.keys_ok("split {tarball} --passphrase-file {}/pass --out {}/by-pass");
    // an escrow whose last piece is damaged: what is in it is decrypted up to there
    let mut escrow = fs::read(bench.vault("escrow.age")).unwrap();
    *escrow.last_mut().unwrap() ^= 1;
    fs::create_dir(bench.path("damaged")).unwrap();
    fs::write(bench.path(&format!("damaged/{STEM}.escrow.age")), escrow).unwrap();
    bench
}

const SHARES: &str = "--share {}/shared/STEM.share-1-of-3.age -i {}/custodian-1.txt \
                      --share {}/shared/STEM.share-3-of-3.age -i {}/custodian-3.txt";

#[test]
fn no_key_is_left_in_memory_however_the_work_ended() {
    let bench = bench();
    let tarball = bench.path(&format!("{STEM}.tar.gz"));
    let other = crate::fixture::named("plain-etcd36").path(".tar.gz");
    // what opens an escrow is as good as the key
    let identities = ["key", "custodian-1", "custodian-3"]
        .map(|name| fs::read_to_string(bench.path(&format!("{name}.txt"))).unwrap().trim().to_owned().into_bytes());
    let opener = |bytes: &[u8]| {
        let mut secrets = identities.iter().map(Vec::as_slice).chain([PASSPHRASE.as_bytes()]);
        secrets.position(|secret| memchr::memmem::find(bytes, secret).is_some())
    };
    let shares = SHARES.replace("STEM", STEM);
    let wrong_keyless = JOIN.replace("{vault}.keyless.tar.gz", other.to_str().unwrap());
    let damaged = format!("damaged/{STEM}.escrow.age");
    for (line, limit, code, said) in [
        ("ls -l --all {tarball}", None, 0, ""),
        ("split {tarball} -r RECIPIENT --out {}/one", None, 0, ""),
        ("split {tarball} -r RECIPIENT --class all --armor --out {}/two", None, 0, ""),
        ("split {tarball} -R {}/custodians.txt --shares 3 --threshold 2 --out {}/three", None, 0, ""),
        ("split {tarball} --passphrase-file {}/pass --out {}/four", None, 0, ""),
        ("split {tarball} -r RECIPIENT --out {}/vault", None, 2, "exists"),
        ("split {tarball} -r RECIPIENT --class all --out {}/small", Some(1), 2, "File too large"),
        ("split {tarball} -r RECIPIENT --class all --out {}/small", Some(24), 2, "File too large"),
        (JOIN, None, 0, ""),
        (JOIN, None, 2, "exists"),
        (&JOIN.replace("back", "small"), Some(8), 2, "File too large"),
        (&JOIN.replace("key.txt", "stranger.txt").replace("back", "new"), None, 2, "none of the given identities"),
        (&wrong_keyless.replace("back", "new"), None, 2, "does not belong"),
        (&JOIN.replace("{vault}.escrow.age", &format!("{{}}/{damaged}")).replace("back", "new"), None, 2, "damaged"),
        (
            &format!("join {{vault}}.keyless.tar.gz --escrow {{}}/shared/{STEM}.escrow.age {shares} --out {{}}/back-2"),
            None,
            0,
            "",
        ),
        (
            &format!(
                "join {{vault}}.keyless.tar.gz --escrow {{}}/by-pass/{STEM}.escrow.age --passphrase-file {{}}/pass --out {{}}/back-3"
            ),
            None,
            0,
            "",
        ),
        ("verify-escrow {vault}.escrow.age -i {}/key.txt", None, 0, ""),
        (&format!("verify-escrow {{}}/shared/{STEM}.escrow.age {shares}"), None, 0, ""),
        (&format!("verify-escrow {{}}/{damaged} --manifest {{vault}}.manifest.json -i {{}}/key.txt"), None, 1, ""),
        ("rewrap {vault}.escrow.age -i {}/key.txt -r RECIPIENT --out {}/five", None, 0, ""),
        ("rewrap {vault}.escrow.age -i {}/key.txt -r RECIPIENT --out {}/small", Some(4), 2, "File too large"),
        (&format!("rewrap {{}}/{damaged} -i {{}}/key.txt -r RECIPIENT --out {{}}/six"), None, 2, "damaged"),
    ] {
        let Left { run, memory } = left(&bench, line, limit, None);
        assert_eq!(run.code, Some(code), "{line}: {}", run.err);
        assert!(run.err.contains(said), "{line}: no `{said}` in {}", run.err);
        assert!(memory.len() > 1 << 20, "{line}: only {} bytes of memory", memory.len());
        for (place, bytes) in
            [("memory", &memory[..]), ("standard output", run.out.as_bytes()), ("standard error", run.err.as_bytes())]
        {
            assert_eq!((found(bytes), opener(bytes)), (None, None), "{line} {limit:?}: in {place}");
        }
    }
    let joined = ["back.tar.gz", "back-2", "back-3"].map(|name| bench.path(name));
    let known: Vec<&Path> = joined.iter().chain([&tarball]).map(PathBuf::as_path).collect();
    search(bench.dir.path(), &known);
}

/// The search finds what a process holds on to.
#[test]
fn a_key_that_is_held_on_to_is_found() {
    let bench = Bench::new();
    let tarball = bench.tarball("aescbc-rotated");
    let left = left(&bench, "ls {tarball}", None, Some(&tarball));
    assert!(found(&left.memory).is_some());
}
