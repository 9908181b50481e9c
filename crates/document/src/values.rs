//! Values that JSON has no type for.

use std::borrow::Cow;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};

/// A word of assay's own: `stream`, `rotated`. A later assay may have words that are not known here.
pub type Word = Cow<'static, str>;

/// A 64-bit ID: a string of lower-case hex digits, since JSON numbers lose bits above 2^53.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hex64(pub u64);

impl fmt::Display for Hex64 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}", self.0)
    }
}

impl Serialize for Hex64 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hex64 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'_, str>::deserialize(deserializer)?;
        u64::from_str_radix(&text, 16).map(Self).map_err(D::Error::custom)
    }
}

/// Bytes of a digest: a string of lower-case hex digits, two a byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HexBytes<'a>(pub &'a [u8]);

impl fmt::Display for HexBytes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl Serialize for HexBytes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A key: a string if it is UTF-8, else `{"base64": "..."}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key<'a>(pub &'a [u8]);

impl Serialize for Key<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match std::str::from_utf8(self.0) {
            Ok(text) => serializer.serialize_str(text),
            Err(_) => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry("base64", &STANDARD.encode(self.0))?;
                map.end()
            }
        }
    }
}

/// A [`Key`] that is a value of its own.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyBuf(pub Vec<u8>);

impl KeyBuf {
    /// For people, on one line: the text, or `base64:...`. What a terminal obeys is not escaped.
    #[must_use]
    pub fn text(&self) -> Cow<'_, str> {
        match std::str::from_utf8(&self.0) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) => Cow::Owned(format!("base64:{}", STANDARD.encode(&self.0))),
        }
    }
}

impl From<&[u8]> for KeyBuf {
    fn from(key: &[u8]) -> Self {
        Self(key.to_vec())
    }
}

impl Serialize for KeyBuf {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Key(&self.0).serialize(serializer)
    }
}

struct KeyVisitor;

impl<'de> Visitor<'de> for KeyVisitor {
    type Value = KeyBuf;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string or {\"base64\": \"...\"}")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<KeyBuf, E> {
        Ok(KeyBuf(text.as_bytes().to_vec()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<KeyBuf, A::Error> {
        match members.next_entry::<Cow<'de, str>, String>()? {
            Some((name, text)) if name == "base64" => STANDARD.decode(text).map(KeyBuf).map_err(A::Error::custom),
            _ => Err(A::Error::custom("neither text nor base64")),
        }
    }
}

impl<'de> Deserialize<'de> for KeyBuf {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(KeyVisitor)
    }
}

/// Writes a shape with the members of every object in it in the order of their names: so `verify` and `inspect` have
/// always had the parts of a backup that stand elsewhere in an order of their own.
pub(crate) fn by_name<T: Serialize, S: Serializer>(shape: &T, serializer: S) -> Result<S::Ok, S::Error> {
    // a `Value` keeps objects as a sorted map
    serde_json::to_value(shape).map_err(serde::ser::Error::custom)?.serialize(serializer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(value: impl Serialize) -> String {
        serde_json::to_string(&value).unwrap()
    }

    #[test]
    fn ids_are_hex_and_keys_are_text_or_base64() {
        assert_eq!(json(Hex64(0x8e9e_05c5_2164_694d)), r#""8e9e05c52164694d""#);
        assert_eq!(json(Hex64(0)), r#""0""#);
        assert_eq!(json(HexBytes(&[0, 0xab])), r#""00ab""#);
        assert_eq!(json(Key("/ключ\n".as_bytes())), r#""/ключ\n""#);
        assert_eq!(json(Key(b"\xff/")), r#"{"base64":"/y8="}"#);
    }

    #[test]
    fn they_are_read_as_they_are_written() {
        for key in [&b""[..], b"/a", "/ключ".as_bytes(), b"\xff/"] {
            assert_eq!(serde_json::from_str::<KeyBuf>(&json(Key(key))).unwrap().0, key);
        }
        for id in [0, 1, u64::MAX] {
            assert_eq!(serde_json::from_str::<Hex64>(&json(Hex64(id))).unwrap(), Hex64(id));
        }
        for odd in ["7", "null", "{}", r#"{"base64":"-"}"#, r#"{"base64":7}"#, r#"{"x":"/y8="}"#] {
            assert!(serde_json::from_str::<KeyBuf>(odd).is_err(), "{odd}");
        }
        assert!(serde_json::from_str::<Hex64>("\"x\"").is_err());
        assert_eq!(KeyBuf(b"\xff/".to_vec()).text(), "base64:/y8=");
    }
}
