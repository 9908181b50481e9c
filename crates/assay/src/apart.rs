//! Backups judged each by itself, several at a time: for a list of them that is kept.

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};

use artifact::{Contents, InputError};
use backup_facts::directory::BackupFiles;
use document::{Document, JudgedBy};
use key_escrow::{EscrowSet, Manifest};
use rayon::prelude::*;
use sha2::{Digest as _, Sha256};

use crate::backup::{Backup, text};
use crate::backups::{Backups, Root, Take, Turn};
use crate::directory::{self, Looked, nested, none_in};
use crate::documents;
use crate::error::{Error, KeysError};
use crate::escrow;
use crate::judged::Judged;
use crate::question::Question;
use crate::watch::Watch;

/// Which backups need not be read: somebody knows them, and nothing of their files has changed.
pub trait Known: Send + Sync {
    /// Whether all of these files are as they were.
    fn is_known(&self, files: &[PathBuf]) -> bool;
}

/// What became of one backup.
pub enum Apart {
    /// It was judged.
    Judged(Box<Identified>),
    /// It is known, and was not read.
    Known(Vec<PathBuf>),
    /// It, or a part of it, cannot be read.
    Unread(String, Error),
    /// No more are begun.
    CutShort,
}

/// A backup that was judged, and what its files are known by.
pub struct Identified {
    /// What `assay verify` says of it.
    pub document: Document,
    /// Its snapshot; `None` where it has none.
    pub snapshot: Option<Identity>,
    /// Its tarball of static pod resources, with its keys or without.
    pub tarball: Option<Identity>,
    /// SHA-256 of the tar as it was before its keys were taken out, by the manifest that fits; of the tar itself otherwise.
    pub resources: Option<[u8; 32]>,
    /// The escrow that was made of it.
    pub escrow: Option<EscrowFiles>,
}

/// What a file is known by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Where it is; `archive/member` of one in an archive.
    pub path: PathBuf,
    /// SHA-256 of what is in it, unpacked.
    pub content: [u8; 32],
    /// Bytes of that.
    pub unpacked: u64,
    /// SHA-256 of it as it is stored; of what is in it, where it is a member of an archive.
    pub stored: [u8; 32],
}

/// An escrow, and what its manifest says.
pub struct EscrowFiles {
    /// The manifest.
    pub said: Manifest,
    /// It as a file.
    pub manifest: Identity,
    /// The escrow, the shares and the signatures that lie beside it.
    pub others: Vec<(EscrowPart, Identity)>,
}

/// A file beside a manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EscrowPart {
    /// The sealed keys.
    Escrow,
    /// A custodian's share.
    Share,
    /// A signature.
    Signature,
}

impl Backups {
    /// Judges each backup by itself, several at a time and in no order. What can only be said of several together is not.
    /// An escrow that lies beside its tarball is held against it.
    pub fn judge_apart(
        &self,
        question: &Question,
        known: &dyn Known,
        watch: &dyn Watch,
        each: &(dyn Fn(Apart) + Sync),
    ) {
        let run = Run { backups: self, question, known, watch, each };
        let of_named = || {
            let opener = |path: &Path| self.named.open(path, &self.reading);
            self.named.backups.par_iter().try_for_each(|files| run.pair(None, files, &opener))
        };
        let flow = of_named().is_continue() && self.roots.par_iter().try_for_each(|root| run.root(root)).is_continue();
        if !flow {
            each(Apart::CutShort);
        }
    }
}

/// What all backups of a run share.
struct Run<'r> {
    backups: &'r Backups,
    question: &'r Question,
    known: &'r dyn Known,
    watch: &'r dyn Watch,
    each: &'r (dyn Fn(Apart) + Sync),
}

impl Run<'_> {
    fn root(&self, root: &Root) -> ControlFlow<()> {
        match root {
            Root::Folder(path, looked) => {
                let looked = looked.lock().unwrap_or_else(PoisonError::into_inner).take();
                let looked = looked.map_or_else(|| directory::Backups::at(path, &self.backups.reading), Ok);
                self.folder(looked, path)
            }
            Root::File(path) => self.alone(path, || self.backups.named.open(path, &self.backups.reading)),
            Root::Stream(_) => {
                (self.each)(Apart::Unread("-".to_owned(), Error::NoPlace));
                ControlFlow::Continue(())
            }
        }
    }

    fn folder(&self, looked: Result<Looked, InputError>, path: &Path) -> ControlFlow<()> {
        match looked {
            Ok(Looked::Backups(found)) => {
                let found: Arc<directory::Backups> = Arc::from(found);
                let opener = |path: &Path| found.open(path, &self.backups.reading);
                found.backups.par_iter().try_for_each(|files| self.pair(Some(&found), files, &opener))
            }
            Ok(Looked::Other(walk, packed)) => {
                let inner: Vec<PathBuf> = nested(&walk).into_iter().map(|inner| inner.path).collect();
                if inner.is_empty() && packed.is_empty() {
                    (self.each)(Apart::Unread(text(path), none_in(&walk).into()));
                }
                let reading = &self.backups.reading;
                inner.par_iter().try_for_each(|path| self.folder(directory::Backups::at(path, reading), path))?;
                packed.par_iter().try_for_each(|name| self.alone(&walk.path().join(name), || walk.open(name, reading)))
            }
            Err(error) => {
                (self.each)(Apart::Unread(text(path), error.into()));
                ControlFlow::Continue(())
            }
        }
    }

    fn pair(
        &self,
        directory: Option<&Arc<directory::Backups>>,
        files: &BackupFiles,
        opener: &(dyn Fn(&Path) -> Result<Contents, InputError> + Sync),
    ) -> ControlFlow<()> {
        // the escrow is called after the tarball, which may be gone
        let resources = || {
            Some(files.snapshot.as_ref()?.with_file_name(format!(
                "static_kuberesources_{}{}.tar.gz",
                files.timestamp.as_ref()?,
                if files.dirty { "__POSSIBLY_DIRTY__" } else { "" }
            )))
        };
        let set = files.tarball.clone().or_else(resources).map(|path| EscrowSet::beside(&path)).unwrap_or_default();
        let of_backup = BackupFiles { others: Vec::new(), ..files.clone() };
        let all: Vec<PathBuf> = files.files().chain(set.files()).map(Path::to_path_buf).collect();
        self.one(all, &set, |question, take| {
            self.backups.pair(directory, &of_backup, opener, question, self.watch, take)
        })
    }

    fn alone(&self, path: &Path, open: impl FnOnce() -> Result<Contents, InputError>) -> ControlFlow<()> {
        let set = EscrowSet::beside(path);
        let all = std::iter::once(path).chain(set.files()).map(Path::to_path_buf).collect();
        self.one(all, &set, |question, take| self.backups.alone(open, text(path), question, self.watch, take))
    }

    fn one(
        &self,
        files: Vec<PathBuf>,
        set: &EscrowSet,
        open: impl FnOnce(&Question, Take<'_>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        if self.watch.stop() {
            return ControlFlow::Break(());
        }
        if self.known.is_known(&files) {
            (self.each)(Apart::Known(files));
            return ControlFlow::Continue(());
        }
        let mut question = self.question.clone();
        question.escrow_manifest.clone_from(&set.manifest);
        open(&question, &mut |turn| {
            match turn {
                Turn::Backup(backup) => {
                    let told = judged(backup, set, &question, self.watch, self.each);
                    (self.each)(told);
                }
                Turn::Unread(name, error) => (self.each)(Apart::Unread(name, error)),
                Turn::Directory(_) | Turn::PassedOver => {}
                Turn::CutShort => return ControlFlow::Break(()),
            }
            ControlFlow::Continue(())
        })
    }
}

/// Judges a backup; where the manifest beside it cannot be held against it, without: that is told besides.
fn judged(
    backup: &Backup,
    set: &EscrowSet,
    question: &Question,
    watch: &dyn Watch,
    each: &(dyn Fn(Apart) + Sync),
) -> Apart {
    let with_escrow = || {
        let judged = backup.judge(question, watch)?;
        let escrow = set.manifest.as_deref().map(|manifest| escrow_files(manifest, set, watch)).transpose()?;
        identified(&judged, escrow, watch)
    };
    let told = with_escrow().or_else(|error| {
        let Some(manifest) = &question.escrow_manifest else { return Err(error) };
        each(Apart::Unread(text(manifest), error));
        let mut without = question.clone();
        without.escrow_manifest = None;
        let judged = backup.judge(&without, watch)?;
        identified(&judged, None, watch)
    });
    match told {
        Ok(identified) => Apart::Judged(Box::new(identified)),
        Err(error) => Apart::Unread(backup.name().to_owned(), error),
    }
}

fn identified(judged: &Judged<'_>, escrow: Option<EscrowFiles>, watch: &dyn Watch) -> Result<Identified, Error> {
    let snapshot = judged.backup.snapshot().map(|source| of_snapshot(source, judged, watch)).transpose()?;
    let tarball = judged.backup.tarball().zip(judged.backup.files().tarball.as_ref()).map(|(tarball, path)| {
        let archive = &tarball.resources().archive;
        let stored = archive.compressed_sha256.0;
        let (content, unpacked) = match (archive.inner_sha256, archive.inner_size) {
            (Some(inner), Some(size)) => (inner.0, size),
            _ => (stored, archive.compressed_size),
        };
        Identity { path: path.clone(), content, unpacked, stored }
    });
    let fits = judged.escrow.as_ref().is_some_and(|it| it.matches);
    let original = escrow.as_ref().filter(|_| fits).and_then(|it| digest_of(&it.said.inner_tar.sha256));
    let resources = original.or(tarball.as_ref().map(|it| it.content));
    let findings = judged.parts.iter().flat_map(|part| documents::findings(&part.findings, &part.name)).collect();
    let document = documents::document(judged.asks.command(), judged.artifacts(), findings, judged.verdict);
    let document = document.judged_by(JudgedBy { fail_on: judged.fail_on, policy: None });
    Ok(Identified { document, snapshot, tarball, resources, escrow })
}

fn of_snapshot(source: &Contents, judged: &Judged<'_>, watch: &dyn Watch) -> Result<Identity, Error> {
    let content: [u8; 32] = Sha256::digest(source.bytes()).into();
    let path = judged.backup.files().snapshot.clone().or_else(|| source.path().map(Path::to_path_buf));
    let path = path.unwrap_or_else(|| PathBuf::from(source.name()));
    // a member of an archive is no file, and one that is stored as it is has one digest
    let as_it_is = fs::metadata(&path).is_ok_and(|file| file.len() == source.bytes().len() as u64);
    let stored = match path.is_file() && !as_it_is {
        true => escrow::sha256(&path, watch)?,
        false => content,
    };
    source.check_unchanged()?;
    Ok(Identity { path, content, unpacked: source.bytes().len() as u64, stored })
}

fn escrow_files(manifest: &Path, set: &EscrowSet, watch: &dyn Watch) -> Result<EscrowFiles, Error> {
    let (said, digest) = Manifest::read_with_digest(manifest).map_err(KeysError::Escrow)?;
    let set = set.clone().with_shares(&said);
    let of = |path: &Path| -> Result<Identity, Error> {
        let found = escrow::digest(path, watch)?.digest;
        let sum = digest_of(&found.sha256).unwrap_or_default();
        Ok(Identity { path: path.to_path_buf(), content: sum, unpacked: found.size, stored: sum })
    };
    let sum = digest_of(&digest.sha256).unwrap_or_default();
    let manifest = Identity { path: manifest.to_path_buf(), content: sum, unpacked: digest.size, stored: sum };
    let parts =
        [(EscrowPart::Escrow, &set.escrow), (EscrowPart::Share, &set.shares), (EscrowPart::Signature, &set.signatures)];
    let mut others = Vec::new();
    for (part, paths) in parts {
        for path in paths {
            others.push((part, of(path)?));
        }
    }
    Ok(EscrowFiles { said, manifest, others })
}

/// The bytes of a digest in hexadecimal digits.
fn digest_of(hex: &str) -> Option<[u8; 32]> {
    wording::unhex(hex)?.try_into().ok()
}
