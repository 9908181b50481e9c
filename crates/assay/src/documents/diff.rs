//! How two snapshots differ.

use document::{Difference, DifferenceCounts, Key, KeyBuf, LiveKey};
use etcd_snapshot::Live;
use kube_objects::ShownKey;
use lens::{Agreement, DiffCounts, Differing, Values};
use serde_json::{Value, json};

use super::{change, lease};

/// A key that differs; its changed fields with `values` alone.
#[must_use]
pub fn difference(found: &Differing<'_>, values: bool) -> Difference {
    let shown = ShownKey::of(found.key());
    let parsed = shown.parsed();
    let of_resource = |bytes: &[u8]| (!parsed.resource.is_empty()).then(|| KeyBuf::from(bytes));
    Difference {
        change: found.became.word().into(),
        key: KeyBuf::from(shown.key()),
        resource: of_resource(parsed.resource),
        group: of_resource(parsed.group),
        namespace: parsed.namespace.map(KeyBuf::from),
        name: of_resource(shown.name()),
        old: found.old.as_ref().map(live),
        new: found.new.as_ref().map(live),
        fields: match &found.values {
            Values::Fields(fields) if values => Some(fields.iter().map(change).collect()),
            _ => None,
        },
        object: match &found.values {
            Values::Whole(object) => Some(object.clone()),
            _ => None,
        },
        closed: match &found.values {
            Values::Closed(why) => Some(why.clone()),
            _ => None,
        },
    }
}

fn live(live: &Live<'_>) -> LiveKey {
    LiveKey {
        create_revision: live.kv.create_revision,
        mod_revision: live.revision.main,
        version: live.kv.version,
        lease: lease(live.kv.lease),
        size: live.kv.value.len() as u64,
    }
}

/// How many of what.
#[must_use]
pub fn difference_counts(counts: &DiffCounts) -> DifferenceCounts {
    let DiffCounts { added, removed, changed, closed, ignored, resealed } = *counts;
    DifferenceCounts { added, removed, changed, closed, ignored, resealed }
}

/// Whether two histories are one.
#[must_use]
pub fn agreement(agreement: &Agreement) -> Value {
    let Agreement::Diverged(divergence) = agreement else {
        return match agreement {
            Agreement::Same { first, last } => json!({"state": "same", "first": first, "last": last}),
            _ => json!({"state": "no-overlap"}),
        };
    };
    let key = |key: &Option<Vec<u8>>| key.as_deref().map(|key| json!(Key(ShownKey::of(key).key())));
    json!({
        "state": "diverged",
        "revision": divergence.revision.main,
        "sub": divergence.revision.sub,
        "old": key(&divergence.old),
        "new": key(&divergence.new),
        "cause": divergence.cause.name(),
        "message": divergence.cause.words(),
    })
}
