//! Words of a command line, to be pasted into a shell.

use crate::is_plain;

/// A word of a command line, quoted for a shell if need be.
#[must_use]
pub fn shell_word(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "/._-+=:,@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    if !word.chars().all(is_plain) {
        // $'...' is the only form in which a shell takes such characters
        return shell_bytes(word.as_bytes());
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// Bytes of a command line: as [`shell_word`], or in the only form in which a shell takes what is no plain text, `$'...'`.
#[must_use]
pub fn shell_bytes(word: &[u8]) -> String {
    if let Ok(text) = std::str::from_utf8(word)
        && text.chars().all(is_plain)
    {
        return shell_word(text);
    }
    let mut inner = String::new();
    for chunk in word.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '\'' | '\\' => inner.extend(['\\', c]),
                c if !is_plain(c) => {
                    let mut bytes = [0; 4];
                    inner.extend(c.encode_utf8(&mut bytes).bytes().map(|byte| format!("\\x{byte:02x}")));
                }
                c => inner.push(c),
            }
        }
        inner.extend(chunk.invalid().iter().map(|byte| format!("\\x{byte:02x}")));
    }
    format!("$'{inner}'")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_shell_would_take_apart_is_quoted() {
        for (word, quoted) in [
            ("plain/path-1.tar.gz", "plain/path-1.tar.gz"),
            ("", "''"),
            ("a b", "'a b'"),
            ("it's", r"'it'\''s'"),
            ("a\nb'", r"$'a\x0ab\''"),
        ] {
            assert_eq!(shell_word(word), quoted);
        }
        assert_eq!(shell_bytes(b"a\xff"), r"$'a\xff'");
    }
}
