//! `assay verify`: will it restore?

use checks::{Finding, Severity, Verdict};

use super::artifact::{self, Item};
use crate::analysis::Analysis;
use crate::args::{FailOn, ReportFormat, VerifyArgs};
use crate::exit::{Error, Outcome};
use crate::input::{Reading, Source};
use crate::output::artifact::ArtifactJson;
use crate::output::finding::{self, FindingJson};
use crate::output::human::Fields;
use crate::output::json::{self, Envelope};
use crate::output::snapshot::SnapshotJson;
use crate::output::tarball::TarballJson;
use crate::output::{overview, tarball};
use crate::tarball::Tarball;
use crate::text::{count, escape};
use crate::ui::{Ui, style};

pub(super) fn run(args: &VerifyArgs, reading: &Reading, ui: &mut Ui) -> Result<Outcome, Error> {
    let limit = limit(args.fail_on);
    let json = args.output.format() == ReportFormat::Json;
    let mut judged = Vec::new();
    let unread = artifact::each(&args.paths, reading, ui, |item, ui| {
        let (document, report) = match item {
            Item::Directory(directory) if json => {
                judged.extend(artifact::documents(&directory).map(|document| Judged { document, report: None }));
                return Ok(());
            }
            Item::Directory(directory) => return artifact::print(&directory, ui),
            Item::Snapshot(source) => of_snapshot(&source, json, limit, ui)?,
            Item::Tarball(tarball) => of_tarball(*tarball, json, limit),
        };
        ui.settle(if report.verdict == Verdict::Fail { Outcome::Findings } else { Outcome::Clean });
        match document {
            Some(document) => judged.push(Judged { document, report: Some(report) }),
            None => report.print(limit, ui)?,
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

/// What is left of an artifact once its verdict is known; a directory's backups have none of their own.
struct Judged {
    document: ArtifactJson,
    report: Option<Report>,
}

/// A verdict and what it rests on.
struct Report {
    name: String,
    findings: Vec<Finding>,
    verdict: Verdict,
    /// What was looked at, and what came of it: silence alone would not tell.
    checked: Fields,
    /// The end of "nothing stands against".
    good: &'static str,
    /// The end of "do not rely on".
    what: &'static str,
}

fn of_snapshot(
    source: &Source,
    json: bool,
    limit: Option<Severity>,
    ui: &mut Ui,
) -> Result<(Option<ArtifactJson>, Report), Error> {
    let analysis = Analysis::of(source, ui)?;
    let document = json.then(|| ArtifactJson::Snapshot(Box::new(SnapshotJson::new(source, &analysis))));
    let checked = checked(source, &analysis);
    let verdict = checks::verdict(&analysis.findings, limit);
    let (good, what) = ("a restore of this snapshot", "this snapshot");
    Ok((document, Report { name: source.name(), findings: analysis.findings, verdict, checked, good, what }))
}

fn of_tarball(tarball: Tarball, json: bool, limit: Option<Severity>) -> (Option<ArtifactJson>, Report) {
    let document = json.then(|| ArtifactJson::Tarball(Box::new(TarballJson::new(&tarball))));
    let checked = tarball::describe(&tarball);
    let verdict = checks::verdict(&tarball.findings, limit);
    let good = if tarball.keyless {
        "a restore with this tarball, once its keys are joined to it again"
    } else {
        "a restore with this tarball"
    };
    (document, Report { name: tarball.name, findings: tarball.findings, verdict, checked, good, what: "this tarball" })
}

fn write_json(judged: &[Judged], some_unread: bool, ui: &mut Ui) -> Result<(), Error> {
    let documents: Vec<_> = judged.iter().map(|judged| &judged.document).collect();
    let reports: Vec<&Report> = judged.iter().filter_map(|judged| judged.report.as_ref()).collect();
    let findings =
        reports.iter().flat_map(|one| one.findings.iter().map(|finding| FindingJson::new(finding, &one.name)));
    let worst = reports.iter().map(|report| report.verdict).max().unwrap_or(Verdict::Pass);
    let verdict = match worst {
        _ if some_unread => json::Verdict::Fail,
        Verdict::Pass => json::Verdict::Pass,
        Verdict::Warn => json::Verdict::Warn,
        Verdict::Fail => json::Verdict::Fail,
    };
    Ok(Envelope::new("verify", &documents, &findings.collect::<Vec<_>>(), verdict).write(ui.out())?)
}

impl Report {
    fn print(&self, limit: Option<Severity>, ui: &mut Ui) -> Result<(), Error> {
        let style = match self.verdict {
            Verdict::Pass => style::GOOD,
            Verdict::Warn => style::WARN,
            Verdict::Fail => style::BAD,
        };
        let word = ui.paint(style, self.verdict.name().to_uppercase()).to_string();
        let name = ui.paint(style::HEAD, escape(self.name.as_bytes())).to_string();
        writeln!(ui.out(), "{word}  {name}")?;
        writeln!(ui.out(), "  {}", self.sentence(limit))?;
        if self.findings.iter().any(|finding| finding.severity > Severity::Info || ui.look().verbose > 0) {
            writeln!(ui.out())?;
            finding::write(&self.findings, ui)?;
            writeln!(
                ui.out(),
                "\n  `assay explain ID` tells what a finding means, how it comes about, and its source."
            )?;
        }
        writeln!(ui.out())?;
        let look = ui.look();
        self.checked.write(ui.out(), look)?;
        let told = self.findings.iter().filter(|finding| finding.severity == Severity::Info);
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
    fn sentence(&self, limit: Option<Severity>) -> String {
        let at_least = |severity: Severity| {
            count(self.findings.iter().filter(|finding| finding.severity >= severity).count() as u64, "finding")
        };
        let worst = self.findings.iter().map(|finding| finding.severity).max();
        let text = match worst {
            Some(Severity::Critical) => {
                format!("do not rely on {}: {} that data is lost or changed", self.what, at_least(Severity::Critical))
            }
            Some(Severity::High) => {
                format!("do not rely on {} before you have looked at {}", self.what, at_least(Severity::High))
            }
            Some(Severity::Medium) => format!("it can be restored, but look at {} first", at_least(Severity::Medium)),
            _ => format!("nothing stands against {}", self.good),
        };
        let below = |limit: &Severity| *limit < Severity::High && worst < Some(Severity::High);
        match limit.filter(|limit| self.verdict == Verdict::Fail && below(limit)) {
            Some(limit) => format!("{text}; it fails for {}, as --fail-on {limit} asks", at_least(limit)),
            None => text,
        }
    }
}

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
