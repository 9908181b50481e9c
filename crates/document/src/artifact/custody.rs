//! Who can open what: `catalog custody`.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::any::Fields;
use crate::values::Word;

/// An escrow that a catalog knows, and those who can open it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Custody {
    /// Name of the tarball that was split.
    pub path: String,
    /// [`Custody::KIND`].
    pub kind: Word,
    /// SHA-256 of its manifest, hex.
    pub manifest_sha256: String,
    /// The cluster whose keys are in it.
    pub cluster: Option<String>,
    /// When it was sealed, as its manifest says.
    pub created: String,
    /// How many have to come together to open it.
    pub needed: u64,
    /// How many proved within 90 days that they open it, or their share.
    pub proven: u64,
    /// When as many as it takes had last proven it, RFC 3339.
    pub quorum_proven: Option<String>,
    /// Whether it holds seeds, without which nothing can be proven of it.
    pub can_be_proven: bool,
    /// Whether the loss of any one of them closes it for good.
    pub needs_everyone: bool,
    /// Who can open it, or has a share.
    pub holders: Vec<CustodyHolder>,
    /// What a later assay says besides.
    #[serde(flatten)]
    pub more: Fields,
}

impl Custody {
    /// What `kind` says of it.
    pub const KIND: Word = Cow::Borrowed("custody");
}

/// Somebody who can open an escrow, or has a share of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CustodyHolder {
    /// Whom it is sealed to; empty for a passphrase.
    pub recipient: String,
    /// How they are called.
    pub name: Option<String>,
    /// Their principal in a list of signers.
    pub principal: Option<String>,
    /// The number of their share.
    pub share: Option<u8>,
    /// Since when it is proven: when the newest challenge was given that they answered, RFC 3339.
    pub proven: Option<String>,
    /// When they last said so without a proof, RFC 3339.
    pub stated: Option<String>,
}
