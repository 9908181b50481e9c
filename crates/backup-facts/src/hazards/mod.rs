//! What a restore will run into, read from the snapshot: the hazards that the documentation of OpenShift tells of.
//!
//! A restore turns the cluster's memory back, and the world around it has moved on: volumes were attached elsewhere,
//! credentials rotated, machines replaced, certificates renewed. Which of them, the objects in the snapshot
//! say; those that are encrypted, where keys are at hand. One pass over the live keys; of the many only the fields needed
//! are read.

mod certificates;
mod control_plane;
mod credentials;
mod cron;
mod intent;
mod list;
mod nodes;
mod object;
mod revision;
mod space;
mod storage;
mod view;
mod work;

use std::collections::HashSet;

use encryption_config::Plaintext;
use etcd_snapshot::Scan;
use jiff::Timestamp;
use kube_objects::{Envelope, StorageKey};
use static_resources::StaticResources;
use zeroize::Zeroizing;

pub use certificates::{Certificates, EndsEarly, Signer, Signs};
pub use control_plane::{ControlPlane, Deletion, Webhook};
pub use credentials::{Credentials, CredentialsRequest};
pub use intent::{Intent, MachineSet, Marked};
pub use list::{Listed, MOST_LISTED, ObjectName};
pub use nodes::{ControlPlaneMachineSet, Csr, Machine, Node, Nodes, Pool};
pub use revision::Revisions;
pub use space::{DefragOff, QuotaAlert, Space};
pub use storage::{
    Attachment, Claim, Database, Elsewhere, LocalOwner, StatefulSet, Storage, Volume, VolumeSource, is_kernel_name,
};
pub use work::{Due, Leader, Work};

use crate::opening::Unlocked;
use crate::platform::Platform;
pub(crate) use list::{MOST_WORDS, at, items, word, words};
pub(crate) use object::{Budget, Object};
pub(crate) use view::{Field, SPEC, View};

use control_plane::{DeletionFinder, blocking_webhooks};

/// What a restore will run into.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hazards {
    /// The moment of the backup: when a Lease was last renewed, which some component does every few seconds.
    pub taken: Option<Timestamp>,
    /// When the restore is planned; now, where nobody said otherwise.
    pub restore: Timestamp,
    /// Volumes and who uses them.
    pub storage: Storage,
    /// Credentials that may have been rotated since.
    pub credentials: Credentials,
    /// Nodes, machines, certificate requests.
    pub nodes: Nodes,
    /// What the operators of the control plane say.
    pub control_plane: ControlPlane,
    /// Certificates and when they end.
    pub certificates: Certificates,
    /// Webhooks without whose answer the API server refuses changes.
    pub webhooks: Listed<Webhook>,
    /// Objects whose deletion was under way.
    pub deletions: Listed<Deletion>,
    /// Voting members of etcd.
    pub voters: u64,
    /// Size, quota, free pages.
    pub space: Space,
    /// What was asked for and not done.
    pub intent: Intent,
    /// Work that is done at once, and what holds it up.
    pub work: Work,
    /// The revision, where a restore was spoken of; it goes back.
    pub revision: Option<Revisions>,
    /// Objects of the kinds looked at that could not be read, by resource and name: damaged, or more than is ever decoded.
    pub unread: Listed<String>,
    /// Encrypted objects that did not open, of whatever kind: of them nothing is known but the name.
    pub sealed: u64,
}

/// Seconds of a day.
const DAY: i64 = 86_400;

impl Hazards {
    /// Whole days from the backup to the planned restore; `None` where the moment of the backup is not known.
    #[must_use]
    pub fn age_days(&self) -> Option<i64> {
        let taken = self.taken?;
        Some(self.restore.as_second().saturating_sub(taken.as_second()).div_euclid(DAY))
    }

    /// Hours from the installation to the backup; `None` where either is not known.
    #[must_use]
    pub fn hours_since_installation(&self) -> Option<i64> {
        let (taken, installed) = (self.taken?, self.control_plane.installed?);
        Some(taken.as_second().saturating_sub(installed.as_second()).div_euclid(3600))
    }
}

/// Opens values for [`read`] with the keys at hand.
pub fn open_with(keys: &Unlocked) -> impl Fn(&[u8], &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    |etcd_key, stored| match keys.open(etcd_key, stored).ok()?.plaintext {
        Plaintext::Decrypted(bytes) => Some(bytes),
        Plaintext::Stored(_) => None, // is looked at as it is
    }
}

/// The hazards of a tarball by itself: certificates that end before the planned restore.
#[must_use]
pub fn of_tarball(tarball: &StaticResources, now: Timestamp, restore: Timestamp) -> Hazards {
    let mut hazards = Hazards { restore, ..Hazards::default() };
    hazards.certificates.add_tarball(tarball, now, restore);
    hazards
}

/// Reads the hazards of a snapshot.
///
/// `open` opens an encrypted value, given its etcd key; what it answers `None` for is counted as sealed. `tarball` is the
/// other half of the backup, where it is at hand; `platform` tells the quota where nothing else does. Certificates of the tarball are held against `restore`, when the restore
/// is planned; those that have ended by `now` are the tarball's own fault.
#[must_use]
pub fn read(
    scan: &Scan<'_>,
    open: &impl Fn(&[u8], &[u8]) -> Option<Zeroizing<Vec<u8>>>,
    tarball: Option<&StaticResources>,
    platform: Platform,
    now: Timestamp,
    restore: Timestamp,
) -> Hazards {
    let budget = Budget::default();
    let finder = DeletionFinder::default();
    let mut hazards = Hazards { restore, ..Hazards::default() };
    for live in scan.store.live() {
        let (key, value) = (live.kv.key, live.kv.value);
        let object = Object::new(StorageKey::parse(key), &budget);
        hazards.add_name(&object);
        if matches!(Envelope::of(value), Envelope::Encrypted(_)) {
            match open(key, value) {
                Some(opened) => hazards.add(&object, &opened, &finder),
                None => hazards.add_sealed(&object),
            }
        } else {
            hazards.add(&object, value, &finder);
        }
    }
    hazards.unread = budget.into_unread();
    hazards.intent.unread_machines |= hazards.unread.items.iter().any(|name| name.starts_with("machines "));
    hazards.voters = scan.state.members.iter().filter(|member| !member.is_learner).count() as u64;
    if let Some(tarball) = tarball {
        hazards.certificates.add_tarball(tarball, now, restore);
    }
    let quota = tarball.and_then(|tarball| tarball.static_pods.etcd.quota_bytes);
    hazards.space = Space::of(&scan.walked, &hazards.control_plane, quota, platform);
    hazards.join();
    hazards
}

impl Hazards {
    /// What the etcd key tells by itself.
    fn add_name(&mut self, key: &Object<'_>) {
        match (key.group(), key.resource()) {
            (b"", b"secrets") => self.credentials.add_secret(key),
            (b"", b"configmaps") => {
                self.control_plane.defrag_disabled |=
                    key.namespace_bytes() == b"openshift-etcd-operator" && key.name_bytes() == b"etcd-disable-defrag";
            }
            (b"operator.openshift.io", b"clustercsidrivers") => self.credentials.add_driver(key),
            _ => {}
        }
    }

    fn add_sealed(&mut self, key: &Object<'_>) {
        self.sealed = self.sealed.saturating_add(1);
        self.intent.add_unread(key);
        if Certificates::signs(key).is_some() {
            self.certificates.add_unread_signer(key);
        }
    }

    fn add(&mut self, key: &Object<'_>, value: &[u8], finder: &DeletionFinder) {
        self.deletions.extend(finder.find(key, value));
        match (key.group(), key.resource()) {
            (b"", b"secrets") => {
                if let Some(signs) = Certificates::signs(key) {
                    self.certificates.add_signer(key, signs, value);
                }
            }
            (b"config.openshift.io", b"clusterversions") => self.control_plane.add_cluster_version(value),
            (b"config.openshift.io", b"infrastructures") => self.control_plane.add_infrastructure(value),
            _ => {
                if let Some(kind) = BuiltIn::of(key) {
                    self.add_built_in(&kind, key, value);
                } else if let Some(kind) = Custom::of(key) {
                    self.add_custom(&kind, key, value);
                }
            }
        }
    }

    fn add_built_in(&mut self, kind: &BuiltIn, key: &Object<'_>, value: &[u8]) {
        let Some(stored) = key.read(value) else { return };
        let object = stored.view();
        match kind {
            BuiltIn::Volume => self.storage.add_volume(key, object),
            BuiltIn::Claim => self.storage.add_claim(key, object),
            BuiltIn::Attachment => self.storage.add_attachment(key, object),
            BuiltIn::Pod => self.storage.add_pod(key, object),
            BuiltIn::StatefulSet => self.storage.add_stateful_set(key, object),
            BuiltIn::Node => {
                self.nodes.add_node(key, object);
                self.intent.add_node(key, object);
            }
            BuiltIn::Csr => self.nodes.add_csr(key, object),
            BuiltIn::KubeSystem => self.control_plane.add_kube_system(object),
            BuiltIn::CronJob => self.work.add_cron_job(key, object, self.restore),
            BuiltIn::Job => self.work.add_job(key, object),
            BuiltIn::Budget => self.work.add_budget(key, object),
            BuiltIn::Lease => {
                self.work.add_lease(key, object);
                let renewed = object.get(SPEC).and_then(|spec| spec.time(Field(4, "renewTime")));
                self.taken = self.taken.max(renewed);
            }
        }
    }

    fn add_custom(&mut self, kind: &Custom, key: &Object<'_>, value: &[u8]) {
        let Some(object) = key.decode(value) else { return };
        match kind {
            Custom::LocalOwner => self.storage.add_local_owner(key, &object),
            Custom::CredentialsRequest => self.credentials.add_request(key, &object),
            Custom::Machine => {
                self.nodes.add_machine(key, &object);
                self.intent.add_machine(key, &object);
            }
            Custom::ClusterMachine => self.intent.add_machine(key, &object),
            Custom::MachineSet => self.intent.add_machine_set(key, &object),
            Custom::ControlPlaneMachineSet => self.nodes.add_machine_set(key, &object),
            Custom::Pool => self.nodes.add_pool(key, &object),
            Custom::Webhooks => self.webhooks.extend(blocking_webhooks(key, &object)),
            Custom::Operator => self.control_plane.add_operator(key, &object),
            Custom::Network => self.control_plane.add_network(&object),
        }
    }

    fn join(&mut self) {
        self.nodes.join();
        self.intent.join();
        self.work.sort();
        let nodes: HashSet<&str> = self.nodes.nodes.items.iter().map(|node| node.name.as_str()).collect();
        self.storage.join(&nodes);
        self.credentials.join(&self.storage);
        self.certificates.sort();
        self.unread.items.sort();
        self.control_plane.forced_redeployments.sort();
        self.webhooks.items.sort_by(|a, b| (&a.configuration, &a.name).cmp(&(&b.configuration, &b.name)));
        self.deletions.items.sort_by(|a, b| (&a.resource, &a.name).cmp(&(&b.resource, &b.name)));
    }
}

/// Kinds of Kubernetes' own, which may be many: read field by field.
enum BuiltIn {
    Volume,
    Claim,
    Attachment,
    Pod,
    StatefulSet,
    Node,
    Csr,
    KubeSystem,
    Lease,
    CronJob,
    Job,
    Budget,
}

impl BuiltIn {
    fn of(key: &Object<'_>) -> Option<Self> {
        Some(match (key.group(), key.resource()) {
            (b"", b"persistentvolumes") => Self::Volume,
            (b"", b"persistentvolumeclaims") => Self::Claim,
            (b"storage.k8s.io", b"volumeattachments") => Self::Attachment,
            (b"", b"pods") => Self::Pod,
            (b"apps", b"statefulsets") => Self::StatefulSet,
            (b"", b"nodes") => Self::Node,
            (b"certificates.k8s.io", b"certificatesigningrequests") => Self::Csr,
            (b"", b"namespaces") if key.name_bytes() == b"kube-system" => Self::KubeSystem,
            (b"coordination.k8s.io", b"leases") => Self::Lease,
            (b"batch", b"cronjobs") => Self::CronJob,
            (b"batch", b"jobs") => Self::Job,
            (b"policy", b"poddisruptionbudgets") => Self::Budget,
            _ => return None,
        })
    }
}

/// Custom resources, and the few others that are decoded whole.
enum Custom {
    LocalOwner,
    CredentialsRequest,
    Machine,
    ClusterMachine,
    MachineSet,
    ControlPlaneMachineSet,
    Pool,
    Webhooks,
    Operator,
    Network,
}

impl Custom {
    fn of(key: &Object<'_>) -> Option<Self> {
        Some(match (key.group(), key.resource()) {
            (b"local.storage.openshift.io", b"localvolumes" | b"localvolumesets") => Self::LocalOwner,
            (b"cloudcredential.openshift.io", b"credentialsrequests") => Self::CredentialsRequest,
            (b"machine.openshift.io", b"machines") => Self::Machine,
            (b"cluster.x-k8s.io", b"machines") => Self::ClusterMachine,
            (b"machine.openshift.io" | b"cluster.x-k8s.io", b"machinesets") => Self::MachineSet,
            (b"machine.openshift.io", b"controlplanemachinesets") => Self::ControlPlaneMachineSet,
            (b"machineconfiguration.openshift.io", b"machineconfigpools") => Self::Pool,
            (
                b"admissionregistration.k8s.io",
                b"validatingwebhookconfigurations" | b"mutatingwebhookconfigurations",
            ) => Self::Webhooks,
            (
                b"operator.openshift.io",
                b"etcds" | b"kubeapiservers" | b"kubecontrollermanagers" | b"kubeschedulers",
            ) => Self::Operator,
            (b"config.openshift.io", b"networks") => Self::Network,
            _ => return None,
        })
    }
}
