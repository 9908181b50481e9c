//! Which steps lead from the beginning of a file to the beginning of a snapshot.

use crate::code_page::ALL;
use crate::signature::{self, Ruin};
use crate::step::{Form, Step};
use crate::undo::{self, base64, hex};

/// So much of the beginning is looked at.
pub(crate) const HEAD: usize = 64 << 10;
/// Steps that are tried in all. A file of no known form takes few.
const TRIES: u32 = 512;
/// Most forms around one another.
const DEPTH: u32 = 3;
/// Bytes that must be digits for a text to be taken for base64 or hexadecimal.
const DIGITS: usize = 200;
/// Lines that are looked at for the first of a dump.
const LINES: usize = 200;

/// What was found in a beginning.
#[derive(Debug, Default)]
pub(crate) struct Ways {
    /// The ways to a snapshot, the likeliest first.
    pub(crate) steps: Vec<Vec<Step>>,
    /// What was lost of one that began here, beneath these steps.
    pub(crate) ruin: Option<(Vec<Step>, Ruin)>,
    tries: u32,
}

/// Looks for the ways from the beginning of a file.
pub(crate) fn ways(head: &[u8]) -> Ways {
    let mut ways = Ways::default();
    ways.look(head.get(..HEAD).unwrap_or(head), Vec::new(), DEPTH);
    ways
}

impl Ways {
    fn look(&mut self, head: &[u8], before: Vec<Step>, depth: u32) {
        if let Some(at) = signature::find(head) {
            self.steps.push(with(before, at, None));
            return;
        }
        if let (None, Some(ruin)) = (&self.ruin, signature::ruin(head)) {
            self.ruin = Some((before.clone(), ruin));
        }
        if depth == 0 {
            return;
        }
        let mut seen: Vec<Vec<u8>> = Vec::new();
        for (at, step) in candidates(head) {
            self.tries += 1;
            if self.tries > TRIES {
                return;
            }
            let Some((inner, off)) = head.get(at..).and_then(|from| undo::beginning(from, &step)) else { continue };
            // ends of lines that were translated later put a text of two bytes a character out of step
            if off && signature::find(&inner).is_none() {
                continue;
            }
            // a text without such characters is the same in each code page
            if inner.is_ascii() && seen.contains(&inner) {
                continue;
            }
            self.look(&inner, with(before.clone(), at, Some(step)), depth - 1);
            seen.push(inner);
        }
    }
}

/// These steps, then without the first bytes, then one more.
fn with(mut steps: Vec<Step>, at: usize, step: Option<Step>) -> Vec<Step> {
    if at > 0 {
        steps.push(Step::Cut(std::iter::once(0..at as u64).collect()));
    }
    steps.extend(step);
    steps
}

/// Steps that may come next, and from where on.
fn candidates(head: &[u8]) -> Vec<(usize, Step)> {
    let digits = |is: fn(u8) -> bool| {
        let mut first = head.iter().filter(|byte| !byte.is_ascii_whitespace()).take(DIGITS).peekable();
        first.peek().is_some() && first.all(|&byte| is(byte))
    };
    let mut found = Vec::new();
    if let Some(at) = dump(head) {
        found.push((at, Step::Dump));
    } else if let Some(at) = signature::find_hex(head).or_else(|| digits(|b| hex::digit(b).is_some()).then_some(0)) {
        found.push((at, Step::Hex));
    } else if let Some(at) =
        signature::find_base64(head).or_else(|| digits(|b| base64::digit(b).is_some() || b == b'=').then_some(0))
    {
        found.push((at, Step::Base64));
    }
    let texts = |at: usize, form: Form| ALL.iter().map(move |page| (at, Step::Text(form, page)));
    // behind something else, where its mark, if it has one, is part of that
    let wide_at = signature::find_wide(head).filter(|at| *at > 3);
    match head {
        [0xff, 0xfe, ..] => found.extend(texts(0, Form::Utf16Le)),
        [0xfe, 0xff, ..] => found.extend(texts(0, Form::Utf16Be)),
        _ => {
            found.extend(texts(0, Form::Utf8).filter(|_| !head.is_ascii() && is_utf8(head)));
            found.extend(texts(0, Form::Utf16Le).filter(|_| wide(head, 1)));
            found.extend(texts(0, Form::Utf16Be).filter(|_| wide(head, 0)));
            if let Some(at) = wide_at {
                found.extend(texts(at, Form::Utf16Le).chain(texts(at - 1, Form::Utf16Be)));
            }
        }
    }
    found
}

/// Whether it begins as UTF-8; what follows a snapshot may be something else.
fn is_utf8(head: &[u8]) -> bool {
    match std::str::from_utf8(head.get(..2048).unwrap_or(head)) {
        Ok(_) => true,
        Err(error) => error.error_len().is_none(),
    }
}

/// Whether most second bytes of the beginning are zero, as in UTF-16.
fn wide(head: &[u8], at: usize) -> bool {
    let beginning = head.get(..256).unwrap_or_default();
    beginning.iter().skip(at).step_by(2).filter(|byte| **byte == 0).count() > 64
}

/// Where the first line of a dump begins.
fn dump(head: &[u8]) -> Option<usize> {
    let mut at = 0;
    for line in head.split_inclusive(|byte| *byte == b'\n').take(LINES) {
        let read = hex::Line::read(line.trim_ascii_end());
        if read.is_some_and(|line| line.place == 0 && line.bytes.len() >= 8) {
            return Some(at);
        }
        at += line.len();
    }
    None
}
