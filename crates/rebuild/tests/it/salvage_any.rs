//! Any bytes, and any damage of a real database: a salvage ends, and what it gathers can be written.

use std::io::Cursor;

use bbolt_page::Serial;
use proptest::prelude::*;
use rebuild::salvage::{How, Outcome, Sources, salvage};

use crate::compaction::history;

/// What is done to a file, at a place that goes by its size.
#[derive(Clone, Debug)]
enum Damage {
    Byte(u8),
    /// A number of a page's or an element's header.
    Word(u32),
    /// So many pages from elsewhere.
    Copy(u16, u8),
    Cut,
}

fn damage() -> impl Strategy<Value = (u16, Damage)> {
    let numbers = prop_oneof![Just(0), Just(1), Just(u32::MAX), Just(i32::MAX as u32), any::<u32>()];
    let damage = prop_oneof![
        4 => any::<u8>().prop_map(Damage::Byte),
        4 => numbers.prop_map(Damage::Word),
        2 => (any::<u16>(), 1..3_u8).prop_map(|(from, pages)| Damage::Copy(from, pages)),
        1 => Just(Damage::Cut),
    ];
    (any::<u16>(), damage)
}

/// A place of a file for a number: near the begin of a page as often as not, where the headers are.
fn place(size: usize, number: u16) -> usize {
    let at = usize::from(number);
    if at % 2 == 0 { (at / 2 % 64 + at / 128 * 4096) % size } else { at * 61 % size }
}

fn damaged(mut file: Vec<u8>, damages: &[(u16, Damage)]) -> Vec<u8> {
    for (at, damage) in damages {
        let at = place(file.len(), *at);
        match damage {
            Damage::Byte(byte) => file[at] = *byte,
            Damage::Word(word) => file[at..].iter_mut().zip(word.to_le_bytes()).for_each(|(old, new)| *old = new),
            Damage::Copy(from, pages) => {
                let (to, from) = (at / 4096 * 4096, place(file.len(), *from) / 4096 * 4096);
                let size = (usize::from(*pages) * 4096).min(file.len() - from.max(to));
                file.copy_within(from..from + size, to);
            }
            Damage::Cut if at > 0 => file.truncate(at),
            Damage::Cut => {}
        }
    }
    file
}

/// Salvages as far as it goes, and from less.
fn check(file: &[u8]) -> Result<(), TestCaseError> {
    for beside in [Sources::Tree, Sources::Orphans, Sources::Raw] {
        for without_auth in [false, true] {
            let Ok(Outcome::Salvaged(salvaged)) = salvage(file, How { without_auth, beside }, &Serial) else {
                continue;
            };
            let written = salvaged.write(Cursor::new(Vec::new()));
            prop_assert!(written.is_ok(), "{beside:?}: {:?}", written.err());
            let scan = crate::sound(written.as_ref().unwrap().get_ref()).counts;
            prop_assert_eq!(scan.damaged, 0);
            prop_assert!(scan.records <= salvaged.report().gathered);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn what_is_gathered_of_a_damaged_file_can_be_written(
        transactions in proptest::collection::vec(proptest::collection::vec((0..40_u8, any::<bool>()), 1..6), 1..120),
        damages in proptest::collection::vec(damage(), 1..8),
    ) {
        check(&damaged(history(&transactions).0.build(), &damages))?;
    }

    #[test]
    fn what_is_gathered_of_any_bytes_can_be_written(bytes in proptest::collection::vec(any::<u8>(), 0..20_000)) {
        check(&bytes)?;
    }
}
