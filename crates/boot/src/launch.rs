//! Which program it is that is started, and how any of its processes is.

use std::ffi::OsString;
use std::fmt;
use std::io::{self, Read};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

/// Bytes that it may say.
const VERSION_MOST: u64 = 1 << 16;
/// Pause between two looks at a process.
const PAUSE: Duration = Duration::from_millis(10);

/// How processes are started.
#[derive(Clone, Debug, Default)]
pub struct Launcher {
    /// A program, with its first arguments, that starts what follows them; none starts etcd itself.
    pub through: Option<(PathBuf, Vec<OsString>)>,
    /// The environment of the caller. What is named `ETCD_...` is left out: it would take the place of options.
    pub environment: Vec<(OsString, OsString)>,
}

impl Launcher {
    /// A command line in a process group of its own, so that no signal of the caller's terminal reaches it.
    pub(crate) fn command(&self, program: &PathBuf) -> Command {
        let mut command = match &self.through {
            Some((through, first)) => {
                let mut command = Command::new(through);
                command.args(first).arg(program);
                command
            }
            None => Command::new(program),
        };
        let ours = |name: &OsString| !name.as_encoded_bytes().starts_with(b"ETCD_");
        command.env_clear().envs(self.environment.iter().filter(|(name, _)| ours(name)).cloned());
        if let Some(arch) = unsupported() {
            command.env("ETCD_UNSUPPORTED_ARCH", arch);
        }
        command.process_group(0).stdin(Stdio::null());
        command
    }

    /// What a program says to these words; it may take so long.
    pub(crate) fn ask(&self, program: &PathBuf, words: &[&str], within: Duration) -> Result<String, EtcdError> {
        let mut command = self.command(program);
        command.args(words).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(EtcdError::Start)?;
        let said = said(&mut child, VERSION_MOST, within);
        end(&mut child, Duration::ZERO);
        Ok(String::from_utf8_lossy(&said?).into_owned())
    }
}

/// What Go calls this machine, where some etcd does not start on it without being told so.
fn unsupported() -> Option<&'static str> {
    match std::env::consts::ARCH {
        "aarch64" => Some("arm64"),
        "x86" => Some("386"),
        "powerpc64" => Some("ppc64le"),
        other @ ("arm" | "riscv64" | "s390x") => Some(other),
        _ => None,
    }
}

/// `3.5.1`
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// 3
    pub major: u32,
    /// 5
    pub minor: u32,
    /// 1
    pub patch: u32,
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

impl Version {
    /// Of the line `etcd Version: 3.5.1` among others; what follows the third number does not count.
    fn of(text: &str) -> Option<Self> {
        Self::after("etcd Version:", text)
    }

    /// Of the line that begins with these words.
    pub(crate) fn after(words: &str, text: &str) -> Option<Self> {
        let said = text.lines().find_map(|line| line.trim().strip_prefix(words))?.trim();
        let mut numbers = said.split(|c: char| !c.is_ascii_digit()).map(str::parse);
        let mut next = || numbers.next()?.ok();
        Some(Self { major: next()?, minor: next()?, patch: next()? })
    }
}

/// Why a program is not one that can be started as an etcd.
#[derive(Debug, thiserror::Error)]
pub enum EtcdError {
    /// It does not start.
    #[error("it does not start: {0}")]
    Start(io::Error),
    /// It says nothing for too long.
    #[error("`--version` is not answered in time")]
    Silent,
    /// It says something else.
    #[error("`--version` says no `etcd Version: X.Y.Z`")]
    Other,
}

/// A program that says that it is an etcd.
#[derive(Clone, Debug)]
pub struct Etcd {
    program: PathBuf,
    launcher: Launcher,
    version: Version,
}

impl Etcd {
    /// Asks a program which etcd it is; it may take so long.
    ///
    /// # Errors
    /// [`EtcdError`].
    pub fn ask(program: PathBuf, launcher: Launcher, within: Duration) -> Result<Self, EtcdError> {
        let said = launcher.ask(&program, &["--version"], within)?;
        let version = Version::of(&said).ok_or(EtcdError::Other)?;
        Ok(Self { program, launcher, version })
    }

    /// What it said.
    #[must_use]
    pub fn version(&self) -> Version {
        self.version
    }

    pub(crate) fn command(&self) -> Command {
        self.launcher.command(&self.program)
    }
}

/// What a program says before its time is over, or before it has said too much. Read elsewhere: it may say nothing, and may
/// have started others that go on when it has ended.
pub(crate) fn said(child: &mut Child, most: u64, within: Duration) -> Result<Vec<u8>, EtcdError> {
    let Some(out) = child.stdout.take() else { return Err(EtcdError::Other) };
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut said = Vec::new();
        let read = out.take(most).read_to_end(&mut said);
        let _ = sender.send(read.map(|_| said));
    });
    receiver.recv_timeout(within).map_err(|_| EtcdError::Silent)?.map_err(EtcdError::Start)
}

/// Ends a process and all of its group: asks, waits so long, and kills. It has been waited for then.
pub(crate) fn end(child: &mut Child, within: Duration) {
    let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let signal = |signal| group.map_or(Ok(()), |group| kill_process_group(group, signal));
    // one that has been waited for has no number any more; another may have it
    if !within.is_zero() && matches!(child.try_wait(), Ok(None)) {
        let _ = signal(Signal::TERM);
        let until = Instant::now() + within;
        while matches!(child.try_wait(), Ok(None)) && Instant::now() < until {
            std::thread::sleep(PAUSE);
        }
    }
    if matches!(child.try_wait(), Ok(None)) {
        let _ = signal(Signal::KILL);
        let _ = child.kill();
    }
    let _ = child.wait();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions() {
        let of = |text| Version::of(text).map(|version| version.to_string());
        assert_eq!(of("etcd Version: 3.5.1\nGit SHA: e8732fb5f\n").as_deref(), Some("3.5.1"));
        assert_eq!(of("{\"level\":\"info\"}\netcd Version: 3.6.0-rc.1\n").as_deref(), Some("3.6.0"));
        for none in
            ["", "etcd Version: ", "etcd Version: 3.5", "etcdctl version: 3.5.1", "etcd Version: 99999999999.1.1"]
        {
            assert_eq!(of(none), None, "{none}");
        }
    }
}
