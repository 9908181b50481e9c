//! Where keys come from, and which API server reads with them.

use std::fmt;
use std::sync::Arc;

use encryption_config::{EncryptionConfig, GroupResource};
use kube_objects::StorageKey;

/// An API server with keys of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ApiServer {
    /// kube-apiserver: Secrets and ConfigMaps. Its keys are in the tarball.
    Kube,
    /// openshift-apiserver: routes. Its keys are in the snapshot.
    OpenShift,
    /// oauth-apiserver: OAuth tokens. Its keys are in the snapshot.
    OAuth,
}

impl ApiServer {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Kube, Self::OpenShift, Self::OAuth];

    /// The server whose component name this is, as key Secrets and configurations are called.
    pub(crate) fn of_component(component: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|server| server.component() == component)
    }

    /// The component's name in Secrets, which is also its namespace.
    #[must_use]
    pub fn component(self) -> &'static str {
        match self {
            Self::Kube => "openshift-kube-apiserver",
            Self::OpenShift => "openshift-apiserver",
            Self::OAuth => "openshift-oauth-apiserver",
        }
    }

    /// The server's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Kube => "kube-apiserver",
            Self::OpenShift => "openshift-apiserver",
            Self::OAuth => "oauth-apiserver",
        }
    }

    /// The server that stores a resource which OpenShift encrypts; kube-apiserver for any other.
    #[must_use]
    pub fn of_resource(group: &[u8], resource: &[u8]) -> Self {
        match (group, resource) {
            (b"oauth.openshift.io", b"oauthaccesstokens" | b"oauthauthorizetokens") => Self::OAuth,
            (b"route.openshift.io", _) => Self::OpenShift,
            _ => Self::Kube,
        }
    }

    /// The resources that a key of this server may have been used for: before 4.6, openshift-apiserver stored OAuth
    /// tokens too.
    pub(crate) fn resources_of_keys(self) -> &'static [&'static str] {
        match self {
            Self::OpenShift => &[
                "routes.route.openshift.io",
                "oauthaccesstokens.oauth.openshift.io",
                "oauthauthorizetokens.oauth.openshift.io",
            ],
            Self::Kube | Self::OAuth => self.encrypted_resources(),
        }
    }

    /// The resources that OpenShift encrypts through this server.
    #[must_use]
    pub fn encrypted_resources(self) -> &'static [&'static str] {
        match self {
            Self::Kube => &["configmaps", "secrets"],
            Self::OpenShift => &["routes.route.openshift.io"],
            Self::OAuth => &["oauthaccesstokens.oauth.openshift.io", "oauthauthorizetokens.oauth.openshift.io"],
        }
    }
}

impl fmt::Display for ApiServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Where a set of keys was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The caller gave it: the tarball's, or a file's.
    Given,
    /// A configuration in a Secret of the snapshot.
    Config {
        /// The Secret's etcd key.
        etcd_key: String,
        /// Main revision at which it was written.
        revision: i64,
        /// How old it is.
        age: Age,
    },
    /// A single key, in the Secret in which its operator made it.
    KeySecret {
        /// The Secret's etcd key.
        etcd_key: String,
        /// Main revision at which it was written.
        revision: i64,
        /// How old it is.
        age: Age,
    },
}

/// How old a Secret with keys is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Age {
    /// What the API server runs with, or will.
    Current,
    /// There is a newer one.
    Older,
    /// It has been replaced or deleted, and history still holds it.
    Past,
}

/// One configuration with its keys. No `Debug`: see [`EncryptionConfig`].
pub struct ServerConfig {
    /// The server that reads with it; `None` where the caller gave it.
    pub server: Option<ApiServer>,
    /// Where it was found.
    pub origin: Origin,
    /// A restored cluster reads with it. Otherwise it is at hand for whoever needs a value, and no API server
    /// will use it by itself.
    pub in_use: bool,
    /// The keys, shared with whoever gave them.
    pub config: Arc<EncryptionConfig>,
}

/// The resource of an etcd key as a configuration names it.
pub(crate) fn group_resource(key: &StorageKey<'_>) -> GroupResource {
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    GroupResource { resource: text(key.resource), group: text(key.group) }
}
