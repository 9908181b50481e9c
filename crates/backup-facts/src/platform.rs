//! Which platform a backup is of, by what is in it, and what that lets one expect of it.
//!
//! The data decide: objects of the snapshot, and what lies beside it. No name of a file is a sign by itself. What the
//! caller says comes before all of it.

mod rules;
mod signs;

use etcd_snapshot::Scan;

use crate::layout::Layout;

pub use rules::{Halves, Names, Raises, Restore, Rules, TABLE, renews_certificates, rules};
pub use signs::{Sign, SignKind, Signs};

/// What runs the etcd that a backup was made of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Platform {
    /// OpenShift on control-plane nodes of its own.
    OpenShift,
    /// OpenShift on one node.
    SingleNode,
    /// OpenShift on two nodes with fencing.
    Fenced,
    /// A control plane of OpenShift that another cluster hosts.
    HyperShift,
    /// MicroShift.
    MicroShift,
    /// Kubernetes as kubeadm sets it up.
    Kubeadm,
    /// k3s.
    K3s,
    /// RKE2.
    Rke2,
    /// k3s or RKE2, and nothing tells which.
    K3sOrRke2,
    /// RKE, the first of its name.
    Rke1,
    /// Talos Linux.
    Talos,
    /// kops.
    Kops,
    /// A shoot of Gardener.
    Gardener,
    /// Kubernetes, and nothing tells whose.
    Kubernetes,
    /// etcd without Kubernetes.
    Etcd,
    /// Nothing tells.
    #[default]
    Unknown,
}

impl Platform {
    /// All of them, as they are listed.
    pub const ALL: [Self; 16] = [
        Self::OpenShift,
        Self::SingleNode,
        Self::Fenced,
        Self::HyperShift,
        Self::MicroShift,
        Self::Kubeadm,
        Self::K3s,
        Self::Rke2,
        Self::K3sOrRke2,
        Self::Rke1,
        Self::Talos,
        Self::Kops,
        Self::Gardener,
        Self::Kubernetes,
        Self::Etcd,
        Self::Unknown,
    ];

    /// The word that arguments and reports use.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::OpenShift => "openshift",
            Self::SingleNode => "openshift-single-node",
            Self::Fenced => "openshift-fenced",
            Self::HyperShift => "hypershift",
            Self::MicroShift => "microshift",
            Self::Kubeadm => "kubeadm",
            Self::K3s => "k3s",
            Self::Rke2 => "rke2",
            Self::K3sOrRke2 => "k3s-or-rke2",
            Self::Rke1 => "rke1",
            Self::Talos => "talos",
            Self::Kops => "kops",
            Self::Gardener => "gardener",
            Self::Kubernetes => "kubernetes",
            Self::Etcd => "etcd",
            Self::Unknown => "unknown",
        }
    }

    /// The platform of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|platform| platform.name() == name)
    }

    /// How it calls itself.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::OpenShift => "OpenShift",
            Self::SingleNode => "OpenShift on a single node",
            Self::Fenced => "OpenShift on two nodes with fencing",
            Self::HyperShift => "a hosted control plane of OpenShift",
            Self::MicroShift => "MicroShift",
            Self::Kubeadm => "Kubernetes by kubeadm",
            Self::K3s => "k3s",
            Self::Rke2 => "RKE2",
            Self::K3sOrRke2 => "k3s or RKE2",
            Self::Rke1 => "RKE",
            Self::Talos => "Talos Linux",
            Self::Kops => "kops",
            Self::Gardener => "a shoot of Gardener",
            Self::Kubernetes => "Kubernetes of unknown distribution",
            Self::Etcd => "etcd without Kubernetes",
            Self::Unknown => "unknown",
        }
    }

    /// Whether its control plane is made of static pods that OpenShift's operators install.
    #[must_use]
    pub const fn has_operators(self) -> bool {
        matches!(self, Self::OpenShift | Self::SingleNode | Self::Fenced)
    }

    /// Whether releases of OpenShift number it.
    #[must_use]
    pub const fn is_openshift(self) -> bool {
        self.has_operators() || matches!(self, Self::HyperShift | Self::MicroShift)
    }

    /// Whether it is known to be Kubernetes of any kind.
    #[must_use]
    pub const fn is_kubernetes(self) -> bool {
        !matches!(self, Self::Etcd | Self::Unknown)
    }
}

/// The platform of a backup, and what says so.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recognised {
    /// The platform.
    pub platform: Platform,
    /// Whether the caller said so, whatever the data say.
    pub asked: bool,
    /// What the data say, the weightiest first.
    pub signs: Vec<Sign>,
    /// Control planes of other clusters that live in this one, by its objects.
    pub hosts: u64,
}

/// What is known of a backup's platform besides its snapshot.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Beside {
    /// What the caller says.
    pub asked: Option<Platform>,
    /// How the directory is laid out.
    pub layout: Option<Layout>,
    /// The release that MicroShift's file `version` tells.
    pub version_file: Option<String>,
    /// Whether a tarball of static pods belongs to it.
    pub tarball: bool,
}

impl Recognised {
    /// Decides, by the objects of a snapshot and what lies beside it.
    #[must_use]
    pub fn of(signs: Signs, beside: &Beside) -> Self {
        let hosts = signs.hosts();
        let signs = signs.with(beside).into_list();
        let by_data = signs::decide(&signs);
        Self { platform: beside.asked.unwrap_or(by_data), asked: beside.asked.is_some(), signs, hosts }
    }

    /// The same, of a walk.
    #[must_use]
    pub fn of_scan(scan: Option<&Scan<'_>>, beside: &Beside) -> Self {
        Self::of(scan.map(Signs::of).unwrap_or_default(), beside)
    }
}

#[cfg(test)]
mod tests;
