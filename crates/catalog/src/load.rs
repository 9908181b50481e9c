//! Reading what the catalog holds.

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::Path;

use backup_facts::platform::{Platform, rules};
use checks::Verdict;
use jiff::Timestamp;
use rusqlite::types::Value as Sql;
use rusqlite::{Connection, Row, params, params_from_iter};
use version_compat::{Backup as Release, Starts, Version};

use crate::backup::{Backup, Half, Keys, Place, Rehearsed, State};
use crate::custody;
use crate::error::{Error, Result, failing};
use crate::log::bytes_of;
use crate::record::Said;
use crate::store::Catalog;

/// What is read of a backup, by each of its judgements.
const FIELDS: &str = "SELECT b.id, b.cluster, b.taken, b.snapshot, b.resources, b.revision, b.release, b.platform, b.topology, \
    b.pinned, j.verdict, j.keys, j.updating, j.migrating, j.missing, j.rehearsed, j.findings, b.name, b.taken_by, j.beside, \
    j.at, j.id";

const PLACES: &str = "SELECT s.host, s.path, s.state, s.checked, s.content FROM sighting s";

/// Contents of a kind that belong to backups.
const BELONGING: &str =
    "SELECT g.backup, g.content FROM belonging g JOIN content c ON c.sha256 = g.content WHERE c.kind = ?1";

/// Where each content was seen.
type Places = HashMap<[u8; 32], Vec<Place>>;

/// Contents by backup.
type Belonging = HashMap<String, Vec<Vec<u8>>>;

/// Which backups are read.
enum Which<'w> {
    /// All, or those of a cluster.
    All(Option<&'w str>),
    /// One.
    One(&'w str),
    /// So many, of a cluster or of all, behind the one that was taken then and has this ID.
    Next { cluster: Option<&'w str>, behind: Option<(String, &'w str)>, most: u32 },
}

impl Catalog {
    /// All backups, or those of one cluster, the newest first.
    ///
    /// # Errors
    /// Whatever keeps them from being read.
    pub fn backups(&self, cluster: Option<&str>) -> Result<Vec<Backup>> {
        backups(&self.db, &self.path, cluster)
    }

    /// One backup, by its ID.
    ///
    /// # Errors
    /// Whatever keeps it from being read.
    pub fn backup(&self, id: &str) -> Result<Option<Backup>> {
        Ok(Rows::of(&self.db, &self.path)?.backups(&Which::One(id))?.pop())
    }

    /// So many backups, the newest first, behind one that was read before: for who may have enough of them soon.
    ///
    /// # Errors
    /// Whatever keeps them from being read.
    pub fn next(&self, cluster: Option<&str>, behind: Option<&Backup>, most: u32) -> Result<Vec<Backup>> {
        let behind = behind.map(|backup| (backup.taken.to_string(), backup.id.as_str()));
        Rows::of(&self.db, &self.path)?.backups(&Which::Next { cluster, behind, most })
    }

    /// How many backups there are.
    ///
    /// # Errors
    /// Whatever keeps them from being counted.
    pub fn count(&self) -> Result<u64> {
        let sql = "SELECT count(*) FROM backup WHERE let_go IS NULL";
        let count: i64 = self.db.query_row(sql, [], |row| row.get(0)).map_err(failing(&self.path))?;
        Ok(u64::try_from(count).unwrap_or_default())
    }
}

/// The same, from within a transaction, too.
pub(crate) fn backups(db: &Connection, path: &Path, cluster: Option<&str>) -> Result<Vec<Backup>> {
    Rows::of(db, path)?.backups(&Which::All(cluster))
}

/// What is read from, and what of it was read once.
pub(crate) struct Rows<'r> {
    db: &'r Connection,
    path: &'r Path,
    hosts: HashMap<String, String>,
}

/// Places of files and what belongs to backups: read at once where all of it is wanted, one by one where little is.
pub(crate) enum Beside {
    All { places: Places, escrows: Belonging, manifests: Belonging },
    Asked,
}

impl<'r> Rows<'r> {
    pub(crate) fn of(db: &'r Connection, path: &'r Path) -> Result<Self> {
        let failed = failing(path);
        let mut read = db.prepare_cached("SELECT id, label FROM host").map_err(&failed)?;
        let rows = read.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).map_err(&failed)?;
        let hosts = rows.collect::<rusqlite::Result<_>>().map_err(&failed)?;
        Ok(Self { db, path, hosts })
    }

    fn backups(&self, which: &Which<'_>) -> Result<Vec<Backup>> {
        let failed = failing(self.path);
        let beside = match which {
            Which::All(_) => Beside::All {
                places: self.places()?,
                escrows: self.belonging("escrow")?,
                manifests: self.belonging("manifest")?,
            },
            Which::One(_) | Which::Next { .. } => Beside::Asked,
        };
        let quorums = self.quorums()?;
        let (sql, wanted) = query(which);
        let mut read = self.db.prepare_cached(&sql).map_err(&failed)?;
        let mut rows = read.query(params_from_iter(wanted)).map_err(&failed)?;
        let mut forms: Vec<Form> = Vec::new();
        while let Some(row) = rows.next().map_err(&failed)? {
            let mut said = self.said(row, &beside)?;
            self.hold_escrows(&mut said, &beside, &quorums)?;
            forms.push(Form {
                backup: Box::new(said),
                beside: row.get(19).map_err(&failed)?,
                judged: row.get(20).map_err(&failed)?,
                number: row.get(21).map_err(&failed)?,
            });
        }
        Ok(newest(forms))
    }

    /// An escrow that is whole nowhere opens nothing; and one counts for more where custodians proved that they open it.
    fn hold_escrows(&self, said: &mut Backup, beside: &Beside, quorums: &HashMap<Vec<u8>, Timestamp>) -> Result<()> {
        if !matches!(said.keys, Keys::Escrow { .. }) {
            return Ok(());
        }
        let mut whole = None;
        for escrow in self.belonging_of(&said.id, "escrow", beside)? {
            let is = self.places_of(&escrow, beside)?.iter().any(is_whole);
            whole = Some(whole.unwrap_or(false) || is);
        }
        if whole == Some(false) {
            said.keys = Keys::Missing;
        }
        if let Keys::Escrow { proven } = &mut said.keys {
            let manifests = self.belonging_of(&said.id, "manifest", beside)?;
            *proven = manifests.iter().filter_map(|it| quorums.get(it)).max().copied();
        }
        Ok(())
    }

    /// When as many custodians as it takes had last proven that they open an escrow, by the SHA-256 of its manifest.
    fn quorums(&self) -> Result<HashMap<Vec<u8>, Timestamp>> {
        let proven = custody::quorums(self.db, self.path)?;
        Ok(proven.iter().filter_map(|(manifest, at)| Some((bytes_of(manifest)?, *at))).collect())
    }

    fn belonging(&self, kind: &str) -> Result<Belonging> {
        let failed = failing(self.path);
        let mut all = Belonging::new();
        let mut read = self.db.prepare_cached(BELONGING).map_err(&failed)?;
        let mut rows = read.query([kind]).map_err(&failed)?;
        while let Some(row) = rows.next().map_err(&failed)? {
            all.entry(row.get(0).map_err(&failed)?).or_default().push(row.get(1).map_err(&failed)?);
        }
        Ok(all)
    }

    /// The contents of a kind that belong to one backup.
    fn belonging_of(&self, id: &str, kind: &str, beside: &Beside) -> Result<Vec<Vec<u8>>> {
        let of = |all: &Belonging| all.get(id).cloned().unwrap_or_default();
        match beside {
            Beside::All { escrows, .. } if kind == "escrow" => Ok(of(escrows)),
            Beside::All { manifests, .. } => Ok(of(manifests)),
            Beside::Asked => {
                let failed = failing(self.path);
                let sql = format!("{BELONGING} AND g.backup = ?2");
                let mut read = self.db.prepare_cached(&sql).map_err(&failed)?;
                let rows = read.query_map(params![kind, id], |row| row.get(1)).map_err(&failed)?;
                rows.collect::<rusqlite::Result<_>>().map_err(&failed)
            }
        }
    }

    fn places(&self) -> Result<Places> {
        let failed = failing(self.path);
        let mut all = Places::new();
        let mut read = self.db.prepare_cached(PLACES).map_err(&failed)?;
        let mut rows = read.query([]).map_err(&failed)?;
        while let Some(row) = rows.next().map_err(&failed)? {
            let content: [u8; 32] = row.get(4).map_err(&failed)?;
            all.entry(content).or_default().push(self.place(row)?);
        }
        Ok(all)
    }

    /// Where one content was seen.
    pub(crate) fn places_of<'b>(&self, content: &[u8], beside: &'b Beside) -> Result<Cow<'b, [Place]>> {
        if let Beside::All { places, .. } = beside {
            return Ok(Cow::Borrowed(places.get(content).map(Vec::as_slice).unwrap_or_default()));
        }
        let failed = failing(self.path);
        let mut read = self.db.prepare_cached(&format!("{PLACES} WHERE s.content = ?")).map_err(&failed)?;
        let (mut rows, mut places) = (read.query([content]).map_err(&failed)?, Vec::new());
        while let Some(row) = rows.next().map_err(&failed)? {
            places.push(self.place(row)?);
        }
        Ok(Cow::Owned(places))
    }

    fn place(&self, row: &Row<'_>) -> Result<Place> {
        let failed = failing(self.path);
        let text = |at: usize| row.get_ref(at).and_then(|value| Ok(value.as_str()?)).map_err(&failed);
        let state = text(2)?;
        Ok(Place {
            host: self.hosts.get(text(0)?).cloned().unwrap_or_default(),
            path: text(1)?.to_owned(),
            state: State::named(state).ok_or_else(|| self.damaged(format!("`{state}` is no state of a file")))?,
            checked: self.time(text(3)?)?,
        })
    }

    /// A backup as one judgement has it.
    fn said(&self, row: &Row<'_>, known: &Beside) -> Result<Backup> {
        let failed = failing(self.path);
        let text = |at: usize| row.get::<_, Option<String>>(at).map_err(&failed);
        // what is looked at and not kept is not copied
        let word = |at: usize| row.get_ref(at).and_then(|it| Ok(it.as_str_or_null()?)).map_err(&failed);
        let bytes = |at: usize| row.get_ref(at).and_then(|it| Ok(it.as_blob_or_null()?)).map_err(&failed);
        let (snapshot, beside) = (bytes(3)?, bytes(19)?);
        let of = |content: Option<&[u8]>| match content {
            Some(content) => self.places_of(content, known),
            None => Ok(Cow::default()),
        };
        let (lies, other) = (of(snapshot)?, of(beside)?);
        let let_go = (snapshot.is_some() && lies.is_empty()).then_some(Half::Snapshot);
        // of a snapshot that was let go the other half has to stay
        let mut lies = if snapshot.is_none() || let_go.is_some() { other.to_vec() } else { lies.into_owned() };
        if snapshot.is_some() && let_go.is_none() && beside.is_some() {
            lower(&mut lies, &other);
        }
        let platform = text(7)?.unwrap_or_default();
        let updating: bool = row.get(12).map_err(&failed)?;
        let mut digest = [0; 32];
        digest.iter_mut().zip(snapshot.into_iter().flatten()).for_each(|(to, from)| *to = *from);
        let (verdict, keys, rehearsed) = (word(10)?.unwrap_or_default(), word(11)?.unwrap_or_default(), word(15)?);
        let findings: Vec<Said> = match word(16)?.unwrap_or_default() {
            "[]" => Vec::new(),
            text => serde_json::from_str(text)
                .map_err(|error| self.damaged(format!("the findings of a judgement: {error}")))?,
        };
        Ok(Backup {
            id: text(0)?.unwrap_or_default(),
            cluster: text(1)?,
            cluster_name: text(17)?,
            taken: self.time(word(2)?.unwrap_or_default())?,
            taken_by: text(18)?.unwrap_or_default(),
            digest,
            revision: row.get(5).map_err(&failed)?,
            release: release(word(6)?, updating),
            starts: Platform::named(&platform).map_or(Starts::Unknown, |platform| rules(platform).starts),
            platform,
            topology: text(8)?,
            missing: word(14)?.and_then(Half::named).or(let_go),
            keys: match keys {
                "not-needed" => Keys::NotNeeded,
                "at-hand" => Keys::AtHand,
                "escrow" => Keys::Escrow { proven: None },
                "wrong" => Keys::Wrong,
                _ => Keys::Missing,
            },
            updating,
            migrating: row.get(13).map_err(&failed)?,
            verdict: verdict_named(verdict),
            failed_by: failed_by(&findings),
            rehearsed: match rehearsed {
                Some("served") => Rehearsed::Served,
                Some("failed") => Rehearsed::Failed,
                _ => Rehearsed::Never,
            },
            places: lies,
            pinned: text(9)?,
        })
    }

    fn time(&self, text: &str) -> Result<Timestamp> {
        text.parse().map_err(|_| self.damaged(format!("`{text}` is no time")))
    }

    fn damaged(&self, what: String) -> Error {
        damaged(self.path, what)
    }
}

pub(crate) fn damaged(path: &Path, what: String) -> Error {
    Error::Damaged { path: path.to_path_buf(), what }
}

/// A verdict by its name; what is none is no pass.
pub(crate) fn verdict_named(name: &str) -> Verdict {
    [Verdict::Pass, Verdict::Warn].into_iter().find(|it| it.name() == name).unwrap_or(Verdict::Fail)
}

/// The findings that fail, each once.
fn failed_by(findings: &[Said]) -> Vec<String> {
    let mut ids: Vec<String> = Vec::new();
    for said in findings.iter().filter(|it| it.severity >= checks::Severity::High) {
        if !ids.contains(&said.id) {
            ids.push(said.id.clone());
        }
    }
    ids
}

/// How far a backup as it was once judged is from a restore: what is whole comes first, then what has its keys.
fn farness(backup: &Backup) -> (bool, u8) {
    let keys = match backup.keys {
        Keys::NotNeeded | Keys::AtHand => 0,
        Keys::Escrow { .. } => 1,
        Keys::Wrong => 2,
        Keys::Missing => 3,
    };
    (!backup.places.iter().any(is_whole) || backup.missing.is_some(), keys)
}

fn is_whole(place: &Place) -> bool {
    place.state == State::Unchanged
}

/// A snapshot is as good as its other half: where that is whole nowhere, no place is.
fn lower(places: &mut [Place], other: &[Place]) {
    if other.iter().any(is_whole) {
        return;
    }
    let worst = other.first().map_or(State::Missing, |place| place.state);
    places.iter_mut().filter(|place| is_whole(place)).for_each(|place| place.state = worst);
}

/// A backup as one judgement has it, of one form of its tarball.
struct Form {
    /// Boxed, as it is sorted.
    backup: Box<Backup>,
    beside: Option<[u8; 32]>,
    /// When, and under which number: of one form the later counts, whoever wrote it down first.
    judged: String,
    number: i64,
}

/// Each backup once, the newest first: by the newest judgement of each form, and of these the one nearest to a restore.
fn newest(mut forms: Vec<Form>) -> Vec<Backup> {
    forms.sort_unstable_by(|one, other| {
        let (a, b) = (&one.backup, &other.backup);
        let by_backup = b.taken.cmp(&a.taken).then_with(|| a.id.cmp(&b.id)).then_with(|| one.beside.cmp(&other.beside));
        // the later judgement first
        by_backup.then_with(|| (&other.judged, other.number).cmp(&(&one.judged, one.number)))
    });
    forms.dedup_by(|next, kept| next.backup.id == kept.backup.id && next.beside == kept.beside);
    let mut backups: Vec<Backup> = Vec::with_capacity(forms.len());
    for Form { backup, .. } in forms {
        match backups.last_mut().filter(|last| last.id == backup.id) {
            Some(last) if farness(&backup) < farness(last) => *last = *backup,
            Some(_) => {}
            None => backups.push(*backup),
        }
    }
    backups
}

/// The statement for these backups, and what goes into it.
fn query(which: &Which<'_>) -> (String, Vec<Sql>) {
    let text = |text: &str| Sql::Text(text.to_owned());
    let all = |and: &str| {
        let from = "FROM backup b JOIN judgement j ON j.backup = b.id";
        format!("{FIELDS} {from} WHERE b.let_go IS NULL{and}")
    };
    match which {
        Which::All(None) => (all(""), Vec::new()),
        Which::All(Some(cluster)) => (all(" AND b.cluster = ?"), vec![text(cluster)]),
        Which::One(id) => (all(" AND b.id = ?"), vec![text(id)]),
        Which::Next { cluster, behind, most } => {
            let (mut and, mut wanted) = (String::new(), Vec::new());
            if let Some(cluster) = cluster {
                and.push_str(" AND cluster = ?");
                wanted.push(text(cluster));
            }
            if let Some((taken, id)) = behind {
                and.push_str(" AND (taken < ? OR taken = ? AND id > ?)");
                wanted.extend([text(taken), text(taken), text(id)]);
            }
            wanted.push(Sql::Integer(i64::from(*most)));
            let some = format!("SELECT * FROM backup WHERE let_go IS NULL{and} ORDER BY taken DESC, id LIMIT ?");
            let from = format!("FROM ({some}) b JOIN judgement j ON j.backup = b.id");
            (format!("{FIELDS} {from}"), wanted)
        }
    }
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
