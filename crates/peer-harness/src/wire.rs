//! Values as the JSON gateway writes them: protobuf's JSON.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;

use crate::HarnessError;

/// The main revision that the header of an answer bears.
pub(crate) fn revision_in(answer: &Value) -> Result<i64, HarnessError> {
    number(answer.get("header").unwrap_or_default(), "revision", "header")
}

/// An integer, which protobuf's JSON writes as a string if it is 64 bits wide and leaves out if it is 0.
pub(crate) fn number(object: &Value, name: &str, what: &str) -> Result<i64, HarnessError> {
    match object.get(name) {
        None => Ok(0),
        Some(Value::String(text)) => text.parse().map_err(|_| HarnessError::answer(what, object)),
        Some(value) => value.as_i64().ok_or_else(|| HarnessError::answer(what, object)),
    }
}

pub(crate) fn id(value: Option<&Value>, what: &str) -> Result<u64, HarnessError> {
    let text = value.and_then(Value::as_str).unwrap_or_default();
    text.parse().map_err(|_| HarnessError::answer(what, format!("no ID: {value:?}")))
}

pub(crate) fn bytes(value: Option<&Value>, what: &str) -> Result<Vec<u8>, HarnessError> {
    // left out when empty
    let text = value.map_or(Some(""), Value::as_str);
    text.and_then(|t| BASE64_STANDARD.decode(t).ok())
        .ok_or_else(|| HarnessError::answer(what, format!("no base64: {value:?}")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_as_etcd_writes_them() {
        let object = json!({ "a": "12", "b": 12, "c": "x" });
        assert_eq!(number(&object, "a", "t").unwrap(), 12);
        assert_eq!(number(&object, "b", "t").unwrap(), 12);
        assert_eq!(number(&object, "absent", "t").unwrap(), 0);
        assert!(number(&object, "c", "t").is_err());
    }
}
