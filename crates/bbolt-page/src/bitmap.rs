//! One bit per page.

use crate::page::Pgid;

/// A set of page ids below a fixed limit.
#[derive(Clone, Debug)]
pub(crate) struct Bitmap {
    words: Vec<u64>,
    limit: u64,
}

impl Bitmap {
    /// An empty set for ids below `limit`, which the caller has bounded by the length of the file.
    pub(crate) fn new(limit: u64) -> Self {
        let words = usize::try_from(limit.div_ceil(64)).unwrap_or(0);
        Self { words: vec![0; words], limit }
    }

    /// Adds `id`; false where it was there already or lies beyond the limit.
    pub(crate) fn insert(&mut self, id: Pgid) -> bool {
        let Some((word, bit)) = self.place(id) else { return false };
        let Some(word) = self.words.get_mut(word) else { return false };
        let fresh = *word & bit == 0;
        *word |= bit;
        fresh
    }

    pub(crate) fn contains(&self, id: Pgid) -> bool {
        self.place(id).and_then(|(word, bit)| self.words.get(word).map(|w| w & bit != 0)).unwrap_or(false)
    }

    fn place(&self, id: Pgid) -> Option<(usize, u64)> {
        if id.0 >= self.limit {
            return None;
        }
        Some((usize::try_from(id.0 / 64).ok()?, 1 << (id.0 % 64)))
    }

    /// How many ids are in the set.
    pub(crate) fn len(&self) -> u64 {
        self.words.iter().map(|w| u64::from(w.count_ones())).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn insert_tells_what_is_new() {
        let mut set = Bitmap::new(130);
        assert!(set.insert(Pgid(129)));
        assert!(!set.insert(Pgid(129)));
        assert!(!set.insert(Pgid(130)), "beyond the limit");
        assert!(set.contains(Pgid(129)) && !set.contains(Pgid(128)) && !set.contains(Pgid(u64::MAX)));
        assert_eq!(set.len(), 1);
    }
}
