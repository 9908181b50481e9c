//! A custodian's statement, signed with the seed that only whoever opened the file has.

use std::path::Path;

use signatures::{Namespace, Seed};

use crate::age_file;
use crate::digest::Digest;
use crate::error::{Error, Result};
use crate::identities::Identities;
use crate::manifest::Manifest;
use crate::payload::PayloadReader;
use crate::shares::share_of;
use crate::statement::{Opened, Role, STATEMENT_SCHEMA, StatedEscrow, Statement};

/// What a statement says besides what was opened.
pub struct Attest<'a> {
    /// The tool and its version.
    pub tool: &'a str,
    /// When.
    pub at: jiff::Timestamp,
    /// The manifest.
    pub manifest: &'a Manifest,
    /// The digest of its file.
    pub digest: &'a Digest,
    /// What the catalog asked to be signed; see [`crate::is_challenge`].
    pub challenge: Option<&'a str>,
    /// The cluster, as the catalog named it.
    pub cluster: Option<&'a str>,
    /// The head of the catalog's log, as it said.
    pub catalog_head: Option<&'a str>,
}

/// A statement and its signature. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attestation {
    /// What it says.
    pub statement: Statement,
    /// The bytes that were signed: a file of them is what [`crate::prove`] reads.
    pub bytes: Vec<u8>,
    /// An armoured SSHSIG; none where the escrow holds no seed.
    pub signature: Option<String>,
}

impl Attest<'_> {
    /// Opens the escrow and says so. `recipient` is the public key that it was opened by, as the manifest has it.
    ///
    /// # Errors
    /// If it does not open, or is not the escrow of this manifest.
    pub fn identity(&self, escrow: &Path, identities: &Identities, recipient: &str) -> Result<Attestation> {
        let opened = age_file::open(escrow, identities.keys())?;
        let front = PayloadReader::new(opened, escrow).front()?;
        if front.manifest != self.manifest.sealed_part() {
            return Err(Error::Manifest { what: "is not the one of this escrow".to_owned() });
        }
        let info = self.manifest.escrow.as_ref();
        let seed = sealed_for(front.plan.drill_seed, info.and_then(|info| info.drill_key.as_deref()))?;
        self.made(Role::Identity, None, recipient, seed.as_ref())
    }

    /// Opens a share and says so.
    ///
    /// # Errors
    /// If it does not open, or is none of this manifest.
    pub fn share(&self, file: &Path, identities: &Identities) -> Result<Attestation> {
        let share = share_of(file, identities)?;
        let threshold = self.manifest.threshold.as_ref().filter(|it| it.set == share.set);
        let mut listed = threshold.iter().flat_map(|it| &it.shares);
        let listed = listed.find(|one| one.index == share.index && one.check == share.check());
        let listed = listed.ok_or_else(|| Error::Share {
            share: file.display().to_string(),
            what: "is none of those that the manifest lists".to_owned(),
        })?;
        let of = Some((share.index, share.set.as_str()));
        let recipient = &listed.recipient.recipient;
        let seed = sealed_for(share.drill.clone(), listed.drill_key.as_deref())?;
        self.made(Role::Share, of, recipient, seed.as_ref())
    }

    fn made(&self, role: Role, share: Option<(u8, &str)>, recipient: &str, seed: Option<&Seed>) -> Result<Attestation> {
        let info =
            self.manifest.escrow.as_ref().ok_or_else(|| Error::Manifest { what: "names no escrow".to_owned() })?;
        let statement = Statement {
            schema: STATEMENT_SCHEMA.to_owned(),
            tool: self.tool.to_owned(),
            at: self.at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            cluster: self.cluster.map(str::to_owned),
            escrow: StatedEscrow { sha256: info.file.digest.sha256.clone(), payload: info.payload.sha256.clone() },
            manifest_sha256: self.digest.sha256.clone(),
            role,
            index: share.map(|(index, _)| index),
            set: share.map(|(_, set)| set.to_owned()),
            recipient: recipient.to_owned(),
            result: Opened::Opened,
            challenge: self.challenge.map(str::to_owned),
            catalog_head: self.catalog_head.map(str::to_owned),
        };
        let bytes = statement.to_json()?;
        let signed = seed.map(|seed| seed.sign(Namespace::Drill, &bytes)).transpose();
        let signature = signed.map_err(|what| Error::Manifest { what: format!("cannot be signed: {what}") })?;
        Ok(Attestation { statement, bytes, signature })
    }
}

/// The seed that was found, if it is the one whose public key the manifest has.
fn sealed_for(found: Option<Seed>, key: Option<&str>) -> Result<Option<Seed>> {
    if found.as_ref().map(Seed::public).as_deref() == key {
        return Ok(found);
    }
    Err(Error::Manifest { what: "has another drill key than the one that is sealed in the file".to_owned() })
}
