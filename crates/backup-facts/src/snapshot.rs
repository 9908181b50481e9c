//! What a snapshot's file says of itself.

use bbolt_page::Pgid;

/// By what a database was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opened {
    /// By its meta, as etcd opens it.
    Meta,
    /// Both metas are gone; this page looked most like the root.
    FoundRoot(Pgid),
    /// Metas and root are gone; there are pages.
    PagesAlone,
}
