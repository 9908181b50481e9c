//! Who is answered, and what is refused.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::Stdio;

use crate::client::{ask, connect, parse, port, prefix, raw};
use crate::served::{Served, end_by, program};

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
    for said in [
        "revision 1289 of 2026-11-23T",
        "1 069 keys: 1 068 served, 1 without API",
        "secrets masked",
        "loopback only",
        "export KUBECONFIG=",
    ] {
        assert!(served.banner.contains(said), "{said}: {}", served.banner);
    }
    assert!(!served.banner.contains(&served.token()));
    assert!(served.kubeconfig().exists());
    assert_eq!(served.end(), Some(0));
}

/// However it is ended, and be it before it is ready, nothing of what it made is left; another's in the same place is.
#[test]
fn every_end_takes_away_what_was_made() {
    let folder = tempfile::tempdir().unwrap();
    let (config, socket, other) =
        (folder.path().join("config"), folder.path().join("socket"), folder.path().join("other"));
    // where this runs under `nohup`, so does what it starts
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| u64::from_str_radix(line.strip_prefix("SigIgn:")?.trim(), 16).ok());
    let ends = if ignored.unwrap_or(0) & 1 == 0 { &["INT", "TERM", "HUP"][..] } else { &["INT", "TERM"] };
    for signal in ends {
        for replaced in [false, true] {
            let replace = |place: &Path| {
                std::fs::write(&other, "another's").unwrap();
                std::fs::rename(&other, place).unwrap();
            };
            let served = Served::fixture("plain-etcd34", &["--socket", socket.to_str().unwrap()]);
            assert!(socket.exists());
            if replaced {
                replace(&socket);
            }
            assert_eq!((served.end_by(signal), socket.exists()), (Some(0), replaced), "{signal}");
            let mut early = program();
            early.arg(fixtures::named("plain-etcd34").snapshot()).arg("--kubeconfig").arg(&config);
            let mut early = early.stdin(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            while std::fs::metadata(&config).map_or(0, |config| config.len()) == 0 {
                assert!(early.try_wait().unwrap().is_none());
                std::thread::yield_now();
            }
            if replaced {
                replace(&config);
            }
            assert_eq!((end_by(&mut early, signal), config.exists()), (Some(0), replaced), "{signal}");
            for place in [&socket, &config].into_iter().filter(|_| replaced) {
                std::fs::remove_file(place).unwrap();
            }
        }
    }
}

/// Under `nohup` it outlives its terminal, and the command that runs on it does.
#[test]
fn a_hangup_that_is_to_be_ignored_is() {
    let folder = tempfile::tempdir().unwrap();
    let (config, log) = (folder.path().join("config"), folder.path().join("log"));
    let script = "trap '' HUP; exec \"$@\"";
    let mut bash = fixtures::tool("bash").unwrap();
    bash.args(["-c", script, "bash", program().get_program().to_str().unwrap()]);
    bash.arg(fixtures::named("plain-etcd34").snapshot()).arg("--kubeconfig").arg(&config).arg("--log").arg(&log);
    // the command ends by itself: a hangup that was heard ends it before, with code 0
    bash.args(["--", "bash", "-c", "kill -HUP $PPID; for _ in {1..200}; do $0 -c : ; done; exit 9", "bash"]);
    let output = bash.stdin(Stdio::null()).output().unwrap();
    assert_eq!(output.status.code(), Some(9), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(!config.exists());
}

#[test]
fn how_it_ends_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("config");
    let ended = |args: &[&str]| {
        let mut command = program();
        command.arg(fixtures::named("plain-etcd34").snapshot()).arg("--kubeconfig").arg(&config).args(args);
        let output = command.stdin(Stdio::null()).output().unwrap();
        assert!(!config.exists(), "{args:?}");
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let bash = fixtures::tool("bash").unwrap().get_program().to_str().unwrap().to_owned();
    for (script, code) in [("exit 7", 7), ("kill -KILL $$", 137), ("true", 0)] {
        assert_eq!(ended(&["--", &bash, "-c", script]).0, Some(code), "{script}");
    }
    for (at, why) in [
        ("99999", "error: --at 99999: "),
        ("2019-01-01", "not held at that moment; it holds revisions 1 to 1289"),
        ("foo", "--at foo: expected a revision, or a time"),
    ] {
        let (code, said) = ended(&["--at", at]);
        assert!(code == Some(2) && said.contains(why), "{at}: {said}");
    }
}

/// As many connections as there may be are held; one more is taken when another ends, and the others are answered meanwhile.
#[test]
fn one_connection_more_than_64_waits() {
    let served = Served::fixture("plain-etcd34", &[]);
    let request = format!(
        "GET {}/healthz HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n\r\n",
        prefix(&served, "backup"),
        served.token()
    );
    let ask = |stream: &mut crate::client::Stream| {
        stream.write_all(request.as_bytes()).unwrap();
        let (mut said, mut some) = (Vec::new(), [0; 4096]);
        while !said.ends_with(b"\r\n\r\nok") {
            let read = stream.read(&mut some).unwrap();
            assert!(read > 0, "{}", String::from_utf8_lossy(&said));
            said.extend_from_slice(&some[..read]);
        }
    };
    let mut held: Vec<_> = (0..64).map(|_| connect(&served)).collect();
    held.iter_mut().for_each(ask);
    let mut more = connect(&served);
    more.conn.write_tls(&mut more.sock).unwrap();
    held.iter_mut().for_each(ask);
    more.sock.set_nonblocking(true).unwrap();
    let nothing = more.conn.read_tls(&mut more.sock).unwrap_err();
    assert_eq!(nothing.kind(), std::io::ErrorKind::WouldBlock);
    more.sock.set_nonblocking(false).unwrap();
    drop(held.pop());
    ask(&mut more);
}

/// With the token, too, a path is looked up and never opened, and nothing ends the server.
#[test]
fn hostile_requests_are_answered_and_nothing_more() {
    let served = Served::fixture("plain-etcd34", &[]);
    let base = prefix(&served, "backup");
    let long = "a".repeat(17 << 10);
    let many = format!("/api/v1/pods?{}", "labelSelector=a&".repeat(800));
    let nested = format!("/api/v1/pods?labelSelector={}", "(".repeat(8000));
    let paths: Vec<(String, &[u16])> = [
        ("/api/v1/../../../etc/passwd", &[404][..]),
        ("/api/v1/%2e%2e/%2e%2e/etc/passwd", &[404]),
        ("/..%2f..%2fetc%2fpasswd", &[404]),
        ("/api/v1/namespaces/%2e%2e/pods", &[200]),
        ("/api/v1/namespaces/default/pods/%2e%2e", &[404]),
        ("/api/v1/namespaces/analytics%2Fweb-2/pods", &[200]),
        ("/api/v1/namespaces/analytics/pods/web-2-e382000df-6ccw5%2F", &[404]),
        ("/api/v1/namespaces/default/pods/a%00b", &[404]),
        ("/api/v1/pods%00", &[404]),
        ("/%ff%fe", &[404]),
        ("/%", &[404]),
        ("/%zz", &[404]),
        ("//api//v1//pods", &[404]),
        ("/api/v1//pods", &[404]),
        ("/api/v1/namespaces//pods", &[404, 200]),
        ("/api/v1/namespaces/default/pods//", &[404, 200]),
        ("/rev/99999999999999999999/api", &[404]),
        ("/rev/-1/api", &[410]),
        ("/rev/0/api", &[410]),
        ("/rev/9223372036854775807/api", &[504]),
        ("/rev/1/rev/1/api", &[404, 410]),
        ("/rev", &[404]),
        ("/api/v1/pods?limit=-1", &[200]),
        ("/api/v1/pods?limit=99999999999999999999", &[400]),
        ("/api/v1/pods?limit=9223372036854775807", &[200]),
        ("/api/v1/pods?continue=%00", &[400]),
        ("/api/v1/pods?continue=eyJydiI6MTI4OSwiYWZ0ZXIiOjk5OTk5OTl9", &[400]),
        ("/api/v1/pods?continue=eyJydiI6LTEsImFmdGVyIjowfQ", &[410]),
        ("/api/v1/pods?resourceVersion=-1", &[200]),
        ("/api/v1/pods?resourceVersion=abc", &[400]),
        ("/api/v1/pods?resourceVersion=1e9", &[400]),
        ("/api/v1/pods?resourceVersion=0&resourceVersionMatch=Exact", &[200]),
        ("/api/v1/pods?labelSelector=%00", &[400]),
        ("/api/v1/pods?labelSelector=%22", &[200, 400]),
        ("/api/v1/pods?labelSelector=a%20in%20(((", &[400]),
        ("/api/v1/pods?fieldSelector=metadata.name", &[400]),
        ("/api/v1/pods?fieldSelector=metadata.name%3D%3D%3D", &[200]),
        ("/api/v1/pods?fieldSelector=metadata.name%5B%3Dx", &[400]),
        ("/api/v1/pods?fieldSelector=__proto__%3Dx", &[400]),
        ("/api/v1/pods?watch=true&resourceVersion=99999999", &[504]),
        ("/api/v1/pods?watch=true&timeoutSeconds=-5&limit=x&resourceVersion=1289&fieldSelector=x%3Dy", &[400]),
        ("/api/v1/nodes/master-0/proxy/../../secrets", &[404]),
        ("/api/v1/namespaces/default/services/https:kubernetes:443/proxy/", &[404]),
        ("/apis/apps/v1/namespaces/analytics/deployments/web-2/scale", &[404]),
        ("/openapi/v3/apis/../../..", &[404]),
        ("/openapi/v9", &[404]),
        ("/metrics", &[404]),
        ("/debug/pprof/heap", &[404]),
        ("/logs/", &[404]),
        ("/.well-known/oauth-authorization-server", &[404]),
        (&long, &[414]),
        (&*many, &[200, 400]),
        (&*nested, &[400]),
    ]
    .into_iter()
    .map(|(path, codes)| (path.to_owned(), codes))
    .collect();
    assert!(paths.len() > 50);
    for (path, codes) in &paths {
        let answer = ask(&served, "GET", &format!("{base}{path}"), &[], b"");
        assert!(codes.contains(&answer.code), "{}: {}", &path[..path.len().min(90)], answer.code);
        assert!(!answer.body.windows(5).any(|window| window == b"root:"), "{path}");
    }
    for (name, value) in [
        ("Accept", ";;;,=,as=Table"),
        ("Accept", "application/json;as=Table;v=v1;g="),
        ("Content-Length", "-1"),
        ("Transfer-Encoding", "chunked, chunked"),
        ("Upgrade", "websocket"),
        ("Range", "bytes=0-1"),
        ("Expect", "100-continue"),
    ] {
        let answer = ask(&served, "GET", &format!("{base}/api/v1/nodes"), &[(name, value)], b"");
        assert!([200, 400, 406].contains(&answer.code), "{name}: {}", answer.code);
    }
    assert_eq!(ask(&served, "GET", &format!("{base}/version"), &[], b"").code, 200);
    assert_eq!(served.end(), Some(0));
}

/// What is left of a damaged file is served, and said to be that.
#[test]
fn a_damaged_backup_says_so() {
    let mut bytes = fixtures::named("plain-etcd34").bytes();
    let nodes = b"/kubernetes.io/minions/worker-2";
    let at = bytes.windows(nodes.len()).position(|window| window == nodes).unwrap();
    let page = at / 4096 * 4096;
    bytes[page..page + 4096].fill(0);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("snapshot.db");
    std::fs::write(&path, bytes).unwrap();
    let served = Served::start(&path, &[]);
    assert!(
        served.banner.contains("warning: ") && served.banner.contains("objects may be missing"),
        "{}",
        served.banner
    );
    let nodes = crate::client::get(&served, "/api/v1/nodes", "application/json").json();
    assert!(nodes["items"].as_array().unwrap().len() < 6 || served.banner.contains("structural fault"));
    assert!(!Served::fixture("plain-etcd34", &[]).banner.contains("warning"));
}
