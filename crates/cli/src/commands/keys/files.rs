//! The files of a split: their names beside each other, their sizes and digests, and how to say them.

use std::path::{Path, PathBuf};

use key_escrow::{Digest, EscrowInfo, NamedDigest};

use crate::exit::Error;
use crate::output::escrow::FileJson;
use wording::{escape_path, is_plain};

/// The file that belongs to an escrow and lies beside it: `<stem>.escrow.age` gives `<stem>.<end>`.
pub(super) fn beside(escrow: &Path, end: &str) -> Option<PathBuf> {
    let name = escrow.file_name()?.to_str()?;
    let stem = name.strip_suffix(".escrow.age")?;
    let path = escrow.with_file_name(format!("{stem}.{end}"));
    path.is_file().then_some(path)
}

/// Reads a file once and gives its name, size and SHA-256, and its first bytes.
pub(super) fn digest(path: &Path, head: usize) -> Result<(NamedDigest, Vec<u8>), Error> {
    Ok(assay::escrow::digest(path, head, &assay::Silent)?)
}

/// A file as JSON has it.
pub(super) fn json(role: &'static str, path: &Path, digest: &Digest) -> FileJson {
    FileJson { role, path: path.to_string_lossy().into_owned(), size: digest.size, sha256: digest.sha256.clone() }
}

/// Escrow, shares and manifest as JSON has them; the manifest's own digest is not in it, and is taken anew.
pub(super) fn sealed(
    escrow: &Path,
    info: Option<&EscrowInfo>,
    shares: &[PathBuf],
    manifest: &Path,
) -> Result<Vec<FileJson>, Error> {
    let mut files = Vec::new();
    match info {
        Some(info) => files.push(json("escrow", escrow, &info.file.digest)),
        None => files.push(json("escrow", escrow, &digest(escrow, 0)?.0.digest)),
    }
    for share in shares {
        files.push(json("share", share, &digest(share, 0)?.0.digest));
    }
    files.push(json("manifest", manifest, &digest(manifest, 0)?.0.digest));
    Ok(files)
}

/// A word of a command line, quoted for a shell if need be.
pub(super) fn shell_word(word: &str) -> String {
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

/// A path for people.
pub(super) fn shown(path: &Path) -> String {
    escape_path(path)
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
