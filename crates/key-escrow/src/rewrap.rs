//! Changing who opens an escrow, without plaintext ever reaching a disk.

use std::io::Read;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use signatures::Seed;

use crate::age_file;
use crate::digest::{Digest, Hasher, HashingReader, Sha256Sum};
use crate::error::{Error, Result};
use crate::identities::Identities;
use crate::inside::check_payload;
use crate::join::check_manifest;
use crate::manifest::{Manifest, SCHEMA};
use crate::names::Names;
use crate::outfile::{OutOptions, OutSet};
use crate::payload::{JOIN, JoinPlan, MANIFEST, PayloadReader, PayloadWriter, README};
use crate::place::Access;
use crate::progress::{Phase, ProgressFn, Watched, naming};
use crate::sealing::{SealTo, Sealer, same, write_file};
use crate::shares::fresh_seed;

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
    SCHEMA.clone_into(&mut new.schema); // also of an escrow of the first format: it gets its seeds here
    let seed = fresh_seed()?;
    let mut rest = Hasher::default();
    let opened = PayloadReader::new(age_file::open(escrow, identities.keys())?, escrow);
    let path = set.path(&names.escrow());
    let sealed = sealer.seal(&set, &names.escrow(), |out| {
        reseal(opened, &new.sealed_part(), &seed, PayloadWriter::new(out, &path, mtime(&new)), &mut rest)
    })?;
    let back = Watched {
        inner: Sealer::reopen(&set, &names.escrow(), &sealed)?,
        phase: Phase::Verifying,
        done: 0,
        total: Some(payload.size),
        report: progress,
    };
    prove(HashingReader::new(back), &new.sealed_part(), &rest.finish(), &sealed.payload, out_dir)?;
    sealer.finish(&set, &names, &sealed, Some(&seed), &mut new)?;
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

/// When the entries of a payload were made, as its split wrote it.
fn mtime(manifest: &Manifest) -> u64 {
    let created = manifest.created.parse::<Timestamp>().map_or(0, Timestamp::as_second);
    u64::try_from(created).unwrap_or(0)
}

/// The same payload with another drill seed. `rest` hashes what comes behind the seed, which stays as it is.
fn reseal<R: Read>(
    mut old: PayloadReader<R>,
    manifest: &Manifest,
    seed: &Seed,
    mut new: PayloadWriter<'_>,
    rest: &mut Hasher,
) -> Result<()> {
    let front = old.front()?;
    let plan = JoinPlan { drill_seed: Some(seed.clone()), ..front.plan };
    new.entry(README, &front.readme)?;
    new.entry(MANIFEST, &manifest.to_json()?)?;
    new.entry(JOIN, &plan.to_json()?)?;
    old.rest(|bytes| {
        rest.update(bytes);
        new.blocks(bytes)
    })
}

/// What was written, read back: what was hashed as it was sealed, with everything that was behind the old seed.
fn prove<R: Read>(
    mut written: HashingReader<R>,
    manifest: &Manifest,
    rest: &Digest,
    sealed: &Digest,
    out_dir: &Path,
) -> Result<()> {
    let mut payload = PayloadReader::new(&mut written, out_dir);
    if payload.front()?.manifest != *manifest {
        return Err(Error::Manifest { what: "the copy inside the escrow as written says otherwise".to_owned() });
    }
    let mut back = Hasher::default();
    payload.rest(|bytes| {
        back.update(bytes);
        Ok(())
    })?;
    same("the payload as sealed", rest, &back.finish())?;
    same("the payload as written", sealed, &written.finish().1)
}
