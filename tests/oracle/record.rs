//! What etcd answered, kept: the record that is replayed in every run, and a cache, so that a campaign that was broken off
//! goes on where it was.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use peer_harness::PeerVersion;
use peer_harness::oracle::Fate;

use super::mutate::Mutation;
use crate::support::root;

/// Its number goes up with what is asked.
const CACHE: &str = "oracle-answers-2.tsv";

/// One answer: seed, digest of the file, kind of the change, which etcd, and what it did. Seed 0 is the sound file.
pub(super) struct Answer {
    pub(super) seed: u64,
    pub(super) digest: String,
    kind: String,
    pub(super) release: String,
    pub(super) fate: Fate,
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "seed {} ({}), etcd {}: {:?}", self.seed, self.kind, self.release, self.fate)
    }
}

impl Answer {
    pub(super) fn of(mutation: &Mutation, release: PeerVersion, fate: Fate) -> Self {
        let (digest, kind, release) = (mutation.digest.clone(), mutation.kind.to_owned(), release.name().to_owned());
        Self { seed: mutation.seed, digest, kind, release, fate }
    }

    fn parse(line: &str) -> Option<Self> {
        let [seed, digest, kind, release, fate] = line.splitn(5, '\t').collect::<Vec<_>>()[..] else { return None };
        let (digest, kind, release) = (digest.to_owned(), kind.to_owned(), release.to_owned());
        Some(Self { seed: seed.parse().ok()?, digest, kind, release, fate: serde_json::from_str(fate).ok()? })
    }

    fn line(&self) -> String {
        let Self { seed, digest, kind, release, fate } = self;
        format!("{seed}\t{digest}\t{kind}\t{release}\t{}\n", serde_json::to_string(fate).unwrap())
    }
}

fn recorded() -> PathBuf {
    root().join("tests/oracle/answers.tsv")
}

/// The record: an answer of 3.5 to each seed, and of 3.4 to those that it reads otherwise.
pub(super) fn answers() -> Vec<Answer> {
    let text = fs::read_to_string(recorded()).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| Answer::parse(line).unwrap_or_else(|| panic!("no answer: {line}"))).collect()
}

/// Answers by release and digest, on disk; with `ASSAY_RECORD` it is the record itself.
pub(super) struct Cache {
    known: Mutex<BTreeMap<(String, String), Fate>>,
    file: Mutex<fs::File>,
}

impl Cache {
    pub(super) fn open() -> Self {
        let record = std::env::var_os("ASSAY_RECORD").is_some();
        let path = if record { recorded() } else { Path::new(env!("CARGO_TARGET_TMPDIR")).join(CACHE) };
        let text = fs::read_to_string(&path).unwrap_or_default();
        // a line that was broken off is asked again
        let known = text.lines().filter_map(Answer::parse);
        let known = known.map(|answer| ((answer.release, answer.digest), answer.fate)).collect();
        let mut file = fs::OpenOptions::new().append(true).create(true).open(path).unwrap();
        if !text.is_empty() && !text.ends_with('\n') {
            file.write_all(b"\n").unwrap();
        }
        Self { known: Mutex::new(known), file: Mutex::new(file) }
    }

    /// The answer that is known, or the one that is got now.
    pub(super) fn answer(&self, mutation: &Mutation, release: PeerVersion, ask: impl FnOnce() -> Fate) -> Fate {
        let at = (release.name().to_owned(), mutation.digest.clone());
        if let Some(fate) = self.known.lock().unwrap().get(&at) {
            return fate.clone();
        }
        let fate = ask();
        let line = Answer::of(mutation, release, fate.clone()).line();
        self.file.lock().unwrap().write_all(line.as_bytes()).unwrap();
        self.known.lock().unwrap().insert(at, fate.clone());
        fate
    }
}
