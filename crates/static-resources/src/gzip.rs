//! The gzip layer: one stream out of one or more members, counted, hashed and capped.
use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::GzDecoder;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroize;

use crate::fault::{Fault, FaultKind};
use crate::limits::Limit;
use crate::member::Digest;
use crate::stop::Stop;

/// The caller's reader, counted and hashed; remembers a real I/O error, so that it is not taken
/// for a damaged stream.
pub(crate) struct Tracked<R> {
    inner: R,
    count: u64,
    hash: Sha256,
    failure: Option<io::Error>,
}

impl<R: Read> Read for Tracked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.inner.read(buffer) {
            Ok(length) => {
                self.count = self.count.saturating_add(u64::try_from(length).unwrap_or(u64::MAX));
                self.hash.update(buffer.get(..length).unwrap_or_default());
                Ok(length)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            Err(error) => {
                let kind = error.kind();
                self.failure = Some(error);
                Err(kind.into())
            }
        }
    }
}

type Buffered<R> = BufReader<Tracked<R>>;

enum Layer<R: Read> {
    Plain(Buffered<R>),
    Member(Box<GzDecoder<Buffered<R>>>),
    Done(Buffered<R>),
    /// Only while one layer is exchanged for the next.
    Moving,
}

/// What the first gzip header says; it tells the producer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GzipHeader {
    /// The operating system byte: 3 for GNU gzip on Linux, 255 for Go.
    pub os: u8,
    /// The modification time, 0 if not set.
    pub mtime: u32,
    /// The header names a file.
    pub named: bool,
}

/// The inner tar as a stream.
pub(crate) struct Inner<R: Read> {
    layer: Layer<R>,
    members: u64,
    header: Option<GzipHeader>,
    offset: u64,
    cap: u64,
    hash: Sha256,
    /// The stream broke, or nothing more is wanted of it: what follows in it is not decoded.
    broken: bool,
    pub(crate) faults: Vec<Fault>,
}

impl<R: Read> Inner<R> {
    /// Looks at the first bytes. `None` for an empty file.
    pub(crate) fn new(input: R, cap: u64) -> io::Result<Option<Self>> {
        let tracked = Tracked { inner: input, count: 0, hash: Sha256::new(), failure: None };
        let mut buffered = BufReader::with_capacity(64 << 10, tracked);
        let gzip = match fill(&mut buffered)? {
            [] => return Ok(None),
            [first, rest @ ..] => *first == 0x1f && rest.first().is_none_or(|second| *second == 0x8b),
        };
        let mut faults = Vec::new();
        let layer = if gzip {
            Layer::Member(Box::new(GzDecoder::new(buffered)))
        } else {
            faults.push(Fault { offset: 0, member: None, kind: FaultKind::NotGzip });
            Layer::Plain(buffered)
        };
        Ok(Some(Self { layer, members: 0, header: None, offset: 0, cap, hash: Sha256::new(), broken: false, faults }))
    }

    /// The bytes of the inner tar read so far.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    pub(crate) fn header(&self) -> Option<GzipHeader> {
        self.header
    }

    pub(crate) fn members(&self) -> u64 {
        self.members
    }

    /// Leaves undone what is compressed: three gigabytes of zeros are three megabytes of gzip.
    pub(crate) fn give_up(&mut self) {
        self.broken = true;
    }

    /// Reads until the buffer is full or the stream ends.
    pub(crate) fn read_full(&mut self, buffer: &mut [u8]) -> Result<usize, Stop> {
        let mut filled = 0_usize;
        while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            let length = self.read(rest)?;
            if length == 0 {
                break;
            }
            filled = filled.saturating_add(length);
        }
        Ok(filled)
    }

    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Stop> {
        loop {
            let outcome = match &mut self.layer {
                Layer::Plain(reader) => reader.read(buffer),
                Layer::Member(decoder) => decoder.read(buffer),
                Layer::Done(_) | Layer::Moving => return Ok(0),
            };
            match outcome {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.stop(error)),
                Ok(0) if buffer.is_empty() => return Ok(0),
                Ok(0) => self.next_layer()?,
                Ok(length) => {
                    self.offset = self.offset.saturating_add(u64::try_from(length).unwrap_or(u64::MAX));
                    self.hash.update(buffer.get(..length).unwrap_or_default());
                    if self.offset > self.cap {
                        self.broken = true;
                        let kind = FaultKind::Limit { limit: Limit::Expansion };
                        return Err(Stop::Fault(Fault { offset: self.offset, member: None, kind }));
                    }
                    return Ok(length);
                }
            }
        }
    }

    /// Goes on after the end of a gzip member.
    fn next_layer(&mut self) -> Result<(), Stop> {
        let mut buffered = match std::mem::replace(&mut self.layer, Layer::Moving) {
            Layer::Member(decoder) => {
                self.members = self.members.saturating_add(1);
                if self.header.is_none() {
                    self.header = decoder.header().map(|header| GzipHeader {
                        os: header.operating_system(),
                        mtime: header.mtime(),
                        named: header.filename().is_some(),
                    });
                }
                decoder.into_inner()
            }
            Layer::Plain(reader) | Layer::Done(reader) => {
                self.layer = Layer::Done(reader);
                return Ok(());
            }
            Layer::Moving => return Ok(()),
        };
        let outcome = fill(&mut buffered).map(|next| match next {
            [] => None,
            [0x1f, rest @ ..] => Some(rest.first().is_none_or(|second| *second == 0x8b)),
            _ => Some(false),
        });
        let offset = position(&buffered);
        match outcome {
            Ok(None) => self.layer = Layer::Done(buffered),
            Ok(Some(true)) => {
                if self.members == 1 {
                    self.faults.push(Fault { offset, member: None, kind: FaultKind::GzipConcatenated });
                }
                self.layer = Layer::Member(Box::new(GzDecoder::new(buffered)));
            }
            Ok(Some(false)) => {
                let trailing = drain(&mut buffered);
                self.layer = Layer::Done(buffered);
                match trailing {
                    Ok((bytes, zero)) => {
                        self.faults.push(Fault { offset, member: None, kind: FaultKind::GzipTrailing { bytes, zero } });
                    }
                    Err(error) => return Err(self.stop(error)),
                }
            }
            Err(error) => {
                self.layer = Layer::Done(buffered);
                return Err(self.stop(error));
            }
        }
        Ok(())
    }

    fn buffered(&self) -> Option<&Buffered<R>> {
        match &self.layer {
            Layer::Plain(reader) | Layer::Done(reader) => Some(reader),
            Layer::Member(decoder) => Some(decoder.get_ref()),
            Layer::Moving => None,
        }
    }

    /// Tells a failing disk from a damaged stream.
    fn stop(&mut self, error: io::Error) -> Stop {
        self.broken = true;
        let failure = match &mut self.layer {
            Layer::Plain(reader) | Layer::Done(reader) => reader.get_mut().failure.take(),
            Layer::Member(decoder) => decoder.get_mut().get_mut().failure.take(),
            Layer::Moving => None,
        };
        if let Some(failure) = failure {
            return Stop::Io(failure);
        }
        let truncated = error.kind() == io::ErrorKind::UnexpectedEof;
        let kind = if truncated { FaultKind::GzipTruncated } else { FaultKind::GzipDamaged };
        Stop::Fault(Fault { offset: self.buffered().map_or(0, position), member: None, kind })
    }

    /// Reads what is left and returns the digests of the compressed file and the inner tar.
    pub(crate) fn finish(mut self) -> io::Result<Totals> {
        let mut chunk = vec![0; 64 << 10];
        while !self.broken {
            match self.read(&mut chunk) {
                Ok(0) => break,
                Err(Stop::Io(error)) => return Err(error),
                Ok(_) | Err(Stop::Fault(_)) => {}
            }
        }
        chunk.zeroize();
        let (offset, hash) = (self.offset, self.hash.clone());
        let mut buffered = match self.layer {
            Layer::Plain(reader) | Layer::Done(reader) => reader,
            Layer::Member(decoder) => decoder.into_inner(),
            Layer::Moving => return Err(io::ErrorKind::UnexpectedEof.into()),
        };
        drain(&mut buffered)?;
        let tracked = buffered.into_inner();
        Ok(Totals {
            compressed_size: tracked.count,
            compressed_sha256: Digest(tracked.hash.finalize().into()),
            inner: (!self.broken).then(|| (offset, Digest(hash.finalize().into()))),
        })
    }
}

/// Sizes and digests of the whole file.
pub(crate) struct Totals {
    pub(crate) compressed_size: u64,
    pub(crate) compressed_sha256: Digest,
    pub(crate) inner: Option<(u64, Digest)>,
}

fn fill<R: Read>(reader: &mut Buffered<R>) -> io::Result<&[u8]> {
    loop {
        match reader.fill_buf() {
            Ok(_) => break,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(reader.get_mut().failure.take().unwrap_or(error)),
        }
    }
    Ok(reader.buffer())
}

fn position<R: Read>(reader: &Buffered<R>) -> u64 {
    let ahead = u64::try_from(reader.buffer().len()).unwrap_or(u64::MAX);
    reader.get_ref().count.saturating_sub(ahead)
}

/// Reads to the end: how many bytes, and whether all are zero.
fn drain<R: Read>(reader: &mut Buffered<R>) -> io::Result<(u64, bool)> {
    let (mut bytes, mut zero) = (0_u64, true);
    loop {
        let chunk = fill(reader)?;
        let length = chunk.len();
        if length == 0 {
            return Ok((bytes, zero));
        }
        zero = zero && chunk.iter().all(|byte| *byte == 0);
        bytes = bytes.saturating_add(u64::try_from(length).unwrap_or(u64::MAX));
        reader.consume(length);
    }
}
