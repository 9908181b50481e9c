//! What a backup is, for people.

use artifact::Contents;
use assay::{Judged, Tarball};
use backup_facts::platform::{Halves, rules};
use backup_facts::snapshot::{Integrity, SnapshotFacts};
use checks::required::Subject;
use checks::{Finding, Severity};
use kube_objects::ResourceCount;
use wording::{Size, count, escape, group_digits};

use super::human::{Align, Fields, Table};
use super::{overview, tarball};
use crate::exit::Error;
use crate::ui::{Ui, style};

/// Resources that human output lists without `-v`.
const RESOURCES_SHOWN: usize = 15;

/// Writes what the backup is, then each of its files.
///
/// # Errors
/// Whatever keeps the stream from taking it.
pub fn write(judged: &Judged<'_>, ui: &mut Ui) -> Result<(), Error> {
    ui.fold();
    let findings = |about: Subject| {
        let parts = judged.parts.iter().filter(move |part| part.about == about);
        parts.flat_map(|part| &part.findings).collect::<Vec<&Finding>>()
    };
    let tarball = judged.facts.tarball;
    if !judged.backup.is_alone() {
        write_backup(judged, &findings(Subject::Backup), ui)?;
    }
    if let (Some(source), Some(snapshot)) = (judged.backup.snapshot(), &judged.facts.snapshot) {
        print(source, snapshot, &findings(Subject::Snapshot), ui)?;
    }
    if let Some(tarball) = tarball {
        print_tarball(tarball, &findings(Subject::Tarball), ui)?;
    }
    Ok(())
}

fn write_backup(judged: &Judged<'_>, findings: &[&Finding], ui: &mut Ui) -> Result<(), Error> {
    let head = ui.paint(style::HEAD, escape(judged.name().as_bytes())).to_string();
    let (snapshot, tarball) = (judged.backup.snapshot().is_some(), judged.facts.tarball);
    let alone = rules(judged.facts.platform()).halves != Halves::Pair;
    writeln!(ui.out(), "{head}: {}", parts(snapshot, tarball, alone))?;
    let release = escape(judged.compat.release.backup.describe().as_bytes()).into_owned();
    let made = judged.pair.as_ref().map_or(0, |comparison| comparison.made);
    let look = ui.look();
    let fields = Fields::new().field("release", release);
    fields.maybe("pair", (made > 0).then(|| format!("{made} checks made"))).write(ui.out(), look)?;
    print_serious(findings, ui)?;
    writeln!(ui.out())?;
    Ok(())
}

/// What a backup is made of; `alone` where no tarball belongs to it.
fn parts(snapshot: bool, tarball: Option<&Tarball>, alone: bool) -> &'static str {
    match (snapshot, tarball) {
        (true, Some(tarball)) if tarball.is_keyless() => "a backup: snapshot, and tarball without its keys",
        (true, Some(_)) => "a backup: snapshot and tarball",
        (true, None) if alone => "a backup: snapshot",
        (true, None) => "a backup: snapshot, NO TARBALL",
        (false, _) => "a backup: tarball, NO SNAPSHOT",
    }
}

fn print_tarball(tarball: &Tarball, findings: &[&Finding], ui: &mut Ui) -> Result<(), Error> {
    let name = ui.paint(style::HEAD, escape(tarball.path.as_bytes())).to_string();
    writeln!(ui.out(), "{name}: static pod resources of an OpenShift control plane")?;
    let look = ui.look();
    tarball::describe(tarball, ui.now()).field("secrets", tarball::secrets(tarball)).write(ui.out(), look)?;
    tarball::write_tables(tarball, ui)?;
    print_serious(findings, ui)?;
    writeln!(ui.out())?;
    Ok(())
}

/// Points to `verify`, where there is something to see.
fn print_serious(findings: &[&Finding], ui: &mut Ui) -> Result<(), Error> {
    let serious = findings.iter().filter(|finding| finding.severity() >= Severity::Medium).count() as u64;
    if serious > 0 {
        let text = format!("\n  {} need attention; `assay verify` names them", count(serious, "finding"));
        let text = ui.paint(style::WARN, text).to_string();
        writeln!(ui.out(), "{text}")?;
    }
    Ok(())
}

fn print(source: &Contents, facts: &SnapshotFacts<'_>, findings: &[&Finding], ui: &mut Ui) -> Result<(), Error> {
    let scan = &facts.scan;
    let name = ui.paint(style::HEAD, escape(source.name().as_bytes())).to_string();
    writeln!(ui.out(), "{name}: etcd snapshot")?;
    let trailer = match facts.integrity() {
        Integrity::Right => "valid".to_owned(),
        Integrity::RightBefore(bytes) => format!("valid for all but {} that follow it", count(bytes, "byte")),
        Integrity::Wrong => "WRONG".to_owned(),
        Integrity::None => "none".to_owned(),
    };
    let status = &scan.status;
    let kv = facts.hash_kv.map(|kv| format!("{} at revision {}", kv.hash, kv.hash_revision));
    let fields = Fields::new()
        .field("revisions", overview::records(scan))
        .field("pages", overview::pages(&scan.walked))
        .field("integrity", trailer)
        .field("status hash", format!("{:08x} ({})", status.hash, status.hash))
        .maybe("HashKV", kv);
    let look = ui.look();
    overview::describe(fields, source, facts).write(ui.out(), look)?;
    print_cluster(facts, ui)?;
    print_resources(facts, ui)?;
    print_serious(findings, ui)?;
    writeln!(ui.out())?;
    Ok(())
}

fn print_cluster(facts: &SnapshotFacts<'_>, ui: &mut Ui) -> Result<(), Error> {
    let Some(openshift) = facts.inventory.openshift() else { return Ok(()) };
    let mut fields = Fields::new();
    if let Some(version) = &openshift.version {
        let history = version.status.history.iter().map(|update| {
            let done = update.completion_time.or(update.started_time).map(|time| time.to_string()).unwrap_or_default();
            format!("{} {} {done}", escape(update.version.as_bytes()), escape(update.state.as_bytes()))
        });
        fields = fields.field("history", history.take(5).collect::<Vec<_>>().join("\n"));
    }
    let wanted = openshift.encryption_type.as_deref().map(|kind| if kind.is_empty() { "identity" } else { kind });
    let pods: Vec<_> = openshift.revisions.iter().map(|(pod, revision)| format!("{pod} {revision}")).collect();
    let nodes: Vec<_> = openshift.nodes.iter().take(12).map(|node| escape(node.as_bytes())).collect();
    let look = ui.look();
    writeln!(ui.out(), "\n  cluster")?;
    fields
        .maybe("encryption wanted", wanted.map(|kind| escape(kind.as_bytes()).into_owned()))
        .maybe("static pod revisions", (!pods.is_empty()).then(|| pods.join(", ")))
        .field("nodes", nodes.join(" "))
        .write(ui.out(), look)?;
    Ok(())
}

fn print_resources(facts: &SnapshotFacts<'_>, ui: &mut Ui) -> Result<(), Error> {
    let mut all: Vec<(&[u8], &ResourceCount)> = facts.inventory.resources().collect();
    all.sort_by_key(|(path, count)| (std::cmp::Reverse(count.bytes), *path));
    let shown = if ui.look().verbose > 0 { all.len() } else { RESOURCES_SHOWN };
    if all.is_empty() {
        return Ok(());
    }
    let columns = [
        ("live values stored as", Align::Left),
        ("live", Align::Right),
        ("bytes", Align::Right),
        ("plain", Align::Right),
        ("encrypted", Align::Left),
    ];
    let mut table = Table::new(&columns).elastic(0);
    for (path, count) in all.iter().take(shown) {
        let keys = count
            .encrypted
            .iter()
            .map(|(key, number)| format!("{}:{} {number}", escape(&key.provider), escape(&key.key_name)));
        table.row([
            if path.is_empty() { "(no prefix)".to_owned() } else { escape(path).into_owned() },
            group_digits(count.live),
            Size(count.bytes).to_string(),
            group_digits(count.plain),
            keys.collect::<Vec<_>>().join(", "),
        ]);
    }
    writeln!(ui.out())?;
    let look = ui.look();
    table.write(ui.out(), look)?;
    if all.len() > shown {
        writeln!(ui.out(), "  ... and {}; -v lists them", count((all.len() - shown) as u64, "smaller resource"))?;
    }
    Ok(())
}
