//! Numbers of a page: a line never breaks inside one.

use wording::{Size, group_digits, noun_of};

/// Thousands held apart by a blank: `1 077 239`.
pub(super) fn grouped(number: i64) -> String {
    unbroken(&group_digits(number))
}

/// A size in the unit that fits: `34.8 MiB`.
pub(super) fn size(bytes: i64) -> String {
    match u64::try_from(bytes) {
        Ok(bytes) => unbroken(&Size(bytes).to_string()),
        Err(_) => unbroken(&format!("{bytes} B")),
    }
}

/// `1 key`, `2 keys`; a line may break before the noun.
pub(super) fn count(number: i64, noun: &str) -> String {
    format!("{} {}", grouped(number), noun_of(number, noun))
}

fn unbroken(text: &str) -> String {
    text.replace(' ', "\u{a0}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_together() {
        assert_eq!(grouped(-1_234_567), "-1\u{a0}234\u{a0}567");
        for (bytes, expected) in
            [(-5, "-5\u{a0}B"), (1023, "1023\u{a0}B"), (1536, "1.5\u{a0}KiB"), (i64::MAX, "7.9\u{a0}EiB")]
        {
            assert_eq!(size(bytes), expected);
        }
        assert_eq!(count(1, "key"), "1 key");
        assert_eq!(count(1288, "more key"), "1\u{a0}288 more keys");
    }
}
