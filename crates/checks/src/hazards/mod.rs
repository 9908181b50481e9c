//! What a restore will run into: manual steps that the documentation tells of, by the objects in the snapshot.
//!
//! None of it makes a backup a bad one, so hardly any is more than medium: a hazard is what somebody has to know, and to
//! do by hand. One finding for each kind, with the first names in the message and up to a hundred in the evidence.

mod certificates;
mod control_plane;
mod intent;
mod nodes;
mod revision;
mod storage;
mod work;

use std::fmt::Write as _;

use backup_facts::hazards::{Hazards, Listed};
use wording::{clip, number_of};

use crate::finding::{Finding, Findings};
use crate::findings::{Entry, HAZARDS_UNREAD};

/// Names that a message lists.
const SHOWN: usize = 4;
/// Names that the evidence lists.
const LISTED: usize = 100;
/// The longest list of names in a message, in characters; paths and provider IDs can be long.
const LONGEST: usize = 360;

/// Adds what `hazards` tells.
pub fn check(hazards: &Hazards, findings: &mut Findings) {
    storage::check(hazards, findings);
    nodes::check(hazards, findings);
    certificates::check(hazards, findings);
    control_plane::check(hazards, findings);
    intent::check(hazards, findings);
    revision::check(hazards, findings);
    work::check(hazards, findings);
    check_unread(hazards, findings);
}

/// What was not looked at: silence about it would pass for a denial.
fn check_unread(hazards: &Hazards, findings: &mut Findings) {
    let unread = Named::all(&hazards.unread, |name| format!("`{name}`"));
    let signers = &hazards.certificates.unread_signers;
    let signers =
        Named { total: signers.len() as u64, names: signers.iter().map(|name| format!("`{name}`")).collect() };
    let mut parts = Vec::new();
    if !unread.is_empty() {
        let objects = unread.count("object", "objects");
        parts.push(format!("{objects} of the kinds looked at could not be read: {}", unread.shown()));
    }
    if hazards.sealed > 0 {
        let sealed = number_of(hazards.sealed, "encrypted object was", "encrypted objects were");
        parts.push(format!("{sealed} not opened"));
    }
    if !signers.is_empty() {
        let ends = signers.count("authority is", "authorities are");
        parts.push(format!("the end of {ends} not known: {}", signers.shown()));
    }
    if !parts.is_empty() {
        let finding = unread.finding(&HAZARDS_UNREAD, parts.join("; "));
        findings.push(finding.with("sealed", hazards.sealed).with("authorities", signers.listed()));
    }
}

/// Things of one kind, named.
struct Named {
    /// The first names, all that evidence lists.
    names: Vec<String>,
    /// How many there are.
    total: u64,
}

impl Named {
    /// Those of `listed` that `wanted` accepts. Of what was counted and not kept, nothing is known.
    fn of<T>(listed: &Listed<T>, wanted: impl Fn(&T) -> bool, name: impl Fn(&T) -> String) -> Self {
        let mut named = Self { names: Vec::new(), total: 0 };
        for item in listed.items.iter().filter(|item| wanted(item)) {
            named.total = named.total.saturating_add(1);
            if named.names.len() < LISTED {
                named.names.push(name(item));
            }
        }
        named
    }

    /// All of `listed`, those that were not kept included.
    fn all<T>(listed: &Listed<T>, name: impl Fn(&T) -> String) -> Self {
        Self { total: listed.total, ..Self::of(listed, |_| true, name) }
    }

    fn is_empty(&self) -> bool {
        self.total == 0
    }

    /// "`a`, `b` and 7 more"
    fn shown(&self) -> String {
        let mut text = String::new();
        let mut shown = 0_u64;
        for name in self.names.iter().take(SHOWN) {
            if shown > 0 && text.chars().count() + name.chars().count() > LONGEST {
                break;
            }
            let comma = if shown == 0 { "" } else { ", " };
            let _ = write!(text, "{comma}{}", clip(name, LONGEST)); // a String takes everything
            shown += 1;
        }
        match self.total.saturating_sub(shown) {
            0 => text,
            more => format!("{text} and {more} more"),
        }
    }

    /// "a, b, c, 7 more"
    fn listed(&self) -> String {
        let more = self.total.saturating_sub(self.names.len() as u64);
        let more = (more > 0).then(|| format!("{more} more"));
        self.names.iter().map(|name| name.replace('`', "")).chain(more).collect::<Vec<_>>().join(", ")
    }

    /// "3 volumes"
    fn count(&self, one: &str, many: &str) -> String {
        number_of(self.total, one, many)
    }

    /// A finding with the count and the names as evidence.
    fn finding(&self, entry: &'static Entry, message: String) -> Finding {
        Finding::new(entry, message).with("total", self.total).with("names", self.listed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(names: &[String], total: u64) -> Named {
        Named { names: names.to_vec(), total }
    }

    #[test]
    fn a_message_ends_where_it_gets_long() {
        let (half, over) = ("h".repeat(LONGEST / 2), "o".repeat(LONGEST / 2 + 1));
        assert_eq!(named(&[half.clone(), half.clone()], 2).shown(), format!("{half}, {half}"));
        assert_eq!(named(&[half.clone(), over.clone()], 2).shown(), format!("{half} and 1 more"));
        let long = "l".repeat(LONGEST + 1);
        assert_eq!(named(&[long.clone(), half], 2).shown(), format!("{}… and 1 more", &long[..LONGEST]));
        assert_eq!(named(&[long[..LONGEST].to_owned()], 1).shown(), long[..LONGEST]);
    }

    #[test]
    fn evidence_says_how_many_it_leaves_out() {
        let names = ["`a`".to_owned(), "b".to_owned()];
        assert_eq!((named(&names, 2).listed(), named(&names, 3).listed()), ("a, b".into(), "a, b, 1 more".into()));
    }
}
