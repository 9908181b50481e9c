//! One verdict for a snapshot and its tarball.

use std::path::Path;

use super::{Judged, Report, Rules, integrity, records, structure};
use crate::analysis::Analysis;
use crate::commands::artifact::Whole;
use crate::exit::Error;
use crate::input::{Backups, Source};
use crate::output::artifact::{ArtifactJson, BackupJson, Named};
use crate::output::human::Fields;
use crate::output::snapshot::SnapshotJson;
use crate::output::tarball::TarballJson;
use crate::release::{self, Compat};
use crate::tarball::Tarball;
use crate::text::{Size, count, escape};
use crate::ui::Ui;

/// Judges what lies in a directory beside its backups; `None` where there is nothing to say.
pub(super) fn of_directory(_directory: &Backups, _rules: Rules<'_>) -> Option<Judged> {
    None
}

/// Judges a backup as a whole.
pub(super) fn of(mut whole: Whole, rules: Rules<'_>, ui: &mut Ui) -> Result<Judged, Error> {
    let source = whole.snapshot.take();
    let tarball = whole.tarball.take();
    let mut analysis = source.as_ref().map(|source| Analysis::of(source, ui)).transpose()?;
    let named = whole.directory.as_ref().and_then(|directory| directory.release());
    let compat = Compat::of(release::sources(analysis.as_ref(), tarball.as_deref(), named), rules.target);
    let both = analysis.is_some() && tarball.is_some();
    let mut parts = vec![(whole.name(), compat.findings.clone())];
    if let (Some(source), Some(analysis)) = (&source, &mut analysis) {
        parts.push((source.name(), std::mem::take(&mut analysis.findings)));
    }
    if let Some(tarball) = &tarball {
        parts.push((tarball.name.clone(), tarball.findings.clone()));
    }
    let verdict = checks::verdict(parts.iter().flat_map(|(_, findings)| findings), rules.limit);
    let mut documents = Vec::new();
    if rules.json {
        let named = Named { directory: whole.directory.as_deref(), backup: &whole.backup, name: whole.name() };
        documents.push(ArtifactJson::Backup(Box::new(BackupJson::new(named, both, &compat, Some(verdict)))));
        if let (Some(source), Some(analysis)) = (&source, &analysis) {
            documents.push(ArtifactJson::Snapshot(Box::new(SnapshotJson::new(source, analysis))));
        }
        documents.extend(tarball.as_deref().map(|it| ArtifactJson::Tarball(Box::new(TarballJson::new(it)))));
    }
    let checked = checked(source.as_ref().zip(analysis.as_ref()), tarball.as_deref(), &compat);
    let (good, what) = ("a restore of this backup", "this backup");
    Ok(Judged { documents, report: Report { name: whole.name(), parts, verdict, checked, good, what, brief: true } })
}

/// What was looked at, a line each.
fn checked(snapshot: Option<(&Source, &Analysis<'_>)>, tarball: Option<&Tarball>, compat: &Compat<'_>) -> Fields {
    let mut fields = Fields::new().field("release", release_in_words(compat));
    if let Some((source, analysis)) = snapshot {
        fields = fields.maybe("cluster", cluster(analysis)).field("snapshot", describe_snapshot(source, analysis));
    }
    if let Some(tarball) = tarball {
        fields = fields.field("tarball", describe_tarball(tarball));
    }
    fields
}

fn release_in_words(compat: &Compat<'_>) -> String {
    let release = escape(compat.release.backup.describe().as_bytes()).into_owned();
    match (compat.target, compat.allowed()) {
        (Some(_), Some(true)) => format!("{release}, the target's"),
        (Some(target), _) => format!("{release}; the target runs {}", target.target.version()),
        (None, _) => format!("{release}; --target VERSION tells whether it fits a cluster"),
    }
}

fn cluster(analysis: &Analysis<'_>) -> Option<String> {
    let openshift = analysis.inventory.openshift()?;
    let id = openshift.version.as_ref().map(|version| version.spec.cluster_id.clone());
    let infrastructure = openshift.infrastructure.as_ref();
    let of = |read: fn(&kube_objects::Infrastructure) -> &String| infrastructure.map(|found| read(found).clone());
    let parts = [of(|it| &it.infrastructure_name), of(|it| &it.platform), of(|it| &it.control_plane_topology), id];
    let parts: Vec<_> = parts.into_iter().flatten().filter(|part| !part.is_empty()).collect();
    Some(format!("{}, {}", escape(parts.join(", ").as_bytes()), count(openshift.nodes.len() as u64, "node")))
}

fn describe_snapshot(source: &Source, analysis: &Analysis<'_>) -> String {
    let (structure, records) = (structure(analysis), records(analysis));
    let sound = match (structure.as_str(), records.as_str()) {
        ("sound", "sound") => "structure and records sound".to_owned(),
        _ => format!("structure: {structure}, records: {records}"),
    };
    let size = Size(source.bytes().len() as u64);
    format!(
        "{}, {size}\nrevision {}, {}\nintegrity {}; {sound}",
        file_name(&source.name()),
        analysis.scan.current(),
        count(analysis.scan.store.live_count(), "live key"),
        integrity(analysis)
    )
}

fn describe_tarball(tarball: &Tarball) -> String {
    let resources = &tarball.resources;
    let pods = resources.facts.pods.iter().take(6);
    let pods: Vec<_> = pods.map(|pod| format!("{} {}", escape(pod.name.as_bytes()), pod.revision)).collect();
    let size = Size(resources.archive.compressed_size);
    let members = count(resources.members.len() as u64, "member");
    format!("{}, {size}, {members}\n{}", file_name(&tarball.name), pods.join(", "))
}

fn file_name(path: &str) -> String {
    let name = Path::new(path).file_name().map(|name| name.as_encoded_bytes().to_vec());
    escape(&name.unwrap_or_else(|| path.as_bytes().to_vec())).into_owned()
}
