//! What the release's own tools say of a snapshot, in each form that they print, is what `verify --expect` takes for it.

use peer_harness::{Peer, PeerVersion};

use crate::support::assay;

#[test]
fn what_etcds_own_tools_print_is_what_is_expected() {
    let folder = tempfile::tempdir().unwrap();
    let said = folder.path().join("said");
    for version in PeerVersion::ALL {
        let Some(peer) = Peer::for_test(version, "what_etcds_own_tools_print_is_what_is_expected") else { continue };
        for name in ["aescbc-rotated", "members-learner", "nospace-alarm", "page-size-64k"] {
            let file = folder.path().join(format!("{name}.db"));
            for form in ["json", "simple", "fields", "table"] {
                // the older tool opens the file for writing
                std::fs::write(&file, fixtures::named(name).bytes()).unwrap();
                std::fs::write(&said, peer.status(&file, form).unwrap()).unwrap();
                std::fs::write(&file, fixtures::named(name).bytes()).unwrap();
                let line = ["verify", "--json", "--fail-on", "never", "--expect"];
                let run = assay(&[&line[..], &[said.to_str().unwrap(), file.to_str().unwrap()]].concat());
                let document: serde_json::Value = serde_json::from_str(&run.out).unwrap();
                let expected = &document["artifacts"][0]["expected"];
                let what = format!("etcd {} {name} {form}: {expected}", version.name());
                assert_eq!((run.code, &expected["matches"]), (Some(0), &true.into()), "{what}");
                let checks = expected["checks"].as_array().unwrap();
                assert!(checks.len() == 4 && checks.iter().all(|check| check["outcome"] == "proven"), "{what}");
            }
        }
    }
}
