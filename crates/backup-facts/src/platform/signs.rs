//! What tells one platform from another.

use std::collections::BTreeMap;

use etcd_snapshot::Scan;
use kube_objects::{
    DecodeOptions, Envelope, Infrastructure, Prefix, ResourceClass, ShownKey, StorageKey, StoredObject,
};
use memchr::memmem;
use serde_json::Value;

use super::{Beside, Platform};
use crate::layout::Layout;

/// The longest place that is told.
const LONGEST: usize = 200;

/// A sign of a platform, and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sign {
    /// What it is.
    pub kind: SignKind,
    /// Where: the first etcd key, or what lies beside the snapshot. Escape before printing.
    pub place: String,
}

/// Kinds of signs. Where several platforms have signs, the first in this order decides: those further down are left
/// behind by tools that other platforms use, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SignKind {
    /// A tarball of static pods of OpenShift.
    Tarball,
    /// Infrastructure says that the control plane is hosted elsewhere.
    HostedTopology,
    /// Infrastructure says that there are two nodes with fencing.
    FencedTopology,
    /// Infrastructure says that there is one node.
    SingleTopology,
    /// Infrastructure tells another topology, or none.
    Infrastructure,
    /// The ClusterVersion of OpenShift.
    ClusterVersion,
    /// What configures OpenShift's etcd operator, or that of another static pod.
    StaticPodOperator,
    /// ConfigMap `kube-public/microshift-version`.
    MicroShiftVersion,
    /// A file `version` beside a database in `etcd/member/snap/`, as MicroShift writes it.
    MicroShiftFile,
    /// ConfigMap `kube-system/shoot-info`.
    ShootInfo,
    /// Nodes of a worker pool of Gardener.
    GardenerNode,
    /// Nodes, Secrets or ConfigMaps that RKE2 calls after itself.
    Rke2Object,
    /// Nodes, Secrets or ConfigMaps that k3s calls after itself.
    K3sObject,
    /// The record of certificates and keys that k3s and RKE2 start with.
    Bootstrap,
    /// Manifests that k3s or RKE2 deployed.
    Addon,
    /// Nodes, the state, or jobs of RKE.
    Rke1Object,
    /// Nodes of Talos.
    TalosNode,
    /// Nodes, or the controller of kops.
    KopsObject,
    /// ConfigMap `kube-system/kubeadm-config`, or nodes that kubeadm joined.
    KubeadmObject,
    /// A directory laid out as MicroShift's.
    MicroShiftLayout,
    /// A directory laid out as a hosted control plane's backup.
    HostedLayout,
    /// Keys below the prefix that OpenShift's API servers use.
    OpenShiftPrefix,
    /// Objects of Kubernetes.
    KubernetesObject,
    /// Keys, none of which is an object's.
    OtherKeys,
}

impl SignKind {
    /// All of them, the weightiest first.
    pub const ALL: [Self; 24] = [
        Self::Tarball,
        Self::HostedTopology,
        Self::FencedTopology,
        Self::SingleTopology,
        Self::Infrastructure,
        Self::ClusterVersion,
        Self::StaticPodOperator,
        Self::MicroShiftVersion,
        Self::MicroShiftFile,
        Self::ShootInfo,
        Self::GardenerNode,
        Self::Rke2Object,
        Self::K3sObject,
        Self::Bootstrap,
        Self::Addon,
        Self::Rke1Object,
        Self::TalosNode,
        Self::KopsObject,
        Self::KubeadmObject,
        Self::MicroShiftLayout,
        Self::HostedLayout,
        Self::OpenShiftPrefix,
        Self::KubernetesObject,
        Self::OtherKeys,
    ];

    /// What it is, in words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Tarball => "a tarball of static pods of OpenShift",
            Self::HostedTopology => "Infrastructure says that the control plane is hosted elsewhere",
            Self::FencedTopology => "Infrastructure says that there are two nodes with fencing",
            Self::SingleTopology => "Infrastructure says that there is one node",
            Self::Infrastructure => "Infrastructure tells another topology, or none",
            Self::ClusterVersion => "the ClusterVersion of OpenShift",
            Self::StaticPodOperator => "what configures OpenShift's etcd operator, or that of another static pod",
            Self::MicroShiftVersion => "ConfigMap `kube-public/microshift-version`",
            Self::MicroShiftFile => {
                "a file `version` beside a database in `etcd/member/snap/`, as MicroShift writes it"
            }
            Self::ShootInfo => "ConfigMap `kube-system/shoot-info`",
            Self::GardenerNode => "nodes of a worker pool of Gardener",
            Self::Rke2Object => "nodes, Secrets or ConfigMaps that RKE2 calls after itself",
            Self::K3sObject => "nodes, Secrets or ConfigMaps that k3s calls after itself",
            Self::Bootstrap => "the record of certificates and keys that k3s and RKE2 start with",
            Self::Addon => "manifests that k3s or RKE2 deployed",
            Self::Rke1Object => "nodes, the state, or jobs of RKE",
            Self::TalosNode => "nodes of Talos",
            Self::KopsObject => "nodes, or the controller of kops",
            Self::KubeadmObject => "ConfigMap `kube-system/kubeadm-config`, or nodes that kubeadm joined",
            Self::MicroShiftLayout => "a directory laid out as MicroShift's",
            Self::HostedLayout => "a directory laid out as a hosted control plane's backup",
            Self::OpenShiftPrefix => "keys below the prefix that OpenShift's API servers use",
            Self::KubernetesObject => "objects of Kubernetes",
            Self::OtherKeys => "keys, none of which is an object's",
        }
    }

    /// The platform that it is a sign of.
    #[must_use]
    pub const fn platform(self) -> Platform {
        match self {
            Self::HostedTopology | Self::HostedLayout => Platform::HyperShift,
            Self::FencedTopology => Platform::Fenced,
            Self::SingleTopology => Platform::SingleNode,
            Self::Tarball
            | Self::Infrastructure
            | Self::ClusterVersion
            | Self::StaticPodOperator
            | Self::OpenShiftPrefix => Platform::OpenShift,
            Self::MicroShiftVersion | Self::MicroShiftFile | Self::MicroShiftLayout => Platform::MicroShift,
            Self::ShootInfo | Self::GardenerNode => Platform::Gardener,
            Self::Rke2Object => Platform::Rke2,
            Self::K3sObject => Platform::K3s,
            Self::Bootstrap | Self::Addon => Platform::K3sOrRke2,
            Self::Rke1Object => Platform::Rke1,
            Self::TalosNode => Platform::Talos,
            Self::KopsObject => Platform::Kops,
            Self::KubeadmObject => Platform::Kubeadm,
            Self::KubernetesObject => Platform::Kubernetes,
            Self::OtherKeys => Platform::Etcd,
        }
    }

    /// The word that reports use.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tarball => "tarball",
            Self::HostedTopology => "hosted-topology",
            Self::FencedTopology => "fenced-topology",
            Self::SingleTopology => "single-node-topology",
            Self::Infrastructure => "infrastructure",
            Self::ClusterVersion => "cluster-version",
            Self::StaticPodOperator => "static-pod-operator",
            Self::MicroShiftVersion => "microshift-version",
            Self::MicroShiftFile => "version-file",
            Self::ShootInfo => "shoot-info",
            Self::GardenerNode => "gardener-node",
            Self::Rke2Object => "rke2-object",
            Self::K3sObject => "k3s-object",
            Self::Bootstrap => "bootstrap-record",
            Self::Addon => "addon",
            Self::Rke1Object => "rke-object",
            Self::TalosNode => "talos-node",
            Self::KopsObject => "kops-object",
            Self::KubeadmObject => "kubeadm-object",
            Self::MicroShiftLayout => "microshift-layout",
            Self::HostedLayout => "hosted-layout",
            Self::OpenShiftPrefix => "openshift-prefix",
            Self::KubernetesObject => "kubernetes-object",
            Self::OtherKeys => "other-keys",
        }
    }
}

/// What labels, annotations and versions of nodes tell; a name that ends in `/` stands for all below it.
const NODES: [(&str, SignKind); 12] = [
    ("worker.gardener.cloud/", SignKind::GardenerNode),
    ("rke2.io/", SignKind::Rke2Object),
    ("etcd.rke2.cattle.io/", SignKind::Rke2Object),
    ("k3s.io/", SignKind::K3sObject),
    ("etcd.k3s.cattle.io/", SignKind::K3sObject),
    // other names below rke.cattle.io are Rancher's, whatever made the node
    ("rke.cattle.io/internal-ip", SignKind::Rke1Object),
    ("rke.cattle.io/external-ip", SignKind::Rke1Object),
    ("networking.talos.dev/", SignKind::TalosNode),
    ("cluster.talos.dev/", SignKind::TalosNode),
    ("talos.dev/", SignKind::TalosNode),
    ("kops.k8s.io/", SignKind::KopsObject),
    ("kubeadm.alpha.kubernetes.io/cri-socket", SignKind::KubeadmObject),
];

/// ConfigMaps and Secrets by namespace and name, whether they are encrypted or not.
const OBJECTS: [(&[u8], &[u8], SignKind); 12] = [
    (b"kube-public", b"microshift-version", SignKind::MicroShiftVersion),
    (b"kube-system", b"shoot-info", SignKind::ShootInfo),
    (b"kube-system", b"rke2-serving", SignKind::Rke2Object),
    (b"kube-system", b"rke2-etcd-snapshots", SignKind::Rke2Object),
    (b"kube-system", b"rke2", SignKind::Rke2Object),
    (b"kube-system", b"k3s-serving", SignKind::K3sObject),
    (b"kube-system", b"k3s-etcd-snapshots", SignKind::K3sObject),
    (b"kube-system", b"k3s", SignKind::K3sObject),
    (b"kube-system", b"full-cluster-state", SignKind::Rke1Object),
    (b"kube-system", b"rke-network-plugin", SignKind::Rke1Object),
    (b"kube-system", b"kops-controller", SignKind::KopsObject),
    (b"kube-system", b"kubeadm-config", SignKind::KubeadmObject),
];

/// Objects of a cluster that stand for the control plane of another one in it.
const HOSTED: [(&[u8], &[u8]); 3] = [
    (b"hypershift.openshift.io", b"hostedclusters"),
    (b"extensions.gardener.cloud", b"clusters"),
    (b"kamaji.clastix.io", b"tenantcontrolplanes"),
];

/// Signs of a snapshot, gathered while its live keys pass by.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Signs {
    found: BTreeMap<SignKind, String>,
    hosts: u64,
}

impl Signs {
    /// Those of all live keys.
    #[must_use]
    pub fn of(scan: &Scan<'_>) -> Self {
        let mut signs = Self::default();
        scan.store.live().for_each(|live| signs.add(live.kv.key, &StorageKey::parse(live.kv.key), live.kv.value));
        signs
    }

    /// Takes what a live object tells. Most tell nothing, and cost nothing but a look at their key.
    pub fn add(&mut self, key: &[u8], parsed: &StorageKey<'_>, value: &[u8]) {
        match parsed.class {
            ResourceClass::BuiltIn => self.add_built_in(key, parsed, value),
            ResourceClass::Custom => self.add_custom(key, parsed, value),
            ResourceClass::Unknown if is_bootstrap(key) => self.note(SignKind::Bootstrap, key),
            ResourceClass::Unknown => self.note(SignKind::OtherKeys, key),
            // what an API server keeps beside its objects, which are there, too
            ResourceClass::Internal => {}
        }
    }

    /// Control planes of other clusters that live in this one.
    pub(super) fn hosts(&self) -> u64 {
        self.hosts
    }

    fn add_built_in(&mut self, key: &[u8], parsed: &StorageKey<'_>, value: &[u8]) {
        if !self.add_object(key, parsed, value) {
            return;
        }
        if matches!(parsed.prefix, Prefix::Kubernetes | Prefix::OpenShift) {
            self.note(SignKind::OpenShiftPrefix, key);
        }
        match (parsed.group, parsed.resource) {
            (b"", b"configmaps" | b"secrets") => self.add_named(key, parsed),
            (b"", b"nodes") => self.add_node(key, value),
            _ => {}
        }
    }

    /// Whether a key is an object's. Below the prefixes that API servers use it is, whatever its value has become; below
    /// another one, the value must say so.
    fn add_object(&mut self, key: &[u8], parsed: &StorageKey<'_>, value: &[u8]) -> bool {
        let of_server = matches!(parsed.prefix, Prefix::Kubernetes | Prefix::OpenShift | Prefix::Registry);
        let is_object = of_server || is_object(value);
        self.note(if is_object { SignKind::KubernetesObject } else { SignKind::OtherKeys }, key);
        is_object
    }

    fn add_named(&mut self, key: &[u8], parsed: &StorageKey<'_>) {
        let namespace = parsed.namespace.unwrap_or_default();
        let named = OBJECTS.iter().find(|(space, name, _)| (*space, *name) == (namespace, parsed.name));
        let kind = named.map(|(_, _, kind)| *kind).or_else(|| {
            let of_node = |end: &[u8]| namespace == b"kube-system" && parsed.name.ends_with(end);
            match () {
                () if of_node(b".node-password.rke2") => Some(SignKind::Rke2Object),
                () if of_node(b".node-password.k3s") => Some(SignKind::K3sObject),
                () => None,
            }
        });
        if let Some(kind) = kind {
            self.note(kind, key);
        }
    }

    fn add_custom(&mut self, key: &[u8], parsed: &StorageKey<'_>, value: &[u8]) {
        let kind = match (parsed.group, parsed.resource, parsed.name) {
            (b"config.openshift.io", b"infrastructures", b"cluster") => topology(value),
            (b"config.openshift.io", b"clusterversions", b"version") => SignKind::ClusterVersion,
            (
                b"operator.openshift.io",
                b"etcds" | b"kubeapiservers" | b"kubecontrollermanagers" | b"kubeschedulers",
                b"cluster",
            ) => SignKind::StaticPodOperator,
            (b"k3s.cattle.io", b"addons" | b"etcdsnapshotfiles", _) => SignKind::Addon,
            (group, resource, _) => {
                self.hosts += u64::from(HOSTED.contains(&(group, resource)));
                self.add_object(key, parsed, value);
                return;
            }
        };
        self.note(kind, key);
    }

    /// Labels and annotations, where the bytes of the object have a name that would tell something not known yet.
    fn add_node(&mut self, key: &[u8], value: &[u8]) {
        let told = |name: &str| memmem::find(value, name.trim_end_matches('/').as_bytes()).is_some();
        let wanted: Vec<_> = NODES.iter().filter(|(name, kind)| !self.found.contains_key(kind) && told(name)).collect();
        let by_version = ["+k3s", "+rke2", "Talos ("].iter().any(|text| told(text));
        if wanted.is_empty() && !by_version {
            return;
        }
        let Some(node) = StoredObject::decode(value, &DecodeOptions::default()).ok().map(StoredObject::into_json)
        else {
            return;
        };
        let below = |of: &str, name: &str| {
            let names = node.pointer(of).and_then(Value::as_object);
            let is = |own: &String| own == name || name.ends_with('/') && own.starts_with(name);
            names.is_some_and(|names| names.keys().any(is))
        };
        for (name, kind) in wanted {
            if below("/metadata/labels", name) || below("/metadata/annotations", name) {
                self.note(*kind, key);
            }
        }
        let info = |of: &str| node.pointer(&format!("/status/nodeInfo/{of}")).and_then(Value::as_str).unwrap_or("");
        let (kubelet, image) = (info("kubeletVersion"), info("osImage"));
        let versions = [
            (kubelet.contains("+rke2"), SignKind::Rke2Object),
            (kubelet.contains("+k3s"), SignKind::K3sObject),
            (image.starts_with("Talos ("), SignKind::TalosNode),
        ];
        versions.into_iter().filter(|(is, _)| *is).for_each(|(_, kind)| self.note(kind, key));
    }

    /// The same, with what lies beside the snapshot.
    pub(super) fn with(mut self, beside: &Beside) -> Self {
        if beside.tarball {
            self.note(SignKind::Tarball, b"the tarball");
        }
        match (beside.layout, &beside.version_file) {
            (Some(Layout::MicroShift), Some(_)) => self.note(SignKind::MicroShiftFile, b"version"),
            (Some(Layout::MicroShift), None) => self.note(SignKind::MicroShiftLayout, b"etcd/member/snap/db"),
            (Some(Layout::HostedControlPlane), _) => self.note(SignKind::HostedLayout, b"secrets/"),
            (Some(Layout::Files | Layout::Data(_)) | None, _) => {}
        }
        self
    }

    /// As a list, the weightiest first.
    pub(super) fn into_list(self) -> Vec<Sign> {
        self.found.into_iter().map(|(kind, place)| Sign { kind, place }).collect()
    }

    /// Keeps the first place of each kind; a key in the form in which it may be shown.
    fn note(&mut self, kind: SignKind, place: &[u8]) {
        self.found.entry(kind).or_insert_with(|| {
            let place = ShownKey::of(place).into_key();
            let shown = place.get(..place.len().min(LONGEST)).unwrap_or_default();
            String::from_utf8_lossy(shown).into_owned()
        });
    }
}

/// Whether a value is one that an API server wrote.
fn is_object(value: &[u8]) -> bool {
    match Envelope::of(value) {
        Envelope::Protobuf | Envelope::Cbor | Envelope::Encrypted(_) | Envelope::MalformedEncryption(_) => true,
        // others keep JSON in etcd, too
        Envelope::Json => memmem::find(value, b"\"apiVersion\"").is_some(),
        Envelope::Empty | Envelope::Other => false,
    }
}

/// `/bootstrap/<12 hexadecimal digits>`: the digits are of the hash of the server's token.
fn is_bootstrap(key: &[u8]) -> bool {
    key.strip_prefix(b"/bootstrap/").is_some_and(|rest| rest.len() == 12 && rest.iter().all(u8::is_ascii_hexdigit))
}

fn topology(infrastructure: &[u8]) -> SignKind {
    let read = Infrastructure::read(infrastructure).map(|found| found.control_plane_topology).unwrap_or_default();
    match read.as_str() {
        "External" => SignKind::HostedTopology,
        "DualReplica" => SignKind::FencedTopology,
        "SingleReplica" => SignKind::SingleTopology,
        _ => SignKind::Infrastructure,
    }
}

/// The platform that signs add up to, the weightiest of them first. A tarball of static pods says that a cluster with
/// operators is meant, whatever the snapshot is of; which kind, the topology tells.
pub(super) fn decide(signs: &[Sign]) -> Platform {
    let first = signs.first().map(|sign| sign.kind);
    if first == Some(SignKind::Tarball) {
        let of_data = signs.get(1).map(|sign| sign.kind.platform());
        return of_data.filter(|platform| platform.has_operators()).unwrap_or(Platform::OpenShift);
    }
    first.map(SignKind::platform).unwrap_or_default()
}
