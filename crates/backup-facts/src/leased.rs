//! Which live keys are attached to leases.

use std::collections::BTreeMap;

use etcd_snapshot::{KeyValue, Scan};

/// The live keys of each lease.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LeasedKeys<'a> {
    by_lease: BTreeMap<i64, (u64, &'a [u8])>,
}

impl<'a> LeasedKeys<'a> {
    /// Those of a scan's view.
    #[must_use]
    pub fn of(scan: &Scan<'a>) -> Self {
        let mut found = Self::default();
        scan.store.live().for_each(|live| found.add(&live.kv));
        found
    }

    /// Takes a live key.
    pub fn add(&mut self, kv: &KeyValue<'a>) {
        if kv.lease != 0 {
            self.by_lease.entry(kv.lease).or_insert((0, kv.key)).0 += 1;
        }
    }

    /// How many keys are attached to a lease, and which came first; `None` where none is.
    #[must_use]
    pub fn get(&self, lease: i64) -> Option<(u64, &'a [u8])> {
        self.by_lease.get(&lease).copied()
    }

    /// The leases that have keys, by id, as [`Self::get`] gives them.
    pub fn iter(&self) -> impl Iterator<Item = (i64, u64, &'a [u8])> + '_ {
        self.by_lease.iter().map(|(id, (keys, first))| (*id, *keys, *first))
    }
}
