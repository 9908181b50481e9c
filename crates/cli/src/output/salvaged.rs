//! What was salvaged of a damaged snapshot and what is lost, for people.

use document::{LostRange, Salvage};
use wording::{count, escape, number_of};

use super::human::Fields;

/// Lost ranges that a person reads.
const SHOWN: usize = 10;

/// What was found, and what is lost.
pub(super) fn fields(mut fields: Fields, salvage: &Salvage) -> Fields {
    for found in salvage.records.iter().filter(|found| found.records > 0) {
        fields = fields.field("salvaged", format!("{} {}", count(found.records, "record"), place(&found.source)));
    }
    for lost in salvage.lost.iter().take(SHOWN) {
        fields = fields.field("lost", range(lost));
    }
    let more = salvage.lost_left_out + (salvage.lost.len().saturating_sub(SHOWN) as u64);
    fields =
        fields.maybe("", (more > 0).then(|| format!("... and {} (`--json` lists them)", count(more, "more range"))));
    // one page may have led to all of them
    for lost in
        salvage.buckets.chunk_by(|one, next| (one.page, &one.why, one.entries) == (next.page, &next.why, next.entries))
    {
        let Some(bucket) = lost.first() else { continue };
        let names: Vec<_> = lost.iter().map(|bucket| escape(bucket.name.as_bytes())).collect();
        let left = number_of(bucket.entries, "entry is left", "entries are left");
        let (names, why) = (names.join(", "), escape(bucket.why.as_bytes()));
        let what = if lost.len() == 1 { "bucket" } else { "buckets" };
        fields = fields.field("lost", format!("{what} {names}\npage {}: {why}; {left}", bucket.page));
    }
    let older = (!salvage.older_buckets.is_empty()).then(|| salvage.older_buckets.join(", "));
    let contradictions = count(salvage.conflicts, "revision");
    let stale = count(salvage.possibly_stale, "key");
    let deleted = count(salvage.possibly_deleted, "key");
    fields
        .maybe("older", older.map(|names| format!("{}: of one transaction before", escape(names.as_bytes()))))
        .maybe("contradictions", (salvage.conflicts > 0).then(|| format!("{contradictions} told in two ways")))
        .maybe(
            "perhaps stale",
            (salvage.possibly_stale > 0).then(|| format!("{stale}: perhaps changed or deleted in what is lost")),
        )
        .maybe(
            "perhaps gone",
            (salvage.possibly_deleted > 0).then(|| format!("{deleted}: found beside the tree, perhaps deleted since")),
        )
        .maybe("restore", salvage.advice.first().map(|advice| escape(advice.as_bytes())))
}

fn place(source: &str) -> &str {
    match source {
        "sound-tree" => "in a sound tree",
        "intact-part" => "in what is intact of the tree",
        "other-meta" => "in the tree of the other meta",
        "orphan-page" => "on pages that no tree leads to",
        "torn-page" => "on what is left of pages",
        _ => "by their shape alone",
    }
}

fn range(lost: &LostRange) -> String {
    let revisions = match lost.to {
        Some(to) if to == lost.from => format!("revision {to}"),
        Some(to) => format!("revisions {} to {to}", lost.from),
        None => format!("revisions from {} on", lost.from),
    };
    let page = lost.page.map_or_else(String::new, |page| format!("page {page}: "));
    let found = count(lost.recovered, "record");
    let missing = match lost.missing {
        _ if lost.filled => "nothing is missing".to_owned(),
        Some(missing) => format!("{} missing", count(missing, "revision")),
        None => "what is missing cannot be counted".to_owned(),
    };
    format!("{revisions}: {page}{};\n{found} found elsewhere, {missing}", escape(lost.why.as_bytes()))
}
