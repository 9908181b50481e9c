//! A request, as it is worked on.

use hyper::Method;
use serde_json::Value;

use crate::status::Status;

/// No body nests deeper.
const DEEPEST: usize = 64;

/// A request, as far as an answer depends on it.
#[derive(Debug, Default)]
pub(crate) struct Request {
    /// Its method.
    pub(crate) method: Method,
    /// Its path, as it came.
    pub(crate) path: String,
    /// Its query, as it came.
    pub(crate) query: String,
    /// Its `Accept`.
    pub(crate) accept: Option<String>,
    /// For whom it asks, where that is not whoever sent it.
    pub(crate) impersonated: Option<User>,
    /// What its body is, without parameters.
    pub(crate) content_type: Option<String>,
    /// Its body.
    pub(crate) body: Vec<u8>,
}

/// Who something is asked of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct User {
    /// Name.
    pub(crate) name: String,
    /// Groups.
    pub(crate) groups: Vec<String>,
}

/// JSON that is an object, or a list where one is wanted, and not deeper than any client's.
pub(crate) fn json(body: &[u8], list: bool) -> Result<Value, Status> {
    if depth(body) > DEEPEST {
        return Err(Status::bad_request(format!("the body nests deeper than {DEEPEST} levels")));
    }
    let read: Value =
        serde_json::from_slice(body).map_err(|error| Status::bad_request(format!("the body is no JSON: {error}")))?;
    if if list { read.is_array() } else { read.is_object() } {
        return Ok(read);
    }
    Err(Status::bad_request(if list { "the body is no list" } else { "the body is no object" }))
}

fn depth(body: &[u8]) -> usize {
    let (mut depth, mut deepest, mut quoted, mut escaped) = (0_usize, 0, false, false);
    for byte in body {
        match (quoted, byte) {
            (true, _) if escaped => escaped = false,
            (true, b'\\') => escaped = true,
            (_, b'"') => quoted = !quoted,
            (false, b'{' | b'[') => depth += 1,
            (false, b'}' | b']') => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nests_too_deep_is_refused_before_it_is_read() {
        let nested = |many: usize| format!("{{\"a\":{}{}}}", "[".repeat(many), "]".repeat(many));
        assert!(json(nested(63).as_bytes(), false).is_ok());
        assert!(json(nested(64).as_bytes(), false).is_err());
        assert!(json("[".repeat(3 << 20).as_bytes(), false).is_err());
        assert!(json(br#"{"a":"[[[[\"{{{{"}"#, false).is_ok());
        for wrong in [&b""[..], b"[]", b"{", b"null", b"{}x", b"\xff"] {
            assert!(json(wrong, false).is_err(), "{}", wrong.escape_ascii());
        }
    }
}
