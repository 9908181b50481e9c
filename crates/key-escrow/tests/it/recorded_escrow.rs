//! Escrows written by the first version, and by age and rage, still join.

use std::fs;
use std::path::{Path, PathBuf};

use age::NoCallbacks;
use key_escrow::{Identities, Manifest, RejoinMethod, ShareSet, VerifyOptions, verify_escrow};

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

#[test]
fn two_of_three_with_the_sealed_original() {
    let dir = folder("sealed-2-of-3");
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
    assert_eq!(outcome.manifest.rejoin.method, RejoinMethod::SealedOriginal);
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
