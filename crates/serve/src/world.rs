//! A backup as it was at one revision: which resources there are, and where their objects lie.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use backup_facts::version::{is_cluster_version, minor_of_server};
use jiff::Timestamp;
use kube_objects::{ObjectHead, Scope, built_in_scope, kind_of};
use lens::{Object, Opener as _, Version, View};
use serde_json::Value;

use crate::builtin::{BuiltIn, KUBERNETES, OPENSHIFT, REVIEWS};
use crate::definition::Definition;
use crate::source::Source;

/// A resource as a client may ask for it, in one version.
#[derive(Debug, Clone)]
pub(crate) struct Resource {
    /// API group, empty for the core group.
    pub(crate) group: String,
    /// Version that answers are in.
    pub(crate) version: String,
    /// Plural.
    pub(crate) name: String,
    /// Kind.
    pub(crate) kind: String,
    /// Singular.
    pub(crate) singular: String,
    /// Short names.
    pub(crate) short: Vec<String>,
    /// Categories.
    pub(crate) categories: Vec<String>,
    /// Whether its objects live in a namespace.
    pub(crate) namespaced: bool,
    /// Where its objects lie: prefixes of keys, each with a slash at its end.
    pub(crate) prefixes: Vec<Vec<u8>>,
    /// What defines it, where it is no built-in one.
    pub(crate) definition: Option<Arc<Definition>>,
}

impl Resource {
    /// `apps/v1`, `v1`.
    pub(crate) fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.clone() } else { format!("{}/{}", self.group, self.version) }
    }

    /// Whether a key is one of its objects', or of those in a namespace.
    pub(crate) fn holds(&self, key: &[u8], namespace: Option<&str>) -> bool {
        self.prefixes.iter().filter_map(|prefix| key.strip_prefix(prefix.as_slice())).any(|rest| {
            namespace.is_none_or(|namespace| {
                rest.strip_prefix(namespace.as_bytes()).is_some_and(|rest| rest.starts_with(b"/"))
            })
        })
    }

    /// What its definition says of its version.
    pub(crate) fn defined(&self) -> Option<&crate::definition::Version> {
        self.definition.as_ref()?.versions.iter().find(|version| version.name == self.version)
    }
}

/// How objects are shown, whatever the revision.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Showing {
    /// Show what is secret.
    pub(crate) reveal: bool,
    /// Count ages to the clock, not to the moment shown.
    pub(crate) ages_to_now: bool,
}

/// A backup at a revision.
pub(crate) struct World {
    /// The backup.
    pub(crate) source: &'static Source,
    /// The revision.
    pub(crate) at: i64,
    /// All that can be asked for, by group, version and plural.
    pub(crate) resources: BTreeMap<(String, String, String), Resource>,
    /// Groups with their versions, in the order that clients prefer them.
    pub(crate) groups: Vec<(String, Vec<String>)>,
    /// How objects are shown.
    pub(crate) view: View,
    /// The release of Kubernetes: its minor number.
    pub(crate) minor: Option<u32>,
    ages_to_now: bool,
    time: OnceLock<Option<Timestamp>>,
}

impl World {
    /// Of a backup, at a revision that it holds.
    pub(crate) fn new(source: &'static Source, at: i64, showing: Showing) -> Self {
        let minor = cluster_minor(source, at);
        let view = View { reveal: showing.reveal, managed_fields: true, typed: true, server_minor: minor };
        let mut world = Self {
            source,
            at,
            resources: BTreeMap::new(),
            groups: Vec::new(),
            view,
            minor,
            ages_to_now: showing.ages_to_now,
            time: OnceLock::new(),
        };
        world.add_built_in();
        world.add_defined();
        world.groups = world.ordered();
        world
    }

    /// What ages count to: the moment shown, or now. None where nothing tells of the moment.
    pub(crate) fn now(&self) -> Option<Timestamp> {
        if self.ages_to_now {
            return Some(crate::clock::now());
        }
        *self.time.get_or_init(|| self.source.time_of(self.at))
    }

    /// A resource.
    pub(crate) fn resource(&self, group: &str, version: &str, name: &str) -> Option<&Resource> {
        self.resources.get(&(group.to_owned(), version.to_owned(), name.to_owned()))
    }

    /// The objects of a resource, or of those in one namespace, in the order of their keys.
    pub(crate) fn objects<'w>(
        &'w self,
        resource: &'w Resource,
        namespace: Option<&str>,
        after: Option<&'w [u8]>,
    ) -> impl Iterator<Item = Version<'static>> + use<'w> {
        let suffix = namespace.map(|namespace| format!("{namespace}/")).unwrap_or_default();
        let first = resource.prefixes.iter().map(move |prefix| [prefix.as_slice(), suffix.as_bytes()].concat());
        let behind = after.and_then(|after| resource.prefixes.iter().position(|prefix| after.starts_with(prefix)));
        first.skip(behind.unwrap_or(0)).flat_map(move |prefix| {
            let after = after.filter(|after| after.starts_with(&prefix));
            self.source.index.live(&prefix, after, self.at)
        })
    }

    /// One object.
    pub(crate) fn object(&self, resource: &Resource, namespace: Option<&str>, name: &str) -> Option<Version<'static>> {
        if name.is_empty() || name.contains('/') || namespace.is_some_and(|namespace| namespace.contains('/')) {
            return None;
        }
        let path = namespace.map_or_else(|| name.to_owned(), |namespace| format!("{namespace}/{name}"));
        let key = |prefix: &Vec<u8>| [prefix.as_slice(), path.as_bytes()].concat();
        resource.prefixes.iter().find_map(|prefix| self.source.index.get(&key(prefix), self.at))
    }

    fn add_built_in(&mut self) {
        // of OpenShift's own API servers, those groups that a backup has anything of
        let has = |group: &str| self.source.prefixes.keys().any(|(other, _)| other == group);
        let known = KUBERNETES.iter().chain(OPENSHIFT.iter().filter(|row| has(row.group)));
        let known: Vec<&BuiltIn> = known.collect();
        for row in &known {
            self.add(row.group, row.resource, row.short, row.categories);
        }
        if self.source.prefixes.keys().any(|(group, _)| group.ends_with(".openshift.io")) {
            self.add_projects();
        }
        let stored: Vec<(String, String)> = self.source.prefixes.keys().cloned().collect();
        for (group, resource) in stored {
            let is_known = known.iter().any(|row| row.group == group && row.resource == resource);
            if !is_known && built_in_scope(&group, &resource).is_some() {
                self.add(&group, &resource, &[], &[]);
            }
        }
    }

    /// OpenShift's projects: nothing is stored of them but their namespaces.
    fn add_projects(&mut self) {
        let Some(namespaces) = self.resource("", "v1", "namespaces").cloned() else { return };
        let (group, name) = ("project.openshift.io".to_owned(), "projects".to_owned());
        let projects = Resource {
            group: group.clone(),
            name: name.clone(),
            kind: "Project".to_owned(),
            singular: "project".to_owned(),
            short: Vec::new(),
            ..namespaces
        };
        self.resources.insert((group, "v1".to_owned(), name), projects);
    }

    fn add(&mut self, group: &str, resource: &str, short: &[&str], categories: &[&str]) {
        let prefixes = self.source.prefixes.get(&(group.to_owned(), resource.to_owned())).cloned().unwrap_or_default();
        let stored = prefixes.iter().find_map(|prefix| self.stored_version(prefix, group));
        let Some((api_version, kind)) = kind_of(group, resource).or_else(|| in_json(resource)) else { return };
        let version = api_version.rsplit('/').next().unwrap_or_default().to_owned();
        let version = if resource == "customresourcedefinitions" { "v1".to_owned() } else { stored.unwrap_or(version) };
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        let made = Resource {
            group: group.to_owned(),
            version: version.clone(),
            name: resource.to_owned(),
            kind: kind.to_owned(),
            singular: kind.to_lowercase(),
            short: owned(short),
            categories: owned(categories),
            namespaced: built_in_scope(group, resource) == Some(Scope::Namespaced),
            prefixes,
            definition: None,
        };
        self.resources.insert((group.to_owned(), version, resource.to_owned()), made);
    }

    /// The version that the objects of a built-in resource are stored in, by the first that says so.
    fn stored_version(&self, prefix: &[u8], group: &str) -> Option<String> {
        let mut objects = self.source.index.live(prefix, None, self.at).take(16);
        objects.find_map(|version| {
            let plain = self.source.open(version.key, version.value).ok()?;
            let head = ObjectHead::read(&plain).ok()?;
            let (of, version) = head.api_version.rsplit_once('/').unwrap_or(("", &head.api_version));
            // OpenShift 3 stored its kinds under a plain `v1`
            (of == group || of.is_empty()).then(|| version.to_owned()).filter(|version| !version.is_empty())
        })
    }

    fn add_defined(&mut self) {
        let Some(definitions) = self.resource("apiextensions.k8s.io", "v1", "customresourcedefinitions").cloned()
        else {
            return;
        };
        let stored: Vec<Version<'static>> = self.objects(&definitions, None, None).collect();
        for stored in stored {
            let object = Object::read(self.source, stored.key, stored.value, stored.revision, self.view);
            let Some(definition) = object.ok().and_then(|object| Definition::read(object.shown())) else { continue };
            self.define(Arc::new(definition));
        }
    }

    fn define(&mut self, definition: Arc<Definition>) {
        let text =
            |pointer: &str| definition.names.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        let texts = |pointer: &str| {
            let list = definition.names.pointer(pointer).and_then(Value::as_array);
            list.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
        };
        let (kind, name) = (text("/kind"), text("/plural"));
        let singular = Some(text("/singular")).filter(|text| !text.is_empty()).unwrap_or_else(|| kind.to_lowercase());
        let prefixes = self.source.prefixes.get(&(definition.group.clone(), name.clone())).cloned().unwrap_or_default();
        for version in definition.answered() {
            let key = (definition.group.clone(), version.name.clone(), name.clone());
            let made = Resource {
                group: definition.group.clone(),
                version: version.name.clone(),
                name: name.clone(),
                kind: kind.clone(),
                singular: singular.clone(),
                short: texts("/shortNames"),
                categories: texts("/categories"),
                namespaced: definition.namespaced,
                prefixes: prefixes.clone(),
                definition: Some(Arc::clone(&definition)),
            };
            // what is built in and also defined, as some of OpenShift's are, is one resource
            self.resources
                .retain(|(group, _, other), one| (group, other) != (&key.0, &key.2) || one.definition.is_some());
            self.resources.insert(key, made);
        }
    }

    /// Groups and versions in the order of the stored APIServices: the highest priority first, then by name.
    fn ordered(&self) -> Vec<(String, Vec<String>)> {
        let priorities = self.priorities();
        let of = |group: &str, version: &str| priorities.get(&(group.to_owned(), version.to_owned())).copied();
        let mut groups: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for review in REVIEWS {
            groups.insert(review.group, vec!["v1"]);
        }
        for (group, version, _) in self.resources.keys() {
            let versions = groups.entry(group).or_default();
            if !versions.contains(&version.as_str()) {
                versions.push(version);
            }
        }
        let mut ordered: Vec<(i64, &str, Vec<&str>)> = groups
            .into_iter()
            .map(|(group, mut versions)| {
                versions.sort_by_key(|version| {
                    (std::cmp::Reverse(of(group, version).map(|(_, of)| of)), std::cmp::Reverse(age(version)))
                });
                let highest = versions.iter().filter_map(|version| of(group, version)).map(|(of, _)| of).max();
                // whoever registers the others has no registration itself, and comes first
                let default = if group == "apiregistration.k8s.io" { 20_000 } else { 1000 };
                (highest.unwrap_or(default), group, versions)
            })
            .collect();
        ordered.sort_by(|one, other| (other.0, one.1).cmp(&(one.0, other.1)));
        let owned = |texts: Vec<&str>| texts.into_iter().map(str::to_owned).collect();
        ordered.into_iter().map(|(_, group, versions)| (group.to_owned(), owned(versions))).collect()
    }

    /// `groupPriorityMinimum` and `versionPriority` by group and version.
    fn priorities(&self) -> BTreeMap<(String, String), (i64, i64)> {
        let mut priorities = BTreeMap::new();
        let resource = self.resource("apiregistration.k8s.io", "v1", "apiservices");
        for stored in resource.into_iter().flat_map(|resource| self.objects(resource, None, None)) {
            let object = Object::read(self.source, stored.key, stored.value, stored.revision, self.view);
            let Ok(object) = object else { continue };
            let text =
                |pointer: &str| object.shown().pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
            let number = |pointer: &str| object.shown().pointer(pointer).and_then(Value::as_i64).unwrap_or(0);
            let priority = (number("/spec/groupPriorityMinimum"), number("/spec/versionPriority"));
            priorities.insert((text("/spec/group"), text("/spec/version")), priority);
        }
        priorities
    }
}

/// `apiVersion` and kind of what is always stored as JSON: no table of protobuf has it.
fn in_json(resource: &str) -> Option<(&'static str, &'static str)> {
    match resource {
        "customresourcedefinitions" => Some(("apiextensions.k8s.io/v1", "CustomResourceDefinition")),
        "apiservices" => Some(("apiregistration.k8s.io/v1", "APIService")),
        _ => None,
    }
}

/// Orders versions as Kubernetes does: `v2`, `v1`, `v1beta2`, `v1alpha1`, then others.
fn age(version: &str) -> (u8, u32, u32) {
    let number = |text: &str| text.parse::<u32>().ok();
    let Some(rest) = version.strip_prefix('v') else { return (0, 0, 0) };
    for (word, rank) in [("alpha", 1), ("beta", 2)] {
        if let Some((main, minor)) = rest.split_once(word) {
            return number(main).zip(number(minor)).map_or((0, 0, 0), |(main, minor)| (rank, main, minor));
        }
    }
    number(rest).map_or((0, 0, 0), |main| (3, main, 0))
}

fn cluster_minor(source: &Source, at: i64) -> Option<u32> {
    let key = source.prefixes.get(&("config.openshift.io".to_owned(), "clusterversions".to_owned()))?;
    let mut objects = key.iter().flat_map(|prefix| source.index.live(prefix, None, at).collect::<Vec<_>>());
    let version = objects.find(|version| is_cluster_version(version.key))?;
    minor_of_server(&source.open(version.key, version.value).ok()?)
}

#[cfg(test)]
mod tests {
    #[test]
    fn versions_come_in_the_order_of_their_ages() {
        let mut versions = ["foo", "v1alpha1", "v2", "v1beta2", "v10", "v1", "v1beta10"];
        versions.sort_by_key(|version| std::cmp::Reverse(super::age(version)));
        assert_eq!(versions, ["v10", "v2", "v1", "v1beta10", "v1beta2", "v1alpha1", "foo"]);
    }
}
