//! A stored value's prefix, and what opened bytes must begin with.
use thiserror::Error;

use crate::kind::ProviderKind;

const ENCRYPTED: &[u8] = b"k8s:enc:";
/// No object begins so: protobuf begins `k8s` and a zero byte.
const TRANSFORMED: &[u8] = b"k8s:";

/// A value as it lies in etcd, split but not opened.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum StoredValue<'v> {
    /// Not encrypted.
    Plain(&'v [u8]),
    /// Encrypted under `k8s:enc:<provider>:<version>:<name>:`.
    Encrypted {
        /// The provider by both words of the prefix.
        kind: ProviderKind,
        /// The provider's word, which matters where `kind` is unknown.
        provider: &'v str,
        /// The version's word.
        version: &'v str,
        /// The name of the key, or of the KMS plugin: as a configuration has it after [`StoredValue::under`], else what
        /// the value itself lets one take for it.
        name: &'v str,
        /// What follows the name and its colon.
        body: &'v [u8],
        /// Name, colon and body, which no value tells apart for certain: a name may hold colons.
        rest: &'v [u8],
    },
}

/// A value begins `k8s:enc:` but has no whole prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PrefixError {
    /// Fewer than five colons.
    #[error("the value begins `k8s:enc:` but its prefix ends after {colons} of 5 colons")]
    Incomplete {
        /// The colons found.
        colons: usize,
    },
    /// Another word than `enc` follows `k8s:`.
    #[error("the value begins `k8s:` and does not go on with `enc:`")]
    OtherWord,
    /// The prefix is not UTF-8 text.
    #[error("the value begins `k8s:enc:` but its prefix is not text")]
    NotText,
}

impl<'v> StoredValue<'v> {
    /// Splits a stored value as far as it can be without a configuration; the body may hold any bytes, colons too.
    ///
    /// Where the name ends is certain only for who knows the names: see [`StoredValue::under`]. Without them it ends at
    /// the first colon, unless it is one of those that k3s and rke2 make (`aescbckey-2026-03-09T09:46:54+01:00`), or the
    /// length of an aescbc body says that it goes on.
    ///
    /// # Errors
    /// [`PrefixError`] for a value that begins `k8s:` and does not go on as it must. The
    /// API server refuses such a value, whatever the provider.
    pub fn read(stored: &'v [u8]) -> Result<Self, PrefixError> {
        if !stored.starts_with(TRANSFORMED) {
            return Ok(StoredValue::Plain(stored));
        }
        if !stored.starts_with(ENCRYPTED) {
            return Err(PrefixError::OtherWord);
        }
        let mut words = stored.splitn(5, |byte| *byte == b':').skip(2);
        let (provider, version, rest) = (words.next(), words.next(), words.next());
        let colon = rest.and_then(|rest| rest.iter().position(|byte| *byte == b':'));
        let (Some(provider), Some(version), Some(rest), Some(_)) = (provider, version, rest, colon) else {
            let colons = stored.iter().filter(|byte| **byte == b':').count();
            return Err(PrefixError::Incomplete { colons });
        };
        let text = |word: &'v [u8]| std::str::from_utf8(word).map_err(|_| PrefixError::NotText);
        let (provider, version) = (text(provider)?, text(version)?);
        let kind = ProviderKind::from_prefix(provider, version);
        let (name, body) = likely_name(kind, rest).and_then(|end| split_at_colon(rest, end)).unwrap_or_default();
        Ok(StoredValue::Encrypted { kind, provider, version, name: text(name)?, body, rest })
    }

    /// The same value under a name that a configuration has; `None` where it is not stored under that name. This is how
    /// an API server finds the key: the name and a colon are what follows the provider's prefix.
    #[must_use]
    pub fn under(self, own: &str) -> Option<Self> {
        let StoredValue::Encrypted { kind, provider, version, rest, .. } = self else { return None };
        let body = body_under(own, rest)?;
        let name = std::str::from_utf8(rest.get(..own.len())?).ok()?;
        Some(StoredValue::Encrypted { kind, provider, version, name, body, rest })
    }
}

/// What follows `name` and its colon in what follows a provider's prefix; `None` where something else stands there.
#[must_use]
pub fn body_under<'v>(name: &str, rest: &'v [u8]) -> Option<&'v [u8]> {
    rest.strip_prefix(name.as_bytes())?.strip_prefix(b":")
}

/// Where the name in what follows a provider's prefix may end, at most `colons` colons in it and at most `longest` bytes:
/// the places of the colons, in their order.
pub fn name_ends(rest: &[u8], colons: usize, longest: usize) -> impl Iterator<Item = usize> {
    let reach = rest.get(..=longest).unwrap_or(rest);
    let ends = reach.iter().enumerate().filter(|(_, byte)| **byte == b':').map(|(at, _)| at);
    ends.take(colons.saturating_add(1))
}

/// Where a name ends as far as a value tells by itself: at the first colon; behind the time in which a name of k3s ends;
/// or, where that leaves an aescbc body that no writer makes, at the next colon in plain text that leaves one.
#[must_use]
pub fn likely_name(kind: ProviderKind, rest: &[u8]) -> Option<usize> {
    /// Colons in a time, and those that a person writes.
    const COLONS: usize = 6;
    const LONGEST: usize = 256;
    let first = rest.iter().position(|byte| *byte == b':')?;
    let ends = || {
        let plain = |end: &usize| rest.get(..*end).is_some_and(|name| name.iter().all(u8::is_ascii_graphic));
        name_ends(rest, COLONS, LONGEST).take_while(plain)
    };
    if let Some(end) = ends().find(|end| rest.get(..*end).is_some_and(ends_in_time)) {
        return Some(end);
    }
    let whole =
        |end: &usize| matches!(rest.len().checked_sub(*end + 1), Some(length) if length >= 32 && length % 16 == 0);
    if kind != ProviderKind::AesCbc || whole(&first) {
        return Some(first);
    }
    ends().find(whole).or(Some(first))
}

/// Whether a name ends in `-` and a time as RFC 3339 writes it: `-2026-03-09T09:46:54+01:00`, or with `Z`.
fn ends_in_time(name: &[u8]) -> bool {
    let is = |text: &[u8], form: &[u8]| {
        text.len() == form.len()
            && text
                .iter()
                .zip(form)
                .all(|(byte, form)| if *form == b'0' { byte.is_ascii_digit() } else { byte == form })
    };
    [&b"-0000-00-00T00:00:00Z"[..], b"-0000-00-00T00:00:00+00:00", b"-0000-00-00T00:00:00-00:00"]
        .iter()
        .any(|form| name.len() > form.len() && is(name.get(name.len() - form.len()..).unwrap_or_default(), form))
}

fn split_at_colon(rest: &[u8], end: usize) -> Option<(&[u8], &[u8])> {
    let (name, body) = rest.split_at_checked(end)?;
    Some((name, body.strip_prefix(b":")?))
}

/// The first bytes of an object as Kubernetes stores it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Magic {
    /// `k8s\0`: a protobuf `Unknown` envelope.
    Protobuf,
    /// `{`: JSON.
    Json,
    /// `d9 d9 f7`: CBOR with its self-describing tag.
    Cbor,
}

impl Magic {
    /// Recognises the first bytes of an opened value, or returns `None`: then it is no object,
    /// and a value without authentication (aescbc) was opened with the wrong key.
    #[must_use]
    pub fn of(opened: &[u8]) -> Option<Self> {
        if opened.starts_with(b"k8s\0") {
            Some(Magic::Protobuf)
        } else if opened.starts_with(b"{") {
            Some(Magic::Json)
        } else if opened.starts_with(&[0xd9, 0xd9, 0xf7]) {
            Some(Magic::Cbor)
        } else {
            None
        }
    }
}
