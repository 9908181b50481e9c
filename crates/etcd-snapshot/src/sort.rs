//! Sorting many long keys that share long prefixes, without copying them.
//!
//! The keys lie all over a large file. A comparison sort would fetch both keys for each comparison; this one fetches
//! fourteen bytes of each key at a time and compares integers. What fetching there is can be spread over threads.

use bbolt_page::Spread;

/// How many key bytes one comparison covers.
const STRIDE: usize = 14;
/// Entries whose windows are fetched in one piece of work.
const FETCHED_AT_ONCE: usize = 4096;
/// Groups larger than this have their windows fetched by all threads; smaller ones are sorted by one.
const LARGE: usize = 1 << 14;

/// Pieces of work that the smaller groups are cut into, and how many of them are under way at a time.
const PIECES: usize = 64;
const PIECES_AT_ONCE: usize = 8;

/// The next `STRIDE` key bytes, zero-padded, and behind them how many of the key's bytes they cover (one more than
/// `STRIDE` where the key goes on). Pairs of integers made of this order exactly as the bytes do.
type Window = [u64; 2];

#[derive(Clone, Copy)]
struct Entry<'a, T> {
    window: Window,
    key: &'a [u8],
    item: T,
}

fn window(key: &[u8], depth: usize) -> Window {
    let rest = key.get(depth..).unwrap_or_default();
    let mut bytes = [0_u8; 16];
    for (to, from) in bytes.iter_mut().zip(rest.iter().take(STRIDE)) {
        *to = *from;
    }
    if let Some(last) = bytes.last_mut() {
        *last = u8::try_from(rest.len().min(STRIDE + 1)).unwrap_or(0);
    }
    let whole = u128::from_be_bytes(bytes);
    [u64::try_from(whole >> 64).unwrap_or(0), u64::try_from(whole & u128::from(u64::MAX)).unwrap_or(0)]
}

/// A part of the entries that agree in all bytes before `depth`.
struct Group {
    range: std::ops::Range<usize>,
    depth: usize,
}

/// Sorts the items `0..count`, as `item` gives them with their keys, by key. Equal keys keep no particular order.
pub(crate) fn by_key<'a, T: Copy + Send + Sync>(
    count: usize,
    item: impl Fn(usize) -> Option<(&'a [u8], T)> + Sync,
    spread: &impl Spread,
) -> Vec<(&'a [u8], T)> {
    // Room for all of them: memory that stays untouched costs nothing, growing would hold the entries twice.
    let mut entries: Vec<Entry<'a, T>> = Vec::with_capacity(count);
    let fetch = |piece: usize| {
        let numbers = piece * FETCHED_AT_ONCE..count.min((piece + 1) * FETCHED_AT_ONCE);
        let entry = |(key, item)| Entry { window: window(key, 0), key, item };
        numbers.filter_map(&item).map(entry).collect::<Vec<_>>()
    };
    spread.map_fold(count.div_ceil(FETCHED_AT_ONCE), fetch, |some| entries.extend(some));
    let small = split_large(&mut entries, spread);
    sort_small(&mut entries, &small, spread);
    entries.into_iter().map(|entry| (entry.key, entry.item)).collect()
}

/// Sorts by windows as far as groups are large; gives the groups that are left to sort.
fn split_large<T: Copy + Send + Sync>(entries: &mut [Entry<'_, T>], spread: &impl Spread) -> Vec<Group> {
    let mut small = Vec::new();
    let mut large = vec![Group { range: 0..entries.len(), depth: 0 }];
    while let Some(Group { range, depth }) = large.pop() {
        let Some(group) = entries.get_mut(range.clone()) else { continue };
        group.sort_unstable_by_key(|entry| entry.window);
        for Group { range: within, depth } in ties(group, depth) {
            let range = range.start + within.start..range.start + within.end;
            if range.len() > LARGE {
                fetch_windows(entries, &range, depth, spread);
                large.push(Group { range, depth });
            } else {
                small.push(Group { range, depth });
            }
        }
    }
    small
}

/// The parts of a sorted group whose keys agree in this window and go on behind it.
fn ties<T>(group: &[Entry<'_, T>], depth: usize) -> Vec<Group> {
    let mut from = 0;
    let mut ties = Vec::new();
    for same in group.chunk_by(|a, b| a.window == b.window) {
        let goes_on = same.first().is_some_and(|entry| entry.key.len() > depth + STRIDE);
        if same.len() > 1 && goes_on {
            ties.push(Group { range: from..from + same.len(), depth: depth + STRIDE });
        }
        from += same.len();
    }
    ties
}

fn fetch_windows<T: Copy + Send + Sync>(
    entries: &mut [Entry<'_, T>],
    range: &std::ops::Range<usize>,
    depth: usize,
    spread: &impl Spread,
) {
    let mut windows: Vec<Window> = Vec::with_capacity(range.len());
    let group = entries.get(range.clone()).unwrap_or_default();
    let fetch = |piece: usize| {
        let some = group.iter().skip(piece * FETCHED_AT_ONCE).take(FETCHED_AT_ONCE);
        some.map(|entry| window(entry.key, depth)).collect::<Vec<_>>()
    };
    spread.map_fold(group.len().div_ceil(FETCHED_AT_ONCE), fetch, |some| windows.extend(some));
    for (entry, window) in entries.get_mut(range.clone()).unwrap_or_default().iter_mut().zip(windows) {
        entry.window = window;
    }
}

/// Sorts groups that are no longer large, several to a piece of work, a few pieces at a time: what is sorted is a copy.
fn sort_small<T: Copy + Send + Sync>(entries: &mut [Entry<'_, T>], groups: &[Group], spread: &impl Spread) {
    let pieces: Vec<&[Group]> = groups.chunks(groups.len().div_ceil(PIECES).max(1)).collect();
    for some in pieces.chunks(PIECES_AT_ONCE) {
        let mut done: Vec<(usize, Vec<Entry<'_, T>>)> = Vec::new();
        let view = &*entries;
        let sort = |piece: usize| {
            let groups = some.get(piece).copied().unwrap_or_default();
            let sorted = |group: &Group| {
                let mut own = view.get(group.range.clone()).unwrap_or_default().to_vec();
                sort_group(&mut own, group.depth);
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
fn sort_group<T: Copy>(entries: &mut [Entry<'_, T>], depth: usize) {
    let mut groups = vec![Group { range: 0..entries.len(), depth }];
    while let Some(Group { range, depth }) = groups.pop() {
        let Some(group) = entries.get_mut(range.clone()) else { continue };
        for entry in group.iter_mut() {
            entry.window = window(entry.key, depth);
        }
        group.sort_unstable_by_key(|entry| entry.window);
        let ties = ties(group, depth);
        groups.extend(
            ties.into_iter().map(|tie| Group {
                range: range.start + tie.range.start..range.start + tie.range.end,
                depth: tie.depth,
            }),
        );
    }
}

#[cfg(test)]
mod tests {
    use bbolt_page::Serial;
    use proptest::prelude::*;

    use super::*;

    fn sorted<'a>(keys: &[&'a [u8]]) -> Vec<&'a [u8]> {
        by_key(keys.len(), |at| Some((keys[at], ())), &Serial).into_iter().map(|(key, ())| key).collect()
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
    fn a_key_sorts_before_what_it_begins() {
        let long = [b'a'; STRIDE + 2];
        let zero = [&long[..STRIDE], b"\0"].concat();
        let keys = [&zero[..], &long[..STRIDE], &long[..STRIDE - 1], b"", &long[..STRIDE + 1], b"\0", &long];
        let expected = [&b""[..], b"\0", &long[..STRIDE - 1], &long[..STRIDE], &zero, &long[..STRIDE + 1], &long];
        assert_eq!(sorted(&keys), expected);
    }
}
