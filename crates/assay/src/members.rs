//! Snapshots of several members of one cluster: which of them is the odd one.
//!
//! What each says of itself is kept while backups are judged one after another, and little. Only where several are of one
//! cluster, and their hashes do not tell at once, are files looked at again.

use std::collections::HashMap;
use std::sync::Arc;

use artifact::Contents;
use backup_facts::snapshot::Opened;
use checks::pair::{At, Differences, KeyOfSides, MemberSnapshot, Members};
use etcd_snapshot::{Options, Scan};
use lens::members::{Apart, Common, Standing, apart};

use crate::database::database;
use crate::pool::Pool;

/// A snapshot, and where it stands.
#[derive(Debug, Clone)]
pub struct Sighting {
    /// What findings call it.
    pub name: String,
    /// Where it stands.
    pub standing: Standing,
    /// Digest of its pages, where it was hashed: a copy of one that was seen is no other member.
    pub digest: Option<[u8; 32]>,
    /// Whether nothing stands against it.
    pub sound: bool,
}

/// Gives the bytes of the snapshot of that number; `None` where they cannot be had again.
pub type Reopen<'o> = &'o dyn Fn(usize) -> Option<Arc<Contents>>;

/// Snapshots that are opened again, of all clusters together.
const MOST_OPENED: usize = 64;
/// Pairs of two sides that are looked at for what tells that they are of one cluster.
const MOST_PAIRS: usize = 6;

/// Holds snapshots of one cluster against each other, cluster by cluster; what cannot be compared is left out.
#[must_use]
pub fn compare(seen: &[Sighting], reopen: Reopen<'_>) -> Vec<Members> {
    let mut compared = Compared { seen, reopen, opened: 0, hashes: HashMap::new() };
    clusters(seen).iter().filter_map(|cluster| compared.cluster(cluster)).collect()
}

/// Those that may be of one cluster, the newest first in each, each file once.
fn clusters(seen: &[Sighting]) -> Vec<Vec<usize>> {
    let mut clusters: Vec<Vec<usize>> = Vec::new();
    for (number, one) in seen.iter().enumerate() {
        let last = |cluster: &Vec<usize>| cluster.last().and_then(|&last| seen.get(last));
        let own =
            clusters.iter_mut().find(|cluster| last(cluster).is_some_and(|it| it.standing.is_akin(&one.standing)));
        match own {
            Some(cluster) => cluster.push(number),
            None if one.standing.whole && one.standing.is_of_several() => clusters.push(vec![number]),
            None => {}
        }
    }
    for cluster in &mut clusters {
        let mut digests = Vec::new();
        cluster.retain(|&number| {
            let digest = seen.get(number).and_then(|one| one.digest);
            let is_copy = digest.is_some_and(|digest| digests.contains(&digest));
            digests.extend(digest);
            !is_copy
        });
        let order = |&number: &usize| seen.get(number).map(|one| (one.standing.revision, one.standing.index));
        cluster.sort_by_key(|number| std::cmp::Reverse(order(number)));
    }
    clusters.retain(|cluster| cluster.len() > 1);
    clusters
}

struct Compared<'s> {
    seen: &'s [Sighting],
    reopen: Reopen<'s>,
    opened: usize,
    /// HashKV by number, revision and compaction; `None` where it cannot be had.
    hashes: HashMap<(usize, i64, i64), Option<u32>>,
}

impl Compared<'_> {
    /// Each against the next older one. The newest revision at which most of all agree against one tells best.
    fn cluster(&mut self, cluster: &[usize]) -> Option<Members> {
        let (mut open, mut agreed) = (None, None);
        for pair in cluster.windows(2) {
            let &[newer, older] = pair else { continue };
            let (Some(one), Some(other)) = (self.seen.get(newer), self.seen.get(older)) else { continue };
            let Some(common) = one.standing.common(&other.standing) else { continue };
            let (Some(here), Some(there)) = (self.hash(newer, common), self.hash(older, common)) else { continue };
            if here == there {
                agreed = agreed.or(Some(common));
                continue;
            }
            match self.dispute(cluster, common) {
                Some(told) if told.has_majority() => return Some(told),
                told => open = open.or(told),
            }
        }
        let of_index = || cluster.iter().find_map(|&number| self.of_index(cluster, self.seen.get(number)?));
        open.or_else(of_index).or_else(|| Some(self.agreed(cluster, agreed?)))
    }

    /// All that retain a revision.
    fn jury(&self, cluster: &[usize], at: Common) -> (Vec<usize>, Common) {
        let standing = |number: &usize| self.seen.get(*number).map(|one| &one.standing);
        let retains = |it: &&usize| standing(it).is_some_and(|it| (it.compacted..=it.revision).contains(&at.revision));
        let jury: Vec<usize> = cluster.iter().filter(retains).copied().collect();
        let compacted = jury.iter().filter_map(standing).map(|it| it.compacted).max().unwrap_or(at.compacted);
        (jury, Common { compacted, ..at })
    }

    fn agreed(&mut self, cluster: &[usize], common: Common) -> Members {
        let (jury, at) = self.jury(cluster, common);
        let members = jury.iter().map(|&number| (number, 0)).collect();
        self.told(At::Revision { revision: at.revision, compacted: at.compacted }, members, Vec::new())
    }

    /// All that retain a revision, by what they hold there; `None` where they are not of one cluster after all.
    fn dispute(&mut self, cluster: &[usize], common: Common) -> Option<Members> {
        let (jury, at) = self.jury(cluster, common);
        let mut sides: Vec<(u32, Vec<usize>)> = Vec::new();
        for &number in &jury {
            let Some(hash) = self.hash(number, at) else { continue };
            match sides.iter_mut().find(|(of, _)| *of == hash) {
                Some((_, side)) => side.push(number),
                None => sides.push((hash, vec![number])),
            }
        }
        sides.sort_by_key(|(_, side)| std::cmp::Reverse(side.len()));
        // one that is of another cluster after all must not keep the others from being told
        for base in 0..sides.len() {
            let first = sides.get(base)?.1.clone();
            let others = sides.iter().enumerate().filter(|(side, _)| *side != base);
            let others: Vec<Vec<usize>> = others.map(|(_, (_, side))| side.clone()).collect();
            let (mut members, mut differences) = (Vec::new(), Vec::new());
            for side in others {
                if let Some(apart) = self.sides_apart(&first, &side, at) {
                    differences.push(told_apart(apart));
                    members.extend(side.into_iter().map(|number| (number, differences.len())));
                }
            }
            if !differences.is_empty() {
                members.extend(first.into_iter().map(|number| (number, 0)));
                let at = At::Revision { revision: at.revision, compacted: at.compacted };
                return Some(self.told(at, members, differences));
            }
        }
        None
    }

    /// All that are at the raft index of one, where they are not at one revision.
    fn of_index(&self, cluster: &[usize], one: &Sighting) -> Option<Members> {
        let at_index =
            |number: &&usize| self.seen.get(**number).is_some_and(|other| one.standing.is_at_index_of(&other.standing));
        let mut sides: Vec<(i64, Vec<usize>)> = Vec::new();
        for &number in cluster.iter().filter(at_index) {
            let revision = self.seen.get(number)?.standing.revision;
            match sides.iter_mut().find(|(of, _)| *of == revision) {
                Some((_, side)) => side.push(number),
                None => sides.push((revision, vec![number])),
            }
        }
        if sides.len() < 2 {
            return None;
        }
        sides.sort_by_key(|(_, side)| std::cmp::Reverse(side.len()));
        let differences = vec![Differences::default(); sides.len() - 1];
        let numbered = sides.into_iter().enumerate();
        let members = numbered.flat_map(|(side, (_, of))| of.into_iter().map(move |number| (number, side))).collect();
        Some(self.told(At::Index(one.standing.index?), members, differences))
    }

    fn told(&self, at: At, mut members: Vec<(usize, usize)>, differences: Vec<Differences>) -> Members {
        let standing = |number: usize| self.seen.get(number).map(|one| (one.standing.revision, one.standing.index));
        members.sort_by_key(|&(number, _)| std::cmp::Reverse((standing(number), std::cmp::Reverse(number))));
        let member = |(number, side): (usize, usize)| {
            let one = self.seen.get(number)?;
            let hash = match at {
                At::Revision { revision, compacted } => self.hashes.get(&(number, revision, compacted)).copied()?,
                At::Index(_) => None,
            };
            let Standing { revision, compacted, index, .. } = one.standing;
            let (name, sound) = (one.name.clone(), one.sound);
            Some(MemberSnapshot { name, revision, compacted, index, hash, side, sound })
        };
        let cluster = members.iter().find_map(|&(number, _)| self.seen.get(number)?.standing.cluster.clone());
        Members { cluster, at, members: members.into_iter().filter_map(member).collect(), differences }
    }

    fn hash(&mut self, number: usize, at: Common) -> Option<u32> {
        let wanted = (number, at.revision, at.compacted);
        if let Some(known) = self.hashes.get(&wanted) {
            return *known;
        }
        let standing = &self.seen.get(number)?.standing;
        let own = standing.hash.filter(|_| (standing.revision, standing.compacted) == (at.revision, at.compacted));
        let hash = match own {
            Some(own) => Some(own.hash),
            None => self.open(number).and_then(|source| {
                let scan = self.scan(&source, number, at)?;
                scan.hash_kv_compacted(at.compacted, &Pool).ok().map(|hash| hash.hash)
            }),
        };
        self.hashes.insert(wanted, hash);
        hash
    }

    /// What tells that two sides are of one cluster may be in two of them, and not in two others.
    fn sides_apart(&mut self, one: &[usize], other: &[usize], at: Common) -> Option<Apart> {
        let pairs = one.iter().flat_map(|&here| other.iter().map(move |&there| (here, there)));
        pairs.take(MOST_PAIRS).find_map(|(here, there)| self.apart(here, there, at))
    }

    fn apart(&mut self, one: usize, other: usize, at: Common) -> Option<Apart> {
        let (here, there) = (self.open(one)?, self.open(other)?);
        let (here, there) = (self.scan(&here, one, at)?, self.scan(&there, other, at)?);
        apart(&here, &there, at, &Pool)
    }

    fn open(&mut self, number: usize) -> Option<Arc<Contents>> {
        self.opened += 1;
        if self.opened > MOST_OPENED { None } else { (self.reopen)(number) }
    }

    /// A walk of the view at a revision; `None` where the file is another one meanwhile.
    fn scan<'a>(&self, source: &'a Contents, number: usize, at: Common) -> Option<Scan<'a>> {
        let (db, opened) = database(source).ok()?;
        let options = Options { at: Some(at.revision), without_hashes: true, ..Options::default() };
        let scan = etcd_snapshot::scan(db, options, &Pool);
        source.check_unchanged().ok()?;
        let standing = &self.seen.get(number)?.standing;
        let same = scan.current() == standing.revision && scan.state.consistent_index == standing.index;
        (same && opened == Opened::Meta).then_some(scan)
    }
}

fn told_apart(apart: Apart) -> Differences {
    let key = |key: lens::members::KeyApart| KeyOfSides { key: key.key, first: key.one, other: key.other };
    Differences {
        first: apart.first.map(|first| if first.sub == 0 { first.main.to_string() } else { first.to_string() }),
        cause: Some((apart.cause.name(), apart.cause.words())).filter(|_| apart.cause != lens::Cause::Unknown),
        keys: apart.keys.into_iter().map(key).collect(),
        differing: apart.differing,
        moved: apart.moved,
    }
}
