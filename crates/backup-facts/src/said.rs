//! What was said of a backup when it was made: the output of `cluster-backup.sh`, of `etcdctl` and `etcdutl`, lines of
//! `sha256sum`, the log of the job that ran them.
//!
//! A log may speak of several backups, one after the other: [`Said::about`] takes what it says of one.

mod line;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

/// A line that is longer is no statement.
const LONGEST_LINE: usize = 64 << 10;
/// Statements that are kept; a log with more is one of years.
const MOST: usize = 100_000;
/// Lines of one value that somebody had printed in several.
const LINES_OF_A_VALUE: usize = 16;

/// What is said, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The line, from 1.
    pub line: usize,
    /// What is said.
    pub claim: Claim,
}

/// What is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// The status hash: CRC-32C over all buckets.
    Hash(u32),
    /// The main revision of the last record.
    Revision(i64),
    /// How many keys, in one of two meanings: entries of all buckets until etcd 3.5, live keys from 3.6 on.
    TotalKey(u64),
    /// Pages times page size.
    TotalSize(Length),
    /// Bytes of the file.
    FileSize(Length),
    /// The storage version, from etcd 3.6 on.
    StorageVersion(String),
    /// SHA-256 of a file; without a name where only one was said.
    Digest {
        /// As it was said, with its folders.
        name: String,
        /// The digest.
        sha256: [u8; 32],
    },
    /// The revision of a static pod whose files went into the tarball.
    Pod {
        /// Such as `kube-apiserver`.
        name: String,
        /// Its revision.
        revision: i64,
    },
    /// Where the snapshot was saved.
    Saved(String),
    /// The backup did not come off, in the words of who made it.
    Failed(String),
}

/// A length in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Length {
    /// All of it.
    Exact(u64),
    /// Rounded to two places, with a unit of 1000: `114 MB`.
    Rounded(String),
}

impl Length {
    /// Whether these many bytes were said so.
    #[must_use]
    pub fn is(&self, bytes: u64) -> bool {
        match self {
            Self::Exact(said) => *said == bytes,
            Self::Rounded(said) => *said == rounded(bytes),
        }
    }
}

/// A number of bytes as etcd's tools round it.
#[must_use]
pub fn rounded(bytes: u64) -> String {
    const UNITS: [&str; 7] = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];
    if bytes < 10 {
        return format!("{bytes} B");
    }
    let mut unit: u64 = 1;
    let mut names = UNITS.iter();
    let mut name = names.next().copied().unwrap_or_default();
    while bytes / unit >= 1000 {
        let Some(next) = names.next() else { break };
        (unit, name) = (unit.saturating_mul(1000), next);
    }
    // tenths, the half rounded up
    let tenths = (u128::from(bytes) * 10 + u128::from(unit) / 2) / u128::from(unit);
    if tenths < 100 {
        format!("{}.{} {name}", tenths / 10, tenths % 10)
    } else {
        format!("{} {name}", round_even(tenths))
    }
}

/// Tenths to a whole number, the half to the even one, as C's and Go's `%.0f` do.
fn round_even(tenths: u128) -> u128 {
    let (whole, rest) = (tenths / 10, tenths % 10);
    whole + u128::from(rest > 5 || (rest == 5 && whole % 2 == 1))
}

/// Everything that a text says of backups.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    statements: Vec<Statement>,
    /// What speaks of one backup each, in order.
    sections: Vec<Range<usize>>,
}

impl Said {
    /// Reads a text, whatever else is in it.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Self {
        let text = decode(bytes);
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        let mut said = Self::default();
        let alone = lines.iter().filter(|line| !line.is_empty()).count() == 1;
        let mut at = 0;
        while let Some(first) = lines.get(at) {
            let value = (*first == "{").then(|| value_of(lines.get(at..).unwrap_or_default())).flatten();
            let (line, taken) = match &value {
                Some((text, lines)) => (text.as_str(), *lines),
                None => (*first, 1),
            };
            if line.len() <= LONGEST_LINE {
                let claims = line::claims(line, alone);
                said.statements.extend(claims.into_iter().map(|claim| Statement { line: at + 1, claim }));
            }
            if said.statements.len() >= MOST {
                break;
            }
            at += taken;
        }
        said.sections = sections(&said.statements);
        said
    }

    /// Whether nothing in the text says anything of a backup.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.statements.is_empty()
    }

    /// All that is said, in order.
    #[must_use]
    pub fn statements(&self) -> &[Statement] {
        &self.statements
    }

    /// What is said of the backup that has files of these names. Where the text names others alone, that is what it says
    /// last, if this is the `sole` backup it can mean: files get other names when they are moved.
    #[must_use]
    pub fn about(&self, names: &[&str], sole: bool) -> Vec<&Statement> {
        let named = |section: &&Range<usize>| {
            self.of(section).iter().any(|it| matches!(&it.claim, Claim::Saved(path) if names.contains(&base(path))))
        };
        let section = self.sections.iter().rev().find(named);
        let section = section.or_else(|| self.sections.last().filter(|_| sole));
        let told = section.map(|section| self.of(section)).unwrap_or_default();
        let digests = self.statements.iter().filter(|statement| matches!(statement.claim, Claim::Digest { .. }));
        told.iter().filter(|statement| !matches!(statement.claim, Claim::Digest { .. })).chain(digests).collect()
    }

    fn of(&self, section: &Range<usize>) -> &[Statement] {
        self.statements.get(section.clone()).unwrap_or_default()
    }
}

/// The last part of a path, of either kind of system.
#[must_use]
pub fn base(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

/// A text in the encodings that redirected output comes in.
fn decode(bytes: &[u8]) -> Cow<'_, str> {
    let wide = |bytes: &[u8], read: fn([u8; 2]) -> u16| {
        let units = bytes.chunks_exact(2).filter_map(|pair| pair.try_into().ok()).map(read);
        char::decode_utf16(units).map(|read| read.unwrap_or(char::REPLACEMENT_CHARACTER)).collect::<String>()
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => Cow::Owned(wide(rest, u16::from_le_bytes)),
        [0xfe, 0xff, rest @ ..] => Cow::Owned(wide(rest, u16::from_be_bytes)),
        [0xef, 0xbb, 0xbf, rest @ ..] | rest => String::from_utf8_lossy(rest),
    }
}

/// A JSON object that somebody had printed in several lines, and how many.
fn value_of(lines: &[&str]) -> Option<(String, usize)> {
    let end = lines.iter().take(LINES_OF_A_VALUE).position(|line| *line == "}")?;
    let lines = lines.get(..=end)?;
    let short = lines.iter().map(|line| line.len()).sum::<usize>() <= LONGEST_LINE;
    short.then(|| (lines.concat(), lines.len()))
}

/// Where one backup ends and the next begins: behind a failure, and where something is said again that was said otherwise.
fn sections(statements: &[Statement]) -> Vec<Range<usize>> {
    let (mut found, mut from, mut failed) = (Vec::new(), 0, false);
    let mut told = BTreeMap::new();
    for (at, Statement { claim, .. }) in statements.iter().enumerate() {
        let fails = matches!(claim, Claim::Failed(_));
        let topic = topic(claim);
        let again = topic.as_ref().and_then(|(topic, value)| told.get(topic).map(|before| before != value));
        if (failed && !fails) || again == Some(true) {
            found.push(from..at);
            from = at;
            told.clear();
        }
        told.extend(topic);
        failed = fails;
    }
    if from < statements.len() {
        found.push(from..statements.len());
    }
    found
}

/// What a claim is about, and what it says of it; `None` where several of a kind are said of one backup.
fn topic(claim: &Claim) -> Option<((u8, &str), String)> {
    let size = |length: &Length| match length {
        Length::Exact(bytes) => (0, bytes.to_string()),
        Length::Rounded(text) => (1, text.clone()),
    };
    Some(match claim {
        Claim::Hash(hash) => ((0, ""), hash.to_string()),
        Claim::Revision(revision) => ((1, ""), revision.to_string()),
        Claim::TotalKey(keys) => ((2, ""), keys.to_string()),
        Claim::TotalSize(length) => ((3 + size(length).0, ""), size(length).1),
        Claim::FileSize(length) => ((5 + size(length).0, ""), size(length).1),
        Claim::StorageVersion(version) => ((7, ""), version.clone()),
        Claim::Pod { name, revision } => ((8, name), revision.to_string()),
        Claim::Saved(path) => ((9, ""), base(path).to_owned()),
        Claim::Digest { .. } | Claim::Failed(_) => return None,
    })
}

#[cfg(test)]
mod tests;
