//! Just enough HTTP for the JSON gateway of an etcd on loopback: the one file that has a socket.
//!
//! HTTP/1.0, a connection for each request: the server then neither chunks its answer nor keeps the connection open, so the
//! body is whatever follows the head. A request as a whole has a time, and an answer a size, that it may not exceed.
#![expect(clippy::disallowed_types, reason = "the one place that speaks to a peer, and only to one on loopback")]

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::GatewayError;
use crate::wire::{bytes, number};

/// Bytes of an answer, unless said otherwise: far beyond what five hundred keys take.
const MOST: u64 = 1 << 28;
/// Bytes of a head.
const HEAD: u64 = 1 << 16;
/// Bytes of a piece of a stream, of which etcd sends 32 KiB at a time.
const LINE: u64 = 1 << 24;

/// Where a server answers.
#[derive(Clone, Copy, Debug)]
pub struct Gateway {
    port: u16,
    patience: Duration,
}

/// A connection on which everything has to be done by then.
struct Timed {
    stream: TcpStream,
    until: Instant,
}

impl Read for Timed {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        self.stream.set_read_timeout(Some(left))?;
        self.stream.read(room).map_err(late)
    }
}

/// What a socket says where its time is over.
fn late(error: io::Error) -> io::Error {
    if error.kind() == io::ErrorKind::WouldBlock { io::ErrorKind::TimedOut.into() } else { error }
}

impl Gateway {
    /// `patience` is the longest time that one request may take.
    #[must_use]
    pub fn new(port: u16, patience: Duration) -> Self {
        Self { port, patience }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The same server, with another patience.
    #[must_use]
    pub fn patient(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// POSTs JSON and reads the JSON answer.
    ///
    /// # Errors
    /// [`GatewayError`].
    pub fn post(&self, path: &str, body: &Value) -> Result<Value, GatewayError> {
        self.post_bounded(path, body, MOST)
    }

    /// The same, where an answer may have so many bytes.
    ///
    /// # Errors
    /// [`GatewayError`].
    pub fn post_bounded(&self, path: &str, body: &Value, most: u64) -> Result<Value, GatewayError> {
        let (status, text) = self.request("POST", path, body.to_string().as_bytes(), most)?;
        read_answer(path, status, &text)
    }

    /// Whether the server is up: it answers, has a leader and can commit. One that has an alarm says that it is not
    /// healthy, and serves all the same.
    #[must_use]
    pub fn healthy(&self) -> bool {
        let answer = self.request("GET", "/health?exclude=NOSPACE&exclude=CORRUPT", b"", HEAD);
        answer.is_ok_and(|(status, text)| {
            let text: Value = serde_json::from_slice(&text).unwrap_or_default();
            let says = |field: &str, word: &str| {
                text.get(field).and_then(Value::as_str).is_some_and(|said| said.starts_with(word))
            };
            (status == 200 && says("health", "true")) || says("reason", "ALARM")
        })
    }

    /// Writes a snapshot of the server to `out`, of no more than `most` bytes; gives how many there were.
    ///
    /// # Errors
    /// [`GatewayError`], also where it ends before its end.
    pub fn snapshot(&self, out: &mut dyn Write, most: u64) -> Result<u64, GatewayError> {
        let path = "/v3/maintenance/snapshot";
        let failed = |source| self.failed("POST", path, source);
        let mut stream = BufReader::new(self.connect("POST", path, b"{}").map_err(failed)?);
        let (status, _) = head(&mut stream).map_err(failed)?;
        let (mut size, mut left) = (0_u64, None);
        loop {
            let mut line = Vec::new();
            (&mut stream).take(LINE).read_until(b'\n', &mut line).map_err(failed)?;
            if line.is_empty() {
                break;
            }
            let piece = read_answer(path, status, &line)?;
            let piece = piece.get("result").ok_or_else(|| GatewayError::answer(path, refusal(&piece)))?;
            let blob = bytes(piece.get("blob"), path)?;
            size = size.saturating_add(blob.len() as u64);
            if size > most {
                return Err(GatewayError::answer(path, format!("more than {most} bytes")));
            }
            out.write_all(&blob).map_err(failed)?;
            left = Some(number(piece, "remaining_bytes", path)?);
        }
        if left == Some(0) { Ok(size) } else { Err(GatewayError::answer(path, format!("it ends after {size} bytes"))) }
    }

    fn failed(&self, method: &str, path: &str, source: io::Error) -> GatewayError {
        GatewayError::Io { what: format!("{method} http://127.0.0.1:{}{path}", self.port), source }
    }

    fn connect(&self, method: &str, path: &str, body: &[u8]) -> io::Result<Timed> {
        let until = Instant::now() + self.patience;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
        let mut stream = TcpStream::connect_timeout(&address, self.patience).map_err(late)?;
        stream.set_write_timeout(Some(self.patience))?;
        stream.set_nodelay(true)?;
        let head = format!("{method} {path} HTTP/1.0\r\nContent-Length: {}\r\n\r\n", body.len());
        stream.write_all(&[head.as_bytes(), body].concat()).map_err(late)?;
        Ok(Timed { stream, until })
    }

    fn request(&self, method: &str, path: &str, body: &[u8], most: u64) -> Result<(u16, Vec<u8>), GatewayError> {
        let answer = || -> io::Result<(u16, Vec<u8>)> {
            let mut stream = BufReader::new(self.connect(method, path, body)?);
            whole(&mut stream, most)
        };
        answer().map_err(|source| self.failed(method, path, source))
    }
}

fn read_answer(path: &str, status: u16, text: &[u8]) -> Result<Value, GatewayError> {
    // what it says is not repeated: it may be a value
    let answer: Value = serde_json::from_slice(text).map_err(|error| GatewayError::answer(path, error))?;
    if status == 200 {
        return Ok(answer);
    }
    Err(GatewayError::Refused { path: path.to_owned(), status, message: refusal(&answer) })
}

/// What an answer says where it is a refusal; 3.4 has it in `error`, a stream in an object of that name.
fn refusal(answer: &Value) -> String {
    let error = answer.get("error");
    let inner = error.and_then(|error| error.get("message"));
    let message = inner.or(error).or_else(|| answer.get("message")).and_then(Value::as_str);
    message.unwrap_or("(no message)").to_owned()
}

/// Status and body of an answer that is read to its end.
fn whole(stream: &mut impl BufRead, most: u64) -> io::Result<(u16, Vec<u8>)> {
    let (status, length) = head(stream)?;
    let mut body = Vec::new();
    stream.take(most.saturating_add(1)).read_to_end(&mut body)?;
    let got = body.len() as u64;
    if got > most {
        return Err(io::Error::other(format!("the answer has more than {most} bytes")));
    }
    if length.is_some_and(|length| length != got) {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok((status, body))
}

/// Reads the head of an answer: its status, and how many bytes follow, where that is said.
fn head(stream: &mut impl BufRead) -> io::Result<(u16, Option<u64>)> {
    let torn = || io::Error::from(io::ErrorKind::InvalidData);
    let mut head = stream.take(HEAD);
    let mut line = String::new();
    head.read_line(&mut line)?;
    let status = line.split_ascii_whitespace().nth(1).and_then(|status| status.parse().ok()).ok_or_else(torn)?;
    let mut length = None;
    loop {
        line.clear();
        head.read_line(&mut line)?;
        if !line.ends_with('\n') {
            return Err(torn());
        }
        let line = line.trim_end();
        if line.is_empty() {
            return Ok((status, length));
        }
        if let Some((_, value)) = line.split_once(':').filter(|(name, _)| name.eq_ignore_ascii_case("content-length")) {
            length = Some(value.trim().parse().map_err(|_| torn())?);
        }
    }
}

/// Two ports on loopback that were free: held together, so that they differ, and then let go.
///
/// # Errors
/// Where the system has none.
pub fn free_ports() -> io::Result<(u16, u16)> {
    let bind = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    let (a, b) = (bind()?, bind()?);
    Ok((a.local_addr()?.port(), b.local_addr()?.port()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_and_body_of_whole_answers() {
        let read = |mut answer: &[u8]| whole(&mut answer, 4);
        let sound: [(&[u8], u16, &[u8]); 3] = [
            (b"HTTP/1.0 200 OK\r\nA: b\r\n\r\n{}", 200, b"{}"),
            (b"HTTP/1.0 400 Bad Request\r\n\r\n", 400, b""),
            (b"HTTP/1.0 200 OK\r\ncontent-length: 4\r\n\r\n1234", 200, b"1234"),
        ];
        for (answer, status, body) in sound {
            assert_eq!(read(answer).unwrap(), (status, body.to_vec()));
        }
        let torn: [&[u8]; 6] = [
            b"",
            b"\r\n\r\n",
            b"HTTP/1.0 200 OK\r\n",
            b"HTTP/1.0 200 OK\r\nA: b",
            b"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\n12",
            b"HTTP/1.0 200 OK\r\n\r\n12345",
        ];
        for answer in torn {
            assert!(read(answer).is_err(), "{}", String::from_utf8_lossy(answer));
        }
    }

    /// A server that sends this and then holds the line, or ends it.
    fn sends(answer: &'static [u8], holds: bool) -> (Gateway, std::thread::JoinHandle<()>) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut asked = [0; 1024];
            let _ = stream.read(&mut asked).unwrap();
            let _ = stream.write_all(answer);
            if holds {
                // ends when the other side does
                let _ = stream.read_to_end(&mut Vec::new());
            }
        });
        (Gateway::new(port, Duration::from_millis(200)), server)
    }

    #[test]
    fn who_holds_the_line_is_late() {
        for answer in [b"".as_slice(), b"HTTP/1.0 200 OK\r\n\r\n{\"a\":"] {
            let (gateway, server) = sends(answer, true);
            let error = gateway.post("/v3/kv/range", &Value::Null).unwrap_err();
            assert!(error.is_late(), "{error}");
            server.join().unwrap();
        }
    }

    #[test]
    fn a_stream_has_its_end_and_its_bound() {
        let pieces = b"HTTP/1.0 200 OK\r\n\r\n{\"result\":{\"remaining_bytes\":\"2\",\"blob\":\"YWI=\"}}\n\
            {\"result\":{\"blob\":\"Y2Q=\"}}\n";
        let asked = |answer: &'static [u8], most: u64| {
            let (gateway, server) = sends(answer, false);
            let mut out = Vec::new();
            let size = gateway.snapshot(&mut out, most).map_err(|error| error.to_string());
            server.join().unwrap();
            (size, out)
        };
        assert_eq!(asked(pieces, 4), (Ok(4), b"abcd".to_vec()));
        assert!(asked(pieces, 3).0.unwrap_err().contains("more than 3 bytes"));
        assert!(asked(&pieces[..pieces.len() - 27], 4).0.unwrap_err().contains("it ends after 2 bytes"));
        let refused = b"HTTP/1.0 400 Bad Request\r\n\r\n{\"error\":\"etcdserver: user name is empty\",\"code\":3}";
        assert!(asked(refused, 4).0.unwrap_err().contains("(400): etcdserver: user name is empty"));
        let inside = b"HTTP/1.0 200 OK\r\n\r\n{\"error\":{\"message\":\"no more\"}}\n";
        assert!(asked(inside, 4).0.unwrap_err().contains("no more"));
    }
}
