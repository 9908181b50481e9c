//! The harness against real servers, and what is recorded of them.
#![allow(clippy::disallowed_methods, reason = "tests make and read files of their own")]
#![allow(clippy::disallowed_types, reason = "tests look whether a server listens")]

use peer_harness::{Answers, EtcdServer, HarnessError, Peer, PeerVersion, hex};
use sha2::{Digest as _, Sha256};

/// Every question of [`Answers::ask`] is compared with the scenario's model on the way; what is left is that
/// the record is of the same scenario. HashKV covers keys, values, revisions and leases byte by byte, so equal
/// hashes mean that the run of today and the one recorded wrote the same history.
#[test]
fn a_live_server_answers_as_recorded() -> Result<(), HarnessError> {
    for version in PeerVersion::ALL {
        let recorded = Answers::recorded(version)?;
        assert!(recorded.at.len() >= 7, "{version}: only {} revisions recorded", recorded.at.len());
        assert!(recorded.etcd.starts_with(&format!("etcd Version: {version}.")), "{}", recorded.etcd);
        let Some(live) = Answers::live(version, "a_live_server_answers_as_recorded")? else {
            continue;
        };
        assert_eq!((live.last, live.compacted), (recorded.last, recorded.compacted), "{version}");
        assert_eq!(live.at, recorded.at, "{version}");
        assert_eq!(live.refused, recorded.refused, "{version}");
        assert_eq!(live.leases, recorded.leases, "{version}");
        assert_eq!(live.status.revision, recorded.status.revision, "{version}");
        assert_eq!(live.status.total_key, recorded.status.total_key, "{version}");
    }
    Ok(())
}

/// The same history has the same HashKV in both releases, whatever else differs in their files.
#[test]
fn both_releases_recorded_one_history() -> Result<(), HarnessError> {
    let [v34, v35] = PeerVersion::ALL.map(Answers::recorded);
    let (v34, v35) = (v34?, v35?);
    assert_eq!(v34.at, v35.at);
    assert_ne!(v34.snapshot_sha256, v35.snapshot_sha256);
    Ok(())
}

/// A snapshot lies where the record says, and etcd's tool of the release still reads it so.
#[test]
fn the_recorded_status_is_what_the_tool_says() -> Result<(), HarnessError> {
    for version in PeerVersion::ALL {
        let recorded = Answers::recorded(version)?;
        let size = std::fs::metadata(recorded.snapshot()).unwrap().len();
        assert_eq!(i64::try_from(size).unwrap(), recorded.status.total_size + 32, "{version}");
        let Some(peer) = Peer::for_test(version, "the_recorded_status_is_what_the_tool_says") else {
            continue;
        };
        let status = peer.status_json(recorded.snapshot())?;
        assert_eq!(status, serde_json::to_value(recorded.status).unwrap(), "{version}");
    }
    Ok(())
}

#[test]
fn a_dropped_server_is_gone() -> Result<(), HarnessError> {
    for version in PeerVersion::ALL {
        let Some(peer) = Peer::for_test(version, "a_dropped_server_is_gone") else {
            continue;
        };
        let server = EtcdServer::start(&peer)?;
        let (address, dir) = (server.url().trim_start_matches("http://").to_owned(), server.data_dir());
        assert_eq!(server.put(b"a", b"b")?, 2);
        assert!(std::net::TcpStream::connect(&address).is_ok());
        assert!(dir.join("member/snap/db").is_file());
        drop(server);
        assert!(std::net::TcpStream::connect(&address).is_err(), "{version} still listens");
        assert!(!dir.exists(), "{version} left its data");
    }
    Ok(())
}

#[test]
fn a_refused_request_says_why() -> Result<(), HarnessError> {
    for version in PeerVersion::ALL {
        let Some(peer) = Peer::for_test(version, "a_refused_request_says_why") else {
            continue;
        };
        let server = EtcdServer::start(&peer)?;
        let refused = server.put_with_lease(b"a", b"b", 77).unwrap_err().to_string();
        assert!(refused.contains("requested lease not found"), "{version}: {refused}");
        let future = server.keys_at(99).unwrap_err();
        assert!(!future.is_compacted() && future.to_string().contains("future revision"), "{version}: {future}");
    }
    Ok(())
}

/// No fixture changes, comes or goes unnoticed: `fixtures/SHA256SUMS` is exactly what lies there.
#[test]
fn fixtures_are_what_their_checksums_say() {
    let fixtures = fixtures::root().join("fixtures");
    let listed = std::fs::read_to_string(fixtures.join("SHA256SUMS")).unwrap();
    let mut listed: Vec<(String, String)> = listed
        .lines()
        .map(|line| line.split_once("  ").unwrap())
        .map(|(sum, name)| (name.to_owned(), sum.to_owned()))
        .collect();
    listed.sort();
    let mut found = Vec::new();
    let mut folders = vec![fixtures.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(&fixtures).unwrap().to_str().unwrap().to_owned();
            if path.is_dir() {
                folders.push(path);
            } else if !["SHA256SUMS", "README.md", ".gitattributes"].contains(&name.as_str()) {
                found.push((name, hex(&Sha256::digest(std::fs::read(&path).unwrap()))));
            }
        }
    }
    found.sort();
    assert!(found.len() > 170, "only {} fixtures", found.len());
    let only = |a: &[(String, String)], b: &[(String, String)]| -> Vec<String> {
        a.iter().filter(|one| !b.contains(one)).map(|(name, _)| name.clone()).collect()
    };
    let (new, gone) = (only(&found, &listed), only(&listed, &found));
    assert!(
        new.is_empty() && gone.is_empty(),
        "not as listed: {new:?}; not as found: {gone:?}; see fixtures/README.md"
    );
}
