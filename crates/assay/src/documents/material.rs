//! What a tarball holds, and its key material. `inspect`, `verify` and `keys ls` share it.

use document::{ConfiguredResource, KeyBuf, KeyUsed, Material, Pod, Version, Word};
use encryption_config::State;
use static_resources::{KnownBy, VersionClaims};

use backup_facts::material::{ResourceFact, Row, UseFact};

/// A static pod.
pub fn pod(pod: &static_resources::Pod) -> Pod {
    Pod { name: pod.name.clone(), revision: pod.revision, members: pod.members }
}

/// What tells the OpenShift version.
pub fn version(version: &VersionClaims) -> Version {
    let (exact, minor) = (version.exact(), version.minor());
    Version {
        exact: exact.map(|claim| claim.raw.clone()),
        minor: minor.and_then(|claim| claim.minor.clone()),
        source: exact.or(minor).map(|claim| KeyBuf::from(claim.member.as_bytes())),
    }
}

/// What writes and reads a resource.
pub fn resource(resource: &ResourceFact) -> ConfiguredResource {
    ConfiguredResource {
        resource: resource.resource.clone(),
        writer: resource.writer.as_ref().map(key_used),
        readers: resource.readers.iter().map(key_used).collect(),
        state: Word::Borrowed(state(resource.state)),
        mode_change: resource.mode_change,
    }
}

fn state(state: State) -> &'static str {
    match state {
        State::NeverEncrypted => "never-encrypted",
        State::ReadKeyDistributed => "read-key-distributed",
        State::Writing => "writing",
        State::RotationReadKeyDistributed => "rotation-read-key-distributed",
        State::Rotated => "rotated",
        State::Decrypting => "decrypting",
        State::ReEnabled => "re-enabled",
        State::WritingOrderUnknown => "writing-order-unknown",
    }
}

fn key_used(used: &UseFact) -> KeyUsed {
    KeyUsed {
        provider: Word::Borrowed(used.provider.as_str()),
        key: used.name.clone(),
        fingerprint: used.fingerprint.clone(),
        fingerprint_omitted: omitted(used.left_out),
    }
}

/// Why a fingerprint is not there.
fn omitted(left_out: bool) -> Option<Word> {
    left_out.then_some(Word::Borrowed("budget"))
}

/// A piece of key material.
pub fn material(row: &Row) -> Material {
    Material {
        path: KeyBuf::from(row.path.as_bytes()),
        class: Word::Borrowed(row.class.as_str()),
        algorithm: row.algorithm.clone(),
        key_name: row.key_name.clone(),
        fingerprint: row.fingerprint.clone(),
        fingerprint_omitted: omitted(row.left_out),
        not_after: row.not_after.clone(),
        subject: row.subject.clone(),
        evidence: Word::Borrowed(known_by(row.known_by)),
    }
}

/// What told.
pub fn known_by(known_by: KnownBy) -> &'static str {
    match known_by {
        KnownBy::Path => "path",
        KnownBy::Content => "content",
        KnownBy::PathAndContent => "path-and-content",
    }
}
