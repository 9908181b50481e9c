//! `assay mend`: what a transfer did to a snapshot, undone, and proven before the new file gets its name.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::ops::ControlFlow;
use std::path::Path;

use artifact::{Contents, Reading};
use assay::{Pool, documents};
use bbolt_page::Db;
use document::{Artifact, Damage, Document, HexBytes, Mended};
use etcd_snapshot::{Options, trailer};
use mend::{Diagnosis, Loss, Mend, Proof};

use crate::args::{MendArgs, ReportFormat};
use crate::exit::{Ending, Error};
use crate::input::Input;
use crate::output::mended::print;
use crate::ui::Ui;
use crate::unproven::{Unproven, failed, wrong};

/// Bytes that go out at a time.
const BUFFER: usize = 1 << 20;

pub(super) fn run(args: &MendArgs, reading: &Reading, ui: &mut Ui) -> Result<Ending, Error> {
    let mut new = Unproven::at(&args.out, &[], args.sweep)?;
    let meter = ui.meter("reading", None);
    let source = Input::from(args.file.as_os_str()).open(reading)?.whole(reading, &|bytes| meter.add(bytes))?;
    drop(meter);
    let meter = ui.meter("looking", None);
    let diagnosis = mend::diagnose(source.bytes());
    drop(meter);
    source.check_unchanged()?;
    let mut told = Mended {
        path: source.name(),
        kind: Mended::KIND,
        source_size: source.bytes().len() as u64,
        damage: damage(&diagnosis),
        ..Mended::default()
    };
    match &diagnosis {
        Diagnosis::Intact => {
            return Err(nothing(&source, "its SHA-256 is right, and nothing stands before or behind it"));
        }
        Diagnosis::Foreign => {
            source.expect_snapshot()?;
            told.lost = Some(unseen());
        }
        Diagnosis::Other if is_whole(&source) => {
            return Err(nothing(&source, "its pages are whole, and it has no SHA-256 that says otherwise"));
        }
        Diagnosis::Other => told.lost = Some(unseen()),
        Diagnosis::Wrong(_) => {
            told.lost =
                Some(lost("hash-wrong", "and then its SHA-256 is not that of its bytes: something else changed, too"))
        }
        Diagnosis::Lost(_, loss) => told.lost = Some(of_loss(*loss)),
        Diagnosis::Mendable(mend) => told.lost = written(mend, args, &source, &mut new, reading, &mut told)?,
    }
    let ending = if told.lost.is_none() { Ending::Clean } else { Ending::Findings };
    tell(told, ending, args, ui)?;
    Ok(ending)
}

fn tell(told: Mended, ending: Ending, args: &MendArgs, ui: &mut Ui) -> Result<(), Error> {
    if args.output.format() == ReportFormat::Human {
        return print(&told, ui);
    }
    let artifact = Artifact::Mended(Box::new(told));
    let document: Document = documents::document("mend", vec![artifact], Vec::new(), ending.verdict());
    Ok(document.write(ui.out())?)
}

/// What was done, as far as it is known.
fn damage(diagnosis: &Diagnosis) -> Vec<Damage> {
    diagnosis.steps().iter().map(|step| lost(step.name(), &step.to_string())).collect()
}

fn lost(name: &'static str, what: &str) -> Damage {
    Damage { name: name.into(), what: what.to_owned() }
}

fn of_loss(loss: Loss) -> Damage {
    lost(loss.name(), &loss.to_string())
}

fn unseen() -> Damage {
    lost("none-seen", "nothing is seen in it that a transfer does, and it is damaged: `assay verify` tells how")
}

fn nothing(source: &Contents, why: &str) -> Error {
    let reason = format!("there is nothing to mend: {why}");
    Error::Unanswerable { display: source.display().to_owned(), reason, hint: Some("use it as it is".to_owned()) }
}

/// Whether it is a database without a hash, and nothing is wrong with its structure.
fn is_whole(source: &Contents) -> bool {
    trailer::read(source.bytes(), |_| {}).valid().is_none() && fault(source.bytes()).is_none()
}

/// The first thing that is wrong with the structure of a database.
fn fault(bytes: &[u8]) -> Option<String> {
    match Db::open(bytes) {
        Err(error) => Some(error.to_string()),
        Ok(db) => {
            let scan = etcd_snapshot::scan(db, Options::default(), &Pool);
            let losses = checks::snapshot::losses(&scan).into_sorted();
            losses.first().map(|finding| finding.message().to_owned())
        }
    }
}

/// Writes what comes out, and proves it; why it was not written, where nothing proves it.
fn written(
    mend: &Mend,
    args: &MendArgs,
    source: &Contents,
    new: &mut Unproven,
    reading: &Reading,
    told: &mut Mended,
) -> Result<Option<Damage>, Error> {
    if mend.proof == Proof::Places && !args.without_hash {
        let what = "and then it has no SHA-256 that proves it; `--without-hash` takes its structure for a proof";
        return Ok(Some(lost("unproven", what)));
    }
    let file = new.begin(|place, part| place.create_new(part, 0o600))?;
    let part = Part { path: new.path(), keep: false };
    write(mend, source, &file, &part.path)?;
    let back = Contents::open(&part.path)?.whole(reading, &|_| {})?;
    match mend.proof {
        Proof::Hash(hash) => {
            let read = trailer::read(back.bytes(), |_| {});
            if read.valid() != Some(true) || read.stored != Some(hash) {
                return Err(wrong(&part.path, "its SHA-256 is another"));
            }
            told.trailer = Some(HexBytes(&hash).to_string());
            told.proof = Some("hash".into());
        }
        Proof::Places => {
            if let Some(fault) = fault(back.bytes()) {
                return Ok(Some(lost("structure-damaged", &format!("and then its structure is damaged: {fault}"))));
            }
            told.proof = Some("structure".into());
        }
    }
    back.check_unchanged()?;
    source.check_unchanged()?;
    new.publish(|_| Ok(()))?;
    part.kept();
    told.size = Some(mend.size);
    told.out = Some(args.out.to_string_lossy().into_owned());
    Ok(None)
}

/// The file while it has not its name; dropped before, it is removed.
struct Part {
    path: std::path::PathBuf,
    keep: bool,
}

impl Part {
    fn kept(mut self) {
        self.keep = true;
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if !self.keep {
            crate::unproven::remove(&self.path);
        }
    }
}

fn write(mend: &Mend, source: &Contents, file: &File, path: &Path) -> Result<(), Error> {
    let mut out = BufWriter::with_capacity(BUFFER, file);
    let mut result: io::Result<()> = Ok(());
    let undone = mend.undo(source.bytes(), &mut |piece| {
        result = out.write_all(piece);
        if result.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    let done = result.and_then(|()| out.flush()).and_then(|()| file.sync_all());
    done.map_err(|error| failed(path, &error))?;
    undone.map_err(|_| wrong(path, "the source is another than it was"))
}
