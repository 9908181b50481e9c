//! Without metas, without a root: pages still say what they are.

use bbolt_page::{Db, salvage};

use crate::sample;

#[test]
fn the_page_size_is_found_without_a_meta() {
    for size in [1024_u32, 4096, 16384, 65536] {
        let mut bytes = sample::written(size as usize);
        bytes[..2 * size as usize].fill(0);
        assert!(Db::open(&bytes).is_err());
        assert_eq!(salvage::guess_page_size(&bytes), Some(size));
    }
    assert_eq!(salvage::guess_page_size(&[0; 1 << 20]), None);
}

#[test]
fn the_root_is_found_without_a_meta() {
    let mut bytes = sample::real();
    let root = Db::open(&bytes).unwrap().meta().root;
    bytes[..8192].fill(0);
    let candidates: Vec<_> = salvage::root_candidates(&bytes, 4096).collect();
    assert!(candidates.contains(&root), "{candidates:?}");
    let mut walker = bbolt_page::Walker::new(salvage::open_at(&bytes, 4096, root));
    assert_eq!(walker.buckets(&bbolt_page::Serial).len(), 10);
}

#[test]
fn every_record_is_on_a_page_that_says_what_it_is() {
    let bytes = sample::real();
    let mut expected: Vec<_> =
        sample::entries(&bytes).into_iter().filter(|(bucket, ..)| bucket == b"key").map(|(_, key, _)| key).collect();
    let found: std::collections::HashSet<_> = salvage::leaf_pages(&bytes, 4096)
        .flat_map(|page| page.elements().map(|element| element.key.to_vec()).collect::<Vec<_>>())
        .collect();
    expected.retain(|key| !found.contains(key));
    assert_eq!(expected.len(), 0);
}
