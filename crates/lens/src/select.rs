//! Which keys and objects are meant, the way people name them.

mod inside;

use kube_objects::{ResourceClass, StorageKey};

pub use inside::{Fields, Labels, SelectorError};

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

#[cfg(test)]
mod tests;
