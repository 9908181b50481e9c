//! All that a kube-apiserver serves, held against what is stored.
//!
//! Every resource is listed as it was at the revision of the backup (`resourceVersionMatch=Exact`): what the server itself
//! wrote when it started is later. An object is the same when it has the namespace and name of its key, the uid that is
//! stored, and as resourceVersion the revision that it was stored at. The values of Secrets and ConfigMaps are compared,
//! too: they have one version and no defaults, so what is served is what is stored. Other kinds are converted and filled
//! in by whoever serves them; that they are listed says that they were opened and read.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::asker::Asking;
use super::{AskError, KubeFailure, KubeServer};
use crate::probe::{Outcome, Probe};

/// Objects of an answer.
const PAGE: u32 = 500;
/// Objects that differ and are named.
const NAMED: usize = 20;
/// What is made up when it is asked for, and nowhere stored.
const VIRTUAL: [(&str, &str); 1] = [("", "componentstatuses")];
/// What is served under two groups, by the one under which it is not counted.
const TWICE: [(&str, &str); 2] = [("events.k8s.io", "events"), ("extensions", "ingresses")];

/// An API group, empty for the core, and the plural of a resource.
pub type Group = (String, String);
/// A namespace, empty where there is none, and a name.
pub type Name = (String, String);

/// An object as it is stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stored {
    /// Its uid; `None` where the value could not be opened here.
    pub uid: Option<String>,
    /// The revision that it was stored at.
    pub revision: i64,
    /// Whether it is encrypted.
    pub encrypted: bool,
    /// Of its value, by [`digest`], where that is to be compared.
    pub value: Option<[u8; 32]>,
}

/// All that is stored.
pub type StoredObjects = BTreeMap<Group, BTreeMap<Name, Stored>>;

/// What came of a comparison.
#[derive(Clone, Debug, Default)]
pub struct Compared {
    /// Resources that were listed.
    pub resources: u64,
    /// Objects that are served as they are stored.
    pub objects: u64,
    /// Of them, those that are encrypted.
    pub encrypted: u64,
    /// Of all, those whose values were compared.
    pub values: u64,
    /// Stored objects of resources that this server does not serve.
    pub elsewhere: u64,
    /// Objects that are missing, not stored, or other than stored; the first of them.
    pub differing: Vec<String>,
    /// How many there are besides.
    pub left_out: u64,
}

/// The digest of an object's value: without what the API adds to it or leaves out of a list, and in whatever order.
#[must_use]
pub fn digest(object: &Value) -> [u8; 32] {
    let mut object = object.clone();
    if let Some(fields) = object.as_object_mut() {
        fields.remove("apiVersion");
        fields.remove("kind");
        if let Some(metadata) = fields.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.remove("managedFields");
            metadata.remove("selfLink");
            metadata.remove("resourceVersion");
        }
    }
    let mut hash = Sha256::new();
    add(&mut hash, &object);
    hash.finalize().into()
}

fn add(hash: &mut Sha256, value: &Value) {
    match value {
        Value::Object(fields) => {
            let sorted: BTreeMap<&String, &Value> = fields.iter().collect();
            hash.update([b'{']);
            for (name, value) in sorted {
                add(hash, &Value::from(name.as_str()));
                add(hash, value);
            }
            hash.update([b'}']);
        }
        Value::Array(items) => {
            hash.update([b'[']);
            items.iter().for_each(|item| add(hash, item));
            hash.update([b']']);
        }
        leaf => {
            hash.update(leaf.to_string().as_bytes());
            hash.update([b',']);
        }
    }
}

/// A resource, and the path at which it is listed.
#[derive(Debug)]
struct Served {
    of: Group,
    path: String,
}

impl KubeServer<'_> {
    /// Lists everything at a revision; each answer goes to `told`, each object that was compared to `progress`.
    ///
    /// # Errors
    /// Why the server ended, if it did.
    pub fn compare(
        &self,
        stored: &StoredObjects,
        revision: i64,
        told: &mut dyn FnMut(Probe),
        progress: &dyn Fn(u64),
    ) -> Result<Compared, KubeFailure> {
        let mut comparing = Comparing { asking: &self.asker, stored, revision, progress, done: Compared::default() };
        comparing.all(told);
        self.ended().map_or(Ok(comparing.done), Err)
    }
}

struct Comparing<'c> {
    asking: &'c Asking<'c>,
    stored: &'c StoredObjects,
    revision: i64,
    progress: &'c dyn Fn(u64),
    done: Compared,
}

impl Comparing<'_> {
    fn all(&mut self, told: &mut dyn FnMut(Probe)) {
        let served = match self.discover() {
            Ok(served) => served,
            Err(error) => return told(failed("discovery", "the resources that it serves", &error)),
        };
        told(Probe::held("discovery", "the resources that it serves", format!("{} resources", served.len())));
        let here: BTreeSet<&Group> = served.iter().map(|served| &served.of).collect();
        let count = |objects: &BTreeMap<Name, Stored>| objects.len() as u64;
        let elsewhere =
            self.stored.iter().filter(|(of, _)| !here.contains(of)).map(|(_, objects)| count(objects)).sum();
        self.done.elsewhere = elsewhere;
        let wanted: Vec<&Stored> =
            self.stored.iter().filter(|(of, _)| here.contains(of)).flat_map(|(_, objects)| objects.values()).collect();
        let encrypted = wanted.iter().filter(|stored| stored.encrypted).count();
        let values = wanted.iter().filter(|stored| stored.value.is_some()).count();
        let wanted = wanted.len();
        for served in &served {
            if let Err(error) = self.list(served) {
                let (group, resource) = &served.of;
                let dot = if group.is_empty() { "" } else { "." };
                told(failed("list", &format!("all {resource}{dot}{group}"), &error));
            } else {
                self.done.resources += 1;
            }
        }
        let done = &self.done;
        told(Probe::compared("objects", format!("{wanted} as stored"), format!("{} as stored", done.objects)));
        told(Probe::compared("encrypted", format!("{encrypted} read"), format!("{} read", done.encrypted)));
        told(Probe::compared("values", format!("{values} equal"), format!("{} equal", done.values)));
        if !done.differing.is_empty() {
            let more = if done.left_out > 0 { format!(", and {} more", done.left_out) } else { String::new() };
            let got = format!("{}{more}", done.differing.join(", "));
            told(Probe { name: "differing", want: "none".to_owned(), got, outcome: Outcome::Failed, symptom: None });
        }
    }

    /// Every resource that can be listed, under the first version of its group that has it.
    fn discover(&self) -> Result<Vec<Served>, AskError> {
        let mut served = BTreeMap::new();
        self.of_version("", "/api/v1", &mut served)?;
        let groups = self.asking.json("/apis")?;
        for group in array(&groups, "groups") {
            let name = text(group, "name");
            let preferred = group.get("preferredVersion").into_iter();
            for version in preferred.chain(array(group, "versions")) {
                let path = format!("/apis/{}", text(version, "groupVersion"));
                // what another server serves, which is not here, cannot be listed
                match self.of_version(name, &path, &mut served) {
                    Ok(()) | Err(AskError::Refused(_)) => {}
                    Err(error) => return Err(error),
                }
            }
        }
        let skipped =
            |of: &Group| VIRTUAL.iter().chain(&TWICE).any(|(group, resource)| of.0 == *group && of.1 == *resource);
        Ok(served.into_iter().filter(|(of, _)| !skipped(of)).map(|(of, path)| Served { of, path }).collect())
    }

    fn of_version(&self, group: &str, path: &str, served: &mut BTreeMap<Group, String>) -> Result<(), AskError> {
        let answer = self.asking.json(path)?;
        for resource in array(&answer, "resources") {
            let name = text(resource, "name");
            let listed = array(resource, "verbs").any(|verb| verb == "list");
            // what is part of another resource has a name of two
            if listed && !name.contains('/') {
                let of = (group.to_owned(), name.to_owned());
                served.entry(of).or_insert_with(|| format!("{path}/{name}"));
            }
        }
        Ok(())
    }

    fn list(&mut self, served: &Served) -> Result<(), AskError> {
        let none = BTreeMap::new();
        let stored = self.stored.get(&served.of).unwrap_or(&none);
        let mut missing: BTreeMap<&Name, &Stored> = stored.iter().collect();
        let mut next = String::new();
        loop {
            let from = if next.is_empty() {
                format!("resourceVersion={}&resourceVersionMatch=Exact", self.revision)
            } else {
                format!("continue={next}")
            };
            let answer = self.asking.json(&format!("{}?limit={PAGE}&{from}", served.path))?;
            for item in array(&answer, "items") {
                (self.progress)(1);
                self.take(&served.of, item, &mut missing);
            }
            // one that is repeated would be asked for ever
            match answer.pointer("/metadata/continue").and_then(Value::as_str) {
                Some(more) if !more.is_empty() && more != next => more.clone_into(&mut next),
                _ => break,
            }
        }
        missing.into_keys().for_each(|name| self.differs(&served.of, name, "is missing"));
        Ok(())
    }

    fn take(&mut self, of: &Group, item: &Value, missing: &mut BTreeMap<&Name, &Stored>) {
        let of_metadata = |field: &str| item.get("metadata").map_or("", |metadata| text(metadata, field)).to_owned();
        let name = (of_metadata("namespace"), of_metadata("name"));
        let Some(stored) = missing.remove(&name) else { return self.differs(of, &name, "is not stored") };
        if stored.uid.as_ref().is_some_and(|uid| *uid != of_metadata("uid")) {
            return self.differs(of, &name, "has another uid");
        }
        if of_metadata("resourceVersion") != stored.revision.to_string() {
            return self.differs(of, &name, "has another resourceVersion");
        }
        self.done.objects += 1;
        self.done.encrypted += u64::from(stored.encrypted);
        match stored.value {
            Some(value) if value == digest(item) => self.done.values += 1,
            Some(_) => self.differs(of, &name, "has another value"),
            None => {}
        }
    }

    fn differs(&mut self, (_, resource): &Group, (namespace, name): &Name, how: &str) {
        if self.done.differing.len() >= NAMED {
            self.done.left_out += 1;
            return;
        }
        let slash = if namespace.is_empty() { "" } else { "/" };
        self.done.differing.push(format!("{resource} {namespace}{slash}{name} {how}"));
    }
}

fn failed(name: &'static str, want: &str, error: &AskError) -> Probe {
    Probe { name, want: want.to_owned(), got: error.to_string(), outcome: Outcome::Failed, symptom: None }
}

fn array<'v>(value: &'v Value, name: &str) -> impl Iterator<Item = &'v Value> {
    value.get(name).and_then(Value::as_array).into_iter().flatten()
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_digest_is_of_what_is_stored() {
        let stored = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}, "data": {"k": "dg==", "l": "eA=="}});
        let served = json!({"data": {"l": "eA==", "k": "dg=="}, "metadata": {"resourceVersion": "5", "name": "a",
            "managedFields": [{}]}});
        assert_eq!(digest(&stored), digest(&served));
        for other in [json!({"data": {"k": "dg=="}, "metadata": {"name": "a"}}), json!({"metadata": {"name": "a"}})] {
            assert_ne!(digest(&stored), digest(&other));
        }
        assert_ne!(digest(&json!([1, 2])), digest(&json!([12])));
        assert_ne!(digest(&json!([["a"], "b"])), digest(&json!(["a", ["b"]])));
    }
}
