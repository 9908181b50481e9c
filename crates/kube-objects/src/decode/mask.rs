//! Which parts of an object are secret by their kind.

mod pem;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use self::pem::private_keys;
use super::UNKNOWN_FIELDS;

/// Annotations that repeat an object, or its token, as text.
const REVEALING_ANNOTATIONS: [&str; 2] =
    ["kubectl.kubernetes.io/last-applied-configuration", "openshift.io/token-secret.value"];

/// Shorter secrets are not looked for elsewhere in the object: they would be found in any text.
const LEAST_TRACED: usize = 6;

/// Where a kind keeps its secrets.
enum Rule {
    /// Under these paths, everything.
    Paths(&'static [&'static [&'static str]]),
    /// In webhook triggers, whose caller proves itself by a secret in the URL.
    Triggers,
    /// In objects of any kind, in the list of this name.
    Objects(&'static str),
    /// In the objects and parameters of a Template, which stands under this path.
    Template(&'static [&'static str]),
}

impl Rule {
    fn of(object: &Value) -> Option<Self> {
        let text = |name| object.get(name).and_then(Value::as_str).unwrap_or_default();
        let (kind, group) = (text("kind"), text("apiVersion").split('/').next().unwrap_or_default());
        let in_group = |name: &str| group == "v1" || group == name;
        Some(match kind {
            "Secret" => Self::Paths(&[&["data"], &["stringData"]]),
            "OAuthAccessToken" if in_group("oauth.openshift.io") => {
                Self::Paths(&[&["authorizeToken"], &["refreshToken"]])
            }
            "OAuthAuthorizeToken" if in_group("oauth.openshift.io") => Self::Paths(&[&["codeChallenge"], &["state"]]),
            "OAuthClient" if in_group("oauth.openshift.io") => Self::Paths(&[&["secret"], &["additionalSecrets"]]),
            "Route" if in_group("route.openshift.io") => Self::Paths(&[&["spec", "tls", "key"]]),
            "BuildConfig" => Self::Triggers,
            "Template" if in_group("template.openshift.io") => Self::Template(&[]),
            "TemplateInstance" if in_group("template.openshift.io") => Self::Template(&["spec", "template"]),
            "List" if group == "v1" => Self::Objects("items"),
            _ => return None,
        })
    }
}

/// Whether objects of this kind hold secrets by definition.
pub(super) fn is_secret_kind(object: &Value) -> bool {
    Rule::of(object).is_some()
}

/// Masks an object and says in how many places.
pub(super) fn object(object: &mut Value) -> usize {
    let mut hidden = Hidden::default();
    match Rule::of(object) {
        Some(Rule::Paths(paths)) => {
            for path in paths {
                if let Some(secret) = at(object, path) {
                    hidden.all(secret);
                }
            }
            hidden.token_name(object);
        }
        Some(Rule::Triggers) => hidden.triggers(object),
        Some(Rule::Objects(list)) => hidden.objects(object, list),
        Some(Rule::Template(path)) => {
            if let Some(template) = at(object, path) {
                hidden.parameters(template);
                hidden.objects(template, "objects");
            }
        }
        None => return private_keys(object),
    }
    hidden.copies(object);
    hidden.places + private_keys(object)
}

/// Fields whose values are bytes in base64, and what else stands there breaks clients that have types: of which kinds.
const BYTES: [(&str, &str); 2] = [("Secret", "data"), ("ConfigMap", "binaryData")];

/// Masks an object so that bytes stay bytes in base64: as many asterisks as there were.
pub(super) fn keeping_types(object: &mut Value, mask: impl FnOnce(&mut Value) -> usize) -> usize {
    let kind = object.get("kind").and_then(Value::as_str).unwrap_or_default();
    let fields: Vec<&str> = BYTES.iter().filter(|(of, _)| *of == kind).map(|(_, field)| *field).collect();
    let mut sizes = Vec::new();
    for field in fields {
        for (name, value) in object.get(field).and_then(Value::as_object).into_iter().flatten() {
            let text = value.as_str().unwrap_or_default();
            sizes.push((field, name.clone(), STANDARD.decode(text).map_or(text.len(), |bytes| bytes.len())));
        }
    }
    let places = mask(object);
    for (field, name, size) in sizes {
        if let Some(value) = at(object, &[field, &name])
            && value.as_str().is_some_and(|text| text.starts_with("<masked"))
        {
            *value = Value::String(STANDARD.encode("*".repeat(size)));
        }
    }
    places
}

/// Masks all of an object that its head does not need: for what should be of a secret kind and is not.
pub(super) fn everything(object: &mut Value) -> usize {
    let mut hidden = Hidden::default();
    for (name, value) in object.as_object_mut().into_iter().flatten() {
        match (name.as_str(), value) {
            ("apiVersion" | "kind", Value::String(_)) => {}
            ("metadata", Value::Object(metadata)) => {
                for (name, value) in metadata {
                    let head = ["name", "namespace", "uid", "creationTimestamp", "resourceVersion", "generation"];
                    if !head.contains(&name.as_str()) {
                        hidden.all(value);
                    }
                }
            }
            (_, value) => hidden.all(value),
        }
    }
    hidden.places
}

/// What was masked: how often, and the texts, to find where else they stand. Not printed, and gone with the call.
#[derive(Default)]
struct Hidden {
    places: usize,
    texts: Vec<String>,
}

impl Hidden {
    /// Masks a scalar, or every scalar in a list or map; names of entries are left as they are.
    fn all(&mut self, value: &mut Value) {
        match value {
            Value::Null => {}
            Value::String(text) if text.is_empty() => {}
            Value::String(text) => {
                let mask = Value::String(format!("<masked: {} bytes>", text.len()));
                self.remember(std::mem::take(text));
                *value = mask;
                self.places += 1;
            }
            Value::Bool(_) | Value::Number(_) => {
                *value = Value::String("<masked>".to_owned());
                self.places += 1;
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.all(item)),
            Value::Object(map) => map.values_mut().for_each(|item| self.all(item)),
        }
    }

    fn remember(&mut self, text: String) {
        if text.len() < LEAST_TRACED {
            return;
        }
        let opened = STANDARD.decode(&text).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        if let Some(opened) = opened {
            let opened = opened.trim();
            if opened.len() >= LEAST_TRACED {
                self.texts.push(opened.to_owned());
            }
        }
        self.texts.push(text);
    }

    /// Before 4.6 the name of an OAuth token was the token.
    fn token_name(&mut self, object: &mut Value) {
        let kind = object.get("kind").and_then(Value::as_str);
        if !matches!(kind, Some("OAuthAccessToken" | "OAuthAuthorizeToken")) {
            return;
        }
        if let Some(name) = at(object, &["metadata", "name"])
            && name.as_str().is_some_and(|name| !name.starts_with("sha256~"))
        {
            self.all(name);
        }
    }

    fn objects(&mut self, object: &mut Value, list: &str) {
        let objects = object.get_mut(list).and_then(Value::as_array_mut);
        self.places += objects.into_iter().flatten().map(self::object).sum::<usize>();
    }

    /// Values of parameters: a password goes into a template as one.
    fn parameters(&mut self, template: &mut Value) {
        let parameters = template.get_mut("parameters").and_then(Value::as_array_mut);
        for value in parameters.into_iter().flatten().filter_map(|parameter| parameter.get_mut("value")) {
            self.all(value);
        }
    }

    fn triggers(&mut self, object: &mut Value) {
        let triggers = at(object, &["spec", "triggers"]).and_then(Value::as_array_mut);
        for trigger in triggers.into_iter().flatten() {
            for hook in ["github", "gitlab", "bitbucket", "generic"] {
                if let Some(secret) = at(trigger, &[hook, "secret"]) {
                    self.all(secret);
                }
            }
        }
    }

    /// Metadata that repeats what was masked, and fields of which nothing is known, on every level.
    fn copies(&mut self, object: &mut Value) {
        for annotation in REVEALING_ANNOTATIONS {
            if let Some(copy) = at(object, &["metadata", "annotations", annotation]) {
                self.all(copy);
            }
        }
        if let Some(Value::Object(metadata)) = object.get_mut("metadata") {
            for (name, value) in metadata {
                if name != "name" && name != "namespace" && name != "uid" {
                    self.traces(value);
                }
            }
        }
        self.unknown(object);
    }

    fn traces(&mut self, value: &mut Value) {
        match value {
            Value::String(text) if self.texts.iter().any(|secret| text.contains(secret.as_str())) => {
                *text = format!("<masked: {} bytes>", text.len());
                self.places += 1;
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.traces(item)),
            Value::Object(map) => map.values_mut().for_each(|item| self.traces(item)),
            _ => {}
        }
    }

    fn unknown(&mut self, value: &mut Value) {
        match value {
            Value::Array(items) => items.iter_mut().for_each(|item| self.unknown(item)),
            Value::Object(map) => {
                for (name, value) in map {
                    match value {
                        Value::Array(fields) if name == UNKNOWN_FIELDS => {
                            fields.iter_mut().filter_map(Value::as_object_mut).for_each(|field| self.payload(field));
                        }
                        value => self.unknown(value),
                    }
                }
            }
            _ => {}
        }
    }

    fn payload(&mut self, field: &mut Map<String, Value>) {
        field.iter_mut().filter(|(name, _)| *name != "field").for_each(|(_, payload)| self.all(payload));
    }
}

fn at<'o>(object: &'o mut Value, path: &[&str]) -> Option<&'o mut Value> {
    path.iter().try_fold(object, |value, name| value.get_mut(*name))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn masked(mut value: Value) -> (usize, Value) {
        let places = object(&mut value);
        (places, value)
    }

    #[test]
    fn nothing_of_a_secret_survives_anywhere_in_it() {
        let secret = json!({"apiVersion": "v1", "kind": "Secret",
            "metadata": {"name": "s", "labels": {"copy": "CANARY-1"},
                "annotations": {"note": "the password is CANARY-1, really", "harmless": "yes", "b64": "x Q0FOQVJZLTE= y"},
                "<unknown fields>": [{"field": 77, "base64": "Q0FOQVJZ"}]},
            "data": {"a": "Q0FOQVJZLTE=", "number": 5, "list": ["CANARY"], "deep": {"x": true}},
            "stringData": {"b": "CANARY-2"},
            "x": {"<unknown fields>": [{"field": 3, "varint": 99}]}});
        let (places, shown) = masked(secret);
        let text = shown.to_string();
        assert!(!text.contains("CANARY") && !text.contains("Q0FOQVJZ"), "{text}");
        assert_eq!(shown["metadata"]["annotations"]["harmless"], "yes");
        assert_eq!(shown["data"]["number"], "<masked>");
        assert_eq!(shown["x"][UNKNOWN_FIELDS][0], json!({"field": 3, "varint": "<masked>"}));
        assert_eq!(places, 10);
    }

    #[test]
    fn keys_of_routes_and_secrets_in_templates_are_masked() {
        let route = json!({"apiVersion": "route.openshift.io/v1", "kind": "Route",
            "spec": {"host": "h", "tls": {"certificate": "public", "key": "CANARY"}}});
        let (places, shown) = masked(route);
        assert_eq!((places, &shown["spec"]["tls"]), (1, &json!({"certificate": "public", "key": "<masked: 6 bytes>"})));
        let template = json!({"apiVersion": "template.openshift.io/v1", "kind": "Template", "objects": [
            {"apiVersion": "v1", "kind": "Secret", "data": {"a": "CANARY"}},
            {"apiVersion": "v1", "kind": "Pod", "spec": {"env": "shown"}}]});
        let (places, shown) = masked(template);
        assert_eq!((places, shown["objects"][1]["spec"]["env"].as_str()), (1, Some("shown")));
        assert!(!shown.to_string().contains("CANARY"));
    }

    #[test]
    fn what_a_template_was_filled_with_is_masked() {
        let body = json!({"parameters": [{"name": "PASSWORD", "value": "CANARY"}, {"name": "EMPTY"}], "objects": [
            {"apiVersion": "v1", "kind": "List", "items": [{"apiVersion": "v1", "kind": "Secret", "stringData": {"a": "CANARY"}}]}]});
        let mut template = json!({"apiVersion": "template.openshift.io/v1", "kind": "Template"});
        template.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
        let instance =
            json!({"apiVersion": "template.openshift.io/v1", "kind": "TemplateInstance", "spec": {"template": body}});
        for object in [template, instance] {
            let (places, shown) = masked(object);
            assert!(places == 2 && !shown.to_string().contains("CANARY"), "{shown}");
            assert!(shown.to_string().contains("PASSWORD"));
        }
    }

    #[test]
    fn what_only_claims_another_kind_is_masked_whole() {
        let mut object = json!({"apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": "n", "annotations": {"a": "CANARY"}}, "data": {"a": "CANARY"}, "n": 1});
        assert_eq!(everything(&mut object), 3);
        assert!(object["metadata"]["name"] == "n" && !object.to_string().contains("CANARY"));
    }
}
