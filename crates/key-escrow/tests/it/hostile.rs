//! Mutated input of every kind ends in an answer or an error.

use std::fs;
use std::path::Path;

use key_escrow::{Identities, JoinOptions, Manifest, ShareSet, join, read_age_header};
use proptest::prelude::*;

use crate::support::{Bench, gunzip, gzip, payload, recorded};

/// Overwrites, cuts and repeats pieces.
fn mutate(mut bytes: Vec<u8>, edits: &[(usize, u8, u8)]) -> Vec<u8> {
    for (at, value, kind) in edits {
        if bytes.is_empty() {
            break;
        }
        let at = at % bytes.len();
        match kind % 5 {
            0 => bytes[at] = *value,
            1 => bytes[at] ^= 1 << (value % 8),
            2 => bytes.truncate(at),
            3 => bytes.splice(at..at, std::iter::repeat_n(*value, 512)).for_each(drop),
            _ => {
                let block = at / 512 * 512;
                let end = (block + 512).min(bytes.len());
                bytes.extend_from_within(block..end);
            }
        }
    }
    bytes
}

fn edits() -> impl Strategy<Value = Vec<(usize, u8, u8)>> {
    prop::collection::vec((any::<usize>(), any::<u8>(), any::<u8>()), 1..6)
}

/// A tar header's checksum made right again, so that the mutation gets past it.
fn resum(tar: &mut [u8], block: usize) {
    if let Some(header) = tar.get_mut(block * 512..block * 512 + 512) {
        header[148..156].fill(b' ');
        let sum: u64 = header.iter().map(|b| u64::from(*b)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    /// A tarball that is still accepted must join again to the byte.
    #[test]
    fn tarballs(edits in edits(), inner in any::<bool>(), block in 0_usize..60) {
        let bytes = recorded("pax-long-names.tar.gz");
        let bytes = if inner {
            let mut tar = mutate(gunzip(&bytes), &edits);
            resum(&mut tar, block);
            gzip(&tar)
        } else {
            mutate(bytes, &edits)
        };
        let bench = Bench::new();
        if let Ok(split) = bench.split(&bench.tarball(&bytes)) {
            prop_assert!(bench.join(&split).unwrap().0 == bytes);
        }
    }

    /// A payload forged for our own key never gives bytes other than what its manifest names, and never panics.
    #[test]
    fn forged_payloads(edits in edits(), sealed in any::<bool>()) {
        let set = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/escrow-v1/corrections");
        let stem = "static_kuberesources_2026-11-23_090915";
        let keys = fs::read_to_string(set.join("../identities.txt")).unwrap();
        let key: age::x25519::Identity = keys.lines().nth(1).unwrap().parse().unwrap();
        let escrow = set.join(format!("{stem}.escrow.age"));
        let bytes = if sealed {
            mutate(fs::read(&escrow).unwrap(), &edits)
        } else {
            age::encrypt(&key.to_public(), &mutate(payload(&escrow, &key), &edits)).unwrap()
        };
        let bench = Bench::new();
        let forged = bench.path("forged.age");
        fs::write(&forged, bytes).unwrap();
        let _ = read_age_header(&forged);
        let ids = crate::support::identities(&key);
        let options = JoinOptions {
            keyless: &set.join(format!("{stem}.keyless.tar.gz")),
            escrow: &forged,
            manifest: Some(&set.join(format!("{stem}.manifest.json"))),
            expect_manifest: None,
            identities: &ids,
            out: &bench.path("joined"),
            force: false,
        };
        // with the manifest beside it, only the very file that was sealed passes
        let refused = join(&options, &mut |_, _, _| {}).is_err();
        prop_assert!(refused || fs::read(&forged).unwrap() == fs::read(&escrow).unwrap());
        if refused && let Ok(done) = join(&JoinOptions { manifest: None, ..options }, &mut |_, _, _| {}) {
            let joined = fs::read(bench.path("joined")).unwrap();
            prop_assert_eq!(joined.len() as u64, done.digest.size);
        }
    }

    #[test]
    fn manifests_shares_and_identities(edits in edits()) {
        let set = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/escrow-v1");
        let bench = Bench::new();
        let path = bench.path("mutated");
        let manifest = set.join("sealed-2-of-3/static_kuberesources_2026-11-23_090915.manifest.json");
        fs::write(&path, mutate(fs::read(manifest).unwrap(), &edits)).unwrap();
        let _ = Manifest::read(&path);
        let mut shares = ShareSet::new(None);
        let _ = shares.add_file(&path, &Identities::new());
        let keys = mutate(fs::read(set.join("identities.txt")).unwrap(), &edits);
        let _ = Identities::new().add_file("mutated", &keys, age::NoCallbacks);
    }
}
