//! base64, of either alphabet, in lines or not. What follows it is left out.

use super::{Odd, Undo};

#[derive(Default)]
pub(super) struct Base64 {
    bits: u32,
    held: u32,
    ended: bool,
}

/// The value of a digit of either alphabet.
pub(crate) fn digit(byte: u8) -> Option<u8> {
    Some(match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' | b'-' => 62,
        b'/' | b'_' => 63,
        _ => return None,
    })
}

impl Undo for Base64 {
    fn push(&mut self, piece: &[u8], out: &mut Vec<u8>) -> Result<(), Odd> {
        for &byte in piece.iter().filter(|byte| !byte.is_ascii_whitespace()) {
            match digit(byte).filter(|_| !self.ended) {
                Some(digit) => {
                    self.bits = (self.bits << 6 | u32::from(digit)) & 0xffff;
                    self.held += 6;
                }
                None => self.ended = true,
            }
            if self.held >= 8 {
                self.held -= 8;
                out.extend(u8::try_from(self.bits >> self.held & 0xff));
            }
        }
        Ok(())
    }
}
