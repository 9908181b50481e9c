//! `rebuild`: what it writes, what it leaves behind, and what it refuses.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::fixture::named;
use crate::run::{Run, json_of, run};

pub(crate) struct Bench(tempfile::TempDir);

impl Bench {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn text(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> String {
        fs::write(self.path(name), bytes).unwrap();
        self.text(name)
    }

    pub(crate) fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.0.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// Refused, with this in the message, and nothing was written.
    pub(crate) fn refused(&self, line: &[&str], said: &str) -> Run {
        let before = self.names();
        let run = run(line);
        assert_eq!(run.code, Some(2), "{line:?}: {}", run.out);
        assert!(run.err.contains(said), "{line:?}: {}", run.err);
        assert_eq!(self.names(), before, "{line:?}");
        run
    }
}

#[test]
fn the_new_file_is_sound_and_says_where_it_is_from() {
    for fixture in crate::fixture::all() {
        let bench = Bench::new();
        let (source, out) = (fixture.snapshot(), bench.text("new.db"));
        let packed = fs::read(&source).unwrap();
        let document = json_of(&["rebuild", source.to_str().unwrap(), "--out", &out, "--json"]);
        assert!(fs::read(&source).unwrap() == packed, "{}: the input was changed", fixture.name);
        assert_eq!(bench.names(), ["new.db", "new.db.rebuild.json"]);
        let beside: Value = serde_json::from_slice(&fs::read(bench.path("new.db.rebuild.json")).unwrap()).unwrap();
        assert_eq!(beside, document, "{}", fixture.name);
        let file = fs::read(&out).unwrap();
        assert_eq!(fs::metadata(&out).unwrap().permissions().mode() & 0o777, 0o600);
        let (pages, hash) = file.split_at(file.len() - 32);
        assert_eq!(&Sha256::digest(pages)[..], hash, "{}", fixture.name);
        let told = &document["artifacts"][0];
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        assert_eq!(told["trailer"], hex(hash));
        assert_eq!(told["size"], file.len());
        assert_eq!(told["sourceSha256"], hex(&Sha256::digest(fixture.bytes())));
        // no finding that the source has not; what goes by file name is another's business
        let found = |path: &Path| -> Vec<String> {
            let verified = run(&["verify", "--json", path.to_str().unwrap()]);
            let document: Value = serde_json::from_str(&verified.out).unwrap();
            let ids = document["findings"].as_array().unwrap().iter().map(|found| found["id"].as_str().unwrap());
            let mut ids: Vec<String> = ids.map(str::to_owned).collect();
            ids.dedup();
            ids
        };
        let source = bench.path("source.db");
        fs::write(&source, fixture.bytes()).unwrap();
        let before = found(&source);
        let after = found(&bench.path("new.db"));
        assert!(after.iter().all(|id| before.contains(id)), "{}: {after:?}, before {before:?}", fixture.name);
        assert!(!after.contains(&"PAGE-016".to_owned()), "{}: residue", fixture.name);
    }
}

#[test]
fn what_is_wrong_is_refused_and_nothing_is_left() {
    let bench = Bench::new();
    let whole = named("plain-etcd34").bytes();
    let out = bench.text("new.db");
    let mut flipped = whole.clone();
    let at = flipped.len() - 200;
    flipped[at] ^= 1;
    let flipped = bench.write("flipped.db", &flipped);
    bench.refused(&["rebuild", &flipped, "--out", &out], "SHA-256 is not that of its bytes (SNAP-003)");
    let cut = bench.write("cut.db", &whole[..whole.len() / 2]);
    bench.refused(&["rebuild", &cut, "--out", &out], "cut.db");
    let sound = bench.write("sound.db", &whole);
    bench.refused(&["rebuild", &sound, "--out", &out, "--compact", "99999999"], "is in the future");
    bench.refused(&["rebuild", &sound, "--out", &out, "--compact", "never"], "`none`, `latest`, or a revision");
    bench.refused(&["rebuild", &sound, "--out", &out, "--page-size", "5000"], "expected a power of two");
    bench.refused(&["rebuild", &sound, "--out", &sound], "there is one already");
    bench.refused(&["rebuild", &sound, "--out", &bench.text("no/such/new.db")], "cannot write");
    let link = bench.path("link.db");
    std::os::unix::fs::symlink(bench.path("elsewhere.db"), &link).unwrap();
    bench.refused(&["rebuild", &sound, "--out", link.to_str().unwrap()], "there is one already");
    // what a killed run leaves behind is told, and not written over
    bench.write(".new.db.unproven", b"half");
    bench.refused(&["rebuild", &sound, "--out", &out], "one was broken off");
    assert_eq!(fs::read(bench.path(".new.db.unproven")).unwrap(), b"half");
    fs::remove_file(bench.path(".new.db.unproven")).unwrap();
    assert_eq!(run(&["rebuild", &sound, "--out", &out, "--no-sidecar"]).code, Some(0));
    assert!(!bench.path("new.db.rebuild.json").exists());
}

/// A disk that takes no more is an error, and no file of the name is there.
#[test]
fn a_full_disk_leaves_no_file_of_that_name() {
    let bench = Bench::new();
    let sound = bench.write("sound.db", &named("plain-etcd34").bytes());
    let mut bash = fixtures::tool("bash").unwrap();
    // blocks of 1 KiB: a quarter of what is to be written
    let line = "trap '' XFSZ; ulimit -f 200; exec \"$@\"";
    bash.args(["-c", line, "bash", env!("CARGO_BIN_EXE_assay"), "rebuild", &sound, "--out", &bench.text("new.db")]);
    let run: Run = bash.output().unwrap().into();
    assert_eq!(run.code, Some(2), "{}", run.out);
    assert!(run.err.contains("cannot write") && run.err.contains("File too large"), "{}", run.err);
    assert_eq!(bench.names(), ["sound.db"]);
}

/// A wrong hash must not become a right one by being cut off: what has none gets none, unless that is asked for.
#[test]
fn values_that_nothing_proved_do_not_pass_for_proven() {
    let bench = Bench::new();
    let whole = named("plain-etcd34").bytes();
    let bare = bench.write("bare.db", &whole[..whole.len() - 32]);
    let found = |name: &str| {
        let verified = run(&["verify", "--json", &bench.text(name)]);
        let document: Value = serde_json::from_str(&verified.out).unwrap();
        let unproven = document["findings"].as_array().unwrap().iter().any(|found| found["id"] == "SNAP-002");
        (verified.code, unproven)
    };
    assert_eq!(found("bare.db"), (Some(1), true));
    let told = json_of(&["rebuild", &bare, "--out", &bench.text("new.db"), "--json"]);
    assert_eq!(told["artifacts"][0]["trailer"], Value::Null);
    assert_eq!(found("new.db"), (Some(1), true));
    let told = json_of(&["rebuild", &bare, "--out", &bench.text("sealed.db"), "--seal", "--json"]);
    assert!(told["artifacts"][0]["trailer"].is_string());
    assert_eq!(found("sealed.db"), (Some(0), false));
}

/// What is lost is told, on the screen and by the exit code, and a wrong hash stays none.
#[test]
fn what_is_salvaged_says_what_is_lost() {
    let bench = Bench::new();
    let whole = named("plain-etcd34").bytes();
    let sound = bench.write("sound.db", &whole);
    let mut damaged = whole.clone();
    damaged[138 * 4096..][..4096].fill(0);
    let damaged = bench.write("damaged.db", &damaged);
    bench.refused(&["rebuild", &damaged, "--out", &bench.text("new.db")], "SNAP-003");
    // nothing wrong: what a rebuild without it gives
    let plain = run(&["rebuild", &sound, "--out", &bench.text("plain.db")]);
    let same = run(&["rebuild", &sound, "--out", &bench.text("same.db"), "--salvage"]);
    assert_eq!((plain.code, same.code), (Some(0), Some(0)), "{}", same.err);
    assert!(fs::read(bench.path("plain.db")).unwrap() == fs::read(bench.path("same.db")).unwrap());
    let told = run(&["rebuild", &damaged, "--out", &bench.text("left.db"), "--salvage"]);
    assert_eq!(told.code, Some(1), "{}", told.err);
    assert!(told.out.contains("its values UNPROVEN") && told.out.contains("page 138: "), "{}", told.out);
    let document: Value = serde_json::from_slice(&fs::read(bench.path("left.db.rebuild.json")).unwrap()).unwrap();
    let left = &document["artifacts"][0];
    assert_eq!((&document["verdict"], &left["sourceTrailer"]), (&"fail".into(), &false.into()));
    assert_eq!((&left["trailer"], &left["compactedAt"]), (&Value::Null, &left["revision"]));
    assert_eq!((&left["salvage"]["lost"][0]["page"], &left["salvage"]["whole"]), (&138.into(), &false.into()));
    let sealed = run(&["rebuild", &damaged, "--out", &bench.text("sealed.db"), "--salvage", "--seal", "--json"]);
    let sealed: Value = serde_json::from_str(&sealed.out).unwrap();
    assert!(sealed["artifacts"][0]["trailer"].is_string());
    // only pages that tell nothing are left
    let mut empty = whole;
    empty[2 * 4096..].fill(0);
    let empty = bench.write("empty.db", &empty);
    let line = ["rebuild", &empty, "--out", &bench.text("no.db"), "--salvage", "--drop-auth"];
    bench.refused(&line[..5], "users, roles, or whether authentication was on are lost");
    bench.refused(&line, "no record is left");
    assert!(bench.names().iter().all(|name| !name.starts_with('.')), "{:?}", bench.names());
}

/// Without its root, or its metas, a file is still full of leaves; what came from there is never certain.
#[test]
fn leaves_without_a_root_are_taken_when_that_is_asked_for() {
    let bench = Bench::new();
    let whole = named("plain-etcd34").bytes();
    let cut = bench.write("cut.db", &whole[..whole.len() / 2]);
    let mut bare = whole.clone();
    bare[..2 * 4096].fill(0);
    let bare = bench.write("bare.db", &bare);
    let out = |name: &str| bench.text(&format!("{name}-left.db"));
    let line = ["rebuild", &cut, "--out", &out("cut"), "--salvage"];
    bench.refused(&line, "are lost");
    bench.refused(&[&line[..], &["--drop-auth"]].concat(), "no record is left");
    bench.refused(&["rebuild", &bare, "--out", &out("bare"), "--salvage"], "--salvage=orphans");
    bench.refused(&["rebuild", &bare, "--out", &out("bare"), "--salvage=everything"], "`orphans`, `raw`, or nothing");
    bench.refused(&["rebuild", &bare, "--out", &out("bare"), "--salvage", "--rev", "7"], "cannot be used with");
    for (name, source, live) in [("cut", &cut, 400..700), ("bare", &bare, 1069..1070)] {
        let line = ["rebuild", source, "--out", &out(name), "--salvage=orphans", "--drop-auth", "--json"];
        let told = run(&line);
        assert_eq!(told.code, Some(1), "{}", told.err);
        let document: Value = serde_json::from_str(&told.out).unwrap();
        let left = &document["artifacts"][0];
        assert!(live.contains(&left["liveKeys"].as_u64().unwrap()), "{name}: {}", left["liveKeys"]);
        let salvage = &left["salvage"];
        assert_eq!((&salvage["from"], &salvage["whole"]), (&"orphans".into(), &false.into()));
        assert_eq!(salvage["records"][3]["records"], left["records"], "{name}");
        assert_eq!((&salvage["possiblyStale"], &left["trailer"]), (&left["liveKeys"], &Value::Null), "{name}");
    }
}
