//! What may have been put in or taken out where pages moved: choices, to be tried against the hash.

use std::ops::Range;

use crate::layout::{Layout, Shift};
use crate::profile::HASH;
use crate::step::Step;

/// Most trials of a small file; of a large one, so many bytes are hashed.
const TRIALS: u64 = 1024;
const BYTES: u64 = 8 << 30;

/// Most stretches of text that are put in order.
const MOST_STRETCHES: usize = 1 << 20;

/// What to try, and whether that is all that there is to try.
pub(crate) struct Trials {
    pub(crate) steps: Vec<Step>,
    pub(crate) complete: bool,
}

/// What to do in one place.
#[derive(Clone)]
enum Choice {
    Nothing,
    Cut(Range<u64>),
    Returns(Vec<u64>),
}

/// The trials for what was seen, the likeliest first. None where pages did not move.
pub(crate) fn of(layout: &Layout, len: u64) -> Trials {
    let most = usize::try_from((BYTES / len.max(1)).clamp(4, TRIALS)).unwrap_or(4);
    let mut complete = !layout.lost;
    let mut all: Vec<Vec<Choice>> = Vec::new();
    for shift in &layout.shifts {
        all.push(choices(shift, shift.by, most));
    }
    if let Some(end) = &layout.end {
        let by = end.by.saturating_sub(i64::try_from(HASH).unwrap_or(0));
        let mut found = choices(end, by, most);
        // behind pages without a hash, nothing is missing
        if by >= 0 || end.by == 0 {
            found.push(Choice::Nothing);
        }
        all.push(found);
    }
    complete &= all.iter().all(|choices| choices.len() <= most);
    let (combined, whole) = combine(&all, most);
    let steps = combined.into_iter().filter_map(|choices| step(&choices)).collect();
    Trials { steps, complete: complete && whole }
}

/// One choice for each place, those first whose choices are the likeliest together: the sum of their ranks orders them,
/// so that no place keeps to its first choice while another goes through all of its own.
fn combine(all: &[Vec<Choice>], most: usize) -> (Vec<Vec<Choice>>, bool) {
    let mut combined: Vec<(usize, Vec<Choice>)> = vec![(0, Vec::new())];
    let mut whole = true;
    for choices in all {
        let mut next = Vec::new();
        for (at, (sum, before)) in combined.iter().enumerate() {
            // of what both have in order, so many are enough for the first `most` of the pairs
            for (rank, choice) in choices.iter().enumerate().take((most + 1) / (at + 1)) {
                next.push((sum + rank, before, choice));
            }
        }
        next.sort_by_key(|(sum, ..)| *sum);
        whole &= next.len() <= most;
        next.truncate(most);
        let chained = |(sum, before, choice): (usize, &Vec<Choice>, &Choice)| {
            (sum, before.iter().chain([choice]).cloned().collect::<Vec<Choice>>())
        };
        combined = next.into_iter().map(chained).collect();
    }
    (combined.into_iter().map(|(_, choices)| choices).collect(), whole)
}

/// The one step that all choices come to; `None` where they are nothing, or of both kinds.
fn step(choices: &[Choice]) -> Option<Step> {
    let (mut cuts, mut returns) = (Vec::new(), Vec::new());
    for choice in choices {
        match choice {
            Choice::Nothing => {}
            Choice::Cut(range) => cuts.push(range.clone()),
            Choice::Returns(places) => returns.extend_from_slice(places),
        }
    }
    match (cuts.is_empty(), returns.is_empty()) {
        (false, true) => Some(Step::Cut(cuts)),
        (true, false) => Some(Step::Returns(returns)),
        _ => None,
    }
}

fn choices(shift: &Shift, by: i64, most: usize) -> Vec<Choice> {
    let Ok(bytes) = usize::try_from(by.unsigned_abs()) else { return Vec::new() };
    match by {
        0 => vec![Choice::Nothing],
        1.. => texts(shift, bytes, most),
        _ => returns(shift, bytes, most),
    }
}

/// Stretches of text of a length; those that end as lines do come first.
fn texts(shift: &Shift, length: usize, most: usize) -> Vec<Choice> {
    let bytes = &shift.bytes;
    let (mut run, mut found) = (0_usize, Vec::new());
    for (end, &byte) in bytes.iter().enumerate().map(|(at, byte)| (at + 1, byte)) {
        run = if is_text(byte) { run + 1 } else { 0 };
        let Some(start) = end.checked_sub(length).filter(|_| run >= length) else { continue };
        let stretch = bytes.get(start..end).unwrap_or_default();
        if std::str::from_utf8(stretch).is_err() {
            continue;
        }
        let apart = |byte: Option<&u8>| byte.is_none_or(|byte| *byte == b'\n' || !is_text(*byte));
        let before = apart(start.checked_sub(1).and_then(|at| bytes.get(at)));
        // what ends as a line does; or what begins as one ends, the end of the line before it taken for its own
        let line = stretch.ends_with(b"\n") && before || stretch.starts_with(b"\n") && apart(bytes.get(end));
        found.push((u8::from(!line) + u8::from(!stretch.ends_with(b"\n")), start));
        if found.len() > MOST_STRETCHES {
            break;
        }
    }
    found.sort_by_key(|&(rank, start)| (rank, start));
    let range = |start: usize| {
        let start = shift.place.start.saturating_add(start as u64);
        start..start.saturating_add(length as u64)
    };
    found.into_iter().take(most + 1).map(|(_, start)| Choice::Cut(range(start))).collect()
}

fn is_text(byte: u8) -> bool {
    matches!(byte, b'\t' | b'\n' | b'\r' | 0x08 | 0x1b | 0x20..=0x7e | 0x80..)
}

/// Ways to put so many carriage returns before line feeds.
fn returns(shift: &Shift, count: usize, most: usize) -> Vec<Choice> {
    let places: Vec<u64> =
        memchr::memchr_iter(b'\n', &shift.bytes).map(|at| shift.place.start.saturating_add(at as u64)).collect();
    if count > places.len() || ways(places.len(), count) > most {
        return Vec::new();
    }
    let mut chosen: Vec<usize> = (0..count).collect();
    let mut found = Vec::new();
    loop {
        let at = |chosen: &usize| places.get(*chosen).copied();
        found.push(Choice::Returns(chosen.iter().filter_map(at).collect()));
        if !advance(&mut chosen, places.len()) {
            return found;
        }
    }
}

/// The next choice of as many of `of`, in order; whether there was one.
fn advance(chosen: &mut [usize], of: usize) -> bool {
    let count = chosen.len();
    let Some(at) = (0..count).rev().find(|&at| chosen.get(at).is_some_and(|&place| place + count < of + at)) else {
        return false;
    };
    let from = chosen.get(at).map_or(0, |place| place + 1);
    for (place, chosen) in (from..).zip(chosen.iter_mut().skip(at)) {
        *chosen = place;
    }
    true
}

/// In how many ways `count` of `of` can be chosen.
fn ways(of: usize, count: usize) -> usize {
    let least = count.min(of - count);
    (0..least)
        .try_fold(1_usize, |ways, done| ways.checked_mul(of - done).map(|ways| ways / (done + 1)))
        .unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of two places with more choices than can all be tried together, the fifth of both is tried; of few, all are.
    #[test]
    fn places_go_through_their_choices_together() {
        let place =
            |from: u64, choices: u64| (0..choices).map(|at| Choice::Returns(vec![from + at])).collect::<Vec<_>>();
        let tried = |all: &[Vec<Choice>], most: usize| {
            let (combined, whole) = combine(all, most);
            let places = |choices: &Vec<Choice>| match step(choices) {
                Some(Step::Returns(places)) => places,
                _ => Vec::new(),
            };
            (combined.iter().map(places).collect::<Vec<_>>(), whole)
        };
        let (steps, whole) = tried(&[place(0, 500), place(1000, 500)], 100);
        assert!(!whole && steps.len() == 100 && steps.contains(&vec![4, 1004]) && steps[0] == [0, 1000]);
        assert!(steps.contains(&vec![0, 1009]) && steps.contains(&vec![9, 1000]));
        let (steps, whole) = tried(&[place(0, 10), place(1000, 10)], 100);
        assert!(whole && steps.iter().collect::<std::collections::BTreeSet<_>>().len() == 100);
        assert!(!tried(&[place(0, 11), place(1000, 10)], 100).1);
    }

    #[test]
    fn every_choice_comes_once() {
        for (of, count) in [(5, 2), (4, 4), (6, 1), (3, 0), (7, 3)] {
            let mut chosen: Vec<usize> = (0..count).collect();
            let mut seen = std::collections::BTreeSet::from([chosen.clone()]);
            while advance(&mut chosen, of) {
                assert!(chosen.windows(2).all(|pair| pair[0] < pair[1]) && chosen.iter().all(|place| *place < of));
                assert!(seen.insert(chosen.clone()));
            }
            assert_eq!(seen.len(), ways(of, count), "{count} of {of}");
        }
    }
}
