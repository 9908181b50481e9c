//! What a whole store holds: live values by resource and by envelope, and which cluster it is.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::cluster::{self, ClusterVersion, Infrastructure};
use crate::envelope::Envelope;
use crate::key::StorageKey;

/// Resources counted one by one; a hostile store may name millions.
const RESOURCE_CAP: usize = 10_000;
/// Encryption keys counted one by one per resource.
const KEY_CAP: usize = 1000;
/// Nodes remembered by name.
const NODE_CAP: usize = 10_000;

/// Values under one encryption key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyUse {
    /// Provider, such as `aescbc`; `malformed` for what only looks encrypted.
    pub provider: Vec<u8>,
    /// Version of the provider's format, such as `v1`.
    pub version: Vec<u8>,
    /// Name of the key (of the plugin, for KMS). Not secret.
    pub key_name: Vec<u8>,
}

/// Live values of one resource.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ResourceCount {
    /// Plural as the API calls it; the whole first segment where no resource is known.
    pub resource: Vec<u8>,
    /// API group, empty for the core group.
    pub group: Vec<u8>,
    /// Live values.
    pub live: u64,
    /// Their bytes, as stored.
    pub bytes: u64,
    /// Those of them that are not encrypted.
    pub plain: u64,
    /// Not encrypted: protobuf.
    pub protobuf: u64,
    /// Not encrypted: JSON.
    pub json: u64,
    /// Not encrypted: CBOR.
    pub cbor: u64,
    /// Those that are encrypted, by key.
    pub encrypted: BTreeMap<KeyUse, u64>,
}

/// What the objects of an OpenShift cluster say of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OpenShift {
    /// `clusterversions/version`.
    pub version: Option<ClusterVersion>,
    /// `infrastructures/cluster`.
    pub infrastructure: Option<Infrastructure>,
    /// Names of the nodes.
    pub nodes: BTreeSet<String>,
    /// `spec.encryption.type` of `apiservers/cluster`; empty means `identity`.
    pub encryption_type: Option<String>,
    /// Newest revision of each static pod, by the name of its pod: `kube-apiserver`, `etcd`, ...
    pub revisions: BTreeMap<&'static str, i64>,
}

/// Counts live values one after the other.
#[derive(Debug, Clone, Default)]
pub struct Inventory {
    resources: BTreeMap<Vec<u8>, ResourceCount>,
    openshift: OpenShift,
    compaction: Option<i64>,
}

/// Operators of static pods: the resource of their CR, and the pod's name.
const STATIC_PODS: [(&[u8], &str); 4] = [
    (b"kubeapiservers", "kube-apiserver"),
    (b"kubecontrollermanagers", "kube-controller-manager"),
    (b"kubeschedulers", "kube-scheduler"),
    (b"etcds", "etcd"),
];

impl Inventory {
    /// Counts one live key and its value.
    pub fn add(&mut self, parsed: &StorageKey<'_>, value: &[u8]) {
        self.count(parsed, value);
        if parsed.is_compaction() {
            self.compaction = std::str::from_utf8(value).ok().and_then(|number| number.parse().ok());
        }
        match (parsed.group, parsed.resource, parsed.name) {
            (b"", b"nodes", name) if self.openshift.nodes.len() < NODE_CAP => {
                self.openshift.nodes.insert(String::from_utf8_lossy(name).into_owned());
            }
            (b"config.openshift.io", b"clusterversions", b"version") => {
                self.openshift.version = ClusterVersion::read(value).ok();
            }
            (b"config.openshift.io", b"infrastructures", b"cluster") => {
                self.openshift.infrastructure = Infrastructure::read(value).ok();
            }
            (b"config.openshift.io", b"apiservers", b"cluster") => {
                let kind =
                    field(value, &["spec", "encryption", "type"]).and_then(|kind| kind.as_str().map(str::to_owned));
                self.openshift.encryption_type = Some(kind.unwrap_or_default());
            }
            (b"operator.openshift.io", resource, b"cluster") => {
                let pod = STATIC_PODS.iter().find(|(operator, _)| *operator == resource);
                let revision = field(value, &["status", "latestAvailableRevision"]).and_then(|number| number.as_i64());
                if let (Some((_, pod)), Some(revision)) = (pod, revision) {
                    self.openshift.revisions.insert(pod, revision);
                }
            }
            _ => {}
        }
    }

    fn count(&mut self, parsed: &StorageKey<'_>, value: &[u8]) {
        // The stored path tells apart what shares a plural: events of two groups, say.
        let mut path = parsed.stored_resource;
        if let Some(count) = self.resources.get_mut(path) {
            return count.add(value);
        }
        let (mut resource, mut group) = (parsed.resource, parsed.group);
        if self.resources.len() >= RESOURCE_CAP {
            (path, resource, group) = (b"", b"", b"");
        }
        let count = self.resources.entry(path.to_vec()).or_default();
        (count.resource, count.group) = (resource.to_vec(), group.to_vec());
        count.add(value);
    }

    /// The counts, by stored path (`kubernetes.io/secrets`), ascending. The empty path counts what has no prefix.
    pub fn resources(&self) -> impl Iterator<Item = (&[u8], &ResourceCount)> {
        self.resources.iter().map(|(path, count)| (path.as_slice(), count))
    }

    /// The revision that the API server last asked to be compacted, as it noted in `compact_rev_key`.
    #[must_use]
    pub fn compaction(&self) -> Option<i64> {
        self.compaction
    }

    /// What the cluster says of itself; `None` where nothing says that this is OpenShift.
    #[must_use]
    pub fn openshift(&self) -> Option<&OpenShift> {
        (self.openshift.version.is_some() || self.openshift.infrastructure.is_some()).then_some(&self.openshift)
    }
}

impl ResourceCount {
    fn add(&mut self, value: &[u8]) {
        self.live += 1;
        self.bytes += value.len() as u64;
        let key = match Envelope::of(value) {
            Envelope::Encrypted(encrypted) => KeyUse {
                provider: encrypted.provider.as_bytes().to_vec(),
                version: encrypted.version.to_vec(),
                key_name: encrypted.key_name.to_vec(),
            },
            Envelope::MalformedEncryption(_) => {
                KeyUse { provider: b"malformed".to_vec(), version: Vec::new(), key_name: Vec::new() }
            }
            plain => {
                self.plain += 1;
                match plain {
                    Envelope::Protobuf => self.protobuf += 1,
                    Envelope::Json => self.json += 1,
                    Envelope::Cbor => self.cbor += 1,
                    _ => {}
                }
                return;
            }
        };
        if self.encrypted.len() < KEY_CAP || self.encrypted.contains_key(&key) {
            *self.encrypted.entry(key).or_default() += 1;
        }
    }
}

/// A field of a stored custom resource.
fn field(value: &[u8], path: &[&str]) -> Option<Value> {
    let object: Value = cluster::read(value, "custom resource").ok()?;
    path.iter().try_fold(&object, |object, name| object.get(name)).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_counted_by_resource_and_by_key() {
        let mut inventory = Inventory::default();
        for (key, value) in [
            ("/kubernetes.io/secrets/a/1", &b"k8s:enc:aescbc:v1:2:body"[..]),
            ("/kubernetes.io/secrets/a/2", b"k8s:enc:aescbc:v1:2:more"),
            ("/kubernetes.io/secrets/a/3", b"k8s\0plain"),
            ("/kubernetes.io/secrets/a/4", b"k8s:enc:oops"),
            ("/kubernetes.io/minions/n2", b"k8s\0"),
            ("/kubernetes.io/minions/n1", b"{}"),
            ("compact_rev_key", b"7"),
        ] {
            inventory.add(&StorageKey::parse(key.as_bytes()), value);
        }
        let counts: BTreeMap<_, _> = inventory.resources().collect();
        let secrets = counts[&b"kubernetes.io/secrets"[..]];
        assert_eq!((secrets.live, secrets.plain, secrets.protobuf), (4, 1, 1));
        let keys: Vec<_> =
            secrets.encrypted.iter().map(|(key, n)| (key.provider.as_slice(), key.key_name.as_slice(), *n)).collect();
        assert_eq!(keys, [(&b"aescbc"[..], &b"2"[..], 2), (b"malformed", b"", 1)]);
        assert_eq!(counts[&b"kubernetes.io/minions"[..]].resource, b"nodes");
        assert_eq!(counts.values().map(|count| count.live).sum::<u64>(), 7);
        assert_eq!(inventory.compaction(), Some(7));
        assert!(inventory.openshift().is_none(), "nothing says that this is OpenShift");
        assert!(inventory.openshift.nodes.iter().eq(["n1", "n2"]));
    }

    #[test]
    fn a_store_of_endless_resources_is_counted_in_bounded_memory() {
        let mut inventory = Inventory::default();
        for n in 0..RESOURCE_CAP + 500 {
            inventory.add(&StorageKey::parse(format!("/x/group.example/r{n}/name").as_bytes()), b"{}");
        }
        assert!(inventory.resources().count() <= RESOURCE_CAP + 1);
        assert_eq!(inventory.resources().map(|(_, count)| count.live).sum::<u64>(), RESOURCE_CAP as u64 + 500);
    }
}
