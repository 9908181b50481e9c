//! A policy that was understood.

use std::path::Path;

use checks::required::Required;
use document::{Artifact, PolicyFile, RequiredEncryption, Requirements, Waiver};
use jiff::civil::Date;
use policy::Policy;

/// What the policy in the file `path` asks for; `today`, in UTC, tells which of its waivers are over.
#[must_use]
pub fn of(path: &Path, policy: &Policy, today: Date) -> Artifact {
    let severities = policy.severities.iter().map(|(id, severity)| ((*id).to_owned(), severity.name().into()));
    Artifact::PolicyFile(Box::new(PolicyFile {
        kind: PolicyFile::KIND,
        path: path.to_string_lossy().into_owned(),
        require: requirements(&policy.require),
        severities: severities.collect(),
        waivers: policy.waivers.iter().map(|of| waiver(of, today)).collect(),
        ..PolicyFile::default()
    }))
}

fn requirements(required: &Required) -> Requirements {
    let encryption = required.encryption.as_ref();
    Requirements {
        encryption: encryption
            .map(|stored| RequiredEncryption { resources: stored.resources.clone(), types: stored.types.clone() }),
        escrow_manifest: required.escrow_manifest,
        keys_fit: required.keys_fit,
        max_age_seconds: required.max_age,
        max_fragmentation_percent: required.max_fragmentation_percent,
        min_certificate_days: required.min_certificate_days,
        trailer: required.trailer,
    }
}

fn waiver(waiver: &policy::Waiver, today: Date) -> Waiver {
    Waiver {
        artifact: waiver.artifact.as_ref().map(ToString::to_string),
        expired: waiver.until < today,
        id: waiver.id.to_owned(),
        key: waiver.key.as_ref().map(ToString::to_string),
        line: waiver.line as u64,
        member: waiver.member.as_ref().map(ToString::to_string),
        reason: waiver.reason.clone(),
        until: waiver.until.to_string(),
    }
}
