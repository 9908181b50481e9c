//! The snapshot as the browser walks it and asks it.

use std::sync::OnceLock;

use artifact::Contents;
use assay::Pool;
use backup_facts::version::is_cluster_version;
use bbolt_page::{Chunk, Db, Spread, Walker};
use browse::{Found, History, Item, Look, Page, StillWanted, Summary};
use etcd_snapshot::state::bucket;
use etcd_snapshot::{Options, Place, Record};
use lens::{Compared, Follow, Reader, View};

use super::keys::Keys;
use super::page;
use crate::commands::objects;

/// A snapshot that is browsed.
pub(super) struct Browsed<'a> {
    source: &'a Contents,
    db: Db<'a>,
    keys: Keys,
    look: Look,
    reader: OnceLock<Reader<'a>>,
    server_minor: OnceLock<Option<u32>>,
}

/// The pool, as long as its results are wanted; then what is left of the work is skipped.
struct WhileWanted<'w>(StillWanted<'w>);

impl Spread for WhileWanted<'_> {
    fn map_fold<T: Send>(&self, count: usize, map: impl Fn(usize) -> T + Sync, mut fold: impl FnMut(T)) {
        let map = |at| (self.0)().then(|| map(at));
        Pool.map_fold(count, map, |result| result.into_iter().for_each(&mut fold));
    }
}

/// [`WhileWanted`] that tells how far it is.
struct Telling<'w, 'a> {
    wanted: StillWanted<'w>,
    tell: &'w (dyn Fn(Found<'a>) + Sync),
}

impl Spread for Telling<'_, '_> {
    fn map_fold<T: Send>(&self, count: usize, map: impl Fn(usize) -> T + Sync, mut fold: impl FnMut(T)) {
        let (mut done, mut told) = (0, 0);
        WhileWanted(self.wanted).map_fold(count, map, |result| {
            fold(result);
            done += 1;
            let percent = u8::try_from(done * 100 / count.max(1)).unwrap_or(100);
            if percent > told {
                told = percent;
                (self.tell)(Found::Opening(percent));
            }
        });
    }
}

/// What came of some leaves.
#[derive(Default)]
struct Piece<'a> {
    items: Vec<Item<'a>>,
    pages: u64,
    damaged: Damaged,
}

/// Elements that are no intact records.
#[derive(Default)]
struct Damaged {
    count: u64,
    /// The page of the first.
    page: Option<u64>,
}

impl Damaged {
    fn add(&mut self, other: &Self) {
        self.count += other.count;
        self.page = self.page.or(other.page);
    }
}

impl<'a> Browsed<'a> {
    pub(super) fn new(source: &'a Contents, db: Db<'a>, keys: Keys, look: Look) -> Self {
        Self { source, db, keys, look, reader: OnceLock::new(), server_minor: OnceLock::new() }
    }

    fn reader(&self) -> &Reader<'a> {
        self.reader.get_or_init(|| Reader::open(self.db.clone(), &Pool))
    }

    /// The release whose habits objects are shown by; looked for when the first object depends on it.
    fn server_minor(&self) -> Option<u32> {
        *self.server_minor.get_or_init(|| {
            let newest = self.reader().newest(is_cluster_version, None, 1, &Pool, &|_| {});
            objects::server_minor(&newest)
        })
    }

    fn keys_of(&self, chunk: &mut Chunk<'_, 'a>) -> Piece<'a> {
        let mut piece = Piece::default();
        for (page, _) in chunk {
            piece.pages += 1;
            for element in page.elements().filter(|element| !element.is_bucket()) {
                let place = Place { page: page.page(), element: element.index, offset: page.offset_of(element.index) };
                match Record::decode(&element, place) {
                    Ok(record) if record.is_bump_marker() => {}
                    Ok(record) => piece.items.push(Item {
                        key: record.kv.key,
                        stored: if record.tombstone { &[] } else { record.raw },
                        main: record.revision.main,
                        deleted: record.tombstone,
                    }),
                    Err(_) => piece.damaged.add(&Damaged { count: 1, page: Some(page.page().0) }),
                }
            }
        }
        piece
    }
}

impl<'a> browse::Snapshot<'a> for Browsed<'a> {
    fn walk(&self, wanted: StillWanted<'_>, tell: &(dyn Fn(Found<'a>) + Sync)) {
        let _release = self.keys.release();
        let spread = WhileWanted(wanted);
        let mut walker = Walker::new(self.db.clone());
        let buckets = walker.buckets(&Telling { wanted, tell });
        let leaves = buckets.iter().find(|found| found.name() == bucket::KEY).and_then(|found| found.tree());
        tell(Found::Opened { total: leaves.map_or(0, |tree| tree.leaves().len() as u64) });
        let mut damaged = Damaged::default();
        for found in &buckets {
            if found.name() != bucket::KEY {
                walker.visit(found, &spread, |chunk| chunk.for_each(drop), drop);
                continue;
            }
            walker.visit(
                found,
                &spread,
                |chunk| self.keys_of(chunk),
                |piece| {
                    damaged.add(&piece.damaged);
                    tell(Found::Keys(piece.items));
                    tell(Found::Read(piece.pages));
                },
            );
        }
        let walked = walker.finish(&spread);
        if !wanted() {
            return;
        }
        // Once more through the branches, which are in memory by now: keys are waited for, the revision is not.
        let reader = self.reader();
        tell(Found::Revision { current: reader.current(), compacted: reader.compacted() });
        let kept = || walked.faults.kept().iter().filter(|fault| !fault.kind.is_harmless());
        let faults = kept().count() as u64 + walked.faults.dropped();
        let page = kept().find_map(|fault| fault.page).map(|page| page.0).into_iter().chain(damaged.page).min();
        let void = self.source.check_unchanged().err();
        let void = void.map(|error| (self.look.escape)(error.to_string().as_bytes()).into_owned());
        tell(Found::Done(Summary { faults, damaged: damaged.count, page, void }));
        let options = Options { without_hashes: true, ..Options::default() };
        self.keys.follow(|| etcd_snapshot::scan(self.db.clone(), options, &spread));
    }

    fn object(&self, key: &'a [u8], stored: &'a [u8], reveal: bool) -> Page {
        let view = View { reveal, ..View::default() };
        page::object(key, stored, &self.keys, view, || self.server_minor(), self.look)
    }

    fn history(&self, key: &'a [u8], reveal: bool, wanted: StillWanted<'_>) -> History<'a> {
        let view = View { reveal, ..View::default() };
        let mut follow = Follow::default();
        let mut history = page::HistoryText::new(self.look, self.reader().compacted());
        let is_it = |record: &Record<'a>| record.kv.key == key;
        let damaged = self.reader().records(is_it, &WhileWanted(wanted), &|_| {}, |record| {
            history.add(&follow.step(record, &self.keys, view, Compared::default()));
        });
        history.finish(damaged)
    }
}
