//! Kinds and the resources that they are of.

/// Whether a resource is the plural of a kind, as Kubernetes forms it.
pub(crate) fn is_plural(kind: &[u8], resource: &[u8]) -> bool {
    let kind = kind.to_ascii_lowercase();
    let ends = |end: &[u8]| resource.strip_prefix(kind.as_slice()) == Some(end);
    let stem = kind.strip_suffix(b"y");
    ends(b"") || ends(b"s") || ends(b"es") || stem.is_some_and(|stem| resource.strip_prefix(stem) == Some(b"ies"))
}
