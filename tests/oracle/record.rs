//! What etcd answered, kept.

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;

use peer_harness::oracle::Fate;

use super::mutate::Mutation;
use crate::support::root;

/// One answer: seed, digest of the file, kind of the change, and what etcd did. Seed 0 is the sound file.
pub(super) struct Answer {
    pub(super) seed: u64,
    pub(super) digest: String,
    kind: String,
    pub(super) fate: Fate,
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "seed {} ({}): {:?}", self.seed, self.kind, self.fate)
    }
}

impl Answer {
    pub(super) fn of(mutation: &Mutation, fate: Fate) -> Self {
        Self { seed: mutation.seed, digest: mutation.digest.clone(), kind: mutation.kind.to_owned(), fate }
    }
}

fn path() -> PathBuf {
    root().join("tests/oracle/answers.tsv")
}

pub(super) fn answers() -> Vec<Answer> {
    let text = fs::read_to_string(path()).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let answer = |line: &str| {
        let [seed, digest, kind, fate] = line.splitn(4, '\t').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let fate = serde_json::from_str(fate).unwrap_or_else(|error| panic!("{line}: {error}"));
        Answer { seed: seed.parse().unwrap(), digest: digest.to_owned(), kind: kind.to_owned(), fate }
    };
    lines.map(answer).collect()
}

/// Adds to the record, if `ASSAY_RECORD` is set.
pub(super) struct Recorder(Option<fs::File>, Vec<u64>);

impl Recorder {
    pub(super) fn open() -> Self {
        let wanted = std::env::var_os("ASSAY_RECORD").is_some();
        let known = if path().exists() { answers().iter().map(|answer| answer.seed).collect() } else { Vec::new() };
        let file = wanted.then(|| fs::OpenOptions::new().append(true).create(true).open(path()).unwrap());
        Self(file, known)
    }

    pub(super) fn add(&mut self, answer: &Answer) {
        let Self(Some(file), known) = self else { return };
        if !known.contains(&answer.seed) {
            let fate = serde_json::to_string(&answer.fate).unwrap();
            writeln!(file, "{}\t{}\t{}\t{fate}", answer.seed, answer.digest, answer.kind).unwrap();
        }
    }
}
