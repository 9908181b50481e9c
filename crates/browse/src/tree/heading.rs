//! What keys are gathered under, and how many there are.

use kube_objects::{Prefix, ResourceClass, StorageKey};

/// What objects are gathered under. Sorted as the tree shows them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Heading<'a> {
    rank: Rank,
    pub(crate) resource: &'a [u8],
    pub(crate) api_group: &'a [u8],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Resource,
    NoPrefix,
    TooMany,
}

impl<'a> Heading<'a> {
    pub(super) fn of(parsed: &StorageKey<'a>) -> Self {
        let of = |rank, resource, api_group| Self { rank, resource, api_group };
        match (parsed.prefix, parsed.class) {
            (Prefix::None, _) => of(Rank::NoPrefix, b"(no prefix)", b""),
            (_, ResourceClass::Unknown) => of(Rank::Resource, parsed.stored_resource, b""),
            _ => of(Rank::Resource, parsed.resource, parsed.group),
        }
    }

    /// The name as kubectl takes it: `deployments.apps`.
    pub(crate) fn text(&self) -> Vec<u8> {
        let dot: &[u8] = if self.api_group.is_empty() { b"" } else { b"." };
        [self.resource, dot, self.api_group].concat()
    }
}

pub(super) const TOO_MANY: Heading<'static> =
    Heading { rank: Rank::TooMany, resource: b"(more resources)", api_group: b"" };

/// How many keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) live: u64,
    pub(crate) deleted: u64,
}

impl Tally {
    pub(super) fn add(&mut self, deleted: bool) {
        *(if deleted { &mut self.deleted } else { &mut self.live }) += 1;
    }

    pub(super) fn turn(&mut self, deleted: bool) {
        let (from, to) =
            if deleted { (&mut self.live, &mut self.deleted) } else { (&mut self.deleted, &mut self.live) };
        *from = from.saturating_sub(1);
        *to += 1;
    }

    pub(crate) fn shown(self, with_deleted: bool) -> u64 {
        self.live + if with_deleted { self.deleted } else { 0 }
    }
}
