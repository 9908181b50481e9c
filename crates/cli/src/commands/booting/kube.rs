//! A kube-apiserver on the etcd that was started, with the keys of the backup.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use artifact::Reading;
use assay::{Given, Pool, SnapshotKeys};
use boot::kube::{Asker, KubePlan, Stored, StoredObjects, digest};
use boot::{EtcdError, Outcome, Server, StartError};
use document::{KubeApiserver, Probe};
use encryption_config::StoredValue;
use etcd_snapshot::Scan;
use kube_objects::{ObjectHead, Prefix, ResourceClass, StorageKey};
use lens::{Object, Opener as _, Reader, View};
use wording::count;
use zeroize::Zeroizing;

use super::scratch::Scratch;
use super::{VERSION_WITHIN, program, unfit};
use crate::args::RehearseArgs;
use crate::commands::given::given;
use crate::exit::Error;
use crate::interrupt;
use crate::launch;
use crate::ui::{Ui, Voice};
use crate::unproven::failed;

/// How long it may take until it is ready: it reads every CustomResourceDefinition before.
const WITHIN: Duration = Duration::from_secs(60);
/// Under these a value is compared as it is: they have one version, and no defaults.
const COMPARED: [&[u8]; 2] = [b"secrets", b"configmaps"];

/// A kube-apiserver that was asked for, who asks it, and keys.
pub(in crate::commands) struct Kube {
    server: boot::kube::KubeApiserver,
    asker: Asker,
    given: Option<Given>,
}

/// What is stored for one, and where.
struct Found {
    prefix: String,
    range: Option<String>,
    objects: StoredObjects,
}

impl Kube {
    /// Asks the programs what they are, and reads the keys, where one is to be started.
    pub(in crate::commands) fn of(args: &RehearseArgs, reading: &Reading, ui: &Ui) -> Result<Option<Self>, Error> {
        let (Some(path), Some(client)) = (&args.kube.kube_apiserver, &args.kube.ask_with) else {
            if args.keys.keys.is_some() || args.keys.token_file.is_some() || args.keys.escrow.is_some() {
                return Err(Error::Usage("keys open nothing here without `--kube-apiserver`".to_owned()));
            }
            return Ok(None);
        };
        let unfit = |path: &Path, error: EtcdError, says: &str, hint: &str| {
            let other = matches!(error, EtcdError::Other);
            unfit(path, if other { says.to_owned() } else { error.to_string() }, hint)
        };
        let server = "`--kube-apiserver` names the program of the server, kube-apiserver itself";
        let found = program(path, server)?;
        let server = boot::kube::KubeApiserver::ask(found, launch::bound(), VERSION_WITHIN)
            .map_err(|error| unfit(path, error, "`--version` says no `Kubernetes vX.Y.Z`", server))?;
        let asks = "`--ask-with` names the program that asks: curl or kubectl";
        let found = program(client, asks)?;
        let asker = Asker::ask(found, launch::bound(), VERSION_WITHIN)
            .map_err(|error| unfit(client, error, "it is neither curl nor kubectl", asks))?;
        let given = match given(&args.keys, reading, &ui.watcher())? {
            Some(given) => Some(given),
            None => of_directory(&args.backup, reading, ui)?,
        };
        Ok(Some(Self { server, asker, given }))
    }

    /// The configuration that it is given; none where its cluster encrypts nothing.
    fn configuration(&self) -> Result<Option<Zeroizing<Vec<u8>>>, Error> {
        let config = self.given.iter().flat_map(|given| given.in_force.configs()).next();
        let file = config.map(|config| config.to_file()).transpose();
        file.map_err(|error| Error::Usage(format!("the encryption configuration cannot be handed on: {error}")))
    }

    /// Refuses values that are encrypted without keys: no kube-apiserver would list them.
    pub(super) fn check(&self, scan: &Scan<'_>) -> Result<(), Error> {
        let found = self.found(scan);
        let objects = || found.objects.values().flat_map(BTreeMap::values);
        let encrypted = objects().filter(|stored| stored.encrypted).count() as u64;
        if encrypted > 0 && self.configuration()?.is_none() {
            let what = count(encrypted, "object");
            let reason = format!("{what} are encrypted, and there are no keys: `--keys` the tarball of the backup");
            return Err(Error::Usage(reason));
        }
        if found.objects.is_empty() {
            return Err(Error::Usage("a kube-apiserver finds no object in this snapshot".to_owned()));
        }
        Ok(())
    }

    /// Starts it on a running etcd, compares, and ends it.
    pub(super) fn run(
        &self,
        etcd: &Server,
        scan: &Scan<'_>,
        scratch: &Scratch,
        voice: &Voice,
    ) -> Result<KubeApiserver, Error> {
        let (found, encryption) = (self.found(scan), self.configuration()?);
        let mut told = KubeApiserver {
            version: self.server.version().to_string(),
            prefix: found.prefix.clone(),
            ..KubeApiserver::default()
        };
        let folder = scratch.path("kube-apiserver");
        let plan = KubePlan {
            etcd: &etcd.url(),
            prefix: &found.prefix,
            encryption: encryption.as_ref().map(|file| file.as_slice()),
            service_range: found.range.as_deref(),
            folder: &folder,
            within: WITHIN,
        };
        let undo = RefCell::new(Vec::new());
        let meter = voice.meter("starting kube-apiserver", None);
        let started = self.server.start(&plan, &self.asker, &|spawn| {
            let mut hold = interrupt::hold();
            let handle = spawn()?;
            let ends = handle.clone();
            undo.borrow_mut().push(hold.begun(move || ends.kill()));
            Ok(handle)
        });
        drop(meter);
        let server = match started {
            Ok(Ok(server)) => server,
            Ok(Err(failure)) => {
                fail(&mut told, &failure);
                return Ok(told);
            }
            Err(StartError::Io { what, source }) => return Err(failed(Path::new(&what), &source)),
            Err(StartError::Failed(failure)) => return Err(Error::Usage(failure.to_string())),
        };
        told.ready_seconds = Some((server.ready().as_secs_f64() * 100.0).round() / 100.0);
        let meter = voice.meter("comparing objects", None);
        let mut probes = Vec::new();
        let compared = server.compare(
            &found.objects,
            scan.current(),
            &mut |probe| {
                let ok = match probe.outcome {
                    Outcome::Held => Some(true),
                    Outcome::Failed => Some(false),
                    Outcome::NotAsked => None,
                };
                let meaning = boot::kube::meaning(&probe.got).filter(|_| ok == Some(false)).map(str::to_owned);
                probes.push(Probe { name: probe.name.into(), want: probe.want, got: probe.got, ok, meaning });
            },
            &|objects| meter.add(objects),
        );
        drop(meter);
        told.probes = probes;
        match compared {
            Ok(compared) => take(&mut told, compared),
            Err(failure) => fail(&mut told, &failure),
        }
        server.end();
        Ok(told)
    }

    /// What is stored under the prefix that most objects have.
    fn found(&self, scan: &Scan<'_>) -> Found {
        let reader = Reader::open(scan.walked.db.clone(), &Pool);
        let newest = reader.newest(|_| true, None, usize::MAX, &Pool, &|_| {});
        let keys = SnapshotKeys::of(self.given.as_ref());
        let live = || newest.live().map(|found| (found.record.kv.key, found.record));
        let mut prefixes: BTreeMap<&[u8], u64> = BTreeMap::new();
        for key in live().filter_map(|(key, _)| served(key)) {
            *prefixes.entry(key.prefix.as_bytes()).or_default() += 1;
        }
        let prefix =
            prefixes.into_iter().max_by_key(|(_, objects)| *objects).map_or(&b"registry"[..], |(name, _)| name);
        let mut found = Found { prefix: text(prefix), range: None, objects: StoredObjects::new() };
        for (key, record) in live() {
            let (value, main) = (record.kv.value, record.revision.main);
            let parsed = StorageKey::parse(key);
            if parsed.resource == b"ranges" || parsed.stored_path() == b"ranges" {
                found.range = found.range.or_else(|| range(&parsed, key, value, main));
            }
            let Some(parsed) = served(key).filter(|key| key.prefix.as_bytes() == prefix) else { continue };
            let of = (text(parsed.group), text(parsed.resource));
            let name = (parsed.namespace.map(text).unwrap_or_default(), text(parsed.name));
            let compared = parsed.group.is_empty() && COMPARED.contains(&parsed.resource);
            let stored = stored(&keys, key, value, main, compared);
            found.objects.entry(of).or_default().insert(name, stored);
        }
        found
    }
}

/// A key of an object that a kube-apiserver may serve.
fn served(key: &[u8]) -> Option<StorageKey<'_>> {
    let key = StorageKey::parse(key);
    let object = matches!(key.class, ResourceClass::BuiltIn | ResourceClass::Custom) && key.well_formed;
    (object && key.prefix != Prefix::OpenShift).then_some(key)
}

fn stored(keys: &SnapshotKeys, key: &[u8], value: &[u8], main: i64, compared: bool) -> Stored {
    let encrypted = !matches!(StoredValue::read(value), Ok(StoredValue::Plain(_)));
    let mut stored = Stored { revision: main, encrypted, ..Stored::default() };
    // what does not open here is listed by name and revision all the same
    let Ok(plain) = keys.open(key, value) else { return stored };
    stored.uid = ObjectHead::read(&plain).ok().map(|head| head.metadata.uid.into_owned());
    if compared {
        let view = View { reveal: true, ..View::default() };
        let object = Object::of_plain(key, &plain, main, view).ok().map(Object::into_shown);
        stored.value = object.map(|object| digest(&object));
    }
    stored
}

/// The range of addresses that services have.
fn range(parsed: &StorageKey<'_>, key: &[u8], value: &[u8], main: i64) -> Option<String> {
    let services = parsed.name == b"serviceips" || key.ends_with(b"/ranges/serviceips");
    let object = services.then(|| Object::of_plain(key, value, main, View::default()).ok()).flatten()?;
    object.shown().get("range")?.as_str().filter(|range| !range.is_empty()).map(str::to_owned)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The keys in the tarball beside the snapshot that a restore of a directory takes.
fn of_directory(backup: &OsStr, reading: &Reading, ui: &Ui) -> Result<Option<Given>, Error> {
    let path = PathBuf::from(backup);
    if !path.is_dir() {
        return Ok(None);
    }
    let directory = assay::directory::Backups::of(&path, reading)?;
    let restorable = directory.restorable();
    let of_it = directory.backups.iter().find(|backup| backup.snapshot == restorable);
    let Some(tarball) = of_it.and_then(|backup| backup.tarball.as_ref()) else { return Ok(None) };
    Ok(Some(Given::read(directory.open(tarball, reading)?, reading, &ui.watcher())?))
}

fn take(told: &mut KubeApiserver, compared: boot::kube::Compared) {
    told.resources = compared.resources;
    told.objects = compared.objects;
    told.encrypted = compared.encrypted;
    told.values = compared.values;
    told.elsewhere = compared.elsewhere;
    told.differing = compared.differing;
    told.differing_left_out = compared.left_out;
}

fn fail(told: &mut KubeApiserver, failure: &boot::kube::KubeFailure) {
    told.failure = Some(failure.to_string());
    told.meaning = failure.meaning.map(str::to_owned);
}
