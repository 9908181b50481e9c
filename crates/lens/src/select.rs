//! Which keys and objects are meant, the way people name them.

use std::borrow::Cow;

use kube_objects::StorageKey;
use serde_json::Value;

/// Short names of resources, as `kubectl api-resources` and `oc api-resources` list them.
const SHORT: [(&str, &str); 44] = [
    ("bc", "buildconfigs"),
    ("cj", "cronjobs"),
    ("cm", "configmaps"),
    ("co", "clusteroperators"),
    ("crd", "customresourcedefinitions"),
    ("crds", "customresourcedefinitions"),
    ("csr", "certificatesigningrequests"),
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
    ("po", "pods"),
    ("project", "namespaces"),
    ("projects", "namespaces"),
    ("psp", "podsecuritypolicies"),
    ("pv", "persistentvolumes"),
    ("pvc", "persistentvolumeclaims"),
    ("quota", "resourcequotas"),
    ("rc", "replicationcontrollers"),
    ("rs", "replicasets"),
    ("sa", "serviceaccounts"),
    ("sc", "storageclasses"),
    ("sts", "statefulsets"),
    ("sub", "subscriptions"),
    ("svc", "services"),
    ("va", "volumeattachments"),
    ("vs", "volumesnapshots"),
    ("vsc", "volumesnapshotcontents"),
];

/// A resource as people name it: `secrets`, `secret`, `po`, `routes.route.openshift.io`, `pods.` (the core group).
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
            Some((resource, group)) => (resource, Some(group.to_owned())),
            None => (text.as_str(), None),
        };
        let long = SHORT.iter().find(|(short, _)| *short == resource).map(|(_, long)| *long);
        Self { resource: long.unwrap_or(resource).to_owned(), group }
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
                let resource = ResourceName::parse(&String::from_utf8_lossy(first));
                let object = |name: &Vec<u8>| Self::Object {
                    resource: resource.clone(),
                    name: name.clone(),
                    typed: [first.as_slice(), b"/", name].concat(),
                };
                names.iter().map(object).collect()
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
                (None, _) => String::from_utf8_lossy(argument)
                    .split(',')
                    .map(|name| Self::Resource { resource: ResourceName::parse(name), typed: typed.clone() })
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

    fn matches(&self, key: &[u8], namespaces: &[Vec<u8>]) -> bool {
        match self {
            Self::Key(exact) => key == exact,
            Self::Prefix(prefix) => key.starts_with(prefix) && in_namespace(key, namespaces),
            Self::Object { resource, name, typed } => {
                key == typed
                    || key.ends_with(name) && {
                        let parsed = StorageKey::parse(key);
                        parsed.name == name && resource.matches(&parsed) && is_in(&parsed, namespaces)
                    }
            }
            Self::Resource { resource, typed } => {
                key == typed || {
                    let parsed = StorageKey::parse(key);
                    resource.matches(&parsed) && is_in(&parsed, namespaces)
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
        let with_namespace = !self.targets.is_empty() || in_namespace(key, &self.namespaces);
        by_name
            && with_namespace
            && (self.resources.is_empty() || {
                let parsed = StorageKey::parse(key);
                self.resources.iter().any(|resource| resource.matches(&parsed))
            })
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
}

/// A label selector: `app=web,tier!=db,env in (a,b),track notin (c),owner,!legacy`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Labels(Vec<(String, Test)>);

impl Labels {
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
        for part in requirements(text) {
            let error = || SelectorError {
                part: part.to_owned(),
                what: "label",
                expected: "`a=b`, `a!=b`, `a in (b,c)`, `a notin (b,c)`, `a` or `!a`",
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
                Test::Exists(wanted) => value.is_some() == *wanted,
                Test::In(values, wanted) => value.is_some_and(|value| values.iter().any(|one| one == value)) == *wanted,
            }
        })
    }
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
    let is_name = |name: &str| !name.is_empty() && !name.contains(['=', '!', '(', ')', ' ', ',']);
    let named = |name: &'_ str| is_name(name);
    if let Some((name, value)) = part.split_once("!=") {
        return named(name.trim()).then(|| (name.trim(), Test::In(vec![value.trim().to_owned()], false)));
    }
    if let Some((name, value)) = part.split_once('=') {
        let value = value.strip_prefix('=').unwrap_or(value);
        return named(name.trim()).then(|| (name.trim(), Test::In(vec![value.trim().to_owned()], true)));
    }
    for (word, wanted) in [(" notin ", false), (" in ", true)] {
        if let Some((name, list)) = part.split_once(word) {
            let list = list.trim().strip_prefix('(')?.strip_suffix(')')?;
            let values = list.split(',').map(|value| value.trim().to_owned()).collect();
            return named(name.trim()).then(|| (name.trim(), Test::In(values, wanted)));
        }
    }
    match part.strip_prefix('!') {
        Some(name) => named(name.trim()).then(|| (name.trim(), Test::Exists(false))),
        None => named(part).then_some((part, Test::Exists(true))),
    }
}

/// A field selector: `metadata.name=web,spec.nodeName!=w1`. Any field will do, not only those that the API indexes.
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
            let error =
                || SelectorError { part: part.to_owned(), what: "field", expected: "`path.to.field=value` or `!=`" };
            let (path, value, wanted) = match (part.split_once("!="), part.split_once('=')) {
                (Some((path, value)), _) => (path, value, false),
                (None, Some((path, value))) => (path, value.strip_prefix('=').unwrap_or(value), true),
                (None, None) => return Err(error()),
            };
            let path = path.trim().trim_start_matches('.');
            if path.is_empty() {
                return Err(error());
            }
            self.0.push((path.split('.').map(str::to_owned).collect(), value.trim().to_owned(), wanted));
        }
        Ok(())
    }

    /// Whether an object's fields are what is asked for. A missing field reads as empty, as for kubectl.
    #[must_use]
    pub fn matches(&self, object: &Value) -> bool {
        self.0.iter().all(|(path, value, wanted)| {
            let found = path.iter().try_fold(object, |object, name| match object {
                Value::Array(items) => items.get(name.parse::<usize>().ok()?),
                object => object.get(name),
            });
            let text: Cow<'_, str> = match found {
                None | Some(Value::Null) => Cow::Borrowed(""),
                Some(Value::String(text)) => Cow::Borrowed(text),
                Some(other) => Cow::Owned(other.to_string()),
            };
            (text == value.as_str()) == *wanted
        })
    }
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
        let object = json!({"metadata": {"labels": {"app": "web", "env": "prod"}}});
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
        ] {
            let mut labels = Labels::default();
            labels.add(selector).unwrap();
            assert_eq!(labels.matches(&object), matches, "{selector}");
        }
        for broken in ["", "a in b", "=x", "a b", "a in (b"] {
            assert!(Labels::default().add(broken).is_err(), "{broken}");
        }
    }

    #[test]
    fn any_field_is_selected() {
        let object = json!({"metadata": {"name": "n"}, "spec": {"replicas": 3, "items": [{"a": "x"}]}});
        for (selector, matches) in [
            ("metadata.name=n", true),
            (".metadata.name==n", true),
            ("metadata.name!=n", false),
            ("spec.replicas=3,metadata.name=n", true),
            ("spec.items.0.a=x", true),
            ("spec.nodeName=", true),
            ("spec.nodeName!=w1", true),
        ] {
            let mut fields = Fields::default();
            fields.add(selector).unwrap();
            assert_eq!(fields.matches(&object), matches, "{selector}");
        }
        assert!(Fields::default().add("name").is_err() && Fields::default().add("=x").is_err());
    }
}
