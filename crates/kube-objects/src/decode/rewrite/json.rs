//! JSON, written again without white space. Of names that stand twice the last counts, as for an API server.

use serde_json::Value;

use super::super::json;
use super::{Change, Leaf, Walk};
use crate::fault::ObjectFault;

impl Walk<'_> {
    pub(super) fn json(&mut self, bytes: &[u8]) -> Result<Vec<u8>, ObjectFault> {
        let mut value = json::read(bytes, &mut self.budget)?;
        if !self.node(&mut value) {
            value = Value::Null;
        }
        serde_json::to_vec(&value).map_err(|fault| ObjectFault::json(&fault))
    }

    /// Goes through a value; `false` where it is to go. serde_json ended at 128 levels.
    fn node(&mut self, value: &mut Value) -> bool {
        match value {
            Value::Null | Value::Bool(_) | Value::Number(_) => true,
            Value::String(text) => match self.ask(Leaf::Text(text.as_bytes())) {
                Change::Keep => true,
                Change::Drop => false,
                Change::Replace(bytes) => {
                    *text = String::from_utf8_lossy(&bytes).into_owned();
                    true
                }
            },
            Value::Array(items) => {
                items.retain_mut(|item| self.node(item));
                true
            }
            Value::Object(map) => {
                let text = |name: &str| map.get(name).and_then(Value::as_str).map(str::to_owned);
                let object = text("apiVersion").zip(text("kind"));
                let is_object = object.map(|(version, kind)| self.objects.push((version, kind, self.path.len())));
                let is_named = text("name").map(|name| self.names.push(name));
                map.retain(|name, value| {
                    self.path.push(name.clone());
                    let stays = self.enters() && self.node(value);
                    self.path.pop();
                    stays
                });
                is_named.map(|()| self.names.pop());
                is_object.map(|()| self.objects.pop());
                true
            }
        }
    }
}
