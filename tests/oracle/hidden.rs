//! Changes that no reader could know of.

use std::collections::BTreeMap;

use super::fields::{Field, fields};
use super::mutate::{Buckets, COMPACTED, NEWEST};

/// Why no reader of the file could know of a change: what it left behind, an etcd could have written too.
pub(super) fn hidden(
    bucket: &str,
    kind: &str,
    key: &[u8],
    before: &Buckets,
    after: &Buckets,
    nested: bool,
) -> Option<&'static str> {
    if nested {
        return None;
    }
    let main = |key: &[u8]| key.get(..8).map(|main| u64::from_be_bytes(main.try_into().unwrap()));
    let (old, new) = (before[bucket].get(key), after[bucket].get(key));
    match (bucket, kind) {
        ("key", "drop") if main(key) == Some(NEWEST) => Some("the newest change: as if it had not been made"),
        ("key", "drop") if main(key) <= Some(COMPACTED) => Some("below the compaction: as if it had been removed"),
        ("key", "drop") if ends_transaction(key, &after["key"]) => {
            Some("the last change of a transaction, as if it had had one less")
        }
        ("key", _) => of_record(old?, new?).or_else(|| of_name(old?, new?, &before["key"])),
        ("lease", "drop") => Some("a lease without keys may have ended"),
        ("lease", _) => of_lease(old?, new?),
        ("auth", _) if key == b"authEnabled" && new? == &[1] => Some("authentication may have been switched on"),
        ("meta", _) if key == b"scheduledCompactRev" => {
            let under_way = |revision: u64| (COMPACTED..=NEWEST).contains(&revision);
            let new = new.filter(|new| new.len() == 17)?;
            main(new).is_some_and(under_way).then_some("a compaction may have been under way")
        }
        ("authUsers" | "authRoles", "drop") => Some("a user or role may have been removed"),
        ("authUsers", _) => loses(old?, new?, 3).then_some("a role may have been taken away"),
        ("authRoles", _) if loses(old?, new?, 2) => Some("a permission may have been taken away"),
        ("authRoles", _) => of_permission(old?, new?),
        _ => None,
    }
}

/// Whether no change of the same transaction follows.
fn ends_transaction(key: &[u8], left: &BTreeMap<Vec<u8>, Vec<u8>>) -> bool {
    let sub = |key: &[u8]| key.get(9..17).map(|sub| u64::from_be_bytes(sub.try_into().unwrap()));
    let later = left.keys().any(|other| other.get(..8) == key.get(..8) && sub(other) > sub(key));
    sub(key) > Some(0) && !later
}

/// Whether a message is the same with some fields of a number less.
fn loses(old: &[u8], new: &[u8], number: u64) -> bool {
    let (Some(old), Some(new)) = (fields(old), fields(new)) else { return false };
    let of = |fields: &[Field], this: bool| {
        // an empty message says what none says
        let says = |field: &&Field| field.wire != 2 || !field.bytes.is_empty();
        let kept = fields.iter().filter(|field| (field.number == number) == this).filter(says);
        kept.map(|field| (field.number, field.wire, field.number_value, field.bytes.clone())).collect::<Vec<_>>()
    };
    let (had, has) = (of(&old, true), of(&new, true));
    of(&old, false) == of(&new, false) && has.len() < had.len() && has.iter().all(|field| had.contains(field))
}

fn of_record(old: &[u8], new: &[u8]) -> Option<&'static str> {
    let (old, new) = (fields(old)?, fields(new)?);
    let numbers = |fields: &[Field]| {
        let numbers = fields.iter().map(|field| field.number);
        numbers.filter(|number| *number != 5).collect::<Vec<_>>()
    };
    let same = |number: u64| {
        let of = |fields: &[Field]| {
            let here: Vec<_> = fields.iter().filter(|field| field.number == number).collect();
            here.iter().map(|field| (field.wire, field.number_value, field.bytes.clone())).collect::<Vec<_>>()
        };
        of(&old) == of(&new)
    };
    let values: Vec<&Field> = new.iter().filter(|field| field.number == 5).collect();
    let once = values.len() <= 1 && values.iter().all(|field| field.wire == 2);
    let value_alone = once && numbers(&old) == numbers(&new) && [1, 2, 3, 4, 6].into_iter().all(same);
    if value_alone && !same(5) {
        return Some("a value may be anything");
    }
    let unleased = [1, 2, 3, 4, 5].into_iter().all(same) && !new.iter().any(|field| field.number == 6);
    (unleased && new.len() + 1 == old.len()).then_some("a key may have been put without a lease")
}

/// A key that was written once may have been written under any name.
fn of_name(old: &[u8], new: &[u8], records: &BTreeMap<Vec<u8>, Vec<u8>>) -> Option<&'static str> {
    let (old, new) = (fields(old)?, fields(new)?);
    let rest = |fields: &[Field]| {
        let rest = fields.iter().filter(|field| field.number != 1);
        rest.map(|field| (field.number, field.wire, field.number_value, field.bytes.clone())).collect::<Vec<_>>()
    };
    let name = |fields: &[Field]| fields.iter().find(|field| field.number == 1).map(|field| field.bytes.clone());
    let (was, is) = (name(&old)?, name(&new)?);
    let records_of = |key: &[u8]| {
        let names = records.values().filter_map(|record| name(&fields(record)?));
        names.filter(|name| name == key).count()
    };
    let same = old.len() == new.len() && rest(&old) == rest(&new) && !is.is_empty();
    (same && records_of(&was) == 1 && records_of(&is) == 0).then_some("a key that was written once may have any name")
}

fn of_lease(old: &[u8], new: &[u8]) -> Option<&'static str> {
    let (old, new) = (fields(old)?, fields(new)?);
    let of = |fields: &[Field], number: u64| fields.iter().find(|field| field.number == number).map(|f| f.number_value);
    let granted = of(&new, 2).is_some_and(|ttl| (1..=9_000_000_000).contains(&ttl));
    (new.len() == old.len() && of(&old, 1) == of(&new, 1) && granted).then_some("a lease may be granted for any time")
}

/// A permission may be for any range that begins somewhere: etcd grants one that ends before, too.
fn of_permission(old: &[u8], new: &[u8]) -> Option<&'static str> {
    let (old, new) = (fields(old)?, fields(new)?);
    let mut other = old.iter().zip(&new).filter(|(old, new)| old.bytes != new.bytes);
    let (was, is) = other.next()?;
    let tags = |of: &[Field]| of.iter().map(|field| (field.number, field.wire)).collect::<Vec<_>>();
    if other.next().is_some() || was.number != 2 || tags(&old) != tags(&new) {
        return None;
    }
    let (was, is) = (fields(&was.bytes)?, fields(&is.bytes)?);
    let range = |of: &[Field], number: u64| of.iter().find(|field| field.number == number).map(|f| f.bytes.clone());
    let begin = range(&is, 2)?;
    let kind = |of: &[Field]| of.iter().filter(|field| field.number == 1).map(|f| f.number_value).collect::<Vec<_>>();
    let whole = tags(&was) == tags(&is) && kind(&was) == kind(&is) && !begin.is_empty();
    whole.then_some("a permission may be for any keys")
}
