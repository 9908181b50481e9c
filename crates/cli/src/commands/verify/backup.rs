//! One verdict for a snapshot and its tarball.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use assay::pair;
use backup_facts::configuration::InForce;
use backup_facts::layout::Layout;
use backup_facts::opening::{Encryption, Fit, Unlocked};
use backup_facts::platform::Platform;
use checks::Asks;
use checks::pair::Outcome;
use checks::version::Compat;

use super::{Judged, Report, Rules, integrity, records, structure};
use crate::analysis::{Analysis, examine};
use crate::commands::artifact::Whole;
use crate::commands::keys::given;
use crate::documents;
use crate::exit::Error;
use crate::input::{Backups, Source};
use crate::output::encryption::external;
use crate::output::human::Fields;
use crate::tarball::Tarball;
use crate::ui::Ui;
use wording::{Size, count, escape};

/// Judges what lies in a directory beside its backups; `None` where there is one backup, or nothing to say.
pub(super) fn of_directory(directory: &Backups, rules: Rules<'_>) -> Option<Judged> {
    let findings = if directory.backups.len() > 1 { pair::directory(directory) } else { Vec::new() };
    if findings.is_empty() {
        return None;
    }
    let name = directory.path.to_string_lossy().into_owned();
    let verdict = checks::verdict(&findings, rules.limit);
    let picked =
        |pick: &Option<String>| pick.as_deref().map_or("nothing".to_owned(), |it| escape(it.as_bytes()).into_owned());
    let picks = format!("{}\n{}", picked(&directory.picks.snapshot), picked(&directory.picks.tarball));
    let checked =
        Fields::new().field("backups", count(directory.backups.len() as u64, "backup")).field("restore takes", picks);
    let parts = vec![(name.clone(), findings)];
    let (good, what) = ("a restore from this directory", "a restore from this directory");
    let report = Report { name, parts, verdict, checked, good, what, brief: true };
    Some(Judged { documents: Vec::new(), report })
}

/// Judges a backup as a whole.
pub(super) fn of(mut whole: Whole, rules: Rules<'_>, ui: &mut Ui) -> Result<Judged, Error> {
    let source = whole.snapshot.take();
    let tarball = whole.tarball.take();
    let mut analysis = source.as_ref().map(|source| Analysis::of(source, tarball.as_deref(), ui)).transpose()?;
    let directory = whole.directory.as_deref();
    let platform = pair::platform(directory, analysis.as_ref().map(|it| &it.facts));
    let compat = Compat::of(
        pair::sources(analysis.as_ref().map(|it| &it.facts), tarball.as_deref().map(|it| &it.resources), directory),
        rules.target,
        Asks::Restore,
    );
    let (encryption, keys) = match &analysis {
        Some(analysis) => {
            let in_force = in_force(&whole, tarball.as_deref(), platform, rules, ui)?;
            let (encryption, keys) = examine(analysis, &in_force, ui);
            (Some(encryption), keys)
        }
        None => (None, Unlocked::default()),
    };
    let minor = compat.release.backup.minor();
    let mut outcome = match (&analysis, &tarball) {
        (Some(analysis), Some(tarball)) => pair::judge(&whole.backup, analysis, &tarball.resources, &keys, minor),
        _ => checks::pair::Outcome::default(),
    };
    let both = outcome.made > 0;
    let mut own = std::mem::take(&mut outcome.findings).into_sorted();
    own.extend(pair::halves(&whole.backup, platform).into_sorted());
    own.extend(pair::unread(&whole.unread));
    own.extend(compat.findings.iter().cloned());
    own.extend(encryption.iter().flat_map(|encryption| checks::keys_fit::check(encryption).into_sorted()));
    let keyless = tarball.as_deref().is_some_and(Tarball::is_keyless);
    let escrow = super::escrow::hold(&whole.backup, keyless, rules, &mut own)?;
    let escrow = escrow.map(|(json, finding)| {
        own.push(finding);
        json
    });
    own.sort_by_key(|finding| std::cmp::Reverse(finding.severity()));
    let mut parts = vec![(whole.name(), own)];
    if let Some(directory) = directory.filter(|directory| directory.backups.len() == 1) {
        parts.push((directory.path.to_string_lossy().into_owned(), pair::directory(directory)));
    }
    if let (Some(source), Some(analysis)) = (&source, &mut analysis) {
        analysis.findings = checks::pair::as_made_by(platform, std::mem::take(&mut analysis.findings));
        let hazards =
            pair::hazards(analysis, tarball.as_deref().map(|it| &it.resources), &keys, rules.restore, ui.now());
        parts.push((source.name(), super::together([std::mem::take(&mut analysis.findings), hazards])));
    }
    drop(keys);
    if let Some(tarball) = &tarball {
        let hazards = if source.is_none() {
            pair::hazards_of_tarball(&tarball.resources, rules.restore, ui.now())
        } else {
            Vec::new()
        };
        parts.push((tarball.name.clone(), super::together([tarball.findings.clone(), hazards])));
    }
    let verdict = checks::verdict(parts.iter().flat_map(|(_, findings)| findings), rules.limit);
    let mut artifacts = Vec::new();
    if rules.json {
        let judged = documents::backup::Judged {
            cross_checked: both,
            compat: documents::compat::of(&compat),
            encryption: encryption.as_ref().map(documents::encryption::of),
            escrow: escrow.clone(),
            verdict: Some(verdict),
        };
        artifacts.push(documents::backup::of(whole.directory.as_deref(), &whole.backup, whole.name(), judged));
        if let (Some(source), Some(analysis)) = (&source, &analysis) {
            artifacts.push(documents::snapshot::of(source, analysis, None));
        }
        artifacts.extend(tarball.as_deref().map(documents::tarball::of));
    }
    let mut checked = checked(source.as_ref().zip(analysis.as_ref()), tarball.as_deref(), &compat);
    checked = checked.maybe("keys", encryption.as_ref().and_then(keys_in_words));
    checked = checked.maybe("escrow", escrow.as_ref().map(super::escrow::in_words));
    if both {
        checked = checked.field("pair", pair_in_words(&outcome));
    }
    if let Some(directory) = directory.filter(|directory| directory.backups.len() == 1) {
        checked = checked.maybe("restore takes", restore_takes(directory));
    }
    let (good, what) = ("a restore of this backup", "this backup");
    Ok(Judged {
        documents: artifacts,
        report: Report { name: whole.name(), parts, verdict, checked, good, what, brief: true },
    })
}

/// The keys that a restored cluster reads this backup with.
fn in_force(
    whole: &Whole,
    tarball: Option<&Tarball>,
    platform: Platform,
    rules: Rules<'_>,
    ui: &mut Ui,
) -> Result<InForce, Error> {
    let tarball = tarball.map(|tarball| given::OfTarball {
        path: whole.backup.tarball.as_deref(),
        in_force: &tarball.in_force,
        named: tarball.named_member(),
    });
    let directory = whole.directory.as_deref().filter(|directory| directory.backups.len() == 1);
    let halves = given::Halves { tarball, directory, platform };
    Ok(given::decide(rules.keys, &halves, rules.reading, ui)?.in_force)
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

/// Whether the keys open what is encrypted; `None` where nothing is.
pub(super) fn keys_in_words(encryption: &Encryption) -> Option<String> {
    let counted = |values| count(values, "encrypted value");
    Some(match encryption.fit() {
        Fit::NothingEncrypted => return None,
        Fit::All { values, .. } => format!("open all {}", counted(values)),
        Fit::Closed { values, .. } => format!("DO NOT OPEN all {}", counted(values)),
        Fit::NotTried { values } => format!("{}, and no keys to try", counted(values)),
        Fit::External { opened, values } => external(opened, values),
    })
}

fn pair_in_words(outcome: &Outcome) -> String {
    let made = count(u64::from(outcome.made), "check");
    match outcome.skipped.len() as u64 {
        0 => format!("{made} made"),
        skipped => format!("{made} made, {skipped} not: -v tells which"),
    }
}

/// What the restore script would take, where that is not simply the two files.
fn restore_takes(directory: &Backups) -> Option<String> {
    let backup = directory.backups.first()?;
    let is = |pick: &Option<String>, path: &Option<PathBuf>| {
        pick.as_deref() == path.as_deref().and_then(Path::file_name).and_then(OsStr::to_str)
    };
    let picks = &directory.picks;
    let both = is(&picks.snapshot, &backup.snapshot) && is(&picks.tarball, &backup.tarball);
    let shown =
        |pick: &Option<String>| pick.as_deref().map_or("NOTHING".into(), |it| escape(it.as_bytes()).into_owned());
    let layout = directory.layout == Layout::Files;
    match both {
        true => Some("these two files".to_owned()),
        false => layout.then(|| format!("snapshot: {}\ntarball: {}", shown(&picks.snapshot), shown(&picks.tarball))),
    }
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
