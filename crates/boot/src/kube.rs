//! A kube-apiserver that is given, on an etcd that was started here: whether it reads what the backup holds.
//!
//! [`KubeApiserver::ask`] makes sure that the program is one; [`KubeApiserver::start`] starts it on loopback, with the
//! backup's encryption configuration and with credentials of its own that are thrown away; [`KubeServer::compare`] lists
//! all that it serves as it was at the revision of the backup, and holds that against what was stored. There is no TLS
//! here: `curl` or `kubectl` asks ([`Asker`]).

mod asker;
mod compare;
mod explain;
mod secrets;

use std::fs::{DirBuilder, OpenOptions};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::gateway::free_ports;
use crate::launch::{EtcdError, Launcher, Version};
use crate::server::{Begin, Handle, StartError, logged};

pub use asker::{AskError, Asker};
pub use compare::{Compared, Group, Name, Stored, StoredObjects, digest};
pub use explain::{KubeFailure, meaning};

/// Another process may take a port between our choosing it and the server's listening on it.
const ATTEMPTS: usize = 3;
/// Pause between two looks at its health.
const LOOK: Duration = Duration::from_millis(200);

/// A program that says that it is a kube-apiserver.
#[derive(Clone, Debug)]
pub struct KubeApiserver {
    program: PathBuf,
    launcher: Launcher,
    version: Version,
}

/// What it is started on.
#[derive(Clone, Copy)]
pub struct KubePlan<'p> {
    /// The URL of the etcd.
    pub etcd: &'p str,
    /// What its keys begin with: `kubernetes.io`, `registry`.
    pub prefix: &'p str,
    /// An EncryptionConfiguration; `None` where nothing is encrypted. It reaches the server through memory alone.
    pub encryption: Option<&'p [u8]>,
    /// The range of its services' addresses, where it is known.
    pub service_range: Option<&'p str>,
    /// A folder for what it needs, which is made; nobody else may look into the one that it lies in.
    pub folder: &'p Path,
    /// How long it may take until it is ready.
    pub within: Duration,
}

/// One that runs. It ends when it is dropped, at the latest.
#[derive(Debug)]
pub struct KubeServer<'a> {
    asker: asker::Asking<'a>,
    handle: Handle,
    log: PathBuf,
    ready: Duration,
}

impl Drop for KubeServer<'_> {
    fn drop(&mut self) {
        self.handle.kill();
    }
}

impl KubeApiserver {
    /// Asks a program which kube-apiserver it is; it may take so long.
    ///
    /// # Errors
    /// [`EtcdError`]; where it is something else, [`EtcdError::Other`].
    pub fn ask(program: PathBuf, launcher: Launcher, within: Duration) -> Result<Self, EtcdError> {
        let said = launcher.ask(&program, &["--version"], within)?;
        let version = Version::after("Kubernetes v", &said).ok_or(EtcdError::Other)?;
        Ok(Self { program, launcher, version })
    }

    /// What it said.
    #[must_use]
    pub fn version(&self) -> Version {
        self.version
    }

    /// Starts it and waits until it is ready; each attempt at it is begun by `begin`.
    ///
    /// # Errors
    /// [`KubeFailure`] where it does not come up, [`StartError::Io`] where nothing could be started.
    pub fn start<'a>(
        &self,
        plan: &KubePlan<'_>,
        asker: &'a Asker,
        begin: Begin<'_>,
    ) -> Result<Result<KubeServer<'a>, KubeFailure>, StartError> {
        let mut attempt = 1;
        loop {
            match self.start_once(plan, asker, begin)? {
                Err(failure) if failure.port_taken && attempt < ATTEMPTS => attempt += 1,
                done => return Ok(done),
            }
        }
    }

    fn start_once<'a>(
        &self,
        plan: &KubePlan<'_>,
        asker: &'a Asker,
        begin: Begin<'_>,
    ) -> Result<Result<KubeServer<'a>, KubeFailure>, StartError> {
        let failed = |what: String| move |source: io::Error| StartError::Io { what, source };
        let shown = plan.folder.display().to_string();
        let in_folder = || failed(shown.clone());
        // kubectl takes a relative path from where its own configuration is
        let folder = std::path::absolute(plan.folder).map_err(in_folder())?;
        let plan = &KubePlan { folder: &folder, ..*plan };
        match DirBuilder::new().mode(0o700).create(plan.folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(in_folder()(error)),
            _ => {}
        }
        let (port, _) = free_ports().map_err(failed("a free port on loopback".to_owned()))?;
        let files = secrets::Files::write(plan.folder).map_err(in_folder())?;
        let log = plan.folder.join("kube-apiserver.log");
        let sink = OpenOptions::new().write(true).create(true).truncate(true).open(&log).map_err(in_folder())?;
        let also = sink.try_clone().map_err(in_folder())?;
        let mut command = self.launcher.command(&self.program);
        // its own proxies are nobody's business here: everything is on this machine
        for (name, _) in &self.launcher.environment {
            if name.as_encoded_bytes().to_ascii_lowercase().ends_with(b"_proxy") {
                command.env_remove(name);
            }
        }
        command.args(arguments(plan, port)).args(files.arguments()).stdout(sink).stderr(also);
        if let Some(encryption) = plan.encryption {
            let file = secrets::in_memory(encryption).map_err(failed("a file in memory".to_owned()))?;
            // opened anew by each who reads it, and from its beginning
            command.stdin(file).arg("--encryption-provider-config=/proc/self/fd/0");
        }
        let mut spawn = || command.spawn().map(Handle::of);
        let handle = begin(&mut spawn).map_err(failed("starting kube-apiserver".to_owned()))?;
        let asker = asker::Asking::of(asker, port, files.token, plan.folder.join("apiserver.crt"));
        let mut server = KubeServer { asker, handle, log, ready: Duration::ZERO };
        Ok(server.wait_until_ready(plan.within).map(|()| server))
    }
}

/// Everything but its credentials.
fn arguments(plan: &KubePlan<'_>, port: u16) -> Vec<String> {
    let mut line = vec![
        format!("--etcd-servers={}", plan.etcd),
        format!("--etcd-prefix=/{}", plan.prefix.trim_start_matches('/')),
        format!("--secure-port={port}"),
        format!("--cert-dir={}", plan.folder.display()),
        // the history that is asked for must stay
        "--etcd-compaction-interval=0".to_owned(),
        "--bind-address=127.0.0.1".to_owned(),
        "--advertise-address=127.0.0.1".to_owned(),
        "--endpoint-reconciler-type=none".to_owned(),
        "--anonymous-auth=false".to_owned(),
        // who has the token may do everything, and nobody else has one; with roles it would write those that it knows
        "--authorization-mode=AlwaysAllow".to_owned(),
        // it has one client; what it knows of priorities it would read and write
        "--enable-priority-and-fairness=false".to_owned(),
        "--profiling=false".to_owned(),
    ];
    line.extend(plan.service_range.map(|range| format!("--service-cluster-ip-range={range}")));
    line
}

impl KubeServer<'_> {
    /// How long it took until it was ready.
    #[must_use]
    pub fn ready(&self) -> Duration {
        self.ready
    }

    /// Asks it to end, and kills it if it does not.
    pub fn end(self) {
        self.handle.end();
    }

    /// Why it does not go on, if it has ended.
    fn ended(&self) -> Option<KubeFailure> {
        self.handle.ended().map(|status| KubeFailure::ended(status, &logged(&self.log)))
    }

    fn wait_until_ready(&mut self, within: Duration) -> Result<(), KubeFailure> {
        let began = Instant::now();
        loop {
            if let Some(failure) = self.ended() {
                return Err(failure);
            }
            // a service for keys that is not here would be waited for in vain; its values tell
            match self.asker.text("/readyz?exclude=kms-providers&exclude=kms-provider-0&exclude=kms-provider-1") {
                Ok(_) => {
                    self.ready = began.elapsed();
                    return Ok(());
                }
                Err(error) if began.elapsed() > within => {
                    return Err(KubeFailure::late(within, &error, &logged(&self.log)));
                }
                Err(_) => std::thread::sleep(LOOK),
            }
        }
    }
}
