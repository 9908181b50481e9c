//! What could not be read: it stands among the artifacts, so that no reader takes silence for approval.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::any::Fields;
use crate::values::Word;

/// An input, or a part of one, that could not be read.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Unread {
    /// [`Unread::KIND`].
    pub kind: Word,
    /// The input, as given; `-` for standard input.
    pub path: String,
    /// Why not, in a sentence.
    pub error: String,
    /// [`Unread::KIND`], where others have their verdict.
    pub verdict: Word,
    /// What a later assay says besides.
    #[serde(flatten)]
    pub more: Fields,
}

impl Unread {
    /// What `kind` and `verdict` say of it.
    pub const KIND: Word = Cow::Borrowed("unreadable");

    /// What of that name could not be read, and why not.
    #[must_use]
    pub fn of(path: &str, error: String) -> Self {
        let (kind, verdict) = (Self::KIND, Self::KIND);
        Self { kind, path: path.to_owned(), error, verdict, more: Fields::default() }
    }
}
