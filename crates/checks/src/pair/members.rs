//! What snapshots of members of one cluster say of each other.

use kube_objects::ShownKey;
use wording::{clip, count, escape};

use super::{LONGEST, list};
use crate::finding::{Finding, Location};
use crate::findings::{MEMBER_DIFFERS, MEMBERS_DISAGREE};
use crate::severity::Severity;

/// Snapshots of members of one cluster, held against each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Members {
    /// UID of the cluster, where its objects tell one.
    pub cluster: Option<String>,
    /// At what they were compared.
    pub at: At,
    /// The snapshots, the newest first.
    pub members: Vec<Member>,
    /// In what each side differs from the first, in the order of the sides; as many as there are sides beside that.
    pub differences: Vec<Differences>,
}

/// At what snapshots were compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    /// At a revision that all retain, as after a compaction at the last one of any; -1 where there was none.
    Revision {
        /// The revision.
        revision: i64,
        /// The compaction.
        compacted: i64,
    },
    /// At one raft index, at which all must have one revision.
    Index(u64),
}

/// A snapshot of a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// What findings call it.
    pub name: String,
    /// Its newest revision.
    pub revision: i64,
    /// Its last compaction; -1 before the first.
    pub compacted: i64,
    /// Raft index of its last change.
    pub index: Option<u64>,
    /// HashKV where it was compared; `None` where that was not needed.
    pub hash: Option<u32>,
    /// The side it is on: those of one side hold the same. Side 0 is the largest.
    pub side: usize,
    /// Whether nothing else stands against it.
    pub sound: bool,
}

/// In what one side differs from the first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Differences {
    /// The first record that is not the same, as `main` or `main.sub`; `None` where that is not known.
    pub first: Option<String>,
    /// What is most likely behind it: a name for scripts, and words.
    pub cause: Option<(&'static str, &'static str)>,
    /// Keys with other values, or on one side alone, in byte order, the first of them.
    pub keys: Vec<KeyOfSides>,
    /// How many there are.
    pub differing: u64,
    /// Keys with the same value, written at another revision.
    pub moved: u64,
}

/// A key that is not the same on two sides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyOfSides {
    /// The key.
    pub key: Vec<u8>,
    /// Main revision that wrote it last on side 0; `None` where it is not there.
    pub first: Option<i64>,
    /// The same on the other side.
    pub other: Option<i64>,
}

impl Members {
    /// Whether all hold the same.
    #[must_use]
    pub fn agree(&self) -> bool {
        self.differences.is_empty()
    }

    /// Whether more than half of them hold the same.
    #[must_use]
    pub fn has_majority(&self) -> bool {
        self.of_side(0).count() * 2 > self.members.len()
    }

    /// Those on a side.
    pub fn of_side(&self, side: usize) -> impl Iterator<Item = &Member> {
        self.members.iter().filter(move |member| member.side == side)
    }

    /// Those that the majority contradicts; none without one.
    pub fn odd(&self) -> impl Iterator<Item = &Member> {
        let told = self.has_majority();
        self.members.iter().filter(move |member| told && member.side > 0)
    }

    /// The one to restore from: the newest of the majority against which nothing else stands.
    #[must_use]
    pub fn best(&self) -> Option<&Member> {
        self.of_side(0).find(|member| member.sound && self.has_majority())
    }
}

/// Judges them: what is found, by the name of the snapshot that it is about.
#[must_use]
pub fn check_members(told: &Members) -> Vec<(String, Finding)> {
    if told.agree() {
        return Vec::new();
    }
    if !told.has_majority() {
        return vec![undecided(told)];
    }
    let finding = |odd: &Member| (odd.name.clone(), differs(told, odd));
    told.odd().map(finding).collect()
}

/// One that the others contradict.
fn differs(told: &Members, odd: &Member) -> Finding {
    let others = names(told.of_side(0));
    let differences = told.differences.get(odd.side.saturating_sub(1)).cloned().unwrap_or_default();
    let restore = told.best().map(|best| format!("; restore from {}", clip(&best.name, LONGEST))).unwrap_or_default();
    let message = match told.at {
        At::Revision { revision, .. } => {
            format!("at revision {revision} it holds other data than {others}: {}{restore}", in_what(&differences))
        }
        At::Index(index) => {
            let there = told.of_side(0).next().map_or(0, |member| member.revision);
            let here = odd.revision;
            format!("at raft index {index} it is at revision {here}, and {others} at {there}{restore}")
        }
    };
    let finding = placed(Finding::new(&MEMBER_DIFFERS, message), told, &differences);
    match told.best() {
        Some(best) => finding.with("restore", clip(&best.name, LONGEST)),
        None => finding,
    }
}

/// Several, and nobody can say which is right.
fn undecided(told: &Members) -> (String, Finding) {
    let name = told.members.first().map(|member| member.name.clone()).unwrap_or_default();
    let mut sides: Vec<String> = Vec::new();
    for side in 0..=told.differences.len() {
        let at = match told.at {
            At::Revision { .. } => String::new(),
            At::Index(_) => {
                told.of_side(side).next().map(|member| format!(" at {}", member.revision)).unwrap_or_default()
            }
        };
        sides.push(format!("{}{at}", names(told.of_side(side))));
    }
    let sides = sides.join(" against ");
    let differences = told.differences.first().cloned().unwrap_or_default();
    let message = match told.at {
        At::Revision { revision, .. } => {
            format!(
                "{sides}: at revision {revision} they hold other data, and nothing tells which is right: {}",
                in_what(&differences)
            )
        }
        At::Index(index) => {
            format!("{sides}: at raft index {index} they are at other revisions, and nothing tells which is right")
        }
    };
    (name, placed(Finding::new(&MEMBERS_DISAGREE, message), told, &differences))
}

/// With what both findings have.
fn placed(finding: Finding, told: &Members, differences: &Differences) -> Finding {
    let mut finding = match told.at {
        At::Revision { revision, .. } => finding.with("revision", revision).with("differing", differences.differing),
        At::Index(index) => finding.with("index", index),
    };
    if let Some((name, _)) = differences.cause {
        finding = finding.with("cause", name);
    }
    // etcd 3.5.0 to 3.5.2 set the index before they wrote: a snapshot of that moment is one write short of it
    if is_one_write(told) {
        finding.severity = Severity::Medium;
    }
    match differences.keys.first() {
        Some(first) => finding.at(Location { key: Some(first.key.clone()), ..Location::default() }),
        None => finding,
    }
}

/// Whether all that is between them is one write at one index.
fn is_one_write(told: &Members) -> bool {
    let revisions = || told.members.iter().map(|member| member.revision);
    let apart = revisions().max().unwrap_or(0).saturating_sub(revisions().min().unwrap_or(0));
    matches!(told.at, At::Index(_)) && apart <= 1
}

fn names<'m>(members: impl Iterator<Item = &'m Member>) -> String {
    list(members.map(|member| member.name.as_str()))
}

/// How many keys, and which.
fn in_what(differences: &Differences) -> String {
    let Differences { first, cause, keys, differing, moved } = differences;
    let mut parts = Vec::new();
    if *differing > 0 {
        parts.push(format!("{} ({})", count(*differing, "key"), some_keys(keys, *differing)));
    }
    if *moved > 0 {
        parts.push(format!("{} written at another revision", count(*moved, "key")));
    }
    let mut text = if parts.is_empty() { "in its history".to_owned() } else { parts.join(", ") };
    if let Some(first) = first {
        text.push_str(&format!(", from revision {first} on"));
    }
    if let Some((_, words)) = cause {
        text.push_str(&format!("; {words}"));
    }
    text
}

/// Keys that a message has room for.
const SHOWN: usize = 3;

fn some_keys(keys: &[KeyOfSides], all: u64) -> String {
    let shown: Vec<String> = keys.iter().take(SHOWN).map(some_key).collect();
    match all.saturating_sub(shown.len() as u64) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

fn some_key(key: &KeyOfSides) -> String {
    let name = clip(&escape(ShownKey::of(&key.key).key()), LONGEST);
    let at = |revision: Option<i64>| revision.map_or_else(|| "not there".to_owned(), |at| format!("revision {at}"));
    match (key.first, key.other) {
        (Some(first), Some(other)) if first == other => format!("{name}, of {}", at(Some(first))),
        (first, other) => format!("{name}, here {}, there {}", at(other), at(first)),
    }
}
