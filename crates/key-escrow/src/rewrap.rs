//! Changing who opens an escrow, without plaintext ever reaching a disk.

use std::io::Read;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::age_file;
use crate::digest::{HashingReader, Sha256Sum};
use crate::error::{Error, Result};
use crate::identities::Identities;
use crate::inside::check_payload;
use crate::join::check_manifest;
use crate::manifest::Manifest;
use crate::names::Names;
use crate::outfile::{OutOptions, OutSet};
use crate::place::Access;
use crate::progress::{Phase, ProgressFn, Watched, naming};
use crate::sealing::{SealTo, Sealer, same, write_file};

/// What to rewrap, for whom, and where to.
pub struct RewrapOptions<'a> {
    /// The escrow as it is; stays as it is.
    pub escrow: &'a Path,
    /// Its manifest; without it, the copy inside the escrow is the base of the new one.
    pub manifest: Option<&'a Path>,
    /// The sum that the manifest must have, as it was kept elsewhere; then a manifest must be given.
    pub expect_manifest: Option<&'a Sha256Sum>,
    /// What opens the escrow.
    pub identities: &'a Identities,
    /// The new recipients or custodians.
    pub seal_to: SealTo,
    /// ASCII-armor the new files.
    pub armor: bool,
    /// The output directory; created with mode 0700 if it is missing.
    pub out_dir: &'a Path,
    /// Replace existing outputs (never the input).
    pub force: bool,
}

/// What a rewrap wrote; read back, and its payload equal to the old one's.
#[derive(Debug, Clone)]
pub struct RewrapOutcome {
    /// The new manifest, as written.
    pub manifest: Manifest,
    /// The new escrow.
    pub escrow: PathBuf,
    /// The new manifest file.
    pub manifest_path: PathBuf,
    /// The sealed shares, in order; empty without a threshold.
    pub shares: Vec<PathBuf>,
}

/// Seals the payload of an escrow to other recipients.
///
/// The old escrow still opens for the old recipients: whoever must lose access must not keep it, and keys they may
/// have seen should be rotated.
///
/// # Errors
/// If the escrow does not open or is not whole; then no output exists.
pub fn rewrap(options: RewrapOptions<'_>, progress: &mut ProgressFn<'_>) -> Result<RewrapOutcome> {
    let RewrapOptions { escrow, manifest, expect_manifest, identities, seal_to, armor, out_dir, force } = options;
    seal_to.check()?;
    let beside = check_manifest(escrow, manifest, expect_manifest)?;
    let old = beside.as_ref().and_then(|m| m.escrow.as_ref());
    // a first pass proves that the escrow is whole before it is copied, and gives the manifest
    let (mut new, payload) = check_payload(escrow, identities, &mut *progress)?;
    if let Some(old) = old {
        same("the payload", &old.payload, &payload)?;
    }
    if beside.as_ref().is_some_and(|m| m.sealed_part() != new) {
        return Err(Error::Manifest { what: "is not the one of this escrow".to_owned() });
    }
    let names = Names::of(&new.original.name);
    let mut files = vec![names.escrow()];
    files.extend(seal_to.share_names(&names));
    let shares = files.get(1..).unwrap_or_default().to_vec();
    files.push(names.manifest());
    let mut inputs = vec![escrow];
    inputs.extend(manifest);
    let set = OutSet::begin(OutOptions {
        dir: out_dir,
        stem: &names.stem,
        names: files,
        inputs: &inputs,
        force,
        access: Access::Private,
    })?;

    let sealer = Sealer::new(seal_to, armor);
    let mut opened = age_file::open(escrow, identities.keys())?;
    let sealed = sealer.seal(&set, &names.escrow(), |out| {
        let mut buf = Zeroizing::new(vec![0; 64 * 1024]);
        loop {
            match opened.read(&mut buf).map_err(Error::io("decrypt", escrow))? {
                0 => return Ok(()),
                n => out.write_all(buf.get(..n).unwrap_or_default()).map_err(Error::io("write", out_dir))?,
            }
        }
    })?;
    same("the payload as sealed", &payload, &sealed.payload)?;
    let back = Watched {
        inner: Sealer::reopen(&set, &names.escrow(), &sealed)?,
        phase: Phase::Verifying,
        done: 0,
        total: Some(payload.size),
        report: progress,
    };
    same(
        "the payload as written",
        &payload,
        &HashingReader::new(back).drain().map_err(Error::io("decrypt", out_dir))?,
    )?;
    sealer.finish(&set, &names, &sealed, &mut new)?;
    write_file(&set, &names.manifest(), &new.to_json()?)?;
    let outcome = RewrapOutcome {
        manifest: new,
        escrow: set.path(&names.escrow()),
        manifest_path: set.path(&names.manifest()),
        shares: shares.iter().map(|name| set.path(name)).collect(),
    };
    set.commit(&mut naming(progress))?;
    Ok(outcome)
}
