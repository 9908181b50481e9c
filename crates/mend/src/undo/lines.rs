//! Bytes that were put in or taken out, at places or before line feeds.

use std::ops::Range;

use super::{Odd, Undo};

/// Leaves ranges out.
pub(super) struct Cut {
    ranges: Vec<Range<u64>>,
    at: u64,
}

impl Cut {
    pub(super) fn new(ranges: Vec<Range<u64>>) -> Self {
        Self { ranges, at: 0 }
    }
}

impl Undo for Cut {
    fn push(&mut self, piece: &[u8], out: &mut Vec<u8>) -> Result<(), Odd> {
        let within = |place: u64, at: u64| usize::try_from(place.saturating_sub(at)).unwrap_or(usize::MAX);
        let mut kept = 0;
        for range in &self.ranges {
            let (start, end) = (within(range.start, self.at), within(range.end, self.at).min(piece.len()));
            if start < end {
                out.extend_from_slice(piece.get(kept..start).unwrap_or_default());
                kept = end.max(kept);
            }
        }
        out.extend_from_slice(piece.get(kept..).unwrap_or_default());
        self.at = self.at.saturating_add(piece.len() as u64);
        Ok(())
    }
}

/// Takes CR LF for LF.
#[derive(Default)]
pub(super) struct LineEnds {
    held: bool,
}

impl Undo for LineEnds {
    fn push(&mut self, piece: &[u8], out: &mut Vec<u8>) -> Result<(), Odd> {
        for &byte in piece {
            if self.held && byte != b'\n' {
                out.push(b'\r');
            }
            self.held = byte == b'\r';
            if !self.held {
                out.push(byte);
            }
        }
        Ok(())
    }

    fn end(&mut self, out: &mut Vec<u8>) -> Result<(), Odd> {
        if std::mem::take(&mut self.held) {
            out.push(b'\r');
        }
        Ok(())
    }
}

/// Puts CR before the bytes at these places.
pub(super) struct Returns {
    places: std::iter::Peekable<std::vec::IntoIter<u64>>,
    at: u64,
}

impl Returns {
    pub(super) fn new(places: Vec<u64>) -> Self {
        Self { places: places.into_iter().peekable(), at: 0 }
    }
}

impl Undo for Returns {
    fn push(&mut self, piece: &[u8], out: &mut Vec<u8>) -> Result<(), Odd> {
        let mut done = 0;
        while let Some(place) = self.places.next_if(|place| *place < self.at.saturating_add(piece.len() as u64)) {
            let place = usize::try_from(place.saturating_sub(self.at)).unwrap_or(usize::MAX);
            out.extend_from_slice(piece.get(done..place).unwrap_or_default());
            out.push(b'\r');
            done = place;
        }
        out.extend_from_slice(piece.get(done..).unwrap_or_default());
        self.at = self.at.saturating_add(piece.len() as u64);
        Ok(())
    }
}
