//! What a transfer did to a snapshot, undone or not: `mend`.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::any::Fields;
use crate::values::Word;

/// What became of a damaged file.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Mended {
    /// The source.
    pub path: String,
    /// [`Mended::KIND`].
    pub kind: Word,
    /// Bytes of the source, uncompressed.
    pub source_size: u64,
    /// The new file; `None` where none was written.
    pub out: Option<String>,
    /// Bytes of the new file; `None` where none was written.
    pub size: Option<u64>,
    /// What proves it: `hash` or `structure`; `None` where nothing does.
    pub proof: Option<Word>,
    /// SHA-256 of its pages, as it stands behind them, hex; `None` where that is not the proof.
    pub trailer: Option<String>,
    /// What was done to it, the last of it first.
    pub damage: Vec<Damage>,
    /// Why it cannot be undone; `None` where it was, or could be.
    pub lost: Option<Damage>,
    /// What a later assay says besides.
    #[serde(flatten)]
    pub more: Fields,
}

/// One thing that was done to a file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Damage {
    /// Its name: `line-ends-translated`, `base64`.
    pub name: Word,
    /// The same in words.
    pub what: String,
}

impl Mended {
    /// What `kind` says of it.
    pub const KIND: Word = Cow::Borrowed("mended");
}
