//! How much one value may turn into.

use crate::fault::ObjectFault;

/// The most fields, entries and items that one object may have. The largest that etcd takes has some hundred thousand;
/// a hostile value could turn two bytes each into a hundred times as many.
const MAX_ENTRIES: usize = 500_000;
/// The deepest nesting. Kubernetes' own CBOR reader stops at 64, its JSON reader far beyond.
pub(super) const MAX_DEPTH: usize = 100;

/// Counts down what may still be made of a value.
pub(super) struct Budget {
    left: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self { left: MAX_ENTRIES }
    }
}

impl Budget {
    /// Takes `count` entries out.
    pub(super) fn take(&mut self, count: usize) -> Result<(), ObjectFault> {
        self.left = self.left.checked_sub(count).ok_or(Self::fault())?;
        Ok(())
    }

    pub(super) const fn fault() -> ObjectFault {
        ObjectFault::TooLarge { what: "fields", limit: MAX_ENTRIES }
    }
}

/// The next level below `depth`.
pub(super) fn deeper(depth: usize) -> Result<usize, ObjectFault> {
    if depth < MAX_DEPTH { Ok(depth + 1) } else { Err(ObjectFault::TooLarge { what: "levels", limit: MAX_DEPTH }) }
}
