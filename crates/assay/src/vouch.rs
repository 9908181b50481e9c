//! What vouches for the manifest of an escrow: people who signed it, or a digest that was kept elsewhere.

use std::fs::{File, Metadata};
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use artifact::open_regular;
use checks::Finding;
use checks::vouched::{Expected, Signatures, Vouching, check_vouching};
use document::HexBytes;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use key_escrow::{Check, Proof, Sha256Sum};
use sha2::{Digest as _, Sha256};
use signatures::{ListFault, Namespace, Revoked, Signers, Trust, Unreadable, Vouched};
use wording::{escape, escape_path};

/// Longer manifests are read by nobody; longer signatures and lists neither.
const MOST: u64 = 64 << 20;

/// Whom to believe. `default()`: nobody is asked for, and nothing vouches.
#[derive(Clone, Default)]
pub struct Vouch {
    signers: Option<Signers>,
    revoked: Revoked,
    /// How many people have to have signed; at least one, where signers are given.
    pub need: usize,
    /// What the signatures have to be for; that of a manifest, where nothing else is said.
    pub namespace: Namespace,
    /// The digest that was kept elsewhere.
    pub expect: Option<Sha256Sum>,
    /// Where the lists lie.
    lists: Vec<PathBuf>,
}

/// Why a list of signers, or of revoked keys, is not used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VouchError {
    /// It cannot be read.
    #[error("cannot read `{}`: {source}", escape_path(path))]
    Io {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// A line is not understood.
    #[error("`{}`, {fault}", escape_path(path))]
    List {
        /// The file.
        path: PathBuf,
        /// Which line, and why.
        fault: ListFault,
    },
    /// Others can change it, and so name themselves.
    #[error("`{}` can be changed by others ({how}): a list of signers is worth what its file is", escape_path(path))]
    Loose {
        /// The file, or its directory.
        path: PathBuf,
        /// By whom.
        how: String,
    },
    /// It lies with what it is to vouch for.
    #[error(
        "the list `{}` lies in the directory of the manifest that it is to vouch for: who forges one changes the other",
        escape_path(path)
    )]
    Beside {
        /// The list.
        path: PathBuf,
    },
}

impl VouchError {
    /// What to do.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Loose { .. } => Some("keep it where only you or root can write: `chmod go-w`"),
            Self::Beside { .. } => Some("keep the list of signers away from the backups"),
            Self::Io { .. } | Self::List { .. } => None,
        }
    }
}

/// What vouches for one manifest.
pub struct Held {
    /// The findings that it comes to; KEY-047 where it is vouched for.
    pub findings: Vec<Finding>,
    /// The bytes that were held against it: whoever reads the manifest again holds it to them.
    pub sum: Sha256Sum,
    /// The same as a check of a drill; none where nobody was asked for.
    pub check: Option<Check>,
}

impl Held {
    /// Whether it may be relied on, as far as anybody asked.
    #[must_use]
    pub fn holds(&self) -> bool {
        !matches!(&self.check, Some(Check { proof: Proof::Failed(_), .. }))
    }
}

impl Vouch {
    /// Reads the lists. Times without `Z` are meant in `zone`.
    ///
    /// # Errors
    /// A list that cannot be read, is not understood, or that others can change.
    pub fn read(signers: &[PathBuf], revoked: &[PathBuf], zone: &TimeZone) -> Result<Self, VouchError> {
        let mut vouch = Self::default();
        for path in signers {
            let list = Signers::parse(&list(path)?, zone).map_err(at(path))?;
            vouch.signers.get_or_insert_default().extend(list);
        }
        for path in revoked {
            vouch.revoked.extend(Revoked::parse(&list(path)?).map_err(at(path))?);
        }
        vouch.lists = signers.iter().chain(revoked).cloned().collect();
        Ok(vouch)
    }

    /// Whether anything has to vouch.
    #[must_use]
    pub fn asks(&self) -> bool {
        self.signers.is_some() || self.expect.is_some()
    }

    /// Why nobody vouches for a file, in words, as far as somebody asked; and the very bytes that were looked at.
    ///
    /// # Errors
    /// As [`Vouch::hold`].
    pub fn against(&self, file: &Path, now: Timestamp) -> Result<(Option<String>, Vec<u8>), VouchError> {
        let (bytes, held) = (whole(file)?, self.hold(file, now)?);
        // what changed between the two looks is not what was signed
        let same = HexBytes(&Sha256::digest(&bytes)).to_string() == held.sum.to_string();
        let changed = (!same).then(|| format!("{} changed while it was read", shown(file)));
        let failed = match held.check {
            Some(Check { proof: Proof::Failed(why), .. }) => Some(why),
            _ => None,
        };
        Ok((failed.or(changed), bytes))
    }

    /// Holds a manifest against what vouches for it: `MANIFEST.sig` with ssh-keygen's signatures, and `MANIFEST.minisig`.
    ///
    /// # Errors
    /// If the manifest or a signature cannot be read, or the list of signers lies beside it.
    pub fn hold(&self, manifest: &Path, now: Timestamp) -> Result<Held, VouchError> {
        for list in &self.lists {
            if folder(list)? == folder(manifest)? {
                return Err(VouchError::Beside { path: list.clone() });
            }
        }
        let bytes = whole(manifest)?;
        let sum = HexBytes(&Sha256::digest(&bytes)).to_string();
        let signatures = self.signers.as_ref().map(|signers| self.signatures(&bytes, manifest, signers, now));
        let expected = self.expect.as_ref().map(|kept| Expected { kept: kept.to_string(), found: sum.clone() });
        let held = Vouching { manifest: &shown(manifest), signatures: signatures.transpose()?, expected };
        let findings = check_vouching(&held);
        let sum = sum.parse().map_err(|_| io(manifest)(std::io::ErrorKind::InvalidData.into()))?;
        Ok(Held { check: self.asks().then(|| check(&findings)), findings, sum })
    }

    fn signatures(
        &self,
        bytes: &[u8],
        manifest: &Path,
        signers: &Signers,
        now: Timestamp,
    ) -> Result<Signatures, VouchError> {
        let namespace = self.namespace;
        let trust = Trust { signers, revoked: &self.revoked, namespace, at: now, principal: None };
        let mut all = Vouched::default();
        for end in [".sig", ".minisig"] {
            let Some(file) = beside(manifest, end)? else { continue };
            match signatures::signatures(&file) {
                Ok(blocks) => {
                    let more = signatures::vouched(bytes, &blocks, &trust);
                    all.signed.extend(more.signed);
                    all.refused.extend(more.refused);
                    all.unreadable.extend(more.unreadable);
                }
                Err(Unreadable::None) => {}
                Err(why) => all.unreadable.push(why),
            }
        }
        let words = |is: fn(&signatures::Refused) -> bool| -> Vec<String> {
            all.refused.iter().filter(|one| is(one)).map(|one| format!("a signature {one}")).collect()
        };
        Ok(Signatures {
            need: self.need.max(1),
            people: all.people(),
            signed: all
                .signed
                .iter()
                .map(|one| format!("{} ({})", escape(one.principal.as_bytes()), one.key))
                .collect(),
            changed: words(|one| one.is_changed()),
            revoked: words(|one| one.is_revoked()),
            not_trusted: words(|one| !one.is_changed() && !one.is_revoked()),
            unreadable: all.unreadable.iter().map(ToString::to_string).collect(),
        })
    }
}

/// What the findings come to, as a check of a drill.
fn check(findings: &[Finding]) -> Check {
    let failed: Vec<&str> = findings
        .iter()
        .filter(|finding| finding.severity() >= checks::Severity::High)
        .map(|finding| finding.message())
        .collect();
    let told = findings.last().map_or("", |finding| finding.message());
    let proof = if failed.is_empty() { Proof::Proven(told.to_owned()) } else { Proof::Failed(failed.join("; ")) };
    Check { name: "vouched-for", proof }
}

fn io(path: &Path) -> impl Fn(std::io::Error) -> VouchError {
    let path = path.to_path_buf();
    move |source| VouchError::Io { path: path.clone(), source }
}

fn at(path: &Path) -> impl Fn(ListFault) -> VouchError {
    let path = path.to_path_buf();
    move |fault| VouchError::List { path: path.clone(), fault }
}

/// The directory that a file lies in, whatever links lead there.
fn folder(path: &Path) -> Result<PathBuf, VouchError> {
    let path = path.canonicalize().map_err(io(path))?;
    Ok(path.parent().unwrap_or(Path::new("/")).to_path_buf())
}

/// A list, if nobody else can change it.
fn list(path: &Path) -> Result<Vec<u8>, VouchError> {
    let real = path.canonicalize().map_err(io(path))?;
    let file = open(&real)?;
    let found = file.metadata().map_err(io(path))?;
    if let Some(how) = others_write(&found) {
        return Err(VouchError::Loose { path: path.to_path_buf(), how });
    }
    let parent = real.parent().unwrap_or(Path::new("/"));
    let around = parent.metadata().map_err(io(parent))?;
    // what lies in a sticky directory is taken away by its owner alone
    if around.mode() & 0o1000 == 0
        && let Some(how) = others_write(&around)
    {
        return Err(VouchError::Loose { path: parent.to_path_buf(), how });
    }
    read(file, path)
}

fn others_write(of: &Metadata) -> Option<String> {
    let trusted = [0, rustix::process::geteuid().as_raw()].contains(&of.uid());
    match of.mode() & 0o7777 {
        mode if mode & 0o022 != 0 => Some(format!("mode {mode:04o}")),
        _ if !trusted => Some(format!("it belongs to user ID {}", of.uid())),
        _ => None,
    }
}

/// What lies beside a file under its name and an ending; none if nothing does.
fn beside(path: &Path, end: &str) -> Result<Option<Vec<u8>>, VouchError> {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    let path = PathBuf::from(name);
    match whole(&path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(VouchError::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn whole(path: &Path) -> Result<Vec<u8>, VouchError> {
    read(open(path)?, path)
}

fn open(path: &Path) -> Result<File, VouchError> {
    open_regular(path).map_err(io(path))
}

fn read(file: File, path: &Path) -> Result<Vec<u8>, VouchError> {
    let mut bytes = Vec::new();
    file.take(MOST + 1).read_to_end(&mut bytes).map_err(io(path))?;
    if bytes.len() as u64 > MOST {
        return Err(io(path)(std::io::ErrorKind::FileTooLarge.into()));
    }
    Ok(bytes)
}

/// A file by its name.
pub(crate) fn shown(path: &Path) -> String {
    escape(path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().as_bytes()).into_owned()
}
