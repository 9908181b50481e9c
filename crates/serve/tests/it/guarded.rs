//! Who is answered, and what is refused.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use crate::client::{ask, parse, port, prefix, raw};
use crate::served::Served;

#[test]
fn nobody_is_answered_without_the_token_and_nothing_is_parsed_before() {
    let served = Served::fixture("plain-etcd34", &[]);
    let (path, port) = (prefix(&served, "backup"), port(&served));
    let token = served.token();
    let wrong = "x".repeat(token.len());
    for (line, headers, code) in [
        (format!("GET {path}/api HTTP/1.1"), format!("Host: 127.0.0.1:{port}"), 401),
        (format!("GET {path}/%zz HTTP/1.1"), format!("Host: 127.0.0.1:{port}"), 401),
        ("GET /nosuch HTTP/1.1".to_owned(), format!("Host: 127.0.0.1:{port}\r\nAuthorization: Bearer {wrong}"), 401),
        (format!("GET {path}/api HTTP/1.1"), format!("Host: evil.example\r\nAuthorization: Bearer {token}"), 421),
        (format!("GET {path}/api HTTP/1.1"), format!("Host: 127.0.0.1:1\r\nAuthorization: Bearer {token}"), 421),
        (
            format!("GET {path}/api HTTP/1.1"),
            format!("Host: localhost:{port}\r\nOrigin: https://localhost\r\nAuthorization: Bearer {token}"),
            403,
        ),
        (format!("GET {path}/api HTTP/1.1"), format!("Host: localhost:{port}\r\nAuthorization: Bearer {token}"), 200),
    ] {
        let answer = parse(&raw(&served, format!("{line}\r\n{headers}\r\nConnection: close\r\n\r\n").as_bytes()));
        assert_eq!(answer.code, code, "{line} {headers}");
        assert!(!answer.headers.keys().any(|name| name.starts_with("access-control")), "{:?}", answer.headers);
    }
    let head = format!("HEAD / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n");
    let answer = parse(&raw(&served, head.as_bytes()));
    assert_eq!((answer.code, answer.body.len()), (401, 0));
}

#[test]
fn without_tls_nothing_is_said() {
    let served = Served::fixture("plain-etcd34", &[]);
    let mut stream = TcpStream::connect(("127.0.0.1", port(&served))).unwrap();
    let _ = stream
        .write_all(format!("GET /version HTTP/1.1\r\nAuthorization: Bearer {}\r\n\r\n", served.token()).as_bytes());
    let mut said = Vec::new();
    let _ = stream.read_to_end(&mut said);
    assert!(!said.starts_with(b"HTTP"), "{}", String::from_utf8_lossy(&said));
}

#[test]
fn no_method_on_any_path_changes_anything() {
    let backup = fixtures::named("plain-etcd34").snapshot();
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("snapshot.db");
    std::fs::copy(&backup, &copy).unwrap();
    let before = (std::fs::read(&copy).unwrap(), std::fs::metadata(&copy).unwrap().modified().unwrap());
    let served = Served::start(&copy, &[]);
    let prefix = prefix(&served, "backup");
    for path in [
        "",
        "/api",
        "/apis",
        "/api/v1",
        "/version",
        "/api/v1/pods",
        "/api/v1/namespaces/default",
        "/api/v1/namespaces/analytics/pods/web-2-e382000df-6ccw5",
        "/apis/apps/v1/deployments",
        "/nosuch",
        "/apis/nosuch/v1/x",
    ] {
        for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "BREW"] {
            let code = ask(&served, method, &format!("{prefix}{path}"), &[], b"").code;
            let reads = matches!(method, "GET" | "HEAD");
            assert!(reads == (code == 200) || (reads && code == 404), "{method} {path}: {code}");
        }
    }
    assert_eq!(served.end(), Some(0));
    assert_eq!(before, (std::fs::read(&copy).unwrap(), std::fs::metadata(&copy).unwrap().modified().unwrap()));
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(left.len(), 1, "{left:?}");
}

#[test]
fn bodies_are_questions_of_a_bounded_size() {
    let served = Served::fixture("plain-etcd34", &[]);
    let path = format!("{}/apis/authorization.k8s.io/v1/subjectaccessreviews", prefix(&served, "backup"));
    let json = |body: &str| ask(&served, "POST", &path, &[("Content-Type", "application/json")], body.as_bytes());
    let asked = r#"{"spec":{"user":"u","groups":["system:authenticated"],"nonResourceAttributes":{"path":"/api","verb":"get"}}}"#;
    let answer = json(asked);
    assert_eq!((answer.code, &answer.json()["status"]["allowed"]), (201, &true.into()));
    for (body, code) in [
        ("", 400),
        ("[]", 400),
        ("{}", 400),
        (r#"{"spec":{}}"#, 400),
        (&*format!("{{\"a\":{}1{}}}", "[".repeat(70), "]".repeat(70)), 400),
        (&*format!("{{\"spec\":\"{}\"}}", "x".repeat(3 << 20)), 413),
    ] {
        assert_eq!(json(body).code, code, "{}", &body[..body.len().min(40)]);
    }
    let broken = ask(&served, "POST", &path, &[], b"k8s\0\x12\xff\xff");
    assert_eq!(broken.code, 400);
}

#[test]
fn the_kubeconfig_goes_with_the_server() {
    let served = Served::fixture("plain-etcd34", &[]);
    let folder = tempfile::tempdir().unwrap();
    for said in [
        "revision 1289 of 2026-11-23T",
        "1 069 keys: 1068 served",
        "secrets masked",
        "loopback only",
        "export KUBECONFIG=",
    ] {
        assert!(served.banner.contains(said), "{said}: {}", served.banner);
    }
    assert!(!served.banner.contains(&served.token()));
    let link = folder.path().join("held");
    std::fs::hard_link(served.kubeconfig(), &link).unwrap();
    let path = served.kubeconfig();
    let child_ended = served.end();
    assert_eq!(child_ended, Some(0));
    assert!(!path.exists() && link.exists());
}
