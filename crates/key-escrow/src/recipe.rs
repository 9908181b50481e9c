//! Re-creating a foreign gzip file from its content: the recipe.
//!
//! A recipe is a list of steps: literal bytes (gzip headers, trailers, trailing bytes) and, for every chunk of a
//! deflate stream, how much content it holds and preflate's corrections for it. It holds no content. Works chunk by
//! chunk, so memory does not depend on the size of the tarball.
//!
//! ```text
//! "assay-recipe/1\n", then steps until the end step; numbers little-endian
//! 1 literal   u32 length, bytes
//! 2 stream    a new deflate stream begins
//! 3 chunk     u32 content length, u32 corrections length, corrections
//! 0 end
//! ```

use std::cell::Cell;
use std::io::{self, Cursor, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};

use preflate_rs::{ExitCode, PreflateConfig, PreflateStreamProcessor, RecreateStreamProcessor};
use zeroize::Zeroizing;

use crate::digest::{Digest, Hasher};
use crate::error::{Error, Result};
use crate::gz;
use crate::source::Source;

/// The library and version whose corrections a recipe holds.
pub(crate) const ENGINE: &str = "preflate-rs 0.7.6";
const MAGIC: &[u8] = b"assay-recipe/1\n";
/// A longer recipe is no longer "a few bytes of corrections"; the sealed original is then the better way.
pub(crate) const MAX_RECIPE: usize = 8 * 1024 * 1024;
/// preflate counts positions in 32 bits with a sign.
pub(crate) const MAX_CONTENT: u64 = (1 << 31) - (1 << 26);
const MAX_TRAILING: usize = 64 * 1024;
const MAX_MEMBERS: usize = 1024;
const READ: usize = 256 * 1024;
const MAX_READ: usize = 4 * 1024 * 1024;
/// What a recipe may say of the content of one chunk; some blocks run past [`Attempt::content`].
const MAX_CHUNK_CONTENT: usize = 20 * 1024 * 1024;

/// How preflate is shown a stream. Of each byte of a chunk's content it keeps up to 9 more.
#[derive(Clone, Copy)]
pub(crate) struct Attempt {
    /// How much it sees before it guesses the compressor.
    first_read: usize,
    /// Most content of a chunk; a block that has more than that cannot be described.
    content: usize,
}

/// One way and the next. The first guess is wrong where a tarball begins with other things than it goes on with; the
/// second sees more at first, of a stream whose blocks are not packed all too well.
pub(crate) const ATTEMPTS: [Attempt; 2] = [
    Attempt { first_read: READ, content: 10 * 1024 * 1024 },
    Attempt { first_read: MAX_READ, content: 4 * 1024 * 1024 },
];

/// A recipe, or why there is none.
pub(crate) enum Analysis {
    Recipe(Vec<u8>),
    Refused(String),
}

enum Stop {
    Refused(String),
    Failed(Error),
}

impl From<Error> for Stop {
    fn from(e: Error) -> Self {
        Self::Failed(e)
    }
}

impl From<io::Error> for Stop {
    fn from(e: io::Error) -> Self {
        Self::Failed(Error::io("read", "the gzip file".as_ref())(e))
    }
}

/// Tries to find a recipe for the gzip file `input` whose content has the digest `content`.
///
/// `attempt` is one of [`ATTEMPTS`]. The caller proves the recipe by running it: this function does not.
pub(crate) fn analyse(input: impl Read, content: &Digest, attempt: Attempt) -> Result<Analysis> {
    if content.size > MAX_CONTENT {
        return Ok(Analysis::Refused(format!("the tar is larger than {MAX_CONTENT} bytes")));
    }
    let mut analyst = Analyst { src: Source::new(input), out: MAGIC.to_vec(), content: Hasher::default(), attempt };
    match analyst.run() {
        Ok(()) if analyst.content.finish() == *content => Ok(Analysis::Recipe(analyst.out)),
        Ok(()) => Ok(Analysis::Refused("the analysis gave other content".to_owned())),
        Err(Stop::Refused(why)) => Ok(Analysis::Refused(why)),
        Err(Stop::Failed(e)) => Err(e),
    }
}

struct Analyst<R> {
    src: Source<R>,
    out: Vec<u8>,
    content: Hasher,
    attempt: Attempt,
}

impl<R: Read> Analyst<R> {
    fn run(&mut self) -> Result<(), Stop> {
        for _ in 0..MAX_MEMBERS {
            let header = gz::header_len(&mut self.src)?;
            self.literal(header)?;
            self.out.push(2);
            self.stream()?;
            self.src.fill(gz::TRAILER)?;
            self.literal(gz::TRAILER)?;
            if !gz::next_is_member(&mut self.src)? {
                let trailing = self.src.fill(MAX_TRAILING + 1)?.len();
                if trailing > MAX_TRAILING {
                    return Err(Stop::Refused(format!("more than {MAX_TRAILING} bytes follow the gzip data")));
                }
                self.literal(trailing)?;
                self.out.push(0);
                return Ok(());
            }
        }
        Err(Stop::Refused(format!("more than {MAX_MEMBERS} gzip members")))
    }

    fn literal(&mut self, len: usize) -> Result<(), Stop> {
        let bytes = self.src.available().get(..len).ok_or(Stop::Refused("the file is cut short".to_owned()))?;
        self.out.push(1);
        self.out.extend_from_slice(&u32::try_from(len).unwrap_or(u32::MAX).to_le_bytes());
        self.out.extend_from_slice(bytes);
        self.src.consume(len);
        Ok(())
    }

    fn stream(&mut self) -> Result<(), Stop> {
        let mut engine = PreflateStreamProcessor::new(&PreflateConfig {
            plain_text_limit: self.attempt.content,
            verify_compression: false, // the whole file is compared after the recipe has run
            ..PreflateConfig::default()
        });
        let mut want = self.attempt.first_read;
        while !engine.is_done() {
            let input = self.src.fill(want)?;
            let short = input.len() < want;
            match guarded(|| engine.decompress(input)) {
                Ok(Ok(chunk)) if chunk.compressed_size > 0 => {
                    self.content.update(engine.plain_text().text());
                    self.chunk(engine.plain_text().text().len(), &chunk.corrections)?;
                    self.src.consume(chunk.compressed_size);
                    guarded(|| engine.shrink_to_dictionary()).map_err(Stop::Refused)?;
                    want = READ;
                }
                Ok(Err(e)) if e.exit_code() != ExitCode::ShortRead => {
                    return Err(Stop::Refused(format!("{:?}", e.exit_code())));
                }
                Ok(_) if short || want >= MAX_READ => {
                    return Err(Stop::Refused("a deflate block is too large".to_owned()));
                }
                Ok(_) => want *= 2,
                Err(why) => return Err(Stop::Refused(why)),
            }
        }
        Ok(())
    }

    fn chunk(&mut self, content: usize, corrections: &[u8]) -> Result<(), Stop> {
        if content > MAX_CHUNK_CONTENT || self.out.len() + corrections.len() > MAX_RECIPE {
            return Err(Stop::Refused("the corrections grow too large".to_owned()));
        }
        self.out.push(3);
        for len in [content, corrections.len()] {
            self.out.extend_from_slice(&u32::try_from(len).unwrap_or(u32::MAX).to_le_bytes());
        }
        self.out.extend_from_slice(corrections);
        Ok(())
    }
}

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Whether a panic of this thread is one that is caught right where it happens and that means no more than that the
/// gzip layer cannot be described. A panic hook asks this and keeps silent: the panic's own words hold content.
#[must_use]
pub fn panic_is_caught() -> bool {
    GUARDED.get()
}

/// Runs foreign code that may panic on input it did not foresee.
fn guarded<T>(run: impl FnOnce() -> T) -> Result<T, String> {
    GUARDED.set(true);
    let result = catch_unwind(AssertUnwindSafe(run));
    GUARDED.set(false);
    result.map_err(|_| "the gzip analysis gave up on this stream".to_owned())
}

/// Runs a recipe: reads the content, writes the gzip file.
pub(crate) fn recreate(recipe: &[u8], content: &mut impl Read, out: &mut impl Write) -> Result<()> {
    let mut steps = Steps { rest: recipe.strip_prefix(MAGIC).ok_or_else(|| fault("not a recipe"))? };
    let mut engine = None;
    loop {
        let bytes = match steps.take(1)? {
            [0] if steps.rest.is_empty() => break,
            [1] => {
                let len = steps.number()?;
                steps.take(len)?.to_vec()
            }
            [2] => {
                engine = Some(RecreateStreamProcessor::new());
                continue;
            }
            [3] => {
                let (len, corrections) = (steps.number()?, steps.number()?);
                let corrections = steps.take(corrections)?;
                if len > MAX_CHUNK_CONTENT {
                    return Err(fault("a chunk is too large"));
                }
                let engine = engine.as_mut().ok_or_else(|| fault("a chunk before its stream"))?;
                chunk(engine, content, len, corrections)?
            }
            _ => return Err(fault("an unknown step")),
        };
        out.write_all(&bytes).map_err(Error::io("write", "the output".as_ref()))?;
    }
    match content.read(&mut [0]).map_err(Error::io("read", "the tar".as_ref()))? {
        0 => Ok(()),
        _ => Err(fault("content is left over")),
    }
}

fn chunk(
    engine: &mut RecreateStreamProcessor,
    content: &mut impl Read,
    len: usize,
    corrections: &[u8],
) -> Result<Vec<u8>> {
    let mut text = Zeroizing::new(vec![0; len]);
    content.read_exact(&mut text).map_err(Error::io("read", "the tar".as_ref()))?;
    match guarded(|| engine.recompress(&mut Cursor::new(&*text), corrections)) {
        Ok(Ok((bytes, _))) => Ok(bytes),
        Ok(Err(e)) => Err(Error::Recreate { what: format!("{:?}", e.exit_code()) }),
        Err(what) => Err(Error::Recreate { what }),
    }
}

fn fault(what: &str) -> Error {
    Error::Recreate { what: format!("recipe: {what}") }
}

struct Steps<'a> {
    rest: &'a [u8],
}

impl<'a> Steps<'a> {
    fn take(&mut self, len: usize) -> Result<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(len).ok_or_else(|| fault("cut short"))?;
        self.rest = rest;
        Ok(taken)
    }

    fn number(&mut self) -> Result<usize> {
        match self.take(4)? {
            [a, b, c, d] => Ok(usize::try_from(u32::from_le_bytes([*a, *b, *c, *d])).unwrap_or(usize::MAX)),
            _ => Err(fault("cut short")),
        }
    }
}

#[cfg(test)]
mod tests;
