//! What a finding means, as `explain` tells it.

use serde::{Deserialize, Serialize};

use crate::any::Fields;
use crate::values::Word;

/// An entry of the table of findings.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Explained {
    /// How it comes about.
    pub cause: Word,
    /// What it leads to.
    pub consequence: Word,
    /// Stable ID: `SNAP-003`.
    pub id: Word,
    /// Stable name: `trailer-mismatch`.
    pub name: Word,
    /// Names of the platforms for which it is meaningful.
    pub platforms: Vec<Word>,
    /// What to do.
    pub remedy: Word,
    /// How bad it is, where nothing makes it better or worse.
    pub severity: Word,
    /// Where that is from.
    pub source: Word,
    /// What it is.
    pub title: Word,
    /// What a later assay says besides.
    #[serde(flatten)]
    pub more: Fields,
}

impl From<&checks::Entry> for Explained {
    fn from(entry: &checks::Entry) -> Self {
        Self {
            cause: entry.cause.into(),
            consequence: entry.consequence.into(),
            id: entry.id.into(),
            name: entry.name.into(),
            platforms: entry.platforms.all().iter().map(|platform| platform.name().into()).collect(),
            remedy: entry.remedy.into(),
            severity: entry.severity.name().into(),
            source: entry.source.into(),
            title: entry.title.into(),
            more: Fields::default(),
        }
    }
}
