//! What may go, what was read again, and how backups come in, for people.

use checks::Finding;
use document::{Artifact, ClusterStats, LogCheck, PlanBackup, PrunePlan, Recheck, TrashPurge};
use wording::{Size, count, escape, inert};

use super::cluster_words;
use crate::exit::Error;
use crate::output::finding;
use crate::output::human::{Align, Fields, Table};
use crate::ui::{Ui, style};

/// Gaps, and changes of keys, that are told.
const SHOWN: usize = 3;

/// A plan, or what was done by it. `rules` are the options that asked for it.
///
/// # Errors
/// Whatever keeps the stream from taking it.
pub fn plan(plan: &PrunePlan, rules: &str, ui: &mut Ui) -> Result<(), Error> {
    for group in &plan.groups {
        let head = cluster_words(group.cluster.as_deref(), None);
        let head = ui.paint(style::HEAD, head).to_string();
        writeln!(ui.out(), "{head}")?;
        let columns = [("ID", Align::Left), ("taken", Align::Left), ("", Align::Left), ("why", Align::Left)];
        let mut table = Table::new(&columns).elastic(3);
        for backup in &group.backups {
            let goes = if backup.goes { "goes" } else { "stays" };
            table.row([backup.id.clone(), minute(&backup.taken), goes.to_owned(), why(backup)]);
        }
        let look = ui.look();
        table.write(ui.out(), look)?;
        for backup in &group.backups {
            for file in backup.files.iter().filter(|file| !file.moves) {
                let because = file.because.as_deref().unwrap_or_default();
                let text = format!("{} stays where it is: {because}", inert(&file.path));
                finding::wrap(&text, 4, ui)?;
            }
        }
        writeln!(ui.out())?;
    }
    let backups = |number| count(number, "backup");
    if plan.applied {
        let bytes = Size(plan.bytes);
        writeln!(
            ui.out(),
            "{} moved to .assay-trash ({bytes}), {} stay",
            count(plan.moved.len() as u64, "file"),
            plan.staying
        )?;
        for failed in &plan.failed {
            writeln!(ui.out(), "  not moved: {}: {}", inert(&failed.path), inert(&failed.error))?;
        }
        return log(plan.log.as_deref(), ui);
    }
    if plan.going == 0 {
        return Ok(writeln!(ui.out(), "nothing goes, {} stay", plan.staying)?);
    }
    writeln!(
        ui.out(),
        "{} would go ({}), {} stay; nothing was touched",
        backups(plan.going),
        Size(plan.bytes),
        plan.staying
    )?;
    writeln!(ui.out(), "plan {}", plan.plan)?;
    Ok(writeln!(ui.out(), "carry out: assay catalog prune{rules} \\\n  --apply --plan {}", plan.plan)?)
}

/// Every reason.
fn why(backup: &PlanBackup) -> String {
    let reasons: Vec<_> = backup.reasons.iter().map(|it| inert(&it.text).into_owned()).collect();
    match (backup.goes, reasons.is_empty()) {
        (true, true) => "no rule keeps it".to_owned(),
        _ => reasons.join("; "),
    }
}

/// What is in the trash, or was.
///
/// # Errors
/// Whatever keeps the stream from taking it.
pub fn purge(purge: &TrashPurge, ui: &mut Ui) -> Result<(), Error> {
    for file in &purge.files {
        writeln!(ui.out(), "  {}  {}", inert(&file.path), Size(file.bytes))?;
    }
    for failed in &purge.failed {
        writeln!(ui.out(), "  not deleted: {}: {}", inert(&failed.path), inert(&failed.error))?;
    }
    let files = count(purge.files.len() as u64, "file");
    let bytes = Size(purge.bytes);
    match (purge.applied, purge.files.is_empty()) {
        (true, _) => writeln!(ui.out(), "{files} deleted ({bytes})")?,
        (false, true) => writeln!(ui.out(), "nothing lies in the trash for so long")?,
        (false, false) => writeln!(ui.out(), "{files} would be deleted ({bytes}); do it with --apply")?,
    }
    log(purge.log.as_deref(), ui)
}

/// What was read again, and what stands against it.
///
/// # Errors
/// Whatever keeps the stream from taking it.
pub fn check(artifacts: &[Artifact], findings: &[(String, Finding)], ui: &mut Ui) -> Result<(), Error> {
    for artifact in artifacts {
        match artifact {
            Artifact::LogCheck(it) => log_check(it, ui)?,
            Artifact::Recheck(it) => recheck(it, ui)?,
            _ => {}
        }
    }
    let mut before = "";
    for (path, found) in findings {
        let entry = found.entry();
        if entry.id != before {
            let head = ui.paint(style::BAD, format_args!("{:<8}  {}", found.severity(), entry.title)).to_string();
            let id = ui.paint(style::DIM, format_args!("{} {}", entry.id, entry.name)).to_string();
            writeln!(ui.out(), "  {head}  {id}")?;
            finding::wrap(&format!("do: {}", found.remedy()), 12, ui)?;
        }
        before = entry.id;
        writeln!(ui.out(), "            {}", inert(path))?;
        finding::wrap(&inert(found.message()), 14, ui)?;
    }
    Ok(())
}

fn log_check(it: &LogCheck, ui: &mut Ui) -> Result<(), Error> {
    let head = match it.holds {
        true => ui.paint(style::GOOD, "HOLDS").to_string(),
        false => ui.paint(style::BAD, "DOES NOT HOLD").to_string(),
    };
    writeln!(ui.out(), "{head}  {}: {} in its log", escape(it.path.as_bytes()), entries(it.entries))?;
    log(Some(&it.log), ui)
}

fn entries(number: i64) -> String {
    format!("{number} {}", if number == 1 { "entry" } else { "entries" })
}

fn recheck(it: &Recheck, ui: &mut Ui) -> Result<(), Error> {
    let (read, known) = (count(it.read, "file"), it.known);
    writeln!(ui.out(), "{read} of {known} read again ({} of {})", Size(it.read_bytes), Size(it.known_bytes))?;
    let bad = it.read.saturating_sub(it.unchanged);
    match bad {
        0 => writeln!(ui.out(), "  all of them as they were")?,
        _ => writeln!(ui.out(), "  {} as they were, {bad} not", it.unchanged)?,
    }
    if let Some(oldest) = &it.oldest_check {
        writeln!(ui.out(), "  of all files of this host the longest unread was read {}", minute(oldest))?;
    }
    log(it.log.as_deref(), ui)
}

/// Figures of each cluster.
///
/// # Errors
/// Whatever keeps the stream from taking it.
pub fn stats(clusters: &[ClusterStats], ui: &mut Ui) -> Result<(), Error> {
    if clusters.is_empty() {
        return Ok(writeln!(ui.out(), "no backup is known")?);
    }
    for (at, it) in clusters.iter().enumerate() {
        if at > 0 {
            writeln!(ui.out())?;
        }
        let head = cluster_words(it.cluster.as_deref(), it.name.as_deref());
        let head = ui.paint(style::HEAD, head).to_string();
        writeln!(ui.out(), "{head}")?;
        let look = ui.look();
        fields(it).write(ui.out(), look)?;
    }
    Ok(())
}

fn fields(it: &ClusterStats) -> Fields {
    let counts = it.backups;
    let some = |number: u64, what: &str| if number > 0 { format!(", {number} {what}") } else { String::new() };
    let backups = format!(
        "{}, {} can be restored{}{}{}",
        counts.all,
        counts.restorable,
        some(counts.changed, "changed since"),
        some(counts.missing, "missing"),
        some(counts.orphan, "without their other half")
    );
    let last = it.last_restorable.as_ref().map_or("none".to_owned(), |it| format!("{}  {}", it.id, minute(&it.taken)));
    let hosts: Vec<String> = it.hosts.iter().map(|it| format!("{} on {}", it.backups, inert(&it.host))).collect();
    let hosts = format!("{}{}", hosts.join(", "), some(it.on_one_host, "on one host alone"));
    let mut fields = Fields::new()
        .field("backups", backups)
        .field("newest to restore", last)
        .maybe("lie", Some(hosts).filter(|_| !it.hosts.is_empty()))
        .maybe("longest unread", it.oldest_check.as_deref().map(minute))
        .maybe("one comes every", it.cadence.median_seconds.map(span));
    for gap in it.cadence.gaps.iter().take(SHOWN) {
        fields = fields.field("gap", format!("{}: {} to {}", span(gap.seconds), minute(&gap.from), minute(&gap.to)));
    }
    if let Some(size) = it.sizes.last() {
        let growth = it.growth_bytes_per_day.map(|growth| format!(", {} a day", grown(growth))).unwrap_or_default();
        fields =
            fields.field("size", format!("{}, {}% free pages{growth}", Size(size.size), size.fragmentation_percent));
    }
    for rotation in it.rotations.iter().rev().take(SHOWN) {
        let (added, gone) = (rotation.added.len(), rotation.gone.len());
        let text = format!("{}: {added} more, {gone} not needed any more", minute(&rotation.taken));
        fields = fields.field("keys changed", text);
    }
    fields
}

#[expect(clippy::cast_possible_truncation, reason = "a figure for people")]
fn grown(bytes: f64) -> String {
    let bytes = bytes as i64;
    format!("{}{}", if bytes < 0 { '-' } else { '+' }, Size(bytes.unsigned_abs()))
}

/// `3 days`, `26 hours`, `5 minutes`.
fn span(seconds: i64) -> String {
    let seconds = seconds.unsigned_abs();
    match seconds {
        172_800.. => count(seconds / 86_400, "day"),
        7200.. => count(seconds / 3600, "hour"),
        _ => count(seconds / 60, "minute"),
    }
}

fn minute(time: &str) -> String {
    let time: Result<jiff::Timestamp, _> = time.parse();
    time.map_or_else(|_| "not known".to_owned(), |time| time.strftime("%Y-%m-%d %H:%M UTC").to_string())
}

fn log(head: Option<&str>, ui: &mut Ui) -> Result<(), Error> {
    match head {
        Some(head) => Ok(writeln!(ui.out(), "  log {head}")?),
        None => Ok(()),
    }
}
