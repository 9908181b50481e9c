//! Keys that open values of one snapshot: those that were given, and those that it holds sealed under them.

use std::sync::{OnceLock, PoisonError, RwLock, RwLockReadGuard};

use artifact::Contents;
use backup_facts::chain::Reach;
use backup_facts::opening::Unlocked;
use encryption_config::Plaintext;
use etcd_snapshot::{Options, Scan};
use lens::{NoKeys, NotOpened, Opener};

use crate::database::database;
use crate::keys::Given;
use crate::pool::Pool;

/// The keys that were given, and those that a snapshot holds sealed under them. No `Debug`: see [`Unlocked`].
pub struct SnapshotKeys(Option<Unlocked>);

impl SnapshotKeys {
    /// Of what was given, if anything was.
    #[must_use]
    pub fn of(given: Option<&Given>) -> Self {
        Self(given.map(|given| Unlocked::new(given.in_force.configs().cloned())))
    }

    /// Whether keys were given at all.
    #[must_use]
    pub fn are_given(&self) -> bool {
        self.0.is_some()
    }

    /// Opens the chain of keys in a snapshot, where keys were given at all.
    pub fn follow(&mut self, scan: &Scan<'_>) {
        if let Some(unlocked) = &mut self.0 {
            unlocked.follow(scan, Reach::History, &Pool);
        }
    }
}

impl Opener for SnapshotKeys {
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
pub struct LateKeys<'s> {
    keys: RwLock<SnapshotKeys>,
    source: &'s Contents,
    followed: OnceLock<()>,
}

impl<'s> LateKeys<'s> {
    /// For the values of this snapshot.
    #[must_use]
    pub fn new(keys: SnapshotKeys, source: &'s Contents) -> Self {
        Self { keys: RwLock::new(keys), source, followed: OnceLock::new() }
    }

    fn keys(&self) -> RwLockReadGuard<'_, SnapshotKeys> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Follows the chain, once. A file that cannot be looked through has no chain, nor has one that changed.
    fn follow(&self) {
        self.followed.get_or_init(|| {
            let Ok((db, _)) = database(self.source) else { return };
            let scan = etcd_snapshot::scan(db, Options { without_hashes: true, ..Options::default() }, &Pool);
            if self.source.check_unchanged().is_ok() {
                self.keys.write().unwrap_or_else(PoisonError::into_inner).follow(&scan);
            }
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

#[cfg(test)]
mod tests {
    use artifact::Reading;
    use lens::Reader;

    use super::*;
    use crate::watch::Silent;

    #[test]
    fn the_chain_of_keys_is_followed_when_a_value_asks_for_it() {
        let backup = fixtures::named("aescbc-rotated");
        let open = |path: std::path::PathBuf| Contents::open(&path).unwrap();
        let given = Given::read(open(backup.tarball()), &Reading::default(), &Silent).unwrap();
        let source = open(backup.snapshot()).whole(&Reading::default(), &|_| {}).unwrap();
        let reader = Reader::open(database(&source).unwrap().0, &Pool);
        let keys = LateKeys::new(SnapshotKeys::of(Some(&given)), &source);
        let open = |prefix: &str| {
            let newest = reader.newest(|key| key.starts_with(prefix.as_bytes()), None, usize::MAX, &Pool, &|_| {});
            let live = newest.live();
            live.map(|found| keys.open(found.record.kv.key, found.record.kv.value)).collect::<Result<Vec<_>, _>>()
        };
        let secrets = open("/kubernetes.io/secrets/").unwrap();
        assert!(secrets.len() == 175 && keys.followed.get().is_none(), "{}", secrets.len());
        let routes = open("/openshift.io/routes/").unwrap();
        assert!(routes.len() > 5 && keys.followed.get().is_some(), "{}", routes.len());
    }
}
