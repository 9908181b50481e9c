//! Keys out of an escrow, into memory.

use std::fs;

use age::x25519;
use key_escrow::{Error, read_members};

use crate::support::{Bench, CONFIG, files, gunzip, identities, with_keys};

#[test]
fn the_members_are_those_of_the_tarball_and_nothing_is_written() {
    let bytes = with_keys();
    let bench = Bench::new();
    let split = bench.split(&bench.tarball(&bytes)).unwrap();
    let before = fs::read_dir(bench.out()).unwrap().count();
    let read = |wanted: &dyn Fn(&str) -> bool| {
        read_members(&split.escrow, Some(&split.manifest_path), &bench.identities(), wanted, &mut |_, _, _| {}).unwrap()
    };
    let (manifest, members) = read(&|path| path.ends_with("/encryption-config"));
    assert_eq!(manifest.removed, split.manifest.removed);
    let [member] = &members[..] else { panic!("{} members", members.len()) };
    assert_eq!(member.path, CONFIG);
    assert!(*member.bytes == files(&gunzip(&bytes))[CONFIG], "other bytes");
    assert!(read(&|_| false).1.is_empty());
    assert_eq!(fs::read_dir(bench.out()).unwrap().count(), before);
}

#[test]
fn an_escrow_that_is_not_whole_or_not_ours_gives_nothing() {
    let bytes = with_keys();
    let bench = Bench::new();
    let split = bench.split(&bench.tarball(&bytes)).unwrap();
    let stranger = identities(&x25519::Identity::generate());
    let all = |_: &str| true;
    let closed = read_members(&split.escrow, None, &stranger, all, &mut |_, _, _| {});
    assert!(matches!(closed.err(), Some(Error::NoMatchingIdentity { .. })));
    let mut damaged = fs::read(&split.escrow).unwrap();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    let path = bench.path("damaged.age");
    fs::write(&path, damaged).unwrap();
    for manifest in [None, Some(split.manifest_path.as_path())] {
        assert!(read_members(&path, manifest, &bench.identities(), all, &mut |_, _, _| {}).is_err());
    }
}
