//! A data directory that was restored, before a real etcd.

mod foretold;
mod kube;
mod scratch;

use std::cell::RefCell;
use std::fs::OpenOptions;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use artifact::{Contents, Reading};
use assay::Pool;
use bbolt_page::Db;
use boot::{Etcd, EtcdError, Expected, Failure, Outcome, Plan, Probing, Server, StartError};
use document::{Boot, HexBytes, Probe};
use etcd_snapshot::{Options, Scan, trailer};
use jiff::Timestamp;
use key_escrow::Place;
use restore::Cluster;
use wording::{Size, escape_path};

use crate::args::BootArgs;
use crate::exit::Error;
use crate::interrupt;
use crate::launch;
use crate::ui::Voice;
use crate::unproven::{failed, wrong};
use foretold::Foretold;
pub(super) use kube::Kube;
use scratch::Scratch;
pub(super) use scratch::hidden;

/// What `--etcd` is.
const SERVER: &str = "`--etcd` names the program of the server, etcd itself";
/// How long a program may take to say its version.
const VERSION_WITHIN: Duration = Duration::from_secs(5);
/// What etcd writes besides the database: a segment of its log, and room for the next.
const LOGS: u64 = 128 << 20;

/// An etcd that was asked for, and is one.
pub(super) struct Booting {
    args: BootArgs,
    etcd: Etcd,
    kube: Option<Kube>,
}

/// What was restored, and where beside it a copy may lie.
pub(super) struct Restored<'r> {
    /// The data directory.
    pub(super) path: PathBuf,
    /// The files in it.
    pub(super) files: Vec<&'r str>,
    /// The cluster it is of.
    pub(super) cluster: &'r Cluster,
    /// Where the copy is made.
    pub(super) place: &'r Place,
    /// What the copy is named after.
    pub(super) name: &'r str,
}

impl Booting {
    /// Asks the program which etcd it is, where one is given.
    pub(super) fn of(args: &BootArgs) -> Result<Option<Self>, Error> {
        let Some(path) = &args.etcd else { return Ok(None) };
        let program = program(path, SERVER)?;
        let etcd = Etcd::ask(program, launch::bound(), VERSION_WITHIN);
        let etcd = etcd.map_err(|error: EtcdError| unfit(path, error.to_string(), SERVER))?;
        Ok(Some(Self { args: args.clone(), etcd, kube: None }))
    }

    /// With a kube-apiserver on it, if one is asked for.
    pub(super) fn with(self, kube: Option<Kube>) -> Self {
        Self { kube, ..self }
    }

    /// Makes sure that a database of so many bytes, restored and copied, has room; says how much it takes, and how long.
    pub(super) fn announce(&self, place: &Place, size: u64, voice: &Voice) -> Result<(), Error> {
        let path = place.path(".");
        let room = rustix::fs::statvfs(&path).map_err(|error| failed(&path, &error.into()))?;
        let free = room.f_bavail.saturating_mul(room.f_frsize);
        // the directory and its copy; one that is defragmented, and a snapshot out of it
        let copies = if self.args.quick { 2 } else { 4 };
        let need = size.saturating_mul(copies).saturating_add(LOGS);
        if free < need {
            return Err(Error::Output {
                path: escape_path(&path),
                reason: format!("it takes up to {}, and {} are free", Size(need), Size(free)),
                hint: Some("give a place with more room".to_owned()),
            });
        }
        let version = self.etcd.version();
        let within = self.within(size).as_secs();
        voice.tell(&format!(
            "etcd {version} is started on a copy: up to {} of {} that are free, ready within {within} s or not at all",
            Size(need),
            Size(free)
        ));
        Ok(())
    }

    /// What is known of a rehearsal that has not begun.
    pub(super) fn record(&self, now: Timestamp) -> Boot {
        Boot {
            at: now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            etcd_version: self.etcd.version().to_string(),
            ..Boot::default()
        }
    }

    fn within(&self, size: u64) -> Duration {
        self.args.boot_timeout.map_or_else(|| boot::patience(size), Duration::from_secs)
    }

    /// Starts it on a copy of what was restored, asks it everything, and ends it.
    pub(super) fn boot(
        &self,
        restored: &Restored<'_>,
        keep: bool,
        reading: &Reading,
        now: Timestamp,
        voice: &Voice,
    ) -> Result<Boot, Error> {
        let path = restored.path.join("member/snap/db");
        let source = Contents::open(&path)?.whole(reading, &|_| {})?;
        let scan = scan(&path, &source, None)?;
        self.kube.as_ref().map_or(Ok(()), |kube| kube.check(&scan))?;
        let auth = self.args.disable_auth.then(|| scratch::authentication(&scan, source.bytes())).flatten();
        let scratch = Scratch::begin(restored.place, restored.name, keep)?;
        scratch.copy(&restored.path, &restored.files, auth)?;
        let mut boot = Boot {
            cluster_version: scan.state.cluster_version.clone(),
            alone: restored.cluster.members.len() > 1,
            auth_disabled: auth.is_some(),
            ..self.record(now)
        };
        self.check_release(&boot, voice);
        let size = source.bytes().len() as u64;
        let plan = Plan {
            data: &scratch.path("data"),
            log: &scratch.path("etcd.log"),
            name: &restored.cluster.own.name,
            one_of_many: boot.alone,
            size,
            within: self.within(size),
        };
        let mut foretold = Foretold::of(&path, reading, now);
        self.run(&plan, &scan, restored.cluster, &scratch, &mut boot, &mut foretold, voice)?;
        if boot.failure.is_none() && !self.args.quick {
            out_of_it(&scratch, &scan, reading, &mut boot)?;
        }
        boot.findings = foretold.found();
        boot.kept = scratch.finish()?;
        Ok(boot)
    }

    /// That an etcd of another release comes up with it is no proof that it fits.
    fn check_release(&self, boot: &Boot, voice: &Voice) {
        let version = self.etcd.version();
        let of_cluster = boot.cluster_version.as_deref().unwrap_or_default();
        let minor = format!("{}.{}", version.major, version.minor);
        if !of_cluster.is_empty() && of_cluster != minor && !of_cluster.starts_with(&format!("{minor}.")) {
            voice.warn(&format!(
                "etcd {version} is started on a backup of a cluster at {of_cluster}: that it comes up does not prove that it fits"
            ));
        }
    }

    #[expect(clippy::too_many_arguments, reason = "all of one run")]
    fn run(
        &self,
        plan: &Plan<'_>,
        scan: &Scan<'_>,
        cluster: &Cluster,
        scratch: &Scratch,
        boot: &mut Boot,
        foretold: &mut Foretold<'_>,
        voice: &Voice,
    ) -> Result<(), Error> {
        let undo = RefCell::new(Vec::new());
        let meter = voice.meter("starting etcd", None);
        let started = self.etcd.start(plan, &|spawn| {
            let mut hold = interrupt::hold();
            let handle = spawn()?;
            let ends = handle.clone();
            undo.borrow_mut().push(hold.begun(move || ends.kill()));
            Ok(handle)
        });
        drop(meter);
        match started {
            Ok(server) => {
                boot.ready_seconds = Some((server.ready().as_secs_f64() * 100.0).round() / 100.0);
                let expected = Expected::of(scan, cluster.own.id, cluster.id, &Pool);
                self.ask(&server, &expected, plan.size, scratch, boot, foretold, voice)?;
                if let Some(kube) = self.kube.as_ref().filter(|_| boot.holds()) {
                    boot.kube_apiserver = Some(kube.run(&server, scan, scratch, voice)?);
                }
                server.end();
            }
            Err(StartError::Failed(failure)) => fail(boot, foretold, &failure),
            Err(StartError::Io { what, source }) => return Err(failed(Path::new(&what), &source)),
        }
        Ok(())
    }

    #[expect(clippy::too_many_arguments, reason = "all of one run")]
    fn ask(
        &self,
        server: &Server,
        expected: &Expected<'_>,
        size: u64,
        scratch: &Scratch,
        boot: &mut Boot,
        foretold: &mut Foretold<'_>,
        voice: &Voice,
    ) -> Result<(), Error> {
        let path = scratch.path("snapshot.db");
        let out = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
        let mut out = out.map_err(|error| failed(&path, &error))?;
        let meter = voice.meter("asking etcd", None);
        let probing = Probing {
            version: self.etcd.version(),
            size,
            quick: self.args.quick,
            snapshot: Some(&mut out),
            progress: &|bytes| meter.add(bytes),
        };
        let probes = &mut boot.probes;
        let asked = server.probe(expected, probing, &mut |probe| {
            let ok = match probe.outcome {
                Outcome::Held => Some(true),
                Outcome::Failed => Some(false),
                Outcome::NotAsked => None,
            };
            if ok == Some(false) {
                foretold.look(probe.symptom);
            }
            let meaning = probe.symptom.and_then(boot::Symptom::meaning).map(str::to_owned);
            probes.push(Probe { name: probe.name.into(), want: probe.want, got: probe.got, ok, meaning });
        });
        if let Err(failure) = asked {
            fail(boot, foretold, &failure);
        }
        Ok(())
    }
}

/// A program that is named; a name without a folder is a file here, and nothing to be searched for.
fn program(path: &Path, hint: &str) -> Result<PathBuf, Error> {
    let program = std::path::absolute(path).map_err(|error| unfit(path, error.to_string(), hint))?;
    let found = program.metadata().map_err(|error| unfit(path, error.to_string(), hint))?;
    if !found.is_file() || found.permissions().mode() & 0o111 == 0 {
        return Err(unfit(path, "it is no program".to_owned(), hint));
    }
    Ok(program)
}

fn unfit(path: &Path, reason: String, hint: &str) -> Error {
    Error::Unanswerable { display: format!("`{}`", escape_path(path)), reason, hint: Some(hint.to_owned()) }
}

fn fail(boot: &mut Boot, foretold: &mut Foretold<'_>, failure: &Failure) {
    foretold.look(Some(failure.symptom));
    boot.failure = Some(failure.to_string());
    boot.meaning = failure.symptom.meaning().map(str::to_owned);
}

fn scan<'c>(path: &Path, source: &'c Contents, at: Option<i64>) -> Result<Scan<'c>, Error> {
    let db = Db::open(source.bytes()).map_err(|error| wrong(path, &error.to_string()))?;
    Ok(etcd_snapshot::scan(db, Options { at, ..Options::default() }, &Pool))
}

/// Holds the snapshot that came out of the server against what went in.
fn out_of_it(scratch: &Scratch, before: &Scan<'_>, reading: &Reading, boot: &mut Boot) -> Result<(), Error> {
    if !boot.probes.iter().any(|probe| probe.name == "snapshot" && probe.ok == Some(true)) {
        return Ok(());
    }
    let path = scratch.path("snapshot.db");
    let written = Contents::open(&path)?.whole(reading, &|_| {})?;
    let told = |digest: &[u8]| format!("digest {}, hash right", HexBytes(digest));
    let want = told(&before.content_digest(&Pool));
    let got = match (trailer::read(written.bytes(), |_| {}).valid(), scan(&path, &written, Some(before.current()))) {
        (_, Err(error)) => error.to_string(),
        (Some(true), Ok(after)) => told(&after.content_digest(&Pool)),
        (_, Ok(_)) => "its hash is wrong".to_owned(),
    };
    let ok = Some(want == got);
    boot.probes.push(Probe { name: "snapshot-content".into(), want, got, ok, meaning: None });
    Ok(())
}
