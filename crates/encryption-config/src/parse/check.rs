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
        for resource in &entry.resources {
            check_pattern(&at, resource, reader);
            check_masked(&at, resource, &earlier, reader);
            check_order(&at, resource, &entry.providers, reader);
            earlier.push(resource);
        }
        if let Some(resource) = entry.resources.first() {
            check_names(&at, resource, &entry.providers, reader);
        }
    }
}

fn check_pattern(at: &str, resource: &GroupResource, reader: &mut Reader) {
    let all_of_core = resource.is_wildcard() && resource.group.is_empty();
    // `*` and `*.` parse alike; kube-apiserver takes only the second, and so does Display
    let valid = !resource.resource.is_empty()
        && (resource.is_wildcard() || !(resource.resource.contains('*') || resource.group.contains('*')))
        && (resource.group == "*" || !resource.group.contains('*'));
    if !valid && !all_of_core {
        reader.report(at, ProblemKind::ResourcePattern { resource: resource.to_string() });
    }
}

fn check_masked(at: &str, resource: &GroupResource, earlier: &[&GroupResource], reader: &mut Reader) {
    for before in earlier {
        let kind = if *before == resource {
            ProblemKind::DuplicateResource { resource: resource.to_string() }
        } else if before.covers(resource) {
            ProblemKind::MaskedResource { resource: resource.to_string(), by: before.to_string() }
        } else {
            continue;
        };
        return reader.report(at, kind);
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
