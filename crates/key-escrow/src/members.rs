//! What an escrow holds, into memory: for whoever needs the keys and must not leave them on a disk.

use std::path::Path;

use zeroize::Zeroizing;

use crate::error::{Error, Result};
use crate::identities::Identities;
use crate::inside::watch_payload;
use crate::join::check_manifest;
use crate::manifest::Manifest;
use crate::progress::ProgressFn;

/// No member with keys is larger: a Secret cannot be.
const LARGEST: u64 = 1 << 20;
/// All members together.
const LARGEST_SUM: usize = 64 << 20;

/// A member that was taken out of a tarball. No `Debug`: the bytes are keys, wiped on drop.
pub struct SealedMember {
    /// Its path in the tarball.
    pub path: String,
    /// Its content.
    pub bytes: Zeroizing<Vec<u8>>,
}

/// Opens an escrow and gives the members that `wanted` asks for, by path; nothing is written anywhere.
///
/// All members are read and held against the manifest inside, and that against the one beside, if one is given.
/// Members larger than 1 MiB, which hold no keys, are left out.
///
/// # Errors
/// If the escrow does not open, is damaged, or is not what a manifest says.
pub fn read_members(
    escrow: &Path,
    manifest: Option<&Path>,
    identities: &Identities,
    wanted: impl Fn(&str) -> bool,
    progress: &mut ProgressFn<'_>,
) -> Result<(Manifest, Vec<SealedMember>)> {
    let beside = check_manifest(escrow, manifest, None)?;
    let mut members: Vec<SealedMember> = Vec::new();
    let mut sum = 0_usize;
    let mut take = |member: &crate::RemovedMember, piece: &[u8]| {
        if member.size > LARGEST || !wanted(&member.path) {
            return Ok(());
        }
        sum = sum.saturating_add(piece.len());
        if sum > LARGEST_SUM {
            return Err(Error::Payload { what: "more keys than any tarball has" });
        }
        let size = usize::try_from(member.size).unwrap_or(0);
        let same = |last: &&mut SealedMember| last.path == member.path && last.bytes.len() < size;
        match members.last_mut().filter(same) {
            Some(last) => last.bytes.extend_from_slice(piece),
            None => {
                // one allocation that never grows: growing would leave copies behind
                let mut bytes = Zeroizing::new(Vec::with_capacity(size));
                bytes.extend_from_slice(piece);
                members.push(SealedMember { path: member.path.clone(), bytes });
            }
        }
        Ok(())
    };
    let (inside, _) = watch_payload(escrow, identities, progress, &mut take)?;
    if beside.is_some_and(|manifest| manifest.sealed_part() != inside) {
        return Err(Error::Manifest { what: "is not the one of this escrow".to_owned() });
    }
    Ok((inside, members))
}
