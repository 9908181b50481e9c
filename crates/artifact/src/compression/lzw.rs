//! LZW as Go's `compress/lzw` writes it: literals of eight bits, the least bit of a code first, an end that is told.

use std::io::{self, BufRead, Read};

use weezl::decode::Decoder;
use weezl::{BitOrder, LzwStatus};

/// Bits of a literal.
const LITERAL: u8 = 8;

/// The content of an LZW stream.
pub(crate) struct Codes<R> {
    source: R,
    decoder: Decoder,
    ended: bool,
}

impl<R: BufRead> Codes<R> {
    pub(crate) fn new(source: R) -> Self {
        Self { source, decoder: Decoder::new(BitOrder::Lsb, LITERAL), ended: false }
    }
}

impl<R: BufRead> Read for Codes<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while !self.ended && !buffer.is_empty() {
            let packed = self.source.fill_buf()?;
            let is_end = packed.is_empty();
            let done = self.decoder.decode_bytes(packed, buffer);
            self.source.consume(done.consumed_in);
            let status = done.status.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.to_string()))?;
            self.ended = matches!(status, LzwStatus::Done);
            if done.consumed_out > 0 {
                return Ok(done.consumed_out);
            }
            // the end is a code of its own: a stream without one was cut off
            if is_end && !self.ended {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(0)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufReader, Write};

    use super::*;
    use crate::expand::read_all;
    use crate::{Compression, InputError};

    /// What does not repeat much, so that the table is full several times.
    fn delta() -> Vec<u8> {
        let mut bytes = b"[{\"etcdEvent\":{}}".to_vec();
        bytes.extend((0..60_000_u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()));
        bytes
    }

    fn lzw(bytes: &[u8]) -> Vec<u8> {
        weezl::encode::Encoder::new(BitOrder::Lsb, LITERAL).encode(bytes).unwrap()
    }

    fn zlib(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn all(packed: &[u8]) -> Result<(Vec<u8>, Compression), InputError> {
        read_all(BufReader::with_capacity(7, packed), 1 << 20, "`x`")
    }

    #[test]
    fn what_go_wrote_is_read() {
        // before Go 1.17 no clear code stood first; from the tests of compress/lzw
        let packed = b"\x54\x9e\x08\x29\xf2\x44\x8a\x93\x27\x54\x04\x12\x34\xb8\xb0\xe0\xc1\x84\x01\x01";
        let mut text = String::new();
        Codes::new(&packed[..]).read_to_string(&mut text).unwrap();
        assert_eq!(text, "TOBEORNOTTOBEORTOBEORNOT");
    }

    #[test]
    fn what_has_no_magic_is_known_by_what_is_beneath() {
        let snapshot = fixtures::named("plain-etcd36").bytes();
        for content in [delta(), snapshot[..600_000.min(snapshot.len())].to_vec()] {
            for (packed, compression) in [(lzw(&content), Compression::Lzw), (zlib(&content), Compression::Zlib)] {
                let (bytes, told) = all(&packed).unwrap();
                assert!(told == compression && bytes == content, "{compression}");
                let cut = all(&packed[..packed.len() - 9]).unwrap_err();
                assert!(matches!(cut, InputError::CutOff { .. }), "{compression}: {cut}");
            }
        }
        // nobody else's business
        for other in [&b"[{\"other\":1}]"[..], b"text"] {
            assert_eq!(all(&zlib(other)).unwrap().1, Compression::None);
            assert_eq!(all(&lzw(other)).unwrap().1, Compression::None);
        }
    }
}
