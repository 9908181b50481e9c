//! What a path and a query ask for. Segments are decoded once, and looked up, never opened.

use crate::status::Status;

/// Percent-decodes; none where that leaves no text, or a NUL.
pub(crate) fn decode(text: &str, plus_is_space: bool) -> Option<String> {
    let (mut bytes, mut rest) = (Vec::with_capacity(text.len()), text.as_bytes());
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        match first {
            b'%' => {
                let (digits, after) = rest.split_at_checked(2)?;
                rest = after;
                bytes.extend(wording::unhex(&std::str::from_utf8(digits).ok()?.to_ascii_lowercase())?);
            }
            b'+' if plus_is_space => bytes.push(b' '),
            byte => bytes.push(*byte),
        }
    }
    String::from_utf8(bytes).ok().filter(|text| !text.contains('\0'))
}

/// The parameters of a query, in order.
#[derive(Debug, Default)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    /// Reads a query; what cannot be decoded is refused.
    pub(crate) fn read(text: &str) -> Result<Self, Status> {
        let pairs = text.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((decode(name, true)?, decode(value, true)?))
        });
        let pairs: Option<Vec<_>> = pairs.collect();
        pairs.map(Self).ok_or_else(|| Status::bad_request("the query is no text"))
    }

    /// The first value of a parameter, unless it is empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(of, _)| of == name).map(|(_, value)| value.as_str());
        found.filter(|value| !value.is_empty())
    }

    /// Whether a parameter is there, with a value or without.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(of, _)| of == name)
    }

    /// Whether a parameter is true, as Go reads it.
    pub(crate) fn is_true(&self, name: &str) -> bool {
        matches!(self.get(name), Some("true" | "1" | "t" | "T" | "True" | "TRUE"))
    }

    /// A whole number.
    pub(crate) fn number(&self, name: &str) -> Result<Option<i64>, Status> {
        let Some(text) = self.get(name) else { return Ok(None) };
        let wrong = |_| Status::bad_request(format!("strconv.ParseInt: parsing \"{text}\": invalid syntax"));
        text.parse().map(Some).map_err(wrong)
    }
}

/// What a path below `/api/v1` or `/apis/GROUP/VERSION` names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Target {
    /// API group, empty for the core group.
    pub(crate) group: String,
    /// Its version.
    pub(crate) version: String,
    /// Plural.
    pub(crate) resource: String,
    /// Namespace, where one is named.
    pub(crate) namespace: Option<String>,
    /// Object, where one is named.
    pub(crate) name: Option<String>,
    /// What follows the object: `log`, `scale`.
    pub(crate) subresource: Option<String>,
}

/// A path, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Route {
    /// `/api` or `/apis`.
    Root {
        /// `/api`: the core group.
        core: bool,
    },
    /// `/apis/GROUP`.
    Group(String),
    /// `/api/v1`, `/apis/GROUP/VERSION`.
    Version {
        /// Group, empty for the core group.
        group: String,
        /// Version.
        version: String,
    },
    /// Objects.
    Objects(Target),
    /// Anything else, by its decoded segments.
    Other(Vec<String>),
}

impl Route {
    /// Of the decoded segments below a context.
    pub(crate) fn of(segments: &[String]) -> Self {
        let words: Vec<&str> = segments.iter().map(String::as_str).collect();
        match words.as_slice() {
            ["api"] => Self::Root { core: true },
            ["apis"] => Self::Root { core: false },
            ["apis", group] => Self::Group((*group).to_owned()),
            ["api", version] => Self::Version { group: String::new(), version: (*version).to_owned() },
            ["apis", group, version] => Self::Version { group: (*group).to_owned(), version: (*version).to_owned() },
            ["api", version, rest @ ..] => target("", version, rest).unwrap_or_else(|| Self::Other(segments.to_vec())),
            ["apis", group, version, rest @ ..] => {
                target(group, version, rest).unwrap_or_else(|| Self::Other(segments.to_vec()))
            }
            _ => Self::Other(segments.to_vec()),
        }
    }
}

fn target(group: &str, version: &str, rest: &[&str]) -> Option<Route> {
    let owned = |text: &&str| (*text).to_owned();
    let (namespace, rest) = match rest {
        // the object `namespaces/X` itself, and its `status` and `finalize`
        ["namespaces", _] | ["namespaces", _, "status" | "finalize"] => (None, rest),
        ["namespaces", namespace, rest @ ..] => (Some(owned(namespace)), rest),
        _ => (None, rest),
    };
    let (resource, rest) = rest.split_first()?;
    let name = rest.first().map(owned);
    let subresource = (rest.len() > 1).then(|| rest.get(1..).unwrap_or_default().join("/"));
    let (group, version, resource) = (group.to_owned(), version.to_owned(), owned(resource));
    Some(Route::Objects(Target { group, version, resource, namespace, name, subresource }))
}

/// A path cut at its slashes, each segment decoded; an empty last one is left out. None where one is no text.
pub(crate) fn segments(path: &str) -> Option<Vec<String>> {
    let path = path.strip_prefix('/').unwrap_or(path);
    let path = path.strip_suffix('/').unwrap_or(path);
    if path.is_empty() {
        return Some(Vec::new());
    }
    path.split('/').map(|segment| decode(segment, false)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(path: &str) -> Route {
        Route::of(&segments(path).unwrap())
    }

    #[test]
    fn paths_name_what_is_asked_for() {
        let of = |parts: [&str; 3], namespace: Option<&str>, name: Option<&str>, subresource: Option<&str>| {
            let owned = |text: &str| text.to_owned();
            let [group, version, resource] = parts.map(owned);
            let (namespace, name, subresource) = (namespace.map(owned), name.map(owned), subresource.map(owned));
            Route::Objects(Target { group, version, resource, namespace, name, subresource })
        };
        for (path, expected) in [
            ("/api", Route::Root { core: true }),
            ("/apis/", Route::Root { core: false }),
            ("/apis/apps", Route::Group("apps".to_owned())),
            ("/api/v1", Route::Version { group: String::new(), version: "v1".to_owned() }),
            ("/api/v1/pods", of(["", "v1", "pods"], None, None, None)),
            ("/api/v1/namespaces", of(["", "v1", "namespaces"], None, None, None)),
            ("/api/v1/namespaces/a", of(["", "v1", "namespaces"], None, Some("a"), None)),
            ("/api/v1/namespaces/a/pods/b/log", of(["", "v1", "pods"], Some("a"), Some("b"), Some("log"))),
            ("/api/v1/nodes/n/proxy/x/y", of(["", "v1", "nodes"], None, Some("n"), Some("proxy/x/y"))),
            ("/apis/apps/v1/namespaces/a/deployments", of(["apps", "v1", "deployments"], Some("a"), None, None)),
            ("/apis/a/v1/bs/system%3Ac%2Fd", of(["a", "v1", "bs"], None, Some("system:c/d"), None)),
            ("/version", Route::Other(vec!["version".to_owned()])),
            ("/api/v1/namespaces/a/", of(["", "v1", "namespaces"], None, Some("a"), None)),
        ] {
            assert_eq!(route(path), expected, "{path}");
        }
    }

    #[test]
    fn what_is_no_text_is_none() {
        for path in ["/a%", "/a%2", "/%zz", "/%00", "/%ff"] {
            assert_eq!(segments(path), None, "{path}");
        }
        assert_eq!(segments("/%2e%2e/%252e"), Some(vec!["..".to_owned(), "%2e".to_owned()]));
        let query = Query::read("a=b%20c+d&limit=x&watch&w=0&e=").unwrap();
        assert_eq!((query.get("a"), query.get("e")), (Some("b c d"), None));
        assert!(query.number("limit").is_err() && Query::read("a=%ff").is_err());
    }
}
