//! Threshold escrow: a one-time identity, split by Shamir's scheme among custodians.
//!
//! The scheme is blahaj's (GF(256), coefficients uniform including zero; the fork that mends RUSTSEC-2024-0398 in
//! sharks). Its tables are not constant-time; dealing and combining happen once, offline. Shamir's scheme alone gives
//! a wrong secret for a wrong share, so every share carries a check value bound to its set, and the combined secret
//! must give the public key that the set names.
//!
//! A share is a short text, so that a custodian can open it with plain `age -d`, look at it, and carry it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Read;
use std::path::Path;

use age::secrecy::ExposeSecret as _;
use age::x25519;
use blahaj::{Share as Point, Sharks};
use sha2::{Digest as _, Sha256};
use signatures::Seed;
use zeroize::Zeroizing;

use crate::age_file;
use crate::error::{Error, Result};
use crate::identities::Identities;
use crate::infile;
use crate::manifest::ThresholdInfo;

const TITLE: &str = "assay key share, version 2";
/// Shares without a drill seed, of `assay-escrow/1`.
const TITLE_1: &str = "assay key share, version 1";
const MAX_SHARE: u64 = 64 * 1024;
const MAX_TRIALS: usize = 5_000;

/// One custodian's share. Wiped on drop, no `Debug`.
pub(crate) struct Share {
    pub(crate) set: String,
    pub(crate) index: u8,
    pub(crate) total: u8,
    pub(crate) threshold: u8,
    pub(crate) recipient: String,
    value: Zeroizing<Vec<u8>>,
    /// Signs the statement of a drill; absent in version 1.
    pub(crate) drill: Option<Seed>,
}

impl Share {
    fn title(&self) -> &'static str {
        if self.drill.is_some() { TITLE } else { TITLE_1 }
    }

    /// The check value: binds the share to its set, place, threshold and public key.
    pub(crate) fn check(&self) -> String {
        let mut sha = Sha256::new();
        sha.update(format!(
            "{}\n{}\n{}\n{}\n{}\n{}\n",
            self.title(),
            self.set,
            self.index,
            self.total,
            self.threshold,
            self.recipient
        ));
        sha.update(&*self.value);
        if let Some(seed) = &self.drill {
            sha.update(seed.bytes());
        }
        wording::hex(&sha.finalize())
    }

    /// The text that is sealed to the custodian.
    pub(crate) fn to_text(&self) -> Zeroizing<String> {
        let value = Zeroizing::new(wording::hex(&*self.value));
        let drill = Zeroizing::new(match &self.drill {
            Some(seed) => format!("drill: {}\n", *Zeroizing::new(wording::hex(seed.bytes()))),
            None => String::new(),
        });
        let mut text = Zeroizing::new(String::with_capacity(1024));
        let _ = write!(
            text,
            "{}\nset: {}\nshare: {} of {}\nthreshold: {}\nopens: {}\nvalue: {}\n{}check: {}\n\n\
             Any {} of these {} shares together open the escrow; fewer say nothing about it.\n\
             Keep this text as you would keep a private key. assay keys join takes it as it is.\n",
            self.title(),
            self.set,
            self.index,
            self.total,
            self.threshold,
            self.recipient,
            *value,
            *drill,
            self.check(),
            self.threshold,
            self.total,
        );
        text
    }

    fn parse(text: &str) -> Result<Self, &'static str> {
        let mut lines = text.lines().map(str::trim_end);
        let has_seed = match lines.next() {
            Some(TITLE) => true,
            Some(TITLE_1) => false,
            _ => return Err("not a key share of a version this tool knows"),
        };
        let mut field = |name: &str| {
            let rest = lines.next()?.strip_prefix(name)?;
            rest.strip_prefix(": ")
        };
        let mut next = |name: &'static str| field(name).ok_or("a line is missing or out of order");
        let set = next("set")?.to_owned();
        let (index, total) = next("share")?.split_once(" of ").ok_or("malformed share number")?;
        let threshold = next("threshold")?;
        let recipient = next("opens")?.to_owned();
        let value = Zeroizing::new(wording::unhex(next("value")?).ok_or("the value is not hex")?);
        let drill = if has_seed { Some(seed(next("drill")?)?) } else { None };
        let check = next("check")?;
        let number = |text: &str| text.parse::<u8>().map_err(|_| "a number is malformed");
        let share = Self {
            set,
            index: number(index)?,
            total: number(total)?,
            threshold: number(threshold)?,
            recipient,
            value,
            drill,
        };
        if share.index == 0
            || share.index > share.total
            || share.threshold < 2
            || share.threshold > share.total
            || share.value.is_empty()
        {
            return Err("its numbers contradict each other");
        }
        if share.check() != check {
            return Err("its check value does not match: the share is damaged or altered");
        }
        Ok(share)
    }

    fn point(&self) -> Option<Point> {
        let mut bytes = Zeroizing::new(vec![self.index]);
        bytes.extend_from_slice(&self.value);
        Point::try_from(&bytes[..]).ok()
    }
}

/// A drill seed in hex.
fn seed(text: &str) -> Result<Seed, &'static str> {
    let bytes = Zeroizing::new(wording::unhex(text).unwrap_or_default());
    let bytes = <[u8; 32]>::try_from(&bytes[..]).map_err(|_| "the drill seed is not 64 digits of hex")?;
    Ok(Seed::new(Zeroizing::new(bytes)))
}

/// A fresh drill seed.
pub(crate) fn fresh_seed() -> Result<Seed> {
    let mut bytes = Zeroizing::new([0; 32]);
    getrandom::fill(&mut *bytes).map_err(|e| Error::Usage { what: format!("no random numbers: {e}") })?;
    Ok(Seed::new(bytes))
}

/// A threshold of one is no threshold, and more than there are shares never opens.
pub(crate) fn check_threshold(threshold: u8, total: u8) -> Result<()> {
    if threshold < 2 || threshold > total {
        return Err(Error::Usage {
            what: format!(
                "a threshold of {threshold} out of {total} shares makes no sense; use 2 up to the number of shares"
            ),
        });
    }
    Ok(())
}

/// Splits an identity into `total` shares, any `threshold` of which give it back.
pub(crate) fn deal(identity: &x25519::Identity, threshold: u8, total: u8) -> Result<Vec<Share>> {
    check_threshold(threshold, total)?;
    let mut id = [0; 8];
    getrandom::fill(&mut id).map_err(|e| Error::Usage { what: format!("no random numbers: {e}") })?;
    let (set, recipient) = (wording::hex(&id), identity.to_public().to_string());
    let points = Sharks(threshold)
        .dealer(identity.to_string().expose_secret().as_bytes())
        .take(usize::from(total))
        .collect::<Vec<_>>();
    let share = |point| {
        let bytes = Zeroizing::new(Vec::from(point));
        let (index, value) = bytes.split_first().map_or((0, &[][..]), |(i, v)| (*i, v));
        Ok(Share {
            set: set.clone(),
            index,
            total,
            threshold,
            recipient: recipient.clone(),
            value: Zeroizing::new(value.to_vec()),
            drill: Some(fresh_seed()?),
        })
    };
    points.iter().map(share).collect()
}

struct Given {
    name: String,
    share: Share,
}

/// Collects shares, names the bad ones, and gives the identity back. Has no `Debug`.
pub struct ShareSet {
    expected: Option<ThresholdInfo>,
    given: Vec<Given>,
    refused: Vec<(String, String)>,
}

impl ShareSet {
    /// An empty collection; with the manifest's threshold entry, foreign and altered shares are known at once.
    pub fn new(expected: Option<ThresholdInfo>) -> Self {
        Self { expected, given: Vec::new(), refused: Vec::new() }
    }

    /// Adds a share file: the text itself, or the age file it is sealed in, opened with one of `identities`.
    ///
    /// # Errors
    /// Says what is wrong with this share; the collection stays usable and [`ShareSet::combine`] repeats it if too few
    /// are left.
    pub fn add_file(&mut self, path: &Path, identities: &Identities) -> Result<()> {
        let name = path.display().to_string();
        let text = read_share(path, identities).inspect_err(|e| self.refused.push((name.clone(), e.to_string())))?;
        self.add(&name, &text)
    }

    /// Adds the text of a share; `name` is what errors call it.
    ///
    /// # Errors
    /// As [`ShareSet::add_file`].
    pub fn add(&mut self, name: &str, text: &str) -> Result<()> {
        let result = Share::parse(text).map_err(str::to_owned).and_then(|share| self.accept(name, share));
        result.map_err(|what| {
            self.refused.push((name.to_owned(), what.clone()));
            Error::Share { share: name.to_owned(), what }
        })
    }

    fn accept(&mut self, name: &str, share: Share) -> Result<(), String> {
        if let Some(expected) = &self.expected {
            if share.set != expected.set {
                return Err(format!("belongs to set {}, the escrow needs set {}", share.set, expected.set));
            }
            let known = expected.shares.iter().any(|s| s.index == share.index && s.check == share.check());
            if !known || share.threshold != expected.threshold || share.recipient != expected.recipient {
                return Err("is not the share that the manifest lists under this number".to_owned());
            }
        }
        if let Some(twin) = self.given.iter().find(|g| g.share.set == share.set && g.share.index == share.index) {
            return Err(format!("is number {} again, as `{}` already is", share.index, twin.name));
        }
        self.given.push(Given { name: name.to_owned(), share });
        Ok(())
    }

    /// Puts the identity together.
    ///
    /// # Errors
    /// If fewer good shares than the threshold are there; names every refused share.
    pub fn combine(self) -> Result<Identities> {
        self.identity().map(Identities::of_identity)
    }

    pub(crate) fn identity(mut self) -> Result<x25519::Identity> {
        self.drop_foreign_sets();
        let need = self.given.first().map_or(2, |g| usize::from(g.share.threshold));
        let have = self.given.len();
        if have >= need {
            let mut trials = 0;
            let mut pick = Vec::with_capacity(need);
            if let Some(identity) = self.search(0, need, &mut pick, &mut trials) {
                return Ok(identity);
            }
            let all = self.given.iter().map(|g| g.name.as_str()).collect::<Vec<_>>().join(", ");
            self.refused.push((all, "together do not give the key that they name; at least one was forged".to_owned()));
        }
        let why: Vec<String> = self.refused.iter().map(|(name, why)| format!("`{name}` {why}")).collect();
        let have = if have >= need { 0 } else { have };
        Err(Error::TooFewShares { have, need, refused: self.refused.len(), why: why.join("; ") })
    }

    /// Without a manifest, the set with most shares counts; the others are named as foreign.
    fn drop_foreign_sets(&mut self) {
        let mut sizes: BTreeMap<(String, u8, String), usize> = BTreeMap::new();
        let facts = |s: &Share| (s.set.clone(), s.threshold, s.recipient.clone());
        for given in &self.given {
            *sizes.entry(facts(&given.share)).or_default() += 1;
        }
        let Some((main, _)) = sizes.into_iter().max_by_key(|(_, n)| *n) else {
            return;
        };
        let refused = &mut self.refused;
        self.given.retain(|given| {
            let same = facts(&given.share) == main;
            if !same {
                refused.push((
                    given.name.clone(),
                    format!("belongs to set {}, the others to set {}", given.share.set, main.0),
                ));
            }
            same
        });
    }

    /// Tries combinations until one gives the right public key; the first try is the usual case.
    fn search<'a>(
        &'a self,
        from: usize,
        need: usize,
        pick: &mut Vec<&'a Share>,
        trials: &mut usize,
    ) -> Option<x25519::Identity> {
        if pick.len() == need {
            *trials += 1;
            return recover(pick);
        }
        for (i, given) in self.given.iter().enumerate().skip(from) {
            if *trials >= MAX_TRIALS {
                return None;
            }
            pick.push(&given.share);
            if let Some(identity) = self.search(i + 1, need, pick, trials) {
                return Some(identity);
            }
            pick.pop();
        }
        None
    }
}

fn recover(shares: &[&Share]) -> Option<x25519::Identity> {
    let first = shares.first()?;
    if shares.iter().any(|s| s.value.len() != first.value.len()) {
        return None;
    }
    let points = shares.iter().map(|s| s.point()).collect::<Option<Vec<_>>>()?;
    let secret = Zeroizing::new(Sharks(first.threshold).recover(&points).ok()?);
    let identity: x25519::Identity = std::str::from_utf8(&secret).ok()?.parse().ok()?;
    (identity.to_public().to_string() == first.recipient).then_some(identity)
}

/// The share in a file, as it is or opened with one of `identities`.
pub(crate) fn share_of(path: &Path, identities: &Identities) -> Result<Share> {
    let text = read_share(path, identities)?;
    let bad = |what: &'static str| Error::Share { share: path.display().to_string(), what: what.to_owned() };
    Share::parse(&text).map_err(bad)
}

fn read_share(path: &Path, identities: &Identities) -> Result<Zeroizing<String>> {
    let mut start = [0; 21];
    let n = infile::open(path)?.read(&mut start).map_err(Error::io("read", path))?;
    let start = start.get(..n).unwrap_or_default();
    let sealed = start.starts_with(b"age-encryption.org/") || start.starts_with(b"-----BEGIN AGE");
    let reader: Box<dyn Read> =
        if sealed { Box::new(age_file::open(path, identities.keys())?) } else { Box::new(infile::open(path)?) };
    let mut bytes = Zeroizing::new(Vec::with_capacity(4096));
    reader.take(MAX_SHARE).read_to_end(&mut bytes).map_err(Error::io("read", path))?;
    let not_text = || Error::Share { share: path.display().to_string(), what: "not text".to_owned() };
    std::str::from_utf8(&bytes).map(|s| Zeroizing::new(s.to_owned())).map_err(|_| not_text())
}

#[cfg(test)]
mod tests;
