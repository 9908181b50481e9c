//! What snapshot and tarball say about each other.
//!
//! Nothing in either file names the other: only the timestamp in their names links them. Each check here holds one
//! statement of the tarball against what the snapshot says of the same. Whether its keys open the values is judged by
//! [`crate::keys_fit`]: numbers 3, 4, 6 and 7 of the list of cross-checks, whose numbers the IDs follow.

mod age;
mod content;
mod deltas;
mod directory;
mod escrow;
mod hosts;
mod identity;
mod members;
mod revisions;
mod time;

use backup_facts::opening::Unlocked;
use backup_facts::pair::ClusterFacts;
use backup_facts::snapshot::Quota;
use etcd_snapshot::state::Member;
use kube_objects::Inventory;
use static_resources::{MemberPath, StaticResources};
use wording::clip;

use crate::finding::{Finding, Findings, Location};
use crate::findings::CHECKS_SKIPPED;
use crate::severity::Severity;

pub use age::{NewestGood, check_age};
pub use deltas::check_deltas;
pub use directory::{Halves, InDirectory, as_made_by, check_directory, check_halves, check_unread};
pub use escrow::{AgainstEscrow, check_escrow};
pub use hosts::{Run, check_hosts};
pub use members::{At, Differences, KeyOfSides, Member as MemberSnapshot, Members, check_members};

/// A pair of files, as the checks look at it.
pub struct Pair<'f> {
    /// What the objects of the snapshot say.
    pub cluster: &'f ClusterFacts<'f>,
    /// Its live values by resource, and its identity.
    pub inventory: &'f Inventory,
    /// etcd's members.
    pub members: &'f [Member],
    /// Bytes of the database.
    pub size: u64,
    /// What etcd may use.
    pub quota: Quota,
    /// The tarball.
    pub tarball: &'f StaticResources,
    /// What the file names say.
    pub names: Names<'f>,
    /// Major and minor release, where they are known.
    pub release: Option<(u64, u64)>,
    /// Keys that open Secrets of the snapshot; `None` where there are none at hand.
    pub keys: Option<&'f Unlocked>,
}

/// What the names of the two files say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Names<'f> {
    /// The snapshot's, where it is one of a backup.
    pub snapshot: Option<Stamp<'f>>,
    /// The tarball's.
    pub tarball: Option<Stamp<'f>>,
}

/// What the name of one file says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp<'f> {
    /// `YYYY-MM-DD_HHMMSS`.
    pub timestamp: &'f str,
    /// Taken with `--force`.
    pub dirty: bool,
    /// Its keys were split off.
    pub keyless: bool,
}

/// What was done: findings, and how much could not be looked at.
#[derive(Debug, Default)]
pub struct Comparison {
    /// What was found.
    pub findings: Findings,
    /// Checks that were made.
    pub made: u32,
    /// Checks that could not be made, with the reason.
    pub skipped: Vec<String>,
    /// One of them because the tarball lacks what every backup has, or has it in a form that cannot be read.
    pub lacking: bool,
}

impl Comparison {
    fn skip(&mut self, what: &str, why: &str) {
        self.skipped.push(format!("{what} ({why})"));
    }

    /// Skips a check for want of what every tarball has.
    fn lack(&mut self, what: &str, why: &str) {
        self.lacking = true;
        self.skip(what, why);
    }

    fn skip_or_lack(&mut self, lacking: bool, what: &str, why: &str) {
        self.lacking |= lacking;
        self.skip(what, why);
    }

    fn made(&mut self) {
        self.made += 1;
    }
}

/// Holds a snapshot and a tarball against each other.
#[must_use]
pub fn check(pair: &Pair<'_>) -> Comparison {
    let mut comparison = Comparison::default();
    time::check(pair, &mut comparison);
    identity::check(pair, &mut comparison);
    revisions::check(pair, &mut comparison);
    content::check(pair, &mut comparison);
    if !comparison.skipped.is_empty() {
        let message = format!("not checked: {}", comparison.skipped.join("; "));
        let mut finding = Finding::new(&CHECKS_SKIPPED, message).with("made", u64::from(comparison.made));
        if comparison.lacking {
            finding.severity = Severity::Medium;
        }
        comparison.findings.push(finding.with("skipped", comparison.skipped.len() as u64));
    }
    comparison
}

/// Characters of a text from a backup that a message has room for.
const LONGEST: usize = 200;

/// A few of many names, and how many more there are.
fn list<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    const SHOWN: usize = 5;
    let mut names = names.into_iter();
    let shown: Vec<String> = names.by_ref().take(SHOWN).map(|name| clip(name, LONGEST)).collect();
    match names.count() {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

fn at_member(path: &MemberPath) -> Location {
    Location { member: Some(clip(&path.to_string(), LONGEST)), ..Location::default() }
}

fn at_key(key: &[u8]) -> Location {
    Location { key: Some(key.to_vec()), ..Location::default() }
}
