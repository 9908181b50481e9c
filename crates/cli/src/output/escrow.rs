//! What a split, join, drill or rewrap did, as scripts read it.

use document::Check;
use key_escrow::Manifest;
use serde::Serialize;
use wording::{count, escape, is_plain};

/// A file that was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileJson {
    /// `keyless`, `escrow`, `share`, `manifest` or `original`.
    pub role: &'static str,
    /// Where.
    pub path: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256, hex.
    pub sha256: String,
}

/// The result of a command that writes files.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WrittenJson<'a> {
    /// The input.
    pub path: String,
    /// Its kind: `static-kuberesources` or `key-escrow`.
    pub kind: &'static str,
    /// What was written.
    pub files: Vec<FileJson>,
    /// The manifest that says what was done.
    pub manifest: &'a Manifest,
    /// Whether a manifest outside the escrow vouches for the result too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manifest_agrees: Option<bool>,
    /// The command that joins the files again, with `IDENTITY` where a private key's file goes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub join_command: Option<Vec<String>>,
}

/// The result of a drill.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DrillJson<'a> {
    /// The escrow.
    pub path: String,
    /// `key-escrow`.
    pub kind: &'static str,
    /// What is known of it.
    pub manifest: &'a Manifest,
    /// Whether every check could be made.
    pub complete: bool,
    /// Every check.
    pub checks: Vec<Check>,
}

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
