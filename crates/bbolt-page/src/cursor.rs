//! Little-endian reads that cannot panic: out of range is `None`.

/// The `N` bytes at `at`.
pub(crate) fn array_at<const N: usize>(data: &[u8], at: usize) -> Option<&[u8; N]> {
    data.get(at..)?.first_chunk::<N>()
}

pub(crate) fn u16_at(data: &[u8], at: usize) -> Option<u16> {
    array_at(data, at).map(|b| u16::from_le_bytes(*b))
}

pub(crate) fn u32_at(data: &[u8], at: usize) -> Option<u32> {
    array_at(data, at).map(|b| u32::from_le_bytes(*b))
}

pub(crate) fn u64_at(data: &[u8], at: usize) -> Option<u64> {
    array_at(data, at).map(|b| u64::from_le_bytes(*b))
}

/// A file offset as an index; `None` where the platform cannot address it.
pub(crate) fn index(offset: u64) -> Option<usize> {
    usize::try_from(offset).ok()
}

/// A length as a file offset. Lengths of slices always fit.
pub(crate) fn offset(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}
