//! What was looked at for a verdict, and what came of it.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use artifact::Contents;
use assay::directory::Backups;
use assay::{Judged, Tarball};
use backup_facts::examine::{Encryption, Fit};
use backup_facts::layout::Layout;
use backup_facts::platform::{Halves, Platform, Rules, rules};
use backup_facts::snapshot::{Integrity, SnapshotFacts};
use checks::pair::Comparison;
use checks::version::Compat;
use document::{ClusterRun, Newest};
use jiff::Timestamp;
use version_compat::Relation;
use wording::{Size, count, escape, inert};

use super::encryption::external;
use super::human::Fields;
use super::{overview, tarball};

/// Of a directory of several backups.
#[must_use]
pub fn of_directory(directory: &Backups) -> Fields {
    let picked =
        |pick: &Option<String>| pick.as_deref().map_or("nothing".to_owned(), |it| escape(it.as_bytes()).into_owned());
    let picks = format!("{}\n{}", picked(&directory.picks.snapshot), picked(&directory.picks.tarball));
    Fields::new().field("backups", count(directory.backups.len() as u64, "backup")).field("restore takes", picks)
}

/// Of all backups of a cluster.
#[must_use]
pub fn of_cluster(cluster: &ClusterRun) -> Fields {
    let told = |newest: &Option<Newest>| {
        let newest = newest.as_ref()?;
        let taken = newest.taken.as_ref().map(|taken| format!(", taken {}", inert(&taken.at))).unwrap_or_default();
        Some(format!("{}{taken}: {}", escape(newest.name.as_bytes()), newest.verdict.name()))
    };
    Fields::new()
        .field("backups", count(cluster.judged, "backup"))
        .maybe("newest", told(&cluster.newest))
        .field("newest good", told(&cluster.newest_good).unwrap_or_else(|| "NONE".to_owned()))
}

/// Of a backup, or of a file by itself.
#[must_use]
pub fn of(judged: &Judged<'_>, now: Timestamp) -> Fields {
    let (backup, facts) = (judged.backup, &judged.facts);
    let snapshot = backup.snapshot().zip(facts.snapshot.as_ref());
    let keys = facts.encryption.as_ref().and_then(keys_in_words);
    let keys = keys.or_else(|| facts.keys_not_tried().map(|what| format!("NOT TRIED: {what}; --keys PATH tries them")));
    let expected = judged.expected.as_ref().map(expected_in_words);
    let rehearsal = judged.rehearsal.as_ref().map(|boot| escape(boot.told().as_bytes()).into_owned());
    if backup.is_alone() {
        let fields = match (snapshot, facts.tarball) {
            (Some((source, snapshot)), _) => of_snapshot(source, snapshot).maybe("keys", keys),
            (None, Some(tarball)) => tarball::describe(tarball, now),
            (None, None) => Fields::new(),
        };
        return fields.maybe("as said in", expected).maybe("rehearsal", rehearsal);
    }
    let directory = backup.directory().filter(|directory| directory.backups.len() == 1);
    let pair = judged.pair.as_ref().filter(|comparison| comparison.made > 0);
    let rules = rules(facts.platform());
    let known = facts.platform() != Platform::Unknown && snapshot.is_some();
    checked(snapshot, facts.tarball, &judged.compat)
        .maybe("keys", keys)
        .maybe("escrow", judged.escrow.as_ref().map(escrow_in_words))
        .maybe("as said in", expected)
        .maybe("rehearsal", rehearsal)
        .maybe("pair", pair.map(pair_in_words))
        .maybe("restore takes", directory.and_then(|directory| restore_takes(directory, rules)))
        .maybe("restored by", (known && rules.restore.names.is_none()).then(|| rules.restore.by.to_owned()))
        .maybe("complete is", (known && rules.halves == Halves::SnapshotAlone).then(|| rules.complete.to_owned()))
}

fn of_snapshot(source: &Contents, facts: &SnapshotFacts<'_>) -> Fields {
    let fields = Fields::new()
        .field("integrity hash", integrity(facts))
        .field("structure", format!("{}; {}", overview::pages(&facts.scan.walked), structure(facts)))
        .field("records", format!("{}; {}", overview::records(&facts.scan), records(facts)));
    overview::describe(fields, source, facts)
}

/// What was looked at, a line each.
fn checked(
    snapshot: Option<(&Contents, &SnapshotFacts<'_>)>,
    tarball: Option<&Tarball>,
    compat: &Compat<'_>,
) -> Fields {
    let mut fields = Fields::new().field("release", release_in_words(compat));
    if let Some((source, facts)) = snapshot {
        fields = fields.field("platform", overview::platform(&facts.platform));
        fields = fields.maybe("cluster", cluster(facts)).field("snapshot", describe_snapshot(source, facts));
    }
    if let Some(tarball) = tarball {
        fields = fields.field("tarball", describe_tarball(tarball));
    }
    fields
}

/// Whether the keys open what is encrypted; `None` where nothing is.
fn keys_in_words(encryption: &Encryption) -> Option<String> {
    let counted = |values| count(values, "encrypted value");
    Some(match encryption.fit() {
        Fit::NothingEncrypted => return None,
        Fit::All { values, .. } => format!("open all {}", counted(values)),
        Fit::Closed { values, .. } => format!("DO NOT OPEN all {}", counted(values)),
        Fit::NotTried { values } => format!("{}, and no keys to try", counted(values)),
        Fit::External { opened, values } => external(opened, values),
    })
}

fn pair_in_words(comparison: &Comparison) -> String {
    let made = count(u64::from(comparison.made), "check");
    match comparison.skipped.len() as u64 {
        0 => format!("{made} made"),
        skipped => format!("{made} made, {skipped} not: -v tells which"),
    }
}

/// What the platform's restore script would take; `None` where there is no such script.
fn restore_takes(directory: &Backups, rules: &Rules) -> Option<String> {
    let names = rules.restore.names?;
    let backup = directory.backups.first()?;
    let is = |pick: &Option<String>, path: &Option<PathBuf>| {
        pick.as_deref() == path.as_deref().and_then(Path::file_name).and_then(OsStr::to_str)
    };
    let picks = &directory.picks;
    let takes_snapshot = picks.snapshot.is_some() && is(&picks.snapshot, &backup.snapshot);
    let both = takes_snapshot && picks.tarball.is_some() && is(&picks.tarball, &backup.tarball);
    let shown =
        |pick: &Option<String>| pick.as_deref().map_or("NOTHING".into(), |it| escape(it.as_bytes()).into_owned());
    let layout = directory.layout == Layout::Files;
    match (both, names.tarball) {
        (true, Some(_)) => Some("these two files".to_owned()),
        (false, Some(_)) => {
            layout.then(|| format!("snapshot: {}\ntarball: {}", shown(&picks.snapshot), shown(&picks.tarball)))
        }
        (_, None) => layout.then(|| format!("snapshot: {}", shown(&picks.snapshot))),
    }
}

fn release_in_words(compat: &Compat<'_>) -> String {
    let release = escape(compat.release.backup.describe().as_bytes()).into_owned();
    match (compat.target, compat.allowed()) {
        (Some(target), Some(true)) if compat.relation() != Some(Relation::Same) => {
            format!("{release}, on which the target's {} may start", target.target.version())
        }
        (Some(_), Some(true)) => format!("{release}, the target's"),
        (Some(target), _) => format!("{release}; the target runs {}", target.target.version()),
        (None, _) => format!("{release}; --target VERSION tells whether it fits a cluster"),
    }
}

fn cluster(facts: &SnapshotFacts<'_>) -> Option<String> {
    let openshift = facts.inventory.openshift()?;
    let id = openshift.version.as_ref().map(|version| version.spec.cluster_id.clone());
    let infrastructure = openshift.infrastructure.as_ref();
    let of = |read: fn(&kube_objects::Infrastructure) -> &String| infrastructure.map(|found| read(found).clone());
    let parts = [of(|it| &it.infrastructure_name), of(|it| &it.platform), of(|it| &it.control_plane_topology), id];
    let parts: Vec<_> = parts.into_iter().flatten().filter(|part| !part.is_empty()).collect();
    Some(format!("{}, {}", escape(parts.join(", ").as_bytes()), count(openshift.nodes.len() as u64, "node")))
}

fn describe_snapshot(source: &Contents, facts: &SnapshotFacts<'_>) -> String {
    let (structure, records) = (structure(facts), records(facts));
    let sound = match (structure.as_str(), records.as_str()) {
        ("sound", "sound") => "structure and records sound".to_owned(),
        _ => format!("structure: {structure}, records: {records}"),
    };
    let size = Size(source.bytes().len() as u64);
    format!(
        "{}, {size}\nrevision {}, {}\nintegrity {}; {sound}",
        file_name(&source.name()),
        facts.scan.current(),
        count(facts.scan.store.live_count(), "live key"),
        integrity(facts)
    )
}

fn describe_tarball(tarball: &Tarball) -> String {
    let resources = tarball.resources();
    let pods = resources.static_pods.pods.iter().take(6);
    let pods: Vec<_> = pods.map(|pod| format!("{} {}", escape(pod.name.as_bytes()), pod.revision)).collect();
    let size = Size(resources.archive.compressed_size);
    let members = count(resources.members.len() as u64, "member");
    format!("{}, {size}, {members}\n{}", file_name(&tarball.path), pods.join(", "))
}

fn file_name(path: &str) -> String {
    let name = Path::new(path).file_name().map(|name| name.as_encoded_bytes().to_vec());
    escape(&name.unwrap_or_else(|| path.as_bytes().to_vec())).into_owned()
}
fn integrity(facts: &SnapshotFacts<'_>) -> String {
    match facts.integrity() {
        Integrity::Right => "valid: SHA-256 of every byte".to_owned(),
        Integrity::RightBefore(bytes) => {
            format!("valid for all but {} that follow it: etcd did not write them", count(bytes, "byte"))
        }
        Integrity::Wrong => "WRONG: the bytes are not those that etcd wrote".to_owned(),
        Integrity::None => "none: damage inside values cannot be noticed".to_owned(),
    }
}

fn structure(facts: &SnapshotFacts<'_>) -> String {
    let faults = &facts.scan.walked.faults;
    faults_in_words(faults.kept().len() as u64 + faults.dropped())
}

fn records(facts: &SnapshotFacts<'_>) -> String {
    let faults = &facts.scan.faults;
    faults_in_words(faults.kept().len() as u64 + faults.dropped())
}

fn faults_in_words(number: u64) -> String {
    if number == 0 { "sound".to_owned() } else { count(number, "fault") }
}
/// Which statements hold, and how many do not or could not be told.
fn expected_in_words(expected: &document::Expected) -> String {
    let of = |outcome: &str| {
        let names = expected.checks.iter().filter(|check| check.outcome == outcome).map(|check| check.name.as_ref());
        let mut names: Vec<&str> = names.filter(|name| *name != "name").collect();
        names.dedup();
        names.join(", ")
    };
    let source = if expected.source == "-" { "standard input" } else { &expected.source };
    let parts = [("agrees", of("proven")), ("DIFFERS", of("failed")), ("not told", of("not-checked"))];
    let told = parts.iter().filter(|(_, names)| !names.is_empty()).map(|(how, names)| format!("{how}: {names}"));
    format!("{}\n{}", file_name(source), told.collect::<Vec<_>>().join("\n"))
}

/// In a few words.
fn escrow_in_words(escrow: &document::Escrow) -> String {
    match escrow.matches {
        true => "the files are those of the manifest; the keys are kept there".to_owned(),
        false => "the files are NOT those of the manifest".to_owned(),
    }
}
