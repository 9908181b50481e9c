//! Amounts as Kubernetes writes them: `500m`, `1Gi`, `2`.

/// An amount, in thousand-millionths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Quantity(i128);

/// Thousand-millionths of one.
const ONE: i128 = 1_000_000_000;

impl Quantity {
    /// Reads an amount; none where the text is none, or more than can be counted.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (sign, rest) = match text.strip_prefix('-') {
            Some(rest) => (-1, rest),
            None => (1, text.strip_prefix('+').unwrap_or(text)),
        };
        let end = rest.find(|c: char| c != '.' && !c.is_ascii_digit()).unwrap_or(rest.len());
        let (number, suffix) = rest.split_at_checked(end)?;
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if whole.len() + fraction.len() == 0 || fraction.contains('.') {
            return None;
        }
        let digits = |text: &str| if text.is_empty() { Some(0) } else { text.parse::<i128>().ok() };
        // what is smaller than a thousand-millionth does not count
        let fraction = fraction.get(..9).unwrap_or(fraction);
        let parts = digits(fraction)?.checked_mul(10_i128.checked_pow(u32::try_from(9 - fraction.len()).ok()?)?)?;
        let value = digits(whole)?.checked_mul(ONE)?.checked_add(parts)?;
        let (times, by) = scale(suffix)?;
        Some(Self(sign * (value.checked_mul(times)? / by)))
    }
}

/// What a suffix multiplies by, and divides by.
fn scale(suffix: &str) -> Option<(i128, i128)> {
    let binary = |power: u32| Some((1_i128 << (10 * power), 1));
    match suffix {
        "" => Some((1, 1)),
        "n" => Some((1, 1_000_000_000)),
        "u" => Some((1, 1_000_000)),
        "m" => Some((1, 1000)),
        "k" => Some((1000, 1)),
        "M" => Some((1_000_000, 1)),
        "G" => Some((1_000_000_000, 1)),
        "T" => Some((1_000_000_000_000, 1)),
        "P" => Some((1_000_000_000_000_000, 1)),
        "E" => Some((1_000_000_000_000_000_000, 1)),
        "Ki" => binary(1),
        "Mi" => binary(2),
        "Gi" => binary(3),
        "Ti" => binary(4),
        "Pi" => binary(5),
        "Ei" => binary(6),
        exponent => {
            let power: i32 = exponent.strip_prefix(['e', 'E'])?.parse().ok()?;
            let scale = 10_i128.checked_pow(power.unsigned_abs())?;
            Some(if power < 0 { (1, scale) } else { (scale, 1) })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_as_kubernetes_writes_them() {
        for (text, nanos) in [
            ("1", 1_000_000_000_i128),
            ("500m", 500_000_000),
            ("1.5", 1_500_000_000),
            (".5", 500_000_000),
            ("1Ki", 1024 * ONE),
            ("1e3", 1000 * ONE),
            ("-2k", -2000 * ONE),
            ("8Ei", (8_i128 << 60) * ONE),
        ] {
            assert_eq!(Quantity::parse(text), Some(Quantity(nanos)), "{text}");
        }
        for text in ["", "m", "1x", "1.2.3", "w1", "1e", "1e99", "99999999999999999999999999999999999999", "."] {
            assert_eq!(Quantity::parse(text), None, "{text}");
        }
    }
}
