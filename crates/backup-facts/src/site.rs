//! What a procedure needs to know of the cluster, beyond what a restore runs into: proxy, provider, machines, operators,
//! encryption, and what keeps data of the API in memory.
//!
//! Nothing secret is in it: of a proxy's address no password, of a Machine no user data, of Secrets and ConfigMaps no
//! value.

use etcd_snapshot::Scan;
use serde_json::Value;
use zeroize::Zeroizing;

use crate::hazards::{Listed, ObjectName};

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
    /// Members of etcd, by id.
    pub members: Vec<PeerMember>,
    /// Objects of these kinds that are encrypted and did not open, by resource and name: what they would say is a blank.
    pub sealed: Listed<String>,
}

/// The cluster-wide proxy: of its status, else of its spec.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proxy {
    /// For HTTP; user and password, where there are any, stand as `<user>:<password>`.
    pub http: String,
    /// For HTTPS, likewise.
    pub https: String,
    /// What is not asked for through it, joined by commas.
    pub no_proxy: String,
    /// Whether an address had a user or a password in it.
    pub had_credentials: bool,
}

/// What the cluster runs on: its Infrastructure.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Provider {
    /// `AWS`, `BareMetal`, `VSphere`, `None`, ...; empty where none is noted.
    pub platform: String,
    /// `HighlyAvailable`, `SingleReplica`, `DualReplica`, `HighlyAvailableArbiter`, ...; empty where none is noted.
    pub topology: String,
    /// Name prefix of its cloud resources.
    pub name: String,
    /// URL of the API for clients on the nodes.
    pub api_internal_url: String,
    /// Addresses that keepalived holds for the API.
    pub api_vips: Vec<String>,
    /// Addresses that keepalived holds for the routers.
    pub ingress_vips: Vec<String>,
}

/// A Machine of the control plane.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MachineObject {
    /// Name.
    pub name: String,
    /// Its node, by its reference or by an address that they share; empty where it has none.
    pub node: String,
    /// What the cloud calls it; empty where none is noted.
    pub provider_id: String,
    /// The object without what is secret in it (inline user data); as the API shows it.
    pub object: Value,
}

/// A host that metal3 manages.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BareMetalHost {
    /// Name.
    pub name: String,
    /// The Machine that runs on it; empty where none does.
    pub consumer: String,
}

/// An operator of static pods.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Operator {
    /// `etcds`, `kubeapiservers`, `kubecontrollermanagers`, `kubeschedulers`.
    pub resource: String,
    /// `status.latestAvailableRevision`.
    pub latest_revision: Option<u64>,
    /// Revision of each node, by its name.
    pub node_revisions: Vec<(String, u64)>,
    /// `spec.forceRedeploymentReason`; empty where there is none.
    pub redeployment_reason: String,
    /// Names of the keys of `spec.unsupportedConfigOverrides`.
    pub overrides: Vec<String>,
    /// Reason and message of the condition `NodeInstallerProgressing`; empty where there is none.
    pub progressing: (String, String),
}

/// Encryption at rest, as the cluster was asked for it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EncryptionAsked {
    /// `spec.encryption.type` of the APIServer: `aescbc`, `aesgcm`, `identity`, ...; empty where none is set.
    pub kind: String,
    /// The condition `Encrypted` of each operator: its resource, the reason, the message.
    pub conditions: Vec<(String, String, String)>,
}

/// What a workload is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// A router of `openshift-ingress`.
    Router,
    /// An operator of the platform.
    Operator,
    /// Somebody else's.
    #[default]
    ThirdParty,
}

/// A Deployment or a DaemonSet that keeps data of the API in memory.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Workload {
    /// What it is.
    pub role: Role,
    /// `deployment` or `daemonset`.
    pub kind: String,
    /// Namespace and name.
    pub name: ObjectName,
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

impl Site {
    /// Reads what a snapshot says; `open` opens an encrypted value, given its etcd key, as [`crate::hazards::read`] has it.
    #[must_use]
    pub fn read(scan: &Scan<'_>, open: &impl Fn(&[u8], &[u8]) -> Option<Zeroizing<Vec<u8>>>) -> Self {
        let _ = open;
        let members = scan.state.members.iter().map(|member| PeerMember {
            id: member.id,
            name: member.name.clone(),
            peer_urls: member.peer_urls.clone(),
            is_learner: member.is_learner,
        });
        Self { members: members.collect(), ..Self::default() }
    }
}
