//! `assay hash`: every hash that tells whether two files, or two members, hold the same.

use backup_facts::snapshot::{Integrity, appended};
use checks::Finding;
use document::Artifact;
use etcd_snapshot::trailer::{self, Sha256Digest, Trailer};
use etcd_snapshot::{HashKv, Status};

use super::snapshot;
use crate::args::{HashArgs, ReportFormat};
use crate::documents::{self, hashes};
use crate::exit::{Error, Outcome};
use crate::input::{Input, Reading, Source};
use crate::output::human::Fields;
use crate::output::json::{HexBytes, Verdict, write_pretty};
use crate::spread::Pool;
use crate::ui::{Ui, style};
use wording::{Size, count, group_digits};

pub(super) fn run(args: &HashArgs, reading: &Reading, ui: &mut Ui) -> Result<Outcome, Error> {
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
        hashes.print(&source, ui)
    });
    if json && !artifacts.is_empty() {
        let sound = ui.outcome() == Outcome::Clean && unread.is_ok();
        let verdict = if sound { Verdict::Pass } else { Verdict::Fail };
        write_pretty(ui.out(), &documents::document("hash", artifacts, found, verdict))?;
    }
    unread.map(|()| ui.outcome())
}

/// What was computed of one snapshot; what was not asked for is not there.
struct Hashes {
    status: Status,
    full: Option<Full>,
    findings: Vec<Finding>,
}

struct Full {
    trailer: Trailer,
    integrity: Integrity,
    hash_kv: HashKv,
    content: Sha256Digest,
}

impl Hashes {
    fn of(source: &Source, args: &HashArgs, ui: &mut Ui) -> Result<Self, Error> {
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
                ui.settle(Outcome::Findings);
            }
            let integrity = Integrity::of(Some(&trailer), appended(&scan.report.db));
            Self { status: scan.status, full: Some(Full { trailer, integrity, hash_kv, content }), findings }
        };
        source.check_unchanged()?;
        Ok(hashes)
    }

    fn document(&self, source: &Source) -> Artifact {
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

    fn print(&self, source: &Source, ui: &mut Ui) -> Result<(), Error> {
        let status = &self.status;
        let number = |hash: u32| format!("{hash:08x} ({hash})");
        let live = status.total_key_36.map(|live| format!("{} live (etcd 3.6)", group_digits(live)));
        let mut fields = Fields::new();
        if let Some(full) = &self.full {
            let trailer = &full.trailer;
            fields = fields
                .field("file SHA-256", HexBytes(&trailer.file))
                .field("trailer", trailer_words(full.integrity))
                .maybe("  stored", trailer.stored.as_ref().map(|hash| HexBytes(hash)))
                .field("  computed", HexBytes(&trailer.computed));
        }
        fields = fields
            .field("status hash", number(status.hash))
            .field("  revision", status.revision)
            .field("  total keys", format!("{} entries (etcd 3.5)", group_digits(status.total_key)))
            .maybe("", live)
            .field("  total size", Size(status.total_size).exact())
            .maybe("  version", Some(wording::escape(status.version.as_bytes())).filter(|version| !version.is_empty()));
        if let Some(full) = &self.full {
            let kv = &full.hash_kv;
            let compacted = match kv.compact_revision {
                ..0 => "never compacted".to_owned(),
                revision => format!("compacted at {revision}"),
            };
            let dump = &status.dump;
            fields = fields
                .field("HashKV", format!("{} at revision {}, {compacted}", number(kv.hash), kv.hash_revision))
                .field("dump-db hash", format!("{} (etcd 3.4)", number(dump.v34)))
                .field("", format!("{} (etcd 3.5)", number(dump.v35)))
                .field("", format!("{} (etcd 3.6)", number(dump.v36)))
                .field("content digest", HexBytes(&full.content));
        }
        let look = ui.look();
        let title = ui.paint(style::HEAD, wording::escape(source.name().as_bytes())).to_string();
        writeln!(ui.out(), "{title}")?;
        Ok(fields.write(ui.out(), look)?)
    }
}

fn trailer_words(integrity: Integrity) -> String {
    match integrity {
        Integrity::Right => "valid".to_owned(),
        Integrity::RightBefore(bytes) => format!("valid for all but {} that follow it", count(bytes, "byte")),
        Integrity::Wrong => "WRONG: the file is not what was saved".to_owned(),
        Integrity::None => "none: the file was not streamed by `etcdctl snapshot save`".to_owned(),
    }
}
