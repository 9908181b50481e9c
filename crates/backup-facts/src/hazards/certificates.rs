//! Certificates that a restore brings back, and when they end.

use std::collections::HashSet;

use jiff::Timestamp;
use kube_objects::protobuf::Message;
use static_resources::StaticResources;
use x509_parser::pem::Pem;

use super::list::{Listed, ObjectName, word};
use super::object::Object;

/// Secrets that hold certificate authorities which operators rotate, and what each of them signs.
const SIGNERS: [(&str, &str, Signs); 12] = [
    ("openshift-etcd", "etcd-signer", Signs::Etcd),
    ("openshift-config", "etcd-signer", Signs::Etcd),
    ("openshift-etcd", "etcd-metric-signer", Signs::Other),
    ("openshift-kube-controller-manager", "csr-signer", Signs::Kubelets),
    ("openshift-kube-controller-manager-operator", "csr-signer", Signs::Kubelets),
    ("openshift-kube-controller-manager-operator", "csr-signer-signer", Signs::Kubelets),
    ("openshift-kube-apiserver-operator", "aggregator-client-signer", Signs::Other),
    ("openshift-kube-apiserver-operator", "kube-apiserver-to-kubelet-signer", Signs::Other),
    ("openshift-kube-apiserver-operator", "kube-control-plane-signer", Signs::Other),
    ("openshift-kube-apiserver-operator", "loadbalancer-serving-signer", Signs::Other),
    ("openshift-kube-apiserver-operator", "localhost-serving-signer", Signs::Other),
    ("openshift-kube-apiserver-operator", "service-network-serving-signer", Signs::Other),
];

/// What an authority signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signs {
    /// etcd's members and clients: no operator renews it before etcd can be talked to.
    Etcd,
    /// Kubelets' certificates.
    Kubelets,
    /// What operators renew by themselves.
    Other,
}

/// Everything about the ends of certificates.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Certificates {
    /// Certificates of the tarball that are valid now and no longer when the restore is planned, each once.
    pub ending: Listed<EndsEarly>,
    /// Certificates in files beside the snapshot that have ended when the restore is planned, each once.
    pub beside: Listed<EndsEarly>,
    /// Authorities in Secrets that could be read.
    pub signers: Vec<Signer>,
    /// Authorities in Secrets that could not: encrypted without a key at hand, or damaged.
    pub unread_signers: Vec<ObjectName>,
}

/// A certificate of the tarball, or of a file beside the snapshot, that ends too early.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndsEarly {
    /// Subject.
    pub subject: String,
    /// The first member, or the file, that it stands in.
    pub member: String,
    /// Its last second.
    pub not_after: Timestamp,
    /// Whether it is an authority of etcd's.
    pub etcd_ca: bool,
}

/// An authority whose Secret could be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signer {
    /// The Secret.
    pub secret: ObjectName,
    /// What it signs.
    pub signs: Signs,
    /// Its last second.
    pub not_after: Timestamp,
}

impl Certificates {
    /// What a Secret's key says that it signs, if it is an authority.
    pub(super) fn signs(key: &Object<'_>) -> Option<Signs> {
        let (namespace, name) = (key.namespace_bytes(), key.name_bytes());
        let known = SIGNERS.iter().find(|(of, called, _)| of.as_bytes() == namespace && called.as_bytes() == name);
        known.map(|(_, _, signs)| *signs)
    }

    /// Takes the certificate out of an opened Secret; nothing else of it is looked at.
    pub(super) fn add_signer(&mut self, key: &Object<'_>, signs: Signs, secret: &[u8]) {
        match end_of_certificate(secret) {
            Some(not_after) => self.signers.push(Signer { secret: key.object_name(), signs, not_after }),
            None => self.add_unread_signer(key),
        }
    }

    /// Notes a Secret that should hold an authority, and could not be read.
    pub(super) fn add_unread_signer(&mut self, key: &Object<'_>) {
        self.unread_signers.push(key.object_name());
    }

    pub(super) fn add_tarball(&mut self, tarball: &StaticResources, now: Timestamp, restore: Timestamp) {
        let mut seen = HashSet::new();
        let mut ending: Vec<EndsEarly> = Vec::new();
        for certificate in &tarball.certificates {
            let Ok(not_after) = Timestamp::from_second(certificate.not_after) else { continue };
            if not_after < now || not_after >= restore || !seen.insert(certificate.fingerprint) {
                continue;
            }
            let member = word(&certificate.member.to_string());
            let of_etcd = ["/etcd-pod-", "/etcd-serving-ca/"].iter().any(|part| member.contains(part));
            let etcd_ca = certificate.is_ca && of_etcd;
            ending.push(EndsEarly { subject: word(&certificate.subject), member, not_after, etcd_ca });
        }
        ending.sort_by(|a, b| (a.not_after, &a.member, &a.subject).cmp(&(b.not_after, &b.member, &b.subject)));
        self.ending = ending.into_iter().collect();
    }

    /// Certificates in files beside the snapshot, by name, as kubeadm keeps them in `pki/`. Nothing else tells of one that
    /// has ended already.
    pub fn add_beside<'f>(&mut self, files: impl IntoIterator<Item = (&'f str, &'f [u8])>, restore: Timestamp) {
        let mut seen = HashSet::new();
        let mut ended: Vec<EndsEarly> = Vec::new();
        for (name, text) in files {
            for pem in Pem::iter_from_buffer(text).flatten() {
                let Ok(certificate) = pem.parse_x509() else { continue };
                let end = Timestamp::from_second(certificate.validity().not_after.timestamp());
                let Some(not_after) = end.ok().filter(|end| *end < restore) else { continue };
                if seen.insert(pem.contents.clone()) {
                    let etcd_ca = certificate.is_ca() && name.contains("etcd/");
                    let subject = word(&certificate.subject().to_string());
                    ended.push(EndsEarly { subject, member: word(name), not_after, etcd_ca });
                }
            }
        }
        ended.sort_by(|a, b| (a.not_after, &a.member).cmp(&(b.not_after, &b.member)));
        self.beside = ended.into_iter().collect();
    }

    pub(super) fn sort(&mut self) {
        self.signers.sort_by(|a, b| a.secret.cmp(&b.secret));
        self.unread_signers.sort();
    }
}

/// The end of the first certificate in `tls.crt`. Secret {2: data {1: name, 2: bytes}}
fn end_of_certificate(secret: &[u8]) -> Option<Timestamp> {
    let secret = Message::of_object(secret)?;
    let certificate = secret.messages(2).find(|entry| entry.text(1) == "tls.crt")?.message(2)?;
    let pem = Pem::iter_from_buffer(certificate.as_bytes()).next()?.ok()?;
    let certificate = pem.parse_x509().ok()?;
    Timestamp::from_second(certificate.validity().not_after.timestamp()).ok()
}
