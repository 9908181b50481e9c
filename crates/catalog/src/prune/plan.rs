//! The plan: what goes by the rules, less what is young, needed, shared or asked for by nobody.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::{Asked, Because, Group, Left, Move, Plan, Planned, Why, digest};
use crate::add::Kind;
use crate::backup::{Backup, Half, State};
use crate::disk::Disk;
use crate::error::Result;
use crate::held::{Held, Holdings};
use crate::record::UNSEEN;
use crate::retain::{Fate, Kept, retain};
use crate::store::{Catalog, Writing};

/// So long the other half of a backup may still come.
const HALF: SignedDuration = SignedDuration::from_hours(24);

impl Catalog {
    /// Says what would be let go, and why the rest stays. Nothing is touched.
    ///
    /// # Errors
    /// Whatever keeps the catalog from being read.
    pub fn plan(&self, asked: &Asked, disk: &dyn Disk) -> Result<Plan> {
        let backups = self.backups(None)?;
        Ok(plan(&backups, &Holdings::of(&self.db, &self.path, &asked.host)?, asked, disk))
    }
}

impl Writing<'_> {
    /// The same, of what stands in the catalog at this moment.
    pub(super) fn plan(&self, asked: &Asked, disk: &dyn Disk) -> Result<Plan> {
        let backups = crate::load::backups(&self.tx, self.path, None)?;
        Ok(plan(&backups, &Holdings::of(&self.tx, self.path, &asked.host)?, asked, disk))
    }
}

fn plan(backups: &[Backup], holdings: &Holdings, asked: &Asked, disk: &dyn Disk) -> Plan {
    let fates = retain(backups, &asked.rules, asked.now);
    let mut planned: Vec<(Option<String>, Planned)> = Vec::with_capacity(backups.len());
    for (backup, fate) in backups.iter().zip(fates) {
        let files = holdings.files(&backup.id);
        let stays = stays(backup, fate, holdings, asked, disk);
        planned.push((
            backup.cluster.clone(),
            Planned {
                id: backup.id.clone(),
                taken: backup.taken,
                unfit: backup.unfit(),
                orphan: backup.missing.is_some(),
                stays,
                moves: Vec::new(),
                left: Vec::new(),
                files: files
                    .iter()
                    .filter(|file| file.state == State::Unchanged)
                    .map(|file| (file.path.clone(), file.stored))
                    .collect(),
            },
        ));
    }
    let needed = needed(&planned, holdings);
    let kept: BTreeSet<String> = planned.iter().filter(|(_, it)| !it.goes()).map(|(_, it)| it.id.clone()).collect();
    // a file of two backups that go moves with the first of them
    let mut moved = BTreeSet::new();
    for (_, it) in planned.iter_mut().filter(|(_, it)| it.goes()) {
        for file in holdings.files(&it.id) {
            match left(file, &it.id, &needed, &kept, holdings, disk) {
                Some(because) => {
                    it.left.push(Left { kind: file.kind, path: file.path.clone(), because });
                }
                None if moved.insert(file.path.clone()) => it.moves.extend(to_trash(file)),
                None => {}
            }
        }
    }
    let groups = grouped(planned);
    Plan { digest: digest::of(&groups, asked), groups }
}

/// Backups by cluster, the newest first, in an order that nothing but them decides.
fn grouped(planned: Vec<(Option<String>, Planned)>) -> Vec<Group> {
    let mut groups: BTreeMap<Option<String>, Vec<Planned>> = BTreeMap::new();
    for (cluster, it) in planned {
        groups.entry(cluster).or_default().push(it);
    }
    let sorted = groups.into_iter().map(|(cluster, mut backups)| {
        backups.sort_by(|one, other| (other.taken, &one.id).cmp(&(one.taken, &other.id)));
        Group { cluster, backups }
    });
    sorted.collect()
}

/// Why a backup stays.
fn stays(backup: &Backup, fate: Fate, holdings: &Holdings, asked: &Asked, disk: &dyn Disk) -> Vec<Why> {
    let mut why: Vec<Why> = match fate {
        Fate::Goes => Vec::new(),
        Fate::Stays(kept) => kept.into_iter().map(Why::Rule).collect(),
    };
    if backup.snapshot_is_let_go() {
        // what is left of it stays for its keys alone: there is nothing to look into
        why.retain(|it| !matches!(it, Why::Rule(Kept::Evidence | Kept::NothingNewer)));
    } else if let Some(half) = backup.missing {
        // what it can be restored with comes, or does not come, within a day; that is its time, and not that of evidence
        why.retain(|it| match it {
            Why::Rule(Kept::Evidence) => false,
            // of a tarball nobody knows the cluster: newer of which?
            Why::Rule(Kept::NothingNewer) => half != Half::Snapshot,
            _ => true,
        });
        let added = holdings.added.get(&backup.id).and_then(|added| added.parse::<Timestamp>().ok());
        if added.is_none_or(|added| asked.now.duration_since(added) < HALF) {
            why.push(Why::HalfYoung);
        } else if !asked.orphans {
            why.push(Why::Half);
        }
    }
    let files = holdings.files(&backup.id);
    if why.is_empty() && files.is_empty() && !backup.places.is_empty() {
        why.push(Why::Elsewhere);
    }
    if why.is_empty() && !files.is_empty() && files.iter().all(|file| disk.is_packed(&file.path)) {
        why.extend(files.first().map(|file| Why::Packed(file.path.clone())));
    }
    if why.is_empty() {
        why.extend(files.iter().filter_map(|file| untouched(file, asked, disk)));
    }
    why
}

/// Why a file is not to be touched.
fn untouched(file: &Held, asked: &Asked, disk: &dyn Disk) -> Option<Why> {
    let path = || file.path.clone();
    if file.path.ends_with(".part") {
        return Some(Why::Unfinished(path()));
    }
    // another copy of it may go
    if disk.is_packed(&file.path) {
        return None;
    }
    match disk.stat(&file.path) {
        // what is gone by now keeps nothing
        Ok(None) => None,
        Err(_) => Some(Why::Unseen(path())),
        Ok(Some(stat)) => {
            let young = asked.now.as_nanosecond().saturating_sub(i128::from(stat.mtime)) < asked.young.as_nanos();
            if young {
                return Some(Why::Young(path()));
            }
            // what was replaced is another file, and is left where it is
            let known = matches!(file.state, State::Replaced | State::Missing | State::Moved);
            let same = (stat.size, stat.mtime, stat.inode) == (file.stat.size, file.stat.mtime, file.stat.inode);
            (!same && !known).then(|| Why::Changed(path()))
        }
    }
}

/// Backups that go and whose keys have to stay: whose snapshot needs which.
fn needed(planned: &[(Option<String>, Planned)], holdings: &Holdings) -> BTreeMap<String, (String, String)> {
    let mut covered: BTreeSet<&String> = BTreeSet::new();
    // by key whose snapshot needs it; and by cluster, where only the name of a key is known
    let mut wanted: BTreeMap<&String, &String> = BTreeMap::new();
    let mut unseen: BTreeMap<&Option<String>, (&String, &String)> = BTreeMap::new();
    let (mut going, mut staying): (Vec<_>, Vec<_>) = planned.iter().partition(|(_, it)| it.goes());
    for list in [&mut going, &mut staying] {
        list.sort_by(|(_, one), (_, other)| (other.taken, &one.id).cmp(&(one.taken, &other.id)));
    }
    for (cluster, it) in staying {
        let has = holdings.has.get(&it.id);
        covered.extend(has.into_iter().flatten());
        for key in holdings.needs.get(&it.id).into_iter().flatten() {
            if !key.starts_with(UNSEEN) {
                wanted.entry(key).or_insert(&it.id);
            } else if has.is_none() {
                // its own key set would be trusted to have it; nobody else's is, so none of the cluster goes
                unseen.entry(cluster).or_insert((&it.id, key));
            }
        }
    }
    let mut needed = BTreeMap::new();
    for (cluster, it) in going {
        let Some(has) = holdings.has.get(&it.id) else { continue };
        let seen = has.iter().find_map(|key| Some((*wanted.get(key).filter(|_| !covered.contains(key))?, key)));
        if let Some((backup, key)) = seen.or_else(|| unseen.get(cluster).copied()) {
            needed.insert(it.id.clone(), (backup.clone(), key.clone()));
            covered.extend(has);
        }
    }
    needed
}

/// Why a file stays though its backup goes.
fn left(
    file: &Held,
    id: &str,
    needed: &BTreeMap<String, (String, String)>,
    kept: &BTreeSet<String>,
    holdings: &Holdings,
    disk: &dyn Disk,
) -> Option<Because> {
    if let Some(other) = holdings.shared.get(&file.content).and_then(|all| all.intersection(kept).next()) {
        return Some(Because::Shared(other.clone()));
    }
    let of: Vec<&String> = holdings.shared.get(&file.content).into_iter().flatten().collect();
    let holds = |backup: &str| needed.get(backup).filter(|_| file.kind != Kind::Snapshot);
    if let Some((backup, key)) = holds(id).or_else(|| of.iter().find_map(|other| holds(other))) {
        return Some(Because::Needed { backup: backup.clone(), key: key.clone() });
    }
    if disk.is_packed(&file.path) {
        return Some(Because::Packed);
    }
    let same = |stat: crate::add::Stat| {
        (stat.size, stat.mtime, stat.inode) == (file.stat.size, file.stat.mtime, file.stat.inode)
    };
    match disk.stat(&file.path) {
        Ok(Some(stat)) if same(stat) => None,
        _ => Some(Because::NotThere),
    }
}

fn to_trash(file: &Held) -> Option<Move> {
    let (folder, name) = file.path.rsplit_once('/')?;
    Some(Move {
        kind: file.kind,
        from: file.path.clone(),
        folder: format!("{folder}/"),
        name: name.to_owned(),
        content: file.content,
        stored: file.stored,
        stat: file.stat,
    })
}
