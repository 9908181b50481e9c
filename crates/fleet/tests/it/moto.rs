//! A store on loopback, and a proxy before it that does what stores do on bad days.
//!
//! The store is moto, which `scripts/install-fleet-peers` installs. Where it is not, tests are skipped by name; with `CI`
//! set that is a failure.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;

use crate::support::{Ended, Place};

/// The bucket that backups are in.
pub(crate) const BUCKET: &str = "etcd-backups";

/// What is planted where credentials are; no output may have one of them.
pub(crate) const SECRETS: [&str; 3] = ["canary-of-a-key-id", "canary-of-a-secret-key", "canary-of-a-session-token"];

/// What faults say besides.
pub(crate) const SAID: &str = "canary-of-an-answer";

/// A store.
pub(crate) struct Moto {
    child: Child,
    /// Its port.
    pub(crate) port: u16,
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Moto {
    /// Starts a store with the buckets of a fleet; `None` where it is not installed.
    pub(crate) fn start() -> Option<Self> {
        let mut command = fixtures::tool("python3")?;
        command
            .args(["-m", "moto.server", "-H", "127.0.0.1", "-p", "0"])
            .env("PYTHONPATH", fixtures::fleet_peer("moto")?);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut said = BufReader::new(child.stderr.take().unwrap());
        let mut port = None;
        let mut line = String::new();
        while port.is_none() && said.read_line(&mut line).unwrap() > 0 {
            port = line.trim().rsplit_once("http://127.0.0.1:").and_then(|(_, port)| port.parse().ok());
            line.clear();
        }
        thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
        let moto = Self { child, port: port.unwrap() };
        for bucket in [BUCKET, "fleet-results"] {
            moto.ask("PUT", &format!("/{bucket}"), "", b"");
        }
        Some(moto)
    }

    /// Asks it; gives its answer. What it refuses is a failure of the test.
    pub(crate) fn ask(&self, method: &str, path: &str, headers: &str, body: &[u8]) -> Vec<u8> {
        ask(self.port, method, path, headers, body)
    }

    /// What it gives out; `None` where there is nothing.
    pub(crate) fn get(&self, path: &str) -> Option<Vec<u8>> {
        let answer = asked(self.port, "GET", path, "", b"");
        let start = answer.windows(4).position(|end| end == b"\r\n\r\n").unwrap() + 4;
        answer.starts_with(b"HTTP/1.1 200").then(|| answer[start..].to_vec())
    }

    /// Puts another object in the place of one.
    pub(crate) fn replace(port: u16, path: &str, body: &[u8]) {
        ask(port, "PUT", path, "", body);
    }

    /// Puts an object into the bucket of backups.
    pub(crate) fn put(&self, key: &str, body: &[u8]) {
        self.ask("PUT", &format!("/{BUCKET}/{key}"), "", body);
    }

    /// The command, with the credentials of the store at `port`.
    pub(crate) fn command(place: &Place, port: u16, words: &[&str]) -> Command {
        let mut command = place.command(words);
        command.env("AWS_ENDPOINT", format!("http://127.0.0.1:{port}")).env("AWS_ALLOW_HTTP", "true");
        command.env("AWS_REGION", "us-east-1").env("AWS_ACCESS_KEY_ID", SECRETS[0]);
        command.env("AWS_SECRET_ACCESS_KEY", SECRETS[1]).env("AWS_SESSION_TOKEN", SECRETS[2]);
        command
    }

    /// Runs the command as a user of the store, by id and secret; that secret is in nothing that it says.
    pub(crate) fn run_as(&self, (id, secret): &(String, String), place: &Place, words: &[&str]) -> Ended {
        let mut command = Self::command(place, self.port, words);
        command.env_remove("AWS_SESSION_TOKEN").env("AWS_ACCESS_KEY_ID", id).env("AWS_SECRET_ACCESS_KEY", secret);
        let ended: Ended = command.output().unwrap().into();
        assert!(!format!("{ended:?}").contains(secret.as_str()), "{ended:?}");
        ended
    }
}

fn ask(port: u16, method: &str, path: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let answer = asked(port, method, path, headers, body);
    let ok = answer.starts_with(b"HTTP/1.1 2");
    assert!(ok, "{method} {path}: {}", String::from_utf8_lossy(&answer[..answer.len().min(400)]));
    answer
}

fn asked(port: u16, method: &str, path: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: close\r\nAuthorization: AWS4-HMAC-SHA256 \
         Credential=x/20261129/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=x\r\n{headers}Content-Length: \
         {}\r\n\r\n",
        port,
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    answer
}

/// What a proxy does with a request.
#[derive(Debug, Clone)]
pub(crate) enum Act {
    /// Passes it on.
    Pass,
    /// Answers it.
    Answer(&'static str, &'static str),
    /// Passes it on, and of the answer's body only this share, in percent.
    Cut(usize),
    /// Passes it on without a header.
    Without(&'static str),
    /// Passes it on with more in its query.
    Query(&'static str),
    /// Keeps it, and never answers.
    Hang,
    /// Passes it on, and of the answer only this share, in percent; then it says so here, and nothing more comes.
    Stall(usize, mpsc::Sender<()>),
}

/// A request, as a proxy sees it.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// `GET`
    pub(crate) method: String,
    /// With the query.
    pub(crate) path: String,
    /// How many were alike before.
    pub(crate) before: usize,
}

/// A proxy before a store.
pub(crate) struct Proxy {
    /// Its port.
    pub(crate) port: u16,
    seen: Arc<Mutex<Vec<(String, String)>>>,
}

impl Proxy {
    /// Starts a proxy that does what `act` says.
    pub(crate) fn start(to: u16, act: impl Fn(&Request) -> Act + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let (act, seen) = (Arc::new(act), Arc::new(Mutex::new(Vec::new())));
        let own = Arc::clone(&seen);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (act, seen) = (Arc::clone(&act), Arc::clone(&own));
                thread::spawn(move || serve(stream, to, &*act, &seen));
            }
        });
        Self { port, seen }
    }

    /// Requests that were seen whose path contains this.
    pub(crate) fn count(&self, part: &str) -> usize {
        self.seen.lock().unwrap().iter().filter(|(_, path)| path.contains(part)).count()
    }
}

/// One request of a connection, which is then closed.
fn serve(mut client: TcpStream, to: u16, act: &dyn Fn(&Request) -> Act, seen: &Mutex<Vec<(String, String)>>) {
    let Some((mut head, body)) = request(&mut client) else { return };
    let mut words = head.split(' ');
    let (method, path) = (words.next().unwrap_or_default().to_owned(), words.next().unwrap_or_default().to_owned());
    let before = {
        let mut seen = seen.lock().unwrap();
        let before = seen.iter().filter(|it| **it == (method.clone(), path.clone())).count();
        seen.push((method.clone(), path.clone()));
        before
    };
    let what = act(&Request { method, path, before });
    match &what {
        Act::Answer(status, code) => {
            let text = format!("<Error><Code>{code}</Code><Message>{SAID}</Message></Error>");
            let length = text.len();
            let _ = write!(client, "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{text}");
            let _ = client.shutdown(Shutdown::Both);
            return;
        }
        Act::Hang => {
            let _ = client.read_to_end(&mut Vec::new()); // until the other side is gone
            return;
        }
        Act::Without(name) => {
            let is_it = |line: &&str| line.to_ascii_lowercase().starts_with(&format!("{name}:"));
            head = head.split_inclusive("\r\n").filter(|line| !is_it(line)).collect();
        }
        Act::Query(more) => {
            let mark = if head.split(' ').nth(1).is_some_and(|path| path.contains('?')) { '&' } else { '?' };
            head = head.replacen(" HTTP/1.1", &format!("{mark}{more} HTTP/1.1"), 1);
        }
        Act::Pass | Act::Cut(_) | Act::Stall(..) => {}
    }
    let Ok(mut server) = TcpStream::connect(("127.0.0.1", to)) else { return };
    let head = head.replacen("\r\n", "\r\nConnection: close\r\n", 1);
    if server.write_all(head.as_bytes()).and_then(|()| server.write_all(&body)).is_err() {
        return;
    }
    let mut answer = Vec::new();
    let _ = server.read_to_end(&mut answer);
    let start = answer.windows(4).position(|end| end == b"\r\n\r\n").map_or(answer.len(), |at| at + 4);
    let end = match what {
        Act::Cut(share) => start + (answer.len() - start) * share / 100,
        Act::Stall(share, _) => answer.len() * share / 100,
        _ => answer.len(),
    };
    let _ = client.write_all(&answer[..end]);
    if let Act::Stall(_, told) = what {
        let _ = told.send(());
        let _ = client.read_to_end(&mut Vec::new());
    }
    let _ = client.shutdown(Shutdown::Both);
}

/// The head of a request and its body.
fn request(client: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    let mut reader = BufReader::new(client);
    let (mut head, mut length, mut is_chunked) = (String::new(), 0, false);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let lower = line.to_ascii_lowercase();
        if let Some(value) = lower.strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        is_chunked |= lower.starts_with("transfer-encoding:");
        if lower.starts_with("connection:") || lower.starts_with("expect:") {
            continue;
        }
        head.push_str(&line);
        if line == "\r\n" {
            break;
        }
    }
    assert!(!is_chunked, "{head}");
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((head, body))
}
