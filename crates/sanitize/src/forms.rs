//! The ways in which bytes stand in other texts.

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;

/// Bits per byte below which a byte string is found in texts that have nothing to do with it.
const LEAST_BITS: f64 = 3.0;

/// Bytes as they are, in hexadecimal digits, and in base64 wherever in a base64 text they begin: the characters that they
/// alone decide.
#[must_use]
pub fn forms(bytes: &[u8]) -> Vec<Vec<u8>> {
    let hex = |digits: &[u8; 16]| {
        let digit = |half: u8| digits.get(usize::from(half)).copied();
        bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).flatten().collect::<Vec<u8>>()
    };
    let mut forms = vec![bytes.to_vec(), hex(b"0123456789abcdef")];
    for before in 0..3_usize {
        let shifted: Vec<u8> = std::iter::repeat_n(0, before).chain(bytes.iter().copied()).collect();
        let text = STANDARD_NO_PAD.encode(&shifted).into_bytes();
        let (from, to) = ((before * 8).div_ceil(6), shifted.len() * 8 / 6);
        forms.extend(text.get(from..to).map(<[u8]>::to_vec));
    }
    forms
}

/// Whether bytes are public by their nature: certificates, and no private key among them.
#[must_use]
pub fn is_public(bytes: &[u8]) -> bool {
    let has = |what: &[u8]| bytes.windows(what.len()).any(|window| window == what);
    bytes.starts_with(b"-----BEGIN ") && has(b"BEGIN CERTIFICATE-----") && !has(b"PRIVATE KEY")
}

/// Whether bytes say so little that to find them means nothing: less than three bits each.
#[must_use]
pub fn is_weak(bytes: &[u8]) -> bool {
    let mut counts = [0_u32; 256];
    for byte in bytes {
        if let Some(count) = counts.get_mut(usize::from(*byte)) {
            *count += 1;
        }
    }
    let total = counts.iter().map(|count| f64::from(*count)).sum::<f64>().max(1.0);
    let bits = |count: &u32| {
        let share = f64::from(*count) / total;
        -share * share.log2()
    };
    counts.iter().filter(|count| **count > 0).map(bits).sum::<f64>() < LEAST_BITS
}
