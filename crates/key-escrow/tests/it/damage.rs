//! Damage is named, never joined over.

use std::fs;
use std::path::Path;

use sha2::Digest as _;

use key_escrow::{Proof, SealTo, SplitOutcome, VerifyOptions, VerifyReport, verify_escrow};

use crate::support::{Bench, gunzip, gzip, payload, recipients, with_keys};

fn drill(bench: &Bench, split: &SplitOutcome, escrow: &Path, keyless: &Path, open: bool) -> VerifyReport {
    let ids = bench.identities();
    let options = VerifyOptions {
        manifest: &split.manifest_path,
        expect_manifest: None,
        escrow: Some(escrow),
        keyless: Some(keyless),
        shares: &split.shares,
        identities: open.then_some(&ids),
        limits: key_escrow::Limits::default(),
    };
    verify_escrow(&options, &mut |_, _, _| {}).unwrap()
}

fn failed(report: &VerifyReport) -> Vec<&'static str> {
    report.checks.iter().filter(|c| matches!(c.proof, Proof::Failed(_))).map(|c| c.name).collect()
}

#[test]
fn a_sound_set_passes_from_outside_and_inside() {
    let bench = Bench::new();
    let split = bench.split(&bench.tarball(&with_keys())).unwrap();
    let report = drill(&bench, &split, &split.escrow, &split.keyless, true);
    assert!(report.passed(), "{:#?}", report.checks);
    let proven: Vec<_> = report.checks.iter().filter(|c| matches!(c.proof, Proof::Proven(_))).map(|c| c.name).collect();
    assert_eq!(
        proven,
        [
            "manifest",
            "escrow-digest",
            "escrow-recipients",
            "escrow-size",
            "keyless-digest",
            "keyless-members",
            "escrow-content",
            "join"
        ]
    );
    let outside = drill(&bench, &split, &split.escrow, &split.keyless, false);
    assert!(outside.passed());
    let open: Vec<_> =
        outside.checks.iter().filter(|c| matches!(c.proof, Proof::NotChecked(_))).map(|c| c.name).collect();
    assert_eq!(open, ["shares", "escrow-content", "join"]);
}

/// Every byte region of every file: a flipped bit is noticed by the drill and stops the join.
#[test]
fn a_flipped_bit_anywhere_is_noticed() {
    let bench = Bench::new();
    let bytes = with_keys();
    let split = bench.split(&bench.tarball(&bytes)).unwrap();
    let bad = bench.path("bad");
    for (file, check) in [(&split.escrow, "escrow-digest"), (&split.keyless, "keyless-digest")] {
        let good = fs::read(file).unwrap();
        let step = good.len() / 12;
        for at in (0..good.len()).step_by(step) {
            let mut flipped = good.clone();
            flipped[at] ^= 0x10;
            fs::write(&bad, &flipped).unwrap();
            let (escrow, keyless) = if file == &split.escrow { (&bad, &split.keyless) } else { (&split.escrow, &bad) };
            assert!(failed(&drill(&bench, &split, escrow, keyless, false)).contains(&check), "{check} at {at}");
            match bench.join_files(keyless, escrow, None, &bench.identities()) {
                Err(_) => assert!(!bench.path("joined.tar.gz").exists(), "{check} at {at}"),
                // a bit of the keyless gzip header (its operating system, say) changes nothing that counts
                Ok((joined, _)) => {
                    assert!(joined == bytes && check == "keyless-digest" && at < 10);
                    fs::remove_file(bench.path("joined.tar.gz")).unwrap();
                }
            }
        }
        for cut in [0, 1, good.len() / 2, good.len() - 1] {
            fs::write(&bad, &good[..cut]).unwrap();
            let (escrow, keyless) = if file == &split.escrow { (&bad, &split.keyless) } else { (&split.escrow, &bad) };
            assert!(bench.join_files(keyless, escrow, None, &bench.identities()).is_err(), "cut at {cut}");
        }
    }
}

#[test]
fn a_manifest_that_lies_is_caught() {
    let bench = Bench::new();
    let split = bench.split(&bench.tarball(&with_keys())).unwrap();
    let text = fs::read_to_string(&split.manifest_path).unwrap();
    let lies = [
        ("\"class\": \"encryption-config\"", "\"class\": \"token\"", "escrow-content"),
        ("/encryption-config/encryption-config\"", "/encryption-config/encryption-confiG\"", "escrow-content"),
        ("\"size\": 570", "\"size\": 571", "escrow-content"),
        (split.manifest.original.digest.sha256.as_str(), &"0".repeat(64), "join"),
        (split.manifest.keyless.file.digest.sha256.as_str(), &"0".repeat(64), "keyless-digest"),
        (split.manifest.escrow.as_ref().unwrap().payload.sha256.as_str(), &"0".repeat(64), "escrow-content"),
        ("\"kind\": \"x25519\"", "\"kind\": \"ssh-rsa\"", "escrow-recipients"),
    ];
    for (truth, lie, check) in lies {
        assert!(text.contains(truth), "{truth}");
        fs::write(&split.manifest_path, text.replacen(truth, lie, 1)).unwrap();
        let report = drill(&bench, &split, &split.escrow, &split.keyless, true);
        assert!(failed(&report).contains(&check), "{truth}: {:?}", failed(&report));
        let joined = bench.join(&split);
        let harmless =
            ["keyless-digest", "escrow-recipients"].contains(&check) || truth.len() == 64 && check == "escrow-content";
        assert!(joined.is_err() || harmless, "{truth}");
    }
    for broken in ["", "{}", "[1]", &text.replace("assay-escrow/2", "assay-escrow/3")] {
        fs::write(&split.manifest_path, broken).unwrap();
        assert!(bench.join(&split).is_err());
    }
}

#[test]
fn swapped_recipients_and_a_keyless_tarball_with_keys_are_caught() {
    let bench = Bench::new();
    let bytes = with_keys();
    let split = bench.split(&bench.tarball(&bytes)).unwrap();
    let report =
        drill(&bench, &split, &split.escrow, &bench.path("static_kuberesources_2026-11-23_090915.tar.gz"), false);
    let member = report.checks.iter().find(|c| c.name == "keyless-members").unwrap();
    assert!(matches!(&member.proof, Proof::Failed(e) if e.contains("still has")), "{member:?}");

    let other = Bench::new();
    let key = age::x25519::Identity::generate();
    let two = other.split_to(&other.tarball(&bytes), SealTo::Recipients(recipients(&[&other.key, &key]))).unwrap();
    let report = drill(&bench, &split, &two.escrow, &split.keyless, false);
    assert!(failed(&report).contains(&"escrow-recipients"));
}

#[test]
fn unsound_tarballs_are_refused_before_anything_is_written() {
    let good = with_keys();
    let tar = gunzip(&good);
    let after_end = [&tar[..], &tar[..1024]].concat();
    for (name, bytes) in [
        ("cut gzip", good[..good.len() / 2].to_vec()),
        ("not gzip", tar.clone()),
        ("empty", Vec::new()),
        ("cut tar", gzip(&tar[..tar.len() / 2 + 100])),
        ("data after the end", gzip(&after_end)),
    ] {
        let bench = Bench::new();
        assert!(bench.split(&bench.tarball(&bytes)).is_err(), "{name}");
        assert_eq!(fs::read_dir(bench.out()).unwrap().count(), 0, "{name}");
    }
}

/// Someone who may open the escrow seals it again with an altered key and adjusts the manifest's digests.
#[test]
fn a_resealed_escrow_with_another_key_is_caught() {
    let bench = Bench::new();
    let split = bench.split(&bench.tarball(&with_keys())).unwrap();
    let mut content = payload(&split.escrow, &bench.key);
    let word = b"\"secret\":\"";
    let at = content.windows(word.len()).position(|w| w == word).unwrap() + word.len();
    content[at] = if content[at] == b'A' { b'B' } else { b'A' };
    let forged = age::encrypt(&bench.key.to_public(), &content).unwrap();
    fs::write(&split.escrow, &forged).unwrap();
    let sha = |bytes: &[u8]| sha2::Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect::<String>();
    let old = split.manifest.escrow.as_ref().unwrap();
    let text = fs::read_to_string(&split.manifest_path).unwrap();
    let text = text.replace(&old.file.digest.sha256, &sha(&forged)).replace(&old.payload.sha256, &sha(&content));
    let text = text.replace(&format!("\"size\": {}", old.file.digest.size), &format!("\"size\": {}", forged.len()));
    fs::write(&split.manifest_path, text).unwrap();
    let report = drill(&bench, &split, &split.escrow, &split.keyless, true);
    assert_eq!(failed(&report), ["escrow-content", "join"], "{:#?}", report.checks);
    assert!(bench.join(&split).is_err());
}
