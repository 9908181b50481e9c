//! A document as a small tree that tolerates what it does not know, for JSON and YAML alike.
use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use zeroize::Zeroizing;

/// Text of the document: borrowed where the parser allows it, else a copy that is wiped.
pub(crate) enum Text<'de> {
    Borrowed(&'de str),
    Owned(Zeroizing<String>),
}

impl Text<'_> {
    pub(crate) fn as_str(&self) -> &str {
        match self {
            Text::Borrowed(text) => text,
            Text::Owned(text) => text,
        }
    }
}

/// One node. Maps keep their order and their duplicates, so that both can be reported.
pub(crate) enum Node<'de> {
    Null,
    Bool,
    Number(String),
    Text(Text<'de>),
    List(Vec<Node<'de>>),
    Map(Vec<(Text<'de>, Node<'de>)>),
}

impl Node<'_> {
    pub(crate) fn type_name(&self) -> &'static str {
        match self {
            Node::Null => "null",
            Node::Bool => "a boolean",
            Node::Number(_) => "a number",
            Node::Text(_) => "a string",
            Node::List(_) => "a list",
            Node::Map(_) => "an object",
        }
    }
}

/// Builds a tree within a budget of nodes and a cap on depth, whatever the parser allows.
/// Aliases count each time they are expanded.
#[derive(Clone, Copy)]
pub(crate) struct Seed<'b> {
    pub(crate) nodes_left: &'b Cell<usize>,
    pub(crate) depth_left: usize,
}

impl<'b> Seed<'b> {
    fn deeper<E: Error>(self) -> Result<Seed<'b>, E> {
        match self.depth_left.checked_sub(1) {
            Some(depth_left) => Ok(Seed { depth_left, ..self }),
            None => Err(E::custom("too deep")),
        }
    }

    fn spend<E: Error>(self) -> Result<(), E> {
        let left = self.nodes_left.get().checked_sub(1).ok_or_else(|| E::custom("too many nodes"))?;
        self.nodes_left.set(left);
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Node<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node<'de>, D::Error> {
        self.spend()?;
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Node<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<Node<'de>, E> {
        Ok(Node::Null)
    }

    fn visit_none<E>(self) -> Result<Node<'de>, E> {
        Ok(Node::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Node<'de>, E> {
        Ok(Node::Bool)
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node<'de>, E> {
        Ok(Node::Number(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node<'de>, E> {
        Ok(Node::Number(value.to_string()))
    }

    fn visit_i128<E>(self, value: i128) -> Result<Node<'de>, E> {
        Ok(Node::Number(value.to_string()))
    }

    fn visit_u128<E>(self, value: u128) -> Result<Node<'de>, E> {
        Ok(Node::Number(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node<'de>, E> {
        Ok(Node::Number(value.to_string()))
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Node<'de>, E> {
        Ok(Node::Text(Text::Borrowed(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node<'de>, E> {
        Ok(Node::Text(Text::Owned(Zeroizing::new(value.to_owned()))))
    }

    fn visit_string<E>(self, value: String) -> Result<Node<'de>, E> {
        Ok(Node::Text(Text::Owned(Zeroizing::new(value))))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node<'de>, A::Error> {
        let seed = self.deeper()?;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(seed)? {
            list.push(item);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Node<'de>, A::Error> {
        let seed = self.deeper()?;
        let mut map = Vec::new();
        while let Some(key) = fields.next_key_seed(seed)? {
            let key = match key {
                Node::Text(text) => text,
                Node::Number(number) => Text::Owned(Zeroizing::new(number)),
                Node::Null | Node::Bool | Node::List(_) | Node::Map(_) => {
                    return Err(A::Error::custom("key"));
                }
            };
            map.push((key, fields.next_value_seed(seed)?));
        }
        Ok(Node::Map(map))
    }
}
