//! CRC-32C of pieces that were summed apart.
//!
//! Summing is the `crc32c` crate's. Joining two sums is done here: the crate's way takes 30 microseconds, this one
//! takes one, and a large snapshot is joined from thousands of pieces.

use bbolt_page::LeafElement;

/// The polynomial, bits reflected.
const POLYNOMIAL: u32 = 0x82f6_3b78;
/// The polynomial 1, bits reflected.
const ONE: u32 = 1 << 31;

/// The product of two polynomials, modulo the CRC's.
const fn multiply(a: u32, mut b: u32) -> u32 {
    let mut product = 0;
    let mut bit = ONE;
    while bit != 0 {
        if a & bit != 0 {
            product ^= b;
        }
        bit >>= 1;
        b = if b & 1 == 1 { (b >> 1) ^ POLYNOMIAL } else { b >> 1 };
    }
    product
}

/// `x` to the power of 8.
const BYTE: u32 = ONE >> 8;

/// `x` to the power of 8 for as many bytes as a digit of a length counts, to the base of 256.
static POWERS: [[u32; 256]; size_of::<usize>()] = powers();

#[expect(clippy::indexing_slicing, reason = "the compiler runs it, once, and would see it fail")]
const fn powers() -> [[u32; 256]; size_of::<usize>()] {
    let mut powers = [[ONE; 256]; size_of::<usize>()];
    let (mut place, mut step) = (0, BYTE);
    while place < powers.len() {
        let mut digit = 1;
        while digit < 256 {
            powers[place][digit] = multiply(step, powers[place][digit - 1]);
            digit += 1;
        }
        step = multiply(step, powers[place][255]);
        place += 1;
    }
    powers
}

/// `x` to the power of 8 for each byte in `len`: what a CRC is multiplied by when so many bytes follow.
fn shift(len: usize) -> u32 {
    let digits = len.to_le_bytes().into_iter().zip(&POWERS).filter(|(digit, _)| *digit != 0);
    let powers = digits.filter_map(|(digit, powers)| powers.get(usize::from(digit)));
    powers.fold(ONE, |product, power| if product == ONE { *power } else { multiply(*power, product) })
}

/// The CRC-32C of some bytes, and how many they were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Crc {
    pub(crate) sum: u32,
    pub(crate) len: usize,
}

impl Crc {
    pub(crate) fn of(bytes: &[u8]) -> Self {
        let mut crc = Self::default();
        crc.update(bytes);
        crc
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.sum = crc32c::crc32c_append(self.sum, bytes);
        self.len = self.len.saturating_add(bytes.len());
    }

    /// Adds what the status hash takes of an element: key and value, of a bucket the name alone.
    pub(crate) fn add_element(&mut self, element: &LeafElement<'_>) {
        self.update(element.key);
        if !element.is_bucket() {
            self.update(element.value);
        }
    }

    /// The CRC of these bytes with those of `next` behind them.
    pub(crate) fn then(self, next: Self) -> Self {
        self.then_part(0, next)
    }

    /// The CRC of these bytes with the last `part.len` of others behind them; of those others, all have the CRC `part.sum`,
    /// and those before that part `head`.
    pub(crate) fn then_part(self, head: u32, part: Self) -> Self {
        if part.len == 0 {
            return self;
        }
        let sum = multiply(shift(part.len), self.sum ^ head) ^ part.sum;
        Self { sum, len: self.len.saturating_add(part.len) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_value_of_the_polynomial() {
        assert_eq!(Crc::of(b"123456789").sum, 0xe306_9283);
    }

    #[test]
    fn joins_as_the_library_does() {
        for len in [1, 2, 63, 64, 65, 4096, 1_000_003] {
            let (head, tail) = (Crc::of(b"head"), Crc::of(&vec![0xa5; len]));
            assert_eq!(head.then(tail).sum, crc32c::crc32c_combine(head.sum, tail.sum, len), "{len}");
        }
    }

    #[test]
    fn pieces_sum_up_to_the_whole() {
        let whole = Crc::of(b"123456789");
        for at in 0..=9 {
            let (head, tail) = b"123456789".split_at(at);
            assert_eq!(Crc::of(head).then(Crc::of(tail)), whole, "cut at {at}");
        }
    }
}
