//! Words about escrows that several commands say.

use document::WrittenFile;
use key_escrow::Manifest;
use wording::{count, escape, shell_word};

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

/// The command that signs the manifest among files that were written.
#[must_use]
pub fn sign_words(files: &[WrittenFile]) -> Option<String> {
    let file = files.iter().find(|file| file.role == "manifest")?;
    Some(format!(
        "To sign its manifest, so that `--signers` holds the files to it:\n    assay keys sign {} -f KEY",
        shell_word(&file.path)
    ))
}

#[cfg(test)]
mod tests {
    use wording::shell_word;

    #[test]
    fn words_reach_the_shell_as_they_are() {
        for word in ["a b", "it's", "x;rm -rf /", "$HOME", "plain/path.tar.gz", "", "*", "a\nb", "тест"] {
            let line = format!("printf %s {}", shell_word(word));
            let output = fixtures::tool("bash").unwrap().args(["-c", &line]).output().unwrap();
            assert_eq!(String::from_utf8(output.stdout).unwrap(), word, "{line}");
        }
    }
}
