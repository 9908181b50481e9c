//! Whether opened bytes are the object that the etcd key names.

use encryption_config::Magic;
use kube_objects::{ObjectHead, ResourceClass, StorageKey};
use thiserror::Error;

/// What does not agree between opened bytes and the etcd key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
pub enum Mismatch {
    /// What came out does not begin like an object: almost always another key of the same name.
    #[error("what came out is no object: another key of the same name")]
    NoObject,
    /// What came out begins like an object and breaks off in its head.
    #[error("what came out is no whole object: another key of the same name, or damage")]
    Broken,
    /// It is an object of another kind.
    #[error("what came out is an object of another kind than the etcd key says")]
    Kind,
    /// It is an object of another namespace.
    #[error("what came out is an object of another namespace than the etcd key says")]
    Namespace,
    /// It is an object of another name.
    #[error("what came out is an object of another name than the etcd key says")]
    Name,
}

/// Compares kind, namespace and name with the etcd key.
pub(super) fn check(key: &StorageKey<'_>, opened: &[u8]) -> Result<(), Mismatch> {
    Magic::of(opened).ok_or(Mismatch::NoObject)?;
    let head = ObjectHead::read(opened).map_err(|_| Mismatch::Broken)?;
    if !kind_fits(key, &head.kind) {
        return Err(Mismatch::Kind);
    }
    if key.class == ResourceClass::Internal {
        return Ok(()); // what API servers keep for themselves has names of its own
    }
    if head.metadata.namespace.as_bytes() != key.namespace.unwrap_or_default() {
        return Err(Mismatch::Namespace);
    }
    if head.metadata.name.as_bytes() != key.name {
        return Err(Mismatch::Name);
    }
    Ok(())
}

/// Whether `kind` is the singular of the key's resource. What a CRD calls its plural is free: any kind fits there.
fn kind_fits(key: &StorageKey<'_>, kind: &str) -> bool {
    if key.class != ResourceClass::BuiltIn {
        return !kind.is_empty();
    }
    let plural = key.resource;
    let begins = |end: &[u8], stem: &str| {
        plural.strip_suffix(end).is_some_and(|plural| plural.eq_ignore_ascii_case(stem.as_bytes()))
    };
    begins(b"", kind)
        || begins(b"s", kind)
        || begins(b"es", kind)
        || kind.strip_suffix('y').is_some_and(|stem| begins(b"ies", stem))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(key: &str, object: &str) -> Result<(), Mismatch> {
        check(&StorageKey::parse(key.as_bytes()), object.as_bytes())
    }

    #[test]
    fn kind_namespace_and_name_must_all_agree() {
        let secret = r#"{"kind":"Secret","metadata":{"name":"a","namespace":"n"}}"#;
        for (key, expected) in [
            ("/kubernetes.io/secrets/n/a", Ok(())),
            ("/kubernetes.io/secrets/n/b", Err(Mismatch::Name)),
            ("/kubernetes.io/secrets/m/a", Err(Mismatch::Namespace)),
            ("/kubernetes.io/configmaps/n/a", Err(Mismatch::Kind)),
            ("/openshift.io/oauth/accesstokens/a", Err(Mismatch::Kind)),
            ("/kubernetes.io/example.com/widgets/n/a", Ok(())),
        ] {
            assert_eq!(fits(key, secret), expected, "{key}");
        }
        assert_eq!(fits("/kubernetes.io/secrets/n/a", "k8s"), Err(Mismatch::NoObject));
        assert_eq!(fits("/kubernetes.io/secrets/n/a", "k8s\0\x12"), Err(Mismatch::Broken));
        assert_eq!(fits("/kubernetes.io/secrets/n/a", "{"), Err(Mismatch::Broken));
    }

    #[test]
    fn plurals_are_those_of_the_api() {
        for (resource, kind) in [
            ("ingress", "Ingress"),
            ("networkpolicies", "NetworkPolicy"),
            ("services/endpoints", "Endpoints"),
            ("minions", "Node"),
            ("podsecuritypolicy", "PodSecurityPolicy"),
            ("securitycontextconstraints", "SecurityContextConstraints"),
        ] {
            let key = format!("/kubernetes.io/{resource}/n/a");
            assert!(kind_fits(&StorageKey::parse(key.as_bytes()), kind), "{resource}");
            assert!(!kind_fits(&StorageKey::parse(key.as_bytes()), "Secret"), "{resource}");
        }
    }
}
