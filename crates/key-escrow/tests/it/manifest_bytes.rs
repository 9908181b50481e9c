//! The bytes of a manifest: fixed for good, as signatures and kept digests are of them; and what such a digest is worth.

use std::fs;
use std::path::Path;

use key_escrow::{
    Error, Identities, JoinOptions, Manifest, Proof, RewrapOptions, SealTo, Sha256Sum, SplitOutcome, VerifyOptions,
    VerifyReport, join, rewrap, verify_escrow,
};
use sha2::Digest as _;

use crate::support::{Bench, CONFIG, recipients, tarball_of, with_keys};

fn data(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/escrow-v1").join(name)).unwrap()
}

fn sha(bytes: &[u8]) -> String {
    sha2::Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What was written when escrows began is what a manifest of the same content is written as today.
#[test]
fn the_form_of_a_manifest_is_fixed() {
    let stem = "static_kuberesources_2026-11-23_090915.manifest.json";
    for (folder, sum) in [
        ("corrections", "1a1d1d58ed11fab27901d4f9e2b0447300271363622e018356449dca7949fb6d"),
        ("sealed-2-of-3", "4c1e17eb34897e44c5ae5e509d2720475a3e07134335872c1d4a843d0c3ed1d0"),
    ] {
        let bytes = data(&format!("{folder}/{stem}"));
        assert_eq!(sha(&bytes), sum, "{folder}");
        let manifest: Manifest = serde_json::from_slice(&bytes).unwrap();
        let written = format!("{}\n", serde_json::to_string_pretty(&manifest).unwrap());
        assert!(written.as_bytes() == bytes, "{folder}: another form");
        let text = String::from_utf8(bytes).unwrap();
        assert!(text.starts_with("{\n  \"schema\": \"assay-escrow/1\",\n  \"tool\": \""), "{folder}");
        assert!(text.ends_with("\n}\n") && !text.ends_with("\n\n") && !text.contains('\r'), "{folder}");
    }
}

/// A split writes that form, and tells the digest of it.
#[test]
fn a_split_writes_the_form_and_nothing_is_escaped_that_need_not_be() {
    let bench = Bench::new();
    let odd = "static-pod-resources/kube-apiserver-pod-9/secrets/encryption-config/\u{fc}\u{2028}\"\\\t/x";
    let split = bench.split(&bench.tarball(&tarball_of(&[(CONFIG, b"{}"), (odd, b"k")]))).unwrap();
    let bytes = fs::read(&split.manifest_path).unwrap();
    let (manifest, digest) = Manifest::read_with_digest(&split.manifest_path).unwrap();
    assert_eq!((manifest, digest.sha256), (split.manifest.clone(), sha(&bytes)));
    assert!(format!("{}\n", serde_json::to_string_pretty(&split.manifest).unwrap()).as_bytes() == bytes);
    let text = String::from_utf8(bytes).unwrap();
    assert!(text.contains("encryption-config/\u{fc}\u{2028}\\\"\\\\\\t/x\""), "{text}");
}

fn drill(split: &SplitOutcome, ids: &Identities, expected: Option<&Sha256Sum>) -> VerifyReport {
    let options = VerifyOptions {
        manifest: &split.manifest_path,
        expect_manifest: expected,
        escrow: Some(&split.escrow),
        keyless: Some(&split.keyless),
        shares: &split.shares,
        identities: Some(ids),
        limits: key_escrow::Limits::default(),
    };
    verify_escrow(&options, &mut |_, _, _| {}).unwrap()
}

/// Whoever can write the directory makes a whole set of their own, for the same recipient: sound in itself.
#[test]
fn a_digest_kept_elsewhere_tells_a_forged_set() {
    let bench = Bench::new();
    let split = bench.split(&bench.tarball(&with_keys())).unwrap();
    let kept: Sha256Sum = sha(&fs::read(&split.manifest_path).unwrap()).parse().unwrap();
    let good = drill(&split, &bench.identities(), Some(&kept));
    assert!(good.passed(), "{:#?}", good.checks);
    assert!(matches!(&good.checks[0].proof, Proof::Proven(what) if what.contains(&kept.to_string())));
    assert!(drill(&split, &bench.identities(), None).checks.iter().all(|check| check.name != "manifest-digest"));

    let forger = Bench::new();
    let other = forger.tarball(&tarball_of(&[(CONFIG, b"{\"kind\":\"forged\"}")]));
    let forged = forger.split_to(&other, SealTo::Recipients(recipients(&[&bench.key]))).unwrap();
    for (from, to) in [
        (&forged.keyless, &split.keyless),
        (&forged.escrow, &split.escrow),
        (&forged.manifest_path, &split.manifest_path),
    ] {
        fs::copy(from, to).unwrap();
    }
    assert!(drill(&split, &bench.identities(), None).passed(), "nothing but a digest kept elsewhere can tell");
    let told = drill(&split, &bench.identities(), Some(&kept));
    assert!(
        matches!(&told.checks[0].proof, Proof::Failed(why) if told.checks[0].name == "manifest-digest"
        && why.contains(&kept.to_string()) && why.contains("forged")),
        "{:#?}",
        told.checks
    );

    let (ids, out) = (bench.identities(), bench.path("joined.tar.gz"));
    for manifest in [Some(&*split.manifest_path), None] {
        let options = JoinOptions {
            keyless: &split.keyless,
            escrow: &split.escrow,
            manifest,
            expect_manifest: Some(&kept),
            identities: &ids,
            out: &out,
            force: false,
        };
        let error = join(&options, &mut |_, _, _| {}).unwrap_err();
        assert!(matches!(error, Error::Mismatch { .. } | Error::Manifest { .. }), "{error}");
        let options = RewrapOptions {
            escrow: &split.escrow,
            manifest,
            expect_manifest: Some(&kept),
            identities: &ids,
            seal_to: SealTo::Recipients(bench.recipients()),
            armor: false,
            out_dir: &bench.path("again"),
            force: false,
        };
        let error = rewrap(options, &mut |_, _, _| {}).unwrap_err();
        assert!(matches!(error, Error::Mismatch { .. } | Error::Manifest { .. }), "{error}");
    }
    assert!(!out.exists() && !bench.path("again").exists(), "nothing was written");
}

/// The same JSON in other bytes is another manifest.
#[test]
fn the_bytes_count_and_not_the_json() {
    let bench = Bench::new();
    let split = bench.split(&bench.tarball(&with_keys())).unwrap();
    let bytes = fs::read(&split.manifest_path).unwrap();
    let kept: Sha256Sum = sha(&bytes).parse().unwrap();
    for other in [bytes[..bytes.len() - 1].to_vec(), [&bytes[..], b"\n"].concat()] {
        fs::write(&split.manifest_path, other).unwrap();
        assert!(drill(&split, &bench.identities(), None).passed());
        assert!(!drill(&split, &bench.identities(), Some(&kept)).passed());
    }
}
