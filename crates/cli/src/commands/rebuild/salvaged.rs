//! `rebuild --salvage`: what is left of a damaged source, as a file of its own, and what is to be said of it.

use artifact::{Contents, Reading};
use assay::Pool;
use checks::Verdict;
use document::{Artifact, Document, Salvage};
use etcd_snapshot::trailer::Trailer;
use rebuild::Compact;
use rebuild::salvage::{Found, How, LostBucket, LostRange, Outcome, Report, Rung, Sources, salvage};

use super::file::NewFile;
use crate::args::RebuildArgs;
use crate::exit::{Ending, Error};
use crate::ui::Ui;

/// Lost ranges that are listed.
const LISTED: usize = 1000;

/// What is left of a source.
pub(super) struct Salvaged {
    /// All of it; `None` where nothing is wrong with the source.
    pub(super) file: Option<Contents>,
    report: Report,
    sources: Sources,
}

/// Gathers what is left of a source, where that is asked for.
pub(super) fn gather(
    source: &Contents,
    args: &RebuildArgs,
    new: &NewFile,
    reading: &Reading,
    ui: &mut Ui,
) -> Result<Option<Salvaged>, Error> {
    let Some(sources) = args.salvage else { return Ok(None) };
    let meter = ui.meter("salvaging", None);
    let outcome = salvage(source.bytes(), How { without_auth: args.drop_auth, beside: sources }, &Pool);
    drop(meter);
    match outcome.map_err(|error| super::why(source, &error))? {
        Outcome::Sound(report) => Ok(Some(Salvaged { file: None, report, sources })),
        Outcome::Salvaged(salvaged) => {
            let file = new
                .scratch(reading, |out| salvaged.write(out).map(drop).map_err(|error| new.unwritten(source, error)))?;
            Ok(Some(Salvaged { file: Some(file), report: salvaged.report().clone(), sources }))
        }
    }
}

impl Salvaged {
    /// What history is kept: none, where it has holes.
    pub(super) fn compact(&self, wanted: Compact) -> Compact {
        if self.report.is_compacted() { Compact::Latest } else { wanted }
    }

    /// Says in a document what was found and what is lost. Under a hash that is wrong, nothing is proven whole.
    pub(super) fn tell(&self, trailer: &Trailer, document: &mut Document) -> Ending {
        let told = document.artifacts.first_mut();
        if let Some(Artifact::Rebuilt(rebuilt)) = told {
            if self.file.is_some() {
                rebuilt.records_before = self.report.gathered;
            }
            rebuilt.salvage = Some(told_of(&self.report, self.sources));
        }
        if self.report.is_whole() && trailer.valid() != Some(false) {
            return Ending::Clean;
        }
        document.verdict = Verdict::Fail;
        Ending::Findings
    }
}

fn told_of(report: &Report, sources: Sources) -> Salvage {
    let rungs = Rung::ALL.into_iter().zip(report.records);
    let advice = report.is_compacted().then(|| {
        "with `--bump-revision 1000000000 --mark-compacted`: clients have seen revisions that are lost".to_owned()
    });
    Salvage {
        from: sources.word().into(),
        whole: report.is_whole(),
        records: rungs
            .map(|(rung, records)| document::RungCount { rung: rung.number(), source: rung.word().into(), records })
            .collect(),
        found: report.found.iter().map(found).collect(),
        found_left_out: report.found_left_out,
        lost: report.lost.iter().take(LISTED).map(lost).collect(),
        lost_left_out: report.lost.len().saturating_sub(LISTED) as u64,
        buckets: report.buckets.iter().map(bucket).collect(),
        older_buckets: report.older_buckets.iter().map(|name| name.escape_ascii().to_string()).collect(),
        conflicts: report.conflicts,
        possibly_stale: report.possibly_stale,
        possibly_deleted: report.possibly_deleted,
        advice: advice.into_iter().collect(),
        more: document::Fields::default(),
    }
}

fn found(found: &Found) -> document::FoundRecord {
    let Found { revision, rung, page } = found;
    document::FoundRecord { revision: revision.main, sub: revision.sub, rung: rung.number(), page: page.0 }
}

fn lost(lost: &LostRange) -> document::LostRange {
    let (from, to) = lost.range.mains();
    document::LostRange {
        from,
        to,
        page: lost.page.map(|page| page.0),
        why: lost.why.to_string(),
        recovered: lost.recovered,
        missing: lost.missing,
        filled: lost.filled,
    }
}

fn bucket(lost: &LostBucket) -> document::LostBucket {
    document::LostBucket {
        name: lost.name.escape_ascii().to_string(),
        page: lost.page.0,
        why: lost.why.to_string(),
        entries: lost.entries,
    }
}
