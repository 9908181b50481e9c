//! Questions as clients send them: JSON, or the protobuf that typed ones prefer.

use kube_objects::protobuf::Message;
use serde_json::{Map, Value, json};

use crate::request::{Request, json};
use crate::status::Status;

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
    json(body, false)
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
