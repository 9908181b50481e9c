//! What an escrow holds, read to its end and held against the manifest inside.

use std::io::{self, Read};
use std::path::Path;

use hmac::Mac as _;

use crate::age_file;
use crate::blocks::{self, Fate, Limits, Member, Sink};
use crate::digest::{Digest, HashingReader, HmacSha256, keyed};
use crate::error::{Error, Result};
use crate::identities::Identities;
use crate::manifest::{Manifest, RejoinMethod, RemovedMember};
use crate::payload::{Front, Key, PayloadReader};
use crate::progress::{Phase, ProgressFn, Watched};

/// Reads a payload to its end through `read`, and returns its digest.
pub(crate) fn through<T>(
    escrow: &Path,
    identities: &Identities,
    progress: &mut ProgressFn<'_>,
    read: impl FnOnce(PayloadReader<&mut dyn Read>) -> Result<T>,
) -> Result<(T, Digest)> {
    let opened = age_file::open(escrow, identities.keys())?;
    let watched = Watched { inner: opened, phase: Phase::Verifying, done: 0, total: None, report: progress };
    let mut hashing = HashingReader::new(watched);
    let value = read(PayloadReader::new(&mut hashing, escrow))?;
    io::copy(&mut hashing, &mut io::sink()).map_err(Error::io("decrypt", escrow))?;
    Ok((value, hashing.finish().1))
}

/// Opens an escrow, checks every removed member against the manifest inside, and returns that manifest and the
/// payload's digest.
pub(crate) fn check_payload(
    escrow: &Path,
    ids: &Identities,
    progress: &mut ProgressFn<'_>,
) -> Result<(Manifest, Digest)> {
    watch_payload(escrow, ids, progress, &mut |_, _| Ok(()))
}

/// Told of the content of a removed member, piece by piece.
pub(crate) type Watch<'a> = dyn FnMut(&RemovedMember, &[u8]) -> Result<()> + 'a;

/// The same, with `watch` told of what the members hold. Only after success is that what the manifest says.
pub(crate) fn watch_payload(
    escrow: &Path,
    ids: &Identities,
    progress: &mut ProgressFn<'_>,
    watch: &mut Watch<'_>,
) -> Result<(Manifest, Digest)> {
    through(escrow, ids, progress, |mut payload| {
        let front = payload.front()?;
        match front.plan.method {
            RejoinMethod::Corrections => drop(payload.recipe()?),
            RejoinMethod::SealedOriginal => payload.original(|_| Ok(()))?,
        }
        check_members(&mut payload, &front, watch)?;
        payload.finish()?;
        Ok(front.manifest)
    })
}

fn check_members<R: io::Read>(payload: &mut PayloadReader<R>, front: &Front, watch: &mut Watch<'_>) -> Result<()> {
    let (manifest, plan) = (&front.manifest, &front.plan);
    let (kept, removed) = (plan.kept_bytes()?, plan.removed_bytes()?);
    if kept != manifest.keyless.inner_tar.size || kept.checked_add(removed) != Some(manifest.inner_tar.size) {
        return Err(Error::Payload { what: "the block map does not cover the tar" });
    }
    let (key, mac) = (&plan.member_key, keyed(&plan.member_key));
    let mut members = Members { expected: manifest.removed.iter(), now: None, key, mac, watch };
    blocks::walk(payload.removed(removed), Limits::default(), &mut members)?;
    match members.expected.next() {
        None => Ok(()),
        Some(member) => Err(Error::Manifest { what: format!("the escrow lacks `{}`", member.path) }),
    }
}

struct Members<'a, 'w> {
    expected: std::slice::Iter<'a, RemovedMember>,
    now: Option<&'a RemovedMember>,
    key: &'a Key,
    mac: HmacSha256,
    watch: &'a mut Watch<'w>,
}

impl Sink for Members<'_, '_> {
    fn member(&mut self, member: &Member) -> Result<Fate> {
        self.now = self.expected.next().filter(|m| m.path == member.path() && m.size == member.size);
        if self.now.is_none() {
            return Err(Error::Manifest {
                what: format!("the escrow holds `{}`, which is not listed here", member.path()),
            });
        }
        self.mac = keyed(self.key);
        Ok(Fate::Remove)
    }

    fn blocks(&mut self, _: &[u8], _: Fate) -> Result<()> {
        Ok(())
    }

    fn content(&mut self, bytes: &[u8]) -> Result<()> {
        self.mac.update(bytes);
        match self.now {
            Some(member) => (self.watch)(member, bytes),
            None => Ok(()),
        }
    }

    fn end(&mut self) -> Result<()> {
        let got = wording::hex(&self.mac.clone().finalize().into_bytes());
        match self.now {
            Some(member) if member.hmac_sha256 != got => {
                Err(Error::Manifest { what: format!("the content of `{}` in the escrow is another one", member.path) })
            }
            _ => Ok(()),
        }
    }
}
