//! How a file came to be, as far as its metas and its length tell.

use bbolt_page::Db;

/// How a file came to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Provenance {
    /// Written by the snapshot stream (`etcdctl snapshot save` and its kin): both metas from one transaction.
    Stream,
    /// A copy of a live database file: the metas are of two transactions.
    RawCopy,
    /// Written anew by a tool: the freelist is persisted, which etcd on Linux does not do.
    Rebuilt,
    /// None of these patterns.
    Unknown,
}

impl Provenance {
    /// Reads the pattern.
    #[must_use]
    pub fn of(db: &Db<'_>) -> Self {
        let [first, second] = db.slots();
        let (Some(first), Some(second)) = (first.valid(), second.valid()) else { return Self::Unknown };
        let same = (first.root, first.freelist, first.high_water) == (second.root, second.freelist, second.high_water);
        if same && first.txid.0 == second.txid.0.wrapping_add(1) {
            return Self::Stream;
        }
        if db.meta().freelist.is_some() {
            return Self::Rebuilt;
        }
        // A live file writes meta `txid % 2`.
        if first.txid.0 % 2 == 0 && second.txid.0 % 2 == 1 && first.txid.0.abs_diff(second.txid.0) == 1 {
            return Self::RawCopy;
        }
        Self::Unknown
    }

    /// The word that reports use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Stream => "stream",
            Self::RawCopy => "raw-copy",
            Self::Rebuilt => "rebuilt",
            Self::Unknown => "unknown",
        }
    }
}
