//! Who can open what, and who proved it when.
//!
//! All of it stands in the log and nowhere else: which escrows there are, how custodians are called, which challenges were given
//! out, and what was said of drills. So nobody changes it unseen, and a challenge that was answered is answered for good. What a
//! custodian proved counts from when the challenge was given: the file was opened after that, whatever the statement says.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use document::{ClusterStats, CustodianDrill, EscrowQuorum};
use jiff::{SignedDuration, Timestamp};
use key_escrow::{Attested, Contradiction, Manifest, Standing, Statement, is_challenge, prove};
use rusqlite::{Connection, OptionalExtension as _, params};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::error::{Error, Result, failing};
use crate::store::{Catalog, Writing};

/// A proof by custodians counts for so long.
pub const PROOF_COUNTS: SignedDuration = SignedDuration::from_hours(90 * 24);

/// Characters of a digest that an escrow is called by.
const BEGINNING: usize = 12;
const ESCROW: &str = "custody-escrow";
const CUSTODIAN: &str = "custody-name";
const CHALLENGE: &str = "custody-challenge";
const DRILL: &str = "custody-drill";
const REFUSED: &str = "custody-refused";
/// Everything; by the index of `schema.sql`, whose words these are.
const ALL: &str = "SELECT at, kind, body FROM event WHERE kind >= 'custody-' AND kind < 'custody.' \
    AND kind <> 'custody-refused' ORDER BY seq";
/// What was asked and answered.
const PROOFS: &str = "SELECT at, kind, body FROM event WHERE kind >= 'custody-' AND kind < 'custody.' \
    AND kind IN ('custody-challenge', 'custody-drill') ORDER BY seq";
const ESCROW_OF: &str = "SELECT at, kind, body FROM event WHERE kind = 'custody-escrow' \
    AND json_extract(body, '$.sha256') = ? ORDER BY seq LIMIT 1";

/// An escrow, and those who can open it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Custody {
    /// SHA-256 of its manifest, hex: what it is called by.
    pub manifest: String,
    /// The cluster whose keys are in it.
    pub cluster: Option<String>,
    /// The tarball that was split.
    pub original: String,
    /// When it was sealed, as the manifest says.
    pub created: String,
    /// How many have to come together to open it.
    pub needed: usize,
    /// Who can open it, or has a share.
    pub holders: Vec<Holder>,
    /// Whether it has seeds by which a drill can be proven.
    pub can_be_proven: bool,
}

/// Somebody who can open an escrow, or has a share of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Whom it is sealed to; empty for a passphrase.
    pub recipient: String,
    /// How they are called, where somebody said.
    pub name: Option<String>,
    /// Their principal in a list of signers.
    pub principal: Option<String>,
    /// The number of their share.
    pub share: Option<u8>,
    /// Since when it is proven that they open it: when the newest challenge was given that they answered.
    pub proven: Option<Timestamp>,
    /// When they last said so without a proof, by when it was written down.
    pub stated: Option<Timestamp>,
}

impl Custody {
    /// How many proved not longer ago than [`PROOF_COUNTS`] that they open it, or their share.
    #[must_use]
    pub fn proven(&self, now: Timestamp) -> usize {
        self.holders.iter().filter(|it| it.proven.is_some_and(|at| counts(at, now))).count()
    }

    /// When as many as it takes had last proven it.
    #[must_use]
    pub fn quorum_proven(&self) -> Option<Timestamp> {
        let mut times: Vec<Timestamp> = self.holders.iter().filter_map(|it| it.proven).collect();
        times.sort_unstable_by_key(|at| std::cmp::Reverse(*at));
        times.get(self.needed.saturating_sub(1)).copied()
    }

    /// The same as figures. It is called by the beginning of its manifest's SHA-256.
    fn quorum(&self, now: Timestamp) -> EscrowQuorum {
        EscrowQuorum {
            escrow: self.manifest.chars().take(BEGINNING).collect(),
            needed: self.needed as u64,
            proven: self.proven(now) as u64,
        }
    }

    /// As a document has it.
    #[must_use]
    pub fn told(&self, now: Timestamp) -> document::Custody {
        let text = |at: Option<Timestamp>| at.map(|at| at.to_string());
        let holder = |it: &Holder| document::CustodyHolder {
            recipient: it.recipient.clone(),
            name: it.name.clone(),
            principal: it.principal.clone(),
            share: it.share,
            proven: text(it.proven),
            stated: text(it.stated),
        };
        document::Custody {
            path: self.original.clone(),
            kind: document::Custody::KIND,
            manifest_sha256: self.manifest.clone(),
            cluster: self.cluster.clone(),
            created: self.created.clone(),
            needed: self.needed as u64,
            proven: self.proven(now) as u64,
            quorum_proven: text(self.quorum_proven()),
            can_be_proven: self.can_be_proven,
            needs_everyone: self.needs_everyone(),
            holders: self.holders.iter().map(holder).collect(),
            ..document::Custody::default()
        }
    }

    /// Whether the loss of any one of them closes it for good.
    #[must_use]
    pub fn needs_everyone(&self) -> bool {
        self.holders.len() <= self.needed
    }
}

impl Holder {
    /// How they are called, or else whom it is sealed to.
    #[must_use]
    pub fn called(&self) -> &str {
        self.name.as_deref().unwrap_or(match self.recipient.as_str() {
            "" => "a passphrase",
            recipient => recipient,
        })
    }
}

fn counts(at: Timestamp, now: Timestamp) -> bool {
    now.duration_since(at) <= PROOF_COUNTS
}

/// What was written down of a drill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drilled {
    /// What it says, and what it is worth.
    pub attested: Attested,
    /// Whether it was known already.
    pub known: bool,
}

/// Why a statement is not written down as a drill. That it came is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unproven {
    /// It is about an escrow that this catalog does not know.
    #[error("it is about the manifest {0}, which this catalog does not know")]
    UnknownEscrow(String),
    /// The catalog never gave that challenge out for this escrow.
    #[error("its challenge was never given out for this escrow")]
    UnknownChallenge,
    /// It was answered before.
    #[error("its challenge was answered before: a statement counts once")]
    Replayed,
    /// It contradicts itself, or the manifest.
    #[error(transparent)]
    Contradiction(#[from] Contradiction),
}

/// A manifest of an escrow, as it was written down.
#[derive(Serialize, Deserialize)]
struct EscrowSaid {
    sha256: String,
    manifest: String,
    cluster: Option<String>,
}

/// How a custodian is called.
#[derive(Serialize, Deserialize)]
struct CustodianSaid {
    recipient: String,
    name: String,
    principal: Option<String>,
}

/// A challenge that was given out.
#[derive(Serialize, Deserialize)]
struct ChallengeSaid {
    challenge: String,
    manifest: String,
}

/// A statement that came.
#[derive(Serialize, Deserialize)]
struct DrillSaid {
    manifest: String,
    proven: bool,
    statement: String,
    signature: Option<String>,
}

/// All that the log says of custody.
#[derive(Default)]
struct Told {
    escrows: BTreeMap<String, EscrowSaid>,
    /// In the order in which they became known.
    order: Vec<String>,
    custodians: BTreeMap<String, CustodianSaid>,
    /// By challenge: for which manifest, and when.
    challenges: BTreeMap<String, (String, Timestamp)>,
    answered: BTreeSet<String>,
    drills: Vec<(Timestamp, DrillSaid)>,
}

impl Told {
    fn read(db: &Connection, path: &Path) -> Result<Self> {
        let mut told = Self::default();
        told.listen(db, path, ALL, &[])?;
        Ok(told)
    }

    /// Of escrows of which anybody said anything, and of no other: there may be one for each backup.
    fn spoken_of(db: &Connection, path: &Path) -> Result<Self> {
        let mut told = Self::default();
        told.listen(db, path, PROOFS, &[])?;
        let manifests: BTreeSet<String> = told.drills.iter().map(|(_, drill)| drill.manifest.clone()).collect();
        for manifest in &manifests {
            told.listen(db, path, ESCROW_OF, &[manifest])?;
        }
        Ok(told)
    }

    fn listen(&mut self, db: &Connection, path: &Path, sql: &str, of: &[&String]) -> Result<()> {
        let failed = failing(path);
        let mut read = db.prepare_cached(sql).map_err(&failed)?;
        let mut rows = read.query(rusqlite::params_from_iter(of)).map_err(&failed)?;
        while let Some(row) = rows.next().map_err(&failed)? {
            let (at, kind, body): (String, String, String) =
                (row.get(0).map_err(&failed)?, row.get(1).map_err(&failed)?, row.get(2).map_err(&failed)?);
            self.hear(&at, &kind, &body).ok_or_else(|| Error::Damaged {
                path: path.to_path_buf(),
                what: format!("an entry `{kind}` of the log of {at} cannot be read"),
            })?;
        }
        Ok(())
    }

    fn hear(&mut self, at: &str, kind: &str, body: &str) -> Option<()> {
        let at: Timestamp = at.parse().ok()?;
        match kind {
            ESCROW => {
                let said: EscrowSaid = serde_json::from_str(body).ok()?;
                self.order.push(said.sha256.clone());
                self.escrows.insert(said.sha256.clone(), said);
            }
            CUSTODIAN => {
                let said: CustodianSaid = serde_json::from_str(body).ok()?;
                self.custodians.insert(said.recipient.clone(), said);
            }
            CHALLENGE => {
                let said: ChallengeSaid = serde_json::from_str(body).ok()?;
                self.challenges.insert(said.challenge, (said.manifest, at));
            }
            _ => {
                let said: DrillSaid = serde_json::from_str(body).ok()?;
                if said.proven {
                    self.answered.extend(Statement::parse(said.statement.as_bytes()).ok()?.challenge);
                }
                self.drills.push((at, said));
            }
        }
        Some(())
    }

    fn escrow(&self, said: &EscrowSaid) -> Option<Custody> {
        let manifest = Manifest::parse(said.manifest.as_bytes()).ok()?;
        let holder = |recipient: &str, share| {
            let named = self.custodians.get(recipient);
            Holder {
                recipient: recipient.to_owned(),
                name: named.map(|it| it.name.clone()),
                principal: named.and_then(|it| it.principal.clone()),
                share,
                proven: None,
                stated: None,
            }
        };
        let mut holders: Vec<Holder> = match &manifest.threshold {
            Some(it) => it.shares.iter().map(|one| holder(&one.recipient.recipient, Some(one.index))).collect(),
            None => manifest.recipients.iter().map(|one| holder(&one.recipient, None)).collect(),
        };
        for (at, drill) in self.drills.iter().filter(|(_, drill)| drill.manifest == said.sha256) {
            self.credit(&mut holders, *at, drill);
        }
        Some(Custody {
            manifest: said.sha256.clone(),
            cluster: said.cluster.clone(),
            original: manifest.original.name.clone(),
            created: manifest.created.clone(),
            needed: manifest.threshold.as_ref().map_or(1, |it| usize::from(it.threshold)),
            can_be_proven: manifest.escrow.as_ref().is_some_and(|it| it.drill_key.is_some()),
            holders,
        })
    }

    /// What a drill says of whom. That an escrow was opened by shares says it of nobody in particular.
    fn credit(&self, holders: &mut [Holder], at: Timestamp, drill: &DrillSaid) {
        let Ok(statement) = Statement::parse(drill.statement.as_bytes()) else { return };
        let is_it = |it: &&mut Holder| it.share == statement.index && it.recipient == statement.recipient;
        let Some(holder) = holders.iter_mut().find(is_it) else { return };
        let given = statement.challenge.as_ref().and_then(|it| self.challenges.get(it)).map(|(_, given)| *given);
        match given.filter(|_| drill.proven) {
            Some(given) => holder.proven = holder.proven.max(Some(given)),
            None => holder.stated = holder.stated.max(Some(at)),
        }
    }

    /// What a statement is worth that comes now.
    fn weigh(&self, statement: &[u8], signature: Option<&[u8]>) -> Result<Attested, Unproven> {
        let told = Statement::parse(statement)?;
        let unknown = || Unproven::UnknownEscrow(told.manifest_sha256.clone());
        let escrow = self.escrows.get(&told.manifest_sha256).ok_or_else(unknown)?;
        if let Some(challenge) = &told.challenge {
            if self.answered.contains(challenge) {
                return Err(Unproven::Replayed);
            }
            let given = self.challenges.get(challenge);
            if given.is_none_or(|(manifest, _)| *manifest != told.manifest_sha256) {
                return Err(Unproven::UnknownChallenge);
            }
        }
        Ok(prove(escrow.manifest.as_bytes(), statement, signature, told.challenge.as_deref())?)
    }
}

impl Catalog {
    /// Every escrow, or those of one cluster, in the order in which they became known.
    ///
    /// # Errors
    /// Whatever keeps the log from being read.
    pub fn custody(&self, cluster: Option<&str>) -> Result<Vec<Custody>> {
        all(&self.db, &self.path, cluster)
    }
}

fn all(db: &Connection, path: &Path, cluster: Option<&str>) -> Result<Vec<Custody>> {
    let told = Told::read(db, path)?;
    let said = told.order.iter().filter_map(|sha256| told.escrows.get(sha256));
    let of_cluster = said.filter(|it| cluster.is_none() || it.cluster.as_deref() == cluster);
    Ok(of_cluster.filter_map(|it| told.escrow(it)).collect())
}

/// When as many custodians as it takes had last proven that they open an escrow, by the SHA-256 of its manifest.
pub(crate) fn quorums(db: &Connection, path: &Path) -> Result<BTreeMap<String, Timestamp>> {
    let told = Told::spoken_of(db, path)?;
    let proven = told.escrows.values().filter_map(|it| Some((it.sha256.clone(), told.escrow(it)?.quorum_proven()?)));
    Ok(proven.collect())
}

impl Writing<'_> {
    /// Writes down an escrow by the bytes of its manifest, and says what it is called by: their SHA-256. `None`: they are no
    /// manifest that names an escrow. One that is known is not written again.
    ///
    /// # Errors
    /// Whatever keeps it from being written.
    pub fn knows_escrow(&mut self, manifest: &[u8], cluster: Option<&str>) -> Result<Option<String>> {
        let Some(text) = Manifest::parse(manifest)
            .ok()
            .filter(|it| it.escrow.is_some())
            .and_then(|_| std::str::from_utf8(manifest).ok())
        else {
            return Ok(None);
        };
        let sha256 = wording::hex(&Sha256::digest(manifest));
        if !self.has_escrow(&sha256)? {
            let of_backup = self.cluster_of(Sha256::digest(manifest).into())?;
            let cluster = cluster.map(str::to_owned).or(of_backup);
            self.say(ESCROW, &json!({"sha256": sha256, "manifest": text, "cluster": cluster}))?;
        }
        Ok(Some(sha256))
    }

    fn has_escrow(&self, manifest: &str) -> Result<bool> {
        let found = self.tx.query_row(ESCROW_OF, params![manifest], |_| Ok(())).optional();
        Ok(found.map_err(failing(self.path))?.is_some())
    }

    /// The cluster of the backups that a manifest belongs to.
    fn cluster_of(&self, manifest: [u8; 32]) -> Result<Option<String>> {
        let sql = "SELECT b.cluster FROM belonging g JOIN backup b ON b.id = g.backup WHERE g.content = ? AND \
            b.cluster IS NOT NULL ORDER BY b.id LIMIT 1";
        let row = self.tx.query_row(sql, params![manifest], |row| row.get(0)).optional();
        row.map_err(failing(self.path))
    }

    /// Writes down how a custodian is called, and who they are in a list of signers.
    ///
    /// # Errors
    /// Whatever keeps it from being written.
    pub fn names_custodian(&mut self, recipient: &str, name: &str, principal: Option<&str>) -> Result<()> {
        self.say(CUSTODIAN, &json!({"recipient": recipient, "name": name, "principal": principal}))
    }

    /// Writes down a challenge that is given out for one escrow. `false`: there is no such escrow, it is no challenge, or it
    /// was given out before.
    ///
    /// # Errors
    /// Whatever keeps it from being written.
    pub fn challenges(&mut self, manifest: &str, challenge: &str) -> Result<bool> {
        let told = Told::read(&self.tx, self.path)?;
        let is_new = is_challenge(challenge) && !told.challenges.contains_key(challenge);
        if !is_new || !told.escrows.contains_key(manifest) {
            return Ok(false);
        }
        self.say(CHALLENGE, &json!({"challenge": challenge, "manifest": manifest}))?;
        Ok(true)
    }

    /// Writes down what somebody says of a drill, and what it is worth. What contradicts itself, or was said before, counts for
    /// nothing; that it came is written down.
    ///
    /// # Errors
    /// Whatever keeps it from being written.
    pub fn drilled(&mut self, statement: &[u8], signature: Option<&[u8]>) -> Result<Result<Drilled, Unproven>> {
        let told = Told::read(&self.tx, self.path)?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if told.drills.iter().any(|(_, drill)| drill.statement.as_bytes() == statement && !drill.proven)
            && let Ok(attested) = told.weigh(statement, signature)
            && attested.standing != Standing::Proven
        {
            return Ok(Ok(Drilled { attested, known: true }));
        }
        match told.weigh(statement, signature) {
            Ok(attested) => {
                let said = DrillSaid {
                    manifest: attested.statement.manifest_sha256.clone(),
                    proven: attested.standing == Standing::Proven,
                    statement: text(statement),
                    signature: signature.map(text),
                };
                self.say(DRILL, &json!(said))?;
                Ok(Ok(Drilled { attested, known: false }))
            }
            Err(why) => {
                let sha256 = wording::hex(&Sha256::digest(statement));
                self.say(REFUSED, &json!({"statement": sha256, "why": why.to_string()}))?;
                Ok(Err(why))
            }
        }
    }
}

impl Catalog {
    /// Puts into the figures of clusters what is known of custody: how many custodians of each escrow proved it lately, and
    /// when each last did. Escrows are called by the beginning of their manifest's SHA-256, custodians by their names.
    ///
    /// # Errors
    /// Whatever keeps the log from being read.
    pub fn tell_custody(&self, clusters: &mut [ClusterStats], now: Timestamp) -> Result<()> {
        for cluster in clusters {
            let Some(id) = cluster.cluster.as_deref() else { continue };
            let known = self.custody(Some(id))?;
            cluster.escrows = known.iter().map(|it| it.quorum(now)).collect();
            let mut drills: BTreeMap<&str, Option<Timestamp>> = BTreeMap::new();
            for holder in known.iter().flat_map(|it| &it.holders) {
                let last = drills.entry(holder.called()).or_default();
                *last = (*last).max(holder.proven);
            }
            let told = |(name, at): (&str, Option<Timestamp>)| CustodianDrill {
                custodian: name.to_owned(),
                last_drill: at.map(|at| at.to_string()),
            };
            cluster.custodians = drills.into_iter().map(told).collect();
        }
        Ok(())
    }
}
