//! `assay hash`: every hash that tells whether two files, or two members, hold the same.

use artifact::{Contents, Reading};
use assay::Pool;
use assay::documents::{self, hashes};
use backup_facts::snapshot::{Integrity, appended};
use checks::{Finding, Verdict};
use document::{Artifact, HexBytes};
use etcd_snapshot::{Status, trailer};

use super::snapshot;
use crate::args::{HashArgs, ReportFormat};
use crate::exit::{Ending, Error};
use crate::input::Input;
use crate::output::hashes::{Full, print};
use crate::ui::Ui;

pub(super) fn run(args: &HashArgs, reading: &Reading, ui: &mut Ui) -> Result<Ending, Error> {
    let json = args.output.format() == ReportFormat::Json;
    let (mut artifacts, mut found) = (Vec::new(), Vec::new());
    let mut printed = false;
    let unread = snapshot::each(&args.snapshots, ui, |input, ui| {
        let source = snapshot::open(&Input::from(input.as_os_str()), reading, ui)?;
        let hashes = Hashes::of(&source, args, ui)?;
        if json {
            artifacts.push(hashes.document(&source));
            found.extend(documents::findings(&hashes.findings, &source.name()));
            return Ok(());
        }
        if std::mem::replace(&mut printed, true) {
            writeln!(ui.out())?;
        }
        print(&source.name(), &hashes.status, hashes.full.as_ref(), ui)
    });
    if json && !artifacts.is_empty() {
        let sound = ui.ending() == Ending::Clean && unread.is_ok();
        let verdict = if sound { Verdict::Pass } else { Verdict::Fail };
        documents::document("hash", artifacts, found, verdict).write(ui.out())?;
    }
    unread.map(|()| ui.ending())
}

/// What was computed of one snapshot; what was not asked for is not there.
struct Hashes {
    status: Status,
    full: Option<Full>,
    findings: Vec<Finding>,
}

impl Hashes {
    fn of(source: &Contents, args: &HashArgs, ui: &mut Ui) -> Result<Self, Error> {
        let db = snapshot::database(source)?;
        let passes = if args.status { 1 } else { 2 };
        let meter = ui.meter("hashing", Some(source.bytes().len() as u64 * passes));
        let progress = |bytes| meter.add(bytes);
        let hashes = if args.status {
            let scan = snapshot::scan(source, db, None, false, &progress)?;
            drop(meter);
            let findings = snapshot::check_complete(source, &scan, ui);
            Self { status: scan.status, full: None, findings }
        } else {
            // The SHA-256 runs on one core from end to end; the walk has the others.
            let (trailer, scan) = rayon::join(
                || trailer::read(source.bytes(), progress),
                || snapshot::scan(source, db, args.rev, false, &progress),
            );
            let scan = scan?;
            let content = scan.content_digest(&Pool);
            let hash_kv = scan.hash_kv(&Pool).map_err(|error| Error::Unanswerable {
                display: source.display().to_owned(),
                reason: error.to_string(),
                hint: None,
            })?;
            drop(meter);
            let mut findings = snapshot::check_complete(source, &scan, ui);
            findings.splice(..0, checks::snapshot::bad_trailer(&trailer, source.bytes().len() as u64));
            if trailer.valid() == Some(false) {
                ui.warn(&format!("{}: the SHA-256 in the trailer is not that of the file", source.display()));
                ui.settle(Ending::Findings);
            }
            let integrity = Integrity::of(Some(&trailer), appended(&scan.walked.db));
            Self { status: scan.status, full: Some(Full { trailer, integrity, hash_kv, content }), findings }
        };
        source.check_unchanged()?;
        Ok(hashes)
    }

    fn document(&self, source: &Contents) -> Artifact {
        let full = self.full.as_ref();
        Artifact::Hashes(Box::new(document::Hashes {
            path: source.name(),
            sha256: full.map(|full| HexBytes(&full.trailer.file).to_string()),
            trailer: full.map(|full| hashes::trailer(&full.trailer)),
            status: hashes::status(&self.status),
            dump: hashes::dump(self.status.dump),
            hashkv: full.map(|full| hashes::hash_kv(&full.hash_kv)),
            content: full.map(|full| HexBytes(&full.content).to_string()),
            ..document::Hashes::default()
        }))
    }
}
