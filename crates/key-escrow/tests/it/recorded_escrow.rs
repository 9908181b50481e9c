//! Escrows written by the first version, by each release, and by age and rage, still join.

use std::fs;
use std::path::{Path, PathBuf};

use age::NoCallbacks;
use key_escrow::{Identities, Manifest, RejoinMethod, SecretString, ShareSet, VerifyOptions, verify_escrow};
use sha2::Digest as _;

use crate::support::{Bench, recorded};

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/escrow-v1").join(name)
}

fn keys() -> Identities {
    let mut ids = Identities::new();
    ids.add_file("identities.txt", &fs::read(folder("identities.txt")).unwrap(), NoCallbacks).unwrap();
    ids
}

const STEM: &str = "static_kuberesources_2026-11-23_090915";

#[test]
fn one_recipient_whoever_sealed_it() {
    let dir = folder("corrections");
    let manifest = dir.join(format!("{STEM}.manifest.json"));
    let keyless = dir.join(format!("{STEM}.keyless.tar.gz"));
    let ours = format!("{STEM}.escrow.age");
    for (escrow, manifest) in
        [(ours.as_str(), Some(&*manifest)), ("sealed-by-age-1.1.1.age", None), ("sealed-by-rage-0.12.1.age", None)]
    {
        let (joined, outcome) = Bench::new().join_files(&keyless, &dir.join(escrow), manifest, &keys()).unwrap();
        assert!(joined == recorded("gnutar-gzip-6.tar.gz"), "{escrow}");
        assert_eq!(outcome.manifest.rejoin.method, RejoinMethod::Corrections);
    }
}

/// Of the first format, which is read for ever, and of the second.
#[test]
fn two_of_three_of_each_format() {
    two_of_three(&folder("sealed-2-of-3"), RejoinMethod::SealedOriginal);
    two_of_three(&data().join("escrow-v2"), RejoinMethod::Corrections);
}

fn two_of_three(dir: &Path, method: RejoinMethod) {
    let manifest = dir.join(format!("{STEM}.manifest.json"));
    let escrow = dir.join(format!("{STEM}.escrow.age"));
    let keyless = dir.join(format!("{STEM}.keyless.tar.gz"));
    let shares: Vec<PathBuf> = (1..=3).map(|i| dir.join(format!("{STEM}.share-{i}-of-3.age"))).collect();
    let mut set = ShareSet::new(Manifest::read(&manifest).unwrap().threshold);
    set.add_file(&shares[2], &keys()).unwrap();
    set.add_file(&shares[0], &keys()).unwrap();
    let ids = set.combine().unwrap();
    let (joined, outcome) = Bench::new().join_files(&keyless, &escrow, Some(&manifest), &ids).unwrap();
    assert!(joined == recorded("gnutar-gzip-6.tar.gz"));
    assert_eq!(outcome.manifest.rejoin.method, method);
    let options = VerifyOptions {
        manifest: &manifest,
        expect_manifest: None,
        escrow: Some(&escrow),
        keyless: Some(&keyless),
        shares: &shares,
        identities: Some(&ids),
        limits: key_escrow::Limits::default(),
    };
    let report = verify_escrow(&options, &mut |_, _, _| {}).unwrap();
    assert!(report.passed(), "{:#?}", report.checks);
}

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data")
}

/// Folders with escrows, by name.
fn folders() -> Vec<String> {
    let names = fs::read_dir(data()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| name.starts_with("escrow-")).collect();
    names.sort();
    names
}

#[test]
fn what_was_recorded_is_as_it_was_and_this_release_has_its_own() {
    let release = format!("escrow-{}", env!("CARGO_PKG_VERSION"));
    assert!(folders().contains(&release), "record `{release}`: tests/data/README.md");
    for name in folders() {
        let folder = data().join(&name);
        let sums = fs::read_to_string(folder.join("SHA256SUMS")).unwrap();
        let mut files = 0;
        for (sum, file) in sums.lines().map(|line| line.split_once("  ").unwrap()) {
            let found = sha2::Sha256::digest(fs::read(folder.join(file)).unwrap());
            let found: String = found.iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(found, sum, "{name}/{file} is another one");
            files += 1;
        }
        assert!(files >= 6, "{name}");
    }
}

/// Every set of every release: sealed to a passphrase, armored, and to an ssh key, with more than the keys taken out.
#[test]
fn what_each_release_wrote_joins_and_passes_the_drill() {
    let releases = folders().into_iter().filter(|name| !name.starts_with("escrow-v"));
    for folder in releases.map(|name| data().join(name)) {
        let mut by_passphrase = Identities::new();
        let passphrase = fs::read_to_string(folder.join("passphrase.txt")).unwrap();
        by_passphrase.add_passphrase(SecretString::from(passphrase.trim_end().to_owned()));
        let mut by_ssh = Identities::new();
        by_ssh.add_file("ssh-key", &fs::read(folder.join("ssh-key")).unwrap(), NoCallbacks).unwrap();
        for (set, stem, ids, original) in [
            ("passphrase", STEM.to_owned(), &by_passphrase, "gnutar-gzip-6.tar.gz"),
            ("ssh-all-classes", format!("sealed-{STEM}"), &by_ssh, "go-fastest.tar.gz"),
        ] {
            let file = |end: &str| folder.join(set).join(format!("{stem}.{end}"));
            let (manifest, escrow, keyless) = (file("manifest.json"), file("escrow.age"), file("keyless.tar.gz"));
            let (joined, outcome) = Bench::new().join_files(&keyless, &escrow, Some(&manifest), ids).unwrap();
            assert!(joined == recorded(original) && outcome.plain_tar.is_none(), "{}", escrow.display());
            let options = VerifyOptions {
                manifest: &manifest,
                expect_manifest: None,
                escrow: Some(&escrow),
                keyless: Some(&keyless),
                shares: &[],
                identities: Some(ids),
                limits: key_escrow::Limits::default(),
            };
            let report = verify_escrow(&options, &mut |_, _, _| {}).unwrap();
            assert!(report.passed(), "{:#?}", report.checks);
        }
    }
}
