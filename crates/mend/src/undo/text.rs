//! Characters back to the bytes that were taken for them.

use super::{Odd, Undo};
use crate::code_page::{Bytes, CodePage};
use crate::step::Form;

/// What stands for a character that could not be written.
const REPLACED: u32 = 0xfffd;
/// What tells the form of a text, and is none of it.
const BYTE_ORDER_MARK: u32 = 0xfeff;

pub(super) struct Text {
    form: Form,
    bytes: Bytes,
    /// Bytes of the text that have passed.
    at: u64,
    /// Units of a character that has begun: of UTF-8, its bits and how many more are to come; of UTF-16, its first byte.
    begun: Option<(u32, u32)>,
    /// Something came that is no such text.
    off: bool,
}

impl Text {
    pub(super) fn new(form: Form, page: &CodePage) -> Self {
        Self { form, bytes: Bytes::of(page), at: 0, begun: None, off: false }
    }

    /// The character that ends with this byte, if one does.
    fn character(&mut self, byte: u8) -> Option<u32> {
        let unit = u32::from(byte);
        match (self.form, self.begun.take()) {
            (Form::Utf16Le | Form::Utf16Be, None) => self.begun = Some((unit, 0)),
            (Form::Utf16Le, Some((first, _))) => return Some(first | unit << 8),
            (Form::Utf16Be, Some((first, _))) => return Some(first << 8 | unit),
            (Form::Utf8, None) => match byte {
                0..0x80 => return Some(unit),
                0xc2..0xe0 => self.begun = Some((unit & 0x1f, 1)),
                0xe0..0xf0 => self.begun = Some((unit & 0x0f, 2)),
                _ => self.off = true,
            },
            (Form::Utf8, Some((bits, left))) if byte & 0xc0 == 0x80 => {
                let bits = bits << 6 | unit & 0x3f;
                if left == 1 {
                    return Some(bits);
                }
                self.begun = Some((bits, left - 1));
            }
            (Form::Utf8, Some(_)) => self.off = true,
        }
        None
    }
}

impl Undo for Text {
    fn push(&mut self, piece: &[u8], out: &mut Vec<u8>) -> Result<(), Odd> {
        for &byte in piece {
            if self.off {
                break;
            }
            self.at += 1;
            match self.character(byte) {
                None => {}
                Some(BYTE_ORDER_MARK) => {}
                Some(REPLACED) => return Err(Odd::Replaced(self.at.saturating_sub(1))),
                Some(character) => match self.bytes.byte(character) {
                    Some(byte) => out.push(byte),
                    None => self.off = true,
                },
            }
        }
        Ok(())
    }

    fn is_off(&self) -> bool {
        self.off
    }
}
