//! Whether text may stand in YAML without quotes.
//!
//! It must not be cut short by an indicator, and a reader of YAML 1.1 must not take it for a boolean, a number, a time,
//! null or a sexagesimal number.

/// What a text allows.
pub(super) struct Reading {
    pub(super) has_line_feed: bool,
    /// A literal block (`|`) would give back the same text.
    pub(super) block_allowed: bool,
    single_allowed: bool,
    plain_allowed: bool,
    /// Without quotes it would be read as something else than text.
    ambiguous: bool,
}

impl Reading {
    /// With `as_are`, U+2028 and U+2029 need no escape.
    pub(super) fn of(text: &str, as_are: bool) -> Self {
        let special = !text.chars().all(|char| is_printable(char) || as_are && matches!(char, '\u{2028}' | '\u{2029}'));
        let follows = |first: fn(char) -> bool, second: fn(char) -> bool| {
            text.chars().zip(text.chars().skip(1)).any(|(before, after)| first(before) && second(after))
        };
        let is_space = |char| char == ' ';
        let space_break = follows(is_space, is_break);
        let has_break = text.contains(is_break);
        let ends_open = text.starts_with(' ') || text.ends_with(' ');
        Self {
            has_line_feed: text.contains('\n'),
            block_allowed: !text.is_empty() && !special && !space_break && !text.ends_with(' '),
            single_allowed: !special && !space_break && !follows(is_break, is_space),
            plain_allowed: !special && !has_break && !ends_open && !has_indicator(text),
            ambiguous: is_not_text(text),
        }
    }

    pub(super) fn plain(&self) -> bool {
        self.plain_allowed && !self.ambiguous
    }

    /// Only what is ambiguous or has a line feed goes straight to double quotes.
    pub(super) fn single_quoted(&self) -> bool {
        self.single_allowed && !self.ambiguous && !self.has_line_feed
    }
}

/// Characters that need no escape. As in YAML 1.1's most used writer, nothing beyond the basic plane is one; beyond what
/// that writer escapes, nothing that a terminal obeys is.
pub(super) fn is_printable(char: char) -> bool {
    match char {
        '\n' => true,
        ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' => wording::is_plain(char),
        _ => false,
    }
}

/// What ends a line to a reader of YAML 1.1.
pub(super) fn is_break(char: char) -> bool {
    matches!(char, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

fn has_indicator(text: &str) -> bool {
    if text.starts_with("---") || text.starts_with("...") {
        return true;
    }
    let mut before = ' ';
    let mut chars = text.chars().enumerate().peekable();
    while let Some((at, char)) = chars.next() {
        let blank_follows = chars.peek().is_none_or(|next| matches!(next.1, ' ' | '\t'));
        let indicator = match char {
            ':' => blank_follows,
            '#' => matches!(before, ' ' | '\t'),
            ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@' | '`' => at == 0,
            '?' | '-' => at == 0 && blank_follows,
            _ => false,
        };
        if indicator {
            return true;
        }
        before = char;
    }
    false
}

fn is_not_text(text: &str) -> bool {
    const WORDS: [&str; 33] = [
        "", "~", "null", "Null", "NULL", "y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON", "n",
        "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF", ".nan", ".NaN", ".NAN", ".inf", ".Inf",
        ".INF",
    ];
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    WORDS.contains(&text)
        || matches!(unsigned, ".inf" | ".Inf" | ".INF")
        || match text.chars().next() {
            Some('.') => is_float(text),
            Some('+' | '-' | '0'..='9') => {
                let digits = text.replace('_', "");
                is_timestamp(text) || is_integer(&digits) || is_float(&digits) || is_sexagesimal(text)
            }
            _ => false,
        }
}

fn is_integer(text: &str) -> bool {
    let (negative, signed, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, true, digits),
        None => text.strip_prefix('+').map_or((false, false, text), |digits| (false, true, digits)),
    };
    let lower = digits.get(..2).map(str::to_ascii_lowercase);
    let (radix, digits) = match lower.as_deref() {
        Some("0x") => (16, digits.get(2..).unwrap_or_default()),
        Some("0b") => (2, digits.get(2..).unwrap_or_default()),
        Some("0o") => (8, digits.get(2..).unwrap_or_default()),
        _ if digits.len() > 1 && digits.starts_with('0') => (8, digits),
        _ => (10, digits),
    };
    if !digits.chars().all(|char| char.is_digit(radix)) {
        return false;
    }
    let Ok(size) = u64::from_str_radix(digits, radix) else { return false };
    match (negative, signed) {
        (true, _) => size <= i64::MIN.unsigned_abs(),
        (false, true) => size <= i64::MAX.unsigned_abs(),
        (false, false) => true,
    }
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`, and not beyond a double.
fn is_float(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) =
        unsigned.split_once(['e', 'E']).map_or((unsigned, None), |(mantissa, exponent)| (mantissa, Some(exponent)));
    let mantissa_fits = match mantissa.split_once('.') {
        Some(("", fraction)) => digits(fraction),
        Some((whole, fraction)) => digits(whole) && (fraction.is_empty() || digits(fraction)),
        None => digits(mantissa),
    };
    let exponent_fits = exponent.is_none_or(|exponent| digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent)));
    mantissa_fits && exponent_fits && text.parse::<f64>().is_ok_and(f64::is_finite)
}

/// `[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?`: minutes and seconds, to YAML 1.1.
fn is_sexagesimal(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let loose = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_');
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let mut parts = whole.split(':');
    let first = parts.next().is_some_and(|first| loose(first) && first.starts_with(|char: char| char.is_ascii_digit()));
    let rest: Vec<_> = parts.collect();
    let sixtieth = |part: &&str| match part.as_bytes() {
        [one] => one.is_ascii_digit(),
        [b'0'..=b'5', one] => one.is_ascii_digit(),
        _ => false,
    };
    first && !rest.is_empty() && rest.iter().all(sixtieth) && loose(fraction)
}

/// A date, or a date and a time: `2001-2-3`, `2001-02-03T4:05:06.7Z`, `2001-02-03 04:05:06`.
fn is_timestamp(text: &str) -> bool {
    let Some(at) = text.find(['T', 't', ' ']) else { return is_date(text) };
    let (date, time) = text.split_at_checked(at).unwrap_or_default();
    let time_of_day = match time.strip_prefix(' ') {
        Some(clock) => is_clock(clock),
        None => {
            let time = time.get(1..).unwrap_or_default();
            let zone = time.find(['Z', '+', '-']).unwrap_or(time.len());
            is_clock(time.get(..zone).unwrap_or_default()) && is_zone(time.get(zone..).unwrap_or_default())
        }
    };
    is_date(date) && time_of_day
}

/// One or two digits, within a range.
fn short(text: &str, range: std::ops::RangeInclusive<i8>) -> Option<i8> {
    let digits = matches!(text.len(), 1 | 2) && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten().filter(|number| range.contains(number))
}

fn is_date(text: &str) -> bool {
    let parts: Vec<_> = text.split('-').collect();
    let [year, month, day] = parts[..] else { return false };
    let four_digits = year.len() == 4 && year.bytes().all(|byte| byte.is_ascii_digit());
    let (true, Ok(year)) = (four_digits, year.parse()) else { return false };
    let (Some(month), Some(day)) = (short(month, 1..=12), short(day, 1..=31)) else { return false };
    jiff::civil::Date::new(year, month, day).is_ok()
}

fn is_clock(text: &str) -> bool {
    let (clock, fraction) = text.split_once(['.', ',']).map_or((text, None), |(clock, after)| (clock, Some(after)));
    let parts: Vec<_> = clock.split(':').collect();
    let [hour, minute, second] = parts[..] else { return false };
    short(hour, 0..=23).is_some()
        && short(minute, 0..=59).is_some()
        && short(second, 0..=59).is_some()
        && fraction.is_none_or(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
}

fn is_zone(text: &str) -> bool {
    let offset = text.strip_prefix(['+', '-']).and_then(|offset| offset.split_once(':'));
    let two = |text: &str, range| text.len() == 2 && short(text, range).is_some();
    text == "Z" || offset.is_some_and(|(hour, minute)| two(hour, 0..=24) && two(minute, 0..=60))
}
