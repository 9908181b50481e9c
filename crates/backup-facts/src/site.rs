//! What a procedure needs to know of the cluster, beyond what a restore runs into: proxy, provider, machines, operators,
//! encryption, and what keeps data of the API in memory.
//!
//! Nothing secret is in it: of a proxy's address no password, of a Machine no user data, of Secrets and ConfigMaps no
//! value.

mod machine;
mod operator;
mod provider;
mod proxy;
mod workload;

use etcd_snapshot::Scan;
use kube_objects::{Envelope, StorageKey};
use zeroize::Zeroizing;

use crate::hazards::{Budget, Listed, MOST_WORDS, Nodes, Object, at, word};
use machine::Machines;

pub use machine::MachineObject;
pub use operator::{EncryptionAsked, Operator};
pub use provider::Provider;
pub use proxy::Proxy;
pub use workload::{Role, Workload};

/// What a procedure needs to know of the cluster.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Site {
    /// `spec.clusterID` of the ClusterVersion; empty where none is noted.
    pub cluster_id: String,
    /// The cluster-wide proxy; `None` where there is no such object, or it has no value.
    pub proxy: Option<Proxy>,
    /// What the cluster runs on.
    pub infrastructure: Provider,
    /// Machines of the control plane, by name.
    pub machines: Vec<MachineObject>,
    /// Every BareMetalHost, by name.
    pub bare_metal: Listed<BareMetalHost>,
    /// Operators of static pods, by resource.
    pub operators: Vec<Operator>,
    /// Encryption at rest, as the cluster was asked for it.
    pub encryption: EncryptionAsked,
    /// Deployments and DaemonSets that keep data of the API in memory: routers, operators, others' controllers.
    pub workloads: Listed<Workload>,
    /// Drivers of storage: CSIDrivers and ClusterCSIDrivers, by name.
    pub drivers: Listed<String>,
    /// Version of etcd, the lowest among the members: `3.5.0`; empty where none is noted.
    pub etcd_version: String,
    /// Members of etcd, by id.
    pub members: Vec<PeerMember>,
    /// Objects of these kinds that are encrypted and did not open, by resource and name: what they would say is a blank.
    pub sealed: Listed<String>,
    /// Objects of these kinds that could not be read, likewise: damaged, or more than is ever decoded.
    pub unread: Listed<String>,
}

/// A host that metal3 manages.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BareMetalHost {
    /// Name.
    pub name: String,
    /// The Machine that runs on it; empty where none does.
    pub consumer: String,
}

/// A member of etcd.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PeerMember {
    /// Its id.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// Its URLs for its peers.
    pub peer_urls: Vec<String>,
    /// Whether it has no vote.
    pub is_learner: bool,
}

/// The most members that are kept.
const MOST_MEMBERS: usize = 1_000;

/// The host of a URL of etcd, an address of IPv6 without its brackets: what stands in `https://192.0.2.1:2379` and in
/// `https://[2001:db8::1]:2379`.
#[must_use]
pub fn host(url: &str) -> Option<&str> {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let rest = rest.split('/').next()?;
    let host = match rest.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?.0,
        None => rest.rsplit_once(':').map_or(rest, |(host, _)| host),
    };
    (!host.is_empty()).then_some(host)
}

impl Site {
    /// Reads what a snapshot says; `open` opens an encrypted value, given its etcd key, as [`crate::hazards::read`] has it.
    #[must_use]
    pub fn read(scan: &Scan<'_>, open: &impl Fn(&[u8], &[u8]) -> Option<Zeroizing<Vec<u8>>>) -> Self {
        let budget = Budget::default();
        let mut reading = Reading::default();
        for live in scan.store.live() {
            let (key, value) = (live.kv.key, live.kv.value);
            let object = Object::new(StorageKey::parse(key), &budget);
            let Some(kind) = Kind::of(&object) else { continue };
            if !matches!(Envelope::of(value), Envelope::Encrypted(_)) {
                reading.add(&kind, &object, value);
            } else if let Some(opened) = open(key, value) {
                reading.add(&kind, &object, &opened);
            } else {
                let resource = word(&String::from_utf8_lossy(object.resource()));
                reading.site.sealed.push(format!("{resource} {}", object.object_name()));
            }
        }
        let mut site = reading.join();
        site.unread = budget.into_unread();
        site.unread.items.sort();
        site.members = members(scan);
        site.etcd_version = scan.state.cluster_version.as_deref().map(word).unwrap_or_default();
        site
    }
}

fn members(scan: &Scan<'_>) -> Vec<PeerMember> {
    let members = scan.state.members.iter().take(MOST_MEMBERS).map(|member| PeerMember {
        id: member.id,
        name: word(&member.name),
        peer_urls: member.peer_urls.iter().take(MOST_WORDS).map(|url| word(url)).collect(),
        is_learner: member.is_learner,
    });
    let mut members: Vec<PeerMember> = members.collect();
    members.sort_by_key(|member| member.id);
    members
}

/// What is read of, by its key.
enum Kind {
    ClusterVersion,
    Proxy,
    Infrastructure,
    Node,
    Machine,
    BareMetalHost,
    /// Of the static pods' operators, and of those that report `Encrypted`.
    Operator,
    ApiServer,
    Workload,
    Driver,
}

impl Kind {
    fn of(key: &Object<'_>) -> Option<Self> {
        let only = |name: &[u8], kind| (key.name_bytes() == name).then_some(kind);
        match (key.group(), key.resource()) {
            (b"config.openshift.io", b"clusterversions") => only(b"version", Self::ClusterVersion),
            (b"config.openshift.io", b"proxies") => only(b"cluster", Self::Proxy),
            (b"config.openshift.io", b"infrastructures") => only(b"cluster", Self::Infrastructure),
            (b"config.openshift.io", b"apiservers") => only(b"cluster", Self::ApiServer),
            (
                b"operator.openshift.io",
                b"etcds"
                | b"kubeapiservers"
                | b"kubecontrollermanagers"
                | b"kubeschedulers"
                | b"openshiftapiservers"
                | b"authentications",
            ) => only(b"cluster", Self::Operator),
            (b"", b"nodes") => Some(Self::Node),
            (b"machine.openshift.io", b"machines") => Some(Self::Machine),
            (b"metal3.io", b"baremetalhosts") => Some(Self::BareMetalHost),
            (b"apps", b"deployments" | b"daemonsets") => Some(Self::Workload),
            (b"storage.k8s.io", b"csidrivers") | (b"operator.openshift.io", b"clustercsidrivers") => Some(Self::Driver),
            _ => None,
        }
    }
}

/// What was read so far.
#[derive(Default)]
struct Reading {
    site: Site,
    nodes: Nodes,
    machines: Machines,
}

impl Reading {
    fn add(&mut self, kind: &Kind, key: &Object<'_>, value: &[u8]) {
        let site = &mut self.site;
        match kind {
            Kind::Driver => return site.drivers.push(key.name()),
            Kind::Workload => return site.workloads.extend(Workload::of(key, value)),
            Kind::Machine => return self.machines.add(key, value),
            Kind::Node => {
                if let Some(stored) = key.read(value) {
                    self.nodes.add_node(key, stored.view());
                }
                return;
            }
            _ => {}
        }
        let Some(object) = key.decode(value) else { return };
        match kind {
            Kind::ClusterVersion => site.cluster_id = at(&object, "/spec/clusterID"),
            Kind::Proxy => site.proxy = Proxy::of(&object),
            Kind::Infrastructure => site.infrastructure = Provider::of(&object),
            Kind::ApiServer => site.encryption.kind = at(&object, "/spec/encryption/type"),
            Kind::BareMetalHost => {
                let consumer = at(&object, "/spec/consumerRef/name");
                site.bare_metal.push(BareMetalHost { name: key.name(), consumer });
            }
            Kind::Operator => {
                site.operators.extend(Operator::of(key, &object));
                site.encryption.add_operator(key, &object);
            }
            Kind::Driver | Kind::Workload | Kind::Machine | Kind::Node => {}
        }
    }

    fn join(self) -> Site {
        let Self { mut site, nodes, machines } = self;
        site.machines = machines.join(&nodes);
        site.bare_metal.items.sort_by(|a, b| a.name.cmp(&b.name));
        site.operators.sort_by(|a, b| a.resource.cmp(&b.resource));
        site.encryption.sort();
        site.workloads.items.sort();
        site.sealed.items.sort();
        let mut drivers = std::mem::take(&mut site.drivers.items);
        drivers.sort();
        drivers.dedup();
        site.drivers = drivers.into_iter().collect();
        site
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_host_of_a_url_is_what_stands_between() {
        for (url, said) in [
            ("https://10.0.0.1:2380", Some("10.0.0.1")),
            ("https://[fd00::1]:2380", Some("fd00::1")),
            ("http://master-0.example.com:2380/", Some("master-0.example.com")),
            ("https://", None),
            ("https://[fd00::1", None),
        ] {
            assert_eq!(super::host(url), said);
        }
    }
}
