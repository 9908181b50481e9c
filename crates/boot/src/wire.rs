//! Values as the JSON gateway writes them: protobuf's JSON.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;

use crate::GatewayError;

/// The main revision that the header of an answer bears.
///
/// # Errors
/// [`GatewayError::Answer`] where it is no number.
pub fn revision_in(answer: &Value) -> Result<i64, GatewayError> {
    number(answer.get("header").unwrap_or_default(), "revision", "header")
}

/// An integer, which protobuf's JSON writes as a string if it is 64 bits wide and leaves out if it is 0.
///
/// # Errors
/// [`GatewayError::Answer`] where it is none.
pub fn number(object: &Value, name: &str, what: &str) -> Result<i64, GatewayError> {
    let number = match object.get(name) {
        None => Some(0),
        Some(Value::String(text)) => text.parse().ok(),
        Some(value) => value.as_i64(),
    };
    number.ok_or_else(|| GatewayError::answer(what, format!("`{name}` is no number")))
}

/// An id, which is never left out.
///
/// # Errors
/// [`GatewayError::Answer`] where there is none.
pub fn id(value: Option<&Value>, what: &str) -> Result<u64, GatewayError> {
    let text = value.and_then(Value::as_str).unwrap_or_default();
    text.parse().map_err(|_| GatewayError::answer(what, "no ID"))
}

/// Bytes, which are left out where there are none.
///
/// # Errors
/// [`GatewayError::Answer`] where it is no base64.
pub fn bytes(value: Option<&Value>, what: &str) -> Result<Vec<u8>, GatewayError> {
    let text = value.map_or(Some(""), Value::as_str);
    let bytes = text.and_then(|text| BASE64_STANDARD.decode(text).ok());
    bytes.ok_or_else(|| GatewayError::answer(what, "no base64 where bytes should be"))
}

/// Bytes, for a request.
#[must_use]
pub fn base64(bytes: &[u8]) -> String {
    BASE64_STANDARD.encode(bytes)
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
