//! Splitting a tarball into keyless tarball, escrow and manifest.

use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::blocks::Limits;
use crate::cut::{Cut, How, cut};
use crate::digest::Digest;
use crate::error::{Error, Result};
use crate::gz::Gunzip;
use crate::infile;
use crate::manifest::{KeylessInfo, Manifest, NamedDigest, RejoinInfo, RejoinMethod, SCHEMA, SnapshotDigest};
use crate::names::{Names, file_name};
use crate::outfile::{OutOptions, OutSet};
use crate::payload::{JOIN, JoinPlan, MANIFEST, ORIGINAL, PayloadReader, PayloadWriter, README, RECIPE};
use crate::place::Access;
use crate::policy::{RemovalPolicy, Search, Sighting};
use crate::progress::{Phase, ProgressFn, Watched, naming};
use crate::readme::readme;
use crate::recipe::{self, Analysis};
use crate::rejoin::{passphrase, rejoin, seal_original, sealed_size};
use crate::sealing::{SealTo, Sealer, same, write_file};
use crate::shares::fresh_seed;
use crate::tar_header::BLOCK;

/// What to split, how, and where to.
pub struct SplitOptions<'a> {
    /// The tarball; read only.
    pub tarball: &'a Path,
    /// The output directory; created with mode 0700 if it is missing.
    pub out_dir: &'a Path,
    /// Which members leave.
    pub policy: &'a RemovalPolicy,
    /// Whom the escrow is sealed to.
    pub seal_to: SealTo,
    /// ASCII-armor escrow and shares.
    pub armor: bool,
    /// The snapshot of the same backup, for the manifest.
    pub snapshot: Option<SnapshotDigest>,
    /// The time to write into the manifest.
    pub created: jiff::Timestamp,
    /// Tool and version, for the manifest.
    pub tool: &'a str,
    /// Replace existing outputs.
    pub force: bool,
    /// Always seal the original instead of looking for corrections.
    pub seal_original: bool,
    /// Caps on the tarball.
    pub limits: Limits,
    /// Looks for secrets in all that is written in clear: whatever it finds, nothing is written.
    pub search: Option<&'a mut dyn Search>,
}

/// What a split wrote. Everything was read back and the original re-created from it before this was returned.
#[derive(Debug, Clone)]
pub struct SplitOutcome {
    /// The manifest, as written.
    pub manifest: Manifest,
    /// The keyless tarball.
    pub keyless: PathBuf,
    /// The escrow.
    pub escrow: PathBuf,
    /// The manifest file.
    pub manifest_path: PathBuf,
    /// The sealed shares, in order; empty without a threshold.
    pub shares: Vec<PathBuf>,
}

/// Splits `options.tarball`.
///
/// Memory does not depend on the size of the tarball. A tarball without encryption keys is split all the same; the
/// manifest then says [`EncryptionState::NoKeys`](crate::EncryptionState::NoKeys).
///
/// # Errors
/// If anything is unsound, ambiguous or in the way; then no output exists and the tarball is untouched.
pub fn split(options: SplitOptions<'_>, progress: &mut ProgressFn<'_>) -> Result<SplitOutcome> {
    let SplitOptions {
        tarball,
        out_dir,
        policy,
        seal_to,
        armor,
        snapshot,
        created,
        tool,
        force,
        limits,
        mut search,
        ..
    } = options;
    seal_to.check()?;
    let before = Stamp::of(tarball)?;
    let original_name = file_name(tarball);
    let names = Names::of(&original_name);
    let mut files = vec![names.keyless(), names.escrow()];
    files.extend(seal_to.share_names(&names));
    let shares = files.get(2..).unwrap_or_default().to_vec();
    files.push(names.manifest());
    let set = OutSet::begin(OutOptions {
        dir: out_dir,
        stem: &names.stem,
        names: files,
        inputs: &[tarball],
        force,
        access: Access::Private,
    })?;

    let how = How { policy, limits, search: search.as_deref_mut(), size: before.size };
    let mut cut = cut(tarball, how, &set, &names.keyless(), progress)?;
    let (method, recipe, reason) =
        choose_method(tarball, &cut.inner_tar, options.seal_original, before.size, progress)?;
    let manifest = Manifest {
        schema: SCHEMA.to_owned(),
        tool: tool.to_owned(),
        created: created.to_string(),
        original: NamedDigest { name: original_name, digest: cut.original.clone() },
        inner_tar: cut.inner_tar.clone(),
        keyless: KeylessInfo {
            file: NamedDigest { name: names.keyless(), digest: cut.keyless.clone() },
            inner_tar: cut.keyless_tar.clone(),
        },
        escrow: None,
        snapshot,
        encryption: cut.encryption,
        removed: std::mem::take(&mut cut.removed),
        remaining: policy.remaining().clone(),
        key_names: std::mem::take(&mut cut.key_names),
        rejoin: rejoin_info(method, reason),
        recipients: Vec::new(),
        threshold: None,
    };
    let work =
        Work { tarball, names: &names, set: &set, sealer: Sealer::new(seal_to, armor), cut, mtime: mtime(created) };
    let manifest = work.seal_and_prove(manifest, recipe, progress)?;
    if Stamp::of(tarball)? != before {
        return Err(Error::InputChanged { path: tarball.to_path_buf() });
    }
    let json = manifest.to_json()?;
    if let Some(search) = search {
        search.restart();
        if let Some(Sighting { what, form, .. }) = search.look(&json) {
            return Err(Error::SecretInManifest { what, form });
        }
    }
    write_file(&set, &names.manifest(), &json)?;
    let outcome = SplitOutcome {
        manifest,
        keyless: set.path(&names.keyless()),
        escrow: set.path(&names.escrow()),
        manifest_path: set.path(&names.manifest()),
        shares: shares.iter().map(|name| set.path(name)).collect(),
    };
    set.commit(&mut naming(progress))?;
    Ok(outcome)
}

fn mtime(created: jiff::Timestamp) -> u64 {
    u64::try_from(created.as_second()).unwrap_or(0)
}

/// What must not change while a file is read several times.
#[derive(PartialEq, Eq)]
struct Stamp {
    size: u64,
    identity: (u64, u64),
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    fn of(path: &Path) -> Result<Self> {
        let m = std::fs::metadata(path).map_err(Error::io("open", path))?;
        if !m.is_file() {
            return Err(Error::Usage { what: format!("`{}` is not a regular file", path.display()) });
        }
        Ok(Self {
            size: m.len(),
            identity: (m.dev(), m.ino()),
            modified: (m.mtime(), m.mtime_nsec()),
            changed: (m.ctime(), m.ctime_nsec()),
        })
    }
}

fn rejoin_info(method: RejoinMethod, reason: Option<String>) -> RejoinInfo {
    let engine = (method == RejoinMethod::Corrections).then(|| recipe::ENGINE.to_owned());
    RejoinInfo { method, engine, reason, separation: method.separation().to_owned() }
}

/// Corrections if they can be had, otherwise the reason why not.
fn choose_method(
    tarball: &Path,
    inner_tar: &Digest,
    sealed: bool,
    size: u64,
    progress: &mut ProgressFn<'_>,
) -> Result<(RejoinMethod, Option<Vec<u8>>, Option<String>)> {
    let refused = |why: String| (RejoinMethod::SealedOriginal, None, Some(why));
    if sealed {
        return Ok(refused("asked for".to_owned()));
    }
    let mut reason = String::new();
    for attempt in recipe::ATTEMPTS {
        let source = Watched {
            inner: infile::open(tarball)?,
            phase: Phase::Analysing,
            done: 0,
            total: Some(size),
            report: progress,
        };
        match recipe::analyse(source, inner_tar, attempt)? {
            Analysis::Recipe(recipe) => return Ok((RejoinMethod::Corrections, Some(recipe), None)),
            Analysis::Refused(why) => reason = why,
        }
    }
    Ok(refused(reason))
}

/// Everything needed to seal and to prove.
struct Work<'a> {
    tarball: &'a Path,
    names: &'a Names,
    set: &'a OutSet,
    sealer: Sealer,
    cut: Cut,
    mtime: u64,
}

impl Work<'_> {
    /// Seals; re-creates the original from the files on disk; seals the original itself if that fails.
    fn seal_and_prove(
        self,
        mut manifest: Manifest,
        recipe: Option<Vec<u8>>,
        progress: &mut ProgressFn<'_>,
    ) -> Result<Manifest> {
        let mut plan = JoinPlan {
            method: manifest.rejoin.method,
            runs: self.cut.runs.clone(),
            member_key: self.cut.member_key.clone(),
            seal_key: self.cut.seal_key.clone(),
            drill_seed: Some(fresh_seed()?),
        };
        let mut sealed = self.seal(&manifest, &plan, recipe.as_deref(), progress)?;
        if let Err(e) = self.prove(&sealed, &manifest, progress) {
            if plan.method == RejoinMethod::SealedOriginal
                || !matches!(e, Error::Recreate { .. } | Error::Mismatch { .. })
            {
                return Err(e);
            }
            plan.method = RejoinMethod::SealedOriginal;
            manifest.rejoin = rejoin_info(plan.method, Some("the corrections did not give the original".to_owned()));
            sealed = self.seal(&manifest, &plan, None, progress)?;
            self.prove(&sealed, &manifest, progress)?;
        }
        self.sealer.finish(self.set, self.names, &sealed, plan.drill_seed.as_ref(), &mut manifest)?;
        Ok(manifest)
    }

    fn seal(
        &self,
        manifest: &Manifest,
        plan: &JoinPlan,
        recipe: Option<&[u8]>,
        progress: &mut ProgressFn<'_>,
    ) -> Result<crate::age_file::Sealed> {
        let name = self.names.escrow();
        let path = self.set.path(&name);
        self.sealer.seal(self.set, &name, |out| {
            let mut payload = PayloadWriter::new(out, &path, self.mtime);
            payload.entry(README, readme(manifest, plan).as_bytes())?;
            payload.entry(MANIFEST, &manifest.sealed_part().to_json()?)?;
            payload.entry(JOIN, &plan.to_json()?)?;
            match recipe {
                Some(recipe) => payload.entry(RECIPE, recipe)?,
                None => {
                    let size = sealed_size(manifest.original.digest.size)?;
                    let passphrase = passphrase(self.cut.keyless_mac.clone());
                    payload.stream(ORIGINAL, size, |out| {
                        seal_original(out, passphrase, &mut infile::open(self.tarball)?)
                    })?;
                }
            }
            self.copy_removed(plan, &mut payload, progress)?;
            payload.finish()
        })
    }

    /// Reads the tar again and copies the removed blocks; nothing of them is ever held whole.
    fn copy_removed(
        &self,
        plan: &JoinPlan,
        payload: &mut PayloadWriter<'_>,
        progress: &mut ProgressFn<'_>,
    ) -> Result<()> {
        let total = Some(self.cut.original.size);
        let source =
            Watched { inner: infile::open(self.tarball)?, phase: Phase::Sealing, done: 0, total, report: progress };
        let mut tar = Gunzip::new(source);
        let mut buf = Zeroizing::new(vec![0; 64 * 1024]);
        let last = plan.runs.iter().rposition(|run| run.1 > 0).map_or(0, |i| i + 1);
        for (kept, removed) in plan.runs.iter().take(last) {
            for (blocks, copy) in [(*kept, false), (*removed, true)] {
                let mut part = (&mut tar).take(blocks.saturating_mul(BLOCK as u64));
                loop {
                    match part.read(&mut buf).map_err(Error::io("read", self.tarball))? {
                        0 => break,
                        n if copy => payload.blocks(buf.get(..n).unwrap_or_default())?,
                        _ => {}
                    }
                }
                if part.limit() > 0 {
                    return Err(Error::InputChanged { path: self.tarball.to_path_buf() });
                }
            }
        }
        Ok(())
    }

    /// Joins what is on the disk and compares with the original.
    fn prove(
        &self,
        sealed: &crate::age_file::Sealed,
        manifest: &Manifest,
        progress: &mut ProgressFn<'_>,
    ) -> Result<()> {
        let name = self.names.escrow();
        let opened = Sealer::reopen(self.set, &name, sealed)?;
        let total = Some(sealed.payload.size);
        let opened = Watched { inner: opened, phase: Phase::Verifying, done: 0, total, report: progress };
        let mut payload = PayloadReader::new(opened, &self.set.path(&name));
        let front = payload.front()?;
        let keyless = self.set.staged(&self.names.keyless());
        let joined = rejoin(payload, &front, &keyless, &mut io::sink())?;
        same("the tar joined again", &manifest.inner_tar, &joined.inner_tar)?;
        same("the tarball joined again", &manifest.original.digest, &joined.original)
    }
}
