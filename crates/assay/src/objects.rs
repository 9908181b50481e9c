//! Objects of a backup, as far as its keys open them.

use backup_facts::chain::Reach;
use backup_facts::opening::Unlocked;
use encryption_config::Plaintext;
use lens::{NoKeys, NotOpened, Object, Opener, Reader, Selection, UnknownResource, Unseen, View};

use crate::backup::Backup;
use crate::database::intact_database;
use crate::error::Error;
use crate::pool::Pool;
use crate::question::{Asks, Question};
use crate::watch::Watch;

/// The etcd key of an object, and the object, or why it is not seen.
pub type Seen<'b> = (&'b [u8], Result<Object, Unseen>);

/// The objects of one snapshot, and the keys that open them. No `Debug`: it holds keys.
pub struct Lens<'b> {
    reader: Reader<'b>,
    keys: Unlocked,
}

impl Backup {
    /// Looks into the snapshot, with the keys that the question names; `None` where the backup has none.
    ///
    /// # Errors
    /// Where etcd would not open the snapshot, or keys that are given cannot be had.
    pub fn lens(&self, question: &Question, watch: &dyn Watch) -> Result<Option<Lens<'_>>, Error> {
        let Some(source) = &self.snapshot else { return Ok(None) };
        let reader = Reader::open(intact_database(source)?, &Pool);
        let mut question = question.clone();
        question.asks = Asks::Keys;
        let mut keys = Unlocked::new(self.decide(&question, watch)?.in_force.configs().cloned());
        // without keys there is no chain to follow, and nothing to go through the file for
        if keys.has_keys()
            && let (_, Some(scan)) = self.keys_of(&question, watch)?
        {
            keys.follow(&scan, Reach::History, &Pool);
        }
        watch.done();
        Ok(Some(Lens { reader, keys }))
    }
}

impl<'b> Lens<'b> {
    /// What finds keys and their revisions, for those who want more than objects.
    #[must_use]
    pub fn reader(&self) -> &Reader<'b> {
        &self.reader
    }

    /// The objects that are meant, by their etcd keys, as they were at revision `at`; now, without one. Secrets are
    /// masked. A value that stays closed, or is no object, is given back as such.
    ///
    /// # Errors
    /// A resource that nothing in the snapshot has: a slip of the pen must not look like an answer.
    pub fn objects(&self, selection: &mut Selection, at: Option<i64>) -> Result<Vec<Seen<'b>>, UnknownResource> {
        if selection.needs_resources() {
            let mut resources = selection.resources_to_see();
            resources.look_through(&self.reader, &Pool, &|_| {});
            selection.resolve(&resources)?;
        }
        let newest = self.reader.newest(|key| selection.matches(key), at, usize::MAX, &Pool, &|_| {});
        let objects = newest.live().map(|found| {
            let (kv, main) = (found.record.kv, found.record.revision.main);
            (kv.key, Object::read(self, kv.key, kv.value, main, View::default()))
        });
        let meant = |found: &Seen<'_>| match &found.1 {
            Ok(object) => selection.matches_object(object.shown()),
            Err(_) => !selection.looks_inside(),
        };
        Ok(objects.filter(meant).collect())
    }
}

impl Opener for Lens<'_> {
    fn open<'v>(&self, key: &[u8], stored: &'v [u8]) -> Result<Plaintext<'v>, NotOpened> {
        if !self.keys.has_keys() {
            return NoKeys.open(key, stored);
        }
        let opened = self.keys.open(key, stored).map_err(|failure| NotOpened::Refused(failure.to_string()))?;
        Ok(opened.plaintext)
    }
}
