//! Files of the tarball against the objects they were written from.

use std::collections::BTreeMap;

use backup_facts::pair::{ClusterFacts, STATIC_PODS, contents, pem_fingerprints, substituted};
use kube_objects::StorageKey;
use sha2::{Digest as _, Sha256};
use static_resources::{Class, Digest, Fingerprint, Member, MemberKind};
use wording::clip;

use super::{Comparison, LONGEST, Pair, at_key, at_member, list};
use crate::finding::Finding;
use crate::findings::{CONFIG_DIFFERS, CONTENT_DIFFERS, ETCD_CA_DIFFERS, SIGNING_KEY_UNKNOWN};

const CONFIG: &str = "encryption-config";

pub(super) fn check(pair: &Pair<'_>, comparison: &mut Comparison) {
    check_objects(pair, comparison);
    check_etcd_ca(pair, comparison);
    check_signing_keys(pair, comparison);
}

/// Where a file of a static pod comes from.
struct Origin<'m> {
    pod: &'m str,
    revision: u64,
    plural: &'m str,
    object: &'m str,
    entry: &'m str,
}

impl<'m> Origin<'m> {
    /// `static-pod-resources/<pod>-pod-<N>/<configmaps|secrets>/<object>/<entry>`
    fn of(member: &'m Member) -> Option<Self> {
        let mut parts = member.path.as_str()?.split('/');
        if parts.next()? != "static-pod-resources" {
            return None;
        }
        let (pod, revision) = parts.next()?.rsplit_once("-pod-")?;
        let (plural, object, entry) = (parts.next()?, parts.next()?, parts.next()?);
        let known = matches!(plural, "configmaps" | "secrets") && parts.next().is_none();
        known.then_some(())?;
        Some(Self { pod, revision: revision.parse().ok()?, plural, object, entry })
    }

    /// The etcd key of the object of that revision.
    fn key(&self) -> Option<Vec<u8>> {
        let (_, namespace, _) = STATIC_PODS.iter().find(|(pod, ..)| *pod == self.pod)?;
        Some(format!("/kubernetes.io/{}/{namespace}/{}-{}", self.plural, self.object, self.revision).into_bytes())
    }
}

/// 5 and 8: each revisioned Secret and ConfigMap that the snapshot still has.
fn check_objects(pair: &Pair<'_>, comparison: &mut Comparison) {
    let mut files: BTreeMap<Vec<u8>, Vec<(Origin<'_>, &Member)>> = BTreeMap::new();
    for member in pair.tarball.members.iter().filter(|member| member.kind == MemberKind::File) {
        if let Some((key, origin)) = Origin::of(member).and_then(|origin| Some((origin.key()?, origin))) {
            files.entry(key).or_default().push((origin, member));
        }
    }
    let node = pair.tarball.static_pods.node.as_ref().map(|node| node.value.as_str()).unwrap_or_default();
    let (mut compared, mut closed) = (0_u64, 0_u64);
    for (key, files) in &files {
        let Some((&key, &value)) = pair.cluster.objects.get_key_value(key.as_slice()) else { continue };
        let Some(digests) = digests(pair, key, value, files.first().map_or(0, |(it, _)| it.revision), node) else {
            closed += 1;
            continue;
        };
        compared += 1;
        for (origin, member) in files {
            let Some(wanted) = digests.get(origin.entry.as_bytes()) else { continue };
            if wanted.contains(&member.sha256) {
                continue;
            }
            let entry = if origin.object == CONFIG { &CONFIG_DIFFERS } else { &CONTENT_DIFFERS };
            let message = format!(
                "`{}` is not what {} {}-{} has",
                clip(&member.path.to_string(), LONGEST),
                if origin.plural == "secrets" { "Secret" } else { "ConfigMap" },
                clip(origin.object, LONGEST),
                origin.revision
            );
            let mut location = at_member(&member.path);
            location.key = Some(key.to_vec());
            comparison.findings.push(Finding::new(entry, message).at(location));
        }
    }
    if compared > 0 {
        comparison.made();
    }
    match (compared, closed) {
        (0, 0) => comparison.skip("content of files", "the snapshot has no Secret or ConfigMap of these revisions"),
        (_, 0) => {}
        (_, closed) => comparison.skip(&format!("content of {closed} Secrets and ConfigMaps"), "they do not open"),
    }
}

/// SHA-256 of each entry, as it is and as the installer writes it; `None` where the value does not open.
fn digests(
    pair: &Pair<'_>,
    key: &[u8],
    value: &[u8],
    revision: u64,
    node: &str,
) -> Option<BTreeMap<Vec<u8>, [Digest; 2]>> {
    opened(pair, key, value, |object| {
        let digest = |bytes: &[u8]| Digest(Sha256::digest(bytes).into());
        let entries = contents(object).map(|entry| {
            let written = substituted(entry.bytes, revision, node);
            let written = written.as_ref().map_or(entry.bytes, |bytes| bytes.as_slice());
            (entry.name.to_vec(), [digest(entry.bytes), digest(written)])
        });
        entries.collect()
    })
}

/// Opens a value with the keys at hand, and shows it to `look`; the plaintext is wiped behind it.
fn opened<T>(pair: &Pair<'_>, key: &[u8], value: &[u8], look: impl FnOnce(&[u8]) -> T) -> Option<T> {
    if !value.starts_with(b"k8s:enc:") {
        return Some(look(value));
    }
    let opened = pair.keys?.open(key, value).ok()?;
    Some(look(&opened.plaintext))
}

/// The bytes of one entry of one Secret in a namespace of a static pod, as `look` sees them.
fn entry_of<T>(pair: &Pair<'_>, key: &[u8], name: &[u8], look: impl FnOnce(&[u8]) -> T) -> Option<T> {
    let cluster: &ClusterFacts<'_> = pair.cluster;
    let value = cluster.objects.get(key)?;
    opened(pair, key, value, |object| {
        let entry = contents(object).find(|entry| entry.name == name)?;
        Some(look(entry.bytes))
    })?
}

/// 10: the CA that signs etcd's certificates is one that the tarball trusts.
fn check_etcd_ca(pair: &Pair<'_>, comparison: &mut Comparison) {
    const SIGNER: &[u8] = b"/kubernetes.io/secrets/openshift-etcd/etcd-signer";
    debug_assert!(StorageKey::parse(SIGNER).well_formed);
    let signer = entry_of(pair, SIGNER, b"tls.crt", pem_fingerprints).filter(|prints| !prints.is_empty());
    let trusted = pair.tarball.certificates.iter().filter(|certificate| {
        let path = certificate.member.to_string();
        let bundle = path.contains("/configmaps/etcd-serving-ca/") || path.ends_with("/server-ca-bundle.crt");
        certificate.is_ca && bundle
    });
    let trusted: Vec<_> = trusted.collect();
    let Some(signer) = signer.filter(|_| !trusted.is_empty()) else {
        return comparison
            .skip("the CA of etcd", "the signer is not there or does not open, or the tarball has no bundle");
    };
    comparison.made();
    if !signer.iter().any(|print| trusted.iter().any(|certificate| certificate.fingerprint.0 == *print)) {
        let subjects: Vec<&str> = trusted.iter().map(|certificate| certificate.subject.as_str()).collect();
        let message = format!("the signer in the snapshot is not among what the tarball trusts: {}", list(subjects));
        comparison.findings.push(Finding::new(&ETCD_CA_DIFFERS, message).at(at_key(SIGNER)));
    }
}

/// 14: tokens signed with the private key are accepted by kube-apiserver.
fn check_signing_keys(pair: &Pair<'_>, comparison: &mut Comparison) {
    let of = |class: Class, part: &str| {
        let wanted = pair.tarball.material.iter().filter(move |it| it.class == class);
        let part = part.to_owned();
        wanted.filter(move |it| it.member.to_string().contains(&part)).filter_map(|it| match it.fingerprint {
            Some(Fingerprint::PublicKey(digest)) => Some((digest, &it.member)),
            _ => None,
        })
    };
    let accepted: Vec<Digest> =
        of(Class::PublicKey, "/configmaps/sa-token-signing-certs/").map(|(digest, _)| digest).collect();
    let signing: Vec<_> = of(Class::SigningKey, "/secrets/service-account-private-key/").collect();
    if accepted.is_empty() || signing.is_empty() {
        let kept_apart = pair.names.tarball.is_some_and(|name| name.keyless);
        let why = "the tarball has not both halves of it";
        return comparison.skip_or_lack(!kept_apart, "the key that signs tokens", why);
    }
    comparison.made();
    for (digest, member) in signing.iter().filter(|(digest, _)| !accepted.contains(digest)) {
        let message = format!(
            "`{}` signs with a key that kube-apiserver is not told to accept",
            clip(&member.to_string(), LONGEST)
        );
        let finding = Finding::new(&SIGNING_KEY_UNKNOWN, message).with("key", digest.to_string());
        comparison.findings.push(finding.at(at_member(member)));
    }
}
