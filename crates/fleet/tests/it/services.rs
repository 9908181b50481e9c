//! Stores other than moto, on loopback: Azurite, fake-gcs-server and rclone, by `scripts/install-fleet-peers`. Where one is not
//! installed, its tests are skipped by name; with `CI` set that is a failure.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use crate::support::{Ended, Place, wait};

/// Azurite's account and its key, in Base64; the key is looked for in all that is printed.
const ACCOUNT: &str = "fleet";
const KEY: &str = "Y2FuYXJ5LW9mLWFuLWFjY291bnQta2V5";

/// A program of a peer, where it is installed.
pub(crate) fn peer(name: &str, program: &str) -> Option<PathBuf> {
    fixtures::fleet_peer(name).map(|place| place.join(program))
}

/// A store, and what a client of it has in its environment.
pub(crate) struct Service {
    child: Child,
    environment: Vec<(&'static str, String)>,
    port: u16,
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Service {
    fn start(mut command: Command, port: u16, environment: Vec<(&'static str, String)>) -> Self {
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let service = Self { child, environment, port };
        let listens = || TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok();
        wait("the store listens", listens, || format!("{command:?}"));
        service
    }

    /// Runs the program against it; it prints no key.
    pub(crate) fn run(&self, place: &Place, words: &[&str]) -> Ended {
        let ended: Ended = place.command(words).envs(self.environment.clone()).output().unwrap().into();
        let printed = format!("{}{}", ended.out, ended.err);
        for secret in ["canary", KEY] {
            assert!(!printed.contains(secret), "{printed}");
        }
        ended
    }

    /// Runs what must end with 0.
    pub(crate) fn ok(&self, place: &Place, words: &[&str]) -> Ended {
        let ended = self.run(place, words);
        assert_eq!(ended.code, 0, "{words:?}: {ended:?}");
        ended
    }

    /// Lets clients reach it through another port.
    pub(crate) fn through(&mut self, port: u16) {
        let (own, other) = (format!(":{}", self.port), format!(":{port}"));
        self.environment.iter_mut().for_each(|(_, value)| *value = value.replace(&own, &other));
    }

    /// Its port.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }
}

/// A port that nobody has.
fn free() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

/// Azure's blobs, with containers `backups`, which has these, and `results`.
pub(crate) fn azure(place: &Place, blobs: &[(&str, &[u8])]) -> Option<Service> {
    let program = peer("azurite", "node_modules/.bin/azurite-blob")?;
    let mut python = fixtures::tool("python3")?;
    let (port, data) = (free(), place.path("azurite"));
    let mut command = Command::new(program);
    command.args(["--silent", "--skipApiVersionCheck", "--blobHost", "127.0.0.1", "--blobPort", &port.to_string()]);
    command.arg("--location").arg(data).env("AZURITE_ACCOUNTS", format!("{ACCOUNT}:{KEY}"));
    let address = format!("http://127.0.0.1:{port}/{ACCOUNT}");
    let environment = [
        ("AZURE_STORAGE_ACCOUNT_NAME", ACCOUNT),
        ("AZURE_STORAGE_ACCOUNT_KEY", KEY),
        ("AZURE_ENDPOINT", &address),
        ("AZURE_ALLOW_HTTP", "true"),
    ];
    let service = Service::start(command, port, environment.map(|(name, value)| (name, value.to_owned())).to_vec());
    let folder = place.path("blobs");
    for (name, bytes) in blobs {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    let filled =
        python.args(["-c", include_str!("fill-azurite.py"), &address, ACCOUNT, KEY]).arg(folder).output().unwrap();
    assert!(filled.status.success(), "{}", String::from_utf8_lossy(&filled.stderr));
    Some(service)
}

/// Google's store, with the bucket `backups`, which has these.
pub(crate) fn google(place: &Place, objects: &[(&str, &[u8])]) -> Option<Service> {
    let program = peer("fake-gcs", "fake-gcs-server")?;
    let port = free();
    let address = format!("127.0.0.1:{port}");
    let mut command = Command::new(program);
    command.args(["-scheme", "http", "-backend", "memory", "-host", "127.0.0.1", "-public-host", &address]);
    command.args(["-port", &port.to_string()]);
    let account = place.path("service-account.json");
    let text = serde_json::json!({"gcs_base_url": format!("http://{address}"), "disable_oauth": true,
        "client_email": "", "private_key": "canary", "private_key_id": ""});
    fs::write(&account, text.to_string()).unwrap();
    let service = Service::start(command, port, vec![("GOOGLE_SERVICE_ACCOUNT", account.display().to_string())]);
    post(port, "/storage/v1/b?project=fleet", "application/json", br#"{"name": "backups"}"#);
    for (name, bytes) in objects {
        let path = format!("/upload/storage/v1/b/backups/o?uploadType=media&name={}", name.replace('/', "%2F"));
        post(port, &path, "application/octet-stream", bytes);
    }
    Some(service)
}

/// Folders as buckets by rclone: `backups`, which has these, and `results`.
pub(crate) fn rclone(place: &Place, objects: &[(&str, &[u8])]) -> Option<Service> {
    let program = peer("rclone", "rclone")?;
    let (port, folder) = (free(), place.path("rclone"));
    fs::create_dir_all(folder.join("results")).unwrap();
    for (name, bytes) in objects {
        let path = folder.join("backups").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    let address = format!("127.0.0.1:{port}");
    let mut command = Command::new(program);
    command.args(["serve", "s3", "--auth-key", "reader,canary-of-a-secret-key", "--addr", &address]).arg(&folder);
    // its cache would outlive the test
    command.env("XDG_CACHE_HOME", place.path("cache")).env("RCLONE_CONFIG", place.path("rclone.conf"));
    let environment = [
        ("AWS_ENDPOINT", format!("http://{address}")),
        ("AWS_ALLOW_HTTP", "true".to_owned()),
        ("AWS_REGION", "us-east-1".to_owned()),
        ("AWS_ACCESS_KEY_ID", "reader".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "canary-of-a-secret-key".to_owned()),
    ];
    Some(Service::start(command, port, environment.to_vec()))
}

/// Posts what must be taken.
pub(crate) fn post(port: u16, path: &str, kind: &str, body: &[u8]) -> String {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    let length = body.len();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\nContent-Type: {kind}\r\n\
         Authorization: AWS4-HMAC-SHA256 Credential=x/20261129/us-east-1/iam/aws4_request, SignedHeaders=host, \
         Signature=x\r\nContent-Length: {length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let answer = String::from_utf8_lossy(&answer).into_owned();
    assert!(answer.starts_with("HTTP/1.1 2"), "{path}: {answer}");
    answer
}
