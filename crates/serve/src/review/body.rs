//! Questions as clients send them: JSON, or the protobuf that typed ones prefer.

use kube_objects::protobuf::Message;
use serde_json::{Map, Value, json};

use crate::api::Request;
use crate::status::Status;

/// No question nests deeper.
const DEEPEST: usize = 64;

/// Text in a field of a message, by its name.
type Names = &'static [(u32, &'static str)];

/// The fields of `ResourceAttributes`, `NonResourceAttributes`.
const RESOURCE: Names =
    &[(1, "namespace"), (2, "verb"), (3, "group"), (4, "version"), (5, "resource"), (6, "subresource"), (7, "name")];
const PATH: Names = &[(1, "path"), (2, "verb")];

/// What is asked, with its `spec` as JSON has it.
pub(super) fn read(request: &Request, resource: &str) -> Result<Value, Status> {
    let body = &request.body;
    if body.starts_with(b"k8s\0") {
        let message = Message::of_object(body).ok_or_else(|| Status::bad_request("the body is no whole message"))?;
        return Ok(json!({"spec": spec(message, resource)}));
    }
    json(body)
}

/// JSON that is an object, and not deeper than any client's.
pub(crate) fn json(body: &[u8]) -> Result<Value, Status> {
    if depth(body) > DEEPEST {
        return Err(Status::bad_request(format!("the body nests deeper than {DEEPEST} levels")));
    }
    let read: Value =
        serde_json::from_slice(body).map_err(|error| Status::bad_request(format!("the body is no JSON: {error}")))?;
    if read.is_object() { Ok(read) } else { Err(Status::bad_request("the body is no object")) }
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

/// Field 2 of each question is its `spec`.
fn spec(message: Message<'_>, resource: &str) -> Value {
    let Some(spec) = message.message(2) else { return json!({}) };
    if resource == "selfsubjectrulesreviews" {
        return json!({"namespace": spec.text(1)});
    }
    let mut said = Map::new();
    for (field, name, names) in [(1, "resourceAttributes", RESOURCE), (2, "nonResourceAttributes", PATH)] {
        if let Some(attributes) = spec.message(field) {
            said.insert(name.to_owned(), texts(attributes, names));
        }
    }
    if resource != "selfsubjectaccessreviews" {
        said.insert("user".to_owned(), json!(spec.text(3)));
        let groups: Vec<String> =
            spec.messages(4).map(|group| String::from_utf8_lossy(group.as_bytes()).into_owned()).collect();
        said.insert("groups".to_owned(), json!(groups));
    }
    Value::Object(said)
}

fn texts(message: Message<'_>, names: Names) -> Value {
    let said = names.iter().map(|(field, name)| ((*name).to_owned(), json!(message.text(*field))));
    Value::Object(said.filter(|(_, text)| text.as_str().is_some_and(|text| !text.is_empty())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nests_too_deep_is_refused_before_it_is_read() {
        let nested = |many: usize| format!("{{\"a\":{}{}}}", "[".repeat(many), "]".repeat(many));
        assert!(json(nested(63).as_bytes()).is_ok());
        assert!(json(nested(64).as_bytes()).is_err());
        assert!(json("[".repeat(3 << 20).as_bytes()).is_err());
        assert!(json(br#"{"a":"[[[[\"{{{{"}"#).is_ok());
        for wrong in [&b""[..], b"[]", b"{", b"null", b"{}x", b"\xff"] {
            assert!(json(wrong).is_err(), "{}", wrong.escape_ascii());
        }
    }

    #[test]
    fn protobuf_says_what_json_says() {
        let text =
            |field: u8, text: &str| [&[field << 3 | 2, u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
        let inside = |field: u8, bytes: &[u8]| [&[field << 3 | 2, u8::try_from(bytes.len()).unwrap()], bytes].concat();
        let attributes = [text(1, "billing"), text(2, "list"), text(5, "secrets")].concat();
        let spec = [inside(1, &attributes), text(3, "me"), text(4, "a"), text(4, "b")].concat();
        let review = [text(1, ""), inside(2, &spec)].concat();
        let body = [b"k8s\0".to_vec(), inside(2, &review)].concat();
        let request = Request { body, ..Request::default() };
        let read = read(&request, "subjectaccessreviews").unwrap_or_else(|status| panic!("{status:?}"));
        assert_eq!(
            read,
            json!({"spec": {"resourceAttributes": {"namespace": "billing", "verb": "list", "resource": "secrets"},
            "user": "me", "groups": ["a", "b"]}})
        );
    }
}
