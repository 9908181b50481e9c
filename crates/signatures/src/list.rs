//! The list of signers.

use jiff::tz::TimeZone;

use crate::key::Key;
use crate::line::Entry;
use crate::time::{ListFault, ListFaultKind};

/// Longer lists are refused, in bytes.
const MAX_BYTES: usize = 1 << 20;
/// And longer ones in lines.
const MAX_LINES: usize = 10_000;
/// How a line of minisign's begins.
const UNTRUSTED: &str = "untrusted comment:";

/// Who may sign, with which keys, for what and when.
#[derive(Debug, Clone, Default)]
pub struct Signers {
    pub(crate) entries: Vec<Entry>,
}

impl Signers {
    /// Reads a list.
    ///
    /// Two kinds of lines are read, and may be mixed: those of OpenSSH's `allowed_signers`, and the two of which minisign
    /// makes a public key (`untrusted comment: NAME`, then `RW...`; the comment names the signer, and without one the key's
    /// number does). Times without `Z` are meant in `zone`.
    ///
    /// # Errors
    /// The first line that is not understood: a list that is understood in part vouches for nobody.
    pub fn parse(bytes: &[u8], zone: &TimeZone) -> Result<Self, ListFault> {
        let mut entries = Vec::new();
        let mut comment = None;
        for (number, line) in lines(bytes)? {
            let fault = |kind| ListFault { line: number, kind };
            if let Some(text) = line.strip_prefix(UNTRUSTED) {
                comment = Some(text.trim().to_owned());
            } else if is_minisign(line) {
                let key = Key::minisign(line).map_err(fault)?;
                let principals = comment.take().filter(|text| !text.is_empty());
                let principals = principals.unwrap_or_else(|| key.name().to_string());
                entries.push(Entry { principals, key, namespaces: None, after: None, before: None });
            } else {
                entries.push(Entry::parse(line, zone).map_err(fault)?);
            }
        }
        Ok(Self { entries })
    }

    /// Adds those of another list.
    pub fn extend(&mut self, other: Self) {
        self.entries.extend(other.entries);
    }

    /// Whether it names nobody.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The principals of each line, as they stand, in the order of the list.
    pub fn principals(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|entry| entry.principals.as_str())
    }
}

/// A line that is a public key of minisign and nothing else.
pub(crate) fn is_minisign(line: &str) -> bool {
    let line = line.trim();
    line.starts_with("RW") && line.len() == 56 && !line.contains([' ', '\t'])
}

/// The lines that say something, with their numbers.
pub(crate) fn lines(bytes: &[u8]) -> Result<Vec<(usize, &str)>, ListFault> {
    if bytes.len() > MAX_BYTES {
        return Err(ListFault { line: 1, kind: ListFaultKind::TooLong("1 MiB") });
    }
    let mut all = Vec::new();
    for (index, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        let fault = |kind| ListFault { line: index + 1, kind };
        if index >= MAX_LINES {
            return Err(fault(ListFaultKind::TooLong("10 000 lines")));
        }
        let line = std::str::from_utf8(line).map_err(|_| fault(ListFaultKind::NotText))?;
        if line.contains("PRIVATE KEY-----") || line.starts_with("untrusted comment: minisign encrypted secret key") {
            return Err(fault(ListFaultKind::PrivateKey));
        }
        let told = line.trim_start_matches([' ', '\t', '\r']);
        if !(told.is_empty() || told.starts_with('#')) {
            all.push((index + 1, line));
        }
    }
    Ok(all)
}
