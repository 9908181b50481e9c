//! A snapshot that was written anew, for people.

use std::collections::BTreeMap;

use document::{Rebuilt, Sanitized, StoredBy};

use super::human::Fields;
use super::salvaged;
use crate::exit::Error;
use crate::ui::Ui;
use wording::{Size, count, escape, group_digits, number_of};

/// What was made of what.
///
/// # Errors
/// Whatever keeps the stream from taking it.
pub fn print(rebuilt: &Rebuilt, ui: &mut Ui) -> Result<(), Error> {
    let percent = rebuilt.size.saturating_mul(100).checked_div(rebuilt.source_size).unwrap_or(100);
    let kept = if rebuilt.records == rebuilt.records_before {
        format!("{}, as in the source", count(rebuilt.records, "record"))
    } else {
        format!("{} of {}", group_digits(rebuilt.records), count(rebuilt.records_before, "record"))
    };
    let history = match rebuilt.compacted_at {
        Some(at) => format!("compacted at {at}"),
        None => "as in the source".to_owned(),
    };
    let trailer = match (rebuilt.source_trailer, &rebuilt.trailer) {
        (Some(false), None) => {
            "none: the source's own is WRONG, its values UNPROVEN; a restore needs --skip-hash-check"
        }
        (Some(false), Some(_)) => "assay's, as asked; the source's own is WRONG, and its values are UNPROVEN",
        (Some(true), _) => "assay's; the source had its own, which was right",
        (None, None) => "none, as in the source: a restore needs --skip-hash-check",
        (None, Some(_)) => "assay's, as asked; the source had none, and its values are UNPROVEN",
    };
    let keys = match &rebuilt.left_out {
        Some(left) => format!("{} of {}", group_digits(rebuilt.live_keys), group_digits(left.of)),
        None => group_digits(rebuilt.live_keys),
    };
    let shared = rebuilt.left_out.as_ref().map_or(0, |left| left.shared);
    let dropped = |number: u64, one: &str, many: &str| (number > 0).then(|| number_of(number, one, many));
    let fields = Fields::new()
        .field("from", escape(rebuilt.path.as_bytes()))
        .field("size", format!("{} ({percent} % of the source)", Size(rebuilt.size).exact()))
        .field("pages", format!("{} of {} bytes, all in use", group_digits(rebuilt.pages), rebuilt.page_size))
        .field("records", kept)
        .field("live keys", keys)
        .field("revision", rebuilt.revision)
        .field("history", history)
        .maybe("left out", dropped(rebuilt.alarms_dropped, "alarm", "alarms"))
        .maybe("left out", dropped(rebuilt.auth_dropped, "entry of users and roles", "entries of users and roles"))
        .maybe("left out", dropped(rebuilt.leases_dropped, "lease without a key", "leases without a key"))
        .maybe(
            "mentioned",
            dropped(shared, "name or value left out, in what is kept", "names or values left out, in what is kept"),
        );
    let values = rebuilt.values.iter().flat_map(|values| &values.stored);
    let fields = values.fold(fields, |fields, stored| fields.field("values", written(stored)));
    let taken = rebuilt.sanitized.iter().flat_map(taken);
    let fields = taken.fold(fields, |fields, taken| fields.field("taken away", taken));
    let fields = fields.field("integrity hash", trailer).field("status hash", &rebuilt.status_hash_hex);
    writeln!(ui.out(), "{}", escape(rebuilt.out.as_bytes()))?;
    let fields = rebuilt.salvage.iter().fold(fields, salvaged::fields);
    let look = ui.look();
    fields.write(ui.out(), look)?;
    rebuilt.notes.iter().for_each(|note| ui.warn(note));
    Ok(())
}

/// What was taken away, by rule, and from how many objects.
fn taken(sanitized: &Sanitized) -> Vec<String> {
    let mut rules = BTreeMap::<&str, u64>::new();
    for applied in sanitized.rules.iter().filter(|applied| applied.rule != "managed-fields") {
        *rules.entry(&applied.rule).or_default() += applied.objects;
    }
    rules.into_iter().map(|(rule, objects)| format!("{rule}, {}", count(objects, "object"))).collect()
}

/// How values of a resource are stored that were written in another form.
fn written(stored: &StoredBy) -> String {
    let by = match &stored.key_name {
        Some(name) => format!("{} key `{}`", stored.provider, escape(name.as_bytes())),
        None => "plain".to_owned(),
    };
    format!("{} of {}, {by}", group_digits(stored.values), escape(stored.resource.as_bytes()))
}
