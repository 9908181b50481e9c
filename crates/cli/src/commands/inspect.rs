//! `assay inspect`: what is this?

use assay::pair;
use backup_facts::opening::Unlocked;
use backup_facts::snapshot::Integrity;
use checks::version::Compat;
use checks::{Asks, Finding, Severity, Verdict};
use document::Artifact;
use kube_objects::ResourceCount;

use super::artifact::{self, Item, Whole};
use super::keys::forbid_dumps;
use crate::analysis::{Analysis, Opened};
use crate::args::{InspectArgs, ReportFormat};
use crate::documents;
use crate::exit::{Error, Outcome};
use crate::input::{Reading, Source};
use crate::output::human::{Align, Fields, Table};
use crate::output::json::write_pretty;
use crate::output::{overview, tarball};
use crate::tarball::Tarball;
use crate::ui::{Ui, style};
use wording::{Size, count, escape, group_digits};

/// Resources that human output lists without `-v`.
const RESOURCES_SHOWN: usize = 15;

pub(super) fn run(args: &InspectArgs, reading: &Reading, ui: &mut Ui) -> Result<Outcome, Error> {
    forbid_dumps(ui);
    let json = args.output.format() == ReportFormat::Json;
    let mut seen: Vec<Seen> = Vec::new();
    let unread = artifact::each(&args.paths, reading, ui, |item, ui| {
        match item {
            Item::Directory(_) => {}
            Item::Backup(whole) => seen.extend(of_backup(*whole, json, ui)?),
            Item::Snapshot(source) => seen.extend(of_snapshot(&source, json, ui)?),
            Item::Tarball(tarball) => seen.extend(of_tarball(*tarball, json, ui)?),
        }
        Ok(())
    });
    if json && !seen.is_empty() {
        write_json(seen, unread.is_err(), ui)?;
    }
    unread.map(|()| ui.outcome())
}

/// What the pair is, then each of its files.
fn of_backup(mut whole: Whole, json: bool, ui: &mut Ui) -> Result<Vec<Seen>, Error> {
    let (source, tarball) = (whole.snapshot.take(), whole.tarball.take());
    let analysis = source.as_ref().map(|source| Analysis::of(source, tarball.as_deref(), ui)).transpose()?;
    let directory = whole.directory.as_deref();
    let compat = Compat::of(
        pair::sources(analysis.as_ref().map(|it| &it.facts), tarball.as_deref().map(|it| &it.resources), directory),
        None,
        Asks::Restore,
    );
    let name = whole.name();
    let keys = Unlocked::new(tarball.iter().flat_map(|tarball| tarball.in_force.configs()).cloned());
    let minor = compat.release.backup.minor();
    let outcome = match (&analysis, &tarball) {
        (Some(analysis), Some(tarball)) => pair::judge(&whole.backup, analysis, &tarball.resources, &keys, minor),
        _ => checks::pair::Outcome::default(),
    };
    let made = outcome.made;
    let halves = pair::halves(&whole.backup, pair::platform(directory, analysis.as_ref().map(|it| &it.facts)));
    let findings: Vec<Finding> =
        [outcome.findings.into_sorted(), halves.into_sorted(), compat.findings.clone()].into_iter().flatten().collect();
    if fails(&findings) {
        ui.settle(Outcome::Findings);
    }
    let mut seen = Vec::new();
    if json {
        let compat = documents::compat::of(&compat);
        let judged = documents::backup::Judged { cross_checked: made > 0, compat, ..Default::default() };
        let document = documents::backup::of(directory, &whole.backup, name.clone(), judged);
        seen.push(Seen { document, name, findings });
    } else {
        let head = ui.paint(style::HEAD, escape(name.as_bytes())).to_string();
        writeln!(ui.out(), "{head}: {}", parts(source.is_some(), tarball.as_deref()))?;
        let release = escape(compat.release.backup.describe().as_bytes()).into_owned();
        let look = ui.look();
        let fields = Fields::new().field("release", release);
        fields.maybe("pair", (made > 0).then(|| format!("{made} checks made"))).write(ui.out(), look)?;
        print_serious(&findings, ui)?;
        writeln!(ui.out())?;
    }
    if let (Some(source), Some(analysis)) = (&source, analysis) {
        seen.extend(of_analysis(source, analysis, json, ui)?);
    }
    if let Some(tarball) = tarball {
        seen.extend(of_tarball(*tarball, json, ui)?);
    }
    Ok(seen)
}

fn parts(snapshot: bool, tarball: Option<&Tarball>) -> &'static str {
    match (snapshot, tarball) {
        (true, Some(tarball)) if tarball.is_keyless() => "a backup: snapshot, and tarball without its keys",
        (true, Some(_)) => "a backup: snapshot and tarball",
        (true, None) => "a backup: snapshot, NO TARBALL",
        (false, _) => "a backup: tarball, NO SNAPSHOT",
    }
}

fn of_snapshot(source: &Source, json: bool, ui: &mut Ui) -> Result<Option<Seen>, Error> {
    let analysis = Analysis::of(source, None, ui)?;
    of_analysis(source, analysis, json, ui)
}

fn of_analysis(source: &Source, analysis: Analysis<'_>, json: bool, ui: &mut Ui) -> Result<Option<Seen>, Error> {
    // A description of what is left must not pass for one of the whole.
    if fails(&analysis.findings) || analysis.opened != Opened::Meta || analysis.pages.is_some() {
        ui.settle(Outcome::Findings);
    }
    if !json {
        print(source, &analysis, ui)?;
        return Ok(None);
    }
    let document = documents::snapshot::of(source, &analysis, None);
    Ok(Some(Seen { document, name: source.name(), findings: analysis.findings }))
}

fn of_tarball(tarball: Tarball, json: bool, ui: &mut Ui) -> Result<Option<Seen>, Error> {
    if fails(&tarball.findings) || !tarball.resources.complete {
        ui.settle(Outcome::Findings);
    }
    if !json {
        print_tarball(&tarball, ui)?;
        return Ok(None);
    }
    let document = documents::tarball::of(&tarball);
    Ok(Some(Seen { document, name: tarball.name, findings: tarball.findings }))
}

fn fails(findings: &[Finding]) -> bool {
    checks::verdict(findings, Some(Severity::High)) == Verdict::Fail
}

/// What is left of an artifact once it was looked at.
struct Seen {
    document: Artifact,
    name: String,
    findings: Vec<Finding>,
}

fn write_json(seen: Vec<Seen>, some_unread: bool, ui: &mut Ui) -> Result<(), Error> {
    let all = seen.iter().flat_map(|seen| &seen.findings);
    let verdict = if some_unread { Verdict::Fail } else { checks::verdict(all, Some(Severity::High)) };
    let findings = seen.iter().flat_map(|seen| documents::findings(&seen.findings, &seen.name)).collect();
    let artifacts = seen.into_iter().map(|seen| seen.document).collect();
    Ok(write_pretty(ui.out(), &documents::document("inspect", artifacts, findings, verdict))?)
}

fn print_tarball(tarball: &Tarball, ui: &mut Ui) -> Result<(), Error> {
    let name = ui.paint(style::HEAD, escape(tarball.name.as_bytes())).to_string();
    writeln!(ui.out(), "{name}: static pod resources of an OpenShift control plane")?;
    let look = ui.look();
    tarball::describe(tarball, ui.now()).field("secrets", tarball::secrets(tarball)).write(ui.out(), look)?;
    tarball::write_tables(tarball, ui)?;
    print_serious(&tarball.findings, ui)?;
    writeln!(ui.out())?;
    Ok(())
}

/// Points to `verify`, where there is something to see.
fn print_serious(findings: &[Finding], ui: &mut Ui) -> Result<(), Error> {
    let serious = findings.iter().filter(|finding| finding.severity() >= Severity::Medium).count() as u64;
    if serious > 0 {
        let text = format!("\n  {} need attention; `assay verify` names them", count(serious, "finding"));
        let text = ui.paint(style::WARN, text).to_string();
        writeln!(ui.out(), "{text}")?;
    }
    Ok(())
}

fn print(source: &Source, analysis: &Analysis<'_>, ui: &mut Ui) -> Result<(), Error> {
    let scan = &analysis.scan;
    let name = ui.paint(style::HEAD, escape(source.name().as_bytes())).to_string();
    writeln!(ui.out(), "{name}: etcd snapshot")?;
    let trailer = match analysis.integrity() {
        Integrity::Right => "valid".to_owned(),
        Integrity::RightBefore(bytes) => format!("valid for all but {} that follow it", count(bytes, "byte")),
        Integrity::Wrong => "WRONG".to_owned(),
        Integrity::None => "none".to_owned(),
    };
    let status = &scan.status;
    let kv = analysis.hash_kv.map(|kv| format!("{} at revision {}", kv.hash, kv.hash_revision));
    let fields = Fields::new()
        .field("revisions", overview::records(scan))
        .field("pages", overview::pages(&scan.report))
        .field("integrity", trailer)
        .field("status hash", format!("{:08x} ({})", status.hash, status.hash))
        .maybe("HashKV", kv);
    let look = ui.look();
    overview::describe(fields, source, analysis).write(ui.out(), look)?;
    print_cluster(analysis, ui)?;
    print_resources(analysis, ui)?;
    print_serious(&analysis.findings, ui)?;
    writeln!(ui.out())?;
    Ok(())
}

fn print_cluster(analysis: &Analysis<'_>, ui: &mut Ui) -> Result<(), Error> {
    let Some(openshift) = analysis.inventory.openshift() else { return Ok(()) };
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
        .field("static pod revisions", pods.join(", "))
        .field("nodes", nodes.join(" "))
        .write(ui.out(), look)?;
    Ok(())
}

fn print_resources(analysis: &Analysis<'_>, ui: &mut Ui) -> Result<(), Error> {
    let mut all: Vec<(&[u8], &ResourceCount)> = analysis.inventory.resources().collect();
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
