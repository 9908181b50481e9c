//! The socket: its owner's, new, and gone at the end.

use std::io::{Read as _, Write as _};
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::os::unix::net::UnixStream;
use std::path::Path;

use crate::client::{Answer, parse, prefix};
use crate::served::{Served, program};

fn ask(socket: &Path, path: &str, header: &str) -> Answer {
    let mut stream = UnixStream::connect(socket).unwrap();
    stream.write_all(format!("GET {path} HTTP/1.1\r\n{header}\r\nConnection: close\r\n\r\n").as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    parse(&answer)
}

#[test]
fn its_owner_asks_without_token_and_nobody_else() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("socket");
    let served = Served::fixture("plain-etcd34", &["--socket", socket.to_str().unwrap()]);
    let metadata = socket.symlink_metadata().unwrap();
    assert!(metadata.file_type().is_socket());
    assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
    let base = prefix(&served, "backup");
    let said = format!("curl --unix-socket {} http://localhost{base}/version\n", socket.display());
    assert!(served.banner.contains(&said), "{}", served.banner);
    let nodes = ask(&socket, &format!("{base}/api/v1/nodes"), "Host: localhost");
    assert_eq!((nodes.code, nodes.json()["items"].as_array().unwrap().len()), (200, 6));
    for (header, code) in
        [("Host: evil.example", 421), ("Host: localhost\r\nOrigin: http://localhost", 403), ("X: y", 421)]
    {
        assert_eq!(ask(&socket, &format!("{base}/version"), header).code, code, "{header}");
    }
    // the port asks for the token all the same
    let without = format!("GET {base}/version HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!(parse(&crate::client::raw(&served, without.as_bytes())).code, 401);
    assert_eq!(served.end(), Some(0));
    assert!(!socket.exists());
}

#[test]
fn a_file_that_is_there_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let there = folder.path().join("there");
    std::fs::write(&there, "mine").unwrap();
    let config = folder.path().join("config");
    let mut command = program();
    command.arg(fixtures::named("plain-etcd34").snapshot()).arg("--socket").arg(&there).arg("--kubeconfig");
    let output = command.arg(&config).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("File exists") && said.contains("hint: name another place with --socket"), "{said}");
    assert_eq!(std::fs::read_to_string(&there).unwrap(), "mine");
    assert!(!config.exists());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}
