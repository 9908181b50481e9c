//! Certificates that a restore brings back, and when they end.

use std::collections::HashSet;

use base64::Engine;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use jiff::Timestamp;
use kube_objects::protobuf::Message;
use static_resources::StaticResources;
use x509_parser::certificate::X509Certificate;
use x509_parser::pem::Pem;
use x509_parser::prelude::FromDer;

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

    /// Certificates in files beside the snapshot, by name: PEM as it is, and in JSON, YAML and kubeconfigs. Nothing else tells of
    /// one that has ended already. Where the platform renews what is no authority as it starts, that is left out.
    pub fn add_beside<'f>(
        &mut self,
        files: impl IntoIterator<Item = (&'f str, &'f [u8])>,
        restore: Timestamp,
        renews: bool,
    ) {
        let mut seen = HashSet::new();
        let mut ended: Vec<EndsEarly> = Vec::new();
        for (name, text) in files {
            for der in certificates_in(text) {
                let Ok((_, certificate)) = X509Certificate::from_der(&der) else { continue };
                let end = Timestamp::from_second(certificate.validity().not_after.timestamp());
                let Some(not_after) = end.ok().filter(|end| *end < restore) else { continue };
                let is_ca = certificate.is_ca();
                let subject = word(&certificate.subject().to_string());
                if (is_ca || !renews) && seen.insert(der.clone()) {
                    let etcd_ca = is_ca && name.contains("etcd");
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

const BEGIN: &[u8] = b"-----BEGIN CERTIFICATE-----";
const END: &[u8] = b"-----END CERTIFICATE-----";
/// How base64 of a certificate in PEM begins.
const BEGIN_IN_BASE64: &[u8] = b"LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0t";
/// More in one text of PEM are a bundle that is to be trusted: the world's, and none of the cluster's.
const BUNDLE: usize = 8;

/// The certificates in a text, in DER: in PEM, in PEM that JSON wrote in a line or YAML set in, and in base64 of PEM.
fn certificates_in(text: &[u8]) -> Vec<Vec<u8>> {
    let mut found = in_pem(text);
    if text.trim_ascii_start().starts_with(BEGIN) && found.len() > BUNDLE {
        return Vec::new();
    }
    for at in memchr::memmem::find_iter(text, BEGIN_IN_BASE64) {
        let run = text.get(at..).unwrap_or_default();
        let is_digit = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
        let end = run.iter().position(|byte| !is_digit(byte)).unwrap_or(run.len());
        let pem = run.get(..end).and_then(|run| LENIENT.decode(run).ok()).map(|pem| in_pem(&pem));
        found.extend(pem.filter(|pem| pem.len() <= BUNDLE).into_iter().flatten());
    }
    found
}

fn in_pem(text: &[u8]) -> Vec<Vec<u8>> {
    let blocks = memchr::memmem::find_iter(text, BEGIN).filter_map(|at| {
        let rest = text.get(at.checked_add(BEGIN.len())?..)?;
        let body = rest.get(..memchr::memmem::find(rest, END)?)?;
        // a line's end is a backslash and a letter where JSON wrote it
        let mut digits = Vec::with_capacity(body.len());
        let mut bytes = body.iter();
        while let Some(byte) = bytes.next() {
            match byte {
                b'\\' => drop(bytes.next()),
                byte if byte.is_ascii_whitespace() => {}
                byte => digits.push(*byte),
            }
        }
        LENIENT.decode(digits).ok()
    });
    blocks.collect()
}

/// With `=` behind it or without.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The end of the first certificate in `tls.crt`. Secret {2: data {1: name, 2: bytes}}
fn end_of_certificate(secret: &[u8]) -> Option<Timestamp> {
    let secret = Message::of_object(secret)?;
    let certificate = secret.messages(2).find(|entry| entry.text(1) == "tls.crt")?.message(2)?;
    let pem = Pem::iter_from_buffer(certificate.as_bytes()).next()?.ok()?;
    let certificate = pem.parse_x509().ok()?;
    Timestamp::from_second(certificate.validity().not_after.timestamp()).ok()
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    /// An authority of a real cluster, in PEM, and the last second that one is good for.
    fn authority() -> String {
        let tarball = fixtures::gunzip(&fixtures::named("plain-etcd36").tarball_bytes());
        let member = fixtures::files(&tarball).into_iter().find(|(name, _)| name.ends_with("ca-bundle.crt"));
        let text = String::from_utf8(member.expect("a bundle").1).expect("text");
        let end = text.find("-----END CERTIFICATE-----").expect("PEM") + END.len();
        text[text.find("-----BEGIN").expect("PEM")..end].to_owned() + "\n"
    }

    fn told(name: &str, text: &str, renews: bool) -> Vec<String> {
        let mut certificates = Certificates::default();
        certificates.add_beside([(name, text.as_bytes())], "2199-01-01T00:00:00Z".parse().expect("a time"), renews);
        certificates.beside.items.into_iter().map(|one| one.member).collect()
    }

    #[test]
    fn certificates_are_found_in_whatever_platforms_keep_them_in() {
        let pem = authority();
        let base64 = STANDARD.encode(&pem);
        let set_in: String = pem.lines().map(|line| format!("      {line}\n")).collect();
        for (name, text) in [
            ("server/tls/server-ca.crt", pem.clone()),
            ("secrets.yaml", format!("certs:\n    etcd:\n        crt: {base64}\n        key: LS0tLS1CRUdJTg==\n")),
            ("cluster.rkestate", format!(r#"{{"certificatePEM":"{}"}}"#, pem.replace('\n', "\\n"))),
            ("admin.conf", format!("clusters:\n- cluster:\n    certificate-authority-data: {base64}\n")),
            ("ca.yaml", format!("ca: |\n{set_in}")),
            ("pki/etcd/ca.crt", format!("{pem}{pem}")),
        ] {
            assert_eq!(told(name, &text, true), [name]);
            assert_eq!(told(name, &text, false), [name]);
        }
        let bundle = pem.repeat(BUNDLE + 1);
        assert_eq!(told("ca-bundle.crt", &bundle, false), [""; 0]);
        for none in
            ["", "-----BEGIN CERTIFICATE-----", "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----", "LS0t"]
        {
            assert_eq!(told("x", none, false), [""; 0]);
        }
    }
}
