//! Certificates and the keys beside them.

use std::collections::HashMap;

use static_resources::{Certificate, Class, Digest, Fingerprint, Material};
use wording::clip;

use super::{LONGEST, TarballAsked, at_member};
use crate::finding::{Finding, Findings};
use crate::findings::{CERTIFICATE_EXPIRED, CERTIFICATE_NOT_YET_VALID, ISSUER_NOT_TRUSTED, KEY_PAIR_MISMATCH};
use crate::severity::Severity;

/// A hostile archive may hold any number of certificates.
const MOST: usize = 50;

pub(super) fn check(asked: &TarballAsked<'_>, findings: &mut Findings) {
    check_validity(asked, findings);
    check_pairs(asked, findings);
    check_issuers(asked, findings);
}

/// Members of etcd and kube-apiserver trust each other by the bundles of etcd's own revision: who issued a certificate
/// of theirs is in one of them. Names and key identifiers are compared, signatures are not.
fn check_issuers(asked: &TarballAsked<'_>, findings: &mut Findings) {
    let below = |certificate: &Certificate, pod: &str, part: &str| {
        let path = certificate.member.to_string();
        path.strip_prefix("static-pod-resources/").is_some_and(|rest| rest.starts_with(pod)) && path.contains(part)
    };
    let all = &asked.resources().certificates;
    let bundles: Vec<&Certificate> =
        all.iter().filter(|certificate| certificate.is_ca && below(certificate, "etcd-pod-", "/configmaps/")).collect();
    // a bundle that is not there or not readable has a finding of its own
    if bundles.is_empty() {
        return;
    }
    let trusted = |leaf: &Certificate| {
        bundles.iter().any(|ca| {
            let same_key = ca.key_id.is_none() || leaf.authority_key_id.is_none() || ca.key_id == leaf.authority_key_id;
            ca.subject == leaf.issuer && same_key
        })
    };
    let of_etcd = |leaf: &Certificate| {
        below(leaf, "etcd-pod-", "/secrets/") || below(leaf, "kube-apiserver-pod-", "/secrets/etcd-client/")
    };
    let leaves = all.iter().filter(|leaf| leaf.index == 0 && !leaf.is_ca && of_etcd(leaf));
    for leaf in leaves.filter(|leaf| !trusted(leaf)).take(MOST) {
        let message =
            format!("`{}` is issued by `{}`, which no bundle of etcd has", place(leaf), clip(&leaf.issuer, LONGEST));
        let finding = Finding::new(&ISSUER_NOT_TRUSTED, message).with("issuer", clip(&leaf.issuer, LONGEST));
        findings.push(finding.at(at_member(&leaf.member)));
    }
}

/// One finding for each certificate, wherever else it stands.
fn check_validity(asked: &TarballAsked<'_>, findings: &mut Findings) {
    let mut order: Vec<&Certificate> = Vec::new();
    let mut places: HashMap<Digest, u64> = HashMap::new();
    for certificate in &asked.resources().certificates {
        let count = places.entry(certificate.fingerprint).or_default();
        *count += 1;
        if *count == 1 {
            order.push(certificate);
        }
    }
    for certificate in order {
        let (entry, what, time) = if certificate.not_after < asked.now {
            (&CERTIFICATE_EXPIRED, "expired", certificate.not_after_rfc3339())
        } else if certificate.not_before > asked.now {
            (&CERTIFICATE_NOT_YET_VALID, "is valid from", certificate.not_before_rfc3339())
        } else {
            continue;
        };
        let count = places.get(&certificate.fingerprint).copied().unwrap_or(1);
        let more = if count > 1 { format!(" and {} other places", count - 1) } else { String::new() };
        let kind = if certificate.is_ca { "CA " } else { "" };
        let (subject, time) =
            (clip(&certificate.subject, LONGEST), time.unwrap_or_else(|| "beyond all dates".to_owned()));
        let message = format!("{kind}`{subject}` {what} {time}, in `{}`{more}", place(certificate));
        let mut finding = Finding::new(entry, message)
            .with("subject", subject)
            .with("notAfter", certificate.not_after_rfc3339().unwrap_or_default())
            .with("fingerprint", certificate.fingerprint.to_string());
        // operators renew all others by themselves once etcd can be talked to
        if certificate.is_ca && certificate.not_after < asked.now && is_of_etcd(certificate) {
            finding.severity = Severity::Medium;
        }
        findings.push(finding.at(at_member(&certificate.member)));
    }
}

fn is_of_etcd(certificate: &Certificate) -> bool {
    let path = certificate.member.to_string();
    ["/etcd-pod-", "/etcd-serving-ca/"].iter().any(|part| path.contains(part))
}

/// The path without the directory that all share.
fn place(certificate: &Certificate) -> String {
    let path = certificate.member.to_string();
    clip(path.strip_prefix("static-pod-resources/").unwrap_or(&path), LONGEST)
}

/// `<name>.key` against the first certificate of `<name>.crt`, or else against `<name>.pub`.
fn check_pairs(asked: &TarballAsked<'_>, findings: &mut Findings) {
    let mut public: HashMap<&[u8], (Digest, &'static str)> = HashMap::new();
    for material in &asked.resources().material {
        if let (Class::PublicKey, Some(digest)) = (material.class, spki(material)) {
            public.entry(material.member.as_bytes()).or_insert((digest, "public key"));
        }
    }
    let leaves = asked.resources().certificates.iter().filter(|certificate| certificate.index == 0);
    for leaf in leaves {
        public.insert(leaf.member.as_bytes(), (leaf.public_key, "certificate"));
    }
    for material in &asked.resources().material {
        let Some(stem) = material.member.as_bytes().strip_suffix(b".key") else { continue };
        let Some(own) = spki(material).filter(|_| material.class.is_secret() && !material.encoded) else { continue };
        let beside = [&b".crt"[..], b".pub"].iter().find_map(|end| public.get([stem, end].concat().as_slice()));
        if let Some((other, what)) = beside.filter(|(other, _)| *other != own) {
            let message =
                format!("`{}` is not the key of the {what} beside it", clip(&material.member.to_string(), LONGEST));
            let finding = Finding::new(&KEY_PAIR_MISMATCH, message);
            let finding = finding.with("key", own.to_string()).with("beside", other.to_string());
            findings.push(finding.at(at_member(&material.member)));
        }
    }
}

fn spki(material: &Material) -> Option<Digest> {
    match material.fingerprint {
        Some(Fingerprint::PublicKey(digest)) => Some(digest),
        Some(Fingerprint::Token(_)) | None => None,
    }
}
