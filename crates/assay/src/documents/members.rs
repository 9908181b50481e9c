//! What snapshots of members of one cluster say of each other.

use checks::Verdict;
use checks::pair::{At, Members};
use document::{Any, Artifact, Document, Fields, KeyBuf, MemberKey, MemberSnapshot, MembersCompared};
use kube_objects::ShownKey;

/// One comparison.
#[must_use]
pub fn members(told: &Members) -> MembersCompared {
    let names = |side: usize| told.of_side(side).map(|member| member.name.clone()).collect();
    let (revision, compacted, index) = match told.at {
        At::Revision { revision, compacted } => (Some(revision), Some(compacted).filter(|at| *at >= 0), None),
        At::Index(index) => (None, None, Some(index)),
    };
    let member = |member: &checks::pair::MemberSnapshot| MemberSnapshot {
        artifact: member.name.clone(),
        compacted: Some(member.compacted).filter(|at| *at >= 0),
        consistent_index: member.index,
        hash_kv: member.hash,
        revision: member.revision,
        side: member.side as u64,
        more: Fields::default(),
    };
    let key = |side: usize, key: &checks::pair::KeyOfSides| MemberKey {
        first: key.first,
        key: KeyBuf::from(ShownKey::of(&key.key).key()),
        other: key.other,
        side: side as u64,
        more: Fields::default(),
    };
    let sides = || told.differences.iter().enumerate().map(|(number, differences)| (number + 1, differences));
    MembersCompared {
        agree: told.agree(),
        cluster: told.cluster.clone(),
        compacted,
        differing: told.differences.iter().map(|differences| differences.differing).sum(),
        index,
        keys: sides().flat_map(|(side, it)| it.keys.iter().map(move |one| key(side, one))).collect(),
        odd: told.odd().map(|member| member.name.clone()).collect(),
        restore: told.best().map(|member| member.name.clone()),
        revision,
        sides: (0..=told.differences.len()).map(names).collect(),
        snapshots: told.members.iter().map(member).collect(),
        more: Fields::default(),
    }
}

/// Adds them to a document, where there are any.
pub(crate) fn add(told: &[Members], document: &mut Document) {
    let all: Vec<Any> = told.iter().filter_map(|told| Fields::of(&members(told)).ok()).map(Any::Fields).collect();
    if !all.is_empty() {
        let before = document.more.iter().map(|(name, value)| (name.to_owned(), value.clone()));
        document.more = before.chain([("members".to_owned(), Any::List(all))]).collect();
    }
}

/// Lets an artifact of that name tell a verdict that is no better than this one.
pub(crate) fn mark(artifact: &mut Artifact, name: &str, verdict: Verdict) {
    let own = match artifact {
        Artifact::Backup(backup) if backup.name == name => &mut backup.verdict,
        Artifact::Snapshot(snapshot) if snapshot.path == name => &mut snapshot.verdict,
        _ => return,
    };
    *own = own.map(|before| before.max(verdict));
}
