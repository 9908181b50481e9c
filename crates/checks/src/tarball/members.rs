//! Members that the pods need: named by a manifest, and there; and with something in them.

use std::collections::{BTreeSet, HashMap, HashSet};

use static_resources::{Class, FaultKind, KnownBy, Material, Member, MemberKind};
use wording::clip;

use super::{LONGEST, TarballAsked, at_member};
use crate::finding::{Finding, Findings, Location};
use crate::findings::{CONTENT_MISSING, HALF_KEY_PAIR, NAMED_MEMBER_MISSING};
use crate::severity::Severity;

/// A hostile archive may name any number of files.
const MOST: usize = 50;

pub(super) fn check(asked: &TarballAsked<'_>, findings: &mut Findings) {
    // in an archive that was not read to its end, what is missing may follow
    if asked.resources().complete {
        check_named(asked, findings);
        check_halves(asked, findings);
    }
    check_content(asked, findings);
}

/// Keys that were split off are missing on purpose.
fn split_off(asked: &TarballAsked<'_>, class: Class) -> bool {
    asked.name.keyless && class.is_secret()
}

fn check_named(asked: &TarballAsked<'_>, findings: &mut Findings) {
    let mut there: HashSet<&str> = HashSet::new();
    for path in asked.resources().members.iter().filter_map(|member| member.path.as_str()) {
        let path = path.trim_end_matches('/');
        there.insert(path);
        // a configuration may name a directory, whose entry the Go command does not write
        there.extend(path.rmatch_indices('/').filter_map(|(at, _)| path.get(..at)));
    }
    let pods = &asked.resources().static_pods;
    let encryption = pods.apiserver.encryption_config_member.as_deref();
    let missing = pods.named.iter().filter(|(path, _)| {
        // the encryption configuration has a finding of its own
        !there.contains(path.as_str()) && Some(path.as_str()) != encryption && !split_off(asked, Class::of_name(path))
    });
    for (path, by) in missing.take(MOST) {
        let by: Vec<&str> = by.iter().map(|it| it.strip_prefix("static-pod-resources/").unwrap_or(it)).collect();
        let message = format!("no `{}`; named by {}", clip(path, LONGEST), clip(&by.join(", "), LONGEST));
        let finding = Finding::new(&NAMED_MEMBER_MISSING, message).with("namedBy", clip(&by.join(", "), LONGEST));
        findings.push(finding.at(Location { member: Some(clip(path, LONGEST)), ..Location::default() }));
    }
}

/// What a file must hold by its name.
fn lacks(asked: &TarballAsked<'_>, member: &Member, material: &HashMap<&[u8], Vec<&Material>>) -> Option<&'static str> {
    let path = member.path.as_str()?;
    let known = |class: fn(Class) -> bool| {
        let of_member = material.get(member.path.as_bytes()).into_iter().flatten();
        let readable =
            |it: &&&Material| it.known_by != KnownBy::Path && (it.algorithm.is_some() || it.fingerprint.is_some());
        of_member.filter(readable).any(|it| class(it.class))
    };
    if path.ends_with(".crt") {
        let certified = asked.resources().certificates.iter().any(|certificate| certificate.member == member.path);
        (!certified).then_some("no readable certificate")
    } else if path.ends_with(".key") {
        (!known(Class::is_secret)).then_some("no readable private key")
    } else if path.ends_with(".pub") {
        (!known(|class| class == Class::PublicKey)).then_some("no readable public key")
    } else {
        None
    }
}

fn check_content(asked: &TarballAsked<'_>, findings: &mut Findings) {
    let mut material: HashMap<&[u8], Vec<&Material>> = HashMap::new();
    for it in &asked.resources().material {
        material.entry(it.member.as_bytes()).or_default().push(it);
    }
    let blank: HashSet<&[u8]> = asked.resources().blank.iter().map(|path| path.as_bytes()).collect();
    // of what is too large to hold, nothing was read
    let faults = asked.resources().faults.iter().filter(|fault| matches!(fault.kind, FaultKind::NotExamined { .. }));
    let unread: HashSet<&[u8]> = faults.filter_map(|fault| Some(fault.member.as_ref()?.as_bytes())).collect();
    let mut found = 0_usize;
    for member in asked.resources().members.iter().filter(|member| member.kind == MemberKind::File) {
        let Some(path) = member.path.as_str().filter(|path| path.starts_with("static-pod-resources/")) else {
            continue;
        };
        let named = asked.resources().static_pods.named.contains_key(path);
        let secret = path.contains("/secrets/");
        let staged = path.contains("/staging/");
        let what = match lacks(asked, member, &material) {
            _ if unread.contains(path.as_bytes()) || staged || is_configuration(path) => None,
            Some(what) => Some(what),
            None if blank.contains(path.as_bytes()) && (named || secret) => Some("nothing"),
            None => None,
        };
        let Some(what) = what else { continue };
        found += 1;
        if found > MOST {
            return;
        }
        let how = if member.size == 0 { "is empty".to_owned() } else { format!("holds {what}") };
        let mut finding =
            Finding::new(&CONTENT_MISSING, format!("`{}` {how}", clip(path, LONGEST))).with("bytes", member.size);
        if !named && !secret {
            finding.severity = Severity::Medium;
        }
        findings.push(finding.at(at_member(&member.path)));
    }
}

/// Checked by themselves: manifests, configurations that are parsed, and encryption configurations.
fn is_configuration(path: &str) -> bool {
    path.ends_with("/config.yaml") || path.contains("/secrets/encryption-config/")
}

/// `<name>.key` needs `<name>.crt` or `<name>.pub`, and the certificate of a server or client its key.
fn check_halves(asked: &TarballAsked<'_>, findings: &mut Findings) {
    let files = asked.resources().members.iter().filter(|member| member.kind == MemberKind::File);
    let files: BTreeSet<&str> = files.filter_map(|member| member.path.as_str()).collect();
    let cas: HashSet<&str> = asked
        .resources()
        .certificates
        .iter()
        .filter(|certificate| certificate.index == 0 && certificate.is_ca)
        .filter_map(|certificate| certificate.member.as_str())
        .collect();
    let holders: HashSet<&str> = files
        .iter()
        .filter(|path| path.ends_with(".key"))
        .filter_map(|path| path.rsplit_once('/'))
        .map(|(folder, _)| folder)
        .collect();
    let mut found = 0_usize;
    for path in &files {
        let Some((folder, _)) = path.rsplit_once('/') else { continue };
        let Some((stem, end)) = path.rsplit_once('.').filter(|_| folder.contains("/secrets/")) else { continue };
        let there = |end: &str| files.contains(format!("{stem}.{end}").as_str());
        let missing = match end {
            "key" if !there("crt") && !there("pub") => "certificate",
            // one that is alone in its directory belongs to no key: the CAs beside a token
            "crt" if (holders.contains(folder) || stem.ends_with("/tls")) && !cas.contains(path) && !there("key") => {
                "key"
            }
            _ => continue,
        };
        if missing == "key" && split_off(asked, Class::TlsKey) {
            continue;
        }
        found += 1;
        if found > MOST {
            return;
        }
        let message = format!("`{}` stands without its {missing}", clip(path, LONGEST));
        let location = Location { member: Some(clip(path, LONGEST)), ..Location::default() };
        findings.push(Finding::new(&HALF_KEY_PAIR, message).at(location));
    }
}
