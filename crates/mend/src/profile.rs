//! One look at all that comes out of some steps: how long it is, its ends of lines, and whether its hash is right.

use std::ops::ControlFlow;

use bbolt_page::Meta;
use sha2::{Digest, Sha256};

use crate::forms::HEAD;
use crate::step::Step;
use crate::undo::{Odd, undo};

/// Bytes of the integrity hash.
pub(crate) const HASH: u64 = 32;
/// Where a meta stands in its page.
const META_AT: usize = 16;
/// Bytes that a meta needs, its page's header included.
const META_END: usize = 80;

/// How many pages there are, and how large.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pages {
    pub(crate) size: u64,
    pub(crate) count: u64,
}

impl Pages {
    /// By the newer of the metas that are right.
    fn of(head: &[u8]) -> Option<Self> {
        let at = |page: usize| head.get(page..).and_then(|page| Meta::read(page.get(META_AT..)?).ok());
        let second = (10..=16)
            .map(|shift| 1_usize << shift)
            .find_map(|size| at(size).filter(|meta| usize::try_from(meta.page_size).is_ok_and(|own| own == size)));
        let meta = at(0).into_iter().chain(second).max_by_key(|meta| meta.txid.0)?;
        let pages = Self { size: meta.page_size.into(), count: meta.high_water.0 };
        (pages.count >= 3 && pages.size.checked_mul(pages.count).is_some_and(|end| end <= i64::MAX as u64 / 2))
            .then_some(pages)
    }

    /// Bytes of all of them.
    pub(crate) fn end(self) -> u64 {
        self.size.saturating_mul(self.count)
    }
}

/// What was seen.
#[derive(Debug, Default)]
pub(crate) struct Profile {
    pub(crate) pages: Option<Pages>,
    /// Bytes in all.
    pub(crate) len: u64,
    /// Line feeds.
    pub(crate) feeds: u64,
    /// Carriage returns.
    pub(crate) returns: u64,
    /// Carriage returns with a line feed behind.
    pub(crate) pairs: u64,
    /// The SHA-256 of the pages, where it stands behind them.
    pub(crate) proven: Option<[u8; 32]>,
    /// Whether zeros stand where the hash should.
    pub(crate) zero_hash: bool,
}

impl Profile {
    /// Looks at what comes out.
    pub(crate) fn of(bytes: &[u8], steps: &[Step]) -> Result<Self, Odd> {
        let mut look = Look::default();
        undo(bytes, steps, &mut |piece| {
            look.push(piece);
            ControlFlow::Continue(())
        })?;
        Ok(look.done())
    }

    /// Bytes behind the hash, or behind where it should be.
    pub(crate) fn behind(&self) -> Option<u64> {
        self.len.checked_sub(self.pages?.end().checked_add(HASH)?)
    }
}

#[derive(Default)]
struct Look {
    profile: Profile,
    /// The beginning, until the metas are looked for.
    head: Vec<u8>,
    begun: bool,
    hasher: Sha256,
    /// Bytes that are before the end of the pages.
    hashed: u64,
    hash: Vec<u8>,
    last: u8,
}

impl Look {
    fn push(&mut self, piece: &[u8]) {
        let profile = &mut self.profile;
        profile.len = profile.len.saturating_add(piece.len() as u64);
        profile.returns += memchr::memchr_iter(b'\r', piece).count() as u64;
        for at in memchr::memchr_iter(b'\n', piece) {
            profile.feeds += 1;
            let before = at.checked_sub(1).map_or(self.last, |at| piece.get(at).copied().unwrap_or(0));
            profile.pairs += u64::from(before == b'\r');
        }
        self.last = piece.last().copied().unwrap_or(self.last);
        if self.begun {
            self.hash(piece);
        } else {
            self.head.extend_from_slice(piece);
            if self.head.len() >= HEAD + META_END {
                self.begin();
            }
        }
    }

    fn begin(&mut self) {
        self.begun = true;
        self.profile.pages = Pages::of(&self.head);
        let head = std::mem::take(&mut self.head);
        self.hash(&head);
    }

    fn hash(&mut self, piece: &[u8]) {
        let Some(pages) = self.profile.pages else { return };
        let left = usize::try_from(pages.end().saturating_sub(self.hashed)).unwrap_or(usize::MAX);
        let (body, behind) = piece.split_at_checked(left).unwrap_or((piece, &[]));
        self.hasher.update(body);
        self.hashed = self.hashed.saturating_add(body.len() as u64);
        let room = 32_usize.saturating_sub(self.hash.len());
        self.hash.extend_from_slice(behind.get(..room).unwrap_or(behind));
    }

    fn done(mut self) -> Profile {
        if !self.begun {
            self.begin();
        }
        let digest: [u8; 32] = self.hasher.finalize().into();
        let mut profile = self.profile;
        profile.proven = profile.pages.and_then(|_| (self.hash == digest).then_some(digest));
        profile.zero_hash = self.hash.len() == 32 && self.hash.iter().all(|byte| *byte == 0);
        profile
    }
}
