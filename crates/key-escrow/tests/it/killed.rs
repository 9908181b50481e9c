//! A split or join that dies at any moment leaves the original as it was, outputs complete or absent, and nothing
//! that stands in the way of the next run.
//!
//! The test starts itself as a child that kills itself (SIGKILL) at the n-th progress report; reports come with every
//! read and around every rename, so the moments are spread over the whole run and repeatable.

use std::cell::Cell;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio};

use age::secrecy::ExposeSecret as _;
use key_escrow::{
    Identities, JoinOptions, Phase, Recipients, RemovalPolicy, RewrapOptions, SealTo, SplitOptions, VerifyOptions,
    join, rewrap, split, verify_escrow,
};

use crate::support::{Bench, identities, recipients, with_keys};

const MOMENT: &str = "KEY_ESCROW_TEST_KILL_AT";
const WHERE: &str = "KEY_ESCROW_TEST_DIR";

/// Dies at the n-th report.
fn fuse(at: u64) -> impl FnMut(Phase, u64, Option<u64>) {
    let seen = Cell::new(0);
    move |_, _, _| {
        seen.set(seen.get() + 1);
        if seen.get() == at {
            let me = rustix::process::getpid();
            rustix::process::kill_process(me, rustix::process::Signal::KILL).unwrap();
        }
    }
}

/// The child; does nothing when the test runner starts it like any other test.
#[test]
fn child() {
    let (Ok(at), Ok(dir)) = (std::env::var(MOMENT), std::env::var(WHERE)) else { return };
    let dir = Path::new(&dir);
    let at = at.parse().unwrap();
    let mut ids = Identities::new();
    let key = fs::read_to_string(dir.join("key")).unwrap();
    ids.add_file("key", key.as_bytes(), age::NoCallbacks).unwrap();
    if dir.join("rewrapped").exists() {
        let _ = rewrap(again(dir, &ids, &fs::read_to_string(dir.join("to")).unwrap()), &mut fuse(at));
        return;
    }
    if dir.join("out").join(format!("{STEM}.manifest.json")).exists() {
        let out = dir.join("out");
        let options = JoinOptions {
            keyless: &out.join(format!("{STEM}.keyless.tar.gz")),
            escrow: &out.join(format!("{STEM}.escrow.age")),
            manifest: None,
            expect_manifest: None,
            identities: &ids,
            out: &dir.join("joined.tar.gz"),
            force: false,
        };
        join(&options, &mut fuse(at)).unwrap();
        return;
    }
    let key: age::x25519::Identity = key.parse().unwrap();
    let mut to = Recipients::new();
    to.add(&key.to_public().to_string(), age::NoCallbacks).unwrap();
    let options = SplitOptions {
        tarball: &dir.join(format!("{STEM}.tar.gz")),
        out_dir: &dir.join("out"),
        policy: &RemovalPolicy::encryption_config(),
        seal_to: SealTo::Threshold {
            threshold: 2,
            custodians: recipients(&[&key, &age::x25519::Identity::generate()]),
        },
        armor: false,
        snapshot: None,
        created: "2026-11-23T09:09:15Z".parse().unwrap(),
        tool: "assay test",
        force: false,
        seal_original: false,
        limits: key_escrow::Limits::default(),
        search: None,
    };
    split(options, &mut fuse(at)).unwrap();
}

/// Seals the split in `out` to a recipient, into `rewrapped`, in the place of what is there.
fn again<'a>(dir: &Path, ids: &'a Identities, to: &str) -> RewrapOptions<'a> {
    let mut recipients = Recipients::new();
    recipients.add(to, age::NoCallbacks).unwrap();
    let leak = |path: std::path::PathBuf| -> &'static Path { Box::leak(path.into_boxed_path()) };
    RewrapOptions {
        escrow: leak(dir.join("out").join(format!("{STEM}.escrow.age"))),
        manifest: None,
        expect_manifest: None,
        identities: ids,
        seal_to: SealTo::Recipients(recipients),
        armor: false,
        out_dir: leak(dir.join("rewrapped")),
        force: true,
    }
}

const STEM: &str = "static_kuberesources_2026-11-23_090915";

/// Runs the child; whether it died by the signal.
fn child_dies(dir: &Path, at: u64) -> bool {
    let status = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "killed::child"])
        .env(MOMENT, at.to_string())
        .env(WHERE, dir)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success() || status.signal() == Some(9), "{status}");
    !status.success()
}

fn bench(bytes: &[u8]) -> Bench {
    let bench = Bench::new();
    bench.tarball(bytes);
    fs::write(bench.path("key"), bench.key.to_string().expose_secret()).unwrap();
    bench
}

fn visible(dir: &Path) -> Vec<String> {
    let names = fs::read_dir(dir).map(|d| d.map(|e| e.unwrap().file_name().into_string().unwrap()).collect::<Vec<_>>());
    names.unwrap_or_default().into_iter().filter(|n| !n.starts_with('.')).collect()
}

/// Outputs that are there under another name than their own.
fn half_written(dir: &Path) -> usize {
    let names = fs::read_dir(dir).into_iter().flatten().map(|entry| entry.unwrap().file_name());
    names.filter(|name| name.as_encoded_bytes().ends_with(b".part")).count()
}

#[test]
fn split_at_every_moment() {
    let bytes = with_keys();
    let (mut at, mut deaths) = (1, 0);
    loop {
        let bench = bench(&bytes);
        let died = child_dies(bench.dir.path(), at);
        let tarball = bench.path(&format!("{STEM}.tar.gz"));
        assert!(fs::read(&tarball).unwrap() == bytes, "the original, killed at {at}");
        if !died {
            break;
        }
        deaths += 1;
        assert_eq!(half_written(&bench.out()), 0, "killed at {at}");
        let manifest = bench.out().join(format!("{STEM}.manifest.json"));
        if manifest.exists() {
            assert_eq!(visible(&bench.out()).len(), 5, "killed at {at}: the manifest means that all is there");
        } else {
            let split =
                bench.split_to(&tarball, threshold(&bench)).unwrap_or_else(|e| panic!("after a kill at {at}: {e}"));
            assert_eq!(visible(&bench.out()).len(), 5);
            assert!(split.manifest_path.exists());
            let left = fs::read_dir(bench.out()).unwrap().count();
            assert_eq!(left, 5, "killed at {at}: something hidden is left");
        }
        at += 1;
    }
    assert!(deaths >= 15, "only {deaths} moments");
}

fn threshold(bench: &Bench) -> SealTo {
    SealTo::Threshold { threshold: 2, custodians: recipients(&[&bench.key, &age::x25519::Identity::generate()]) }
}

#[test]
fn join_at_every_moment() {
    let bytes = with_keys();
    let bench = bench(&bytes);
    let split = bench.split(&bench.path(&format!("{STEM}.tar.gz"))).unwrap();
    let halves = || (fs::read(&split.keyless).unwrap(), fs::read(&split.escrow).unwrap());
    let before = halves();
    let joined = bench.path("joined.tar.gz");
    let (mut at, mut deaths) = (1, 0);
    while child_dies(bench.dir.path(), at) {
        assert!(halves() == before);
        assert_eq!(half_written(bench.dir.path()), 0, "killed at {at}: half of a tarball with its keys");
        if joined.exists() {
            assert!(fs::read(&joined).unwrap() == bytes, "killed at {at}");
            fs::remove_file(&joined).unwrap();
        }
        at += 1;
        deaths += 1;
    }
    assert!(fs::read(&joined).unwrap() == bytes);
    assert!(deaths >= 3, "only {deaths} moments");
    let hidden = fs::read_dir(bench.dir.path())
        .unwrap()
        .filter(|e| e.as_ref().unwrap().file_name().to_string_lossy().starts_with('.'))
        .count();
    assert_eq!(hidden, 0);
}

/// Whether the set in `rewrapped` is whole, manifest included, and opens for a key.
fn opens_for(bench: &Bench, key: &age::x25519::Identity) -> bool {
    let (dir, ids) = (bench.path("rewrapped"), identities(key));
    let options = VerifyOptions {
        manifest: &dir.join(format!("{STEM}.manifest.json")),
        expect_manifest: None,
        escrow: Some(&dir.join(format!("{STEM}.escrow.age"))),
        keyless: Some(&bench.out().join(format!("{STEM}.keyless.tar.gz"))),
        shares: &[],
        identities: Some(&ids),
        limits: key_escrow::Limits::default(),
    };
    verify_escrow(&options, &mut |_, _, _| {}).is_ok_and(|report| report.passed())
}

#[test]
fn rewrap_by_force_at_every_moment() {
    let bytes = with_keys();
    let bench = bench(&bytes);
    bench.split(&bench.path(&format!("{STEM}.tar.gz"))).unwrap();
    let (old, new) = (age::x25519::Identity::generate(), age::x25519::Identity::generate());
    let ids = bench.identities();
    let seal = |key: &age::x25519::Identity| {
        rewrap(again(bench.dir.path(), &ids, &key.to_public().to_string()), &mut |_, _, _| {}).unwrap();
    };
    fs::write(bench.path("to"), new.to_public().to_string()).unwrap();
    seal(&old);
    let (mut at, mut mixed, mut kept, mut replaced) = (1, 0, 0, 0);
    while child_dies(bench.dir.path(), at) {
        match (opens_for(&bench, &old), opens_for(&bench, &new)) {
            (true, false) => kept += 1,
            (false, true) => replaced += 1,
            neither => panic!("killed at {at}: {neither:?}"),
        }
        mixed += usize::from(half_written(&bench.path("rewrapped")) == 1);
        // the next run goes on from there, whatever was left
        seal(&old);
        assert!(opens_for(&bench, &old), "killed at {at}");
        let left = fs::read_dir(bench.path("rewrapped")).unwrap().count();
        assert_eq!(left, 2, "killed at {at}: something is left");
        at += 1;
    }
    assert!(opens_for(&bench, &new), "in the end it was let live");
    assert!(kept >= 5 && replaced >= 2 && mixed >= 1, "{kept} {replaced} {mixed}");
}
