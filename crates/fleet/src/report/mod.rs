//! `report`: clusters first. Which have no backup that was judged good, how old is the newest good one of each, then what
//! came of backups, then what was found.

mod clusters;
mod gather;
mod html;
mod junit;
mod metrics;
mod text;

#[cfg(test)]
pub(crate) use clusters::tests::row;

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::address::Address;
use crate::error::{Error, print};
use crate::place::Place;
use gather::Report;

/// Arguments of `report`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  assay-fleet report --run RUN --max-age 26h
  assay-fleet report --run RUN --html fleet.html --metrics fleet.prom
  assay-fleet report --run RUN --previous YESTERDAY --json |
      jq -r '.clusters[] | select(.newestGood == null) | .cluster'

Exit codes: 0; 1 where a cluster has no backup that was judged good, or none
that is new enough.")]
pub(crate) struct ReportArgs {
    /// Where the run is kept; it was merged
    #[arg(long, value_name = "ADDRESS")]
    run: Address,
    /// An earlier run: tells what became better and worse
    #[arg(long, value_name = "ADDRESS")]
    previous: Option<Address>,
    /// How old the newest good backup of each cluster may be, unless the list of clusters says it: 26h
    #[arg(long, value_parser = crate::age::parse, value_name = "AGE")]
    max_age: Option<i64>,
    /// How many backups a cluster may have, unless the list of clusters says it
    #[arg(long, value_name = "N")]
    keep: Option<u64>,
    /// One JSON document on standard output
    #[arg(long)]
    json: bool,
    /// A page that fetches nothing
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// JUnit XML: a test for each cluster
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Metrics for node_exporter's textfile collector
    #[arg(long, value_name = "FILE")]
    metrics: Option<PathBuf>,
    /// Clusters to name on the screen, the worst first
    #[arg(long, default_value_t = 20, value_name = "N")]
    top: usize,
    /// The time that ages are counted to, RFC 3339
    #[arg(long, value_name = "TIME", env = "ASSAY_NOW")]
    now: Option<Timestamp>,
    /// Times that a request is tried again
    #[arg(long, default_value_t = crate::store::RETRIES, value_name = "N")]
    retries: usize,
}

/// What is asked of each cluster that its own line does not say.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked {
    now: Timestamp,
    max_age: Option<i64>,
    keep: Option<u64>,
}

/// Tells of a run.
pub(crate) async fn run(args: ReportArgs) -> Result<u8, Error> {
    let asked = Asked { now: crate::clock::at(args.now), max_age: args.max_age, keep: args.keep };
    let place = Place::open(args.run, args.retries)?;
    let mut report = gather::report(&place, asked).await?;
    if let Some(previous) = args.previous {
        let before = gather::report(&Place::open(previous, args.retries)?, asked).await?;
        report.compare(&before);
    }
    for (path, text) in [
        (&args.html, html::page as fn(&Report) -> String),
        (&args.junit, junit::suite),
        (&args.metrics, metrics::metrics),
    ] {
        if let Some(path) = path {
            write(path, &text(&report))?;
        }
    }
    let failing = report.clusters.iter().any(|cluster| cluster.status.fails());
    if args.json {
        let text = serde_json::to_string_pretty(&report).map_err(|error| Error::new(format!("a report: {error}")))?;
        print(&format!("{}\n", wording::inert_json(&text)))?;
    } else {
        print(&text::screen(&report, args.top))?;
    }
    Ok(u8::from(failing))
}

/// A file that is whole under its name or not there.
fn write(path: &Path, text: &str) -> Result<(), Error> {
    let failed = |error: std::io::Error| Error::new(format!("`{}`: {error}", wording::escape_path(path)));
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let readable = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    let mut file = tempfile::Builder::new().permissions(readable).tempfile_in(folder).map_err(failed)?;
    std::io::Write::write_all(&mut file, text.as_bytes()).map_err(failed)?;
    file.persist(path).map(drop).map_err(|error| failed(error.error))
}
