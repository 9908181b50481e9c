//! Joining keyless tarball and escrow into the original.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::age_file;
use crate::digest::{Digest, Sha256Sum};
use crate::error::{Error, Result};
use crate::identities::Identities;
use crate::manifest::{Manifest, RejoinMethod};
use crate::names::{Names, file_name};
use crate::outfile::{OutOptions, OutSet};
use crate::payload::PayloadReader;
use crate::place::Access;
use crate::progress::{Phase, ProgressFn, Watched, naming};
use crate::recipe;
use crate::rejoin::{Rejoined, digest_file, rejoin, rejoin_tar};
use crate::sealing::{same, same_or};

/// What to join and where to.
pub struct JoinOptions<'a> {
    /// The keyless tarball; may have been compressed anew or not at all, its tar is what counts.
    pub keyless: &'a Path,
    /// The escrow.
    pub escrow: &'a Path,
    /// The manifest beside them; without it, the copy inside the escrow says what must come out.
    pub manifest: Option<&'a Path>,
    /// The sum that the manifest must have, as it was kept elsewhere; then a manifest must be given.
    pub expect_manifest: Option<&'a Sha256Sum>,
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
    /// The file: that of the options, or the tar beside it.
    pub out: PathBuf,
    /// Its bytes; equal to the manifest's for the original, or for the tar inside it.
    pub digest: Digest,
    /// Why this is the tar without its gzip layer; nothing where it is the original.
    pub plain_tar: Option<String>,
    /// The manifest inside the escrow.
    pub manifest: Manifest,
    /// The name the tarball had; `cluster-restore.sh` needs `static_kuberesources*.tar.gz`.
    pub original_name: String,
    /// Whether the manifest beside the files was given and agrees; without it, only the escrow vouches.
    pub manifest_agrees: bool,
    /// The permission bits of the file's directory, where not only its owner may write to it.
    pub shared: Option<u32>,
}

/// What to write.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// The tarball that was split.
    Original,
    /// The tar inside it.
    Tar,
}

/// Joins, proves, and only then names the output.
///
/// Where the corrections do not give the gzip layer back (they are read by another version of the library than wrote
/// them, or are damaged), the tar inside is written, proven as well, and called `.tar` instead of `.tar.gz`: keys and data
/// are whole, and any gzip makes a tarball of it to restore from.
///
/// # Errors
/// If the escrow does not open, the files do not belong together, or the bytes are not the original's; then no
/// output exists.
pub fn join(options: &JoinOptions<'_>, progress: &mut ProgressFn<'_>) -> Result<JoinOutcome> {
    let beside = check_manifest(options.escrow, options.manifest, options.expect_manifest)?;
    let name = file_name(options.out);
    if name.is_empty() {
        return Err(Error::Usage { what: format!("`{}` does not name a file", options.out.display()) });
    }
    match write(options, beside.as_ref(), &name, Form::Original, progress) {
        Err(Error::Recreate { what }) => {
            let outcome = write(options, beside.as_ref(), &Names::of(&name).tar(), Form::Tar, progress)?;
            Ok(JoinOutcome { plain_tar: Some(what), ..outcome })
        }
        other => other,
    }
}

fn write(
    options: &JoinOptions<'_>,
    beside: Option<&Manifest>,
    name: &str,
    form: Form,
    progress: &mut ProgressFn<'_>,
) -> Result<JoinOutcome> {
    let parent = options.out.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut inputs = vec![options.keyless, options.escrow];
    inputs.extend(options.manifest);
    let set = OutSet::begin(OutOptions {
        dir: parent,
        stem: name,
        names: vec![name.to_owned()],
        inputs: &inputs,
        force: options.force,
        access: Access::Shared,
    })?;
    let manifest = run(options, beside, &set, name, form, progress)?;
    let digest = if form == Form::Tar { &manifest.inner_tar } else { &manifest.original.digest };
    let outcome = JoinOutcome {
        out: options.out.with_file_name(name),
        digest: digest.clone(),
        plain_tar: None,
        original_name: manifest.original.name.clone(),
        manifest_agrees: beside.is_some(),
        shared: set.shared(),
        manifest,
    };
    set.commit(&mut naming(progress))?;
    Ok(outcome)
}

/// Reads the manifest beside an escrow, and makes sure that the escrow is the file it names.
///
/// With an `expected` sum, a manifest must be there and have it.
pub(crate) fn check_manifest(
    escrow: &Path,
    manifest: Option<&Path>,
    expected: Option<&Sha256Sum>,
) -> Result<Option<Manifest>> {
    if manifest.is_none() && expected.is_some() {
        return Err(Error::Manifest { what: "is not there, and its SHA-256 was to be checked".to_owned() });
    }
    let beside = manifest.map(|path| Manifest::read_expected(path, expected)).transpose()?;
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
    form: Form,
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
    let mut out = std::io::BufWriter::with_capacity(64 * 1024, set.create(name)?);
    let written = match form {
        Form::Original => {
            let joined =
                rejoin(payload, &front, options.keyless, &mut out).map_err(|e| of_engine(&front.manifest, e))?;
            prove(&front.manifest, &joined)?;
            joined.original
        }
        Form::Tar => {
            let tar = rejoin_tar(payload, &front, options.keyless, &mut out)?;
            same("the tar joined", &front.manifest.inner_tar, &tar)?;
            tar
        }
    };
    out.flush().map_err(Error::io("write", options.out))?;
    same("the output as written", &written, &digest_file(&set.staged(name))?)?;
    Ok(front.manifest)
}

/// Holds what was joined against the manifest; a gzip layer that is another one is told apart from a tar that is.
pub(crate) fn prove(manifest: &Manifest, joined: &Rejoined) -> Result<()> {
    same("the tar joined", &manifest.inner_tar, &joined.inner_tar)?;
    if joined.original != manifest.original.digest && manifest.rejoin.method == RejoinMethod::Corrections {
        let what = "the corrections give other bytes".to_owned();
        return Err(of_engine(manifest, Error::Recreate { what }));
    }
    same("the tarball joined", &manifest.original.digest, &joined.original)
}

/// Why the corrections could not be applied, with the version that wrote them where this tool has another. They are tried
/// all the same: what comes out counts only if its SHA-256 is that of the original.
pub(crate) fn of_engine(manifest: &Manifest, error: Error) -> Error {
    match (error, &manifest.rejoin.engine) {
        (Error::Recreate { what }, Some(engine)) if engine != recipe::ENGINE => Error::Recreate {
            what: format!(
                "{what}; they were written by {engine}, in {}, and this tool has {}",
                manifest.tool,
                recipe::ENGINE
            ),
        },
        (error, _) => error,
    }
}
