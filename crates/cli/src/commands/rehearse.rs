//! `assay rehearse`: the data directory that a restore makes, proven before it gets its name.

mod asked;
mod directory;
mod judged;

use artifact::{Contents, Reading};
use assay::documents;
use document::{Artifact, HexBytes, PlannedMember};
use etcd_snapshot::trailer::{self, Trailer};
use restore::RestoreError;

use super::beside::joined;
use super::booting::{Booting, Kube, Restored};
use crate::args::{RehearseArgs, ReportFormat};
use crate::exit::{Ending, Error};
use crate::output::rehearsal::print;
use crate::ui::Ui;
use asked::Asked;
use directory::{Made, NewDirectory};
pub(super) use judged::Rehearser;

pub(super) fn run(args: &RehearseArgs, reading: &Reading, ui: &mut Ui) -> Result<Ending, Error> {
    let said = Asked::of_line(args)?;
    let kube = Kube::of(args, reading, ui)?;
    let booting = Booting::of(&args.boot)?.map(|booting| booting.with(kube));
    let new = NewDirectory::begin(&args.out, args.sweep)?;
    let source = asked::source(args, reading, ui)?;
    let asked = said.map_or_else(|| Asked::of_platform(args, &source, ui), Ok)?;
    if let Some(booting) = &booting {
        booting.announce(new.place(), source.bytes().len() as u64, ui.voice())?;
    }
    let meter = ui.meter("restoring", Some(source.bytes().len() as u64 * 2));
    // what is written keeps its other name until the hash is known to be right
    let (trailer, made) = std::thread::scope(|scope| {
        let hashing = scope.spawn(|| trailer::read(source.bytes(), |bytes| meter.add(bytes)));
        let progress = |bytes| meter.add(bytes);
        let made = new.make(&source, &asked.cluster, asked.release, asked.bump, reading, &progress);
        (joined(hashing), made)
    });
    drop(meter);
    if !asked.skip_hash_check {
        hashed(&source, &trailer)?;
    }
    let made = made?;
    source.check_unchanged()?;
    let boot = booting.map(|booting| {
        let files = made.files.iter().map(|file| &*file.path).collect();
        let (path, place, name) = (new.path(""), new.place(), new.name());
        let restored = Restored { path, files, cluster: &asked.cluster, place, name };
        booting.boot(&restored, args.keep, reading, ui.now(), ui.voice())
    });
    let boot = boot.transpose()?;
    new.publish()?;
    let mut rehearsal = document(args, &source, &trailer, asked, made);
    if let Some(boot) = boot {
        rehearsal.booted(boot);
    }
    let ending = if rehearsal.holds() { Ending::Clean } else { Ending::Findings };
    ui.settle(ending);
    if args.output.format() == ReportFormat::Json {
        let artifact = Artifact::Rehearsal(Box::new(rehearsal));
        documents::document("rehearse", vec![artifact], Vec::new(), ending.verdict()).write(ui.out())?;
    } else {
        print(&rehearsal, ui)?;
    }
    Ok(ending)
}

/// What a restore asks of the integrity hash, in etcd's words.
fn hashed(source: &Contents, trailer: &Trailer) -> Result<(), Error> {
    let (reason, id) = match trailer.valid() {
        Some(true) => return Ok(()),
        Some(false) => ("its SHA-256 is not that of its bytes, and a restore refuses it", "SNAP-003"),
        None => ("snapshot missing hash but --skip-hash-check=false", "SNAP-002"),
    };
    Err(Error::Unanswerable {
        display: source.display().to_owned(),
        reason: reason.to_owned(),
        hint: Some(format!("`assay explain {id}`; `--skip-hash-check` takes it as it is")),
    })
}

fn why(source: &Contents, error: &RestoreError) -> Error {
    Error::Unanswerable {
        display: source.display().to_owned(),
        reason: error.to_string(),
        hint: Some("`assay verify` tells all that is wrong; take another backup".to_owned()),
    }
}

fn document(
    args: &RehearseArgs,
    source: &Contents,
    trailer: &Trailer,
    asked: Asked,
    made: Made,
) -> document::Rehearsal {
    let Asked { cluster, bump, release, of, .. } = asked;
    let member = |member: &restore::Member| PlannedMember {
        id: member.hex(),
        name: member.name.clone(),
        peer_urls: member.peer_urls.clone(),
    };
    document::Rehearsal {
        path: source.name(),
        kind: document::Rehearsal::KIND,
        out: args.out.to_string_lossy().into_owned(),
        of,
        etcd_release: release.word().into(),
        source_sha256: HexBytes(&trailer.file).to_string(),
        source_trailer: trailer.valid(),
        member: cluster.own.hex(),
        cluster: format!("{:x}", cluster.id),
        members: cluster.members.iter().map(member).collect(),
        bump: bump.map(|bump| bump.by),
        revision: made.revision,
        live_keys: made.live_keys,
        content: made.content,
        files: made.files,
        checks: made.checks,
        boot: None,
        more: document::Fields::default(),
    }
}
