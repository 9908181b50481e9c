//! Everything that one snapshot shows: what `inspect` describes and `verify` judges.

use std::ops::Deref;

use backup_facts::configuration::InForce;
use backup_facts::opening::{self, Encryption, Options, Unlocked};
pub use backup_facts::snapshot::Opened;
use backup_facts::snapshot::{self, QuotaClaims, SnapshotFacts};
use bbolt_page::{Db, OpenError};
use checks::Finding;

use crate::exit::Error;
use crate::input::Source;
use crate::spread::Pool;
use crate::tarball::Tarball;
use crate::ui::Ui;

/// What was found in one snapshot.
#[derive(Debug)]
pub struct Analysis<'a> {
    /// What it says.
    pub facts: SnapshotFacts<'a>,
    /// What the checks say, worst first.
    pub findings: Vec<Finding>,
}

impl<'a> Deref for Analysis<'a> {
    type Target = SnapshotFacts<'a>;

    fn deref(&self) -> &Self::Target {
        &self.facts
    }
}

/// Why a database cannot be opened, and what to do; `without_meta` is the hint where both metas are gone.
pub(crate) fn unreadable(source: &Source, error: &OpenError, without_meta: &str) -> Error {
    let hint = match error {
        OpenError::NoMeta { .. } => without_meta,
        OpenError::TooShort { .. } => "the copy was interrupted; fetch the file again",
        OpenError::BigEndian => "read it with etcd's own tools on a host of that byte order",
        OpenError::Version { .. } => "a newer etcd wrote it, or no etcd at all; look for a newer assay",
    };
    Error::Unanswerable { display: source.display().to_owned(), reason: error.to_string(), hint: Some(hint.to_owned()) }
}

/// The database in a file that should be a snapshot, metas or not.
///
/// # Errors
/// Where nothing in the file can be read: another byte order, another format, no pages at all.
pub fn database(source: &Source) -> Result<(Db<'_>, Opened), Error> {
    snapshot::database(source.bytes()).map_err(|error| unreadable(source, &error, NO_PAGE))
}

/// What to do with a file in which nothing is left to be read.
const NO_PAGE: &str = "no page in it says what it is: this is no etcd database any more";

impl<'a> Analysis<'a> {
    /// Looks at everything, and holds its size against what the tarball of the same backup says.
    ///
    /// # Errors
    /// Where nothing can be read, or the file changed meanwhile.
    pub fn of(source: &'a Source, tarball: Option<&Tarball>, ui: &mut Ui) -> Result<Self, Error> {
        let meter = ui.meter("checking", Some(source.bytes().len() as u64 * 2));
        let progress = |bytes| meter.add(bytes);
        let of_tarball = tarball.and_then(|tarball| tarball.resources.facts.etcd.quota_bytes);
        let claims = QuotaClaims { asked: None, tarball: of_tarball };
        let facts = SnapshotFacts::read(source.bytes(), claims, &progress, &Pool)
            .map_err(|error| unreadable(source, &error, NO_PAGE))?;
        drop(meter);
        let findings = checks::snapshot::check(&facts).into_sorted();
        source.check_unchanged()?;
        Ok(Self { facts, findings })
    }
}

/// Opens every encrypted value with the keys in force, and says what that comes to; gives the keys back, those that the
/// snapshot itself had among them.
pub fn examine(analysis: &Analysis<'_>, in_force: &InForce, ui: &mut Ui) -> (Encryption, Unlocked) {
    let meter = ui.meter("opening", Some(analysis.scan.report.db.size()));
    let options = Options { sample: None, progress: Some(&|bytes| meter.add(bytes)) };
    opening::examine_with_keys(&analysis.scan, in_force, &options, &Pool)
}
