//! What is known of a backup, as the document has it.

use document::{
    Against, Catalogued, CataloguedCustodian, CataloguedEscrow, CataloguedFile, HexBytes, PastFinding, PastJudgement,
    SeenAt, Word,
};
use version_compat::Backup as Release;

use crate::add::Escrow;
use crate::backup::{Backup, Keys, Place, Rehearsed};
use crate::load::verdict_named;
use crate::lookup::{Judged, Part};
use crate::pick::{By, Pick, Rejected};
use crate::restorable::Unfit;

impl Backup {
    /// The shape of it.
    #[must_use]
    pub fn told(&self) -> Catalogued {
        let proven = if let Keys::Escrow { proven } = &self.keys { *proven } else { None };
        Catalogued {
            path: self.whole().next().map(|place| place.path.clone()).unwrap_or_default(),
            kind: Catalogued::KIND,
            id: self.id.clone(),
            cluster: self.cluster.clone(),
            cluster_name: self.cluster_name.clone(),
            taken: self.taken.to_string(),
            taken_by: Word::Owned(self.taken_by.clone()),
            release: self.release_text(),
            platform: self.platform.clone(),
            topology: self.topology.clone(),
            revision: self.revision,
            snapshot_sha256: (self.digest != [0; 32]).then(|| HexBytes(&self.digest).to_string()),
            verdict: Some(self.verdict),
            failed_by: self.failed_by.clone(),
            keys: Word::Borrowed(self.keys.name()),
            keys_proven: proven.map(|at| at.to_string()),
            rehearsed: Word::Borrowed(match self.rehearsed {
                Rehearsed::Never => "never",
                Rehearsed::Served => "served",
                Rehearsed::Failed => "failed",
            }),
            restorable: self.restorable(),
            unfit: self.unfit().iter().map(against).collect(),
            pinned: self.pinned.clone(),
            places: self.places.iter().map(seen).collect(),
            ..Catalogued::default()
        }
    }
}

impl Backup {
    /// The release, such as `4.18.30` or `4.18`; `None` where nothing tells.
    #[must_use]
    pub fn release_text(&self) -> Option<String> {
        match &self.release {
            Release::Exact(version) | Release::Updating { to: version, .. } => Some(version.to_string()),
            Release::Minor(major, minor) => Some(format!("{major}.{minor}")),
            Release::Unknown => None,
        }
    }
}

impl Keys {
    /// The word for it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::NotNeeded => "not-needed",
            Self::AtHand => "at-hand",
            Self::Escrow { .. } => "escrow",
            Self::Missing => "missing",
            Self::Wrong => "wrong",
        }
    }

    /// The same for people.
    #[must_use]
    pub fn words(&self) -> &'static str {
        match self {
            Self::NotNeeded => "nothing encrypted",
            Self::AtHand => "keys at hand",
            Self::Escrow { proven: Some(_) } => "keys in escrow, proven",
            Self::Escrow { proven: None } => "keys in escrow",
            Self::Missing => "no keys",
            Self::Wrong => "wrong keys",
        }
    }
}

impl By {
    /// The word for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Age => "age",
            Self::Keys => "keys",
            Self::Proof => "proof",
            Self::Site => "site",
            Self::Taken => "taken",
            Self::Checked => "checked",
            Self::Revision => "revision",
            Self::Digest => "digest",
        }
    }

    /// What the first has before the other, for people.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Age => "older by more than may be lost",
            Self::Keys => "its keys are farther",
            Self::Proof => "less is proven of it",
            Self::Site => "of another platform or topology",
            Self::Taken => "taken earlier",
            Self::Checked => "its bytes were read longer ago",
            Self::Revision => "its revision is lower",
            Self::Digest => "nothing tells them apart",
        }
    }
}

impl Pick<'_> {
    /// All of them: those that may be taken, by rank, and then the others.
    #[must_use]
    pub fn told(&self) -> Vec<Catalogued> {
        let ranked = self.ranked.iter().zip(1_u64..).map(|(it, rank)| Catalogued {
            rank: Some(rank),
            behind: it.behind.map(|by| Word::Borrowed(by.name())),
            reasons: Some(Vec::new()),
            ..it.backup.told()
        });
        let rejected = self.rejected.iter().map(|(backup, why)| Catalogued {
            reasons: Some(
                why.iter().map(|it| Against { name: Word::Borrowed(it.name()), text: it.to_string() }).collect(),
            ),
            ..backup.told()
        });
        ranked.chain(rejected).collect()
    }
}

impl std::fmt::Display for Rejected {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::OtherCluster => f.write_str("it is of another cluster"),
            Self::TooLate => f.write_str("it was taken later than was asked for"),
            Self::Future => f.write_str("it is said to have been taken in the future"),
            Self::NoTime => f.write_str("nothing tells when it was taken"),
            Self::Unfit(unfit) => unfit.fmt(f),
            Self::Release(why) => f.write_str(why),
        }
    }
}

impl Part {
    /// The shape of it.
    #[must_use]
    pub fn told(&self) -> CataloguedFile {
        CataloguedFile {
            role: Word::Borrowed(self.kind.name()),
            sha256: HexBytes(&self.content).to_string(),
            size: self.size,
            places: self.places.iter().map(seen).collect(),
        }
    }
}

impl Escrow {
    /// The shape of it.
    #[must_use]
    pub fn told(&self) -> CataloguedEscrow {
        let custodian = |(share, recipient): &(i64, String)| CataloguedCustodian {
            share: (*share > 0).then_some(*share),
            recipient: recipient.clone(),
        };
        CataloguedEscrow {
            manifest_sha256: HexBytes(&self.manifest).to_string(),
            escrow_sha256: HexBytes(&self.sealed).to_string(),
            needed: self.needed,
            custodians: self.custodians.iter().map(custodian).collect(),
        }
    }
}

impl Judged {
    /// The shape of it.
    #[must_use]
    pub fn told(&self) -> PastJudgement {
        let finding = |it: &crate::record::Said| PastFinding {
            id: it.id.clone(),
            severity: Word::Borrowed(it.severity.name()),
            message: it.message.clone(),
        };
        PastJudgement {
            at: self.at.clone(),
            assay: self.assay.clone(),
            verdict: Some(verdict_named(&self.verdict)),
            keys: Word::Owned(self.keys.clone()),
            findings: self.findings.iter().map(finding).collect(),
        }
    }
}

fn against(unfit: &Unfit) -> Against {
    Against { name: Word::Borrowed(unfit.name()), text: unfit.to_string() }
}

fn seen(place: &Place) -> SeenAt {
    SeenAt {
        host: place.host.clone(),
        path: place.path.clone(),
        state: Word::Borrowed(place.state.name()),
        checked: place.checked.to_string(),
    }
}
