//! How every snapshot begins, and how that beginning looks when it went through something.

use memchr::memmem;

/// The first page's header: number 0, a meta, nothing else; then magic and version.
const BEGINNING: &[u8] = b"\0\0\0\0\0\0\0\0\x04\0\0\0\0\0\0\0\xed\xda\x0c\xed\x02\0\0\0";
/// Bytes of it that are ASCII, and so the same in most code pages.
const PLAIN: usize = 16;
/// The same in base64.
const IN_BASE64: &[u8] = b"AAAAAAAAAAAEAAAAAAAAAO3aDO0CAAAA";
/// The same in hexadecimal digits.
const IN_HEX: [&[u8]; 2] = [b"00000000000000000400000000000000edda0ced", b"00000000000000000400000000000000EDDA0CED"];

/// Where a snapshot begins.
pub(crate) fn find(bytes: &[u8]) -> Option<usize> {
    memmem::find(bytes, BEGINNING)
}

/// Where one in base64 begins.
pub(crate) fn find_base64(bytes: &[u8]) -> Option<usize> {
    memmem::find(bytes, IN_BASE64)
}

/// Where one in hexadecimal digits begins.
pub(crate) fn find_hex(bytes: &[u8]) -> Option<usize> {
    IN_HEX.iter().find_map(|digits| memmem::find(bytes, digits))
}

/// Where one in UTF-16 begins, if its low bytes come first; one byte earlier, if its high bytes do.
pub(crate) fn find_wide(bytes: &[u8]) -> Option<usize> {
    let wide: Vec<u8> = BEGINNING.iter().take(PLAIN).flat_map(|&byte| [byte, 0]).collect();
    memmem::find(bytes, wide.get(..2 * PLAIN - 1)?)
}

/// What took bytes away that nothing brings back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ruin {
    /// Bytes above 0x7f became one and the same character.
    Replaced,
    /// Bytes above 0x7f lost their highest bit.
    Stripped,
    /// Bytes above 0x7f are gone.
    Dropped,
    /// Zeros are gone.
    ZerosDropped,
}

/// How the magic number looks after its bytes were lost, behind what stays as it was.
const RUINS: &[(&[u8], Ruin)] = &[
    (b"\xef\xbf\xbd\xef\xbf\xbd\x0c\xef\xbf\xbd\x02\0", Ruin::Replaced),
    (b"\xef\xbf\xbd\x0c\xef\xbf\xbd\x02\0", Ruin::Replaced),
    (b"??\x0c?\x02\0", Ruin::Replaced),
    (b"\x1a\x1a\x0c\x1a\x02\0", Ruin::Replaced),
    (b"\x6d\x5a\x0c\x6d\x02\0", Ruin::Stripped),
    (b"\x0c\x02\0", Ruin::Dropped),
];

/// Whether a snapshot began here whose bytes are lost.
pub(crate) fn ruin(bytes: &[u8]) -> Option<Ruin> {
    let plain = BEGINNING.get(..PLAIN)?;
    let known = memmem::find_iter(bytes, plain).find_map(|at| {
        let behind = bytes.get(at + PLAIN..)?;
        RUINS.iter().find(|(looks, _)| behind.starts_with(looks)).map(|&(_, ruin)| ruin)
    });
    let wide = || {
        let behind = bytes.get(find_wide(bytes)? + 2 * PLAIN..)?;
        (behind.starts_with(b"\xfd\xff") || behind.starts_with(b"\xff\xfd")).then_some(Ruin::Replaced)
    };
    known.or_else(wide).or_else(|| bytes.starts_with(b"\x04\xed\xda\x0c\xed\x02").then_some(Ruin::ZerosDropped))
}
