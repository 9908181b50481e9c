//! `assay catalog stats`, `calendar` and `metrics`: how backups come in, for people, for a wall and for alerts.

use assay::documents;
use catalog::{Access, Catalog};
use checks::Verdict;
use document::{Artifact, ClusterStats, Document};
use jiff::tz::TimeZone;
use report::Kept;

use super::{Here, cluster, of};
use crate::args::{CatalogCalendarArgs, CatalogFiguresArgs, CatalogMetricsArgs, CatalogStatsArgs, ReportFormat};
use crate::exit::{Ending, Error};
use crate::output::catalog::kept as output;
use crate::report_file::ReportFile;
use crate::ui::Ui;

pub(super) fn stats(args: &CatalogStatsArgs, here: &Here, ui: &mut Ui) -> Result<Ending, Error> {
    let figures = figures(&args.of, here)?;
    match args.output.format() {
        ReportFormat::Human => output::stats(&figures, ui)?,
        ReportFormat::Json => document("catalog stats", figures).write(ui.out())?,
    }
    Ok(Ending::Clean)
}

pub(super) fn calendar(args: &CatalogCalendarArgs, here: &Here, ui: &mut Ui) -> Result<Ending, Error> {
    let file = args.out.as_deref().map(ReportFile::begin).transpose()?;
    let document = document("catalog calendar", figures(&args.of, here)?);
    if args.json {
        document.write(ui.out())?;
        return Ok(Ending::Clean);
    }
    let page = report::calendar(&document, Some(here.author.at));
    put(file, &page, ui)
}

pub(super) fn metrics(args: &CatalogMetricsArgs, here: &Here, ui: &mut Ui) -> Result<Ending, Error> {
    let file = args.out.as_deref().map(ReportFile::begin).transpose()?;
    let catalog = here.existing(Access::Read)?;
    let mut clusters = catalog.stats(None, &here.host.id, &TimeZone::UTC).map_err(of)?;
    catalog.tell_custody(&mut clusters, here.author.at).map_err(of)?;
    let log = catalog.head().map_err(of)?.seq;
    let complete = !catalog.has_unreadable(&here.host.id).map_err(of)?;
    let kept = Kept { clusters: &clusters, now: here.author.at, log, complete, assay: env!("CARGO_PKG_VERSION") };
    put(file, &report::kept(&kept), ui)
}

/// Writes it where it was asked for: to the file, else to standard output.
fn put(file: Option<ReportFile>, text: &str, ui: &mut Ui) -> Result<Ending, Error> {
    match file {
        Some(file) => file.finish(text.as_bytes())?,
        None => ui.out().write_all(text.as_bytes())?,
    }
    Ok(Ending::Clean)
}

fn figures(args: &CatalogFiguresArgs, here: &Here) -> Result<Vec<ClusterStats>, Error> {
    let catalog: Catalog = here.existing(Access::Read)?;
    let cluster = cluster(&catalog, args.cluster.as_deref(), here)?;
    let mut figures = catalog.stats(cluster.as_deref(), &here.host.id, &args.timezone).map_err(of)?;
    catalog.tell_custody(&mut figures, here.author.at).map_err(of)?;
    Ok(figures)
}

fn document(command: &'static str, figures: Vec<ClusterStats>) -> Document {
    let artifacts = figures.into_iter().map(|it| Artifact::ClusterStats(Box::new(it))).collect();
    documents::document(command, artifacts, Vec::new(), Verdict::Pass)
}
