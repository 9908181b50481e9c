//! `assay catalog add`: backups judged, several at a time, and each written down in a transaction of its own.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::sync_channel;
use std::sync::{Mutex, PoisonError};
use std::thread;

use artifact::Reading;
use assay::{Apart, EscrowFiles, EscrowPart, Identified, Identity, Known, Note, Phase, Question, Watch};
use catalog::{Access, Added, Backup, Catalog, Disk, Escrow, File, Head, Kind, Record, Seen, Stat};
use checks::Verdict;
use document::{Artifact, Document, Unread};
use key_escrow::Manifest;

use super::disk::{Local, outermost};
use super::{Here, custody, document, of};
use crate::args::{CatalogAddArgs, ReportFormat};
use crate::commands::question;
use crate::exit::{Ending, Error};
use crate::failure::told;
use crate::interrupt;
use crate::output::catalog as output;
use crate::ui::{Ui, Watcher};

/// Backups that may be judged before they are written down.
const AHEAD: usize = 64;

pub(super) fn run(args: &CatalogAddArgs, here: &Here, reading: &Reading, ui: &mut Ui) -> Result<Ending, Error> {
    if args.paths.iter().any(|path| path == "-") {
        let what = "standard input is no place that a backup could be found at again: name files or directories";
        return Err(Error::Usage(what.to_owned()));
    }
    let mut question = Question::at(ui.now());
    question.platform = args.of.platform;
    question.fail_on = args.fail_on.map_or(question.fail_on, question::limit);
    let backups = assay::open_with(question::inputs(&args.paths), reading)?;
    let mut catalog = here.open(Access::Write)?;
    let rules = rules();
    let stats = if args.rejudge { Default::default() } else { catalog.known(&here.host.id, rules).map_err(of)? };
    let disk = Local { reading };
    let known = Unchanged { files: stats.into_iter().collect(), looked: Mutex::default(), disk: &disk };
    let (stop, watch) = (AtomicBool::new(false), ui.watcher());
    let quiet = Quiet { watch: &watch, stop: &stop };
    let mut tally = Tally::default();
    interrupt::after_this_one();
    let (send, receive) = sync_channel(AHEAD);
    let written = thread::scope(|scope| {
        let (backups, question, known, quiet) = (&backups, &question, &known, &quiet);
        scope.spawn(move || {
            backups.judge_apart(question, known, quiet, &|told| {
                // nobody hears it where the catalog could not be written to
                let _ = send.send(told);
            });
        });
        let written = receive.iter().try_for_each(|told| tally.take(told, &mut catalog, here, known));
        // what is under way ends, and nothing more is begun
        stop.store(true, Ordering::Relaxed);
        drop(receive);
        written
    });
    interrupt::at_once();
    written?;
    if !tally.unchanged.is_empty() {
        let still = |writing: &mut catalog::Writing<'_>| writing.still_there(&here.host, &tally.unchanged);
        catalog.write(&here.author, still).map_err(of)?;
    }
    tell(args, here, &catalog, tally, ui)
}

/// What was done, and what could not be.
fn tell(args: &CatalogAddArgs, here: &Here, catalog: &Catalog, tally: Tally, ui: &mut Ui) -> Result<Ending, Error> {
    let all = catalog.backups(None).map_err(of)?;
    let now: Vec<&Backup> = all.iter().filter(|backup| tally.judged.contains_key(&backup.id)).collect();
    let bad = now.iter().any(|backup| !backup.restorable());
    let ending = if bad && args.fail_on.is_some() { Ending::Findings } else { Ending::Clean };
    let mut told_of = here.told(catalog, &all)?;
    let new = tally.judged.values().filter(|new| **new).count() as u64;
    told_of.new = Some(new);
    told_of.judged = Some(tally.judged.len() as u64 - new);
    told_of.unchanged = Some(tally.unchanged.len() as u64);
    match args.output.format() {
        ReportFormat::Human => output::added(&told_of, &now, ui)?,
        ReportFormat::Json => {
            let verdict = if tally.unread.is_empty() && !tally.cut { ending.verdict() } else { Verdict::Fail };
            let mut document = document("catalog add", told_of, now.iter().map(|it| it.told()).collect(), verdict);
            let unread = tally.unread.iter().map(|(name, error)| Unread::of(name, error.to_string()));
            document.artifacts.extend(unread.map(|it| Artifact::Unread(Box::new(it))));
            Document::write(&document, ui.out())?;
        }
    }
    ui.settle(ending);
    let cut = tally.cut.then(|| {
        told(
            "the run was cut short: what came after is not in the catalog",
            Some("run it again: what is there is not read anew"),
        )
    });
    let mut failed = cut;
    for (_, error) in tally.unread {
        if let Some(before) = failed.replace(error.into()) {
            ui.error(&before.to_string(), before.hint().as_deref());
        }
    }
    failed.map_or(Ok(ui.ending()), Err)
}

/// What came of a run.
#[derive(Default)]
struct Tally {
    /// IDs of those that were judged, and whether each was new.
    judged: BTreeMap<String, bool>,
    unchanged: Vec<String>,
    unread: Vec<(String, assay::Error)>,
    cut: bool,
}

impl Tally {
    fn take(&mut self, told: Apart, catalog: &mut Catalog, here: &Here, known: &Unchanged<'_>) -> Result<(), Error> {
        match told {
            Apart::Judged(found) => {
                let Some(seen) = seen(&found, known)? else { return Ok(()) };
                let there = |path: &str| outermost(Path::new(path)).is_some();
                let manifest = found.escrow.as_ref().and_then(|escrow| custody::of_file(&escrow.manifest));
                let add = |writing: &mut catalog::Writing<'_>| {
                    let added = writing.add(&here.host, &seen, &there)?;
                    if let Some(bytes) = &manifest {
                        writing.knows_escrow(bytes, None)?;
                    }
                    Ok(added)
                };
                let (added, _): (Added, Head) = catalog.write(&here.author, add).map_err(of)?;
                let new = matches!(added, Added::New(_));
                *self.judged.entry(added.id().to_owned()).or_default() |= new;
            }
            Apart::Known(files) => self.unchanged.extend(files.iter().filter_map(|path| Some(known.looked(path)?.0))),
            Apart::Unread(name, error) => self.unread.push((name, error)),
            Apart::CutShort => self.cut = true,
        }
        Ok(())
    }
}

/// The set of findings by which backups are judged: a later assay knows more of them, and judges anew.
fn rules() -> u32 {
    u32::try_from(checks::findings::all().len()).unwrap_or(u32::MAX)
}

/// A backup as the catalog takes it.
fn seen(found: &Identified, known: &Unchanged<'_>) -> Result<Option<Seen>, Error> {
    let Some(record) = Record::of(&found.document) else { return Ok(None) };
    let mut files = Vec::new();
    for (kind, identity) in [(Kind::Snapshot, &found.snapshot), (Kind::Resources, &found.tarball)] {
        files.extend(identity.as_ref().map(|identity| file(kind, identity, known)).transpose()?);
    }
    if let Some(escrow) = &found.escrow {
        files.push(file(Kind::Manifest, &escrow.manifest, known)?);
        for (part, identity) in &escrow.others {
            let kind = match part {
                EscrowPart::Escrow => Kind::Escrow,
                EscrowPart::Share => Kind::Share,
                EscrowPart::Signature => Kind::Signature,
            };
            files.push(file(kind, identity, known)?);
        }
    }
    Ok(Some(Seen {
        files,
        resources: found.resources,
        sealed: found.escrow.as_ref().map(|escrow| sealed(&escrow.said)).unwrap_or_default(),
        escrow: found.escrow.as_ref().map(escrow),
        record,
        assay: env!("CARGO_PKG_VERSION").to_owned(),
        rules: rules(),
    }))
}

/// Fingerprints of the encryption keys that were taken out.
fn sealed(said: &Manifest) -> BTreeSet<String> {
    let of_keys = said.removed.iter().filter(|member| member.class == "encryption-config");
    let prints = of_keys.filter_map(|member| member.fingerprint.as_deref());
    prints.flat_map(|prints| prints.split(' ')).map(str::to_owned).collect()
}

fn file(kind: Kind, identity: &Identity, known: &Unchanged<'_>) -> Result<File, Error> {
    let path = &identity.path;
    let (place, stat) =
        known.looked(path).ok_or_else(|| told(format!("`{}` went away", wording::escape_path(path)), None))?;
    Ok(File {
        path: place,
        kind,
        content: identity.content,
        unpacked: identity.unpacked,
        stored: identity.stored,
        stat,
    })
}

fn escrow(escrow: &EscrowFiles) -> Escrow {
    let said = &escrow.said;
    let shares = said.threshold.iter().flat_map(|of| &of.shares);
    let shares = shares.map(|share| (i64::from(share.index), share.recipient.recipient.clone()));
    // with a threshold, the recipient is the identity that was split, and nobody has it
    let alone = said.recipients.iter().filter(|_| said.threshold.is_none()).zip(0_i64..);
    let alone = alone.map(|(recipient, at)| (-at, recipient.recipient.clone()));
    let sealed = escrow.others.iter().find(|(part, _)| *part == EscrowPart::Escrow);
    Escrow {
        manifest: escrow.manifest.content,
        sealed: sealed.map(|(_, identity)| identity.content).unwrap_or_default(),
        needed: said.threshold.as_ref().map_or(1, |of| u32::from(of.threshold)),
        custodians: shares.chain(alone).collect(),
    }
}

/// A path by which a file is found again, absolute and through no link, and what the file system says of it.
fn found(path: &Path, disk: &Local<'_>) -> Option<(String, Stat)> {
    // what was named may be a link; what is known never is
    let file = path.ancestors().find(|above| above.is_file())?;
    let inside = path.strip_prefix(file).ok().filter(|inside| !inside.as_os_str().is_empty());
    let whole: PathBuf = fs::canonicalize(file).ok()?;
    let whole = inside.map_or_else(|| whole.clone(), |inside| whole.join(inside));
    let place = whole.to_string_lossy().into_owned();
    let stat = disk.stat(&place).ok()??;
    Some((place, stat))
}

/// Files that are as they were when they were read.
struct Unchanged<'r> {
    files: BTreeMap<String, Stat>,
    /// What the file system said of a file before it was read: what changes meanwhile is read again the next time.
    looked: Mutex<HashMap<PathBuf, (String, Stat)>>,
    disk: &'r Local<'r>,
}

impl Unchanged<'_> {
    /// Where a file lies, and what the file system said of it before it was read.
    fn looked(&self, path: &Path) -> Option<(String, Stat)> {
        let looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        let before = path.ancestors().find_map(|above| Some((above, looked.get(above)?)));
        let Some((above, (place, stat))) = before else { return found(path, self.disk) };
        let inside = path.strip_prefix(above).ok().filter(|inside| !inside.as_os_str().is_empty());
        let place = inside.map_or_else(|| place.clone(), |inside| format!("{place}/{}", inside.to_string_lossy()));
        Some((place, *stat))
    }
}

impl Known for Unchanged<'_> {
    fn is_known(&self, files: &[PathBuf]) -> bool {
        let is_as_before = |path: &PathBuf| {
            let Some((place, now)) = found(path, self.disk) else { return false };
            let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
            looked.insert(path.clone(), (place.clone(), now));
            drop(looked);
            // of an archive its members are known
            let members = (Bound::Included(format!("{place}/")), Bound::Unbounded);
            let member = || self.files.range(members).next().filter(|(path, _)| path.starts_with(&format!("{place}/")));
            let before = self.files.get(&place).or_else(|| member().map(|(_, stat)| stat));
            before == Some(&now)
        };
        // each is looked at, whatever the others are
        let others = files.iter().filter(|path| !is_as_before(path)).count();
        others == 0
    }
}

/// What is judged in the background has no bar of its own, and its remarks are findings of each backup.
struct Quiet<'w> {
    watch: &'w Watcher,
    stop: &'w AtomicBool,
}

impl Watch for Quiet<'_> {
    fn phase(&self, _: Phase, _: Option<u64>) {}

    fn note(&self, _: &Note) {}

    fn stop(&self) -> bool {
        self.stop.load(Ordering::Relaxed) || self.watch.stop()
    }

    fn before_keys(&self) {
        self.watch.before_keys();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Else the next run would take bytes for known that nobody has read.
    #[test]
    fn what_changes_after_it_was_looked_at_is_written_down_as_it_was_before() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.zip");
        fs::write(&path, "before").unwrap();
        let reading = Reading::default();
        let disk = Local { reading: &reading };
        let known = Unchanged { files: BTreeMap::new(), looked: Mutex::default(), disk: &disk };
        assert!(!known.is_known(std::slice::from_ref(&path)));
        let before = found(&path, &disk).unwrap();
        fs::write(&path, "other bytes").unwrap();
        assert_ne!(found(&path, &disk).unwrap(), before);
        assert_eq!(known.looked(&path), Some(before.clone()));
        let (place, stat) = known.looked(&path.join("inside.db")).unwrap();
        assert_eq!((place, stat), (format!("{}/inside.db", before.0), before.1), "a member is as old as its archive");
    }
}
