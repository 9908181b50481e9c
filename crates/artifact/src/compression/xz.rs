//! xz, stream by stream, each held against its own checks.

use std::io::{self, BufRead, Read};

use xz4rust::{XzDecoder, XzError, XzNextBlockResult};

/// The dictionary of `xz -9`, the largest preset: no file may ask for more memory than that.
const LARGEST_DICTIONARY: usize = 64 << 20;
/// Most bytes taken from the source at once.
const STEP: usize = 1 << 16;

/// The content of all streams, with zeros between them passed over.
pub(crate) struct Streams<R> {
    source: R,
    decoder: Box<XzDecoder<'static>>,
    /// Bytes of the source, from `at` on not decoded yet.
    held: Vec<u8>,
    at: usize,
    in_stream: bool,
}

impl<R: BufRead> Streams<R> {
    pub(crate) fn new(source: R) -> Self {
        let decoder = XzDecoder::in_heap_with_alloc_dict_size(0, LARGEST_DICTIONARY);
        Self { source, decoder, held: Vec::new(), at: 0, in_stream: false }
    }

    /// Takes more of the source; `false` at its end.
    fn more(&mut self) -> io::Result<bool> {
        self.held.drain(..self.at.min(self.held.len()));
        self.at = 0;
        let some = self.source.fill_buf()?;
        let some = some.get(..STEP).unwrap_or(some);
        let count = some.len();
        self.held.extend_from_slice(some);
        self.source.consume(count);
        Ok(count > 0)
    }

    /// Goes to the next stream; `false` where there is none.
    fn next_stream(&mut self) -> io::Result<bool> {
        loop {
            let rest = self.held.get(self.at..).unwrap_or_default();
            if let Some(zeros) = rest.iter().position(|byte| *byte != 0) {
                self.at += zeros;
                self.decoder.reset();
                return Ok(true);
            }
            self.at = self.held.len();
            if !self.more()? {
                return Ok(false);
            }
        }
    }
}

impl<R: BufRead> Read for Streams<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            if !self.in_stream {
                if !self.next_stream()? {
                    return Ok(0);
                }
                self.in_stream = true;
            }
            let step = match self.decoder.decode(self.held.get(self.at..).unwrap_or_default(), buffer) {
                Err(XzError::NeedsLargerInputBuffer) => XzNextBlockResult::NeedMoreData(0, 0),
                done => done.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.to_string()))?,
            };
            self.at += step.input_consumed();
            self.in_stream = !step.is_end_of_stream();
            if step.output_produced() > 0 {
                return Ok(step.output_produced());
            }
            if self.in_stream && !step.made_progress() && !self.more()? {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expand::{beginning, read_all};
    use crate::{Compression, InputError};

    /// What xz 5.4 -9e made of [`text`].
    const PACKED: &str = "\
        fd377a585a000004e6d6b446020021011c00000010cf58cce0289f00475d0030880986d41f45b8238ff4d238fd2fb700baf1f701\
        97f1b3d23dcfa02742208d14301e7930e6c875e838258af061587c7b97dc0a7df8d05a8e928009996c0e202f6b033b850f900000\
        d3f3b83dfbe29e66000163a051000000785ea34eb1c467fb020000000004595a";
    /// One byte that asks for a dictionary of 1 GiB.
    const GREEDY: &str = "\
        fd377a585a000004e6d6b44602002101240000005e1fc7f9010000780000000045aeef83f8ee160a00011901a52c81cc1fb6f37d\
        010000000004595a";

    fn bytes(hex: &str) -> Vec<u8> {
        let digits: Vec<u32> = hex.chars().map(|digit| digit.to_digit(16).unwrap()).collect();
        digits.chunks(2).map(|pair| u8::try_from(pair[0] * 16 + pair[1]).unwrap()).collect()
    }

    fn text() -> Vec<u8> {
        b"a line of text, and again\n".repeat(400)
    }

    fn whole(packed: &[u8], cap: u64) -> Result<(Vec<u8>, Compression), InputError> {
        read_all(packed, cap, "`x`")
    }

    #[test]
    fn streams_come_out_as_they_went_in() {
        let one = bytes(PACKED);
        assert!(whole(&one, 1 << 20).unwrap() == (text(), Compression::Xz));
        let several = [&one[..], &[0; 8], &one, &[0; 4]].concat();
        assert!(whole(&several, 1 << 20).unwrap().0 == text().repeat(2));
        let slowly = io::BufReader::with_capacity(1, &several[..]);
        assert!(read_all(slowly, 1 << 20, "`x`").unwrap().0 == text().repeat(2));
        assert!(beginning(&one[..one.len() - 40], Compression::Xz, 100).len() <= 100);
    }

    /// The real program's, where it is there: with other checks, in blocks, of what does not repeat.
    #[test]
    fn what_xz_writes_is_read() {
        let content: Vec<u8> =
            (0..2_000_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> (n % 17)).to_be_bytes()[0]).collect();
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("content");
        std::fs::write(&path, &content).unwrap();
        for options in [&["-6"][..], &["-1", "--check=sha256"], &["-0", "--block-size=100000"], &["-3", "--check=none"]]
        {
            let Some(mut xz) = fixtures::tool("xz") else { return };
            let packed = xz.args(options).arg("--stdout").arg(&path).output().unwrap().stdout;
            assert!(whole(&packed, 1 << 30).unwrap().0 == content, "{options:?}");
        }
    }

    #[test]
    fn what_is_damaged_cut_off_or_too_much_is_told() {
        let one = bytes(PACKED);
        for end in 6..one.len() {
            assert!(matches!(whole(&one[..end], 1 << 20), Err(InputError::CutOff { .. })), "{end}");
        }
        for at in 6..one.len() {
            let mut wrong = one.clone();
            wrong[at] ^= 0x41;
            match whole(&wrong, 1 << 30) {
                Err(InputError::Damaged { .. } | InputError::CutOff { .. }) => {}
                // a byte that says nothing: the checks held
                Ok((content, _)) => assert!(content == text(), "{at}"),
                Err(other) => panic!("{at}: {other}"),
            }
        }
        assert!(matches!(whole(&one, 1000), Err(InputError::OverCap { .. })));
        assert!(matches!(whole(&bytes(GREEDY), 1 << 20), Err(InputError::Damaged { .. })), "a dictionary of 1 GiB");
        assert!(matches!(whole(&[&one[..], b"more than a header"].concat(), 1 << 20), Err(InputError::Damaged { .. })));
    }
}
