//! Which items a worker takes at a time.

use crate::item::{Depth, Item};

/// Bytes that a quick look reads, about.
const QUICK: u64 = 3 << 16;

/// How large a shard may be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Shards.
    pub(super) shards: u32,
    /// Bytes that are read for one.
    pub(super) bytes: u64,
    /// Items in one.
    pub(super) items: u32,
}

/// Bytes that are read for an item.
pub(super) fn cost(item: &Item) -> u64 {
    if item.depth == Depth::Quick { QUICK } else { item.bytes() }
}

/// Gives each item that is not carried its shard, in their order; says how many there are. Where the limits would make
/// more shards than there may be, shards are larger.
pub(super) fn cut(items: &mut [Item], limits: Limits) -> u32 {
    let mut wider = limits;
    loop {
        let shards = fill(items, wider);
        if shards <= limits.shards.max(1) {
            return shards;
        }
        wider = Limits {
            bytes: wider.bytes.saturating_add(wider.bytes / 4 + 1),
            items: wider.items.saturating_add(wider.items / 4 + 1),
            ..wider
        };
    }
}

fn fill(items: &mut [Item], limits: Limits) -> u32 {
    let (mut shard, mut bytes, mut count) = (0, 0_u64, 0);
    let mut any = false;
    for item in items.iter_mut().filter(|item| item.shard.is_some()) {
        let more = cost(item);
        let full = count >= limits.items.max(1) || bytes.saturating_add(more) > limits.bytes;
        if any && full && count > 0 {
            shard += 1;
            (bytes, count) = (0, 0);
        }
        any = true;
        bytes = bytes.saturating_add(more);
        count += 1;
        item.shard = Some(shard);
    }
    if any { shard + 1 } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item::{ClusterFrom, File, Role};

    fn item(size: u64, carried: bool) -> Item {
        let file =
            File { role: Role::Snapshot, uri: String::new(), etag: None, version: None, size, modified: String::new() };
        Item {
            item: String::new(),
            shard: (!carried).then_some(0),
            cluster: String::new(),
            cluster_from: ClusterFrom::Path,
            folder: String::new(),
            depth: Depth::Full,
            taken: String::new(),
            newest: false,
            files: vec![file],
            half: false,
            over: None,
        }
    }

    #[test]
    fn shards_keep_to_their_limits_unless_there_would_be_too_many() {
        let limits = Limits { shards: 10, bytes: 10, items: 3 };
        let mut items: Vec<Item> = [4, 4, 4, 1, 1, 1, 50, 1].map(|size| item(size, false)).to_vec();
        items.insert(2, item(4, true));
        assert_eq!(cut(&mut items, limits), 5);
        let shards: Vec<Option<u32>> = items.iter().map(|item| item.shard).collect();
        assert_eq!(shards, [Some(0), Some(0), None, Some(1), Some(1), Some(1), Some(2), Some(3), Some(4)]);
        let mut many: Vec<Item> = (0..1000).map(|_| item(5, false)).collect();
        let shards = cut(&mut many, Limits { shards: 7, ..limits });
        assert!((1..=7).contains(&shards), "{shards}");
        assert_eq!(cut(&mut [item(1, true)], limits), 0);
    }
}
