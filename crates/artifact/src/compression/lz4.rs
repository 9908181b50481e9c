//! lz4, frame by frame, each held against its own checks.

use std::io::{self, Read};

use lz4_flex::frame::FrameDecoder;

/// The content of all frames of an lz4 stream.
pub(crate) struct Frames<R: Read>(FrameDecoder<Counted<R>>);

/// Knows how much was taken of a source, and whether its end was met.
struct Counted<R> {
    source: R,
    taken: u64,
    ended: bool,
    /// How much was taken when the last frame ended.
    whole: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(buffer)?;
        self.taken += read as u64;
        self.ended |= read == 0 && !buffer.is_empty();
        Ok(read)
    }
}

impl<R: Read> Frames<R> {
    pub(crate) fn new(source: R) -> Self {
        Self(FrameDecoder::new(Counted { source, taken: 0, ended: false, whole: 0 }))
    }
}

impl<R: Read> Read for Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            let read = self.0.read(buffer)?;
            if read > 0 {
                return Ok(read);
            }
            // The decoder says the same of a frame that ended as of a source that ended between two blocks of one.
            let source = self.0.get_mut();
            match (source.ended, source.taken == source.whole) {
                (true, true) => return Ok(0),
                (true, false) => return Err(io::ErrorKind::UnexpectedEof.into()),
                (false, _) => source.whole = source.taken,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::expand::read_all;
    use crate::{Compression, InputError};

    /// What does not repeat, so that it takes several blocks.
    fn content() -> Vec<u8> {
        (0..300_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> (n % 17)).to_be_bytes()[0]).collect()
    }

    fn packed(content: &[u8], options: &[&str]) -> Option<Vec<u8>> {
        let path = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(path.path(), content).unwrap();
        let packed = fixtures::tool("lz4")?.args(options).arg("--stdout").arg(path.path()).output().unwrap().stdout;
        assert!(packed.starts_with(b"\x04\x22\x4d\x18"));
        Some(packed)
    }

    fn whole(packed: &[u8], cap: u64) -> Result<(Vec<u8>, Compression), InputError> {
        read_all(packed, cap, "`x`")
    }

    /// The real program's: blocks that stand on each other, of every size, with and without checks.
    #[test]
    fn what_lz4_writes_is_read() {
        let content = content();
        for options in [&["-1"][..], &["-9", "-BD", "-B4"], &["-B5", "-BX"], &["--no-frame-crc"], &["--content-size"]] {
            let Some(packed) = packed(&content, options) else { return };
            let (read, compression) = whole(&packed, 1 << 30).unwrap();
            assert!(read == content && compression == Compression::Lz4, "{options:?}");
            let twice = whole(&packed.repeat(2), 1 << 30).unwrap().0;
            assert!(twice == content.repeat(2), "{options:?}");
            assert!(matches!(whole(&packed, 1000), Err(InputError::OverCap { .. })));
        }
    }

    #[test]
    fn what_is_cut_off_or_damaged_is_told_also_between_blocks() {
        let content = content();
        let Some(packed) = packed(&content, &["-B4"]) else { return };
        // magic, flags, sizes, check of the header; then each block behind its length
        let mut ends = vec![7];
        while let Some(length) = packed.get(ends[ends.len() - 1]..ends[ends.len() - 1] + 4) {
            let length = u32::from_le_bytes(length.try_into().unwrap()) & 0x7fff_ffff;
            if length == 0 {
                break;
            }
            ends.push(ends[ends.len() - 1] + 4 + length as usize);
        }
        assert!(ends.len() > 3, "{ends:?}");
        let elsewhere = (4..packed.len()).step_by(997).chain([packed.len() - 1]);
        for end in ends.into_iter().chain(elsewhere) {
            assert!(matches!(whole(&packed[..end], 1 << 30), Err(InputError::CutOff { .. })), "{end}");
        }
        for at in (4..packed.len()).step_by(1009) {
            let mut wrong = packed.clone();
            wrong[at] ^= 0x41;
            let told = whole(&wrong, 1 << 30);
            assert!(matches!(told, Err(InputError::Damaged { .. } | InputError::CutOff { .. })), "{at}");
        }
    }
}
