//! Whether opened bytes are the object that the etcd key names.

use encryption_config::Magic;
use kube_objects::{ObjectHead, ResourceClass, StorageKey, metadata_is_a_guess};
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
    let mismatch = if head.metadata.namespace.as_bytes() != key.namespace.unwrap_or_default() {
        Mismatch::Namespace
    } else if head.metadata.name.as_bytes() != key.name {
        Mismatch::Name
    } else {
        return Ok(());
    };
    // of a kind that nobody here knows, its kind may be all that it says
    if metadata_is_a_guess(opened) { Ok(()) } else { Err(mismatch) }
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

    /// A kind that no table has, in protobuf: its first field may be a text, or a message of another kind.
    #[test]
    fn of_an_unknown_kind_only_what_is_surely_its_metadata_is_compared() {
        let opened = |first: &[u8]| {
            let length = |bytes: &[u8]| u8::try_from(bytes.len()).unwrap();
            let raw = [&[0x0a, length(first)], first].concat();
            let object = [&b"k8s\0\x0a\x0d\x0a\x04x/v1\x12\x05Thing\x12"[..], &[length(&raw)], &raw].concat();
            check(&StorageKey::parse(b"/registry/x.io/things/n/a"), &object)
        };
        let meta = |name: &[u8]| [&b"\x0a\x01"[..], name, b"\x1a\x01n\x2a\x01u\x42\x02\x08\x07"].concat();
        for (first, expected) in [
            (b"text".to_vec(), Ok(())),
            (b"\x0a\x01b".to_vec(), Ok(())),
            (meta(b"a"), Ok(())),
            (meta(b"b"), Err(Mismatch::Name)),
        ] {
            assert_eq!(opened(&first), expected, "{}", first.escape_ascii());
        }
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
