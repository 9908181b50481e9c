//! What the tests of `assay keys` share: a directory, a key pair made for the test, tarballs.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::fixture;
use crate::run::{Run, run};
use age::secrecy::ExposeSecret as _;
use age::x25519;

pub(crate) use fixtures::{gunzip, member, tar_gz, tar_of, tool as peer};

pub(crate) const STEM: &str = "static_kuberesources_2026-11-23_090915";

/// A directory with a key pair in it.
pub(crate) struct Bench {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) recipient: String,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let recipient = identity(&dir.path().join("key.txt"));
        Self { dir, recipient }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// A copy of the tarball of a fixture, under the same name each time.
    pub(crate) fn tarball(&self, fixture: &str) -> PathBuf {
        self.tarball_of(&fixture::named(fixture).tarball_bytes())
    }

    pub(crate) fn tarball_of(&self, bytes: &[u8]) -> PathBuf {
        let path = self.path(&format!("{STEM}.tar.gz"));
        fs::write(&path, bytes).unwrap();
        path
    }

    /// An output of a split into `vault`.
    pub(crate) fn vault(&self, end: &str) -> PathBuf {
        self.path("vault").join(format!("{STEM}.{end}"))
    }

    /// Runs `assay keys` with words in which `{}` stands for the directory and `RECIPIENT` for the key.
    pub(crate) fn keys(&self, line: &str) -> Run {
        run(&self.words(line))
    }

    pub(crate) fn words(&self, line: &str) -> Vec<String> {
        let dir = self.dir.path().to_str().unwrap();
        let vault = format!("{dir}/vault/{STEM}");
        let word = |word: &str| {
            let snapshot = fixture::named("aescbc-rotated").snapshot();
            word.replace("{vault}", &vault)
                .replace("{snapshot}", snapshot.to_str().unwrap())
                .replace("{tarball}", &format!("{dir}/{STEM}.tar.gz"))
                .replace("{}", dir)
                .replace("RECIPIENT", &self.recipient)
        };
        std::iter::once("keys".to_owned()).chain(line.split_whitespace().map(word)).collect()
    }

    /// Runs it and expects success.
    pub(crate) fn keys_ok(&self, line: &str) -> Run {
        let run = self.keys(line);
        assert_eq!(run.code, Some(0), "{line}: {}{}", run.err, run.out);
        run
    }

    /// The split that most tests begin with.
    pub(crate) fn split(&self) -> Run {
        self.keys_ok("split {tarball} -r RECIPIENT --out {}/vault")
    }
}

/// The join of what [`Bench::split`] wrote.
pub(crate) const JOIN: &str =
    "join {vault}.keyless.tar.gz --escrow {vault}.escrow.age -i {}/key.txt --out {}/back.tar.gz";

/// Writes a fresh identity and gives its recipient.
pub(crate) fn identity(path: &Path) -> String {
    let key = x25519::Identity::generate();
    fs::write(path, key.to_string().expose_secret()).unwrap();
    key.to_public().to_string()
}

/// Where the API server's encryption configuration lies.
pub(crate) const CONFIG: &str = "static-pod-resources/kube-apiserver-pod-9/secrets/encryption-config/encryption-config";

/// Every file below a directory.
pub(crate) fn files(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for path in fs::read_dir(dir).into_iter().flatten().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.insert(path.clone(), fs::read(&path).unwrap());
        }
    }
    found
}

/// Runs a tool with bytes on its standard input.
pub(crate) fn piped<S: AsRef<OsStr>>(mut command: Command, arguments: &[S], input: &[u8]) -> std::process::Output {
    use std::process::Stdio;
    let mut child =
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let feeder = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    feeder.join().unwrap();
    output
}
