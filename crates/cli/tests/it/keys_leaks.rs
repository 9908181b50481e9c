//! Key bytes reach no output but the one that is asked for: not in any form, not in any failure.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Stdio;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::Value;

use crate::fixture;
use crate::keys_support::{Bench, CONFIG, JOIN, files, gunzip, peer};
use crate::run::{Run, assay};

/// The keys of the fixture in every form that they could be shown in.
fn needles() -> Vec<(String, Vec<u8>)> {
    let config = fixture::named("aescbc-rotated").path("encryption-config.json");
    let config: Value = serde_json::from_slice(&fs::read(config).unwrap()).unwrap();
    let mut needles = Vec::new();
    for provider in config["resources"][0]["providers"].as_array().unwrap() {
        for key in provider["aescbc"]["keys"].as_array().into_iter().flatten() {
            let text = key["secret"].as_str().unwrap();
            let raw = STANDARD.decode(text).unwrap();
            let hex: String = raw.iter().map(|byte| format!("{byte:02x}")).collect();
            let name = |form: &str| format!("key {} as {form}", key["name"]);
            needles.push((name("base64"), text.trim_end_matches('=').as_bytes()[..40].to_vec()));
            needles.push((name("base64url"), URL_SAFE_NO_PAD.encode(&raw).into_bytes()));
            needles.push((name("hex"), hex.clone().into_bytes()));
            needles.push((name("HEX"), hex.to_uppercase().into_bytes()));
            // Half of a key is a leak too.
            needles.push((name("raw, first half"), raw[..16].to_vec()));
            needles.push((name("raw, second half"), raw[16..].to_vec()));
        }
    }
    assert_eq!(needles.len(), 12);
    needles
}

/// The form of a key that stands in these bytes.
pub(crate) fn found(bytes: &[u8]) -> Option<String> {
    let holds = |needle: &[u8]| memchr::memmem::find(bytes, needle).is_some();
    needles().into_iter().find(|(_, needle)| holds(needle)).map(|(name, _)| name)
}

/// Looks through every file but the named ones, packed ones unpacked too.
pub(crate) fn search(dir: &Path, except: &[&Path]) {
    for (path, bytes) in files(dir) {
        if except.contains(&path.as_path()) {
            continue;
        }
        assert_eq!(found(&bytes), None, "{}", path.display());
        if bytes.starts_with(b"\x1f\x8b") {
            assert_eq!(found(&gunzip(&bytes)), None, "{} unpacked", path.display());
        }
    }
}

fn search_run(run: &Run) {
    assert_eq!(found(run.out.as_bytes()), None, "standard output");
    assert_eq!(found(run.err.as_bytes()), None, "standard error");
}

/// Runs a line as talkative as it gets.
fn loud(bench: &Bench, line: &str) -> Run {
    let run: Run = assay(&bench.words(&format!("{line} -vv"))).env("RUST_BACKTRACE", "full").output().unwrap().into();
    search_run(&run);
    run
}

#[test]
fn keys_reach_nothing_but_the_joined_file() {
    let bench = Bench::new();
    let tarball = bench.tarball("aescbc-rotated");
    let back = bench.path("back.tar.gz");
    assert!(found(&gunzip(&fs::read(&tarball).unwrap())).is_some(), "the search finds what is there");
    for line in [
        "check {snapshot} --keys {tarball}",
        "check {snapshot} --keys {tarball} --json",
        "ls {tarball}",
        "ls -l --all {tarball}",
        "ls --json {tarball}",
        "ls -o csv --all {tarball}",
        "ls -o ndjson {tarball}",
        "split {tarball} -r RECIPIENT --out {}/vault",
        "split {tarball} -r RECIPIENT --class all --armor --json --out {}/all",
        "verify-escrow {vault}.escrow.age -i {}/key.txt",
        "verify-escrow {vault}.escrow.age -i {}/key.txt --json",
        "rewrap {vault}.escrow.age -i {}/key.txt -r RECIPIENT --out {}/again",
        JOIN,
    ] {
        assert_eq!(loud(&bench, line).code, Some(0), "{line}");
    }
    assert!(found(&gunzip(&fs::read(&back).unwrap())).is_some());
    search(bench.dir.path(), &[&tarball, &back]);
}

#[test]
fn failures_show_no_keys_and_leave_none() {
    let bench = Bench::new();
    let tarball = bench.tarball("aescbc-rotated");
    bench.split();
    // Damage of every tenth of the escrow, with the manifest out of the way so that it is really opened.
    fs::remove_file(bench.vault("manifest.json")).unwrap();
    let escrow = fs::read(bench.vault("escrow.age")).unwrap();
    for tenth in 1..10 {
        let mut damaged = escrow.clone();
        damaged[escrow.len() * tenth / 10] ^= 0x10;
        fs::write(bench.vault("escrow.age"), damaged).unwrap();
        assert_eq!(loud(&bench, JOIN).code, Some(2), "{tenth}");
        loud(&bench, "rewrap {vault}.escrow.age -i {}/key.txt -r RECIPIENT --out {}/again");
    }
    fs::write(bench.vault("escrow.age"), &escrow).unwrap();
    // A keyless tarball that is another one.
    let other = fixture::named("plain-etcd36").path(".tar.gz");
    let line = JOIN.replace("{vault}.keyless.tar.gz", other.to_str().unwrap());
    assert_eq!(loud(&bench, &line).code, Some(2));
    // An output that may not grow, in the middle of a split and of a join.
    for line in ["split {tarball} -r RECIPIENT --class all --out {}/small", JOIN] {
        for blocks in [1, 8, 24] {
            let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$@\"");
            let mut bash = fixtures::tool("bash").unwrap();
            bash.args(["-c", &script, "bash", env!("CARGO_BIN_EXE_assay")])
                .args(bench.words(line))
                .stdin(Stdio::null());
            let run: Run = bash.env("RUST_BACKTRACE", "full").output().unwrap().into();
            assert_eq!(run.code, Some(2), "{line} {blocks}: {}", run.err);
            search_run(&run);
        }
    }
    // A tarball whose configuration breaks off in the middle of a key.
    let config = fs::read(fixture::named("aescbc-rotated").path("encryption-config.json")).unwrap();
    for end in [config.len() / 4, config.len() / 3, config.len() / 2] {
        let broken = bench.path("broken.tar.gz");
        fs::write(&broken, crate::keys_support::tar_gz(&[(CONFIG, &config[..end])])).unwrap();
        assert_eq!(loud(&bench, "ls {}/broken.tar.gz").code, Some(1));
        fs::remove_file(broken).unwrap();
    }
    search(bench.dir.path(), &[&tarball]);
}

/// A process that holds keys leaves no core file. It is looked at while it waits for its passphrase,
/// when it has read the tarball.
#[test]
fn core_dumps_are_forbidden_and_the_keys_are_wiped_by_then() {
    let Some(mut mkfifo) = peer("mkfifo") else { return };
    let bench = Bench::new();
    bench.tarball("aescbc-rotated");
    let fifo = bench.path("fifo");
    assert!(mkfifo.arg(&fifo).status().unwrap().success());
    let words = bench.words("split {tarball} --passphrase-file {}/fifo --out {}/vault");
    let child = assay(&words).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // Opening waits until the process opens its end: it has looked through the tarball by then.
    let mut writer = fs::OpenOptions::new().write(true).open(&fifo).unwrap();
    let limits = fs::read_to_string(format!("/proc/{}/limits", child.id())).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    let memory = memory_of(child.id());
    writer.write_all(b"short\n").unwrap();
    drop(writer);
    let run: Run = child.wait_with_output().unwrap().into();
    assert_eq!(run.code, Some(0), "{}", run.err);
    assert!(run.err.contains("fewer than 16 characters"), "{}", run.err);
    assert_eq!(core.split_whitespace().nth(4), Some("0"), "{core}");
    match memory {
        Some(memory) => assert_eq!(found(&memory), None, "in memory, between the inventory and the split"),
        None => eprintln!("SKIPPED: the memory of another process cannot be read here"),
    }
}

/// What a core file would hold. Takes privilege, as dumping is forbidden.
fn memory_of(process: u32) -> Option<Vec<u8>> {
    let maps = fs::read_to_string(format!("/proc/{process}/maps")).ok()?;
    writable(&maps, &fs::File::open(format!("/proc/{process}/mem")).ok()?)
}

/// Every writable mapping.
pub(crate) fn writable(maps: &str, memory: &fs::File) -> Option<Vec<u8>> {
    use std::os::unix::fs::FileExt;
    let mut all = Vec::new();
    for line in maps.lines().filter(|line| line.split_whitespace().nth(1).is_some_and(|mode| mode.starts_with("rw"))) {
        let (start, end) = line.split_whitespace().next()?.split_once('-')?;
        let (start, end) = (u64::from_str_radix(start, 16).ok()?, u64::from_str_radix(end, 16).ok()?);
        for page in (start..end).step_by(1 << 16) {
            let mut buffer = vec![0; usize::try_from((end - page).min(1 << 16)).unwrap()];
            if let Ok(read) = memory.read_at(&mut buffer, page) {
                all.extend_from_slice(&buffer[..read]);
            }
        }
    }
    (!all.is_empty()).then_some(all)
}
