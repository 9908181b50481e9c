//! Without metas, and without a root.

use bbolt_page::{Db, Serial};
use etcd_snapshot::{Options, salvage, scan};
use sha2::{Digest, Sha256};

/// The file, and what it is worth, with its metas overwritten.
fn each(check: impl Fn(&str, &[u8], &[u8])) {
    for fixture in fixtures::all() {
        let whole = fixture.bytes();
        let page_size = usize::try_from(Db::open(&whole).unwrap().page_size()).unwrap();
        let mut damaged = whole.clone();
        damaged[..2 * page_size].fill(0);
        check(&fixture.name, &whole, &damaged);
    }
}

#[test]
fn without_metas_the_root_is_found_and_nothing_is_lost() {
    each(|name, whole, damaged| {
        assert!(Db::open(damaged).is_err(), "{name}");
        let found = salvage::find_root(damaged).unwrap_or_else(|| panic!("{name}: no root"));
        assert_eq!(found.meta().root, Db::open(whole).unwrap().meta().root, "{name}");
        let digest = |db| scan(db, Options::default(), &Serial).content_digest(&Serial);
        assert_eq!(digest(found), digest(Db::open(whole).unwrap()), "{name}");
    });
}

#[test]
fn without_a_root_the_pages_are_counted() {
    each(|name, whole, damaged| {
        let db = Db::open(whole).unwrap();
        let scan = scan(db.clone(), Options::default(), &Serial);
        let (root, size) = (usize::try_from(db.meta().root.0).unwrap(), usize::try_from(db.page_size()).unwrap());
        let mut rootless = damaged.to_vec();
        rootless[root * size..][..size].fill(0);
        if scan.counts.records > 100 {
            assert!(salvage::find_root(&rootless).is_none_or(|db| db.meta().root.0 != root as u64), "{name}");
        }
        let db = salvage::open_without_root(&rootless).unwrap();
        let pages = salvage::pages(&db);
        assert!(pages.records >= scan.counts.records, "{name}: {pages:?}");
        assert!(pages.newest >= scan.last, "{name}");
    });
}

#[test]
fn in_bytes_without_pages_nothing_is_found() {
    let noise: Vec<u8> = (0..200_u32).flat_map(|n| Sha256::digest(n.to_le_bytes()).to_vec()).collect();
    assert!(salvage::find_root(&noise).is_none());
    assert!(salvage::open_without_root(&[0; 100_000]).is_none());
}
