//! Records what real servers answer, into `fixtures/peer-34` and `fixtures/peer-35`:
//! `cargo run -p peer-harness --example record -- fixtures`. Needs both peers (`scripts/install-peers`).
#![allow(clippy::disallowed_methods, reason = "not shipped: it reads files of its own")]

use std::error::Error;
use std::fs;
use std::io::Write as _;
use std::path::Path;

use flate2::{Compression, GzBuilder};
use peer_harness::{Answers, EtcdServer, Peer, PeerVersion, scenario};
use serde_json::{Value, json};

fn main() -> Result<(), Box<dyn Error>> {
    let fixtures = std::env::args_os().nth(1).ok_or("usage: record FIXTURES")?;
    for version in PeerVersion::ALL {
        record(version, &Path::new(&fixtures).join(version.folder()))?;
    }
    Ok(())
}

fn record(version: PeerVersion, folder: &Path) -> Result<(), Box<dyn Error>> {
    let server = EtcdServer::start(&Peer::find(version)?)?;
    let filled = scenario::fill(&server)?;
    let answers = Answers::ask(&server, &filled)?;
    fs::create_dir_all(folder.join("oracle"))?;
    let bytes = fs::read(answers.snapshot())?;
    // no time and no name in the head: the same bytes pack to the same file
    let mut packed = GzBuilder::new().write(Vec::new(), Compression::best());
    packed.write_all(&bytes)?;
    fs::write(folder.join("snapshot.db.gz"), packed.finish()?)?;
    write(&folder.join("answers.json"), &serde_json::to_value(&answers)?)?;

    let tool = if version == PeerVersion::V34 { "etcdctl" } else { "etcdutl" };
    let status = server.peer().status_json(answers.snapshot())?;
    write(&folder.join(format!("oracle/{tool}-{version}-status.json")), &status)?;
    for at in &answers.at {
        let rev = format!("--rev={}", at.revision);
        if at.hashkv.is_some() {
            let hashkv = server.etcdctl_json(&["endpoint", "hashkv", &rev])?;
            write(&folder.join(format!("oracle/hashkv-{}.json", at.revision)), &hashkv)?;
        }
        let keys = server.etcdctl_json(&["get", "", "--prefix", "--keys-only", &rev])?;
        write(&folder.join(format!("oracle/keys-{}.json", at.revision)), &keys)?;
    }
    write(
        &folder.join("case.json"),
        &json!({
            "producer": answers.etcd,
            "recorded_by": "cargo run -p peer-harness --example record -- fixtures",
            "filled_by": "peer_harness::scenario::fill",
            "sha256": answers.snapshot_sha256,
            "expected": "ok",
            "commands": {
                "snapshot.db.gz": "etcdctl --endpoints URL snapshot save snapshot.db, then gzip",
                (format!("oracle/{tool}-{version}-status.json")): format!("{tool} snapshot status -w json snapshot.db"),
                "oracle/hashkv-REV.json": "etcdctl --endpoints URL endpoint hashkv --rev=REV -w json",
                "oracle/keys-REV.json": "etcdctl --endpoints URL get \"\" --prefix --keys-only --rev=REV -w json",
                "answers.json": "the same, with create and mod revision, version, lease and value of each key from the server's JSON gateway; keys are hex digits",
            },
        }),
    )
}

fn write(path: &Path, value: &Value) -> Result<(), Box<dyn Error>> {
    Ok(fs::write(path, format!("{value:#}\n"))?)
}
