//! Just enough HTTP for etcd's JSON gateway.
//!
//! HTTP/1.0, one connection per request: the server then neither chunks its answer nor keeps the connection
//! open, so the body is whatever follows the head.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

use crate::HarnessError;

pub(crate) struct Gateway {
    port: u16,
    patience: Duration,
}

impl Gateway {
    /// `patience` is the longest time that one request may take.
    pub(crate) fn new(port: u16, patience: Duration) -> Self {
        Self { port, patience }
    }

    /// POSTs JSON and reads the JSON answer.
    pub(crate) fn post(&self, path: &str, body: &Value) -> Result<Value, HarnessError> {
        let (status, text) = self.request("POST", path, body.to_string().as_bytes())?;
        let answer: Value = serde_json::from_slice(&text)
            .map_err(|e| HarnessError::answer(path, format!("{e}: {}", String::from_utf8_lossy(&text))))?;
        if status == 200 {
            return Ok(answer);
        }
        let message = answer.get("error").or_else(|| answer.get("message")).and_then(Value::as_str);
        Err(HarnessError::Refused {
            path: path.to_owned(),
            status,
            message: message.unwrap_or("(no message)").to_owned(),
        })
    }

    /// Whether the server is up: it answers, has a leader and can commit. One that has an alarm says that it is not
    /// healthy, and serves all the same.
    pub(crate) fn healthy(&self) -> bool {
        self.request("GET", "/health?exclude=NOSPACE&exclude=CORRUPT", b"").is_ok_and(|(status, text)| {
            let text: Value = serde_json::from_slice(&text).unwrap_or_default();
            let says = |field: &str, word: &str| {
                text.get(field).and_then(Value::as_str).is_some_and(|said| said.starts_with(word))
            };
            (status == 200 && says("health", "true")) || says("reason", "ALARM")
        })
    }

    fn request(&self, method: &str, path: &str, body: &[u8]) -> Result<(u16, Vec<u8>), HarnessError> {
        let what = || format!("{method} http://127.0.0.1:{}{path}", self.port);
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
        let mut answer = Vec::new();
        TcpStream::connect_timeout(&address, self.patience)
            .and_then(|mut stream| {
                stream.set_read_timeout(Some(self.patience))?;
                stream.set_write_timeout(Some(self.patience))?;
                stream.set_nodelay(true)?;
                let head = format!("{method} {path} HTTP/1.0\r\nContent-Length: {}\r\n\r\n", body.len());
                stream.write_all(&[head.as_bytes(), body].concat())?;
                stream.read_to_end(&mut answer)
            })
            .map_err(HarnessError::io(what()))?;
        split(&answer).ok_or_else(|| HarnessError::answer(what(), String::from_utf8_lossy(&answer)))
    }
}

/// Status and body of an HTTP answer.
fn split(answer: &[u8]) -> Option<(u16, Vec<u8>)> {
    let at = answer.windows(4).position(|w| w == b"\r\n\r\n")?;
    let head = std::str::from_utf8(answer.get(..at)?).ok()?;
    let status = head.split_ascii_whitespace().nth(1)?.parse().ok()?;
    Some((status, answer.get(at + 4..)?.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_status_and_body() {
        let whole: [(&[u8], u16, &[u8]); 2] =
            [(b"HTTP/1.0 200 OK\r\nA: b\r\n\r\n{}", 200, b"{}"), (b"HTTP/1.0 400 Bad Request\r\n\r\n", 400, b"")];
        for (answer, status, body) in whole {
            assert_eq!(split(answer), Some((status, body.to_vec())));
        }
        for torn in [b"HTTP/1.0 200 OK\r\n".as_slice(), b"", b"\r\n\r\n"] {
            assert_eq!(split(torn), None);
        }
    }
}
