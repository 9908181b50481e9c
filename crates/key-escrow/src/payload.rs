//! What is sealed: a tar that `age -d | tar -x` opens and a person understands.
//!
//! ```text
//! README.txt                  what this is and how to rejoin by hand
//! manifest.json               the manifest, without what sealing adds
//! join/join.json              where the removed blocks go, and the keys below
//! join/recipe.bin             corrections for the gzip layer, or
//! join/original.tar.gz.age    the original, sealed
//! static-pod-resources/...    the removed members, their original blocks one after the other
//! ```

use std::io::{self, Read, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};
use signatures::Seed;
use zeroize::{Zeroize, Zeroizing};

use crate::error::{Error, Result};
use crate::manifest::{MAX_MANIFEST, Manifest, RejoinMethod};
use crate::recipe::MAX_RECIPE;
use crate::tar_header::{self, BLOCK, Header};

pub(crate) const README: &str = "README.txt";
pub(crate) const MANIFEST: &str = "manifest.json";
pub(crate) const JOIN: &str = "join/join.json";
pub(crate) const RECIPE: &str = "join/recipe.bin";
pub(crate) const ORIGINAL: &str = "join/original.tar.gz.age";
const MAX_README: u64 = 1024 * 1024;

/// A secret of 32 bytes; wiped on drop, no `Debug`.
pub(crate) type Key = Zeroizing<[u8; 32]>;

/// Where blocks go and what opens the sealed original.
pub(crate) struct JoinPlan {
    pub(crate) method: RejoinMethod,
    /// Blocks that stay, then blocks that leave, alternating; covers the whole tar.
    pub(crate) runs: Vec<(u64, u64)>,
    /// Keys the members' digests.
    pub(crate) member_key: Key,
    /// Keys the digest of the keyless tar that opens the sealed original.
    pub(crate) seal_key: Key,
    /// Signs the statement of a drill; absent in `assay-escrow/1`.
    pub(crate) drill_seed: Option<Seed>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawPlan {
    schema: String,
    method: RejoinMethod,
    block_size: u64,
    runs: Vec<(u64, u64)>,
    member_key: String,
    seal_key: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    drill_seed: Option<String>,
}

impl Drop for RawPlan {
    fn drop(&mut self) {
        self.member_key.zeroize();
        self.seal_key.zeroize();
        self.drill_seed.zeroize();
    }
}

const PLAN_SCHEMA: &str = "assay-join/1";

impl JoinPlan {
    pub(crate) fn to_json(&self) -> Result<Zeroizing<Vec<u8>>> {
        let raw = RawPlan {
            schema: PLAN_SCHEMA.to_owned(),
            method: self.method,
            block_size: BLOCK as u64,
            runs: self.runs.clone(),
            member_key: wording::hex(&*self.member_key),
            seal_key: wording::hex(&*self.seal_key),
            drill_seed: self.drill_seed.as_ref().map(|seed| wording::hex(seed.bytes())),
        };
        let mut json = serde_json::to_vec(&raw).map_err(|_| bad("join.json"))?;
        json.push(b'\n');
        Ok(Zeroizing::new(json))
    }

    fn parse(json: &[u8]) -> Result<Self> {
        let raw: RawPlan = serde_json::from_slice(json).map_err(|_| bad("join.json cannot be read"))?;
        if raw.schema != PLAN_SCHEMA || raw.block_size != BLOCK as u64 {
            return Err(bad("join.json has an unknown schema"));
        }
        let key = |text: &str| {
            let bytes = Zeroizing::new(wording::unhex(text).unwrap_or_default());
            <[u8; 32]>::try_from(&bytes[..]).map(Zeroizing::new).map_err(|_| bad("join.json has a malformed key"))
        };
        let plan = Self {
            method: raw.method,
            runs: raw.runs.clone(),
            member_key: key(&raw.member_key)?,
            seal_key: key(&raw.seal_key)?,
            drill_seed: raw.drill_seed.as_deref().map(key).transpose()?.map(Seed::new),
        };
        plan.total(|run| run.0)?;
        plan.removed_bytes()?;
        Ok(plan)
    }

    fn total(&self, part: impl Fn(&(u64, u64)) -> u64) -> Result<u64> {
        let blocks = self.runs.iter().try_fold(0_u64, |sum, run| sum.checked_add(part(run)));
        blocks.and_then(|b| b.checked_mul(BLOCK as u64)).ok_or_else(|| bad("the block map overflows"))
    }

    pub(crate) fn removed_bytes(&self) -> Result<u64> {
        self.total(|run| run.1)
    }

    pub(crate) fn kept_bytes(&self) -> Result<u64> {
        self.total(|run| run.0)
    }
}

fn bad(what: &'static str) -> Error {
    Error::Payload { what }
}

/// Writes the payload's entries.
pub(crate) struct PayloadWriter<'a> {
    out: &'a mut dyn Write,
    path: &'a Path,
    mtime: u64,
}

impl<'a> PayloadWriter<'a> {
    pub(crate) fn new(out: &'a mut dyn Write, path: &'a Path, mtime: u64) -> Self {
        Self { out, path, mtime }
    }

    fn put(&mut self, bytes: &[u8]) -> Result<()> {
        self.out.write_all(bytes).map_err(Error::io("write", self.path))
    }

    /// An entry of known bytes.
    pub(crate) fn entry(&mut self, name: &str, content: &[u8]) -> Result<()> {
        self.stream(name, content.len() as u64, |out| out.write_all(content).map_err(Error::io("write", Path::new(""))))
    }

    /// An entry whose `size` bytes are produced by `write`.
    pub(crate) fn stream(
        &mut self,
        name: &str,
        size: u64,
        write: impl FnOnce(&mut dyn Write) -> Result<()>,
    ) -> Result<()> {
        let header = tar_header::build(name, size, self.mtime).ok_or_else(|| bad("an entry is too large"))?;
        self.put(&header)?;
        write(&mut *self.out)?;
        let pad = usize::try_from(size.next_multiple_of(BLOCK as u64) - size).unwrap_or(0);
        self.put([0; BLOCK].get(..pad).unwrap_or_default())
    }

    /// Original blocks, as they were.
    pub(crate) fn blocks(&mut self, bytes: &[u8]) -> Result<()> {
        self.put(bytes)
    }

    /// The end mark.
    pub(crate) fn finish(mut self) -> Result<()> {
        self.put(&[0; 2 * BLOCK])
    }
}

/// Reads a payload front to back.
pub(crate) struct PayloadReader<R> {
    input: R,
    path: std::path::PathBuf,
}

/// The payload's fixed part.
pub(crate) struct Front {
    pub(crate) readme: Zeroizing<Vec<u8>>,
    pub(crate) manifest: Manifest,
    pub(crate) plan: JoinPlan,
}

impl<R: Read> PayloadReader<R> {
    pub(crate) fn new(input: R, path: &Path) -> Self {
        Self { input, path: path.to_path_buf() }
    }

    fn fill(&mut self, buf: &mut [u8]) -> Result<()> {
        self.input.read_exact(buf).map_err(|e| match e.kind() {
            io::ErrorKind::UnexpectedEof => bad("it ends too early"),
            _ => Error::io("decrypt", &self.path)(e),
        })
    }

    /// The size of the entry that follows, which must be called `name`.
    fn header(&mut self, name: &str) -> Result<u64> {
        let mut block = [0; BLOCK];
        self.fill(&mut block)?;
        let header = Header::parse(&block).map_err(bad)?;
        if header.name() != name.as_bytes() || header.kind() != b'0' {
            return Err(bad("an entry is missing or out of order"));
        }
        header.size().ok_or_else(|| bad("an entry without a size"))
    }

    fn padding(&mut self, size: u64) -> Result<()> {
        let pad = usize::try_from(size.wrapping_neg() % BLOCK as u64).unwrap_or(0);
        let mut buf = [0; BLOCK];
        self.fill(buf.get_mut(..pad).unwrap_or_default())
    }

    fn entry(&mut self, name: &str, max: u64) -> Result<Zeroizing<Vec<u8>>> {
        let size = self.header(name)?;
        if size > max {
            return Err(bad("an entry is too large"));
        }
        let mut content = Zeroizing::new(vec![0; usize::try_from(size).map_err(|_| bad("an entry is too large"))?]);
        self.fill(&mut content)?;
        self.padding(size)?;
        Ok(content)
    }

    /// README, manifest and plan.
    pub(crate) fn front(&mut self) -> Result<Front> {
        let readme = self.entry(README, MAX_README)?;
        let manifest =
            Manifest::parse(&self.entry(MANIFEST, MAX_MANIFEST)?).map_err(|_| bad("manifest.json cannot be read"))?;
        let plan = JoinPlan::parse(&self.entry(JOIN, MAX_MANIFEST)?)?;
        Ok(Front { readme, manifest, plan })
    }

    /// Hands all that is left to `take`, piece by piece.
    pub(crate) fn rest(mut self, mut take: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
        let mut buf = Zeroizing::new(vec![0; 64 * 1024]);
        loop {
            match self.input.read(&mut buf).map_err(Error::io("decrypt", &self.path))? {
                0 => return Ok(()),
                n => take(buf.get(..n).unwrap_or_default())?,
            }
        }
    }

    pub(crate) fn recipe(&mut self) -> Result<Zeroizing<Vec<u8>>> {
        self.entry(RECIPE, MAX_RECIPE as u64)
    }

    /// Hands the sealed original to `read`, and steps over what it leaves.
    pub(crate) fn original<T>(&mut self, read: impl FnOnce(&mut dyn Read) -> Result<T>) -> Result<T> {
        let size = self.header(ORIGINAL)?;
        let mut part = (&mut self.input).take(size);
        let result = read(&mut part)?;
        io::copy(&mut part, &mut io::sink()).map_err(Error::io("decrypt", &self.path))?;
        if part.limit() > 0 {
            return Err(bad("it ends too early"));
        }
        self.padding(size)?;
        Ok(result)
    }

    /// The removed blocks, `len` bytes of them.
    pub(crate) fn removed(&mut self, len: u64) -> io::Take<&mut R> {
        (&mut self.input).take(len)
    }

    /// The end mark and nothing after it.
    pub(crate) fn finish(mut self) -> Result<()> {
        let mut end = [0; 2 * BLOCK];
        self.fill(&mut end)?;
        if end.iter().any(|b| *b != 0) {
            return Err(bad("more blocks than the block map says"));
        }
        match self.input.read(&mut [0]).map_err(Error::io("decrypt", &self.path))? {
            0 => Ok(()),
            _ => Err(bad("data after its end")),
        }
    }
}
