//! Keys that belong together, and what they take together.

use std::collections::BTreeMap;

use kube_objects::{ResourceClass, ShownKey};

use super::key::Keys;
use super::taken::Group;

/// By what keys belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// The resource, with its group where it has one: `routes.route.openshift.io`.
    Resource,
    /// The namespace; objects without one are together.
    Namespace,
    /// So many parts of the key, from its start.
    Prefix(usize),
}

/// Name of the group of keys that name no object.
const NO_OBJECT: &[u8] = b"(no object)";
/// Name of the group of objects without a namespace.
const NO_NAMESPACE: &[u8] = b"(no namespace)";

/// Gives the keys in groups, in order of their names.
pub(super) fn groups(keys: &Keys<'_>, by: By, mut give: impl FnMut(Group)) {
    if let By::Prefix(_) = by {
        return prefixes(keys, by, give);
    }
    let mut groups: BTreeMap<Vec<u8>, Group> = BTreeMap::new();
    let mut name = Vec::new();
    for key in keys.iter() {
        name.clear();
        name_of(key.key, by, &mut name);
        match groups.get_mut(&name) {
            Some(group) => group.add(&key),
            None => {
                let mut group = Group { name: name.clone(), ..Group::default() };
                group.add(&key);
                groups.insert(name.clone(), group);
            }
        }
    }
    groups.into_values().for_each(&mut give);
}

/// By a prefix there may be as many groups as keys. In order of the keys, one ends before the next begins.
fn prefixes(keys: &Keys<'_>, by: By, mut give: impl FnMut(Group)) {
    let (mut now, mut name) = (None::<Group>, Vec::new());
    for key in keys.sorted() {
        name.clear();
        name_of(key.key, by, &mut name);
        if now.as_ref().is_none_or(|group| group.name != name) {
            now.replace(Group { name: name.clone(), ..Group::default() }).map(&mut give);
        }
        now.iter_mut().for_each(|group| group.add(&key));
    }
    now.map(give);
}

fn name_of(key: &[u8], by: By, name: &mut Vec<u8>) {
    let shown = ShownKey::of(key);
    let parsed = shown.parsed();
    let object = !parsed.resource.is_empty() && parsed.class != ResourceClass::Unknown;
    match by {
        By::Resource if object => {
            name.extend_from_slice(parsed.resource);
            if !parsed.group.is_empty() {
                name.push(b'.');
                name.extend_from_slice(parsed.group);
            }
        }
        By::Resource => name.extend_from_slice(NO_OBJECT),
        By::Namespace => name.extend_from_slice(match (object, parsed.namespace) {
            (true, Some(namespace)) => namespace,
            (true, None) => NO_NAMESPACE,
            (false, _) => NO_OBJECT,
        }),
        By::Prefix(depth) => {
            let key = shown.key();
            let mut slashes =
                key.iter().enumerate().filter(|(at, byte)| *at > 0 && **byte == b'/').map(|(at, _)| at + 1);
            let end = depth.checked_sub(1).and_then(|depth| slashes.nth(depth)).unwrap_or(key.len());
            name.extend_from_slice(key.get(..end).unwrap_or(key));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_named_by_what_they_have_in_common() {
        let secret: &[u8] = b"/kubernetes.io/secrets/prod/db";
        let route: &[u8] = b"/openshift.io/routes/prod/web";
        let token: &[u8] = b"/openshift.io/oauth/accesstokens/kX9secretsecretsecret";
        for (key, by, expected) in [
            (secret, By::Resource, &b"secrets"[..]),
            (route, By::Resource, b"routes.route.openshift.io"),
            (b"/kubernetes.io/minions/master-0", By::Resource, b"nodes"),
            (b"foo", By::Resource, b"(no object)"),
            (secret, By::Namespace, b"prod"),
            (b"/kubernetes.io/minions/master-0", By::Namespace, b"(no namespace)"),
            (secret, By::Prefix(1), b"/kubernetes.io/"),
            (secret, By::Prefix(2), b"/kubernetes.io/secrets/"),
            (secret, By::Prefix(9), secret),
            (b"foo", By::Prefix(1), b"foo"),
            (b"a/b", By::Prefix(1), b"a/"),
            (token, By::Prefix(9), b"/openshift.io/oauth/accesstokens/redacted~dfec2ea864e97680"),
        ] {
            let mut name = Vec::new();
            name_of(key, by, &mut name);
            assert_eq!(String::from_utf8_lossy(&name), String::from_utf8_lossy(expected), "{by:?}");
        }
    }
}
