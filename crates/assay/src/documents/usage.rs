//! Where the bytes of a snapshot are.

use document::{KeyBuf, KeyGroup, UsedKeys};
use lens::usage::{Account, By, Group, Reclaimable, Table, Usage};

/// What is told of a snapshot of the input `path`: prefixes of `depth` parts, tables of at most `top` rows, or with 0 of
/// all; with `churn` those that were written most first.
#[must_use]
pub fn usage(usage: &Usage<'_>, path: String, depth: usize, churn: bool, top: usize) -> document::Usage {
    let rows = |table: Table| table.rows.iter().map(key_group).collect();
    let all = usage.all_keys();
    document::Usage {
        path,
        file_size: usage.account.file,
        account: account(&usage.account),
        reclaimable: reclaimable(usage.account.reclaimable()),
        keys: UsedKeys {
            live: all.live_keys,
            deleted: all.deleted_keys,
            revisions: all.revisions,
            encryption: all.wrapping,
        },
        resources: rows(usage.table(Some(By::Resource), churn, 0)),
        namespaces: rows(usage.table(Some(By::Namespace), churn, 0)),
        depth: depth as u64,
        prefixes: rows(usage.table(Some(By::Prefix(depth)), churn, top)),
        top: rows(usage.table(None, false, top)),
        churn: rows(usage.table(None, true, top)),
        ..document::Usage::default()
    }
}

/// A group of keys, or a key.
#[must_use]
pub fn key_group(group: &Group) -> KeyGroup {
    KeyGroup {
        name: KeyBuf::from(group.name.as_slice()),
        live_keys: group.live_keys,
        deleted_keys: group.deleted_keys,
        revisions: group.revisions,
        removed_versions: group.removed,
        live: group.live,
        history: group.history,
        tombstones: group.tombstones,
        total: group.total(),
        encryption: group.wrapping,
    }
}

fn reclaimable(had: Reclaimable) -> document::Reclaimable {
    document::Reclaimable {
        db_total_size: had.db_total_size,
        db_in_use: had.db_in_use,
        defragmentation_mb: had.defragmentation_mb,
        fragmentation_percent: had.fragmentation_percent,
        page_overhead: had.page_overhead,
        compaction: had.compaction,
    }
}

fn account(of: &Account) -> document::Account {
    document::Account {
        free: of.free,
        history: of.history,
        live: of.live,
        other_elements: of.other_elements,
        own_state: of.own_state,
        page_overhead: of.page_overhead,
        tail: of.tail,
        tombstones: of.tombstones,
        trailer: of.trailer,
    }
}
