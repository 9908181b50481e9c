//! Checks across the whole configuration: names, order of providers, masked resources.
use crate::config::{GroupResource, Provider, ResourceProviders};
use crate::key::Key;
use crate::problem::ProblemKind;

use super::Reader;

pub(super) fn check(entries: &[ResourceProviders], reader: &mut Reader) {
    let mut earlier: Vec<&GroupResource> = Vec::new();
    for (index, entry) in entries.iter().enumerate() {
        let at = format!("resources[{index}]");
        if entry.resources.is_empty() {
            reader.report(&at, ProblemKind::Missing { name: "resources" });
        }
        if entry.providers.is_empty() {
            reader.report(&at, ProblemKind::Missing { name: "providers" });
        }
        check_list(&at, &entry.resources, reader);
        for resource in &entry.resources {
            check_masked(&at, resource, &earlier, reader);
            check_order(&at, resource, &entry.providers, reader);
        }
        earlier.extend(&entry.resources);
        if let Some(resource) = entry.resources.first() {
            check_names(&at, resource, &entry.providers, reader);
        }
    }
}

/// One name in a list of resources, as it stands there: `*` and `*.` mean different things.
pub(super) fn check_pattern(at: &str, text: &str, reader: &mut Reader) {
    let resource = GroupResource::parse(text);
    let stray = |part: &str| part != "*" && part.contains('*');
    let refusal = match (text, resource.group.as_str()) {
        _ if text.chars().any(char::is_uppercase) => Some("resource name should not contain capital letters"),
        ("*", _) => Some("use '*.' to encrypt all the resources from core API group or *.* to encrypt all resources"),
        ("apiserveripinfo" | "serviceipallocations" | "servicenodeportallocations", _) => {
            Some("resources which do not have REST API/s cannot be encrypted")
        }
        (_, "events.k8s.io") => Some(
            "'*.events.k8s.io' objects are stored using the 'events' API group in etcd. Use 'events' instead in the config file",
        ),
        (_, "extensions") => Some("'extensions' group has been removed and cannot be used for encryption"),
        (_, "*") if !resource.is_wildcard() => Some("encrypting the same resource across groups is not supported"),
        // it starts, and no resource has such a name
        _ if resource.resource.is_empty() || stray(&resource.resource) || stray(&resource.group) => None,
        _ => return,
    };
    reader.report(at, ProblemKind::ResourcePattern { resource: text.to_owned(), refusal });
}

/// What stands twice in one list of resources, or under a wildcard of the same list.
fn check_list(at: &str, resources: &[GroupResource], reader: &mut Reader) {
    let pairs = || {
        let numbered = || resources.iter().enumerate();
        numbered().flat_map(move |(place, one)| {
            numbered().filter(move |(other, _)| *other != place).map(move |it| (one, it.1))
        })
    };
    if let Some((twice, _)) = pairs().find(|(one, other)| one == other) {
        let resource = twice.to_string();
        reader.report(at, ProblemKind::DuplicateResource { resource, in_one_list: true });
    }
    if let Some((by, resource)) = pairs().find(|(one, other)| one != other && one.covers(other)) {
        let (resource, by) = (resource.to_string(), by.to_string());
        reader.report(at, ProblemKind::Overlap { resource, by });
    }
}

/// What an earlier list names. A resource may stand in several, which follow one another; a wildcard may not.
fn check_masked(at: &str, resource: &GroupResource, earlier: &[&GroupResource], reader: &mut Reader) {
    let covering = earlier.iter().find(|before| before.is_wildcard() && before.covers(resource));
    if let Some(by) = covering {
        let (resource, by) = (resource.to_string(), by.to_string());
        reader.report(at, ProblemKind::MaskedResource { resource, by });
    } else if earlier.contains(&resource) {
        reader.report(at, ProblemKind::DuplicateResource { resource: resource.to_string(), in_one_list: false });
    }
}

fn check_order(at: &str, resource: &GroupResource, providers: &[Provider], reader: &mut Reader) {
    let encrypts = |provider: &Provider| !matches!(provider, Provider::Identity);
    if matches!(providers.first(), Some(Provider::Identity)) && providers.iter().any(encrypts) {
        reader.report(at, ProblemKind::IdentityFirst { resource: resource.to_string() });
    }
    if !providers.is_empty() && providers.iter().all(encrypts) {
        reader.report(at, ProblemKind::NoIdentity { resource: resource.to_string() });
    }
}

fn check_names(at: &str, resource: &GroupResource, providers: &[Provider], reader: &mut Reader) {
    let mut seen: Vec<(&Provider, &Key)> = Vec::new();
    for provider in providers {
        for key in provider.keys() {
            let twin =
                seen.iter().find(|(other, earlier)| other.kind() == provider.kind() && earlier.name() == key.name());
            if let Some((_, twin)) = twin {
                reader.report(
                    at,
                    ProblemKind::DuplicateKeyName {
                        resource: resource.to_string(),
                        key: key.name().to_owned(),
                        same_material: key.same_material(twin),
                    },
                );
            }
            seen.push((provider, key));
        }
    }
}
