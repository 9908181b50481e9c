//! Every tarball of the fixtures, as `cluster-backup.sh` wrote them.
use std::collections::BTreeMap;

use fixtures::Fixture;
use static_resources::{BackupName, Class, KnownBy, Limits, MemberKind, Producer, StaticResources};

fn read(backup: &Fixture) -> StaticResources {
    static_resources::read(&backup.tarball_bytes()[..], &Limits::default()).unwrap()
}

fn named(name: &str) -> StaticResources {
    read(&fixtures::named(name))
}

#[test]
fn every_fixture_is_read_without_a_fault() {
    for backup in fixtures::all() {
        let report = read(&backup);
        assert_eq!(report.faults, [], "{}", backup.name);
        assert!(report.complete);
        assert_eq!(report.producer, Producer::ClusterBackupScript);
        let pods: Vec<_> = report
            .static_pods
            .pods
            .iter()
            .map(|pod| (pod.name.as_str(), pod.revision, pod.revision_agrees()))
            .collect();
        let expected = [
            ("kube-apiserver", 9, Some(true)),
            ("kube-controller-manager", 7, Some(true)),
            ("kube-scheduler", 6, Some(true)),
            ("etcd", 8, Some(true)),
        ];
        assert_eq!(pods, expected, "{}", backup.name);
        let in_pods: u64 = report.static_pods.pods.iter().map(|pod| pod.members).sum();
        assert_eq!(in_pods, report.members.len() as u64);
        let encrypted = backup.has("encryption-config.json");
        assert_eq!(report.has_encryption_config(), encrypted, "{}", backup.name);
        let name = backup.tarball();
        let name = BackupName::parse(name.file_name().unwrap().to_str().unwrap()).unwrap();
        assert!(!name.dirty);
    }
}

/// GNU tar lists the same members with the same sizes, owners and places.
#[test]
fn members_are_those_that_tar_lists() {
    let backup = fixtures::named("aescbc-rotated");
    let report = read(&backup);
    assert_eq!(report.members.len(), 135);
    let Some(mut tar) = fixtures::tool("tar") else { return };
    let output = tar
        .env("TZ", "UTC")
        .args(["--list", "--verbose", "--numeric-owner", "--block-number", "--full-time", "--gzip", "--file"])
        .arg(backup.tarball())
        .output()
        .unwrap();
    assert!(output.status.success(), "no GNU tar: {output:?}");
    let listed = String::from_utf8(output.stdout).unwrap();
    let ours: Vec<String> = report
        .members
        .iter()
        .map(|member| {
            let time =
                jiff::Timestamp::from_second(member.mtime as i64).unwrap().strftime("%Y-%m-%d %H:%M:%S").to_string();
            let kind = if member.kind == MemberKind::Directory { 'd' } else { '-' };
            format!(
                "block {}: {kind} {}/{} {} {time} {}",
                member.header_offset / 512,
                member.uid,
                member.gid,
                member.size,
                member.path
            )
        })
        .collect();
    let theirs: Vec<String> = listed
        .lines()
        .filter(|line| !line.contains("** Block of NULs **"))
        .map(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            format!(
                "{} {} {} {} {} {} {} {}",
                words[0],
                words[1],
                &words[2][..1],
                words[3],
                words[4],
                words[5],
                words[6],
                words[7]
            )
        })
        .collect();
    assert_eq!(ours, theirs);
}

/// Each member's range is its bytes: the ranges join to the whole tar before its end.
#[test]
fn ranges_of_members_cover_the_tar() {
    let report = named("aesgcm-rotated");
    let mut at = 0;
    for member in &report.members {
        assert_eq!(member.header_offset, at, "{}", member.path);
        assert!(member.data_offset + member.size <= member.end_offset);
        at = member.end_offset;
    }
    assert!(at + 1024 <= report.archive.inner_size.unwrap());
}

/// Recorded with `sha256sum` and `zcat | sha256sum`.
#[test]
fn digests_are_those_of_the_file() {
    let report = named("aescbc-rotated");
    assert_eq!(
        report.archive.compressed_sha256.to_string(),
        "5d58095f7742861dfcb97acd88a503a62bb91fdd448b61b50d544689b40c95e4"
    );
    assert_eq!(
        report.archive.inner_sha256.unwrap().to_string(),
        "6c8d44eb8f3d9d05104be6d1fdfc2ef39b7a982f78ac17bbf7855e5fe958a264"
    );
    let member =
        report.members.iter().find(|member| member.path.to_string().ends_with("secrets/etcd-client/tls.crt")).unwrap();
    assert_eq!(member.sha256.to_string(), "a53525477aa0bb44491685776c6e2cc3094a4f83e9312fe542eb084efe71986e");
}

#[test]
fn key_material_is_the_inventory() {
    let report = named("aescbc-rotated");
    let mut counts: BTreeMap<(Class, By), usize> = BTreeMap::new();
    for material in &report.material {
        *counts.entry((material.class, By::from(material.known_by))).or_default() += 1;
        assert!(!material.encoded);
    }
    use By::*;
    let expected = [
        ((Class::EncryptionConfig, Both), 1),
        ((Class::SigningKey, Both), 1),
        ((Class::TlsKey, Both), 13),
        ((Class::Token, Both), 3),
        ((Class::PublicKey, Both), 4),
    ];
    assert_eq!(counts.into_iter().collect::<Vec<_>>(), expected);
    assert_eq!(
        report.secret_members(),
        [(Class::EncryptionConfig, 1), (Class::SigningKey, 1), (Class::TlsKey, 13), (Class::Token, 3)]
    );
    for material in &report.material {
        match material.class {
            Class::Token => {
                assert_eq!(material.algorithm.as_deref(), Some("JWT RS256"));
                assert!(material.subject.as_ref().unwrap().ends_with(":localhost-recovery-client"));
                assert!(material.fingerprint.is_some() && material.not_after.is_none());
            }
            Class::TlsKey | Class::SigningKey | Class::PublicKey => {
                assert_eq!(material.algorithm.as_deref(), Some("RSA-2048"));
                assert!(material.fingerprint.unwrap().to_string().starts_with("spki-sha256:"));
            }
            Class::EncryptionConfig => {
                assert_eq!((material.algorithm.as_deref(), material.fingerprint), (Some("aescbc"), None))
            }
            other => panic!("{other}"),
        }
    }
    // a webhook kubeconfig without credentials is no secret, whatever its folder promises
    let webhook = report.members.iter().find(|member| member.path.to_string().ends_with("kubeConfig")).unwrap();
    assert_eq!(webhook.class, Class::Kubeconfig);
}

#[derive(PartialEq, Eq, PartialOrd, Ord, Debug)]
enum By {
    Path,
    Content,
    Both,
}

impl From<KnownBy> for By {
    fn from(known_by: KnownBy) -> Self {
        match known_by {
            KnownBy::Path => By::Path,
            KnownBy::Content => By::Content,
            KnownBy::PathAndContent => By::Both,
        }
    }
}

/// Every private key's public half is that of the certificate beside it, and the token signing
/// key is among the keys the API server verifies with: derived from private and public parts
/// by different code.
#[test]
fn private_keys_belong_to_their_certificates() {
    let report = named("plain-etcd36");
    let mut pairs = 0;
    for material in report.material.iter().filter(|material| material.class == Class::TlsKey) {
        let certificate = material.member.to_string().replace(".key", ".crt");
        let certificate = report
            .certificates
            .iter()
            .find(|found| found.member.to_string() == certificate && found.index == 0)
            .unwrap();
        assert_eq!(
            material.fingerprint.unwrap().to_string(),
            format!("spki-sha256:{}", certificate.public_key),
            "{}",
            material.member
        );
        pairs += 1;
    }
    assert_eq!(pairs, 13);
    let signing = report.material.iter().find(|material| material.class == Class::SigningKey).unwrap().fingerprint;
    let verifying: Vec<_> = report
        .material
        .iter()
        .filter(|material| material.class == Class::PublicKey && material.fingerprint == signing)
        .map(|material| material.member.to_string())
        .collect();
    assert!(verifying.iter().any(|path| path.contains("sa-token-signing-certs")), "{verifying:?}");
}

/// As `openssl x509 -noout -subject -issuer -dates -serial -fingerprint -sha256 -ext ...` says.
#[test]
fn certificates_are_read_as_openssl_reads_them() {
    let report = named("aescbc-rotated");
    let find = |end: &str| {
        report.certificates.iter().find(|certificate| certificate.member.to_string().ends_with(end)).unwrap()
    };
    let expired = find("kube-scheduler-pod-6/secrets/serving-cert/tls.crt");
    assert_eq!(expired.not_before_rfc3339().as_deref(), Some("2024-09-14T08:50:55Z"));
    assert_eq!(expired.not_after_rfc3339().as_deref(), Some("2026-09-14T08:50:55Z"));
    assert_eq!(expired.subject, "CN=scheduler.openshift-kube-scheduler.svc");
    assert_eq!(expired.fingerprint.to_string(), "d1de9216b4fc162cf3e2661dac8d36c520870c868d27b4fc3a0521e6d58db54d");
    let serving = find("etcd-all-certs/etcd-serving-master-0.crt");
    assert_eq!(serving.subject, "O=system:etcd-servers, CN=system:etcd-server:etcd-client");
    assert_eq!(serving.issuer, "CN=openshift-etcd_etcd-signer@1790000000");
    assert_eq!(serving.serial, "41:90:0a:a5:f6:8d:cf:9a:ac:0d:a2:0b:59:6b:dd:87:86:a4:25:e2");
    assert_eq!(serving.sans, ["DNS:localhost", "DNS:master-0", "IP:127.0.0.1", "IP:192.168.10.10"]);
    assert_eq!((serving.key_algorithm.as_str(), serving.key_bits, serving.is_ca), ("RSA-2048", Some(2048), false));
    assert!(find("etcd-serving-ca/ca-bundle.crt").is_ca);
    // a bundle yields each of its certificates
    let bundle = report
        .certificates
        .iter()
        .filter(|certificate| certificate.member.to_string().ends_with("kube-apiserver-server-ca/ca-bundle.crt"));
    assert_eq!(bundle.map(|certificate| certificate.index).collect::<Vec<_>>(), [0, 1]);
}

#[test]
fn facts_are_those_of_the_manifests() {
    let said = named("aescbc-rotated").static_pods;
    let node = said.node.unwrap();
    assert_eq!(
        (node.value.as_str(), node.source.as_str()),
        ("master-0", "static-pod-resources/etcd-pod-8/etcd-pod.yaml env ETCDCTL_CERT")
    );
    assert_eq!(said.infrastructure_name.as_deref(), Some("prod-x7k2p"));
    assert_eq!(said.etcd.endpoints, ["https://127.0.0.1:2379"]);
    assert_eq!(said.etcd.quota_bytes, Some(8_589_934_592));
    assert!(said.etcd.image.unwrap().starts_with("quay.io/openshift-release-dev/ocp-v4.0-art-dev@sha256:e1e1"));
    assert_eq!(
        said.etcd.nodes.into_iter().collect::<Vec<_>>(),
        [("master-0".to_owned(), Some("127.0.0.1".to_owned()))]
    );
    assert_eq!(said.etcd.certificate_nodes.into_iter().collect::<Vec<_>>(), ["master-0", "master-1", "master-2"]);
    assert_eq!(
        said.etcd.configured_endpoints.into_values().collect::<Vec<_>>(),
        ["192.168.10.10", "192.168.10.11", "192.168.10.12"]
    );
    assert_eq!(said.apiserver.etcd_prefix.as_deref(), Some("kubernetes.io"));
    assert_eq!(said.apiserver.etcd_servers.len(), 4);
    assert_eq!(
        said.apiserver.encryption_provider_config.as_deref(),
        Some("/etc/kubernetes/static-pod-resources/secrets/encryption-config/encryption-config")
    );
    let exact = said.version.exact().unwrap();
    assert_eq!((exact.raw.as_str(), exact.minor.as_deref()), ("4.18.30", Some("4.18")));
    assert!(exact.member.to_string().ends_with("kube-apiserver-pod-9/kube-apiserver-pod.yaml"));
    assert_eq!(said.version.builds.len(), 4);
    assert!(said.version.agrees());
    assert_eq!(
        said.pods.iter().map(|pod| (pod.startup_monitor, pod.staging)).collect::<Vec<_>>(),
        [(true, 0), (false, 0), (false, 0), (false, 0)]
    );
    assert_eq!(said.pods[0].manifest.as_ref().unwrap().images.len(), 2);
    assert_eq!(named("plain-etcd36").static_pods.apiserver.encryption_provider_config, None);
}

/// No report of a real tarball prints a secret.
#[test]
fn no_secret_is_in_the_report() {
    let tarball = fixtures::named("aescbc-rotated").tarball_bytes();
    let mut secrets = Vec::new();
    let report = static_resources::read_each(&tarball[..], &Limits::default(), |member, bytes| {
        if member.class.is_secret() {
            secrets.push(String::from_utf8(bytes.unwrap().to_vec()).unwrap());
        }
    })
    .unwrap();
    assert_eq!(secrets.len(), 18);
    let printed = format!("{report:?}");
    for secret in secrets {
        // any long word of it: lines of PEM, parts of tokens, base64 of keys
        let words = secret.split(|letter: char| !(letter.is_ascii_alphanumeric() || "+/_-=".contains(letter)));
        for word in words.filter(|word| word.len() >= 24 && !word.chars().all(|c| c.is_ascii_alphabetic())) {
            assert!(!printed.contains(word), "{word}");
        }
    }
}
