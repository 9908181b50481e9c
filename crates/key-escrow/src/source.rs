//! A reader's bytes with as much look-ahead as asked for, wiped afterwards.

use std::io::{self, Read};

use zeroize::Zeroizing;

const STEP: usize = 64 * 1024;

/// Buffers a reader; knows its offset; the buffer is wiped on drop because compressed keys are keys.
pub(crate) struct Source<R> {
    inner: R,
    buf: Zeroizing<Vec<u8>>,
    pos: usize,
    offset: u64,
    eof: bool,
}

impl<R: Read> Source<R> {
    pub(crate) fn new(inner: R) -> Self {
        Self { inner, buf: Zeroizing::new(Vec::new()), pos: 0, offset: 0, eof: false }
    }

    /// The bytes at the front, at least `want` of them unless the input ends before.
    pub(crate) fn fill(&mut self, want: usize) -> io::Result<&[u8]> {
        while self.available().len() < want && !self.eof {
            if self.pos > 0 {
                let pos = std::mem::take(&mut self.pos);
                self.buf.drain(..pos);
            }
            let have = self.buf.len();
            self.grow(have.saturating_add(STEP));
            let n = self.inner.read(self.buf.get_mut(have..).unwrap_or_default());
            self.buf.truncate(have.saturating_add(*n.as_ref().unwrap_or(&0)));
            match n {
                Ok(0) => self.eof = true,
                Ok(_) => {}
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        Ok(self.available())
    }

    /// Grows without leaving an unwiped copy behind.
    fn grow(&mut self, len: usize) {
        if self.buf.capacity() < len {
            let mut bigger = Zeroizing::new(Vec::with_capacity(len.saturating_mul(2)));
            bigger.extend_from_slice(&self.buf);
            self.buf = bigger;
        }
        self.buf.resize(len, 0);
    }

    pub(crate) fn available(&self) -> &[u8] {
        self.buf.get(self.pos..).unwrap_or_default()
    }

    /// Steps over `n` bytes of what [`Source::available`] shows.
    pub(crate) fn consume(&mut self, n: usize) {
        let n = n.min(self.available().len());
        self.pos += n;
        self.offset = self.offset.saturating_add(n as u64);
    }

    /// Offset of the front in the input.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// Whether the input has ended; bytes may still be available.
    pub(crate) fn at_eof(&self) -> bool {
        self.eof
    }
}
