//! Sorting many long keys that share long prefixes, without copying them.

/// How many key bytes one comparison covers.
const STRIDE: usize = 15;

struct Entry<'a, T> {
    /// The next `STRIDE` key bytes, zero-padded, and behind them how many of the key's bytes they cover (one more than
    /// `STRIDE` where the key goes on). Integers of this make order exactly as the bytes do.
    window: u128,
    key: &'a [u8],
    item: T,
}

fn window(key: &[u8], depth: usize) -> u128 {
    let rest = key.get(depth..).unwrap_or_default();
    let mut bytes = [0_u8; 16];
    for (to, from) in bytes.iter_mut().zip(rest.iter().take(STRIDE)) {
        *to = *from;
    }
    let covered = u8::try_from(rest.len().min(STRIDE + 1)).unwrap_or(0);
    if let Some(last) = bytes.last_mut() {
        *last = covered;
    }
    u128::from_be_bytes(bytes)
}

/// Sorts items by their keys, in byte order.
///
/// A comparison sort would fetch both keys from all over the file for each comparison; this one fetches fifteen
/// bytes of each key at a time and compares integers. Equal keys keep no particular order.
pub(crate) fn by_key<'a, T>(items: impl IntoIterator<Item = (&'a [u8], T)>) -> Vec<(&'a [u8], T)> {
    let mut entries: Vec<_> =
        items.into_iter().map(|(key, item)| Entry { window: window(key, 0), key, item }).collect();
    let mut groups = vec![(0, entries.len(), 0)];
    while let Some((start, end, depth)) = groups.pop() {
        let Some(group) = entries.get_mut(start..end) else { continue };
        group.sort_unstable_by_key(|entry| entry.window);
        let mut from = 0;
        for same in group.chunk_by_mut(|a, b| a.window == b.window) {
            let goes_on = same.first().is_some_and(|entry| entry.key.len() > depth + STRIDE);
            if same.len() > 1 && goes_on {
                for entry in same.iter_mut() {
                    entry.window = window(entry.key, depth + STRIDE);
                }
                groups.push((start + from, start + from + same.len(), depth + STRIDE));
            }
            from += same.len();
        }
    }
    entries.into_iter().map(|entry| (entry.key, entry.item)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn sorts_as_slices_do(keys in proptest::collection::vec(proptest::collection::vec(0_u8..3, 0..50), 0..60)) {
            let sorted: Vec<_> = by_key(keys.iter().map(|key| (key.as_slice(), ()))).into_iter().map(|(k, ())| k).collect();
            let mut expected: Vec<_> = keys.iter().map(Vec::as_slice).collect();
            expected.sort();
            prop_assert_eq!(sorted, expected);
        }
    }

    #[test]
    fn a_key_sorts_before_what_it_begins() {
        let keys = [&b"aaaaaaa\0"[..], b"aaaaaaa", b"aaaaaa", b"", b"aaaaaaaa", b"\0"];
        let sorted: Vec<_> = by_key(keys.map(|key| (key, ()))).into_iter().map(|(key, ())| key).collect();
        assert_eq!(sorted, [&b""[..], b"\0", b"aaaaaa", b"aaaaaaa", b"aaaaaaa\0", b"aaaaaaaa"]);
    }
}
