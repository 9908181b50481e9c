//! Steps undone: bytes go in a piece at a time, and come out as they were.

pub(crate) mod base64;
pub(crate) mod hex;
mod lines;
mod text;

use std::ops::ControlFlow;

use crate::step::Step;

/// Bytes that go in at a time.
const PIECE: usize = 32 << 10;

/// Why a step cannot be undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Odd {
    /// Characters were replaced by one that says so: what they were is lost. The place is that in the text.
    Replaced(u64),
    /// It is not what the step makes, by far.
    Foreign,
}

/// One step, fed with what went through the step before it.
pub(crate) trait Undo {
    /// Takes a piece, and adds what comes of it to `out`.
    fn push(&mut self, piece: &[u8], out: &mut Vec<u8>) -> Result<(), Odd>;

    /// Whether something came that the step does not make. What follows is left out: it may be something else, put behind.
    fn is_off(&self) -> bool {
        false
    }

    /// There is no more.
    fn end(&mut self, _out: &mut Vec<u8>) -> Result<(), Odd> {
        Ok(())
    }
}

fn begin(step: &Step) -> Box<dyn Undo> {
    match step {
        Step::Cut(ranges) => Box::new(lines::Cut::new(ranges.clone())),
        Step::LineEnds => Box::new(lines::LineEnds::default()),
        Step::Returns(places) => Box::new(lines::Returns::new(places.clone())),
        Step::Text(form, page) => Box::new(text::Text::new(*form, page)),
        Step::Base64 => Box::new(base64::Base64::default()),
        Step::Hex => Box::new(hex::Hex::default()),
        Step::Dump => Box::new(hex::Dump::default()),
    }
}

/// Undoes the steps, the first of them first, and gives what comes out to `sink`, which may end it.
///
/// # Errors
/// Where the bytes are not what the steps make.
pub fn undo(bytes: &[u8], steps: &[Step], sink: &mut dyn FnMut(&[u8]) -> ControlFlow<()>) -> Result<(), Odd> {
    let mut line = Line { steps: steps.iter().map(begin).collect(), from: Vec::new(), to: Vec::new() };
    for piece in bytes.chunks(PIECE) {
        if line.push(0, piece, sink)?.is_break() {
            return Ok(());
        }
    }
    line.end(sink)
}

/// What comes of a beginning by one step, and whether something came that the step does not make.
pub(crate) fn beginning(bytes: &[u8], step: &Step) -> Option<(Vec<u8>, bool)> {
    let mut out = Vec::new();
    let mut step = begin(step);
    step.push(bytes, &mut out).ok()?;
    Some((out, step.is_off()))
}

struct Line {
    steps: Vec<Box<dyn Undo>>,
    from: Vec<u8>,
    to: Vec<u8>,
}

impl Line {
    /// Sends a piece through the steps from one on.
    fn push(
        &mut self,
        first: usize,
        piece: &[u8],
        sink: &mut dyn FnMut(&[u8]) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, Odd> {
        let Self { steps, from, to } = self;
        from.clear();
        let mut left = piece;
        for step in steps.iter_mut().skip(first) {
            to.clear();
            step.push(left, to)?;
            std::mem::swap(from, to);
            left = from;
        }
        Ok(if left.is_empty() { ControlFlow::Continue(()) } else { sink(left) })
    }

    fn end(&mut self, sink: &mut dyn FnMut(&[u8]) -> ControlFlow<()>) -> Result<(), Odd> {
        for at in 0..self.steps.len() {
            let mut rest = Vec::new();
            if let Some(step) = self.steps.get_mut(at) {
                step.end(&mut rest)?;
            }
            if self.push(at + 1, &rest, sink)?.is_break() {
                break;
            }
        }
        Ok(())
    }
}
