//! What it means when a kube-apiserver does not come up, or does not list.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::Duration;

use super::AskError;
use crate::explain::LINE;

/// Words of a log or of a refusal, the most telling first, and what they mean.
const MEANINGS: [(&str, &str); 16] = [
    ("address already in use", "another process took the port, several times: run it again"),
    (
        "no matching key was found",
        "the keys do not open what is stored: they are of another backup, or lack a key (`assay keys check` tells which)",
    ),
    (
        "no matching prefix found",
        "it is encrypted in a way that the configuration does not name: give the keys of the backup",
    ),
    (
        "identity transformer tried to read encrypted data",
        "it is encrypted, and the configuration has no key for it: give the keys of the backup",
    ),
    ("output array was not large enough", "a key is not the one that it was encrypted under, though it has its name"),
    ("invalid padding", "a key is not the one that it was encrypted under, though it has its name"),
    ("message authentication failed", "a key is not the one that it was encrypted under, though it has its name"),
    ("secretbox", "a key is not the one that it was encrypted under, though it has its name"),
    ("kms", "it is encrypted by a service for keys, which must run at the socket that the configuration names"),
    (
        "is registered for version",
        "it is stored in a version of its API that this release does not know: give the kube-apiserver of the backup's release",
    ),
    (
        "no kind ",
        "it is stored in a version of its API that this release does not know: give the kube-apiserver of the backup's release",
    ),
    (
        "conversion webhook",
        "it is stored in another version than it is served in, and what converts it runs in the cluster: it cannot be read here",
    ),
    ("unable to transform key", "a stored value cannot be opened: `assay keys check` tells which, and why"),
    ("unknown flag", "this release lacks an option that it is started with: 1.20 and later have them"),
    ("error while parsing file", "this release does not take the encryption configuration"),
    ("context deadline exceeded", "the etcd does not answer it"),
];

/// What words of a server mean, where that is known.
#[must_use]
pub fn meaning(words: &str) -> Option<&'static str> {
    MEANINGS.iter().find(|(word, _)| words.contains(word)).map(|(_, meaning)| *meaning)
}

/// A kube-apiserver that did not come up, or ended.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{how}{}{line}", if line.is_empty() { "" } else { ": " })]
pub struct KubeFailure {
    /// How it ended, or that it did not.
    pub how: String,
    /// The line of its log that tells why, as far as one does.
    pub line: String,
    /// What that means, where it is known.
    pub meaning: Option<&'static str>,
    pub(super) port_taken: bool,
}

impl KubeFailure {
    pub(super) fn ended(status: ExitStatus, log: &str) -> Self {
        let how = match (status.code(), status.signal()) {
            (Some(code), _) => format!("kube-apiserver ended with exit code {code}"),
            (None, Some(signal)) => format!("kube-apiserver was ended by signal {signal}"),
            (None, None) => "kube-apiserver ended".to_owned(),
        };
        let line = telling(log);
        Self { how, meaning: meaning(&line), port_taken: line.contains("address already in use"), line }
    }

    pub(super) fn late(within: Duration, error: &AskError, log: &str) -> Self {
        let how = format!("kube-apiserver was not ready after {} s ({error})", within.as_secs());
        let line = telling(log);
        Self { how, meaning: meaning(&line), port_taken: false, line }
    }
}

/// The line of a log that tells why, without the place in the program that says it.
fn telling(log: &str) -> String {
    let lines = || log.lines().map(str::trim).filter(|line| !line.is_empty());
    let of_level = |level: char| move |line: &&str| line.starts_with(level) && said_by_klog(line).is_some();
    let line = lines()
        .find(of_level('F'))
        .or_else(|| lines().find(|line| line.starts_with("Error:") || line.starts_with("panic:")))
        .or_else(|| lines().find(|line| line.contains("\"command failed\"")))
        .or_else(|| lines().rfind(|line| of_level('E')(line) && meaning(line).is_some()))
        .or_else(|| lines().rfind(of_level('E')))
        .or_else(|| lines().next_back())
        .unwrap_or_default();
    said_by_klog(line).unwrap_or(line).chars().take(LINE).collect()
}

/// What follows `F1129 15:46:31.000000   1 file.go:1]`.
fn said_by_klog(line: &str) -> Option<&str> {
    let head = line.get(1..5).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
    head.and_then(|_| line.split_once("] ")).map(|(_, said)| said)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_log_means() {
        let failure = |log| KubeFailure::ended(ExitStatus::from_raw(1 << 8), log);
        let fatal = "I1129 15:46:31.1 1 server.go:1] hello\nF1129 15:46:31.2 1 a.go:9] no kind \"X\" is registered for \
            version \"x/v1\"\ngoroutine 1 [running]:\n";
        let told = failure(fatal);
        assert!(told.to_string().starts_with("kube-apiserver ended with exit code 1: no kind"), "{told}");
        assert!(told.meaning.unwrap().contains("the backup's release"));
        let flag = "Error: unknown flag: --egress-selector-config-file\nUsage:\n  kube-apiserver [flags]\n";
        assert!(failure(flag).meaning.unwrap().contains("1.20 and later"));
        let taken = "Error: failed to create listener: listen tcp 127.0.0.1:1: bind: address already in use\n";
        assert!(failure(taken).port_taken);
        let tried = "E1129 1 c.go:1] failed to list *core.Secret: no matching key was found\nE1129 1 d.go:2] other\nW1129 1 x.go:3] z\n";
        assert!(failure(tried).to_string().ends_with("*core.Secret: no matching key was found"));
        assert_eq!(failure("").to_string(), "kube-apiserver ended with exit code 1");
    }
}
