//! Lines of JSON in Zstandard frames: `zstdcat` reads them, and equal lines make equal bytes.

use std::io::{self, BufRead, BufReader, Read};

use ruzstd::decoding::StreamingDecoder;
use ruzstd::encoding::{CompressionLevel, compress_to_vec};
use serde::Serialize;

use crate::error::Error;

/// Text in a frame, in bytes, before it is compressed: what is in memory at a time.
const FRAME: usize = 1 << 20;

/// The longest line, in bytes: an item has at most a thousand findings, each a line of its own.
const LINE: u64 = 16 << 20;

/// Writes lines.
#[derive(Default)]
pub(crate) struct Writer {
    text: Vec<u8>,
    frames: Vec<u8>,
}

impl Writer {
    /// Adds a row.
    pub(crate) fn row(&mut self, row: &impl Serialize) -> Result<(), Error> {
        serde_json::to_writer(&mut self.text, row).map_err(|error| Error::new(format!("a row: {error}")))?;
        self.text.push(b'\n');
        if self.text.len() >= FRAME {
            self.frame();
        }
        Ok(())
    }

    fn frame(&mut self) {
        self.frames.extend(compress_to_vec(self.text.as_slice(), CompressionLevel::Fastest));
        self.text.clear();
    }

    /// All that is left, compressed.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        // no row at all is a frame, too: an empty file is none of Zstandard's
        if !self.text.is_empty() || self.frames.is_empty() {
            self.frame();
        }
        self.frames
    }
}

/// Frames one after the other, as one stream.
struct Frames<R: Read> {
    rest: Option<BufReader<R>>,
    frame: Option<StreamingDecoder<BufReader<R>, ruzstd::decoding::FrameDecoder>>,
}

impl<R: Read> Read for Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if let Some(frame) = &mut self.frame {
                let read = frame.read(buffer)?;
                if read > 0 {
                    return Ok(read);
                }
                self.rest = self.frame.take().map(StreamingDecoder::into_inner);
            }
            let Some(mut rest) = self.rest.take() else { return Ok(0) };
            if rest.fill_buf()?.is_empty() {
                return Ok(0);
            }
            self.frame = Some(StreamingDecoder::new(rest).map_err(io::Error::other)?);
        }
    }
}

/// The lines in `packed`, one after the other; a line that is too long, or what is no Zstandard, is an error.
pub(crate) fn lines<R: Read>(packed: R) -> impl Iterator<Item = io::Result<Vec<u8>>> {
    let mut reader = BufReader::new(Frames { rest: Some(BufReader::new(packed)), frame: None });
    std::iter::from_fn(move || {
        let mut line = Vec::new();
        match reader.by_ref().take(LINE).read_until(b'\n', &mut line) {
            Err(error) => Some(Err(error)),
            Ok(0) => None,
            Ok(_) if line.last() != Some(&b'\n') => Some(Err(io::Error::other("a line that does not end"))),
            Ok(_) => Some(Ok(line)),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_back_over_frames_and_what_is_cut_is_told() {
        let mut writer = Writer::default();
        let rows: Vec<String> = (0..60_000).map(|number| format!("row {number} of a plan")).collect();
        rows.iter().for_each(|row| writer.row(row).unwrap());
        let packed = writer.finish();
        let read: Vec<String> =
            lines(packed.as_slice()).map(|line| serde_json::from_slice(&line.unwrap()).unwrap()).collect();
        assert_eq!(read, rows);
        assert!(lines(&packed[..packed.len() - 5]).any(|line| line.is_err()));
        assert!(lines(b"no zstd".as_slice()).any(|line| line.is_err()));
        let nothing = Writer::default().finish();
        assert!(!nothing.is_empty() && lines(nothing.as_slice()).count() == 0);
    }
}
