//! The program that asks for us: `curl` or `kubectl`. What lets it in is never on a command line.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};

use super::secrets::in_memory;
use crate::launch::{EtcdError, Launcher, end, said};

/// Bytes of an answer: far beyond what five hundred objects take.
const MOST: u64 = 1 << 28;
/// How long an answer may take.
const WITHIN: Duration = Duration::from_secs(60);

/// A program that asks.
#[derive(Clone, Debug)]
pub struct Asker {
    program: PathBuf,
    launcher: Launcher,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Curl,
    Kubectl,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// The program did not do it.
    #[error("{0}")]
    Failed(String),
    /// The server says no, in these words.
    #[error("{0}")]
    Refused(String),
}

impl Asker {
    /// Finds out whether it is `curl` or `kubectl`; it may take so long.
    ///
    /// # Errors
    /// [`EtcdError`]; where it is neither, [`EtcdError::Other`].
    pub fn ask(program: PathBuf, launcher: Launcher, within: Duration) -> Result<Self, EtcdError> {
        let kind = if launcher.ask(&program, &["--version"], within)?.starts_with("curl ") {
            Kind::Curl
        } else if launcher.ask(&program, &["version", "--client"], within)?.starts_with("Client Version") {
            Kind::Kubectl
        } else {
            return Err(EtcdError::Other);
        };
        Ok(Self { program, launcher, kind })
    }
}

/// It, and whom it asks.
#[derive(Debug)]
pub(super) struct Asking<'a> {
    asker: &'a Asker,
    server: String,
    token: Token,
    certificate: PathBuf,
}

/// Shown to nobody.
struct Token(String);

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token")
    }
}

impl<'a> Asking<'a> {
    pub(super) fn of(asker: &'a Asker, port: u16, token: String, certificate: PathBuf) -> Self {
        Self { asker, server: format!("https://127.0.0.1:{port}"), token: Token(token), certificate }
    }

    /// A JSON answer.
    pub(super) fn json(&self, path: &str) -> Result<Value, AskError> {
        let text = self.text(path)?;
        serde_json::from_slice(&text).map_err(|_| AskError::Failed(format!("`{path}`: the answer is no JSON")))
    }

    /// An answer as it is.
    pub(super) fn text(&self, path: &str) -> Result<Vec<u8>, AskError> {
        let program = self.asker.program.display();
        let failed = |error: &dyn std::fmt::Display| AskError::Failed(format!("`{program}`: {error}"));
        let mut command = self.asker.launcher.command(&self.asker.program);
        let (arguments, input) = match self.asker.kind {
            Kind::Curl => (vec!["-q".to_owned(), "--config".to_owned(), "-".to_owned()], self.for_curl(path)),
            Kind::Kubectl => {
                let line = ["--kubeconfig=/proc/self/fd/0", "--request-timeout=60s", "get", "--raw", path];
                (line.map(str::to_owned).to_vec(), self.for_kubectl())
            }
        };
        let errors = in_memory(b"").map_err(|error| failed(&error))?;
        let also = errors.try_clone().map_err(|error| failed(&error))?;
        command.args(arguments).stdin(in_memory(input.as_bytes()).map_err(|error| failed(&error))?);
        command.stdout(Stdio::piped()).stderr(also);
        let mut child = command.spawn().map_err(|error| failed(&error))?;
        let said = said(&mut child, MOST, WITHIN + Duration::from_secs(5));
        if said.is_err() {
            end(&mut child, Duration::ZERO);
        }
        let status = child.wait().map_err(|error| failed(&error))?;
        let said = said.map_err(|_| failed(&"no answer in time"))?;
        let told = told(errors);
        match self.asker.kind {
            Kind::Curl if status.success() => with_status(said),
            Kind::Kubectl if status.success() => Ok(said),
            Kind::Kubectl if told.starts_with("Error from server") => Err(AskError::Refused(told)),
            _ => Err(failed(&told)),
        }
    }

    fn for_curl(&self, path: &str) -> String {
        let quoted = |path: &Path| path.display().to_string().replace('\\', "\\\\").replace('"', "\\\"");
        format!(
            "url = \"{}{path}\"\nheader = \"Authorization: Bearer {}\"\ncacert = \"{}\"\nnoproxy = \"*\"\nsilent\n\
             show-error\ngloboff\nmax-time = {}\nwrite-out = \"\\n%{{http_code}}\"\n",
            self.server,
            self.token.0,
            quoted(&self.certificate),
            WITHIN.as_secs(),
        )
    }

    fn for_kubectl(&self) -> String {
        let cluster = json!({"server": self.server, "certificate-authority": self.certificate});
        json!({
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "it", "cluster": cluster}],
            "users": [{"name": "it", "user": {"token": self.token.0}}],
            "contexts": [{"name": "it", "context": {"cluster": "it", "user": "it"}}],
            "current-context": "it",
        })
        .to_string()
    }
}

/// What a program said besides, in its last line.
fn told(mut errors: std::fs::File) -> String {
    let mut text = Vec::new();
    let read = io_rewound(&mut errors, &mut text);
    let text = String::from_utf8_lossy(&text).into_owned();
    let line = text.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or("it failed and says nothing");
    if read { line.to_owned() } else { "it failed".to_owned() }
}

fn io_rewound(file: &mut std::fs::File, text: &mut Vec<u8>) -> bool {
    use std::io::{Read, Seek};
    file.rewind().and_then(|()| file.take(1 << 16).read_to_end(text)).is_ok()
}

/// An answer without the status that follows it, where it is no refusal.
fn with_status(mut said: Vec<u8>) -> Result<Vec<u8>, AskError> {
    let torn = || AskError::Failed("the answer is not whole".to_owned());
    let line = said.iter().rposition(|byte| *byte == b'\n').ok_or_else(torn)?;
    let status = said.split_off(line);
    if status == b"\n200" {
        return Ok(said);
    }
    let message = serde_json::from_slice::<Value>(&said).ok();
    let message = message.as_ref().and_then(|answer| answer.get("message")?.as_str());
    let status = String::from_utf8_lossy(&status).trim().to_owned();
    Err(AskError::Refused(format!("({status}) {}", message.unwrap_or("it says no"))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_and_refusals() {
        let read = |said: &[u8]| with_status(said.to_vec()).map_err(|error| error.to_string());
        assert_eq!(read(b"{}\n\n200").unwrap(), b"{}\n");
        assert_eq!(read(b"{\"message\":\"no key\"}\n500").unwrap_err(), "(500) no key");
        assert_eq!(read(b"x\n404").unwrap_err(), "(404) it says no");
        assert!(read(b"200").is_err());
    }

    #[test]
    fn what_lets_in_is_shown_to_nobody() {
        let asker = Asker { program: "curl".into(), launcher: Launcher::default(), kind: Kind::Curl };
        let asking = Asking::of(&asker, 1, "t0ken".to_owned(), "/a \"b\"/c".into());
        assert!(!format!("{asking:?}").contains("t0ken"));
        assert!(asking.for_curl("/x").contains("cacert = \"/a \\\"b\\\"/c\"\n"));
        assert!(asking.for_curl("/x").contains("\ngloboff\n"));
        assert!(asking.for_kubectl().contains("t0ken"));
    }
}
