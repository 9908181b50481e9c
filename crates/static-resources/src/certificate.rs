//! X.509 certificates, the public facts of them.
use sha2::{Digest as _, Sha256};
use wording::inert;
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::public_key::PublicKey;

use crate::member::Digest;
use crate::path::MemberPath;

/// One certificate. Names come from the certificate, control characters escaped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// The member it stands in.
    pub member: MemberPath,
    /// Its place among the member's certificates, from 0.
    pub index: usize,
    /// The subject, as RFC 2253 has it.
    pub subject: String,
    /// The issuer.
    pub issuer: String,
    /// Subject alternative names: `DNS:name`, `IP:address`, `URI:...`, `email:...`.
    pub sans: Vec<String>,
    /// The serial number, hex with colons.
    pub serial: String,
    /// Start of validity, seconds since 1970 UTC.
    pub not_before: i64,
    /// End of validity, seconds since 1970 UTC.
    pub not_after: i64,
    /// The algorithm of the key, such as `RSA-2048` or `ECDSA-P256`.
    pub key_algorithm: String,
    /// The size of the key in bits, if it is known.
    pub key_bits: Option<usize>,
    /// Basic constraints say that it is a CA.
    pub is_ca: bool,
    /// The subject key identifier, lower-case hex.
    pub key_id: Option<String>,
    /// The key identifier of the authority that issued it, lower-case hex.
    pub authority_key_id: Option<String>,
    /// SHA-256 of the DER.
    pub fingerprint: Digest,
    /// SHA-256 of the SubjectPublicKeyInfo: equal to that of the private key it belongs to.
    pub public_key: Digest,
}

impl Certificate {
    /// Returns the start of validity as RFC 3339, UTC.
    #[must_use]
    pub fn not_before_rfc3339(&self) -> Option<String> {
        rfc3339(self.not_before)
    }

    /// Returns the end of validity as RFC 3339, UTC.
    #[must_use]
    pub fn not_after_rfc3339(&self) -> Option<String> {
        rfc3339(self.not_after)
    }

    /// Reads DER; `None` where it is no certificate.
    pub(crate) fn read(member: &MemberPath, index: usize, der: &[u8]) -> Option<Self> {
        let (_, certificate) = X509Certificate::from_der(der).ok()?;
        let (key_algorithm, key_bits) = key(&certificate);
        Some(Self {
            member: member.clone(),
            index,
            subject: inert(&certificate.subject().to_string()).into_owned(),
            issuer: inert(&certificate.issuer().to_string()).into_owned(),
            sans: sans(&certificate),
            serial: certificate.raw_serial_as_string(),
            not_before: certificate.validity().not_before.timestamp(),
            not_after: certificate.validity().not_after.timestamp(),
            key_algorithm,
            key_bits,
            is_ca: certificate.is_ca(),
            key_id: key_id(&certificate),
            authority_key_id: authority_key_id(&certificate),
            fingerprint: Digest(Sha256::digest(der).into()),
            public_key: Digest(Sha256::digest(certificate.public_key().raw).into()),
        })
    }

    /// What it costs to remember.
    pub(crate) fn cost(&self) -> usize {
        let ids = [&self.key_id, &self.authority_key_id].into_iter().flatten();
        let sans: usize = self.sans.iter().chain(ids).map(String::len).sum();
        [256, self.member.as_bytes().len(), self.subject.len(), self.issuer.len(), self.serial.len(), sans].iter().sum()
    }
}

fn key_id(certificate: &X509Certificate<'_>) -> Option<String> {
    certificate.extensions().iter().find_map(|extension| match extension.parsed_extension() {
        ParsedExtension::SubjectKeyIdentifier(id) => Some(wording::hex(id.0)),
        _ => None,
    })
}

fn authority_key_id(certificate: &X509Certificate<'_>) -> Option<String> {
    certificate.extensions().iter().find_map(|extension| match extension.parsed_extension() {
        ParsedExtension::AuthorityKeyIdentifier(authority) => {
            authority.key_identifier.as_ref().map(|id| wording::hex(id.0))
        }
        _ => None,
    })
}

/// Seconds since 1970 as RFC 3339 in UTC; `None` outside the years -9999 to 9999.
pub(crate) fn rfc3339(seconds: i64) -> Option<String> {
    jiff::Timestamp::from_second(seconds).ok().map(|time| time.to_string())
}

fn key(certificate: &X509Certificate<'_>) -> (String, Option<usize>) {
    let curve = || {
        let parameters = certificate.public_key().algorithm.parameters.as_ref()?;
        parameters.as_oid().ok().map(|oid| oid.to_id_string())
    };
    match certificate.public_key().parsed() {
        Ok(PublicKey::RSA(rsa)) => (format!("RSA-{}", rsa.key_size()), Some(rsa.key_size())),
        Ok(PublicKey::EC(point)) => match curve().as_deref() {
            Some("1.2.840.10045.3.1.7") => ("ECDSA-P256".into(), Some(256)),
            Some("1.3.132.0.34") => ("ECDSA-P384".into(), Some(384)),
            Some("1.3.132.0.35") => ("ECDSA-P521".into(), Some(521)),
            _ => ("ECDSA".into(), Some(point.key_size())),
        },
        _ => match certificate.public_key().algorithm.algorithm.to_id_string().as_str() {
            "1.3.101.112" => ("Ed25519".into(), Some(256)),
            "1.3.101.113" => ("Ed448".into(), Some(456)),
            other => (other.to_owned(), None),
        },
    }
}

fn sans(certificate: &X509Certificate<'_>) -> Vec<String> {
    let Ok(Some(extension)) = certificate.subject_alternative_name() else { return Vec::new() };
    let name = |name: &GeneralName<'_>| match name {
        GeneralName::DNSName(text) => format!("DNS:{}", inert(text)),
        GeneralName::RFC822Name(text) => format!("email:{}", inert(text)),
        GeneralName::URI(text) => format!("URI:{}", inert(text)),
        GeneralName::IPAddress(bytes) => format!("IP:{}", address(bytes)),
        other => inert(&format!("{other}")).into_owned(),
    };
    extension.value.general_names.iter().map(name).collect()
}

fn address(bytes: &[u8]) -> String {
    if let Ok(v4) = <[u8; 4]>::try_from(bytes) {
        return std::net::Ipv4Addr::from(v4).to_string();
    }
    if let Ok(v6) = <[u8; 16]>::try_from(bytes) {
        return std::net::Ipv6Addr::from(v6).to_string();
    }
    format!("{} bytes", bytes.len())
}
