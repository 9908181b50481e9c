//! Looks for the bytes of keys in what must hold none: as they are, in base64, in hexadecimal digits.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

use crate::config::EncryptionConfig;

/// A key shorter than this is in many files by chance; no provider takes one.
const SHORTEST: usize = 8;
/// A key of fewer different bytes than this (zeros, say) is in every file.
const LEAST_VARIETY: usize = 4;

/// Looks for keys in bytes that go by, piece after piece. No `Debug`: it holds the keys, and wipes them when dropped.
///
/// A key is found as it is; in base64, standard or URL-safe, wherever it begins within a group of three bytes, alone or as a
/// part of something longer; as the base64 text of a configuration, encoded once more; in hexadecimal digits of one case. In
/// text, white space and colons between digits do not hide it. A key of fewer than 8 bytes, or of fewer than 4 different ones,
/// is not looked for.
#[derive(Default)]
pub struct Finder {
    names: Vec<String>,
    plain: Matcher,
    text: Matcher,
}

/// A key that was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found<'f> {
    /// Its name.
    pub key: &'f str,
    /// In which form: `as it is`, `in base64`, `in base64 twice`, `in hexadecimal digits`.
    pub form: &'static str,
    /// Where it begins, in bytes from the beginning of what went by.
    pub offset: u64,
}

impl Finder {
    /// For every key of these configurations.
    pub fn of<'c>(configs: impl IntoIterator<Item = &'c EncryptionConfig>) -> Self {
        let mut finder = Self::default();
        for (_, key) in configs.into_iter().flat_map(EncryptionConfig::keys) {
            let Some(bytes) = key.opening_bytes().filter(|bytes| is_telling(bytes)) else { continue };
            let owner = finder.names.len();
            finder.names.push(key.name().to_owned());
            finder.plain.add(bytes, owner, "as it is");
            let text = Zeroizing::new(STANDARD.encode(bytes));
            finder.text.add_base64(bytes, owner, "in base64");
            finder.text.add_base64(text.trim_end_matches('=').as_bytes(), owner, "in base64 twice");
            for upper in [false, true] {
                finder.text.add(&hex(bytes, upper), owner, "in hexadecimal digits");
            }
        }
        finder.plain.put_in_order();
        finder.text.put_in_order();
        finder
    }

    /// Whether there is nothing to look for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Looks at the bytes that follow those before; tells the first key that ends in them.
    pub fn look(&mut self, bytes: &[u8]) -> Option<Found<'_>> {
        if self.names.is_empty() {
            return None;
        }
        let plain = self.plain.look(bytes, |_| true);
        let text = self.text.look(bytes, |byte| !matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b':'));
        let (owner, form, offset) = plain.or(text)?;
        Some(Found { key: self.names.get(owner)?, form, offset })
    }

    /// Begins anew, with other bytes.
    pub fn restart(&mut self) {
        self.plain.restart();
        self.text.restart();
    }
}

fn is_telling(bytes: &[u8]) -> bool {
    let mut seen = [false; 256];
    for byte in bytes {
        if let Some(seen) = seen.get_mut(usize::from(*byte)) {
            *seen = true;
        }
    }
    bytes.len() >= SHORTEST && seen.iter().filter(|seen| **seen).count() >= LEAST_VARIETY
}

fn hex(bytes: &[u8], upper: bool) -> Zeroizing<Vec<u8>> {
    let digits: &[u8; 16] = if upper { b"0123456789ABCDEF" } else { b"0123456789abcdef" };
    let digit = |value: u8| digits.get(usize::from(value)).copied().unwrap_or_default();
    Zeroizing::new(bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect())
}

struct Needle {
    bytes: Zeroizing<Vec<u8>>,
    owner: usize,
    form: &'static str,
}

/// Many needles in one pass, whatever their number and whatever they have in common: a bit for the first four bytes of each
/// tells where to look closer, and there the one that could be it is found by halving.
struct Matcher {
    /// Once all are there: in the order of their bytes, and none begins with another.
    needles: Vec<Needle>,
    begins: Vec<u64>,
    longest: usize,
    /// The end of what went by, shorter than the longest needle, and where each of its bytes stood.
    window: Zeroizing<Vec<u8>>,
    offsets: Vec<u64>,
    seen: u64,
}

impl Default for Matcher {
    fn default() -> Self {
        Self {
            needles: Vec::new(),
            begins: vec![0; 1 << 10],
            longest: 0,
            window: Zeroizing::new(Vec::new()),
            offsets: Vec::new(),
            seen: 0,
        }
    }
}

/// A number below 65 536 for four bytes.
fn slot(bytes: &[u8]) -> Option<usize> {
    let four = <[u8; 4]>::try_from(bytes.get(..4)?).ok()?;
    usize::try_from(u32::from_le_bytes(four).wrapping_mul(0x9e37_79b1) >> 16).ok()
}

impl Matcher {
    fn add(&mut self, bytes: &[u8], owner: usize, form: &'static str) {
        let Some(slot) = slot(bytes) else { return };
        if let Some(word) = self.begins.get_mut(slot / 64) {
            *word |= 1 << (slot % 64);
        }
        self.longest = self.longest.max(bytes.len());
        self.needles.push(Needle { bytes: Zeroizing::new(bytes.to_vec()), owner, form });
    }

    /// What bytes become in base64 wherever they begin: the digits that no neighbour has a part in.
    fn add_base64(&mut self, bytes: &[u8], owner: usize, form: &'static str) {
        for (before, begin) in [(0, 0), (1, 2), (2, 3)] {
            let mut whole = Zeroizing::new(vec![0; before]);
            whole.extend_from_slice(bytes);
            let end = whole.len().saturating_mul(8) / 6;
            for engine in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
                let digits = Zeroizing::new(engine.encode(&*whole));
                self.add(digits.as_bytes().get(begin..end).unwrap_or_default(), owner, form);
            }
        }
    }

    /// To be called when all needles are there. Of two that begin alike to the end of one, that one is found wherever the
    /// other is.
    fn put_in_order(&mut self) {
        // stable: of equal ones the first that was added stays
        self.needles.sort_by(|one, other| one.bytes.cmp(&other.bytes));
        self.needles.dedup_by(|later, kept| later.bytes.starts_with(&kept.bytes));
    }

    fn restart(&mut self) {
        self.window = Zeroizing::new(Vec::new());
        self.offsets.clear();
        self.seen = 0;
    }

    /// Looks at more bytes, of which those count that `counts` says; owner, form and offset of a needle that is in them.
    fn look(&mut self, bytes: &[u8], counts: impl Fn(u8) -> bool) -> Option<(usize, &'static str, u64)> {
        // one allocation that never grows: growing would leave copies behind
        let mut window = Zeroizing::new(Vec::with_capacity(self.window.len() + bytes.len()));
        window.extend_from_slice(&self.window);
        for (at, byte) in (self.seen..).zip(bytes) {
            if counts(*byte) {
                window.push(*byte);
                self.offsets.push(at);
            }
        }
        self.seen = self.seen.saturating_add(bytes.len() as u64);
        let found = self.search(&window);
        let keep = self.longest.saturating_sub(1).min(window.len());
        let gone = window.len() - keep;
        let tail = window.split_off(gone);
        self.offsets.drain(..gone);
        self.window = Zeroizing::new(tail);
        found
    }

    fn search(&self, window: &[u8]) -> Option<(usize, &'static str, u64)> {
        window.windows(4).enumerate().find_map(|(at, four)| {
            let slot = slot(four)?;
            if self.begins.get(slot / 64)? >> (slot % 64) & 1 == 0 {
                return None;
            }
            let rest = window.get(at..)?;
            // what is a beginning of `rest` does not come after it, and nothing stands between them
            let after = self.needles.partition_point(|needle| needle.bytes.as_slice() <= rest);
            let needle = self.needles.get(after.checked_sub(1)?).filter(|needle| rest.starts_with(&needle.bytes))?;
            Some((needle.owner, needle.form, *self.offsets.get(at)?))
        })
    }
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::URL_SAFE;

    use super::*;

    fn config(secret: &str) -> EncryptionConfig {
        let json = format!(
            r#"{{"kind":"EncryptionConfiguration","apiVersion":"apiserver.config.k8s.io/v1","resources":[{{"resources":["secrets"],
            "providers":[{{"aescbc":{{"keys":[{{"name":"7","secret":"{secret}"}}]}}}}]}}]}}"#
        );
        EncryptionConfig::parse(json.as_bytes()).unwrap()
    }

    /// Bytes of every kind, so that the two alphabets of base64 differ.
    fn key(len: u8) -> Vec<u8> {
        (0..len).map(|n| n.wrapping_mul(151).wrapping_add(251)).collect()
    }

    fn finder(key: &[u8]) -> Finder {
        Finder::of([&config(&STANDARD.encode(key))])
    }

    fn found(finder: &mut Finder, hay: &[u8], piece: usize) -> Option<(String, &'static str, u64)> {
        finder.restart();
        let mut pieces = hay.chunks(piece);
        pieces.find_map(|piece| finder.look(piece).map(|found| (found.key.to_owned(), found.form, found.offset)))
    }

    #[test]
    fn every_form_in_every_alignment_wherever_it_is_cut() {
        for len in [16, 24, 32] {
            let key = key(len);
            let mut finder = finder(&key);
            let around = |before: usize| [&b"ab\x01"[..before], &key, b"\xfe\x02"].concat();
            let mut hays = vec![
                (key.clone(), "as it is"),
                (hex(&key, false).to_vec(), "in hexadecimal digits"),
                (hex(&key, true).to_vec(), "in hexadecimal digits"),
                (STANDARD.encode(STANDARD.encode(&key)).into_bytes(), "in base64 twice"),
                (STANDARD.encode(format!(" secret: {}\n", STANDARD.encode(&key))).into_bytes(), "in base64 twice"),
            ];
            for before in 0..3 {
                hays.push((STANDARD.encode(around(before)).into_bytes(), "in base64"));
                hays.push((URL_SAFE.encode(around(before)).into_bytes(), "in base64"));
            }
            for (hay, form) in &hays {
                let whole = [&b"x: \"\0\0"[..], hay, b"\"\n"].concat();
                for piece in [1, 7, 64, 4096] {
                    let (name, told, offset) = found(&mut finder, &whole, piece).unwrap();
                    assert_eq!((name.as_str(), told), ("7", *form));
                    assert!((6..24).contains(&offset), "{offset}");
                }
                // all but the last byte of the key is not the key
                let cut = &whole[..whole.len().saturating_sub(12)];
                assert!(len == 16 || found(&mut finder, cut, 64).is_none() || *form != "as it is");
            }
            // text broken into lines, and digits in pairs
            let text = hays.last().unwrap().0.chunks(10).collect::<Vec<_>>().join(&b"\r\n  "[..]);
            assert!(found(&mut finder, &text, 5).is_some());
            let pairs = hex(&key, true).chunks(2).collect::<Vec<_>>().join(&b':');
            assert!(found(&mut finder, &pairs, 5).is_some());
        }
    }

    #[test]
    fn what_is_not_the_key_is_not_found() {
        let key = key(32);
        let mut finder = finder(&key);
        let mut other = key.clone();
        other[31] ^= 1;
        for hay in
            [other.clone(), hex(&other, false).to_vec(), key[..31].to_vec(), STANDARD.encode(&key[..30]).into_bytes()]
        {
            assert_eq!(found(&mut finder, &hay, 64), None);
        }
        // halves that do not meet
        finder.restart();
        assert!(finder.look(&key[..16]).is_none());
        finder.restart();
        assert!(finder.look(&key[16..]).is_none());
        // what is everywhere is no key to look for
        for bytes in [vec![0; 32], [[1, 2, 3].repeat(10), vec![1, 2]].concat(), vec![1, 2, 3, 4]] {
            assert!(Finder::of([&config(&STANDARD.encode(bytes))]).is_empty());
        }
        assert!(Finder::default().look(&key).is_none());
    }

    proptest::proptest! {
        /// Where bytes are cut makes no difference, and what is there is found.
        #[test]
        fn found_wherever_it_lies(
            key in proptest::collection::vec(proptest::num::u8::ANY, 32),
            around in proptest::collection::vec(proptest::num::u8::ANY, 0..200),
            piece in 1..100_usize,
        ) {
            let mut finder = finder(&key);
            proptest::prop_assert!(found(&mut finder, &around, piece).is_none());
            for form in [key.clone(), STANDARD.encode(&key).into_bytes(), hex(&key, true).to_vec()] {
                let hidden = [&around[..], &form, &around].concat();
                let at = found(&mut finder, &hidden, piece).unwrap().2;
                proptest::prop_assert_eq!(at, around.len() as u64);
            }
        }
    }

    /// Thousands of keys that all begin alike, in bytes that are full of that beginning: a search through all of them at
    /// each place took minutes.
    #[test]
    fn many_keys_that_begin_alike_are_found_each() {
        let keys: Vec<Vec<u8>> =
            (0..800_u64).map(|number| [&b"abcdefgh".repeat(3)[..], &(number << 8).to_be_bytes()].concat()).collect();
        let listed: Vec<String> = keys
            .iter()
            .enumerate()
            .map(|(at, key)| format!(r#"{{"name":"{at}","secret":"{}"}}"#, STANDARD.encode(key)))
            .collect();
        let json = format!(
            r#"{{"kind":"EncryptionConfiguration","apiVersion":"apiserver.config.k8s.io/v1","resources":[{{"resources":["secrets"],
            "providers":[{{"aescbc":{{"keys":[{}]}}}}]}}]}}"#,
            listed.join(",")
        );
        let mut finder = Finder::of([&EncryptionConfig::parse(json.as_bytes()).unwrap()]);
        let noise = b"abcdefgh".repeat(20_000);
        assert!(finder.look(&noise).is_none());
        for at in [0, 1, 399, 798, 799] {
            for hay in [keys[at].clone(), STANDARD.encode(&keys[at]).into_bytes()] {
                finder.restart();
                let whole = [&noise[..8000], b"!", &hay, &noise[..64]].concat();
                assert_eq!(finder.look(&whole).unwrap().key, at.to_string());
            }
        }
        assert!(finder.plain.needles.is_sorted_by(|one, other| !other.bytes.starts_with(&one.bytes)));
    }
}
