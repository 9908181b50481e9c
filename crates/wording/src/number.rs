//! Numbers as people read them: counts with their noun, sizes.

use std::borrow::Cow;
use std::fmt;

/// A size for people: `0 B`, `1023 B`, `1.5 KiB`, `34.8 MiB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size(
    /// Bytes.
    pub u64,
);

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
        if self.0 < 1024 {
            return write!(f, "{} B", self.0);
        }
        let mut tenths = u128::from(self.0) * 10 / 1024;
        let mut unit = "KiB";
        for next in UNITS.iter().skip(1) {
            if tenths < 10_240 {
                break;
            }
            tenths /= 1024;
            unit = next;
        }
        write!(f, "{}.{} {unit}", tenths / 10, tenths % 10)
    }
}

impl Size {
    /// The size with its exact count of bytes: `1.5 KiB (1536 B)`.
    #[must_use]
    pub fn exact(self) -> String {
        if self.0 < 1024 { self.to_string() } else { format!("{self} ({} B)", group_digits(self.0)) }
    }
}

/// Thousands held apart by a blank: `1 077 239 840`, `-1 234`.
#[must_use]
pub fn group_digits(number: impl Into<i128>) -> String {
    let number = number.into();
    let digits = number.unsigned_abs().to_string();
    let mut grouped = String::with_capacity(digits.len() * 4 / 3 + 2);
    if number < 0 {
        grouped.push('-');
    }
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(' ');
        }
        grouped.push(digit);
    }
    grouped
}

/// `1 key`, `2 keys`, `1 288 keys`: a count with its noun, whose plural is regular.
#[must_use]
pub fn count(number: impl Into<i128>, noun: &str) -> String {
    let number = number.into();
    format!("{} {}", group_digits(number), noun_of(number, noun))
}

/// `key` or `keys`: the noun of a count, whose plural is regular.
#[must_use]
pub fn noun_of(number: impl Into<i128>, noun: &str) -> Cow<'_, str> {
    if number.into() == 1 { Cow::Borrowed(noun) } else { Cow::Owned(format!("{noun}s")) }
}

/// `1 entry`, `1288 entries`: a count with its noun and no blank in its digits, as findings have it.
#[must_use]
pub fn number_of(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_iec() {
        for (bytes, shown) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (1536, "1.5 KiB"),
            (1024 * 1024 - 1, "1023.9 KiB"),
            (1024 * 1024, "1.0 MiB"),
            (1_077_239_840, "1.0 GiB"),
            (u64::MAX, "15.9 EiB"),
        ] {
            assert_eq!(Size(bytes).to_string(), shown);
        }
        assert_eq!(Size(12).exact(), "12 B");
        assert_eq!(Size(1_077_239_840).exact(), "1.0 GiB (1 077 239 840 B)");
    }

    #[test]
    fn counts_carry_their_noun() {
        for (number, shown) in [(1, "1 key"), (0, "0 keys"), (1288, "1 288 keys"), (-1234, "-1 234 keys")] {
            assert_eq!(count(number, "key"), shown);
        }
        assert_eq!(count(u64::MAX, "key"), "18 446 744 073 709 551 615 keys");
        assert_eq!(count(i64::MIN, "key"), "-9 223 372 036 854 775 808 keys");
        assert_eq!(number_of(1, "entry", "entries"), "1 entry");
        assert_eq!(number_of(1288, "entry", "entries"), "1288 entries");
    }
}
