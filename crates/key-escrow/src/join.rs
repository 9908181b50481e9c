//! Joining keyless tarball and escrow into the original.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::age_file;
use crate::digest::Digest;
use crate::error::{Error, Result};
use crate::identities::Identities;
use crate::manifest::{Manifest, RejoinMethod};
use crate::names::file_name;
use crate::outfile::{OutOptions, OutSet};
use crate::payload::PayloadReader;
use crate::progress::{Phase, ProgressFn, Watched, naming};
use crate::recipe;
use crate::rejoin::{digest_file, rejoin};
use crate::sealing::{same, same_or};

/// What to join and where to.
pub struct JoinOptions<'a> {
    /// The keyless tarball; may have been compressed anew or not at all, its tar is what counts.
    pub keyless: &'a Path,
    /// The escrow.
    pub escrow: &'a Path,
    /// The manifest beside them; without it, the copy inside the escrow says what must come out.
    pub manifest: Option<&'a Path>,
    /// What opens the escrow: identities, or what [`crate::ShareSet::combine`] gave.
    pub identities: &'a Identities,
    /// The file to write; mode 0600.
    pub out: &'a Path,
    /// Replace an existing file.
    pub force: bool,
}

/// What a join wrote. Its SHA-256 was compared with the manifest before the file got its name.
#[derive(Debug, Clone)]
pub struct JoinOutcome {
    /// The file.
    pub out: PathBuf,
    /// Its bytes; equal to the manifest's.
    pub original: Digest,
    /// The manifest inside the escrow.
    pub manifest: Manifest,
    /// The name the tarball had; `cluster-restore.sh` needs `static_kuberesources*.tar.gz`.
    pub original_name: String,
    /// Whether the manifest beside the files was given and agrees; without it, only the escrow vouches.
    pub manifest_agrees: bool,
}

/// Joins, proves, and only then names the output.
///
/// # Errors
/// If the escrow does not open, the files do not belong together, or the bytes are not the original's; then no
/// output exists.
pub fn join(options: &JoinOptions<'_>, progress: &mut ProgressFn<'_>) -> Result<JoinOutcome> {
    let beside = check_manifest(options.escrow, options.manifest)?;
    let name = file_name(options.out);
    let parent = options.out.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if name.is_empty() {
        return Err(Error::Usage { what: format!("`{}` does not name a file", options.out.display()) });
    }
    let mut inputs = vec![options.keyless, options.escrow];
    inputs.extend(options.manifest);
    let set = OutSet::begin(OutOptions {
        dir: parent,
        stem: &name,
        names: vec![name.clone()],
        inputs: &inputs,
        force: options.force,
        private_dir: false,
    })?;
    let manifest = run(options, beside.as_ref(), &set, &name, progress)?;
    let outcome = JoinOutcome {
        out: set.path(&name),
        original: manifest.original.digest.clone(),
        original_name: manifest.original.name.clone(),
        manifest_agrees: beside.is_some(),
        manifest,
    };
    set.commit(&mut naming(progress))?;
    Ok(outcome)
}

/// Reads the manifest beside an escrow, and makes sure that the escrow is the file it names.
pub(crate) fn check_manifest(escrow: &Path, manifest: Option<&Path>) -> Result<Option<Manifest>> {
    let beside = manifest.map(Manifest::read).transpose()?;
    if let Some(info) = beside.as_ref().and_then(|m| m.escrow.as_ref()) {
        let hint = "; the escrow was damaged, replaced or rewrapped (use the manifest of the rewrap)";
        same_or("the escrow file", &info.file.digest, &digest_file(escrow)?, hint)?;
    }
    Ok(beside)
}

fn run(
    options: &JoinOptions<'_>,
    beside: Option<&Manifest>,
    set: &OutSet,
    name: &str,
    progress: &mut ProgressFn<'_>,
) -> Result<Manifest> {
    let opened = age_file::open(options.escrow, options.identities.keys())?;
    let total = beside.and_then(|m| m.escrow.as_ref()).map(|e| e.payload.size);
    let opened = Watched { inner: opened, phase: Phase::Joining, done: 0, total, report: progress };
    let mut payload = PayloadReader::new(opened, options.escrow);
    let front = payload.front()?;
    if beside.is_some_and(|m| m.sealed_part() != front.manifest) {
        return Err(Error::Manifest { what: "is not the one of this escrow".to_owned() });
    }
    check_engine(&front.manifest)?;
    let mut out = std::io::BufWriter::with_capacity(64 * 1024, set.create(name)?);
    let joined = rejoin(payload, &front, options.keyless, &mut out)?;
    out.flush().map_err(Error::io("write", options.out))?;
    same("the tar joined", &front.manifest.inner_tar, &joined.inner_tar)?;
    same("the tarball joined", &front.manifest.original.digest, &joined.original)?;
    same("the output as written", &joined.original, &digest_file(&set.staged(name))?)?;
    Ok(front.manifest)
}

/// Corrections are read by the library version that wrote them; another one is tried by nobody on production keys.
pub(crate) fn check_engine(manifest: &Manifest) -> Result<()> {
    match &manifest.rejoin.engine {
        Some(engine) if manifest.rejoin.method == RejoinMethod::Corrections && engine != recipe::ENGINE => {
            Err(Error::Recreate {
                what: format!(
                    "the corrections need {engine}, this tool has {}; use the assay that wrote them: {}",
                    recipe::ENGINE,
                    manifest.tool
                ),
            })
        }
        _ => Ok(()),
    }
}
