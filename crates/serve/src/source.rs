//! A backup that is served: opened once, for as long as the program runs.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::OnceLock;

use artifact::{Contents, Reading};
use assay::{Backup, Input, Lens, Pool, Question};
use encryption_config::Plaintext;
use jiff::Timestamp;
use kube_objects::{Envelope, ResourceClass, StorageKey};
use lens::{Clock, Index, Moment, NotOpened, Opener, Reader, told_of};
use sha2::{Digest as _, Sha256};

use crate::error::Error;
use crate::proof::{AT_ONCE, Proof};

/// Versions that are asked for the time of a revision: nodes renew their leases every few seconds.
const TELLING: usize = 4096;

/// Group and plural of a resource.
pub(crate) type Named = (String, String);

/// A backup, at hand at any revision. No `Debug`: it holds keys.
pub(crate) struct Source {
    /// What tells it from others in a URL: 12 hexadecimal digits of its content.
    pub(crate) id: String,
    /// Its name, for people.
    pub(crate) name: String,
    /// Its keys and revisions.
    pub(crate) index: Index<'static>,
    /// Where the objects of each resource lie, deleted ones too: `/kubernetes.io/minions/`.
    pub(crate) prefixes: BTreeMap<Named, Vec<Vec<u8>>>,
    /// Keys of nothing that an API serves.
    pub(crate) unserved: usize,
    /// What damage may have cost, where there is some.
    pub(crate) damage: Option<String>,
    contents: &'static Contents,
    lens: Lens<'static>,
    clock: OnceLock<Clock>,
    proof: OnceLock<Proof>,
}

impl Source {
    /// Opens the one backup that a path leads to. It is never closed: it is served until the program ends.
    pub(crate) fn open(path: &Path, reading: &Reading, question: &Question) -> Result<Self, Error> {
        let watch = &assay::Silent;
        let backup = assay::open_with(Input::from(path), reading)?.only(question, watch)?;
        let backup: &'static Backup = Box::leak(Box::new(backup));
        let nothing = || Error::new(format!("`{}` holds no snapshot", wording::escape_path(path)));
        let lens = backup.lens(question, watch)?.ok_or_else(nothing)?;
        let contents = backup.snapshot().ok_or_else(nothing)?;
        let index = Index::of(lens.reader(), &Pool, &|_| {});
        let (prefixes, unserved) = prefixes(&index);
        let (id, name, damage) = (id(&index), backup.name().to_owned(), damage(lens.reader(), &index));
        let (clock, proof) = (OnceLock::new(), OnceLock::new());
        let source = Self { id, name, index, prefixes, unserved, damage, contents, lens, clock, proof };
        if contents.bytes().len() as u64 <= AT_ONCE {
            source.prove();
        }
        Ok(source)
    }

    /// Hashes the file, unless that was done.
    pub(crate) fn prove(&self) -> Proof {
        *self.proof.get_or_init(|| {
            let proof = Proof::of(&self.lens.reader().walked().db);
            self.contents.check_unchanged().map_or(Proof::Changed, |()| proof)
        })
    }

    /// What is known of its bytes by now.
    pub(crate) fn proof(&self) -> Proof {
        self.proof.get().copied().unwrap_or(Proof::Pending)
    }

    /// What is known to be wrong with it: what clients are told with each answer.
    pub(crate) fn faults(&self) -> Vec<String> {
        let damage = self.damage.as_ref().map(|damage| format!("the backup is damaged: {damage}"));
        damage.into_iter().chain(self.proof().fault()).collect()
    }

    /// The same as lines of an API server's checks: `[+]sha256 ok`.
    pub(crate) fn checks(&self) -> String {
        let line = |name: &str, fault: Option<String>| {
            fault.map_or_else(|| format!("[+]{name} ok\n"), |fault| format!("[-]{name} failed: {fault}\n"))
        };
        let proof = match self.proof() {
            Proof::Pending => format!("[ ]sha256 {}\n", Proof::Pending.short()),
            proof => line("sha256", proof.fault()),
        };
        line("structure", self.damage.clone()) + &proof
    }

    /// What of a revision no key opens, where there is such: how many values, under how many keys, and why. What opens one
    /// value under a key is taken to open all.
    pub(crate) fn closed(&self, at: i64) -> Option<String> {
        let mut under: BTreeMap<&[u8], (u64, Option<NotOpened>)> = BTreeMap::new();
        for version in self.index.live(b"", None, at) {
            let Envelope::Encrypted(encrypted) = Envelope::of(version.value) else { continue };
            let first = || (0, self.open(version.key, version.value).err());
            under.entry(encrypted.label()).or_insert_with(first).0 += 1;
        }
        let closed: Vec<_> = under.into_values().filter_map(|(values, why)| Some((values, why?))).collect();
        let (_, why) = closed.first()?;
        let values = wording::count(closed.iter().map(|(values, _)| values).sum::<u64>(), "value");
        let keys = wording::count(closed.len() as u64, "key");
        Some(match why {
            NotOpened::NoKeys { .. } => {
                format!("{values} cannot be read: encrypted under {keys}, and none was given")
            }
            why => format!("{values} cannot be read, encrypted under {keys}; the first: {why}"),
        })
    }

    /// What its objects say of the time, read when it is first asked for.
    pub(crate) fn clock(&self) -> &Clock {
        self.clock.get_or_init(|| Clock::read(self.lens.reader(), &Pool, &|_| {}))
    }

    /// When a revision was written, as far as the objects written shortly before tell.
    pub(crate) fn time_of(&self, revision: i64) -> Option<Timestamp> {
        let before = self.index.back_from(revision).take(TELLING).filter(|version| !version.tombstone);
        before.filter_map(|version| told_of(version.key, version.value, !version.again)).max()
    }

    /// The revision that a moment is.
    ///
    /// # Errors
    /// Where the backup does not hold it.
    pub(crate) fn revision(&self, moment: Moment) -> Result<i64, Error> {
        let (oldest, newest) = (self.index.compacted(), self.index.current());
        let at = match moment {
            Moment::Revision(at) => at,
            Moment::Time(time) => self.clock().last_until(time).unwrap_or(0).min(newest),
        };
        if at < oldest.max(1) || at > newest {
            let oldest = oldest.max(1);
            let what = format!("{}: not held at that moment; it holds revisions {oldest} to {newest}", self.name);
            return Err(Error::new(what));
        }
        Ok(at)
    }
}

impl Opener for Source {
    fn open<'v>(&self, key: &[u8], stored: &'v [u8]) -> Result<Plaintext<'v>, NotOpened> {
        self.lens.open(key, stored)
    }
}

/// Says what is not to be relied on.
fn damage(reader: &Reader<'_>, index: &Index<'_>) -> Option<String> {
    if let Some(records) = reader.salvaged() {
        let found = wording::count(records as u64, "revision");
        return Some(format!("{found} salvaged from intact pages: objects may be missing, outdated or long deleted"));
    }
    let faults = &reader.walked().faults;
    let harmful = faults.kept().iter().filter(|fault| !fault.kind.is_harmless()).count() as u64 + faults.dropped();
    let records = wording::count(index.damaged(), "record");
    let faults = wording::count(harmful, "structural fault");
    let is_damaged = harmful > 0 || index.damaged() > 0;
    is_damaged.then(|| format!("{faults}, {records} that cannot be read: objects may be missing or outdated"))
}

/// What a client's cache knows a backup by: its newest keys and their revisions. Values would be a whole file to read.
fn id(index: &Index<'_>) -> String {
    let mut hash = Sha256::new();
    hash.update(index.current().to_le_bytes());
    hash.update((index.len() as u64).to_le_bytes());
    for version in index.live(b"", None, index.current()) {
        hash.update(version.revision.to_le_bytes());
        hash.update(version.key);
    }
    let digest = hash.finalize();
    wording::hex(digest.get(..6).unwrap_or_default())
}

/// Where resources lie, and how many keys are of none. Whole resources are stepped over: there may be millions of keys.
fn prefixes(index: &Index<'_>) -> (BTreeMap<Named, Vec<Vec<u8>>>, usize) {
    let (mut prefixes, mut unserved) = (BTreeMap::<Named, Vec<Vec<u8>>>::new(), 0);
    let mut from = Vec::new();
    let next = |from: &[u8]| index.keys_from(from).next();
    while let Some(key) = next(&from) {
        let parsed = StorageKey::parse(key);
        let served = parsed.well_formed && matches!(parsed.class, ResourceClass::BuiltIn | ResourceClass::Custom);
        let names = std::str::from_utf8(parsed.group).ok().zip(std::str::from_utf8(parsed.resource).ok());
        let Some((group, resource)) = names.filter(|_| served) else {
            unserved += usize::from(index.get(key, index.current()).is_some());
            from = [key, b"\0"].concat();
            continue;
        };
        let prefix = [b"/", parsed.stored_resource, b"/"].concat();
        let known = prefixes.entry((group.to_owned(), resource.to_owned())).or_default();
        if !known.contains(&prefix) {
            known.push(prefix.clone());
        }
        from = prefix;
        from.pop();
        from.push(b'/' + 1);
    }
    (prefixes, unserved)
}
