//! What is asked for by name.

use kube_objects::StorageKey;

use super::name::ResourceName;

/// One thing that is asked for by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A full key, byte for byte.
    Key(Vec<u8>),
    /// Every key that begins so.
    Prefix(Vec<u8>),
    /// An object by resource and name. A key that reads exactly so is meant, too.
    Object {
        /// The resource.
        resource: ResourceName,
        /// The object's name.
        name: Vec<u8>,
        /// What was typed.
        typed: Vec<u8>,
    },
    /// Every object of a resource. A key that reads exactly so is meant, too.
    Resource {
        /// The resource.
        resource: ResourceName,
        /// What was typed.
        typed: Vec<u8>,
    },
}

impl Target {
    /// Reads arguments as kubectl does: `/full/key`, `/prefix/`, `TYPE/NAME`..., `TYPE NAME...`, or `TYPE[,TYPE]`.
    #[must_use]
    pub fn read(arguments: &[Vec<u8>]) -> Vec<Self> {
        match arguments {
            [first, names @ ..] if !names.is_empty() && !first.contains(&b'/') => {
                let resources = ResourceName::list(&String::from_utf8_lossy(first));
                let object = |resource: &ResourceName, name: &Vec<u8>| Self::Object {
                    resource: resource.clone(),
                    name: name.clone(),
                    typed: match &resources[..] {
                        [_] => [first.as_slice(), b"/", name].concat(),
                        _ => [resource.name().as_bytes(), b"/", name].concat(),
                    },
                };
                let of = |resource| names.iter().map(move |name| object(resource, name));
                resources.iter().flat_map(of).collect()
            }
            many => many.iter().flat_map(|argument| Self::read_one(argument)).collect(),
        }
    }

    fn read_one(argument: &[u8]) -> Vec<Self> {
        let slash = argument.iter().position(|&byte| byte == b'/');
        let typed = argument.to_vec();
        let Some(at) = slash.filter(|&at| at > 0) else {
            return match (slash, argument.last()) {
                (Some(_), Some(b'/')) => vec![Self::Prefix(typed)],
                (Some(_), _) => vec![Self::Key(typed)],
                (None, _) => ResourceName::list(&String::from_utf8_lossy(argument))
                    .into_iter()
                    .map(|resource| Self::Resource { resource, typed: typed.clone() })
                    .collect(),
            };
        };
        let (resource, name) = argument.split_at_checked(at).unwrap_or_default();
        let name = name.get(1..).unwrap_or_default().to_vec();
        vec![Self::Object { resource: ResourceName::parse(&String::from_utf8_lossy(resource)), name, typed }]
    }

    /// Whether at most one object is meant, were it not for namespaces.
    #[must_use]
    pub fn is_single(&self) -> bool {
        matches!(self, Self::Key(_) | Self::Object { .. })
    }

    /// What was typed.
    #[must_use]
    pub fn typed(&self) -> &[u8] {
        match self {
            Self::Key(typed) | Self::Prefix(typed) | Self::Object { typed, .. } | Self::Resource { typed, .. } => typed,
        }
    }

    /// The resource that is named; none for a key or a prefix.
    #[must_use]
    pub fn resource(&self) -> Option<&ResourceName> {
        match self {
            Self::Object { resource, .. } | Self::Resource { resource, .. } => Some(resource),
            Self::Key(_) | Self::Prefix(_) => None,
        }
    }

    pub(super) fn resource_mut(&mut self) -> Option<&mut ResourceName> {
        match self {
            Self::Object { resource, .. } | Self::Resource { resource, .. } => Some(resource),
            Self::Key(_) | Self::Prefix(_) => None,
        }
    }

    /// Whether a key is meant, in any of these namespaces; of none is any. As for kubectl, what has no namespace is in
    /// each, where its resource is named.
    #[must_use]
    pub fn matches(&self, key: &[u8], namespaces: &[Vec<u8>]) -> bool {
        match self {
            Self::Key(exact) => key == exact,
            Self::Prefix(prefix) => key.starts_with(prefix) && in_namespace(key, namespaces),
            Self::Object { resource, name, typed } => {
                key == typed
                    || key.ends_with(name) && {
                        let parsed = StorageKey::parse(key);
                        parsed.name == name && resource.matches(&parsed) && is_in_or_of_none(&parsed, namespaces)
                    }
            }
            Self::Resource { resource, typed } => {
                key == typed || {
                    let parsed = StorageKey::parse(key);
                    resource.matches(&parsed) && is_in_or_of_none(&parsed, namespaces)
                }
            }
        }
    }
}

pub(super) fn in_namespace(key: &[u8], namespaces: &[Vec<u8>]) -> bool {
    namespaces.is_empty() || is_in(&StorageKey::parse(key), namespaces)
}

fn is_in(key: &StorageKey<'_>, namespaces: &[Vec<u8>]) -> bool {
    namespaces.is_empty() || key.namespace.is_some_and(|found| namespaces.iter().any(|wanted| wanted == found))
}

pub(super) fn is_in_or_of_none(key: &StorageKey<'_>, namespaces: &[Vec<u8>]) -> bool {
    key.namespace.is_none() || is_in(key, namespaces)
}
