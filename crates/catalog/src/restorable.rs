//! Whether a backup counts: the one answer for choosing, for letting go and for counting.

use std::fmt;

use checks::Verdict;
use wording::inert;

use crate::backup::{Backup, Half, Keys, Rehearsed, State};

/// What stands against restoring a backup, whatever cluster it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unfit {
    /// It is nowhere as it was; what was found instead, by place.
    Gone(Vec<State>),
    /// The newest judgement failed it, by these findings.
    Failed(Vec<String>),
    /// A part is not there.
    Incomplete(Half),
    /// Nobody is known to have its keys.
    NoKeys,
    /// The keys that there are do not open it.
    WrongKeys,
    /// An update of the cluster was under way.
    Updating,
    /// Values were being encrypted anew.
    Migrating,
    /// A real etcd did not serve what is in it.
    NotServed,
}

impl Unfit {
    /// The word by which reports count it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Gone(_) => "gone",
            Self::Failed(_) => "verdict",
            Self::Incomplete(_) => "incomplete",
            Self::NoKeys => "no-keys",
            Self::WrongKeys => "wrong-keys",
            Self::Updating => "updating",
            Self::Migrating => "migrating",
            Self::NotServed => "not-served",
        }
    }
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gone(states) if states.is_empty() => f.write_str("it lies nowhere that is known"),
            Self::Gone(states) => {
                f.write_str("it is nowhere as it was: ")?;
                list(f, states.iter().map(|state| state.words()))
            }
            Self::Failed(ids) if ids.is_empty() => f.write_str("its verdict is fail"),
            Self::Failed(ids) => {
                f.write_str("its verdict is fail: ")?;
                list(f, ids.iter().map(|id| named(id)))
            }
            Self::Incomplete(what) => write!(f, "{} is missing", what.words()),
            Self::NoKeys => f.write_str("values are encrypted, and no keys or escrow of them are known"),
            Self::WrongKeys => f.write_str("the keys beside it do not open its values"),
            Self::Updating => f.write_str("an update of the cluster was under way"),
            Self::Migrating => f.write_str("values were being encrypted anew"),
            Self::NotServed => f.write_str("a real etcd did not serve what is in it"),
        }
    }
}

/// A finding by its ID and, where this assay knows it, its name.
fn named(id: &str) -> String {
    match checks::findings::find(id) {
        Some(entry) => format!("{} {}", entry.id, entry.name),
        None => inert(id).into_owned(),
    }
}

fn list<T: fmt::Display>(f: &mut fmt::Formatter<'_>, items: impl Iterator<Item = T>) -> fmt::Result {
    for (at, item) in items.enumerate() {
        write!(f, "{}{item}", if at == 0 { "" } else { ", " })?;
    }
    Ok(())
}

impl State {
    /// What was found, in words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Unchanged => "unchanged",
            Self::Rotten => "changed on the disk",
            Self::Replaced => "replaced by another file",
            Self::Missing => "gone",
            Self::Unreadable => "not to be read",
            Self::Moved => "moved",
        }
    }
}

impl Backup {
    /// What stands against restoring it, the weightiest first; nothing where it counts.
    #[must_use]
    pub fn unfit(&self) -> Vec<Unfit> {
        let mut unfit = Vec::new();
        if self.whole().next().is_none() {
            unfit.push(Unfit::Gone(self.places.iter().map(|place| place.state).collect()));
        }
        if self.verdict == Verdict::Fail {
            unfit.push(Unfit::Failed(self.failed_by.clone()));
        }
        unfit.extend(self.missing.map(Unfit::Incomplete));
        match self.keys {
            Keys::Missing => unfit.push(Unfit::NoKeys),
            Keys::Wrong => unfit.push(Unfit::WrongKeys),
            Keys::NotNeeded | Keys::AtHand | Keys::Escrow { .. } => {}
        }
        if self.updating {
            unfit.push(Unfit::Updating);
        }
        if self.migrating {
            unfit.push(Unfit::Migrating);
        }
        if self.rehearsed == Rehearsed::Failed {
            unfit.push(Unfit::NotServed);
        }
        unfit
    }

    /// Whether it counts.
    #[must_use]
    pub fn restorable(&self) -> bool {
        self.unfit().is_empty()
    }
}
