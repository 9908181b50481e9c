//! JSON to a value, within a budget.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::budget::Budget;
use crate::fault::ObjectFault;

/// Reads one JSON document. serde_json stops at 128 levels by itself.
pub(super) fn read(bytes: &[u8], budget: &mut Budget) -> Result<Value, ObjectFault> {
    let mut spent = false;
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let read = Node { budget, spent: &mut spent }
        .deserialize(&mut deserializer)
        .and_then(|value| deserializer.end().map(|()| value));
    read.map_err(|fault| if spent { Budget::fault() } else { ObjectFault::json(&fault) })
}

struct Node<'b> {
    budget: &'b mut Budget,
    spent: &'b mut bool,
}

impl Node<'_> {
    fn again(&mut self) -> Node<'_> {
        Node { budget: self.budget, spent: self.spent }
    }

    fn take<E: Error>(&mut self) -> Result<(), E> {
        self.budget.take(1).map_err(|_| {
            *self.spent = true;
            E::custom("too many fields")
        })
    }
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self.again())? {
            self.take()?;
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(name) = entries.next_key::<String>()? {
            self.take()?;
            map.insert(name, entries.next_value_seed(self.again())?);
        }
        Ok(Value::Object(map))
    }
}
