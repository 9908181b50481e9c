//! For which platforms a finding is meaningful.

use backup_facts::platform::Platform;

/// For which platforms a finding is meaningful, and what to do where OpenShift's operators and scripts are not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Platforms {
    on: &'static [Platform],
    elsewhere: Option<&'static str>,
}

/// True of every etcd, also where nothing tells the platform.
pub(super) const EVERY: Platforms = Platforms { on: &Platform::ALL, elsewhere: None };
/// Of whatever is known to be Kubernetes.
pub(super) const KUBERNETES: Platforms = Platforms {
    on: &[
        Platform::OpenShift,
        Platform::SingleNode,
        Platform::Fenced,
        Platform::HyperShift,
        Platform::MicroShift,
        Platform::Kubeadm,
        Platform::K3s,
        Platform::Rke2,
        Platform::K3sOrRke2,
        Platform::Rke1,
        Platform::Talos,
        Platform::Kops,
        Platform::Gardener,
        Platform::Kubernetes,
    ],
    elsewhere: None,
};
/// Of clusters that have a ClusterVersion.
pub(super) const OPENSHIFT: Platforms = Platforms {
    on: &[Platform::OpenShift, Platform::SingleNode, Platform::Fenced, Platform::HyperShift],
    elsewhere: None,
};
/// Of clusters whose operators run static pods, and whose scripts back up and restore.
pub(super) const OPERATORS: Platforms =
    Platforms { on: &[Platform::OpenShift, Platform::SingleNode, Platform::Fenced], elsewhere: None };

impl Platforms {
    /// The same, with what to do on platforms without OpenShift's operators.
    pub(super) const fn elsewhere(self, remedy: &'static str) -> Self {
        Self { elsewhere: Some(remedy), ..self }
    }

    /// Whether the finding is meaningful there.
    #[must_use]
    pub fn has(&self, platform: Platform) -> bool {
        self.on.contains(&platform)
    }

    /// Those for which it is meaningful.
    #[must_use]
    pub const fn all(&self) -> &'static [Platform] {
        self.on
    }

    /// What to do there; `None` where it is what the entry says.
    #[must_use]
    pub fn remedy(&self, platform: Platform) -> Option<&'static str> {
        self.elsewhere.filter(|_| !platform.has_operators())
    }

    /// In words, for people.
    #[must_use]
    pub fn words(&self) -> &'static str {
        match self.on.len() {
            all if all == EVERY.on.len() => "every etcd",
            all if all == KUBERNETES.on.len() => "every Kubernetes",
            all if all == OPENSHIFT.on.len() => "OpenShift, hosted control planes included",
            _ => "OpenShift with static pods",
        }
    }
}
