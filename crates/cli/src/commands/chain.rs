//! A directory of full and delta snapshots, read as the one snapshot that a restore makes of them.

use std::io::Cursor;
use std::path::Path;

use artifact::{Contents, InputError, Reading, room_for};
use assay::Pool;
use assay::deltas::Chains;
use backup_facts::delta::{Deltas, Event, Held, Put};
use document::HexBytes;
use etcd_snapshot::{KeyValue, Options, Revision, trailer};
use rebuild::{Added, extend};
use wording::{count, escape, escape_path};

use super::snapshot;
use crate::exit::{Ending, Error};
use crate::input::Input;
use crate::ui::Ui;

/// What a snapshot was made of.
pub(super) struct Chain {
    /// The full snapshot's name for messages, its SHA-256 with the hash that it has, and its size in bytes.
    full: (String, [u8; 32], u64),
    /// The directory's name for messages: it is what tells of the deltas, too.
    folder: String,
    /// The deltas, as far as they were followed.
    deltas: Deltas,
    /// Whether they were given up on before their end, as far as was asked for.
    is_broken: bool,
}

impl Chain {
    /// What whoever uses the snapshot must know.
    pub(super) fn note(&self) -> String {
        let deltas = count(self.deltas.deltas as u64, "delta snapshot");
        format!("{} and {deltas} beside it, up to revision {}", self.full.0, self.deltas.newest)
    }

    /// Says what a new file was made of: its source is the full snapshot.
    pub(super) fn tell(&self, rebuilt: &mut document::Rebuilt) {
        rebuilt.source_sha256 = HexBytes(&self.full.1).to_string();
        rebuilt.source_size = self.full.2;
        rebuilt.notes.push(format!("the source is {}", self.note()));
    }

    /// Refuses a chain that does not come to where it should.
    pub(super) fn expect_whole(&self) -> Result<(), Error> {
        let newest = self.deltas.newest;
        let why = why(&self.deltas).filter(|_| self.is_broken);
        why.map_or(Ok(()), |why| {
            Err(Error::Unanswerable {
                display: self.folder.clone(),
                reason: format!("the newest restorable revision is {newest}: {why}"),
                hint: Some(format!(
                    "`--rev {newest}` takes what a restore comes to; `assay verify` tells what is wrong"
                )),
            })
        })
    }
}

/// Opens what should be a snapshot, or a directory of full and delta snapshots: then all that there is by a revision, or all.
/// Where that ends too soon, says so and settles for findings.
pub(super) fn open(input: &Input, at: Option<i64>, reading: &Reading, ui: &mut Ui) -> Result<Contents, Error> {
    let (source, chain) = opened(input, at, reading, ui)?;
    if let Some(chain) = chain {
        if at.is_none_or(|at| u64::try_from(at).is_ok_and(|at| at > chain.deltas.newest))
            && let Some(why) = why(&chain.deltas)
        {
            ui.warn(&format!("{}: nothing after revision {} is shown: {why}", source.display(), chain.deltas.newest));
            ui.settle(Ending::Findings);
        }
        ui.note(&format!("of {}", chain.note()));
    }
    Ok(source)
}

/// The same, with what it was made of.
pub(super) fn opened(
    input: &Input,
    at: Option<i64>,
    reading: &Reading,
    ui: &mut Ui,
) -> Result<(Contents, Option<Chain>), Error> {
    let path = match input {
        Input::Path(path) if path.is_dir() => path,
        _ => return Ok((snapshot::open(input, reading, ui)?, None)),
    };
    match Chains::at(path) {
        Ok(Some(chains)) => {
            let (source, chain) = made(&chains, path, at, reading, ui)?;
            Ok((source, Some(chain)))
        }
        // what else a directory is, or why it cannot be read, is told as ever
        Ok(None) | Err(_) => Ok((snapshot::open(input, reading, ui)?, None)),
    }
}

/// What a restore makes of a full snapshot and its deltas.
fn made(
    chains: &Chains,
    path: &Path,
    at: Option<i64>,
    reading: &Reading,
    ui: &mut Ui,
) -> Result<(Contents, Chain), Error> {
    let until = at.and_then(|at| u64::try_from(at).ok());
    let name = chains.full(until).unwrap_or_default();
    let full = snapshot::ready(chains.open(name, reading)?, reading, ui)?;
    let meter = ui.meter("reading deltas", None);
    let options = Options { without_hashes: true, ..Options::default() };
    let scan = etcd_snapshot::scan(snapshot::database(&full)?, options, &Pool);
    let mut gathered = Gathered { until, ..Gathered::default() };
    let deltas = chains.follow(name, &scan, reading, &mut |event, now| {
        if gathered.bytes <= reading.max_expanded {
            gathered.take(&event, now);
        }
    });
    let deltas = deltas.unwrap_or_else(|| Deltas { newest: scan.current().unsigned_abs(), ..Deltas::default() });
    let size = scan.walked.db.size();
    drop((scan, meter));
    let display = format!("`{}`", escape_path(path));
    if gathered.bytes > reading.max_expanded {
        return Err(InputError::OverCap { display, cap: reading.max_expanded }.into());
    }
    let hash = trailer::read(full.bytes(), |_| {});
    let bytes = written(&full, hash.valid(), &gathered, size, &display)?;
    let is_broken = !deltas.is_whole() && until.is_none_or(|until| until > deltas.newest);
    let named = (full.display().to_owned(), hash.file, full.bytes().len() as u64);
    Ok((full.grown(path, bytes), Chain { full: named, folder: display, deltas, is_broken }))
}

/// Why no more is restored.
fn why(deltas: &Deltas) -> Option<String> {
    let findings = checks::pair::check_deltas(deltas).into_sorted();
    findings.first().map(|finding| format!("{} ({})", finding.message(), finding.entry().id))
}

/// The changes that are to be made.
#[derive(Default)]
struct Gathered {
    until: Option<u64>,
    added: Vec<Added>,
    bytes: u64,
    last: Revision,
}

impl Gathered {
    fn take(&mut self, event: &Event, now: Option<Held>) {
        let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        let main = number(event.revision);
        if self.until.is_some_and(|until| event.revision > until) {
            return;
        }
        // changes of one transaction follow each other
        let sub = if self.last.main == main { self.last.sub + 1 } else { 0 };
        self.last = Revision { main, sub };
        let kv = match (&event.put, now) {
            (Some(Put { value, lease, .. }), Some(now)) => KeyValue {
                key: &event.key,
                create_revision: number(now.created),
                mod_revision: main,
                version: number(now.version),
                value,
                lease: *lease,
            },
            _ => KeyValue { key: &event.key, ..KeyValue::default() },
        };
        let added = Added::new(self.last, &kv, event.put.is_none());
        self.bytes = self.bytes.saturating_add(added.size());
        self.added.push(added);
    }
}

/// The pages, and a hash behind them where the full snapshot has a right one: every delta was held against its own.
fn written(
    full: &Contents,
    proven: Option<bool>,
    gathered: &Gathered,
    size: u64,
    display: &str,
) -> Result<Vec<u8>, Error> {
    let refused = |reason: String| Error::Unanswerable {
        display: full.display().to_owned(),
        reason,
        hint: Some("`assay verify` tells all that is wrong; an earlier full snapshot may be sound".to_owned()),
    };
    if proven == Some(false) {
        return Err(refused("its SHA-256 is not that of its bytes (SNAP-003): nothing goes on from it".to_owned()));
    }
    // leaves that are split, and a page more per bucket
    let room = room_for(size.saturating_add(gathered.bytes.saturating_mul(2)), display)?;
    let pages = extend(snapshot::database(full)?, &gathered.added, Cursor::new(room), &Pool);
    let mut bytes = pages.map_err(|error| refused(escape(error.to_string().as_bytes()).into_owned()))?.into_inner();
    full.check_unchanged()?;
    if proven == Some(true) {
        bytes.extend(trailer::read(&bytes, |_| {}).file);
    }
    Ok(bytes)
}
