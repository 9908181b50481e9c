//! A verdict and what it rests on, for people.

use std::collections::BTreeSet;

use assay::{Answer, Judged, Part, Tarball};
use checks::findings::{TRUNCATED, follows_a_cut};
use checks::{Finding, Severity, Verdict};
use jiff::Timestamp;
use wording::{count, escape, inert};

use super::checked;
use super::finding;
use super::human::Fields;
use crate::exit::Error;
use crate::ui::{Ui, style};

/// A verdict and what it rests on.
pub struct Screen {
    name: String,
    findings: Vec<Finding>,
    /// The verdict.
    pub verdict: Verdict,
    limit: Option<Severity>,
    /// What was looked at, and what came of it: silence alone would not tell.
    checked: Fields,
    /// The end of "nothing stands against".
    good: &'static str,
    /// The end of "do not rely on".
    what: &'static str,
    /// Whether the sentence names the worst finding: where there are too many fields for one screen, it must.
    brief: bool,
    /// Whether it is of a directory, and not of what lies in it.
    directory: bool,
}

impl Screen {
    /// Of one answer; `limit` is the severity that fails, `now` the time that certificates are held against.
    #[must_use]
    pub fn of(answer: &Answer<'_>, limit: Option<Severity>, now: Timestamp) -> Self {
        match answer {
            Answer::Directory { directory, part, verdict } => {
                let screen = Self::of_part(part, *verdict, limit, "a restore from this directory");
                let good = "the directory; each backup in it has a verdict of its own";
                Self { good, directory: true, checked: checked::of_directory(directory), ..screen }
            }
            Answer::Cluster { cluster, part, verdict } => {
                let screen = Self::of_part(part, *verdict, limit, "the backups of this cluster");
                Self { checked: checked::of_cluster(cluster), ..screen }
            }
            Answer::Backup(judged) => Self::of_backup(judged, limit, now),
            Answer::Members { members, part, verdict } => {
                let screen = Self::of_part(part, *verdict, limit, "this snapshot alone");
                Self { checked: super::members::describe(members), ..screen }
            }
        }
    }

    /// Of what is no backup, but of several; nothing is said yet of what was looked at.
    fn of_part(part: &Part, verdict: Verdict, limit: Option<Severity>, what: &'static str) -> Self {
        Self {
            name: part.name.clone(),
            findings: part.findings.clone(),
            verdict,
            limit,
            checked: Fields::new(),
            good: what,
            what,
            brief: true,
            directory: false,
        }
    }

    fn of_backup(judged: &Judged<'_>, limit: Option<Severity>, now: Timestamp) -> Self {
        let mut findings: Vec<Finding> = judged.findings().cloned().collect();
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity()));
        let tarball = judged.facts.tarball;
        let (good, what) = match (judged.backup.is_alone(), tarball) {
            (false, _) => ("a restore of this backup", "this backup"),
            (true, None) => ("a restore of this snapshot", "this snapshot"),
            (true, Some(tarball)) if Tarball::is_keyless(tarball) => {
                ("a restore with this tarball, once its keys are joined to it again", "this tarball")
            }
            (true, Some(_)) => ("a restore with this tarball", "this tarball"),
        };
        let (name, brief) = (judged.name().to_owned(), !judged.backup.is_alone());
        let checked = checked::of(judged, now);
        Self { name, findings, verdict: judged.verdict, limit, checked, good, what, brief, directory: false }
    }

    /// Writes it.
    ///
    /// # Errors
    /// Whatever keeps the stream from taking it.
    pub fn write(&self, ui: &mut Ui) -> Result<(), Error> {
        let style = match self.verdict {
            Verdict::Pass => style::GOOD,
            Verdict::Warn => style::WARN,
            Verdict::Fail => style::BAD,
        };
        let (waived, findings): (Vec<_>, Vec<_>) =
            self.findings.iter().cloned().partition(|finding| finding.waiver().is_some());
        let verbose = ui.look().verbose > 0;
        let (findings, following) = if verbose { (findings, Vec::new()) } else { after_a_cut(findings) };
        let word = ui.paint(style, self.verdict.name().to_uppercase()).to_string();
        let name = ui.paint(style::HEAD, escape(self.name.as_bytes())).to_string();
        // the directory itself is no backup: where nothing is wrong with it, those in it may still fail
        match (self.directory, self.verdict) {
            (true, Verdict::Pass) => writeln!(ui.out(), "{name}")?,
            _ => writeln!(ui.out(), "{word}  {name}")?,
        }
        finding::wrap(&self.sentence(&findings), 2, ui)?;
        // a backup has two files' worth of findings, and the screen has one screen's worth of room
        let shown = |finding: &Finding| {
            let least = if self.brief { Severity::Medium } else { Severity::Low };
            verbose || finding.severity() >= least
        };
        let (listed, rest): (Vec<Finding>, Vec<Finding>) = findings.into_iter().partition(shown);
        if !listed.is_empty() || verbose {
            writeln!(ui.out())?;
            finding::write(&listed, ui)?;
            if !following.is_empty() {
                let text = format!("what follows from the missing end (-v tells all): {}", ids(&following).join(", "));
                finding::wrap(&text, 12, ui)?;
            }
            writeln!(
                ui.out(),
                "\n  `assay explain ID` tells what a finding means, how it comes about, and its source."
            )?;
        }
        writeln!(ui.out())?;
        let look = ui.look();
        self.checked.write(ui.out(), look)?;
        if !verbose {
            self.print_notes(&rest, ui)?;
        }
        print_waived(&waived, ui)?;
        writeln!(ui.out())?;
        Ok(())
    }

    /// What is not worth a paragraph: a line each, or one line for all.
    fn print_notes(&self, rest: &[Finding], ui: &mut Ui) -> Result<(), Error> {
        if self.brief {
            let ids = ids(rest);
            if !ids.is_empty() {
                let text = format!("{} more, low or for information (-v tells all): {}", ids.len(), ids.join(", "));
                finding::wrap(&text, 2, ui)?;
            }
            return Ok(());
        }
        for finding in rest {
            let (id, message) = (finding.entry().id, inert(finding.message()));
            let note = ui.paint(style::DIM, format_args!("note {id}: {message}")).to_string();
            writeln!(ui.out(), "  {note}")?;
        }
        Ok(())
    }

    /// What the findings add up to, whatever `--fail-on` makes of them.
    fn sentence(&self, findings: &[Finding]) -> String {
        let number =
            |severity: Severity| findings.iter().filter(|finding| finding.severity() >= severity).count() as u64;
        let at_least = |severity: Severity| count(number(severity), "finding");
        let worst = findings.iter().map(|finding| finding.severity()).max();
        let text = match (worst, findings.first()) {
            (Some(Severity::Critical | Severity::High), Some(first)) if self.brief => {
                let more = match number(Severity::High) {
                    1 => String::new(),
                    more => format!(" (and {} of that kind)", count(more - 1, "more finding")),
                };
                format!("do not rely on {}: {}{more}", self.what, lower_first(first.entry().title))
            }
            (Some(Severity::Critical), _) => {
                format!("do not rely on {}: {} that data is lost or changed", self.what, at_least(Severity::Critical))
            }
            (Some(Severity::High), _) => {
                format!("do not rely on {} before you have looked at {}", self.what, at_least(Severity::High))
            }
            (Some(Severity::Medium), _) => {
                format!("it can be restored, but look at {} first", at_least(Severity::Medium))
            }
            _ => format!("nothing stands against {}", self.good),
        };
        let below = |limit: &Severity| *limit < Severity::High && worst < Some(Severity::High);
        match self.limit.filter(|limit| self.verdict == Verdict::Fail && below(limit)) {
            Some(limit) => format!("{text}; it fails for {}, as --fail-on {limit} asks", at_least(limit)),
            None => text,
        }
    }
}

/// Findings, and apart from them what need not be told of a file that was cut off: it has one cause, and one remedy.
fn after_a_cut(findings: Vec<Finding>) -> (Vec<Finding>, Vec<Finding>) {
    if !findings.iter().any(|finding| finding.entry() == &TRUNCATED) {
        return (findings, Vec::new());
    }
    findings.into_iter().partition(|finding| finding.entry() == &TRUNCATED || !follows_a_cut(finding.entry()))
}

/// The IDs of findings, each once.
fn ids(findings: &[Finding]) -> Vec<&'static str> {
    let mut ids: Vec<&'static str> = findings.iter().map(|finding| finding.entry().id).collect();
    let mut seen = BTreeSet::new();
    ids.retain(|id| seen.insert(*id));
    ids
}

/// What does not count, a line each.
fn print_waived(waived: &[Finding], ui: &mut Ui) -> Result<(), Error> {
    for finding in waived {
        let Some(waiver) = finding.waiver() else { continue };
        let (id, severity) = (finding.entry().id, finding.severity());
        let reason = escape(waiver.reason.as_bytes());
        let note = format!("waived until {} {id} ({severity}): {reason}", waiver.until);
        let note = ui.paint(style::DIM, note).to_string();
        writeln!(ui.out(), "  {note}")?;
    }
    Ok(())
}

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_lowercase().chain(chars).collect()).unwrap_or_default()
}
