//! A tarball for each finding.

use checks::Severity;
use checks::tarball::Name;

use super::archive::{Archive, CONFIG, KAS, gzip, real};
use super::fixture;

/// A tarball that must bring up a finding.
pub(crate) struct Case {
    pub(crate) id: &'static str,
    pub(crate) what: &'static str,
    pub(crate) severity: Severity,
    pub(crate) file: Vec<u8>,
    pub(crate) name: Name,
}

fn case(id: &'static str, what: &'static str, severity: Severity, file: Vec<u8>) -> Case {
    Case { id, what, severity, file, name: Name::default() }
}

fn changed(id: &'static str, what: &'static str, severity: Severity, change: impl FnOnce(&mut Archive)) -> Case {
    let mut archive = real();
    change(&mut archive);
    case(id, what, severity, archive.gzip())
}

/// Faults of the file and the archive.
pub(crate) fn archives() -> Vec<Case> {
    use Severity::{Critical, High, Low, Medium};
    let packed = fixture("aescbc-rotated");
    let tar = real().tar();
    let mut damaged = packed.clone();
    let crc = damaged.len() - 8;
    damaged[crc] ^= 1;
    let flipped = |at: usize| {
        let mut tar = tar.clone();
        tar[at] ^= 1;
        gzip(&tar)
    };
    let cut = |length: usize| gzip(&tar[..length]);
    let with = |end: &[u8]| [&packed[..], end].concat();
    let after_end = [&tar[..], b"something hidden"].concat();
    let size_conflict = |archive: &mut Archive| {
        archive.add(tar::EntryType::XHeader, "static-pod-resources/x", b"12 size=999\n");
        archive.add(tar::EntryType::Regular, "static-pod-resources/x", b"12345");
    };
    let add = |kind, path: &'static str| move |archive: &mut Archive| archive.add(kind, path, b"");
    let file = tar::EntryType::Regular;
    let restorable = Name { restorable: true, ..Name::default() };
    vec![
        case("TAR-001", "cut off", Critical, packed[..30_000].to_vec()),
        case("TAR-002", "a wrong CRC", Critical, damaged),
        case("TAR-003", "a bare tar", Medium, tar.clone()),
        Case { name: restorable, ..case("TAR-003", "a bare tar that the script would take", High, tar.clone()) },
        case("TAR-004", "two members", Low, [gzip(&tar[..51_200]), gzip(&tar[51_200..])].concat()),
        case("TAR-005", "zeros appended", Low, with(&[0; 512])),
        case("TAR-005", "text appended", High, with(b"text")),
        case("TAR-006", "a flipped bit in a header", Critical, flipped(512 + 20)),
        case("TAR-007", "cut in a member", Critical, cut(60_000)),
        case("TAR-008", "no end", Medium, cut(tar.len() - 1024)),
        case("TAR-008", "half an end", Low, cut(tar.len() - 512)),
        case("TAR-009", "behind the end", Medium, gzip(&after_end)),
        changed("TAR-010", "a global header", Medium, |archive| {
            archive.add(tar::EntryType::XGlobalHeader, "g", b"16 comment=hello\n");
        }),
        changed("TAR-011", "two sizes", Critical, size_conflict),
        changed("TAR-011", "a directory with data", Critical, |archive| {
            archive.add(tar::EntryType::Directory, "static-pod-resources/d/", b"x");
        }),
        changed("TAR-013", "an absolute path", Critical, add(file, "/etc/shadow")),
        changed("TAR-013", "a path upwards", Critical, add(file, "static-pod-resources/../../etc/shadow")),
        changed("TAR-014", "a dot first", High, |archive| {
            archive.rename("static-pod-resources/etcd", "./static-pod-resources/etcd")
        }),
        changed("TAR-015", "an escape in a path", Medium, add(file, "static-pod-resources/\u{1b}[2J")),
        changed("TAR-016", "outside", Medium, add(file, "elsewhere/x")),
        changed("TAR-017", "twice", High, add(file, CONFIG)),
        changed("TAR-018", "a link", High, add(tar::EntryType::Symlink, "static-pod-resources/l")),
        changed("TAR-018", "a pipe", High, add(tar::EntryType::Fifo, "static-pod-resources/p")),
        changed("TAR-019", "two megabytes", Medium, |archive| {
            archive.add(file, "static-pod-resources/big", &[7; 2 << 20])
        }),
    ]
}

/// What the members say.
pub(crate) fn contents() -> Vec<Case> {
    use Severity::{High, Low, Medium};
    const ETCD: &str = "static-pod-resources/etcd-pod-8";
    const CERTS: &str = "static-pod-resources/etcd-pod-8/secrets/etcd-all-certs";
    let manifest = "static-pod-resources/etcd-pod-8/etcd-pod.yaml";
    let version = "static-pod-resources/kube-scheduler-pod-6/configmaps/kube-scheduler-pod/version";
    let file = tar::EntryType::Regular;
    let key = {
        let archive = real();
        archive.members[archive.position(&format!("{CERTS}/etcd-peer-master-0.key"))].2.clone()
    };
    let stray = key.clone();
    let dirty = Name { dirty: true, ..Name::default() };
    vec![
        changed("TAR-020", "no certificate in PEM", Medium, |archive| {
            let pem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
            archive.data(&format!("{CERTS}/etcd-peer-master-0.crt"), pem);
        }),
        changed("TAR-021", "half a manifest", High, |archive| archive.data(manifest, "{\"metadata\":")),
        changed("TAR-021", "a version that is no text", Medium, |archive| archive.data(version, [0xff])),
        changed("TAR-022", "no scheduler", High, |archive| archive.remove("static-pod-resources/kube-scheduler-pod-6")),
        changed("TAR-023", "etcd twice", High, move |archive| {
            archive.add(file, "static-pod-resources/etcd-pod-9/x", b"")
        }),
        changed("TAR-024", "no manifest", High, |archive| archive.remove(manifest)),
        changed("TAR-025", "another revision's manifest", High, |archive| {
            archive.replace(manifest, "\"revision\":\"8\"", "\"revision\":\"7\"");
        }),
        changed("TAR-026", "staging", Low, move |archive| {
            archive.add(file, &format!("{ETCD}/staging/installer/x"), b"")
        }),
        Case { name: dirty, ..case("TAR-027", "forced", Medium, fixture("plain-etcd36")) },
        changed("TAR-028", "two versions", Medium, |archive| archive.data(version, "4.17.0-202401010000.p0.gabc")),
        case("TAR-029", "as it is", Low, real().gzip()),
        Case { ..later("TAR-030") },
        changed("TAR-031", "another node's key", High, move |archive| {
            archive.data(&format!("{CERTS}/etcd-peer-master-1.key"), key);
        }),
        changed("TAR-032", "a key in a configmap", Medium, move |archive| {
            archive.data("static-pod-resources/kube-scheduler-pod-6/configmaps/config/config.yaml", stray);
        }),
    ]
}

/// Members that the pods need.
pub(crate) fn members() -> Vec<Case> {
    use Severity::{High, Medium};
    const ETCD: &str = "static-pod-resources/etcd-pod-8";
    const KCM: &str = "static-pod-resources/kube-controller-manager-pod-7";
    const KS: &str = "static-pod-resources/kube-scheduler-pod-6";
    let removed = |id, path: String| changed(id, "removed", High, move |archive| archive.remove(&path));
    let holds = |id, path: String, data: &'static [u8]| changed(id, "changed", High, move |it| it.data(&path, data));
    let certs = format!("{ETCD}/secrets/etcd-all-certs");
    let signing = format!("{KCM}/secrets/service-account-private-key");
    let mut all = vec![
        // each named by a manifest, a configuration, an environment variable, a kubeconfig
        removed("TAR-034", format!("{KAS}/secrets/etcd-client")),
        removed("TAR-034", format!("{KAS}/configmaps/etcd-serving-ca")),
        removed("TAR-034", format!("{KAS}/configmaps/config/config.yaml")),
        removed("TAR-034", format!("{KAS}/configmaps/kube-apiserver-server-ca")),
        removed("TAR-034", format!("{KAS}/secrets/localhost-recovery-client-token/token")),
        removed("TAR-034", format!("{KCM}/configmaps/controller-manager-kubeconfig")),
        removed("TAR-034", format!("{KS}/configmaps/config")),
        removed("TAR-034", format!("{ETCD}/configmaps/etcd-all-bundles")),
        removed("TAR-034", format!("{ETCD}/secrets/etcd-all-certs")),
        removed("TAR-034", format!("{certs}/etcd-peer-master-0.key")),
        // of another node, or named by nothing that these manifests have
        removed("TAR-037", format!("{certs}/etcd-serving-master-1.crt")),
        removed("TAR-037", format!("{certs}/etcd-peer-master-2.key")),
        removed("TAR-037", format!("{KCM}/secrets/serving-cert/tls.key")),
        removed("TAR-037", format!("{KCM}/secrets/serving-cert/tls.crt")),
        removed("TAR-037", format!("{signing}/service-account.pub")),
    ];
    for pod in [format!("{KAS}/kube-apiserver"), format!("{ETCD}/etcd"), format!("{KS}/kube-scheduler")] {
        all.push(holds("TAR-035", format!("{pod}-pod.yaml"), b""));
        all.push(holds("TAR-035", format!("{pod}-pod.yaml"), b"{}"));
        all.push(holds("TAR-035", format!("{pod}-pod.yaml"), br#"{"kind":"Pod","spec":{"containers":[]}}"#));
    }
    for config in [format!("{KAS}/configmaps/config/config.yaml"), format!("{KS}/configmaps/config/config.yaml")] {
        all.push(holds("TAR-035", config, b"{}"));
    }
    for data in
        [&b""[..], &[0; 900], b"garbage\n", b"-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n"]
    {
        all.push(holds("TAR-036", format!("{certs}/etcd-peer-master-1.key"), data));
        all.push(holds("TAR-036", format!("{certs}/etcd-peer-master-1.crt"), data));
        all.push(holds("TAR-036", format!("{signing}/service-account.key"), data));
        all.push(holds("TAR-036", format!("{signing}/service-account.pub"), data));
        all.push(holds("TAR-036", format!("{KAS}/configmaps/etcd-serving-ca/ca-bundle.crt"), data));
    }
    for data in [&b""[..], &[0; 40]] {
        all.push(holds("TAR-036", format!("{KAS}/secrets/localhost-recovery-client-token/token"), data));
        all.push(holds("TAR-036", format!("{KS}/configmaps/scheduler-kubeconfig/kubeconfig"), data));
    }
    // certificates by another CA of the cluster, bundles as they were
    all.push(changed("TAR-038", "another issuer", High, |archive| {
        let at = archive.position(&format!("{KS}/secrets/serving-cert/tls.crt"));
        let other = archive.members[at].2.clone();
        archive.data(&format!("{certs}/etcd-peer-master-2.crt"), other);
    }));
    all.push(changed("TAR-038", "another client", High, |archive| {
        let at = archive.position(&format!("{KS}/secrets/serving-cert/tls.crt"));
        let other = archive.members[at].2.clone();
        archive.data(&format!("{KAS}/secrets/etcd-client/tls.crt"), other);
    }));
    all.push(changed("TAR-036", "a bundle that nothing names", Medium, |archive| {
        archive.data(&format!("{KAS}/configmaps/sa-token-signing-certs/service-account-001.pub"), "");
    }));
    all
}

/// A certificate that is not valid yet at [`NOW`]: the scheduler's, its notBefore moved by its bytes alone.
fn later(id: &'static str) -> Case {
    use base64_of_pem::{decode, encode};
    let path = "static-pod-resources/kube-scheduler-pod-6/secrets/serving-cert/tls.crt";
    changed(id, "issued in the future", Severity::Low, |archive| {
        let at = archive.position(path);
        let mut der = decode(&archive.members[at].2);
        let begins = der.windows(13).position(|bytes| bytes == b"240914085055Z").unwrap();
        der[begins..begins + 2].copy_from_slice(b"39");
        let ends = der.windows(13).position(|bytes| bytes == b"260914085055Z").unwrap();
        der[ends..ends + 2].copy_from_slice(b"40");
        archive.data(path, encode(&der));
    })
}

/// Just enough PEM to change a certificate by its bytes.
mod base64_of_pem {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    pub(super) fn decode(pem: &[u8]) -> Vec<u8> {
        let text = std::str::from_utf8(pem).unwrap();
        let body: Vec<u8> = text.lines().filter(|line| !line.starts_with('-')).flat_map(str::bytes).collect();
        let (mut out, mut bits, mut count) = (Vec::new(), 0_u32, 0);
        for letter in body.into_iter().filter(|letter| *letter != b'=') {
            bits = bits << 6 | LETTERS.iter().position(|known| *known == letter).unwrap() as u32;
            count += 6;
            if count >= 8 {
                count -= 8;
                out.push((bits >> count) as u8);
                bits &= (1 << count) - 1;
            }
        }
        out
    }

    pub(super) fn encode(bytes: &[u8]) -> String {
        let mut body = String::new();
        for chunk in bytes.chunks(3) {
            let word = chunk.iter().fold(0_u32, |word, byte| word << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
            for at in 0..4 {
                let letter = LETTERS[(word >> (18 - 6 * at)) as usize & 63];
                body.push(if at <= chunk.len() { char::from(letter) } else { '=' });
            }
        }
        format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n")
    }
}

/// The encryption configuration.
pub(crate) fn keys() -> Vec<Case> {
    use Severity::{Critical, High, Info, Low, Medium};
    const K32: &str = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";
    const Z16: &str = "AAAAAAAAAAAAAAAAAAAAAA==";
    const Z32: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    let key = |name: &str, secret: &str| format!(r#"{{"name":"{name}","secret":"{secret}"}}"#);
    let aescbc = |keys: &[String]| format!(r#"{{"aescbc":{{"keys":[{}]}}}}"#, keys.join(","));
    let good = |name: &str| aescbc(&[key(name, K32)]);
    let identity = || r#"{"identity":{}}"#.to_owned();
    let fake = format!(r#"{{"aesgcm":{{"keys":[{}]}}}}"#, key("3", Z16));
    let with = |id, what, severity, providers: &[String]| {
        let text = format!(
            r#"{{"kind":"EncryptionConfiguration","apiVersion":"apiserver.config.k8s.io/v1","resources":[{{"resources":["secrets"],"providers":[{}]}}]}}"#,
            providers.join(",")
        );
        changed(id, what, severity, |archive| archive.data(CONFIG, text))
    };
    let kms = r#"{"kms":{"apiVersion":"v2","name":"1_secrets","endpoint":"unix:///x"}}"#.to_owned();
    let keyless =
        changed("KEY-002", "split off", Info, |archive| archive.remove(&format!("{KAS}/secrets/encryption-config")));
    let marked = Name { keyless: true, ..Name::default() };
    vec![
        changed("KEY-001", "taken out", High, |archive| archive.remove(&format!("{KAS}/secrets/encryption-config"))),
        Case { name: marked, ..keyless },
        case("KEY-003", "no encryption", Info, fixture("plain-etcd36")),
        changed("KEY-004", "empty", Critical, |archive| archive.data(CONFIG, "")),
        changed("KEY-004", "half of it", Critical, |archive| {
            let at = archive.position(CONFIG);
            archive.members[at].2.truncate(200);
        }),
        changed("KEY-004", "too large to be one", Critical, |archive| archive.data(CONFIG, vec![b' '; 2 << 20])),
        changed("KEY-001", "another one is named", High, |archive| {
            let config = format!("{KAS}/configmaps/config/config.yaml");
            archive.replace(&config, "secrets/encryption-config/", "secrets/encryption-config-xx/");
        }),
        changed("KEY-005", "not named", High, |archive| {
            archive.replace(&format!("{KAS}/configmaps/config/config.yaml"), "encryption-provider-config", "other");
        }),
        with("KEY-006", "no base64", Critical, &[aescbc(&[key("1", "!!!!")]), identity()]),
        with("KEY-007", "five bytes", Critical, &[good("2"), aescbc(&[key("1", "MTIzNDU=")]), identity()]),
        with("KEY-008", "zeros", High, &[aescbc(&[key("1", Z32)]), identity()]),
        with("KEY-009", "nothing writes", Critical, &[]),
        with("KEY-009", "no keys", Critical, &[aescbc(&[]), identity()]),
        with("KEY-009", "an unusable key writes", Critical, &[aescbc(&[key("1", "MTIzNDU=")]), identity()]),
        with("KEY-010", "a field of no version", High, &[good("1"), r#"{"identity":{},"aesbcb":{}}"#.to_owned()]),
        with(
            "KEY-010",
            "a number for a name",
            High,
            &[aescbc(&[format!(r#"{{"name":7,"secret":"{K32}"}}"#)]), identity()],
        ),
        with("KEY-011", "the same twice", Low, &[good("1"), good("1"), identity()]),
        with(
            "KEY-011",
            "two by one name",
            Medium,
            &[good("1"), aescbc(&[key("1", "MTIzNDU2Nzg5MDEyMzQ1Ng==")]), identity()],
        ),
        with("KEY-012", "unknown", High, &[good("1"), r#"{"rot13":{}}"#.to_owned(), identity()]),
        with("KEY-013", "no hash", Medium, &[good("key-12345"), identity()]),
        with("KEY-014", "the key reads", Low, &[identity(), good("1")]),
        with("KEY-015", "no identity", Medium, &[good("1")]),
        with("KEY-016", "a placeholder", Info, &[good("4"), identity(), fake]),
        with(
            "KEY-017",
            "a rotation begun",
            Low,
            &[good("1"), aescbc(&[key("2", "MTIzNDU2Nzg5MDEyMzQ1Ng==")]), identity()],
        ),
        with("KEY-018", "KMS", Info, &[kms, identity()]),
    ]
}
