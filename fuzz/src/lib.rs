//! What several targets do to their input before the code under test sees it.

/// Where a meta starts in its page, and what its checksum covers.
const META: usize = 16;
const SUMMED: usize = 56;

/// Gives both metas a true checksum, so that mutation reaches what lies behind it. An input whose last byte is
/// even is left as it is: the way of a wrong checksum must be walked too.
#[must_use]
pub fn with_true_checksums(data: &[u8]) -> Vec<u8> {
    let mut bytes = data.to_vec();
    if bytes.last().is_none_or(|last| last % 2 == 0) {
        return bytes;
    }
    let size = bytes.get(META + 8..META + 12).and_then(|at| at.try_into().ok()).map_or(0, u32::from_le_bytes);
    for page in [0, size as usize] {
        let Some(meta) = bytes.get_mut(page..).and_then(|page| page.get_mut(META..META + SUMMED + 8)) else { break };
        let (summed, sum) = meta.split_at_mut(SUMMED);
        let fnv = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        sum.copy_from_slice(&summed.iter().fold(0xcbf2_9ce4_8422_2325, fnv).to_le_bytes());
    }
    bytes
}
