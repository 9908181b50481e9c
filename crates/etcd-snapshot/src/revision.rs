//! Revisions and the keys of bucket `key`.

use std::fmt;

/// An etcd revision: transactions count `main`, the changes inside one count `sub`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Revision {
    /// The transaction. The first write of a new store is 2.
    pub main: i64,
    /// The change inside the transaction, from 0.
    pub sub: i64,
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.main, self.sub)
    }
}

/// Why bytes are not the key of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BucketKeyError {
    /// Neither 17 nor 18 bytes.
    #[error("revision key of {got} bytes, expected 17 or 18")]
    Length {
        /// Bytes there.
        got: usize,
    },
    /// Not `_` between main and sub.
    #[error("revision key has byte `{got:#04x}` between main and sub, expected `_`")]
    Separator {
        /// What stands there.
        got: u8,
    },
    /// An 18th byte that is not `t`.
    #[error("revision key ends with byte `{got:#04x}`, expected `t` for a tombstone")]
    Mark {
        /// What stands there.
        got: u8,
    },
    /// Above the largest int64.
    #[error("revision key holds a negative number")]
    Negative,
}

/// A key of bucket `key`: `main` (u64, big-endian), `_`, `sub` (u64, big-endian), and `t` behind it for a tombstone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BucketKey {
    /// When the record was written.
    pub revision: Revision,
    /// Whether it marks a deletion.
    pub tombstone: bool,
}

impl BucketKey {
    /// Decodes 17 or 18 bytes.
    ///
    /// # Errors
    /// Where they are anything else.
    pub fn decode(bytes: &[u8]) -> Result<Self, BucketKeyError> {
        let tombstone = match bytes {
            [_, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] => false,
            [_, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, b't'] => true,
            [_, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, got] => {
                return Err(BucketKeyError::Mark { got: *got });
            }
            _ => return Err(BucketKeyError::Length { got: bytes.len() }),
        };
        Ok(Self { revision: decode_revision(bytes)?, tombstone })
    }

    /// How many bytes it has.
    #[must_use]
    pub const fn len(tombstone: bool) -> u64 {
        if tombstone { 18 } else { 17 }
    }

    /// The 17 or 18 bytes.
    #[must_use]
    pub fn encode(self) -> Vec<u8> {
        let Revision { main, sub } = self.revision;
        let mut out = [&main.to_be_bytes()[..], b"_", &sub.to_be_bytes()].concat();
        out.extend(self.tombstone.then_some(b't'));
        out
    }
}

/// Decodes the first 17 bytes of a revision.
pub(crate) fn decode_revision(bytes: &[u8]) -> Result<Revision, BucketKeyError> {
    let length = BucketKeyError::Length { got: bytes.len() };
    let (main, rest) = bytes.split_first_chunk::<8>().ok_or(length)?;
    let (separator, rest) = rest.split_first().ok_or(length)?;
    let sub = rest.first_chunk::<8>().ok_or(length)?;
    if *separator != b'_' {
        return Err(BucketKeyError::Separator { got: *separator });
    }
    let number = |bytes: &[u8; 8]| i64::try_from(u64::from_be_bytes(*bytes)).map_err(|_| BucketKeyError::Negative);
    Ok(Revision { main: number(main)?, sub: number(sub)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(main: u64, separator: u8, sub: u64, rest: &[u8]) -> Vec<u8> {
        [&main.to_be_bytes()[..], &[separator], &sub.to_be_bytes(), rest].concat()
    }

    #[test]
    fn decodes_puts_and_tombstones() {
        let revision = Revision { main: 258, sub: 3 };
        let put = BucketKey::decode(&key(258, b'_', 3, b""));
        assert_eq!(put, Ok(BucketKey { revision, tombstone: false }));
        let tombstone = BucketKey::decode(&key(258, b'_', 3, b"t"));
        assert_eq!(tombstone, Ok(BucketKey { revision, tombstone: true }));
    }

    #[test]
    fn names_what_is_wrong() {
        use BucketKeyError::{Length, Mark, Negative, Separator};
        assert_eq!(BucketKey::decode(b""), Err(Length { got: 0 }));
        assert_eq!(BucketKey::decode(&key(1, b'_', 0, b"tt")), Err(Length { got: 19 }));
        assert_eq!(BucketKey::decode(&key(1, b'-', 0, b"")), Err(Separator { got: b'-' }));
        assert_eq!(BucketKey::decode(&key(1, b'_', 0, b"x")), Err(Mark { got: b'x' }));
        assert_eq!(BucketKey::decode(&key(1 << 63, b'_', 0, b"")), Err(Negative));
        assert_eq!(BucketKey::decode(&key(1, b'_', u64::MAX, b"t")), Err(Negative));
    }

    #[test]
    fn main_orders_before_sub() {
        assert!(Revision { main: 2, sub: 9 } < Revision { main: 3, sub: 0 });
        assert!(Revision { main: 3, sub: 0 } < Revision { main: 3, sub: 1 });
    }
}
