//! `assay compat`: is this backup of the release that the cluster runs?

use std::path::PathBuf;

use assay::pair;
use backup_facts::version::{SnapshotRelease, Sources, TargetCluster};
use checks::version::Compat;
use checks::{Asks, Verdict};
use document::{Artifact, CompatOf, Word};

use super::artifact::{self, Item};
use super::keys::forbid_dumps;
use super::snapshot;
use crate::args::{CompatArgs, ReportFormat};
use crate::documents;
use crate::exit::{Error, Outcome};
use crate::input::{Backups, Contents, Input, InputError, Looked, Reading, Source, nested, none_in};
use crate::output::compat as output;
use crate::output::json::write_pretty;
use crate::tarball::Tarball;
use crate::target;
use crate::ui::Ui;

/// One backup, judged.
struct Judged<'t> {
    kind: &'static str,
    name: String,
    snapshot: Option<String>,
    tarball: Option<String>,
    compat: Compat<'t>,
}

pub(super) fn run(args: &CompatArgs, reading: &Reading, ui: &mut Ui) -> Result<Outcome, Error> {
    forbid_dumps(ui);
    let target = target::read(&args.onto)?;
    let input = Input::from(args.backup.as_os_str());
    let mut judged = Vec::new();
    let failed = match artifact::directory(&input) {
        Some(path) => Backups::at(path, reading)
            .map_err(Error::from)
            .and_then(|looked| of_directory(looked, target.as_ref(), reading, ui, &mut judged)),
        None => of_files([input.open()], None, target.as_ref(), reading, ui).map(|one| judged.push(one)),
    };
    let allowed = judged.iter().all(|one| one.compat.allowed() == Some(true));
    ui.settle(if allowed { Outcome::Clean } else { Outcome::Findings });
    if args.output.format() == ReportFormat::Json {
        if !judged.is_empty() {
            write_json(&judged, allowed && failed.is_ok(), ui)?;
        }
    } else {
        judged.iter().try_for_each(|one| output::write(&one.name, &one.compat, ui))?;
    }
    failed.map(|()| ui.outcome())
}

fn of_directory<'t>(
    looked: Looked,
    target: Option<&'t TargetCluster>,
    reading: &Reading,
    ui: &mut Ui,
    judged: &mut Vec<Judged<'t>>,
) -> Result<(), Error> {
    let found = match looked {
        Looked::Backups(found) => found,
        Looked::Other(walk) => {
            let inner = nested(&walk);
            if inner.is_empty() {
                return Err(none_in(&walk).into());
            }
            return snapshot::each(inner, ui, |inner, ui| {
                of_directory(inner.look(reading)?, target, reading, ui, judged)
            });
        }
    };
    snapshot::each(&found.backups, ui, |backup, ui| {
        let halves: Vec<&PathBuf> = [&backup.snapshot, &backup.tarball].into_iter().flatten().collect();
        let open = halves.iter().map(|path| found.open(path, reading));
        let mut one = of_files(open, Some(&found), target, reading, ui)?;
        if halves.len() > 1 || backup.timestamp.is_some() {
            (one.kind, one.name) = ("backup", found.name_of(backup));
        }
        judged.push(one);
        Ok(())
    })
}

fn of_files<'t>(
    files: impl IntoIterator<Item = Result<Contents, InputError>>,
    directory: Option<&Backups>,
    target: Option<&'t TargetCluster>,
    reading: &Reading,
    ui: &mut Ui,
) -> Result<Judged<'t>, Error> {
    let (mut of_snapshot, mut tarball): (Option<(Source, SnapshotRelease)>, Option<Box<Tarball>>) = (None, None);
    for file in files {
        match artifact::item(file?, reading, ui)? {
            Item::Tarball(read) => tarball = Some(read),
            Item::Snapshot(source) => {
                let release = scan(&source, ui)?;
                of_snapshot = Some((*source, release));
            }
            Item::Directory(_) | Item::Backup(_) => {}
        }
    }
    let base = of_snapshot.as_ref().map(|(_, release)| release.into()).unwrap_or_default();
    let evidence = tarball.as_ref().map(|tarball| &tarball.resources.facts.version);
    let compat =
        Compat::of(Sources { tarball: evidence, ..pair::in_directory(directory, base) }, target, Asks::Restore);
    let snapshot = of_snapshot.map(|(source, _)| source.name());
    let tarball = tarball.map(|tarball| tarball.name);
    let kind = if snapshot.is_some() { "snapshot" } else { "static-kuberesources" };
    let name = snapshot.clone().or_else(|| tarball.clone()).unwrap_or_default();
    Ok(Judged { kind, name, snapshot, tarball, compat })
}

/// The release alone: no hashes, and nothing kept of what passes by.
fn scan(source: &Source, ui: &mut Ui) -> Result<SnapshotRelease, Error> {
    let db = snapshot::database(source)?;
    let meter = ui.meter("reading", Some(source.bytes().len() as u64));
    let scan = snapshot::scan(source, db, None, true, &|bytes| meter.add(bytes))?;
    let release = SnapshotRelease::of(&scan);
    drop(meter);
    snapshot::check_complete(source, &scan, ui);
    source.check_unchanged()?;
    Ok(release)
}

fn write_json(judged: &[Judged<'_>], allowed: bool, ui: &mut Ui) -> Result<(), Error> {
    let artifact = |one: &Judged<'_>| {
        Artifact::Compat(Box::new(CompatOf {
            kind: Word::Borrowed(one.kind),
            path: one.name.clone(),
            snapshot: one.snapshot.clone(),
            tarball: one.tarball.clone(),
            compat: documents::compat::of(&one.compat),
            ..CompatOf::default()
        }))
    };
    let artifacts = judged.iter().map(artifact).collect();
    let findings = judged.iter().flat_map(|one| documents::findings(&one.compat.findings, &one.name)).collect();
    let verdict = if allowed { Verdict::Pass } else { Verdict::Fail };
    Ok(write_pretty(ui.out(), &documents::document("compat", artifacts, findings, verdict))?)
}
