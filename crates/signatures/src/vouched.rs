//! A file of signatures: who vouches for these bytes, counted by people.

use std::collections::BTreeSet;

use crate::check::{Refused, Signed, Trust, check};
use crate::pattern::lists_meet;
use crate::signature::{Signature, Unreadable};

/// What the signatures of some bytes come to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Vouched {
    /// Those that count, in the order of the file.
    pub signed: Vec<Signed>,
    /// Those that do not, with why.
    pub refused: Vec<Refused>,
    /// Blocks that could not be read.
    pub unreadable: Vec<Unreadable>,
}

impl Vouched {
    /// How many people vouch. Two keys are of one person if the list's words for one match those for the other: whoever could
    /// be the same is counted once.
    #[must_use]
    pub fn people(&self) -> usize {
        let names: BTreeSet<&str> = self.signed.iter().map(|signed| signed.principal.as_str()).collect();
        let mut groups: Vec<Vec<&str>> = Vec::new();
        for name in names {
            let (same, mut other): (Vec<_>, Vec<_>) =
                groups.into_iter().partition(|group| group.iter().any(|one| could_be_one(one, name)));
            let mut group: Vec<&str> = same.into_iter().flatten().collect();
            group.push(name);
            other.push(group);
            groups = other;
        }
        groups.len()
    }
}

/// Whether two pattern lists can speak of one person.
fn could_be_one(one: &str, other: &str) -> bool {
    one == other || lists_meet(one, other)
}

/// Holds each signature against the bytes and the list.
#[must_use]
pub fn vouched(bytes: &[u8], signatures: &[Result<Signature, Unreadable>], trust: &Trust<'_>) -> Vouched {
    let mut all = Vouched::default();
    for signature in signatures {
        match signature.as_ref().map(|signature| check(bytes, signature, trust)) {
            Ok(Ok(signed)) => all.signed.push(signed),
            Ok(Err(why)) => all.refused.push(why),
            Err(why) => all.unreadable.push(*why),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::KeyName;

    #[test]
    fn people_are_counted_and_not_keys() {
        for (principals, people) in [
            (&["alice", "bob"][..], 2),
            (&["alice", "alice"], 1),
            (&["alice,ops", "alice"], 1),
            (&["*@example.com", "alice@example.com", "bob"], 2),
            (&["a,b", "b,c", "c,d"], 1),
            (&["*@a", "*@b"], 2),
            (&["a?", "?b"], 1),
            (&["a?", "?bc"], 2),
            (&[], 0),
        ] {
            let signed =
                |principal: &&str| Signed { principal: (*principal).to_owned(), key: KeyName::minisign([0; 8]) };
            let all = Vouched { signed: principals.iter().map(signed).collect(), ..Vouched::default() };
            assert_eq!(all.people(), people, "{principals:?}");
        }
    }
}
