//! The judge as a child: `assay verify --json` with an empty environment and, where the system allows it, no network. It
//! ends with the worker, however that ends.

use std::ffi::OsString;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::Command;

use crate::answer::Answer;
use crate::error::{Error, say};
use crate::program;

/// The most that a document may be long, in bytes.
const ANSWER: u64 = 64 << 20;
/// What is read of its standard error.
const WORDS: u64 = 64 << 10;

/// How backups are judged.
pub(super) struct Judge {
    /// The program.
    pub(super) assay: PathBuf,
    /// As of when.
    pub(super) now: String,
    /// Whether a policy lies in the spool.
    pub(super) policy: bool,
    /// How long it may take.
    pub(super) limit: Duration,
    /// What ties it to this process and takes the network away, as far as the system has either.
    walls: Vec<OsString>,
}

/// The files of a backup, as a judge is told of them.
#[derive(Default)]
pub(super) struct Named {
    /// What is judged.
    pub(super) files: Vec<OsString>,
    /// The manifest of the split that took the keys out of its tarball.
    pub(super) manifest: Option<OsString>,
}

/// How the policy is called in the spool, as seen from an item.
pub(super) const POLICY: &str = "../policy.toml";

/// Programs of util-linux that the judge is started by, their arguments, and what is said where one is not to be had.
const WALLS: [(&str, &[&str], &str); 2] = [
    (
        "setpriv",
        &["--pdeathsig", "KILL", "--"],
        "a worker that is killed leaves its judge running: the system does not tie a child to it (setpriv --pdeathsig)",
    ),
    (
        "unshare",
        &["--user", "--map-root-user", "--net", "--"],
        "the judge has the network of this process: the system gives it no namespace of its own (unshare -rn)",
    ),
];

impl Judge {
    /// Looks whether a child can be ended with this process here, and whether it can be without network.
    pub(super) async fn new(assay: PathBuf, now: String, policy: bool, limit: Duration) -> Self {
        // what is set first holds through the second, and through the judge itself: none of them forks
        let mut walls = Vec::new();
        for (name, arguments, lacks) in WALLS {
            let Some(program) = program::in_path(name) else {
                say(lacks);
                continue;
            };
            let wall: Vec<OsString> =
                [program.into_os_string()].into_iter().chain(arguments.iter().map(OsString::from)).collect();
            match works(&wall, &assay).await {
                true => walls.extend(wall),
                false => say(lacks),
            }
        }
        Self { assay, now, policy, limit, walls }
    }

    /// Judges a backup, named as from `folder`. A judge that ends badly is started once more, without maps.
    ///
    /// # Errors
    /// Where it cannot be started at all. `Ok(Err(_))` tells how it ended badly.
    pub(super) async fn verify(&self, folder: &Path, backup: &Named) -> Result<Result<Answer, String>, Error> {
        let first = match self.once(folder, backup, false).await? {
            Ok(answer) => return Ok(Ok(answer)),
            Err(why) => why,
        };
        Ok(self.once(folder, backup, true).await?.map_err(|second| {
            if first == second { format!("{first}, twice") } else { format!("{first}; then {second}") }
        }))
    }

    fn command(&self, backup: &Named, no_mmap: bool) -> Command {
        let mut words = self.walls.iter().cloned().chain([self.assay.clone().into_os_string()]);
        let mut command = Command::new(words.next().unwrap_or_default());
        command.args(words);
        command.args(["verify", "--json", "--quiet", "--color", "never", "--progress", "never", "--now", &self.now]);
        if self.policy {
            command.args(["--policy", POLICY]);
        }
        if no_mmap {
            command.arg("--no-mmap");
        }
        if let Some(manifest) = &backup.manifest {
            command.arg("--escrow-manifest").arg(manifest);
        }
        command.arg("--").args(&backup.files);
        command
    }

    async fn once(&self, folder: &Path, backup: &Named, no_mmap: bool) -> Result<Result<Answer, String>, Error> {
        let mut command = self.command(backup, no_mmap);
        command.env_clear().current_dir(folder).kill_on_drop(true);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let failed = |error: std::io::Error| Error::again(format!("the judge cannot be started: {error}"));
        let mut child = command.spawn().map_err(failed)?;
        let (out, err) = (child.stdout.take(), child.stderr.take());
        let ended = tokio::time::timeout(self.limit, async {
            let (out, _, status) = tokio::join!(text(out, ANSWER), text(err, WORDS), child.wait());
            (out, status)
        });
        let Ok((out, status)) = ended.await else {
            return Ok(Err(format!("not done after {}", crate::age::shown(self.limit.as_secs().cast_signed()))));
        };
        let status = status.map_err(failed)?;
        Ok(match (status.code(), Answer::read(&out)) {
            (Some(0..=2), Some(answer)) => Ok(answer),
            (Some(code @ 0..=2), None) => Err(format!("it ended with {code} and without an answer")),
            (Some(code), _) => Err(format!("it ended with {code}")),
            (None, _) => Err(format!("signal {}", status.signal().unwrap_or(0))),
        })
    }
}

/// Whether the judge starts behind a wall.
async fn works(wall: &[OsString], assay: &Path) -> bool {
    let [program, arguments @ ..] = wall else { return false };
    let mut probe = Command::new(program);
    probe.args(arguments).arg(assay).arg("--version").env_clear();
    probe.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    probe.status().await.is_ok_and(|status| status.success())
}

/// What comes out, up to a limit; the rest is read and let go, so that a child is not kept waiting.
async fn text(pipe: Option<impl AsyncRead + Unpin>, limit: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Some(mut pipe) = pipe {
        let _ = (&mut pipe).take(limit).read_to_end(&mut bytes).await;
        let _ = tokio::io::copy(&mut pipe, &mut tokio::io::sink()).await;
    }
    bytes
}
