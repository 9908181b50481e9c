//! Snapshots of members of one cluster, side by side, for people.

use checks::pair::{At, KeyOfSides, MemberSnapshot, Members};
use kube_objects::ShownKey;
use wording::escape;

use super::human::Fields;

/// At what they were compared, which of them hold the same, and which keys are not the same.
#[must_use]
pub fn describe(members: &Members) -> Fields {
    let sides = 0..=members.differences.len();
    let lines: Vec<String> = sides.map(|side| of_side(members, side)).collect();
    let restore = members.best().map(|best| escape(best.name.as_bytes()).into_owned());
    let nobody = (!members.agree() && restore.is_none()).then(|| {
        match members.has_majority() {
            true => "none of those that agree is sound",
            false => "nothing tells which is right: a snapshot of one more member would",
        }
        .to_owned()
    });
    Fields::new()
        .field("compared", compared(members))
        .field("hold the same", lines.join("\n"))
        .maybe("keys", keys(members))
        .maybe("restore from", restore.or(nobody))
}

fn compared(members: &Members) -> String {
    match members.at {
        At::Revision { revision, compacted: ..0 } => format!("at revision {revision}"),
        At::Revision { revision, compacted } => format!("at revision {revision}, as compacted at {compacted}"),
        At::Index(index) => format!("at raft index {index}"),
    }
}

/// Those of a side, and by what they can be told from the others.
fn of_side(members: &Members, side: usize) -> String {
    let names: Vec<String> = members.of_side(side).map(|one| escape(one.name.as_bytes()).into_owned()).collect();
    let told = members.of_side(side).next().map_or_else(String::new, told_apart);
    format!("{} ({told})", names.join(", "))
}

fn told_apart(member: &MemberSnapshot) -> String {
    match member.hash {
        Some(hash) => format!("HashKV {hash:08x}"),
        None => format!("revision {}", member.revision),
    }
}

fn keys(members: &Members) -> Option<String> {
    let mut lines = Vec::new();
    for (differences, side) in members.differences.iter().zip(1..) {
        let of = if members.differences.len() > 1 { format!("side {side}: ") } else { String::new() };
        lines.extend(differences.keys.iter().map(|key| format!("{of}{}", key_in_words(key))));
        let shown = differences.keys.len() as u64;
        if differences.differing > shown {
            lines.push(format!("{of}and {} more", differences.differing - shown));
        }
    }
    (!lines.is_empty()).then(|| lines.join("\n"))
}

fn key_in_words(key: &KeyOfSides) -> String {
    let at = |revision: Option<i64>| revision.map_or_else(|| "not there".to_owned(), |at| at.to_string());
    format!("{}  {} -> {}", escape(ShownKey::of(&key.key).key()), at(key.first), at(key.other))
}
