//! Parts of the document in words.

use std::borrow::Cow;

use document::{Any, Finding, KeyBuf, Location};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use wording::inert;

/// A number of the document as figures have it; one beyond the range of 64 signed bits is at its end.
pub(crate) fn whole(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Text that is there and not empty.
pub(crate) fn word(text: &Option<String>) -> Option<&str> {
    text.as_deref().filter(|text| !text.is_empty())
}

pub(crate) fn time(text: &Option<String>) -> Option<Timestamp> {
    text.as_deref()?.parse().ok()
}

/// A key in one line for people; one that is not UTF-8 as its base64.
pub(crate) fn key_in_words(key: &KeyBuf) -> String {
    inert(&key.text()).into_owned()
}

/// A value in one line for people: a key that is not UTF-8 as its base64, other objects as JSON.
pub(crate) fn in_words(value: &Any) -> Cow<'_, str> {
    match value {
        Any::Null => Cow::Borrowed(""),
        Any::Text(text) => inert(text),
        value => match value.fields().and_then(|fields| fields.get("base64")).and_then(Any::text) {
            Some(base64) => Cow::Owned(format!("base64:{}", inert(base64))),
            None => Cow::Owned(inert(&serde_json::to_string(value).unwrap_or_default()).into_owned()),
        },
    }
}

/// Each part of a place in words, by its name, in the order of the names.
pub(crate) fn place_parts(location: &Location) -> Vec<(&str, String)> {
    let mut parts: Vec<(&str, String)> =
        location.more.iter().map(|(name, value)| (name, in_words(value).into())).collect();
    parts.extend(location.page.map(|page| ("page", page.to_string())));
    parts.extend(location.offset.map(|offset| ("offset", format!("{offset:#x}"))));
    parts.extend(location.key.as_ref().map(|key| ("key", key_in_words(key))));
    parts.extend(location.member.as_ref().map(|member| ("member", inert(member).into_owned())));
    parts.sort_by_key(|(name, _)| *name);
    parts
}

/// Where a finding is: `key /registry/x, member 1, offset 0x12d000, page 301`.
pub(crate) fn place(finding: &Finding) -> Option<String> {
    let parts: Vec<String> =
        place_parts(&finding.location).into_iter().map(|(name, value)| format!("{name} {value}")).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// When a backup was taken, from the time stamp in its name: `2026-11-23_091606`, by the node's clock, which is UTC on
/// RHCOS.
pub(crate) fn taken(stamp: &str) -> Option<Timestamp> {
    let time = DateTime::strptime("%Y-%m-%d_%H%M%S", stamp).ok()?;
    TimeZone::UTC.to_timestamp(time).ok()
}

/// The time stamp in the name of a file of a backup: a snapshot's document tells no time.
pub(crate) fn stamp_in(path: &str) -> Option<&str> {
    let (_, rest) = path.rsplit('/').next()?.split_once('_')?;
    rest.get(..17)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_told_in_words() {
        let location = r#"{"offset": 4096, "key": {"base64": "/w=="}, "member": "a\n", "line": 7}"#;
        let finding = Finding { location: serde_json::from_str(location).unwrap(), ..Finding::default() };
        let place = place(&finding);
        assert_eq!(place.as_deref(), Some(r"key base64:/w==, line 7, member a\n, offset 0x1000"));
    }

    #[test]
    fn time_stamps_of_names() {
        assert_eq!(taken("2026-11-23_091606").map(|time| time.to_string()).as_deref(), Some("2026-11-23T09:16:06Z"));
        for odd in ["", "2026-11-23", "2026-13-01_000000", "x"] {
            assert_eq!(taken(odd), None, "{odd}");
        }
        assert_eq!(stamp_in("a/snapshot_2026-11-23_091606.db"), Some("2026-11-23_091606"));
    }
}
