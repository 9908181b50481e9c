//! Where the gzip layer does not come back, the tar inside does, proven.

use std::fs;
use std::path::{Path, PathBuf};

use key_escrow::{
    Error, JoinOptions, JoinOutcome, Proof, RejoinMethod, Result, SplitOutcome, VerifyOptions, join, verify_escrow,
};

use crate::support::{Bench, gunzip, payload, with_keys};

/// A split by corrections, and its payload.
fn split(bench: &Bench) -> (SplitOutcome, Vec<u8>) {
    let split = bench.split(&bench.tarball(&with_keys())).unwrap();
    assert_eq!(split.manifest.rejoin.method, RejoinMethod::Corrections);
    let content = payload(&split.escrow, &bench.key);
    (split, content)
}

/// As somebody would have sealed it whose library writes other corrections.
fn seal(bench: &Bench, content: &[u8]) -> PathBuf {
    let path = bench.path("other.escrow.age");
    fs::write(&path, age::encrypt(&bench.key.to_public(), content).unwrap()).unwrap();
    path
}

fn find(content: &[u8], word: &[u8]) -> usize {
    content.windows(word.len()).position(|window| window == word).unwrap()
}

/// Spoils the corrections, and leaves the steps of the recipe as they are.
fn spoil(content: &mut [u8]) {
    let recipe = find(content, b"assay-recipe/1\n");
    let chunk = find(&content[recipe..recipe + 400], &[2, 3]) + recipe;
    content[chunk + 2 + 8..chunk + 2 + 8 + 20].fill(0xa5);
}

/// As an older or a newer assay writes it.
fn of_another_version(content: &mut [u8]) {
    let engine = b"preflate-rs 0.7.6";
    while let Some(at) = content.windows(engine.len()).position(|window| window == engine) {
        content[at..at + engine.len()].copy_from_slice(b"preflate-rs 0.6.1");
    }
}

fn rejoin(bench: &Bench, split: &SplitOutcome, escrow: &Path, force: bool) -> Result<JoinOutcome> {
    let ids = bench.identities();
    let options = JoinOptions {
        keyless: &split.keyless,
        escrow,
        manifest: None,
        expect_manifest: None,
        identities: &ids,
        out: &bench.path("back.tar.gz"),
        force,
    };
    join(&options, &mut |_, _, _| {})
}

#[test]
fn spoiled_corrections_give_the_tar_and_say_why() {
    let bench = Bench::new();
    let (split, mut content) = split(&bench);
    spoil(&mut content);
    let outcome = rejoin(&bench, &split, &seal(&bench, &content), false).unwrap();
    assert_eq!((&outcome.out, &outcome.digest), (&bench.path("back.tar"), &split.manifest.inner_tar));
    assert!(fs::read(&outcome.out).unwrap() == gunzip(&with_keys()));
    assert!(!bench.path("back.tar.gz").exists());
    let why = outcome.plain_tar.unwrap();
    assert!(!why.is_empty() && !why.contains("were written by"), "{why}");
    // what is there is not replaced, and an output is complete or absent
    let again = rejoin(&bench, &split, &seal(&bench, &content), false);
    assert!(matches!(&again, Err(Error::Exists { path }) if *path == bench.path("back.tar")), "{again:?}");
    assert!(rejoin(&bench, &split, &seal(&bench, &content), true).is_ok());
}

#[test]
fn corrections_of_another_version_are_tried_and_count_if_they_give_the_original() {
    let bench = Bench::new();
    let (split, mut content) = split(&bench);
    of_another_version(&mut content);
    let outcome = rejoin(&bench, &split, &seal(&bench, &content), false).unwrap();
    assert_eq!((outcome.plain_tar, &outcome.digest), (None, &split.manifest.original.digest));
    assert!(fs::read(bench.path("back.tar.gz")).unwrap() == with_keys());
    spoil(&mut content);
    let outcome = rejoin(&bench, &split, &seal(&bench, &content), true).unwrap();
    let why = outcome.plain_tar.unwrap();
    for word in ["preflate-rs 0.6.1", "preflate-rs 0.7.6", "assay test"] {
        assert!(why.contains(word), "{why}");
    }
    assert!(fs::read(bench.path("back.tar")).unwrap() == gunzip(&with_keys()));
}

/// A recipe that is cut short, empty or of an unknown kind is no reason to lose the keys either.
#[test]
fn a_recipe_that_cannot_be_read_is_no_reason_to_give_nothing() {
    let bench = Bench::new();
    let (split, content) = split(&bench);
    let recipe = find(&content, b"assay-recipe/1\n");
    for (at, byte) in [(recipe, b'b'), (recipe + 13, b'2'), (recipe + 15, 9), (recipe + 16, 0xff)] {
        let mut other = content.clone();
        other[at] = byte;
        let outcome = rejoin(&bench, &split, &seal(&bench, &other), true).unwrap();
        assert!(outcome.plain_tar.is_some_and(|why| why.contains("recipe")), "{at}");
        assert!(fs::read(bench.path("back.tar")).unwrap() == gunzip(&with_keys()));
    }
}

/// The drill tells it while the original can still be split again.
#[test]
fn the_drill_fails_and_says_that_the_tar_comes_back() {
    let bench = Bench::new();
    let (split, mut content) = split(&bench);
    spoil(&mut content);
    let ids = bench.identities();
    let options = VerifyOptions {
        manifest: &split.manifest_path,
        expect_manifest: None,
        escrow: Some(&seal(&bench, &content)),
        keyless: Some(&split.keyless),
        shares: &[],
        identities: Some(&ids),
        limits: key_escrow::Limits::default(),
    };
    let report = verify_escrow(&options, &mut |_, _, _| {}).unwrap();
    let join = report.checks.iter().find(|check| check.name == "join").unwrap();
    assert!(matches!(&join.proof, Proof::Failed(why) if why.contains("the tar inside comes back")), "{join:?}");
    // with another tar, nothing comes back, and nothing of the kind is said
    let mut other = gunzip(&fs::read(&split.keyless).unwrap());
    *other.last_mut().unwrap() ^= 1;
    fs::write(bench.path("other.tar"), other).unwrap();
    let options = VerifyOptions { keyless: Some(&bench.path("other.tar")), ..options };
    let report = verify_escrow(&options, &mut |_, _, _| {}).unwrap();
    let join = report.checks.iter().find(|check| check.name == "join").unwrap();
    assert!(matches!(&join.proof, Proof::Failed(why) if why.contains("does not belong")), "{join:?}");
}
