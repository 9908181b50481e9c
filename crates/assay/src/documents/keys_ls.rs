//! The key material of a tarball: the shape of `keys ls`.

use artifact::Contents;
use backup_facts::configuration::InForce;
use backup_facts::material::Row;
use document::{ArchiveFault, Artifact, KeyBuf, KeysLs, Word};
use encryption_config::FINGERPRINT_METHOD;
use static_resources::{BackupName, Class};

use super::material as shapes;
use crate::key_material::{Config, KeyMaterial};

/// What the name of a tarball says, with its keys or without.
#[must_use]
pub fn backup_name(raw: &Contents) -> Option<BackupName> {
    let name = raw.path()?.file_name()?.to_str()?;
    BackupName::parse(&name.replace(".keyless.tar.gz", ".tar.gz"))
}

/// What was found, of which `rows` are listed.
#[must_use]
pub fn of(raw: &Contents, key_material: &KeyMaterial, rows: &[Row]) -> Artifact {
    let resources = &key_material.resources;
    let facts = &resources.static_pods;
    let name = backup_name(raw);
    let mut configs = key_material.configs.iter().map(config);
    let secret = resources.secret_members().into_iter();
    let fault = |fault: &static_resources::Fault| ArchiveFault {
        message: fault.kind.to_string(),
        member: fault.member.as_ref().map(|path| KeyBuf::from(path.as_bytes())),
        offset: fault.offset,
    };
    Artifact::KeysLs(Box::new(KeysLs {
        path: raw.name(),
        kind: KeysLs::KIND,
        size: resources.archive.compressed_size,
        sha256: resources.archive.compressed_sha256.to_string(),
        timestamp: name.as_ref().map(|name| name.timestamp.clone()),
        dirty: name.is_some_and(|name| name.dirty),
        complete: resources.complete,
        node: facts.node.as_ref().map(|node| node.value.clone()),
        pods: facts.pods.iter().map(shapes::pod).collect(),
        version: shapes::version(&facts.version),
        keyless: matches!(key_material.in_force, InForce::HeldApart),
        encryption_config: configs.next(),
        further_encryption_configs: configs.collect(),
        key_material: rows.iter().map(shapes::material).collect(),
        secret_members: secret.map(|(class, n)| (Word::Borrowed(Class::as_str(class)), n as u64)).collect(),
        faults: resources.faults.iter().map(fault).collect(),
        ..KeysLs::default()
    }))
}

fn config(config: &Config) -> document::Config {
    let facts = config.facts.as_ref();
    let problem = |problem: &encryption_config::Problem| document::Problem {
        at: problem.at.clone(),
        message: problem.kind.to_string(),
    };
    document::Config {
        path: KeyBuf::from(config.member.as_bytes()),
        error: facts.err().map(ToString::to_string),
        fingerprint_method: Word::Borrowed(FINGERPRINT_METHOD),
        resources: facts.map(|facts| facts.resources.iter().map(shapes::resource).collect()).unwrap_or_default(),
        problems: facts.map(|facts| facts.problems.iter().map(problem).collect()).unwrap_or_default(),
    }
}
