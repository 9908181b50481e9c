//! `assay catalog check`: whether what is known is still what it was, and whether the catalog itself holds.

use std::ops::ControlFlow;

use artifact::Reading;
use assay::vouch::VouchError;
use assay::{Vouch, documents};
use catalog::{Access, CheckRun, Head, State};
use checks::{Finding, Verdict, reread, verdict};
use document::{Artifact, ChangedFile, LogCheck, Recheck};
use jiff::tz::TimeZone;
use signatures::Namespace;
use wording::escape_path;

use super::disk::Local;
use super::{Here, of};
use crate::args::{CatalogCheckArgs, ReportFormat};
use crate::commands::question;
use crate::exit::{Ending, Error};
use crate::failure::told;
use crate::interrupt;
use crate::output::catalog::kept as output;
use crate::report_file::ReportFile;
use crate::ui::Ui;

pub(super) fn run(args: &CatalogCheckArgs, here: &Here, reading: &Reading, ui: &mut Ui) -> Result<Ending, Error> {
    let share = args.share();
    let mut catalog = here.existing(if share.is_some() { Access::Write } else { Access::Read })?;
    let (mut artifacts, mut findings) = (Vec::new(), Vec::new());
    if args.log {
        let (kept, unvouched) = kept_head(args, ui)?;
        let mut found = catalog.audit(kept).map_err(of)?;
        found.extend(unvouched);
        let head = catalog.head().map_err(of)?;
        let path = here.path.to_string_lossy().into_owned();
        findings.extend(found.iter().map(|finding| (path.clone(), finding.clone())));
        artifacts.push(Artifact::LogCheck(Box::new(LogCheck {
            kind: LogCheck::KIND,
            path,
            entries: head.seq,
            log: head.to_string(),
            expected: kept.map(|head| head.to_string()),
            holds: found.is_empty(),
            ..LogCheck::default()
        })));
        if let Some(file) = args.write_head.as_ref().filter(|_| found.is_empty()) {
            let name = here.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let statement = head.statement(&name, env!("CARGO_PKG_VERSION"), ui.now());
            ReportFile::begin(file)?.finish(statement.as_bytes())?;
        }
    }
    let mut cut = false;
    if let Some(share) = share {
        let due = catalog.due(&here.host.id, share).map_err(of)?;
        let total = due.iter().fold(0, |sum, it| sum + it.file.stat.size);
        let meter = ui.meter("reading", Some(total));
        interrupt::after_this_one();
        let disk = Local { reading };
        let mut left = due.len();
        let run = catalog.check(share, &here.author, &disk, &mut |it| {
            meter.add(it.due.file.stat.size);
            left = left.saturating_sub(1);
            if interrupt::came() && left > 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        interrupt::at_once();
        drop(meter);
        let run = run.map_err(of)?;
        cut = left > 0 && interrupt::came();
        findings.extend(run.files.iter().filter_map(|it| Some((it.due.file.path.clone(), it.finding()?))));
        let oldest = catalog.due(&here.host.id, catalog::Share::Bytes(0)).map_err(of)?;
        let oldest = oldest.first().map(|it| it.checked.to_string());
        artifacts.push(Artifact::Recheck(Box::new(recheck(&run, oldest, cut, here))));
    }
    let limit = question::limit(args.fail_on);
    let verdict = verdict(findings.iter().map(|(_, finding)| finding), limit);
    findings.sort_by_key(|(_, finding): &(String, Finding)| std::cmp::Reverse(finding.severity()));
    ui.settle(if verdict == Verdict::Fail { Ending::Findings } else { Ending::Clean });
    match args.output.format() {
        ReportFormat::Human => output::check(&artifacts, &findings, ui)?,
        ReportFormat::Json => {
            let told =
                findings.iter().flat_map(|(path, finding)| documents::findings(std::slice::from_ref(finding), path));
            documents::document("catalog check", artifacts, told.collect(), verdict).write(ui.out())?;
        }
    }
    match cut {
        true => Err(told(
            "the run was cut short",
            Some("what was read is written down; the next run goes on with the rest"),
        )),
        false => Ok(ui.ending()),
    }
}

/// The head that was kept elsewhere, and what is found where nobody vouches for it.
fn kept_head(args: &CatalogCheckArgs, ui: &Ui) -> Result<(Option<Head>, Option<Finding>), Error> {
    let Some(file) = &args.head else { return Ok((args.expect_head, None)) };
    let refused = |error: VouchError| told(error.to_string(), error.hint());
    let mut vouch = Vouch::read(&args.signers, &args.revoked, &TimeZone::system()).map_err(refused)?;
    vouch.need = args.require_signers.map_or(1, usize::from);
    vouch.namespace = Namespace::Log;
    let (why, bytes) = vouch.against(file, ui.now()).map_err(refused)?;
    let head = Head::of_statement(&bytes).map_err(|why| Error::Unanswerable {
        display: format!("`{}`", escape_path(file)),
        reason: why.to_owned(),
        hint: None,
    })?;
    Ok((Some(head), why.map(|why| reread::head_unvouched(&why))))
}

fn recheck(run: &CheckRun, oldest: Option<String>, cut_short: bool, here: &Here) -> Recheck {
    let changed = run.files.iter().filter(|it| it.is != State::Unchanged);
    Recheck {
        kind: Recheck::KIND,
        path: here.path.to_string_lossy().into_owned(),
        read: run.files.len() as u64,
        read_bytes: run.files.iter().fold(0, |sum, it| sum + it.due.file.stat.size),
        known: run.known.0 as u64,
        known_bytes: run.known.1,
        unchanged: run.files.iter().filter(|it| it.is == State::Unchanged).count() as u64,
        changed: changed
            .map(|it| ChangedFile {
                path: it.due.file.path.clone(),
                kind: it.due.file.kind.name().into(),
                state: it.is.name().into(),
                was: it.due.file.state.name().into(),
                backups: it.due.backups.clone(),
            })
            .collect(),
        oldest_check: oldest,
        cut_short,
        log: Some(run.head.to_string()),
        ..Recheck::default()
    }
}
