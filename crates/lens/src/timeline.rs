//! Revisions of several keys, one after the other, between two moments.

use std::collections::HashSet;
use std::ops::ControlFlow;

use bbolt_page::Spread;
use etcd_snapshot::Record;

use crate::change::Compared;
use crate::clock::Window;
use crate::history::{Follow, Step};
use crate::object::{Unseen, View};
use crate::open::Opener;
use crate::reader::Reader;
use crate::select::Selection;

/// What is asked for.
pub struct Timeline<'t> {
    /// Which keys and objects.
    pub selection: &'t Selection,
    /// Which revisions.
    pub window: Window,
    /// Opens values.
    pub opener: &'t dyn Opener,
    /// How they are shown.
    pub view: View,
    /// What of them is compared.
    pub compared: Compared,
}

/// What a timeline comes by.
pub enum Event<'a> {
    /// A revision that is meant.
    Step(Box<Step<'a>>),
    /// A key of which it cannot be told whether it is meant; told once.
    Unseen(&'a [u8], Unseen),
}

/// What there is to know of a timeline at its end.
#[derive(Debug, Default)]
pub struct Passed<'a> {
    /// Elements that are no intact records, or stand where their revision does not belong: one of them may have been meant.
    pub damaged: u64,
    /// Deletions of what is not retained, so that nothing tells whether it was meant.
    pub bare: u64,
    met: Follow<'a>,
}

impl<'a> Passed<'a> {
    /// The keys that were met, in the window or before it.
    pub fn keys(&self) -> impl Iterator<Item = &'a [u8]> + '_ {
        self.met.keys()
    }
}

impl Timeline<'_> {
    /// Goes through the records in order of revision, until `take` ends it.
    pub fn run<'a>(
        &self,
        reader: &Reader<'a>,
        spread: &impl Spread,
        mut take: impl FnMut(Event<'a>) -> ControlFlow<()>,
    ) -> Passed<'a> {
        let Self { selection, window, opener, view, compared } = *self;
        let (mut passed, mut follow, mut unseen) =
            (Passed::default(), Follow::of_file(reader.walked().db.bytes()), HashSet::new());
        let mut going = ControlFlow::Continue(());
        // a namespace has no namespace, and what became of it is what one asks first of all that is gone
        let is_meant = |key: &[u8]| selection.matches(key) || selection.is_own_namespace(key);
        let wanted = |record: &Record<'_>| record.revision.main <= window.last && is_meant(record.kv.key);
        let damaged = reader.records(wanted, spread, &|_| {}, |record| {
            if going.is_break() {
                return;
            }
            let key = record.kv.key;
            if record.revision.main < window.first {
                return follow.pass(record);
            }
            match follow.is_meant(&record, selection, opener, view) {
                Ok(true) => going = take(Event::Step(Box::new(follow.step(record, opener, view, compared)))),
                Ok(false) => {
                    let is_bare = record.tombstone && selection.looks_inside() && follow.last(key).is_none();
                    passed.bare += u64::from(is_bare);
                    follow.pass(record);
                }
                Err(why) => {
                    if unseen.insert(key) {
                        going = take(Event::Unseen(key, why));
                    }
                    follow.pass(record);
                }
            }
        });
        Passed { damaged, met: follow, ..passed }
    }
}
