//! `assay rebuild`: a snapshot written anew, proven before it gets its name.

mod file;
mod narrowed;
mod salvaged;
mod sanitized;
mod values;

use artifact::{Contents, Reading};
use assay::Pool;
use assay::documents;
use checks::Verdict;
use document::{Artifact, Document, HexBytes};
use etcd_snapshot::trailer::{self, Trailer};
use rebuild::{RebuildError, Wanted};

use super::beside::joined;
use super::chain::{self, Chain};
use super::snapshot;
use crate::args::{RebuildArgs, ReportFormat};
use crate::exit::{Ending, Error};
use crate::input::Input;
use crate::output::rebuilt::print;
use crate::ui::Ui;
use file::NewFile;
use narrowed::Chosen;
use sanitized::Cleaner;
use values::Forms;

pub(super) fn run(args: &RebuildArgs, reading: &Reading, ui: &mut Ui) -> Result<Ending, Error> {
    let mut wanted = Wanted {
        compact: args.history().map_err(Error::Usage)?,
        page_size: args.page_size,
        drop_alarms: args.drop_alarms,
        drop_auth: args.drop_auth,
        rev: args.rev,
    };
    let forms = Forms::read(args, reading, ui)?;
    let cleaner = Cleaner::read(args, reading, ui)?;
    let new = NewFile::begin(&args.out, args.sweep)?;
    let (source, chain) = chain::opened(&Input::from(args.snapshot.as_os_str()), args.rev, reading, ui)?;
    chain.as_ref().map_or(Ok(()), Chain::expect_whole)?;
    let salvaged = salvaged::gather(&source, args, &new, reading, ui)?;
    let whole = salvaged.as_ref().and_then(|salvaged| salvaged.file.as_ref()).unwrap_or(&source);
    wanted.compact = salvaged.as_ref().map_or(wanted.compact, |salvaged| salvaged.compact(wanted.compact));
    let chosen = Chosen::of(args, whole)?;
    let job = Job { args, reading, source: &source, whole, wanted, chosen: &chosen, new: &new };
    let meter = ui.meter("rebuilding", Some(source.bytes().len() as u64 * 2));
    // the hash of the source is needed when all is written: what is written has its name later still
    let (trailer, mut document) = std::thread::scope(|scope| {
        let hashing = scope.spawn(|| trailer::read(source.bytes(), |bytes| meter.add(bytes)));
        job.make(forms, cleaner, &|bytes| meter.add(bytes), || joined(hashing))
    })?;
    drop(meter);
    let ending = salvaged.as_ref().map_or(Ending::Clean, |salvaged| salvaged.tell(&trailer, &mut document));
    if let (Some(chain), Some(Artifact::Rebuilt(rebuilt))) = (&chain, document.artifacts.first_mut()) {
        chain.tell(rebuilt);
    }
    new.publish((!args.no_sidecar).then_some(&document))?;
    match (args.output.format(), document.artifacts.first()) {
        (ReportFormat::Json, _) => document.write(ui.out())?,
        (ReportFormat::Human, Some(Artifact::Rebuilt(rebuilt))) => print(rebuilt, ui)?,
        (ReportFormat::Human, _) => {}
    }
    Ok(ending)
}

/// What is to be made of what.
struct Job<'j> {
    args: &'j RebuildArgs,
    reading: &'j Reading,
    source: &'j Contents,
    /// The source, or what is left of it.
    whole: &'j Contents,
    wanted: Wanted,
    chosen: &'j Chosen,
    new: &'j NewFile,
}

impl Job<'_> {
    /// Writes the new file and proves all that is said of it; `hash` waits for that of the source.
    fn make(
        &self,
        forms: Option<Forms>,
        cleaner: Option<Cleaner>,
        progress: &dyn Fn(u64),
        hash: impl FnOnce() -> Trailer,
    ) -> Result<(Trailer, Document), Error> {
        let Self { args, reading, source, whole, wanted, chosen, new } = *self;
        let plan = match rebuild::plan(snapshot::database(whole)?, wanted, &Pool) {
            Ok(plan) => plan,
            Err(error) => return Err(self.accepted(hash()).err().unwrap_or_else(|| why(source, &error))),
        };
        let keeps = |key: &[u8]| chosen.keeps(key);
        let (plan, left) = chosen.narrow(plan, &keeps, source)?;
        let forms = forms.map(|forms| forms.of(whole));
        let plan = forms.iter().fold(plan, |plan, forms| plan.with_values(forms));
        let cleaner = cleaner.map(|cleaner| cleaner.of(whole, &plan));
        let plan = cleaner.iter().fold(plan, |plan, cleaner| plan.with_values(cleaner));
        let (pages, compacted_at) = (new.write(source, &plan, progress)?, plan.compact_at);
        // what nothing more is held against gives back its memory: the new file takes as much
        let is_held = left.is_some() || forms.is_some() || cleaner.is_some();
        let plan = is_held.then_some(plan);
        let trailer = self.accepted(hash())?;
        // no hash comes from none, or from a wrong one: values that nothing proved would pass for proven
        let sealed = trailer.valid() == Some(true) || args.seal;
        let rebuilt = new.seal(pages, sealed, reading)?;
        let mut changed = Changed::default();
        if let Some(plan) = &plan {
            changed.0 = left.map(|left| chosen.prove(left, plan, new, reading)).transpose()?;
            changed.1 = forms.as_ref().map(|forms| forms.prove(plan, new, reading)).transpose()?;
            changed.2 = cleaner.as_ref().map(|cleaner| cleaner.prove(plan, new, reading)).transpose()?;
        }
        source.check_unchanged()?;
        let document = document(args, source, &trailer, compacted_at, &rebuilt, changed);
        Ok((trailer, document))
    }

    /// A wrong hash must not become a right one.
    fn accepted(&self, trailer: Trailer) -> Result<Trailer, Error> {
        if trailer.valid() == Some(false) && self.args.salvage.is_none() {
            let reason = "its SHA-256 is not that of its bytes (SNAP-003), and a new file would hide that";
            return Err(refused(self.source, reason.to_owned()));
        }
        Ok(trailer)
    }
}

fn refused(source: &Contents, reason: String) -> Error {
    let hint = "`assay verify` tells all that is wrong; take another backup, or what is left of it: \
                `assay rebuild --salvage`";
    Error::Unanswerable { display: source.display().to_owned(), reason, hint: Some(hint.to_owned()) }
}

fn why(source: &Contents, error: &RebuildError) -> Error {
    match error {
        RebuildError::Future { .. } => Error::Unanswerable {
            display: source.display().to_owned(),
            reason: error.to_string(),
            hint: Some("`--compact latest` takes the last revision".to_owned()),
        },
        RebuildError::Revision(error) => {
            Error::Unanswerable { display: source.display().to_owned(), reason: error.to_string(), hint: None }
        }
        RebuildError::Value { .. } => values::why(source, error),
        RebuildError::Write(error) => Error::Usage(error.to_string()),
        RebuildError::Open(_) => Error::Unanswerable {
            display: source.display().to_owned(),
            reason: error.to_string(),
            hint: Some("`--salvage=orphans` takes what leaves it has".to_owned()),
        },
        RebuildError::Auth => Error::Unanswerable {
            display: source.display().to_owned(),
            reason: error.to_string(),
            hint: Some(
                "`--drop-auth` leaves them out and turns authentication off; most clusters have none".to_owned(),
            ),
        },
        damaged => refused(source, damaged.to_string()),
    }
}

/// What was left out, written in another form, and taken away.
type Changed = (Option<document::LeftOut>, Option<document::ValuesWritten>, Option<document::Sanitized>);

fn document(
    args: &RebuildArgs,
    source: &Contents,
    trailer: &Trailer,
    compacted_at: Option<i64>,
    new: &file::Written,
    (left_out, values, sanitized): Changed,
) -> Document {
    let file::Written { rebuilt, sha256, live_keys } = new;
    let artifact = document::Rebuilt {
        path: source.name(),
        kind: document::Rebuilt::KIND,
        source_sha256: HexBytes(&trailer.file).to_string(),
        source_trailer: trailer.valid(),
        source_size: source.bytes().len() as u64,
        out: args.out.to_string_lossy().into_owned(),
        trailer: sha256.as_ref().map(|hash| HexBytes(hash).to_string()),
        size: rebuilt.pages * u64::from(rebuilt.page_size) + sha256.map_or(0, |hash| hash.len() as u64),
        page_size: rebuilt.page_size,
        pages: rebuilt.pages,
        revision: rebuilt.revision,
        compacted_at,
        records_before: rebuilt.records_before,
        records: rebuilt.records,
        live_keys: *live_keys,
        alarms_dropped: rebuilt.alarms_dropped,
        auth_dropped: rebuilt.auth_dropped,
        leases_dropped: rebuilt.leases_dropped,
        rev: args.rev,
        notes: [
            narrowed::notes(args.rev, left_out.as_ref()),
            values::notes(values.as_ref()),
            sanitized::notes(sanitized.as_ref()),
        ]
        .concat(),
        left_out,
        values,
        sanitized,
        status_hash_hex: format!("{:08x}", rebuilt.status_hash),
        salvage: None,
        more: document::Fields::default(),
    };
    documents::document("rebuild", vec![Artifact::Rebuilt(Box::new(artifact))], Vec::new(), Verdict::Pass)
}
