//! Telling the caller how far the work is.

/// What is being done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Reading the tarball and writing the keyless one.
    Splitting,
    /// Looking for a way to re-create the gzip bytes.
    Analysing,
    /// Encrypting the escrow.
    Sealing,
    /// Reading everything back and comparing.
    Verifying,
    /// Joining keyless tarball and escrow.
    Joining,
    /// Giving the outputs their names; counts files, not bytes.
    Naming,
}

/// Called with the phase, bytes done and, where known, bytes in all. Bytes are of the phase's input; [`Phase::Naming`] counts files.
pub type ProgressFn<'a> = dyn FnMut(Phase, u64, Option<u64>) + 'a;

/// A step function for a commit.
pub(crate) fn naming<'a>(report: &'a mut ProgressFn<'_>) -> impl FnMut(usize, usize) + 'a {
    |done, total| report(Phase::Naming, done as u64, Some(total as u64))
}

/// Counts bytes through a reader for the caller.
pub(crate) struct Watched<'a, 'b, R> {
    pub(crate) inner: R,
    pub(crate) phase: Phase,
    pub(crate) done: u64,
    pub(crate) total: Option<u64>,
    pub(crate) report: &'a mut ProgressFn<'b>,
}

impl<R: std::io::Read> std::io::Read for Watched<'_, '_, R> {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        let n = self.inner.read(buf)?;
        self.done = self.done.saturating_add(n as u64);
        (self.report)(self.phase, self.done, self.total);
        Ok(n)
    }
}
