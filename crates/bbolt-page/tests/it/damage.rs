//! Each kind of damage is named, and whatever is intact is still read.

use bbolt_page::{Check, Db, FaultKind as K, OpenError, Pgid};

use crate::sample::{self, Patient};

type Damage<'d> = dyn Fn(&mut Patient) + 'd;
/// Damage, and whether a fault is the one that names it.
type Case<'d> = (&'d Damage<'d>, fn(&K) -> bool);

fn patient() -> Patient {
    Patient::new(sample::real())
}

/// Damages a real snapshot, and gives the kinds of faults and the number of records left of 1288.
fn after(damage: impl FnOnce(&mut Patient)) -> (Vec<K>, usize) {
    let mut patient = patient();
    damage(&mut patient);
    let faults = sample::faults(&patient.bytes);
    for fault in &faults {
        assert!(fault.page.is_some() || fault.offset.is_some(), "{fault} has no place");
    }
    let records = sample::entries(&patient.bytes).into_iter().filter(|(bucket, ..)| bucket == b"key").count();
    (faults.into_iter().map(|fault| fault.kind).collect(), records)
}

/// The leaf pages of bucket `key`, in key order.
fn leaves(patient: &Patient) -> Vec<Pgid> {
    let mut level = vec![patient.root_of("key")];
    while patient.header(level[0]).flags == 1 {
        level = level.into_iter().flat_map(|branch| patient.children(branch)).collect();
    }
    level
}

/// The lowest branch that leads to the first leaf.
fn lowest_branch(patient: &Patient) -> Pgid {
    let mut branch = patient.root_of("key");
    while patient.header(patient.children(branch)[0]).flags == 1 {
        branch = patient.children(branch)[0];
    }
    branch
}

const ALL: usize = 1288;

#[test]
fn the_undamaged_file_has_no_fault() {
    assert_eq!(after(|_| {}), (vec![], ALL));
}

#[test]
fn one_meta_destroyed_leaves_the_other() {
    for slot in 0..2 {
        let (kinds, records) = after(|p| {
            let at = slot * p.page_size;
            p.put(at, &vec![0; p.page_size]);
        });
        assert!(matches!(kinds[..], [K::Meta { slot: s, .. }] if usize::from(s) == slot), "{kinds:?}");
        assert_eq!(records, ALL);
    }
}

#[test]
fn both_metas_destroyed_is_said() {
    let mut patient = patient();
    patient.put(0, &[0; 8192]);
    assert!(matches!(Db::open(&patient.bytes), Err(OpenError::NoMeta { magic_seen: false, .. })));
    let mut patient = self::patient();
    for slot in 0..2 {
        patient.bytes[slot * 4096 + 16 + 40] ^= 1;
    }
    assert!(matches!(Db::open(&patient.bytes), Err(OpenError::NoMeta { magic_seen: true, .. })));
}

#[test]
fn foreign_metas_are_named() {
    let mut swapped = patient();
    let mut version = patient();
    for slot in 0..2 {
        let at = slot * 4096 + 16;
        swapped.bytes[at..at + 4].reverse();
        version.bytes[at + 4] = 3;
        version.seal_meta(slot);
    }
    assert_eq!(Db::open(&swapped.bytes).unwrap_err(), OpenError::BigEndian);
    assert_eq!(Db::open(&version.bytes).unwrap_err(), OpenError::Version { version: 3 });
    assert_eq!(Db::open(b"short").unwrap_err(), OpenError::TooShort { len: 5 });
    assert_eq!(Db::open(b"").unwrap_err(), OpenError::TooShort { len: 0 });
}

#[test]
fn a_meta_that_lies_under_a_valid_checksum_is_caught() {
    let (kinds, _) = after(|p| {
        p.put(16 + 16, &1_u64.to_le_bytes());
        p.seal_meta(0);
    });
    assert!(kinds.iter().any(|k| matches!(k, K::MetaField { slot: 0, field: "root page", got: 1, .. })), "{kinds:?}");
    assert!(kinds.iter().any(|k| matches!(k, K::OutOfRange { id: Pgid(1), .. })), "{kinds:?}");
    let (kinds, records) = after(|p| {
        p.put(4096 + 16 + 12, &9_u32.to_le_bytes());
        p.seal_meta(1);
    });
    assert_eq!((kinds, records), (vec![K::MetaField { slot: 1, field: "flags", got: 9, expected: "0" }], ALL));
    let (kinds, _) = after(|p| {
        p.put(16 + 40, &u64::MAX.to_le_bytes());
        p.seal_meta(0);
    });
    assert!(kinds.iter().any(|k| matches!(k, K::Truncated { .. })), "{kinds:?}");
}

#[test]
fn truncation_at_every_page_and_at_odd_lengths() {
    let whole = sample::real();
    let pages = whole.len() / 4096;
    let odd = [1, 17, 511, 4095].map(|more| whole.len() - 4096 - more);
    for len in (2..pages).map(|page| page * 4096).chain(odd) {
        let faults = sample::faults(&whole[..len]);
        let (expected, got) = (whole.len() as u64, len as u64);
        assert_eq!(faults[0].kind, K::Truncated { expected, got });
        assert!(sample::entries(&whole[..len]).len() <= ALL + 20);
    }
    for len in 0..8192 {
        // Too short for both metas, at every length: an error or a fault, never a panic.
        if Db::open(&whole[..len]).is_ok() {
            assert!(!sample::faults(&whole[..len]).is_empty(), "{len}");
        }
    }
}

#[test]
fn a_zeroed_leaf_and_a_leaf_with_count_zero() {
    let leaf = leaves(&patient())[100];
    let count = usize::from(patient().header(leaf).count);
    let (kinds, records) = after(|p| {
        let at = p.at(leaf);
        p.put(at, &vec![0; p.page_size]);
    });
    assert!(kinds.iter().any(|k| matches!(k, K::Flags { got: 0 })), "{kinds:?}");
    assert_eq!(records, ALL - count);
    let (kinds, records) = after(|p| {
        let at = p.at(leaf) + 10;
        p.put(at, &[0, 0]);
    });
    assert_eq!((kinds, records), (vec![K::EmptyLeaf], ALL - count));
}

/// What other checkers pass: a lower count hides whatever the elements beyond it lead to.
#[test]
fn a_count_that_was_lowered() {
    let (leaf, branch) = (leaves(&patient())[100], lowest_branch(&patient()));
    for page in [leaf, branch, patient().root_of("key")] {
        let count = patient().header(page).count;
        let (kinds, records) = after(|p| {
            let at = p.at(page) + 10;
            p.put(at, &(count - 1).to_le_bytes());
        });
        let expected = K::ElementCount { count: count - 1, room: u64::from(count) };
        assert!(kinds.contains(&expected), "{page}: {kinds:?}");
        assert!(records < ALL);
    }
}

#[test]
fn a_value_that_was_cut() {
    let leaf = leaves(&patient())[100];
    let count = usize::from(patient().header(leaf).count);
    for (element, expected) in [(0, "ElementGap"), (count - 1, "Slack")] {
        let (kinds, records) = after(|p| {
            let at = p.element(leaf, element) + 12;
            let shorter = p.u32(at) - 5;
            p.put(at, &shorter.to_le_bytes());
        });
        assert!(kinds.iter().any(|k| format!("{k:?}").starts_with(expected)), "element {element}: {kinds:?}");
        assert_eq!(records, ALL);
    }
}

#[test]
fn buckets_that_were_emptied() {
    let (kinds, _) = after(|p| {
        let (at, _) = p.bucket_value("meta");
        p.put(at + 16 + 10, &[0, 0]);
    });
    assert!(matches!(kinds[..], [K::InlineLength { count: 0, used: 16, .. }]), "{kinds:?}");
    let mut patient = Patient::new(sample::written(4096));
    let root = patient.root_of("outer");
    let at = patient.at(root) + 10;
    patient.put(at, &[0, 0]);
    let kinds: Vec<_> = sample::faults(&patient.bytes).into_iter().map(|fault| fault.kind).collect();
    assert!(kinds.contains(&K::EmptyLeaf), "{kinds:?}");
}

#[test]
fn a_branch_with_too_many_overflow_pages_keeps_its_children() {
    for page in [patient().root_of("key"), lowest_branch(&patient())] {
        for overflow in [2_u32, 0xffff, u32::MAX] {
            let (kinds, records) = after(|p| {
                let at = p.at(page) + 12;
                p.put(at, &overflow.to_le_bytes());
            });
            assert!(!kinds.is_empty());
            assert_eq!(records, ALL, "page {page}, overflow {overflow}: {kinds:?}");
        }
    }
}

#[test]
fn a_root_that_says_it_is_another_page_is_still_the_root() {
    let root = patient().root_of("key");
    let (kinds, records) = after(|p| {
        let at = p.at(root);
        p.put(at, &5_u64.to_le_bytes());
    });
    assert_eq!((kinds, records), (vec![K::SelfId { expected: root, got: Pgid(5) }], ALL));
}

#[test]
fn an_empty_branch() {
    let (kinds, _) = after(|p| {
        let at = p.at(lowest_branch(p)) + 10;
        p.put(at, &[0, 0]);
    });
    assert!(kinds.contains(&K::EmptyBranch), "{kinds:?}");
}

#[test]
fn a_wrong_page_id_keeps_its_records_and_a_foreign_page_does_not() {
    let all = leaves(&patient());
    let (kinds, records) = after(|p| {
        let at = p.at(all[7]);
        p.put(at, &0xdead_beef_u64.to_le_bytes());
    });
    assert_eq!((kinds, records), (vec![K::SelfId { expected: all[7], got: Pgid(0xdead_beef) }], ALL));
    let (kinds, records) = after(|p| {
        let (from, to) = (p.at(all[9]), p.at(all[7]));
        let foreign = p.bytes[from..from + 4096].to_vec();
        p.put(to, &foreign);
    });
    assert!(kinds.contains(&K::SelfId { expected: all[7], got: all[9] }), "{kinds:?}");
    let lost = usize::from(patient().header(all[7]).count);
    assert_eq!(records, ALL - lost, "the copy must not be counted a second time");
}

#[test]
fn flags_that_do_not_belong_in_a_tree() {
    let leaf = leaves(&patient())[3];
    for (flags, fault) in [
        (0x03_u16, K::Flags { got: 3 }),
        (0x04, K::Kind { got: bbolt_page::PageKind::Meta }),
        (0x10, K::Kind { got: bbolt_page::PageKind::Freelist }),
    ] {
        let (kinds, _) = after(|p| {
            let at = p.at(leaf) + 8;
            p.put(at, &flags.to_le_bytes());
        });
        assert_eq!(kinds.first(), Some(&fault));
    }
}

#[test]
fn a_child_out_of_range() {
    for id in [0, 1, 5_000_000, u64::MAX] {
        let (kinds, records) = after(|p| {
            let at = p.element(lowest_branch(p), 1) + 8;
            p.put(at, &id.to_le_bytes());
        });
        assert!(matches!(kinds[..], [K::OutOfRange { id: Pgid(got), .. }] if got == id), "{kinds:?}");
        assert!(records < ALL && records > ALL - 20);
    }
}

#[test]
fn a_cycle_ends_and_is_named() {
    let (kinds, records) = after(|p| {
        let (branch, root) = (lowest_branch(p), p.root_of("key"));
        let at = p.element(branch, 1) + 8;
        p.put(at, &root.0.to_le_bytes());
    });
    assert!(matches!(kinds[..], [K::Cycle { .. }]), "{kinds:?}");
    assert!(records > ALL - 20);
}

#[test]
fn a_page_referenced_twice() {
    let (kinds, _) = after(|p| {
        let branch = lowest_branch(p);
        let child = p.children(branch)[0];
        let at = p.element(branch, 1) + 8;
        p.put(at, &child.0.to_le_bytes());
    });
    assert!(kinds.iter().any(|k| matches!(k, K::DoubleReference { .. })), "{kinds:?}");
}

#[test]
fn an_overflow_that_runs_over_its_neighbours_takes_nothing_from_them() {
    let leaf = leaves(&patient())[20];
    for overflow in [3_u32, 400, u32::MAX] {
        let (kinds, records) = after(|p| {
            let at = p.at(leaf) + 12;
            p.put(at, &overflow.to_le_bytes());
        });
        let overlap = |k: &K| matches!(k, K::DoubleReference { .. } | K::RunPastHighWater { .. });
        assert!(kinds.iter().any(overlap), "{overflow}: {kinds:?}");
        assert_eq!(records, ALL, "{overflow}");
    }
}

#[test]
fn elements_that_leave_their_page_or_overlap() {
    let leaf = leaves(&patient())[30];
    for (field, value, expected) in [
        (4, 1 << 20, Check::Elements),
        (4, u32::MAX, Check::Elements),
        (8, u32::MAX, Check::Elements),
        (12, u32::MAX, Check::Elements),
        (12, 1 << 20, Check::Elements),
        (4, 16, Check::Elements),
        (0, 0x100, Check::Elements),
    ] {
        let (kinds, records) = after(|p| {
            let at = p.element(leaf, 1) + field;
            p.put(at, &u32::to_le_bytes(value));
        });
        assert!(kinds.iter().any(|k| k.check() == expected), "field {field} = {value:#x}: {kinds:?}");
        assert!(records >= ALL - 3, "field {field} = {value:#x}: {records}");
    }
}

#[test]
fn an_element_count_that_the_page_cannot_hold() {
    let leaf = leaves(&patient())[30];
    let (kinds, _) = after(|p| {
        let at = p.at(leaf) + 10;
        p.put(at, &u16::MAX.to_le_bytes());
    });
    assert!(kinds.iter().any(|k| matches!(k, K::ElementArray { count: u16::MAX, .. })), "{kinds:?}");
}

/// Found by random damage: the place of a fault in an element beyond the 4095th did not fit 16 bits.
#[test]
fn a_fault_far_behind_in_a_large_branch_has_its_place() {
    let mut patient = Patient::new(sample::written(65536));
    let branch = patient.root_of("large");
    let (at, first_free) = (patient.at(branch), patient.element(branch, usize::from(patient.header(branch).count)));
    patient.put(at + 10, &u16::MAX.to_le_bytes());
    patient.put(first_free, &vec![0xff; at + 65536 - first_free]);
    let last = sample::faults(&patient.bytes).into_iter().filter_map(|fault| fault.element.zip(fault.offset)).max();
    assert_eq!(last, Some((4094, patient.element(branch, 4094) as u64)));
}

#[test]
fn keys_out_of_order_and_out_of_bounds() {
    let leaf = leaves(&patient())[40];
    let key = |p: &Patient, n| p.element(leaf, n) + p.u32(p.element(leaf, n) + 4) as usize;
    let (kinds, _) = after(|p| {
        let (a, b) = (key(p, 0), key(p, 1));
        let (first, second) = (p.bytes[a..a + 17].to_vec(), p.bytes[b..b + 17].to_vec());
        p.put(a, &second);
        p.put(b, &first);
    });
    assert!(kinds.contains(&K::KeyOrder), "{kinds:?}");
    let (kinds, _) = after(|p| {
        let at = key(p, 0);
        p.put(at, &[0; 8]);
    });
    assert_eq!(kinds, [K::BelowBound]);
    let (kinds, _) = after(|p| {
        let last = usize::from(p.header(leaf).count) - 1;
        let at = key(p, last);
        p.put(at, &[0x7f; 8]);
    });
    assert_eq!(kinds, [K::AboveBound]);
}

#[test]
fn inline_buckets_are_looked_into() {
    for (field, bytes, check) in [
        (16 + 8, &[7_u8][..], Check::Inline),          // flags
        (16 + 12, &[1], Check::Inline),                // overflow
        (16, &[9], Check::Inline),                     // id
        (16 + 10, &[0xff, 0xff], Check::Elements),     // count
        (16 + 16 + 4, &[0xff, 0xff], Check::Elements), // pos of the first element
    ] {
        let (kinds, records) = after(|p| {
            let (at, _) = p.bucket_value("meta");
            p.put(at + field, bytes);
        });
        assert!(kinds.iter().any(|k| k.check() == check), "byte {field}: {kinds:?}");
        assert_eq!(records, ALL);
    }
}

#[test]
fn a_bucket_value_cut_short() {
    let (kinds, _) = after(|p| {
        let root = Db::open(&p.bytes).unwrap().meta().root;
        let at = p.element(root, 0) + 12;
        p.put(at, &8_u32.to_le_bytes());
    });
    assert!(kinds.iter().any(|k| matches!(k, K::BucketValue { got: 8, .. })), "{kinds:?}");
}

#[test]
fn a_plain_value_in_the_root() {
    let (kinds, _) = after(|p| {
        let root = Db::open(&p.bytes).unwrap().meta().root;
        let at = p.element(root, 0);
        p.put(at, &0_u32.to_le_bytes());
    });
    assert!(kinds.contains(&K::RootValue), "{kinds:?}");
}

#[test]
fn a_leaf_at_another_depth() {
    let (kinds, _) = after(|p| {
        let root = p.root_of("key");
        let leaf = leaves(p)[0];
        let at = p.element(root, 0) + 8;
        p.put(at, &leaf.0.to_le_bytes());
    });
    assert!(kinds.iter().any(|k| matches!(k, K::UnevenDepth { .. })), "{kinds:?}");
}

#[test]
fn a_persisted_freelist_is_checked() {
    let whole = Patient::new(sample::written(4096));
    let freelist = Db::open(&whole.bytes).unwrap().meta().freelist.unwrap();
    let slot = |p: &Patient, n: usize| p.at(freelist) + 16 + 8 * n;
    let check = |damage: &Damage<'_>| {
        let mut patient = Patient::new(whole.bytes.clone());
        damage(&mut patient);
        sample::faults(&patient.bytes).into_iter().map(|fault| fault.kind).collect::<Vec<_>>()
    };
    let first = whole.bytes[slot(&whole, 0)..][..8].to_vec();
    let cases: [Case<'_>; 9] = [
        (&|p| p.put(slot(p, 1), &first), |k| matches!(k, K::FreelistTwice { .. })),
        (&|p| p.put(slot(p, 0), &freelist.0.to_le_bytes()), |k| matches!(k, K::FreelistOwn { .. })),
        (&|p| p.put(p.at(freelist) + 8, &0x12_u16.to_le_bytes()), |k| matches!(k, K::FreelistHeader { .. })),
        (&|p| p.put(slot(p, 1), &2_u64.to_le_bytes()), |k| matches!(k, K::FreelistOrder { .. })),
        (&|p| p.put(slot(p, 0), &1_u64.to_le_bytes()), |k| matches!(k, K::FreelistRange { id: Pgid(1), .. })),
        (&|p| p.put(slot(p, 0), &p.root_of("large").0.to_le_bytes()), |k| matches!(k, K::FreelistReachable { .. })),
        (&|p| p.put(p.at(freelist) + 10, &1_u16.to_le_bytes()), |k| matches!(k, K::FreelistIncomplete { .. })),
        (&|p| p.put(p.at(freelist) + 10, &60_000_u16.to_le_bytes()), |k| matches!(k, K::FreelistCount { .. })),
        (&|p| p.put(p.at(freelist) + 8, &2_u16.to_le_bytes()), |k| matches!(k, K::FreelistPage { .. })),
    ];
    for (at, (damage, expected)) in cases.into_iter().enumerate() {
        let kinds = check(damage);
        assert!(kinds.iter().any(expected), "case {at}: {kinds:?}");
    }
}

/// The count 65535 means that the real count is in the first slot.
#[test]
fn a_freelist_with_its_count_in_the_first_slot() {
    let mut patient = Patient::new(sample::written(4096));
    let freelist = Db::open(&patient.bytes).unwrap().meta().freelist.unwrap();
    let at = patient.at(freelist);
    let count = usize::from(patient.header(freelist).count);
    assert!(16 + 8 * (count + 1) <= 4096, "room for the count");
    patient.bytes.copy_within(at + 16..at + 16 + 8 * count, at + 24);
    patient.put(at + 16, &(count as u64).to_le_bytes());
    patient.put(at + 10, &u16::MAX.to_le_bytes());
    assert_eq!(sample::faults(&patient.bytes), []);
    patient.put(at + 16, &u64::MAX.to_le_bytes());
    let kinds: Vec<_> = sample::faults(&patient.bytes).into_iter().map(|fault| fault.kind).collect();
    assert!(matches!(kinds[0], K::FreelistCount { count: u64::MAX, .. }), "{kinds:?}");
}

#[test]
fn a_fault_says_where_it_is_and_how_to_get_there() {
    let mut patient = patient();
    let (branch, leaf) = (lowest_branch(&patient), leaves(&patient)[0]);
    let at = patient.element(leaf, 1) + 12;
    patient.put(at, &u32::MAX.to_le_bytes());
    let fault = &sample::faults(&patient.bytes)[0];
    assert_eq!((fault.page, fault.element), (Some(leaf), Some(1)));
    assert_eq!(fault.offset, Some(patient.element(leaf, 1) as u64));
    let path = fault.path.to_string();
    assert!(path.starts_with("root > bucket `key` > page "), "{path}");
    assert!(path.ends_with(&format!("> page {branch} element 0")), "{path}");
}
