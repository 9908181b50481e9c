//! Whatever the bytes: no panic, an end, and memory in proportion to the file.

use bbolt_page::{Db, FaultKind, Faults, Serial, Walker, salvage};
use proptest::prelude::*;

use crate::sample::{self, Patient};

/// Uses everything that the crate offers on `bytes`.
fn exercise(bytes: &[u8]) {
    if let Some(size) = salvage::guess_page_size(bytes) {
        for page in salvage::leaf_pages(bytes, size) {
            page.elements().for_each(|element| assert!(element.key.len() + element.value.len() <= bytes.len()));
        }
        for root in salvage::root_candidates(bytes, size) {
            walk(salvage::open_at(bytes, size, root));
        }
    }
    if let Ok(db) = Db::open(bytes) {
        db.through_loser().into_iter().for_each(walk);
        walk(db);
    }
}

fn walk(db: Db<'_>) {
    let len = db.bytes().len();
    let mut walker = Walker::new(db);
    let mut sum = 0;
    for bucket in walker.buckets(&Serial) {
        let read = |chunk: &mut bbolt_page::Chunk<'_, '_>| {
            chunk.flat_map(|(page, _)| page.elements().collect::<Vec<_>>()).map(|e| e.key.len() + e.value.len()).sum()
        };
        walker.visit(&bucket, &Serial, read, |bytes: usize| sum += bytes);
    }
    // A page belongs to one place, so no byte is handed out twice (inline buckets lie inside a page of the root).
    assert!(sum <= 2 * len, "{sum} bytes out of a file of {len}");
    let walked = walker.finish(&Serial);
    assert!(walked.faults.kept().len() <= Faults::CAP);
    walked.unreachable().for_each(drop);
    walked.faults.kept().iter().for_each(|fault| drop(fault.to_string()));
}

/// Each, in the campaign; else every seventh, which falls on each byte of every field that stands in a row.
#[test]
fn campaign_any_single_byte_of_the_first_pages_may_be_anything() {
    let whole = sample::written(1024);
    for at in (0..4 * 1024).step_by(fixtures::rounds(7, 1)) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0xff;
        exercise(&bytes);
    }
}

#[test]
fn any_flipped_bit_in_what_a_meta_sums_is_noticed() {
    let whole = sample::real();
    for at in (16..80).chain(4096 + 16..4096 + 80) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x10;
        let slot = u8::from(at > 4096);
        let named = |fault: &bbolt_page::Fault| matches!(fault.kind, FaultKind::Meta { slot: s, .. } if s == slot);
        assert!(sample::faults(&bytes).iter().any(named), "byte {at}");
    }
}

/// A branch whose 250 children are one and the same branch, level upon level, would take for ever to unfold.
#[test]
fn references_do_not_multiply() {
    let mut patient = Patient::new(sample::real());
    let root = patient.root_of("key");
    let branches = patient.children(root);
    for (above, below) in std::iter::once(root).chain(branches.iter().copied()).zip(&branches) {
        for n in 0..usize::from(patient.header(above).count) {
            let at = patient.element(above, n) + 8;
            patient.put(at, &below.0.to_le_bytes());
        }
    }
    exercise(&patient.bytes);
}

/// Leaves whose overflow counts all reach to the end of the file would be read once each, over and over.
#[test]
fn runs_do_not_add_up() {
    let mut patient = Patient::new(sample::written(1024));
    for page in 2..patient.bytes.len() / 1024 {
        patient.put(page * 1024 + 12, &u32::MAX.to_le_bytes());
    }
    exercise(&patient.bytes);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn random_damage(
        page_size in prop_oneof![Just(1024_usize), Just(4096)],
        edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<[u8; 4]>(), any::<bool>()), 1..40),
    ) {
        let mut bytes = SAMPLES.with(|samples| samples[usize::from(page_size == 4096)].clone());
        for (index, value, in_header) in edits {
            let mut at = index.index(bytes.len() - 4);
            if in_header {
                at = at / page_size * page_size + at % 64; // headers and first elements, where damage hurts most
            }
            let end = (at + 4).min(bytes.len());
            bytes[at..end].copy_from_slice(&value[..end - at]);
        }
        exercise(&bytes);
    }

    #[test]
    fn random_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..5000)) {
        exercise(&bytes);
    }
}

thread_local! {
    static SAMPLES: [Vec<u8>; 2] = [sample::written(1024), sample::written(4096)];
}
