//! The gzip container (RFC 1952): several members, any header, trailing bytes, checked strictly.
//!
//! flate2's own readers hide where a header ends and refuse trailing bytes; a byte-exact join needs both.

use std::io::{self, Read};

use flate2::{Crc, Decompress, FlushDecompress, Status};
use zeroize::Zeroizing;

use crate::error::{Error, Result};
use crate::source::Source;

/// The longest gzip header accepted, optional fields included.
pub(crate) const MAX_HEADER: usize = 1024 * 1024;
/// CRC-32 and length, little-endian.
pub(crate) const TRAILER: usize = 8;
const MAGIC: [u8; 3] = [0x1f, 0x8b, 8];
const FHCRC: u8 = 2;
const FEXTRA: u8 = 4;
const FNAME: u8 = 8;
const FCOMMENT: u8 = 16;
const RESERVED: u8 = 0xe0;

/// Whether another gzip member starts here; anything else after a member is trailing bytes, as for GNU gzip.
pub(crate) fn next_is_member<R: Read>(src: &mut Source<R>) -> io::Result<bool> {
    Ok(src.fill(MAGIC.len())?.starts_with(&MAGIC))
}

/// Length of the member header at the front of `src`; all of it is available afterwards.
pub(crate) fn header_len<R: Read>(src: &mut Source<R>) -> Result<usize> {
    let offset = src.offset();
    let fault = |what| Error::Gzip { what, offset };
    let front = fill(src, 10)?;
    if !front.starts_with(&MAGIC) {
        return Err(fault("no gzip magic"));
    }
    let flags = *front.get(3).ok_or_else(|| fault("header cut short"))?;
    if flags & RESERVED != 0 {
        return Err(fault("reserved header flags are set"));
    }
    let mut len = 10;
    if flags & FEXTRA != 0 {
        let bytes = fill(src, len + 2)?.get(len..len + 2);
        let extra = match bytes {
            Some([lo, hi]) => usize::from(u16::from_le_bytes([*lo, *hi])),
            _ => return Err(fault("header cut short")),
        };
        len += 2 + extra;
    }
    for flag in [FNAME, FCOMMENT] {
        if flags & flag != 0 {
            len = after_nul(src, len)?;
        }
    }
    if flags & FHCRC != 0 {
        len += 2;
    }
    if fill(src, len)?.len() < len {
        return Err(fault("header cut short"));
    }
    Ok(len)
}

fn after_nul<R: Read>(src: &mut Source<R>, start: usize) -> Result<usize> {
    let mut want = start + 256;
    loop {
        let field = fill(src, want)?.get(start..).unwrap_or_default();
        if let Some(nul) = field.iter().position(|b| *b == 0) {
            return Ok(start + nul + 1);
        }
        if src.at_eof() || want > MAX_HEADER {
            return Err(Error::Gzip { what: "header field without end", offset: src.offset() });
        }
        want *= 2;
    }
}

fn fill<R: Read>(src: &mut Source<R>, want: usize) -> Result<&[u8]> {
    src.fill(want).map_err(|e| match e.downcast::<Error>() {
        Ok(own) => own,
        Err(source) => Error::Io { action: "read", path: "the gzip file".into(), source },
    })
}

enum State {
    Header,
    Body,
    Trailing,
    Done,
}

/// Reads the concatenated content of all members, checking every trailer, then skips trailing bytes.
pub(crate) struct Gunzip<R> {
    src: Source<R>,
    state: State,
    inflate: Decompress,
    crc: Crc,
    members: u64,
}

impl<R: Read> Gunzip<R> {
    pub(crate) fn new(inner: R) -> Self {
        Self {
            src: Source::new(inner),
            state: State::Header,
            inflate: Decompress::new(false),
            crc: Crc::new(),
            members: 0,
        }
    }

    fn start_member(&mut self) -> Result<State> {
        if self.members > 0 && !next_is_member(&mut self.src).map_err(Error::io("read", "the gzip file".as_ref()))? {
            return Ok(State::Trailing);
        }
        let len = header_len(&mut self.src)?;
        self.src.consume(len);
        self.inflate.reset(false);
        self.crc = Crc::new();
        self.members += 1;
        Ok(State::Body)
    }

    fn body(&mut self, out: &mut [u8]) -> Result<usize> {
        loop {
            let offset = self.src.offset();
            let fault = |what| Error::Gzip { what, offset };
            let input = fill(&mut self.src, 1)?;
            let ended = input.is_empty();
            let (before_in, before_out) = (self.inflate.total_in(), self.inflate.total_out());
            let status = self
                .inflate
                .decompress(input, out, FlushDecompress::None)
                .map_err(|_| fault("damaged deflate stream"))?;
            let used = self.inflate.total_in().saturating_sub(before_in);
            let made = usize::try_from(self.inflate.total_out().saturating_sub(before_out)).unwrap_or(0);
            self.src.consume(usize::try_from(used).unwrap_or(usize::MAX));
            self.crc.update(out.get(..made).unwrap_or_default());
            if matches!(status, Status::StreamEnd) {
                self.trailer()?;
                self.state = State::Header;
                return Ok(made);
            }
            if made > 0 {
                return Ok(made);
            }
            if ended {
                return Err(fault("the file ends inside the deflate stream"));
            }
        }
    }

    fn trailer(&mut self) -> Result<()> {
        let offset = self.src.offset();
        let fault = |what| Error::Gzip { what, offset };
        let mut expected = [0; TRAILER];
        let (crc, len) = expected.split_at_mut(4);
        crc.copy_from_slice(&self.crc.sum().to_le_bytes());
        len.copy_from_slice(&self.crc.amount().to_le_bytes());
        let found = fill(&mut self.src, TRAILER)?
            .get(..TRAILER)
            .ok_or_else(|| fault("the file ends inside the gzip trailer"))?;
        if found != expected {
            return Err(fault("gzip checksum or length does not match the content"));
        }
        self.src.consume(TRAILER);
        Ok(())
    }

    fn skip_trailing(&mut self) -> Result<()> {
        loop {
            let n = fill(&mut self.src, 1)?.len();
            if n == 0 {
                return Ok(());
            }
            self.src.consume(n);
        }
    }
}

impl<R: Read> Read for Gunzip<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        loop {
            match self.state {
                State::Header => self.state = self.start_member().map_err(Error::into_io)?,
                State::Body => {
                    let n = self.body(out).map_err(Error::into_io)?;
                    if n > 0 {
                        return Ok(n);
                    }
                }
                State::Trailing => {
                    self.skip_trailing().map_err(Error::into_io)?;
                    self.state = State::Done;
                }
                State::Done => return Ok(0),
            }
        }
    }
}

impl<R> Drop for Gunzip<R> {
    /// The inflater keeps the last 32 KiB of plain text and has no way to wipe it; zeros pushed through it do.
    fn drop(&mut self) {
        let mut zeros = Vec::new();
        for last in [0, 0, 0, 1] {
            zeros.extend_from_slice(&[last, 0x00, 0x40, 0xff, 0xbf]);
            zeros.resize(zeros.len() + 0x4000, 0);
        }
        self.inflate.reset(false);
        let mut out = Zeroizing::new(vec![0; 0x1_0000]);
        let _ = self.inflate.decompress(&zeros, &mut out, FlushDecompress::Finish);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::write::GzEncoder;
    use flate2::{Compression, GzBuilder};

    use super::*;

    fn gz(data: &[u8]) -> Vec<u8> {
        let mut w = GzEncoder::new(Vec::new(), Compression::default());
        w.write_all(data).unwrap();
        w.finish().unwrap()
    }

    fn read(bytes: &[u8]) -> io::Result<Vec<u8>> {
        let mut out = Vec::new();
        Gunzip::new(bytes).read_to_end(&mut out).map(|_| out)
    }

    #[test]
    fn reads_members_headers_and_trailing_bytes() {
        let mut rich =
            GzBuilder::new().filename("a").comment("b").extra(vec![7; 300]).write(Vec::new(), Compression::fast());
        rich.write_all(b"one").unwrap();
        let rich = rich.finish().unwrap();
        let cases: [(&str, Vec<u8>, &[u8]); 5] = [
            ("plain", gz(b"one"), b"one"),
            ("rich header", rich.clone(), b"one"),
            ("two members", [gz(b"one"), gz(b"two")].concat(), b"onetwo"),
            ("empty member", [gz(b""), gz(b"two"), gz(b"")].concat(), b"two"),
            ("trailing", [gz(b"one"), b"\0\0junk".to_vec()].concat(), b"one"),
        ];
        for (name, bytes, expected) in cases {
            assert_eq!(read(&bytes).unwrap(), expected, "{name}");
        }
    }

    #[test]
    fn names_what_is_wrong() {
        let good = gz(b"some content worth reading");
        for cut in 0..good.len() {
            assert!(read(&good[..cut]).is_err(), "cut at {cut}");
        }
        let mut crc = good.clone();
        let at = crc.len() - 5;
        crc[at] ^= 1;
        assert!(read(&crc).unwrap_err().to_string().contains("checksum or length"));
        let mut flags = good;
        flags[3] = 0x80;
        assert!(read(&flags).unwrap_err().to_string().contains("reserved"));
    }

    #[test]
    fn endless_header_field_is_refused() {
        let mut bytes = vec![0x1f, 0x8b, 8, FNAME, 0, 0, 0, 0, 0, 3];
        bytes.resize(4 * MAX_HEADER, b'x');
        assert!(read(&bytes).unwrap_err().to_string().contains("without end"));
    }
}
