//! PEM blocks in any surroundings, decoded into wiped buffers.
use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use memchr::memmem;
use zeroize::Zeroizing;

const BEGIN: &[u8] = b"-----BEGIN ";
const DASHES: &[u8] = b"-----";
/// The longest label in use is `ENCRYPTED PRIVATE KEY`; the rest is room.
const LONGEST_LABEL: usize = 64;

const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// One block: its label and the text between its lines (to the end, where the end line is cut).
pub(crate) struct Block<'b> {
    pub(crate) offset: usize,
    pub(crate) end: usize,
    pub(crate) label: &'b str,
    pub(crate) body: &'b [u8],
}

impl Block<'_> {
    pub(crate) fn is_private_key(&self) -> bool {
        self.label.ends_with("PRIVATE KEY") || self.label.ends_with("PRIVATE KEY BLOCK")
    }

    pub(crate) fn is_public_key(&self) -> bool {
        self.label == "PUBLIC KEY" || self.label == "RSA PUBLIC KEY"
    }

    pub(crate) fn is_certificate(&self) -> bool {
        matches!(self.label, "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE")
    }

    /// RFC 1421 headers say that the body is encrypted.
    pub(crate) fn is_encrypted(&self) -> bool {
        self.label.starts_with("ENCRYPTED") || memmem::find(self.body, b"Proc-Type: 4,ENCRYPTED").is_some()
    }

    /// Decodes the body; `None` where it is not base64.
    pub(crate) fn decode(&self) -> Option<Zeroizing<Vec<u8>>> {
        decode_base64(self.body)
    }
}

/// Decodes standard base64, white space ignored, padding optional.
pub(crate) fn decode_base64(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut packed = Zeroizing::new(Vec::with_capacity(text.len()));
    packed.extend(text.iter().filter(|byte| !byte.is_ascii_whitespace()));
    let mut bytes = Zeroizing::new(vec![0; packed.len()]);
    let length = LENIENT.decode_slice(packed.as_slice(), &mut bytes).ok()?;
    bytes.truncate(length);
    Some(bytes)
}

/// Finds every block.
pub(crate) fn blocks(text: &[u8]) -> Vec<Block<'_>> {
    let mut found = Vec::new();
    let mut at = 0_usize;
    while let Some(offset) = text.get(at..).and_then(|rest| memmem::find(rest, BEGIN)) {
        let offset = at.saturating_add(offset);
        at = offset.saturating_add(BEGIN.len());
        if let Some(block) = block(text, offset) {
            at = block.end;
            found.push(block);
        }
    }
    found
}

fn block(text: &[u8], offset: usize) -> Option<Block<'_>> {
    let rest = text.get(offset.checked_add(BEGIN.len())?..)?;
    let window = rest.get(..rest.len().min(LONGEST_LABEL))?;
    let (label, _) = window.split_at_checked(memmem::find(window, DASHES)?)?;
    let label = std::str::from_utf8(label).ok()?;
    let body = rest.get(label.len().checked_add(DASHES.len())?..)?;
    // the next dashes end the body, be they an end line or another beginning
    let length = memmem::find(body, DASHES).unwrap_or(body.len());
    let body = body.get(..length)?;
    let end =
        offset.checked_add(BEGIN.len())?.checked_add(label.len())?.checked_add(DASHES.len())?.checked_add(length)?;
    Some(Block { offset, end, label, body })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_found_anywhere() {
        let text = b"x -----BEGIN A KEY-----\nAQID\n-----END A KEY-----\n{\"k\":\"-----BEGIN B-----\\nBAUG";
        let found = blocks(text);
        assert_eq!(
            found.iter().map(|block| (block.offset, block.label)).collect::<Vec<_>>(),
            [(2, "A KEY"), (55, "B")]
        );
        assert_eq!(found[0].decode().unwrap().as_slice(), [1, 2, 3]);
        assert!(blocks(b"-----BEGIN ").is_empty());
        assert!(blocks(&[b'-'; 100]).is_empty());
        assert!(blocks(b"-----BEGIN \xff-----").is_empty());
    }
}
