//! A pair for each finding.

use checks::Severity;
use etcd_snapshot::state::Member;

use super::world::World;
use crate::tarballs::archive::{CONFIG, KAS};

/// A pair that must bring up a finding.
pub(crate) struct Case {
    pub(crate) id: &'static str,
    pub(crate) what: &'static str,
    pub(crate) severity: Severity,
    pub(crate) says: &'static str,
    pub(crate) fixture: &'static str,
    pub(crate) world: World,
    /// Further findings that the same cause has.
    pub(crate) also: &'static [&'static str],
}

const ENCRYPTED: &str = "aescbc-rotated";
const PLAIN: &str = "plain-etcd36";
const KCM: &str = "static-pod-resources/kube-controller-manager-pod-7";
const ETCD: &str = "static-pod-resources/etcd-pod-8";

/// Protobuf of a field: number, then bytes.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    let (mut out, mut length) = (vec![number << 3 | 2], bytes.len());
    while length > 127 {
        out.push((length & 127) as u8 | 128);
        length >>= 7;
    }
    out.push(length as u8);
    [out, bytes.to_vec()].concat()
}

/// A ConfigMap as the API server stores it.
fn config_map(entry: &str, content: &[u8]) -> Vec<u8> {
    let data = [field(1, entry.as_bytes()), field(2, content)].concat();
    let type_meta = [field(1, b"v1"), field(2, b"ConfigMap")].concat();
    [b"k8s\0".to_vec(), field(1, &type_meta), field(2, &field(2, &data))].concat()
}

/// The ConfigMap that a file of kube-apiserver was written from, with the content that `change` makes of the file's.
pub(crate) fn add_source(world: &mut World, object: &str, entry: &str, change: impl Fn(Vec<u8>) -> Vec<u8>) {
    let at = world.archive.position(&format!("{KAS}/configmaps/{object}/{entry}"));
    let content = change(world.archive.members[at].2.clone());
    let key = format!("/kubernetes.io/configmaps/openshift-kube-apiserver/{object}-9");
    world.objects.push((key.into_bytes(), config_map(entry, &content), 1));
}

pub(crate) fn cases() -> Vec<Case> {
    let mut all = names_and_revisions();
    all.extend(keys());
    all.extend(contents());
    all.extend(identity());
    all.extend(members());
    all
}

type Change<'c> = &'c dyn Fn(&mut World);

fn case(
    fixture: &'static str,
    (id, what, severity): (&'static str, &'static str, Severity),
    says: &'static str,
    also: &'static [&'static str],
    change: Change<'_>,
) -> Case {
    let mut world = World::of(fixture);
    change(&mut world);
    Case { id, what, severity, says, fixture, world, also }
}

fn names_and_revisions() -> Vec<Case> {
    use Severity::{High, Low, Medium};
    let of = |id, what, severity| (id, what, severity);
    vec![
        case(PLAIN, of("PAIR-001", "another time", High), "the tarball of 2026-11-23_090849", &[], &|it| {
            it.timestamps[1] = "2026-11-23_090849".to_owned();
        }),
        case(PLAIN, of("PAIR-001", "one of them forced", High), "POSSIBLY_DIRTY", &[], &|it| it.dirty[0] = true),
        case(PLAIN, of("PAIR-002", "newer", High), "revision 12 is newer than any", &[], &|it| {
            it.archive.rename("kube-apiserver-pod-9", "kube-apiserver-pod-12");
        }),
        case(PLAIN, of("PAIR-002", "forgotten", High), "revision 3 runs on no node", &[], &|it| {
            it.archive.rename("etcd-pod-8", "etcd-pod-3");
        }),
        case(
            PLAIN,
            of("PAIR-002", "another node's", Medium),
            "is not that of node master-0, which runs 9",
            &[],
            &|it| {
                it.archive.rename("kube-apiserver-pod-9", "kube-apiserver-pod-8");
            },
        ),
        case(PLAIN, of("PAIR-013", "renamed", Medium), "than the name says", &[], &|it| {
            it.timestamps = ["2026-11-25_110115".to_owned(), "2026-11-25_110115".to_owned()];
        }),
        case(PLAIN, of("PAIR-013", "another zone", Low), "perhaps the node's time zone", &[], &|it| {
            it.timestamps = ["2026-11-23_143848".to_owned(), "2026-11-23_143848".to_owned()];
        }),
        case(PLAIN, of("PAIR-028", "no name tells a time", Severity::Info), "whether the name", &[], &|it| {
            it.timestamps = ["x".to_owned(), "x".to_owned()];
        }),
    ]
}

fn keys() -> Vec<Case> {
    use Severity::{Info, Medium};
    vec![
        case(
            ENCRYPTED,
            ("PAIR-005", "written anew", Medium),
            "is not what Secret encryption-config-9 has",
            &[],
            &|it| {
                let at = it.archive.position(CONFIG);
                it.archive.members[at].2.push(b' ');
            },
        ),
        case(ENCRYPTED, ("PAIR-028", "keyless", Info), "Secrets and ConfigMaps (they do not open)", &[], &|it| {
            it.archive.remove(&format!("{KAS}/secrets/encryption-config"));
            // an object of a revision that is encrypted, and whose file is there
            it.archive.add(tar::EntryType::Regular, CONFIG, b"x");
        }),
    ]
}

fn contents() -> Vec<Case> {
    use Severity::High;
    vec![
        case(PLAIN, ("PAIR-008", "a changed file", High), "is not what ConfigMap config-9 has", &[], &|it| {
            add_source(it, "config", "config.yaml", |mut content| {
                content.push(b' ');
                content
            });
        }),
        case(PLAIN, ("PAIR-010", "another CA", High), "is not among what the tarball trusts", &[], &|it| {
            let other = it.archive.position(&format!("{KAS}/configmaps/kube-apiserver-server-ca/ca-bundle.crt"));
            let other = it.archive.members[other].2.clone();
            it.archive.data(&format!("{ETCD}/configmaps/etcd-all-bundles/server-ca-bundle.crt"), other.clone());
            it.archive.data(&format!("{KAS}/configmaps/etcd-serving-ca/ca-bundle.crt"), other);
        }),
        case(PLAIN, ("PAIR-014", "another key", High), "is not told to accept", &[], &|it| {
            let other =
                it.archive.position(&format!("{KAS}/configmaps/bound-sa-token-signing-certs/service-account-002.pub"));
            let other = it.archive.members[other].2.clone();
            for (_, path, data) in &mut it.archive.members {
                if path.contains("/sa-token-signing-certs/") && path.ends_with(".pub") {
                    data.clone_from(&other);
                }
            }
        }),
    ]
}

fn identity() -> Vec<Case> {
    use Severity::{Critical, High, Medium};
    vec![
        case(
            PLAIN,
            ("PAIR-009", "a node is gone", Medium),
            "certificates of master-2, which is no node",
            &["PAIR-011"],
            &|it| {
                it.remove_object("minions/master-2");
            },
        ),
        case(PLAIN, ("PAIR-009", "a certificate is gone", Medium), "no certificate of node master-2", &[], &|it| {
            it.archive.remove(&format!("{ETCD}/secrets/etcd-all-certs/etcd-peer-master-2.crt"));
        }),
        case(PLAIN, ("PAIR-009", "a member", Medium), "no certificate of etcd member stranger", &[], &|it| {
            it.members.push(Member { name: "stranger".to_owned(), ..Member::default() });
        }),
        case(PLAIN, ("PAIR-011", "an address", Medium), "endpoint 192.168.10.99 is no address", &[], &|it| {
            it.archive.data(&format!("{ETCD}/configmaps/etcd-endpoints/MTkyLjE2OC4xMC4xMA"), "192.168.10.99");
        }),
        case(PLAIN, ("PAIR-011", "a member", Medium), "endpoint of member 1234567890abcdef", &[], &|it| {
            it.archive.rename("etcd-endpoints/MTkyLjE2OC4xMC4xMA", "etcd-endpoints/1234567890abcdef");
        }),
        case(PLAIN, ("PAIR-012", "another name", Critical), "the tarball of cluster test-a1b2c", &[], &|it| {
            it.archive.replace(&format!("{KCM}/configmaps/config/config.yaml"), "prod-x7k2p", "test-a1b2c");
        }),
        case(PLAIN, ("PAIR-012", "other addresses", Critical), "talks to etcd at 10.9.9.10", &[], &|it| {
            it.archive.replace(&format!("{KAS}/configmaps/config/config.yaml"), "192.168.10.", "10.9.9.");
        }),
        case(PLAIN, ("PAIR-034", "another prefix", Critical), "looks below `/registry`; the live keys", &[], &|it| {
            it.archive.replace(
                &format!("{KAS}/configmaps/config/config.yaml"),
                r#"["kubernetes.io"]"#,
                r#"["/registry"]"#,
            );
        }),
        case(PLAIN, ("PAIR-035", "told addresses", High), "etcd-pod.yaml names 192.168.77.10", &[], &|it| {
            it.archive.replace(&format!("{ETCD}/etcd-pod.yaml"), "127.0.0.1", "192.168.77.10");
        }),
        case(PLAIN, ("PAIR-035", "certified addresses", High), "for master-1 are of other addresses", &[], &|it| {
            let certs = format!("{ETCD}/secrets/etcd-all-certs");
            let other = it.archive.position(&format!("{certs}/etcd-serving-master-2.crt"));
            let other = it.archive.members[other].2.clone();
            it.archive.data(&format!("{certs}/etcd-serving-master-1.crt"), other);
        }),
        case(PLAIN, ("PAIR-028", "no name of the cluster", Medium), "the name of the cluster", &[], &|it| {
            it.archive.data(&format!("{KCM}/configmaps/config/config.yaml"), "{}");
        }),
        case(PLAIN, ("PAIR-028", "no addresses", Medium), "the addresses of etcd", &[], &|it| {
            it.archive.remove(&format!("{KAS}/configmaps/config/config.yaml"));
        }),
        case(PLAIN, ("PAIR-028", "no key that signs", Medium), "the key that signs tokens", &[], &|it| {
            it.archive.remove(&format!("{KCM}/secrets/service-account-private-key"));
        }),
        case(PLAIN, ("PAIR-028", "split off", Severity::Info), "the key that signs tokens", &[], &|it| {
            it.archive.remove(&format!("{KCM}/secrets/service-account-private-key/service-account.key"));
            it.keyless = true;
        }),
        case(PLAIN, ("PAIR-016", "nearly full", High), "% of the 2400000 bytes", &[], &|it| {
            it.archive.replace(&format!("{ETCD}/etcd-pod.yaml"), "8589934592", "2400000");
        }),
        case(PLAIN, ("PAIR-017", "hosted", Medium), "hosted elsewhere", &[], &|it| {
            let infrastructure = "config.openshift.io/infrastructures/cluster";
            it.replace_object(
                infrastructure,
                r#""controlPlaneTopology":"HighlyAvailable""#,
                r#""controlPlaneTopology":"External""#,
            );
        }),
        case(PLAIN, ("PAIR-017", "one node", Medium), "certificates of 3 members", &[], &|it| {
            let infrastructure = "config.openshift.io/infrastructures/cluster";
            it.replace_object(
                infrastructure,
                r#""controlPlaneTopology":"HighlyAvailable""#,
                r#""controlPlaneTopology":"SingleReplica""#,
            );
        }),
        case(PLAIN, ("PAIR-018", "a worker", High), "worker-0, which is no control plane node", &[], &|it| {
            it.archive.replace(&format!("{ETCD}/etcd-pod.yaml"), "etcd-peer-master-0.", "etcd-peer-worker-0.");
        }),
        case(PLAIN, ("PAIR-018", "nobody", High), "master-9, which is no node", &[], &|it| {
            it.archive.replace(&format!("{ETCD}/etcd-pod.yaml"), "etcd-peer-master-0.", "etcd-peer-master-9.");
        }),
        case(
            PLAIN,
            ("PAIR-031", "another etcd", High),
            "static pods of cluster prod-x7k2p in the tarball",
            &[],
            &|it| {
                it.objects.retain(|(key, ..)| !key.starts_with(b"/kubernetes.io/config.openshift.io/"));
            },
        ),
    ]
}

fn members() -> Vec<Case> {
    use Severity::{High, Medium};
    let manifest = format!("{KAS}/kube-apiserver-pod.yaml");
    let twice = |it: &mut World| {
        it.archive.add(tar::EntryType::Regular, "static-pod-resources/old/kube-apiserver-pod.yaml", b"{}");
    };
    vec![
        case(PLAIN, ("PAIR-029", "twice", High), "2 members end in `kube-apiserver-pod.yaml`", &[], &|it| {
            twice(it);
            it.release = Some((4, 17));
        }),
        case(PLAIN, ("PAIR-029", "of an unknown release", Medium), "2 members end in", &[], &|it| {
            twice(it);
            it.release = None;
        }),
        case(PLAIN, ("PAIR-029", "a blank", High), "has a blank in it", &[], &|it| {
            it.archive.rename(&manifest, &manifest.replace("/kube-apiserver-pod.yaml", "/a kube-apiserver-pod.yaml"));
            it.release = Some((4, 12));
        }),
        case(PLAIN, ("PAIR-029", "too deep", High), "two directories deep", &[], &|it| {
            it.archive.rename(&manifest, &manifest.replace("/kube-apiserver-pod.yaml", "/x/kube-apiserver-pod.yaml"));
            it.release = Some((4, 4));
        }),
        case(
            PLAIN,
            ("PAIR-030", "packed from within", High),
            "does not begin with `static-pod-resources/`",
            &[],
            &|it| {
                it.archive.rename("static-pod-resources/", "./static-pod-resources/");
            },
        ),
    ]
}

/// A directory that must bring up a finding.
pub(crate) struct DirectoryCase {
    pub(crate) id: &'static str,
    pub(crate) says: &'static str,
    pub(crate) names: &'static [&'static str],
    pub(crate) backups: usize,
    pub(crate) agree: Option<bool>,
    unfinished: &'static [&'static str],
    twins: &'static [&'static str],
    pub(crate) files: [Option<&'static str>; 2],
}

pub(crate) fn sets_of(case: &DirectoryCase) -> (Vec<String>, Vec<String>) {
    let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    (owned(case.unfinished), owned(case.twins))
}

pub(crate) fn directory_cases() -> Vec<DirectoryCase> {
    const OLD: [&str; 2] = ["snapshot_2026-11-22_010203.db", "static_kuberesources_2026-11-22_010203.tar.gz"];
    let sound = DirectoryCase {
        id: "",
        says: "",
        names: &OLD,
        backups: 1,
        agree: Some(true),
        unfinished: &[],
        twins: &[],
        files: [None, None],
    };
    vec![
        DirectoryCase {
            id: "PAIR-021",
            says: "takes snapshot_old.db and static_kuberesources_2026-11-22_010203.tar.gz, which are of different",
            names: &[
                "snapshot_2026-11-22_010203.db",
                "static_kuberesources_2026-11-22_010203.tar.gz",
                "snapshot_old.db",
            ],
            backups: 2,
            agree: Some(false),
            ..sound
        },
        DirectoryCase {
            id: "PAIR-022",
            says: "2 backups in one directory: cluster-restore.sh takes snapshot_2026-11-23_010203.db",
            names: &[
                "snapshot_2026-11-22_010203.db",
                "static_kuberesources_2026-11-22_010203.tar.gz",
                "snapshot_2026-11-23_010203.db",
                "static_kuberesources_2026-11-23_010203.tar.gz",
            ],
            backups: 2,
            ..sound
        },
        DirectoryCase {
            id: "PAIR-023",
            says: "no file is called snapshot*.db",
            names: &["snapshot_2026-11-22_010203.db.gz", "static_kuberesources_2026-11-22_010203.tar.gz"],
            agree: None,
            files: [Some("snapshot_2026-11-22_010203.db.gz"), Some("static_kuberesources_2026-11-22_010203.tar.gz")],
            ..sound
        },
        DirectoryCase {
            id: "PAIR-023",
            says: "to snapshot_<time>.db, say, rename etcd-prod.db",
            names: &["etcd-prod.db", "static_kuberesources_2026-11-22_010203.tar.gz"],
            agree: None,
            files: [Some("etcd-prod.db"), Some("static_kuberesources_2026-11-22_010203.tar.gz")],
            ..sound
        },
        DirectoryCase { id: "PAIR-024", says: "takes the forced one", twins: &["2026-11-22_010203"], ..sound },
        DirectoryCase { id: "PAIR-025", says: "x.db.part", unfinished: &["x.db.part"], ..sound },
    ]
}
