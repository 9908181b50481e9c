//! A server that was started here, on loopback, until it is dropped.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::explain::{Failure, Symptom};
use crate::gateway::{Gateway, free_ports};
use crate::launch::{Etcd, end};

/// Another process may take a port between our choosing it and etcd's listening on it.
const ATTEMPTS: usize = 3;
/// Pause between two looks at its health.
const LOOK: Duration = Duration::from_millis(50);
/// How long a look may take: a member that has no leader answers never.
const LOOK_WITHIN: Duration = Duration::from_secs(2);
/// How long it may take over its end.
const END_WITHIN: Duration = Duration::from_secs(10);
/// Databases up to this size may grow to etcd's own quota.
const QUOTA: u64 = 2 << 30;
/// Bytes of the beginning of a log that are read, and of its end.
const LOG: u64 = 1 << 18;

/// What a server is started on.
#[derive(Clone, Copy, Debug)]
pub struct Plan<'p> {
    /// The data directory, which is written to.
    pub data: &'p Path,
    /// What it says, to a file that is made.
    pub log: &'p Path,
    /// The member's name.
    pub name: &'p str,
    /// Whether the others of its cluster are not there: it forms one of its own then, of the same id.
    pub one_of_many: bool,
    /// Bytes of the database.
    pub size: u64,
    /// How long it may take until it is ready; [`patience`] says what is usual.
    pub within: Duration,
}

/// How long a server may take over a database of so many bytes.
#[must_use]
pub fn patience(size: u64) -> Duration {
    Duration::from_secs(30 + (size >> 30) * 10)
}

/// Why there is no server.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Nothing could be started.
    #[error("{what}: {source}")]
    Io {
        /// What was being done.
        what: String,
        /// The system's reason.
        source: io::Error,
    },
    /// It was started, and did not become ready.
    #[error(transparent)]
    Failed(#[from] Failure),
}

/// Ends a server from wherever its end is decided.
#[derive(Clone, Debug)]
pub struct Handle(Arc<Mutex<Child>>);

impl Handle {
    pub(crate) fn of(child: Child) -> Self {
        Self(Arc::new(Mutex::new(child)))
    }

    /// Asks it to end, and kills it if it does not.
    pub(crate) fn end(&self) {
        end(&mut self.lock(), END_WITHIN);
    }

    /// Kills it, and waits until it is gone.
    pub fn kill(&self) {
        end(&mut self.lock(), Duration::ZERO);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Child> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn ended(&self) -> Option<ExitStatus> {
        self.lock().try_wait().ok().flatten()
    }
}

/// How a process is begun: what it gets starts one. So it can be made known what ends it before anything else happens.
pub type Begin<'b> = &'b dyn Fn(&mut dyn FnMut() -> io::Result<Handle>) -> io::Result<Handle>;

/// A running server. It ends when it is dropped, at the latest.
#[derive(Debug)]
pub struct Server {
    pub(crate) gateway: Gateway,
    handle: Handle,
    log: PathBuf,
    ready: Duration,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.handle.kill();
    }
}

impl Etcd {
    /// Starts a server and waits until it is ready; each attempt at it is begun by `begin`.
    ///
    /// Where the thread that calls this ends, [`crate::Launcher::through`] may end the server, too.
    ///
    /// # Errors
    /// [`StartError`].
    pub fn start(&self, plan: &Plan<'_>, begin: Begin<'_>) -> Result<Server, StartError> {
        let mut attempt = 1;
        loop {
            match self.start_once(plan, begin) {
                Err(StartError::Failed(failure)) if failure.symptom == Symptom::PortTaken && attempt < ATTEMPTS => {
                    attempt += 1;
                }
                done => return done,
            }
        }
    }

    fn start_once(&self, plan: &Plan<'_>, begin: Begin<'_>) -> Result<Server, StartError> {
        let failed = |what: &str| {
            let what = what.to_owned();
            move |source| StartError::Io { what, source }
        };
        let (client, peer) = free_ports().map_err(failed("a free port on loopback"))?;
        let log = plan.log.display().to_string();
        let sink = OpenOptions::new().write(true).create(true).truncate(true).open(plan.log).map_err(failed(&log))?;
        let also = sink.try_clone().map_err(failed(&log))?;
        let mut command = self.command();
        command.args(arguments(plan, client, peer)).arg("--data-dir").arg(plan.data).stdout(sink).stderr(also);
        let mut spawn = || command.spawn().map(Handle::of);
        let handle = begin(&mut spawn).map_err(failed("starting etcd"))?;
        let gateway = Gateway::new(client, LOOK_WITHIN);
        let mut server = Server { gateway, handle, log: plan.log.to_owned(), ready: Duration::ZERO };
        server.wait_until_ready(plan.within)?;
        Ok(server)
    }
}

/// Everything but the data directory.
fn arguments(plan: &Plan<'_>, client: u16, peer: u16) -> Vec<String> {
    let (client, peer) = (format!("http://127.0.0.1:{client}"), format!("http://127.0.0.1:{peer}"));
    let cluster = format!("{}={peer}", plan.name);
    let mut line: Vec<String> = Vec::new();
    let mut option = |name: &str, value: &str| line.extend([name.to_owned(), value.to_owned()]);
    option("--name", plan.name);
    option("--listen-client-urls", &client);
    option("--advertise-client-urls", &client);
    option("--listen-peer-urls", &peer);
    option("--initial-advertise-peer-urls", &peer);
    option("--initial-cluster", &cluster);
    option("--logger", "zap");
    option("--log-level", "warn");
    // it is of no use to wait a second for the votes of others
    option("--heartbeat-interval", "10");
    option("--election-timeout", "100");
    if plan.size > QUOTA {
        // the quota that it has of itself would raise an alarm here alone
        option("--quota-backend-bytes", &(plan.size.saturating_mul(2)).max(8 << 30).to_string());
    }
    if plan.one_of_many {
        line.push("--force-new-cluster".to_owned());
    }
    line
}

impl Server {
    /// How long it took until it was ready.
    #[must_use]
    pub fn ready(&self) -> Duration {
        self.ready
    }

    /// Asks it to end, and kills it if it does not.
    pub fn end(self) {
        self.handle.end();
    }

    /// The URL that its clients have.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.gateway.port())
    }

    /// Why it does not go on, if it has ended.
    pub(crate) fn ended(&self) -> Option<Failure> {
        self.handle.ended().map(|status| Failure::ended(status, &self.logged()))
    }

    /// Polls its health: etcd has no other way to say that it is ready.
    fn wait_until_ready(&mut self, within: Duration) -> Result<(), Failure> {
        let began = Instant::now();
        loop {
            if let Some(failure) = self.ended() {
                return Err(failure);
            }
            if self.gateway.healthy() {
                self.ready = began.elapsed();
                return Ok(());
            }
            if began.elapsed() > within {
                return Err(Failure::late(within, &self.logged()));
            }
            std::thread::sleep(LOOK);
        }
    }

    fn logged(&self) -> String {
        logged(&self.log)
    }
}

/// What was said first and last, of a log.
pub(crate) fn logged(log: &Path) -> String {
    let read = || -> io::Result<Vec<u8>> {
        let mut file = open(log)?;
        let size = file.metadata()?.len();
        let mut said = Vec::new();
        (&mut file).take(LOG).read_to_end(&mut said)?;
        if size > LOG {
            file.seek(SeekFrom::Start(size.saturating_sub(LOG).max(LOG)))?;
            said.push(b'\n');
            file.take(LOG).read_to_end(&mut said)?;
        }
        Ok(said)
    };
    String::from_utf8_lossy(&read().unwrap_or_default()).into_owned()
}

#[expect(clippy::disallowed_methods, reason = "the log of what was started here, and no input")]
fn open(path: &Path) -> io::Result<File> {
    File::open(path)
}
