//! Which of the things carved are meant.

use etcd_snapshot::carve::{Carved, Content, Label};

use crate::object::{Object, Unseen, View};
use crate::open::Opener;
use crate::select::Selection;

/// What is asked for of what pages that nothing uses still hold.
#[derive(Debug, Clone)]
pub struct Carving {
    /// Which keys and objects. Where anything narrows it down, entries of etcd's own buckets are not meant.
    pub selection: Selection,
    /// How it must stand to the snapshot.
    pub labels: Vec<Label>,
    /// Whether entries are meant, too, that say nothing but how far raft was.
    pub positions: bool,
}

impl Carving {
    /// What the snapshot itself does not have, of some keys.
    #[must_use]
    pub fn beside_the_snapshot(selection: Selection) -> Self {
        let labels = Label::ALL.into_iter().filter(|label| *label != Label::Identical).collect();
        Self { selection, labels, positions: false }
    }

    /// Everything, of some keys.
    #[must_use]
    pub fn everything(selection: Selection) -> Self {
        Self { selection, labels: Label::ALL.to_vec(), positions: true }
    }

    /// Whether something is meant, as far as its key and its place tell.
    #[must_use]
    pub fn matches(&self, carved: &Carved<'_>) -> bool {
        self.labels.contains(&carved.label)
            && match carved.content {
                Content::Entry { .. } => {
                    self.selection.is_everything() && (self.positions || !carved.content.is_raft_position())
                }
                Content::Record { kv, .. } => self.selection.matches(kv.key),
            }
    }

    /// Whether something that [`Self::matches`] is meant, as far as its object tells; `None` of a deletion, which has no
    /// object, where an object must be seen.
    ///
    /// # Errors
    /// Why the object cannot be looked into.
    pub fn matches_object(&self, carved: &Carved<'_>, opener: &dyn Opener) -> Result<Option<bool>, Unseen> {
        match carved.content {
            Content::Record { tombstone: true, .. } if self.selection.looks_inside() => Ok(None),
            Content::Record { kv, .. } if self.selection.looks_inside() => {
                let object = Object::read(opener, kv.key, kv.value, kv.mod_revision, View::default());
                self.selection.matches_any(kv.key, [object.map(Object::into_shown)]).map(Some)
            }
            _ => Ok(Some(true)),
        }
    }
}
