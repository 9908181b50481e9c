//! Backups as a catalog knows them: `catalog add`, `ls`, `show`, `pick`, `keep`, `import`.

use std::borrow::Cow;

use checks::Verdict;
use serde::{Deserialize, Serialize};

use crate::any::Fields;
use crate::values::Word;

/// A catalog, and what was done with it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Catalog {
    /// The file.
    pub path: String,
    /// [`Catalog::KIND`].
    pub kind: Word,
    /// The last entry of its log, `1234:ab12...`: kept elsewhere, it shows that nothing was rewritten.
    pub log: String,
    /// Backups in it.
    pub backups: u64,
    /// Those of them that can be restored.
    pub restorable: u64,
    /// Backups that were not known before this run.
    pub new: Option<u64>,
    /// Those that were known and judged again.
    pub judged: Option<u64>,
    /// Files that were as before and not read.
    pub unchanged: Option<u64>,
    /// `import`: rows that were new, or later looks.
    pub rows: Option<u64>,
    /// What a later assay says besides.
    #[serde(flatten)]
    pub more: Fields,
}

impl Catalog {
    /// What `kind` says of it.
    pub const KIND: Word = Cow::Borrowed("catalog");
}

/// A backup in a catalog.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Catalogued {
    /// Its snapshot where it is as it was; the tarball of one without; empty where it is nowhere.
    pub path: String,
    /// [`Catalogued::KIND`].
    pub kind: Word,
    /// What it is called in catalogs: the beginning of a digest of what is in it.
    pub id: String,
    /// The cluster, by an ID that stands in the snapshot.
    pub cluster: Option<String>,
    /// How the cluster calls itself.
    pub cluster_name: Option<String>,
    /// When it was taken, RFC 3339.
    pub taken: String,
    /// By which clock: `data`, `name`; `added`: nothing tells, and it was seen then.
    pub taken_by: Word,
    /// The release, such as `4.18.30`.
    pub release: Option<String>,
    /// Name of the platform.
    pub platform: String,
    /// Topology of the control plane.
    pub topology: Option<String>,
    /// etcd's newest revision.
    pub revision: i64,
    /// SHA-256 of the snapshot, unpacked.
    pub snapshot_sha256: Option<String>,
    /// The newest judgement, but for what it says of keys and of a half that is missing; of each the field tells.
    pub verdict: Option<Verdict>,
    /// IDs of the findings that made it fail.
    pub failed_by: Vec<String>,
    /// `not-needed`, `at-hand`, `escrow`, `missing`, `wrong`.
    pub keys: Word,
    /// When as many custodians as it takes had last proven that they open the escrow, RFC 3339.
    pub keys_proven: Option<String>,
    /// What a real etcd said: `never` asked, `served`, `failed`.
    pub rehearsed: Word,
    /// Whether it counts: nothing stands against restoring it.
    pub restorable: bool,
    /// What stands against it.
    pub unfit: Vec<Against>,
    /// Why it is to stay, whatever is let go.
    pub pinned: Option<String>,
    /// Where it was seen.
    pub places: Vec<SeenAt>,
    /// `pick`: its place among those that may be taken, from 1.
    pub rank: Option<u64>,
    /// `pick`: why the first is above it: `age`, `keys`, `proof`, `site`, `taken`, `checked`, `revision`, `digest`.
    pub behind: Option<Word>,
    /// `pick`: everything that stands against taking it.
    pub reasons: Option<Vec<Against>>,
    /// `show`, and of the first of `pick`: its files.
    pub files: Option<Vec<CataloguedFile>>,
    /// `show`, and of the first of `pick`: its escrows.
    pub escrows: Option<Vec<CataloguedEscrow>>,
    /// `show`: what was judged of it, the newest first.
    pub judgements: Option<Vec<PastJudgement>>,
    /// What a later assay says besides.
    #[serde(flatten)]
    pub more: Fields,
}

impl Catalogued {
    /// What `kind` says of it.
    pub const KIND: Word = Cow::Borrowed("catalogued");
}

/// Something that stands against a backup.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Against {
    /// A word for it: `gone`, `verdict`, `incomplete`, `no-keys`, `wrong-keys`, `updating`, `migrating`, `not-served`;
    /// of `pick` besides `other-cluster`, `too-late`, `future`, `no-time`, `release`.
    pub name: Word,
    /// In a sentence.
    pub text: String,
}

/// Where a file was seen.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SeenAt {
    /// The host's name.
    pub host: String,
    /// The path there.
    pub path: String,
    /// `unchanged`, `rotten`, `replaced`, `missing`, `unreadable`, `moved`.
    pub state: Word,
    /// When its bytes were last read, RFC 3339.
    pub checked: String,
}

/// A file of a backup.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CataloguedFile {
    /// `snapshot`, `resources`, `escrow`, `manifest`, `share`, `signature`.
    pub role: Word,
    /// SHA-256 of what is in it, unpacked.
    pub sha256: String,
    /// Bytes of that.
    pub size: u64,
    /// Where it was seen.
    pub places: Vec<SeenAt>,
}

/// An escrow of a backup's keys.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CataloguedEscrow {
    /// SHA-256 of its manifest.
    pub manifest_sha256: String,
    /// SHA-256 of the escrow file.
    pub escrow_sha256: String,
    /// How many custodians it takes to open it.
    pub needed: u32,
    /// Who can open it, alone or with others.
    pub custodians: Vec<CataloguedCustodian>,
}

/// Who can open an escrow.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CataloguedCustodian {
    /// The number of the share; `None` of who opens it alone.
    pub share: Option<i64>,
    /// The public recipient.
    pub recipient: String,
}

/// What was judged of a backup.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PastJudgement {
    /// When, RFC 3339.
    pub at: String,
    /// By which version of assay.
    pub assay: String,
    /// But for what it says of keys and of a half that is missing.
    pub verdict: Option<Verdict>,
    /// What it says of keys.
    pub keys: Word,
    /// What was found, of severity low and above.
    pub findings: Vec<PastFinding>,
}

/// A finding of an earlier judgement.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PastFinding {
    /// Its ID.
    pub id: String,
    /// `low`, `medium`, `high`, `critical`.
    pub severity: Word,
    /// In a line.
    pub message: String,
}
