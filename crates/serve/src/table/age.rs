//! How long ago something was, as kubectl says it: `95s`, `7m30s`, `3d8h`.

use jiff::Timestamp;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const YEAR: i64 = 365 * DAY;

/// What is not known.
pub(super) const UNKNOWN: &str = "<unknown>";

/// From a time, in RFC 3339, to now.
pub(super) fn since(time: &str, now: Option<Timestamp>) -> String {
    let time = time.parse::<Timestamp>().ok();
    time.zip(now).map_or_else(|| UNKNOWN.to_owned(), |(time, now)| between(time, now))
}

/// From one time to another.
pub(super) fn between(from: Timestamp, to: Timestamp) -> String {
    lasting(to.duration_since(from).as_secs())
}

/// So many seconds: two units while they are few, then one.
pub(super) fn lasting(seconds: i64) -> String {
    let two = |unit: i64, name: &str, part: i64, part_name: &str| match seconds % unit / part {
        0 => format!("{}{name}", seconds / unit),
        rest => format!("{}{name}{rest}{part_name}", seconds / unit),
    };
    match seconds {
        ..-1 => "<invalid>".to_owned(),
        -1 => "0s".to_owned(),
        0..120 => format!("{seconds}s"),
        120..600 => two(MINUTE, "m", 1, "s"),
        600..10_800 => format!("{}m", seconds / MINUTE),
        10_800..28_800 => two(HOUR, "h", MINUTE, "m"),
        28_800..172_800 => format!("{}h", seconds / HOUR),
        172_800..691_200 => two(DAY, "d", HOUR, "h"),
        691_200..63_072_000 => format!("{}d", seconds / DAY),
        63_072_000..252_288_000 => two(YEAR, "y", DAY, "d"),
        _ => format!("{}y", seconds / YEAR),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_kubectls() {
        for (seconds, text) in [
            (-2, "<invalid>"),
            (-1, "0s"),
            (119, "119s"),
            (120, "2m"),
            (7 * MINUTE + 30, "7m30s"),
            (10 * MINUTE + 5, "10m"),
            (179 * MINUTE, "179m"),
            (3 * HOUR + 5 * MINUTE, "3h5m"),
            (8 * HOUR + 5 * MINUTE, "8h"),
            (47 * HOUR, "47h"),
            (3 * DAY + 8 * HOUR, "3d8h"),
            (7 * DAY + HOUR, "7d1h"),
            (8 * DAY + HOUR, "8d"),
            (729 * DAY, "729d"),
            (2 * YEAR + 5 * DAY, "2y5d"),
            (8 * YEAR + 5 * DAY, "8y"),
        ] {
            assert_eq!(lasting(seconds), text);
        }
        assert_eq!(since("", Some(Timestamp::UNIX_EPOCH)), UNKNOWN);
        assert_eq!(since("1970-01-01T00:00:00Z", None), UNKNOWN);
    }
}
