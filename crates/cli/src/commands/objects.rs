//! What commands on objects share: which ones are meant, finding them, opening them, and what to say when they stay
//! closed.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock, RwLockReadGuard};

use backup_facts::chain::Reach;
use backup_facts::opening::Unlocked;
use encryption_config::Plaintext;
use etcd_snapshot::{Record, Scan};
use kube_objects::{ClusterVersion, ShownKey, StorageKey};
use lens::{
    Fields, Found, Labels, Newest, NoKeys, NotOpened, Object, Opener, Reader, ResourceName, Target, Unseen, Wanted,
};
use serde_json::Value;

use crate::args::{ExactKey, KeysInput, SelectArgs};
use crate::exit::Error;
use crate::glob::KeyGlobs;
use crate::input::{Reading, Source};
use crate::spread::Pool;
use crate::text::{count, escape};
use crate::ui::Ui;

/// Where a cluster keeps its version, behind whatever prefix.
const VERSION_KEY: &[u8] = b"/config.openshift.io/clusterversions/version";
/// Objects that stay closed are named up to so many; the rest is counted.
const CLOSED_NAMED: usize = 5;

/// Which objects are meant.
#[derive(Debug, Clone, Default)]
pub(super) struct Selection {
    pub(super) wanted: Wanted,
    globs: KeyGlobs,
    labels: Labels,
    fields: Fields,
    /// Whether a key that is meant was seen of each resource that is named.
    seen: Arc<[AtomicBool]>,
}

/// What a snapshot has, while resources are looked for that nothing is known of.
struct Known<'n> {
    strange: Vec<&'n ResourceName>,
    resources: BTreeSet<Vec<u8>>,
}

impl Known<'_> {
    fn see(&mut self, key: &[u8]) {
        let parsed = StorageKey::parse(key);
        self.strange.retain(|name| !name.matches(&parsed) && !name.is_defined_by(&parsed));
        if !self.resources.contains(parsed.resource) {
            self.resources.insert(parsed.resource.to_vec());
        }
    }

    /// The resource that is most likely meant.
    fn near(&self, typed: &str) -> Option<String> {
        const LIKE: f64 = 0.8;
        let like = |name: &[u8]| {
            let name = String::from_utf8_lossy(name).into_owned();
            (strsim::jaro_winkler(&name, typed), name)
        };
        let likely = self.resources.iter().map(|name| like(name)).filter(|(likeness, _)| *likeness > LIKE);
        likely.max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, name)| name)
    }
}

impl Selection {
    pub(super) fn new(names: Vec<OsString>, select: SelectArgs) -> Result<Self, Error> {
        let usage = |error: lens::SelectorError| Error::Usage(error.to_string());
        let (mut labels, mut fields) = (Labels::default(), Fields::default());
        for text in &select.labels {
            labels.add(text).map_err(usage)?;
        }
        for text in &select.fields {
            fields.add(text).map_err(usage)?;
        }
        let names: Vec<Vec<u8>> = names.into_iter().map(OsStringExt::into_vec).collect();
        let mut targets = Target::read(&names);
        targets.extend(select.exact.into_iter().map(|ExactKey(key)| Target::Key(key)));
        let mut selection = Self {
            seen: Arc::default(),
            wanted: Wanted {
                targets,
                resources: select.resource.iter().flat_map(|name| ResourceName::list(name)).collect(),
                namespaces: select.namespace.into_iter().map(String::into_bytes).collect(),
            },
            globs: KeyGlobs::new(&select.glob).map_err(Error::Usage)?,
            labels,
            fields,
        };
        selection.seen = selection.named().map(|_| AtomicBool::default()).collect();
        Ok(selection)
    }

    /// Whether a key is meant.
    pub(super) fn matches(&self, key: &[u8]) -> bool {
        let is_meant = self.wanted.matches(key) && self.globs.passes(key);
        if is_meant {
            self.mark(key);
        }
        is_meant
    }

    /// Whether a key is that of a namespace which is asked for as a whole, and of which it is the frame.
    pub(super) fn is_own_namespace(&self, key: &[u8]) -> bool {
        let Wanted { targets, resources, namespaces } = &self.wanted;
        if !targets.is_empty() || !resources.is_empty() || !self.globs.is_empty() || namespaces.is_empty() {
            return false;
        }
        let parsed = StorageKey::parse(key);
        (parsed.group, parsed.resource) == (&b""[..], &b"namespaces"[..])
            && namespaces.iter().any(|wanted| wanted == parsed.name)
    }

    /// Whether an object must be seen to know whether it is meant.
    pub(super) fn looks_inside(&self) -> bool {
        !self.labels.is_empty() || !self.fields.is_empty()
    }

    /// Whether an object is meant, as far as its inside tells.
    pub(super) fn matches_object(&self, object: &Value) -> bool {
        self.labels.matches(object) && self.fields.matches(object)
    }

    /// Whether a key is meant of which these are the versions, as far as their insides tell: one that matches will do.
    ///
    /// # Errors
    /// Why a version cannot be looked into, where it may have been the one that matches.
    pub(super) fn matches_any(
        &self,
        key: &[u8],
        versions: impl IntoIterator<Item = Result<Value, Unseen>>,
    ) -> Result<bool, Unseen> {
        let mut unseen = None;
        for version in versions {
            match version {
                Ok(object) if self.matches_object(&object) => return Ok(true),
                Ok(_) => {}
                // What no API server wrote has neither labels nor fields.
                Err(Unseen::NotAnObject(_)) if StorageKey::parse(key).resource.is_empty() => {}
                Err(why) => unseen = Some(why),
            }
        }
        unseen.map_or(Ok(false), Err)
    }

    /// Says which of the things that were named one by one are not among the keys that are there, and settles for findings.
    /// What was not seen in a file that is damaged may have been lost.
    pub(super) fn check_found<'k>(&self, there: impl Iterator<Item = &'k [u8]>, source: &Source, ui: &mut Ui) {
        let Wanted { targets, namespaces, .. } = &self.wanted;
        let mut missing: Vec<&Target> = targets.iter().filter(|target| target.is_single()).collect();
        for key in there {
            missing.retain(|target| !target.matches(key, namespaces));
        }
        for target in missing.iter().take(CLOSED_NAMED) {
            ui.warn(&format!("{}: there is no `{}`", source.display(), shown(target.typed())));
        }
        if !missing.is_empty() {
            if missing.len() > CLOSED_NAMED {
                ui.warn(&format!("{} that were named are not there", count(missing.len() as u64, "object")));
            }
            ui.settle(crate::exit::Outcome::Findings);
        }
    }

    /// Refuses a resource that no API server has by itself, and none of the snapshots by a key or a definition: a slip of
    /// the pen must not look like an answer. To be asked when all keys were matched; reads the snapshots once more only
    /// where no key that was meant is of the resource.
    pub(super) fn check_resources(&self, sources: &[&Source]) -> Result<(), Error> {
        let seen = |at: usize| self.seen.get(at).is_some_and(|seen| seen.load(Ordering::Relaxed));
        let named = self.named().enumerate().filter(|(at, (name, _))| !seen(*at) && !name.is_built_in());
        let known =
            Mutex::new(Known { strange: named.map(|(_, (name, _))| name).collect(), resources: BTreeSet::new() });
        let locked = || known.lock().unwrap_or_else(PoisonError::into_inner);
        for source in sources.iter().take_while(|_| !locked().strange.is_empty()) {
            let see = |record: &Record<'_>| {
                locked().see(record.kv.key);
                false
            };
            reader(source, None)?.records(see, &Pool, &|_| {}, |_| {});
        }
        let known = locked();
        let (Some(strange), Some(source)) = (known.strange.first(), sources.first()) else { return Ok(()) };
        let reason = format!(
            "there is no resource `{}`: nothing of it is there, nor its definition",
            escape(strange.name().as_bytes())
        );
        let hint = match known.near(strange.name()) {
            Some(near) => format!("did you mean `{}`?", escape(near.as_bytes())),
            None => "`assay ls` lists what is there".to_owned(),
        };
        Err(unanswerable(source, &reason, Some(hint)))
    }

    /// The resources that are named, each with the text where it may be a key.
    fn named(&self) -> impl Iterator<Item = (&ResourceName, Option<&[u8]>)> {
        let targets = self.wanted.targets.iter().filter_map(|target| Some((target.resource()?, Some(target.typed()))));
        targets.chain(self.wanted.resources.iter().map(|resource| (resource, None)))
    }

    /// Remembers of which resources a key that is meant is.
    fn mark(&self, key: &[u8]) {
        if self.seen.iter().all(|seen| seen.load(Ordering::Relaxed)) {
            return;
        }
        let parsed = StorageKey::parse(key);
        for (seen, (name, typed)) in self.seen.iter().zip(self.named()) {
            if typed == Some(key) || name.matches(&parsed) {
                seen.store(true, Ordering::Relaxed);
            }
        }
    }

    /// The one key or object that is asked for; none for a selection.
    pub(super) fn single(&self) -> Option<&Target> {
        let plain = self.globs.is_empty() && !self.looks_inside();
        self.wanted.single().filter(|_| plain)
    }

    /// Whether nothing narrows it down.
    pub(super) fn is_everything(&self) -> bool {
        let Wanted { targets, resources, namespaces } = &self.wanted;
        targets.is_empty()
            && resources.is_empty()
            && namespaces.is_empty()
            && self.globs.is_empty()
            && !self.looks_inside()
    }
}

/// The keys that were given, and those that the snapshot holds sealed under them. No `Debug`: see [`Unlocked`].
pub(super) struct Keys(Option<Unlocked>);

impl Keys {
    /// Reads the keys that were given, if any.
    pub(super) fn given(args: &KeysInput, reading: &Reading, ui: &mut Ui) -> Result<Self, Error> {
        let given = super::keys::given::given(args, reading, ui)?;
        Ok(Self(given.map(|given| Unlocked::new(given.config))))
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
        ui.settle(crate::exit::Outcome::Findings);
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

/// A key as messages name it.
pub(super) fn shown(key: &[u8]) -> String {
    escape(ShownKey::of(key).key()).into_owned()
}

/// The error of one value that cannot be shown, with what to do.
pub(super) fn unseen(source: &Source, key: &[u8], why: &Unseen) -> Error {
    let reason = format!("`{}`: {}", shown(key), escape(why.to_string().as_bytes()));
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
            ui.warn(&format!("`{}` is not shown: {}", shown(key), escape(why.to_string().as_bytes())));
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
        ui.settle(crate::exit::Outcome::Findings);
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
