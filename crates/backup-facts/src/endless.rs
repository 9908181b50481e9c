//! What should end by itself, and will not.

use std::collections::{BTreeMap, BTreeSet};

use etcd_snapshot::KeyValue;
use kube_objects::StorageKey;

use crate::hazards::ObjectName;

/// Names that are kept of a resource.
const MOST_NAMES: usize = 100;

/// Live values of a resource that an API server writes under a lease, and that have none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endless {
    /// Its plural.
    pub resource: String,
    /// How many have no lease.
    pub count: u64,
    /// How many there are.
    pub live: u64,
    /// The key of the first that has none.
    pub example: Vec<u8>,
    /// Those that have none, the first hundred in order of their keys.
    pub names: Vec<ObjectName>,
}

/// What an API server writes under leases, by resource: how many there are, and which have none.
#[derive(Debug, Default)]
pub(crate) struct Leaseless<'a> {
    found: BTreeMap<&'a [u8], (u64, BTreeSet<&'a [u8]>)>,
}

impl<'a> Leaseless<'a> {
    /// Takes a live key.
    pub(crate) fn add(&mut self, parsed: &StorageKey<'a>, kv: &KeyValue<'a>) {
        if parsed.is_leased() {
            let (live, without) = self.found.entry(parsed.resource).or_default();
            *live += 1;
            if kv.lease == 0 {
                without.insert(kv.key);
            }
        }
    }

    /// The resources of which some have none.
    pub(crate) fn into_endless(self) -> Vec<Endless> {
        let named = |(resource, (live, without)): (&[u8], (u64, BTreeSet<&[u8]>))| {
            let example = without.first()?.to_vec();
            let names = without.iter().take(MOST_NAMES).map(|key| name_of(key)).collect();
            let resource = String::from_utf8_lossy(resource).into_owned();
            Some(Endless { resource, count: without.len() as u64, live, example, names })
        };
        self.found.into_iter().filter_map(named).collect()
    }
}

fn name_of(key: &[u8]) -> ObjectName {
    let key = StorageKey::parse(key);
    let text = |bytes| String::from_utf8_lossy(bytes);
    ObjectName::new(&text(key.namespace.unwrap_or_default()), &text(key.name))
}
