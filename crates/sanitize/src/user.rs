//! etcd's own users.

use crate::Aside;

/// The number of the field that holds a user's password hash, in authpb.User.
const PASSWORD: u64 = 2;

/// An entry of bucket `authUsers` without its password hash; `None` where it has none. Of an entry that is no user nothing is
/// left.
#[must_use]
pub fn auth_user(entry: &[u8], aside: &mut Aside<'_>) -> Option<Vec<u8>> {
    let (mut kept, mut rest, mut found) = (Vec::new(), entry, false);
    while !rest.is_empty() {
        let Some((number, payload, after)) = field(rest) else {
            aside.take(entry);
            return Some(Vec::new());
        };
        let whole = rest.get(..rest.len().saturating_sub(after.len())).unwrap_or_default();
        if number == PASSWORD {
            aside.take(payload);
            found = true;
        } else {
            kept.extend_from_slice(whole);
        }
        rest = after;
    }
    found.then_some(kept)
}

/// A field's number, its payload, and what follows it.
fn field(bytes: &[u8]) -> Option<(u64, &[u8], &[u8])> {
    let (tag, rest) = number(bytes)?;
    match tag & 7 {
        0 => {
            let (_, after) = number(rest)?;
            Some((tag >> 3, &[], after))
        }
        2 => {
            let (length, rest) = number(rest)?;
            let (payload, after) = rest.split_at_checked(usize::try_from(length).ok()?)?;
            Some((tag >> 3, payload, after))
        }
        _ => None,
    }
}

fn number(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0_u64;
    for (at, byte) in bytes.iter().enumerate().take(10) {
        value |= u64::from(byte & 0x7f).checked_shl(u32::try_from(at).ok()?.saturating_mul(7))?;
        if byte & 0x80 == 0 {
            return Some((value, bytes.get(at.saturating_add(1)..)?));
        }
    }
    None
}
