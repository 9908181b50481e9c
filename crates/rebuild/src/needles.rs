//! Byte strings that must not be left in a file, and the search for all of them at once.
//!
//! Of each only hashes are kept, with its length: what is secret is not held to be looked for.

use std::collections::HashSet;
use std::hash::Hasher;

use bbolt_page::Spread;

/// Bytes of the shortest that is looked for: shorter ones are found in any file by chance.
pub const LEAST: usize = 8;
/// Bytes of a window by which a needle is found.
const WINDOW: usize = 8;
/// A window with fewer different bytes is found everywhere.
const LEAST_DIFFERENT: usize = 4;
/// Windows of a needle that are thought of.
const CANDIDATES: usize = 16;
/// Bytes of text that are gone through at a time.
const PIECE: usize = 1 << 20;
/// Slots of the tables by which most windows of a text are ruled out.
const SLOTS: usize = 1 << 16;

/// A byte string that is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Needle {
    /// Of the window by which it is found.
    anchor: u32,
    /// Of another window, at one of its ends.
    check: u32,
    /// Of all of it.
    whole: u64,
    len: u32,
    anchor_at: u32,
    owner: u32,
}

/// Byte strings to look for.
#[derive(Debug)]
pub struct Needles {
    all: Vec<Needle>,
    /// How many needles have an anchor of that slot.
    load: Vec<u16>,
    plain: u64,
}

/// Where a needle was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Whose needle it was: what was said when it was added.
    pub owner: u32,
    /// Offset in the text.
    pub at: usize,
    /// Bytes of the needle.
    pub len: usize,
    /// Which needle it is: equal bytes, equal number.
    pub id: u64,
}

impl Default for Needles {
    fn default() -> Self {
        Self { all: Vec::new(), load: vec![0; SLOTS], plain: 0 }
    }
}

impl Needles {
    /// Adds a byte string under a number that a hit will give back. `false` where it is not looked for: shorter than
    /// [`LEAST`], or of so few different bytes that it would be found in any file.
    pub fn add(&mut self, bytes: &[u8], owner: u32) -> bool {
        let Some(needle) = self.needle(bytes, owner) else {
            self.plain += u64::from(bytes.len() >= LEAST);
            return false;
        };
        if let Some(load) = self.load.get_mut(slot(needle.anchor)) {
            *load = load.saturating_add(1);
        }
        self.all.push(needle);
        true
    }

    /// How many were long enough, and too plain to be looked for.
    #[must_use]
    pub fn plain(&self) -> u64 {
        self.plain
    }

    /// How many are looked for.
    #[must_use]
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether there is nothing to look for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    fn needle(&self, bytes: &[u8], owner: u32) -> Option<Needle> {
        let last = bytes.len().checked_sub(WINDOW)?;
        let step = last.div_ceil(CANDIDATES).max(1);
        let windows = (0..=last).step_by(step).filter_map(|at| Some((at, window(bytes, at)?)));
        let telling = windows.filter(|(_, window)| different(window) >= LEAST_DIFFERENT);
        // the least used, so that no window of a text stands for many needles
        let load = |hash: u32| self.load.get(slot(hash)).copied().unwrap_or(0);
        let (at, anchor) = telling.map(|(at, window)| (at, hash(window))).min_by_key(|(_, hash)| load(*hash))?;
        let check = hash(window(bytes, far(at, last))?);
        let len = u32::try_from(bytes.len()).ok()?;
        Some(Needle { anchor, check, whole: whole(bytes), len, anchor_at: u32::try_from(at).ok()?, owner })
    }

    /// Gives every place of the text where a needle is, in order. Where several were the same, it is the first one's.
    pub fn search(self, text: &[u8], spread: &impl Spread, mut found: impl FnMut(Hit)) {
        let search = self.ready();
        let piece = |number: usize| {
            let from = number.saturating_mul(PIECE);
            let mut hits = Vec::new();
            search.between(text, from, from.saturating_add(PIECE), &mut |hit| hits.push(hit));
            hits
        };
        spread.map_fold(text.len().div_ceil(PIECE), piece, |hits| hits.into_iter().for_each(&mut found));
    }

    /// The same needles, each once, to look for in many texts.
    #[must_use]
    pub fn ready(mut self) -> Search {
        self.all.sort_unstable_by_key(|needle| (needle.whole, needle.len, needle.owner));
        self.all.dedup_by_key(|needle| (needle.whole, needle.len));
        self.all.sort_unstable_by_key(|needle| (needle.anchor, needle.owner));
        let starts = self.starts();
        Search { all: self.all, starts }
    }

    /// Where the needles of each slot begin, one after the other, and where the last end.
    fn starts(&self) -> Vec<u32> {
        let mut starts = vec![0_u32; SLOTS + 1];
        for needle in &self.all {
            if let Some(next) = starts.get_mut(slot(needle.anchor) + 1) {
                *next = next.saturating_add(1);
            }
        }
        let mut sum = 0_u32;
        for start in &mut starts {
            sum = sum.saturating_add(*start);
            *start = sum;
        }
        starts
    }
}

/// Byte strings that are looked for in many texts.
#[derive(Debug)]
pub struct Search {
    all: Vec<Needle>,
    /// Where the needles of each slot begin, and where the last end.
    starts: Vec<u32>,
}

impl Search {
    /// Gives every place of a text where one of them is.
    pub fn find(&self, text: &[u8], mut found: impl FnMut(Hit)) {
        self.between(text, 0, text.len(), &mut found);
    }

    /// Whether a text has one of them in it.
    #[must_use]
    pub fn is_in(&self, text: &[u8]) -> bool {
        let mut is_in = false;
        self.find(text, |_| is_in = true);
        is_in
    }

    /// The same without those of which one was found, by [`Hit::id`].
    #[must_use]
    pub fn without(self, found: &HashSet<u64>) -> Needles {
        let all = self.all.into_iter().filter(|needle| !found.contains(&needle.whole)).collect();
        Needles { all, ..Needles::default() }
    }

    /// Gives the places where the window by which a needle is found begins between two offsets.
    fn between(&self, text: &[u8], from: usize, to: usize, found: &mut dyn FnMut(Hit)) {
        for at in from..to.min(text.len()) {
            let Some(bytes) = window(text, at) else { break };
            self.of_anchor(hash(bytes)).iter().filter_map(|needle| needle.is_at(text, at)).for_each(&mut *found);
        }
    }

    /// The needles that an anchor may be of.
    fn of_anchor(&self, anchor: u32) -> &[Needle] {
        let slot = slot(anchor);
        let (Some(from), Some(to)) = (self.starts.get(slot), self.starts.get(slot.saturating_add(1))) else {
            return &[];
        };
        if from == to {
            return &[];
        }
        let (Ok(from), Ok(to)) = (usize::try_from(*from), usize::try_from(*to)) else { return &[] };
        let of_slot = self.all.get(from..to).unwrap_or_default();
        let from = of_slot.partition_point(|needle| needle.anchor < anchor);
        let to = of_slot.partition_point(|needle| needle.anchor <= anchor);
        of_slot.get(from..to).unwrap_or_default()
    }
}

impl Needle {
    /// Where it begins, if its anchor is at this place of the text.
    fn is_at(&self, text: &[u8], anchor: usize) -> Option<Hit> {
        let (len, anchor_at) = (usize::try_from(self.len).ok()?, usize::try_from(self.anchor_at).ok()?);
        let at = anchor.checked_sub(anchor_at)?;
        let bytes = text.get(at..at.checked_add(len)?)?;
        let check = window(bytes, far(anchor_at, len.checked_sub(WINDOW)?))?;
        let is = hash(check) == self.check && whole(bytes) == self.whole;
        is.then_some(Hit { owner: self.owner, at, len, id: self.whole })
    }
}

/// The end of a needle that is farther from a window.
fn far(at: usize, last: usize) -> usize {
    if at > last / 2 { 0 } else { last }
}

fn window(bytes: &[u8], at: usize) -> Option<[u8; WINDOW]> {
    bytes.get(at..)?.first_chunk().copied()
}

fn different(window: &[u8; WINDOW]) -> usize {
    window.iter().enumerate().filter(|(at, byte)| !window.iter().take(*at).any(|before| before == *byte)).count()
}

/// The high half of a product with an odd number: every byte of the window has a part in it.
fn hash(window: [u8; WINDOW]) -> u32 {
    let mixed = u64::from_le_bytes(window).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    u32::try_from((mixed ^ mixed >> 29) >> 32).unwrap_or(0)
}

fn slot(hash: u32) -> usize {
    usize::try_from(hash >> 16).unwrap_or(0)
}

fn whole(bytes: &[u8]) -> u64 {
    let mut hasher = std::hash::DefaultHasher::new();
    hasher.write(bytes);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use bbolt_page::Serial;

    use super::*;

    fn found(needles: &[&[u8]], text: &[u8]) -> Vec<(u32, usize, usize)> {
        let mut all = Needles::default();
        for (number, needle) in needles.iter().enumerate() {
            all.add(needle, u32::try_from(number).unwrap());
        }
        let mut hits = Vec::new();
        all.search(text, &Serial, |hit| hits.push((hit.owner, hit.at, hit.len)));
        hits
    }

    #[test]
    fn each_is_found_wherever_it_stands() {
        let long: Vec<u8> = (0..5000_u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
        let text = [b"0123456789", &long[..], b"0123456789x", &long[..]].concat();
        let needles: [&[u8]; 4] = [b"0123456789", &long, b"23456789", b"not in it"];
        let hits = found(&needles, &text);
        let expected: [(u32, usize, usize); 6] = [
            (0, 0, 10),
            (2, 2, 8),
            (1, 10, long.len()),
            (0, 10 + long.len(), 10),
            (2, 12 + long.len(), 8),
            (1, 21 + long.len(), long.len()),
        ];
        for hit in expected {
            assert!(hits.contains(&hit), "{hit:?} of {hits:?}");
        }
        assert_eq!(hits.len(), expected.len());
    }

    /// Across the border of two pieces of the text, and the same bytes from two.
    #[test]
    fn a_border_hides_nothing() {
        for shift in 0..40 {
            let mut text = vec![b'.'; PIECE + 100];
            let at = PIECE - shift;
            text[at..at + 20].copy_from_slice(b"a-key-across-borders");
            assert_eq!(found(&[b"a-key-across-borders", b"a-key-across-borders"], &text), [(0, at, 20)], "{shift}");
        }
    }

    #[test]
    fn a_byte_less_is_another() {
        let text = b"/registry/pods/a/web-1, /registry/pods/a/web-11";
        assert_eq!(found(&[b"/registry/pods/a/web-12", b"/registry/pods/a/web-2"], text), []);
        assert_eq!(found(&[b"/registry/pods/a/web-11"], text), [(0, 24, 23)]);
        assert_eq!(found(&[b"/registry/pods/a/web-1"], text), [(0, 0, 22), (0, 24, 22)]);
    }

    #[test]
    fn what_is_in_any_file_is_not_looked_for() {
        let mut needles = Needles::default();
        assert!(!needles.add(b"short", 0) && !needles.add(&[0; 100], 0) && !needles.add(b"abababababab", 0));
        assert!(needles.add(b"password", 0) && needles.add(&[&[0; 100][..], b"secret"].concat(), 0));
        assert_eq!((needles.plain(), needles.len(), needles.is_empty()), (2, 2, false));
    }
}
