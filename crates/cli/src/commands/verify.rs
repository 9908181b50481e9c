//! `assay verify`: will it restore?

use checks::{Finding, Severity, Verdict};

use super::snapshot;
use crate::analysis::Analysis;
use crate::args::{FailOn, ReportFormat, VerifyArgs};
use crate::exit::{Error, Outcome};
use crate::input::{Input, Reading, Source};
use crate::output::finding::{self, FindingJson};
use crate::output::human::Fields;
use crate::output::json::{self, Envelope};
use crate::output::overview;
use crate::output::snapshot::SnapshotJson;
use crate::text::{count, escape};
use crate::ui::{Ui, style};

pub(super) fn run(args: &VerifyArgs, reading: &Reading, ui: &mut Ui) -> Result<Outcome, Error> {
    let limit = limit(args.fail_on);
    let json = args.output.format() == ReportFormat::Json;
    let mut judged = Vec::new();
    let unread = snapshot::each(&args.paths, ui, |path, ui| {
        let source = snapshot::open(&Input::from(path), reading, ui)?;
        let analysis = Analysis::of(&source, ui)?;
        let verdict = checks::verdict(&analysis.findings, limit);
        ui.settle(if verdict == Verdict::Fail { Outcome::Findings } else { Outcome::Clean });
        if json {
            let document = SnapshotJson::new(&source, &analysis);
            judged.push(Judged { document, name: source.name(), findings: analysis.findings, verdict });
        } else {
            print(&source, &analysis, limit, verdict, ui)?;
        }
        Ok(())
    });
    if json && !judged.is_empty() {
        write_json(&judged, unread.is_err(), ui)?;
    }
    unread.map(|()| ui.outcome())
}

/// The severity that fails; `None` never fails.
fn limit(fail_on: FailOn) -> Option<Severity> {
    match fail_on {
        FailOn::Critical => Some(Severity::Critical),
        FailOn::High => Some(Severity::High),
        FailOn::Medium => Some(Severity::Medium),
        FailOn::Low => Some(Severity::Low),
        FailOn::Info => Some(Severity::Info),
        FailOn::Never => None,
    }
}

/// What is left of an artifact once its verdict is known.
struct Judged {
    document: SnapshotJson,
    name: String,
    findings: Vec<Finding>,
    verdict: Verdict,
}

fn write_json(judged: &[Judged], some_unread: bool, ui: &mut Ui) -> Result<(), Error> {
    let documents: Vec<_> = judged.iter().map(|judged| &judged.document).collect();
    let findings =
        judged.iter().flat_map(|one| one.findings.iter().map(|finding| FindingJson::new(finding, &one.name)));
    let worst = judged.iter().map(|judged| judged.verdict).max().unwrap_or(Verdict::Pass);
    let verdict = match worst {
        _ if some_unread => json::Verdict::Fail,
        Verdict::Pass => json::Verdict::Pass,
        Verdict::Warn => json::Verdict::Warn,
        Verdict::Fail => json::Verdict::Fail,
    };
    Ok(Envelope::new("verify", &documents, &findings.collect::<Vec<_>>(), verdict).write(ui.out())?)
}

fn print(
    source: &Source,
    analysis: &Analysis<'_>,
    limit: Option<Severity>,
    verdict: Verdict,
    ui: &mut Ui,
) -> Result<(), Error> {
    let style = match verdict {
        Verdict::Pass => style::GOOD,
        Verdict::Warn => style::WARN,
        Verdict::Fail => style::BAD,
    };
    let word = ui.paint(style, verdict.name().to_uppercase()).to_string();
    let name = ui.paint(style::HEAD, escape(source.name().as_bytes())).to_string();
    writeln!(ui.out(), "{word}  {name}")?;
    writeln!(ui.out(), "  {}", sentence(analysis, limit, verdict))?;
    if analysis.findings.iter().any(|finding| finding.severity > Severity::Info || ui.look().verbose > 0) {
        writeln!(ui.out())?;
        finding::write(&analysis.findings, ui)?;
        writeln!(ui.out(), "\n  `assay explain ID` tells what a finding means, how it comes about, and its source.")?;
    }
    writeln!(ui.out())?;
    let look = ui.look();
    checked(source, analysis).write(ui.out(), look)?;
    let told = analysis.findings.iter().filter(|finding| finding.severity == Severity::Info);
    if ui.look().verbose == 0 {
        for finding in told {
            let (id, message) = (finding.entry.id, escape(finding.message.as_bytes()));
            let note = ui.paint(style::DIM, format_args!("note {id}: {message}")).to_string();
            writeln!(ui.out(), "  {note}")?;
        }
    }
    writeln!(ui.out())?;
    Ok(())
}

/// What the findings add up to, whatever `--fail-on` makes of them.
fn sentence(analysis: &Analysis<'_>, limit: Option<Severity>, verdict: Verdict) -> String {
    let at_least = |severity: Severity| {
        count(analysis.findings.iter().filter(|finding| finding.severity >= severity).count() as u64, "finding")
    };
    let worst = analysis.findings.iter().map(|finding| finding.severity).max();
    let text = match worst {
        Some(Severity::Critical) => {
            format!("do not rely on this snapshot: {} that data is lost or changed", at_least(Severity::Critical))
        }
        Some(Severity::High) => {
            format!("do not rely on this snapshot before you have looked at {}", at_least(Severity::High))
        }
        Some(Severity::Medium) => format!("it can be restored, but look at {} first", at_least(Severity::Medium)),
        _ => "nothing stands against a restore of this snapshot".to_owned(),
    };
    match limit.filter(|limit| verdict == Verdict::Fail && *limit < Severity::High && worst < Some(Severity::High)) {
        Some(limit) => format!("{text}; it fails for {}, as --fail-on {limit} asks", at_least(limit)),
        None => text,
    }
}

/// What was looked at, and what came of it: silence alone would not tell.
fn checked(source: &Source, analysis: &Analysis<'_>) -> Fields {
    let faults = |number: u64| if number == 0 { "sound".to_owned() } else { count(number, "fault") };
    let scan = &analysis.scan;
    let structure = scan.report.faults.kept().len() as u64 + scan.report.faults.dropped();
    let records = scan.faults.kept().len() as u64 + scan.faults.dropped();
    let integrity = match analysis.trailer.as_ref().map(|trailer| trailer.valid()) {
        Some(Some(true)) => "valid: SHA-256 of every byte",
        Some(Some(false)) => "WRONG: the bytes are not those that etcd wrote",
        _ => "none: damage inside values cannot be noticed",
    };
    let fields = Fields::new()
        .field("integrity hash", integrity)
        .field("structure", format!("{}; {}", overview::pages(&scan.report), faults(structure)))
        .field("records", format!("{}; {}", overview::records(scan), faults(records)));
    overview::describe(fields, source, analysis)
}
