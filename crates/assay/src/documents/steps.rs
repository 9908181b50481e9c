//! Revisions of keys, and objects with what etcd knows of them.

use document::{Author, CarvedFrom, Change, Key, KeyBuf, ObjectRow, StepRow};
use etcd_snapshot::Record;
use etcd_snapshot::carve::Carved;
use kube_objects::ShownKey;
use lens::{Object, Step, Unseen};

use super::lease;

/// A revision of a key, and where it was carved from; with its object where `values` are asked for. The key is given apart,
/// in the form in which it may be shown.
#[must_use]
pub fn step_row(step: &Step<'_>, carved: Option<&Carved<'_>>, values: bool) -> StepRow {
    let kv = &step.record.kv;
    let author = |author: &lens::Author| Author {
        manager: author.manager.clone(),
        operation: author.operation.clone(),
        subresource: author.subresource.clone(),
        time: author.time.clone(),
    };
    StepRow {
        key: KeyBuf::from(ShownKey::of(kv.key).key()),
        revision: step.record.revision.main,
        sub: step.record.revision.sub,
        event: step.event.word().into(),
        create_revision: kv.create_revision,
        version: kv.version,
        missing_versions: step.missing,
        lease: lease(kv.lease),
        size: kv.value.len() as u64,
        stored_as: step.stored_as.into(),
        same_value: step.same_value,
        time: step.time().map(str::to_owned),
        deletion_asked: step.deletion_asked().map(str::to_owned),
        authors: step.authors.iter().map(author).collect(),
        changes: step.changes.as_ref().map(|changes| changes.iter().map(change).collect()),
        object: values.then(|| step.bare_object()).flatten(),
        error: step.unseen().map(ToString::to_string),
        carved: carved.map(carved_from),
    }
}

/// A changed field.
pub(super) fn change(change: &lens::Change) -> Change {
    Change { path: change.path.clone(), before: change.before.clone(), after: change.after.clone() }
}

fn carved_from(carved: &Carved<'_>) -> CarvedFrom {
    CarvedFrom {
        label: carved.label.word().into(),
        confidence: carved.confidence.word().into(),
        page: carved.page.0,
        offset: carved.offset,
    }
}

/// An object, or why it is not seen. `shown` is its key.
#[must_use]
pub fn object_row<'a>(
    record: &Record<'_>,
    shown: &'a ShownKey<'_>,
    object: Result<&'a Object, &Unseen>,
) -> ObjectRow<'a> {
    ObjectRow {
        key: Key(shown.key()),
        create_revision: record.kv.create_revision,
        mod_revision: record.kv.mod_revision,
        version: record.kv.version,
        lease: lease(record.kv.lease),
        masked: object.is_ok_and(Object::is_masked),
        object: object.ok().map(Object::shown),
        error: object.err().map(ToString::to_string),
    }
}
