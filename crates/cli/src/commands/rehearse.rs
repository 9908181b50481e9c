//! `assay rehearse`: the data directory that a restore makes, proven before it gets its name.

mod directory;

use artifact::{Contents, Reading};
use assay::documents;
use checks::Verdict;
use document::{Artifact, HexBytes, PlannedMember};
use etcd_snapshot::trailer::{self, Trailer};
use restore::{Bump, Cluster, Flags, RestoreError};

use super::snapshot;
use crate::args::{RehearseArgs, ReportFormat};
use crate::exit::{Ending, Error};
use crate::input::Input;
use crate::output::rehearsal::print;
use crate::ui::Ui;
use directory::{Made, NewDirectory};

pub(super) fn run(args: &RehearseArgs, reading: &Reading, ui: &mut Ui) -> Result<Ending, Error> {
    let flags = Flags {
        name: args.name.clone(),
        initial_cluster: args.initial_cluster.clone(),
        token: args.initial_cluster_token.clone(),
        peer_urls: args.initial_advertise_peer_urls.clone(),
    };
    let cluster = Cluster::plan(&flags).map_err(|error| Error::Usage(error.to_string()))?;
    let new = NewDirectory::begin(&args.out, args.sweep)?;
    let source = snapshot::open(&Input::from(args.snapshot.as_os_str()), reading, ui)?;
    let meter = ui.meter("hashing", Some(source.bytes().len() as u64));
    let trailer = trailer::read(source.bytes(), |bytes| meter.add(bytes));
    drop(meter);
    if !args.skip_hash_check {
        hashed(&source, &trailer)?;
    }
    let meter = ui.meter("restoring", Some(source.bytes().len() as u64));
    let bump = args.bump_revision.filter(|by| *by > 0).map(|by| Bump { by });
    let made = new.make(&source, &cluster, args.etcd_release.release(), bump, reading, &|bytes| meter.add(bytes))?;
    drop(meter);
    source.check_unchanged()?;
    new.publish()?;
    let rehearsal = document(args, &source, &trailer, &cluster, made);
    if args.output.format() == ReportFormat::Json {
        let artifact = Artifact::Rehearsal(Box::new(rehearsal));
        documents::document("rehearse", vec![artifact], Vec::new(), Verdict::Pass).write(ui.out())?;
    } else {
        print(&rehearsal, ui)?;
    }
    Ok(Ending::Clean)
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
    cluster: &Cluster,
    made: Made,
) -> document::Rehearsal {
    let member = |member: &restore::Member| PlannedMember {
        id: member.hex(),
        name: member.name.clone(),
        peer_urls: member.peer_urls.clone(),
    };
    document::Rehearsal {
        path: source.name(),
        kind: document::Rehearsal::KIND,
        out: args.out.to_string_lossy().into_owned(),
        etcd_release: args.etcd_release.word().into(),
        source_sha256: HexBytes(&trailer.file).to_string(),
        source_trailer: trailer.valid(),
        member: cluster.own.hex(),
        cluster: format!("{:x}", cluster.id),
        members: cluster.members.iter().map(member).collect(),
        bump: args.bump_revision.filter(|by| *by > 0),
        revision: made.revision,
        live_keys: made.live_keys,
        content: made.content,
        files: made.files,
        checks: made.checks,
        boot: None,
        more: document::Fields::default(),
    }
}
