//! What a plan is known by.

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::{Asked, Because, Group, Planned, Why};
use crate::retain::Kept;

/// Each text behind its length, and each list behind the number of its items: no two plans say the same.
struct Canonical(Sha256);

impl Canonical {
    fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.0.update((bytes.len() as u64).to_be_bytes());
        self.0.update(bytes);
    }

    fn number(&mut self, number: i128) {
        self.0.update(number.to_be_bytes());
    }

    fn list<T>(&mut self, items: &[T], each: impl Fn(&mut Self, &T)) {
        self.0.update((items.len() as u64).to_be_bytes());
        items.iter().for_each(|item| each(self, item));
    }

    fn maybe(&mut self, text: Option<&str>) {
        self.list(&text.into_iter().collect::<Vec<_>>(), |to, text| to.text(text));
    }

    fn asked(&mut self, asked: &Asked) {
        let rules = &asked.rules;
        self.number(rules.last.into());
        for period in crate::retain::Period::ALL {
            self.number(rules.periods.get(&period).copied().unwrap_or(0).into());
        }
        self.number(rules.within.map_or(-1, |within| within.as_nanos()));
        self.number(rules.floor.into());
        self.number(rules.failed.as_nanos());
        // two names of one zone are one zone; the offset at a moment of each half of the year tells more than a name
        self.maybe(rules.zone.iana_name());
        for moment in [Timestamp::UNIX_EPOCH, Timestamp::new(15_552_000, 0).unwrap_or(Timestamp::UNIX_EPOCH)] {
            self.number(rules.zone.to_offset(moment).seconds().into());
        }
        self.number(asked.orphans.into());
        self.text(&asked.host);
    }

    fn backup(&mut self, it: &Planned) {
        self.text(&it.id);
        self.text(&it.taken.to_string());
        self.list(&it.stays, |to, why| to.why(why));
        self.list(&it.moves, |to, file| {
            to.text(&file.from);
            to.bytes(&file.stored);
        });
        self.list(&it.left, |to, file| {
            to.text(&file.path);
            match &file.because {
                Because::Needed { backup, key } => to.list(&[backup, key], |to, text| to.text(text)),
                Because::Shared(backup) => to.list(&[backup], |to, text| to.text(text)),
                Because::Packed => to.list(&["packed", "", ""], |to, text| to.text(text)),
                Because::NotThere => to.list(&[""; 0], |to, text| to.text(text)),
            }
        });
    }

    fn why(&mut self, why: &Why) {
        let more = match why {
            Why::Rule(kept) => return self.kept(kept),
            Why::Half | Why::HalfYoung | Why::Elsewhere => "",
            Why::Young(path) | Why::Changed(path) | Why::Unfinished(path) | Why::Unseen(path) | Why::Packed(path) => {
                path
            }
        };
        self.text(why.name());
        self.text(more);
    }

    fn kept(&mut self, kept: &Kept) {
        self.text(kept.name());
        match kept {
            Kept::Pinned(why) => self.text(why),
            Kept::Newest(_, bucket) => self.text(bucket),
            _ => self.text(""),
        }
    }
}

pub(super) fn of(groups: &[Group], asked: &Asked) -> [u8; 32] {
    let mut canonical = Canonical(Sha256::new());
    canonical.text("assay-prune/1");
    canonical.asked(asked);
    canonical.list(groups, |to, group| {
        to.maybe(group.cluster.as_deref());
        to.list(&group.backups, Canonical::backup);
    });
    canonical.0.finalize().into()
}
