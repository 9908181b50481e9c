//! The custodians' drill: does this escrow hold what the manifest says? Prints no secret, writes nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD};
use sha2::Digest as _;
use wording::number_of;

use crate::age_file::{AgeHeader, read_age_header};
use crate::blocks::{self, Fate, Limits, Member, Sink};
use crate::digest::{Digest, Hasher, Sha256Sum};
use crate::error::{Error, Result};
use crate::identities::Identities;
use crate::inside::{check_payload, through};
use crate::join::{of_engine, prove};
use crate::manifest::{EscrowInfo, Manifest, ThresholdInfo, other};
use crate::policy::normal_form;
use crate::progress::ProgressFn;
use crate::recipients::{RecipientInfo, RecipientKind};
use crate::rejoin::{digest_file, rejoin, rejoin_tar, tar_of};
use crate::sealing::same;
use crate::tar_header::BLOCK;

/// What to look at; whatever is absent is not checked, and the report says so.
pub struct VerifyOptions<'a> {
    /// The manifest, against which everything is held.
    pub manifest: &'a Path,
    /// The sum that the manifest must have, as it was kept elsewhere. Without it a manifest is only digests: whoever can
    /// write the directory can forge manifest and files together.
    pub expect_manifest: Option<&'a Sha256Sum>,
    /// The escrow.
    pub escrow: Option<&'a Path>,
    /// The keyless tarball.
    pub keyless: Option<&'a Path>,
    /// Sealed share files.
    pub shares: &'a [PathBuf],
    /// What opens the escrow; without it, only what can be seen from outside is checked.
    pub identities: Option<&'a Identities>,
    /// Caps on what the keyless tarball may make us do.
    pub limits: Limits,
}

/// What a check came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    /// Proven; says what.
    Proven(String),
    /// Disproven; says how.
    Failed(String),
    /// Nothing that was given opens it, and it is as it was sealed: that speaks of what was given, not of the escrow.
    NotOpened(String),
    /// Not possible with what was given; says what is missing.
    NotChecked(&'static str),
}

/// One check. Names are stable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// Its name.
    pub name: &'static str,
    /// What it came to.
    pub proof: Proof,
}

/// Everything that was checked, in a fixed order.
#[derive(Debug, Clone)]
pub struct VerifyReport {
    /// The manifest that was read.
    pub manifest: Manifest,
    /// The digest of its bytes, as they were read.
    pub digest: Digest,
    /// The checks.
    pub checks: Vec<Check>,
}

impl VerifyReport {
    /// Whether nothing failed and what was given opens it; says nothing about checks that were not possible.
    pub fn passed(&self) -> bool {
        !self.checks.iter().any(|c| matches!(c.proof, Proof::Failed(_) | Proof::NotOpened(_)))
    }
}

/// Runs the drill.
///
/// # Errors
/// If the manifest cannot be read, or the disk fails under a file: that proves nothing. Everything else that goes wrong
/// is a failed check.
pub fn verify_escrow(options: &VerifyOptions<'_>, progress: &mut ProgressFn<'_>) -> Result<VerifyReport> {
    let (manifest, digest) = Manifest::read_with_digest(options.manifest)?;
    let info = manifest.escrow.as_ref().ok_or_else(|| Error::Manifest { what: "names no escrow".to_owned() })?;
    let mut checks = Checks(Vec::new());
    if let Some(expected) = options.expect_manifest {
        checks.run("manifest-digest", || match expected.is_of(&digest) {
            true => Ok(format!("sha256 {expected}, as expected")),
            false => Err(other(expected, &digest)),
        })?;
    }
    checks.run("manifest", || consistent(&manifest, info))?;
    checks.with("escrow-digest", options.escrow, NO_ESCROW, |path| same_file(&info.file.digest, path))?;
    checks
        .with("escrow-recipients", options.escrow, NO_ESCROW, |path| recipients(&manifest, &read_age_header(path)?))?;
    checks.with("escrow-size", options.escrow, NO_ESCROW, |path| size(info, &read_age_header(path)?))?;
    checks
        .with("keyless-digest", options.keyless, NO_KEYLESS, |path| same_file(&manifest.keyless.file.digest, path))?;
    checks.with("keyless-members", options.keyless, NO_KEYLESS, |path| {
        keyless_members(&manifest, path, options.limits)
    })?;
    checks.with("shares", (!options.shares.is_empty()).then_some(()), "no share files given", |()| {
        share_files(&manifest, options.shares)
    })?;
    let opened = options.escrow.zip(options.identities);
    let why = if options.escrow.is_none() { NO_ESCROW } else { "no identity given" };
    checks.with("escrow-content", opened, why, |(escrow, ids)| content(&manifest, info, escrow, ids, progress))?;
    let closed = checks.settle_closed();
    let why = if options.keyless.is_none() { NO_KEYLESS } else { closed.unwrap_or(why) };
    let joined = opened.filter(|_| closed.is_none()).zip(options.keyless);
    checks.with("join", joined, why, |((escrow, ids), keyless)| joins(&manifest, escrow, ids, keyless, progress))?;
    Ok(VerifyReport { manifest, digest, checks: checks.0 })
}

const NO_ESCROW: &str = "no escrow given";
const NO_KEYLESS: &str = "no keyless tarball given";

struct Checks(Vec<Check>);

impl Checks {
    /// Why there is nothing more to open, where the content stayed closed. Of a file that is not the one that was sealed
    /// nobody can tell whether it is the identity that does not fit or a header that was damaged.
    fn settle_closed(&mut self) -> Option<&'static str> {
        let sealed =
            self.0.iter().any(|check| check.name == "escrow-digest" && matches!(check.proof, Proof::Proven(_)));
        let content = self.0.last_mut().filter(|check| matches!(check.proof, Proof::NotOpened(_)))?;
        if !sealed {
            content.proof =
                Proof::NotChecked("what was given does not open it, and it is not the file that was sealed");
        }
        Some("it was not opened")
    }

    fn run(&mut self, name: &'static str, check: impl FnOnce() -> Result<String>) -> Result<()> {
        let proof = match check() {
            Ok(proven) => Proof::Proven(proven),
            Err(error) if error.is_of_medium() => return Err(error),
            Err(error @ Error::NoMatchingIdentity { .. }) => Proof::NotOpened(error.to_string()),
            Err(error) => Proof::Failed(error.to_string()),
        };
        self.0.push(Check { name, proof });
        Ok(())
    }

    fn with<T>(
        &mut self,
        name: &'static str,
        given: Option<T>,
        missing: &'static str,
        check: impl FnOnce(T) -> Result<String>,
    ) -> Result<()> {
        match given {
            Some(given) => self.run(name, || check(given)),
            None => {
                self.0.push(Check { name, proof: Proof::NotChecked(missing) });
                Ok(())
            }
        }
    }
}

fn differs<T>(what: &'static str, expected: impl ToString, got: impl ToString) -> Result<T> {
    Err(Error::Mismatch { what, expected: expected.to_string(), got: got.to_string(), hint: "" })
}

/// The manifest's own numbers: what left and what stayed make up the tar.
fn consistent(manifest: &Manifest, info: &EscrowInfo) -> Result<String> {
    let gone = manifest.inner_tar.size.checked_sub(manifest.keyless.inner_tar.size);
    let least = manifest.removed.iter().try_fold(0_u64, |sum, m| {
        sum.checked_add(m.size.checked_next_multiple_of(BLOCK as u64)?)?.checked_add(BLOCK as u64)
    });
    match (gone, least) {
        (Some(gone), Some(least))
            if gone % BLOCK as u64 == 0
                && gone >= least
                && (gone == 0) == manifest.removed.is_empty()
                && info.payload.size > gone =>
        {
            Ok(format!("{} in {gone} bytes of tar", number_of(manifest.removed.len() as u64, "member", "members")))
        }
        _ => differs("the size of what was removed", least.unwrap_or(0), gone.unwrap_or(0)),
    }
}

fn same_file(expected: &Digest, path: &Path) -> Result<String> {
    same("the file", expected, &digest_file(path)?)?;
    Ok(format!("sha256 {}", expected.sha256))
}

/// Stanza types and counts, and for ssh the short tag of each key.
fn recipients(manifest: &Manifest, header: &AgeHeader) -> Result<String> {
    let mut expected: BTreeMap<&str, usize> = BTreeMap::new();
    let mut foreign = 0;
    for r in &manifest.recipients {
        match stanza_type(r.kind) {
            Some(tag) => *expected.entry(tag).or_default() += 1,
            None => foreign += 1,
        }
        if let Some(tag) = ssh_tag(r)
            && !header.stanzas.iter().any(|s| s.args.first() == Some(&tag))
        {
            return differs("the recipients", &r.recipient, "no stanza for it");
        }
    }
    let mut found: BTreeMap<&str, usize> = BTreeMap::new();
    for stanza in header.stanzas.iter().filter(|s| !s.is_grease()) {
        *found.entry(&stanza.tag).or_default() += 1;
    }
    let known: BTreeMap<&str, usize> = found.iter().filter(|(tag, _)| is_native(tag)).map(|(t, n)| (*t, *n)).collect();
    let others = found.len() - known.len();
    if known != expected || (others == 0) != (foreign == 0) {
        return differs("the recipients", format!("{expected:?} and {foreign} of plugins"), format!("{found:?}"));
    }
    Ok(format!("{}, by type and number", number_of(manifest.recipients.len() as u64, "recipient", "recipients")))
}

fn stanza_type(kind: RecipientKind) -> Option<&'static str> {
    match kind {
        RecipientKind::X25519 => Some("X25519"),
        RecipientKind::SshEd25519 => Some("ssh-ed25519"),
        RecipientKind::SshRsa => Some("ssh-rsa"),
        RecipientKind::Passphrase => Some("scrypt"),
        RecipientKind::Tag | RecipientKind::Plugin => None,
    }
}

fn is_native(tag: &str) -> bool {
    matches!(tag, "X25519" | "ssh-ed25519" | "ssh-rsa" | "scrypt")
}

/// The first four bytes of the SHA-256 of an ssh public key, as age writes them.
fn ssh_tag(r: &RecipientInfo) -> Option<String> {
    if !matches!(r.kind, RecipientKind::SshEd25519 | RecipientKind::SshRsa) {
        return None;
    }
    let key = BASE64_STANDARD.decode(r.recipient.split_whitespace().nth(1)?).ok()?;
    Some(BASE64_STANDARD_NO_PAD.encode(sha2::Sha256::digest(key).get(..4)?))
}

fn size(info: &EscrowInfo, header: &AgeHeader) -> Result<String> {
    if header.armored != info.armored {
        return differs("the armor", info.armored, header.armored);
    }
    let expected = header.file_size(info.payload.size);
    if !header.armored && expected != info.file.digest.size {
        return differs("the size for this payload", expected, info.file.digest.size);
    }
    Ok(format!("payload of {} bytes", info.payload.size))
}

/// The keyless tar is the one split off, and has none of the removed members.
fn keyless_members(manifest: &Manifest, path: &Path, limits: Limits) -> Result<String> {
    struct Names(BTreeSet<String>, Hasher, usize);
    impl Sink for Names {
        fn member(&mut self, member: &Member) -> Result<Fate> {
            self.2 += 1;
            for name in member.names() {
                let name = normal_form(&name);
                if self.0.contains(&name) {
                    return Err(Error::Manifest { what: format!("the keyless tarball still has `{name}`") });
                }
            }
            Ok(Fate::Keep)
        }
        fn blocks(&mut self, bytes: &[u8], _: Fate) -> Result<()> {
            self.1.update(bytes);
            Ok(())
        }
        fn content(&mut self, _: &[u8]) -> Result<()> {
            Ok(())
        }
        fn end(&mut self) -> Result<()> {
            Ok(())
        }
    }
    let removed = manifest.removed.iter().map(|r| normal_form(&r.path)).collect();
    let mut names = Names(removed, Hasher::default(), 0);
    blocks::walk(tar_of(path)?, limits, &mut names)?;
    same("the keyless tar", &manifest.keyless.inner_tar, &names.1.finish())?;
    Ok(format!("{}, none of the {} removed", number_of(names.2 as u64, "member", "members"), manifest.removed.len()))
}

fn share_files(manifest: &Manifest, paths: &[PathBuf]) -> Result<String> {
    let threshold =
        manifest.threshold.as_ref().ok_or_else(|| Error::Manifest { what: "names no shares".to_owned() })?;
    for path in paths {
        if !lists_share(threshold, path)? {
            return Err(Error::Share {
                share: path.display().to_string(),
                what: "is none of the files that the manifest lists".to_owned(),
            });
        }
    }
    Ok(format!("{} of {} share files as sealed, {} needed", paths.len(), threshold.shares.len(), threshold.threshold))
}

/// Whether a file is one of the shares as they were sealed.
///
/// # Errors
/// If it cannot be read.
pub fn lists_share(threshold: &ThresholdInfo, file: &Path) -> Result<bool> {
    let digest = digest_file(file)?;
    Ok(threshold.shares.iter().any(|share| share.file.digest == digest))
}

fn content(
    manifest: &Manifest,
    info: &EscrowInfo,
    escrow: &Path,
    ids: &Identities,
    progress: &mut ProgressFn<'_>,
) -> Result<String> {
    let (sealed, payload) = check_payload(escrow, ids, progress)?;
    if sealed != manifest.sealed_part() {
        return Err(Error::Manifest { what: "the copy inside the escrow says otherwise".to_owned() });
    }
    same("the payload", &info.payload, &payload)?;
    Ok(format!(
        "opens, and holds exactly the {} of the manifest",
        number_of(sealed.removed.len() as u64, "member", "members")
    ))
}

fn joins(
    manifest: &Manifest,
    escrow: &Path,
    ids: &Identities,
    keyless: &Path,
    progress: &mut ProgressFn<'_>,
) -> Result<String> {
    let joined = through(escrow, ids, progress, |mut payload| {
        let front = payload.front()?;
        rejoin(payload, &front, keyless, &mut io::sink()).map_err(|error| of_engine(manifest, error))
    });
    let joined = match joined.and_then(|(joined, _)| prove(manifest, &joined).map(|()| joined)) {
        Err(Error::Recreate { what }) => {
            let (tar, _) = through(escrow, ids, progress, |mut payload| {
                let front = payload.front()?;
                rejoin_tar(payload, &front, keyless, &mut io::sink())
            })?;
            same("the tar joined", &manifest.inner_tar, &tar)?;
            return Err(Error::Recreate { what });
        }
        joined => joined?,
    };
    Ok(format!("gives the original, sha256 {}", joined.original.sha256))
}
