//! Which object an etcd key names.
//!
//! A storage key is `/<prefix>/<stored path>/[<namespace>/]<name>`. OpenShift runs kube-apiserver
//! with the prefix `kubernetes.io` and its own API servers with `openshift.io`; plain Kubernetes
//! uses `registry`. The stored path is the plural of a built-in resource (sometimes an older
//! name, see `resources.rs`), or `<group>/<plural>` for a custom resource.
mod resources;

use resources::{KUBERNETES, OPENSHIFT, Stored};

/// The key in which kube-apiserver counts its compactions.
const COMPACTION: &[u8] = b"compact_rev_key";

/// The first segment of a storage key: whose API server wrote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Prefix<'k> {
    /// `kubernetes.io`: kube-apiserver under OpenShift.
    Kubernetes,
    /// `openshift.io`: openshift-apiserver and oauth-apiserver.
    OpenShift,
    /// `registry`: kube-apiserver's default outside OpenShift.
    Registry,
    /// Any other first segment of a key that begins with `/`.
    Custom(&'k [u8]),
    /// No prefix: the key does not begin with `/<segment>/`.
    None,
}

impl<'k> Prefix<'k> {
    /// The segment as it stands in the key; empty for [`Prefix::None`].
    #[must_use]
    pub fn as_bytes(&self) -> &'k [u8] {
        match self {
            Self::Kubernetes => b"kubernetes.io",
            Self::OpenShift => b"openshift.io",
            Self::Registry => b"registry",
            Self::Custom(segment) => segment,
            Self::None => b"",
        }
    }

    fn of(segment: &'k [u8]) -> Self {
        match segment {
            b"kubernetes.io" => Self::Kubernetes,
            b"openshift.io" => Self::OpenShift,
            b"registry" => Self::Registry,
            other => Self::Custom(other),
        }
    }
}

/// Whether objects of a resource live in a namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// A namespace segment stands before the name.
    Namespaced,
    /// The name follows the stored path directly.
    Cluster,
}

/// What kind of thing a storage key belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ResourceClass {
    /// A resource that kube-apiserver or one of OpenShift's API servers is built with.
    BuiltIn,
    /// `<group>/<plural>`: an object of a CustomResourceDefinition.
    Custom,
    /// What an API server keeps for itself: `compact_rev_key`, `masterleases`,
    /// `peerserverleases`, `ranges`.
    Internal,
    /// A path that no table knows and that does not look like a custom resource.
    Unknown,
}

/// An etcd key, taken apart. Every slice points into the key or into a static table.
///
/// Parsing never fails: a key that no API server would write comes back with
/// [`ResourceClass::Unknown`] or with [`well_formed`](Self::well_formed) false, its bytes all
/// still reachable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StorageKey<'k> {
    /// Whose API server wrote it.
    pub prefix: Prefix<'k>,
    /// Prefix and stored path as they stand in the key, without the leading slash:
    /// `kubernetes.io/minions`, `openshift.io/oauth/accesstokens`. Empty without a prefix.
    pub stored_resource: &'k [u8],
    /// API group, empty for the core group and wherever no group is known.
    pub group: &'k [u8],
    /// Plural as the API calls it: `nodes` for a stored path `minions`.
    pub resource: &'k [u8],
    /// What kind of thing the key belongs to.
    pub class: ResourceClass,
    /// The namespace segment, where there is one.
    pub namespace: Option<&'k [u8]>,
    /// The rest of the key: the object's name. The whole key without a prefix.
    pub name: &'k [u8],
    /// Namespace and name are there, not empty, and the name holds no slash, as the API server
    /// writes them.
    pub well_formed: bool,
}

impl<'k> StorageKey<'k> {
    /// Takes `key` apart. Never fails and never allocates.
    #[must_use]
    pub fn parse(key: &'k [u8]) -> Self {
        let Some((segment, rest)) = key.strip_prefix(b"/").and_then(split_slash) else {
            return Self::without_prefix(key);
        };
        if segment.is_empty() || rest.is_empty() {
            return Self::without_prefix(key);
        }
        let prefix = Prefix::of(segment);
        if let Some((stored, objects)) = built_in(prefix, rest) {
            return Self::of_built_in(key, prefix, stored, objects);
        }
        Self::of_other(key, prefix, rest)
    }

    /// The stored path without the prefix: `minions`, `oauth/accesstokens`,
    /// `config.openshift.io/clusterversions`.
    #[must_use]
    pub fn stored_path(&self) -> &'k [u8] {
        self.stored_resource
            .strip_prefix(self.prefix.as_bytes())
            .and_then(|path| path.strip_prefix(b"/"))
            .unwrap_or(self.stored_resource)
    }

    /// Whether the key says that its object lives in a namespace.
    #[must_use]
    pub fn scope(&self) -> Scope {
        if self.namespace.is_some() { Scope::Namespaced } else { Scope::Cluster }
    }

    /// Whether this is the key in which kube-apiserver counts its compactions.
    #[must_use]
    pub fn is_compaction(&self) -> bool {
        self.prefix == Prefix::None && self.name == COMPACTION
    }

    /// An API server writes such objects under a lease, and under nothing else: what one server says of itself, which is
    /// to end with it, and events, which pile up otherwise.
    #[must_use]
    pub fn is_leased(&self) -> bool {
        matches!(
            (self.class, self.group, self.resource),
            (ResourceClass::Internal, _, b"masterleases" | b"peerserverleases")
                | (ResourceClass::BuiltIn, b"", b"events")
        )
    }

    /// The name itself is a secret: an OAuth token that is not stored as `sha256~<hash>`, the
    /// form OpenShift uses since 4.6. Such a name must not be printed.
    #[must_use]
    pub fn name_is_token(&self) -> bool {
        self.group == b"oauth.openshift.io"
            && matches!(self.resource, b"oauthaccesstokens" | b"oauthauthorizetokens")
            && !self.name.starts_with(b"sha256~")
    }

    fn without_prefix(key: &'k [u8]) -> Self {
        let compaction = key == COMPACTION;
        Self {
            prefix: Prefix::None,
            stored_resource: b"",
            group: b"",
            resource: b"",
            class: if compaction { ResourceClass::Internal } else { ResourceClass::Unknown },
            namespace: None,
            name: key,
            well_formed: compaction,
        }
    }

    fn of_built_in(key: &'k [u8], prefix: Prefix<'k>, stored: &'static Stored, objects: &'k [u8]) -> Self {
        let (namespace, name) = match stored.scope {
            Scope::Namespaced => {
                split_slash(objects).map_or((None, objects), |(namespace, name)| (Some(namespace), name))
            }
            Scope::Cluster => (None, objects),
        };
        Self {
            prefix,
            stored_resource: up_to(key, objects),
            group: stored.group.as_bytes(),
            resource: stored.resource.as_bytes(),
            class: if stored.internal { ResourceClass::Internal } else { ResourceClass::BuiltIn },
            namespace,
            name,
            well_formed: plain(name)
                && match stored.scope {
                    Scope::Namespaced => namespace.is_some_and(plain),
                    Scope::Cluster => true,
                },
        }
    }

    /// A custom resource, told by the dot that every CRD's group must have, or an unknown path.
    fn of_other(key: &'k [u8], prefix: Prefix<'k>, rest: &'k [u8]) -> Self {
        let group_and_rest = split_slash(rest).filter(|(first, _)| first.contains(&b'.'));
        let (group, path) = group_and_rest.unwrap_or((b"", rest));
        let (class, well_formed) = match group_and_rest {
            Some(_) => (ResourceClass::Custom, true),
            None => (ResourceClass::Unknown, false),
        };
        let (resource, objects) = split_slash(path).unwrap_or((path, b""));
        let (namespace, name) = match split_slash(objects) {
            Some((namespace, name)) => (Some(namespace), name),
            None => (None, objects),
        };
        Self {
            prefix,
            stored_resource: up_to(key, objects),
            group,
            resource,
            class,
            namespace,
            name,
            well_formed: well_formed && !resource.is_empty() && plain(name) && namespace.is_none_or(plain),
        }
    }
}

/// The resources that kube-apiserver and OpenShift's API servers are built with, of all releases: group (empty for the core
/// group) and plural, as the API calls them. One that is stored in two places comes twice.
pub fn built_in_resources() -> impl Iterator<Item = (&'static str, &'static str)> {
    resources::served()
}

/// Whether objects of a resource that API servers are built with live in a namespace; none for any other resource.
#[must_use]
pub fn built_in_scope(group: &str, resource: &str) -> Option<Scope> {
    resources::scope(group, resource)
}

/// The table row of the longest stored path that `rest` begins with, and what follows it.
fn built_in<'k>(prefix: Prefix<'k>, rest: &'k [u8]) -> Option<(&'static Stored, &'k [u8])> {
    let (first, after_first) = split_slash(rest)?;
    let one = (first, after_first);
    let two = split_slash(after_first).and_then(|(_, after)| {
        let path = rest.get(..rest.len().checked_sub(after.len())?.checked_sub(1)?)?;
        Some((path, after))
    });
    let tables: &[_] = match prefix {
        Prefix::Kubernetes | Prefix::Registry => &[KUBERNETES],
        Prefix::OpenShift => &[OPENSHIFT],
        Prefix::Custom(_) => &[KUBERNETES, OPENSHIFT],
        Prefix::None => &[],
    };
    tables.iter().find_map(|table| {
        [two, Some(one)].into_iter().flatten().find_map(|(path, after)| Some((resources::find(table, path)?, after)))
    })
}

/// `key` without its leading slash, up to the slash before `tail`, a suffix of `key`.
fn up_to<'k>(key: &'k [u8], tail: &[u8]) -> &'k [u8] {
    let head = key.len().saturating_sub(tail.len());
    let path = key.get(1..head).unwrap_or_default();
    path.strip_suffix(b"/").unwrap_or(path)
}

fn plain(segment: &[u8]) -> bool {
    !segment.is_empty() && !segment.contains(&b'/')
}

fn split_slash(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = bytes.iter().position(|&byte| byte == b'/')?;
    Some((bytes.get(..at)?, bytes.get(at.checked_add(1)?..)?))
}

#[cfg(test)]
mod tests;
