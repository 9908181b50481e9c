//! What is listed, and as which rows.

use assay::documents::{deletion_row, key_row, revision_row};
use etcd_snapshot::{Deleted, Live, Record};
use kube_objects::ShownKey;
use lens::{NoKeys, Selection};

use crate::commands::objects;
use crate::exit::Error;
use crate::output::rows::keys::KeySink;
use crate::ui::Ui;

/// Something to list.
pub(super) enum Entry<'a> {
    Live(Live<'a>),
    /// A live key of which only the name is wanted.
    Name(&'a [u8]),
    Deleted(Deleted<'a>),
    Record(Record<'a>),
}

impl<'a> Entry<'a> {
    pub(super) fn key(&self) -> &'a [u8] {
        match self {
            Self::Live(live) => live.kv.key,
            Self::Name(key) => key,
            Self::Deleted(deleted) => deleted.key,
            Self::Record(record) => record.kv.key,
        }
    }

    pub(super) fn give(&self, shown: &ShownKey<'_>, sink: &mut dyn KeySink) -> Result<(), Error> {
        match self {
            Self::Name(_) => sink.name(shown.key()),
            Self::Live(live) => sink.key(&key_row(&live.kv, live.revision, shown)),
            Self::Deleted(deleted) => sink.revision(&deletion_row(deleted.revision, shown)),
            Self::Record(record) => sink.revision(&revision_row(record, shown)),
        }
    }
}

/// Those of which the object is meant. Nothing is opened here: what is encrypted is said to be left out.
pub(super) fn meant<'a>(selection: &Selection, live: impl Iterator<Item = Live<'a>>, ui: &mut Ui) -> Vec<Live<'a>> {
    let (mut meant, mut closed) = (Vec::new(), Vec::new());
    if !selection.looks_inside() {
        return live.collect();
    }
    for live in live {
        match selection.matches_any(live.kv.key, [lens::shown(&NoKeys, &live, false)]) {
            Ok(true) => meant.push(live),
            Ok(false) => {}
            Err(why) => closed.push((live.kv.key, why)),
        }
    }
    objects::say_closed(&closed, ui);
    meant
}
