//! Encryption keys, and what else is secret.

use backup_facts::configuration::InForce;
use backup_facts::tarball::Configuration;
use encryption_config::{EncryptionConfig, GroupResource, KeyUse, Problem, ProblemKind, ResourceState, State};
use static_resources::{Class, MemberPath};
use wording::clip;

use super::{LONGEST, TarballAsked, at_member};
use crate::finding::{Finding, Findings};
use crate::findings::{
    BOOKKEEPING_KEY, CONFIG_INVALID, CONFIG_MISSING, CONFIG_UNREADABLE, CONFIG_UNUSED, EXTERNAL_KMS, Entry, KEY_LENGTH,
    KEY_NAME_TWICE, KEY_NOT_BASE64, KEY_ZERO, KEYLESS, NAME_NOT_HASH, NO_ENCRYPTION, NO_IDENTITY, ROTATION_BEGUN,
    SECRET_OUT_OF_PLACE, SECRETS_INSIDE, UNKNOWN_PROVIDER, WRITE_KEY_MISSING, WRITES_PLAINTEXT,
};
use crate::severity::Severity;

pub(super) fn check(asked: &TarballAsked<'_>, findings: &mut Findings) {
    check_presence(asked, findings);
    for configuration in asked.configurations() {
        check_configuration(configuration, findings);
    }
    check_places(asked, findings);
    check_secrets(asked, findings);
}

fn check_presence(asked: &TarballAsked<'_>, findings: &mut Findings) {
    let named = asked.resources().static_pods.apiserver.encryption_provider_config.as_deref();
    let in_force = asked.in_force();
    let apart = matches!(in_force, InForce::HeldApart);
    match (named, asked.configurations().next()) {
        (Some(named), None) if apart => {
            let finding = if asked.name.keyless {
                Finding::new(
                    &KEYLESS,
                    "the encryption keys are held apart, as the name says; join them before a restore",
                )
            } else {
                let message =
                    format!("kube-apiserver's config.yaml names `{}`; it is not in the tarball", clip(named, LONGEST));
                Finding::new(&CONFIG_MISSING, message)
            };
            findings.push(finding.with("named", clip(named, LONGEST)));
        }
        (Some(named), Some(configuration)) if apart => {
            let message = format!(
                "kube-apiserver's config.yaml names `{}`, which the tarball does not have; `{}` is named by nothing",
                clip(named, LONGEST),
                clip(&configuration.member.to_string(), LONGEST)
            );
            findings.push(Finding::new(&CONFIG_MISSING, message).with("named", clip(named, LONGEST)));
        }
        (None, Some(configuration)) if matches!(in_force, InForce::NotConfigured) => {
            let message = "kube-apiserver's config.yaml does not name the encryption configuration that is there";
            findings.push(Finding::new(&CONFIG_UNUSED, message).at(at_member(&configuration.member)));
        }
        (None, None)
            if matches!(in_force, InForce::NotConfigured) && asked.knows_apiserver() && asked.resources().complete =>
        {
            let message = "no encryption keys in this backup: the snapshot that belongs to it is plaintext";
            findings.push(Finding::new(&NO_ENCRYPTION, message));
        }
        _ => {}
    }
}

fn check_configuration(configuration: &Configuration, findings: &mut Findings) {
    let member = &configuration.member;
    let config = match &configuration.parsed {
        Ok(config) => config,
        Err(error) => {
            return findings.push(Finding::new(&CONFIG_UNREADABLE, error.to_string()).at(at_member(member)));
        }
    };
    config.problems.iter().filter_map(|problem| of_problem(member, problem)).for_each(|it| findings.push(it));
    let states = config.states();
    for state in &states {
        if let Some(message) = missing_writer(config, state) {
            findings.push(Finding::new(&WRITE_KEY_MISSING, message).at(at_member(member)));
        }
    }
    let plaintext = |state: &ResourceState<'_>| {
        let keys = state.readers.iter().any(|reader| !matches!(reader, KeyUse::Identity));
        matches!(state.writer, Some(KeyUse::Identity)) && keys
    };
    let begun = |state: &ResourceState<'_>| state.state == State::RotationReadKeyDistributed;
    for (entry, what, which) in [
        (&WRITES_PLAINTEXT, "new values are stored as plaintext, keys only read", resources(&states, plaintext)),
        (&ROTATION_BEGUN, "a newer key than the one that writes only reads so far", resources(&states, begun)),
    ] {
        if let Some(which) = which {
            let message = format!("{what}: {which}");
            findings.push(Finding::new(entry, message).with("resources", which).at(at_member(member)));
        }
    }
    check_without_key(member, config, &states, findings);
}

/// Providers that look like keys or stand for keys elsewhere.
fn check_without_key(
    member: &MemberPath,
    config: &EncryptionConfig,
    states: &[ResourceState<'_>],
    findings: &mut Findings,
) {
    let mut plugins: Vec<&str> = Vec::new();
    for used in states.iter().flat_map(|state| state.writer.iter().chain(&state.readers)) {
        if let KeyUse::Kms(kms) = used
            && !plugins.contains(&kms.name.as_str())
        {
            plugins.push(&kms.name);
            let version = if kms.v2 { "v2" } else { "v1" };
            let message =
                format!("KMS {version} plugin `{}`: no data key is in this tarball", clip(&kms.name, LONGEST));
            findings.push(
                Finding::new(&EXTERNAL_KMS, message).with("plugin", clip(&kms.name, LONGEST)).at(at_member(member)),
            );
        }
    }
    let mut names: Vec<&str> = Vec::new();
    for (_, key) in config.keys().filter(|(_, key)| key.is_bookkeeping()) {
        if !names.contains(&key.name()) {
            names.push(key.name());
        }
    }
    if !names.is_empty() {
        let message =
            clip(&format!("placeholder for a time without encryption, generation {}", names.join(", ")), LONGEST);
        findings.push(Finding::new(&BOOKKEEPING_KEY, message).at(at_member(member)));
    }
}

/// The resources that a condition holds for, as one text.
fn resources(states: &[ResourceState<'_>], condition: impl Fn(&ResourceState<'_>) -> bool) -> Option<String> {
    let names: Vec<String> =
        states.iter().filter(|state| condition(state)).map(|state| state.resource.to_string()).collect();
    (!names.is_empty()).then(|| clip(&names.join(", "), LONGEST))
}

/// Why nothing can write a resource, or nothing that could.
fn missing_writer(config: &EncryptionConfig, state: &ResourceState<'_>) -> Option<String> {
    let resource = clip(&state.resource.to_string(), LONGEST);
    if first_has_no_key(config, state.resource) {
        return Some(format!("resource `{resource}`: the provider that writes has no key"));
    }
    match &state.writer {
        None => Some(format!("resource `{resource}`: no provider writes")),
        Some(KeyUse::Key { provider, key }) if key.bits().is_none() => {
            let name = clip(key.name(), LONGEST);
            Some(format!("resource `{resource}`: {provider} key `{name}` should write and has no usable bytes"))
        }
        Some(_) => None,
    }
}

fn first_has_no_key(config: &EncryptionConfig, resource: &GroupResource) -> bool {
    use encryption_config::ProviderKind::{AesCbc, AesGcm, SecretBox};
    let first = config.providers_for(resource).into_iter().next();
    first.is_some_and(|first| matches!(first.kind(), AesCbc | AesGcm | SecretBox) && first.keys().is_empty())
}

fn of_problem(member: &MemberPath, problem: &Problem) -> Option<Finding> {
    told(problem, clip(&problem.kind.to_string(), LONGEST)).map(|finding| finding.at(at_member(member)))
}

/// A finding for what is wrong with a configuration, in these words.
pub(crate) fn told(problem: &Problem, words: String) -> Option<Finding> {
    let entry: &'static Entry = match &problem.kind {
        // told by what it means, not by the order alone: see above
        ProblemKind::IdentityFirst { .. } => return None,
        ProblemKind::NoIdentity { .. } => &NO_IDENTITY,
        ProblemKind::Base64 { .. } => &KEY_NOT_BASE64,
        ProblemKind::KeyLength { .. } => &KEY_LENGTH,
        ProblemKind::ZeroKey { .. } => &KEY_ZERO,
        ProblemKind::DuplicateKeyName { .. } => &KEY_NAME_TWICE,
        ProblemKind::UnknownProvider { .. } => &UNKNOWN_PROVIDER,
        ProblemKind::NameIsNotHash { .. } => &NAME_NOT_HASH,
        // fields, types, names and patterns that a strict API server refuses
        _ => &CONFIG_INVALID,
    };
    let mut finding = Finding::new(entry, words);
    if matches!(problem.kind, ProblemKind::DuplicateKeyName { same_material: true, .. }) {
        finding.severity = Severity::Low;
    }
    Some(finding.with("at", clip(&problem.at, LONGEST)))
}

/// Secret material in members whose path promises none.
fn check_places(asked: &TarballAsked<'_>, findings: &mut Findings) {
    let mut last: Option<(&MemberPath, Class)> = None;
    for material in &asked.resources().material {
        let place = (&material.member, material.class);
        let odd = material.class.is_secret() && !Class::by_path(&material.member).is_secret();
        if !odd || last == Some(place) {
            continue;
        }
        last = Some(place);
        let path = clip(&material.member.to_string(), LONGEST);
        let what = material
            .algorithm
            .as_deref()
            .map(|algorithm| format!(" ({})", clip(algorithm, LONGEST)))
            .unwrap_or_default();
        let message = format!("`{path}` holds a secret of class {}{what}", material.class);
        findings.push(
            Finding::new(&SECRET_OUT_OF_PLACE, message)
                .with("class", material.class.as_str())
                .at(at_member(&material.member)),
        );
    }
}

fn check_secrets(asked: &TarballAsked<'_>, findings: &mut Findings) {
    let counts = asked.resources().secret_members();
    if counts.is_empty() {
        return;
    }
    let total: usize = counts.iter().map(|(_, count)| count).sum();
    let classes: Vec<String> = counts.iter().map(|(class, count)| format!("{count} {class}")).collect();
    let still = if matches!(asked.in_force(), InForce::HeldApart) { "still " } else { "" };
    let what = if total == 1 { "member is" } else { "members are" };
    let message = format!("{total} {what} {still}secret: {}; it is cluster-admin material", classes.join(", "));
    let mut finding = Finding::new(&SECRETS_INSIDE, message).with("members", total as u64);
    for (class, count) in counts {
        finding = finding.with(class.as_str(), count as u64);
    }
    findings.push(finding);
}
