//! The CRC of bucket `key` without some of its elements, from one reading of it.

use crate::crc::Crc;

/// Elements whose sums are kept, 12 bytes each; of a file that has more, the elements are read again.
const MOST: usize = 1 << 22;

/// Where an element ends in the CRC of its piece.
#[derive(Clone, Copy, Debug)]
pub(crate) struct End {
    /// CRC of the piece up to here.
    sum: u32,
    /// Bytes of this element.
    len: u32,
}

/// The sums of a piece's elements, in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ends(Vec<End>);

impl Ends {
    /// Adds the element whose bytes have just been added to `crc`; before, that was `from` bytes long.
    pub(crate) fn push(&mut self, crc: Crc, from: usize) {
        let len = u32::try_from(crc.len.saturating_sub(from)).unwrap_or(u32::MAX);
        self.0.push(End { sum: crc.sum, len });
    }
}

/// The sums of all elements, which of them do not count, and the number of each key's last one.
#[derive(Debug, Default)]
pub(crate) struct Sums {
    pieces: Vec<Box<[End]>>,
    /// How many elements the pieces have, the last one left out.
    before: usize,
    /// A bit for each element that does not count.
    left_out: Vec<u64>,
    /// Element by slot.
    newest: Vec<u32>,
}

impl Sums {
    /// Makes room for so many keys, or as many of them as are kept.
    pub(crate) fn for_keys(keys: u64) -> Self {
        let keys = usize::try_from(keys).unwrap_or(MOST).min(MOST);
        Self { newest: Vec::with_capacity(keys), ..Self::default() }
    }

    /// Takes the elements of the next piece; `false` where there are more than are kept.
    pub(crate) fn start(&mut self, Ends(piece): Ends) -> bool {
        self.before += self.pieces.last().map_or(0, |last| last.len());
        let all = self.before + piece.len();
        self.left_out.resize(all.div_ceil(64), 0);
        self.pieces.push(piece.into_boxed_slice());
        all <= MOST
    }

    /// Leaves out an element of the last piece.
    pub(crate) fn leave_out(&mut self, at: usize) {
        self.set(self.before + at);
    }

    /// Makes an element of the last piece the newest one of the key that has this slot, and leaves out the one before it
    /// where that does not count any more.
    pub(crate) fn supersede(&mut self, slot: u32, at: usize, counts_still: bool) {
        let Ok(slot) = usize::try_from(slot) else { return };
        let number = self.before + at;
        let new = u32::try_from(number).unwrap_or(u32::MAX);
        match self.newest.get_mut(slot) {
            Some(newest) => {
                let before = std::mem::replace(newest, new);
                if !counts_still && let Ok(before) = usize::try_from(before) {
                    self.set(before);
                }
            }
            None => self.newest.push(new),
        }
    }

    fn set(&mut self, number: usize) {
        if let Some(word) = self.left_out.get_mut(number / 64) {
            *word |= 1 << (number % 64);
        }
    }

    /// The CRC of the elements that count.
    pub(crate) fn sum(&self) -> Crc {
        let mut sum = Crc::default();
        let mut number = 0;
        for piece in &self.pieces {
            // what of this piece comes before the run of elements that count, where that ends, and its length
            let (mut head, mut end, mut len) = (0, 0, 0_usize);
            for element in piece {
                if self.left_out.get(number / 64).is_some_and(|word| word >> (number % 64) & 1 == 1) {
                    sum = sum.then_part(head, Crc { sum: end, len });
                    (head, len) = (element.sum, 0);
                } else {
                    len = len.saturating_add(usize::try_from(element.len).unwrap_or(usize::MAX));
                }
                end = element.sum;
                number += 1;
            }
            sum = sum.then_part(head, Crc { sum: end, len });
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ELEMENTS: [&[u8]; 7] = [b"one", b"", b"three", b"four", b"a", b"six six six", b"7"];

    /// Whatever is left out, the sum is that of the rest, wherever pieces end.
    #[test]
    fn it_is_the_sum_of_what_counts() {
        for (at, left_out) in (0..=ELEMENTS.len()).flat_map(|at| (0..1_u32 << ELEMENTS.len()).map(move |set| (at, set)))
        {
            let is_out = |number: usize| left_out >> number & 1 == 1;
            let mut sums = Sums::default();
            let (first, second) = ELEMENTS.split_at(at);
            let mut base = 0;
            for part in [first, second] {
                let (mut crc, mut ends) = (Crc::default(), Ends::default());
                for element in part {
                    let from = crc.len;
                    crc.update(element);
                    ends.push(crc, from);
                }
                assert!(sums.start(ends));
                (0..part.len()).filter(|at| is_out(base + at)).for_each(|at| sums.leave_out(at));
                base += part.len();
            }
            let kept = ELEMENTS.iter().enumerate().filter(|(number, _)| !is_out(*number));
            let expected = Crc::of(&kept.flat_map(|(_, element)| *element).copied().collect::<Vec<_>>());
            assert_eq!(sums.sum(), expected, "two pieces, cut at {at}, without {left_out:b}");
        }
    }

    #[test]
    fn the_newest_of_a_key_takes_the_place_of_the_one_before() {
        let (mut crc, mut ends) = (Crc::default(), Ends::default());
        for element in [b"aaa", b"bbb", b"AAA", b"BBB"] {
            let from = crc.len;
            crc.update(element);
            ends.push(crc, from);
        }
        let mut sums = Sums::default();
        assert!(sums.start(ends));
        for (at, slot, counts_still) in [(0, 0, false), (1, 1, false), (2, 0, false), (3, 1, true)] {
            sums.supersede(slot, at, counts_still);
        }
        assert_eq!(sums.sum(), Crc::of(b"bbbAAABBB"));
    }
}
