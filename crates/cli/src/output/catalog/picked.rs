//! Which backup to restore, and why not each other one, for people.

use std::collections::BTreeMap;

use catalog::{Backup, By, Keys, Pick};
use document::Catalogued;
use jiff::Timestamp;
use wording::{count, inert, shell_word};

use super::{fields, files, taken};
use crate::exit::Error;
use crate::ui::{Ui, style};

/// Others that are named.
pub const RUNNERS_UP: usize = 5;

/// An answer, and what its screen shows of it.
pub struct Picked<'p> {
    /// The answer.
    pub answer: &'p Pick<'p>,
    /// The first, with its files and escrows; `None` where there is none.
    pub first: Option<&'p Catalogued>,
    /// What `assay runbook` takes for it.
    pub runbook: String,
    /// Older backups that were not looked at: none of them could be among those that are shown.
    pub rest: u64,
    /// What the cluster runs.
    pub target: Option<String>,
    /// When it was asked.
    pub now: Timestamp,
}

/// Writes it.
///
/// # Errors
/// Whatever keeps the stream from taking it.
pub fn write(picked: &Picked<'_>, ui: &mut Ui) -> Result<(), Error> {
    let Pick { ranked, rejected } = picked.answer;
    match (picked.first, ranked.first()) {
        (Some(told), Some(first)) => {
            let head = ui.paint(style::GOOD, format_args!("TAKE {}", told.id)).to_string();
            writeln!(ui.out(), "{head}  {}", age(picked.now, first.backup))?;
            let look = ui.look();
            files(fields(told), told).write(ui.out(), look)?;
            writeln!(ui.out(), "\n  How it goes on:\n    {}", runbook(told, picked))?;
            at_hand(picked, ui)?;
        }
        _ => {
            let head = ui.paint(style::BAD, "NONE").to_string();
            writeln!(ui.out(), "{head}  no backup in this catalog may be restored as asked")?;
        }
    }
    if ranked.len() > 1 {
        writeln!(ui.out(), "\n  After it:")?;
        for other in ranked.iter().skip(1).take(RUNNERS_UP) {
            let why = other.behind.map_or("", By::words);
            writeln!(ui.out(), "    {}  {}  {why}", other.backup.id, taken(other.backup))?;
        }
        if let Some(more) = ranked.len().checked_sub(RUNNERS_UP + 1).filter(|more| *more > 0) {
            writeln!(ui.out(), "    and {more} more")?;
        }
    }
    if picked.rest > 0 {
        writeln!(ui.out(), "\n  {} were not looked at: --json has all", count(picked.rest, "older backup"))?;
    }
    if rejected.is_empty() {
        return Ok(());
    }
    writeln!(ui.out(), "\n  Not to be taken: {}", count(rejected.len() as u64, "backup"))?;
    if ui.look().verbose > 0 { each(picked, ui) } else { by_reason(picked, ui) }
}

/// The best whose keys are at hand, where the first one's are not.
fn at_hand(picked: &Picked<'_>, ui: &mut Ui) -> Result<(), Error> {
    let has = |backup: &Backup| matches!(backup.keys, Keys::NotNeeded | Keys::AtHand);
    let ranked = &picked.answer.ranked;
    if ranked.first().is_none_or(|first| has(first.backup)) {
        return Ok(());
    }
    let Some(best) = ranked.iter().find(|it| has(it.backup)) else { return Ok(()) };
    let (id, at) = (&best.backup.id, taken(best.backup));
    Ok(writeln!(ui.out(), "\n  The best whose keys are at hand: {id}, {at}")?)
}

/// How many are left out by which reason, and the newest of each.
fn by_reason(picked: &Picked<'_>, ui: &mut Ui) -> Result<(), Error> {
    let mut reasons: BTreeMap<String, (u64, &Backup)> = BTreeMap::new();
    for (backup, why) in &picked.answer.rejected {
        // the first reason is the weightiest, and the newest backup comes first
        let Some(why) = why.first() else { continue };
        reasons.entry(why.to_string()).or_insert((0, backup)).0 += 1;
    }
    let mut reasons: Vec<(String, (u64, &Backup))> = reasons.into_iter().collect();
    reasons.sort_by(|(one, (of_one, _)), (other, (of_other, _))| of_other.cmp(of_one).then(one.cmp(other)));
    for (why, (of, newest)) in reasons {
        writeln!(ui.out(), "    {of:>4}  {}", inert(&why))?;
        writeln!(ui.out(), "          the newest: {}, {}", newest.id, taken(newest))?;
    }
    Ok(())
}

/// Each, and everything that stands against it.
fn each(picked: &Picked<'_>, ui: &mut Ui) -> Result<(), Error> {
    for (backup, why) in &picked.answer.rejected {
        writeln!(ui.out(), "    {}  {}", backup.id, taken(backup))?;
        for why in why {
            writeln!(ui.out(), "                  {}", inert(&why.to_string()))?;
        }
    }
    Ok(())
}

/// The command that writes the procedure.
fn runbook(told: &Catalogued, picked: &Picked<'_>) -> String {
    let target = picked.target.as_deref().map(|target| format!(" --target {}", shell_word(target))).unwrap_or_default();
    let manifest = told.files.iter().flatten().find(|file| &*file.role == "manifest");
    let manifest = manifest.and_then(|file| file.places.iter().find(|place| &*place.state == "unchanged"));
    let manifest = manifest.map(|place| format!(" --escrow-manifest {}", shell_word(&place.path))).unwrap_or_default();
    format!("assay runbook {}{target}{manifest}", shell_word(&picked.runbook))
}

/// How long before now.
fn age(now: Timestamp, backup: &Backup) -> String {
    let hours = now.duration_since(backup.taken).as_hours();
    match hours {
        _ if !backup.tells_time() => "nothing tells when it was taken".to_owned(),
        ..0 => "taken after now".to_owned(),
        0..48 => format!("taken {} ago", count(hours, "hour")),
        _ => format!("taken {} ago", count(hours / 24, "day")),
    }
}
