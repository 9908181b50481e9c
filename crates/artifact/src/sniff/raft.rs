//! The files beside the database of an etcd member: they are taken for snapshots, and are none.

use super::Looks;

/// A write-ahead log, or a snapshot of raft's state. Neither has a magic number; both begin with a record of known shape.
pub(super) fn look(bytes: &[u8]) -> Option<Looks> {
    is_log(bytes).then_some(Looks::WriteAheadLog).or_else(|| is_raft_snapshot(bytes).then_some(Looks::RaftSnapshot))
}

/// The first record tells the checksum of the segments before: its length in eight bytes, padding in the highest; type 4;
/// the sum; zeros up to a multiple of eight.
fn is_log(bytes: &[u8]) -> bool {
    let Some((length, rest)) = bytes.split_first_chunk::<8>() else { return false };
    let [length, 0, 0, 0, 0, 0, 0, padding] = *length else { return false };
    let (length, padded) = (usize::from(length), usize::from(padding & 7));
    let shape = (4..=10).contains(&length) && (padding == 0 && padded == 0 || padding & 0xf8 == 0x80);
    let Some((record, behind)) = rest.split_at_checked(length) else { return false };
    let sum_ends = record.iter().skip(3).position(|byte| *byte < 0x80);
    shape
        && (length + padded) % 8 == 0
        && record.starts_with(&[0x08, 4, 0x10])
        && (sum_ends == Some(length - 4) || record.get(4..) == Some(&[0x1a, 0]))
        && behind.get(..padded).is_some_and(|zeros| zeros.iter().all(|byte| *byte == 0))
}

/// A checksum and the bytes that it is of, to the end of the file; in them data, and what raft knows of them.
fn is_raft_snapshot(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    let number = |rest: &mut &[u8]| -> Option<u64> {
        let mut value = 0_u64;
        for shift in (0..63).step_by(7) {
            let (byte, behind) = rest.split_first()?;
            *rest = behind;
            value |= u64::from(byte & 0x7f) << shift;
            if *byte < 0x80 {
                return Some(value);
            }
        }
        None
    };
    let expect = |rest: &mut &[u8], tag: u8| {
        rest.split_first().filter(|(byte, _)| **byte == tag).map(|(_, behind)| *rest = behind)
    };
    let read = || -> Option<(u64, usize)> {
        expect(&mut rest, 0x08)?;
        let sum = number(&mut rest)?;
        expect(&mut rest, 0x12)?;
        let length = number(&mut rest)?;
        Some((sum, usize::try_from(length).ok()?))
    };
    let mut read = read;
    let Some((sum, length)) = read() else { return false };
    let of_snapshot = rest.first().is_some_and(|tag| matches!(tag, 0x0a | 0x12));
    // the whole is there, or the beginning of more than is looked at
    let fits = rest.len() == length || (rest.len() < length && bytes.len() >= LOOKED_AT);
    sum <= u64::from(u32::MAX) && length > 8 && of_snapshot && fits
}

/// Of more bytes the beginning alone is looked at.
const LOOKED_AT: usize = 64 << 10;
