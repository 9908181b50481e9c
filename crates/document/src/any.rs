//! JSON of no known shape: kept with its members in the order in which they stood.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Number;

use crate::error::Error;

/// A JSON value.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Any {
    /// `null`.
    #[default]
    Null,
    /// `true` or `false`.
    Flag(bool),
    /// A number.
    Number(Number),
    /// A string.
    Text(String),
    /// An array.
    List(Vec<Any>),
    /// An object.
    Fields(Fields),
}

/// The members of an object, in order, each name once.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Fields(Vec<(String, Any)>);

impl Any {
    /// Text, where it is that.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The members, where it is an object.
    #[must_use]
    pub fn fields(&self) -> Option<&Fields> {
        match self {
            Self::Fields(fields) => Some(fields),
            _ => None,
        }
    }
}

impl From<&str> for Any {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Any {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Any {
    fn from(number: i64) -> Self {
        Self::Number(number.into())
    }
}

impl Fields {
    /// A document of another schema, as it is written.
    ///
    /// # Errors
    /// When it is no JSON object.
    pub fn of<T: Serialize>(shape: &T) -> Result<Self, Error> {
        let told = serde_json::to_vec(shape).and_then(|json| serde_json::from_slice(&json));
        told.map_err(|error| Error::of(&error))
    }

    /// The member of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Any> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// Names and values, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Any)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes the member of that name out.
    pub(crate) fn take(&mut self, name: &str) -> Option<Any> {
        let at = self.0.iter().position(|(known, _)| known == name)?;
        Some(self.0.remove(at).1)
    }

    pub(crate) fn get_mut(&mut self, name: &str) -> Option<&mut Any> {
        self.0.iter_mut().find(|(known, _)| known == name).map(|(_, value)| value)
    }
}

impl<N: Into<String>> FromIterator<(N, Any)> for Fields {
    fn from_iter<I: IntoIterator<Item = (N, Any)>>(members: I) -> Self {
        Self(once(members.into_iter().map(|(name, value)| (name.into(), value)).collect()))
    }
}

/// Of members with one name the last, as most readers of JSON have it.
fn once(mut members: Vec<(String, Any)>) -> Vec<(String, Any)> {
    let mut known = BTreeSet::new();
    let keep: Vec<bool> = members.iter().rev().map(|(name, _)| known.insert(name.as_str())).collect();
    let mut keep = keep.into_iter().rev();
    members.retain(|_| keep.next().unwrap_or(true));
    members
}

impl Serialize for Fields {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        self.0.iter().try_for_each(|(name, value)| map.serialize_entry(name, value))?;
        map.end()
    }
}

impl Serialize for Any {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Flag(flag) => serializer.serialize_bool(*flag),
            Self::Number(number) => number.serialize(serializer),
            Self::Text(text) => serializer.serialize_str(text),
            Self::List(items) => serializer.collect_seq(items),
            Self::Fields(fields) => fields.serialize(serializer),
        }
    }
}

struct AnyVisitor;

impl<'de> Visitor<'de> for AnyVisitor {
    type Value = Any;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Any, E> {
        Ok(Any::Null)
    }

    fn visit_none<E>(self) -> Result<Any, E> {
        Ok(Any::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Any, D::Error> {
        Any::deserialize(deserializer)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Any, E> {
        Ok(Any::Flag(flag))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Any, E> {
        Ok(Any::Number(number.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Any, E> {
        Ok(Any::Number(number.into()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Any, E> {
        Ok(Number::from_f64(number).map_or(Any::Null, Any::Number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Any, E> {
        Ok(Any::Text(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Any, E> {
        Ok(Any::Text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Any, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Any::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Any, A::Error> {
        let mut fields = Vec::new();
        while let Some(member) = members.next_entry()? {
            fields.push(member);
        }
        Ok(Any::Fields(Fields(once(fields))))
    }
}

impl<'de> Deserialize<'de> for Any {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyVisitor)
    }
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Any::deserialize(deserializer)? {
            Any::Fields(fields) => Ok(fields),
            _ => Err(serde::de::Error::custom("not an object")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_keep_their_order_and_numbers_their_digits() {
        let text = r#"{"b":[1,-1,18446744073709551615,0.1,1e+300],"a":{"z":null,"y":true},"":"\u009b"}"#;
        let any: Any = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&any).unwrap(), text.replace(r"\u009b", "\u{9b}"));
        let value: serde_json::Value = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_value(serde_json::from_value::<Any>(value.clone()).unwrap()).unwrap(), value);
    }

    #[test]
    fn of_two_members_with_one_name_the_last_counts() {
        let fields: Fields = serde_json::from_str(r#"{"a":1,"b":2,"a":3}"#).unwrap();
        assert_eq!(serde_json::to_string(&fields).unwrap(), r#"{"b":2,"a":3}"#);
        assert!(serde_json::from_str::<Fields>("[]").is_err());
    }

    #[test]
    fn a_document_of_another_schema_keeps_its_order() {
        #[derive(serde::Serialize)]
        struct Other {
            z: u64,
            a: Option<bool>,
        }
        let other = Other { z: u64::MAX, a: None };
        let written = serde_json::to_string(&Fields::of(&other).unwrap()).unwrap();
        assert_eq!(written, r#"{"z":18446744073709551615,"a":null}"#);
        assert_eq!(Fields::of(&"text").unwrap_err().to_string(), "not an object");
    }
}
