//! Reading what the catalog holds.

use std::collections::BTreeMap;
use std::path::Path;

use backup_facts::platform::{Platform, rules};
use checks::Verdict;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use version_compat::{Backup as Release, Starts, Version};

use crate::add::Stat;
use crate::backup::{Backup, Half, Keys, Place, Rehearsed, State};
use crate::error::{Error, Result, failing};
use crate::store::Catalog;

const BACKUPS: &str = "SELECT b.id, b.cluster, b.taken, b.snapshot, b.resources, b.revision, b.release, b.platform, b.topology, \
    b.pinned, j.verdict, j.keys, j.updating, j.migrating, j.missing, j.rehearsed, j.findings \
    FROM backup b JOIN judgement j ON j.id = b.judgement WHERE b.let_go IS NULL AND (?1 IS NULL OR b.cluster = ?1) ORDER BY b.taken DESC, b.id";

const PLACES: &str = "SELECT s.content, h.label, s.path, s.state, s.checked FROM sighting s JOIN host h ON h.id = s.host \
    ORDER BY s.host, s.path";

/// Which contents are escrows of which backups.
const ESCROWS: &str =
    "SELECT g.backup, g.content FROM belonging g JOIN content c ON c.sha256 = g.content WHERE c.kind = 'escrow'";

impl Catalog {
    /// All backups, or those of one cluster, the newest first.
    ///
    /// # Errors
    /// Whatever keeps them from being read.
    pub fn backups(&self, cluster: Option<&str>) -> Result<Vec<Backup>> {
        backups(&self.db, &self.path, cluster)
    }
}

/// The same, from within a transaction, too.
pub(crate) fn backups(db: &Connection, path: &Path, cluster: Option<&str>) -> Result<Vec<Backup>> {
    Rows { db, path }.backups(cluster)
}

/// What is read from.
struct Rows<'r> {
    db: &'r Connection,
    path: &'r Path,
}

impl Rows<'_> {
    fn backups(&self, cluster: Option<&str>) -> Result<Vec<Backup>> {
        let failed = failing(self.path);
        let (places, escrows) = (self.places()?, self.escrows()?);
        let at = |content: &Option<Vec<u8>>| content.as_ref().and_then(|content| places.get(content));
        let mut read = self.db.prepare_cached(BACKUPS).map_err(&failed)?;
        let mut rows = read.query(params![cluster]).map_err(&failed)?;
        let mut backups = Vec::new();
        while let Some(row) = rows.next().map_err(&failed)? {
            let mut backup = self.backup(row)?;
            let (snapshot, resources): (Option<Vec<u8>>, Option<Vec<u8>>) =
                (row.get(3).map_err(&failed)?, row.get(4).map_err(&failed)?);
            backup.places = at(&snapshot).or_else(|| at(&resources)).cloned().unwrap_or_default();
            if snapshot.is_some() && resources.is_some() {
                lower(&mut backup.places, at(&resources));
            }
            let whole = |content: &Vec<u8>| at(&Some(content.clone())).is_some_and(|it| it.iter().any(is_whole));
            if matches!(backup.keys, Keys::Escrow { .. })
                && escrows.get(&backup.id).is_some_and(|escrows| !escrows.iter().any(whole))
            {
                backup.keys = Keys::Missing;
            }
            backups.push(backup);
        }
        Ok(backups)
    }

    fn escrows(&self) -> Result<BTreeMap<String, Vec<Vec<u8>>>> {
        let failed = failing(self.path);
        let mut all: BTreeMap<String, Vec<Vec<u8>>> = BTreeMap::new();
        let mut read = self.db.prepare_cached(ESCROWS).map_err(&failed)?;
        let mut rows = read.query([]).map_err(&failed)?;
        while let Some(row) = rows.next().map_err(&failed)? {
            all.entry(row.get(0).map_err(&failed)?).or_default().push(row.get(1).map_err(&failed)?);
        }
        Ok(all)
    }

    fn places(&self) -> Result<BTreeMap<Vec<u8>, Vec<Place>>> {
        let failed = failing(self.path);
        let mut all: BTreeMap<Vec<u8>, Vec<Place>> = BTreeMap::new();
        let mut read = self.db.prepare_cached(PLACES).map_err(&failed)?;
        let mut rows = read.query([]).map_err(&failed)?;
        while let Some(row) = rows.next().map_err(&failed)? {
            let (content, state, checked): (Vec<u8>, String, String) =
                (row.get(0).map_err(&failed)?, row.get(3).map_err(&failed)?, row.get(4).map_err(&failed)?);
            let place = Place {
                host: row.get(1).map_err(&failed)?,
                path: row.get(2).map_err(&failed)?,
                state: State::named(&state).ok_or_else(|| self.damaged(format!("`{state}` is no state of a file")))?,
                checked: self.time(&checked)?,
            };
            all.entry(content).or_default().push(place);
        }
        Ok(all)
    }

    fn backup(&self, row: &Row<'_>) -> Result<Backup> {
        let failed = failing(self.path);
        let text = |at: usize| row.get::<_, Option<String>>(at).map_err(&failed);
        let snapshot: Option<Vec<u8>> = row.get(3).map_err(&failed)?;
        let platform = text(7)?.unwrap_or_default();
        let updating: bool = row.get(12).map_err(&failed)?;
        let mut digest = [0; 32];
        digest.iter_mut().zip(snapshot.unwrap_or_default()).for_each(|(to, from)| *to = from);
        let (verdict, keys, rehearsed) = (text(10)?.unwrap_or_default(), text(11)?.unwrap_or_default(), text(15)?);
        let findings: Vec<crate::record::Said> =
            serde_json::from_str(&text(16)?.unwrap_or_default()).unwrap_or_default();
        Ok(Backup {
            id: text(0)?.unwrap_or_default(),
            cluster: text(1)?,
            taken: self.time(&text(2)?.unwrap_or_default())?,
            digest,
            revision: row.get(5).map_err(&failed)?,
            release: release(text(6)?.as_deref(), updating),
            starts: Platform::named(&platform).map_or(Starts::Unknown, |platform| rules(platform).starts),
            platform,
            topology: text(8)?,
            missing: text(14)?.as_deref().and_then(Half::named),
            keys: match keys.as_str() {
                "not-needed" => Keys::NotNeeded,
                "at-hand" => Keys::AtHand,
                "escrow" => Keys::Escrow { proven: None },
                "wrong" => Keys::Wrong,
                _ => Keys::Missing,
            },
            updating,
            migrating: row.get(13).map_err(&failed)?,
            verdict: [Verdict::Pass, Verdict::Warn]
                .into_iter()
                .find(|it| it.name() == verdict)
                .unwrap_or(Verdict::Fail),
            failed_by: findings
                .into_iter()
                .filter(|it| it.severity >= checks::Severity::High)
                .map(|it| it.id)
                .collect(),
            rehearsed: match rehearsed.as_deref() {
                Some("served") => Rehearsed::Served,
                Some("failed") => Rehearsed::Failed,
                _ => Rehearsed::Never,
            },
            places: Vec::new(),
            pinned: text(9)?,
        })
    }

    fn time(&self, text: &str) -> Result<Timestamp> {
        text.parse().map_err(|_| self.damaged(format!("`{text}` is no time")))
    }

    fn damaged(&self, what: String) -> Error {
        Error::Damaged { path: self.path.to_path_buf(), what }
    }
}

impl Catalog {
    /// What the file system said of a file when it was last read; `None` of one that was not.
    ///
    /// # Errors
    /// Whatever keeps it from being read.
    pub fn known(&self, host: &str, path: &str) -> Result<Option<Stat>> {
        let failed = failing(&self.path);
        let sql = "SELECT size, mtime, ctime, inode FROM sighting WHERE host = ? AND path = ? AND state = 'unchanged'";
        let mut read = self.db.prepare_cached(sql).map_err(&failed)?;
        let number = |row: &Row<'_>, at| row.get::<_, i64>(at).map(|number| u64::try_from(number).unwrap_or_default());
        let stat = read.query_row(params![host, path], |row| {
            Ok(Stat { size: number(row, 0)?, mtime: row.get(1)?, ctime: row.get(2)?, inode: number(row, 3)? })
        });
        stat.optional().map_err(&failed)
    }
}

fn is_whole(place: &Place) -> bool {
    place.state == State::Unchanged
}

/// A snapshot is as good as its other half: where that is whole nowhere, no place is.
fn lower(places: &mut [Place], other: Option<&Vec<Place>>) {
    if other.is_some_and(|other| other.iter().any(is_whole)) {
        return;
    }
    let worst = other.and_then(|other| other.first()).map_or(State::Missing, |place| place.state);
    places.iter_mut().filter(|place| is_whole(place)).for_each(|place| place.state = worst);
}

fn release(text: Option<&str>, updating: bool) -> Release {
    let Some(text) = text else { return Release::Unknown };
    match (text.parse::<Version>(), updating) {
        (Ok(to), true) => Release::Updating { from: None, to },
        (Ok(version), false) => Release::Exact(version),
        (Err(_), _) => {
            let minor =
                text.split_once('.').and_then(|(major, minor)| Some((major.parse().ok()?, minor.parse().ok()?)));
            minor.map_or(Release::Unknown, |(major, minor)| Release::Minor(major, minor))
        }
    }
}

impl State {
    const ALL: [Self; 6] =
        [Self::Unchanged, Self::Rotten, Self::Replaced, Self::Missing, Self::Unreadable, Self::Moved];

    /// The word for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Unchanged => "unchanged",
            Self::Rotten => "rotten",
            Self::Replaced => "replaced",
            Self::Missing => "missing",
            Self::Unreadable => "unreadable",
            Self::Moved => "moved",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }
}
