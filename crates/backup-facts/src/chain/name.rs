//! Which Secrets hold keys, by name.

use kube_objects::StorageKey;

use crate::opening::ApiServer;

const MANAGED: &[u8] = b"openshift-config-managed";
const CONFIG: &str = "encryption-config";
const KEY: &str = "encryption-key-";

/// A Secret of the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LinkName {
    pub(super) server: ApiServer,
    pub(super) part: Part,
}

/// What it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// A configuration; with a number, that of one revision of the server.
    Config { revision: Option<u64> },
    /// One key.
    Key { id: u64 },
}

impl LinkName {
    /// Reads the name of a Secret; `None` for any other object.
    pub(super) fn parse(key: &StorageKey<'_>) -> Option<Self> {
        if key.resource != b"secrets" || !key.group.is_empty() {
            return None;
        }
        let name = std::str::from_utf8(key.name).ok()?;
        let namespace = key.namespace?;
        if namespace == MANAGED {
            if let Some(component) = name.strip_prefix(CONFIG).and_then(|rest| rest.strip_prefix('-')) {
                let server = ApiServer::of_component(component)?;
                return Some(Self { server, part: Part::Config { revision: None } });
            }
            let (component, id) = name.strip_prefix(KEY)?.rsplit_once('-')?;
            return Some(Self { server: ApiServer::of_component(component)?, part: Part::Key { id: number(id)? } });
        }
        let server = ApiServer::of_component(std::str::from_utf8(namespace).ok()?)?;
        let revision = match name.strip_prefix(CONFIG)? {
            "" => None,
            rest => Some(number(rest.strip_prefix('-')?)?),
        };
        Some(Self { server, part: Part::Config { revision } })
    }

    /// The revision of the server that a configuration is for.
    pub(super) fn number(&self) -> Option<u64> {
        match self.part {
            Part::Config { revision } => revision,
            Part::Key { .. } => None,
        }
    }

    /// Configurations before keys, newest first, server by server.
    pub(super) fn order(&self) -> (bool, ApiServer, std::cmp::Reverse<u64>) {
        match self.part {
            Part::Config { revision } => (false, self.server, std::cmp::Reverse(revision.unwrap_or(u64::MAX))),
            Part::Key { id } => (true, self.server, std::cmp::Reverse(id)),
        }
    }
}

fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_of_the_chain_are_known_by_name_and_no_others_are() {
        use ApiServer::{Kube, OAuth, OpenShift};
        let config = |revision| Part::Config { revision };
        for (key, expected) in [
            ("secrets/openshift-config-managed/encryption-config-openshift-apiserver", Some((OpenShift, config(None)))),
            ("secrets/openshift-config-managed/encryption-config-openshift-kube-apiserver", Some((Kube, config(None)))),
            (
                "secrets/openshift-config-managed/encryption-key-openshift-oauth-apiserver-12",
                Some((OAuth, Part::Key { id: 12 })),
            ),
            ("secrets/openshift-oauth-apiserver/encryption-config", Some((OAuth, config(None)))),
            ("secrets/openshift-kube-apiserver/encryption-config-9", Some((Kube, config(Some(9))))),
            ("secrets/openshift-kube-apiserver/encryption-config-", None),
            ("secrets/openshift-kube-apiserver/encryption-config-9x", None),
            ("secrets/openshift-kube-apiserver/encryption-configs", None),
            ("secrets/openshift-config-managed/encryption-key-openshift-apiserver-", None),
            ("secrets/openshift-config-managed/encryption-key-openshift-apiserver-99999999999999999999999", None),
            ("secrets/openshift-config-managed/encryption-config-other", None),
            ("secrets/other/encryption-config", None),
            ("configmaps/openshift-kube-apiserver/encryption-config", None),
        ] {
            let key = format!("/kubernetes.io/{key}");
            let found = LinkName::parse(&StorageKey::parse(key.as_bytes()));
            assert_eq!(found.map(|name| (name.server, name.part)), expected, "{key}");
        }
    }
}
