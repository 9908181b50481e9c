//! A Slurm of one's own: munge, a controller and two nodes on loopback, as whoever runs the test.

use std::fs;
use std::io::Write as _;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::support::wait;

/// The nodes, four tasks each.
pub(super) const NODES: [&str; 2] = ["n1", "n2"];

/// What the site's `slurm.conf` must have for the script is `RequeueExit=75`. `cred_expire` is how long a requeued task is
/// held back: two minutes, unless it is set, and five seconds at the least. A node that is silent for `SlurmdTimeout` is down.
const CONF: &str = "\
ClusterName=fleet
SlurmctldHost=localhost(127.0.0.1)
SlurmUser=USER
SlurmdUser=USER
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket=DIR/munge.socket,cred_expire=5
SlurmctldPort=PORT0
SlurmctldPidFile=DIR/controller.pid
SlurmdPidFile=DIR/%n.pid
SlurmdSpoolDir=DIR/%n
StateSaveLocation=DIR/state
SlurmctldLogFile=DIR/controller.log
SlurmdLogFile=DIR/%n.log
ProctrackType=proctrack/pgid
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
SwitchType=switch/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerType=sched/builtin
SchedulerParameters=batch_sched_delay=0,sched_interval=1,sched_min_interval=0
SlurmdParameters=config_overrides
SlurmdTimeout=2
MessageTimeout=2
TCPTimeout=1
KillWait=1
CompleteWait=0
ReturnToService=2
RequeueExit=75
NodeName=n1 NodeHostname=localhost NodeAddr=127.0.0.1 Port=PORT1 CPUs=4 RealMemory=16000
NodeName=n2 NodeHostname=localhost NodeAddr=127.0.0.1 Port=PORT2 CPUs=4 RealMemory=16000
PartitionName=judge Nodes=n1,n2 Default=YES
";

/// A running Slurm; all of it ends when it is dropped.
pub(super) struct Cluster {
    folder: TempDir,
    daemons: Vec<Child>,
    nodes: Vec<(&'static str, Child)>,
}

impl Drop for Cluster {
    fn drop(&mut self) {
        for child in self.nodes.iter_mut().map(|(_, child)| child).chain(&mut self.daemons) {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Cluster {
    /// Starts it; `None` where Slurm is not installed.
    pub(super) fn start() -> Option<Self> {
        for name in ["munged", "slurmctld", "slurmd", "sbatch", "squeue", "sinfo", "unshare"] {
            fixtures::tool(name)?;
        }
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("state")).unwrap();
        let mut key = fs::File::options().write(true).create_new(true).mode(0o400).open(at("munge.key")).unwrap();
        key.write_all(&[7; 128]).unwrap();
        let user = fixtures::tool("id")?.arg("-un").output().unwrap().stdout;
        let held: Vec<TcpListener> = (0..3).map(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap()).collect();
        let mut conf = CONF.replace("DIR", folder.path().to_str().unwrap());
        conf = conf.replace("USER", String::from_utf8(user).unwrap().trim());
        for (n, socket) in held.iter().enumerate() {
            conf = conf.replace(&format!("PORT{n}"), &socket.local_addr().unwrap().port().to_string());
        }
        fs::write(at("slurm.conf"), conf).unwrap();
        drop(held);
        let mut cluster = Self { folder, daemons: Vec::new(), nodes: Vec::new() };
        cluster.munged();
        let mut controller = fixtures::tool("slurmctld")?;
        controller.args(["-D", "-c", "-f"]).arg(cluster.conf());
        cluster.daemons.push(quiet(&mut controller));
        for node in NODES {
            let child = cluster.node(node);
            cluster.nodes.push((node, child));
        }
        wait("every node is idle", || cluster.states() == ["n1 idle", "n2 idle"], || cluster.log());
        Some(cluster)
    }

    fn conf(&self) -> PathBuf {
        self.folder.path().join("slurm.conf")
    }

    fn munged(&mut self) {
        let at = |name: &str| self.folder.path().join(name);
        let mut munged = fixtures::tool("munged").unwrap();
        munged.args(["--foreground", "--force"]);
        for (option, name) in [("key-file", "key"), ("socket", "socket"), ("pid-file", "pid"), ("seed-file", "seed")] {
            munged.arg(format!("--{option}={}", at(&format!("munge.{name}")).display()));
        }
        self.daemons.push(quiet(&mut munged));
        wait("munge has a socket", || at("munge.socket").exists(), String::new);
    }

    /// A node is a process namespace: who kills it kills the daemon, the steps, the scripts and the workers at one stroke,
    /// as when its power fails.
    fn node(&self, name: &str) -> Child {
        let mut unshare = fixtures::tool("unshare").unwrap();
        if fs::metadata("/proc/self").unwrap().uid() != 0 {
            unshare.args(["--user", "--map-current-user"]);
        }
        unshare.args([
            "--pid",
            "--fork",
            "--kill-child",
            "sh",
            "-c",
            "slurmd \"$@\" & wait",
            "sh",
            "-D",
            "-N",
            name,
            "-f",
        ]);
        quiet(unshare.arg(self.conf()))
    }

    /// Kills a node with all that runs there.
    pub(super) fn kill(&mut self, name: &str) {
        let (_, child) = self.nodes.iter_mut().find(|(node, _)| *node == name).unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// A command of Slurm's.
    pub(super) fn command(&self, name: &str) -> Command {
        let mut command = fixtures::tool(name).unwrap();
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("SLURM_CONF", self.conf());
        command
    }

    /// Hands over a script; `folder` comes first in the tasks' `PATH`, logs go to `logs`.
    pub(super) fn submit(&self, script: &str, folder: &Path, logs: &Path, spool: &Path) {
        fs::create_dir(logs).unwrap();
        let mut path = folder.as_os_str().to_owned();
        path.push(":");
        path.push(std::env::var_os("PATH").unwrap_or_default());
        let mut sbatch = self.command("sbatch");
        sbatch.env("PATH", path).env("TMPDIR", spool).current_dir(logs);
        let mut child = sbatch.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
        assert!(child.wait().unwrap().success(), "{}", self.log());
    }

    /// Waits until nothing is left to be done.
    pub(super) fn drain(&self) {
        let left = || self.lines("squeue", &["-h", "-r", "-o", "%K %T %r %N"]);
        wait("the queue is empty", || left().is_empty(), || format!("{}\n{}", left().join("\n"), self.log()));
    }

    /// Each node's state.
    pub(super) fn states(&self) -> Vec<String> {
        self.lines("sinfo", &["-h", "-N", "-o", "%N %T"])
    }

    fn lines(&self, name: &str, words: &[&str]) -> Vec<String> {
        let output = self.command(name).args(words).output().unwrap();
        // a controller that does not answer yet is not one that has nothing to say
        let failed = (!output.status.success()).then(|| format!("{name} fails"));
        let said = String::from_utf8(output.stdout).unwrap();
        said.lines().map(|line| line.trim().to_owned()).chain(failed).collect()
    }

    fn log(&self) -> String {
        let log = |name: &str| fs::read_to_string(self.folder.path().join(name)).unwrap_or_default();
        ["controller.log", "n1.log", "n2.log"].map(log).join("\n--\n")
    }
}

/// Starts what says what it has to say in a log of its own.
fn quiet(command: &mut Command) -> Child {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}
