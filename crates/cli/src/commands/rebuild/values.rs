//! Values in the form that another configuration gives them, or plain; and the proof that they are the same.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use artifact::{Contents, Reading};
use assay::{Given, LateKeys, Pool, SnapshotKeys};
use bbolt_page::Db;
use document::{StoredBy, ValuesWritten};
use encryption_config::{GroupResource, Magic, ProviderKind, SealError, Sealer, StoredValue};
use etcd_snapshot::{Options, Record};
use kube_objects::StorageKey;
use lens::Opener as _;
use rebuild::{Plan, RebuildError, Refusal, Values};
use wording::{count, escape, inert, number_of};
use zeroize::Zeroizing;

use super::file::NewFile;
use crate::args::RebuildArgs;
use crate::commands::objects;
use crate::exit::Error;
use crate::input::Input;
use crate::ui::Ui;

/// Keys that open, and configurations that say how to write; none to write all plain.
pub(super) struct Forms {
    keys: SnapshotKeys,
    configs: Vec<Given>,
}

/// The same for one source.
pub(super) struct FormsOf<'s> {
    keys: LateKeys<'s>,
    configs: Vec<(Given, SnapshotKeys)>,
    seen: Mutex<Seen>,
}

/// What was met so far.
#[derive(Default)]
struct Seen {
    /// By resource; none where no configuration names it.
    writers: BTreeMap<GroupResource, Option<Writer>>,
    /// Encrypted values of those.
    untouched: u64,
}

/// What writes the values of a resource.
struct Writer {
    /// The configuration that says so, by its place.
    config: usize,
    /// `None` for plain, whatever a configuration says.
    sealer: Option<Result<Sealer, SealError>>,
    values: u64,
}

impl Forms {
    /// Reads what was given; `None` where values are to stay as they are.
    pub(super) fn read(args: &RebuildArgs, reading: &Reading, ui: &mut Ui) -> Result<Option<Self>, Error> {
        if !args.decrypt && args.reencrypt.is_empty() {
            if args.sanitize.is_none() && args.keys.path().is_some() {
                let reason = "keys open nothing here without `--decrypt`, `--reencrypt CONFIG` or `--sanitize`";
                return Err(Error::Usage(reason.to_owned()));
            }
            return Ok(None);
        }
        let keys = objects::keys(&args.keys, reading, ui)?;
        let configs = args.reencrypt.iter().map(|path| {
            let given = Given::read(Input::from(path.as_os_str()).open(reading)?, reading, &ui.watcher())?;
            if given.in_force.configs().next().is_some() {
                return Ok(given);
            }
            let path = escape(given.from.path.as_bytes());
            let reason = format!("`--reencrypt {path}`: its cluster encrypts nothing; `--decrypt` writes values so");
            Err(Error::Usage(reason))
        });
        let configs = configs.collect::<Result<_, Error>>()?;
        Ok(Some(Self { keys, configs }))
    }

    /// To write what is in a source.
    pub(super) fn of(self, source: &Contents) -> FormsOf<'_> {
        let open = |given: Given| {
            let keys = SnapshotKeys::of(Some(&given));
            (given, keys)
        };
        FormsOf {
            keys: LateKeys::new(self.keys, source),
            configs: self.configs.into_iter().map(open).collect(),
            seen: Mutex::default(),
        }
    }
}

impl FormsOf<'_> {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn writer(&self, resource: &GroupResource) -> Option<Writer> {
        if self.configs.is_empty() {
            return Some(Writer { config: 0, sealer: None, values: 0 });
        }
        let named = self.configs.iter().enumerate().find_map(|(config, (given, _))| {
            let sealer = given.in_force.configs().find_map(|config| config.sealer(resource))?;
            Some((config, sealer))
        });
        named.map(|(config, sealer)| Writer { config, sealer: Some(sealer), values: 0 })
    }
}

/// The resource of a key, as a configuration names it; `None` for what no API server serves.
fn resource_of(key: &[u8]) -> Option<GroupResource> {
    let key = StorageKey::parse(key);
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    let is_object = key.well_formed && !key.resource.is_empty();
    is_object.then(|| GroupResource { resource: text(key.resource), group: text(key.group) })
}

fn is_sealed(stored: &[u8]) -> bool {
    !matches!(StoredValue::read(stored), Ok(StoredValue::Plain(_)))
}

impl Values for FormsOf<'_> {
    fn value(&self, record: &Record<'_>, room: &mut Zeroizing<Vec<u8>>) -> Result<bool, Refusal> {
        let (key, stored) = (record.kv.key, record.kv.value);
        let sealed = is_sealed(stored);
        let resource = match resource_of(key) {
            None if !sealed => return Ok(false),
            resource => resource.unwrap_or_else(|| GroupResource::parse("")),
        };
        let mut seen = self.seen();
        let Seen { writers, untouched } = &mut *seen;
        let writer = writers.entry(resource).or_insert_with_key(|resource| self.writer(resource));
        let Some(Writer { sealer, values, .. }) = writer else {
            *untouched += u64::from(sealed);
            return Ok(false);
        };
        let sealer = sealer.as_ref().map(|sealer| sealer.as_ref().map_err(Clone::clone)).transpose()?;
        let plain_is_wanted = sealer.is_none_or(|sealer| sealer.provider() == ProviderKind::Identity);
        if !sealed && (plain_is_wanted || Magic::of(stored).is_none()) {
            return Ok(false);
        }
        let plain = self.keys.open(key, stored)?;
        match sealer {
            Some(sealer) => sealer.seal(key, &plain, room)?,
            None => {
                *room = Zeroizing::new(Vec::with_capacity(plain.len()));
                room.extend_from_slice(&plain);
            }
        }
        *values += 1;
        Ok(true)
    }
}

impl FormsOf<'_> {
    /// Reads the new file with the configurations that it is for, record by record beside its source.
    pub(super) fn prove(&self, plan: &Plan<'_>, new: &NewFile, reading: &Reading) -> Result<ValuesWritten, Error> {
        let written = new.read(reading)?;
        let db = Db::open(written.bytes()).map_err(|error| new.refused(&error.to_string()))?;
        let options = Options { without_hashes: true, ..Options::default() };
        let scan = etcd_snapshot::scan(db, options, &Pool);
        let mut after = scan.records();
        for before in plan.kept() {
            let same = after.next().is_some_and(|after| self.is_same(&before, &after));
            if !same {
                return Err(new.refused(&format!("`{}`: another value", objects::shown(before.kv.key))));
            }
        }
        if after.next().is_some() {
            return Err(new.refused("a record too many"));
        }
        Ok(self.told())
    }

    /// Whether a record says what it said: the same in all but the form of its value.
    fn is_same(&self, before: &Record<'_>, after: &Record<'_>) -> bool {
        let place = |record: &Record<'_>| {
            let kv = record.kv;
            (record.revision, record.tombstone, kv.create_revision, kv.mod_revision, kv.version, kv.lease)
        };
        if place(before) != place(after) || before.kv.key != after.kv.key {
            return false;
        }
        let (stored, written) = (before.kv.value, after.kv.value);
        let writers = &self.seen().writers;
        let resource = resource_of(before.kv.key).unwrap_or_else(|| GroupResource::parse(""));
        let Some(Some(writer)) = writers.get(&resource).filter(|_| stored != written) else { return stored == written };
        let Ok(opened) = self.keys.open(before.kv.key, stored) else { return false };
        let Some(Ok(sealer)) = &writer.sealer else { return *opened == *written };
        let as_configured = match StoredValue::read(written) {
            Ok(StoredValue::Plain(_)) => sealer.provider() == ProviderKind::Identity,
            Ok(sealed @ StoredValue::Encrypted { kind, .. }) => {
                kind == sealer.provider() && sealed.under(sealer.key_name()).is_some()
            }
            Err(_) => false,
        };
        let again = self.configs.get(writer.config).and_then(|(_, keys)| keys.open(after.kv.key, written).ok());
        as_configured && again.is_some_and(|again| *again == *opened)
    }

    fn told(&self) -> ValuesWritten {
        let seen = self.seen();
        let stored: Vec<StoredBy> = seen
            .writers
            .iter()
            .filter_map(|(resource, writer)| {
                let writer = writer.as_ref().filter(|writer| writer.values > 0)?;
                let sealer = writer.sealer.as_ref().and_then(|sealer| sealer.as_ref().ok());
                let provider = sealer.map_or(ProviderKind::Identity, Sealer::provider);
                let key_name = sealer.map(|sealer| sealer.key_name().to_owned()).filter(|name| !name.is_empty());
                let (resource, provider) = (resource.to_string(), provider.as_str().into());
                Some(StoredBy { resource, provider, key_name, values: writer.values })
            })
            .collect();
        ValuesWritten {
            configs: self.configs.iter().map(|(given, _)| given.from.path.clone()).collect(),
            written: stored.iter().map(|stored| stored.values).sum(),
            untouched: seen.untouched,
            stored,
        }
    }
}

/// What whoever uses the new file must know.
pub(super) fn notes(values: Option<&ValuesWritten>) -> Vec<String> {
    let Some(ValuesWritten { configs, written, untouched, stored }) = values else { return Vec::new() };
    let plain: u64 = stored.iter().filter(|by| by.key_name.is_none()).map(|by| by.values).sum();
    let mut notes = Vec::new();
    if plain > 0 {
        let plain = number_of(plain, "value that was encrypted is", "values that were encrypted are");
        notes.push(format!("{plain} plain in the new file, for whoever can read that"));
    }
    if *written > plain {
        notes.push("the keys of the source do not open the new file: keep the configuration that does".to_owned());
    }
    if *untouched > 0 {
        let configured = if configs.len() == 1 { "the configuration does not name" } else { "no configuration names" };
        let values = count(*untouched, "encrypted value");
        notes.push(format!("{values} of resources that {configured} stayed as they were"));
    }
    notes
}

/// Why a value is not written, and what to do.
pub(super) fn why(source: &Contents, error: &RebuildError) -> Error {
    let RebuildError::Value { key, revision, live, reason } = error else {
        return objects::unanswerable(source, error, None);
    };
    let reason = format!("`{}` at revision {revision}: {}", objects::shown(key), inert(&reason.to_string()));
    let hint = if *live {
        "give all keys that are needed with `--keys` or `--escrow`, or leave it out with `--drop`"
    } else {
        "it is history: `--compact latest` leaves that out"
    };
    objects::unanswerable(source, &reason, Some(hint.to_owned()))
}
