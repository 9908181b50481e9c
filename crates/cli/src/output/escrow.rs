//! Words about escrows that several commands say.

use document::WrittenFile;
use key_escrow::Manifest;
use wording::{count, escape, is_plain};

/// Whom an escrow opens for.
#[must_use]
pub fn opens_words(manifest: &Manifest) -> String {
    if let Some(threshold) = &manifest.threshold {
        return format!("any {} of {}", threshold.threshold, count(threshold.shares.len() as u64, "share"));
    }
    let words = manifest.recipients.iter().map(|recipient| match recipient.recipient.as_str() {
        "" => "a passphrase".to_owned(),
        text => escape(text.as_bytes()).into_owned(),
    });
    words.collect::<Vec<_>>().join("\n")
}

/// The digest of the manifest among files that were written: it binds all of them, where it is kept elsewhere.
#[must_use]
pub fn manifest_words(files: &[WrittenFile]) -> Option<String> {
    let file = files.iter().find(|file| file.role == "manifest")?;
    Some(format!("sha256 {}\nkeep this elsewhere: `--expect-manifest-sha256` holds the files to it", file.sha256))
}

/// A word of a command line, quoted for a shell if need be.
#[must_use]
pub fn shell_word(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "/._-+=:,@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    if !word.chars().all(is_plain) {
        // $'...' is the only form in which a shell takes such characters
        let mut inner = String::new();
        for c in word.chars() {
            match c {
                '\'' | '\\' => inner.extend(['\\', c]),
                c if !is_plain(c) => {
                    let mut bytes = [0; 4];
                    inner.extend(c.encode_utf8(&mut bytes).bytes().map(|byte| format!("\\x{byte:02x}")));
                }
                c => inner.push(c),
            }
        }
        return format!("$'{inner}'");
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_reach_the_shell_as_they_are() {
        for word in ["a b", "it's", "x;rm -rf /", "$HOME", "plain/path.tar.gz", "", "*", "a\nb", "тест"] {
            let line = format!("printf %s {}", shell_word(word));
            let output = fixtures::tool("bash").unwrap().args(["-c", &line]).output().unwrap();
            assert_eq!(String::from_utf8(output.stdout).unwrap(), word, "{line}");
        }
    }
}
