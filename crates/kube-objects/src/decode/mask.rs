//! Which parts of an object are secret by their kind.

use serde_json::Value;

use super::UNKNOWN_FIELDS;

/// Annotations that repeat an object, or its token, as text.
const REVEALING_ANNOTATIONS: [&str; 2] =
    ["kubectl.kubernetes.io/last-applied-configuration", "openshift.io/token-secret.value"];

/// Masks an object and says in how many places.
pub(super) fn object(object: &mut Value) -> usize {
    let kind = object.get("kind").and_then(Value::as_str).unwrap_or_default().to_owned();
    let group = object.get("apiVersion").and_then(Value::as_str).unwrap_or_default().split('/').next();
    let oauth = matches!(group, Some("oauth.openshift.io" | "v1"));
    let paths: &[&[&str]] = match kind.as_str() {
        "Secret" if group == Some("v1") => &[&["data"], &["stringData"]],
        "OAuthAccessToken" if oauth => &[&["authorizeToken"], &["refreshToken"]],
        "OAuthAuthorizeToken" if oauth => &[&["codeChallenge"]],
        "OAuthClient" if oauth => &[&["secret"], &["additionalSecrets"]],
        "BuildConfig" => {
            return triggers(object) + copies(object);
        }
        _ => return 0,
    };
    let mut masked = 0;
    for path in paths {
        masked += at(object, path).map_or(0, every_text);
    }
    masked + token_name(object, &kind) + copies(object)
}

fn at<'o>(object: &'o mut Value, path: &[&str]) -> Option<&'o mut Value> {
    path.iter().try_fold(object, |value, name| value.get_mut(*name))
}

/// Masks a text, or every text in a list or map, names of entries left as they are.
fn every_text(value: &mut Value) -> usize {
    match value {
        Value::String(text) if text.is_empty() => 0,
        Value::String(text) => {
            *text = format!("<masked: {} bytes>", text.len());
            1
        }
        Value::Array(items) => items.iter_mut().map(every_text).sum(),
        Value::Object(map) => map.values_mut().map(every_text).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
    }
}

/// Before 4.6 the name of an OAuth token was the token.
fn token_name(object: &mut Value, kind: &str) -> usize {
    if !matches!(kind, "OAuthAccessToken" | "OAuthAuthorizeToken") {
        return 0;
    }
    let name = at(object, &["metadata", "name"]);
    let name = name.filter(|name| name.as_str().is_some_and(|name| !name.starts_with("sha256~")));
    name.map_or(0, every_text)
}

/// Webhook triggers, whose caller proves itself by a secret in the URL.
fn triggers(object: &mut Value) -> usize {
    let triggers = at(object, &["spec", "triggers"]).and_then(Value::as_array_mut);
    let mut masked = 0;
    for trigger in triggers.into_iter().flatten() {
        for hook in ["github", "gitlab", "bitbucket", "generic"] {
            masked += at(trigger, &[hook, "secret"]).map_or(0, every_text);
        }
    }
    masked
}

/// Annotations that repeat the object, and fields of which nothing is known.
fn copies(object: &mut Value) -> usize {
    let mut masked = 0;
    for annotation in REVEALING_ANNOTATIONS {
        masked += at(object, &["metadata", "annotations", annotation]).map_or(0, every_text);
    }
    masked + at(object, &[UNKNOWN_FIELDS]).map_or(0, every_text)
}
