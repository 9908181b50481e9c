//! A tarball of static pod resources, for scripts and for people.

mod json;
mod overview;

pub use json::TarballJson;
pub use overview::{describe, secrets, write_tables};

use static_resources::{Class, Digest, Evidence, Fingerprint, Material};

use crate::tarball::Tarball;

/// One line of the inventory of keys.
struct KeyRow {
    path: String,
    class: Class,
    algorithm: Option<String>,
    key_name: Option<String>,
    fingerprint: Option<String>,
    not_after: Option<String>,
    subject: Option<String>,
    evidence: Evidence,
}

/// The key material of a tarball in the order of the archive. An encryption configuration gives a row for each key,
/// a private key the expiry of the certificate it belongs to.
fn key_rows(tarball: &Tarball) -> Vec<KeyRow> {
    let resources = &tarball.resources;
    let expiries: std::collections::HashMap<Digest, i64> =
        resources.certificates.iter().map(|certificate| (certificate.public_key, certificate.not_after)).collect();
    let mut rows = Vec::new();
    for material in &resources.material {
        let path = material.member.to_string();
        let encryption = tarball.encryption.as_ref().filter(|encryption| encryption.member == path);
        match encryption.filter(|encryption| material.class == Class::EncryptionConfig && !encryption.keys.is_empty()) {
            Some(encryption) => rows.extend(encryption.keys.iter().map(|key| KeyRow {
                path: path.clone(),
                class: material.class,
                algorithm: Some(match key.bits {
                    Some(bits) => format!("{}-{bits}", key.provider),
                    None => key.provider.to_string(),
                }),
                key_name: key.name.clone(),
                fingerprint: key.fingerprint.clone(),
                not_after: None,
                subject: None,
                evidence: material.evidence,
            })),
            None => {
                let expiry = public_key(material).and_then(|key| expiries.get(&key));
                let expiry = expiry.and_then(|seconds| jiff::Timestamp::from_second(*seconds).ok());
                rows.push(KeyRow {
                    path,
                    class: material.class,
                    algorithm: material.algorithm.clone(),
                    key_name: None,
                    fingerprint: material.fingerprint.map(|print| print.to_string()),
                    not_after: material.not_after.clone().or(expiry.map(|time| time.to_string())),
                    subject: material.subject.clone(),
                    evidence: material.evidence,
                });
            }
        }
    }
    rows
}

fn public_key(material: &Material) -> Option<Digest> {
    match material.fingerprint {
        Some(Fingerprint::PublicKey(digest)) => Some(digest),
        Some(Fingerprint::Token(_)) | None => None,
    }
}
