//! Shapes read with patience: what is not as the shape has it is as if it were not there.

use std::borrow::Cow;
use std::fmt;

use serde::de::value::BorrowedStrDeserializer;
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;

use crate::any::Any;

/// How many odd parts one shape may have. A file with more is not of that shape, and each costs a pass.
const ODD: usize = 100;

/// Reads a shape. A part that is not of its type is taken out, so that it has its default, and the rest is read;
/// `None` where nothing of the shape is left.
pub(crate) fn read<T: DeserializeOwned>(mut any: Cow<'_, Any>) -> Option<T> {
    for _ in 0..ODD {
        match T::deserialize(Part(&any)) {
            Ok(shape) => return Some(shape),
            Err(fault) => any.to_mut().remove(&fault.place)?,
        }
    }
    None
}

/// A part that is not of its type.
#[derive(Debug)]
pub(crate) struct Fault {
    what: String,
    /// Where, the innermost step first.
    place: Vec<Step>,
}

#[derive(Debug)]
enum Step {
    Field(String),
    Item(usize),
}

impl Fault {
    fn below(mut self, step: Step) -> Self {
        self.place.push(step);
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for Fault {}

impl serde::de::Error for Fault {
    fn custom<T: fmt::Display>(what: T) -> Self {
        Self { what: what.to_string(), place: Vec::new() }
    }
}

impl Any {
    /// Takes a part out; `None` where the place is the whole, or there is no such place.
    fn remove(&mut self, place: &[Step]) -> Option<()> {
        let (last, above) = place.split_first()?;
        let holder = above.iter().rev().try_fold(self, |any, step| match (any, step) {
            (Any::Fields(fields), Step::Field(name)) => fields.get_mut(name),
            (Any::List(items), Step::Item(at)) => items.get_mut(*at),
            _ => None,
        })?;
        match (holder, last) {
            (Any::Fields(fields), Step::Field(name)) => fields.take(name).map(drop),
            (Any::List(items), Step::Item(at)) if *at < items.len() => {
                items.remove(*at);
                Some(())
            }
            _ => None,
        }
    }
}

/// A part of what is read.
struct Part<'de>(&'de Any);

impl<'de> Deserializer<'de> for Part<'de> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.0 {
            Any::Null => visitor.visit_unit(),
            Any::Flag(flag) => visitor.visit_bool(*flag),
            Any::Number(number) => match (number.as_u64(), number.as_i64()) {
                (Some(number), _) => visitor.visit_u64(number),
                (_, Some(number)) => visitor.visit_i64(number),
                _ => visitor.visit_f64(number.as_f64().unwrap_or_default()),
            },
            Any::Text(text) => visitor.visit_borrowed_str(text),
            Any::List(items) => visitor.visit_seq(Items { items: items.iter().enumerate() }),
            Any::Fields(fields) => visitor.visit_map(Members { members: fields.iter(), value: None }),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        if *self.0 == Any::Null { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        // serde would take an array, too, whose items are the fields
        match self.0 {
            Any::Fields(_) => self.deserialize_any(visitor),
            _ => Err(Fault::custom("not an object")),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map enum identifier ignored_any
    }
}

struct Items<I> {
    items: I,
}

impl<'de, I: Iterator<Item = (usize, &'de Any)>> SeqAccess<'de> for Items<I> {
    type Error = Fault;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Fault> {
        let Some((at, item)) = self.items.next() else { return Ok(None) };
        seed.deserialize(Part(item)).map(Some).map_err(|fault| fault.below(Step::Item(at)))
    }
}

struct Members<'de, I> {
    members: I,
    value: Option<(&'de str, &'de Any)>,
}

impl<'de, I: Iterator<Item = (&'de str, &'de Any)>> MapAccess<'de> for Members<'de, I> {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Fault> {
        self.value = self.members.next();
        let Some((name, _)) = self.value else { return Ok(None) };
        seed.deserialize(BorrowedStrDeserializer::new(name)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Fault> {
        let (name, value) = self.value.take().unwrap_or(("", &Any::Null));
        seed.deserialize(Part(value)).map_err(|fault| fault.below(Step::Field(name.to_owned())))
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(default)]
    struct Shape {
        number: u64,
        words: Vec<String>,
        inner: Option<Box<Shape>>,
    }

    fn shape(text: &str) -> Option<Shape> {
        read(Cow::Owned(serde_json::from_str(text).unwrap()))
    }

    #[test]
    fn what_is_odd_is_absent_and_the_rest_is_there() {
        let odd = r#"{"number":-1,"words":["a",7,"b",null],"inner":{"number":3,"words":{},"later":1}}"#;
        let inner = Shape { number: 3, ..Shape::default() };
        let words = vec!["a".to_owned(), "b".to_owned()];
        assert_eq!(shape(odd), Some(Shape { number: 0, words, inner: Some(Box::new(inner)) }));
        assert_eq!(shape("{}"), Some(Shape::default()));
        for not in ["7", "null", "\"x\"", "[[]]"] {
            assert_eq!(shape(not), None, "{not}");
        }
    }

    #[test]
    fn patience_ends() {
        let odd = |number: usize| format!(r#"{{"words":[{}]}}"#, vec!["1"; number].join(","));
        assert_eq!(shape(&odd(ODD - 1)), Some(Shape::default()));
        assert_eq!(shape(&odd(ODD)), None);
    }
}
