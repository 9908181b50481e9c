//! Caps on what a tarball may make the reader do.

/// Caps for [`crate::read`]. Reaching one stops the reading with [`crate::FaultKind::Limit`]
/// (for `keep`: the member is searched for markers only, and a fault says so); nothing is cut
/// silently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Tar headers, extension headers included. A real tarball has about 150.
    pub entries: u64,
    /// Bytes of a member that is held and examined in full. A Secret or ConfigMap cannot be
    /// larger than 1 MiB.
    pub keep: usize,
    /// Bytes of the inner tar, whatever the compressed size.
    pub expansion: u64,
    /// Bytes of a path or link target.
    pub path: usize,
    /// Bytes of one extension header (pax records, GNU long names).
    pub extension: usize,
    /// Bytes of everything that is remembered: paths, faults, certificates, facts.
    pub metadata: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { entries: 65_536, keep: 1 << 20, expansion: 4 << 30, path: 4096, extension: 64 << 10, metadata: 16 << 20 }
    }
}

/// The cap that was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Limit {
    /// [`Limits::entries`].
    Entries,
    /// [`Limits::expansion`].
    Expansion,
    /// [`Limits::path`].
    Path,
    /// [`Limits::extension`].
    Extension,
    /// [`Limits::metadata`].
    Metadata,
}
