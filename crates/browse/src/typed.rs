//! Bytes from the keyboard as keys.

use crate::news::Key;

/// Takes the keys off the front of `bytes`; what is left is the beginning of one. `complete`: nothing follows soon, so
/// that an escape stands for itself.
#[must_use]
pub fn keys(bytes: &mut Vec<u8>, complete: bool) -> Vec<Key> {
    let mut keys = Vec::new();
    let mut at = 0;
    while let Some((key, length)) = bytes.get(at..).and_then(|rest| first(rest, complete)) {
        keys.extend(key);
        at += length;
    }
    bytes.drain(..at);
    keys
}

/// The first key and its bytes; none for what is known and means nothing here.
fn first(bytes: &[u8], complete: bool) -> Option<(Option<Key>, usize)> {
    match bytes {
        [] => None,
        [0x1b, b'[', rest @ ..] => control_sequence(rest, complete),
        [0x1b, b'O', rest @ ..] => match rest.first() {
            Some(last) => Some((named(*last), 3)),
            None => complete.then_some((Some(Key::Esc), 2)),
        },
        [0x1b] => complete.then_some((Some(Key::Esc), 1)),
        [0x1b, ..] => Some((Some(Key::Esc), 1)),
        [b'\r' | b'\n', ..] => Some((Some(Key::Enter), 1)),
        [b'\t', ..] => Some((Some(Key::Tab), 1)),
        [0x7f | 0x08, ..] => Some((Some(Key::Backspace), 1)),
        [control @ 0x01..=0x1a, ..] => Some((Some(Key::Ctrl(char::from(control + b'a' - 1))), 1)),
        [byte, ..] if byte.is_ascii() => Some(((*byte >= b' ').then_some(Key::Char(char::from(*byte))), 1)),
        _ => letter(bytes, complete),
    }
}

/// After `ESC [`: parameters up to the byte that ends them.
fn control_sequence(rest: &[u8], complete: bool) -> Option<(Option<Key>, usize)> {
    /// Longer ones are noise.
    const LONGEST: usize = 16;
    let Some(end) = rest.iter().take(LONGEST).position(|byte| (0x40..=0x7e).contains(byte)) else {
        return (complete || rest.len() >= LONGEST).then_some((None, 2 + rest.len().min(LONGEST)));
    };
    let (parameters, last) = (rest.get(..end).unwrap_or_default(), rest.get(end).copied().unwrap_or_default());
    let key = match (last, parameters.split(|byte| *byte == b';').next().unwrap_or_default()) {
        (b'~', b"1" | b"7") => Some(Key::Home),
        (b'~', b"4" | b"8") => Some(Key::End),
        (b'~', b"5") => Some(Key::PageUp),
        (b'~', b"6") => Some(Key::PageDown),
        (b'Z', _) => Some(Key::BackTab),
        (last, _) => named(last),
    };
    Some((key, 2 + end + 1))
}

fn named(last: u8) -> Option<Key> {
    Some(match last {
        b'A' => Key::Up,
        b'B' => Key::Down,
        b'C' => Key::Right,
        b'D' => Key::Left,
        b'H' => Key::Home,
        b'F' => Key::End,
        b'M' => Key::Enter,
        _ => return None,
    })
}

/// A letter beyond ASCII.
fn letter(bytes: &[u8], complete: bool) -> Option<(Option<Key>, usize)> {
    let chunk = bytes.utf8_chunks().next()?;
    if let Some(char) = chunk.valid().chars().next() {
        return Some((Some(Key::Char(char)), char.len_utf8()));
    }
    let length = chunk.invalid().len();
    // Cut off, perhaps: the rest of it may follow.
    (complete || length < bytes.len()).then_some((None, length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_known_whoever_sends_them() {
        for (bytes, expected) in [
            (&b"jG"[..], &[Key::Char('j'), Key::Char('G')][..]),
            (b"\x1b[A\x1bOB\x1b[C\x1b[D", &[Key::Up, Key::Down, Key::Right, Key::Left]),
            (b"\x1b[H\x1b[4~\x1bOF\x1b[1~", &[Key::Home, Key::End, Key::End, Key::Home]),
            (b"\x1b[5~\x1b[6~\x1b[6;5~", &[Key::PageUp, Key::PageDown, Key::PageDown]),
            (b"\r\n\t\x1b[Z\x7f", &[Key::Enter, Key::Enter, Key::Tab, Key::BackTab, Key::Backspace]),
            (b"\x03\x15", &[Key::Ctrl('c'), Key::Ctrl('u')]),
            (b"\x1b\x1b", &[Key::Esc, Key::Esc]),
            (b"\x1bq", &[Key::Esc, Key::Char('q')]),
            (b"\x1b[?1;2c\x1b[200~x", &[Key::Char('x')]),
            ("жé日".as_bytes(), &[Key::Char('ж'), Key::Char('é'), Key::Char('日')]),
            (b"\xff\x00a", &[Key::Char('a')]),
        ] {
            let mut room = bytes.to_vec();
            assert_eq!(keys(&mut room, true), expected, "{}", bytes.escape_ascii());
            assert!(room.is_empty(), "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn what_comes_in_parts_is_waited_for() {
        for (whole, expected) in
            [(&b"\x1b[5~"[..], Key::PageUp), (b"\x1bOA", Key::Up), ("日".as_bytes(), Key::Char('日'))]
        {
            for cut in 1..whole.len() {
                let mut room = whole[..cut].to_vec();
                assert_eq!(keys(&mut room, false), []);
                room.extend_from_slice(&whole[cut..]);
                assert_eq!(keys(&mut room, false), [expected]);
            }
        }
        let mut noise = [b"\x1b[", &[b'1'; 64][..]].concat();
        assert!(keys(&mut noise, false).len() >= 40, "endless parameters end");
    }
}
