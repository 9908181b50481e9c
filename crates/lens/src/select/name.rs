//! Resources, the way people name them.

use kube_objects::{StorageKey, built_in_resources};

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

/// A resource as people name it: `secrets`, `secret`, `po`, `routes.route.openshift.io`, `pods.` (the core group),
/// `deployments.v1.apps` (whatever the version: a key does not tell it).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceName {
    /// What was typed before the first dot, in small letters.
    typed: String,
    /// The same in full, where it is a short name.
    resource: String,
    group: Option<String>,
    /// What definitions of the snapshot call so: group and plural.
    defined: Vec<(Vec<u8>, Vec<u8>)>,
}

impl ResourceName {
    /// Takes a name apart. Any text names a resource, if perhaps one that no key has.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let text = text.to_ascii_lowercase();
        let (typed, group) = match text.split_once('.') {
            Some((typed, group)) => (typed, Some(without_version(group).to_owned())),
            None => (text.as_str(), None),
        };
        let long = SHORT.iter().find(|(short, _)| *short == typed).map(|(_, long)| *long);
        let resource = long.unwrap_or(typed).to_owned();
        Self { typed: typed.to_owned(), resource, group, defined: Vec::new() }
    }

    /// Takes a list of names apart: `pods,svc`; `all` is what kubectl and oc mean by it.
    #[must_use]
    pub fn list(text: &str) -> Vec<Self> {
        let many = |name| if name == "all" { ALL.to_vec() } else { vec![name] };
        text.split(',').flat_map(many).map(Self::parse).collect()
    }

    /// The resource, without its group; in full, if a well-known short name was given.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.resource
    }

    /// The resource as [`Self::name`] has it, with its group, if one was given.
    #[must_use]
    pub fn full(&self) -> String {
        match &self.group {
            Some(group) if !group.is_empty() => format!("{}.{group}", self.resource),
            _ => self.resource.clone(),
        }
    }

    /// Whether every API server has this resource, so that a snapshot without an object of it is nothing odd.
    #[must_use]
    pub fn is_built_in(&self) -> bool {
        built_in_resources().any(|(group, plural)| self.is(group.as_bytes(), plural.as_bytes()))
    }

    /// Whether a key is of this resource. The plural and the singular will do, and what a definition of the snapshot calls
    /// it, once that is known ([`Selection::resolve`](super::Selection::resolve)).
    #[must_use]
    pub fn matches(&self, key: &StorageKey<'_>) -> bool {
        let is_defined = |(group, plural): &(Vec<u8>, Vec<u8>)| group == key.group && plural == key.resource;
        self.is(key.group, key.resource) || self.defined.iter().any(is_defined)
    }

    /// Whether this is a group and a plural, by name alone.
    pub(super) fn is(&self, group: &[u8], plural: &[u8]) -> bool {
        !plural.is_empty() && self.is_in_group(group) && self.names(plural)
    }

    /// Whether what is called `word` in a group may be meant.
    pub(super) fn is_called(&self, group: &[u8], word: &str) -> bool {
        self.is_in_group(group) && word.eq_ignore_ascii_case(&self.typed)
    }

    /// Whether a definition of the snapshot calls something so.
    pub(super) fn is_defined(&self) -> bool {
        !self.defined.is_empty()
    }

    pub(super) fn has_group(&self) -> bool {
        self.group.is_some()
    }

    /// Takes what definitions call so.
    pub(super) fn define(&mut self, defined: Vec<(Vec<u8>, Vec<u8>)>) {
        self.defined = defined;
    }

    fn is_in_group(&self, group: &[u8]) -> bool {
        self.group.as_deref().is_none_or(|wanted| wanted.as_bytes() == group)
    }

    /// Whether a plural is named: by itself, its singular, or a well-known short name. A group tells `projects` that are
    /// configured from those that are namespaces.
    fn names(&self, plural: &[u8]) -> bool {
        let is = |wanted: &str| {
            let begins = |ending: &[u8], instead: &[u8]| {
                plural.strip_suffix(ending).is_some_and(|stem| wanted.as_bytes().strip_suffix(instead) == Some(stem))
            };
            plural == wanted.as_bytes() || begins(b"s", b"") || begins(b"es", b"") || begins(b"ies", b"y")
        };
        is(&self.resource) || self.has_group() && is(&self.typed)
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
