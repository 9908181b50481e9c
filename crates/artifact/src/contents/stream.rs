//! Readers that stand between a source and whoever reads it.

use std::io::{self, BufRead, Read};

use crate::Advance;

/// Tells at the first read why there is nothing to read.
pub(super) struct Failing(pub(super) Option<io::Error>);

impl Read for Failing {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

/// Tells `advance` of what passes through.
pub(super) struct Counting<'a, R> {
    pub(super) inner: R,
    pub(super) advance: Advance<'a>,
}

impl<R: Read> Read for Counting<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        (self.advance)(read as u64);
        Ok(read)
    }
}

impl<R: BufRead> BufRead for Counting<'_, R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.inner.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        (self.advance)(amount as u64);
        self.inner.consume(amount);
    }
}
