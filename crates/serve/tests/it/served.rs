//! The program, started on a backup, and ended.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};

use serde_json::Value;

/// A server that runs, and its kubeconfig.
pub(crate) struct Served {
    child: Child,
    folder: tempfile::TempDir,
    /// What it said before it was ready.
    pub(crate) banner: String,
    /// What it says later, line by line.
    later: Receiver<String>,
}

/// The program.
pub(crate) fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_assay-serve"))
}

/// Ends a program by a signal, and gives its exit code.
pub(crate) fn end_by(child: &mut Child, signal: &str) -> Option<i32> {
    let id = child.id().to_string();
    let sent = fixtures::tool("bash").unwrap().args(["-c", "kill -s \"$1\" \"$0\"", &id, signal]).status().unwrap();
    assert!(sent.success());
    child.wait().unwrap().code()
}

impl Served {
    /// Serves a fixture by name.
    pub(crate) fn fixture(name: &str, args: &[&str]) -> Self {
        Self::start(&fixtures::named(name).snapshot(), args)
    }

    /// Serves a backup, and waits until it is ready.
    pub(crate) fn start(backup: &Path, args: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = program();
        command.arg(backup).args(args).arg("--kubeconfig").arg(folder.path().join("config"));
        let mut child = command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut said = BufReader::new(child.stderr.take().unwrap());
        let mut banner = String::new();
        while !banner.contains("export KUBECONFIG=") {
            let read = said.read_line(&mut banner).unwrap();
            assert!(read > 0, "it ended before it was ready: {banner}");
        }
        // what it says later must not block it
        let (sender, later) = channel();
        std::thread::spawn(move || said.lines().map_while(Result::ok).for_each(|line| drop(sender.send(line))));
        Self { child, folder, banner, later }
    }

    /// The next line that has `part`, once it is ready.
    pub(crate) fn hear(&self, part: &str) -> String {
        let mut said = self.later.iter();
        said.find(|line| line.contains(part)).unwrap_or_else(|| panic!("it never said `{part}`"))
    }

    /// A folder for what a test makes.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Its kubeconfig.
    pub(crate) fn kubeconfig(&self) -> PathBuf {
        self.folder.path().join("config")
    }

    /// The same, read.
    pub(crate) fn config(&self) -> Value {
        serde_saphyr::from_str(&std::fs::read_to_string(self.kubeconfig()).unwrap()).unwrap()
    }

    /// The URL of a context.
    pub(crate) fn url(&self, context: &str) -> String {
        let config = self.config();
        let clusters = config["clusters"].as_array().unwrap();
        let named = clusters.iter().find(|cluster| cluster["name"] == context).unwrap();
        named["cluster"]["server"].as_str().unwrap().to_owned()
    }

    /// The token.
    pub(crate) fn token(&self) -> String {
        self.config()["users"][0]["user"]["token"].as_str().unwrap().to_owned()
    }

    /// Ends it as a service manager does, and gives its exit code.
    pub(crate) fn end(self) -> Option<i32> {
        self.end_by("TERM")
    }

    /// Ends it by a signal, and gives its exit code; its kubeconfig must be gone then, while the folder is there.
    pub(crate) fn end_by(mut self, signal: &str) -> Option<i32> {
        let code = end_by(&mut self.child, signal);
        assert!(self.folder().is_dir() && !self.kubeconfig().exists(), "its kubeconfig is left");
        code
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
