//! `assay verify`: will it restore?

mod backup;
mod escrow;
mod policy;
mod report;

use assay::pair;
use backup_facts::configuration::InForce;
use backup_facts::opening::Unlocked;
use backup_facts::snapshot::Integrity;
use backup_facts::version::TargetCluster;
use checks::version::Compat;
use checks::{Asks, Finding, Severity, Verdict};
use document::Artifact;

use super::artifact::{self, Item};
use super::keys::{forbid_dumps, given};
use crate::analysis::{Analysis, examine};
use crate::args::{FailOn, KeysInput, VerdictFormat, VerifyArgs};
use crate::documents;
use crate::exit::{Error, Outcome};
use crate::input::{Reading, Source};
use crate::output::finding;
use crate::output::human::Fields;
use crate::output::{overview, tarball};
use crate::tarball::Tarball;
use crate::target;
use crate::ui::{Ui, style};
use wording::{count, escape, inert};

/// What holds for all that one run judges.
#[derive(Clone, Copy)]
struct Rules<'r> {
    keys: &'r KeysInput,
    reading: &'r Reading,
    json: bool,
    limit: Option<Severity>,
    target: Option<&'r TargetCluster>,
    escrow_manifest: Option<&'r std::path::Path>,
    restore: Option<jiff::Timestamp>,
}

impl Rules<'_> {
    /// Whether a file by itself is to be judged for a restore, too: where one was spoken of, by its day or its cluster.
    /// Otherwise the question is whether the file is whole.
    fn asks_of_restore(&self) -> bool {
        self.target.is_some() || self.restore.is_some()
    }

    /// The keys that the command line gives for a file by itself.
    fn given(&self, ui: &mut Ui) -> Result<Option<InForce>, Error> {
        Ok(given::given(self.keys, None, self.reading, ui)?.map(|given| given.in_force))
    }
}

pub(super) fn run(args: &VerifyArgs, reading: &Reading, ui: &mut Ui) -> Result<Outcome, Error> {
    forbid_dumps(ui);
    let target = target::read(&args.onto)?;
    let policy = args.policy.as_deref().map(|path| policy::InForce::read(path, ui.now())).transpose()?;
    let format = args.output.format();
    // a policy asks its questions of the document, whatever form the answer takes
    let json = format != VerdictFormat::Human || policy.is_some();
    let rules = Rules {
        keys: &args.keys,
        reading,
        json,
        limit: limit(args.fail_on),
        target: target.as_ref(),
        escrow_manifest: args.escrow_manifest.as_deref(),
        restore: args.restore_date,
    };
    let mut judged: Vec<Judged> = Vec::new();
    let unread = artifact::each(&args.paths, reading, ui, |item, ui| {
        let one = match item {
            Item::Directory(directory) => backup::of_directory(&directory, rules),
            Item::Backup(whole) => Some(backup::of(*whole, rules, ui)?),
            Item::Snapshot(source) => Some(of_snapshot(&source, rules, ui)?),
            Item::Tarball(tarball) => Some(of_tarball(*tarball, rules, ui)),
        };
        let Some(mut one) = one else { return Ok(()) };
        if let Some(policy) = &policy {
            policy.apply(&mut one, rules.limit);
        }
        ui.settle(if one.report.verdict == Verdict::Fail { Outcome::Findings } else { Outcome::Clean });
        if format != VerdictFormat::Human {
            judged.push(one);
            return Ok(());
        }
        one.report.print(rules.limit, ui)
    });
    let whole = report::Whole { judged, some_unread: unread.is_err(), fail_on: args.fail_on, policy: &policy };
    whole.write(format, ui)?;
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

/// What is left of an artifact once its verdict is known. A backup has several documents: its own and its files'.
struct Judged {
    documents: Vec<Artifact>,
    report: Report,
}

/// A verdict and what it rests on.
struct Report {
    name: String,
    /// Findings by the artifact that they are about.
    parts: Vec<(String, Vec<Finding>)>,
    verdict: Verdict,
    /// What was looked at, and what came of it: silence alone would not tell.
    checked: Fields,
    /// The end of "nothing stands against".
    good: &'static str,
    /// The end of "do not rely on".
    what: &'static str,
    /// Whether the sentence names the worst finding: where there are too many fields for one screen, it must.
    brief: bool,
}

fn of_snapshot(source: &Source, rules: Rules<'_>, ui: &mut Ui) -> Result<Judged, Error> {
    if rules.escrow_manifest.is_some() {
        let what =
            "`--escrow-manifest` vouches for a tarball, and none is given: name it too, or the directory of both";
        return Err(Error::Usage(what.to_owned()));
    }
    let mut analysis = Analysis::of(source, None, ui)?;
    let compat = Compat::of(pair::sources(Some(&analysis.facts), None, None), rules.target, Asks::Integrity);
    let platform = pair::platform(None, Some(&analysis.facts));
    analysis.findings = checks::pair::as_made_by(platform, std::mem::take(&mut analysis.findings));
    let mut checked = checked(source, &analysis);
    let (of_keys, keys, keys_fit) = match rules.given(ui)? {
        Some(given) => {
            let (encryption, keys) = examine(&analysis, &given, ui);
            checked = checked.maybe("keys", backup::keys_in_words(&encryption));
            (checks::keys_fit::check(&encryption).into_sorted(), keys, encryption.keys_fit())
        }
        None => (Vec::new(), Unlocked::default(), None),
    };
    let documents = if rules.json { vec![documents::snapshot::of(source, &analysis, keys_fit)] } else { Vec::new() };
    let of_restore = match rules.asks_of_restore() {
        true => pair::hazards(&analysis, None, &keys, rules.restore, ui.now()),
        false => Vec::new(),
    };
    let findings = together([std::mem::take(&mut analysis.findings), compat.findings, of_keys, of_restore]);
    let verdict = checks::verdict(&findings, rules.limit);
    let (good, what) = ("a restore of this snapshot", "this snapshot");
    let parts = vec![(source.name(), findings)];
    Ok(Judged { documents, report: Report { name: source.name(), parts, verdict, checked, good, what, brief: false } })
}

fn of_tarball(mut tarball: Tarball, rules: Rules<'_>, ui: &Ui) -> Judged {
    let compat = Compat::of(pair::sources(None, Some(&tarball.resources), None), rules.target, Asks::Integrity);
    let documents = if rules.json { vec![documents::tarball::of(&tarball)] } else { Vec::new() };
    let checked = tarball::describe(&tarball, ui.now());
    let of_restore = pair::hazards_of_tarball(&tarball.resources, rules.restore, ui.now());
    let findings = together([std::mem::take(&mut tarball.findings), compat.findings, of_restore]);
    let verdict = checks::verdict(&findings, rules.limit);
    let good = if tarball.is_keyless() {
        "a restore with this tarball, once its keys are joined to it again"
    } else {
        "a restore with this tarball"
    };
    let parts = vec![(tarball.name.clone(), findings)];
    let what = "this tarball";
    Judged { documents, report: Report { name: tarball.name, parts, verdict, checked, good, what, brief: false } }
}

/// Several lists of findings as one, worst first.
fn together<const N: usize>(lists: [Vec<Finding>; N]) -> Vec<Finding> {
    let mut all: Vec<Finding> = lists.into_iter().flatten().collect();
    all.sort_by_key(|finding| std::cmp::Reverse(finding.severity()));
    all
}

impl Report {
    fn print(&self, limit: Option<Severity>, ui: &mut Ui) -> Result<(), Error> {
        let style = match self.verdict {
            Verdict::Pass => style::GOOD,
            Verdict::Warn => style::WARN,
            Verdict::Fail => style::BAD,
        };
        let findings = together([self.parts.iter().flat_map(|(_, findings)| findings).cloned().collect()]);
        let (waived, findings): (Vec<_>, Vec<_>) = findings.into_iter().partition(|finding| finding.waiver().is_some());
        let word = ui.paint(style, self.verdict.name().to_uppercase()).to_string();
        let name = ui.paint(style::HEAD, escape(self.name.as_bytes())).to_string();
        writeln!(ui.out(), "{word}  {name}")?;
        finding::wrap(&self.sentence(&findings, limit), 2, ui)?;
        let verbose = ui.look().verbose > 0;
        // a backup has two files' worth of findings, and the screen has one screen's worth of room
        let shown = |finding: &Finding| {
            let least = if self.brief { Severity::Medium } else { Severity::Low };
            verbose || finding.severity() >= least
        };
        let (listed, rest): (Vec<Finding>, Vec<Finding>) = findings.into_iter().partition(shown);
        if !listed.is_empty() || verbose {
            writeln!(ui.out())?;
            finding::write(&listed, ui)?;
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
        policy::print_waived(&waived, ui)?;
        writeln!(ui.out())?;
        Ok(())
    }

    /// What is not worth a paragraph: a line each, or one line for all.
    fn print_notes(&self, rest: &[Finding], ui: &mut Ui) -> Result<(), Error> {
        if self.brief {
            let mut ids: Vec<&str> = rest.iter().map(|finding| finding.entry().id).collect();
            ids.dedup();
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
    fn sentence(&self, findings: &[Finding], limit: Option<Severity>) -> String {
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
        match limit.filter(|limit| self.verdict == Verdict::Fail && below(limit)) {
            Some(limit) => format!("{text}; it fails for {}, as --fail-on {limit} asks", at_least(limit)),
            None => text,
        }
    }
}

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_lowercase().chain(chars).collect()).unwrap_or_default()
}

fn checked(source: &Source, analysis: &Analysis<'_>) -> Fields {
    let fields = Fields::new()
        .field("integrity hash", integrity(analysis))
        .field("structure", format!("{}; {}", overview::pages(&analysis.scan.report), structure(analysis)))
        .field("records", format!("{}; {}", overview::records(&analysis.scan), records(analysis)));
    overview::describe(fields, source, analysis)
}

fn integrity(analysis: &Analysis<'_>) -> String {
    match analysis.integrity() {
        Integrity::Right => "valid: SHA-256 of every byte".to_owned(),
        Integrity::RightBefore(bytes) => {
            format!("valid for all but {} that follow it: etcd did not write them", count(bytes, "byte"))
        }
        Integrity::Wrong => "WRONG: the bytes are not those that etcd wrote".to_owned(),
        Integrity::None => "none: damage inside values cannot be noticed".to_owned(),
    }
}

fn structure(analysis: &Analysis<'_>) -> String {
    let faults = &analysis.scan.report.faults;
    faults_in_words(faults.kept().len() as u64 + faults.dropped())
}

fn records(analysis: &Analysis<'_>) -> String {
    let faults = &analysis.scan.faults;
    faults_in_words(faults.kept().len() as u64 + faults.dropped())
}

fn faults_in_words(number: u64) -> String {
    if number == 0 { "sound".to_owned() } else { count(number, "fault") }
}
