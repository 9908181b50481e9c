//! Any threshold of the custodians, and nobody below it.

use std::fs;
use std::path::PathBuf;

use age::x25519;
use key_escrow::{Error, Identities, Manifest, RewrapOptions, SealTo, ShareSet, rewrap};

use crate::support::{Bench, identities, payload, recipients, with_keys};

fn custodians(n: usize) -> Vec<x25519::Identity> {
    (0..n).map(|_| x25519::Identity::generate()).collect()
}

fn collect(
    manifest: &Manifest,
    shares: &[PathBuf],
    keys: &[x25519::Identity],
    some: &[usize],
) -> Result<Identities, Error> {
    let mut set = ShareSet::new(manifest.threshold.clone());
    for i in some {
        set.add_file(&shares[*i], &identities(&keys[*i])).unwrap();
    }
    set.combine()
}

#[test]
fn three_of_five_join_and_two_do_not() {
    let bytes = with_keys();
    let keys = custodians(5);
    let bench = Bench::new();
    let to = SealTo::Threshold { threshold: 3, custodians: recipients(&keys.iter().collect::<Vec<_>>()) };
    let split = bench.split_to(&bench.tarball(&bytes), to).unwrap();
    assert_eq!(split.shares.len(), 5);
    let ids = collect(&split.manifest, &split.shares, &keys, &[4, 0, 2]).unwrap();
    assert!(bench.join_files(&split.keyless, &split.escrow, Some(&split.manifest_path), &ids).unwrap().0 == bytes);
    assert!(matches!(
        collect(&split.manifest, &split.shares, &keys, &[1, 3]),
        Err(Error::TooFewShares { have: 2, need: 3, .. })
    ));

    // a custodian's own key opens neither the escrow nor another custodian's share
    let e = bench.join_files(&split.keyless, &split.escrow, None, &identities(&keys[0])).unwrap_err();
    assert!(matches!(e, Error::NoMatchingIdentity { .. }));
    let mut set = ShareSet::new(None);
    assert!(matches!(set.add_file(&split.shares[1], &identities(&keys[0])), Err(Error::NoMatchingIdentity { .. })));
}

#[test]
fn an_opened_share_is_text_that_join_takes() {
    let keys = custodians(2);
    let bench = Bench::new();
    let to = SealTo::Threshold { threshold: 2, custodians: recipients(&keys.iter().collect::<Vec<_>>()) };
    let split = bench.split_to(&bench.tarball(&with_keys()), to).unwrap();
    let mut set = ShareSet::new(None);
    for (share, key) in split.shares.iter().zip(&keys) {
        let text = share.with_extension("txt");
        fs::write(&text, payload(share, key)).unwrap();
        set.add_file(&text, &Identities::new()).unwrap();
    }
    let ids = set.combine().unwrap();
    bench.join_files(&split.keyless, &split.escrow, None, &ids).unwrap();
}

#[test]
fn a_share_of_another_split_is_named() {
    let keys = custodians(3);
    let to = || SealTo::Threshold { threshold: 2, custodians: recipients(&keys.iter().collect::<Vec<_>>()) };
    let (one, two) = (Bench::new(), Bench::new());
    let first = one.split_to(&one.tarball(&with_keys()), to()).unwrap();
    let second = two.split_to(&two.tarball(&with_keys()), to()).unwrap();
    let mut set = ShareSet::new(first.manifest.threshold.clone());
    set.add_file(&first.shares[0], &identities(&keys[0])).unwrap();
    let e = set.add_file(&second.shares[1], &identities(&keys[1])).unwrap_err();
    assert!(e.to_string().contains("belongs to set"), "{e}");
    let e = set.combine().err().unwrap().to_string();
    assert!(e.contains("1 good share of 2 needed; 1 refused: `") && e.contains("share-2-of-3"), "{e}");
}

#[test]
fn rewrap_changes_recipients_and_nothing_else() {
    let bytes = with_keys();
    let bench = Bench::new();
    let split = bench.split(&bench.tarball(&bytes)).unwrap();
    let keys = custodians(3);
    let out = bench.path("rewrapped");
    let ids = bench.identities();
    let options = |seal_to, identities, escrow, manifest, out_dir| RewrapOptions {
        escrow,
        manifest,
        expect_manifest: None,
        identities,
        seal_to,
        armor: true,
        out_dir,
        force: false,
    };
    let to = SealTo::Threshold { threshold: 2, custodians: recipients(&keys.iter().collect::<Vec<_>>()) };
    let new = rewrap(options(to, &ids, &split.escrow, Some(&split.manifest_path), &out), &mut |_, _, _| {}).unwrap();
    let escrow = |m: &Manifest| m.escrow.clone().unwrap();
    let (before, after) = (escrow(&split.manifest), escrow(&new.manifest));
    assert_eq!(after.payload.size, before.payload.size, "nothing but the seed is another one");
    assert!(before.drill_key.is_some() && after.drill_key.is_some() && before.drill_key != after.drill_key);
    assert!(fs::read(&new.escrow).unwrap().starts_with(b"-----BEGIN AGE ENCRYPTED FILE-----"));
    assert!(
        matches!(bench.join_files(&split.keyless, &new.escrow, None, &ids), Err(Error::NoMatchingIdentity { .. })),
        "the old key"
    );
    let ids = collect(&new.manifest, &new.shares, &keys, &[2, 1]).unwrap();
    assert!(bench.join_files(&split.keyless, &new.escrow, Some(&new.manifest_path), &ids).unwrap().0 == bytes);

    // back to one recipient, without a manifest beside it
    let last = bench.path("back");
    let back =
        rewrap(options(SealTo::Recipients(bench.recipients()), &ids, &new.escrow, None, &last), &mut |_, _, _| {})
            .unwrap();
    assert!(
        bench.join_files(&split.keyless, &back.escrow, Some(&back.manifest_path), &bench.identities()).unwrap().0
            == bytes
    );

    // the old manifest does not vouch for the new file
    let e =
        bench.join_files(&split.keyless, &back.escrow, Some(&split.manifest_path), &bench.identities()).unwrap_err();
    assert!(e.to_string().contains("rewrapped"), "{e}");
}

#[test]
fn rewrap_refuses_a_damaged_escrow_and_its_own_input() {
    let bench = Bench::new();
    let split = bench.split(&bench.tarball(&with_keys())).unwrap();
    let ids = bench.identities();
    let to = || SealTo::Recipients(bench.recipients());
    let out = bench.out();
    let options = RewrapOptions {
        escrow: &split.escrow,
        manifest: None,
        expect_manifest: None,
        identities: &ids,
        seal_to: to(),
        armor: false,
        out_dir: &out,
        force: true,
    };
    assert!(matches!(rewrap(options, &mut |_, _, _| {}), Err(Error::OutputIsInput { .. })));
    let mut bytes = fs::read(&split.escrow).unwrap();
    let at = bytes.len() - 100;
    bytes[at] ^= 1;
    let damaged = bench.path("damaged.age");
    fs::write(&damaged, bytes).unwrap();
    let out = bench.path("new");
    let options = RewrapOptions {
        escrow: &damaged,
        manifest: None,
        expect_manifest: None,
        identities: &ids,
        seal_to: to(),
        armor: false,
        out_dir: &out,
        force: false,
    };
    assert!(rewrap(options, &mut |_, _, _| {}).is_err());
    assert!(!out.exists() || fs::read_dir(&out).unwrap().next().is_none());
}
