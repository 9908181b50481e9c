//! Sealing a payload to recipients or to a threshold of custodians, and reading it back.

use std::io::Write;
use std::path::PathBuf;

use age::x25519;
use signatures::Seed;

use crate::age_file::{self, Opened, Sealed};
use crate::error::{Error, Result};
use crate::manifest::{EscrowInfo, Manifest, NamedDigest, ShareInfo, ThresholdInfo};
use crate::names::Names;
use crate::outfile::OutSet;
use crate::recipients::Recipients;
use crate::rejoin::digest_file;
use crate::shares::{self, Share, ShareSet};

/// Whom to seal to.
pub enum SealTo {
    /// Each recipient opens the escrow alone.
    Recipients(Recipients),
    /// Any `threshold` of the custodians together open it; one share is sealed to each.
    Threshold {
        /// How many shares are needed, at least 2.
        threshold: u8,
        /// One recipient per share.
        custodians: Recipients,
    },
}

impl SealTo {
    /// Checks what can be known before any work is done.
    pub(crate) fn check(&self) -> Result<()> {
        match self {
            Self::Recipients(r) if r.is_empty() => Err(Error::Recipients { what: "there are none".to_owned() }),
            Self::Recipients(_) => Ok(()),
            Self::Threshold { threshold, custodians } => {
                let total = u8::try_from(custodians.len())
                    .map_err(|_| Error::Usage { what: "more than 255 custodians".to_owned() })?;
                shares::check_threshold(*threshold, total)
            }
        }
    }

    /// The names of the share files.
    pub(crate) fn share_names(&self, names: &Names) -> Vec<String> {
        match self {
            Self::Recipients(_) => Vec::new(),
            Self::Threshold { custodians, .. } => {
                let total = u8::try_from(custodians.len()).unwrap_or(u8::MAX);
                (1..=total).map(|i| names.share(i, total)).collect()
            }
        }
    }
}

/// Recipients ready to seal to, and the one-time identity behind a threshold.
pub(crate) struct Sealer {
    recipients: Recipients,
    armor: bool,
    threshold: Option<Threshold>,
}

struct Threshold {
    identity: x25519::Identity,
    threshold: u8,
    custodians: Option<Recipients>,
}

impl Sealer {
    pub(crate) fn new(to: SealTo, armor: bool) -> Self {
        match to {
            SealTo::Recipients(recipients) => Self { recipients, armor, threshold: None },
            SealTo::Threshold { threshold, custodians } => {
                let identity = x25519::Identity::generate();
                let recipients = Recipients::of_identity(&identity);
                Self {
                    recipients,
                    armor,
                    threshold: Some(Threshold { identity, threshold, custodians: Some(custodians) }),
                }
            }
        }
    }

    /// Seals a payload under its temporary name.
    pub(crate) fn seal(
        &self,
        set: &OutSet,
        name: &str,
        write: impl FnOnce(&mut dyn Write) -> Result<()>,
    ) -> Result<Sealed> {
        let out = std::io::BufWriter::with_capacity(64 * 1024, set.create(name)?);
        age_file::seal(out, &set.path(name), &self.recipients, self.armor, write)
    }

    /// Opens what was just sealed, from the disk.
    pub(crate) fn reopen(set: &OutSet, name: &str, sealed: &Sealed) -> Result<Opened> {
        let path = set.staged(name);
        same("the escrow as written", &sealed.file, &digest_file(&path)?)?;
        age_file::open(&path, std::iter::once(&sealed.reopen as _))
    }

    /// Deals and seals the shares, proves them, and notes everything in the manifest.
    pub(crate) fn finish(
        mut self,
        set: &OutSet,
        names: &Names,
        sealed: &Sealed,
        seed: Option<&Seed>,
        manifest: &mut Manifest,
    ) -> Result<()> {
        manifest.recipients = self.recipients.info();
        manifest.escrow = Some(EscrowInfo {
            file: NamedDigest { name: names.escrow(), digest: sealed.file.clone() },
            payload: sealed.payload.clone(),
            armored: self.armor,
            drill_key: seed.map(Seed::public),
        });
        manifest.threshold = None;
        let Some(Threshold { identity, threshold, custodians }) = self.threshold.take() else {
            return Ok(());
        };
        let custodians = custodians.unwrap_or_default();
        let total =
            u8::try_from(custodians.len()).map_err(|_| Error::Usage { what: "more than 255 custodians".to_owned() })?;
        let shares = shares::deal(&identity, threshold, total)?;
        let mut infos = Vec::new();
        for (share, custodian) in shares.iter().zip(custodians.one_by_one()) {
            infos.push(seal_share(set, &names.share(share.index, total), share, &custodian, self.armor)?);
        }
        let first = shares.first().ok_or_else(|| Error::Usage { what: "no custodians".to_owned() })?;
        let info =
            ThresholdInfo { set: first.set.clone(), threshold, recipient: first.recipient.clone(), shares: infos };
        prove_shares(&shares, &info, &set.staged(&names.escrow()))?;
        manifest.threshold = Some(info);
        Ok(())
    }
}

fn seal_share(set: &OutSet, name: &str, share: &Share, custodian: &Recipients, armor: bool) -> Result<ShareInfo> {
    let text = share.to_text();
    let path = set.path(name);
    let sealed = age_file::seal(set.create(name)?, &path, custodian, armor, |w| {
        w.write_all(text.as_bytes()).map_err(Error::io("write", &path))
    })?;
    let payload = crate::digest::HashingReader::new(Sealer::reopen(set, name, &sealed)?)
        .drain()
        .map_err(Error::io("read", &path))?;
    same("the share as written", &sealed.payload, &payload)?;
    let recipient = custodian
        .info()
        .into_iter()
        .next()
        .ok_or_else(|| Error::Recipients { what: "a custodian without a key".to_owned() })?;
    Ok(ShareInfo {
        index: share.index,
        recipient,
        file: NamedDigest { name: name.to_owned(), digest: sealed.file },
        check: share.check(),
        drill_key: share.drill.as_ref().map(Seed::public),
    })
}

/// Opens the escrow with the first and with the last shares that suffice.
fn prove_shares(shares: &[Share], info: &ThresholdInfo, escrow: &std::path::Path) -> Result<()> {
    let need = usize::from(info.threshold);
    for some in [shares.get(..need), shares.get(shares.len().saturating_sub(need)..)].into_iter().flatten() {
        let mut set = ShareSet::new(Some(info.clone()));
        for share in some {
            set.add(&format!("share {}", share.index), &share.to_text())?;
        }
        age_file::open(escrow, set.combine()?.keys())?;
    }
    Ok(())
}

/// Two digests of one thing must agree.
pub(crate) fn same(what: &'static str, expected: &crate::Digest, got: &crate::Digest) -> Result<()> {
    same_or(what, expected, got, "")
}

pub(crate) fn same_or(
    what: &'static str,
    expected: &crate::Digest,
    got: &crate::Digest,
    hint: &'static str,
) -> Result<()> {
    if expected == got {
        return Ok(());
    }
    let text = |d: &crate::Digest| format!("{} ({} bytes)", d.sha256, d.size);
    Err(Error::Mismatch { what, expected: text(expected), got: text(got), hint })
}

/// Writes a whole small file of a set.
#[expect(clippy::disallowed_methods, reason = "what was written, to read it back")]
pub(crate) fn write_file(set: &OutSet, name: &str, content: &[u8]) -> Result<PathBuf> {
    set.create(name)?.write_all(content).map_err(Error::io("write", &set.path(name)))?;
    let back = std::fs::read(set.staged(name)).map_err(Error::io("read", &set.path(name)))?;
    if back != content {
        return Err(Error::Mismatch {
            what: "a file as written",
            expected: String::new(),
            got: String::new(),
            hint: "; the disk is not sound",
        });
    }
    Ok(set.path(name))
}
