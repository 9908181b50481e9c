//! No bytes make this crate panic.
use proptest::prelude::*;
use static_resources::{BackupName, Limits};

use crate::build::*;

fn sample() -> Vec<u8> {
    archive(&[
        pax(&[("path", "static-pod-resources/kube-apiserver-pod-9/secrets/etcd-client/tls.key")]),
        file("x", b"-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA0CqRGfrISoDEB2eT\n-----END RSA PRIVATE KEY-----\n"),
        extension(b'L', b"static-pod-resources/etcd-pod-8/etcd-pod.yaml\0"),
        file("x", br#"{"metadata":{"labels":{"revision":"8"}},"spec":{"containers":[{"image":"i","env":[{"name":"ETCD_IMAGE","value":"x"}]}]}}"#),
        good(),
    ])
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..2048)) {
        let _report = static_resources::read(&bytes[..], &Limits::default());
        let _report = static_resources::read(&gzip(&bytes)[..], &Limits::default());
    }

    #[test]
    fn no_damage_panics(changes in proptest::collection::vec((0..8192_usize, any::<u8>()), 1..8), cut in 0..8192_usize) {
        let mut bytes = sample();
        for (at, byte) in changes {
            let at = at % bytes.len();
            bytes[at] = byte;
        }
        // repaired checksums let the damage reach deeper
        for block in bytes.chunks_mut(512).filter(|block| block.len() == 512 && block[257..].starts_with(b"ustar")) {
            let mut header = Header(block.try_into().unwrap());
            header.put(148, b"        ");
            block.copy_from_slice(&header.block());
        }
        bytes.truncate(cut.max(1));
        let _report = static_resources::read(&bytes[..], &Limits::default());
        let _report = static_resources::read(&gzip(&bytes)[..], &Limits { keep: 16, ..Limits::default() });
    }

    #[test]
    fn no_content_panics(text in "[-A-Za-z0-9+/=:{}\\[\\]\"'\\\\|> \n.~]{0,300}", raw in proptest::collection::vec(any::<u8>(), 0..300)) {
        let words = ["-----BEGIN PRIVATE KEY-----", "eyJ", "secret", "aescbc", "client-key-data", "current-context token", "-----BEGIN CERTIFICATE-----"];
        for word in words {
            let data = [word.as_bytes(), text.as_bytes(), &raw, word.as_bytes()].concat();
            for path in ["etcd-pod.yaml", "configmaps/cloud-config/config", "secrets/a/b"] {
                let _report = read(&archive(&[file(&format!("static-pod-resources/etcd-pod-8/{path}"), &data)]));
            }
        }
    }

    #[test]
    fn no_name_panics(name in any::<String>(), digits in "(snapshot_|static_kuberesources_)[-_0-9]{0,20}(\\.db|\\.tar\\.gz)?") {
        let _name = BackupName::parse(&name);
        let _name = BackupName::parse(&digits);
    }
}

/// A certificate damaged at any byte parses or is reported.
#[test]
fn no_damaged_certificate_panics() {
    let tarball = fixtures::named("plain-etcd36").tarball_bytes();
    let mut pem = Vec::new();
    static_resources::read_each(&tarball[..], &Limits::default(), |member, bytes| {
        if member.path.to_string().ends_with("etcd-client/tls.crt") {
            pem = bytes.unwrap().to_vec();
        }
    })
    .unwrap();
    assert!(pem.len() > 500);
    for at in 28..pem.len() {
        for byte in [b'A', b'/', b'\n', b'='] {
            let mut damaged = pem.clone();
            damaged[at] = byte;
            let report = read(&archive(&[file("static-pod-resources/x.crt", &damaged)]));
            assert_eq!(report.members.len(), 1, "{at}");
        }
    }
}

/// Texts made of nothing but what the search looks for: no panic, no hang, no deep recursion.
#[test]
fn a_member_of_nothing_but_marks_is_searched_in_time() {
    for (path, word) in [
        ("x/configmaps/y/z", "aescbc secret=secret="),
        ("x/configmaps/y/z", "secret=secret=aescbc"),
        ("x/configmaps/y/z", "-----BEGIN "),
        ("x/configmaps/y/z", "-----BEGIN PRIVATE KEY-----"),
        ("x/configmaps/y/z", "eyJ"),
        ("x/configmaps/y/z", "eyJ."),
        ("x/configmaps/y/z", "sha256~"),
        ("x/configmaps/cloud-config/z", "password="),
        ("etcd-pod-8/etcd-pod.yaml", "- &a [*a]\n"),
        ("etcd-pod-8/etcd-pod.yaml", "? "),
        ("etcd-pod-8/etcd-pod.yaml", "{\"a\":["),
    ] {
        let data = word.repeat((1 << 20) / word.len());
        let report = read(&archive(&[file(&format!("static-pod-resources/{path}"), data.as_bytes())]));
        assert_eq!(report.members.len() + usize::from(!report.complete), 1, "{word}");
    }
}
