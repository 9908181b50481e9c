//! Roles and bindings at one revision, and what they allow.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::Action;
use crate::request::User;
use crate::shown::{Hidden, show};
use crate::world::World;

const GROUP: &str = "rbac.authorization.k8s.io";
const ACCOUNT: &str = "system:serviceaccount:";

/// One rule of a role.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Rule {
    pub(super) verbs: Vec<String>,
    pub(super) groups: Vec<String>,
    pub(super) resources: Vec<String>,
    pub(super) names: Vec<String>,
    pub(super) paths: Vec<String>,
}

#[derive(Debug)]
struct Subject {
    kind: String,
    name: String,
    namespace: String,
}

#[derive(Debug)]
struct Binding {
    name: String,
    /// Of a RoleBinding.
    namespace: Option<String>,
    /// Kind and name of its role.
    role: (String, String),
    subjects: Vec<Subject>,
}

/// Roles by kind, namespace and name.
type Roles = BTreeMap<(Option<String>, String), Vec<Rule>>;

/// All of it.
#[derive(Debug, Default)]
pub(crate) struct Rbac {
    roles: Roles,
    /// Those of the cluster come first.
    bindings: Vec<Binding>,
    /// OpenShift's Groups: who is in them.
    groups: BTreeMap<String, BTreeSet<String>>,
}

fn text(value: &Value, pointer: &str) -> String {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn texts(value: &Value, field: &str) -> Vec<String> {
    let items = value.get(field).and_then(Value::as_array).into_iter().flatten();
    items.filter_map(Value::as_str).map(str::to_owned).collect()
}

fn namespace(object: &Value) -> Option<String> {
    Some(text(object, "/metadata/namespace")).filter(|namespace| !namespace.is_empty())
}

impl Rule {
    fn of(rule: &Value) -> Self {
        Self {
            verbs: texts(rule, "verbs"),
            groups: texts(rule, "apiGroups"),
            resources: texts(rule, "resources"),
            names: texts(rule, "resourceNames"),
            paths: texts(rule, "nonResourceURLs"),
        }
    }

    fn allows(&self, action: &Action) -> bool {
        let has = |list: &[String], wanted: &str| list.iter().any(|one| one == "*" || one == wanted);
        match action {
            Action::Resource { verb, group, resource, subresource, name, .. } => {
                let whole = if subresource.is_empty() { resource.clone() } else { format!("{resource}/{subresource}") };
                let of_any = format!("*/{subresource}");
                has(&self.verbs, verb)
                    && has(&self.groups, group)
                    && (has(&self.resources, &whole) || (!subresource.is_empty() && self.resources.contains(&of_any)))
                    && (self.names.is_empty() || self.names.contains(name))
            }
            Action::Path { path, verb } => {
                let covers = |known: &String| {
                    known == "*"
                        || known == path
                        || known.ends_with('*') && path.starts_with(known.trim_end_matches('*'))
                };
                has(&self.verbs, verb) && self.paths.iter().any(covers)
            }
        }
    }
}

impl Subject {
    fn of(subject: &Value) -> Self {
        let of = |pointer| text(subject, pointer);
        Self { kind: of("/kind"), name: of("/name"), namespace: of("/namespace") }
    }

    /// The namespace of an account; that of its binding where it says none.
    fn home<'s>(&'s self, binding: &'s Binding) -> &'s str {
        if self.namespace.is_empty() { binding.namespace.as_deref().unwrap_or_default() } else { &self.namespace }
    }

    fn is(&self, user: &User, binding: &Binding) -> bool {
        match self.kind.as_str() {
            "User" => self.name == user.name,
            "Group" => user.groups.contains(&self.name),
            "ServiceAccount" => {
                user.name.strip_prefix(ACCOUNT).and_then(|rest| rest.split_once(':'))
                    == Some((self.home(binding), &self.name))
            }
            _ => false,
        }
    }
}

impl Binding {
    fn of(object: &Value) -> Self {
        let subjects = object.get("subjects").and_then(Value::as_array).into_iter().flatten();
        Self {
            name: text(object, "/metadata/name"),
            namespace: namespace(object),
            role: (text(object, "/roleRef/kind"), text(object, "/roleRef/name")),
            subjects: subjects.map(Subject::of).collect(),
        }
    }

    /// Whether it counts in a namespace.
    fn counts_in(&self, namespace: &str) -> bool {
        self.namespace.as_ref().is_none_or(|own| own == namespace)
    }

    fn reason(&self, subject: &Subject) -> String {
        let (kind, name) = match &self.namespace {
            None => ("ClusterRoleBinding", self.name.clone()),
            Some(namespace) => ("RoleBinding", format!("{}/{namespace}", self.name)),
        };
        let who = match subject.kind.as_str() {
            "ServiceAccount" => format!("{}/{}", subject.name, subject.home(self)),
            _ => subject.name.clone(),
        };
        let (role_kind, role) = &self.role;
        format!("RBAC: allowed by {kind} {name:?} of {role_kind} {role:?} to {} {who:?}", subject.kind)
    }
}

impl Rbac {
    /// That of a world.
    pub(crate) fn of(world: &World) -> Self {
        let mut rbac = Self::default();
        let objects = |group: &str, name: &str| -> Vec<Value> {
            let resource = world.resources.values().find(|resource| resource.group == group && resource.name == name);
            let versions = resource.into_iter().flat_map(|resource| {
                world
                    .objects(resource, None, None)
                    .map(move |version| show(world, resource, &version, &mut Hidden::default()))
            });
            versions.collect()
        };
        for object in ["clusterroles", "roles"].iter().flat_map(|name| objects(GROUP, name)) {
            let rules = object.get("rules").and_then(Value::as_array).into_iter().flatten().map(Rule::of).collect();
            rbac.roles.insert((namespace(&object), text(&object, "/metadata/name")), rules);
        }
        for object in ["clusterrolebindings", "rolebindings"].iter().flat_map(|name| objects(GROUP, name)) {
            rbac.bindings.push(Binding::of(&object));
        }
        for group in objects("user.openshift.io", "groups") {
            rbac.groups.insert(text(&group, "/metadata/name"), texts(&group, "users").into_iter().collect());
        }
        rbac
    }

    /// Somebody with the groups that follow from the name, and OpenShift's Groups.
    pub(crate) fn with_implied_groups(&self, user: &User) -> User {
        let mut user = user.clone();
        let mut add = |group: String| {
            if !user.groups.contains(&group) {
                user.groups.push(group);
            }
        };
        if let Some((namespace, _)) = user.name.strip_prefix(ACCOUNT).and_then(|rest| rest.split_once(':')) {
            add("system:serviceaccounts".to_owned());
            add(format!("system:serviceaccounts:{namespace}"));
        }
        self.groups.iter().filter(|(_, users)| users.contains(&user.name)).for_each(|(group, _)| add(group.clone()));
        let of_all = if user.name == "system:anonymous" { "system:unauthenticated" } else { "system:authenticated" };
        add(of_all.to_owned());
        user
    }

    /// What allows an action, each in the words of an API server.
    pub(crate) fn allowing<'r>(&'r self, user: &'r User, action: &'r Action) -> impl Iterator<Item = String> + use<'r> {
        self.counting(in_namespace(action)).filter_map(move |binding| {
            let subject = binding.subjects.iter().find(|subject| subject.is(user, binding))?;
            self.rules(binding).iter().any(|rule| rule.allows(action)).then(|| binding.reason(subject))
        })
    }

    /// The rules that somebody has in a namespace.
    pub(crate) fn rules_of<'r>(&'r self, user: &'r User, namespace: &'r str) -> impl Iterator<Item = &'r Rule> {
        let own =
            self.counting(namespace).filter(|binding| binding.subjects.iter().any(|subject| subject.is(user, binding)));
        own.flat_map(|binding| self.rules(binding))
    }

    /// Users and groups that may do something.
    pub(crate) fn subjects_who(&self, action: &Action) -> (BTreeSet<String>, BTreeSet<String>) {
        let (mut users, mut groups) = (BTreeSet::new(), BTreeSet::from(["system:masters".to_owned()]));
        for binding in self.counting(in_namespace(action)) {
            if !self.rules(binding).iter().any(|rule| rule.allows(action)) {
                continue;
            }
            for subject in &binding.subjects {
                match subject.kind.as_str() {
                    "User" => users.insert(subject.name.clone()),
                    "Group" => groups.insert(subject.name.clone()),
                    "ServiceAccount" => users.insert(format!("{ACCOUNT}{}:{}", subject.home(binding), subject.name)),
                    _ => false,
                };
            }
        }
        (users, groups)
    }

    fn counting<'r>(&'r self, namespace: &'r str) -> impl Iterator<Item = &'r Binding> {
        self.bindings.iter().filter(move |binding| binding.counts_in(namespace))
    }

    fn rules(&self, binding: &Binding) -> &[Rule] {
        let (kind, name) = &binding.role;
        let namespace = binding.namespace.clone().filter(|_| kind == "Role");
        self.roles.get(&(namespace, name.clone())).map(Vec::as_slice).unwrap_or_default()
    }
}

fn in_namespace(action: &Action) -> &str {
    match action {
        Action::Resource { namespace, .. } => namespace,
        Action::Path { .. } => "",
    }
}
