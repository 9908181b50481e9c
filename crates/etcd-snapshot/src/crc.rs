//! CRC-32C of pieces that were summed apart.

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

    /// The CRC of these bytes with those of `next` behind them.
    pub(crate) fn then(self, next: Self) -> Self {
        if next.len == 0 {
            return self;
        }
        Self { sum: crc32c::crc32c_combine(self.sum, next.sum, next.len), len: self.len.saturating_add(next.len) }
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
    fn pieces_sum_up_to_the_whole() {
        let whole = Crc::of(b"123456789");
        for at in 0..=9 {
            let (head, tail) = b"123456789".split_at(at);
            assert_eq!(Crc::of(head).then(Crc::of(tail)), whole, "cut at {at}");
        }
    }
}
