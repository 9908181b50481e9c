//! What commands on objects share: what their names mean in a snapshot, finding them, opening them, and what to say when they stay
//! closed.

use std::sync::{OnceLock, PoisonError, RwLock, RwLockReadGuard};

use backup_facts::chain::Reach;
use backup_facts::opening::Unlocked;
use encryption_config::Plaintext;
use etcd_snapshot::Scan;
use etcd_snapshot::carve::{Content, carve};
use kube_objects::{ClusterVersion, ShownKey};
use lens::{Found, Newest, NoKeys, NotOpened, Object, Opener, Reader, Resources, Selection, UnknownResource, Unseen};

use crate::args::KeysInput;
use crate::exit::{Error, Outcome};
use crate::input::{Reading, Source};
use crate::spread::Pool;
use crate::ui::Ui;
use wording::{count, escape, inert};

/// Where a cluster keeps its version, behind whatever prefix.
const VERSION_KEY: &[u8] = b"/config.openshift.io/clusterversions/version";
/// Objects that stay closed are named up to so many; the rest is counted.
const CLOSED_NAMED: usize = 5;

/// Takes the resources that are named for what the snapshots have, and refuses one that nothing has: a slip of the pen must
/// not look like an answer. Reads the snapshots once more only where a resource is named that is not built in.
pub(super) fn resolve(selection: &mut Selection, sources: &[&Source]) -> Result<(), Error> {
    let Some(first) = sources.first() else { return Ok(()) };
    resolve_by(selection, first, |resources| {
        for source in sources {
            resources.look_through(&reader(source, None)?, &Pool, &|_| {});
        }
        Ok(())
    })
}

/// [`resolve`], in whatever way the snapshot's resources are found.
pub(super) fn resolve_by(
    selection: &mut Selection,
    source: &Source,
    look: impl FnOnce(&mut Resources) -> Result<(), Error>,
) -> Result<(), Error> {
    if !selection.needs_resources() {
        return Ok(());
    }
    let mut resources = selection.resources_to_see();
    look(&mut resources)?;
    selection.resolve(&resources).map_err(|unknown| unknown_resource(source, &unknown))
}

/// Takes the keys that pages which nothing uses still hold.
pub(super) fn see_carved(resources: &mut Resources, scan: &Scan<'_>) {
    carve(scan, &Pool, &|_| {}, |carved| {
        if let Content::Record { tombstone, kv, .. } = carved.content {
            resources.see(kv.key, (!tombstone).then_some(kv.value));
        }
    });
}

/// The error of a resource that nothing has.
pub(super) fn unknown_resource(source: &Source, unknown: &UnknownResource) -> Error {
    let near: Vec<String> = unknown.near.iter().map(|near| format!("`{}`", escape(near.as_bytes()))).collect();
    let hint = match &near[..] {
        [] => "`assay ls` lists what is there".to_owned(),
        [one] => format!("did you mean {one}?"),
        [some @ .., last] => format!("did you mean {} or {last}?", some.join(", ")),
    };
    unanswerable(source, &inert(&unknown.to_string()), Some(hint))
}

/// Says which of the things that were named one by one are not among the keys that are there, and settles for findings.
/// What was not seen in a file that is damaged may have been lost.
pub(super) fn check_found<'k>(
    selection: &Selection,
    there: impl Iterator<Item = &'k [u8]>,
    source: &Source,
    ui: &mut Ui,
) {
    let missing = selection.missing(there);
    for target in missing.iter().take(CLOSED_NAMED) {
        ui.warn(&format!("{}: there is no `{}`", source.display(), shown(target.typed())));
    }
    if !missing.is_empty() {
        if missing.len() > CLOSED_NAMED {
            ui.warn(&format!("{} that were named are not there", count(missing.len() as u64, "object")));
        }
        ui.settle(Outcome::Findings);
    }
}

/// The keys that were given, and those that the snapshot holds sealed under them. No `Debug`: see [`Unlocked`].
pub(super) struct Keys(Option<Unlocked>);

impl Keys {
    /// Reads the keys that were given, if any.
    pub(super) fn given(args: &KeysInput, reading: &Reading, ui: &mut Ui) -> Result<Self, Error> {
        let given = super::question::given(args, reading, &ui.watcher())?;
        Ok(Self(given.map(|given| Unlocked::new(given.in_force.configs().cloned()))))
    }

    /// Opens the chain of keys in a snapshot, where keys were given at all.
    pub(super) fn follow(&mut self, source: &Source, ui: &mut Ui) -> Result<(), Error> {
        if self.0.is_none() {
            return Ok(());
        }
        let meter = ui.meter("reading keys", Some(source.bytes().len() as u64));
        let scan =
            super::snapshot::scan(source, super::snapshot::database(source)?, None, true, &|bytes| meter.add(bytes))?;
        drop(meter);
        self.follow_in(&scan);
        Ok(())
    }

    /// [`Self::follow`] in a snapshot that was looked through already.
    pub(super) fn follow_in(&mut self, scan: &Scan<'_>) {
        if let Some(unlocked) = &mut self.0 {
            unlocked.follow(scan, Reach::History, &Pool);
        }
    }
}

impl Opener for Keys {
    fn open<'v>(&self, key: &[u8], stored: &'v [u8]) -> Result<Plaintext<'v>, NotOpened> {
        match &self.0 {
            None => NoKeys.open(key, stored),
            Some(unlocked) => match unlocked.open(key, stored) {
                Ok(opened) => Ok(opened.plaintext),
                Err(failure) => Err(NotOpened::Refused(failure.to_string())),
            },
        }
    }
}

/// Keys whose chain is followed only when a value asks for it: what the given keys open waits for no other reading of the
/// file. Most values are under the keys of a tarball; routes and OAuth tokens are under keys that the snapshot holds.
pub(super) struct LateKeys<'s> {
    keys: RwLock<Keys>,
    source: &'s Source,
    followed: OnceLock<()>,
}

impl<'s> LateKeys<'s> {
    /// For the values of this snapshot.
    pub(super) fn new(keys: Keys, source: &'s Source) -> Self {
        Self { keys: RwLock::new(keys), source, followed: OnceLock::new() }
    }

    fn keys(&self) -> RwLockReadGuard<'_, Keys> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Follows the chain, once. A file that cannot be looked through has no chain.
    fn follow(&self) {
        self.followed.get_or_init(|| {
            let Ok(db) = super::snapshot::database(self.source) else { return };
            let Ok(scan) = super::snapshot::scan(self.source, db, None, true, &|_| {}) else { return };
            self.keys.write().unwrap_or_else(PoisonError::into_inner).follow_in(&scan);
        });
    }
}

impl Opener for LateKeys<'_> {
    fn open<'v>(&self, key: &[u8], stored: &'v [u8]) -> Result<Plaintext<'v>, NotOpened> {
        match self.keys().open(key, stored) {
            Err(NotOpened::Refused(_)) if self.followed.get().is_none() => {}
            done => return done,
        }
        self.follow();
        self.keys().open(key, stored)
    }
}

/// Opens the records of a snapshot for searching, and refuses a revision that it cannot answer for.
pub(super) fn reader<'a>(source: &'a Source, at: Option<i64>) -> Result<Reader<'a>, Error> {
    let reader = Reader::open(super::snapshot::database(source)?, &Pool);
    if let Some(asked) = at {
        reader.answerable(asked).map_err(|error| unanswerable(source, &error, None))?;
    }
    Ok(reader)
}

/// The newest record of each key that is meant.
pub(super) fn newest<'a>(
    source: &Source,
    reader: &Reader<'a>,
    wanted: impl Fn(&[u8]) -> bool + Sync,
    at: Option<i64>,
    enough: usize,
    ui: &mut Ui,
) -> Result<Newest<'a>, Error> {
    let meter = ui.meter("reading", Some(source.bytes().len() as u64));
    let newest = reader.newest(wanted, at, enough, &Pool, &|bytes| meter.add(bytes));
    drop(meter);
    source.check_unchanged()?;
    check_complete(source, reader, newest.damaged, ui);
    Ok(newest)
}

/// Says so where damage may have cost some of what was asked for, and settles for findings.
pub(super) fn check_complete(source: &Source, reader: &Reader<'_>, damaged: u64, ui: &mut Ui) {
    let kept = reader.report().faults.kept().iter().filter(|fault| !fault.kind.is_harmless());
    let faults = kept.count() as u64 + reader.report().faults.dropped();
    if faults > 0 || damaged > 0 {
        ui.warn(&format!(
            "{} is damaged ({}, {}): what follows may not be all of it; `assay verify` tells more",
            source.display(),
            count(faults, "structural fault"),
            count(damaged, "unreadable record"),
        ));
        ui.settle(Outcome::Findings);
    }
}

pub(super) fn is_version(key: &[u8]) -> bool {
    key.ends_with(VERSION_KEY)
}

/// The Kubernetes minor release of a cluster, as its ClusterVersion says.
pub(super) fn server_minor(found: Option<&Found<'_>>) -> Option<u32> {
    let version = ClusterVersion::read(found?.record.kv.value).ok()?;
    let newest = version.status.history.iter().find(|update| update.state == "Completed")?;
    let version: version_compat::Version = newest.version.parse().ok()?;
    u32::try_from(version_compat::kubernetes_minor(version.minor())?).ok()
}

pub(super) fn unanswerable(source: &Source, reason: &dyn std::fmt::Display, hint: Option<String>) -> Error {
    Error::Unanswerable { display: source.display().to_owned(), reason: reason.to_string(), hint }
}

/// The error of a key or an object that is named and not there.
pub(super) fn absent(source: &Source, reason: String, hint: Option<String>) -> Error {
    Error::Absent { display: source.display().to_owned(), reason, hint }
}

/// The error of one that was not found: not there, or, in a file that damage has cost some of its records, not known.
pub(super) fn not_found(source: &Source, reason: String, hint: &str, ui: &Ui) -> Error {
    match ui.outcome() {
        Outcome::Findings => unanswerable(source, &reason, Some(LOST_HINT.to_owned())),
        Outcome::Clean => absent(source, reason, Some(hint.to_owned())),
    }
}

/// A key as messages name it.
pub(super) fn shown(key: &[u8]) -> String {
    escape(ShownKey::of(key).key()).into_owned()
}

/// The error of one value that cannot be shown, with what to do.
pub(super) fn unseen(source: &Source, key: &[u8], why: &Unseen) -> Error {
    let reason = format!("`{}`: {}", shown(key), inert(&why.to_string()));
    unanswerable(source, &reason, hint(why))
}

fn hint(why: &Unseen) -> Option<String> {
    Some(match why {
        Unseen::NotOpened(NotOpened::NoKeys { .. }) => KEYS_HINT.to_owned(),
        Unseen::NotOpened(_) => return None,
        Unseen::NotAnObject(_) => "`-o raw` and `-o hex` give its bytes as they are".to_owned(),
        Unseen::Secret => "add `--reveal` if they are to be printed".to_owned(),
    })
}

/// What to do where something is not there, and may have been lost.
pub(super) const LOST_HINT: &str = "the file is damaged: `assay ls --salvage` and `assay carve` may still find it";

const KEYS_HINT: &str = "give the tarball that was saved with the snapshot: `--keys static_kuberesources_*.tar.gz`; or its escrow: `--escrow FILE -i IDENTITY`";

/// Whether a value stays closed for want of keys alone.
pub(super) fn wants_keys(object: Option<&Result<Object, Unseen>>) -> bool {
    matches!(object, Some(Err(Unseen::NotOpened(NotOpened::NoKeys { .. }))))
}

/// Says what would have opened so many revisions.
pub(super) fn hint_at_keys(closed: usize, ui: &mut Ui) {
    if closed > 0 {
        ui.warn(&format!("{} not opened; {KEYS_HINT}", count(closed as u64, "revision")));
    }
}

/// Says of which keys it cannot be told whether they were asked for, by commands that open nothing, and settles for findings.
pub(super) fn say_closed(closed: &[(&[u8], Unseen)], ui: &mut Ui) {
    let mut said = Closed::default();
    closed.iter().for_each(|(key, why)| said.add(key, why, ui));
    Closed { hint: None, ..said }.finish(ui);
}

/// Says how many deletions were left out because what was deleted is not there to be looked into, and settles for findings.
pub(super) fn say_bare(bare: u64, ui: &mut Ui) {
    if bare > 0 {
        let deletions = count(bare, "deletion");
        ui.warn(&format!(
            "{deletions} not shown: what was deleted is not retained, so nothing tells whether it was asked for; name the \
             resource or the key instead of labels and fields"
        ));
        ui.settle(Outcome::Findings);
    }
}

/// Objects of a selection that could not be shown.
#[derive(Default)]
pub(super) struct Closed {
    objects: usize,
    hint: Option<String>,
}

impl Closed {
    /// Names one of them on standard error.
    pub(super) fn add(&mut self, key: &[u8], why: &Unseen, ui: &mut Ui) {
        self.objects += 1;
        if self.objects <= CLOSED_NAMED {
            ui.warn(&format!("`{}` is not shown: {}", shown(key), inert(&why.to_string())));
        }
        self.hint = self.hint.take().or_else(|| hint(why));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.objects == 0
    }

    /// Sums up; a selection of which something is missing ends with findings.
    pub(super) fn finish(self, ui: &mut Ui) {
        if self.objects == 0 {
            return;
        }
        let hint = self.hint.map_or_else(String::new, |hint| format!("; {hint}"));
        ui.warn(&format!("{} not shown{hint}", count(self.objects as u64, "object")));
        ui.settle(Outcome::Findings);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::KeysInput;
    use crate::input::Input;
    use crate::ui::tests::captured;

    #[test]
    fn the_chain_of_keys_is_followed_when_a_value_asks_for_it() {
        let backup = fixtures::named("aescbc-rotated");
        let (mut ui, _, _) = captured();
        let reading = Reading::default();
        let given = KeysInput { keys: Some(backup.tarball().into()), ..KeysInput::default() };
        let keys = Keys::given(&given, &reading, &mut ui).unwrap();
        let source = super::super::snapshot::open(&Input::Path(backup.snapshot()), &reading, &mut ui).unwrap();
        let reader = reader(&source, None).unwrap();
        let keys = LateKeys::new(keys, &source);
        let open = |prefix: &str| {
            let newest = reader.newest(|key| key.starts_with(prefix.as_bytes()), None, usize::MAX, &Pool, &|_| {});
            let live = newest.keys.values().filter(|found| !found.record.tombstone);
            live.map(|found| keys.open(found.record.kv.key, found.record.kv.value)).collect::<Result<Vec<_>, _>>()
        };
        let secrets = open("/kubernetes.io/secrets/").unwrap();
        assert!(secrets.len() == 175 && keys.followed.get().is_none(), "{}", secrets.len());
        let routes = open("/openshift.io/routes/").unwrap();
        assert!(routes.len() > 5 && keys.followed.get().is_some(), "{}", routes.len());
    }
}
