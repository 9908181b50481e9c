//! Sorting many long keys that share long prefixes, without copying them: 16 bytes a key.
//!
//! The keys lie all over a large file. A comparison sort would fetch both keys for each comparison; this one fetches
//! eleven bytes of each key at a time, behind what all have in common, and compares integers. What fetching there is can be
//! spread over threads.

use std::ops::Range;

use bbolt_page::{Serial, Spread};

/// How many key bytes one comparison covers.
const STRIDE: usize = 11;
/// Entries whose windows are fetched in one piece of work, and in all pieces together before they are put in place.
const FETCHED_AT_ONCE: usize = 4096;
const FETCHED_TOGETHER: usize = FETCHED_AT_ONCE * 16;
/// Groups larger than this have their windows fetched by all threads; smaller ones are sorted by one.
const LARGE: usize = 1 << 14;

/// Pieces of work that the smaller groups are cut into, and how many of them are under way at a time.
const PIECES: usize = 64;
const PIECES_AT_ONCE: usize = 8;

/// The next [`STRIDE`] key bytes, zero-padded, behind them how many of the key's bytes they cover (one more than [`STRIDE`]
/// where the key goes on), and behind that the number of the key. Integers made of this order exactly as the keys do.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Entry(u128);

/// Bits of an entry that are its number.
const NUMBER: u32 = u32::BITS;

impl Entry {
    fn new(key: &[u8], depth: usize, number: u32) -> Self {
        let rest = key.get(depth..).unwrap_or_default();
        let mut bytes = [0_u8; 16];
        for (to, from) in bytes.iter_mut().zip(rest.iter().take(STRIDE)) {
            *to = *from;
        }
        let len = u128::try_from(rest.len().min(STRIDE + 1)).unwrap_or(0);
        Self(u128::from_be_bytes(bytes) | len << NUMBER | u128::from(number))
    }

    fn number(self) -> u32 {
        u32::try_from(self.0 & u128::from(u32::MAX)).unwrap_or(0)
    }

    fn window(self) -> u128 {
        self.0 >> NUMBER
    }

    /// Whether the key has bytes behind the window.
    fn goes_on(self) -> bool {
        self.window() & 0xff > STRIDE as u128
    }
}

/// Where the keys lie, by number.
pub(crate) trait Keys<'a>: Sync {
    fn key(&self, number: u32) -> &'a [u8];

    /// Fetches the keys of a few numbers at once, before each is asked for: they may lie anywhere.
    fn touch(&self, numbers: impl Iterator<Item = u32>);
}

/// Numbers whose keys are touched at once.
pub(crate) const TOUCHED: usize = 32;

/// Numbers of keys, in byte order of the keys.
pub struct Sorted(std::vec::IntoIter<u32>);

impl Sorted {
    /// The same, each one's key touched before.
    pub(crate) fn touching<'a>(self, keys: &impl Keys<'a>) -> impl ExactSizeIterator<Item = u32> {
        let mut left = 0;
        let Self(mut numbers) = self;
        (0..numbers.len()).map(move |_| {
            if left == 0 {
                let some = numbers.as_slice().iter().take(TOUCHED);
                left = some.len();
                keys.touch(some.copied());
            }
            left -= 1;
            numbers.next().unwrap_or(u32::MAX)
        })
    }
}

impl Iterator for Sorted {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        self.0.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl ExactSizeIterator for Sorted {}

/// A part of the entries that agree in all bytes before `depth`.
struct Group {
    range: Range<usize>,
    depth: usize,
}

/// The numbers below `count` that `is_wanted` accepts, in the order of their keys. Equal keys come in the order of their
/// numbers.
pub(crate) fn by_key<'a>(
    count: u32,
    is_wanted: impl Fn(u32) -> bool + Sync,
    keys: &impl Keys<'a>,
    spread: &impl Spread,
) -> Sorted {
    let at_once = u32::try_from(FETCHED_AT_ONCE).unwrap_or(u32::MAX);
    let fetch = |piece: usize| {
        let from = u32::try_from(piece).unwrap_or(u32::MAX).saturating_mul(at_once);
        let numbers: Vec<u32> = (from..count.min(from.saturating_add(at_once))).collect();
        let entry = |number: &u32| is_wanted(*number).then(|| Entry::new(keys.key(*number), 0, *number));
        let entries = |some: &[u32]| {
            keys.touch(some.iter().copied());
            some.iter().filter_map(entry).collect::<Vec<_>>()
        };
        numbers.chunks(TOUCHED).flat_map(entries).collect::<Vec<_>>()
    };
    let pieces = usize::try_from(count.div_ceil(at_once)).unwrap_or(usize::MAX);
    // room for all of them: growing would hold them twice
    let mut entries: Vec<Entry> = Vec::with_capacity(usize::try_from(count).unwrap_or_default());
    spread.map_fold(pieces, fetch, |some| entries.extend(some));
    let small = split_large(&mut entries, keys, spread);
    sort_small(&mut entries, &small, keys, spread);
    // a quarter of the room, for as long as they are gone through
    Sorted(entries.iter().map(|entry| entry.number()).collect::<Vec<_>>().into_iter())
}

/// Sorts by windows as far as groups are large; gives the groups that are left to sort.
fn split_large<'a>(entries: &mut [Entry], keys: &impl Keys<'a>, spread: &impl Spread) -> Vec<Group> {
    let mut small = Vec::new();
    let mut large = vec![Group { range: 0..entries.len(), depth: 0 }];
    while let Some(Group { range, depth }) = large.pop() {
        let Some(group) = entries.get_mut(range.clone()) else { continue };
        if group.len() <= LARGE {
            small.push(Group { range, depth });
            continue;
        }
        let depth = fetch_windows(group, depth, keys, spread);
        group.sort_unstable();
        large.extend(ties(group, &range, depth));
    }
    small
}

/// The parts of a sorted group whose keys agree in this window and go on behind it.
fn ties(group: &[Entry], range: &Range<usize>, depth: usize) -> Vec<Group> {
    let mut from = range.start;
    let mut ties = Vec::new();
    for same in group.chunk_by(|a, b| a.window() == b.window()) {
        if same.len() > 1 && same.first().is_some_and(|entry| entry.goes_on()) {
            ties.push(Group { range: from..from + same.len(), depth: depth + STRIDE });
        }
        from += same.len();
    }
    ties
}

/// How many bytes two keys have in common.
fn common(one: &[u8], other: &[u8]) -> usize {
    one.iter().zip(other).take_while(|(a, b)| a == b).count()
}

/// How far the keys of a group that agree before `depth` agree at most: as far as its first and its last ones do.
fn guessed_depth<'a>(group: &[Entry], depth: usize, keys: &impl Keys<'a>) -> usize {
    let of = |entry: Option<&Entry>| entry.map(|entry| keys.key(entry.number())).unwrap_or_default();
    let first = of(group.first());
    let others = [group.len() / 3, group.len() / 2, group.len() - 1];
    others.into_iter().map(|at| common(first, of(group.get(at)))).min().unwrap_or(depth).max(depth)
}

/// Makes the entries of a group those behind the bytes that all keys share; gives how many these are.
fn fetch_windows<'a>(group: &mut [Entry], depth: usize, keys: &impl Keys<'a>, spread: &impl Spread) -> usize {
    let mut at = guessed_depth(group, depth, keys);
    loop {
        let shared = fetch_at(group, at, depth, keys, spread);
        if shared >= at {
            return at;
        }
        at = shared.max(depth);
    }
}

/// The same, where `at` bytes are taken for shared; gives how many are.
fn fetch_at<'a>(group: &mut [Entry], at: usize, depth: usize, keys: &impl Keys<'a>, spread: &impl Spread) -> usize {
    let first = group.first().map(|entry| keys.key(entry.number())).unwrap_or_default();
    let prefix = first.get(depth..at).unwrap_or_default();
    let mut shared = at;
    for some in group.chunks_mut(FETCHED_TOGETHER) {
        let pieces: Vec<&[Entry]> = some.chunks(FETCHED_AT_ONCE).collect();
        let mut fetched: Vec<Entry> = Vec::with_capacity(some.len());
        let fetch = |piece: usize| fetch_piece(pieces.get(piece).copied().unwrap_or_default(), prefix, at, depth, keys);
        spread.map_fold(pieces.len(), fetch, |(entries, least)| {
            fetched.extend(entries);
            shared = shared.min(least);
        });
        if shared < at {
            break;
        }
        some.copy_from_slice(&fetched);
    }
    shared
}

fn fetch_piece<'a>(
    piece: &[Entry],
    prefix: &[u8],
    at: usize,
    depth: usize,
    keys: &impl Keys<'a>,
) -> (Vec<Entry>, usize) {
    let mut shared = at;
    let mut entry = |entry: &Entry| {
        let key = keys.key(entry.number());
        let own = key.get(depth..).unwrap_or_default();
        if !own.starts_with(prefix) {
            shared = shared.min(depth + common(prefix, own));
        }
        Entry::new(key, at, entry.number())
    };
    let mut entries = Vec::with_capacity(piece.len());
    for some in piece.chunks(TOUCHED) {
        keys.touch(some.iter().map(|entry| entry.number()));
        entries.extend(some.iter().map(&mut entry));
    }
    (entries, shared)
}

/// Sorts groups that are no longer large, several to a piece of work, a few pieces at a time: what is sorted is a copy.
fn sort_small<'a>(entries: &mut [Entry], groups: &[Group], keys: &impl Keys<'a>, spread: &impl Spread) {
    let pieces: Vec<&[Group]> = groups.chunks(groups.len().div_ceil(PIECES).max(1)).collect();
    for some in pieces.chunks(PIECES_AT_ONCE) {
        let mut done: Vec<(usize, Vec<Entry>)> = Vec::new();
        let view = &*entries;
        let sort = |piece: usize| {
            let groups = some.get(piece).copied().unwrap_or_default();
            let sorted = |group: &Group| {
                let mut own = view.get(group.range.clone()).unwrap_or_default().to_vec();
                sort_group(&mut own, group.depth, keys);
                (group.range.start, own)
            };
            groups.iter().map(sorted).collect::<Vec<_>>()
        };
        spread.map_fold(some.len(), sort, |sorted| done.extend(sorted));
        for (start, sorted) in done {
            if let Some(place) = entries.get_mut(start..start + sorted.len()) {
                place.copy_from_slice(&sorted);
            }
        }
    }
}

/// Sorts entries that agree in all bytes before `depth`.
fn sort_group<'a>(entries: &mut [Entry], depth: usize, keys: &impl Keys<'a>) {
    let mut groups = vec![Group { range: 0..entries.len(), depth }];
    while let Some(Group { range, depth }) = groups.pop() {
        let Some(group) = entries.get_mut(range.clone()).filter(|group| !group.is_empty()) else { continue };
        let depth = fetch_windows(group, depth, keys, &Serial);
        group.sort_unstable();
        groups.extend(ties(group, &range, depth));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    impl<'a> Keys<'a> for &[&'a [u8]] {
        fn key(&self, number: u32) -> &'a [u8] {
            self[number as usize]
        }

        fn touch(&self, numbers: impl Iterator<Item = u32>) {
            let known = numbers.map(|number| (number as usize) < self.len());
            assert!(known.enumerate().all(|(at, known)| known && at < TOUCHED));
        }
    }

    fn sorted<'a>(keys: &[&'a [u8]]) -> Vec<&'a [u8]> {
        let count = u32::try_from(keys.len()).unwrap();
        by_key(count, |_| true, &keys, &Serial).touching(&keys).map(|number| keys.key(number)).collect()
    }

    proptest! {
        #[test]
        fn sorts_as_slices_do(keys in proptest::collection::vec(proptest::collection::vec(0_u8..3, 0..50), 0..60)) {
            let keys: Vec<_> = keys.iter().map(Vec::as_slice).collect();
            let mut expected = keys.clone();
            expected.sort();
            prop_assert_eq!(sorted(&keys), expected);
        }
    }

    #[test]
    fn groups_too_large_for_one_thread_are_sorted_too() {
        let keys: Vec<String> =
            (0..3 * LARGE).map(|n| format!("/a/prefix/longer/than/a/window/{}/{}", n % 3, n * 7919 % 99_991)).collect();
        let keys: Vec<_> = keys.iter().map(String::as_bytes).collect();
        let mut expected = keys.clone();
        expected.sort();
        assert!(sorted(&keys) == expected);
    }

    #[test]
    fn keys_that_share_less_than_those_looked_at_first_are_sorted_too() {
        let count = 2 * LARGE;
        let first = [0, count / 3, count / 2, count - 1];
        let key = |n: usize| match first.contains(&n) {
            true => format!("/a/prefix/longer/than/a/window/{n:06}"),
            false => format!("/a/prefix/other/{}", n * 7919 % 99_991),
        };
        let keys: Vec<String> = (0..count).map(key).collect();
        let keys: Vec<_> = keys.iter().map(String::as_bytes).collect();
        let mut expected = keys.clone();
        expected.sort();
        assert!(sorted(&keys) == expected);
    }

    #[test]
    fn a_key_sorts_before_what_it_begins() {
        let long = [b'a'; STRIDE + 2];
        let zero = [&long[..STRIDE], b"\0"].concat();
        let keys = [&zero[..], &long[..STRIDE], &long[..STRIDE - 1], b"", &long[..STRIDE + 1], b"\0", &long];
        let expected = [&b""[..], b"\0", &long[..STRIDE - 1], &long[..STRIDE], &zero, &long[..STRIDE + 1], &long];
        assert_eq!(sorted(&keys), expected);
    }
}
