//! Which keys and objects are meant, the way people name them.

use kube_objects::{ResourceClass, StorageKey};
use serde_json::Value;

/// Short names of resources, as `kubectl api-resources` and `oc api-resources` list them.
const SHORT: [(&str, &str); 53] = [
    ("am", "alertmanagers"),
    ("bc", "buildconfigs"),
    ("bmh", "baremetalhosts"),
    ("catsrc", "catalogsources"),
    ("cj", "cronjobs"),
    ("cm", "configmaps"),
    ("co", "clusteroperators"),
    ("crd", "customresourcedefinitions"),
    ("crds", "customresourcedefinitions"),
    ("csr", "certificatesigningrequests"),
    ("cs", "componentstatuses"),
    ("csv", "clusterserviceversions"),
    ("dc", "deploymentconfigs"),
    ("deploy", "deployments"),
    ("ds", "daemonsets"),
    ("ep", "endpoints"),
    ("ev", "events"),
    ("hpa", "horizontalpodautoscalers"),
    ("ing", "ingresses"),
    ("ip", "installplans"),
    ("is", "imagestreams"),
    ("istag", "imagestreamtags"),
    ("limits", "limitranges"),
    ("mc", "machineconfigs"),
    ("mcp", "machineconfigpools"),
    ("netpol", "networkpolicies"),
    ("no", "nodes"),
    ("ns", "namespaces"),
    ("og", "operatorgroups"),
    ("pc", "priorityclasses"),
    ("pdb", "poddisruptionbudgets"),
    ("pmon", "podmonitors"),
    ("po", "pods"),
    ("project", "namespaces"),
    ("projects", "namespaces"),
    ("promrule", "prometheusrules"),
    ("psp", "podsecuritypolicies"),
    ("pv", "persistentvolumes"),
    ("pvc", "persistentvolumeclaims"),
    ("quota", "resourcequotas"),
    ("rc", "replicationcontrollers"),
    ("rs", "replicasets"),
    ("sa", "serviceaccounts"),
    ("sc", "storageclasses"),
    ("scc", "securitycontextconstraints"),
    ("smon", "servicemonitors"),
    ("sts", "statefulsets"),
    ("sub", "subscriptions"),
    ("subs", "subscriptions"),
    ("svc", "services"),
    ("va", "volumeattachments"),
    ("vs", "volumesnapshots"),
    ("vsc", "volumesnapshotcontents"),
];

/// What `all` stands for, as for kubectl and oc: each resource that says so of itself.
const ALL: [&str; 14] = [
    "pods",
    "replicationcontrollers",
    "services",
    "daemonsets",
    "deployments",
    "replicasets",
    "statefulsets",
    "horizontalpodautoscalers",
    "cronjobs",
    "jobs",
    "deploymentconfigs",
    "buildconfigs",
    "builds",
    "imagestreams",
];

/// Where built-in resources are stored that are not stored under their names.
const ELSEWHERE: [&str; 17] = [
    "apiextensions.k8s.io/customresourcedefinitions",
    "apiregistration.k8s.io/apiservices",
    "controllers",
    "ingress",
    "minions",
    "oauth/accesstokens",
    "oauth/authorizetokens",
    "oauth/clientauthorizations",
    "oauth/clients",
    "podsecuritypolicy",
    "registry/egressnetworkpolicy",
    "registry/sdnnetnamespaces",
    "registry/sdnnetworks",
    "registry/sdnsubnets",
    "services/endpoints",
    "services/specs",
    "useridentities",
];

/// A resource as people name it: `secrets`, `secret`, `po`, `routes.route.openshift.io`, `pods.` (the core group),
/// `deployments.v1.apps` (whatever the version: a key does not tell it).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceName {
    resource: String,
    group: Option<String>,
}

impl ResourceName {
    /// Takes a name apart. Any text names a resource, if perhaps one that no key has.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let text = text.to_ascii_lowercase();
        let (resource, group) = match text.split_once('.') {
            Some((resource, group)) => (resource, Some(without_version(group).to_owned())),
            None => (text.as_str(), None),
        };
        let long = SHORT.iter().find(|(short, _)| *short == resource).map(|(_, long)| *long);
        Self { resource: long.unwrap_or(resource).to_owned(), group }
    }

    /// Takes a list of names apart: `pods,svc`; `all` is what kubectl and oc mean by it.
    #[must_use]
    pub fn list(text: &str) -> Vec<Self> {
        let many = |name| if name == "all" { ALL.to_vec() } else { vec![name] };
        text.split(',').flat_map(many).map(Self::parse).collect()
    }

    /// The resource, without its group; in full, if a short name was given.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.resource
    }

    /// Whether every API server has this resource, so that a snapshot without an object of it is nothing odd.
    #[must_use]
    pub fn is_built_in(&self) -> bool {
        let name = &self.resource;
        let stem = name.strip_suffix('y').unwrap_or(name);
        let plurals = [name.clone(), format!("{name}s"), format!("{name}es"), format!("{stem}ies")];
        let paths = plurals.iter().map(String::as_str).chain(ELSEWHERE);
        let keys =
            paths.flat_map(|path| ["kubernetes.io", "openshift.io"].map(|prefix| format!("/{prefix}/{path}/a/b")));
        keys.into_iter().any(|key| {
            let key = StorageKey::parse(key.as_bytes());
            key.class == ResourceClass::BuiltIn && self.matches(&key)
        })
    }

    /// Whether a key is the definition of this resource.
    #[must_use]
    pub fn is_defined_by(&self, key: &StorageKey<'_>) -> bool {
        let mut parts = key.name.splitn(2, |&byte| byte == b'.');
        key.resource == b"customresourcedefinitions"
            && parts.next().is_some_and(|plural| self.names(plural))
            && self.group.as_deref().is_none_or(|group| parts.next() == Some(group.as_bytes()))
    }

    /// Whether a key is of this resource. The plural and the singular will do.
    #[must_use]
    pub fn matches(&self, key: &StorageKey<'_>) -> bool {
        let group = self.group.as_deref().map(str::as_bytes);
        group.is_none_or(|group| group == key.group) && !key.resource.is_empty() && self.names(key.resource)
    }

    fn names(&self, plural: &[u8]) -> bool {
        let wanted = self.resource.as_bytes();
        let begins = |ending: &[u8], instead: &[u8]| {
            plural.strip_suffix(ending).is_some_and(|stem| wanted.strip_suffix(instead) == Some(stem))
        };
        plural == wanted || begins(b"s", b"") || begins(b"es", b"") || begins(b"ies", b"y")
    }
}

/// The group of `v1.apps`; `v1.` and `v1` are of the core group.
fn without_version(group: &str) -> &str {
    let (first, rest) = group.split_once('.').unwrap_or((group, ""));
    let digits = first.strip_prefix('v').unwrap_or_default();
    let number = digits.trim_start_matches(|c: char| c.is_ascii_digit());
    let is_version = digits.len() > number.len()
        && ["", "alpha", "beta"].contains(&number.trim_end_matches(|c: char| c.is_ascii_digit()));
    if is_version { rest } else { group }
}

/// One thing that is asked for by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A full key, byte for byte.
    Key(Vec<u8>),
    /// Every key that begins so.
    Prefix(Vec<u8>),
    /// An object by resource and name. A key that reads exactly so is meant, too.
    Object {
        /// The resource.
        resource: ResourceName,
        /// The object's name.
        name: Vec<u8>,
        /// What was typed.
        typed: Vec<u8>,
    },
    /// Every object of a resource. A key that reads exactly so is meant, too.
    Resource {
        /// The resource.
        resource: ResourceName,
        /// What was typed.
        typed: Vec<u8>,
    },
}

impl Target {
    /// Reads arguments as kubectl does: `/full/key`, `/prefix/`, `TYPE/NAME`..., `TYPE NAME...`, or `TYPE[,TYPE]`.
    #[must_use]
    pub fn read(arguments: &[Vec<u8>]) -> Vec<Self> {
        match arguments {
            [first, names @ ..] if !names.is_empty() && !first.contains(&b'/') => {
                let resources = ResourceName::list(&String::from_utf8_lossy(first));
                let object = |resource: &ResourceName, name: &Vec<u8>| Self::Object {
                    resource: resource.clone(),
                    name: name.clone(),
                    typed: match &resources[..] {
                        [_] => [first.as_slice(), b"/", name].concat(),
                        _ => [resource.name().as_bytes(), b"/", name].concat(),
                    },
                };
                let of = |resource| names.iter().map(move |name| object(resource, name));
                resources.iter().flat_map(of).collect()
            }
            many => many.iter().flat_map(|argument| Self::read_one(argument)).collect(),
        }
    }

    fn read_one(argument: &[u8]) -> Vec<Self> {
        let slash = argument.iter().position(|&byte| byte == b'/');
        let typed = argument.to_vec();
        let Some(at) = slash.filter(|&at| at > 0) else {
            return match (slash, argument.last()) {
                (Some(_), Some(b'/')) => vec![Self::Prefix(typed)],
                (Some(_), _) => vec![Self::Key(typed)],
                (None, _) => ResourceName::list(&String::from_utf8_lossy(argument))
                    .into_iter()
                    .map(|resource| Self::Resource { resource, typed: typed.clone() })
                    .collect(),
            };
        };
        let (resource, name) = argument.split_at_checked(at).unwrap_or_default();
        let name = name.get(1..).unwrap_or_default().to_vec();
        vec![Self::Object { resource: ResourceName::parse(&String::from_utf8_lossy(resource)), name, typed }]
    }

    /// Whether at most one object is meant, were it not for namespaces.
    #[must_use]
    pub fn is_single(&self) -> bool {
        matches!(self, Self::Key(_) | Self::Object { .. })
    }

    /// What was typed.
    #[must_use]
    pub fn typed(&self) -> &[u8] {
        match self {
            Self::Key(typed) | Self::Prefix(typed) | Self::Object { typed, .. } | Self::Resource { typed, .. } => typed,
        }
    }

    /// The resource that is named; none for a key or a prefix.
    #[must_use]
    pub fn resource(&self) -> Option<&ResourceName> {
        match self {
            Self::Object { resource, .. } | Self::Resource { resource, .. } => Some(resource),
            Self::Key(_) | Self::Prefix(_) => None,
        }
    }

    /// Whether a key is meant, in any of these namespaces; of none is any. As for kubectl, what has no namespace is in
    /// each, where its resource is named.
    #[must_use]
    pub fn matches(&self, key: &[u8], namespaces: &[Vec<u8>]) -> bool {
        match self {
            Self::Key(exact) => key == exact,
            Self::Prefix(prefix) => key.starts_with(prefix) && in_namespace(key, namespaces),
            Self::Object { resource, name, typed } => {
                key == typed
                    || key.ends_with(name) && {
                        let parsed = StorageKey::parse(key);
                        parsed.name == name && resource.matches(&parsed) && is_in_or_of_none(&parsed, namespaces)
                    }
            }
            Self::Resource { resource, typed } => {
                key == typed || {
                    let parsed = StorageKey::parse(key);
                    resource.matches(&parsed) && is_in_or_of_none(&parsed, namespaces)
                }
            }
        }
    }
}

fn in_namespace(key: &[u8], namespaces: &[Vec<u8>]) -> bool {
    namespaces.is_empty() || is_in(&StorageKey::parse(key), namespaces)
}

fn is_in(key: &StorageKey<'_>, namespaces: &[Vec<u8>]) -> bool {
    namespaces.is_empty() || key.namespace.is_some_and(|found| namespaces.iter().any(|wanted| wanted == found))
}

fn is_in_or_of_none(key: &StorageKey<'_>, namespaces: &[Vec<u8>]) -> bool {
    key.namespace.is_none() || is_in(key, namespaces)
}

/// Which keys are meant. Everything that is empty lets every key pass.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// What is asked for by name, any of which will do.
    pub targets: Vec<Target>,
    /// Resources, any of which will do.
    pub resources: Vec<ResourceName>,
    /// Namespaces, any of which will do. A full key is meant whatever its namespace.
    pub namespaces: Vec<Vec<u8>>,
}

impl Wanted {
    /// Whether a key is meant.
    #[must_use]
    pub fn matches(&self, key: &[u8]) -> bool {
        let by_name =
            self.targets.is_empty() || self.targets.iter().any(|target| target.matches(key, &self.namespaces));
        if !by_name {
            return false;
        }
        if self.resources.is_empty() {
            return !self.targets.is_empty() || in_namespace(key, &self.namespaces);
        }
        let parsed = StorageKey::parse(key);
        self.resources.iter().any(|resource| resource.matches(&parsed))
            && (!self.targets.is_empty() || is_in_or_of_none(&parsed, &self.namespaces))
    }

    /// The one key or object that is asked for; none for a selection.
    #[must_use]
    pub fn single(&self) -> Option<&Target> {
        match &self.targets[..] {
            [one] if one.is_single() && self.resources.is_empty() => Some(one),
            _ => None,
        }
    }
}

/// Why a selector is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{part}` is no {what} requirement; write {expected}")]
pub struct SelectorError {
    part: String,
    what: &'static str,
    expected: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Test {
    Exists(bool),
    In(Vec<String>, bool),
    Above(i64),
    Below(i64),
}

/// A label selector: `app=web,tier!=db,env in (a,b),track notin (c),owner,!legacy,generation>3`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Labels(Vec<(String, Test)>);

impl Labels {
    /// Whether it lets everything pass.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Reads a selector and adds its requirements, all of which must hold. An empty one requires nothing.
    ///
    /// # Errors
    /// [`SelectorError`] with the part that is no requirement.
    pub fn add(&mut self, text: &str) -> Result<(), SelectorError> {
        if text.trim().is_empty() {
            return Ok(());
        }
        for part in requirements(text) {
            let error = || SelectorError {
                part: part.to_owned(),
                what: "label",
                expected: "`a=b`, `a!=b`, `a in (b,c)`, `a notin (b,c)`, `a>1`, `a<1`, `a` or `!a`",
            };
            let (name, test) = requirement(part).ok_or_else(error)?;
            self.0.push((name.to_owned(), test));
        }
        Ok(())
    }

    /// Whether an object's labels are what is asked for. A missing label is unlike any value, as for kubectl.
    #[must_use]
    pub fn matches(&self, object: &Value) -> bool {
        let labels = object.get("metadata").and_then(|metadata| metadata.get("labels"));
        self.0.iter().all(|(name, test)| {
            let value = labels.and_then(|labels| labels.get(name)).and_then(Value::as_str);
            match test {
                Test::Above(than) => number(value).is_some_and(|number| number > *than),
                Test::Below(than) => number(value).is_some_and(|number| number < *than),
                Test::Exists(wanted) => value.is_some() == *wanted,
                Test::In(values, wanted) => value.is_some_and(|value| values.iter().any(|one| one == value)) == *wanted,
            }
        })
    }
}

fn number(value: Option<&str>) -> Option<i64> {
    value?.parse().ok()
}

/// The parts between commas that are not within parentheses.
fn requirements(text: &str) -> Vec<&str> {
    let (mut parts, mut start, mut depth) = (Vec::new(), 0, 0_u32);
    for (at, char) in text.char_indices() {
        match char {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(text.get(start..at).unwrap_or_default().trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(text.get(start..).unwrap_or_default().trim());
    parts
}

fn requirement(part: &str) -> Option<(&str, Test)> {
    let is_name = |name: &str| !name.is_empty() && !name.contains(['=', '!', '(', ')', ' ', ',', '<', '>']);
    let named = |name: &'_ str| is_name(name);
    if let Some((name, value)) = part.split_once("!=") {
        return named(name.trim()).then(|| (name.trim(), Test::In(vec![value.trim().to_owned()], false)));
    }
    if let Some((name, value)) = part.split_once('=') {
        let value = value.strip_prefix('=').unwrap_or(value);
        return named(name.trim()).then(|| (name.trim(), Test::In(vec![value.trim().to_owned()], true)));
    }
    for (sign, test) in [('>', Test::Above as fn(i64) -> Test), ('<', Test::Below)] {
        if let Some((name, than)) = part.split_once(sign) {
            let than = than.trim().parse().ok()?;
            return named(name.trim()).then(|| (name.trim(), test(than)));
        }
    }
    if let Some((name, rest)) = part.split_once(char::is_whitespace) {
        let rest = rest.trim_start();
        let (list, wanted) = match rest.strip_prefix("notin") {
            Some(list) => (list, false),
            None => (rest.strip_prefix("in")?, true),
        };
        let list = list.trim().strip_prefix('(')?.strip_suffix(')')?;
        let values = list.split(',').map(|value| value.trim().to_owned()).collect();
        return is_name(name).then_some((name, Test::In(values, wanted)));
    }
    match part.strip_prefix('!') {
        Some(name) => named(name.trim()).then(|| (name.trim(), Test::Exists(false))),
        None => named(part).then_some((part, Test::Exists(true))),
    }
}

/// A field selector: `metadata.name=web,spec.nodeName!=w1,spec.containers[0].name=web`, and for names with dots
/// `metadata.labels["a.b/c"]` or `metadata.labels.a\.b/c`. Any field will do, not only those that the API indexes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fields(Vec<(Vec<String>, String, bool)>);

impl Fields {
    /// Whether it lets everything pass.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Reads a selector and adds its requirements, all of which must hold.
    ///
    /// # Errors
    /// [`SelectorError`] with the part that is no requirement.
    pub fn add(&mut self, text: &str) -> Result<(), SelectorError> {
        for part in text.split(',') {
            let error = || SelectorError { part: part.to_owned(), what: "field", expected: FIELD };
            let (path, rest) = field_path(part).ok_or_else(error)?;
            let (value, wanted) = match rest.strip_prefix("!=") {
                Some(value) => (value, false),
                None => (rest.strip_prefix("==").or_else(|| rest.strip_prefix('=')).ok_or_else(error)?, true),
            };
            self.0.push((path, value.trim().to_owned(), wanted));
        }
        Ok(())
    }

    /// Whether an object's fields are what is asked for. A missing field reads as empty, as for kubectl.
    #[must_use]
    pub fn matches(&self, object: &Value) -> bool {
        self.0.iter().all(|(path, value, wanted)| {
            let is_equal = match field(object, path) {
                // What is false or nought is not stored at all.
                None | Some(Value::Null) => matches!(value.as_str(), "" | "false" | "0"),
                Some(Value::String(text)) => text == value,
                Some(other) => {
                    let text = other.to_string();
                    text == *value
                }
            };
            is_equal == *wanted
        })
    }
}

const FIELD: &str = "`path.to.field=value` or `!=`, an item as `list[0]`, a name with dots as `map[\"a.b/c\"]`";

/// The field at a path. A name that holds dots may be given in several parts: `metadata.labels.a.b/c`.
fn field<'o>(object: &'o Value, path: &[String]) -> Option<&'o Value> {
    let Some((first, rest)) = path.split_first() else { return Some(object) };
    match object {
        Value::Array(items) => field(items.get(first.parse::<usize>().ok()?)?, rest),
        Value::Object(map) => (1..=path.len()).find_map(|many| {
            let (name, rest) = path.split_at_checked(many)?;
            field(map.get(&name.join("."))?, rest)
        }),
        _ => None,
    }
}

/// The names of a path, and the text behind it; none where it cannot be read.
fn field_path(text: &str) -> Option<(Vec<String>, &str)> {
    let (mut names, mut name, mut bracket) = (Vec::new(), String::new(), false);
    let mut rest = text.trim_start();
    rest = rest.strip_prefix('.').unwrap_or(rest);
    let flush = |name: &mut String, bracket: bool, names: &mut Vec<String>| {
        let ended = std::mem::take(name).trim().to_owned();
        let is_read = ended.is_empty() == bracket;
        names.extend((!ended.is_empty()).then_some(ended));
        is_read
    };
    while let Some(char) = rest.chars().next() {
        let after = rest.get(char.len_utf8()..).unwrap_or_default();
        match char {
            '=' => break,
            '!' if after.starts_with('=') => break,
            '\\' => {
                let next = after.chars().next()?;
                name.push(next);
                rest = after.get(next.len_utf8()..)?;
                continue;
            }
            '.' => {
                if !flush(&mut name, bracket, &mut names) {
                    return None;
                }
                bracket = false;
            }
            '[' => {
                if !flush(&mut name, bracket, &mut names) {
                    return None;
                }
                let (inside, behind) = match after.chars().next().filter(|quote| matches!(quote, '"' | '\'')) {
                    Some(quote) => after.get(1..)?.split_once(&format!("{quote}]"))?,
                    None => after.split_once(']').filter(|(at, _)| at.parse::<u32>().is_ok())?,
                };
                names.push(inside.to_owned());
                (rest, bracket) = (behind, true);
                continue;
            }
            plain => name.push(plain),
        }
        rest = after;
    }
    flush(&mut name, bracket, &mut names).then_some((names, rest))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn wanted(arguments: &[&str], namespaces: &[&str]) -> Wanted {
        let arguments: Vec<Vec<u8>> = arguments.iter().map(|argument| argument.as_bytes().to_vec()).collect();
        let namespaces = namespaces.iter().map(|name| name.as_bytes().to_vec()).collect();
        Wanted { targets: Target::read(&arguments), resources: Vec::new(), namespaces }
    }

    #[test]
    fn objects_are_named_as_kubectl_names_them() {
        let db = "/kubernetes.io/secrets/prod/db";
        let route = "/openshift.io/routes/prod/web";
        let node = "/kubernetes.io/minions/w1";
        let cr = "/kubernetes.io/config.openshift.io/clusterversions/version";
        for (arguments, namespaces, key, meant) in [
            (&[db][..], &[][..], db, true),
            (&[db], &["other"], db, true),
            (&["/kubernetes.io/secrets/"], &[], db, true),
            (&["/kubernetes.io/secrets/"], &["dev"], db, false),
            (&["/kubernetes.io/secrets/prod/d"], &[], db, false),
            (&["secrets/db"], &["prod"], db, true),
            (&["secret/db"], &[], db, true),
            (&["Secret", "x", "db"], &["prod"], db, true),
            (&["secrets/db"], &["dev"], db, false),
            (&["pods,secrets", "db"], &["prod"], db, true),
            (&["secrets.v1", "db"], &[], db, true),
            (&["secrets.v1.apps", "db"], &[], db, false),
            (&["routes.v1.route.openshift.io"], &[], route, true),
            (&["routes.v1beta1.route.openshift.io"], &[], route, true),
            (&["routes.vx.route.openshift.io"], &[], route, false),
            (&["node/w1"], &["shop"], node, true),
            (&["nodes"], &["shop"], node, true),
            (&["all"], &[], "/kubernetes.io/pods/a/b", true),
            (&["all"], &[], db, false),
            (&["scc"], &[], "/kubernetes.io/security.openshift.io/securitycontextconstraints/privileged", true),
            (&["secrets/b"], &[], db, false),
            (&["pods/db"], &[], db, false),
            (&["secrets"], &["prod"], db, true),
            (&["pods,secrets"], &[], db, true),
            (&["pods", "db"], &[], db, false),
            (&["route/web"], &[], route, true),
            (&["routes.route.openshift.io/web"], &["prod"], route, true),
            (&["routes.example.com/web"], &[], route, false),
            (&["node/w1"], &[], node, true),
            (&["no", "w1"], &[], node, true),
            (&["clusterversion", "version"], &[], cr, true),
            (&["netpol"], &[], "/kubernetes.io/networkpolicies/a/b", true),
            (&["networkpolicy"], &[], "/kubernetes.io/networkpolicies/a/b", true),
            (&["ingress/x"], &[], "/kubernetes.io/ingress/a/x", true),
            (&["compact_rev_key"], &[], "compact_rev_key", true),
            (&["registry/secrets/default/odd"], &[], "registry/secrets/default/odd", true),
        ] {
            assert_eq!(
                wanted(arguments, namespaces).matches(key.as_bytes()),
                meant,
                "{arguments:?} {namespaces:?} {key}"
            );
        }
    }

    #[test]
    fn what_every_server_has_is_told_from_a_slip() {
        for (name, built_in) in [
            ("pods", true),
            ("job", true),
            ("networkpolicy", true),
            ("podz", false),
            ("foo", false),
            ("controllers", false),
        ] {
            assert_eq!(ResourceName::parse(name).is_built_in(), built_in, "{name}");
        }
        let elsewhere = ["svc", "ep", "no", "crd", "oauthclient", "identity", "route"];
        for name in ALL.into_iter().chain(elsewhere) {
            assert!(ResourceName::parse(name).is_built_in(), "{name}");
        }
        let definition = "/kubernetes.io/apiextensions.k8s.io/customresourcedefinitions/widgets.example.com";
        let definition = StorageKey::parse(definition.as_bytes());
        for (name, defined) in
            [("widget", true), ("widgets.example.com", true), ("widgets.other.com", false), ("w", false)]
        {
            assert_eq!(ResourceName::parse(name).is_defined_by(&definition), defined, "{name}");
        }
    }

    #[test]
    fn one_object_is_told_from_a_selection() {
        for (arguments, single) in [
            (&["/a/b"][..], true),
            (&["secret/db"], true),
            (&["secret", "db"], true),
            (&["/a/"], false),
            (&["secrets"], false),
            (&["secret", "a", "b"], false),
            (&[], false),
        ] {
            assert_eq!(wanted(arguments, &[]).single().is_some(), single, "{arguments:?}");
        }
    }

    #[test]
    fn labels_are_selected_as_kubectl_selects_them() {
        let object = json!({"metadata": {"labels": {"app": "web", "env": "prod", "replica": "4"}}});
        for (selector, matches) in [
            ("app=web", true),
            ("app==web,env!=dev", true),
            ("app", true),
            ("!app", false),
            ("!legacy", true),
            ("env in (dev, prod)", true),
            ("env notin (dev,prod)", false),
            ("tier notin (x)", true),
            ("tier!=x", true),
            ("tier=", false),
            ("app=web,env=dev", false),
            ("", true),
            ("app in(web)", true),
            ("app notin(web)", false),
            ("replica>3", true),
            ("replica > 4", false),
            ("replica<5", true),
            ("replica<4", false),
            ("app>1", false),
            ("nothing<1", false),
        ] {
            let mut labels = Labels::default();
            labels.add(selector).unwrap();
            assert_eq!(labels.matches(&object), matches, "{selector}");
        }
        for broken in ["a in b", "=x", "a b", "a in (b", "a>b", "a<", ",a"] {
            assert!(Labels::default().add(broken).is_err(), "{broken}");
        }
    }

    #[test]
    fn any_field_is_selected() {
        let object = json!({"metadata": {"name": "n", "labels": {"a.b/c": "d"}}, "spec": {"replicas": 3, "items": [{"a": "x"}]}});
        for (selector, matches) in [
            ("metadata.name=n", true),
            (".metadata.name==n", true),
            ("metadata.name!=n", false),
            ("spec.replicas=3,metadata.name=n", true),
            ("spec.items.0.a=x", true),
            ("spec.nodeName=", true),
            ("spec.nodeName!=w1", true),
            ("spec.items[0].a=x", true),
            ("spec.items[1].a=x", false),
            ("spec.paused=false", true),
            ("spec.paused!=false", false),
            ("spec.paused=true", false),
            ("metadata.labels.a.b/c=d", true),
            ("metadata.labels.a\\.b/c=d", true),
            ("metadata.labels[\"a.b/c\"]=d", true),
            ("metadata.labels['a.b/c']==d", true),
        ] {
            let mut fields = Fields::default();
            fields.add(selector).unwrap();
            assert_eq!(fields.matches(&object), matches, "{selector}");
        }
        for broken in ["name", "=x", "a..b=x", "a.=x", "a[x]=y", "a[0=y", "a[0]b=y", "a[\"b]=y", "[0].a=y"] {
            assert!(Fields::default().add(broken).is_err(), "{broken}");
        }
    }
}
