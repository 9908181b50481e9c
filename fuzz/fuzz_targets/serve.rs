//! Any request with the token, to a served backup: line by line method, path with query, Accept, Content-Type; the rest is the
//! body, JSON or protobuf. Whatever it is, there is an answer, and only reads, questions and dry runs succeed.
#![no_main]

use std::path::Path;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use serve::Offline;

static BACKUP: LazyLock<Offline> = LazyLock::new(|| {
    let fixture = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/plain-etcd34/snapshot_2026-11-23_090856.db.gz");
    Offline::open(Path::new(fixture)).unwrap_or_else(|error| panic!("{error}"))
});

fuzz_target!(|data: &[u8]| {
    let mut parts = data.splitn(5, |byte| *byte == b'\n');
    let mut text = || String::from_utf8_lossy(parts.next().unwrap_or_default()).into_owned();
    let (method, path, accept, content_type) = (text(), text(), text(), text());
    let body = parts.next().unwrap_or_default();
    let (code, _) = BACKUP.answer(&method, &path, &accept, &content_type, body);
    assert!((200..600).contains(&code));
    let tries = matches!(method.as_str(), "GET" | "HEAD" | "POST" | "PATCH");
    assert!(tries || code >= 400, "{method} {path}: {code}");
});
